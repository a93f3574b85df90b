//! The fields no column names, kept as one JSON object a row.

use crate::columns::{Column, Values};
use crate::decode::csv::{self, Header};
use crate::decode::json;
use crate::decode::record::{Kind, Token};

/// Appends the unknown fields as a JSON object; null where there are none. Of a repeated name the
/// last value counts.
pub(crate) fn append_extra(
    unknown: &[(Token, Token)],
    bytes: &[u8],
    header: Option<&Header>,
    extra: &mut Column,
) {
    if unknown.is_empty() {
        return extra.push_null();
    }
    let mut object = vec![b'{'];
    for (name, value) in last_of_each_name(unknown, bytes, header) {
        if object.len() > 1 {
            object.push(b',');
        }
        match header {
            Some(header) => push_json_text(header.name(name.start()), &mut object),
            None => object.extend_from_slice(&bytes[name.start() - 1..=name.end()]),
        }
        object.push(b':');
        match value.kind {
            Kind::Text | Kind::EscapedText => {
                object.extend_from_slice(&bytes[value.start() - 1..=value.end()]);
            }
            Kind::Csv => push_json_text(value.of(bytes), &mut object),
            Kind::EscapedCsv => {
                let mut text = Vec::new();
                csv::unescape(value.of(bytes), &mut text);
                push_json_text(&text, &mut object);
            }
            _ => object.extend_from_slice(value.of(bytes)),
        }
    }
    object.push(b'}');
    if let Values::Text(texts) = &mut extra.values {
        texts.push(&object);
    }
    extra.mark_valid();
}

fn last_of_each_name(
    unknown: &[(Token, Token)],
    bytes: &[u8],
    header: Option<&Header>,
) -> Vec<(Token, Token)> {
    if unknown.len() == 1 || header.is_some() {
        return unknown.to_vec();
    }
    let mut seen = hashbrown::HashSet::with_capacity(unknown.len());
    let mut kept: Vec<_> = unknown
        .iter()
        .rev()
        .filter(|(name, _)| {
            let raw = name.of(bytes);
            let mut text = Vec::with_capacity(raw.len());
            json::unescape(raw, &mut text);
            seen.insert(text)
        })
        .copied()
        .collect();
    kept.reverse();
    kept
}

fn push_json_text(text: &[u8], out: &mut Vec<u8>) {
    let text = String::from_utf8_lossy(text);
    out.extend_from_slice(serde_json::Value::from(text.as_ref()).to_string().as_bytes());
}
