//! Cuts a stream of text into blocks of whole records, so that blocks can be decoded apart from
//! one another and memory does not depend on the object's size.

use std::io::{self, Read};

use contract::Format;

use crate::decode::csv;
use crate::decode::json::{BraceScan, skip_space};

/// Bytes of the first block; each is twice the one before, so that all threads soon have one even
/// of a small object, and the row groups of a large one are large. Where blocks are cut depends on
/// the text alone.
const FIRST_BLOCK_BYTES: usize = 2 << 20;
/// Bytes of a block at most.
const MAX_BLOCK_BYTES: usize = 8 << 20;
/// Longest record that is decoded: Firehose takes none above 1,000 KiB. Half a block at most.
pub(crate) const MAX_RECORD_BYTES: usize = 1 << 20;
/// How much of a longer record is kept for the quarantine.
pub(crate) const OVERSIZED_HEAD_BYTES: usize = 4 << 10;
/// Text has no NUL; a file that has one this early, and does not begin with a record or header, is
/// something else.
const SNIFFED_BYTES: usize = 8 << 10;

/// A piece of the object that starts and ends where records do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Block {
    /// Whole records; only the last may lack its line end.
    Records(Vec<u8>),
    /// A single record too long to decode.
    Oversized {
        /// Its first [`OVERSIZED_HEAD_BYTES`].
        head: Vec<u8>,
        /// Its length.
        bytes: u64,
    },
}

/// Why no block could be had.
#[derive(Debug)]
pub(crate) enum FrameError {
    Read(io::Error),
    NotText,
}

/// Reads text and yields it in [`Block`]s.
pub(crate) struct Framer<R> {
    input: R,
    format: Format,
    /// Where blocks are read into. It is as long as it ever was: bytes that were used before need
    /// not be made zero to be read into again.
    buffer: Vec<u8>,
    /// How many bytes at its start were read and not yet handed out; there a record starts.
    filled: usize,
    block_bytes: usize,
    /// How many bytes were read in all.
    bytes: u64,
    started: bool,
    ended: bool,
}

impl<R: Read> Framer<R> {
    /// Reads into the memory of `buffer` first.
    pub(crate) fn new(input: R, format: Format, buffer: Vec<u8>) -> Self {
        Self {
            input,
            format,
            buffer,
            filled: 0,
            block_bytes: FIRST_BLOCK_BYTES,
            bytes: 0,
            started: false,
            ended: false,
        }
    }

    /// Whether all input was read; only what is pending is still to come.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended
    }

    /// Bytes of text read so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Gives back the memory.
    pub(crate) fn into_buffer(self) -> Vec<u8> {
        self.buffer
    }

    /// The next block, or `None` at the end. The memory of `spare` is used for what follows it.
    pub(crate) fn next_block(&mut self, spare: Vec<u8>) -> Result<Option<Block>, FrameError> {
        self.fill()?;
        if !self.started {
            self.started = true;
            self.inspect_start()?;
        }
        if self.filled == 0 {
            return Ok(None);
        }
        if self.ended {
            return Ok(Some(Block::Records(self.take(self.filled, spare))));
        }
        match self.cut() {
            Some(end) => {
                self.block_bytes = (self.block_bytes * 2).min(MAX_BLOCK_BYTES);
                Ok(Some(Block::Records(self.take(end, spare))))
            }
            None => self.skip_oversized().map(Some),
        }
    }

    fn inspect_start(&mut self) -> Result<(), FrameError> {
        if self.pending().starts_with(b"\xef\xbb\xbf") {
            self.discard(3);
        }
        let sniffed = &self.pending()[..self.filled.min(SNIFFED_BYTES)];
        if memchr::memchr(0, sniffed).is_some() && !begins_as_text(sniffed, self.format) {
            return Err(FrameError::NotText);
        }
        Ok(())
    }

    fn pending(&self) -> &[u8] {
        &self.buffer[..self.filled]
    }

    /// Drops the first pending bytes.
    fn discard(&mut self, bytes: usize) {
        self.buffer.copy_within(bytes..self.filled, 0);
        self.filled -= bytes;
    }

    /// Reads until a block is full or the input ends.
    fn fill(&mut self) -> Result<(), FrameError> {
        if self.buffer.len() < self.block_bytes {
            self.buffer.reserve_exact(self.block_bytes - self.buffer.len());
            self.buffer.resize(self.block_bytes, 0);
        }
        while self.filled < self.block_bytes && !self.ended {
            match self.input.read(&mut self.buffer[self.filled..self.block_bytes]) {
                Ok(read) => {
                    self.filled += read;
                    self.bytes += read as u64;
                    self.ended = read == 0;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(FrameError::Read(error)),
            }
        }
        Ok(())
    }

    /// Hands out the first `end` pending bytes; the others go on in the memory of `spare`.
    fn take(&mut self, end: usize, mut spare: Vec<u8>) -> Vec<u8> {
        let rest = &self.buffer[end..self.filled];
        if spare.len() < rest.len() {
            spare.resize(rest.len(), 0);
        }
        spare[..rest.len()].copy_from_slice(rest);
        self.filled = rest.len();
        let mut block = std::mem::replace(&mut self.buffer, spare);
        block.truncate(end);
        block
    }

    /// Where the last record that is pending in full ends.
    fn cut(&self) -> Option<usize> {
        match self.format {
            Format::Json => memchr::memrchr(b'\n', self.pending())
                .map(|at| at + 1)
                .or_else(|| last_object_end(self.pending())),
            Format::Csv => csv::last_record_end(self.pending())
                // A quote left open: what it swallowed is split into lines again.
                .or_else(|| memchr::memchr(b'\n', self.pending()))
                .map(|at| at + 1),
        }
    }

    /// Reads past a record that fills a block without an end: up to its closing brace where
    /// another record follows, and to the line end otherwise.
    fn skip_oversized(&mut self) -> Result<Block, FrameError> {
        let mut head = Vec::new();
        let mut bytes = 0;
        let mut braces = (self.format == Format::Json).then(BraceScan::default);
        loop {
            let line_end = memchr::memchr(b'\n', self.pending());
            let line = &self.pending()[..line_end.unwrap_or(self.filled)];
            let closed = braces.as_mut().and_then(|braces| braces.advance(line));
            let next = closed.map(|at| skip_space(line, at));
            let (used, done) = match next {
                Some(at) if line.get(at) == Some(&b'{') => (at, true),
                _ => (line_end.map_or(line.len(), |at| at + 1), line_end.is_some()),
            };
            if closed.is_some() {
                braces = None;
            }
            let content = &line[..used.min(line.len())];
            head.extend_from_slice(
                &content[..content.len().min(OVERSIZED_HEAD_BYTES - head.len())],
            );
            bytes += content.len() as u64;
            self.discard(used);
            if done || self.ended {
                return Ok(Block::Oversized { head, bytes });
            }
            self.fill()?;
        }
    }
}

/// Whether the first bytes are those of a record of JSON or of a header of CSV, though NUL follows:
/// then a row is at fault, and not the whole object.
fn begins_as_text(bytes: &[u8], format: Format) -> bool {
    match format {
        Format::Json => matches!(&bytes[skip_space(bytes, 0)..], [b'{', next, ..] if *next != 0),
        Format::Csv => {
            let header = &bytes[..csv::first_record_end(bytes)];
            !header.contains(&0) && std::str::from_utf8(header).is_ok()
        }
    }
}

/// Where the last object ends that another object follows on the same line.
fn last_object_end(line: &[u8]) -> Option<usize> {
    let mut last = None;
    let mut at = skip_space(line, 0);
    while line.get(at) == Some(&b'{') {
        let Some(length) = BraceScan::default().advance(&line[at..]) else { break };
        at = skip_space(line, at + length);
        if line.get(at) == Some(&b'{') {
            last = Some(at);
        }
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(text: &[u8], format: Format) -> Vec<Block> {
        let mut framer = Framer::new(text, format, Vec::new());
        std::iter::from_fn(|| framer.next_block(Vec::new()).expect("text")).collect()
    }

    /// All blocks but oversized ones, joined.
    fn joined(blocks: &[Block]) -> Vec<u8> {
        blocks
            .iter()
            .flat_map(|block| match block {
                Block::Records(bytes) => bytes.clone(),
                Block::Oversized { .. } => Vec::new(),
            })
            .collect()
    }

    #[test]
    fn blocks_end_at_line_ends_and_lose_nothing() {
        let text: Vec<u8> = (0..100_000)
            .flat_map(|n: u32| {
                format!("{{\"n\":{n},\"pad\":\"{}\"}}\n", "x".repeat(n as usize % 90)).into_bytes()
            })
            .collect();
        let blocks = blocks(&text, Format::Json);
        assert!(blocks.len() > 2);
        assert_eq!(joined(&blocks), text);
        assert!(
            blocks.iter().all(|block| matches!(block, Block::Records(b) if b.ends_with(b"\n")))
        );
    }

    #[test]
    fn objects_without_line_ends_are_cut_between_objects() {
        let text = b"{\"a\":\"}{\\\"\"} ".repeat(800_000);
        let blocks = blocks(&text, Format::Json);
        assert!(blocks.len() > 2);
        assert_eq!(joined(&blocks), text);
        assert!(
            blocks.iter().all(|block| matches!(block, Block::Records(b) if b.starts_with(b"{")))
        );
    }

    #[test]
    fn an_oversized_record_does_not_take_its_neighbours_with_it() {
        let long = format!("{{\"a\":\"{}\"}}", "x".repeat(50 << 20));
        for (text, rest) in [
            (format!("{{}}\n{long}\n{{\"b\":1}}\n"), "{}\n{\"b\":1}\n"),
            (format!("{long}{{\"b\":1}}{{}}"), "{\"b\":1}{}"),
            (format!("{long} junk\n{{}}\n"), "{}\n"),
            (format!("{}\n{{}}\n", "y".repeat(50 << 20)), "{}\n"),
        ] {
            let blocks = blocks(text.as_bytes(), Format::Json);
            assert_eq!(joined(&blocks), rest.as_bytes());
            let sizes: Vec<u64> = blocks
                .iter()
                .filter_map(|block| match block {
                    Block::Oversized { head, bytes } => {
                        assert_eq!(head.len(), OVERSIZED_HEAD_BYTES);
                        Some(*bytes)
                    }
                    Block::Records(_) => None,
                })
                .collect();
            assert_eq!(sizes.len(), 1);
            assert!(sizes[0] >= 50 << 20);
        }
    }

    #[test]
    fn csv_is_not_cut_inside_quotes() {
        let text = b"1,\"a\nb\"\n".repeat(1_000_000);
        let blocks = blocks(&text, Format::Csv);
        assert!(blocks.len() > 2);
        assert_eq!(joined(&blocks), text);
        assert!(
            blocks.iter().all(|block| matches!(block, Block::Records(b) if b.ends_with(b"b\"\n")))
        );
    }

    #[test]
    fn tells_text_from_other_files() {
        assert!(matches!(
            Framer::new(&b"PAR1\0\0"[..], Format::Json, Vec::new()).next_block(Vec::new()),
            Err(FrameError::NotText)
        ));
        assert!(matches!(
            Framer::new(&b"{\0\"\0a\0"[..], Format::Json, Vec::new()).next_block(Vec::new()),
            Err(FrameError::NotText)
        ));
        assert!(matches!(
            Framer::new(&b"a,\0\n1,2"[..], Format::Csv, Vec::new()).next_block(Vec::new()),
            Err(FrameError::NotText)
        ));
        for (text, format) in
            [(&b"\xef\xbb\xbf {\"a\":\"\0\"}"[..], Format::Json), (b"a\n\0", Format::Csv)]
        {
            assert_eq!(blocks(text, format).len(), 1, "one bad row: {}", text.escape_ascii());
        }
        assert_eq!(blocks(b"", Format::Json), vec![]);
        assert_eq!(blocks(b"\xef\xbb\xbf{}", Format::Json), vec![Block::Records(b"{}".to_vec())]);
    }
}
