//! What a worker thread does: a block of text becomes encoded row groups.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crossbeam_channel::{Receiver, Sender};

use crate::aggregate::{Groups, SumOverflow};
use crate::columns::{Column, Values};
use crate::decode::Decoder;
use crate::decode::csv::Header;
use crate::decode::framing::Block;
use crate::derive::{Salt, derive};
use crate::layout::Layout;
use crate::object::{ObjectError, Source};
use crate::parquet::Encoder;
use crate::plan::Plan;
use crate::row_group::EncodedRowGroup;
use crate::rows::Rows;

/// A block to transform. Where a channel has no other end any more, the object has failed and the
/// work is not wanted.
pub(crate) struct Job {
    pub(crate) block: Block,
    /// Brings the number of lines before the block.
    pub(crate) lines_before: Receiver<i64>,
    /// Takes the number of lines up to the end of the block.
    pub(crate) lines_after: Sender<i64>,
    /// Takes what becomes of the block, in order.
    pub(crate) parts: Sender<Result<Part, ObjectError>>,
}

/// What became of some records that follow one another.
#[derive(Debug)]
pub(crate) struct Part {
    /// The accepted ones, if any.
    pub(crate) row_group: Option<EncodedRowGroup>,
    /// Their share of the aggregates, one an aggregate.
    pub(crate) groups: Vec<Groups>,
    /// The rejected ones, as lines of the quarantine.
    pub(crate) quarantine: Vec<u8>,
    pub(crate) rejected_by_rule: BTreeMap<&'static str, u64>,
    pub(crate) rows_read: u64,
    /// Whether the block ends here.
    pub(crate) is_last: bool,
}

/// What a worker works in; kept from one object to the next.
pub(crate) struct Memory {
    rows: Rows,
    pub(crate) encoder: Encoder,
}

impl Memory {
    pub(crate) fn new(plan: &Plan) -> Self {
        Self { rows: Rows::new(plan), encoder: Encoder::default() }
    }
}

/// The state of one worker thread.
pub(crate) struct Worker<'p> {
    plan: &'p Plan,
    layout: &'p Layout,
    salt: &'p Salt,
    source: &'p Source<'p>,
    decoder: Decoder<'p>,
    memory: Memory,
}

impl<'p> Worker<'p> {
    pub(crate) fn new(
        plan: &'p Plan,
        layout: &'p Layout,
        salt: &'p Salt,
        header: Option<&'p Header>,
        source: &'p Source<'p>,
        memory: Memory,
    ) -> Self {
        let decoder = Decoder::with_header(plan, header, source.landed_at_micros);
        Self { plan, layout, salt, source, decoder, memory }
    }

    /// Gives back what it worked in.
    pub(crate) fn into_memory(self) -> Memory {
        self.memory
    }

    /// Works until there is no more to do, or nobody wants it. Memory of blocks goes to `spares`.
    pub(crate) fn run(&mut self, jobs: &Receiver<Job>, spares: &Sender<Vec<u8>>) {
        jobs.iter().map_while(|job| self.transform(job, spares)).for_each(drop);
    }

    /// Transforms one block; `None` if nobody wants it.
    pub(crate) fn transform(&mut self, job: Job, spares: &Sender<Vec<u8>>) -> Option<()> {
        self.memory.rows.clear();
        let text = match job.block {
            Block::Records(text) => text,
            Block::Oversized { head, bytes } => {
                self.memory.rows.line_count = 1;
                self.memory.rows.reject_oversized(&head, bytes);
                Vec::new()
            }
        };
        let mut used = self.decoder.decode(&text, &mut self.memory.rows);
        let mut lines = job.lines_before.recv().ok()?;
        while used < text.len() {
            job.parts.send(self.finish(lines, false)).ok()?;
            lines += self.memory.rows.line_count;
            self.memory.rows.clear();
            used += self.decoder.decode(&text[used..], &mut self.memory.rows);
        }
        // Nobody listens when this is the last block.
        job.lines_after.send(lines + self.memory.rows.line_count).ok();
        spares.send(text).ok();
        job.parts.send(self.finish(lines, true)).ok()
    }

    /// Makes a part of the decoded rows, before which the object has this many lines.
    fn finish(&mut self, lines_before: i64, is_last: bool) -> Result<Part, ObjectError> {
        let mut part = Part {
            row_group: None,
            groups: Vec::new(),
            quarantine: Vec::new(),
            rejected_by_rule: BTreeMap::new(),
            rows_read: self.memory.rows.rows_read(),
            is_last,
        };
        for reject in &self.memory.rows.rejects {
            *part.rejected_by_rule.entry(reject.rule).or_default() += 1;
            let column = reject.column.map(|at| self.plan.fields[at].name.as_str());
            reject
                .write(lines_before, column, &mut part.quarantine)
                .map_err(|error| ObjectError::Quarantine(error.into()))?;
        }
        let rows = self.memory.rows.lines.len();
        if rows > 0 {
            let derived = derive(self.plan, &self.memory.rows, self.salt);
            let lines = self.memory.rows.lines.iter().map(|line| line + lines_before).collect();
            let lines = Column::from_values(Values::Int64(lines));
            let landing = self.memory.rows.columns().iter();
            let stored: Vec<&Column> = landing
                .chain(derived.iter().map(Cow::as_ref))
                .chain(&self.memory.rows.extra)
                .chain([&lines])
                .collect();
            part.groups = self.aggregate(&stored, rows)?;
            let encoder = &mut self.memory.encoder;
            part.row_group =
                Some(EncodedRowGroup::new(encoder, self.layout, self.source, &stored, rows)?);
        }
        Ok(part)
    }

    fn aggregate(&self, stored: &[&Column], rows: usize) -> Result<Vec<Groups>, SumOverflow> {
        let counts = inserts(self.plan.operation.map(|at| stored[at]), rows);
        let aggregates = self.layout.aggregates.iter();
        aggregates.map(|aggregate| aggregate.plan.groups(stored, &counts)).collect()
    }
}

/// The rows that are new, by the operation column: aggregates count an order once, not its
/// updates.
fn inserts(operation: Option<&Column>, rows: usize) -> Vec<bool> {
    let Some(column) = operation else { return vec![true; rows] };
    let Values::Text(texts) = &column.values else { return vec![true; rows] };
    (0..rows).map(|row| column.is_null(row) || texts.get(row) == b"I").collect()
}
