//! The bytes of a file by position, whether it is as it was written or compressed after a rotation.

use super::identity::{BEFORE_BYTES, Place};
use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek};
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;

/// Where the bytes of a followed file come from.
#[derive(Debug)]
pub(crate) enum Content {
    File(File),
    /// The text of a rotated file that was compressed.
    Gzip(Box<GzipText>),
    /// Not known yet, or not there any more.
    Missing,
}

impl Content {
    /// Fills the buffer from this position on; fewer bytes than it holds mean the end of the file.
    ///
    /// # Errors
    /// The file cannot be read, or a position before one that was read already is asked of gzip.
    pub(crate) fn read_at(&mut self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        match self {
            Self::File(file) => read_file_at(file, buffer, offset),
            Self::Gzip(text) => text.read_at(buffer, offset),
            Self::Missing => Err(io::ErrorKind::NotFound.into()),
        }
    }

    /// Reads the first `bytes` once more, from the first byte on.
    ///
    /// # Errors
    /// The file cannot be opened again.
    pub(crate) fn beginning(&self, bytes: u64) -> io::Result<Box<dyn Read>> {
        let again = |file: &File| File::open(format!("/proc/self/fd/{}", file.as_raw_fd()));
        Ok(match self {
            _ if bytes == 0 => Box::new(io::empty()),
            Self::File(file) => Box::new(again(file)?.take(bytes)),
            Self::Gzip(text) => {
                let file = again(text.decoder.get_ref().get_ref())?;
                Box::new(MultiGzDecoder::new(BufReader::new(file)).take(bytes))
            }
            Self::Missing => return Err(io::ErrorKind::NotFound.into()),
        })
    }

    /// The place at an offset that was reached already.
    ///
    /// # Errors
    /// What stands before it cannot be read.
    pub(crate) fn place_at(&mut self, offset: u64) -> io::Result<Place> {
        let mut before = [0; BEFORE_BYTES];
        let length = usize::try_from(offset).unwrap_or(BEFORE_BYTES).min(BEFORE_BYTES);
        let read = self.read_at(&mut before[..length], offset - length as u64)?;
        Ok(Place::behind(offset, &before[..read]))
    }

    /// Reads up to `bytes` that follow a place, behind the bytes that stood before it, which the
    /// buffer then begins with. The number of bytes that follow, or `None` when something else
    /// stands before the place.
    pub(crate) fn read_behind(
        &mut self,
        place: &Place,
        bytes: usize,
        buffer: &mut Vec<u8>,
    ) -> io::Result<Option<usize>> {
        let before = place.before.bytes;
        if buffer.len() < before + bytes {
            buffer.resize(before + bytes, 0);
        }
        let read = self.read_at(&mut buffer[..before + bytes], place.before_offset())?;
        let same = read >= before && place.before.begins(&buffer[..before]);
        Ok(same.then(|| read - before))
    }
}

fn read_file_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read_at(&mut buffer[filled..], offset + filled as u64) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Decompressed text, read once from its beginning to its end: positions may not go back by more
/// than [`KEPT_BYTES`].
pub(crate) struct GzipText {
    decoder: MultiGzDecoder<BufReader<File>>,
    /// Text from `window_offset` on that was decompressed.
    window: Vec<u8>,
    window_offset: u64,
}

impl std::fmt::Debug for GzipText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GzipText").field("window_offset", &self.window_offset).finish()
    }
}

const GZIP_BUFFER_BYTES: usize = 64 * 1_024;

/// As much as a record can hold, and what stood before it.
const KEPT_BYTES: u64 = 1_000 * 1_024 + BEFORE_BYTES as u64;

impl GzipText {
    /// # Errors
    /// The file cannot be read.
    pub(crate) fn open(mut file: File) -> io::Result<Self> {
        file.rewind()?;
        let decoder = MultiGzDecoder::new(BufReader::with_capacity(GZIP_BUFFER_BYTES, file));
        Ok(Self { decoder, window: Vec::new(), window_offset: 0 })
    }

    /// As [`Content::read_at`].
    pub(crate) fn read_at(&mut self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let end = offset + buffer.len() as u64;
        while self.end() < end && self.decompress()? > 0 {
            self.forget_before(offset.min(self.end()).saturating_sub(KEPT_BYTES));
        }
        let Some(start) = offset.checked_sub(self.window_offset) else {
            let message = "compressed text is read forward only";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        };
        let start = usize::try_from(start).unwrap_or(usize::MAX).min(self.window.len());
        let length = (self.window.len() - start).min(buffer.len());
        buffer[..length].copy_from_slice(&self.window[start..start + length]);
        Ok(length)
    }

    fn end(&self) -> u64 {
        self.window_offset + self.window.len() as u64
    }

    fn forget_before(&mut self, offset: u64) {
        let bytes = offset.saturating_sub(self.window_offset);
        // In large steps, since what stays is moved.
        if bytes >= KEPT_BYTES {
            let bytes = usize::try_from(bytes).unwrap_or(usize::MAX).min(self.window.len());
            self.window.drain(..bytes);
            self.window_offset += bytes as u64;
        }
    }

    fn decompress(&mut self) -> io::Result<usize> {
        let length = self.window.len();
        self.window.resize(length + GZIP_BUFFER_BYTES, 0);
        let outcome = self.decoder.read(&mut self.window[length..]);
        self.window.truncate(length + *outcome.as_ref().unwrap_or(&0));
        outcome
    }
}
