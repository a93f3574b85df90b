//! Lines into Firehose records, records into batches.
//!
//! Firehose bills every record rounded up to 5 KB, so many lines share a record. It concatenates
//! records without a separator, so every line brings its newline.

use bytes::Bytes;

use super::compress::{Compression, MOST_ADDED_BYTES};

/// How large records and batches may become.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// A record is closed before it grows beyond this, unless a single line does.
    pub(crate) record_bytes: usize,
    /// The longest record, and so the longest line, that is accepted.
    pub(crate) max_record_bytes: usize,
    /// The most records in a batch.
    pub(crate) batch_records: usize,
    /// The most bytes in a batch.
    pub(crate) batch_bytes: usize,
}

/// The longest record that a stream takes.
const MAX_RECORD_BYTES: usize = 1_000 * 1_024;

impl Limits {
    /// The limits of `PutRecordBatch` for lines that are compressed after they were packed.
    ///
    /// The service takes 1,000 KiB a record, 500 records and 4 MiB a call. Its documentation leaves
    /// open whether a call is measured before or after base64, so a batch is 4 MiB with base64 and
    /// everything else in the request. Plain records of 250 KiB lose at most two per cent to
    /// rounding, and a dozen of them fill a batch. Lines that are compressed fill a record to where
    /// it still fits if they turn out not to be compressible.
    pub(crate) const fn of(compression: Compression) -> Self {
        let (record_bytes, max_record_bytes) = match compression {
            Compression::None => (250 * 1_024, MAX_RECORD_BYTES),
            Compression::Gzip | Compression::Zstd => {
                (MAX_RECORD_BYTES - MOST_ADDED_BYTES, MAX_RECORD_BYTES - MOST_ADDED_BYTES)
            }
        };
        Self { record_bytes, max_record_bytes, batch_records: 500, batch_bytes: 3_000 * 1_024 }
    }
}

/// Whole lines that travel as one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PackedRecord {
    pub(crate) bytes: Bytes,
    pub(crate) lines: u64,
}

/// A line that no record can hold, by its length in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LineTooLong(pub(crate) usize);

/// Collects lines until they fill a batch. Nothing is reordered, split or left out.
#[derive(Debug)]
pub(crate) struct Packer {
    limits: Limits,
    closed: Vec<PackedRecord>,
    open: Vec<u8>,
    open_lines: u64,
    bytes: usize,
}

impl Packer {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, closed: Vec::new(), open: Vec::new(), open_lines: 0, bytes: 0 }
    }

    /// Adds a line; returns the batch before it when the line does not fit into that any more.
    ///
    /// # Errors
    /// The line is longer than a record may be. It is not added.
    pub(crate) fn push(&mut self, line: &[u8]) -> Result<Option<Vec<PackedRecord>>, LineTooLong> {
        if line.len() > self.limits.max_record_bytes {
            return Err(LineTooLong(line.len()));
        }
        let next_record =
            !self.open.is_empty() && self.open.len() + line.len() > self.limits.record_bytes;
        let last_record = self.closed.len() + 1 >= self.limits.batch_records;
        let full = self.bytes + line.len() > self.limits.batch_bytes;
        let batch = if full || (next_record && last_record) {
            self.flush()
        } else {
            if next_record {
                self.close_record();
            }
            None
        };
        self.open.extend_from_slice(line);
        self.open_lines += 1;
        self.bytes += line.len();
        Ok(batch)
    }

    /// The lines not yet in a batch, if any, as a batch.
    pub(crate) fn flush(&mut self) -> Option<Vec<PackedRecord>> {
        self.close_record();
        self.bytes = 0;
        let batch = std::mem::take(&mut self.closed);
        (!batch.is_empty()).then_some(batch)
    }

    fn close_record(&mut self) {
        if self.open_lines > 0 {
            let bytes = std::mem::take(&mut self.open).into();
            self.closed.push(PackedRecord { bytes, lines: std::mem::take(&mut self.open_lines) });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand::{RngExt, SeedableRng};

    fn pack(limits: Limits, lines: &[Vec<u8>]) -> Vec<Vec<PackedRecord>> {
        let mut packer = Packer::new(limits);
        let mut batches: Vec<_> =
            lines.iter().filter_map(|line| packer.push(line).unwrap()).collect();
        batches.extend(packer.flush());
        batches
    }

    proptest! {
        #[test]
        fn batches_obey_the_limits_and_hold_every_line_in_order(
            lengths in proptest::collection::vec(1usize..=60, 0..200),
            record_bytes in 1usize..=60,
            batch_records in 1usize..6,
            batch_bytes in 60usize..200,
        ) {
            let limits = Limits { record_bytes, max_record_bytes: 60, batch_records, batch_bytes };
            let lines: Vec<Vec<u8>> =
                lengths.iter().enumerate().map(|(i, &len)| vec![i as u8; len]).collect();
            let batches = pack(limits, &lines);
            for batch in &batches {
                prop_assert!((1..=batch_records).contains(&batch.len()));
                prop_assert!(batch.iter().map(|record| record.bytes.len()).sum::<usize>() <= batch_bytes);
                for record in batch {
                    prop_assert!(record.bytes.len() <= record_bytes || record.lines == 1);
                    prop_assert!(record.lines > 0);
                }
            }
            let records: Vec<_> = batches.into_iter().flatten().collect();
            let joined: Vec<u8> = records.iter().flat_map(|record| record.bytes.to_vec()).collect();
            prop_assert_eq!(joined, lines.concat());
            prop_assert_eq!(records.iter().map(|r| r.lines).sum::<u64>(), lines.len() as u64);
        }
    }

    #[test]
    fn small_lines_share_records_up_to_the_useful_size() {
        let batches = pack(Limits::of(Compression::None), &vec![vec![b'x'; 300]; 10_000]);
        let sizes: Vec<Vec<usize>> = batches
            .iter()
            .map(|batch| batch.iter().map(|record| record.bytes.len()).collect())
            .collect();
        assert_eq!(sizes, [vec![255_900; 11].into_iter().chain([185_100]).collect::<Vec<_>>()]);
    }

    #[test]
    fn a_line_longer_than_a_record_is_refused() {
        for (compression, longest) in
            [(Compression::None, 1_024_000), (Compression::Gzip, 1_022_976)]
        {
            let mut packer = Packer::new(Limits::of(compression));
            assert_eq!(packer.push(&vec![b'x'; longest + 1]), Err(LineTooLong(longest + 1)));
            assert_eq!(packer.push(&vec![b'x'; longest]), Ok(None));
        }
    }

    #[test]
    fn what_cannot_be_compressed_fits_into_records_and_calls_all_the_same() {
        let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(1);
        for compression in [Compression::None, Compression::Gzip, Compression::Zstd] {
            let limits = Limits::of(compression);
            let mut line = || {
                let mut line = vec![0; random.random_range(1..=limits.max_record_bytes)];
                random.fill(&mut line[..]);
                line
            };
            let lines: Vec<_> = (0..12).map(|_| line()).collect();
            for batch in pack(limits, &lines) {
                let sizes: Vec<_> = batch
                    .iter()
                    .map(|record| compression.compress(&record.bytes).unwrap().len())
                    .collect();
                assert!(sizes.iter().all(|&bytes| bytes <= MAX_RECORD_BYTES), "{sizes:?}");
                let base64 = sizes.iter().map(|bytes| bytes.div_ceil(3) * 4);
                assert!(base64.sum::<usize>() + 1_024 * sizes.len() <= 4 << 20, "{sizes:?}");
            }
        }
    }
}
