//! The Parquet file: row groups arrive encoded, in any order, and leave in the order of the input.

use std::collections::BTreeMap;
use std::fs::File;
use std::sync::Mutex;

use arrow_schema::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::{
    ArrowColumnChunk, ArrowColumnWriter, ArrowRowGroupWriterFactory,
};
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;

use crate::Error;

/// A Parquet file that several threads encode row groups for.
pub struct ParquetFile {
    columns: ArrowRowGroupWriterFactory,
    state: Mutex<State>,
}

struct State {
    file: SerializedFileWriter<File>,
    /// The row group that is written next.
    next: usize,
    /// Row groups that were encoded before one in front of them.
    early: BTreeMap<usize, Vec<ArrowColumnChunk>>,
}

impl ParquetFile {
    /// Starts a file compressed with zstd, level 1.
    pub fn new(file: File, schema: SchemaRef) -> Result<Self, Error> {
        let zstd = Compression::ZSTD(ZstdLevel::try_new(1)?);
        let properties = WriterProperties::builder().set_compression(zstd).build();
        let writer = ArrowWriter::try_new(file, schema, Some(properties))?;
        let (file, columns) = writer.into_serialized_writer()?;
        let state = State { file, next: 0, early: BTreeMap::new() };
        Ok(Self { columns, state: Mutex::new(state) })
    }

    /// Returns the encoders of a row group's columns.
    pub fn column_writers(&self, row_group: usize) -> Result<Vec<ArrowColumnWriter>, Error> {
        Ok(self.columns.create_column_writers(row_group)?)
    }

    /// Writes a row group as soon as those before it are written.
    pub fn append(&self, row_group: usize, chunks: Vec<ArrowColumnChunk>) -> Result<(), Error> {
        let mut state = self.state.lock().map_err(|_| "a writer panicked")?;
        state.early.insert(row_group, chunks);
        let State { file, next, early } = &mut *state;
        while let Some(chunks) = early.remove(next) {
            let mut writer = file.next_row_group()?;
            for chunk in chunks {
                chunk.append_to_row_group(&mut writer)?;
            }
            writer.close()?;
            *next += 1;
        }
        Ok(())
    }

    /// Writes the footer.
    pub fn close(self) -> Result<(), Error> {
        let state = self.state.into_inner().map_err(|_| "a writer panicked")?;
        state.file.close()?;
        Ok(())
    }
}
