//! Records that are compressed one by one, so that any row of them is a valid object.

use std::io::{self, Write};

use clap::ValueEnum;
use flate2::Compression as Level;
use flate2::write::GzEncoder;

use super::PackedRecord;

/// How each record is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Compression {
    /// As text
    #[default]
    None,
    /// As a gzip member (RFC 1952)
    Gzip,
    /// As a zstd frame (RFC 8878), with its size and a checksum
    Zstd,
}

/// Of 100,000 orders (351 bytes a line, records of 999 KiB), in bytes a line and millions of lines a
/// second of one core: 83 and 0.93 at level 1, 61 and 0.56 at 2, 57 and 0.39 at 3, 53 and 0.34 at 4,
/// 50 and 0.25 at 6. Beyond 4 the bytes hardly shrink; who wants both fewer and faster takes zstd.
const GZIP_LEVEL: u32 = 4;
/// The same: 72 and 1.53 at level -1, 51 and 1.28 at 1, 51 and 0.64 at 3, 49 and 0.25 at 5. A context
/// that is used again makes no difference at records of this size.
const ZSTD_LEVEL: i32 = 1;

/// The most bytes that compressing adds to a record: to one that cannot be compressed. Stored, gzip
/// adds 18 bytes and 5 for each of at most 64 KiB (RFC 1951, section 3.2.4), zstd at most 18 and 3
/// for each 128 KiB (RFC 8878, section 3.1.1): less than this for all that fits into a record.
/// Level 1 of gzip adds up to an eighth: it does not look whether storing would be shorter.
pub(super) const MOST_ADDED_BYTES: usize = 1_024;

impl Compression {
    /// Compresses the records of a batch, on a thread where that may take its time: a record takes
    /// some milliseconds.
    ///
    /// # Errors
    /// As for [`Self::compress`].
    pub(crate) async fn compress_all(
        self,
        batch: Vec<PackedRecord>,
    ) -> io::Result<Vec<PackedRecord>> {
        if self == Self::None {
            return Ok(batch);
        }
        let compress = move |record: PackedRecord| {
            let bytes = self.compress(&record.bytes)?.into();
            Ok(PackedRecord { bytes, ..record })
        };
        tokio::task::spawn_blocking(move || batch.into_iter().map(compress).collect()).await?
    }

    /// A record of these lines that is decompressed by itself, and in a row with others.
    ///
    /// # Errors
    /// The memory for it cannot be had.
    pub(crate) fn compress(self, lines: &[u8]) -> io::Result<Vec<u8>> {
        match self {
            Self::None => Ok(lines.to_vec()),
            Self::Gzip => {
                let room = Vec::with_capacity(lines.len() / 2 + MOST_ADDED_BYTES);
                let mut encoder = GzEncoder::new(room, Level::new(GZIP_LEVEL));
                encoder.write_all(lines)?;
                encoder.finish()
            }
            Self::Zstd => {
                let mut compressor = zstd::bulk::Compressor::new(ZSTD_LEVEL)?;
                compressor.include_checksum(true)?;
                compressor.compress(lines)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::read::MultiGzDecoder;
    use proptest::prelude::*;
    use std::io::Read;

    /// Text as compressible as its alphabet is small; 256 makes it random bytes.
    fn bytes(length: usize, alphabet: u16, seed: u64) -> Vec<u8> {
        let mut state = seed | 1;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            ((state >> 24) % u64::from(alphabet)) as u8
        };
        (0..length).map(|_| next()).collect()
    }

    fn decompress(compression: Compression, records: &[u8]) -> Vec<u8> {
        let mut text = Vec::new();
        match compression {
            Compression::None => text.extend_from_slice(records),
            Compression::Gzip => {
                MultiGzDecoder::new(records).read_to_end(&mut text).map(drop).unwrap();
            }
            Compression::Zstd => text = zstd::decode_all(records).unwrap(),
        }
        text
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(8))]
        #[test]
        fn records_in_a_row_are_their_lines_and_never_grow_by_more_than_is_said(
            lengths in proptest::collection::vec(0usize..=1_000 * 1_024, 1..3),
            alphabet in prop_oneof![Just(256u16), 2u16..=256],
            seed: u64,
        ) {
            for compression in [Compression::None, Compression::Gzip, Compression::Zstd] {
                let (mut row, mut text) = (Vec::new(), Vec::new());
                for &length in &lengths {
                    let lines = bytes(length, alphabet, seed);
                    let record = compression.compress(&lines).unwrap();
                    prop_assert!(record.len() <= length + MOST_ADDED_BYTES, "{compression:?}");
                    row.extend_from_slice(&record);
                    text.extend_from_slice(&lines);
                }
                prop_assert!(decompress(compression, &row) == text, "{compression:?}");
            }
        }
    }

    #[test]
    fn zstd_frames_have_their_size_and_a_checksum() {
        let frame = Compression::Zstd.compress(&[b'x'; 100_000]).unwrap();
        let size = zstd::zstd_safe::get_frame_content_size(&frame);
        assert_eq!(size.ok().flatten(), Some(100_000));
        // The Content_Checksum_flag of the frame header descriptor.
        assert_eq!(frame[4] & 4, 4);
    }
}
