//! Records from closed to accounted for: which may be sent, which were taken, which a checkpoint
//! covers.
//!
//! A record is sent only when no earlier record that holds lines of one of its files is still to be
//! taken, so that the lines of a file arrive in order whatever fails in between. It keeps its slot
//! until a checkpoint covers it, so that a crash repeats at most as many records as there are slots.

use super::record::{Extent, Record, SourceId};
use std::collections::{HashMap, VecDeque};

/// A record, as long as the program runs. Later records have larger numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RecordId(pub(crate) u64);

#[derive(Debug)]
enum Fate {
    /// Closed, and not sent yet.
    Waiting(Vec<u8>),
    /// Sent, and not answered yet.
    UnderWay,
    /// Taken by the stream, in no checkpoint yet.
    Taken,
}

#[derive(Debug)]
struct Entry {
    id: RecordId,
    lines: u64,
    extents: Vec<Extent>,
    fate: Fate,
}

/// What is to be sent.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub(crate) id: RecordId,
    pub(crate) bytes: Vec<u8>,
    pub(crate) lines: u64,
}

/// The records that are not accounted for yet, in the order in which they were closed.
#[derive(Debug)]
pub(crate) struct Ledger {
    slots: usize,
    records: VecDeque<Entry>,
    /// Of which files how many extents are still to be taken.
    to_be_taken: HashMap<SourceId, usize>,
    next: u64,
}

impl Ledger {
    /// `slots`: how many records may be sent and in no checkpoint.
    pub(crate) fn new(slots: usize) -> Self {
        Self { slots, records: VecDeque::new(), to_be_taken: HashMap::new(), next: 0 }
    }

    /// Whether another record can be closed: one more than there are slots may wait.
    pub(crate) fn has_room(&self) -> bool {
        self.records.len() <= self.slots
    }

    /// Whether a closed record waits for one of its files.
    pub(crate) fn someone_waits(&self) -> bool {
        self.records.iter().any(|entry| matches!(entry.fate, Fate::Waiting(_)))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Whether lines that arrive in order with this file's are still to be taken.
    pub(crate) fn holds(&self, order: SourceId) -> bool {
        self.to_be_taken.contains_key(&order)
    }

    /// Takes a closed record in.
    pub(crate) fn close(&mut self, record: Record) {
        let id = RecordId(self.next);
        self.next += 1;
        let Record { bytes, lines, extents, .. } = record;
        for extent in &extents {
            *self.to_be_taken.entry(extent.order).or_default() += 1;
        }
        self.records.push_back(Entry { id, lines, extents, fate: Fate::Waiting(bytes) });
    }

    /// The next record that may be sent now, if any; it counts as under way.
    pub(crate) fn send_next(&mut self) -> Option<Outgoing> {
        let sent = |entry: &&Entry| !matches!(entry.fate, Fate::Waiting(_));
        if self.records.iter().filter(sent).count() >= self.slots {
            return None;
        }
        let next = (0..self.records.len()).find(|&index| self.may_be_sent(index))?;
        let entry = &mut self.records[next];
        match std::mem::replace(&mut entry.fate, Fate::UnderWay) {
            Fate::Waiting(bytes) => Some(Outgoing { id: entry.id, bytes, lines: entry.lines }),
            _ => None,
        }
    }

    fn may_be_sent(&self, index: usize) -> bool {
        let record = &self.records[index];
        let shares_a_file = |earlier: &Entry| {
            let mut files = earlier.extents.iter();
            files.any(|it| record.extents.iter().any(|extent| extent.order == it.order))
        };
        let mut to_be_taken =
            self.records.iter().take(index).filter(|entry| !matches!(entry.fate, Fate::Taken));
        matches!(record.fate, Fate::Waiting(_)) && !to_be_taken.any(shares_a_file)
    }

    /// Notes that the stream took a record. How far its files are taken now.
    pub(crate) fn taken(&mut self, id: RecordId) -> Vec<Extent> {
        let Some(entry) = self.records.iter_mut().find(|entry| entry.id == id) else {
            return Vec::new();
        };
        entry.fate = Fate::Taken;
        let extents = std::mem::take(&mut entry.extents);
        for Extent { order, .. } in &extents {
            if let Some(count) = self.to_be_taken.get_mut(order) {
                *count -= 1;
                if *count == 0 {
                    self.to_be_taken.remove(order);
                }
            }
        }
        extents
    }

    /// The records that a checkpoint made now covers.
    pub(crate) fn to_be_saved(&self) -> Vec<RecordId> {
        let taken = self.records.iter().filter(|entry| matches!(entry.fate, Fate::Taken));
        taken.map(|entry| entry.id).collect()
    }

    /// Frees the slots of records that a checkpoint covers.
    pub(crate) fn saved(&mut self, covered: &[RecordId]) {
        self.records.retain(|entry| !covered.contains(&entry.id));
    }
}
