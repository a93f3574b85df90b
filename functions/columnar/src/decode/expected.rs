//! Decodes a record of the expected shape straight into the columns.
//!
//! This only shortens the general way: it takes a record in full and with the same result, or
//! leaves it. Whatever is unusual, and whatever breaks a rule, is left.

use std::ops::Range;

use contract::{DataType, UnknownFields};

use crate::columns::{Column, Values};
use crate::decode::framing::MAX_RECORD_BYTES;
use crate::decode::plain::{NonAscii, parse_plain_number, scan_plain_string};
use crate::decode::record::{Kind, Token};
use crate::decode::shape::{Owner, Shape, Step, window};
use crate::decode::time::parse_timestamp;
use crate::decode::validate::{self, Validator};
use crate::decode::{extra, json};
use crate::field::Field;
use crate::plan::Plan;
use crate::rows::Rows;
use crate::simd::Simd;
use crate::words::{Print, SHORT};

const NULL: &[u8] = b"null";

/// Where the values of a record go, and what is known of it so far.
pub(crate) struct Expected<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) validator: &'a mut Validator,
    /// Where the objects start that the record is inside of so far.
    pub(crate) opened: &'a mut Vec<usize>,
    /// Names and values of fields that no column names.
    pub(crate) unknown: &'a mut Vec<(Token, Token)>,
    pub(crate) text: &'a [u8],
}

impl Expected<'_> {
    /// Appends the record at `start` to `rows`, if the line or the next record follows it; returns
    /// where that starts. Otherwise some columns may be one row longer than others.
    #[inline(always)]
    pub(crate) fn append(
        &mut self,
        simd: impl Simd,
        shape: &Shape,
        start: usize,
        rows: &mut Rows,
    ) -> Option<usize> {
        let end = shape.end.as_ref()?;
        // Otherwise, with the first field left out, the comma before the second would do.
        if self.text.get(start) != Some(&b'{') {
            return None;
        }
        let mut marks = NonAscii(0);
        let mut at = start;
        self.unknown.clear();
        self.opened.clear();
        let mut next_step = 0;
        while let Some(step) = shape.steps.get(next_step) {
            let Step::Value { before, owner } = step else {
                (at, next_step) = self.pass_brace(step, next_step, at, rows)?;
                continue;
            };
            next_step += 1;
            let fits = before.fits(window(self.text, at)?, self.text, at);
            let value = at + before.bytes.len();
            match *owner {
                Owner::Field(field) if fits => {
                    at = self.append_value(simd, value, field, rows, &mut marks)?;
                }
                Owner::Field(field) => append_null(self.plan, field, rows)?,
                Owner::Unknown(name) if fits => {
                    let (token, next) = self.scan_value(simd, value, &mut marks)?;
                    if let Some((start, end)) = name {
                        let name = Token::new(Kind::Text, at + start, at + end);
                        self.unknown.push((name, token));
                    }
                    at = next;
                }
                Owner::Unknown(_) => {}
            }
        }
        for &column in &shape.absent {
            append_null(self.plan, column, rows)?;
        }
        let refuses_unknown = self.plan.unknown_fields == UnknownFields::Reject;
        if !self.text.get(at..)?.starts_with(&end.bytes)
            || (refuses_unknown && !self.unknown.is_empty())
        {
            return None;
        }
        let end = at + end.bytes.len();
        let record = &self.text[start..end];
        if record.len() > MAX_RECORD_BYTES || (marks.0 != 0 && std::str::from_utf8(record).is_err())
        {
            return None;
        }
        if let Some(extra) = &mut rows.extra {
            extra::append_extra(self.unknown, self.text, None, extra);
        }
        match self.text.get(end..)? {
            [b'\n', ..] => Some(end + 1),
            [b'\r', b'\n', ..] => Some(end + 2),
            [b'{', ..] => Some(end),
            _ => None,
        }
    }

    /// Goes into an object with fields inside, or out of it; returns the position and the step that
    /// follow. Not inlined, to keep the loop over values tight.
    #[inline(never)]
    fn pass_brace(
        &mut self,
        step: &Step,
        number: usize,
        at: usize,
        rows: &mut Rows,
    ) -> Option<(usize, usize)> {
        match step {
            Step::Value { .. } => None,
            Step::Open { before, object, close } => {
                let fits = before.fits(window(self.text, at)?, self.text, at);
                let value = at + before.bytes.len();
                if fits && self.text.get(value)? == &b'{' {
                    // Otherwise the shape does not know what is inside.
                    (*close)?;
                    self.opened.push(value);
                    return Some((value, number + 1));
                }
                if fits && self.text.get(value..value + NULL.len())? != NULL {
                    return None;
                }
                append_null(self.plan, *object, rows)?;
                let next = if fits { value + NULL.len() } else { at };
                Some((next, close.unwrap_or(number) + 1))
            }
            Step::Close { before, object, absent } => {
                if !before.fits(window(self.text, at)?, self.text, at) {
                    return None;
                }
                let end = at + before.bytes.len();
                let start = self.opened.pop()?;
                self.append_object(start..end, *object, rows)?;
                for &child in absent {
                    append_null(self.plan, child, rows)?;
                }
                Some((end, number + 1))
            }
        }
    }

    /// Appends the value at `at` and returns the position after it.
    #[inline(always)]
    fn append_value(
        &mut self,
        simd: impl Simd,
        at: usize,
        field: usize,
        rows: &mut Rows,
        marks: &mut NonAscii,
    ) -> Option<usize> {
        let text = self.text;
        let (field, column) = (self.plan.fields.get(field)?, rows.fields.get_mut(field)?);
        let next = match (&mut column.values, text.get(at)?) {
            (Values::Text(texts), b'"') => {
                let end = scan_plain_string(simd, text, at + 1, marks)?;
                let spelling = &text[at + 1..end];
                let normalised = &mut self.validator.normalised;
                // Apart, so that each is compiled for its kind of print.
                if spelling.len() <= SHORT {
                    let first = text.get(at + 1..)?.first_chunk()?;
                    let print = match texts.is_plain() {
                        true => None,
                        false => Some(Print::of_short(first, spelling.len())),
                    };
                    validate::append_spelling(simd, field, spelling, print, normalised, texts)
                        .ok()?;
                } else {
                    let print = match texts.is_plain() {
                        true => None,
                        false => Some(Print::of_long(spelling)),
                    };
                    validate::append_spelling(simd, field, spelling, print, normalised, texts)
                        .ok()?;
                }
                end + 1
            }
            (Values::Int64(values), b'"')
                if field.data_type == DataType::Timestamp && field.epoch.is_none() =>
            {
                let end = scan_plain_string(simd, text, at + 1, marks)?;
                let micros = parse_timestamp(&text[at + 1..end])?;
                if !field.number_range.contains(&micros)
                    || !self.validator.is_in_time(field, micros)
                {
                    return None;
                }
                values.push(micros);
                end + 1
            }
            (Values::Int64(values), b'-' | b'0'..=b'9') if field.takes_plain_numbers => {
                let Some((value, end)) = parse_plain_number(simd, text, at, field.scale) else {
                    return self.append_other(simd, at, field, column, marks);
                };
                if !field.number_range.contains(&value) || !self.validator.is_in_time(field, value)
                {
                    return None;
                }
                values.push(value);
                end
            }
            _ => return self.append_other(simd, at, field, column, marks),
        };
        column.mark_valid();
        Some(next)
    }

    /// Appends a value of any kind.
    fn append_other(
        &mut self,
        simd: impl Simd,
        at: usize,
        field: &Field,
        column: &mut Column,
        marks: &mut NonAscii,
    ) -> Option<usize> {
        let (token, next) = self.scan_value(simd, at, marks)?;
        validate::append(field, token, self.text, self.validator, column).ok()?;
        Some(next)
    }

    /// Appends the object that spans these bytes, whose fields have been appended.
    fn append_object(&self, span: Range<usize>, object: usize, rows: &mut Rows) -> Option<()> {
        let column = rows.fields.get_mut(object)?;
        let Values::Text(texts) = &mut column.values else { return None };
        if self.plan.fields.get(object)?.is_stored {
            texts.push(self.text.get(span)?);
        } else {
            texts.push_empty();
        }
        column.mark_valid();
        Some(())
    }

    /// Scans any value.
    #[inline(always)]
    fn scan_value(
        &self,
        simd: impl Simd,
        at: usize,
        marks: &mut NonAscii,
    ) -> Option<(Token, usize)> {
        match self.text.get(at)? {
            b'"' => {
                if let Some(end) = scan_plain_string(simd, self.text, at + 1, marks) {
                    return Some((Token::new(Kind::Text, at + 1, end), end + 1));
                }
                *marks = NonAscii(u32::MAX);
                json::scan_string(self.text, at).ok().map(json::Scanned::parts)
            }
            b'{' | b'[' => {
                let depth = 1 + self.opened.len() as u32;
                let (token, next) = json::scan_value(self.text, at, depth).ok()?.parts();
                // White space in there may be a line end, where the record ends.
                if memchr::memchr(b'\n', token.of(self.text)).is_some() {
                    return None;
                }
                *marks = NonAscii(u32::MAX);
                Some((token, next))
            }
            _ => json::scan_value(self.text, at, 1).ok().map(json::Scanned::parts),
        }
    }
}

/// Appends that a field is missing, and what is inside it.
#[inline(always)]
fn append_null(plan: &Plan, field: usize, rows: &mut Rows) -> Option<()> {
    let plan = plan.fields.get(field)?;
    if plan.required {
        return None;
    }
    rows.fields.get_mut(field)?.push_null();
    for field in plan.inside.all.clone() {
        rows.fields.get_mut(field)?.push_null();
    }
    Some(())
}
