//! Dates, times and points in time that a contract names.

use jiff::civil::{Date, Time};
use jiff::{Timestamp, Unit};

use crate::Moment;

const MIDNIGHT: Time = Time::midnight();
const EPOCH: Date = Date::constant(1970, 1, 1);

impl Moment {
    /// Reads `YYYY-MM-DD`, in days since 1970-01-01.
    pub(crate) fn date(text: &str) -> Option<Self> {
        let date: Date = text.parse().ok()?;
        let value = EPOCH.until((Unit::Day, date)).ok()?.get_days().into();
        // Wider forms are read too.
        (date.to_string() == text).then(|| Self { text: text.to_owned(), value })
    }

    /// Reads `HH:MM:SS` with up to six fractional digits, in microseconds since midnight.
    pub(crate) fn time(text: &str) -> Option<Self> {
        let time: Time = text.parse().ok()?;
        let value = MIDNIGHT.until((Unit::Microsecond, time)).ok()?.get_microseconds();
        let is_plain = text.len() <= 15 && text.as_bytes().get(2) == Some(&b':');
        is_plain.then(|| Self { text: text.to_owned(), value })
    }

    /// Reads an RFC 3339 time with its offset, in microseconds since the epoch.
    pub(crate) fn timestamp(text: &str) -> Option<Self> {
        let moment: Timestamp = text.parse().ok()?;
        let has_date = text.as_bytes().get(10).is_some_and(|byte| matches!(byte, b'T' | b' '));
        has_date.then(|| Self { text: text.to_owned(), value: moment.as_microsecond() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_count_in_the_units_of_their_columns() {
        let value = |moment: Option<Moment>| moment.map(|moment| moment.value);
        assert_eq!(value(Moment::date("1970-01-11")), Some(10));
        assert_eq!(value(Moment::date("1969-12-31")), Some(-1));
        assert_eq!(value(Moment::time("00:00:01.5")), Some(1_500_000));
        assert_eq!(value(Moment::timestamp("1970-01-01T01:00:00+01:00")), Some(0));
        assert_eq!(value(Moment::timestamp("1970-01-01T00:00:00.000001Z")), Some(1));
        for text in ["2026-11-31", "20261122", "2026-11-22T00:00:00", "+002026-11-22", "now"] {
            assert_eq!(Moment::date(text), None, "{text}");
            assert_eq!(Moment::timestamp(text), None, "{text}");
        }
        for text in ["24:00:00", "12", "120000", "T12:00:00", "12:00:00.1234567"] {
            assert_eq!(Moment::time(text), None, "{text}");
        }
    }
}
