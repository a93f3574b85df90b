//! Holds the decoder against `serde_json` and plain reasoning: which records of a text are
//! accepted, with which values, and by which rule the others are rejected. Shared by the property
//! tests, the fuzz target and the replay of its corpus.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

pub(crate) mod contract;
mod records;
mod values;

use std::sync::LazyLock;

use ::contract::{Dataset, UnknownFields};
use columnar::{Column, Decoder, Plan, Rows, Value};
use serde_json::value::RawValue;
use values::Cell;

/// In the first byte of an input: how far into its buffer a text starts.
pub(crate) const OFFSET: u8 = 0x0f;
/// In the first byte of an input: what the contract does with unknown fields.
pub(crate) const UNKNOWN_FIELDS: u8 = 0x30;
/// In the first byte of an input: bytes that would change the last record lie behind the text,
/// instead of the end of the allocation.
pub(crate) const TRAILED: u8 = 0x40;
/// In the first byte of an input: NUL separates several texts, which one decoder gets in turn.
pub(crate) const SEVERAL: u8 = 0x80;

/// Checks an input: a byte that says how the decoder gets to see the rest, and the rest, texts of
/// JSON lines.
///
/// # Panics
/// When the decoder and the oracle differ, when what was decoded before makes a difference, or
/// when the lines of a text one by one make another whole.
pub(crate) fn check(input: &[u8]) {
    let Some((&control, rest)) = input.split_first() else { return };
    let oracle = &ORACLES[usize::from(control & UNKNOWN_FIELDS) >> 4];
    let several = control & SEVERAL != 0;
    let decoder = || Decoder::new(&oracle.plan, contract::LANDED_AT_MICROS);
    let mut same_decoder = decoder();
    let mut rows = Rows::new(&oracle.plan);
    let mut check = |decoder: &mut Decoder<'_>, text: &[u8]| {
        let (found, expected) = (decode(decoder, &mut rows, control, text), oracle.expect(text));
        assert!(
            found == expected,
            "{}\n   found: {found:?}\nexpected: {expected:?}",
            text.escape_ascii()
        );
    };
    for text in rest.split(|byte| several && *byte == 0) {
        check(&mut same_decoder, text);
        if several {
            check(&mut decoder(), text);
        }
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            check(&mut decoder(), line);
        }
    }
}

/// Rows with their lines, and lines and rules of the rejects.
#[derive(Debug, Default, PartialEq)]
struct Outcome {
    rows: Vec<(i64, Vec<Cell>)>,
    rejects: Vec<(i64, String)>,
}

/// What the decoder makes of a text that lies in memory as `control` says.
fn decode(decoder: &mut Decoder<'_>, rows: &mut Rows, control: u8, text: &[u8]) -> Outcome {
    let trail: &[u8] = if control & TRAILED != 0 { br#"9e9\"},"key":"x"}"# } else { b"" };
    let offset = usize::from(control & OFFSET);
    // No byte more: a sanitizer sees a read beyond the end.
    let buffer = [&vec![b'"'; offset], text, trail].concat().into_boxed_slice();
    rows.clear();
    let used = decoder.decode(&buffer[offset..offset + text.len()], rows);
    assert_eq!(used, text.len());
    outcome(rows)
}

/// A contract, and what it makes of texts.
struct Oracle {
    dataset: Dataset,
    plan: Plan,
}

/// By their position, which unknown fields they keep, drop, reject, and keep.
static ORACLES: LazyLock<[Oracle; 4]> = LazyLock::new(|| {
    use UnknownFields::{Drop, Keep, Reject};
    [Keep, Drop, Reject, Keep].map(|unknown_fields| {
        let dataset = Dataset { unknown_fields, ..contract::dataset() };
        Oracle { plan: Plan::new(&dataset).expect("a plan"), dataset }
    })
});

impl Oracle {
    /// What a text must be decoded into.
    fn expect(&self, text: &[u8]) -> Outcome {
        let mut outcome = Outcome::default();
        for (line, record) in records::records(text) {
            match record.and_then(|members| self.cells(&members)) {
                Ok(cells) => outcome.rows.push((line, cells)),
                Err(rule) => outcome.rejects.push((line, rule.to_owned())),
            }
        }
        outcome
    }

    /// The row of a record: one value a column, then those of the fields inside objects, then the
    /// record's other members as one JSON text where they are kept.
    fn cells(&self, members: &[(&RawValue, &RawValue)]) -> Result<Vec<Cell>, &'static str> {
        let members: Vec<(String, &RawValue, &RawValue)> = members
            .iter()
            .map(|(name, value)| (serde_json::from_str(name.get()).expect("a name"), *name, *value))
            .collect();
        let columns = &self.dataset.columns;
        let is_known = |name: &str| columns.iter().any(|column| column.field == name);
        let has_unknown = members.iter().any(|(name, ..)| !is_known(name));
        if self.dataset.unknown_fields == UnknownFields::Reject && has_unknown {
            return Err("unknown_field");
        }
        let (mut row, mut nested) = (Vec::new(), Vec::new());
        for column in columns {
            let last = members.iter().rfind(|(name, ..)| *name == column.field);
            let raw = last.map(|(_, _, value)| value.get());
            row.push(values::cell(column, raw)?);
            self.nested_cells(column, raw, &mut nested)?;
        }
        row.extend(nested);
        let is_last = |at: usize| members[at + 1..].iter().all(|(name, ..)| *name != members[at].0);
        let extra: Vec<String> = (0..members.len())
            .filter(|at| !is_known(&members[*at].0) && is_last(*at))
            .map(|at| format!("{}:{}", members[at].1.get(), members[at].2.get()))
            .collect();
        if self.dataset.unknown_fields == UnknownFields::Keep {
            row.push(match &extra[..] {
                [] => Cell::Null,
                extra => Cell::Text(format!("{{{}}}", extra.join(","))),
            });
        }
        Ok(row)
    }

    /// The values of the fields inside a value, an object before its fields. Of an object inside
    /// another only whether it is there is known.
    fn nested_cells(
        &self,
        object: &::contract::Column,
        raw: Option<&str>,
        cells: &mut Vec<Cell>,
    ) -> Result<(), &'static str> {
        let members = raw.and_then(|raw| serde_json::from_str::<Object<'_>>(raw).ok());
        for field in &self.dataset.nested {
            let (around, name) = field.name.rsplit_once('.').expect("a path");
            if around != object.name {
                continue;
            }
            let Some(members) = &members else {
                cells.push(Cell::Null);
                self.nested_cells(field, None, cells)?;
                continue;
            };
            let raw = members.get(name).map(|value| value.get());
            cells.push(match values::cell(field, raw)? {
                Cell::Text(_) if field.data_type.is_json() => Cell::Text(String::new()),
                cell => cell,
            });
            self.nested_cells(field, raw, cells)?;
        }
        Ok(())
    }
}

/// The members of an object; of a repeated name the last.
type Object<'a> = std::collections::HashMap<String, &'a RawValue>;

fn outcome(rows: &Rows) -> Outcome {
    let columns: Vec<&Column> =
        rows.columns().iter().chain(rows.nested()).chain(rows.extra()).collect();
    assert!(columns.iter().all(|column| column.len() == rows.lines().len()));
    let row = |row: usize| columns.iter().map(|column| cell(column.value(row))).collect();
    Outcome {
        rows: rows.lines().iter().enumerate().map(|(at, line)| (*line, row(at))).collect(),
        rejects: rows.rejects().map(|(line, rule)| (line, rule.to_owned())).collect(),
    }
}

fn cell(value: Value<'_>) -> Cell {
    match value {
        Value::Null => Cell::Null,
        Value::Boolean(value) => Cell::Boolean(value),
        Value::Number(value) => Cell::Number(value),
        Value::Double(value) => Cell::Double(value.to_bits()),
        Value::Text(text) => Cell::Text(std::str::from_utf8(text).expect("UTF-8").to_owned()),
    }
}
