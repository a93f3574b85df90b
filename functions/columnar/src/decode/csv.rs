//! Scans CSV (RFC 4180: double quotes, a header line; the contract says what separates fields and
//! what is null) into the spans of a record's fields.

use contract::Csv;

use crate::decode::record::{Kind, Record, Token};

/// Where the fields of a line go.
#[derive(Debug, Clone)]
pub(crate) struct Header {
    /// For each field of a line: its column, or `None` where no column has its name.
    columns: Vec<Option<usize>>,
    /// Name of each field.
    names: Vec<Vec<u8>>,
    dialect: Dialect,
}

/// How the fields of a line are told apart, and nulls from texts.
#[derive(Debug, Clone)]
struct Dialect {
    delimiter: u8,
    null: Vec<u8>,
}

impl Dialect {
    /// Any other character than an ASCII one is no delimiter.
    fn new(csv: &Csv) -> Self {
        let delimiter = u8::try_from(csv.delimiter).unwrap_or(b',');
        Self { delimiter, null: csv.null.as_bytes().to_vec() }
    }
}

/// Why a line is not a record of this file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CsvError {
    /// A quoted field that does not end, or text before or after its quotes.
    Quotes {
        /// Offset in the block.
        at: usize,
    },
    /// Another number of fields than the header has.
    Fields {
        /// Fields of the header.
        expected: usize,
        /// Fields of the line.
        found: usize,
    },
}

impl std::fmt::Display for CsvError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Quotes { .. } => write!(out, "a quoted field does not end where a field ends"),
            Self::Fields { expected, found } => {
                write!(out, "{found} fields where the header has {expected}")
            }
        }
    }
}

impl Header {
    /// Reads the header line; `column_of` says which column has a name.
    pub(crate) fn parse(
        line: &[u8],
        csv: &Csv,
        column_of: impl Fn(&[u8]) -> Option<usize>,
    ) -> Result<Self, CsvError> {
        let mut names = Vec::new();
        let dialect = Dialect::new(csv);
        scan_fields(line, 0, &dialect, |token| names.push(field_text(line, token)))?;
        Ok(Self { columns: names.iter().map(|name| column_of(name)).collect(), names, dialect })
    }

    /// Names of the fields no column has, with their positions.
    pub(crate) fn name(&self, field: usize) -> &[u8] {
        &self.names[field]
    }

    /// Scans a line (without its line end) into `record`. The name token of an unknown field is
    /// its position in the header: see [`Header::name`].
    pub(crate) fn scan(
        &self,
        line: &[u8],
        start: usize,
        columns: usize,
        record: &mut Record,
    ) -> Result<(), CsvError> {
        record.reset(columns);
        let mut found = 0;
        scan_fields(line, start, &self.dialect, |token| {
            match self.columns.get(found) {
                Some(Some(column)) => record.fields[*column] = token,
                Some(None) if token.kind != Kind::Null => {
                    let name = Token::new(Kind::Csv, found, found);
                    record.unknown.push((name, token));
                }
                _ => {}
            }
            found += 1;
        })?;
        match self.columns.len() {
            expected if expected == found => Ok(()),
            expected => Err(CsvError::Fields { expected, found }),
        }
    }
}

/// Calls `each` for every field. A field without quotes is null if the dialect says so.
fn scan_fields(
    line: &[u8],
    start: usize,
    dialect: &Dialect,
    mut each: impl FnMut(Token),
) -> Result<(), CsvError> {
    let mut at = start;
    loop {
        let (token, next) = if line.get(at) == Some(&b'"') {
            scan_quoted(line, at)?
        } else {
            scan_bare(line, at, dialect)?
        };
        each(token);
        match line.get(next) {
            None => return Ok(()),
            Some(byte) if *byte == dialect.delimiter => at = next + 1,
            Some(_) => return Err(CsvError::Quotes { at: next }),
        }
    }
}

/// The field that starts at `start` without a quote, and the position after it.
fn scan_bare(line: &[u8], start: usize, dialect: &Dialect) -> Result<(Token, usize), CsvError> {
    let end = memchr::memchr2(dialect.delimiter, b'"', &line[start..])
        .map_or(line.len(), |at| start + at);
    if line.get(end) == Some(&b'"') {
        return Err(CsvError::Quotes { at: end });
    }
    let kind = if line[start..end] == dialect.null { Kind::Null } else { Kind::Csv };
    Ok((Token::new(kind, start, end), end))
}

/// The field whose opening quote is at `quote`, and the position after its closing quote.
fn scan_quoted(line: &[u8], quote: usize) -> Result<(Token, usize), CsvError> {
    let start = quote + 1;
    let mut kind = Kind::Csv;
    let mut at = start;
    loop {
        let Some(found) = line.get(at..).and_then(|rest| memchr::memchr(b'"', rest)) else {
            return Err(CsvError::Quotes { at: quote });
        };
        at += found;
        if line.get(at + 1) != Some(&b'"') {
            return Ok((Token::new(kind, start, at), at + 1));
        }
        kind = Kind::EscapedCsv;
        at += 2;
    }
}

/// Appends the text of an [`Kind::EscapedCsv`] field: each doubled quote becomes one.
pub(crate) fn unescape(raw: &[u8], out: &mut Vec<u8>) {
    let mut rest = raw;
    while let Some(found) = memchr::memchr(b'"', rest) {
        out.extend_from_slice(&rest[..=found]);
        rest = &rest[(found + 2).min(rest.len())..];
    }
    out.extend_from_slice(rest);
}

fn field_text(line: &[u8], token: Token) -> Vec<u8> {
    let mut text = Vec::new();
    match token.kind {
        Kind::EscapedCsv => unescape(token.of(line), &mut text),
        _ => text.extend_from_slice(token.of(line)),
    }
    text
}

/// Offset of the line end that ends the first record of `bytes`, or their length: a line end
/// inside quotes is part of a field.
pub(crate) fn first_record_end(bytes: &[u8]) -> usize {
    record_ends(bytes).next().unwrap_or(bytes.len())
}

/// Offset of the last line end of `bytes` that ends a record; `bytes` starts with a record.
pub(crate) fn last_record_end(bytes: &[u8]) -> Option<usize> {
    record_ends(bytes).last()
}

fn record_ends(bytes: &[u8]) -> impl Iterator<Item = usize> {
    let mut in_quotes = false;
    memchr::memchr2_iter(b'"', b'\n', bytes).filter(move |&at| {
        in_quotes ^= bytes[at] == b'"';
        bytes[at] == b'\n' && !in_quotes
    })
}
