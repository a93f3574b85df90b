//! The queries a contract brings: what may stand in one.

use crate::Column;
use crate::error::Found;
use crate::yaml::Node;

/// The placeholder for the analytics table, which the statement fills in.
const OBJECT: &str = "{object}";

/// Reads a query that returns one number. `{property}` becomes the column the rule belongs to.
pub(crate) fn query<'a>(node: &'a Node, column: Option<&Column>) -> Found<'a, String> {
    let mut query = node.text()?.trim().to_owned();
    if let Some(column) = column {
        query = query.replace("{property}", &column.name);
    }
    if query.contains(';') {
        return node.fail("a rule is one query, without `;`");
    }
    if !query.contains(OBJECT) {
        return node.fail("the query does not read {object}, the table of this contract");
    }
    if let Some((_, rest)) = query.replace(OBJECT, "").split_once('{') {
        let name = rest.split('}').next().unwrap_or_default();
        return node.fail(format!("`{{{name}}}` stands for nothing here; known is {OBJECT}"));
    }
    Ok(query)
}
