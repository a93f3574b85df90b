//! One landing record as byte spans: what the JSON and CSV scanners fill and validation reads.

/// The value of one field, as a span of the text it was scanned from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    /// First byte of the value; of text, the first byte inside the quotes.
    start: u32,
    /// One past the last byte.
    end: u32,
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

    /// A token; texts are cut to far less than 4 GiB.
    #[inline(always)]
    pub(crate) fn new(kind: Kind, start: usize, end: usize) -> Self {
        Self { kind, start: start as u32, end: end as u32 }
    }

    #[inline(always)]
    pub(crate) fn start(self) -> usize {
        self.start as usize
    }

    #[inline(always)]
    pub(crate) fn end(self) -> usize {
        self.end as usize
    }

    /// Its bytes, as they are written in `text`.
    #[inline(always)]
    pub(crate) fn of(self, text: &[u8]) -> &[u8] {
        &text[self.start as usize..self.end as usize]
    }
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
    #[inline(always)]
    pub(crate) fn reset(&mut self, columns: usize) {
        self.fields.clear();
        self.fields.resize(columns, Token::ABSENT);
        self.unknown.clear();
    }
}
