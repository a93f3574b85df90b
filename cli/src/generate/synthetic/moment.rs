//! Dates, times of day and points in time that obey their bounds.

use super::value::Value;
use crate::generate::random::Random;
use crate::generate::timeline::write_rfc3339;
use contract::{Column, DataType, EpochUnit, Rule};

const MICROS_PER_DAY: i64 = 86_400_000_000;
const SECOND: i64 = 1_000_000;
/// 0001-01-01 and 9999-12-31.
const DAYS: (i64, i64) = (-719_162, 2_932_896);
/// How long before the event other moments of its record are, at most.
const DAYS_BEFORE: i64 = 30;
/// 9000-01-01T00:00:00Z: later than any object lands.
const FAR_FUTURE: i64 = 2_567_655 * MICROS_PER_DAY;

/// The values of a column, in its unit: days, microseconds since midnight or since the epoch.
#[derive(Debug)]
pub(super) struct Moments {
    data_type: DataType,
    epoch: Option<EpochUnit>,
    /// Values are multiples of this.
    quantum: i64,
    holds: (i64, i64),
    first: i64,
    last: i64,
}

impl Moments {
    /// The values that obey the rules of the column; `None` when there is none.
    pub(super) fn new(column: &Column) -> Option<Self> {
        let holds = match column.data_type {
            DataType::Date => DAYS,
            DataType::Time => (0, MICROS_PER_DAY - 1),
            _ => (DAYS.0 * MICROS_PER_DAY, (DAYS.1 + 1) * MICROS_PER_DAY - 1),
        };
        let quantum = if column.epoch.is_some() { 1_000 } else { 1 };
        let (mut first, mut last) = holds;
        for rule in &column.rules {
            match rule {
                Rule::Earliest { bound, exclusive } => {
                    first = first.max(bound.value + i64::from(*exclusive));
                }
                Rule::Latest { bound, exclusive } => {
                    last = last.min(bound.value - i64::from(*exclusive));
                }
                _ => {}
            }
        }
        let up = (quantum - first.rem_euclid(quantum)) % quantum;
        let (first, last) = (first + up, last - last.rem_euclid(quantum));
        let found =
            Self { data_type: column.data_type, epoch: column.epoch, quantum, holds, first, last };
        (first <= last).then_some(found)
    }

    /// The value of an event at this time, or the nearest to it that there may be.
    pub(super) fn at(&self, now_us: i64) -> Value {
        let value = match self.data_type {
            DataType::Date => now_us.div_euclid(MICROS_PER_DAY),
            DataType::Time => now_us.rem_euclid(MICROS_PER_DAY),
            _ => now_us - now_us.rem_euclid(self.quantum),
        };
        self.write(value.clamp(self.first, self.last))
    }

    /// A random value: any time of day, else some time in the month before the event.
    pub(super) fn draw(&self, now_us: i64, random: &mut Random) -> Value {
        if self.data_type == DataType::Time {
            let place = random.index((self.last - self.first) as usize + 1) as i64;
            let whole = (self.first + place) / SECOND * SECOND;
            return self.write(if whole < self.first { self.first + place } else { whole });
        }
        let before = random.index((DAYS_BEFORE * MICROS_PER_DAY) as usize) as i64;
        self.at(now_us - before)
    }

    /// Values that break a rule, and the rule.
    pub(super) fn broken(&self, column: &Column) -> Vec<(&'static str, Value)> {
        let has_latest = column.rules.iter().any(|rule| matches!(rule, Rule::Latest { .. }));
        let broken = |rule: &Rule| match rule {
            Rule::Earliest { .. } => Some(self.first - self.quantum),
            Rule::Latest { .. } => Some(self.last + self.quantum),
            Rule::NotLaterThanArrival { .. } if !has_latest => Some(FAR_FUTURE),
            _ => None,
        };
        let fits = |value: &i64| (self.holds.0..=self.holds.1).contains(value);
        column
            .rules
            .iter()
            .filter_map(|rule| Some((rule.name(), self.write(broken(rule).filter(fits)?))))
            .collect()
    }

    fn write(&self, value: i64) -> Value {
        match (self.data_type, self.epoch) {
            (DataType::Date, _) => Value::Text(rfc3339(value * MICROS_PER_DAY)[..10].to_owned()),
            (DataType::Time, _) => {
                let text = rfc3339(value);
                let time = text[11..].trim_end_matches('Z');
                Value::Text(time.strip_suffix(".000000").unwrap_or(time).to_owned())
            }
            (_, Some(EpochUnit::Milliseconds)) => Value::Literal((value / 1_000).to_string()),
            (_, Some(EpochUnit::Seconds)) => {
                let sign = if value < 0 { "-" } else { "" };
                let (seconds, rest) =
                    (value.unsigned_abs() / 1_000_000, value.unsigned_abs() / 1_000 % 1_000);
                Value::Literal(format!("{sign}{seconds}.{rest:03}"))
            }
            (_, None) => Value::Text(rfc3339(value)),
        }
    }
}

fn rfc3339(micros: i64) -> String {
    let mut out = Vec::new();
    write_rfc3339(&mut out, micros, 0);
    String::from_utf8_lossy(&out).into_owned()
}
