//! Encodes typed columns as Parquet that Snowflake loads: writer version 1, v1 data pages, PLAIN
//! and dictionary encodings, zstd, statistics. The only module that knows arrow2 and parquet2.
//!
//! A column chunk is encoded once and can be written to several files.

mod file;

use arrow2::array::{Array, BinaryArray, BooleanArray, DictionaryArray, PrimitiveArray};
use arrow2::bitmap::Bitmap;
use arrow2::datatypes::{DataType as ArrowType, Field, TimeUnit};
use arrow2::io::parquet::write::{Nested, WriteOptions, array_to_pages, to_parquet_type};
use contract::{DataType, OutputColumn};
use hashbrown::HashMap;
use parquet2::compression::{CompressionOptions, ZstdLevel};
use parquet2::encoding::Encoding;
use parquet2::error::Error as FormatError;
use parquet2::page::{CompressedPage, DataPage, DataPageHeader, Page};
use parquet2::schema::types::{ParquetType, PrimitiveType};
use parquet2::write::{Version, compress};

use crate::columns::{Column, Text, Values};
pub(crate) use file::FileWriter;

/// Most distinct texts of a dictionary; a column with more is written plain.
const MAX_DICTIONARY_VALUES: usize = 1 << 15;
/// Rows after which a column that hardly repeats is given up as a dictionary.
const DICTIONARY_TRIAL_ROWS: usize = 4096;
/// Texts longer than this are left out of the statistics, which hold the least and greatest whole.
const MAX_STATISTICS_BYTES: usize = 256;
const ZSTD_LEVEL: i32 = 1;

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
pub(crate) struct ColumnChunk {
    pages: Vec<CompressedPage>,
}

/// Encodes the rows of a column.
pub(crate) fn encode_chunk(
    spec: &OutputColumn,
    column: Column,
) -> Result<ColumnChunk, ParquetError> {
    let rows = column.len();
    let nulls = column.nulls().map(|nulls| nulls.iter().filter(|null| **null).count());
    let validity = column.nulls().map(|nulls| nulls.iter().map(|null| !null).collect::<Bitmap>());
    let options = options(has_statistics(spec, &column));
    let (array, encoding) = to_array(column, validity.clone(), spec)?;
    encode_pages(spec, array.as_ref(), encoding, validity, rows, nulls.unwrap_or(0), options)
}

/// Encodes `rows` rows that all hold the single value of `column`.
pub(crate) fn encode_repeated(
    spec: &OutputColumn,
    column: Column,
    rows: usize,
) -> Result<ColumnChunk, ParquetError> {
    let (value, _) = to_array(column, None, spec)?;
    let keys = PrimitiveArray::from_vec(vec![0_u32; rows]);
    let array = DictionaryArray::try_from_keys(keys, value).map_err(in_column(spec))?;
    encode_pages(spec, &array, Encoding::RleDictionary, None, rows, 0, options(true))
}

fn encode_pages(
    spec: &OutputColumn,
    array: &dyn Array,
    encoding: Encoding,
    validity: Option<Bitmap>,
    rows: usize,
    nulls: usize,
    options: WriteOptions,
) -> Result<ColumnChunk, ParquetError> {
    let nested = [Nested::Primitive(validity, spec.nullable, rows)];
    let pages = array_to_pages(array, primitive_type(spec)?, &nested, options, encoding)
        .map_err(in_column(spec))?
        .map(|page| {
            let page = page.map_err(in_column(spec))?;
            let page = if encoding == Encoding::RleDictionary {
                with_null_count(page, nulls)
            } else {
                page
            };
            Ok(compress(page, Vec::new(), compression()?)?)
        })
        .collect::<Result<_, ParquetError>>()?;
    Ok(ColumnChunk { pages })
}

/// arrow2 counts the nulls of the dictionary's values, where those of the rows belong: a reader
/// that trusts the statistics would skip the nulls.
fn with_null_count(page: Page, nulls: usize) -> Page {
    let Page::Data(mut page) = page else { return page };
    let mut header = page.header().clone();
    if let DataPageHeader::V1(header) = &mut header
        && let Some(statistics) = &mut header.statistics
    {
        statistics.null_count = Some(nulls as i64);
    }
    let buffer = std::mem::take(page.buffer_mut());
    let rows = page.num_values();
    Page::Data(DataPage::new(header, buffer, page.descriptor.clone(), Some(rows)))
}

fn options(write_statistics: bool) -> WriteOptions {
    WriteOptions {
        write_statistics,
        version: Version::V1,
        // Pages are compressed here, after their statistics are corrected.
        compression: CompressionOptions::Uncompressed,
        data_pagesize_limit: None,
    }
}

fn compression() -> Result<CompressionOptions, FormatError> {
    Ok(CompressionOptions::Zstd(Some(ZstdLevel::try_new(ZSTD_LEVEL)?)))
}

/// Decimals stored as bytes have none: parquet2 would order them as unsigned bytes.
fn has_statistics(spec: &OutputColumn, column: &Column) -> bool {
    match (&column.values, spec.data_type) {
        (Values::Int128(_), _) => false,
        (Values::Text(text), _) => {
            text.offsets.windows(2).all(|pair| (pair[1] - pair[0]) as usize <= MAX_STATISTICS_BYTES)
        }
        _ => true,
    }
}

fn in_column(spec: &OutputColumn) -> impl Fn(arrow2::error::Error) -> ParquetError {
    move |source| ParquetError::Encode { column: spec.name.clone(), source }
}

/// The column as an arrow2 array, with the encoding that suits it.
fn to_array(
    column: Column,
    validity: Option<Bitmap>,
    spec: &OutputColumn,
) -> Result<(Box<dyn Array>, Encoding), ParquetError> {
    let plain: Box<dyn Array> = match (column.values, spec.data_type) {
        (Values::Int64(values), DataType::Decimal { precision: 0..=9, .. }) => {
            let values: Vec<i32> = values.into_iter().map(|value| value as i32).collect();
            Box::new(PrimitiveArray::new(ArrowType::Int32, values.into(), validity))
        }
        (Values::Int64(values), _) => {
            Box::new(PrimitiveArray::new(ArrowType::Int64, values.into(), validity))
        }
        (Values::Int32(values), _) => {
            Box::new(PrimitiveArray::new(ArrowType::Int32, values.into(), validity))
        }
        (Values::Int128(values), _) => {
            Box::new(PrimitiveArray::new(arrow_type(spec.data_type), values.into(), validity))
        }
        (Values::Double(values), _) => {
            Box::new(PrimitiveArray::new(ArrowType::Float64, values.into(), validity))
        }
        (Values::Boolean(values), _) => Box::new(BooleanArray::new(
            ArrowType::Boolean,
            values.into_iter().collect::<Bitmap>(),
            validity,
        )),
        (Values::Text(text), _) => {
            if let Some((keys, values)) = to_dictionary(&text, validity.as_ref()) {
                let keys = PrimitiveArray::new(ArrowType::UInt32, keys.into(), validity);
                let values = binary_array(values, None, spec)?;
                let array = DictionaryArray::try_from_keys(keys, Box::new(values));
                return Ok((Box::new(array.map_err(in_column(spec))?), Encoding::RleDictionary));
            }
            Box::new(binary_array(text, validity, spec)?)
        }
    };
    Ok((plain, Encoding::Plain))
}

/// Text travels as bytes: it was checked to be UTF-8 when it was decoded.
fn binary_array(
    text: Text,
    validity: Option<Bitmap>,
    spec: &OutputColumn,
) -> Result<BinaryArray<i32>, ParquetError> {
    let offsets = text.offsets.try_into().map_err(in_column(spec))?;
    BinaryArray::try_new(ArrowType::Binary, offsets, text.bytes.into(), validity)
        .map_err(in_column(spec))
}

/// Distinct texts in order of appearance, and for each row which it is. `None` where the column
/// does not repeat enough, or has a single row or only nulls.
fn to_dictionary(text: &Text, validity: Option<&Bitmap>) -> Option<(Vec<u32>, Text)> {
    let rows = text.len();
    let mut keys = Vec::with_capacity(rows);
    let mut values = Text::default();
    let mut known: HashMap<&[u8], u32> = HashMap::new();
    for row in 0..rows {
        if validity.is_some_and(|validity| !validity.get_bit(row)) {
            keys.push(0);
            continue;
        }
        let value = text.get(row);
        let key = *known.entry(value).or_insert_with(|| {
            values.push(value);
            values.len() as u32 - 1
        });
        keys.push(key);
        let gives_up = values.len() > MAX_DICTIONARY_VALUES
            || (row == DICTIONARY_TRIAL_ROWS && values.len() > DICTIONARY_TRIAL_ROWS / 2);
        if gives_up {
            return None;
        }
    }
    (values.len() > 0 && values.len() <= rows / 2).then_some((keys, values))
}

fn arrow_type(data_type: DataType) -> ArrowType {
    match data_type {
        DataType::String { .. } => ArrowType::Utf8,
        DataType::Integer => ArrowType::Int64,
        DataType::Decimal { precision, scale } => {
            ArrowType::Decimal(usize::from(precision), usize::from(scale))
        }
        DataType::Double => ArrowType::Float64,
        DataType::Timestamp => ArrowType::Timestamp(TimeUnit::Microsecond, Some("UTC".to_owned())),
        DataType::Date => ArrowType::Date32,
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
