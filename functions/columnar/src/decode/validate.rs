//! Turns a field's bytes into a value of its column, or says which rule refuses them.

use contract::{DataType, Normalise};

use crate::columns::{Column, Values};
use crate::decode::decimal::{NumberError, parse_decimal, parse_integer};
use crate::decode::record::{Kind, Token};
use crate::decode::{csv, json, time};
use crate::plan::{Field, FieldRule};
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

/// Buffers for texts that are not stored as they are written.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    unescaped: Vec<u8>,
    pub(crate) normalised: Vec<u8>,
}

/// Appends the value of `token`, a span of `text`, to `column`. On a refusal the column is
/// unchanged.
pub(crate) fn append(
    field: &Field,
    token: Token,
    text: &[u8],
    scratch: &mut Scratch,
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
        Values::Text(texts) => {
            let Some(spelling) = self::text(token, raw, &mut scratch.unescaped) else {
                return refuse("type", "must be text");
            };
            let print = || Print::of(spelling);
            append_spelling(Portable, field, spelling, print, &mut scratch.normalised, texts)?;
        }
        Values::Int64(values) => values.push(match field.data_type {
            DataType::Timestamp => parse_timestamp(token, raw, scratch)?,
            _ => parse_number(field, token, raw)? as i64,
        }),
        Values::Int128(values) => values.push(parse_number(field, token, raw)?),
        Values::Int32(values) => values.push(parse_date(token, raw, scratch)?),
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
        FieldRule::Uuid if !is_uuid(simd, value) => refuse("format", "must be a UUID"),
        FieldRule::Email if !is_email(value) => refuse("format", "must be an e-mail address"),
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

/// Hexadecimal digits, with dashes where they belong.
#[inline(always)]
fn is_uuid(simd: impl Simd, text: &[u8]) -> bool {
    const DASHES: [usize; 4] = [8, 13, 18, 23];
    const DASH_BITS: u32 = 1 << DASHES[0] | 1 << DASHES[1] | 1 << DASHES[2] | 1 << DASHES[3];
    let Ok(text) = <&[u8; 36]>::try_from(text) else { return false };
    let (Some(head), Some(tail)) = (text.first_chunk(), text.last_chunk()) else { return false };
    DASHES.iter().all(|&at| text[at] == b'-')
        && simd.hex(head) == !DASH_BITS
        && simd.hex(tail) == !(DASH_BITS >> 4)
}

/// One `@` between a non-empty local part and a domain with a dot inside; no white space.
fn is_email(text: &[u8]) -> bool {
    let Some(at) = memchr::memchr(b'@', text) else { return false };
    let domain = &text[at + 1..];
    // A dot at the edge of the domain, or two side by side, leave an empty label.
    let mut has_dot = false;
    let mut before = b'.';
    for &byte in domain {
        if byte == b'@' || (byte == b'.' && before == b'.') {
            return false;
        }
        has_dot |= byte == b'.';
        before = byte;
    }
    let has_space = text.iter().fold(false, |has, &byte| has | (byte <= b' ') | (byte == 0x7F));
    at > 0 && has_dot && before != b'.' && !has_space
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
    for rule in &field.rules {
        match rule {
            FieldRule::AtLeast { rule, unscaled, stated } if value < *unscaled => {
                return refuse(rule, format!("must be {stated}"));
            }
            FieldRule::AtMost { rule, unscaled, stated } if value > *unscaled => {
                return refuse(rule, format!("must be {stated}"));
            }
            FieldRule::OneOfNumbers { unscaled } if !unscaled.contains(&value) => {
                return refuse("one_of", "must be one of the contract's values");
            }
            _ => {}
        }
    }
    Ok(value)
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

fn parse_timestamp(token: Token, raw: &[u8], scratch: &mut Scratch) -> Result<i64, Refusal> {
    match text(token, raw, &mut scratch.unescaped).and_then(time::parse_timestamp) {
        Some(micros) => Ok(micros),
        None => refuse("type", "must be an RFC 3339 time"),
    }
}

fn parse_date(token: Token, raw: &[u8], scratch: &mut Scratch) -> Result<i32, Refusal> {
    match text(token, raw, &mut scratch.unescaped).and_then(time::parse_date) {
        Some(days) => Ok(days),
        None => refuse("type", "must be a date, YYYY-MM-DD"),
    }
}

fn parse_boolean(token: Token, raw: &[u8]) -> Result<bool, Refusal> {
    match (token.kind, raw) {
        (Kind::True, _) | (Kind::Csv, b"true") => Ok(true),
        (Kind::False, _) | (Kind::Csv, b"false") => Ok(false),
        _ => refuse("type", "must be true or false"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_has_hexadecimal_digits_and_dashes_in_their_places() {
        let uuid = *b"3f2b8c1e-6a54-4D0f-9B7e-2c1d5e8f9a01";
        let is_uuid = |text: &[u8]| is_uuid(Portable, text);
        assert!(is_uuid(&uuid));
        assert!(!is_uuid(&uuid[1..]) && !is_uuid(b""));
        for at in 0..uuid.len() {
            for byte in 0..=u8::MAX {
                let mut text = uuid;
                text[at] = byte;
                let fits = if uuid[at] == b'-' { byte == b'-' } else { byte.is_ascii_hexdigit() };
                assert_eq!(is_uuid(&text), fits, "{byte} at {at}");
            }
        }
    }
}
