//! Data pages of texts and of dictionary keys, version 1 (Parquet format, "Data Pages" and
//! "Encodings").

use parquet_format_safe::Statistics;
use parquet2::encoding::{Encoding, uleb128};
use parquet2::metadata::Descriptor;
use parquet2::page::{DataPage, DataPageHeader, DataPageHeaderV1, DictPage};
use parquet2::schema::types::PrimitiveType;

use crate::columns::Text;

/// The rows of a page: which are null, and what that means for its type.
#[derive(Debug, Clone, Copy)]
pub(super) struct Presence<'a> {
    pub(super) rows: usize,
    pub(super) nulls: Option<&'a [bool]>,
    /// Whether the column may have nulls at all.
    pub(super) nullable: bool,
}

impl Presence<'_> {
    pub(super) fn null_count(&self) -> usize {
        self.nulls.map_or(0, |nulls| nulls.iter().filter(|null| **null).count())
    }

    #[inline]
    pub(super) fn is_null(&self, row: usize) -> bool {
        self.nulls.is_some_and(|nulls| nulls[row])
    }

    /// Appends the definition levels: a bit a row, 1 where there is a value.
    fn write_levels(&self, page: &mut Vec<u8>) {
        if !self.nullable {
            return;
        }
        let start = page.len();
        page.extend([0; 4]);
        match self.nulls {
            Some(nulls) => {
                write_run_header(nulls.len().div_ceil(8) << 1 | 1, page);
                page.extend(nulls.chunks(8).map(|nulls| {
                    let bits = nulls.iter().rev();
                    bits.fold(0, |byte, null| byte << 1 | u8::from(!null))
                }));
            }
            None => {
                write_run_header(self.rows << 1, page);
                page.push(1);
            }
        }
        let length = (page.len() - start - 4) as u32;
        page[start..start + 4].copy_from_slice(&length.to_le_bytes());
    }
}

fn write_run_header(header: usize, page: &mut Vec<u8>) {
    let mut bytes = [0; 10];
    let length = uleb128::encode(header as u64, &mut bytes);
    page.extend_from_slice(&bytes[..length]);
}

/// What goes before each text: its length.
const LENGTH_BYTES: usize = size_of::<u32>();

/// A page of texts, each behind its length.
pub(super) fn plain_texts(
    texts: &Text,
    presence: Presence<'_>,
    primitive_type: PrimitiveType,
    statistics: Option<Statistics>,
) -> DataPage {
    let mut page =
        Vec::with_capacity(texts.bytes.len() + LENGTH_BYTES * texts.len() + presence.rows / 8 + 16);
    presence.write_levels(&mut page);
    for row in (0..texts.len()).filter(|row| !presence.is_null(*row)) {
        write_text(texts.get(row), &mut page);
    }
    data_page(page, Encoding::Plain, presence.rows, primitive_type, statistics)
}

/// The texts of a dictionary.
pub(super) fn dictionary_of_texts(texts: &Text) -> DictPage {
    let mut page = Vec::with_capacity(texts.bytes.len() + LENGTH_BYTES * texts.len());
    (0..texts.len()).for_each(|row| write_text(texts.get(row), &mut page));
    DictPage::new(page, texts.len(), false)
}

/// Bytes that each of these texts takes in a page, if it is the same for all; `None` without texts.
pub(super) fn width_of_texts(texts: &Text, nulls: Option<&[bool]>) -> Option<usize> {
    let present = (0..texts.len()).filter(|row| nulls.is_none_or(|nulls| !nulls[*row]));
    let mut lengths = present.map(|row| texts.get(row).len());
    let first = lengths.next()?;
    lengths.all(|length| length == first).then_some(LENGTH_BYTES + first)
}

fn write_text(text: &[u8], page: &mut Vec<u8>) {
    page.extend_from_slice(&(text.len() as u32).to_le_bytes());
    page.extend_from_slice(text);
}

/// A page of the keys of a dictionary with `values` values.
pub(super) fn keys(
    keys: &[u32],
    values: usize,
    presence: Presence<'_>,
    primitive_type: PrimitiveType,
    statistics: Option<Statistics>,
) -> DataPage {
    let width = usize::BITS - values.saturating_sub(1).leading_zeros();
    let mut page = Vec::with_capacity(presence.rows * width as usize / 8 + presence.rows / 8 + 32);
    presence.write_levels(&mut page);
    page.push(width as u8);
    match presence.nulls {
        Some(nulls) => {
            let present: Vec<u32> =
                keys.iter().zip(nulls).filter(|(_, null)| !**null).map(|(key, _)| *key).collect();
            write_packed(&present, width, &mut page);
        }
        None => write_packed(keys, width, &mut page),
    }
    data_page(page, Encoding::RleDictionary, presence.rows, primitive_type, statistics)
}

/// Appends one run of numbers of `width` bits, the first in the lowest bits.
fn write_packed(numbers: &[u32], width: u32, page: &mut Vec<u8>) {
    let groups = numbers.len().div_ceil(8);
    write_run_header(groups << 1 | 1, page);
    let end = page.len() + groups * width as usize;
    let (mut bits, mut filled) = (0_u64, 0);
    for number in numbers {
        bits |= u64::from(*number) << filled;
        filled += width;
        if filled >= 32 {
            page.extend_from_slice(&(bits as u32).to_le_bytes());
            bits >>= 32;
            filled -= 32;
        }
    }
    page.extend_from_slice(&bits.to_le_bytes());
    // The last group is filled up with zeros.
    page.resize(end, 0);
}

fn data_page(
    buffer: Vec<u8>,
    encoding: Encoding,
    rows: usize,
    primitive_type: PrimitiveType,
    statistics: Option<Statistics>,
) -> DataPage {
    let header = DataPageHeader::V1(DataPageHeaderV1 {
        num_values: rows as i32,
        encoding: encoding.into(),
        definition_level_encoding: Encoding::Rle.into(),
        repetition_level_encoding: Encoding::Rle.into(),
        statistics,
    });
    let descriptor = Descriptor { primitive_type, max_def_level: 0, max_rep_level: 0 };
    DataPage::new(header, buffer, descriptor, Some(rows))
}
