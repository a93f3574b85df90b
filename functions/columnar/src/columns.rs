//! Typed columns in memory: what decoding fills and encoding reads.

use contract::DataType;

use crate::texts::Texts;

/// The values of one column, row by row, with nulls marked beside them.
#[derive(Debug, Clone)]
pub struct Column {
    /// One entry a row; an arbitrary value where the row is null.
    pub(crate) values: Values,
    /// One entry a row, `true` where it is null; empty while no row is.
    nulls: Vec<bool>,
}

/// The storage of a column, by physical type.
#[allow(clippy::large_enum_variant, reason = "there is one a column, and it is in the hot loop")]
#[derive(Debug, Clone)]
pub(crate) enum Values {
    /// Integers, timestamps (microseconds since the epoch, UTC), times (microseconds since
    /// midnight), and decimals of at most 18 digits (unscaled).
    Int64(Vec<i64>),
    /// Dates (days since the epoch).
    Int32(Vec<i32>),
    /// Decimals of more than 18 digits (unscaled).
    Int128(Vec<i128>),
    /// Doubles.
    Double(Vec<f64>),
    /// Booleans.
    Boolean(Vec<bool>),
    /// UTF-8 text, and JSON as text.
    Text(Texts),
}

/// One value of a column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// No value.
    Null,
    /// A boolean.
    Boolean(bool),
    /// An integer, the unscaled value of a decimal, the days of a date or the microseconds of a
    /// timestamp, since 1970-01-01 UTC, or of a time since midnight.
    Number(i128),
    /// A finite double.
    Double(f64),
    /// UTF-8 text.
    Text(&'a [u8]),
}

/// UTF-8 texts laid end to end.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Text {
    /// Row `i` is `bytes[offsets[i]..offsets[i + 1]]`; one entry more than rows.
    pub(crate) offsets: Vec<i32>,
    /// All texts.
    pub(crate) bytes: Vec<u8>,
}

impl Default for Text {
    fn default() -> Self {
        Self { offsets: vec![0], bytes: Vec::new() }
    }
}

impl Text {
    /// Appends a row. A row group's text is far below 2 GiB, so that an offset always fits.
    pub(crate) fn push(&mut self, text: &[u8]) {
        self.bytes.extend_from_slice(text);
        self.offsets.push(self.bytes.len() as i32);
    }

    /// The text of a row.
    #[inline]
    pub(crate) fn get(&self, row: usize) -> &[u8] {
        &self.bytes[self.offsets[row] as usize..self.offsets[row + 1] as usize]
    }

    /// Number of rows.
    pub(crate) fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Drops all rows from `rows` on.
    pub(crate) fn truncate(&mut self, rows: usize) {
        self.offsets.truncate(rows + 1);
        self.bytes.truncate(self.offsets[self.len()] as usize);
    }

    /// Drops all rows and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.truncate(0);
    }
}

impl Column {
    /// An empty column that stores values of this type.
    pub(crate) fn new(data_type: DataType) -> Self {
        let values = match data_type {
            DataType::String { .. } | DataType::Object | DataType::Array => {
                Values::Text(Texts::default())
            }
            DataType::Integer | DataType::Timestamp | DataType::Time => Values::Int64(Vec::new()),
            DataType::Decimal { precision, .. } if precision <= 18 => Values::Int64(Vec::new()),
            DataType::Decimal { .. } => Values::Int128(Vec::new()),
            DataType::Double => Values::Double(Vec::new()),
            DataType::Date => Values::Int32(Vec::new()),
            DataType::Boolean => Values::Boolean(Vec::new()),
        };
        Self { values, nulls: Vec::new() }
    }

    /// A column without nulls.
    pub(crate) fn from_values(values: Values) -> Self {
        Self { values, nulls: Vec::new() }
    }

    /// A column that is null where `nulls` says so.
    pub(crate) fn with_nulls_of(values: Values, other: &Self) -> Self {
        Self { values, nulls: other.nulls.clone() }
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        match &self.values {
            Values::Int64(values) => values.len(),
            Values::Int32(values) => values.len(),
            Values::Int128(values) => values.len(),
            Values::Double(values) => values.len(),
            Values::Boolean(values) => values.len(),
            Values::Text(texts) => texts.len(),
        }
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value of a row.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn value(&self, row: usize) -> Value<'_> {
        match &self.values {
            _ if self.is_null(row) => Value::Null,
            Values::Int64(values) => Value::Number(i128::from(values[row])),
            Values::Int32(values) => Value::Number(i128::from(values[row])),
            Values::Int128(values) => Value::Number(values[row]),
            Values::Double(values) => Value::Double(values[row]),
            Values::Boolean(values) => Value::Boolean(values[row]),
            Values::Text(texts) => Value::Text(texts.get(row)),
        }
    }

    /// Whether a row is null.
    #[inline]
    pub(crate) fn is_null(&self, row: usize) -> bool {
        !self.nulls.is_empty() && self.nulls[row]
    }

    /// One entry a row, `true` where it is null; `None` when no row is.
    pub(crate) fn nulls(&self) -> Option<&[bool]> {
        (!self.nulls.is_empty()).then_some(&self.nulls)
    }

    /// Appends a null row.
    pub(crate) fn push_null(&mut self) {
        if self.nulls.is_empty() {
            self.nulls.resize(self.len(), false);
        }
        self.nulls.push(true);
        match &mut self.values {
            Values::Int64(values) => values.push(0),
            Values::Int32(values) => values.push(0),
            Values::Int128(values) => values.push(0),
            Values::Double(values) => values.push(0.0),
            Values::Boolean(values) => values.push(false),
            Values::Text(texts) => texts.push_empty(),
        }
    }

    /// Marks the row just pushed to `values` as not null.
    #[inline]
    pub(crate) fn mark_valid(&mut self) {
        if !self.nulls.is_empty() {
            self.nulls.push(false);
        }
    }

    /// Drops all rows from `rows` on.
    pub(crate) fn truncate(&mut self, rows: usize) {
        self.nulls.truncate(rows);
        match &mut self.values {
            Values::Int64(values) => values.truncate(rows),
            Values::Int32(values) => values.truncate(rows),
            Values::Int128(values) => values.truncate(rows),
            Values::Double(values) => values.truncate(rows),
            Values::Boolean(values) => values.truncate(rows),
            Values::Text(texts) => texts.truncate(rows),
        }
    }

    /// Drops all rows and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.nulls.clear();
        match &mut self.values {
            Values::Text(texts) => texts.clear(),
            _ => self.truncate(0),
        }
    }
}
