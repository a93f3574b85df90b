//! The shape of a record: what producers repeat. They write the same names in the same order with
//! the same spaces again and again, so that a record is compared with the shape of an earlier one
//! instead of being parsed.

use std::ops::Range;

use crate::decode::json::Member;
use crate::decode::record::Kind;
use crate::simd::LANES;

/// What stands between the values of a record, and whose values they are.
#[derive(Debug, Default)]
pub(crate) struct Shape {
    pub(crate) fields: Vec<ShapeField>,
    /// What follows the last value: the closing brace. `None` before a shape is learnt.
    pub(crate) end: Option<Literal>,
    /// The columns that none of the fields belongs to.
    pub(crate) absent: Vec<usize>,
}

#[derive(Debug)]
pub(crate) struct ShapeField {
    /// What stands before the value: brace or comma, name, colon, spaces.
    pub(crate) before: Literal,
    pub(crate) owner: Owner,
}

/// Whose value it is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Owner {
    Column(usize),
    /// Of no column; where its name stands, from the start of what is before the value.
    Unknown {
        name_start: usize,
        name_end: usize,
    },
}

/// Bytes that are expected as they are.
#[derive(Debug)]
pub(crate) struct Literal {
    /// The first [`LANES`] bytes; zero beyond the end.
    head: [u64; LANES / 8],
    /// All bits of those bytes that are expected.
    mask: [u64; LANES / 8],
    pub(crate) bytes: Box<[u8]>,
}

impl Shape {
    /// Takes the shape of a record: its members in their order, in the `span` of a text that is
    /// valid UTF-8 there. A record that names one of the `columns` twice is no example.
    pub(crate) fn learn(
        &mut self,
        text: &[u8],
        span: Range<usize>,
        members: &[Member],
        columns: usize,
    ) {
        self.fields.clear();
        self.end = None;
        let mut at = span.start;
        for member in members {
            let value = member.value;
            let opens = usize::from(matches!(value.kind, Kind::Text | Kind::EscapedText));
            let value_start = value.start() - opens;
            let owner = match member.column {
                Some(column) if self.has(column) => return self.fields.clear(),
                Some(column) => Owner::Column(column),
                None => Owner::Unknown {
                    name_start: member.name.start() - at,
                    name_end: member.name.end() - at,
                },
            };
            if member.name.kind == Kind::EscapedText && member.column.is_none() {
                return self.fields.clear();
            }
            self.fields.push(ShapeField { before: Literal::new(&text[at..value_start]), owner });
            at = value.end() + opens;
        }
        self.end = Some(Literal::new(&text[at..span.end]));
        self.absent = (0..columns).filter(|column| !self.has(*column)).collect();
    }

    fn has(&self, column: usize) -> bool {
        self.fields
            .iter()
            .any(|field| matches!(field.owner, Owner::Column(other) if other == column))
    }
}

/// The [`LANES`] bytes from `at` on, unless the text ends before.
#[inline(always)]
pub(crate) fn window(text: &[u8], at: usize) -> Option<&[u8; LANES]> {
    text.get(at..)?.first_chunk()
}

impl Literal {
    fn new(bytes: &[u8]) -> Self {
        let mut head = [0; LANES];
        let mut mask = [0; LANES];
        for (at, byte) in bytes.iter().take(LANES).enumerate() {
            head[at] = *byte;
            mask[at] = 0xFF;
        }
        Self { head: words(&head), mask: words(&mask), bytes: bytes.into() }
    }

    /// Whether `text` has these bytes at `at`, from where `window` is.
    #[inline(always)]
    pub(crate) fn fits(&self, window: &[u8; LANES], text: &[u8], at: usize) -> bool {
        let window = words(window);
        let differs = (0..LANES / 8).fold(0, |differs, word| {
            differs | ((window[word] ^ self.head[word]) & self.mask[word])
        });
        differs == 0
            && (self.bytes.len() <= LANES
                || text.get(at + LANES..at + self.bytes.len()) == Some(&self.bytes[LANES..]))
    }
}

#[inline(always)]
fn words(bytes: &[u8; LANES]) -> [u64; LANES / 8] {
    let mut words = [0; LANES / 8];
    for (word, bytes) in words.iter_mut().zip(bytes.chunks_exact(8)) {
        *word = bytes.try_into().map_or(0, u64::from_ne_bytes);
    }
    words
}
