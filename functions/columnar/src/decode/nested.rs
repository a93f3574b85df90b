//! The fields inside objects: where they are in a record, and their values as columns.

use std::ops::Range;

use crate::columns::Column;
use crate::decode::csv;
use crate::decode::json;
use crate::decode::record::{Kind, Token};
use crate::decode::validate::{self, Refusal, Validator};
use crate::field::{Field, Inside};
use crate::plan::Plan;

/// Finds the fields inside an object, which is JSON in `text`: one token for each field, of which
/// those inside the object are set. Of a repeated name the last value counts.
fn locate(fields: &[Field], inside: &Inside, object: Token, text: &[u8], tokens: &mut [Token]) {
    let found = json::scan_members(text, object.start(), |name, value| {
        if let Some(child) = inside.names.find(name, text) {
            tokens[inside.positions[child]] = value;
        }
    });
    debug_assert!(found.is_ok(), "the record was scanned before");
    for &child in &inside.positions {
        let (token, inside) = (tokens[child], &fields[child].inside);
        if !inside.all.is_empty() && is_object(token, text) {
            locate(fields, inside, token, text, tokens);
        }
    }
}

/// Whether a value is a JSON object.
pub(crate) fn is_object(token: Token, text: &[u8]) -> bool {
    token.kind == Kind::Nested && token.of(text).starts_with(b"{")
}

/// Appends the fields inside the value of a column to their columns. Where the object around a field
/// is missing, so is the field, required or not. On a refusal, which tells the position of its field,
/// some columns are one row longer than others.
pub(crate) fn append(
    plan: &Plan,
    column: &Field,
    object: Token,
    text: &[u8],
    tokens: &mut Vec<Token>,
    validator: &mut Validator,
    columns: &mut [Column],
) -> Result<(), (usize, Refusal)> {
    tokens.clear();
    tokens.resize(plan.fields.len(), Token::ABSENT);
    if is_object(object, text) {
        locate(&plan.fields, &column.inside, object, text, tokens);
    }
    for at in column.inside.all.clone() {
        let field = &plan.fields[at];
        let around = match field.parent {
            Some(parent) if parent >= plan.columns => tokens[parent],
            _ => object,
        };
        if is_object(around, text) {
            validate::append(field, tokens[at], text, validator, &mut columns[at])
                .map_err(|refusal| (at, refusal))?;
        } else {
            columns[at].push_null();
        }
    }
    Ok(())
}

/// The JSON that a field of CSV holds: its token, in `unescaped` where the field has doubled
/// quotes, which is said; `None` where it holds no JSON.
pub(crate) fn json_in_csv(
    token: Token,
    text: &[u8],
    unescaped: &mut Vec<u8>,
) -> Option<(Token, bool)> {
    let (text, span) = match token.kind {
        Kind::Csv => (text, token.start()..token.end()),
        Kind::EscapedCsv => {
            unescaped.clear();
            csv::unescape(token.of(text), unescaped);
            (&unescaped[..], 0..unescaped.len())
        }
        _ => return None,
    };
    let Range { start, end } = trim(text, span);
    let text = &text[..end];
    let (value, next) = json::scan_value(text, start, 0).ok()?.parts();
    (next == end && value.kind == Kind::Nested).then_some((value, token.kind == Kind::EscapedCsv))
}

/// The part of the span that has no white space of JSON at its ends.
fn trim(text: &[u8], span: Range<usize>) -> Range<usize> {
    let is_space = |at: &usize| matches!(text[*at], b' ' | b'\t' | b'\r' | b'\n');
    let end = span.clone().rev().find(|at| !is_space(at)).map_or(span.start, |last| last + 1);
    let start = (span.start..end).find(|at| !is_space(at)).unwrap_or(end);
    start..end
}
