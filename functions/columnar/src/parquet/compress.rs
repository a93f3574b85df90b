//! Compresses pages with zstd.

use std::io;

use zstd::bulk;

use super::strides::StrideCompressor;

const LEVEL: i32 = 1;
/// Beginning of a page of texts, on which is found out which way makes them smaller.
const SAMPLE_BYTES: usize = 16 << 10;
/// Pages below this size are not worth the sample.
const MIN_SAMPLED_BYTES: usize = 6 * SAMPLE_BYTES;

/// Compresses one page after another in the same memory.
pub(super) struct Compressor {
    general: bulk::Compressor<'static>,
    strides: StrideCompressor,
}

impl Compressor {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self { general: bulk::Compressor::new(LEVEL)?, strides: StrideCompressor::new(LEVEL)? })
    }

    pub(super) fn compress(&mut self, page: &[u8]) -> io::Result<Vec<u8>> {
        self.general.compress(page)
    }

    /// Compresses texts. Where all of them take `width` bytes, row by row if that does not make them
    /// larger: ids and hashes then take less time and less room, because zstd searches them in vain
    /// and stops for what little repeats by chance.
    pub(super) fn compress_texts(
        &mut self,
        page: &[u8],
        width: Option<usize>,
    ) -> io::Result<Vec<u8>> {
        let Some(width) = width.filter(|_| page.len() >= MIN_SAMPLED_BYTES) else {
            return self.compress(page);
        };
        let sample = &page[page.len() - SAMPLE_BYTES..];
        if self.strides.compress(sample, width)?.len() > self.general.compress(sample)?.len() {
            return self.compress(page);
        }
        self.strides.compress(page, width)
    }
}
