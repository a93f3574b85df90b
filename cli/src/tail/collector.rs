//! Files in, records out, and what is known of both. There is no clock, no thread and no network in
//! it: time is passed in, records are handed out, and answers handed back.

use super::checkpoint::{Checkpoint, FileState};
use super::convert::Reading;
use super::follow::rest_of;
use super::ledger::{Ledger, Outgoing, RecordId};
use super::record::{Record, SourceId};
use super::source::{Source, Standing};
use super::trouble::Troubles;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

/// How files are followed and lines packed.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    /// Which files are followed: absolute, and known to be patterns.
    pub(crate) globs: Vec<String>,
    /// Where rotated files may be, beside the folder of each file.
    pub(crate) elsewhere: Vec<PathBuf>,
    /// Where lines go that no record can hold.
    pub(crate) oversized: PathBuf,
    /// A record holds at most this much.
    pub(crate) record_bytes: usize,
    /// The most records that are sent and in no checkpoint.
    pub(crate) slots: usize,
    /// How long a line waits for others to travel with.
    pub(crate) max_delay: Duration,
    /// How long a file that no glob matches any more is kept open after it changed last.
    pub(crate) rotate_wait: Duration,
    /// How long a file is left alone after an error.
    pub(crate) pause: Duration,
    /// Begin behind what is there when no checkpoint is.
    pub(crate) from_end: bool,
    /// Read every file to its end and no further.
    pub(crate) once: bool,
    /// When the checkpoint was saved that is gone on from, by the file system's clock.
    pub(crate) saved_at: Option<SystemTime>,
    /// How lines become records; `None` where every line is one as it is.
    pub(crate) reading: Option<Arc<Reading>>,
}

/// What was taken, since the beginning.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counts {
    pub(crate) lines: u64,
    pub(crate) records: u64,
    pub(crate) bytes: u64,
    pub(crate) oversized: u64,
    /// Records sent as they were, since they could not be converted.
    pub(crate) unconverted: u64,
}

/// Follows files and packs their lines.
#[derive(Debug)]
pub(crate) struct Collector {
    pub(super) options: Options,
    pub(super) sources: Vec<Source>,
    pub(super) ledger: Ledger,
    pub(super) open: Option<Record>,
    /// Memory of records that are gone, to be used again.
    spare: Vec<Vec<u8>>,
    pub(super) buffer: Vec<u8>,
    pub(super) current: Option<SourceId>,
    /// Which source comes next.
    pub(super) turn: usize,
    next_id: u64,
    pub(super) stopping: bool,
    /// Whether files were found, left or overwritten since the last checkpoint.
    pub(super) changed: bool,
    pub(super) first_scan: bool,
    pub(crate) counts: Counts,
    pub(crate) troubles: Troubles,
}

impl Collector {
    /// Goes on from a checkpoint; without one, files are new.
    pub(crate) fn new(options: Options, checkpoint: Option<Checkpoint>, now: Instant) -> Self {
        let from_end = options.from_end && checkpoint.is_none();
        let states = checkpoint.map(|it| it.files).unwrap_or_default();
        let sources: Vec<Source> = (0..)
            .zip(states)
            .map(|(id, state)| Source::restored(SourceId(id), state, now))
            .collect();
        Self {
            ledger: Ledger::new(options.slots),
            options: Options { from_end, ..options },
            next_id: sources.len() as u64,
            sources,
            open: None,
            spare: Vec::new(),
            buffer: Vec::new(),
            current: None,
            turn: 0,
            stopping: false,
            changed: true,
            first_scan: true,
            counts: Counts::default(),
            troubles: Troubles::default(),
        }
    }

    pub(super) fn new_id(&mut self) -> SourceId {
        self.next_id += 1;
        SourceId(self.next_id - 1)
    }

    /// The next record to be sent, if one may be sent now.
    pub(crate) fn send_next(&mut self) -> Option<Outgoing> {
        loop {
            let next = self.ledger.send_next()?;
            if !next.bytes.is_empty() {
                return Some(next);
            }
            // Blank lines, or lines that were put aside: only positions move.
            self.advance(next.id);
        }
    }

    /// Notes that the stream took a record, and uses its memory again.
    pub(crate) fn taken(&mut self, record: Outgoing) {
        self.counts.lines += record.lines;
        self.counts.records += 1;
        self.counts.bytes += record.bytes.len() as u64;
        self.advance(record.id);
        self.recycle(record.bytes);
    }

    fn advance(&mut self, id: RecordId) {
        for extent in self.ledger.taken(id) {
            if let Some(source) = self.sources.iter_mut().find(|it| it.id == extent.source) {
                source.take(&extent.end);
            }
        }
        self.let_go();
    }

    /// Forgets files that were read and taken to their end and are not watched any more.
    pub(super) fn let_go(&mut self) {
        let before = self.sources.len();
        let troubles = &mut self.troubles;
        self.sources.retain(|source| {
            let is_done = source.is_done()
                && source.standing != Standing::Live
                && source.taken.offset >= source.read.offset;
            if is_done {
                troubles.forget(&source.path.display().to_string());
                troubles.forget(&rest_of(&source.path, source.inode));
            }
            !is_done
        });
        self.changed |= self.sources.len() != before;
    }

    /// Memory for a record. Pages of it that are never written are never used.
    pub(super) fn memory(&mut self) -> Vec<u8> {
        self.spare.pop().unwrap_or_else(|| Vec::with_capacity(self.options.record_bytes))
    }

    pub(super) fn recycle(&mut self, memory: Vec<u8>) {
        if self.spare.len() < self.options.slots {
            self.spare.push(memory);
        }
    }

    /// How far everything was taken, and which records that covers.
    pub(crate) fn checkpoint(&mut self) -> (Checkpoint, Vec<RecordId>) {
        self.changed = false;
        let files: Vec<FileState> = self.sources.iter().map(Source::state).collect();
        (Checkpoint::new(files), self.ledger.to_be_saved())
    }

    /// Notes that a checkpoint is safe, and that it covers these records.
    pub(crate) fn saved(&mut self, covered: &[RecordId]) {
        self.ledger.saved(covered);
    }

    /// Notes that a checkpoint could not be saved.
    pub(crate) fn not_saved(&mut self) {
        self.changed = true;
    }

    /// Whether a new checkpoint would free slots.
    pub(crate) fn has_taken_records(&self) -> bool {
        !self.ledger.to_be_saved().is_empty()
    }

    /// Whether a new checkpoint would differ from the last.
    pub(crate) fn has_changed(&self) -> bool {
        self.changed || self.has_taken_records()
    }

    /// Reads nothing more; what was read is still to be sent.
    pub(crate) fn stop(&mut self) {
        self.stopping = true;
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping
    }

    /// Folders of the followed files.
    pub(crate) fn folders(&self) -> BTreeSet<PathBuf> {
        let paths = self.sources.iter().filter(|source| source.is_watched());
        paths.filter_map(|source| source.path.parent()).map(Path::to_owned).collect()
    }

    /// Whether nothing is open, waiting or under way.
    pub(crate) fn is_idle(&self) -> bool {
        self.open.is_none() && self.ledger.is_empty()
    }

    /// When the open record is to be closed, if nothing else happens.
    pub(crate) fn due(&self) -> Option<Instant> {
        let open = self.open.as_ref().filter(|_| self.ledger.has_room())?;
        Some(open.opened + self.options.max_delay)
    }

    /// Files followed.
    pub(crate) fn files(&self) -> usize {
        self.sources.iter().filter(|it| !it.finished || it.standing == Standing::Live).count()
    }

    /// Bytes that were seen and not taken.
    pub(crate) fn lag_bytes(&self) -> u64 {
        self.sources.iter().map(Source::lag_bytes).sum()
    }

    /// How long the oldest of them has been waiting.
    pub(crate) fn lag(&self, now: Instant) -> Duration {
        let behind = self.sources.iter().filter(|source| source.lag_bytes() > 0);
        let oldest = behind.filter_map(|source| source.sightings.oldest()).min();
        oldest.map_or(Duration::ZERO, |oldest| now.saturating_duration_since(oldest))
    }
}
