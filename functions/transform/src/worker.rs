//! What the worker threads do: decode blocks, encode row groups.

use crossbeam_channel::{Receiver, Sender};

use crate::aggregate::{Groups, SumOverflow};
use crate::columns::{Column, Values};
use crate::decode::csv::Header;
use crate::decode::framing::Block;
use crate::decode::{Batch, Decoder};
use crate::derive::{Salt, derive};
use crate::layout::Layout;
use crate::object::Source;
use crate::parquet::ParquetError;
use crate::plan::Plan;
use crate::row_group::{EncodedRowGroup, RowGroup};

/// A piece of work, and where its result goes. The receiver may be gone: then the object has
/// failed and the result is not wanted.
pub(crate) enum Job {
    Decode(Block, Sender<Result<Decoded, SumOverflow>>),
    Encode(RowGroup, Sender<Result<EncodedRowGroup, ParquetError>>),
}

/// A decoded block with derived columns and its share of the aggregates.
#[derive(Debug)]
pub(crate) struct Decoded {
    /// `batch.columns` are the stored columns but `_source_line`.
    pub(crate) batch: Batch,
    /// One an aggregate.
    pub(crate) groups: Vec<Groups>,
}

/// The state of one worker thread.
pub(crate) struct Worker<'p> {
    plan: &'p Plan,
    layout: &'p Layout,
    salt: &'p Salt,
    source: &'p Source<'p>,
    decoder: Decoder<'p>,
}

impl<'p> Worker<'p> {
    pub(crate) fn new(
        plan: &'p Plan,
        layout: &'p Layout,
        salt: &'p Salt,
        header: Option<&'p Header>,
        source: &'p Source<'p>,
    ) -> Self {
        Self { plan, layout, salt, source, decoder: Decoder::new(plan, header) }
    }

    /// Works until there is no more to do.
    pub(crate) fn run(&mut self, jobs: &Receiver<Job>) {
        for job in jobs {
            match job {
                Job::Decode(block, result) => {
                    result.send(self.decode(&block)).ok();
                }
                Job::Encode(row_group, result) => {
                    result.send(row_group.encode(self.layout, self.source)).ok();
                }
            }
        }
    }

    fn decode(&mut self, block: &Block) -> Result<Decoded, SumOverflow> {
        let mut batch = self.decoder.decode(block);
        let rows = batch.lines.len();
        let derived = derive(self.plan, &batch.columns, rows, self.salt);
        batch.columns.extend(derived);
        batch.columns.extend(batch.extra.take());
        let is_insert = inserts(self.plan.operation.map(|at| &batch.columns[at]));
        let mut groups = Vec::with_capacity(self.layout.aggregates.len());
        for aggregate in &self.layout.aggregates {
            let mut found = Groups::default();
            aggregate.plan.add(&batch.columns, rows, &is_insert, &mut found)?;
            groups.push(found);
        }
        drop(is_insert);
        Ok(Decoded { batch, groups })
    }
}

/// Tells the rows that are new, by the operation column: aggregates count an order once, not its
/// updates.
fn inserts(operation: Option<&Column>) -> impl Fn(usize) -> bool {
    move |row| match operation {
        Some(column) => match &column.values {
            Values::Text(text) => column.is_null(row) || text.get(row) == b"I",
            _ => true,
        },
        None => true,
    }
}
