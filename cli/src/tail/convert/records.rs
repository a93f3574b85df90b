//! The records of one file.

use std::io::{self, BufRead};
use std::sync::Arc;
use std::time::Duration;

use contract::Dataset;
use regex::bytes::Regex;

use super::csv::Header;
use super::log::Pattern;
use super::quoted::Quoted;
use super::raw::{without_mark, write_as_is};
use super::{MAX_RECORD_BYTES, without_line_end};
use crate::tail::multiline::{Joined, Multiline};

/// How the lines of every file become records.
#[derive(Debug)]
pub(crate) struct Reading {
    pub(super) start: Option<Regex>,
    pub(super) timeout: Duration,
    pub(super) conversion: Option<Conversion>,
}

/// What records are converted from.
#[derive(Debug)]
pub(super) enum Conversion {
    /// CSV as the contract of the dataset has it.
    Csv(Box<Dataset>),
    Log(Pattern),
}

/// Takes the lines of one file and hands out its records. It owns what it holds: at most
/// [`MAX_RECORD_BYTES`] of lines that wait for others, and one record of output.
#[derive(Debug)]
pub(crate) struct Records {
    lines: Lines,
    writer: Writer,
    /// Whether no line has been taken of a file that is read from its first byte.
    is_at_start: bool,
}

/// What comes out, in the order of the file; `end` never falls. Where all that was handed out up to
/// a piece has arrived, the file can be read on from its `end`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    /// A record.
    Record {
        /// One line without its line end, with which it has at most [`MAX_RECORD_BYTES`].
        line: &'a [u8],
        /// Source byte behind the record.
        end: u64,
        /// Whether it is what was asked for. A record that cannot be converted is as it was.
        fits: bool,
    },
    /// Bytes that are no record: the header of CSV, or nothing but white space.
    Passed {
        /// Source byte behind them.
        end: u64,
    },
    /// The next bytes of a record that is, or would become, longer than [`MAX_RECORD_BYTES`].
    Oversized {
        /// As they stand in the source; of the last line the end may be missing.
        part: &'a [u8],
        /// Source byte behind them.
        end: u64,
        /// Whether the record ends with them; then there may be none.
        is_last: bool,
    },
}

/// How lines are joined.
#[derive(Debug)]
enum Lines {
    /// Not at all.
    Single,
    Multiline(Multiline),
    Quoted(Quoted),
}

/// What is known of the fields of a file.
#[derive(Debug)]
enum Fields {
    /// The next record is the header, if records are CSV.
    Awaited,
    Named(Header),
    /// The header is none, so that nothing in the file can be converted.
    Unknown,
}

#[derive(Debug)]
struct Writer {
    reading: Arc<Reading>,
    fields: Fields,
    json: Vec<u8>,
}

impl Reading {
    /// How long a record waits for its next line.
    pub(crate) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// The records of a file that is read from byte `from` on: 0, or the end of a piece. `beginning`
    /// reads the same file from its first byte; it is used where `from` may be behind a header.
    ///
    /// # Errors
    /// When the header cannot be read.
    pub(crate) fn records(
        self: &Arc<Self>,
        from: u64,
        beginning: impl BufRead,
    ) -> io::Result<Records> {
        let mut records = Records::new(Arc::clone(self));
        if from > 0 {
            if matches!(self.conversion, Some(Conversion::Csv(_))) {
                records.read_header(beginning, from)?;
            }
            records.is_at_start = false;
        }
        Ok(records)
    }
}

impl Records {
    fn new(reading: Arc<Reading>) -> Self {
        let lines = Lines::new(&reading);
        let writer = Writer { reading, fields: Fields::Awaited, json: Vec::new() };
        Self { lines, writer, is_at_start: true }
    }

    /// Takes the next line, which has its line end unless the file ends without one, and is no longer
    /// than [`MAX_RECORD_BYTES`]; `end` is the source byte behind it.
    pub(crate) fn push(&mut self, line: &[u8], end: u64, each: &mut impl FnMut(Piece<'_>)) {
        let line = if self.is_at_start { without_mark(line) } else { line };
        self.is_at_start = false;
        let writer = &mut self.writer;
        let mut each = |joined: Joined<'_>| writer.write(joined, each);
        match &mut self.lines {
            Lines::Single => each(Joined::Record { record: without_line_end(line), end }),
            Lines::Multiline(lines) => lines.push(line, end, &mut each),
            Lines::Quoted(lines) => lines.push(line, end, &mut each),
        }
    }

    /// Hears that nothing was added to the file for this time, not even a part of a line.
    pub(crate) fn idle(&mut self, idle: Duration, each: &mut impl FnMut(Piece<'_>)) {
        if idle >= self.writer.reading.timeout {
            self.complete(each);
        }
    }

    /// Hands out all that waits: the file is at its end for good, or its next line is too long to be
    /// handed in. When reading merely stops, what waits is dropped instead, and read again.
    pub(crate) fn finish(&mut self, each: &mut impl FnMut(Piece<'_>)) {
        self.complete(each);
        if matches!(self.writer.fields, Fields::Awaited) {
            self.writer.fields = Fields::Unknown;
        }
    }

    /// Whether lines wait for others.
    pub(crate) fn is_waiting(&self) -> bool {
        match &self.lines {
            Lines::Single => false,
            Lines::Multiline(lines) => lines.is_waiting(),
            Lines::Quoted(lines) => lines.is_waiting(),
        }
    }

    fn complete(&mut self, each: &mut impl FnMut(Piece<'_>)) {
        let writer = &mut self.writer;
        let mut each = |joined: Joined<'_>| writer.write(joined, each);
        match &mut self.lines {
            Lines::Single => {}
            Lines::Multiline(lines) => lines.finish(&mut each),
            Lines::Quoted(lines) => lines.finish(&mut each),
        }
    }

    /// Takes the lines before byte `from` until the header is known, or known to be none.
    fn read_header(&mut self, beginning: impl BufRead, from: u64) -> io::Result<()> {
        const LONGEST: u64 = MAX_RECORD_BYTES as u64;
        let mut beginning = beginning.take(from.min(LONGEST));
        let mut line = Vec::new();
        while matches!(self.writer.fields, Fields::Awaited) {
            line.clear();
            beginning.read_until(b'\n', &mut line)?;
            if !line.is_empty() && (line.ends_with(b"\n") || from <= LONGEST) {
                self.push(&line, 0, &mut |_| ());
            } else if from > LONGEST {
                self.finish(&mut |_| ());
            } else {
                // There are blank lines alone so far.
                break;
            }
        }
        self.lines = Lines::new(&self.writer.reading);
        Ok(())
    }
}

impl Lines {
    fn new(reading: &Reading) -> Self {
        match (&reading.conversion, &reading.start) {
            (Some(Conversion::Csv(dataset)), _) => Self::Quoted(Quoted::new(dataset.csv.delimiter)),
            (_, Some(start)) => Self::Multiline(Multiline::new(start.clone())),
            (_, None) => Self::Single,
        }
    }
}

impl Writer {
    fn write(&mut self, joined: Joined<'_>, each: &mut impl FnMut(Piece<'_>)) {
        let (record, end) = match joined {
            Joined::Record { record, end } => (record, end),
            Joined::Oversized { part, end, is_last } => {
                return each(Piece::Oversized { part, end, is_last });
            }
        };
        if record.trim_ascii().is_empty() || self.is_header(record) {
            return each(Piece::Passed { end });
        }
        self.json.clear();
        let fits = self.convert(record);
        if !fits {
            self.json.clear();
            write_as_is(record, &mut self.json);
        }
        if self.json.len() < MAX_RECORD_BYTES {
            each(Piece::Record { line: &self.json, end, fits });
        } else {
            each(Piece::Oversized { part: record, end, is_last: true });
        }
    }

    /// Whether the record names the fields of those behind it.
    fn is_header(&mut self, record: &[u8]) -> bool {
        let Some(Conversion::Csv(dataset)) = &self.reading.conversion else { return false };
        if !matches!(self.fields, Fields::Awaited) {
            return false;
        }
        let header = Header::read(record, dataset);
        let is_header = header.is_some();
        self.fields = header.map_or(Fields::Unknown, Fields::Named);
        is_header
    }

    /// Writes the record as it is asked for; returns whether it can be.
    fn convert(&mut self, record: &[u8]) -> bool {
        let json = &mut self.json;
        match (&self.reading.conversion, &self.fields) {
            (None, _) => {
                write_as_is(record, json);
                true
            }
            (Some(Conversion::Log(pattern)), _) => pattern.write(record, json),
            (Some(Conversion::Csv(dataset)), Fields::Named(header)) => {
                header.write(record, dataset, json)
            }
            (Some(Conversion::Csv(_)), _) => false,
        }
    }
}
