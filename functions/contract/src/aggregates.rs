//! The custom property `aggregates`: what is computed over the rows of a landing object.

use crate::error::Found;
use crate::names::Stored;
use crate::read::Keys;
use crate::yaml::Node;
use crate::{Aggregate, DataType, Function, Measure, names};

const AGGREGATE: Keys =
    Keys { read: &["name", "groupBy", "measures"], documentation: &["description"], refused: &[] };
const MEASURE: Keys =
    Keys { read: &["name", "function", "column"], documentation: &["description"], refused: &[] };

/// Most digits of a sum; the scale is the column's.
const SUM_PRECISION: u8 = 38;

/// Names that files of `processed/` and tables of the dataset itself have.
fn is_taken(dataset: &str, name: &str) -> bool {
    name == "final" || name.strip_prefix(dataset).is_some_and(|rest| matches!(rest, "" | "_stream"))
}

/// Reads the aggregates, in contract order.
pub(crate) fn read<'a>(
    node: Option<&'a Node>,
    dataset: &str,
    stored: &[Stored],
) -> Found<'a, Vec<Aggregate>> {
    let mut aggregates: Vec<Aggregate> = Vec::new();
    let Some(list) = node else { return Ok(aggregates) };
    for node in list.some_items()? {
        let fields = node.fields(&AGGREGATE)?;
        let name_node = fields.require("name")?;
        let name = names::identifier(name_node)?;
        if is_taken(dataset, name) || aggregates.iter().any(|other| other.name == name) {
            return name_node.fail(format!("`{name}` exists already"));
        }
        let group_by = names::distinct(fields.require("groupBy")?, |item| group(item, stored))?;
        let measures = measures(fields.require("measures")?, &group_by, stored)?;
        aggregates.push(Aggregate { name: name.to_owned(), group_by, measures });
    }
    Ok(aggregates)
}

/// Reads a column to group by.
fn group<'a>(node: &'a Node, stored: &[Stored]) -> Found<'a, String> {
    let Stored { name, data_type, .. } = names::stored(node, stored)?;
    if *data_type == DataType::Double {
        return node.fail(format!("`{name}` is a FLOAT: equal values may differ in the last bit"));
    }
    if data_type.is_json() {
        return node.fail(format!("`{name}` is JSON: equal values may be written differently"));
    }
    Ok(name.clone())
}

fn measures<'a>(list: &'a Node, group_by: &[String], stored: &[Stored]) -> Found<'a, Vec<Measure>> {
    let mut measures: Vec<Measure> = Vec::new();
    for node in list.some_items()? {
        let measure = measure(node, stored)?;
        let name = &measure.name;
        if group_by.contains(name) || measures.iter().any(|other| other.name == *name) {
            return node.get("name").unwrap_or(node).fail(format!("`{name}` exists already"));
        }
        measures.push(measure);
    }
    Ok(measures)
}

fn measure<'a>(node: &'a Node, stored: &[Stored]) -> Found<'a, Measure> {
    let fields = node.fields(&MEASURE)?;
    let name = names::identifier(fields.require("name")?)?.to_owned();
    let function = fields.require("function")?.choice(&[
        ("count", Function::Count),
        ("sum", Function::Sum),
        ("min", Function::Min),
        ("max", Function::Max),
    ])?;
    if function == Function::Count {
        return match fields.get("column") {
            Some(node) => node.fail("`count` counts rows and has no column"),
            None => Ok(Measure { name, function, column: None, data_type: DataType::Integer }),
        };
    }
    let column_node = fields.require("column")?;
    let column = names::stored(column_node, stored)?;
    let data_type = match (function, column.data_type) {
        (Function::Sum, DataType::Integer) => {
            DataType::Decimal { precision: SUM_PRECISION, scale: 0 }
        }
        (Function::Sum, DataType::Decimal { scale, .. }) => {
            DataType::Decimal { precision: SUM_PRECISION, scale }
        }
        (_, data_type @ (DataType::Integer | DataType::Decimal { .. })) => data_type,
        _ => {
            return column_node
                .fail(format!("`{}` is not an integer or a NUMBER(p,s)", column.name));
        }
    };
    Ok(Measure { name, function, column: Some(column.name.clone()), data_type })
}
