//! Removes rows from a Parquet file that the transform wrote.

use std::collections::BTreeSet;

use crate::columns::Value;
use crate::layout::SOURCE_LINE;
use crate::parquet::{Encoder, FileReader, FileWriter, ParquetError, ReadError};

/// Rows could not be removed from a file.
#[derive(Debug, thiserror::Error)]
pub enum RemoveError {
    /// The file cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The file cannot be written again.
    #[error(transparent)]
    Write(#[from] ParquetError),
}

/// A Parquet file without some of its rows.
#[derive(Debug, PartialEq, Eq)]
pub struct Remainder {
    /// The file, in the same order, with the same columns, encodings and statistics.
    pub file: Vec<u8>,
    /// Rows in it.
    pub rows_left: u64,
    /// Rows that were there before and are not now.
    pub rows_removed: u64,
}

/// Writes a processing or processed file again without the rows of these lines of its landing
/// object. Columns are those of the file, whatever the contract says now. Row groups without such
/// rows are copied as they are; nothing of a removed row is left in dictionaries or statistics.
///
/// # Errors
/// [`RemoveError::Read`] when the transform has not written the file.
pub fn remove_lines(file: &[u8], lines: &BTreeSet<i64>) -> Result<Remainder, RemoveError> {
    let reader = FileReader::new(file)?;
    let named = |name: &str| reader.columns.iter().position(|column| column.name == name);
    let line_at =
        named(SOURCE_LINE).ok_or_else(|| ReadError::Foreign { column: SOURCE_LINE.to_owned() })?;
    let mut writer = FileWriter::new(Vec::new(), &reader.columns)?;
    let mut encoder = Encoder::default();
    let (mut rows_left, mut rows_removed) = (0, 0);
    for group in 0..reader.row_groups() {
        let source_lines = reader.column(group, line_at, None)?;
        let is_kept = |row| match source_lines.value(row) {
            Value::Number(line) => !i64::try_from(line).is_ok_and(|line| lines.contains(&line)),
            _ => true,
        };
        let keep: Vec<bool> = (0..source_lines.len()).map(is_kept).collect();
        let kept = keep.iter().filter(|keep| **keep).count();
        rows_left += kept as u64;
        rows_removed += (keep.len() - kept) as u64;
        if kept == 0 {
            continue;
        }
        let chunks = (0..reader.columns.len()).map(|at| {
            if kept == keep.len() {
                return Ok(reader.chunk(group, at)?);
            }
            let column = reader.column(group, at, Some(&keep))?;
            Ok(encoder.encode_chunk(&reader.columns[at], &column)?)
        });
        let chunks = chunks.collect::<Result<Vec<_>, RemoveError>>()?;
        writer.write_row_group(&chunks.iter().collect::<Vec<_>>())?;
    }
    Ok(Remainder { file: writer.finish()?, rows_left, rows_removed })
}
