//! Event times: when each event happened, independent of when it is sent.

use std::time::Duration;

const MICROS_PER_SECOND: i64 = 1_000_000;
const MICROS_PER_HOUR: i64 = 3_600 * MICROS_PER_SECOND;

/// How busy the shop is in each UTC hour of the day, relative to its quietest hour.
const HOUR_WEIGHTS: [u64; 24] =
    [4, 3, 2, 2, 2, 3, 5, 8, 11, 13, 14, 15, 15, 14, 13, 13, 14, 16, 18, 20, 19, 15, 10, 6];

/// The times of a sequence of events, in microseconds since 1970-01-01T00:00:00Z.
pub(crate) enum Timeline {
    /// Events follow one another at a steady rate.
    Steady {
        /// Time of the first event.
        start_us: i64,
        /// Events a second.
        per_second: u64,
    },
    /// A known number of events fills a span of time, busier by day than by night.
    Days(Days),
}

impl Timeline {
    /// The time of the event with this index. Indices must not decrease from call to call.
    pub(crate) fn at(&mut self, index: u64) -> i64 {
        match self {
            Self::Steady { start_us, per_second } => {
                let elapsed = u128::from(index) * MICROS_PER_SECOND as u128;
                *start_us + (elapsed / u128::from(*per_second)) as i64
            }
            Self::Days(days) => days.at(index),
        }
    }
}

/// A span of time cut at full hours. Each hour has a weight, and takes its share of the events.
pub(crate) struct Days {
    end_us: i64,
    events: u64,
    total_weight: u128,
    hour: Hour,
    weight_before_hour: u128,
}

impl Days {
    /// `events` events between `start_us` and `start_us + span`.
    pub(crate) fn new(start_us: i64, span: Duration, events: u64) -> Self {
        let end_us = start_us + span.as_micros() as i64;
        let first = Hour::starting_at(start_us, end_us);
        let total_weight = std::iter::successors(Some(first), |hour| {
            (hour.end_us < end_us).then(|| Hour::starting_at(hour.end_us, end_us))
        })
        .map(|hour| hour.total_weight())
        .sum();
        Self { end_us, events, total_weight, hour: first, weight_before_hour: 0 }
    }

    fn at(&mut self, index: u64) -> i64 {
        let weight = self.total_weight * u128::from(index) / u128::from(self.events.max(1));
        while self.weight_before_hour + self.hour.total_weight() <= weight
            && self.hour.end_us < self.end_us
        {
            self.weight_before_hour += self.hour.total_weight();
            self.hour = Hour::starting_at(self.hour.end_us, self.end_us);
        }
        let within = (weight - self.weight_before_hour) / u128::from(self.hour.weight);
        self.hour.start_us + within as i64
    }
}

/// An hour, or the part of it that lies in the span.
#[derive(Clone, Copy)]
struct Hour {
    start_us: i64,
    end_us: i64,
    weight: u64,
}

impl Hour {
    fn starting_at(start_us: i64, limit_us: i64) -> Self {
        let hour = start_us.div_euclid(MICROS_PER_HOUR);
        Self {
            start_us,
            end_us: ((hour + 1) * MICROS_PER_HOUR).min(limit_us),
            weight: HOUR_WEIGHTS[hour.rem_euclid(24) as usize],
        }
    }

    fn total_weight(&self) -> u128 {
        (self.end_us - self.start_us) as u128 * u128::from(self.weight)
    }
}

/// Writes a time as RFC 3339 with six fractional digits, in UTC or at an offset of full hours.
pub(crate) fn write_rfc3339(out: &mut Vec<u8>, micros: i64, offset_hours: u8) {
    let local = micros + i64::from(offset_hours) * MICROS_PER_HOUR;
    let seconds = local.div_euclid(MICROS_PER_SECOND);
    let (year, month, day) = civil_date(seconds.div_euclid(86_400));
    let second_of_day = seconds.rem_euclid(86_400) as u64;
    write_digits(out, year, 4, b'-');
    write_digits(out, month, 2, b'-');
    write_digits(out, day, 2, b'T');
    write_digits(out, second_of_day / 3_600, 2, b':');
    write_digits(out, second_of_day / 60 % 60, 2, b':');
    write_digits(out, second_of_day % 60, 2, b'.');
    let fraction = local.rem_euclid(MICROS_PER_SECOND) as u64;
    if offset_hours == 0 {
        write_digits(out, fraction, 6, b'Z');
    } else {
        write_digits(out, fraction, 6, b'+');
        write_digits(out, u64::from(offset_hours), 2, b':');
        out.extend_from_slice(b"00");
    }
}

/// Writes a number with leading zeros, then a separator.
fn write_digits(out: &mut Vec<u8>, value: u64, width: usize, separator: u8) {
    let mut digits = [b'0'; 6];
    let mut rest = value;
    for digit in digits[..width].iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    out.extend_from_slice(&digits[..width]);
    out.push(separator);
}

/// Year, month and day of a number of days since 1970-01-01, by the algorithm of H. Hinnant,
/// "chrono-compatible low-level date algorithms", for days from year 0 on.
fn civil_date(days: i64) -> (u64, u64, u64) {
    let shifted = (days + 719_468) as u64;
    let era = shifted / 146_097;
    let day_of_era = shifted % 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    #[test]
    fn times_read_back_as_written() {
        for text in
            ["1970-01-01T00:00:00Z", "2024-02-29T23:59:59.999999Z", "2026-11-22T22:30:00.000001Z"]
        {
            let time: Timestamp = text.parse().unwrap();
            for offset in [0, 2] {
                let mut out = Vec::new();
                write_rfc3339(&mut out, time.as_microsecond(), offset);
                let written = String::from_utf8(out).unwrap();
                assert_eq!(written.parse::<Timestamp>().unwrap(), time, "{written}");
            }
        }
    }

    #[test]
    fn a_span_is_filled_from_start_to_end_and_is_busier_in_the_evening() {
        let start: Timestamp = "2026-03-01T13:20:00Z".parse().unwrap();
        let events = 100_000;
        let mut days = Days::new(start.as_microsecond(), Duration::from_secs(86_400), events);
        let times: Vec<i64> = (0..events).map(|index| days.at(index)).collect();
        assert!(times.is_sorted());
        assert_eq!(times[0], start.as_microsecond());
        let left = start.as_microsecond() + 86_400 * MICROS_PER_SECOND - times[events as usize - 1];
        assert!((1..5 * MICROS_PER_SECOND).contains(&left), "{left}");
        let in_hour = |hour| times.iter().filter(|&&t| t / MICROS_PER_HOUR % 24 == hour).count();
        assert!(in_hour(19) > 8 * in_hour(3));
    }
}
