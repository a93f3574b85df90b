//! Turns a field's bytes into a value of its column, or says which rule refuses them.

use contract::{DataType, EpochUnit, Normalise};

use crate::columns::{Column, Values};
use crate::decode::decimal::{NumberError, parse_decimal, parse_integer};
use crate::decode::record::{Kind, Token};
use crate::decode::{csv, formats, json, time};
use crate::field::{Field, FieldRule};
use crate::simd::{Portable, Simd};
use crate::texts::Texts;
use crate::words::Print;

/// The rule a value breaks, and what the contract asks for. The value itself is left out: it may
/// be personal data, and the quarantined record stands beside the message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) rule: &'static str,
    pub(crate) message: String,
}

fn refuse<T>(rule: &'static str, message: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal { rule, message: message.into() })
}

/// What validating needs beside the value.
#[derive(Debug)]
pub(crate) struct Validator {
    /// When the object landed, in microseconds since the epoch.
    pub(crate) arrival_micros: i64,
    /// Buffers for texts that are not stored as they are written.
    unescaped: Vec<u8>,
    pub(crate) normalised: Vec<u8>,
}

impl Validator {
    pub(crate) fn new(arrival_micros: i64) -> Self {
        Self { arrival_micros, unescaped: Vec::new(), normalised: Vec::new() }
    }

    /// Whether a timestamp is not too much later than the arrival.
    #[inline(always)]
    pub(crate) fn is_in_time(&self, field: &Field, micros: i64) -> bool {
        micros <= self.arrival_micros.saturating_add(field.arrival_tolerance)
    }
}

/// Appends the value of `token`, a span of `text`, to `column`. On a refusal the column is
/// unchanged.
pub(crate) fn append(
    field: &Field,
    token: Token,
    text: &[u8],
    validator: &mut Validator,
    column: &mut Column,
) -> Result<(), Refusal> {
    if matches!(token.kind, Kind::Absent | Kind::Null) {
        if field.required {
            return refuse("required", "must be present and not null");
        }
        column.push_null();
        return Ok(());
    }
    let raw = token.of(text);
    match &mut column.values {
        Values::Text(texts) if field.data_type.is_json() => {
            check_json(field, token, raw)?;
            if field.is_stored { texts.push(raw) } else { texts.push_empty() }
        }
        Values::Text(texts) => {
            let Some(spelling) = self::text(token, raw, &mut validator.unescaped) else {
                return refuse("type", "must be text");
            };
            let print = || Print::of(spelling);
            append_spelling(Portable, field, spelling, print, &mut validator.normalised, texts)?;
        }
        Values::Int64(values) => values.push(match field.data_type {
            DataType::Timestamp => parse_timestamp(field, token, raw, validator)?,
            DataType::Time => parse_time(field, token, raw, validator)?,
            _ => parse_number(field, token, raw)? as i64,
        }),
        Values::Int128(values) => values.push(parse_number(field, token, raw)?),
        Values::Int32(values) => values.push(parse_date(field, token, raw, validator)?),
        Values::Double(values) => values.push(parse_double(field, token, raw)?),
        Values::Boolean(values) => values.push(parse_boolean(token, raw)?),
    }
    column.mark_valid();
    Ok(())
}

/// The text of a JSON string or CSV field; `None` for values of other types.
#[inline(always)]
fn text<'a>(token: Token, raw: &'a [u8], unescaped: &'a mut Vec<u8>) -> Option<&'a [u8]> {
    match token.kind {
        Kind::Text | Kind::Csv => return Some(raw),
        Kind::EscapedText | Kind::EscapedCsv => {}
        _ => return None,
    }
    unescaped.clear();
    match token.kind {
        Kind::EscapedText => json::unescape(raw, unescaped),
        _ => csv::unescape(raw, unescaped),
    }
    Some(unescaped)
}

/// Appends a text. One that was met before needs no second check: rules look at the text alone.
#[inline(always)]
pub(crate) fn append_spelling(
    simd: impl Simd,
    field: &Field,
    spelling: &[u8],
    print: impl FnOnce() -> Print,
    normalised: &mut Vec<u8>,
    texts: &mut Texts,
) -> Result<(), Refusal> {
    if let Err(unknown) = texts.push_known(spelling, print) {
        let value = check_text(simd, field, spelling, normalised)?;
        texts.push_new(spelling, value, unknown);
    }
    Ok(())
}

/// The text as it is stored. Inlined, so that it is compiled for the instructions of `simd`.
#[inline(always)]
fn check_text<'a>(
    simd: impl Simd,
    field: &Field,
    spelling: &'a [u8],
    normalised: &'a mut Vec<u8>,
) -> Result<&'a [u8], Refusal> {
    let trimmed = if field.trim { spelling.trim_ascii() } else { spelling };
    let value = match field.case {
        None => trimmed,
        Some(case) => {
            normalised.clear();
            normalised.extend_from_slice(trimmed);
            match case {
                Normalise::Upper => normalised.make_ascii_uppercase(),
                _ => normalised.make_ascii_lowercase(),
            }
            normalised
        }
    };
    for rule in &field.rules {
        check_text_rule(simd, rule, value)?;
    }
    Ok(value)
}

#[inline(always)]
fn check_text_rule(simd: impl Simd, rule: &FieldRule, value: &[u8]) -> Result<(), Refusal> {
    match rule {
        FieldRule::MaxLength { chars } if value.len() > *chars && count_chars(value) > *chars => {
            refuse("max_length", format!("must have at most {chars} characters"))
        }
        // A character has at most four bytes.
        FieldRule::MinLength { chars }
            if value.len() / 4 < *chars && count_chars(value) < *chars =>
        {
            refuse("min_length", format!("must have at least {chars} characters"))
        }
        FieldRule::Pattern { regex, stated } if !regex.is_match(value) => {
            refuse("pattern", format!("must match {stated}"))
        }
        FieldRule::Format(format) if !formats::has_format(simd, *format, value) => {
            refuse("format", format!("must be {}", formats::name(*format)))
        }
        FieldRule::OneOf { values } if !values.iter().any(|allowed| allowed == value) => {
            let allowed: Vec<_> =
                values.iter().map(|value| String::from_utf8_lossy(value)).collect();
            refuse("one_of", format!("must be one of {}", allowed.join(", ")))
        }
        _ => Ok(()),
    }
}

/// Characters (Unicode scalar values) of UTF-8 text.
fn count_chars(text: &[u8]) -> usize {
    text.iter().filter(|byte| **byte & 0xC0 != 0x80).count()
}

/// The unscaled value of an integer or decimal column.
fn parse_number(field: &Field, token: Token, raw: &[u8]) -> Result<i128, Refusal> {
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

fn parse_double(field: &Field, token: Token, raw: &[u8]) -> Result<f64, Refusal> {
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

fn parse_timestamp(
    field: &Field,
    token: Token,
    raw: &[u8],
    validator: &mut Validator,
) -> Result<i64, Refusal> {
    let micros = match field.epoch {
        Some(unit) => parse_epoch(token, raw, unit)?,
        None => text(token, raw, &mut validator.unescaped)
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

fn parse_time(
    field: &Field,
    token: Token,
    raw: &[u8],
    validator: &mut Validator,
) -> Result<i64, Refusal> {
    let micros = text(token, raw, &mut validator.unescaped)
        .and_then(time::parse_time)
        .ok_or_else(|| not_of_type("must be a time of day, HH:MM:SS"))?;
    check_number(field, micros.into(), i64::MAX)?;
    Ok(micros)
}

fn parse_date(
    field: &Field,
    token: Token,
    raw: &[u8],
    validator: &mut Validator,
) -> Result<i32, Refusal> {
    let days = text(token, raw, &mut validator.unescaped)
        .and_then(time::parse_date)
        .ok_or_else(|| not_of_type("must be a date, YYYY-MM-DD"))?;
    check_number(field, days.into(), i64::MAX)?;
    Ok(days)
}

fn check_json(field: &Field, token: Token, raw: &[u8]) -> Result<(), Refusal> {
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

fn parse_boolean(token: Token, raw: &[u8]) -> Result<bool, Refusal> {
    match (token.kind, raw) {
        (Kind::True, _) | (Kind::Csv, b"true") => Ok(true),
        (Kind::False, _) | (Kind::Csv, b"false") => Ok(false),
        _ => refuse("type", "must be true or false"),
    }
}
