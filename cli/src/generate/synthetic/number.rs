//! Integers and decimals that obey bounds, multiples and enumerations, exactly.

use super::value::Value;
use crate::generate::random::Random;
use contract::{Column, DataType, Decimal, Rule};

/// How far values spread where the contract has no bound, in units.
const SPREAD_UNITS: i128 = 1_000;
/// At least so many different values, where there is room.
const SPREAD_STEPS: i128 = 1_000;
/// From so many values on, small ones are more frequent than large ones.
const MAGNITUDES_FROM: i128 = 1_000;
const MOST_DIGITS: u32 = 38;

/// The values of a column: unscaled, `first`, `first + step`, ... up to `last`.
#[derive(Debug)]
pub(super) struct Numbers {
    scale: u8,
    /// Unscaled values that the type holds.
    holds: (i128, i128),
    /// The least and the greatest value within the bounds.
    bounds: (i128, i128),
    first: i128,
    last: i128,
    step: i128,
    /// The least and the greatest value that a plausible record has.
    plausible: (i128, i128),
    /// The enumeration, if there is one.
    listed: Vec<i128>,
}

impl Numbers {
    /// The values that obey the rules of an integer or decimal column; `None` when there is none.
    pub(super) fn new(column: &Column) -> Option<Self> {
        let (scale, holds) = match column.data_type {
            DataType::Decimal { precision, scale } => {
                let most = 10_i128.pow(u32::from(precision)) - 1;
                (scale, (-most, most))
            }
            _ => (0, (i128::from(i64::MIN), i128::from(i64::MAX))),
        };
        let limits = Limits::new(column, scale, holds)?;
        let Limits { low, high, step, .. } = limits;
        let first = low.div_euclid(step) * step;
        let first = if first < low { first + step } else { first };
        let last = high.div_euclid(step) * step;
        if first > last {
            return None;
        }
        let plausible = limits.plausible(first, last, 10_i128.pow(u32::from(scale)));
        let fits = |value: &i128| (first..=last).contains(value) && value % step == 0;
        let listed = match limits.listed {
            Some(values) => {
                let fitting: Vec<_> = values.into_iter().filter(fits).collect();
                if fitting.is_empty() {
                    return None;
                }
                fitting
            }
            None => Vec::new(),
        };
        Some(Self { scale, holds, bounds: (low, high), first, last, step, plausible, listed })
    }

    /// A random value: of a list, evenly over a small range or one on both sides of zero, else of
    /// a random magnitude.
    pub(super) fn draw(&self, random: &mut Random) -> Value {
        if !self.listed.is_empty() {
            return self.write(*random.pick(&self.listed));
        }
        let (least, greatest) = self.plausible;
        let least = self.first + (least - self.first).div_euclid(self.step) * self.step;
        let mut count = greatest.saturating_sub(least) / self.step + 1;
        if count > MAGNITUDES_FROM && least >= 0 {
            count = (count >> random.below(128 - count.leading_zeros())).max(1);
        }
        let place = (random.bits() % count.unsigned_abs()) as i128;
        self.write(least + place * self.step)
    }

    /// The value with this number, counted from the least one (or zero, where nothing bounds them)
    /// and round and round.
    pub(super) fn nth(&self, number: u64) -> Value {
        if !self.listed.is_empty() {
            return self.write(self.listed[(number % self.listed.len() as u64) as usize]);
        }
        let least = self.plausible.0.div_euclid(self.step) * self.step;
        let least = if least < self.first { self.first } else { least };
        let count = self.last.saturating_sub(least) / self.step + 1;
        self.write(least + i128::from(number) % count * self.step)
    }

    /// Values that break a rule, and the rule.
    pub(super) fn broken(&self, column: &Column) -> Vec<(&'static str, Value)> {
        let holds = |value: &i128| (self.holds.0..=self.holds.1).contains(value);
        let mut found = self.imprecise();
        for rule in &column.rules {
            let unscaled = match rule {
                Rule::Minimum { .. } => self.first.checked_sub(self.step).filter(holds),
                Rule::Maximum { .. } => self.last.checked_add(self.step).filter(holds),
                Rule::MultipleOf { .. } => Some(self.first + 1)
                    .filter(|value| self.step > 1 && *value <= self.bounds.1 && holds(value)),
                Rule::OneOf { .. } => self
                    .listed
                    .iter()
                    .flat_map(|value| [value.checked_sub(self.step), value.checked_add(self.step)])
                    .flatten()
                    .find(|value| {
                        (self.first..=self.last).contains(value) && !self.listed.contains(value)
                    }),
                _ => None,
            };
            found.extend(unscaled.map(|unscaled| (rule.name(), self.write(unscaled))));
        }
        found
    }

    /// A digit too many behind the point, and in front of it.
    fn imprecise(&self) -> Vec<(&'static str, Value)> {
        let whole = self.holds.1 / 10_i128.pow(u32::from(self.scale)) + 1;
        let point = if self.scale == 0 { "." } else { "" };
        let precise = Decimal { unscaled: self.first, scale: self.scale };
        [format!("{precise}{point}5"), whole.to_string()]
            .map(|literal| ("precision", Value::Literal(literal)))
            .into()
    }

    fn write(&self, unscaled: i128) -> Value {
        Value::Literal(Decimal { unscaled, scale: self.scale }.to_string())
    }
}

/// What the rules of a column say, in unscaled values.
struct Limits {
    low: i128,
    high: i128,
    /// Whether a rule says so, and not only the type.
    has_low: bool,
    has_high: bool,
    step: i128,
    listed: Option<Vec<i128>>,
}

impl Limits {
    /// `None` when a multiple is asked for that is too large to tell.
    fn new(column: &Column, scale: u8, (low, high): (i128, i128)) -> Option<Self> {
        let mut limits = Self { low, high, has_low: false, has_high: false, step: 1, listed: None };
        for rule in &column.rules {
            match rule {
                Rule::Minimum { bound, exclusive } => {
                    let (floor, exact) = scaled(*bound, scale);
                    limits.low = limits.low.max(floor + i128::from(!exact || *exclusive));
                    limits.has_low = true;
                }
                Rule::Maximum { bound, exclusive } => {
                    let (floor, exact) = scaled(*bound, scale);
                    limits.high = limits.high.min(floor - i128::from(exact && *exclusive));
                    limits.has_high = true;
                }
                Rule::MultipleOf { unit } => limits.step = step_of(*unit, scale)?,
                Rule::OneOf { values } => {
                    let numbers = values.iter().filter_map(|value| value.parse().ok());
                    limits.listed = Some(numbers.map(|value| scaled(value, scale).0).collect());
                }
                _ => {}
            }
        }
        Some(limits)
    }

    /// The least and the greatest value that a plausible record has.
    fn plausible(&self, first: i128, last: i128, unit: i128) -> (i128, i128) {
        let spread = SPREAD_UNITS.saturating_mul(unit).max(SPREAD_STEPS.saturating_mul(self.step));
        match (self.has_low, self.has_high) {
            (true, true) => (first, last),
            (true, false) => (first, last.min(first.saturating_add(spread))),
            (false, true) if last < 0 => (first.max(last.saturating_sub(spread)), last),
            _ => (first.max(0), last.min(spread)),
        }
    }
}

/// The value in units of 10^-scale, rounded down, and whether that is exact. What is beyond every
/// column's values comes near enough to a bound.
fn scaled(value: Decimal, scale: u8) -> (i128, bool) {
    if scale >= value.scale {
        let factor = 10_i128.pow(u32::from(scale - value.scale));
        let limit = 10_i128.pow(MOST_DIGITS);
        return (value.unscaled.saturating_mul(factor).clamp(-limit, limit), true);
    }
    let divisor = 10_i128.pow(u32::from(value.scale - scale));
    (value.unscaled.div_euclid(divisor), value.unscaled % divisor == 0)
}

/// The least unscaled value that is a multiple of the unit; `None` if it is too large to tell.
fn step_of(unit: Decimal, scale: u8) -> Option<i128> {
    let numerator = unit.unscaled.checked_mul(10_i128.pow(u32::from(scale)))?;
    let denominator = 10_i128.pow(u32::from(unit.scale));
    Some(numerator / greatest_common_divisor(numerator, denominator))
}

fn greatest_common_divisor(left: i128, right: i128) -> i128 {
    if right == 0 { left } else { greatest_common_divisor(right, left % right) }
}
