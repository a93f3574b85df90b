//! The encoded form of a row group.

use crate::columns::Column;
use crate::layout::Layout;
use crate::object::Source;
use crate::parquet::{ColumnChunk, Encoder, ParquetError};

/// The chunks of one row group.
#[derive(Debug)]
pub(crate) struct EncodedRowGroup {
    /// One a stored column.
    pub(crate) stored: Vec<ColumnChunk>,
    pub(crate) constants: Vec<ColumnChunk>,
    pub(crate) rows: u64,
}

impl EncodedRowGroup {
    /// Encodes `rows` rows; `columns` are the stored ones.
    pub(crate) fn new(
        encoder: &mut Encoder,
        layout: &Layout,
        source: &Source<'_>,
        columns: &[&Column],
        rows: usize,
    ) -> Result<Self, ParquetError> {
        let chunks = layout.stored.iter().zip(columns);
        Ok(Self {
            stored: chunks
                .map(|(spec, column)| encoder.encode_chunk(spec, column))
                .collect::<Result<_, _>>()?,
            constants: layout.encode_constants(encoder, source, rows)?,
            rows: rows as u64,
        })
    }
}
