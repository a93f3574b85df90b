//! The decode stage: a block of records straight into typed columns. No I/O.

pub(crate) mod csv;
pub(crate) mod decimal;
pub(crate) mod decompress;
pub(crate) mod framing;
mod json;
mod record;
pub(crate) mod time;
mod validate;

use std::ops::Range;

use contract::{DataType, UnknownFields};

use crate::columns::{Column, Values};
use crate::plan::Plan;
use crate::quarantine::Reject;
use csv::{CsvError, Header};
use framing::{Block, MAX_RECORD_BYTES, OVERSIZED_HEAD_BYTES};
use json::{BraceScan, skip_space};
use record::{FieldNames, Kind, Record, Token};
use validate::{Refusal, append};

/// What a block was decoded into. Lines count from 1 at the start of the block.
#[derive(Debug)]
pub(crate) struct Batch {
    /// The landing columns of the accepted records, in contract order.
    pub(crate) columns: Vec<Column>,
    /// Unknown fields of each accepted record, when they are kept.
    pub(crate) extra: Option<Column>,
    /// Line of each accepted record.
    pub(crate) lines: Vec<i64>,
    pub(crate) rejects: Vec<Reject>,
    /// Lines of the block. A record that follows another without a line end counts as a line.
    pub(crate) line_count: i64,
    /// Bytes of the block.
    pub(crate) input_bytes: usize,
}

/// Decodes blocks, one after another; keeps its buffers between them.
pub(crate) struct Decoder<'p> {
    plan: &'p Plan,
    /// Present for CSV.
    header: Option<&'p Header>,
    names: FieldNames,
    record: Record,
    scratch: Vec<u8>,
}

impl<'p> Decoder<'p> {
    pub(crate) fn new(plan: &'p Plan, header: Option<&'p Header>) -> Self {
        let names = FieldNames::new(plan.fields.iter().map(|field| field.name.as_str()));
        Self { plan, header, names, record: Record::default(), scratch: Vec::new() }
    }

    /// Decodes a block.
    pub(crate) fn decode(&mut self, block: &Block) -> Batch {
        let mut batch = Batch::new(self.plan);
        match block {
            Block::Oversized { head, bytes } => {
                batch.line_count = 1;
                batch.reject_oversized(head, *bytes);
            }
            Block::Records(bytes) => {
                batch.input_bytes = bytes.len();
                let is_utf8 = std::str::from_utf8(bytes).is_ok();
                match self.header {
                    Some(header) => self.decode_csv(bytes, is_utf8, header, &mut batch),
                    None => self.decode_json(bytes, is_utf8, &mut batch),
                }
            }
        }
        batch
    }

    fn decode_json(&mut self, bytes: &[u8], is_utf8: bool, batch: &mut Batch) {
        let mut start = 0;
        while start < bytes.len() {
            let end = memchr::memchr(b'\n', &bytes[start..]).map_or(bytes.len(), |at| start + at);
            self.decode_json_line(&bytes[..end], start, is_utf8, batch);
            start = end + 1;
        }
    }

    /// Decodes the records of the line that starts at `start` and ends where `bytes` end.
    fn decode_json_line(&mut self, bytes: &[u8], start: usize, is_utf8: bool, batch: &mut Batch) {
        let mut at = skip_space(bytes, start);
        if at == bytes.len() {
            batch.line_count += 1;
        }
        while at < bytes.len() {
            batch.line_count += 1;
            let record = at;
            at = match self.scan_json(bytes, record) {
                Ok(end) => {
                    self.accept(bytes, record..end, is_utf8, batch);
                    skip_space(bytes, end)
                }
                Err((rule, message)) => {
                    let end = malformed_end(bytes, record);
                    batch.reject(rule, None, message, &bytes[record..end], is_utf8);
                    end
                }
            };
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
        let (names, scratch) = (&mut self.names, &mut self.scratch);
        let end = json::scan_object(bytes, start, names, scratch, &mut self.record)
            .map_err(|error| malformed(error.at, error.cause))?;
        match bytes.get(skip_space(bytes, end)) {
            None | Some(b'{') => Ok(end),
            Some(_) => Err(malformed(end, "characters after the record")),
        }
    }

    fn decode_csv(&mut self, bytes: &[u8], is_utf8: bool, header: &Header, batch: &mut Batch) {
        let mut start = 0;
        while start < bytes.len() {
            let mut end = start + csv::first_record_end(&bytes[start..]);
            let line = without_line_end(&bytes[..end], start);
            let first_line = batch.line_count + 1;
            if !line[start..].trim_ascii().is_empty() {
                match header.scan(line, start, self.plan.fields.len(), &mut self.record) {
                    Ok(()) => {
                        batch.line_count = first_line;
                        self.accept(line, start..line.len(), is_utf8, batch);
                    }
                    Err(error) => {
                        if matches!(error, CsvError::Quotes { .. }) {
                            // What an open quote swallowed are lines of their own.
                            end = memchr::memchr(b'\n', &bytes[start..end])
                                .map_or(end, |at| start + at);
                        }
                        batch.line_count = first_line;
                        let record = &without_line_end(&bytes[..end], start)[start..];
                        batch.reject("csv_fields", None, error.to_string(), record, is_utf8);
                    }
                }
            }
            let line_ends = memchr::memchr_iter(b'\n', &bytes[start..end]).count() as i64;
            batch.line_count = first_line + line_ends;
            start = end + 1;
        }
    }

    /// Appends the scanned record to the batch, or rejects it.
    fn accept(&mut self, bytes: &[u8], span: Range<usize>, is_utf8: bool, batch: &mut Batch) {
        let raw = &bytes[span];
        if batch.reject_as_a_whole(raw, is_utf8) {
            return;
        }
        match self.append_row(bytes, batch) {
            Ok(()) => batch.lines.push(batch.line_count),
            Err((column, refusal)) => {
                batch.truncate(batch.lines.len());
                batch.reject(refusal.rule, column, refusal.message, raw, true);
            }
        }
    }

    /// On a refusal some columns are one row longer than others.
    fn append_row(
        &mut self,
        bytes: &[u8],
        batch: &mut Batch,
    ) -> Result<(), (Option<usize>, Refusal)> {
        if self.plan.unknown_fields == UnknownFields::Reject && !self.record.unknown.is_empty() {
            let message = "has a field the contract does not name".to_owned();
            return Err((None, Refusal { rule: "unknown_field", message }));
        }
        let fields = self.plan.fields.iter().zip(&self.record.fields).zip(&mut batch.columns);
        for (position, ((field, token), column)) in fields.enumerate() {
            append(field, *token, bytes, &mut self.scratch, column)
                .map_err(|refusal| (Some(position), refusal))?;
        }
        if let Some(extra) = &mut batch.extra {
            append_extra(&self.record.unknown, bytes, self.header, extra);
        }
        Ok(())
    }
}

impl Batch {
    fn new(plan: &Plan) -> Self {
        let keeps_unknown = plan.unknown_fields == UnknownFields::Keep;
        Self {
            columns: plan.fields.iter().map(|field| Column::new(field.data_type)).collect(),
            extra: keeps_unknown.then(|| Column::new(DataType::String { max_chars: None })),
            lines: Vec::new(),
            rejects: Vec::new(),
            line_count: 0,
            input_bytes: 0,
        }
    }

    /// Number of records, accepted and rejected.
    pub(crate) fn rows_read(&self) -> u64 {
        (self.lines.len() + self.rejects.len()) as u64
    }

    /// Rejects a record of the current line, unless it breaks a rule as a whole: that goes before
    /// what is wrong inside.
    fn reject(
        &mut self,
        rule: &'static str,
        column: Option<usize>,
        message: String,
        record: &[u8],
        is_utf8: bool,
    ) {
        if self.reject_as_a_whole(record, is_utf8) {
            return;
        }
        let (line, record) = (self.line_count, record.to_vec());
        self.rejects.push(Reject { line, rule, column, message, record, record_bytes: None });
    }

    /// Rejects a record that is too long or not UTF-8; returns whether it is.
    fn reject_as_a_whole(&mut self, record: &[u8], is_utf8: bool) -> bool {
        if record.len() > MAX_RECORD_BYTES {
            self.reject_oversized(&record[..OVERSIZED_HEAD_BYTES], record.len() as u64);
            return true;
        }
        if is_utf8 || std::str::from_utf8(record).is_ok() {
            return false;
        }
        self.rejects.push(Reject {
            line: self.line_count,
            rule: "utf8",
            column: None,
            message: "must be UTF-8 text".to_owned(),
            record: record.to_vec(),
            record_bytes: None,
        });
        true
    }

    fn reject_oversized(&mut self, head: &[u8], bytes: u64) {
        self.rejects.push(Reject {
            line: self.line_count,
            rule: "record_too_long",
            column: None,
            message: format!("must have at most {MAX_RECORD_BYTES} bytes"),
            record: head.to_vec(),
            record_bytes: Some(bytes),
        });
    }

    fn truncate(&mut self, rows: usize) {
        self.columns.iter_mut().chain(&mut self.extra).for_each(|column| column.truncate(rows));
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

/// Appends the unknown fields as a JSON object; null where there are none. Of a repeated name the
/// last value counts.
fn append_extra(
    unknown: &[(Token, Token)],
    bytes: &[u8],
    header: Option<&Header>,
    extra: &mut Column,
) {
    if unknown.is_empty() {
        return extra.push_null();
    }
    let mut object = vec![b'{'];
    for (name, value) in last_of_each_name(unknown, bytes, header) {
        if object.len() > 1 {
            object.push(b',');
        }
        match header {
            Some(header) => push_json_text(header.name(name.start), &mut object),
            None => object.extend_from_slice(&bytes[name.start - 1..=name.end]),
        }
        object.push(b':');
        match value.kind {
            Kind::Text | Kind::EscapedText => {
                object.extend_from_slice(&bytes[value.start - 1..=value.end]);
            }
            Kind::Csv => push_json_text(&bytes[value.start..value.end], &mut object),
            Kind::EscapedCsv => {
                let mut text = Vec::new();
                csv::unescape(&bytes[value.start..value.end], &mut text);
                push_json_text(&text, &mut object);
            }
            _ => object.extend_from_slice(&bytes[value.start..value.end]),
        }
    }
    object.push(b'}');
    if let Values::Text(text) = &mut extra.values {
        text.push(&object);
    }
    extra.mark_valid();
}

fn last_of_each_name(
    unknown: &[(Token, Token)],
    bytes: &[u8],
    header: Option<&Header>,
) -> Vec<(Token, Token)> {
    if unknown.len() == 1 || header.is_some() {
        return unknown.to_vec();
    }
    let mut seen = hashbrown::HashSet::with_capacity(unknown.len());
    let mut kept: Vec<_> = unknown
        .iter()
        .rev()
        .filter(|(name, _)| {
            let raw = &bytes[name.start..name.end];
            let mut text = Vec::with_capacity(raw.len());
            json::unescape(raw, &mut text);
            seen.insert(text)
        })
        .copied()
        .collect();
    kept.reverse();
    kept
}

fn push_json_text(text: &[u8], out: &mut Vec<u8>) {
    let text = String::from_utf8_lossy(text);
    out.extend_from_slice(serde_json::Value::from(text.as_ref()).to_string().as_bytes());
}
