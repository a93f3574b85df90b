//! The JSON objects that records become.

use super::value::{Form, write_text};

/// Where the text of a field goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// The names from the record down to the value, at least one.
    pub(super) path: Vec<String>,
    /// What it is there.
    pub(super) form: Form,
    /// Whether the contract names it. Then nothing is null; else it is left out, as the transform
    /// leaves it out of what it keeps of CSV.
    pub(super) is_known: bool,
}

/// An object whose values are fields of a record.
#[derive(Debug, Default)]
pub(super) struct Object {
    members: Vec<Member>,
}

#[derive(Debug)]
struct Member {
    name: String,
    /// The name as JSON, with its colon.
    key: Vec<u8>,
    value: Value,
}

#[derive(Debug)]
enum Value {
    /// Of the field at this position.
    Field {
        at: usize,
        form: Form,
        is_known: bool,
    },
    Object(Object),
}

impl Object {
    /// Gives the field at position `at` its place. Of a repeated name the last field counts.
    /// Returns whether there is such a place: none is inside another field, or around one.
    pub(super) fn insert(&mut self, place: &Place, at: usize) -> bool {
        let value = Value::Field { at, form: place.form, is_known: place.is_known };
        self.insert_value(&place.path, value)
    }

    fn insert_value(&mut self, path: &[String], field: Value) -> bool {
        let Some((name, inside)) = path.split_first() else { return false };
        let found = self.members.iter().position(|member| member.name == *name);
        let at = found.unwrap_or_else(|| {
            let mut key = Vec::new();
            write_text(name, &mut key);
            key.push(b':');
            let value = Value::Object(Self::default());
            self.members.push(Member { name: name.clone(), key, value });
            self.members.len() - 1
        });
        match &mut self.members[at].value {
            Value::Object(object) if !inside.is_empty() => object.insert_value(inside, field),
            Value::Object(object) if !object.members.is_empty() => false,
            Value::Field { .. } if !inside.is_empty() => false,
            value => {
                *value = field;
                true
            }
        }
    }

    /// Appends the object of a record; `text` is what a field has, or `None` for null. Returns
    /// whether any field has something: an object inside of which none has is null.
    pub(super) fn write<'a>(
        &self,
        text: &impl Fn(usize) -> Option<&'a str>,
        out: &mut Vec<u8>,
    ) -> bool {
        let mut has_some = false;
        out.push(b'{');
        let first = out.len();
        for member in &self.members {
            let before = out.len();
            if before > first {
                out.push(b',');
            }
            out.extend_from_slice(&member.key);
            if member.value.write(text, out) {
                has_some = true;
            } else if member.value.is_known() {
                out.extend_from_slice(b"null");
            } else {
                out.truncate(before);
            }
        }
        out.push(b'}');
        has_some
    }
}

impl Value {
    fn is_known(&self) -> bool {
        !matches!(self, Self::Field { is_known: false, .. })
    }

    /// Appends the value, unless it is null; returns whether it is there.
    fn write<'a>(&self, text: &impl Fn(usize) -> Option<&'a str>, out: &mut Vec<u8>) -> bool {
        match self {
            Self::Field { at, form, .. } => text(*at).map(|text| form.write(text, out)).is_some(),
            Self::Object(object) => {
                let before = out.len();
                let has_some = object.write(text, out);
                if !has_some {
                    out.truncate(before);
                }
                has_some
            }
        }
    }
}
