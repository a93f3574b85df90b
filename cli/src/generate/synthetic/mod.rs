//! Records of any dataset, made from its contract: good ones obey every rule, bad ones break one.
//!
//! What the contract does not say is made up: values are plausible one by one, and know nothing of
//! one another.

mod damage;
mod field;
mod form;
mod moment;
mod number;
mod pattern;
mod text;
mod value;

use super::events::{Change, Event, Producer};
use super::random::{Likelihood, Random};
use super::recent::Open;
use contract::{Csv, Dataset, Format, UnknownFields};
use damage::{Damage, Way, unknown_name, ways};
use field::Field;
use std::rc::Rc;
use value::{Value, write_fields, write_members};

const UPDATES: Likelihood = Likelihood::ratio(25, 100);
const DELETES: Likelihood = Likelihood::ratio(1, 100);
const LATE: Likelihood = Likelihood::ratio(1, 100);
const LATEST_SECONDS: u32 = 2 * 3_600;
const SLOPPY: Likelihood = Likelihood::ratio(2, 100);
const UNKNOWN: Likelihood = Likelihood::ratio(3, 100);
/// Of the columns that a new version may change, one in so many changes.
const ONE_CHANGES_IN: u32 = 3;
/// Versions of an entity are so far apart at least: no epoch of a contract counts finer.
const BETWEEN_VERSIONS_US: i64 = 1_000;
/// What values columns draw from is the same for every seed.
const VALUES_SEED: u64 = 0x0c_0a_71_ac_70;

/// A column for which no value was found that obeys its rules.
#[derive(Debug, thiserror::Error)]
#[error("no value was found that obeys every rule of `{column}`")]
pub(crate) struct NoValue {
    column: String,
}

/// Records of one dataset, in which later ones are new versions of earlier ones.
pub(crate) struct Synthetic {
    columns: Vec<Field>,
    /// Positions of the columns that say which entity a record is of.
    key: Vec<usize>,
    /// Positions of the columns that say which version is newer.
    order: Vec<usize>,
    operation: Option<usize>,
    form: Form,
    /// Ways to be bad by the rule that is broken, each rule as likely as the others.
    damages: Vec<(&'static str, Vec<Way>)>,
    /// A field that no column reads; none where such a field rejects its record.
    unknown: Option<(Rc<str>, Value)>,
    open: Open<Entity>,
    entities: u64,
}

enum Form {
    Json,
    Csv { csv: Csv, header: Vec<u8> },
}

/// The newest version of an entity.
struct Entity {
    values: Vec<Value>,
    at_us: i64,
    version: u64,
}

impl Synthetic {
    /// Prepares the values of every column.
    ///
    /// # Errors
    /// When rules of a column contradict each other, or leave so little that nothing was found.
    pub(crate) fn new(dataset: &Dataset) -> Result<Self, NoValue> {
        let mut random = Random::seeded(VALUES_SEED);
        let columns: Vec<Field> = dataset
            .columns
            .iter()
            .map(|column| Field::new(column, &dataset.nested, &mut random))
            .collect::<Result<_, _>>()
            .map_err(|column| NoValue { column })?;
        let order = positions(dataset, &dataset.dedupe.order);
        let mut key = positions(dataset, &dataset.dedupe.key);
        key.retain(|column| !order.contains(column));
        let unknown = unknown_name(dataset);
        let is_csv = dataset.format == Format::Csv;
        Ok(Self {
            damages: ways(&columns, &unknown, dataset),
            key,
            order,
            operation: dataset.operation.as_ref().and_then(|name| position(dataset, name)),
            unknown: (!is_csv && dataset.unknown_fields != UnknownFields::Reject)
                .then(|| (unknown, Value::Array(vec![Value::Text("\u{e9}\"".to_owned())]))),
            form: if is_csv { csv_form(&columns, &dataset.csv) } else { Form::Json },
            columns,
            open: Open::default(),
            entities: 0,
        })
    }

    /// Counts entities from here, instead of zero, in keys that are numbers.
    pub(crate) fn numbered_from(self, entities: u64) -> Self {
        Self { entities, ..self }
    }

    fn new_entity(&mut self, at_us: i64, random: &mut Random) -> Entity {
        let mut values: Vec<Value> =
            self.columns.iter().map(|column| column.draw(at_us, random)).collect();
        for &at in &self.key {
            values[at] = self.columns[at].key(self.entities, at_us, random);
        }
        self.entities += 1;
        let mut entity = Entity { values, at_us, version: 0 };
        self.stamp(&mut entity, random);
        self.operate(&mut entity, "I");
        entity
    }

    /// Writes time and version of the entity into the columns that order versions.
    fn stamp(&self, entity: &mut Entity, random: &mut Random) {
        for &at in &self.order {
            entity.values[at] = self.columns[at].ordered(entity.version, entity.at_us, random);
        }
    }

    /// Says what happens to the entity; that nothing means an insert is left to the draw.
    fn operate(&self, entity: &mut Entity, operation: &str) {
        if let Some(at) = self.operation
            && (operation != "I" || entity.values[at].is_there())
        {
            entity.values[at] = Value::Text(operation.to_owned());
        }
    }

    fn next_version(&self, earlier: &Entity, now_us: i64, random: &mut Random) -> Entity {
        let at_us = now_us.max(earlier.at_us + BETWEEN_VERSIONS_US);
        let version = earlier.version + 1;
        let mut entity = Entity { values: earlier.values.clone(), at_us, version };
        for (at, column) in self.columns.iter().enumerate() {
            if !self.key.contains(&at) && random.below(ONE_CHANGES_IN) == 0 {
                entity.values[at] = column.draw(at_us, random);
            }
        }
        self.stamp(&mut entity, random);
        entity
    }

    fn write(&self, entity: &Entity, random: &mut Random, line: &mut Vec<u8>) {
        let unknown = self.unknown.as_ref().filter(|_| random.happens(UNKNOWN));
        if !random.happens(SLOPPY) {
            return self.write_line(&entity.values, unknown, line);
        }
        let mut values = entity.values.clone();
        for (column, value) in self.columns.iter().zip(&mut values) {
            column.make_sloppy(value);
        }
        self.write_line(&values, unknown, line);
    }

    fn write_line(&self, values: &[Value], unknown: Option<&(Rc<str>, Value)>, line: &mut Vec<u8>) {
        line.clear();
        match &self.form {
            Form::Csv { csv, .. } => write_fields(values.iter(), csv, line),
            Form::Json => {
                let members = self.columns.iter().zip(values);
                let members = members.map(|(column, value)| (&*column.name, value));
                let unknown = unknown.map(|(name, value)| (&**name, value));
                write_members(members.chain(unknown), line);
            }
        }
        line.push(b'\n');
    }

    /// Writes a record that is bad in this way.
    fn write_bad(
        &self,
        mut values: Vec<Value>,
        way: &Way,
        now_us: i64,
        random: &mut Random,
        line: &mut Vec<u8>,
    ) {
        match way {
            Way::CutOff => self.write_cut_off(&values, line),
            Way::Unknown(name) => {
                let unknown = (Rc::clone(name), Value::Literal("1".to_owned()));
                self.write_line(&values, Some(&unknown), line);
            }
            Way::Field(Damage { place, value, .. }) => {
                let at = place[0];
                self.columns[at].damage(&mut values[at], &place[1..], value, now_us, random);
                self.write_line(&values, None, line);
            }
        }
    }

    fn write_cut_off(&self, values: &[Value], line: &mut Vec<u8>) {
        match &self.form {
            Form::Json => {
                self.write_line(values, None, line);
                let is_inside = |byte: &u8| byte & 0xc0 == 0x80;
                let middle = line.len() / 2;
                let rest = line[middle..].iter().take_while(|byte| is_inside(byte)).count();
                line.truncate(middle + rest);
            }
            Form::Csv { csv, .. } => {
                line.clear();
                write_fields(values.iter().cycle().take(values.len() + 1), csv, line);
            }
        }
        line.push(b'\n');
    }
}

impl Producer for Synthetic {
    fn header(&self) -> Option<&[u8]> {
        match &self.form {
            Form::Json => None,
            Form::Csv { header, .. } => Some(header),
        }
    }

    fn event(&mut self, now_us: i64, random: &mut Random, line: &mut Vec<u8>) -> Event {
        let late = random.happens(LATE);
        let seconds_late = if late { 1 + i64::from(random.below(LATEST_SECONDS)) } else { 0 };
        let at_us = now_us - seconds_late * 1_000_000;
        if random.happens(UPDATES)
            && let Some(earlier) = self.open.take(random)
        {
            let mut entity = self.next_version(&earlier, now_us, random);
            self.operate(&mut entity, "U");
            if late {
                entity.at_us = at_us;
                self.stamp(&mut entity, random);
            }
            self.write(&entity, random, line);
            self.open.put(if late { earlier } else { entity }, random);
            return Event { change: Change::Update, late };
        }
        if self.operation.is_some()
            && random.happens(DELETES)
            && let Some(earlier) = self.open.take(random)
        {
            let mut entity = self.next_version(&earlier, now_us, random);
            self.operate(&mut entity, "D");
            self.write(&entity, random, line);
            return Event { change: Change::Delete, late: false };
        }
        let entity = self.new_entity(at_us, random);
        self.write(&entity, random, line);
        self.open.put(entity, random);
        Event { change: Change::Insert, late }
    }

    fn bad(&mut self, now_us: i64, random: &mut Random, line: &mut Vec<u8>) -> &'static str {
        let values = self.new_entity(now_us, random).values;
        let (rule, ways) = random.pick(&self.damages);
        self.write_bad(values, random.pick(ways), now_us, random, line);
        rule
    }
}

fn position(dataset: &Dataset, name: &str) -> Option<usize> {
    dataset.columns.iter().position(|column| column.name == name)
}

/// The positions of the columns that these columns, some of them derived, depend on.
fn positions(dataset: &Dataset, names: &[String]) -> Vec<usize> {
    let source = |name: &String| {
        let derived = dataset.derived.iter().find(|derived| derived.name == *name);
        let source = derived.map_or(Some(name.as_str()), |derived| derived.derivation.source())?;
        position(dataset, source.split('.').next().unwrap_or(source))
    };
    names.iter().filter_map(source).collect()
}

fn csv_form(columns: &[Field], csv: &Csv) -> Form {
    let names: Vec<_> = columns.iter().map(|column| Value::Text(column.name.to_string())).collect();
    let mut header = Vec::new();
    write_fields(names.iter(), csv, &mut header);
    header.push(b'\n');
    Form::Csv { csv: csv.clone(), header }
}

#[cfg(test)]
mod tests;
