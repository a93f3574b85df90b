//! Text of a source as a JSON value of its column.

use contract::{Column, DataType};
use serde::de::IgnoredAny;

/// What JSON has in place of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// A string.
    Text,
    /// A number with the same digits.
    Number,
    /// `true` or `false`.
    Boolean,
    /// The object or array that the text is.
    Json,
}

impl Form {
    /// What a value of the column is in JSON.
    pub(super) fn of(column: &Column) -> Self {
        match column.data_type {
            DataType::Integer | DataType::Decimal { .. } | DataType::Double => Self::Number,
            DataType::Timestamp if column.epoch.is_some() => Self::Number,
            DataType::Boolean => Self::Boolean,
            DataType::Object | DataType::Array => Self::Json,
            DataType::String { .. } | DataType::Timestamp | DataType::Date | DataType::Time => {
                Self::Text
            }
        }
    }

    /// Appends the value. What has not the form that JSON asks for becomes a string, which the
    /// transform judges: no digit is added or taken away.
    pub(super) fn write(self, text: &str, out: &mut Vec<u8>) {
        match self {
            Self::Number if is_number(text) => out.extend_from_slice(text.as_bytes()),
            Self::Boolean if matches!(text, "true" | "false") => {
                out.extend_from_slice(text.as_bytes());
            }
            Self::Json if is_nested(text) => {
                // A line end stands between its tokens only, where a space means the same.
                out.extend(text.bytes().map(|byte| if byte == b'\n' { b' ' } else { byte }));
            }
            _ => write_text(text, out),
        }
    }
}

/// Whether the text is a number by the grammar of RFC 8259.
fn is_number(text: &str) -> bool {
    text.starts_with(|first: char| first == '-' || first.is_ascii_digit())
        && text.ends_with(|last: char| last.is_ascii_digit())
        && is_json(text)
}

fn is_nested(text: &str) -> bool {
    text.trim_start().starts_with(['{', '[']) && is_json(text)
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(text).is_ok()
}

/// Appends the text as a JSON string.
pub(super) fn write_text(text: &str, out: &mut Vec<u8>) {
    // Memory takes all that is written.
    serde_json::to_writer(out, text).ok();
}
