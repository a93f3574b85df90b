//! Turns a field's bytes into a value of its column, or says which rule refuses them.

use contract::{DataType, Normalise};

use crate::columns::{Column, Values};
use crate::decode::record::{Kind, Token};
use crate::decode::{csv, formats, json, values};
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

pub(crate) fn refuse<T>(rule: &'static str, message: impl Into<String>) -> Result<T, Refusal> {
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

    /// The text of a JSON string or CSV field; `None` for values of other types.
    pub(crate) fn text<'a>(&'a mut self, token: Token, raw: &'a [u8]) -> Option<&'a [u8]> {
        text(token, raw, &mut self.unescaped)
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
            values::check_json(field, token, raw)?;
            if field.is_stored { texts.push(raw) } else { texts.push_empty() }
        }
        Values::Text(texts) => {
            let Some(spelling) = self::text(token, raw, &mut validator.unescaped) else {
                return refuse("type", "must be text");
            };
            let print = texts.print(spelling);
            append_spelling(Portable, field, spelling, print, &mut validator.normalised, texts)?;
        }
        Values::Int64(values) => values.push(match field.data_type {
            DataType::Timestamp => values::parse_timestamp(field, token, raw, validator)?,
            DataType::Time => values::parse_time(field, token, raw, validator)?,
            _ => values::parse_number(field, token, raw)? as i64,
        }),
        Values::Int128(values) => values.push(values::parse_number(field, token, raw)?),
        Values::Int32(values) => values.push(values::parse_date(field, token, raw, validator)?),
        Values::Double(values) => values.push(values::parse_double(field, token, raw)?),
        Values::Boolean(values) => values.push(values::parse_boolean(token, raw)?),
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
    print: Option<Print>,
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
