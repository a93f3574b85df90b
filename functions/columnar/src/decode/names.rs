//! Finds the column of a field name.

use hashbrown::HashMap;

use crate::decode::json;
use crate::decode::record::{Kind, Token};

/// The names of the columns.
#[derive(Debug)]
pub(crate) struct FieldNames {
    columns: HashMap<Box<[u8]>, usize>,
}

impl FieldNames {
    pub(crate) fn new<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        Self { columns: names.map(|name| name.as_bytes().into()).zip(0..).collect() }
    }

    pub(crate) fn len(&self) -> usize {
        self.columns.len()
    }

    /// The column of this name.
    pub(crate) fn column(&self, name: &[u8]) -> Option<usize> {
        self.columns.get(name).copied()
    }

    /// The column of this name, which is text in `bytes`.
    pub(crate) fn find(&self, name: Token, bytes: &[u8]) -> Option<usize> {
        let raw = name.of(bytes);
        if name.kind == Kind::Text {
            return self.column(raw);
        }
        let mut text = Vec::with_capacity(raw.len());
        json::unescape(raw, &mut text);
        self.column(&text)
    }
}
