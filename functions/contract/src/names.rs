//! Names of columns and tables: what every system they pass through accepts without quotes.

use crate::DataType;
use crate::error::Found;
use crate::yaml::Node;

/// Words Snowflake does not take as the name of a column.
const RESERVED: &[&str] = &[
    "all",
    "alter",
    "and",
    "any",
    "as",
    "between",
    "by",
    "case",
    "cast",
    "check",
    "column",
    "connect",
    "connection",
    "constraint",
    "create",
    "cross",
    "current",
    "current_date",
    "current_time",
    "current_timestamp",
    "current_user",
    "database",
    "delete",
    "distinct",
    "drop",
    "else",
    "exists",
    "false",
    "following",
    "for",
    "from",
    "full",
    "grant",
    "group",
    "having",
    "ilike",
    "in",
    "increment",
    "inner",
    "insert",
    "intersect",
    "into",
    "is",
    "join",
    "lateral",
    "left",
    "like",
    "localtime",
    "localtimestamp",
    "minus",
    "natural",
    "not",
    "null",
    "of",
    "on",
    "or",
    "order",
    "qualify",
    "regexp",
    "revoke",
    "right",
    "rlike",
    "row",
    "rows",
    "sample",
    "schema",
    "select",
    "set",
    "some",
    "start",
    "table",
    "tablesample",
    "then",
    "to",
    "trigger",
    "true",
    "try_cast",
    "union",
    "unique",
    "update",
    "using",
    "values",
    "view",
    "when",
    "where",
    "with",
];

/// Whether Snowflake takes a lower-case name for a word of SQL, so that no column may bear it.
pub fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name)
}

/// Reads a name: a lower-case SQL identifier that means nothing else.
pub(crate) fn identifier(node: &Node) -> Found<'_, &str> {
    let name = node.text()?;
    if name.starts_with('_') {
        return node.fail(format!("`{name}` is reserved: names with a leading `_` are our own"));
    }
    let legal = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_');
    if !name.starts_with(|first: char| first.is_ascii_lowercase()) || !name.bytes().all(legal) {
        return node
            .fail(format!("`{name}` is not a name: use a-z, 0-9 and _, beginning with a letter"));
    }
    if is_reserved(name) {
        return node.fail(format!("`{name}` is reserved: it is a word of SQL"));
    }
    Ok(name)
}

/// Reads the name of a field of the record, which is the producers' choice.
pub(crate) fn field(node: &Node) -> Found<'_, &str> {
    match node.text()? {
        "" => node.fail("a field has a name"),
        name => Ok(name),
    }
}

/// Reads the name of a field inside an object: a step of its path.
pub(crate) fn step(node: &Node) -> Found<'_, &str> {
    let name = field(node)?;
    if name.contains('.') {
        return node.fail(format!("`{name}` has a point, which separates the names of a path"));
    }
    Ok(name)
}

/// A column that the warehouse has, or would have if it were not restricted.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub(crate) name: String,
    pub(crate) data_type: DataType,
    pub(crate) nullable: bool,
    pub(crate) restricted: bool,
}

/// Reads the name of a stored column that the warehouse has.
pub(crate) fn stored<'a, 's>(node: &'a Node, stored: &'s [Stored]) -> Found<'a, &'s Stored> {
    let name = node.text()?;
    match stored.iter().find(|column| column.name == name) {
        Some(column) if column.restricted => node.fail(out_of_reach(name)),
        Some(column) => Ok(column),
        None => node.fail(format!("there is no column `{name}`")),
    }
}

/// Why a restricted column cannot be meant.
pub(crate) fn out_of_reach(name: &str) -> String {
    format!("`{name}` is restricted and does not reach the warehouse")
}

/// Why a column of JSON cannot be meant.
pub(crate) fn not_comparable(name: &str) -> String {
    format!("`{name}` is JSON, which does not compare")
}

/// Reads a list of names with no name twice.
pub(crate) fn distinct<'a, T: PartialEq>(
    node: &'a Node,
    mut read: impl FnMut(&'a Node) -> Found<'a, T>,
) -> Found<'a, Vec<T>> {
    let mut values = Vec::new();
    for item in node.some_items()? {
        let value = read(item)?;
        if values.contains(&value) {
            return item.fail("stands in this list twice");
        }
        values.push(value);
    }
    Ok(values)
}
