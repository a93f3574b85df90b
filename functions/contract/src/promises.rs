//! Around the table: the form in which it lands, and how fresh it is.

use crate::error::Found;
use crate::yaml::Node;
use crate::{Column, DataType, Format, Freshness, odcs};

/// Reads the form of landing objects from the S3 servers, which must agree.
pub(crate) fn landing_format(list: &Node) -> Found<'_, Format> {
    let mut found: Option<Format> = None;
    for node in list.items()? {
        let kind = node.get("type").ok_or_else(|| node.problem("`type` is missing"))?;
        if kind.text()? != "s3" {
            continue;
        }
        let server = node.fields(&odcs::S3_SERVER)?;
        let format_node = server.require("format")?;
        let format = format_node.choice(&[("json", Format::Json), ("csv", Format::Csv)])?;
        if found.is_some_and(|other| other != format) {
            return format_node.fail("another s3 server has another format");
        }
        if let Some(delimiter) = server.get("delimiter") {
            if format == Format::Csv {
                return delimiter.fail("says how JSON is cut; CSV follows RFC 4180");
            }
            delimiter.choice(&[("new_line", ())])?;
        }
        found = Some(format);
    }
    found.ok_or_else(|| list.problem("there is no server of type s3, where the data lands"))
}

/// Reads the promise of freshness, the only service level that is checked.
pub(crate) fn freshness<'a>(
    list: Option<&'a Node>,
    dataset: &str,
    columns: &[Column],
) -> Found<'a, Option<Freshness>> {
    let mut found = None;
    for node in list.map_or(Ok(&[][..]), Node::items)? {
        let fields = node.fields(&odcs::SERVICE_LEVEL)?;
        let property = fields.require("property")?;
        property.choice(&[("freshness", ())])?;
        let value = fields.require("value")?;
        let unit = fields.require("unit")?.choice(&[
            ("m", 1),
            ("minutes", 1),
            ("h", 60),
            ("hours", 60),
            ("d", 24 * 60),
            ("days", 24 * 60),
        ])?;
        let minutes = match value.count()?.checked_mul(unit) {
            Some(0) => return value.fail("nothing is younger than no time"),
            Some(minutes) => minutes,
            None => return value.fail("too long"),
        };
        let column = element(fields.require("element")?, dataset, columns)?;
        if found.replace(Freshness { column, minutes }).is_some() {
            return property.fail("`freshness` stands twice");
        }
    }
    Ok(found)
}

/// Reads `orders.order_timestamp`.
fn element<'a>(node: &'a Node, dataset: &str, columns: &[Column]) -> Found<'a, String> {
    let text = node.text()?;
    let name = text.strip_prefix(dataset).and_then(|rest| rest.strip_prefix('.'));
    let column = name.and_then(|name| columns.iter().find(|column| column.name == name));
    match column {
        None => node.fail(format!("`{text}` is not `{dataset}.` and a column")),
        Some(column) if column.data_type != DataType::Timestamp || column.restricted => {
            node.fail(format!("`{}` is not an unrestricted timestamp", column.name))
        }
        Some(column) => Ok(column.name.clone()),
    }
}
