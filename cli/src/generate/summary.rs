//! What a run did: for people on standard error, for programs in a file.

use super::events::Counts;
use super::shipping::Traffic;
use serde::Serialize;
use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::time::Duration;

/// What a run did. Written as one JSON object.
#[derive(Debug, Serialize)]
pub(crate) struct Summary {
    /// Lines of each sort.
    #[serde(flatten)]
    pub(crate) counts: Counts,
    /// Firehose records or S3 objects.
    pub(crate) records: u64,
    /// Bytes of those, as they were sent.
    pub(crate) record_bytes: u64,
    /// Calls made to the service.
    pub(crate) put_calls: u64,
    /// Entries sent again because the service had not taken them.
    pub(crate) resent_entries: u64,
    /// Bytes of all lines, newlines included, before compression.
    pub(crate) bytes: u64,
    /// Wall time, in seconds.
    pub(crate) seconds: f64,
    /// The seed that yields these events again.
    pub(crate) seed: u64,
    /// The start that yields these events again, RFC 3339.
    pub(crate) start: String,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = &self.counts;
        writeln!(
            f,
            "{} lines, {} in {:.1} s, {:.0} a second",
            counts.events_sent,
            megabytes(self.bytes),
            self.seconds,
            counts.events_sent as f64 / self.seconds.max(0.001),
        )?;
        writeln!(
            f,
            "  {} inserts ({} late), {} updates, {} deletes, {} duplicates, {} bad",
            counts.inserts,
            counts.late,
            counts.updates,
            counts.deletes,
            counts.duplicates_sent,
            counts.bad_sent,
        )?;
        if self.put_calls > 0 {
            writeln!(
                f,
                "  {} records, {} in {} calls, {} resent",
                self.records,
                megabytes(self.record_bytes),
                self.put_calls,
                self.resent_entries
            )?;
        }
        write!(f, "  again with --seed {} --start {}", self.seed, self.start)
    }
}

/// One line of progress, at most once a second.
pub(crate) struct Progress {
    next: Duration,
    lines_before: u64,
    on_terminal: bool,
}

const INTERVAL: Duration = Duration::from_secs(1);

impl Progress {
    pub(crate) fn new() -> Self {
        Self { next: INTERVAL, lines_before: 0, on_terminal: io::stderr().is_terminal() }
    }

    /// When the next line of progress is due, since the beginning.
    pub(crate) fn due_at(&self) -> Duration {
        self.next
    }

    /// Shows progress if it is due.
    pub(crate) fn show(&mut self, elapsed: Duration, lines: u64, bytes: u64, traffic: &Traffic) {
        if elapsed < self.next {
            return;
        }
        let seconds = (elapsed + INTERVAL).saturating_sub(self.next).as_secs_f64();
        let rate = (lines - self.lines_before) as f64 / seconds;
        let throttles = Traffic::get(&traffic.throttles);
        let text = format!(
            "{lines} lines, {rate:.0} a second, {}, {throttles} throttles",
            megabytes(bytes)
        );
        if self.on_terminal {
            eprint!("\r{text}\x1b[K");
        } else {
            eprintln!("{text}");
        }
        self.lines_before = lines;
        self.next = elapsed + INTERVAL;
    }

    /// Leaves the line of progress behind.
    pub(crate) fn end(&self) {
        if self.on_terminal && self.lines_before > 0 {
            eprint!("\r\x1b[K");
            // Progress is a courtesy: a closed terminal is no reason to fail.
            io::stderr().flush().ok();
        }
    }
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}
