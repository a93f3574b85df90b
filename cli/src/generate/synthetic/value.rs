//! The values of a record, and how they are written.

use contract::Csv;
use std::rc::Rc;

/// The value of a field.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    /// The field is not there; in CSV it is null.
    Absent,
    Null,
    Text(String),
    /// A number, `true` or `false`, as JSON writes it.
    Literal(String),
    Object(Vec<(Rc<str>, Value)>),
    Array(Vec<Value>),
}

impl Value {
    /// Whether there is something.
    pub(super) fn is_there(&self) -> bool {
        !matches!(self, Self::Absent | Self::Null)
    }

    fn write_json(&self, out: &mut Vec<u8>) {
        match self {
            Self::Absent | Self::Null => out.extend_from_slice(b"null"),
            Self::Text(text) => write_text(text, out),
            Self::Literal(literal) => out.extend_from_slice(literal.as_bytes()),
            Self::Object(members) => {
                write_members(members.iter().map(|(name, value)| (&**name, value)), out);
            }
            Self::Array(items) => {
                out.push(b'[');
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        out.push(b',');
                    }
                    item.write_json(out);
                }
                out.push(b']');
            }
        }
    }
}

/// Writes a JSON object of the members that are not absent.
pub(super) fn write_members<'a>(
    members: impl Iterator<Item = (&'a str, &'a Value)>,
    out: &mut Vec<u8>,
) {
    out.push(b'{');
    let present = members.filter(|(_, value)| **value != Value::Absent);
    for (at, (name, value)) in present.enumerate() {
        if at > 0 {
            out.push(b',');
        }
        write_text(name, out);
        out.push(b':');
        value.write_json(out);
    }
    out.push(b'}');
}

fn write_text(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    for char in text.chars() {
        match char {
            '"' | '\\' => out.extend_from_slice(&[b'\\', char as u8]),
            '\u{0}'..='\u{1f}' => {
                out.extend_from_slice(format!("\\u{:04x}", u32::from(char)).as_bytes());
            }
            _ => out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    out.push(b'"');
}

/// Writes the fields of a line of CSV, without its end.
pub(super) fn write_fields<'a>(
    values: impl Iterator<Item = &'a Value>,
    csv: &Csv,
    out: &mut Vec<u8>,
) {
    let mut json = Vec::new();
    for (at, value) in values.enumerate() {
        if at > 0 {
            out.push(csv.delimiter as u8);
        }
        match value {
            Value::Absent | Value::Null => out.extend_from_slice(csv.null.as_bytes()),
            Value::Text(text) => write_field(text.as_bytes(), csv, out),
            Value::Literal(literal) => write_field(literal.as_bytes(), csv, out),
            Value::Object(_) | Value::Array(_) => {
                json.clear();
                value.write_json(&mut json);
                write_field(&json, csv, out);
            }
        }
    }
}

/// Writes a field that is not null, with quotes where it would be read as something else.
fn write_field(text: &[u8], csv: &Csv, out: &mut Vec<u8>) {
    let special = |byte: &u8| matches!(byte, b'"' | b'\r' | b'\n') || *byte == csv.delimiter as u8;
    if text != csv.null.as_bytes() && !text.is_empty() && !text.iter().any(special) {
        return out.extend_from_slice(text);
    }
    out.push(b'"');
    for byte in text {
        if *byte == b'"' {
            out.push(b'"');
        }
        out.push(*byte);
    }
    out.push(b'"');
}
