//! New lines of the followed files into records.

use super::collector::Collector;
use super::convert::{Reading, without_line_end, write_as_is};
use super::identity::Place;
use super::joined::{Joined, read_joined};
use super::lines::append_lines;
use super::oversized::Oversized;
use super::record::Record;
use super::source::{PutAside, Source};
use super::trouble::say;
use memchr::{memchr, memrchr};
use std::io::{self, BufReader};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// As much as is read at once, unless a line is longer.
const BLOCK_BYTES: usize = 256 * 1_024;

/// What a turn at a file brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// Lines, or a part of a line that is put aside.
    Read,
    /// The end of a line that was put aside.
    PutAside,
    /// No line was complete.
    End,
    /// The next line does not fit into the record any more.
    Full,
    /// The next line does not fit into any record.
    TooLong,
    /// The file has other content than what was read.
    Overwritten,
}

impl Collector {
    /// Reads what is new, as long as records may be closed, and closes those that are full or have
    /// been open for long enough.
    pub(crate) fn fill(&mut self, now: Instant) {
        while !self.stopping && self.ledger.has_room() {
            let Some(index) = self.next_source(now) else { break };
            self.read_from(index, now);
        }
        let is_last = self.stopping || self.options.once;
        if is_last || self.due().is_some_and(|due| due <= now) {
            self.close_record();
        }
    }

    /// Whether files are read once, and there is nothing more to be read.
    pub(crate) fn has_read_once(&self, now: Instant) -> bool {
        self.options.once && !self.sources.iter().any(|source| self.wants_turn(source, now))
    }

    /// The file that is read next: the one that the open record holds most recently, then those
    /// with no lines under way, in turn; then, unless a record waits already, any of them.
    fn next_source(&self, now: Instant) -> Option<usize> {
        let count = self.sources.len();
        let in_turn = || (0..count).map(|step| (self.turn + step) % count);
        let wants = |&index: &usize| self.wants_turn(&self.sources[index], now);
        let is_free = |&index: &usize| !self.ledger.holds(self.sources[index].order);
        let is_current = |&index: &usize| Some(self.sources[index].id) == self.current;
        let anybody = || in_turn().find(wants).filter(|_| !self.ledger.someone_waits());
        in_turn()
            .find(is_current)
            .filter(|index| wants(index) && is_free(index))
            .or_else(|| in_turn().filter(is_free).find(wants))
            .or_else(anybody)
    }

    fn wants_turn(&self, source: &Source, now: Instant) -> bool {
        let must_wait = |id| self.sources.iter().any(|it| it.id == id && !it.is_done());
        let is_due = |joined: &Joined| {
            let timeout = self.options.reading.as_ref().map(|reading| reading.timeout());
            let is_idle = timeout.is_some_and(|timeout| source.idle(now) >= timeout);
            joined.is_due(is_idle && !source.has_unread_bytes())
        };
        let is_new = !source.at_end
            || self.options.once
            || (source.is_complete(now, self.options.rotate_wait)
                && (source.may_be_closed(now) || source.has_unread_bytes()))
            || source.joined.as_deref().is_some_and(is_due);
        is_new
            && (source.is_readable() || source.has_ready())
            && source.paused_until.is_none_or(|until| until <= now)
            && !source.after.is_some_and(must_wait)
    }

    fn read_from(&mut self, index: usize, now: Instant) {
        let open = self.open.take();
        let mut record = open.unwrap_or_else(|| Record::open(self.memory(), now));
        let limit = self.options.record_bytes;
        let source = &mut self.sources[index];
        (self.current, self.turn) = (Some(source.id), index + 1);
        let is_complete = self.options.once || source.is_complete(now, self.options.rotate_wait);
        let folder = &self.options.oversized;
        let outcome = if source.has_ready() {
            read_joined(source, &mut record, limit, &mut self.buffer, (is_complete, folder), now)
        } else if source.oversized.is_some() {
            put_aside(source, &mut record, &mut self.buffer, is_complete, now)
        } else if let Some(reading) = &self.options.reading {
            join(source, reading).and_then(|()| {
                read_joined(
                    source,
                    &mut record,
                    limit,
                    &mut self.buffer,
                    (is_complete, folder),
                    now,
                )
            })
        } else {
            read_lines(source, &mut record, limit, &mut self.buffer, is_complete, now)
        };
        if let Some(joined) = &mut source.joined {
            self.counts.unconverted += std::mem::take(&mut joined.unconverted);
        }
        if outcome.is_ok() && source.paused_until.take().is_some() {
            self.troubles.clear(&reading(&source.path));
        }
        let is_empty = record.extents.is_empty();
        if is_empty {
            self.recycle(record.bytes);
        } else {
            self.open = Some(record);
        }
        match outcome {
            Ok(Turn::Read) => {}
            Ok(Turn::PutAside) => self.counts.oversized += 1,
            Ok(Turn::End) if is_complete && !self.sources[index].has_ready() => {
                self.end(index, now)
            }
            Ok(Turn::End) => {}
            Ok(Turn::Full) => self.close_record(),
            Ok(Turn::TooLong) if self.sources[index].has_ready() => {}
            Ok(Turn::TooLong) => self.begin_oversized(index, now),
            Ok(Turn::Overwritten) => self.overwritten(index, now),
            Err(error) => self.pause(index, &error, now),
        }
    }

    fn close_record(&mut self) {
        if self.ledger.has_room()
            && let Some(record) = self.open.take()
        {
            self.ledger.close(record);
            self.current = None;
        }
    }

    /// Nothing more is in a file: it is closed, unless something may still be added to it.
    fn end(&mut self, index: usize, now: Instant) {
        let source = &mut self.sources[index];
        if self.options.once || source.may_be_closed(now) {
            source.finish();
            self.let_go();
        }
    }

    /// Leaves a file alone for a while.
    fn pause(&mut self, index: usize, error: &io::Error, now: Instant) {
        let source = &mut self.sources[index];
        source.paused_until = Some(now + self.options.pause);
        self.troubles.raise(&reading(&source.path), error.to_string());
    }

    fn begin_oversized(&mut self, index: usize, now: Instant) {
        let source = &mut self.sources[index];
        let name = source.path.file_name().unwrap_or_default().to_string_lossy();
        let place = source.read.clone();
        let folder = &self.options.oversized;
        match Oversized::begin(folder, &name, source.inode.inode, place.offset) {
            Ok(file) => source.oversized = Some(PutAside { file, place, is_whole: false }),
            Err(error) => self.pause(index, &error, now),
        }
    }
}

/// Appends complete lines to the record, as many as fit. Of a file that is complete, a last line
/// without its end is complete too.
fn read_lines(
    source: &mut Source,
    record: &mut Record,
    limit: usize,
    buffer: &mut Vec<u8>,
    is_complete: bool,
    now: Instant,
) -> io::Result<Turn> {
    let room = limit - record.bytes.len();
    let mut wanted = BLOCK_BYTES.min(room);
    loop {
        let Some(length) = source.read_on(wanted, buffer)? else {
            return Ok(Turn::Overwritten);
        };
        source.see(source.read.offset + length as u64, now);
        source.at_end = length < wanted;
        let before = source.read.before.bytes;
        let block = &buffer[before..before + length];
        let skipped = skipped_bytes(source.read.offset, block);
        if skipped > 0 {
            let end = source.read.offset + skipped as u64;
            source.read = Place::behind(end, &buffer[..before + skipped]);
            record.extend(source.extent(source.read.clone()));
            return Ok(Turn::Read);
        }
        let lines = match memrchr(b'\n', block) {
            Some(newline) => &block[..=newline],
            None if source.at_end && !(is_complete && length > 0) => return Ok(Turn::End),
            None if source.at_end && length < room => block,
            None if wanted < room => {
                wanted = room;
                continue;
            }
            None if room < limit => return Ok(Turn::Full),
            None => return Ok(Turn::TooLong),
        };
        let lines = without_nul(lines);
        let taken = lines.len();
        if memchr(0, lines).is_some() {
            let mut line = Vec::new();
            write_as_is(without_line_end(lines), &mut line);
            line.push(b'\n');
            match line.len() > room {
                true if room < limit => return Ok(Turn::Full),
                true => return Ok(Turn::TooLong),
                false => {
                    record.bytes.extend_from_slice(&line);
                    record.lines += 1;
                }
            }
        } else if lines.ends_with(b"\n") {
            record.lines += append_lines(lines, &mut record.bytes);
        } else {
            record.lines += append_lines(&[lines, b"\n"].concat(), &mut record.bytes);
        }
        let end = source.read.offset + taken as u64;
        source.read = Place::behind(end, &buffer[..before + taken]);
        record.extend(source.extent(source.read.clone()));
        return Ok(Turn::Read);
    }
}

/// Takes the next bytes of a line that no record can hold to its file. Once that is safe, the record
/// takes the source behind the line.
fn put_aside(
    source: &mut Source,
    record: &mut Record,
    buffer: &mut Vec<u8>,
    is_complete: bool,
    now: Instant,
) -> io::Result<Turn> {
    let Some(line) = &mut source.oversized else { return Ok(Turn::End) };
    if !line.is_whole {
        let Some(length) = source.content.read_behind(&line.place, BLOCK_BYTES, buffer)? else {
            return Ok(Turn::Overwritten);
        };
        let before = line.place.before.bytes;
        let block = &buffer[before..before + length];
        let newline = memchr(b'\n', block);
        let taken = newline.map_or(length, |newline| newline + 1);
        line.file.add(&block[..taken])?;
        line.place = Place::behind(line.place.offset + taken as u64, &buffer[..before + taken]);
        let is_at_end = length < BLOCK_BYTES;
        line.is_whole = newline.is_some() || (is_at_end && is_complete);
        if !line.is_whole {
            let end = line.place.offset;
            source.see(end, now);
            source.at_end = is_at_end;
            return Ok(if is_at_end { Turn::End } else { Turn::Read });
        }
    }
    let bytes = line.file.finish()?;
    say(&format!(
        "{}: a line of {bytes} bytes at byte {} is too long for a record; it is in {}",
        source.path.display(),
        source.read.offset,
        line.file.path.display()
    ));
    source.read = line.place.clone();
    source.oversized = None;
    source.see(source.read.offset, now);
    source.at_end = false;
    if let Some(joined) = &mut source.joined {
        joined.went_past(&source.read);
    }
    record.extend(source.extent(source.read.clone()));
    Ok(Turn::PutAside)
}

/// The subject of troubles with reading a file.
fn reading(path: &Path) -> String {
    format!("reading {}", path.display())
}

/// Begins to join and convert the lines of a file.
fn join(source: &mut Source, reading: &Arc<Reading>) -> io::Result<()> {
    if source.joined.is_none() {
        let from = source.read.offset;
        let beginning = BufReader::new(source.content.beginning(from)?);
        source.joined =
            Some(Box::new(Joined::new(reading.records(from, beginning)?, source.read.clone())));
    }
    Ok(())
}

/// Bytes at the beginning of a line that are none of its: the mark at the beginning of a file, which
/// would stand in the middle of an object, and the hole that a truncation leaves under a writer that
/// does not append.
fn skipped_bytes(offset: u64, block: &[u8]) -> usize {
    const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
    if offset == 0 && block.starts_with(BYTE_ORDER_MARK) {
        return BYTE_ORDER_MARK.len();
    }
    block.iter().take_while(|&&byte| byte == 0).count()
}

/// The lines before the first that has a NUL byte; when it is the first of all, that line. The
/// transform refuses an object that begins with such a line, whatever else is in it.
fn without_nul(lines: &[u8]) -> &[u8] {
    let Some(nul) = memchr(0, lines) else { return lines };
    match memrchr(b'\n', &lines[..nul]) {
        Some(newline) => &lines[..=newline],
        None => &lines[..memchr(b'\n', lines).map_or(lines.len(), |newline| newline + 1)],
    }
}
