//! The shape of a record: what producers repeat. They write the same names in the same order with
//! the same spaces again and again, so that a record is compared with the shape of an earlier one
//! instead of being parsed.

use std::ops::Range;

use crate::decode::json::{self, Member};
use crate::decode::nested::is_object;
use crate::decode::record::{Kind, Token};
use crate::plan::Plan;
use crate::simd::LANES;

/// What stands between the values of a record, and whose values they are.
#[derive(Debug, Default)]
pub(crate) struct Shape {
    pub(crate) steps: Vec<Step>,
    /// What follows the last value: the closing brace. `None` before a shape is learnt.
    pub(crate) end: Option<Literal>,
    /// The columns that none of the steps belongs to.
    pub(crate) absent: Vec<usize>,
    /// How many members the record had.
    pub(crate) members: usize,
    /// The columns with fields inside whose value was no object.
    pub(crate) unopened: Vec<usize>,
}

/// A step on the way through a record.
#[derive(Debug)]
pub(crate) enum Step {
    /// A value.
    Value {
        /// What stands before it: brace or comma, name, colon, spaces.
        before: Literal,
        owner: Owner,
    },
    /// The start of an object with fields inside, or a null in its place.
    Open {
        /// What stands before its brace.
        before: Literal,
        object: usize,
        /// The step that closes it; `None` where the example had no object.
        close: Option<usize>,
    },
    /// The end of an object with fields inside.
    Close {
        /// What follows its last value: the closing brace.
        before: Literal,
        object: usize,
        /// The fields directly inside that none of the steps belongs to.
        absent: Vec<usize>,
    },
}

/// Whose value it is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Owner {
    Field(usize),
    /// Nobody's. Of a member of the record it is said where its name stands, from the start of what
    /// is before the value.
    Unknown(Option<(usize, usize)>),
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
    /// valid UTF-8 there. A record that names a column, or a field inside one, twice is no example.
    pub(crate) fn learn(
        &mut self,
        text: &[u8],
        span: Range<usize>,
        members: &[Member],
        plan: &Plan,
    ) {
        *self = Self { members: members.len(), ..Self::default() };
        let mut example = Example { text, plan, at: span.start, steps: Vec::new() };
        let mut seen = Vec::new();
        for member in members {
            if member.column.is_some_and(|column| seen.contains(&column)) {
                return;
            }
            seen.extend(member.column);
            let added = match member.column {
                Some(column) => example.add_field(column, member.value),
                None => example.add_unknown(member),
            };
            if added.is_none() {
                return;
            }
        }
        let unopened = |step: &Step| match step {
            Step::Open { object, close: None, .. } => {
                Some(*object).filter(|object| *object < plan.columns)
            }
            _ => None,
        };
        self.unopened = example.steps.iter().filter_map(unopened).collect();
        self.absent = (0..plan.columns).filter(|column| !seen.contains(column)).collect();
        self.end = Some(Literal::new(&text[example.at..span.end]));
        self.steps = example.steps;
    }
}

/// The record that a shape is learnt from, as far as it is read.
struct Example<'a> {
    text: &'a [u8],
    plan: &'a Plan,
    at: usize,
    steps: Vec<Step>,
}

impl Example<'_> {
    /// Adds the steps of a field's value; `None` when the record is no example.
    fn add_field(&mut self, field: usize, value: Token) -> Option<()> {
        if self.plan.fields[field].inside.all.is_empty() {
            self.add_value(Owner::Field(field), value);
            return Some(());
        }
        if !is_object(value, self.text) {
            let before = self.pass_value(value);
            self.steps.push(Step::Open { before, object: field, close: None });
            return Some(());
        }
        let open = self.steps.len();
        let before = self.pass_to(value.start());
        self.steps.push(Step::Open { before, object: field, close: None });
        let absent = self.add_members(field, value)?;
        let before = self.pass_to(value.end());
        let end = self.steps.len();
        if let Some(Step::Open { close, .. }) = self.steps.get_mut(open) {
            *close = Some(end);
        }
        self.steps.push(Step::Close { before, object: field, absent });
        Some(())
    }

    /// Adds what is inside an object, and returns the fields that are not.
    fn add_members(&mut self, object: usize, value: Token) -> Option<Vec<usize>> {
        let mut members = Vec::new();
        json::scan_members(self.text, value.start(), |name, value| members.push((name, value)))
            .ok()?;
        let inside = &self.plan.fields[object].inside;
        let mut seen = Vec::new();
        for (name, value) in members {
            match inside.names.find(name, self.text).map(|child| inside.positions[child]) {
                Some(child) if seen.contains(&child) => return None,
                Some(child) => {
                    seen.push(child);
                    self.add_field(child, value)?;
                }
                None => self.add_value(Owner::Unknown(None), value),
            }
        }
        Some(inside.positions.iter().copied().filter(|child| !seen.contains(child)).collect())
    }

    fn add_unknown(&mut self, member: &Member) -> Option<()> {
        if member.name.kind == Kind::EscapedText {
            return None;
        }
        let name = (member.name.start() - self.at, member.name.end() - self.at);
        self.add_value(Owner::Unknown(Some(name)), member.value);
        Some(())
    }

    fn add_value(&mut self, owner: Owner, value: Token) {
        let before = self.pass_value(value);
        self.steps.push(Step::Value { before, owner });
    }

    /// Passes a value, and returns what stands before it.
    fn pass_value(&mut self, value: Token) -> Literal {
        let quote = usize::from(matches!(value.kind, Kind::Text | Kind::EscapedText));
        let before = self.pass_to(value.start() - quote);
        self.at = value.end() + quote;
        before
    }

    /// Goes to a place, and returns what stands before it.
    fn pass_to(&mut self, place: usize) -> Literal {
        let literal = Literal::new(&self.text[self.at..place]);
        self.at = place;
        literal
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
