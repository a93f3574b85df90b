//! From quality rules and uniqueness to the checks that run on the analytics table.

use crate::columns::Property;
use crate::error::Found;
use crate::names::Stored;
use crate::quality::{self, Measured, Quality};
use crate::read::Fields;
use crate::yaml::Node;
use crate::{Check, Column, Comparison, Decimal, Dedupe, Metric, Rule, Severity, names, sql};

/// Reads the checks of the columns and of the table, in contract order; then come those that
/// `unique` and `primaryKey` ask for and nothing else covers.
pub(crate) fn read<'a>(
    table: Fields<'a>,
    properties: &[Property<'a>],
    stored: &[Stored],
    dedupe: &Dedupe,
) -> Found<'a, Vec<Check>> {
    let mut checks = Vec::new();
    for property in properties {
        for quality in &property.measured {
            add(&mut checks, quality, column_metric(quality, &property.column, stored)?)?;
        }
    }
    for node in table.get("quality").map_or(Ok(&[][..]), Node::items)? {
        let quality = quality::read(node)?;
        add(&mut checks, &quality, table_metric(&quality, stored)?)?;
    }
    for (node, id, key) in unique_keys(properties)? {
        require_unique(&mut checks, node, id, &key, dedupe)?;
    }
    Ok(checks)
}

/// The checks that service levels ask for, and the one that every dataset has.
const RESERVED: [&str; 4] = ["freshness", "latency", "retention", "volume"];

/// Adds the check of a quality rule.
fn add<'a>(checks: &mut Vec<Check>, quality: &Quality<'a>, metric: Metric) -> Found<'a, ()> {
    let id = quality.fields.require("id")?;
    let check = Check {
        id: id.text()?.to_owned(),
        description: quality.fields.description()?,
        metric,
        must: quality.must,
        severity: quality.severity,
    };
    push(checks, id, check)
}

fn push<'a>(checks: &mut Vec<Check>, node: &'a Node, check: Check) -> Found<'a, ()> {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if check.id.is_empty() || !check.id.bytes().all(legal) {
        return node.fail(format!("`{}` is not an id: use a-z, A-Z, 0-9, _ and -", check.id));
    }
    if RESERVED.contains(&check.id.as_str()) {
        return node.fail(format!("`{}` is the name of a check of our own", check.id));
    }
    if checks.iter().any(|other| other.id == check.id) {
        return node.fail(format!("there is another check `{}`", check.id));
    }
    checks.push(check);
    Ok(())
}

/// What a quality rule of a column measures.
fn column_metric<'a>(
    quality: &Quality<'a>,
    column: &Column,
    stored: &[Stored],
) -> Found<'a, Metric> {
    if column.restricted {
        return quality.fields.node.fail(names::out_of_reach(&column.name));
    }
    let percent = quality.percent;
    let name = column.name.clone();
    Ok(match &quality.measure {
        Measured::RowCount => return misplaced(quality, "the table"),
        Measured::NullValues => Metric::NullValues { column: name, percent },
        Measured::MissingValues(list) => {
            Metric::MissingValues { column: name, values: missing_values(list)?, percent }
        }
        Measured::InvalidValues(Rule::OneOf { values }, _) => {
            Metric::InvalidValues { column: name, valid_values: values.clone(), percent }
        }
        Measured::InvalidValues(_, node) => return node.fail("a pattern is checked row by row"),
        Measured::DuplicateValues(None) if column.data_type.is_json() => {
            return quality.fields.node.fail(names::not_comparable(&name));
        }
        Measured::DuplicateValues(None) => Metric::DuplicateValues { columns: vec![name], percent },
        Measured::DuplicateValues(Some(list)) => duplicates(list, stored, percent)?,
        Measured::Sql(query) => Metric::Sql { query: sql::query(query, Some(column))? },
    })
}

/// What a quality rule of the table measures.
fn table_metric<'a>(quality: &Quality<'a>, stored: &[Stored]) -> Found<'a, Metric> {
    match &quality.measure {
        Measured::RowCount => Ok(Metric::RowCount),
        Measured::DuplicateValues(Some(list)) => duplicates(list, stored, quality.percent),
        Measured::Sql(query) => Ok(Metric::Sql { query: sql::query(query, None)? }),
        _ => misplaced(quality, "a column"),
    }
}

fn misplaced<'a, T>(quality: &Quality<'a>, owner: &str) -> Found<'a, T> {
    quality.fields.require("metric")?.fail(format!("this metric belongs to {owner}"))
}

fn duplicates<'a>(list: &'a Node, stored: &[Stored], percent: bool) -> Found<'a, Metric> {
    let columns = names::distinct(list, |item| {
        let column = names::stored(item, stored)?;
        if column.data_type.is_json() {
            return item.fail(names::not_comparable(&column.name));
        }
        Ok(column.name.clone())
    })?;
    Ok(Metric::DuplicateValues { columns, percent })
}

/// The texts that count as missing; null does anyway.
fn missing_values(list: &Node) -> Found<'_, Vec<String>> {
    let texts = list.some_items()?.iter().filter(|item| !item.is_null());
    texts.map(|item| item.text_or_number().map(str::to_owned)).collect()
}

/// A node that asks for uniqueness, the id of the check it needs, and the columns concerned.
type UniqueKey<'a, 'p> = (&'a Node, String, Vec<&'p Column>);

/// What `unique` and `primaryKey` ask for.
fn unique_keys<'a, 'p>(properties: &'p [Property<'a>]) -> Found<'a, Vec<UniqueKey<'a, 'p>>> {
    let mut keys = Vec::new();
    let mut primary = Vec::new();
    let mut primary_node = None;
    for Property { column, fields, .. } in properties {
        if let Some(node) = fields.get("unique")
            && node.flag()?
        {
            keys.push((node, format!("{}_unique", column.name), vec![column]));
        }
        if let Some(node) = fields.get("primaryKey")
            && node.flag()?
        {
            primary.push(column);
            primary_node.get_or_insert(node);
        }
    }
    keys.extend(primary_node.map(|node| (node, "primary_key_unique".to_owned(), primary)));
    Ok(keys)
}

/// Adds a check that the columns hold no combination twice, unless the merge sees to it or a check
/// of the contract says the same.
fn require_unique<'a>(
    checks: &mut Vec<Check>,
    node: &'a Node,
    id: String,
    key: &[&Column],
    dedupe: &Dedupe,
) -> Found<'a, ()> {
    let same = |other: &[String]| {
        other.len() == key.len() && key.iter().all(|column| other.contains(&column.name))
    };
    let covers = |check: &Check| {
        matches!(&check.metric, Metric::DuplicateValues { columns, .. } if same(columns))
            && quality::is_none(check.must)
            && check.severity == Severity::Error
    };
    if same(&dedupe.key) || checks.iter().any(covers) {
        return Ok(());
    }
    if let Some(column) = key.iter().find(|column| column.restricted) {
        return node.fail(names::out_of_reach(&column.name));
    }
    if let Some(column) = key.iter().find(|column| column.data_type.is_json()) {
        return node.fail(names::not_comparable(&column.name));
    }
    let columns: Vec<String> = key.iter().map(|column| column.name.clone()).collect();
    let check = Check {
        id,
        description: Some(format!("No two rows have the same {}.", columns.join(", "))),
        metric: Metric::DuplicateValues { columns, percent: false },
        must: Comparison::Be { bound: Decimal { unscaled: 0, scale: 0 } },
        severity: Severity::Error,
    };
    push(checks, node, check)
}
