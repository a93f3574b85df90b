//! A dataset's contract, made ready for the hot path: names resolved to positions, bounds scaled
//! to the column, patterns compiled.

use std::ops::RangeInclusive;

use contract::{
    DataType, Dataset, Decimal, Derivation, Normalise, Rule, TextFormat, UnknownFields,
};
use regex::bytes::Regex;

/// A contract construct that cannot be made ready.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// A pattern that does not compile.
    #[error("column {column}: pattern of the contract")]
    Pattern {
        /// The column.
        column: String,
        /// What the regex crate says.
        #[source]
        source: Box<regex::Error>,
    },
    /// A rule that the column's type cannot obey.
    #[error("column {column}: rule {rule} does not apply to its type")]
    Rule {
        /// The column.
        column: String,
        /// The rule.
        rule: &'static str,
    },
    /// A name that no column has.
    #[error("{user} reads {column}, which is no column it can read")]
    Column {
        /// The derived column, aggregate or property that names it.
        user: String,
        /// The name.
        column: String,
    },
}

/// How the values of one landing column are checked and stored.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) data_type: DataType,
    pub(crate) required: bool,
    pub(crate) trim: bool,
    pub(crate) case: Option<Normalise>,
    pub(crate) rules: Vec<FieldRule>,
    /// Decimals of an unscaled value; none of an integer.
    pub(crate) scale: u8,
    /// The unscaled values that obey the type and every rule, as far as they are one range of
    /// 64-bit integers; empty if that cannot be told.
    pub(crate) number_range: RangeInclusive<i64>,
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
    Uuid,
    Email,
    OneOf {
        values: Vec<Vec<u8>>,
    },
    /// Unscaled numbers.
    OneOfNumbers {
        unscaled: Vec<i128>,
    },
}

/// The whole contract, ready.
#[derive(Debug)]
pub struct Plan {
    pub(crate) fields: Vec<Field>,
    pub(crate) derived: Vec<DerivedPlan>,
    pub(crate) unknown_fields: UnknownFields,
    /// Position of the operation column.
    pub(crate) operation: Option<usize>,
}

/// A derived column, with the position of the column it reads.
#[derive(Debug)]
pub(crate) struct DerivedPlan {
    pub(crate) derivation: Derivation,
    pub(crate) source: Option<usize>,
}

impl Plan {
    /// Makes a contract ready.
    ///
    /// # Errors
    /// When it has a construct that cannot be enforced.
    pub fn new(dataset: &Dataset) -> Result<Self, PlanError> {
        let position = |user: &str, column: &str| {
            dataset.columns.iter().position(|other| other.name == column).ok_or_else(|| {
                PlanError::Column { user: user.to_owned(), column: column.to_owned() }
            })
        };
        let derived = dataset
            .derived
            .iter()
            .map(|derived| {
                let source = derived.derivation.source();
                Ok(DerivedPlan {
                    source: source.map(|name| position(&derived.name, name)).transpose()?,
                    derivation: derived.derivation.clone(),
                })
            })
            .collect::<Result<_, PlanError>>()?;
        let operation = dataset.operation.as_deref();
        Ok(Self {
            fields: dataset.columns.iter().map(Field::new).collect::<Result<_, _>>()?,
            derived,
            unknown_fields: dataset.unknown_fields,
            operation: operation.map(|name| position("operation", name)).transpose()?,
        })
    }
}

impl Field {
    fn new(column: &contract::Column) -> Result<Self, PlanError> {
        let rules =
            column.rules.iter().map(|rule| compile(column, rule)).collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            scale: match column.data_type {
                DataType::Decimal { scale, .. } => scale,
                _ => 0,
            },
            number_range: number_range(column.data_type, &rules),
            name: column.name.clone(),
            data_type: column.data_type,
            required: column.required,
            trim: column.normalise.contains(&Normalise::Trim),
            case: column.normalise.iter().copied().rfind(|step| *step != Normalise::Trim),
            rules,
        })
    }
}

fn number_range(data_type: DataType, rules: &[FieldRule]) -> RangeInclusive<i64> {
    let (mut least, mut greatest) = match data_type {
        DataType::Integer => (i128::from(i64::MIN), i128::from(i64::MAX)),
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
            _ => return RangeInclusive::new(1, 0),
        }
    }
    // A bound beyond 64 bits leaves no value, or does not bound these.
    match (i64::try_from(least), i64::try_from(greatest)) {
        (Ok(least), Ok(greatest)) => least..=greatest,
        _ => RangeInclusive::new(1, 0),
    }
}

fn compile(column: &contract::Column, rule: &Rule) -> Result<FieldRule, PlanError> {
    let does_not_apply = || PlanError::Rule { column: column.name.clone(), rule: rule.name() };
    let scale = match column.data_type {
        DataType::Decimal { scale, .. } => Some(scale),
        DataType::Integer => Some(0),
        _ => None,
    };
    let is_text = matches!(column.data_type, DataType::String { .. });
    let is_double = column.data_type == DataType::Double;
    Ok(match (rule, scale) {
        (Rule::Minimum { bound, exclusive }, Some(scale)) => FieldRule::AtLeast {
            rule: rule.name(),
            unscaled: least_allowed(*bound, scale, *exclusive).ok_or_else(does_not_apply)?,
            stated: stated_bound(if *exclusive { "more than" } else { "at least" }, *bound),
        },
        (Rule::Maximum { bound, exclusive }, Some(scale)) => FieldRule::AtMost {
            rule: rule.name(),
            unscaled: greatest_allowed(*bound, scale, *exclusive).ok_or_else(does_not_apply)?,
            stated: stated_bound(if *exclusive { "less than" } else { "at most" }, *bound),
        },
        (Rule::Minimum { bound, exclusive }, None) if is_double => {
            FieldRule::DoubleAtLeast { bound: nearest_double(*bound), exclusive: *exclusive }
        }
        (Rule::Maximum { bound, exclusive }, None) if is_double => {
            FieldRule::DoubleAtMost { bound: nearest_double(*bound), exclusive: *exclusive }
        }
        (Rule::OneOf { values }, Some(scale)) => FieldRule::OneOfNumbers {
            unscaled: values
                .iter()
                .map(|value| crate::decode::decimal::parse_decimal(value.as_bytes(), 38, scale))
                .collect::<Result<_, _>>()
                .map_err(|_| does_not_apply())?,
        },
        (Rule::OneOf { values }, None) if is_text => {
            FieldRule::OneOf { values: values.iter().map(|value| value.clone().into()).collect() }
        }
        (Rule::MinLength { chars }, _) if is_text => {
            FieldRule::MinLength { chars: *chars as usize }
        }
        (Rule::MaxLength { chars }, _) if is_text => {
            FieldRule::MaxLength { chars: *chars as usize }
        }
        (Rule::Format { format: TextFormat::Uuid }, _) if is_text => FieldRule::Uuid,
        (Rule::Format { format: TextFormat::Email }, _) if is_text => FieldRule::Email,
        (Rule::Pattern { pattern }, _) if is_text => FieldRule::Pattern {
            regex: Regex::new(pattern).map_err(|source| PlanError::Pattern {
                column: column.name.clone(),
                source: Box::new(source),
            })?,
            stated: pattern.clone(),
        },
        _ => return Err(does_not_apply()),
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

fn nearest_double(bound: Decimal) -> f64 {
    bound.unscaled as f64 / 10_f64.powi(i32::from(bound.scale))
}

fn stated_bound(relation: &str, bound: Decimal) -> String {
    format!("{relation} {}", display_decimal(bound.unscaled, bound.scale))
}

/// A decimal in plain notation.
pub(crate) fn display_decimal(unscaled: i128, scale: u8) -> String {
    let sign = if unscaled < 0 { "-" } else { "" };
    let digits = format!("{:0>width$}", unscaled.unsigned_abs(), width = usize::from(scale) + 1);
    let (whole, fraction) = digits.split_at(digits.len() - usize::from(scale));
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
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
        assert_eq!(display_decimal(-5, 2), "-0.05");
        assert_eq!(display_decimal(1234, 0), "1234");
    }
}
