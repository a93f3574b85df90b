//! One landing record as byte spans: what the JSON and CSV scanners fill and validation reads.

/// The value of one field, as a span of the block it was scanned from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    /// First byte of the value; of text, the first byte inside the quotes.
    pub(crate) start: usize,
    /// One past the last byte.
    pub(crate) end: usize,
}

/// What kind of value a [`Token`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The record does not have the field.
    Absent,
    Null,
    True,
    False,
    /// A JSON number.
    Number,
    /// A JSON string without escapes.
    Text,
    /// A JSON string with escapes.
    EscapedText,
    /// A JSON array or object.
    Nested,
    /// A CSV field: its type is what the column makes of it.
    Csv,
    /// A quoted CSV field with doubled quotes inside.
    EscapedCsv,
}

impl Token {
    pub(crate) const ABSENT: Self = Self { kind: Kind::Absent, start: 0, end: 0 };
}

/// The fields of one record: a token for each column, and the fields no column names.
#[derive(Debug, Default)]
pub(crate) struct Record {
    /// One token a column, in contract order.
    pub(crate) fields: Vec<Token>,
    /// Name and value of each other field, in the record's order; the name is always text.
    pub(crate) unknown: Vec<(Token, Token)>,
}

impl Record {
    pub(crate) fn reset(&mut self, columns: usize) {
        self.fields.clear();
        self.fields.resize(columns, Token::ABSENT);
        self.unknown.clear();
    }
}

/// Finds the column of a field name. Producers write their fields in the same order again and
/// again, so that the column that followed the previous one last time is tried first.
#[derive(Debug)]
pub(crate) struct FieldNames {
    names: Vec<Box<[u8]>>,
    by_name: hashbrown::HashMap<Box<[u8]>, usize>,
    /// `expected[i]`: the column that the i-th field of the last record belonged to.
    expected: Vec<usize>,
}

impl FieldNames {
    pub(crate) fn new<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        let names: Vec<Box<[u8]>> = names.map(|name| name.as_bytes().into()).collect();
        let by_name = names.iter().cloned().zip(0..).collect();
        Self { expected: (0..names.len()).collect(), names, by_name }
    }

    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }

    /// The column named `name`, given that it is the `position`-th field of its record.
    pub(crate) fn find(&mut self, position: usize, name: &[u8]) -> Option<usize> {
        if let Some(&column) = self.expected.get(position)
            && *self.names[column] == *name
        {
            return Some(column);
        }
        let column = *self.by_name.get(name)?;
        if let Some(expected) = self.expected.get_mut(position) {
            *expected = column;
        }
        Some(column)
    }
}
