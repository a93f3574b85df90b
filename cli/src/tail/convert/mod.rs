//! Makes records of the lines of a file: joins lines that belong together, and converts what is not
//! JSON by the contract. No clock and no I/O but the header of a file that is read on.
//!
//! No record is dropped: one that cannot be converted goes out as it is, so that the transform
//! rejects it and keeps its text.

mod args;
mod csv;
mod error;
mod log;
mod names;
mod object;
mod quoted;
mod raw;
mod records;
mod value;

#[cfg(test)]
mod tests;

pub(crate) use args::Args;
pub(crate) use error::Error;
pub(crate) use raw::{without_line_end, write_as_is};
pub(crate) use records::{Piece, Reading, Records};

/// The longest record with its line end, in bytes: what a record of Firehose holds.
pub(crate) const MAX_RECORD_BYTES: usize = 1_000 * 1_024;
