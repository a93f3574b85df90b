//! Lines into Firehose records, records into batches.
//!
//! Firehose bills every record rounded up to 5 KB, so many lines share a record. It concatenates
//! records without a separator, so every line brings its newline.

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

/// The limits of `PutRecordBatch`: 1,000 KiB a record, 500 records and 4 MiB a call. The
/// documentation leaves open whether a call is measured before or after base64, so a batch is 4 MiB
/// with base64 and everything else in the request. Records of 250 KiB lose at most two per cent to
/// rounding, and a dozen of them fill a batch.
pub(crate) const FIREHOSE: Limits = Limits {
    record_bytes: 250 * 1_024,
    max_record_bytes: 1_000 * 1_024,
    batch_records: 500,
    batch_bytes: 3_000 * 1_024,
};

/// Whole lines that travel as one record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct PackedRecord {
    pub(crate) bytes: Vec<u8>,
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
    open: PackedRecord,
    bytes: usize,
}

impl Packer {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, closed: Vec::new(), open: PackedRecord::default(), bytes: 0 }
    }

    /// Adds a line; returns the batch before it when the line does not fit into that any more.
    ///
    /// # Errors
    /// The line is longer than a record may be. It is not added.
    pub(crate) fn push(&mut self, line: &[u8]) -> Result<Option<Vec<PackedRecord>>, LineTooLong> {
        if line.len() > self.limits.max_record_bytes {
            return Err(LineTooLong(line.len()));
        }
        let next_record = !self.open.bytes.is_empty()
            && self.open.bytes.len() + line.len() > self.limits.record_bytes;
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
        self.open.bytes.extend_from_slice(line);
        self.open.lines += 1;
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
        if self.open.lines > 0 {
            self.closed.push(std::mem::take(&mut self.open));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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
            let joined: Vec<u8> = records.iter().flat_map(|record| record.bytes.clone()).collect();
            prop_assert_eq!(joined, lines.concat());
            prop_assert_eq!(records.iter().map(|r| r.lines).sum::<u64>(), lines.len() as u64);
        }
    }

    #[test]
    fn small_lines_share_records_up_to_the_useful_size() {
        let batches = pack(FIREHOSE, &vec![vec![b'x'; 300]; 10_000]);
        let sizes: Vec<Vec<usize>> = batches
            .iter()
            .map(|batch| batch.iter().map(|record| record.bytes.len()).collect())
            .collect();
        assert_eq!(sizes, [vec![255_900; 11].into_iter().chain([185_100]).collect::<Vec<_>>()]);
    }

    #[test]
    fn a_line_longer_than_a_record_is_refused() {
        let mut packer = Packer::new(FIREHOSE);
        assert_eq!(packer.push(&vec![b'x'; 1_024_001]), Err(LineTooLong(1_024_001)));
        assert_eq!(packer.push(&vec![b'x'; 1_024_000]), Ok(None));
    }
}
