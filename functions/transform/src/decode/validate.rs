//! Turns a field's bytes into a value of its column, or says which rule refuses them.

use contract::{DataType, Normalise};

use crate::columns::{Column, Values};
use crate::decode::decimal::{NumberError, parse_decimal, parse_integer};
use crate::decode::record::{Kind, Token};
use crate::decode::{csv, json, time};
use crate::plan::{Field, FieldRule};

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

/// Appends the value of `token` to `column`. On a refusal the column is unchanged.
pub(crate) fn append(
    field: &Field,
    token: Token,
    block: &[u8],
    scratch: &mut Vec<u8>,
    column: &mut Column,
) -> Result<(), Refusal> {
    if matches!(token.kind, Kind::Absent | Kind::Null) {
        if field.required {
            return refuse("required", "must be present and not null");
        }
        column.push_null();
        return Ok(());
    }
    let raw = &block[token.start..token.end];
    match &mut column.values {
        Values::Text(texts) => texts.push(check_text(field, token, raw, scratch)?),
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
fn text<'a>(token: Token, raw: &'a [u8], scratch: &'a mut Vec<u8>) -> Option<&'a [u8]> {
    match token.kind {
        Kind::Text | Kind::Csv => return Some(raw),
        Kind::EscapedText | Kind::EscapedCsv => {}
        _ => return None,
    }
    scratch.clear();
    match token.kind {
        Kind::EscapedText => json::unescape(raw, scratch),
        _ => csv::unescape(raw, scratch),
    }
    Some(scratch)
}

fn check_text<'a>(
    field: &Field,
    token: Token,
    raw: &'a [u8],
    scratch: &'a mut Vec<u8>,
) -> Result<&'a [u8], Refusal> {
    let is_raw = matches!(token.kind, Kind::Text | Kind::Csv);
    if text(token, raw, scratch).is_none() {
        return refuse("type", "must be text");
    }
    if let Some(case) = field.case {
        if is_raw {
            scratch.clear();
            scratch.extend_from_slice(raw);
        }
        match case {
            Normalise::Upper => scratch.make_ascii_uppercase(),
            _ => scratch.make_ascii_lowercase(),
        }
    }
    let whole = if is_raw && field.case.is_none() { raw } else { scratch };
    let value = if field.trim { whole.trim_ascii() } else { whole };
    for rule in &field.rules {
        check_text_rule(rule, value)?;
    }
    Ok(value)
}

fn check_text_rule(rule: &FieldRule, value: &[u8]) -> Result<(), Refusal> {
    match rule {
        FieldRule::MaxLength { chars } if value.len() > *chars && count_chars(value) > *chars => {
            refuse("max_length", format!("must have at most {chars} characters"))
        }
        FieldRule::MinLength { chars } if count_chars(value) < *chars => {
            refuse("min_length", format!("must have at least {chars} characters"))
        }
        FieldRule::Pattern { regex, stated } if !regex.is_match(value) => {
            refuse("pattern", format!("must match {stated}"))
        }
        FieldRule::Uuid if !is_uuid(value) => refuse("format", "must be a UUID"),
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

fn is_uuid(text: &[u8]) -> bool {
    text.len() == 36
        && text.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// One `@` between a non-empty local part and a domain with a dot inside; no white space.
fn is_email(text: &[u8]) -> bool {
    let mut parts = text.split(|byte| *byte == b'@');
    let (Some(local), Some(domain), None) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    !local.is_empty()
        && !text.iter().any(|byte| byte.is_ascii_whitespace() || byte.is_ascii_control())
        && domain.split(|byte| *byte == b'.').all(|label| !label.is_empty())
        && domain.contains(&b'.')
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

fn parse_timestamp(token: Token, raw: &[u8], scratch: &mut Vec<u8>) -> Result<i64, Refusal> {
    match text(token, raw, scratch).and_then(time::parse_timestamp) {
        Some(micros) => Ok(micros),
        None => refuse("type", "must be an RFC 3339 time"),
    }
}

fn parse_date(token: Token, raw: &[u8], scratch: &mut Vec<u8>) -> Result<i32, Refusal> {
    match text(token, raw, scratch).and_then(time::parse_date) {
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
