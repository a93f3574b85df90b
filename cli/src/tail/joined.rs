//! Lines of a file that are joined or converted before they are sent.
//!
//! What comes out of lines need not fit into the open record any more: it waits here, and nothing
//! more is read from the file until it is gone.

use super::content::Content;
use super::convert::{MAX_RECORD_BYTES, Piece, Records};
use super::identity::{Inode, Place};
use super::oversized::Oversized;
use super::reading::Turn;
use super::record::Record;
use super::source::Source;
use super::trouble::say;
use memchr::{memchr_iter, memrchr};
use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::time::Instant;

const BLOCK_BYTES: usize = 256 * 1_024;

/// The records of a file, and what came out and is in no record yet.
#[derive(Debug)]
pub(crate) struct Joined {
    records: Records,
    ready: VecDeque<Ready>,
    /// Everything before this offset came out and is in a record, or was put aside.
    end: u64,
    aside: Option<Oversized>,
    /// The place of the last extent.
    reached: Place,
    /// Records that could not be converted, since they were counted last.
    pub(crate) unconverted: u64,
}

/// A [`Piece`] that waits for room.
#[derive(Debug)]
enum Ready {
    Line { line: Vec<u8>, end: u64 },
    Passed { end: u64 },
    Oversized { part: Vec<u8>, end: u64, is_last: bool },
}

impl Joined {
    pub(crate) fn new(records: Records, reached: Place) -> Self {
        let end = reached.offset;
        Self { records, ready: VecDeque::new(), end, aside: None, reached, unconverted: 0 }
    }

    /// Whether something is to be done though nothing was added to the file: it has been idle for
    /// long enough.
    pub(crate) fn is_due(&self, is_idle: bool) -> bool {
        !self.ready.is_empty() || (is_idle && self.records.is_waiting())
    }

    /// Whether something came out that is in no record yet.
    pub(crate) fn has_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// Notes that a line was put aside that was not handed in.
    pub(crate) fn went_past(&mut self, end: &Place) {
        self.end = end.offset;
        self.reached.clone_from(end);
    }

    /// Hands out everything: no line follows that is handed in.
    pub(crate) fn finish(&mut self) {
        let Self { records, ready, unconverted, .. } = self;
        records.finish(&mut |piece| ready.extend(Some(Ready::of(piece, unconverted))));
    }
}

impl Ready {
    fn of(piece: Piece<'_>, unconverted: &mut u64) -> Self {
        match piece {
            Piece::Record { line, end, fits } => {
                *unconverted += u64::from(!fits);
                Self::Line { line: line.to_vec(), end }
            }
            Piece::Passed { end } => Self::Passed { end },
            Piece::Oversized { part, end, is_last } => {
                Self::Oversized { part: part.to_vec(), end, is_last }
            }
        }
    }
}

/// Puts what came out into the record, and reads on when nothing waits any more.
pub(super) fn read_joined(
    source: &mut Source,
    record: &mut Record,
    limit: usize,
    buffer: &mut Vec<u8>,
    (is_complete, oversized): (bool, &Path),
    now: Instant,
) -> io::Result<Turn> {
    let turn = pack(source, record, limit, oversized)?;
    if turn != Turn::End {
        return Ok(turn);
    }
    let turn = feed(source, buffer, is_complete, now)?;
    match pack(source, record, limit, oversized)? {
        Turn::End => Ok(turn),
        packed => Ok(packed),
    }
}

/// Puts what waits into the record, as long as it fits; [`Turn::End`] when nothing did wait.
fn pack(
    source: &mut Source,
    record: &mut Record,
    limit: usize,
    oversized: &Path,
) -> io::Result<Turn> {
    let Some(joined) = &mut source.joined else { return Ok(Turn::End) };
    let before = joined.end;
    let mut turn = Turn::End;
    while let Some(ready) = joined.ready.front() {
        if ready.is_for_later(record, limit) {
            turn = Turn::Full;
            break;
        }
        turn = joined.put_first(record, limit, oversized, (&source.path, source.inode))?;
        if turn == Turn::PutAside {
            break;
        }
    }
    let end = joined.end;
    if end > before {
        let reached = match &mut source.content {
            _ if end == source.read.offset => source.read.clone(),
            // Until all of it is out, a file that is gone counts as taken up to where it was.
            Content::Missing => joined.reached.clone(),
            content => content.place_at(end)?,
        };
        joined.reached.clone_from(&reached);
        record.extend(source.extent(reached));
    }
    Ok(turn)
}

impl Ready {
    /// Whether it fits into a record, and not into this one any more.
    fn is_for_later(&self, record: &Record, limit: usize) -> bool {
        let Self::Line { line, .. } = self else { return false };
        line.len() < limit && record.bytes.len() + line.len() + 1 > limit
    }
}

impl Joined {
    /// Puts what waits first into the record, or aside.
    fn put_first(
        &mut self,
        record: &mut Record,
        limit: usize,
        oversized: &Path,
        (path, inode): (&Path, Inode),
    ) -> io::Result<Turn> {
        let (part, end, is_last) = match self.ready.front() {
            Some(Ready::Line { line, end }) if line.len() < limit => {
                record.bytes.extend_from_slice(line);
                record.bytes.push(b'\n');
                record.lines += 1;
                return Ok(self.first_is_done(*end, Turn::Read));
            }
            Some(Ready::Line { line, end }) => (line, *end, true),
            Some(Ready::Passed { end }) => return Ok(self.first_is_done(*end, Turn::Read)),
            Some(Ready::Oversized { part, end, is_last }) => (part, *end, *is_last),
            None => return Ok(Turn::End),
        };
        let file = match &mut self.aside {
            Some(file) => file,
            none => {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                none.insert(Oversized::begin(oversized, &name, inode.inode, self.end)?)
            }
        };
        file.add(part)?;
        // What was added is not added again when it cannot be made safe yet.
        self.ready[0] = Ready::Oversized { part: Vec::new(), end, is_last };
        if !is_last {
            return Ok(self.first_is_done(self.end, Turn::Read));
        }
        say_put_aside(path, self.end, file)?;
        self.aside = None;
        Ok(self.first_is_done(end, Turn::PutAside))
    }

    fn first_is_done(&mut self, end: u64, turn: Turn) -> Turn {
        self.ready.pop_front();
        self.end = end;
        turn
    }
}

fn say_put_aside(source: &Path, offset: u64, file: &mut Oversized) -> io::Result<()> {
    let bytes = file.finish()?;
    say(&format!(
        "{}: a record of {bytes} bytes at byte {offset} is too long; it is in {}",
        source.display(),
        file.path.display()
    ));
    Ok(())
}

/// Hands complete lines of the file in until something comes out that is to be packed.
fn feed(
    source: &mut Source,
    buffer: &mut Vec<u8>,
    is_complete: bool,
    now: Instant,
) -> io::Result<Turn> {
    let mut wanted = BLOCK_BYTES;
    let (length, taken) = loop {
        let Some(length) = source.read_on(wanted, buffer)? else {
            return Ok(Turn::Overwritten);
        };
        source.see(source.read.offset + length as u64, now);
        source.at_end = length < wanted;
        let before = source.read.before.bytes;
        let block = &buffer[before..before + length];
        match memrchr(b'\n', block) {
            Some(newline) => break (length, newline + 1),
            None if source.at_end => break (length, if is_complete { length } else { 0 }),
            None if wanted < MAX_RECORD_BYTES => wanted = MAX_RECORD_BYTES,
            None => {
                if let Some(joined) = &mut source.joined {
                    joined.finish();
                }
                return Ok(Turn::TooLong);
            }
        }
    };
    let idle = source.idle(now);
    let at_end = source.at_end;
    let Some(joined) = &mut source.joined else { return Ok(Turn::End) };
    let Joined { records, ready, unconverted, .. } = joined.as_mut();
    let mut each = |piece: Piece<'_>| ready.push_back(Ready::of(piece, unconverted));
    let before = source.read.before.bytes;
    let block = &buffer[before..before + taken];
    let start = source.read.offset;
    let mut line_start = 0;
    let last = (!block.ends_with(b"\n") && !block.is_empty()).then(|| taken - 1);
    for newline in memchr_iter(b'\n', block).chain(last) {
        let line = &block[line_start..=newline];
        line_start = newline + 1;
        records.push(line, start + line_start as u64, &mut each);
    }
    if at_end && taken == length {
        if is_complete {
            records.finish(&mut each);
        } else if taken == 0 {
            records.idle(idle, &mut each);
        }
    }
    if taken > 0 {
        source.read = Place::behind(start + taken as u64, &buffer[..before + taken]);
    }
    Ok(if taken > 0 { Turn::Read } else { Turn::End })
}
