//! The fields of a record: their values, and how each of them goes wrong.

use super::damage::Damage;
use super::moment::Moments;
use super::number::Numbers;
use super::text::Texts;
use super::value::Value;
use crate::generate::random::Random;
use contract::{Column, DataType, Rule};
use std::rc::Rc;

/// The values of a column or nested field, and the fields inside it.
pub(super) struct Field {
    /// Its name in the record.
    pub(super) name: Rc<str>,
    column: Column,
    draw: Draw,
    /// The fields inside an object.
    inside: Vec<Field>,
}

enum Draw {
    Texts(Texts),
    Numbers(Numbers),
    /// Bounds, and whether they are excluded.
    Doubles {
        low: f64,
        high: f64,
    },
    Moments(Moments),
    Boolean,
    Object,
    Array,
}

impl Field {
    /// The field of a column, whose nested fields are among `nested`.
    ///
    /// # Errors
    /// The name of the column or field for which no value was found.
    pub(super) fn new(
        column: &Column,
        nested: &[Column],
        random: &mut Random,
    ) -> Result<Self, String> {
        let is_inside = |field: &&Column| {
            let path = field.name.strip_suffix(&*field.field);
            path.and_then(|path| path.strip_suffix('.')) == Some(&column.name)
        };
        let draw = match column.data_type {
            DataType::String { .. } => Texts::new(column, random).map(Draw::Texts),
            DataType::Integer | DataType::Decimal { .. } => Numbers::new(column).map(Draw::Numbers),
            DataType::Double => Some(doubles(column)),
            DataType::Date | DataType::Time | DataType::Timestamp => {
                Moments::new(column).map(Draw::Moments)
            }
            DataType::Boolean => Some(Draw::Boolean),
            DataType::Object => Some(Draw::Object),
            DataType::Array => Some(Draw::Array),
        };
        Ok(Self {
            name: column.field.as_str().into(),
            draw: draw.ok_or_else(|| column.name.clone())?,
            inside: nested
                .iter()
                .filter(is_inside)
                .map(|field| Self::new(field, nested, random))
                .collect::<Result<_, _>>()?,
            column: column.clone(),
        })
    }

    /// A value for an event at this time; sometimes none where none is required.
    pub(super) fn draw(&self, now_us: i64, random: &mut Random) -> Value {
        if !self.column.required {
            match random.below(10) {
                0 => return Value::Absent,
                1 => return Value::Null,
                _ => {}
            }
        }
        self.present(now_us, random)
    }

    /// A value that is there.
    pub(super) fn present(&self, now_us: i64, random: &mut Random) -> Value {
        match &self.draw {
            Draw::Texts(texts) => texts.draw(random),
            Draw::Numbers(numbers) => numbers.draw(random),
            Draw::Doubles { low, high } => {
                let share = f64::from(1 + random.below(1_023)) / 1_024.0;
                Value::Literal((low + (high - low) * share).to_string())
            }
            Draw::Moments(moments) => moments.draw(now_us, random),
            Draw::Boolean => Value::Literal((random.below(2) == 0).to_string()),
            Draw::Object if self.inside.is_empty() => Value::Object(vec![
                ("count".into(), Value::Literal(random.below(1_000).to_string())),
                ("note".into(), Value::Text("d\u{e9}j\u{e0} \"vu\"".to_owned())),
            ]),
            Draw::Object => Value::Object(
                self.inside
                    .iter()
                    .map(|field| (Rc::clone(&field.name), field.draw(now_us, random)))
                    .collect(),
            ),
            Draw::Array => Value::Array(
                (0..random.below(4))
                    .map(|_| match random.below(4) {
                        0 => Value::Literal(random.below(1_000).to_string()),
                        _ => Value::Text(format!("tag_{}", random.below(20))),
                    })
                    .collect(),
            ),
        }
    }

    /// The value of the key of a new entity, the `number`-th.
    pub(super) fn key(&self, number: u64, now_us: i64, random: &mut Random) -> Value {
        match &self.draw {
            Draw::Texts(texts) => texts.fresh(random),
            Draw::Numbers(numbers) => numbers.nth(number),
            _ => self.present(now_us, random),
        }
    }

    /// The value by which versions are ordered: of the `version`-th one, at this time.
    pub(super) fn ordered(&self, version: u64, now_us: i64, random: &mut Random) -> Value {
        match &self.draw {
            Draw::Moments(moments) => moments.at(now_us),
            Draw::Numbers(numbers) => numbers.nth(version),
            _ => self.present(now_us, random),
        }
    }

    /// Makes a value one that normalisation puts right.
    pub(super) fn make_sloppy(&self, value: &mut Value) {
        if let (Draw::Texts(texts), Value::Text(text)) = (&self.draw, value) {
            *text = texts.sloppy(text);
        }
    }

    /// Everything that can be wrong with the field at `place`. In CSV a field is text, whatever it
    /// should be.
    pub(super) fn damages(&self, place: &[usize], is_csv: bool, found: &mut Vec<Damage>) {
        let mut add = |rule, value| found.push(Damage { place: place.to_vec(), rule, value });
        if self.column.required {
            add("required", Value::Absent);
            add("required", Value::Null);
        }
        let text = |text: &str| Value::Text(text.to_owned());
        let (mistyped, broken) = match &self.draw {
            Draw::Texts(texts) => {
                (Some(Value::Literal("17".to_owned())).filter(|_| !is_csv), texts.broken())
            }
            Draw::Numbers(numbers) => (Some(text("many")), numbers.broken(&self.column)),
            Draw::Doubles { low, high } => {
                (Some(text("many")), broken_doubles(&self.column, *low, *high))
            }
            Draw::Moments(moments) => (Some(text("yesterday")), moments.broken(&self.column)),
            Draw::Boolean => (Some(text("maybe")), Vec::new()),
            Draw::Object => (Some(Value::Array(Vec::new())), Vec::new()),
            Draw::Array => (Some(Value::Object(Vec::new())), Vec::new()),
        };
        mistyped.into_iter().for_each(|value| add("type", value));
        broken.into_iter().for_each(|(rule, value)| add(rule, value));
        for (at, field) in self.inside.iter().enumerate() {
            field.damages(&[place, &[at]].concat(), false, found);
        }
    }

    /// Puts a value in the place of the one at `place` inside this field's value, which is made to
    /// be there.
    pub(super) fn damage(
        &self,
        value: &mut Value,
        place: &[usize],
        damage: &Value,
        now_us: i64,
        random: &mut Random,
    ) {
        let Some((at, rest)) = place.split_first() else {
            *value = damage.clone();
            return;
        };
        if !value.is_there() {
            *value = self.present(now_us, random);
        }
        if let Value::Object(members) = value {
            self.inside[*at].damage(&mut members[*at].1, rest, damage, now_us, random);
        }
    }
}

/// How far doubles spread where the contract has no bound.
const SPREAD: f64 = 1_000.0;

fn doubles(column: &Column) -> Draw {
    let (mut low, mut high) = (None, None);
    for rule in &column.rules {
        match rule {
            Rule::Minimum { bound, .. } => low = bound.to_string().parse::<f64>().ok(),
            Rule::Maximum { bound, .. } => high = bound.to_string().parse::<f64>().ok(),
            _ => {}
        }
    }
    let (low, high) = match (low, high) {
        (Some(low), Some(high)) => (low, high),
        (Some(low), None) => (low, low + SPREAD),
        (None, Some(high)) => (high - SPREAD, high),
        (None, None) => (0.0, SPREAD),
    };
    Draw::Doubles { low, high }
}

fn broken_doubles(column: &Column, low: f64, high: f64) -> Vec<(&'static str, Value)> {
    let beyond = |bound: f64| bound.abs().max(1.0);
    let broken = |rule: &Rule| match rule {
        Rule::Minimum { exclusive: true, .. } => Some(low),
        Rule::Minimum { .. } => Some(low - beyond(low)),
        Rule::Maximum { exclusive: true, .. } => Some(high),
        Rule::Maximum { .. } => Some(high + beyond(high)),
        _ => None,
    };
    let named = |rule| {
        let value = broken(rule).filter(|value| value.is_finite())?;
        Some((Rule::name(rule), Value::Literal(value.to_string())))
    };
    column.rules.iter().filter_map(named).collect()
}
