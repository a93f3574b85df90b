//! Lines of several files that travel as one record, and how far each of the files they take.

use super::identity::Place;
use std::time::Instant;

/// A followed file, as long as the program runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct SourceId(pub(crate) u64);

/// How far a record takes a file: everything before `end` is in it, in records before it, or was
/// put aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Extent {
    pub(crate) source: SourceId,
    /// The file whose lines arrive in order with this one's: itself, or that which it goes on from.
    pub(crate) order: SourceId,
    pub(crate) end: Place,
}

/// Whole lines. Those of one file stand in its order.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) bytes: Vec<u8>,
    pub(crate) lines: u64,
    /// In the order of the lines.
    pub(crate) extents: Vec<Extent>,
    /// When the first line came in.
    pub(crate) opened: Instant,
}

impl Record {
    /// An empty record in this memory.
    pub(crate) fn open(mut memory: Vec<u8>, now: Instant) -> Self {
        memory.clear();
        Self { bytes: memory, lines: 0, extents: Vec::new(), opened: now }
    }

    /// Notes that the record holds this file up to here.
    pub(crate) fn extend(&mut self, extent: Extent) {
        match self.extents.last_mut() {
            Some(last) if last.source == extent.source => *last = extent,
            _ => self.extents.push(extent),
        }
    }
}
