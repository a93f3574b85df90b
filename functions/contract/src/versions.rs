//! The custom properties `dedupe`, `operation` and `unknownFields`: which rows are versions of
//! one entity, and what a version does to it.

use crate::error::Found;
use crate::names::Stored;
use crate::read::{Fields, Keys};
use crate::yaml::Node;
use crate::{Column, DataType, Dedupe, Rule, UnknownFields, names};

const DEDUPE: Keys = Keys { read: &["key", "order"], documentation: &[], refused: &[] };

/// Reads what makes two rows the same entity.
pub(crate) fn dedupe<'a>(
    node: Option<&'a Node>,
    table: Fields<'a>,
    stored: &[Stored],
) -> Found<'a, Dedupe> {
    let Some(node) = node else {
        return table.node.fail("the custom property `dedupe` is missing: which rows are one?");
    };
    let fields = node.fields(&DEDUPE)?;
    let key = names::distinct(fields.require("key")?, |item| present(item, stored))?;
    let order = names::distinct(fields.require("order")?, |item| present(item, stored))?;
    Ok(Dedupe { key, order })
}

/// Reads the name of a column that every row and every table has a value of.
fn present<'a>(node: &'a Node, stored: &[Stored]) -> Found<'a, String> {
    let Stored { name, data_type, nullable, .. } = names::stored(node, stored)?;
    if *nullable {
        return node.fail(format!("`{name}` is not required, so it may be null"));
    }
    if *data_type == DataType::Double {
        return node.fail(format!("`{name}` is a FLOAT, which does not compare exactly"));
    }
    if data_type.is_json() {
        return node.fail(names::not_comparable(name));
    }
    Ok(name.clone())
}

/// Reads the column that says what happened to the entity.
pub(crate) fn operation<'a>(
    node: Option<&'a Node>,
    columns: &[Column],
) -> Found<'a, Option<String>> {
    let Some(node) = node else { return Ok(None) };
    let name = node.text()?;
    let column = match columns.iter().find(|column| column.name == name) {
        Some(column) if column.restricted => return node.fail(names::out_of_reach(name)),
        Some(column) => column,
        None => return node.fail(format!("there is no column `{name}`")),
    };
    let allows_operations = |rule: &Rule| {
        matches!(rule, Rule::OneOf { values }
            if values.len() == 3 && ["I", "U", "D"].iter().all(|op| values.iter().any(|v| v == op)))
    };
    if !column.rules.iter().any(allows_operations) {
        return node.fail(format!("the valid values of `{}` must be I, U and D", column.name));
    }
    Ok(Some(column.name.clone()))
}

/// Reads what happens to fields that no column names; kept unless the contract says otherwise.
pub(crate) fn unknown_fields(node: Option<&Node>) -> Found<'_, UnknownFields> {
    node.map_or(Ok(UnknownFields::Keep), |node| {
        node.choice(&[
            ("keep", UnknownFields::Keep),
            ("drop", UnknownFields::Drop),
            ("reject", UnknownFields::Reject),
        ])
    })
}
