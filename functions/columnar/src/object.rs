//! What goes into the transform of one object and what comes out.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Duration;

use contract::Decimal;

use crate::aggregate::SumOverflow;
use crate::decode::framing::FrameError;
use crate::parquet::ParquetError;

/// What is known of a landing object besides its bytes.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// The object as `s3://bucket/key`: the lineage column `_source_object`.
    pub object: &'a str,
    /// Its key; an ending `.csv`, `.json`, `.jsonl` or `.ndjson` (before `.gz` or `.zst`) goes
    /// before the contract's format.
    pub key: &'a str,
    /// The AWS region it is in, or `local` for a file: the lineage column `_source_region`.
    pub region: &'a str,
    /// When it landed, in microseconds since the epoch: the lineage column `_landed_at`.
    pub landed_at_micros: i64,
}

/// One kind of file that an object becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// Cleaned rows.
    Processing,
    /// Enriched rows.
    Processed,
    /// An aggregate, by its position in [`Dataset::aggregates`].
    Aggregate(usize),
    /// Rejected records.
    Quarantine,
}

/// Where files are written.
pub trait Outputs: Sync {
    /// A file being written.
    type File: Write + Send;

    /// Opens a file: at most once an output, and only when it has a row.
    ///
    /// # Errors
    /// Any; it becomes [`ObjectError::Open`].
    fn create(&self, output: Output) -> io::Result<Self::File>;
}

/// A file with everything written to it; the caller makes it visible.
#[derive(Debug)]
pub struct Written<F> {
    /// What it is.
    pub output: Output,
    /// Rows in it.
    pub rows: u64,
    /// Bytes written to it.
    pub bytes: u64,
    /// The file, flushed.
    pub file: F,
}

/// The account of an object: `rows_read = rows_accepted + sum of rejected_by_rule`.
#[derive(Debug)]
pub struct Report<F> {
    /// Records read; blank lines and a CSV header are none.
    pub rows_read: u64,
    /// Records that obey the contract.
    pub rows_accepted: u64,
    /// Rejected records, each counted under the one rule its quarantine line names.
    pub rejected_by_rule: BTreeMap<&'static str, u64>,
    /// Bytes of the object as stored.
    pub bytes_read: u64,
    /// Bytes of its text.
    pub bytes_decompressed: u64,
    /// How long the pipeline waited for those bytes. It may have computed meanwhile.
    pub read_wait: Duration,
    /// The sum measures of the aggregates, in the order of the contract.
    pub measures: Vec<MeasureTotal>,
    /// The files, in the order processing, processed, aggregates, quarantine; without empty ones.
    pub written: Vec<Written<F>>,
}

/// A sum measure of an aggregate over a whole object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeasureTotal {
    /// Name of the measure.
    pub name: String,
    /// The exact sum.
    pub total: Decimal,
    /// Rows that went into it.
    pub rows: u64,
}

/// An object that cannot be transformed as a whole. The caller knows its name.
#[derive(Debug, thiserror::Error)]
pub enum ObjectError {
    /// It cannot be read to its end, or not be decompressed.
    #[error("reading or decompressing the object")]
    Read(#[source] io::Error),
    /// It has a NUL byte early on, which text never has.
    #[error("the object is not text")]
    NotText,
    /// The header line of CSV is malformed.
    #[error("CSV header: {0}")]
    Header(String),
    /// A sum does not fit.
    #[error(transparent)]
    Sum(#[from] SumOverflow),
    /// Parquet cannot be encoded or written.
    #[error(transparent)]
    Parquet(#[from] ParquetError),
    /// A file cannot be opened.
    #[error("opening {output:?}")]
    Open {
        /// The file.
        output: Output,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The quarantine cannot be written.
    #[error("writing the quarantine")]
    Quarantine(#[source] io::Error),
    /// A stage stopped without a result: it panicked.
    #[error("a stage of the transform stopped")]
    Stopped,
}

impl From<FrameError> for ObjectError {
    fn from(error: FrameError) -> Self {
        match error {
            FrameError::Read(source) => Self::Read(source),
            FrameError::NotText => Self::NotText,
        }
    }
}
