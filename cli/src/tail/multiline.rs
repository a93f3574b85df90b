//! Joins lines into records where a record may have several, and a pattern tells the line that it
//! begins with. No clock and no I/O.

use regex::bytes::Regex;

use super::convert::{MAX_RECORD_BYTES, without_line_end};

/// The lines of one file whose record may go on.
#[derive(Debug)]
pub(crate) struct Multiline {
    /// Matches the line that a record begins with.
    start: Regex,
    /// With their line ends.
    lines: Vec<u8>,
    /// Source byte behind the last of them.
    end: u64,
    /// Whether the record is beyond [`MAX_RECORD_BYTES`]: then its lines are not kept.
    is_oversized: bool,
}

/// What lines have become.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Joined<'a> {
    /// A record.
    Record {
        /// Without its last line end.
        record: &'a [u8],
        /// Source byte behind it.
        end: u64,
    },
    /// The next bytes of a record that is longer than [`MAX_RECORD_BYTES`].
    Oversized {
        /// With their line ends.
        part: &'a [u8],
        /// Source byte behind them.
        end: u64,
        /// Whether the record ends with them; then there may be none.
        is_last: bool,
    },
}

impl Multiline {
    /// Before the first line of a file.
    pub(crate) fn new(start: Regex) -> Self {
        Self { start, lines: Vec::new(), end: 0, is_oversized: false }
    }

    /// Takes the next line, which has its line end and is no longer than [`MAX_RECORD_BYTES`]. Where
    /// it begins a record, the one before is complete.
    pub(crate) fn push(&mut self, line: &[u8], end: u64, each: &mut impl FnMut(Joined<'_>)) {
        if self.start.is_match(without_line_end(line)) {
            self.finish(each);
        }
        if !self.is_oversized && self.lines.len() + line.len() > MAX_RECORD_BYTES {
            self.is_oversized = true;
            each(Joined::Oversized { part: &self.lines, end: self.end, is_last: false });
            self.lines.clear();
        }
        if self.is_oversized {
            each(Joined::Oversized { part: line, end, is_last: false });
        } else {
            self.lines.extend_from_slice(line);
        }
        self.end = end;
    }

    /// Completes the record, if there is one: nothing follows that could belong to it.
    pub(crate) fn finish(&mut self, each: &mut impl FnMut(Joined<'_>)) {
        if std::mem::take(&mut self.is_oversized) {
            each(Joined::Oversized { part: b"", end: self.end, is_last: true });
        } else if !self.lines.is_empty() {
            each(Joined::Record { record: without_line_end(&self.lines), end: self.end });
            self.lines.clear();
        }
    }

    /// Whether there is a record that may go on.
    pub(crate) fn is_waiting(&self) -> bool {
        self.is_oversized || !self.lines.is_empty()
    }
}
