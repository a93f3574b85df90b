//! Encodes typed columns as Parquet that Snowflake loads: writer version 1, v1 data pages, PLAIN
//! and dictionary encodings, zstd, statistics; and reads it back. The only module that knows arrow2
//! and parquet2.
//!
//! A column chunk is encoded once and can be written to several files.

mod compress;
mod file;
mod numbers;
mod pages;
mod reader;
mod strides;

use std::io;

use arrow2::array::{Array, BooleanArray, PrimitiveArray};
use arrow2::bitmap::Bitmap;
use arrow2::datatypes::{DataType as ArrowType, Field, TimeUnit};
use arrow2::io::parquet::write::{Nested, WriteOptions, array_to_pages, to_parquet_type};
use arrow2::types::NativeType as ArrowNative;
use contract::{DataType, OutputColumn};
use parquet_format_safe::Statistics as ParquetStatistics;
use parquet2::compression::{Compression, CompressionOptions};
use parquet2::encoding::Encoding;
use parquet2::error::Error as FormatError;
use parquet2::page::{
    CompressedDataPage, CompressedDictPage, CompressedPage, DataPage, DictPage, Page,
};
use parquet2::schema::types::{ParquetType, PrimitiveType};
use parquet2::statistics::{BinaryStatistics, PrimitiveStatistics, serialize_statistics};
use parquet2::types::NativeType as ParquetNative;
use parquet2::write::Version;

use crate::columns::{Column, Text, Values};
use crate::texts::Stored;
use compress::Compressor;
pub(crate) use file::FileWriter;
use pages::Presence;
pub(crate) use reader::FileReader;
pub use reader::ReadError;

/// Texts longer than this are left out of the statistics, which hold the least and greatest whole.
const MAX_STATISTICS_BYTES: usize = 256;

/// A column or file could not be encoded or written.
#[derive(Debug, thiserror::Error)]
pub enum ParquetError {
    /// The column cannot be encoded.
    #[error("encoding column {column}")]
    Encode {
        /// The column.
        column: String,
        /// What arrow2 says.
        #[source]
        source: arrow2::error::Error,
    },
    /// A page cannot be compressed, or the file cannot be written.
    #[error("writing a Parquet file")]
    Write(#[from] FormatError),
}

/// The encoded and compressed pages of one column of one row group.
#[derive(Debug)]
pub struct ColumnChunk {
    pages: Vec<CompressedPage>,
}

/// A value that all rows share.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Constant<'a> {
    Int64(i64),
    Text(&'a str),
}

/// Encodes column chunks; keeps what zstd works with between them.
#[derive(Default)]
pub struct Encoder {
    compressor: Option<Compressor>,
}

impl Encoder {
    /// Encodes the rows of a column, which must be of the column's type.
    ///
    /// # Errors
    /// When the column cannot be encoded; memory is the only cause there is.
    pub fn encode_chunk(
        &mut self,
        spec: &OutputColumn,
        column: &Column,
    ) -> Result<ColumnChunk, ParquetError> {
        let presence =
            Presence { rows: column.len(), nulls: column.nulls(), nullable: spec.nullable };
        match (&column.values, spec.data_type) {
            (Values::Text(texts), _) => self.encode_texts(spec, texts.stored(), presence),
            (Values::Int64(values), DataType::Decimal { precision: 0..=9, .. }) => {
                let values: Vec<i32> = values.iter().map(|value| *value as i32).collect();
                self.encode_numbers(spec, &values, ArrowType::Int32, presence)
            }
            (Values::Int64(values), _) => {
                self.encode_numbers(spec, values, ArrowType::Int64, presence)
            }
            (Values::Int32(values), _) => {
                self.encode_numbers(spec, values, ArrowType::Int32, presence)
            }
            (Values::Int128(values), _) => {
                let (values, arrow_type) = (values.clone().into(), arrow_type(spec.data_type));
                let array = PrimitiveArray::new(arrow_type, values, validity(presence));
                // parquet2 would order them as unsigned bytes.
                self.encode_array(spec, &array, presence, false)
            }
            (Values::Double(values), _) => {
                let values = values.clone().into();
                let array = PrimitiveArray::new(ArrowType::Float64, values, validity(presence));
                self.encode_array(spec, &array, presence, true)
            }
            (Values::Boolean(values), _) => {
                let values = values.iter().copied().collect::<Bitmap>();
                let array = BooleanArray::new(ArrowType::Boolean, values, validity(presence));
                self.encode_array(spec, &array, presence, true)
            }
        }
    }

    /// Encodes `rows` rows of the same value.
    pub(crate) fn encode_constant(
        &mut self,
        spec: &OutputColumn,
        value: Constant<'_>,
        rows: usize,
    ) -> Result<ColumnChunk, ParquetError> {
        let presence = Presence { rows, nulls: None, nullable: spec.nullable };
        match value {
            Constant::Int64(value) => {
                self.encode_numbers(spec, &vec![value; rows], ArrowType::Int64, presence)
            }
            Constant::Text(value) => {
                let mut texts = Text::default();
                texts.push(value.as_bytes());
                self.encode_texts(
                    spec,
                    Stored::Dictionary { keys: &vec![0; rows], texts },
                    presence,
                )
            }
        }
    }

    fn encode_texts(
        &mut self,
        spec: &OutputColumn,
        stored: Stored<'_>,
        presence: Presence<'_>,
    ) -> Result<ColumnChunk, ParquetError> {
        let primitive_type = primitive_type(spec)?;
        let nulls = presence.null_count();
        let compressor = compressor(&mut self.compressor)?;
        let pages = match stored {
            Stored::Dictionary { keys, texts } => {
                let statistics = text_statistics(&texts, None, nulls, &primitive_type);
                let dictionary = pages::dictionary_of_texts(&texts);
                let width = pages::width_of_texts(&texts, None);
                let page = pages::keys(keys, texts.len(), presence, primitive_type, statistics);
                vec![
                    compress_dictionary(dictionary, |page| compressor.compress_texts(page, width))?,
                    compress_data(page, |page| compressor.compress(page))?,
                ]
            }
            Stored::Plain(texts) => {
                let statistics = text_statistics(&texts, presence.nulls, nulls, &primitive_type);
                let page = pages::plain_texts(&texts, presence, primitive_type, statistics);
                let width = pages::width_of_texts(&texts, presence.nulls);
                vec![compress_data(page, |page| compressor.compress_texts(page, width))?]
            }
        };
        Ok(ColumnChunk { pages })
    }

    fn encode_numbers<T>(
        &mut self,
        spec: &OutputColumn,
        values: &[T],
        arrow_type: ArrowType,
        presence: Presence<'_>,
    ) -> Result<ColumnChunk, ParquetError>
    where
        T: Copy + Ord + Into<i64> + ArrowNative + ParquetNative,
    {
        let Some((keys, distinct)) = numbers::dictionary(values, presence) else {
            let array = PrimitiveArray::new(arrow_type, values.to_vec().into(), validity(presence));
            return self.encode_array(spec, &array, presence, true);
        };
        let primitive_type = primitive_type(spec)?;
        let statistics = serialize_statistics(&PrimitiveStatistics {
            primitive_type: primitive_type.clone(),
            null_count: Some(presence.null_count() as i64),
            distinct_count: None,
            min_value: distinct.iter().min().copied(),
            max_value: distinct.iter().max().copied(),
        });
        let mut dictionary = Vec::with_capacity(size_of_val(distinct.as_slice()));
        for number in &distinct {
            dictionary.extend_from_slice(ParquetNative::to_le_bytes(number).as_ref());
        }
        let dictionary = DictPage::new(dictionary, distinct.len(), false);
        let page = pages::keys(&keys, distinct.len(), presence, primitive_type, Some(statistics));
        let compressor = compressor(&mut self.compressor)?;
        let pages = vec![
            compress_dictionary(dictionary, |page| compressor.compress(page))?,
            compress_data(page, |page| compressor.compress(page))?,
        ];
        Ok(ColumnChunk { pages })
    }

    /// Encodes an array as it is.
    fn encode_array(
        &mut self,
        spec: &OutputColumn,
        array: &dyn Array,
        presence: Presence<'_>,
        write_statistics: bool,
    ) -> Result<ColumnChunk, ParquetError> {
        let nested = [Nested::Primitive(array.validity().cloned(), spec.nullable, presence.rows)];
        let options = WriteOptions {
            write_statistics,
            version: Version::V1,
            compression: CompressionOptions::Uncompressed,
            data_pagesize_limit: None,
        };
        let compressor = compressor(&mut self.compressor)?;
        let pages = array_to_pages(array, primitive_type(spec)?, &nested, options, Encoding::Plain)
            .map_err(in_column(spec))?
            .map(|page| match page.map_err(in_column(spec))? {
                Page::Data(page) => compress_data(page, |page| compressor.compress(page)),
                Page::Dict(page) => compress_dictionary(page, |page| compressor.compress(page)),
            })
            .collect::<Result<_, _>>()?;
        Ok(ColumnChunk { pages })
    }
}

fn compressor(made: &mut Option<Compressor>) -> Result<&mut Compressor, ParquetError> {
    Ok(match made {
        Some(compressor) => compressor,
        none => none.insert(Compressor::new().map_err(FormatError::from)?),
    })
}

fn compress_data(
    mut page: DataPage,
    compress: impl FnOnce(&[u8]) -> io::Result<Vec<u8>>,
) -> Result<CompressedPage, ParquetError> {
    let plain = std::mem::take(page.buffer_mut());
    let (header, rows) = (page.header().clone(), page.num_values());
    let compressed = compress(&plain).map_err(FormatError::from)?;
    Ok(CompressedPage::Data(CompressedDataPage::new(
        header,
        compressed,
        Compression::Zstd,
        plain.len(),
        page.descriptor,
        Some(rows),
    )))
}

fn compress_dictionary(
    page: DictPage,
    compress: impl FnOnce(&[u8]) -> io::Result<Vec<u8>>,
) -> Result<CompressedPage, ParquetError> {
    Ok(CompressedPage::Dict(CompressedDictPage::new(
        compress(&page.buffer).map_err(FormatError::from)?,
        Compression::Zstd,
        page.buffer.len(),
        page.num_values,
        page.is_sorted,
    )))
}

/// Least and greatest text in the order of their bytes; `None` where a text is too long for that.
fn text_statistics(
    texts: &Text,
    nulls: Option<&[bool]>,
    null_count: usize,
    primitive_type: &PrimitiveType,
) -> Option<ParquetStatistics> {
    let lengths = texts.offsets.windows(2).map(|pair| (pair[1] - pair[0]) as usize);
    if lengths.max().is_some_and(|longest| longest > MAX_STATISTICS_BYTES) {
        return None;
    }
    let mut present = (0..texts.len()).filter(|row| nulls.is_none_or(|nulls| !nulls[*row]));
    let first = present.next().map(|row| Ordered::new(texts.get(row)));
    let bounds = first.map(|first| {
        present.map(|row| Ordered::new(texts.get(row))).fold((first, first), |(min, max), text| {
            (if text < min { text } else { min }, if text > max { text } else { max })
        })
    });
    Some(serialize_statistics(&BinaryStatistics {
        primitive_type: primitive_type.clone(),
        null_count: Some(null_count as i64),
        distinct_count: None,
        min_value: bounds.map(|(min, _)| min.text.to_vec()),
        max_value: bounds.map(|(_, max)| max.text.to_vec()),
    }))
}

/// A text that is compared by its first bytes where these differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Ordered<'a> {
    /// The first eight bytes as a number; zero where there are fewer, which is less than any byte
    /// or the same.
    first: u64,
    text: &'a [u8],
}

impl<'a> Ordered<'a> {
    fn new(text: &'a [u8]) -> Self {
        let first = match text.first_chunk() {
            Some(first) => u64::from_be_bytes(*first),
            None => text.iter().rev().fold(0, |first, byte| first >> 8 | u64::from(*byte) << 56),
        };
        Self { first, text }
    }
}

fn validity(presence: Presence<'_>) -> Option<Bitmap> {
    presence.nulls.map(|nulls| nulls.iter().map(|null| !null).collect())
}

fn in_column(spec: &OutputColumn) -> impl Fn(arrow2::error::Error) -> ParquetError {
    move |source| ParquetError::Encode { column: spec.name.clone(), source }
}

fn arrow_type(data_type: DataType) -> ArrowType {
    match data_type {
        DataType::String { .. } | DataType::Object | DataType::Array => ArrowType::Utf8,
        DataType::Integer => ArrowType::Int64,
        DataType::Decimal { precision, scale } => {
            ArrowType::Decimal(usize::from(precision), usize::from(scale))
        }
        DataType::Double => ArrowType::Float64,
        DataType::Timestamp => ArrowType::Timestamp(TimeUnit::Microsecond, Some("UTC".to_owned())),
        DataType::Date => ArrowType::Date32,
        DataType::Time => ArrowType::Time64(TimeUnit::Microsecond),
        DataType::Boolean => ArrowType::Boolean,
    }
}

fn parquet_type(spec: &OutputColumn) -> Result<ParquetType, ParquetError> {
    let field = Field::new(&spec.name, arrow_type(spec.data_type), spec.nullable);
    to_parquet_type(&field).map_err(in_column(spec))
}

fn primitive_type(spec: &OutputColumn) -> Result<PrimitiveType, ParquetError> {
    match parquet_type(spec)? {
        ParquetType::PrimitiveType(primitive) => Ok(primitive),
        ParquetType::GroupType { .. } => {
            Err(FormatError::FeatureNotSupported("nested columns".to_owned()).into())
        }
    }
}
