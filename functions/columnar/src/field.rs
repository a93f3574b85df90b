//! One field of the contract, made ready for the hot path: bounds scaled to the column, patterns
//! compiled.

use std::ops::{Range, RangeInclusive};

use contract::{Column, DataType, Decimal, EpochUnit, Normalise, Rule, TextFormat};
use regex::bytes::Regex;

use crate::decode::names::FieldNames;
use crate::decode::time::{MAX_MICROS, MIN_MICROS};
use crate::plan::PlanError;

/// How the values of a column, or of a field inside an object, are checked and stored.
#[derive(Debug)]
pub(crate) struct Field {
    /// Name of the column, or path of the field.
    pub(crate) name: String,
    pub(crate) data_type: DataType,
    /// Whether a timestamp counts from the epoch.
    pub(crate) epoch: Option<EpochUnit>,
    pub(crate) required: bool,
    pub(crate) trim: bool,
    pub(crate) case: Option<Normalise>,
    pub(crate) rules: Vec<FieldRule>,
    /// Decimals of an unscaled value; none of an integer. Of a count from the epoch those that make
    /// it microseconds.
    pub(crate) scale: u8,
    /// The values that obey the type and every rule, as far as they are one range of 64-bit
    /// integers; empty if that cannot be told.
    pub(crate) number_range: RangeInclusive<i64>,
    /// Whether a JSON number becomes a value by its scale alone, within the range.
    pub(crate) takes_plain_numbers: bool,
    /// How many microseconds later than the arrival a timestamp may be; the greatest number where
    /// that is not limited.
    pub(crate) arrival_tolerance: i64,
    /// Whether the text of an object or array is stored.
    pub(crate) is_stored: bool,
    /// Position of the object around it.
    pub(crate) parent: Option<usize>,
    pub(crate) inside: Inside,
}

/// The fields inside an object.
#[derive(Debug)]
pub(crate) struct Inside {
    /// Positions of those at any depth.
    pub(crate) all: Range<usize>,
    /// Those directly inside, by their names and in their order.
    pub(crate) names: FieldNames,
    /// The positions of those.
    pub(crate) positions: Vec<usize>,
}

/// A row rule in the column's own terms.
#[derive(Debug)]
pub(crate) enum FieldRule {
    /// Unscaled value at least this; with the bound as the contract writes it.
    AtLeast {
        rule: &'static str,
        unscaled: i128,
        stated: String,
    },
    /// Unscaled value at most this.
    AtMost {
        rule: &'static str,
        unscaled: i128,
        stated: String,
    },
    /// Whole multiples of this unscaled value.
    MultipleOf {
        unscaled: i128,
        stated: String,
    },
    /// Microseconds later than the arrival.
    NotLaterThanArrival {
        tolerance: i64,
    },
    /// Doubles: bound, whether exclusive.
    DoubleAtLeast {
        bound: f64,
        exclusive: bool,
    },
    DoubleAtMost {
        bound: f64,
        exclusive: bool,
    },
    MinLength {
        chars: usize,
    },
    MaxLength {
        chars: usize,
    },
    Pattern {
        regex: Regex,
        stated: String,
    },
    Format(TextFormat),
    OneOf {
        values: Vec<Vec<u8>>,
    },
    /// Unscaled numbers.
    OneOfNumbers {
        unscaled: Vec<i128>,
    },
}

impl Field {
    /// The field at a position of all of them.
    pub(crate) fn new(all: &[&Column], at: usize, is_stored: bool) -> Result<Self, PlanError> {
        let column = all[at];
        let around = column.name.rsplit_once('.').map(|(around, _)| around);
        let rules =
            column.rules.iter().map(|rule| compile(column, rule)).collect::<Result<Vec<_>, _>>()?;
        let tolerance = rules.iter().find_map(|rule| match rule {
            FieldRule::NotLaterThanArrival { tolerance } => Some(*tolerance),
            _ => None,
        });
        let number_range = number_range(column.data_type, &rules);
        let counts = column.data_type == DataType::Timestamp && column.epoch.is_some();
        Ok(Self {
            takes_plain_numbers: !number_range.is_empty()
                && (column.data_type.is_exact_number() || counts),
            scale: match (column.data_type, column.epoch) {
                (DataType::Decimal { scale, .. }, _) => scale,
                (_, Some(EpochUnit::Seconds)) => 6,
                (_, Some(EpochUnit::Milliseconds)) => 3,
                _ => 0,
            },
            number_range,
            arrival_tolerance: tolerance.unwrap_or(i64::MAX),
            name: column.name.clone(),
            data_type: column.data_type,
            epoch: column.epoch,
            required: column.required,
            trim: column.normalise.contains(&Normalise::Trim),
            case: column.normalise.iter().copied().rfind(|step| *step != Normalise::Trim),
            rules,
            is_stored,
            parent: around.and_then(|around| all.iter().position(|other| other.name == around)),
            inside: Inside::new(all, &column.name),
        })
    }
}

impl Inside {
    /// What is inside the object of this name or path.
    fn new(all: &[&Column], object: &str) -> Self {
        let below = |at: usize| all[at].name.strip_prefix(object)?.strip_prefix('.');
        let found: Vec<(usize, &str)> =
            (0..all.len()).filter_map(|at| Some((at, below(at)?))).collect();
        let (positions, names): (Vec<usize>, Vec<&str>) =
            found.iter().copied().filter(|(_, below)| !below.contains('.')).unzip();
        let start = found.first().map_or(0, |(at, _)| *at);
        Self {
            all: start..start + found.len(),
            names: FieldNames::new(names.into_iter()),
            positions,
        }
    }
}

fn number_range(data_type: DataType, rules: &[FieldRule]) -> RangeInclusive<i64> {
    let (mut least, mut greatest) = match data_type {
        DataType::Integer => (i128::from(i64::MIN), i128::from(i64::MAX)),
        DataType::Timestamp => (i128::from(MIN_MICROS), i128::from(MAX_MICROS)),
        DataType::Decimal { precision: precision @ 0..=18, .. } => {
            let beyond = 10_i128.pow(u32::from(precision));
            (1 - beyond, beyond - 1)
        }
        _ => (1, 0),
    };
    for rule in rules {
        match rule {
            FieldRule::AtLeast { unscaled, .. } => least = least.max(*unscaled),
            FieldRule::AtMost { unscaled, .. } => greatest = greatest.min(*unscaled),
            // It depends on the object.
            FieldRule::NotLaterThanArrival { .. } => {}
            _ => return RangeInclusive::new(1, 0),
        }
    }
    // A bound beyond 64 bits leaves no value, or does not bound these.
    match (i64::try_from(least), i64::try_from(greatest)) {
        (Ok(least), Ok(greatest)) => least..=greatest,
        _ => RangeInclusive::new(1, 0),
    }
}

fn compile(column: &Column, rule: &Rule) -> Result<FieldRule, PlanError> {
    let found = match column.data_type {
        DataType::String { .. } => text_rule(column, rule)?,
        DataType::Integer => number_rule(rule, 0),
        DataType::Decimal { scale, .. } => number_rule(rule, scale),
        DataType::Double => double_rule(rule),
        DataType::Timestamp | DataType::Date | DataType::Time => moment_rule(column, rule),
        DataType::Boolean | DataType::Object | DataType::Array => None,
    };
    found.ok_or_else(|| PlanError::Rule { column: column.name.clone(), rule: rule.name() })
}

fn text_rule(column: &Column, rule: &Rule) -> Result<Option<FieldRule>, PlanError> {
    Ok(Some(match rule {
        Rule::OneOf { values } => {
            FieldRule::OneOf { values: values.iter().map(|value| value.clone().into()).collect() }
        }
        Rule::MinLength { chars } => FieldRule::MinLength { chars: *chars as usize },
        Rule::MaxLength { chars } => FieldRule::MaxLength { chars: *chars as usize },
        Rule::Format { format } => FieldRule::Format(*format),
        Rule::Pattern { pattern } => FieldRule::Pattern {
            regex: Regex::new(pattern).map_err(|source| PlanError::Pattern {
                column: column.name.clone(),
                source: Box::new(source),
            })?,
            stated: pattern.clone(),
        },
        _ => return Ok(None),
    }))
}

fn number_rule(rule: &Rule, scale: u8) -> Option<FieldRule> {
    Some(match rule {
        Rule::Minimum { bound, exclusive } => FieldRule::AtLeast {
            rule: rule.name(),
            unscaled: least_allowed(*bound, scale, *exclusive)?,
            stated: format!("{} {bound}", if *exclusive { "more than" } else { "at least" }),
        },
        Rule::Maximum { bound, exclusive } => FieldRule::AtMost {
            rule: rule.name(),
            unscaled: greatest_allowed(*bound, scale, *exclusive)?,
            stated: format!("{} {bound}", if *exclusive { "less than" } else { "at most" }),
        },
        Rule::MultipleOf { unit } => {
            // Of a unit with more decimals than the column only those multiples are values that it
            // has with fewer.
            let (unscaled, exact) = floor_at(*unit, scale)?;
            let unscaled = if exact { unscaled } else { common_multiple(*unit, scale)? };
            FieldRule::MultipleOf { unscaled, stated: unit.to_string() }
        }
        Rule::OneOf { values } => FieldRule::OneOfNumbers {
            unscaled: values
                .iter()
                .map(|value| crate::decode::decimal::parse_decimal(value.as_bytes(), 38, scale))
                .collect::<Result<_, _>>()
                .ok()?,
        },
        _ => return None,
    })
}

fn double_rule(rule: &Rule) -> Option<FieldRule> {
    Some(match rule {
        Rule::Minimum { bound, exclusive } => {
            FieldRule::DoubleAtLeast { bound: nearest_double(*bound), exclusive: *exclusive }
        }
        Rule::Maximum { bound, exclusive } => {
            FieldRule::DoubleAtMost { bound: nearest_double(*bound), exclusive: *exclusive }
        }
        _ => return None,
    })
}

fn moment_rule(column: &Column, rule: &Rule) -> Option<FieldRule> {
    Some(match rule {
        Rule::Earliest { bound, exclusive } => FieldRule::AtLeast {
            rule: rule.name(),
            unscaled: i128::from(bound.value) + i128::from(*exclusive),
            stated: format!("{} {}", if *exclusive { "after" } else { "not before" }, bound.text),
        },
        Rule::Latest { bound, exclusive } => FieldRule::AtMost {
            rule: rule.name(),
            unscaled: i128::from(bound.value) - i128::from(*exclusive),
            stated: format!("{} {}", if *exclusive { "before" } else { "not after" }, bound.text),
        },
        Rule::NotLaterThanArrival { tolerance_seconds }
            if column.data_type == DataType::Timestamp =>
        {
            FieldRule::NotLaterThanArrival { tolerance: i64::from(*tolerance_seconds) * 1_000_000 }
        }
        _ => return None,
    })
}

/// The least unscaled value at `scale` that obeys a minimum.
fn least_allowed(bound: Decimal, scale: u8, exclusive: bool) -> Option<i128> {
    let (floor, exact) = floor_at(bound, scale)?;
    Some(if exact && !exclusive { floor } else { floor + 1 })
}

/// The greatest unscaled value at `scale` that obeys a maximum.
fn greatest_allowed(bound: Decimal, scale: u8, exclusive: bool) -> Option<i128> {
    let (floor, exact) = floor_at(bound, scale)?;
    Some(if exact && exclusive { floor - 1 } else { floor })
}

/// The bound cut down to `scale`, and whether nothing was cut.
pub(crate) fn floor_at(bound: Decimal, scale: u8) -> Option<(i128, bool)> {
    if bound.scale <= scale {
        let power = 10_i128.checked_pow(u32::from(scale - bound.scale))?;
        return Some((bound.unscaled.checked_mul(power)?, true));
    }
    let power = 10_i128.checked_pow(u32::from(bound.scale - scale))?;
    Some((bound.unscaled.div_euclid(power), bound.unscaled.rem_euclid(power) == 0))
}

/// The least multiple of a unit that `scale` decimals hold, unscaled: of 0.25 at one decimal 0.5.
fn common_multiple(unit: Decimal, scale: u8) -> Option<i128> {
    let power = 10_i128.checked_pow(u32::from(unit.scale - scale))?;
    let (mut divisor, mut rest) = (unit.unscaled, power);
    while rest != 0 {
        (divisor, rest) = (rest, divisor % rest);
    }
    Some(unit.unscaled / divisor)
}

fn nearest_double(bound: Decimal) -> f64 {
    bound.unscaled as f64 / 10_f64.powi(i32::from(bound.scale))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_scaled_to_the_column_exactly() {
        let bound = |unscaled, scale| Decimal { unscaled, scale };
        assert_eq!(least_allowed(bound(5, 1), 2, false), Some(50));
        assert_eq!(least_allowed(bound(5, 1), 2, true), Some(51));
        assert_eq!(least_allowed(bound(5, 1), 0, false), Some(1));
        assert_eq!(least_allowed(bound(-5, 1), 0, true), Some(0));
        assert_eq!(greatest_allowed(bound(5, 1), 0, false), Some(0));
        assert_eq!(greatest_allowed(bound(-5, 1), 0, true), Some(-1));
        assert_eq!(greatest_allowed(bound(10, 1), 0, true), Some(0));
        assert_eq!(common_multiple(bound(25, 2), 1), Some(5));
        assert_eq!(common_multiple(bound(25, 2), 0), Some(1));
        assert_eq!(common_multiple(bound(3, 1), 0), Some(3));
    }
}
