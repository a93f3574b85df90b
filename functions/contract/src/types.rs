//! From `logicalType` and `physicalType` to the type of a column.

use crate::DataType;
use crate::error::Found;
use crate::read::Fields;
use crate::yaml::Node;

/// Longest text a Snowflake column holds, in characters.
const MAX_CHARS: u32 = 16_777_216;

/// Reads the type of a column.
pub(crate) fn data_type<'a>(property: Fields<'a>) -> Found<'a, DataType> {
    let logical = property.require("logicalType")?;
    let physical = property.get("physicalType").map(Physical::read).transpose()?;
    match logical.text()? {
        "string" => string(physical),
        "number" => number(logical, physical),
        "integer" => {
            plain(physical, DataType::Integer, &["NUMBER(19,0)", "BIGINT", "INTEGER", "INT"])
        }
        "timestamp" => plain(physical, DataType::Timestamp, &["TIMESTAMP_NTZ(6)"]),
        "date" => plain(physical, DataType::Date, &["DATE"]),
        "time" => plain(physical, DataType::Time, &["TIME(6)"]),
        "boolean" => plain(physical, DataType::Boolean, &["BOOLEAN"]),
        "object" => plain(physical, DataType::Object, &["VARIANT"]),
        "array" => plain(physical, DataType::Array, &["VARIANT"]),
        name => logical.fail(format!("`{name}` is not a type of the standard")),
    }
}

/// A `physicalType`, such as `NUMBER(12,2)`.
struct Physical<'a> {
    node: &'a Node,
    /// As written, in upper case and without spaces.
    text: String,
    name: String,
    arguments: Vec<u32>,
}

impl<'a> Physical<'a> {
    fn read(node: &'a Node) -> Found<'a, Self> {
        let text = node.text()?.to_ascii_uppercase().replace(' ', "");
        let (name, list) = match text.split_once('(') {
            None => (text.as_str(), None),
            Some((name, rest)) => match rest.strip_suffix(')') {
                Some(list) => (name, Some(list)),
                None => return node.fail(format!("`{text}` is not a type")),
            },
        };
        let arguments = list.into_iter().flat_map(|list| list.split(',')).map(str::parse);
        let Ok(arguments) = arguments.collect() else {
            return node.fail(format!("`{text}` is not a type"));
        };
        Ok(Self { node, name: name.to_owned(), arguments, text })
    }

    fn mismatch<T>(&self, logical: &str, fitting: &str) -> Found<'a, T> {
        self.node.fail(format!("`{}` does not hold {logical}: use {fitting}", self.text))
    }
}

/// A type with only one representation.
fn plain<'a>(
    physical: Option<Physical<'a>>,
    data_type: DataType,
    accepted: &[&str],
) -> Found<'a, DataType> {
    match physical {
        Some(physical) if !accepted.contains(&physical.text.as_str()) => {
            physical.mismatch("this logical type", &accepted.join(" or "))
        }
        _ => Ok(data_type),
    }
}

fn string(physical: Option<Physical<'_>>) -> Found<'_, DataType> {
    let Some(physical) = physical else { return Ok(DataType::String { max_chars: None }) };
    match (physical.name.as_str(), physical.arguments.as_slice()) {
        ("VARCHAR" | "STRING" | "TEXT", []) => Ok(DataType::String { max_chars: None }),
        ("VARCHAR" | "CHAR", &[chars @ 1..=MAX_CHARS]) => {
            Ok(DataType::String { max_chars: Some(chars) })
        }
        ("VARCHAR" | "CHAR", [_]) => {
            physical.node.fail(format!("a length is between 1 and {MAX_CHARS} characters"))
        }
        _ => physical.mismatch("text", "VARCHAR(n), CHAR(n), VARCHAR, STRING or TEXT"),
    }
}

/// The standard has no decimal: the physical type tells exact from binary numbers.
fn number<'a>(logical: &'a Node, physical: Option<Physical<'a>>) -> Found<'a, DataType> {
    let Some(physical) = physical else {
        return logical.fail("a number needs a physicalType: NUMBER(p,s) or FLOAT");
    };
    match (physical.name.as_str(), physical.arguments.as_slice()) {
        ("FLOAT" | "DOUBLE", []) => Ok(DataType::Double),
        ("NUMBER" | "DECIMAL" | "NUMERIC", &[precision @ 1..=38, scale]) if scale < precision => {
            Ok(DataType::Decimal { precision: precision as u8, scale: scale as u8 })
        }
        ("NUMBER" | "DECIMAL" | "NUMERIC", [_, _]) => {
            physical.node.fail("the precision is between 1 and 38, and the scale below it")
        }
        _ => physical.mismatch("a number", "NUMBER(p,s) or FLOAT"),
    }
}
