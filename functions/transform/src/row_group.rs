//! Collects decoded rows until there are enough for a row group, and encodes them.

use crate::columns::{Column, Values};
use crate::layout::Layout;
use crate::object::Source;
use crate::parquet::{ColumnChunk, ParquetError, encode_chunk};

/// A row group is closed when it has this many rows, or came from this many bytes: what memory
/// depends on, however long the object and its records are.
const FULL_ROWS: usize = 100_000;
const FULL_INPUT_BYTES: usize = 32 << 20;

/// Rows on their way to a row group.
#[derive(Debug)]
pub(crate) struct RowGroup {
    /// The stored columns but the last, `_source_line`.
    columns: Vec<Column>,
    lines: Vec<i64>,
    input_bytes: usize,
}

/// The chunks of one row group.
#[derive(Debug)]
pub(crate) struct EncodedRowGroup {
    pub(crate) stored: Vec<ColumnChunk>,
    pub(crate) constants: Vec<ColumnChunk>,
    pub(crate) rows: u64,
}

impl RowGroup {
    pub(crate) fn new(layout: &Layout) -> Self {
        let values = &layout.stored[..layout.stored.len() - 1];
        Self {
            columns: values.iter().map(|column| Column::new(column.data_type)).collect(),
            lines: Vec::new(),
            input_bytes: 0,
        }
    }

    /// Appends rows; `lines` count from 1, after the `lines_before` of earlier blocks.
    pub(crate) fn append(
        &mut self,
        columns: &[Column],
        lines: &[i64],
        lines_before: i64,
        input_bytes: usize,
    ) {
        for (column, more) in self.columns.iter_mut().zip(columns) {
            column.append(more);
        }
        self.lines.extend(lines.iter().map(|line| line + lines_before));
        self.input_bytes += input_bytes;
    }

    pub(crate) fn is_full(&self) -> bool {
        self.lines.len() >= FULL_ROWS || self.input_bytes >= FULL_INPUT_BYTES
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    pub(crate) fn encode(
        self,
        layout: &Layout,
        source: &Source<'_>,
    ) -> Result<EncodedRowGroup, ParquetError> {
        let rows = self.lines.len();
        let lines = Column::from_values(Values::Int64(self.lines));
        let columns = layout.stored.iter().zip(self.columns.into_iter().chain([lines]));
        Ok(EncodedRowGroup {
            stored: columns
                .map(|(spec, column)| encode_chunk(spec, column))
                .collect::<Result<_, _>>()?,
            constants: layout.encode_constants(source, rows)?,
            rows: rows as u64,
        })
    }
}
