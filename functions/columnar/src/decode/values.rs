//! Turns tokens into numbers, times, truth values and JSON, or says which rule refuses them.

use contract::{DataType, EpochUnit};

use crate::decode::decimal::{NumberError, parse_decimal, parse_integer};
use crate::decode::record::{Kind, Token};
use crate::decode::time;
use crate::decode::validate::{Refusal, Validator, refuse};
use crate::field::{Field, FieldRule};

/// The unscaled value of an integer or decimal column.
pub(crate) fn parse_number(field: &Field, token: Token, raw: &[u8]) -> Result<i128, Refusal> {
    let is_number = matches!(token.kind, Kind::Number | Kind::Csv);
    let parsed = match field.data_type {
        _ if !is_number => Err(NumberError::Malformed),
        DataType::Decimal { precision, scale } => parse_decimal(raw, precision, scale),
        _ => parse_integer(raw).map(i128::from),
    };
    let value = match (parsed, field.data_type) {
        (Ok(value), _) => value,
        (Err(NumberError::Malformed), _) => return refuse("type", "must be a number"),
        (Err(NumberError::DoesNotFit), DataType::Decimal { precision, scale }) => {
            return refuse("precision", format!("must fit NUMBER({precision},{scale})"));
        }
        (Err(NumberError::DoesNotFit), _) => {
            return refuse("precision", "must be a whole number of at most 64 bits");
        }
    };
    check_number(field, value, i64::MAX)?;
    Ok(value)
}

/// Checks a number, or what a date or time counts.
fn check_number(field: &Field, value: i128, arrival_micros: i64) -> Result<(), Refusal> {
    for rule in &field.rules {
        match rule {
            FieldRule::AtLeast { rule, unscaled, stated } if value < *unscaled => {
                return refuse(rule, format!("must be {stated}"));
            }
            FieldRule::AtMost { rule, unscaled, stated } if value > *unscaled => {
                return refuse(rule, format!("must be {stated}"));
            }
            FieldRule::MultipleOf { unscaled, stated } if value % unscaled != 0 => {
                return refuse("multiple_of", format!("must be a multiple of {stated}"));
            }
            FieldRule::OneOfNumbers { unscaled } if !unscaled.contains(&value) => {
                return refuse("one_of", "must be one of the contract's values");
            }
            FieldRule::NotLaterThanArrival { tolerance }
                if value > i128::from(arrival_micros.saturating_add(*tolerance)) =>
            {
                let seconds = tolerance / 1_000_000;
                return refuse(
                    "not_later_than_arrival",
                    format!("must be at most {seconds} s later than its object"),
                );
            }
            _ => {}
        }
    }
    Ok(())
}

pub(crate) fn parse_double(field: &Field, token: Token, raw: &[u8]) -> Result<f64, Refusal> {
    let is_number = matches!(token.kind, Kind::Number | Kind::Csv)
        && raw.first().is_some_and(|byte| matches!(byte, b'-' | b'0'..=b'9'));
    let parsed =
        std::str::from_utf8(raw).ok().filter(|_| is_number).and_then(|raw| raw.parse().ok());
    let value: f64 = match parsed {
        Some(value) if f64::is_finite(value) => value,
        _ => return refuse("type", "must be a finite number"),
    };
    for rule in &field.rules {
        match rule {
            FieldRule::DoubleAtLeast { bound, exclusive }
                if value < *bound || (*exclusive && value == *bound) =>
            {
                return refuse("minimum", format!("must not be below {bound}"));
            }
            FieldRule::DoubleAtMost { bound, exclusive }
                if value > *bound || (*exclusive && value == *bound) =>
            {
                return refuse("maximum", format!("must not be above {bound}"));
            }
            _ => {}
        }
    }
    Ok(value)
}

pub(crate) fn parse_timestamp(
    field: &Field,
    token: Token,
    raw: &[u8],
    validator: &mut Validator,
) -> Result<i64, Refusal> {
    let micros = match field.epoch {
        Some(unit) => parse_epoch(token, raw, unit)?,
        None => validator
            .text(token, raw)
            .and_then(time::parse_timestamp)
            .ok_or_else(|| not_of_type("must be an RFC 3339 time"))?,
    };
    check_number(field, micros.into(), validator.arrival_micros)?;
    Ok(micros)
}

/// Microseconds since the epoch of a count from there. What is beyond the microsecond is cut off,
/// as in RFC 3339 times.
fn parse_epoch(token: Token, raw: &[u8], unit: EpochUnit) -> Result<i64, Refusal> {
    const BEYOND_MICROS: u8 = 9;
    let (scale, message) = match unit {
        EpochUnit::Seconds => (6, "must be seconds since 1970, in the years 0001 to 9999"),
        EpochUnit::Milliseconds => {
            (3, "must be milliseconds since 1970, in the years 0001 to 9999")
        }
    };
    let is_number = matches!(token.kind, Kind::Number | Kind::Csv);
    let count = Some(raw).filter(|_| is_number);
    let count = count.and_then(|raw| parse_decimal(raw, 38, scale + BEYOND_MICROS).ok());
    count
        .map(|count| count.div_euclid(10_i128.pow(BEYOND_MICROS.into())))
        .and_then(|micros| i64::try_from(micros).ok())
        .filter(|micros| (time::MIN_MICROS..=time::MAX_MICROS).contains(micros))
        .ok_or_else(|| not_of_type(message))
}

pub(crate) fn parse_time(
    field: &Field,
    token: Token,
    raw: &[u8],
    validator: &mut Validator,
) -> Result<i64, Refusal> {
    let micros = validator
        .text(token, raw)
        .and_then(time::parse_time)
        .ok_or_else(|| not_of_type("must be a time of day, HH:MM:SS"))?;
    check_number(field, micros.into(), i64::MAX)?;
    Ok(micros)
}

pub(crate) fn parse_date(
    field: &Field,
    token: Token,
    raw: &[u8],
    validator: &mut Validator,
) -> Result<i32, Refusal> {
    let days = validator
        .text(token, raw)
        .and_then(time::parse_date)
        .ok_or_else(|| not_of_type("must be a date, YYYY-MM-DD"))?;
    check_number(field, days.into(), i64::MAX)?;
    Ok(days)
}

pub(crate) fn check_json(field: &Field, token: Token, raw: &[u8]) -> Result<(), Refusal> {
    let (first, message) = match field.data_type {
        DataType::Array => (b'[', "must be a JSON array"),
        _ => (b'{', "must be a JSON object"),
    };
    match token.kind {
        Kind::Nested if raw.first() == Some(&first) => Ok(()),
        _ => refuse("type", message),
    }
}

fn not_of_type(message: &str) -> Refusal {
    Refusal { rule: "type", message: message.to_owned() }
}

pub(crate) fn parse_boolean(token: Token, raw: &[u8]) -> Result<bool, Refusal> {
    match (token.kind, raw) {
        (Kind::True, _) | (Kind::Csv, b"true") => Ok(true),
        (Kind::False, _) | (Kind::Csv, b"false") => Ok(false),
        _ => refuse("type", "must be true or false"),
    }
}
