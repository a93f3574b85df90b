//! Typed columns in memory: what decoding fills and encoding reads.

use contract::DataType;

/// The values of one column, row by row, with nulls marked beside them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Column {
    /// One entry a row; an arbitrary value where the row is null.
    pub(crate) values: Values,
    /// One entry a row, `true` where it is null; empty while no row is.
    nulls: Vec<bool>,
}

/// The storage of a column, by physical type.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Values {
    /// Integers, timestamps (microseconds since the epoch, UTC), and decimals of at most 18
    /// digits (unscaled).
    Int64(Vec<i64>),
    /// Dates (days since the epoch).
    Int32(Vec<i32>),
    /// Decimals of more than 18 digits (unscaled).
    Int128(Vec<i128>),
    /// Doubles.
    Double(Vec<f64>),
    /// Booleans.
    Boolean(Vec<bool>),
    /// UTF-8 text.
    Text(Text),
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
    /// Appends a row.
    pub(crate) fn push(&mut self, text: &[u8]) {
        self.bytes.extend_from_slice(text);
        self.close_row();
    }

    /// The text of a row.
    pub(crate) fn get(&self, row: usize) -> &[u8] {
        &self.bytes[self.offsets[row] as usize..self.offsets[row + 1] as usize]
    }

    /// Number of rows.
    pub(crate) fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    /// A row group's input is cut far below 2 GiB, so that an offset always fits.
    fn close_row(&mut self) {
        self.offsets.push(self.bytes.len() as i32);
    }

    fn truncate(&mut self, rows: usize) {
        self.offsets.truncate(rows + 1);
        self.bytes.truncate(self.offsets[rows] as usize);
    }

    fn append(&mut self, other: &Self) {
        let base = self.bytes.len() as i32;
        self.bytes.extend_from_slice(&other.bytes);
        self.offsets.extend(other.offsets[1..].iter().map(|offset| base + offset));
    }
}

impl Column {
    /// An empty column that stores values of this type.
    pub(crate) fn new(data_type: DataType) -> Self {
        let values = match data_type {
            DataType::String { .. } => Values::Text(Text::default()),
            DataType::Integer | DataType::Timestamp => Values::Int64(Vec::new()),
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

    /// Number of rows.
    pub(crate) fn len(&self) -> usize {
        match &self.values {
            Values::Int64(values) => values.len(),
            Values::Int32(values) => values.len(),
            Values::Int128(values) => values.len(),
            Values::Double(values) => values.len(),
            Values::Boolean(values) => values.len(),
            Values::Text(text) => text.len(),
        }
    }

    /// Whether a row is null.
    pub(crate) fn is_null(&self, row: usize) -> bool {
        !self.nulls.is_empty() && self.nulls[row]
    }

    /// One entry a row, `true` where it is null; `None` when no row is.
    pub(crate) fn nulls(&self) -> Option<&[bool]> {
        (!self.nulls.is_empty()).then_some(&self.nulls)
    }

    /// Appends a null row.
    pub(crate) fn push_null(&mut self) {
        self.nulls.resize(self.len(), false);
        self.nulls.push(true);
        match &mut self.values {
            Values::Int64(values) => values.push(0),
            Values::Int32(values) => values.push(0),
            Values::Int128(values) => values.push(0),
            Values::Double(values) => values.push(0.0),
            Values::Boolean(values) => values.push(false),
            Values::Text(text) => text.close_row(),
        }
    }

    /// Marks the row just pushed to `values` as not null.
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
            Values::Text(text) => text.truncate(rows),
        }
    }

    /// Appends all rows of a column of the same type.
    pub(crate) fn append(&mut self, other: &Self) {
        if !(self.nulls.is_empty() && other.nulls.is_empty()) {
            self.nulls.resize(self.len(), false);
            self.nulls.extend_from_slice(&other.nulls);
            self.nulls.resize(self.len() + other.len(), false);
        }
        match (&mut self.values, &other.values) {
            (Values::Int64(values), Values::Int64(more)) => values.extend_from_slice(more),
            (Values::Int32(values), Values::Int32(more)) => values.extend_from_slice(more),
            (Values::Int128(values), Values::Int128(more)) => values.extend_from_slice(more),
            (Values::Double(values), Values::Double(more)) => values.extend_from_slice(more),
            (Values::Boolean(values), Values::Boolean(more)) => values.extend_from_slice(more),
            (Values::Text(text), Values::Text(more)) => text.append(more),
            _ => unreachable!("columns of one plan position have one type"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(rows: &[Option<&str>]) -> Column {
        let mut column = Column::new(DataType::String { max_chars: None });
        for row in rows {
            match (row, &mut column.values) {
                (Some(row), Values::Text(text)) => {
                    text.push(row.as_bytes());
                    column.mark_valid();
                }
                _ => column.push_null(),
            }
        }
        column
    }

    #[test]
    fn append_and_truncate_keep_values_and_nulls_aligned() {
        let rows = [Some("a"), None, Some(""), Some("ünï")];
        for cut in 0..=rows.len() {
            let mut column = text(&rows[..cut]);
            column.append(&text(&rows[cut..]));
            assert_eq!(column.len(), rows.len());
            for (row, expected) in rows.iter().enumerate() {
                assert_eq!(column.is_null(row), expected.is_none());
            }
            column.truncate(cut);
            column.append(&text(&rows[cut..]));
            let Values::Text(values) = &column.values else { panic!("text stays text") };
            assert_eq!(values.get(3), "ünï".as_bytes());
            assert!(column.is_null(1) && !column.is_null(2));
        }
    }
}
