//! Reads back the files that this module writes.

use std::io::Cursor;

use arrow2::array::{Array, BooleanArray, PrimitiveArray, Utf8Array};
use arrow2::datatypes::{DataType as ArrowType, Field, TimeUnit};
use arrow2::io::parquet::read::{column_iter_to_arrays, infer_schema};
use contract::{DataType, OutputColumn};
use parquet_format_safe::PageHeader;
use parquet_format_safe::thrift::protocol::TCompactInputProtocol;
use parquet2::FallibleStreamingIterator;
use parquet2::compression::Compression;
use parquet2::error::Error as FormatError;
use parquet2::metadata::{Descriptor, FileMetaData};
use parquet2::page::{
    CompressedDataPage, CompressedDictPage, CompressedPage, DataPage, DataPageHeader, DictPage,
    Page,
};
use parquet2::read::read_metadata;
use zstd::bulk;

use super::ColumnChunk;
use crate::columns::{Column, Values};

/// A file could not be read back.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The bytes are no Parquet file, or are cut off.
    #[error("reading a Parquet file")]
    Format(#[source] FormatError),
    /// The column cannot be decoded.
    #[error("decoding column {column}")]
    Decode {
        /// The column.
        column: String,
        /// What arrow2 says.
        #[source]
        source: arrow2::error::Error,
    },
    /// The transform has not written the file.
    #[error("column {column} is of a kind that the transform does not write")]
    Foreign {
        /// The column.
        column: String,
    },
}

/// A Parquet file in memory, row group by row group.
pub(crate) struct FileReader<'a> {
    file: &'a [u8],
    metadata: FileMetaData,
    fields: Vec<Field>,
    /// The columns of the file, without descriptions.
    pub(crate) columns: Vec<OutputColumn>,
}

impl<'a> FileReader<'a> {
    /// Reads the footer.
    pub(crate) fn new(file: &'a [u8]) -> Result<Self, ReadError> {
        let metadata = read_metadata(&mut Cursor::new(file)).map_err(ReadError::Format)?;
        let fields = infer_schema(&metadata)
            .map_err(|source| ReadError::Decode { column: "of the schema".to_owned(), source })?
            .fields;
        let columns = fields.iter().map(output_column).collect::<Result<_, _>>()?;
        Ok(Self { file, metadata, fields, columns })
    }

    pub(crate) fn row_groups(&self) -> usize {
        self.metadata.row_groups.len()
    }

    /// The pages of one column of a row group as they are.
    pub(crate) fn chunk(&self, row_group: usize, at: usize) -> Result<ColumnChunk, ReadError> {
        let pages = self.pages(row_group, at)?.into_iter().map(|page| page.compressed());
        Ok(ColumnChunk { pages: pages.collect() })
    }

    /// The rows of one column of a row group for which `keep` is true, or all without it.
    pub(crate) fn column(
        &self,
        row_group: usize,
        at: usize,
        keep: Option<&[bool]>,
    ) -> Result<Column, ReadError> {
        let pages = self.pages(row_group, at)?.into_iter().map(StoredPage::decompressed);
        let pages = pages.collect::<Result<_, _>>().map_err(ReadError::Format)?;
        let group = &self.metadata.row_groups[row_group];
        let primitive_type = &group.columns()[at].descriptor().descriptor.primitive_type;
        let (field, rows) = (self.fields[at].clone(), group.num_rows());
        let spec = &self.columns[at];
        let decode = |source| ReadError::Decode { column: spec.name.clone(), source };
        let pages = Decompressed { pages, next: 0 };
        let arrays = column_iter_to_arrays(vec![pages], vec![primitive_type], field, None, rows)
            .map_err(decode)?;
        let mut column = Column::new(spec.data_type);
        let mut first = 0;
        for array in arrays {
            let array = array.map_err(decode)?;
            let end = first + array.len();
            append(&mut column, array.as_ref(), keep.map(|keep| &keep[first..end]))
                .ok_or_else(|| ReadError::Foreign { column: spec.name.clone() })?;
            first = end;
        }
        Ok(column)
    }

    /// Splits a column chunk into its pages.
    fn pages(&self, row_group: usize, at: usize) -> Result<Vec<StoredPage<'a>>, ReadError> {
        let chunk = &self.metadata.row_groups[row_group].columns()[at];
        if chunk.compression() != Compression::Zstd {
            return Err(ReadError::Foreign { column: self.columns[at].name.clone() });
        }
        let (start, length) = chunk.byte_range();
        let (start, length) = (start as usize, length as usize);
        let mut rest = start.checked_add(length).and_then(|end| self.file.get(start..end));
        let mut pages = Vec::new();
        while let Some(bytes) = rest.filter(|bytes| !bytes.is_empty()) {
            let mut after = bytes;
            let header = PageHeader::read_from_in_protocol(&mut TCompactInputProtocol::new(
                &mut after,
                bytes.len(),
            ))
            .map_err(|error| ReadError::Format(error.into()))?;
            let length = header.compressed_page_size.try_into().unwrap_or(usize::MAX);
            let (data, next) = after.split_at_checked(length).ok_or_else(truncated)?;
            let descriptor = chunk.descriptor().descriptor.clone();
            pages.push(StoredPage { header, data, descriptor });
            rest = Some(next);
        }
        if pages.is_empty() { Err(truncated()) } else { Ok(pages) }
    }
}

fn truncated() -> ReadError {
    ReadError::Format(FormatError::OutOfSpec("a page is cut off".to_owned()))
}

/// A page as it stands in the file.
struct StoredPage<'a> {
    header: PageHeader,
    data: &'a [u8],
    descriptor: Descriptor,
}

impl StoredPage<'_> {
    fn compressed(self) -> CompressedPage {
        let (data, length) = (self.data.to_vec(), self.header.uncompressed_page_size as usize);
        match (self.header.data_page_header, self.header.dictionary_page_header) {
            (Some(header), _) => {
                let rows = header.num_values as usize;
                let header = DataPageHeader::V1(header);
                let (zstd, rows) = (Compression::Zstd, Some(rows));
                let page =
                    CompressedDataPage::new(header, data, zstd, length, self.descriptor, rows);
                CompressedPage::Data(page)
            }
            (None, header) => {
                let values = header.as_ref().map_or(0, |header| header.num_values as usize);
                let sorted = header.and_then(|header| header.is_sorted).unwrap_or(false);
                let page = CompressedDictPage::new(data, Compression::Zstd, length, values, sorted);
                CompressedPage::Dict(page)
            }
        }
    }

    fn decompressed(self) -> Result<Page, FormatError> {
        let data = bulk::decompress(self.data, self.header.uncompressed_page_size as usize)?;
        match (self.header.data_page_header, self.header.dictionary_page_header) {
            (Some(header), _) => {
                let header = DataPageHeader::V1(header);
                Ok(Page::Data(DataPage::new(header, data, self.descriptor, None)))
            }
            (None, Some(header)) => {
                Ok(Page::Dict(DictPage::new(data, header.num_values as usize, false)))
            }
            (None, None) => {
                Err(FormatError::OutOfSpec("a page of a kind that is not written".to_owned()))
            }
        }
    }
}

/// The column that a field was written from.
fn output_column(field: &Field) -> Result<OutputColumn, ReadError> {
    let data_type = match field.data_type() {
        ArrowType::Utf8 => DataType::String { max_chars: None },
        ArrowType::Int64 => DataType::Integer,
        ArrowType::Decimal(precision, scale) => {
            // At most 38 digits.
            DataType::Decimal { precision: *precision as u8, scale: *scale as u8 }
        }
        ArrowType::Float64 => DataType::Double,
        ArrowType::Timestamp(TimeUnit::Microsecond, Some(_)) => DataType::Timestamp,
        ArrowType::Date32 => DataType::Date,
        ArrowType::Time64(TimeUnit::Microsecond) => DataType::Time,
        ArrowType::Boolean => DataType::Boolean,
        _ => return Err(ReadError::Foreign { column: field.name.clone() }),
    };
    let (name, nullable) = (field.name.clone(), field.is_nullable);
    Ok(OutputColumn { name, data_type, nullable, description: None })
}

/// Appends the rows of an array; `None` when it is of another type than the column.
fn append(column: &mut Column, array: &dyn Array, keep: Option<&[bool]>) -> Option<()> {
    let any = array.as_any();
    match &column.values {
        Values::Text(_) => {
            let array = any.downcast_ref::<Utf8Array<i32>>()?;
            append_rows(column, array, keep, |values, row| {
                if let Values::Text(texts) = values {
                    texts.push(array.value(row).as_bytes());
                }
            });
        }
        Values::Int64(_) | Values::Int32(_) | Values::Int128(_) => {
            if let Some(array) = any.downcast_ref::<PrimitiveArray<i128>>() {
                append_rows(column, array, keep, |values, row| push(values, array.value(row)));
            } else if let Some(array) = any.downcast_ref::<PrimitiveArray<i64>>() {
                append_rows(column, array, keep, |values, row| {
                    push(values, array.value(row).into());
                });
            } else {
                let array = any.downcast_ref::<PrimitiveArray<i32>>()?;
                append_rows(column, array, keep, |values, row| {
                    push(values, array.value(row).into());
                });
            }
        }
        Values::Double(_) => {
            let array = any.downcast_ref::<PrimitiveArray<f64>>()?;
            append_rows(column, array, keep, |values, row| {
                if let Values::Double(values) = values {
                    values.push(array.value(row));
                }
            });
        }
        Values::Boolean(_) => {
            let array = any.downcast_ref::<BooleanArray>()?;
            append_rows(column, array, keep, |values, row| {
                if let Values::Boolean(values) = values {
                    values.push(array.value(row));
                }
            });
        }
    }
    Some(())
}

fn append_rows<A: Array>(
    column: &mut Column,
    array: &A,
    keep: Option<&[bool]>,
    push: impl Fn(&mut Values, usize),
) {
    for row in (0..array.len()).filter(|row| keep.is_none_or(|keep| keep[*row])) {
        if array.is_null(row) {
            column.push_null();
        } else {
            push(&mut column.values, row);
            column.mark_valid();
        }
    }
}

/// Appends a number, which was stored in the column's own width.
fn push(values: &mut Values, number: i128) {
    match values {
        Values::Int64(values) => values.push(number as i64),
        Values::Int32(values) => values.push(number as i32),
        Values::Int128(values) => values.push(number),
        Values::Double(_) | Values::Boolean(_) | Values::Text(_) => {}
    }
}

/// Hands out decompressed pages.
struct Decompressed {
    pages: Vec<Page>,
    /// One more than the page that `get` returns.
    next: usize,
}

impl FallibleStreamingIterator for Decompressed {
    type Item = Page;
    type Error = FormatError;

    fn advance(&mut self) -> Result<(), FormatError> {
        self.next += 1;
        Ok(())
    }

    fn get(&self) -> Option<&Page> {
        self.pages.get(self.next.wrapping_sub(1))
    }
}
