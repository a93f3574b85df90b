//! Quality rules: what is measured, and what it must be.

use crate::error::Found;
use crate::read::Fields;
use crate::yaml::Node;
use crate::{Comparison, Decimal, Rule, Severity, names, odcs, rules};

/// A quality rule of the contract.
#[derive(Debug)]
pub(crate) struct Quality<'a> {
    pub(crate) fields: Fields<'a>,
    pub(crate) measure: Measured<'a>,
    pub(crate) must: Comparison,
    pub(crate) severity: Severity,
    /// In percent of all rows instead of rows.
    pub(crate) percent: bool,
}

/// What a quality rule measures.
#[derive(Debug)]
pub(crate) enum Measured<'a> {
    RowCount,
    NullValues,
    /// The values that count as missing.
    MissingValues(&'a Node),
    /// The rule that valid values obey, and the node it stands in.
    InvalidValues(Rule, &'a Node),
    /// The columns, unless those are the property the rule belongs to.
    DuplicateValues(Option<&'a Node>),
    /// The query.
    Sql(&'a Node),
}

/// Reads a quality rule.
pub(crate) fn read(node: &Node) -> Found<'_, Quality<'_>> {
    let fields = node.fields(&odcs::QUALITY)?;
    let measure = measured(fields)?;
    let severity = fields.get("severity").map_or(Ok(Severity::Error), |node| {
        node.choice(&[("error", Severity::Error), ("warning", Severity::Warning)])
    })?;
    let percent = match fields.get("unit") {
        Some(node) => node.choice(&[("rows", false), ("percent", true)])?,
        None => false,
    };
    if percent && matches!(measure, Measured::RowCount | Measured::Sql(_)) {
        return fields.require("unit")?.fail("this is a number, not a part of the rows");
    }
    Ok(Quality { fields, measure, must: comparison(fields)?, severity, percent })
}

/// The row rule a quality rule amounts to: no value of the column may be invalid.
pub(crate) fn row_rule<'a>(quality: &Quality<'a>) -> Found<'a, Option<Rule>> {
    let Measured::InvalidValues(rule, node) = &quality.measure else { return Ok(None) };
    if is_none(quality.must) && quality.severity == Severity::Error {
        return Ok(Some(rule.clone()));
    }
    if matches!(rule, Rule::Pattern { .. }) {
        return node.fail("a pattern is checked row by row: needs `mustBe: 0` and severity error");
    }
    Ok(None)
}

/// Whether the measured value must be zero.
pub(crate) fn is_none(must: Comparison) -> bool {
    matches!(must, Comparison::Be { bound } if bound.unscaled == 0)
}

fn measured(fields: Fields<'_>) -> Found<'_, Measured<'_>> {
    let is_sql = match fields.get("type") {
        Some(node) => node.choice(&[("library", false), ("sql", true)])?,
        None => false,
    };
    let (expected, other) = if is_sql { ("query", "metric") } else { ("metric", "query") };
    let node = fields.require(expected)?;
    if let Some(node) = fields.get(other) {
        return node.fail(format!("does not go with `{expected}`"));
    }
    if is_sql {
        return match fields.get("arguments") {
            Some(node) => node.fail("does not go with `query`"),
            None => Ok(Measured::Sql(node)),
        };
    }
    metric(node, fields)
}

fn metric<'a>(node: &'a Node, fields: Fields<'a>) -> Found<'a, Measured<'a>> {
    match node.choice(&[
        ("rowCount", Metric::Rows),
        ("nullValues", Metric::Null),
        ("missingValues", Metric::Missing),
        ("invalidValues", Metric::Invalid),
        ("duplicateValues", Metric::Duplicate),
    ])? {
        Metric::Rows => no_arguments(fields).map(|()| Measured::RowCount),
        Metric::Null => no_arguments(fields).map(|()| Measured::NullValues),
        Metric::Missing => {
            let arguments = fields.require("arguments")?.fields(&odcs::MISSING_VALUES)?;
            arguments.require("missingValues").map(Measured::MissingValues)
        }
        Metric::Invalid => {
            invalid_values(fields.require("arguments")?.fields(&odcs::INVALID_VALUES)?)
        }
        Metric::Duplicate => {
            let arguments = fields.get("arguments").map(|node| node.fields(&odcs::DUPLICATES));
            let arguments = arguments.transpose()?;
            Ok(Measured::DuplicateValues(arguments.and_then(|fields| fields.get("properties"))))
        }
    }
}

/// The metrics of the standard's library.
#[derive(Clone, Copy)]
enum Metric {
    Rows,
    Null,
    Missing,
    Invalid,
    Duplicate,
}

fn no_arguments(fields: Fields<'_>) -> Found<'_, ()> {
    match fields.get("arguments") {
        Some(node) => node.fail("this metric has no arguments"),
        None => Ok(()),
    }
}

fn invalid_values(arguments: Fields<'_>) -> Found<'_, Measured<'_>> {
    match (arguments.get("validValues"), arguments.get("pattern")) {
        (Some(node), None) => {
            let values = names::distinct(node, Node::text_or_number)?;
            let values = values.into_iter().map(str::to_owned).collect();
            Ok(Measured::InvalidValues(Rule::OneOf { values }, node))
        }
        (None, Some(node)) => Ok(Measured::InvalidValues(rules::pattern(node)?, node)),
        _ => arguments.node.fail("give either `validValues` or `pattern`"),
    }
}

type Operator = fn(Decimal) -> Comparison;

const OPERATORS: [(&str, Operator); 6] = [
    ("mustBe", |bound| Comparison::Be { bound }),
    ("mustNotBe", |bound| Comparison::NotBe { bound }),
    ("mustBeGreaterThan", |bound| Comparison::BeGreaterThan { bound }),
    ("mustBeGreaterOrEqualTo", |bound| Comparison::BeGreaterOrEqualTo { bound }),
    ("mustBeLessThan", |bound| Comparison::BeLessThan { bound }),
    ("mustBeLessOrEqualTo", |bound| Comparison::BeLessOrEqualTo { bound }),
];

fn comparison(fields: Fields<'_>) -> Found<'_, Comparison> {
    let mut found = Vec::new();
    for (key, operator) in OPERATORS {
        if let Some(node) = fields.get(key) {
            found.push((node, operator(node.decimal()?)));
        }
    }
    if let Some(node) = fields.get("mustBeBetween") {
        let (low, high) = bounds(node)?;
        found.push((node, Comparison::BeBetween { low, high }));
    }
    if let Some(node) = fields.get("mustNotBeBetween") {
        let (low, high) = bounds(node)?;
        found.push((node, Comparison::NotBeBetween { low, high }));
    }
    match found.as_slice() {
        [(_, comparison)] => Ok(*comparison),
        [] => fields.node.fail("a comparison is missing: mustBe, mustBeLessThan, ..."),
        [_, (node, _), ..] => node.fail("give one comparison only"),
    }
}

fn bounds(node: &Node) -> Found<'_, (Decimal, Decimal)> {
    let [low, high] = node.items()? else { return node.fail("needs two numbers") };
    let (low, high) = (low.decimal()?, high.decimal()?);
    if low.compare(&high).is_gt() {
        return node.fail("the lower bound comes first");
    }
    Ok((low, high))
}
