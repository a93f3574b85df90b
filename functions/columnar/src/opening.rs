//! The start of an object: how it is compressed and encoded, and the header line of CSV.

use std::io::Read;

use contract::{Dataset, Format};

use crate::decode::csv::{self, Header};
use crate::decode::decompress::Decompress;
use crate::decode::framing::{Block, Framer};
use crate::object::ObjectError;
use crate::plan::Plan;

/// An object whose first block has been read.
pub(crate) struct Opening<R: Read> {
    /// Yields the blocks after the first.
    pub(crate) framer: Framer<Decompress<R>>,
    /// The first block without the header; `None` for an empty object.
    pub(crate) first: Option<Block>,
    /// The header line of CSV, without its line end.
    pub(crate) header: Option<Vec<u8>>,
    /// Lines that went with the header.
    pub(crate) lines: i64,
}

impl<R: Read> Opening<R> {
    /// Reads into the memory of `buffer`, and what follows the first block into that of `spare`.
    pub(crate) fn read(
        input: R,
        format: Format,
        buffer: Vec<u8>,
        spare: Vec<u8>,
    ) -> Result<Self, ObjectError> {
        let mut framer = Framer::new(Decompress::new(input), format, buffer);
        let mut first = framer.next_block(spare)?;
        let (header, lines) = match (format, &mut first) {
            (Format::Csv, Some(Block::Records(text))) => {
                let (header, lines) = take_header(text);
                (Some(header), lines)
            }
            (Format::Csv, Some(Block::Oversized { .. })) => {
                return Err(ObjectError::Header("longer than a record may be".to_owned()));
            }
            _ => (None, 0),
        };
        Ok(Self { framer, first, header, lines })
    }
}

/// Cuts the header line off the text; also returns how many lines went with it.
fn take_header(text: &mut Vec<u8>) -> (Vec<u8>, i64) {
    let start = text.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(text.len());
    let end = start + csv::first_record_end(&text[start..]);
    let header = text[start..end].trim_ascii_end().to_vec();
    let end = (end + 1).min(text.len());
    let lines = memchr::memchr_iter(b'\n', &text[..end]).count();
    text.drain(..end);
    (header, lines as i64)
}

impl Plan {
    /// Reads a header line of CSV.
    pub(crate) fn header(&self, line: &[u8]) -> Result<Header, ObjectError> {
        Header::parse(line, &self.csv, |name| self.names.column(name))
            .map_err(|error| ObjectError::Header(error.to_string()))
    }
}

/// How a landing object with this key is encoded: as the ending of the key says, and else as the
/// contract does.
pub fn format_of(dataset: &Dataset, key: &str) -> Format {
    let key = key.strip_suffix(".gz").or(key.strip_suffix(".zst")).unwrap_or(key);
    match key.rsplit_once('.').map(|(_, ending)| ending) {
        Some("csv") => Format::Csv,
        Some("json" | "jsonl" | "ndjson") => Format::Json,
        _ => dataset.format,
    }
}

/// The header line of a CSV object as it was delivered, without its line end; empty for an empty
/// object.
///
/// # Errors
/// [`ObjectError`] when the object cannot be read, or is not text.
pub fn read_header(input: impl Read) -> Result<Vec<u8>, ObjectError> {
    let opened = Opening::read(input, Format::Csv, Vec::new(), Vec::new())?;
    Ok(opened.header.unwrap_or_default())
}

/// The text of an object: gzip members and zstd frames decompressed, and text as it is. Reading fails
/// where the object is damaged or cut off.
pub fn decompress(input: impl Read) -> impl Read {
    Decompress::new(input)
}
