//! Writes encoded column chunks as a Parquet file.

use std::cell::Cell;
use std::io::{self, Write};
use std::rc::Rc;

use contract::OutputColumn;
use parquet_format_safe::{ColumnOrder, TypeDefinedOrder};
use parquet2::FallibleStreamingIterator;
use parquet2::error::Error as FormatError;
use parquet2::metadata::{SchemaDescriptor, ThriftFileMetaData};
use parquet2::page::CompressedPage;
use parquet2::write::{
    DynIter, DynStreamingIterator, FileWriter as Writer, Version, WriteOptions,
    write_metadata_sidecar,
};

use super::{ColumnChunk, ParquetError, parquet_type};

/// What a file begins and ends with.
const MAGIC: &[u8] = b"PAR1";

/// Writes a Parquet file, row group by row group.
pub(crate) struct FileWriter<W: Write> {
    writer: Writer<Gate<W>>,
    /// Closed when what parquet2 writes is not to reach the output.
    is_open: Rc<Cell<bool>>,
}

impl<W: Write> FileWriter<W> {
    /// Starts a file with these columns.
    pub(crate) fn new(output: W, columns: &[OutputColumn]) -> Result<Self, ParquetError> {
        let types = columns.iter().map(parquet_type).collect::<Result<_, _>>()?;
        let schema = SchemaDescriptor::new("schema".to_owned(), types);
        let options = WriteOptions { write_statistics: false, version: Version::V1 };
        let created_by = concat!("snowline version ", env!("CARGO_PKG_VERSION")).to_owned();
        let is_open = Rc::new(Cell::new(true));
        let gate = Gate { output, is_open: Rc::clone(&is_open) };
        Ok(Self { writer: Writer::new(gate, schema, options, Some(created_by)), is_open })
    }

    /// Writes one chunk a column, in the order of the file's columns.
    pub(crate) fn write_row_group(&mut self, chunks: &[&ColumnChunk]) -> Result<(), ParquetError> {
        let chunks = chunks.iter().map(|chunk| {
            let pages = Pages { pages: &chunk.pages, next: 0 };
            Ok::<_, FormatError>(DynStreamingIterator::new(pages))
        });
        Ok(self.writer.write(DynIter::new(chunks))?)
    }

    /// Writes the footer and returns the output.
    ///
    /// parquet2's footer does not say by which order min and max are the least and the greatest
    /// value, and then readers must not use them. It is replaced by one that does.
    pub(crate) fn finish(mut self) -> Result<W, ParquetError> {
        self.is_open.set(false);
        self.writer.end(None)?;
        let columns = self.writer.schema().columns().len();
        let (Gate { mut output, .. }, mut metadata) = self.writer.into_inner_and_metadata();
        metadata.column_orders =
            Some(vec![ColumnOrder::TYPEORDER(TypeDefinedOrder::new()); columns]);
        output.write_all(&footer(&metadata)?).map_err(FormatError::from)?;
        Ok(output)
    }
}

/// The metadata as a file ends with it: with its length and the magic.
fn footer(metadata: &ThriftFileMetaData) -> Result<Vec<u8>, FormatError> {
    let mut file = Vec::new();
    write_metadata_sidecar(&mut file, metadata)?;
    Ok(file.split_off(MAGIC.len()))
}

/// Lets bytes through to the output, or swallows them.
struct Gate<W> {
    output: W,
    is_open: Rc<Cell<bool>>,
}

impl<W: Write> Write for Gate<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.is_open.get() { self.output.write(bytes) } else { Ok(bytes.len()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }
}

/// Hands out pages that stay where they are.
struct Pages<'a> {
    pages: &'a [CompressedPage],
    /// One more than the page that `get` returns.
    next: usize,
}

impl FallibleStreamingIterator for Pages<'_> {
    type Item = CompressedPage;
    type Error = FormatError;

    fn advance(&mut self) -> Result<(), FormatError> {
        self.next += 1;
        Ok(())
    }

    fn get(&self) -> Option<&CompressedPage> {
        self.pages.get(self.next.wrapping_sub(1))
    }
}
