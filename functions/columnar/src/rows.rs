//! The rows of a row group while they are decoded.

use contract::{DataType, UnknownFields};

use crate::columns::Column;
use crate::decode::framing::{MAX_RECORD_BYTES, OVERSIZED_HEAD_BYTES};
use crate::plan::Plan;
use crate::quarantine::Reject;

/// Rows are full with this many, or fewer where there are many columns: what memory depends on,
/// however short the records are.
const FULL_ROWS: usize = 100_000;
const FULL_CELLS: usize = 2_000_000;
/// Rows are full when their rejects take about this much memory.
const FULL_REJECT_BYTES: usize = 4 << 20;
/// What a reject takes beside its record.
const REJECT_BYTES: usize = 200;

/// Accepted records as columns, and rejected ones. Lines count from 1 at the start of the first
/// text that was decoded.
#[derive(Debug)]
pub struct Rows {
    /// The values of each field: the landing columns, then the fields inside them.
    pub(crate) fields: Vec<Column>,
    /// How many of the fields are columns.
    columns: usize,
    /// Unknown fields of each row, when they are kept.
    pub(crate) extra: Option<Column>,
    /// Line of each row.
    pub(crate) lines: Vec<i64>,
    pub(crate) rejects: Vec<Reject>,
    reject_bytes: usize,
    /// Lines so far. A record that follows another without a line end counts as a line.
    pub(crate) line_count: i64,
    full_rows: usize,
    full_reject_bytes: usize,
}

impl Rows {
    /// No rows yet.
    pub fn new(plan: &Plan) -> Self {
        let keeps_unknown = plan.unknown_fields == UnknownFields::Keep;
        Self {
            fields: plan.fields.iter().map(|field| Column::new(field.data_type)).collect(),
            columns: plan.columns,
            extra: keeps_unknown.then(|| Column::new(DataType::String { max_chars: None })),
            lines: Vec::new(),
            rejects: Vec::new(),
            reject_bytes: 0,
            line_count: 0,
            full_rows: FULL_ROWS.min(FULL_CELLS / plan.fields.len().max(1)).max(1),
            full_reject_bytes: FULL_REJECT_BYTES,
        }
    }

    /// No rows yet; full with the first record, accepted or rejected.
    pub(crate) fn of_one_record(plan: &Plan) -> Self {
        Self { full_rows: 1, full_reject_bytes: 1, ..Self::new(plan) }
    }

    /// The landing columns, in contract order.
    pub fn columns(&self) -> &[Column] {
        &self.fields[..self.columns]
    }

    /// The fields inside objects that the contract knows, in contract order. Of an object inside
    /// another, which is not read by a derived column, only whether it is there is kept.
    pub fn nested(&self) -> &[Column] {
        &self.fields[self.columns..]
    }

    /// The fields no column names, as a JSON object a row, where the contract keeps them.
    pub fn extra(&self) -> Option<&Column> {
        self.extra.as_ref()
    }

    /// The line of each row.
    pub fn lines(&self) -> &[i64] {
        &self.lines
    }

    /// Line of each rejected record, and the rule it breaks.
    pub fn rejects(&self) -> impl Iterator<Item = (i64, &'static str)> {
        self.rejects.iter().map(|reject| (reject.line, reject.rule))
    }

    /// Forgets everything and keeps the memory.
    pub fn clear(&mut self) {
        self.all_columns().for_each(Column::clear);
        self.lines.clear();
        self.rejects.clear();
        self.reject_bytes = 0;
        self.line_count = 0;
    }

    /// Whether it is time to take the rows out.
    #[inline(always)]
    pub(crate) fn is_full(&self) -> bool {
        self.lines.len() >= self.full_rows || self.reject_bytes >= self.full_reject_bytes
    }

    /// Line of the first record, accepted or rejected.
    pub(crate) fn first_line(&self) -> Option<i64> {
        let rejected = self.rejects.first().map(|reject| reject.line);
        self.lines.first().copied().into_iter().chain(rejected).min()
    }

    /// Number of records, accepted and rejected.
    pub(crate) fn rows_read(&self) -> u64 {
        (self.lines.len() + self.rejects.len()) as u64
    }

    /// Rejects a record of the current line, unless it breaks a rule as a whole: that goes before
    /// what is wrong inside.
    #[cold]
    pub(crate) fn reject(
        &mut self,
        rule: &'static str,
        column: Option<usize>,
        message: String,
        record: &[u8],
        is_utf8: bool,
    ) {
        if !self.reject_as_a_whole(record, is_utf8) {
            self.push_reject(rule, column, message, record, None);
        }
    }

    /// Rejects a record that is too long or not UTF-8; returns whether it is.
    #[inline(always)]
    pub(crate) fn reject_as_a_whole(&mut self, record: &[u8], is_utf8: bool) -> bool {
        if record.len() > MAX_RECORD_BYTES {
            self.reject_oversized(&record[..OVERSIZED_HEAD_BYTES], record.len() as u64);
            return true;
        }
        if is_utf8 || std::str::from_utf8(record).is_ok() {
            return false;
        }
        self.push_reject("utf8", None, "must be UTF-8 text".to_owned(), record, None);
        true
    }

    #[cold]
    pub(crate) fn reject_oversized(&mut self, head: &[u8], bytes: u64) {
        let message = format!("must have at most {MAX_RECORD_BYTES} bytes");
        self.push_reject("record_too_long", None, message, head, Some(bytes));
    }

    #[cold]
    fn push_reject(
        &mut self,
        rule: &'static str,
        column: Option<usize>,
        message: String,
        record: &[u8],
        record_bytes: Option<u64>,
    ) {
        self.reject_bytes += record.len() + REJECT_BYTES;
        let (line, record) = (self.line_count, record.to_vec());
        self.rejects.push(Reject { line, rule, column, message, record, record_bytes });
    }

    /// Drops the rows from `rows` on.
    pub(crate) fn truncate(&mut self, rows: usize) {
        self.all_columns().for_each(|column| column.truncate(rows));
    }

    fn all_columns(&mut self) -> impl Iterator<Item = &mut Column> {
        self.fields.iter_mut().chain(&mut self.extra)
    }
}
