//! Around the table: the form in which it lands, and what service is promised.

use crate::error::Found;
use crate::extensions::{self, Owner};
use crate::names::Stored;
use crate::read::Fields;
use crate::yaml::Node;
use crate::{CalendarUnit, Csv, DataType, Format, Retention, ServiceLevel, odcs};

/// Reads the form of landing objects from the S3 servers, which must agree.
pub(crate) fn landing_format(list: &Node) -> Found<'_, (Format, Csv)> {
    let mut found: Option<(Format, Csv)> = None;
    for node in list.items()? {
        let kind = node.get("type").ok_or_else(|| node.problem("`type` is missing"))?;
        if kind.text()? != "s3" {
            continue;
        }
        let server = node.fields(&odcs::S3_SERVER)?;
        let format_node = server.require("format")?;
        let format = format_node.choice(&[("json", Format::Json), ("csv", Format::Csv)])?;
        if let Some(delimiter) = server.get("delimiter") {
            if format == Format::Csv {
                return delimiter
                    .fail("says how JSON is cut; for CSV use the custom property csvDelimiter");
            }
            delimiter.choice(&[("new_line", ())])?;
        }
        let form = (format, csv(server)?);
        if found.as_ref().is_some_and(|other| *other != form) {
            return format_node.fail("another s3 server has another format");
        }
        found = Some(form);
    }
    found.ok_or_else(|| list.problem("there is no server of type s3, where the data lands"))
}

fn csv(server: Fields<'_>) -> Found<'_, Csv> {
    let extensions = extensions::read(server, Owner::LandingServer)?;
    let mut csv = Csv::default();
    if let Some(node) = extensions.get("csvDelimiter") {
        let mut characters = node.text()?.chars();
        match (characters.next(), characters.next()) {
            (Some(delimiter @ ('\t' | ' '..='~')), None)
                if !delimiter.is_ascii_alphanumeric() && delimiter != '"' =>
            {
                csv.delimiter = delimiter;
            }
            _ => return node.fail("must be one ASCII character, no letter, digit or quote"),
        }
    }
    if let Some(node) = extensions.get("csvNull") {
        let null = node.text()?;
        if null.contains(['"', '\r', '\n', csv.delimiter]) {
            return node.fail("never stands in a field without quotes");
        }
        csv.null = null.to_owned();
    }
    Ok(csv)
}

/// What `slaProperties` promise.
#[derive(Debug, Default)]
pub(crate) struct Promises {
    pub(crate) freshness: Option<ServiceLevel>,
    pub(crate) latency: Option<ServiceLevel>,
    pub(crate) retention: Option<Retention>,
}

#[derive(Clone, Copy)]
enum Kind {
    Freshness,
    Latency,
    Retention,
}

/// Reads the service levels. One that is not checked is an error.
pub(crate) fn service_levels<'a>(
    contract: Fields<'a>,
    dataset: &str,
    stored: &[Stored],
) -> Found<'a, Promises> {
    let mut found = Promises::default();
    let default = contract.get("slaDefaultElement");
    for node in contract.get("slaProperties").map_or(Ok(&[][..]), Node::items)? {
        let fields = node.fields(&odcs::SERVICE_LEVEL)?;
        let property = fields.require("property")?;
        let kinds = [
            ("freshness", Kind::Freshness),
            ("latency", Kind::Latency),
            ("retention", Kind::Retention),
        ];
        let kind = property.choice(&kinds)?;
        let element = match fields.get("element").or(default) {
            Some(node) => element(node, dataset, stored)?,
            None => return fields.node.fail("`element` is missing"),
        };
        let stands_twice = match kind {
            Kind::Freshness => found.freshness.replace(service_level(fields, element)?).is_some(),
            Kind::Latency => found.latency.replace(service_level(fields, element)?).is_some(),
            Kind::Retention => found.retention.replace(retention(fields, element)?).is_some(),
        };
        if stands_twice {
            return property.fail("stands twice");
        }
    }
    Ok(found)
}

fn service_level<'a>(fields: Fields<'a>, element: Element<'a>) -> Found<'a, ServiceLevel> {
    let value = fields.require("value")?;
    let unit = fields.require("unit")?.choice(&[
        ("m", 1),
        ("minutes", 1),
        ("h", 60),
        ("hours", 60),
        ("d", 24 * 60),
        ("days", 24 * 60),
    ])?;
    if element.column.data_type != DataType::Timestamp {
        return element.node.fail(format!("`{}` is not a timestamp", element.column.name));
    }
    match value.count()?.checked_mul(unit) {
        Some(0) => value.fail("nothing is younger than no time"),
        Some(minutes) => Ok(ServiceLevel { column: element.column.name, minutes }),
        None => value.fail("too long"),
    }
}

fn retention<'a>(fields: Fields<'a>, element: Element<'a>) -> Found<'a, Retention> {
    let value = fields.require("value")?;
    let unit = fields.require("unit")?.choice(&[
        ("d", CalendarUnit::Day),
        ("days", CalendarUnit::Day),
        ("months", CalendarUnit::Month),
        ("y", CalendarUnit::Year),
        ("years", CalendarUnit::Year),
    ])?;
    match value.count()? {
        0 => value.fail("nothing is younger than no time"),
        amount @ 1..=36_500 => Ok(Retention { column: element.column.name, amount, unit }),
        _ => value.fail("too long"),
    }
}

/// The column a service level is about.
struct Element<'a> {
    node: &'a Node,
    column: Stored,
}

/// Reads `orders.order_timestamp`.
fn element<'a>(node: &'a Node, dataset: &str, stored: &[Stored]) -> Found<'a, Element<'a>> {
    let text = node.text()?;
    let name = text.strip_prefix(dataset).and_then(|rest| rest.strip_prefix('.'));
    let column = name.and_then(|name| stored.iter().find(|column| column.name == name));
    match column {
        None => node.fail(format!("`{text}` is not `{dataset}.` and a column")),
        Some(column)
            if column.restricted
                || !matches!(column.data_type, DataType::Timestamp | DataType::Date) =>
        {
            node.fail(format!("`{}` is not an unrestricted timestamp or date", column.name))
        }
        Some(column) => Ok(Element { node, column: column.clone() }),
    }
}
