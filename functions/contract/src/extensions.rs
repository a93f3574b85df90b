//! `customProperties`: what the standard has no word for. One list says what there is; reading and
//! the documentation follow it.

use crate::error::Found;
use crate::odcs;
use crate::read::Fields;
use crate::yaml::Node;

/// Where a custom property stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// The table.
    Table,
    /// A column.
    Column,
    /// A field inside an object.
    NestedField,
    /// The server of type s3, where objects land.
    LandingServer,
}

/// A custom property that a contract may have.
#[derive(Debug, Clone, Copy)]
pub struct CustomProperty {
    /// Its name.
    pub name: &'static str,
    /// Where it may stand.
    pub owners: &'static [Owner],
    /// What it does, as Markdown.
    pub effect: &'static str,
    /// An entry of `customProperties`, as YAML.
    pub example: &'static str,
}

/// Every custom property, in the order of the documentation.
pub const CUSTOM_PROPERTIES: [CustomProperty; 11] = [
    CustomProperty {
        name: "dedupe",
        owners: &[Owner::Table],
        effect: "Must be there. Rows with the same `key` are versions of one row, and the version \
                 with the greatest `order` wins; ties go to the one that landed last. All of these \
                 columns, which may be derived ones, always have a value and are not restricted.",
        example: "\
- property: dedupe
  value: {key: [order_id], order: [order_timestamp]}",
    },
    CustomProperty {
        name: "operation",
        owners: &[Owner::Table],
        effect: "The column that says what a record does, for change data capture: `I` or nothing \
                 inserts, `U` updates, `D` deletes. Its valid values must be exactly these.",
        example: "\
- property: operation
  value: op",
    },
    CustomProperty {
        name: "unknownFields",
        owners: &[Owner::Table],
        effect: "A field that no column reads is kept with its value in the JSON column `_extra` \
                 (`keep`, the default), left out (`drop`), or rejects its row (`reject`, rule \
                 `unknown_field`). What is inside an object always stays in its column.",
        example: "\
- property: unknownFields
  value: drop",
    },
    CustomProperty {
        name: "derive",
        owners: &[Owner::Table],
        effect: "Columns computed from a column, or from a field inside an object by its path, of \
                 the same row; in `processed/` and in the warehouse. Null in, null out. Of a \
                 restricted column only a `hash` may be derived. `date` is the UTC date of a \
                 timestamp, `hour` the start of its UTC hour; `band` is the label of the first of \
                 the `bands` whose `upTo` (inclusive) is not below an integer or `NUMBER(p,s)`: \
                 bands ascend, and only the last has no bound; `hash` is the HMAC-SHA-256 of a \
                 normalised text with the stack's secret salt, in 64 hexadecimal digits; `copy` is \
                 the value of a field inside an object; `constant` is the text of `value`.",
        example: "\
- property: derive
  value:
    - {name: order_date, derive: date, from: order_timestamp}
    - {name: order_hour, derive: hour, from: order_timestamp}
    - {name: customer_email_hash, derive: hash, from: customer_email}
    - {name: shipping_city, derive: copy, from: shipping.city}
    - {name: channel, derive: constant, value: web}
    - name: order_value_band
      derive: band
      from: order_amount
      bands:
        - {label: Low, upTo: 500}
        - {label: High}",
    },
    CustomProperty {
        name: "aggregates",
        owners: &[Owner::Table],
        effect: "Written for every landing object next to its rows, into a staging table of their \
                 own. `groupBy` takes columns and derived columns that are not restricted; \
                 `function` is `count`, or `sum` (exact, `NUMBER(38,s)`), `min`, `max` of an \
                 integer or `NUMBER(p,s)`. With an `operation` only inserts count.",
        example: "\
- property: aggregates
  value:
    - name: orders_daily
      groupBy: [order_date, product_category]
      measures:
        - {name: order_count, function: count}
        - {name: total_amount, function: sum, column: order_amount}",
    },
    CustomProperty {
        name: "field",
        owners: &[Owner::Column],
        effect: "The name of the field in the record (in JSON or in the header of CSV), where it \
                 is not the column's.",
        example: "\
- property: field
  value: customerId",
    },
    CustomProperty {
        name: "normalise",
        owners: &[Owner::Column, Owner::NestedField],
        effect: "Steps applied to text before it is validated, in this order: `trim` (white space \
                 at both ends), `upper`, `lower` (ASCII letters). The text of an object keeps what \
                 was delivered.",
        example: "\
- property: normalise
  value: [trim, upper]",
    },
    CustomProperty {
        name: "epoch",
        owners: &[Owner::Column, Owner::NestedField],
        effect: "The timestamp is delivered as a number that counts `seconds` or `milliseconds` \
                 since 1970-01-01T00:00:00Z. Without it a timestamp is RFC 3339 text.",
        example: "\
- property: epoch
  value: milliseconds",
    },
    CustomProperty {
        name: "notLaterThanArrival",
        owners: &[Owner::Column, Owner::NestedField],
        effect: "Row rule `not_later_than_arrival`: the timestamp is at most so much later than \
                 the object landed (its LastModified), for clocks of producers that run ahead. \
                 `unit` is `s`, `m`, `h` or `d`.",
        example: "\
- property: notLaterThanArrival
  value: {value: 5, unit: m}",
    },
    CustomProperty {
        name: "csvDelimiter",
        owners: &[Owner::LandingServer],
        effect: "What separates the fields of CSV: one ASCII character; the comma by default.",
        example: r#"
- property: csvDelimiter
  value: "\t""#,
    },
    CustomProperty {
        name: "csvNull",
        owners: &[Owner::LandingServer],
        effect: "A field of CSV that is this text, without quotes, is null. By default that is the \
                 empty field; with another text, the empty field is an empty text.",
        example: r"
- property: csvNull
  value: '\N'",
    },
];

/// The values of the custom properties of one owner.
#[derive(Debug)]
pub(crate) struct Extensions<'a> {
    values: Vec<(&'a str, &'a Node)>,
}

impl<'a> Extensions<'a> {
    /// The value of a property.
    pub(crate) fn get(&self, name: &str) -> Option<&'a Node> {
        self.values.iter().find(|(known, _)| *known == name).map(|(_, node)| *node)
    }
}

/// Reads the custom properties of an owner. A name that is none of its own is an error.
pub(crate) fn read(fields: Fields<'_>, owner: Owner) -> Found<'_, Extensions<'_>> {
    let known = || CUSTOM_PROPERTIES.iter().filter(|known| known.owners.contains(&owner));
    let mut values: Vec<(&str, &Node)> = Vec::new();
    for node in fields.get("customProperties").map_or(Ok(&[][..]), Node::items)? {
        let entry = node.fields(&odcs::CUSTOM_PROPERTY)?;
        let property = entry.require("property")?;
        let name = property.text()?;
        if !known().any(|known| known.name == name) {
            return Err(property.not_among(name, known().map(|known| known.name)));
        }
        if values.iter().any(|(other, _)| *other == name) {
            return property.fail(format!("`{name}` stands twice"));
        }
        values.push((name, entry.require("value")?));
    }
    Ok(Extensions { values })
}
