//! Calendar dates and RFC 3339 times from text, as days and microseconds since 1970-01-01 UTC.

use crate::decode::decimal::join_digits;
use crate::simd::splat;

/// Microseconds in a day.
pub(crate) const MICROS_PER_DAY: i64 = 86_400_000_000;
/// Microseconds in an hour.
pub(crate) const MICROS_PER_HOUR: i64 = 3_600_000_000;

/// Parses `YYYY-MM-DD` (years 0001 to 9999) into days since 1970-01-01.
pub(crate) fn parse_date(text: &[u8]) -> Option<i32> {
    let text: &[u8; 10] = text.try_into().ok()?;
    let month_word = word(text, 0);
    let day_word = word(text, 2);
    // `YYYY-MM-` and `YY-MM-DD`.
    parse_days(month_word, pairs(day_word, DATE_DIGITS)?.byte(6))
}

/// Days since 1970-01-01 of `YYYY-MM-` and a day.
#[inline(always)]
fn parse_days(year_and_month: u64, day: u32) -> Option<i32> {
    const DIGITS: u64 = 0x00FF_FF00_FFFF_FFFF;
    if (year_and_month ^ u64::from_le_bytes(*b"0000-00-")) & !DIGITS != 0 {
        return None;
    }
    let date = pairs(year_and_month, DIGITS)?;
    let (year, month) = (date.byte(0) * 100 + date.byte(2), date.byte(5));
    if year == 0 || !(1..=12).contains(&month) || !(1..=days_in_month(year, month)).contains(&day) {
        return None;
    }
    Some(days_from_civil(year, month, day))
}

/// The bytes that are digits in `YY-MM-DD` and `HH:MM:SS`.
const DATE_DIGITS: u64 = 0xFFFF_00FF_FF00_FFFF;

/// Two-digit numbers by the place of their first digit.
struct Pairs(u64);

impl Pairs {
    #[inline(always)]
    fn byte(&self, at: u32) -> u32 {
        (self.0 >> (8 * at)) as u32 & 0xFF
    }
}

/// Each byte times ten plus the next, if the `wanted` bytes of `text` are digits; the others count
/// as zero.
#[inline(always)]
fn pairs(text: u64, wanted: u64) -> Option<Pairs> {
    let digits = (text ^ splat(b'0')) & wanted;
    if (digits.wrapping_add(splat(0x7F - 9)) | digits) & splat(0x80) != 0 {
        return None;
    }
    Some(Pairs(digits * 10 + (digits >> 8)))
}

/// Eight bytes, the first the lowest.
#[inline(always)]
fn word<const N: usize>(text: &[u8; N], at: usize) -> u64 {
    text[at..at + 8].try_into().map_or(0, u64::from_le_bytes)
}

/// Parses an RFC 3339 time into microseconds since the epoch, UTC. A space may stand for the
/// `T`; a time without an offset is taken as UTC; digits beyond the microsecond are cut off.
/// Leap seconds (`:60`) and results outside the years 0001 to 9999 are refused.
#[inline(always)]
pub(crate) fn parse_timestamp(text: &[u8]) -> Option<i64> {
    let (seconds, rest) = text.split_first_chunk::<19>()?;
    if !matches!(seconds[10], b'T' | b't' | b' ') {
        return None;
    }
    let clock = parse_clock(word(seconds, 11))?;
    let day = pairs(word(seconds, 8), 0xFFFF)?.byte(0);
    let days = i64::from(parse_days(word(seconds, 0), day)?);
    let (micros, offset_minutes) = match parse_micros(rest) {
        Some(micros) => (micros, 0),
        None => {
            let (micros, rest) = parse_fraction(rest)?;
            (micros, parse_offset(rest)?)
        }
    };
    let result = days * MICROS_PER_DAY + clock + micros - i64::from(offset_minutes) * 60_000_000;
    (MIN_MICROS..=MAX_MICROS).contains(&result).then_some(result)
}

/// Parses `HH:MM:SS` into microseconds since midnight; there may be a fraction, whose digits beyond
/// the microsecond are cut off. Leap seconds (`:60`) are refused.
pub(crate) fn parse_time(text: &[u8]) -> Option<i64> {
    let (clock, rest) = text.split_first_chunk::<8>()?;
    let micros = parse_clock(word(clock, 0))?;
    let (fraction, rest) = parse_fraction(rest)?;
    rest.is_empty().then_some(micros + fraction)
}

/// Microseconds since midnight of `HH:MM:SS`.
#[inline(always)]
fn parse_clock(clock: u64) -> Option<i64> {
    if (clock ^ u64::from_le_bytes(*b"00:00:00")) & !DATE_DIGITS != 0 {
        return None;
    }
    let clock = pairs(clock, DATE_DIGITS)?;
    let (hour, minute, second) = (clock.byte(0), clock.byte(3), clock.byte(6));
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    Some(i64::from(hour * 3600 + minute * 60 + second) * 1_000_000)
}

/// Whether a text that [`parse_timestamp`] reads is a date-time of RFC 3339: with `T` and an offset.
pub(crate) fn is_date_time(text: &[u8]) -> bool {
    let has_offset = matches!(text, [.., b'Z' | b'z'] | [.., b'+' | b'-', _, _, b':', _, _]);
    has_offset && matches!(text.get(10), Some(b'T' | b't')) && parse_timestamp(text).is_some()
}

/// What most times end with: `.`, six digits and `Z`.
#[inline(always)]
fn parse_micros(text: &[u8]) -> Option<i64> {
    let ending = u64::from_le_bytes(text.try_into().ok()?);
    if ending & 0xFF != u64::from(b'.') || ending >> 56 != u64::from(b'Z') {
        return None;
    }
    let digits = (ending ^ splat(b'0')) & 0x00FF_FFFF_FFFF_FF00;
    if (digits.wrapping_add(splat(0x7F - 9)) | digits) & splat(0x80) != 0 {
        return None;
    }
    Some(join_digits(digits << 8) as i64)
}

/// 0001-01-01T00:00:00Z.
pub(crate) const MIN_MICROS: i64 = -719_162 * MICROS_PER_DAY;
/// 9999-12-31T23:59:59.999999Z.
pub(crate) const MAX_MICROS: i64 = 2_932_897 * MICROS_PER_DAY - 1;

/// Returns microseconds and what follows the fraction.
fn parse_fraction(text: &[u8]) -> Option<(i64, &[u8])> {
    let Some((b'.', rest)) = text.split_first() else { return Some((0, text)) };
    let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if count == 0 {
        return None;
    }
    let kept = count.min(6);
    let value = rest[..kept].iter().fold(0, |value, byte| value * 10 + i64::from(byte - b'0'));
    Some((value * 10_i64.pow(6 - kept as u32), &rest[count..]))
}

fn parse_offset(text: &[u8]) -> Option<i32> {
    match text {
        [] | [b'Z' | b'z'] => Some(0),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let (hours, minutes) = (digits(&[*h1, *h2])?, digits(&[*m1, *m2])?);
            let total = (hours * 60 + minutes) as i32;
            (hours <= 23 && minutes <= 59).then_some(if *sign == b'-' { -total } else { total })
        }
        _ => None,
    }
}

fn digits(text: &[u8]) -> Option<u32> {
    text.iter().try_fold(0, |value, byte| {
        byte.is_ascii_digit().then(|| value * 10 + u32::from(byte - b'0'))
    })
}

fn days_in_month(year: u32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        _ => 31,
    }
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar (Hinnant, "chrono-compatible
/// low-level date algorithms": years start in March, so that the leap day comes last).
#[inline(always)]
fn days_from_civil(year: u32, month: u32, day: u32) -> i32 {
    let year = year - u32::from(month <= 2);
    let (era, year_of_era) = (year / 400, year % 400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    (era * 146_097 + day_of_era) as i32 - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::{Timestamp, civil::Date};

    #[test]
    fn every_day_agrees_with_an_independent_calendar() {
        let epoch = Date::constant(1970, 1, 1);
        let mut date = Date::constant(1, 1, 1);
        while date < Date::constant(9999, 12, 31) {
            let days = epoch.until(date).expect("in range").get_days();
            assert_eq!(parse_date(date.to_string().as_bytes()), Some(days), "{date}");
            date = date.saturating_add(jiff::Span::new().days(1));
        }
    }

    #[test]
    fn timestamps_are_utc_microseconds() {
        for text in [
            "2026-11-22T10:20:30Z",
            "2026-11-22T10:20:30.5Z",
            "2026-11-22t10:20:30.123456789z",
            "2026-11-22T00:20:30.000001+02:00",
            "2026-11-22T23:59:59.999999-11:30",
            "2024-02-29T12:00:00Z",
            "1969-12-31T23:59:59.999999Z",
            "0001-01-01T00:00:00Z",
            "9999-12-30T21:59:59.999999Z",
        ] {
            let expected: Timestamp = text.parse().expect(text);
            let micros = expected.as_nanosecond().div_euclid(1000) as i64;
            assert_eq!(parse_timestamp(text.as_bytes()), Some(micros), "{text}");
        }
        assert_eq!(parse_timestamp(b"1970-01-01 00:00:01"), Some(1_000_000));
    }

    #[test]
    fn refuses_what_is_not_a_time() {
        for text in [
            "",
            "2026-11-22",
            "2026-11-22T10:20",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-11-31T00:00:00Z",
            "2026-11-22T24:00:00Z",
            "2026-11-22T10:60:00Z",
            "2026-11-22T10:20:60Z",
            "2026-11-22T10:20:30.Z",
            "2026-11-22T10:20:30+0200",
            "2026-11-22T10:20:30+25:00",
            "2026-11-22T10:20:30 Z",
            "0000-01-01T00:00:00Z",
            "0001-01-01T00:00:00+01:00",
            "9999-12-31T23:59:59-01:00",
            "2026-11-22T10:20:30ZZ",
            "x026-11-22T10:20:30Z",
            "2026-11-22T10-20-30Z",
        ] {
            assert_eq!(parse_timestamp(text.as_bytes()), None, "{text}");
        }
    }
}
