//! From quality rules and uniqueness to the checks that run on the analytics table.

use crate::columns::Property;
use crate::error::Found;
use crate::quality::{self, Measured, Quality};
use crate::read::Fields;
use crate::yaml::Node;
use crate::{Check, Column, Comparison, Decimal, Dedupe, Metric, Severity, names};

/// Reads the checks of the columns and of the table, in contract order; then come those that
/// `unique` and `primaryKey` ask for and nothing else covers.
pub(crate) fn read<'a>(
    table: Fields<'a>,
    properties: &[Property<'a>],
    columns: &[Column],
    dedupe: &Dedupe,
) -> Found<'a, Vec<Check>> {
    let mut checks = Checks { columns, checks: Vec::new() };
    for property in properties {
        for quality in &property.measured {
            checks.add(quality, Some(property))?;
        }
    }
    for node in table.get("quality").map_or(Ok(&[][..]), Node::items)? {
        checks.add(&quality::read(node)?, None)?;
    }
    for property in properties {
        if let Some(node) = property.fields.get("unique") {
            if node.flag()? {
                let id = format!("{}_unique", property.column.name);
                checks.require_unique(node, id, vec![property.column.name.clone()], dedupe)?;
            }
        }
    }
    if let Some((node, key)) = primary_key(properties)? {
        checks.require_unique(node, "primary_key_unique".to_owned(), key, dedupe)?;
    }
    Ok(checks.checks)
}

/// The columns of the primary key, with the first node that says so.
fn primary_key<'a>(properties: &[Property<'a>]) -> Found<'a, Option<(&'a Node, Vec<String>)>> {
    let mut found: Option<(&Node, Vec<String>)> = None;
    for property in properties {
        if let Some(node) = property.fields.get("primaryKey") {
            if node.flag()? {
                let (_, key) = found.get_or_insert((node, Vec::new()));
                key.push(property.column.name.clone());
            }
        }
    }
    Ok(found)
}

struct Checks<'c> {
    columns: &'c [Column],
    checks: Vec<Check>,
}

impl Checks<'_> {
    fn add<'a>(&mut self, quality: &Quality<'a>, property: Option<&Property<'a>>) -> Found<'a, ()> {
        let fields = quality.fields;
        let metric = self.metric(quality, property)?;
        let id = fields.require("id")?;
        let check = Check {
            id: id.text()?.to_owned(),
            description: fields.description()?,
            metric,
            must: quality.must,
            severity: quality.severity,
        };
        self.push(id, check)
    }

    fn push<'a>(&mut self, node: &'a Node, check: Check) -> Found<'a, ()> {
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        if check.id.is_empty() || !check.id.bytes().all(legal) {
            return node.fail(format!("`{}` is not an id: use a-z, A-Z, 0-9, _ and -", check.id));
        }
        if self.checks.iter().any(|other| other.id == check.id) {
            return node.fail(format!("there is another check `{}`", check.id));
        }
        self.checks.push(check);
        Ok(())
    }

    fn metric<'a>(
        &self,
        quality: &Quality<'a>,
        property: Option<&Property<'a>>,
    ) -> Found<'a, Metric> {
        let percent = quality.percent;
        let metric = quality.fields.get("metric").unwrap_or(quality.fields.node);
        let column = || match property {
            None => metric.fail("this metric belongs to a column"),
            Some(property) if property.column.restricted => metric.fail(format!(
                "`{}` is restricted and does not reach the warehouse",
                property.column.name
            )),
            Some(property) => Ok(property.column.name.clone()),
        };
        Ok(match &quality.measure {
            Measured::RowCount if property.is_some() => {
                return metric.fail("this metric belongs to the table");
            }
            Measured::RowCount => Metric::RowCount,
            Measured::NullValues => Metric::NullValues { column: column()?, percent },
            Measured::MissingValues(values) => {
                let values = names::distinct(values, Node::text_or_number)?;
                let values = values.into_iter().map(str::to_owned).collect();
                Metric::MissingValues { column: column()?, values, percent }
            }
            Measured::InvalidValues(rule, _) => {
                let crate::Rule::OneOf { values } = rule else {
                    return metric.fail("a pattern belongs to a column");
                };
                let valid_values = values.clone();
                Metric::InvalidValues { column: column()?, valid_values, percent }
            }
            Measured::DuplicateValues(None) => {
                Metric::DuplicateValues { columns: vec![column()?], percent }
            }
            Measured::DuplicateValues(Some(list)) => {
                let read = |node| names::open_column(node, self.columns);
                let columns = names::distinct(list, read)?;
                let columns = columns.into_iter().map(|column| column.name.clone()).collect();
                Metric::DuplicateValues { columns, percent }
            }
            Measured::Sql(query) => Metric::Sql { query: sql(query, property)? },
        })
    }

    /// Adds a check that the columns hold no combination twice, unless the merge sees to it or an
    /// existing check says the same.
    fn require_unique<'a>(
        &mut self,
        node: &'a Node,
        id: String,
        columns: Vec<String>,
        dedupe: &Dedupe,
    ) -> Found<'a, ()> {
        let same = |other: &[String]| {
            other.len() == columns.len() && other.iter().all(|name| columns.contains(name))
        };
        let zero = Comparison::Be { bound: Decimal { unscaled: 0, scale: 0 } };
        let covered = self.checks.iter().any(|check| {
            matches!(&check.metric, Metric::DuplicateValues { columns, .. } if same(columns))
                && check.must == zero
                && check.severity == Severity::Error
        });
        if covered || same(&dedupe.key) {
            return Ok(());
        }
        let restricted = |name: &String| {
            self.columns.iter().any(|column| column.name == *name && column.restricted)
        };
        if let Some(name) = columns.iter().find(|name| restricted(name)) {
            return node.fail(format!("`{name}` is restricted and does not reach the warehouse"));
        }
        let description = Some(format!("No two rows have the same {}.", columns.join(", ")));
        let metric = Metric::DuplicateValues { columns, percent: false };
        self.push(node, Check { id, description, metric, must: zero, severity: Severity::Error })
    }
}

/// Reads a query, with `{property}` replaced by the column it belongs to.
fn sql<'a>(node: &'a Node, property: Option<&Property<'a>>) -> Found<'a, String> {
    let mut query = node.text()?.trim().to_owned();
    if let Some(property) = property {
        query = query.replace("{property}", &property.column.name);
    }
    if query.contains(';') || query.contains("${") {
        return node.fail("one query without `;`, with {object} for the table");
    }
    if !query.contains("{object}") {
        return node.fail("the query does not read {object}, the table of this contract");
    }
    if let Some((_, rest)) = query.replace("{object}", "").split_once('{') {
        let name = rest.split('}').next().unwrap_or_default();
        return node.fail(format!("`{{{name}}}` stands for nothing; known is {{object}}"));
    }
    Ok(query)
}
