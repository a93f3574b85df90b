//! The decode stage: the text of records straight into typed columns. No I/O.

pub(crate) mod csv;
pub(crate) mod decimal;
pub(crate) mod decompress;
mod expected;
mod extra;
mod formats;
pub(crate) mod framing;
mod json;
pub(crate) mod names;
mod nested;
mod plain;
mod record;
mod shape;
pub(crate) mod time;
mod validate;
mod values;

use std::ops::Range;

use contract::UnknownFields;

use crate::plan::Plan;
use crate::rows::Rows;
use crate::simd::{self, Scan, Simd};
use csv::{CsvError, Header};
use expected::Expected;
use json::{BraceScan, Member, skip_space};
use record::{Record, Token};
use shape::Shape;
use validate::{Refusal, Validator};

/// Records that may differ from the expected shape before another is learnt.
const MISSES_BEFORE_LEARNING: u32 = 8;

/// Decodes the records of one object, text by text. It remembers the shape of records and keeps
/// its buffers; what it makes of a text depends on that text alone.
pub struct Decoder<'p> {
    plan: &'p Plan,
    /// Present for CSV.
    header: Option<&'p Header>,
    shape: Shape,
    /// Records in a row that did not have the shape.
    misses: u32,
    members: Vec<Member>,
    record: Record,
    validator: Validator,
    /// Where the fields inside an object are.
    nested: Vec<Token>,
    /// Where the objects start that a record is inside of.
    opened: Vec<usize>,
    /// The JSON of a field of CSV.
    unescaped: Vec<u8>,
}

impl<'p> Decoder<'p> {
    /// A decoder of JSON: one object a line, or one behind the other. `landed_at_micros` is when
    /// they landed, in microseconds since the epoch.
    pub fn new(plan: &'p Plan, landed_at_micros: i64) -> Self {
        Self::with_header(plan, None, landed_at_micros)
    }

    pub(crate) fn with_header(
        plan: &'p Plan,
        header: Option<&'p Header>,
        landed_at_micros: i64,
    ) -> Self {
        Self {
            plan,
            header,
            shape: Shape::default(),
            misses: 0,
            members: Vec::new(),
            record: Record::default(),
            validator: Validator::new(landed_at_micros),
            nested: Vec::new(),
            opened: Vec::new(),
            unescaped: Vec::new(),
        }
    }

    /// Decodes whole records, of which only the last may lack its line end, and adds them to
    /// `rows` until those are full; returns how many bytes were used.
    pub fn decode(&mut self, text: &[u8], rows: &mut Rows) -> usize {
        match self.header {
            Some(header) => self.decode_csv(text, header, rows),
            None => simd::with_best(JsonScan { decoder: self, text, rows }),
        }
    }

    /// Decodes the record at `start` if it has the expected shape and breaks no rule; returns where
    /// the next one starts.
    #[inline(always)]
    fn decode_expected(
        &mut self,
        simd: impl Simd,
        text: &[u8],
        start: usize,
        rows: &mut Rows,
    ) -> Option<usize> {
        let (validator, opened) = (&mut self.validator, &mut self.opened);
        let unknown = &mut self.record.unknown;
        let mut expected = Expected { plan: self.plan, validator, opened, unknown, text };
        let Some(next) = expected.append(simd, &self.shape, start, rows) else {
            rows.truncate(rows.lines.len());
            return None;
        };
        rows.line_count += 1;
        rows.lines.push(rows.line_count);
        self.misses = 0;
        Some(next)
    }

    /// Decodes the records from `start` to the end of the line, or until the rows are full; returns
    /// where the next one starts.
    fn decode_line(&mut self, text: &[u8], start: usize, rows: &mut Rows) -> usize {
        let line_end = memchr::memchr(b'\n', &text[start..]).map_or(text.len(), |at| start + at);
        let bytes = &text[..line_end];
        let mut at = skip_space(bytes, start);
        if at == bytes.len() {
            rows.line_count += 1;
        }
        while at < bytes.len() {
            if rows.is_full() {
                return at;
            }
            rows.line_count += 1;
            let record = at;
            at = match self.scan_json(bytes, record) {
                Ok(end) => {
                    let is_utf8 = std::str::from_utf8(&bytes[record..end]).is_ok();
                    if is_utf8 {
                        self.learn_shape(bytes, record..end);
                    }
                    self.accept(bytes, record..end, is_utf8, rows);
                    skip_space(bytes, end)
                }
                Err((rule, message)) => {
                    let end = malformed_end(bytes, record);
                    rows.reject(rule, None, message, &bytes[record..end], false);
                    end
                }
            };
        }
        line_end + 1
    }

    fn learn_shape(&mut self, bytes: &[u8], span: Range<usize>) {
        self.misses += 1;
        let fields = &self.record.fields;
        let opens = |column: &usize| nested::is_object(fields[*column], bytes);
        if self.members.len() > self.shape.members
            || self.misses > MISSES_BEFORE_LEARNING
            || self.shape.unopened.iter().any(opens)
        {
            self.shape.learn(bytes, span, &self.members, self.plan);
            self.misses = 0;
        }
    }

    /// Scans the object at `start`, behind which the line or another object must follow.
    fn scan_json(&mut self, bytes: &[u8], start: usize) -> Result<usize, (&'static str, String)> {
        let malformed =
            |at: usize, cause: &str| ("json", format!("byte {}: {cause}", at - start + 1));
        if bytes[start] != b'{' {
            let end =
                json::skip_value(bytes, start).map_err(|error| malformed(error.at, error.cause))?;
            return Err(match skip_space(bytes, end) {
                end if end == bytes.len() => ("not_an_object", "must be a JSON object".to_owned()),
                end => malformed(end, "characters after the record"),
            });
        }
        let (members, record) = (&mut self.members, &mut self.record);
        let end = json::scan_object(bytes, start, &self.plan.names, members, record)
            .map_err(|error| malformed(error.at, error.cause))?;
        match bytes.get(skip_space(bytes, end)) {
            None | Some(b'{') => Ok(end),
            Some(_) => Err(malformed(end, "characters after the record")),
        }
    }

    fn decode_csv(&mut self, bytes: &[u8], header: &Header, rows: &mut Rows) -> usize {
        let mut start = 0;
        while start < bytes.len() && !rows.is_full() {
            let mut end = start + csv::first_record_end(&bytes[start..]);
            let line = without_line_end(&bytes[..end], start);
            let first_line = rows.line_count + 1;
            if !line[start..].trim_ascii().is_empty() {
                rows.line_count = first_line;
                match header.scan(line, start, self.plan.columns, &mut self.record) {
                    Ok(()) => self.accept(line, start..line.len(), false, rows),
                    Err(error) => {
                        if matches!(error, CsvError::Quotes { .. }) {
                            // What an open quote swallowed are lines of their own.
                            end = memchr::memchr(b'\n', &bytes[start..end])
                                .map_or(end, |at| start + at);
                        }
                        let record = &without_line_end(&bytes[..end], start)[start..];
                        rows.reject("csv_fields", None, error.to_string(), record, false);
                    }
                }
            }
            let line_ends = memchr::memchr_iter(b'\n', &bytes[start..end]).count() as i64;
            rows.line_count = first_line + line_ends;
            start = end + 1;
        }
        start.min(bytes.len())
    }

    /// Appends the scanned record to the rows, or rejects it.
    fn accept(&mut self, bytes: &[u8], span: Range<usize>, is_utf8: bool, rows: &mut Rows) {
        let raw = &bytes[span];
        if rows.reject_as_a_whole(raw, is_utf8) {
            return;
        }
        match self.append_row(bytes, rows) {
            Ok(()) => rows.lines.push(rows.line_count),
            Err((column, refusal)) => {
                rows.truncate(rows.lines.len());
                rows.reject(refusal.rule, column, refusal.message, raw, true);
            }
        }
    }

    /// On a refusal some columns are one row longer than others.
    fn append_row(
        &mut self,
        bytes: &[u8],
        rows: &mut Rows,
    ) -> Result<(), (Option<usize>, Refusal)> {
        if self.plan.unknown_fields == UnknownFields::Reject && !self.record.unknown.is_empty() {
            let message = "has a field the contract does not name".to_owned();
            return Err((None, Refusal { rule: "unknown_field", message }));
        }
        for (at, token) in self.record.fields.iter().enumerate() {
            let field = &self.plan.fields[at];
            let (mut token, mut text) = (*token, bytes);
            if self.header.is_some()
                && field.data_type.is_json()
                && let Some((value, is_unescaped)) =
                    nested::json_in_csv(token, bytes, &mut self.unescaped)
            {
                token = value;
                text = if is_unescaped { &self.unescaped } else { bytes };
            }
            let validator = &mut self.validator;
            validate::append(field, token, text, validator, &mut rows.fields[at])
                .map_err(|refusal| (Some(at), refusal))?;
            if !field.inside.all.is_empty() {
                let (tokens, columns) = (&mut self.nested, &mut rows.fields);
                nested::append(self.plan, field, token, text, tokens, validator, columns)
                    .map_err(|(at, refusal)| (Some(at), refusal))?;
            }
        }
        if let Some(extra) = &mut rows.extra {
            extra::append_extra(&self.record.unknown, bytes, self.header, extra);
        }
        Ok(())
    }
}

/// The hot loop, compiled for each set of instructions.
struct JsonScan<'d, 'p> {
    decoder: &'d mut Decoder<'p>,
    text: &'d [u8],
    rows: &'d mut Rows,
}

impl Scan for JsonScan<'_, '_> {
    type Output = usize;

    #[inline(always)]
    fn run(self, simd: impl Simd) -> usize {
        let Self { decoder, text, rows } = self;
        let mut start = 0;
        while start < text.len() && !rows.is_full() {
            start = match decoder.decode_expected(simd, text, start, rows) {
                Some(next) => next,
                None => decoder.decode_line(text, start, rows),
            };
        }
        start.min(text.len())
    }
}

/// Where a malformed record ends: at its closing brace when the line or another object follows,
/// at the line end otherwise.
fn malformed_end(bytes: &[u8], start: usize) -> usize {
    if bytes[start] != b'{' {
        return bytes.len();
    }
    let closed = BraceScan::default().advance(&bytes[start..]).map(|length| start + length);
    match closed.map(|end| skip_space(bytes, end)) {
        Some(next) if bytes.get(next) == Some(&b'{') => next,
        _ => bytes.len(),
    }
}

/// `bytes` without a trailing carriage return, but not shorter than `start`.
fn without_line_end(bytes: &[u8], start: usize) -> &[u8] {
    match bytes.last() {
        Some(b'\r') if bytes.len() > start => &bytes[..bytes.len() - 1],
        _ => bytes,
    }
}
