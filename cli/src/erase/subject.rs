//! Whose rows are to go, and which records that were never loaded are theirs.

use std::io::{self, Read};

use columnar::{Rejected, RejectedError, decompress};
use contract::Column;
use serde_json::{Map, Value};

/// Text that is searched at a time.
const CHUNK_BYTES: usize = 1 << 20;

/// A column that has a value.
#[derive(Debug, Clone)]
pub(crate) struct Condition {
    pub(crate) column: Column,
    /// As the transform stores it.
    pub(crate) value: String,
}

/// The conditions that all hold in the rows of a person.
#[derive(Debug)]
pub(crate) struct Subject {
    pub(crate) conditions: Vec<Condition>,
}

impl Subject {
    pub(crate) fn new(conditions: Vec<Condition>) -> Self {
        Self { conditions }
    }

    /// The columns of the conditions.
    pub(crate) fn columns(&self) -> Vec<String> {
        self.conditions.iter().map(|condition| condition.column.name.clone()).collect()
    }

    /// Whether the text of a landing object, however it is compressed, has every value as a word of
    /// its own, in whatever case: it may have lines of the person. A value that is written with
    /// escapes is not found.
    ///
    /// # Errors
    /// The object is damaged or cut off.
    pub(crate) fn is_in_object(&self, object: &[u8]) -> io::Result<bool> {
        let mut text = decompress(object);
        let values = || self.conditions.iter().map(|condition| condition.value.as_str());
        // What may be the beginning of a word that ends in the next chunk.
        let overlap = values().map(str::len).max().unwrap_or(0) + 1;
        let mut missing: Vec<&str> = values().collect();
        let mut chunk = Vec::new();
        loop {
            chunk.drain(..chunk.len().saturating_sub(overlap));
            let read = text.by_ref().take(CHUNK_BYTES as u64).read_to_end(&mut chunk)?;
            missing.retain(|value| !has_word(&chunk, value));
            if missing.is_empty() || read == 0 {
                return Ok(missing.is_empty());
            }
        }
    }

    /// Whether a record is the person's: where it is an object of JSON with the column, the column
    /// tells, and where it is not, its text.
    pub(crate) fn owns(&self, record: &[u8]) -> bool {
        let fields = serde_json::from_slice::<Map<String, Value>>(record).unwrap_or_default();
        self.conditions.iter().all(|condition| {
            let column = &condition.column;
            match fields.get(&column.field) {
                Some(Value::String(text)) => column.normalised(text) == condition.value,
                Some(Value::Number(number)) => number.to_string() == condition.value,
                Some(Value::Bool(flag)) => flag.to_string() == condition.value,
                Some(_) | None => has_word(record, &condition.value),
            }
        })
    }

    /// The line of a quarantine file without the record and whatever else tells of the person;
    /// `None` when it is not theirs.
    ///
    /// # Errors
    /// The transform has not written the line.
    pub(crate) fn erased(&self, line: &[u8]) -> Result<Option<Vec<u8>>, RejectedError> {
        let mut reject = Rejected::parse(line)?;
        if reject.is_erased() || !self.owns(&reject.record()?) {
            return Ok(None);
        }
        let message = reject.message.as_bytes();
        if self.conditions.iter().any(|condition| has_word(message, &condition.value)) {
            reject.message = "erased".to_owned();
        }
        Ok(Some(reject.to_erased_line()?))
    }
}

/// Whether the value stands in a text with no letter or digit beside it, in whatever case.
fn has_word(text: &[u8], value: &str) -> bool {
    let value = value.as_bytes();
    let is_edge = |byte: Option<&u8>| byte.is_none_or(|byte| !byte.is_ascii_alphanumeric());
    text.windows(value.len().max(1)).enumerate().any(|(at, found)| {
        found.eq_ignore_ascii_case(value)
            && is_edge(at.checked_sub(1).and_then(|before| text.get(before)))
            && is_edge(text.get(at + value.len()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(pairs: &[(&str, &str)]) -> Subject {
        let dataset = datasets::load("orders").unwrap();
        let condition = |(name, value): &(&str, &str)| Condition {
            column: dataset.column(name).unwrap().clone(),
            value: (*value).to_owned(),
        };
        Subject::new(pairs.iter().map(condition).collect())
    }

    #[test]
    fn the_column_tells_whose_a_record_is_and_else_its_text() {
        let subject = subject(&[("customer_id", "C-1")]);
        for (record, expected) in [
            (r#"{"customer_id":"C-1","quantity":0}"#, true),
            (r#"{"customer_id":"C\u002d1","quantity":0}"#, true),
            (r#"{"customer_id":"C-2","product_id":"C-1"}"#, false),
            (r#"{"customer_id":"C-12"}"#, false),
            (r#"{"customer_id":{"id":"C-1"}}"#, true),
            (r#"{"customer":"C-1"}"#, true),
            (r#"{"customer_id":null}"#, false),
            (r#"{"customer_id":"C-1","quantity"#, true),
            (r#"{"customer_id":"C-12","quantity"#, false),
            ("3f2b,C-1,2026", true),
            ("c-1", true),
            ("", false),
        ] {
            assert_eq!(subject.owns(record.as_bytes()), expected, "{record}");
        }
        assert!(subject.owns(b"\xffC-1\xff"), "what is no text is searched all the same");
    }

    #[test]
    fn an_object_is_searched_across_its_chunks() {
        let subject = subject(&[("currency", "EUR"), ("customer_id", "C-0004217")]);
        for at in [0, 5, CHUNK_BYTES - 5, CHUNK_BYTES, CHUNK_BYTES + 5, 3 * CHUNK_BYTES - 1] {
            let mut text = vec![b' '; at];
            text.extend(b"C-0004217");
            text.resize(text.len() + CHUNK_BYTES, b' ');
            assert!(!subject.is_in_object(&text).unwrap(), "{at}");
            text.extend(b"EUR");
            assert!(subject.is_in_object(&text).unwrap(), "{at}");
        }
    }

    #[test]
    fn all_conditions_must_hold() {
        let subject = subject(&[("currency", "EUR"), ("quantity", "7")]);
        assert!(subject.owns(br#"{"currency":" eur ","quantity":7}"#));
        assert!(!subject.owns(br#"{"currency":"EUR","quantity":70}"#));
        assert!(subject.is_in_object(b"eur 7").unwrap());
        assert!(!subject.is_in_object(b"eur 70").unwrap());
    }

    #[test]
    fn an_erased_reject_keeps_where_and_why() {
        let subject = subject(&[("customer_id", "C-1")]);
        let line = |message: &str| {
            let record = r#"{\"customer_id\":\"C-1\"}"#;
            format!(
                r#"{{"line":3,"rule":"r","column":null,"message":"{message}","record":"{record}"}}"#
            )
        };
        for (message, kept) in [("m", "m"), ("is C-1", "erased")] {
            let erased = subject.erased(line(message).as_bytes()).unwrap().unwrap();
            let text = String::from_utf8(erased.clone()).unwrap();
            let expected = format!(r#"{{"line":3,"rule":"r","column":null,"message":"{kept}"}}"#);
            assert_eq!(text, expected);
            assert_eq!(subject.erased(&erased).unwrap(), None, "a second time there is nothing");
        }
        assert!(subject.erased(b"not a line").is_err());
    }
}
