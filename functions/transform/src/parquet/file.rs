//! Writes encoded column chunks as a Parquet file.

use std::cell::RefCell;
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
    output: W,
    /// What parquet2 wrote and the output has not got yet: at most a row group, compressed.
    buffer: Buffer,
    writer: Writer<Buffer>,
}

impl<W: Write> FileWriter<W> {
    /// Starts a file with these columns.
    pub(crate) fn new(output: W, columns: &[OutputColumn]) -> Result<Self, ParquetError> {
        let types = columns.iter().map(parquet_type).collect::<Result<_, _>>()?;
        let schema = SchemaDescriptor::new("schema".to_owned(), types);
        let options = WriteOptions { write_statistics: false, version: Version::V1 };
        let created_by = concat!("snowline version ", env!("CARGO_PKG_VERSION")).to_owned();
        let buffer = Buffer::default();
        let writer = Writer::new(buffer.clone(), schema, options, Some(created_by));
        Ok(Self { output, buffer, writer })
    }

    /// Writes one chunk a column, in the order of the file's columns.
    pub(crate) fn write_row_group(&mut self, chunks: &[&ColumnChunk]) -> Result<(), ParquetError> {
        let chunks = chunks.iter().map(|chunk| {
            let pages = Pages { pages: &chunk.pages, next: 0 };
            Ok::<_, FormatError>(DynStreamingIterator::new(pages))
        });
        self.writer.write(DynIter::new(chunks))?;
        Ok(self.output.write_all(&self.buffer.take()).map_err(FormatError::from)?)
    }

    /// Writes the footer and returns the output.
    ///
    /// parquet2's footer does not say by which order min and max are the least and the greatest
    /// value, and then readers must not use them. It is replaced by one that does.
    pub(crate) fn finish(mut self) -> Result<W, ParquetError> {
        self.writer.end(None)?;
        let columns = self.writer.schema().columns().len();
        let (buffer, mut metadata) = self.writer.into_inner_and_metadata();
        let mut end = buffer.take();
        end.truncate(end.len() - footer(&metadata)?.len());
        metadata.column_orders =
            Some(vec![ColumnOrder::TYPEORDER(TypeDefinedOrder::new()); columns]);
        end.extend(footer(&metadata)?);
        self.output.write_all(&end).map_err(FormatError::from)?;
        Ok(self.output)
    }
}

/// The metadata as a file ends with it: with its length and the magic.
fn footer(metadata: &ThriftFileMetaData) -> Result<Vec<u8>, FormatError> {
    let mut file = Vec::new();
    write_metadata_sidecar(&mut file, metadata)?;
    Ok(file.split_off(MAGIC.len()))
}

/// Bytes that parquet2's writer, which owns its output, leaves behind for us.
#[derive(Clone, Default)]
struct Buffer(Rc<RefCell<Vec<u8>>>);

impl Buffer {
    fn take(&self) -> Vec<u8> {
        self.0.take()
    }
}

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
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
