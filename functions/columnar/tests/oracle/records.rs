//! Which bytes of a text are records, and which of those `serde_json` accepts.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// Longest record that is decoded.
const MAX_RECORD_BYTES: usize = 1 << 20;

/// The members of a record in its order, names and values as they are written.
pub(crate) type Members<'a> = Vec<(&'a RawValue, &'a RawValue)>;

/// Every record of a text: its line (from 1; a record behind another on its line counts as a
/// line), and its members or the rule that it breaks as a whole.
pub(crate) fn records(text: &[u8]) -> Vec<(i64, Result<Members<'_>, &'static str>)> {
    let mut records = Vec::new();
    let mut number = 0;
    for line in text.split(|byte| *byte == b'\n') {
        let mut rest = trim_start(line);
        number += i64::from(rest.is_empty());
        while !rest.is_empty() {
            number += 1;
            let (record, next) = rest.split_at(record_end(rest));
            records.push((number, read(record)));
            rest = next;
        }
    }
    records
}

/// A record ends where its braces balance and another object follows, or with its line.
fn record_end(line: &[u8]) -> usize {
    if line[0] != b'{' {
        return line.len();
    }
    let Some(closed) = balanced_end(line) else { return line.len() };
    match trim_start(&line[closed..]) {
        next if next.starts_with(b"{") => line.len() - next.len(),
        _ => line.len(),
    }
}

/// Position after the brace that closes the one at 0, strings left out.
fn balanced_end(line: &[u8]) -> Option<usize> {
    let (mut open, mut in_string) = (0, false);
    let mut bytes = line.iter().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'"' => in_string = !in_string,
            b'\\' if in_string => drop(bytes.next()),
            b'{' if !in_string => open += 1,
            b'}' if !in_string => open -= 1,
            _ => {}
        }
        if open == 0 {
            return Some(at + 1);
        }
    }
    None
}

fn read(record: &[u8]) -> Result<Members<'_>, &'static str> {
    let parsed = std::str::from_utf8(record).map(serde_json::from_str::<Strict>);
    let is_object = record.starts_with(b"{") && matches!(parsed, Ok(Ok(_)));
    let spaces = if is_object { record.len() - record.trim_ascii_end().len() } else { 0 };
    match parsed {
        _ if record.len() - spaces > MAX_RECORD_BYTES => Err("record_too_long"),
        Err(_) => Err("utf8"),
        Ok(Err(_)) => Err("json"),
        Ok(Ok(_)) if !is_object => Err("not_an_object"),
        Ok(Ok(_)) => {
            let object: Object = serde_json::from_slice(record).expect("accepted above");
            Ok(object.0)
        }
    }
}

fn trim_start(line: &[u8]) -> &[u8] {
    let spaces = line.iter().take_while(|byte| b" \t\r".contains(byte)).count();
    &line[spaces..]
}

/// Any value, read in full and forgotten. `IgnoredAny` would not do: `serde_json` passes over what
/// it ignores without a look at its depth and its surrogates.
struct Strict;

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Self;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("any JSON")
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Self, A::Error> {
        while values.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    /// Numbers that are no 64-bit integers come here too: that is how `serde_json` hands them over
    /// with the feature `arbitrary_precision`, as they are written.
    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self, A::Error> {
        while members.next_entry::<Self, Self>()?.is_some() {}
        Ok(self)
    }
}

/// The members of an object.
struct Object<'a>(Members<'a>);

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Object<'de>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Object<'de>, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = object.next_entry()? {
            members.push(member);
        }
        Ok(Object(members))
    }
}
