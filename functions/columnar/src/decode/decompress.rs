//! Decompresses a landing object by what it consists of, whatever its name says.
//!
//! Firehose joins what producers send. So an object is a row of gzip members (RFC 1952, section
//! 2.2), zstd frames (RFC 8878, section 3) and text, in any order: a compressed part may follow
//! whatever ends a line, and text may follow a compressed part. No byte is skipped: where something
//! else follows a compressed part, the object is unreadable.

use std::io::{self, Read};

use flate2::FlushDecompress;
use memchr::memmem;
use zstd::stream::raw::{self, Operation};

const BUFFER_BYTES: usize = 256 << 10;
/// The longest of the [`Codec`]s' magic numbers.
const MAGIC_BYTES: usize = 4;
/// How each codec begins where a line does. Neither is text: a byte of UTF-8 is missing before the
/// second byte of both.
const GZIP_AT_LINE: &[u8] = b"\n\x1f\x8b\x08";
const ZSTD_AT_LINE: &[u8] = b"\n\x28\xb5\x2f\xfd";
/// The window of gzip, as a power of two.
const GZIP_WINDOW_BITS: u8 = 15;

/// The decompressed bytes of an object.
pub(crate) struct Decompress<R> {
    input: Input<R>,
    part: Part,
    /// Whether a compressed part was read.
    was_compressed: bool,
}

/// What is being read.
enum Part {
    /// The beginning of a part, or the end of the object.
    Boundary,
    /// Text, and whether a line begins here.
    Text {
        at_line: bool,
    },
    Gzip(Box<flate2::Decompress>),
    Zstd(raw::Decoder<'static>),
}

/// How a part is compressed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Codec {
    Gzip,
    Zstd,
}

impl<R: Read> Decompress<R> {
    pub(crate) fn new(reader: R) -> Self {
        let input = Input { reader, buffer: vec![0; BUFFER_BYTES], start: 0, end: 0 };
        Self { input, part: Part::Boundary, was_compressed: false }
    }

    /// Begins the next part; false at the end of the object.
    fn begin_part(&mut self) -> io::Result<bool> {
        let head = self.input.head(MAGIC_BYTES)?;
        if head.is_empty() {
            return Ok(false);
        }
        // Only behind a part are frames skipped: text is not searched for their beginnings.
        let skipped = (self.was_compressed && is_skippable(head)).then_some(Codec::Zstd);
        self.part = match codec(head).or(skipped) {
            Some(Codec::Gzip) => {
                Part::Gzip(Box::new(flate2::Decompress::new_gzip(GZIP_WINDOW_BITS)))
            }
            Some(Codec::Zstd) => Part::Zstd(raw::Decoder::new()?),
            None if self.was_compressed && !begins_like_text(head) => {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "neither text nor gzip nor zstd follows a compressed part",
                ));
            }
            None => Part::Text { at_line: false },
        };
        self.was_compressed |= !matches!(self.part, Part::Text { .. });
        Ok(true)
    }
}

impl<R: Read> Read for Decompress<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            if matches!(self.part, Part::Boundary) && !self.begin_part()? {
                return Ok(0);
            }
            let (read, has_ended) = match &mut self.part {
                Part::Boundary => continue,
                Part::Text { at_line } => read_text(&mut self.input, at_line, buffer)?,
                Part::Gzip(decoder) => read_gzip(&mut self.input, decoder, buffer)?,
                Part::Zstd(decoder) => read_zstd(&mut self.input, decoder, buffer)?,
            };
            if has_ended {
                self.part = Part::Boundary;
            }
            if read > 0 {
                return Ok(read);
            }
        }
    }
}

/// Reads text; returns how much, and whether it has ended.
fn read_text<R: Read>(
    input: &mut Input<R>,
    at_line: &mut bool,
    buffer: &mut [u8],
) -> io::Result<(usize, bool)> {
    if *at_line && codec(input.head(MAGIC_BYTES)?).is_some() {
        return Ok((0, true));
    }
    let read = input.read(buffer)?;
    let end = text_end(&buffer[..read]);
    input.put_back(&buffer[end..read]);
    *at_line = buffer[..end].last() == Some(&b'\n');
    Ok((end, read == 0))
}

/// Where a compressed part begins, or may begin with the last few bytes; else the end of `bytes`.
fn text_end(bytes: &[u8]) -> usize {
    let parts = [GZIP_AT_LINE, ZSTD_AT_LINE];
    if let Some(line_end) = parts.iter().filter_map(|part| memmem::find(bytes, part)).min() {
        return line_end + 1;
    }
    let last = bytes.len().saturating_sub(MAGIC_BYTES);
    memchr::memrchr(b'\n', &bytes[last..]).map_or(bytes.len(), |at| last + at + 1)
}

/// Reads from a gzip member; returns how much, and whether it has ended.
fn read_gzip<R: Read>(
    input: &mut Input<R>,
    decoder: &mut flate2::Decompress,
    buffer: &mut [u8],
) -> io::Result<(usize, bool)> {
    let (taken_before, read_before) = (decoder.total_in(), decoder.total_out());
    let status = decoder.decompress(input.head(1)?, buffer, FlushDecompress::None)?;
    let taken = (decoder.total_in() - taken_before) as usize;
    let read = (decoder.total_out() - read_before) as usize;
    input.take(taken);
    match status {
        flate2::Status::StreamEnd => Ok((read, true)),
        _ if taken == 0 && read == 0 => Err(cut_off("gzip member")),
        _ => Ok((read, false)),
    }
}

/// Reads from a zstd frame; returns how much, and whether it has ended.
fn read_zstd<R: Read>(
    input: &mut Input<R>,
    decoder: &mut raw::Decoder<'static>,
    buffer: &mut [u8],
) -> io::Result<(usize, bool)> {
    let status = decoder.run_on_buffers(input.head(1)?, buffer)?;
    let (taken, read) = (status.bytes_read, status.bytes_written);
    input.take(taken);
    match status.remaining {
        0 => Ok((read, true)),
        _ if taken == 0 && read == 0 => Err(cut_off("zstd frame")),
        _ => Ok((read, false)),
    }
}

fn cut_off(part: &str) -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, format!("the {part} is cut off"))
}

fn codec(head: &[u8]) -> Option<Codec> {
    if head.starts_with(&GZIP_AT_LINE[1..]) {
        Some(Codec::Gzip)
    } else if head.starts_with(&ZSTD_AT_LINE[1..]) {
        Some(Codec::Zstd)
    } else {
        None
    }
}

/// Whether a frame without content begins here (RFC 8878, section 3.1.2).
fn is_skippable(head: &[u8]) -> bool {
    matches!(head, [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..])
}

/// Tells text from a damaged magic number, by a few bytes of a line that may end within a character.
fn begins_like_text(head: &[u8]) -> bool {
    let head = &head[..head.len().min(MAGIC_BYTES)];
    let head = head.split_inclusive(|byte| *byte == b'\n').next().unwrap_or_default();
    let is_utf8 = str::from_utf8(head).map_or_else(|error| error.error_len().is_none(), |_| true);
    is_utf8 && head.iter().all(|byte| !byte.is_ascii_control() || byte.is_ascii_whitespace())
}

/// Bytes that can be looked at before they are taken.
struct Input<R> {
    reader: R,
    /// What was read and not yet taken is from `start` to `end`.
    buffer: Vec<u8>,
    start: usize,
    end: usize,
}

impl<R: Read> Input<R> {
    /// What comes next: at least `bytes`, if there are so many.
    fn head(&mut self, bytes: usize) -> io::Result<&[u8]> {
        while self.end - self.start < bytes {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
            let read = self.reader.read(&mut self.buffer[self.end..])?;
            if read == 0 {
                break;
            }
            self.end += read;
        }
        Ok(&self.buffer[self.start..self.end])
    }

    fn take(&mut self, bytes: usize) {
        self.start += bytes;
    }

    /// Takes what comes next, at most as much as can be put back.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let room = buffer.len().min(self.buffer.len());
        if self.start == self.end {
            return self.reader.read(&mut buffer[..room]);
        }
        let read = room.min(self.end - self.start);
        buffer[..read].copy_from_slice(&self.buffer[self.start..self.start + read]);
        self.take(read);
        Ok(read)
    }

    /// Makes what was just taken come next again.
    fn put_back(&mut self, bytes: &[u8]) {
        if self.start == self.end {
            (self.start, self.end) = (0, bytes.len());
            self.buffer[..bytes.len()].copy_from_slice(bytes);
        } else {
            self.start -= bytes.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use proptest::prelude::*;
    use std::io::Write;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text).expect("memory");
        encoder.finish().expect("memory")
    }

    fn zstd(text: &[u8]) -> Vec<u8> {
        zstd::encode_all(text, 1).expect("memory")
    }

    fn read(bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut text = Vec::new();
        Decompress::new(bytes).read_to_end(&mut text)?;
        Ok(text)
    }

    /// A reader that yields a few bytes at a time.
    struct Sips<'a>(&'a [u8], usize);

    impl Read for Sips<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let room = buffer.len().min(self.1);
            self.0.read(&mut buffer[..room])
        }
    }

    proptest! {
        #[test]
        fn parts_in_any_order_are_read_however_they_arrive(
            parts in proptest::collection::vec((0u8..3, "([a-z(µ/]{0,9}\n){0,4}"), 0..12),
            sip in 1usize..20,
            room in 1usize..20,
        ) {
            let text: String = parts.iter().map(|(_, text)| text.as_str()).collect();
            let object: Vec<u8> = parts
                .iter()
                .flat_map(|(kind, text)| match kind {
                    0 => text.as_bytes().to_vec(),
                    1 => gzip(text.as_bytes()),
                    _ => zstd(text.as_bytes()),
                })
                .collect();
            let (mut decompress, mut read) = (Decompress::new(Sips(&object, sip)), Vec::new());
            let mut buffer = vec![0; room];
            loop {
                match decompress.read(&mut buffer).expect("whole parts") {
                    0 => break,
                    bytes => read.extend_from_slice(&buffer[..bytes]),
                }
            }
            prop_assert_eq!(String::from_utf8(read).expect("text"), text);
        }
    }

    #[test]
    fn a_frame_without_content_is_skipped() {
        let skippable = b"\x5e\x2a\x4d\x18\x03\0\0\0abc";
        let object = [&zstd(b"one\n"), &skippable[..], &gzip(b"two\n"), skippable].concat();
        assert_eq!(read(&object).expect("parts"), b"one\ntwo\n");
    }

    #[test]
    fn parts_larger_than_the_buffer_are_read() {
        let text: Vec<u8> =
            (0..200_000).flat_map(|line| format!("{line}\n").into_bytes()).collect();
        let object = [&text[..], &gzip(&text), &zstd(&text), &text].concat();
        assert!(read(&object).expect("parts") == text.repeat(4));
    }

    #[test]
    fn a_truncated_or_damaged_object_is_an_error() {
        let text: Vec<u8> = (0..10_000_u32).flat_map(u32::to_le_bytes).collect();
        for whole in [gzip(&text), zstd(&text)] {
            for cut in [5, 9, whole.len() / 2, whole.len() - 1] {
                assert!(read(&whole[..cut]).is_err(), "cut to {cut}");
            }
        }
        let mut damaged = gzip(&text);
        let last = damaged.len() - 6;
        damaged[last] ^= 1;
        assert!(read(&damaged).is_err(), "the checksum differs");
    }

    #[test]
    fn a_part_whose_beginning_is_damaged_is_not_text() {
        for next in [gzip(b"two\n"), zstd(b"two\n")] {
            for at in 0..3 {
                let mut object = [gzip(b"one\n"), next.clone()].concat();
                let begin = object.len() - next.len();
                object[begin + at] ^= 1;
                assert!(read(&object).is_err(), "byte {at}");
            }
        }
    }

    #[test]
    fn bytes_within_a_line_begin_no_part() {
        let line = [b"{\"a\":\"".to_vec(), gzip(b"x"), zstd(b"y"), b"\"}\n".to_vec()].concat();
        assert_eq!(read(&line).expect("text"), line);
    }
}
