//! Holds docs/schema.md against the lists that reading follows; `UPDATE_GOLDEN=1` writes it anew.

#![allow(clippy::expect_used, reason = "a test fails by panicking")]

use std::fmt::Write;
use std::path::Path;

use crate::read::Keys;
use crate::{CUSTOM_PROPERTIES, CustomProperty, Dataset, Owner, odcs};

/// The owners of keys, as the documentation calls them.
const VOCABULARY: [(&str, &Keys); 14] = [
    ("the contract", &odcs::CONTRACT),
    ("the table", &odcs::TABLE),
    ("a column", &odcs::PROPERTY),
    ("a field inside an object", &odcs::NESTED_PROPERTY),
    ("options of text", &odcs::STRING_OPTIONS),
    ("options of exact numbers", &odcs::NUMBER_OPTIONS),
    ("options of FLOAT", &odcs::DOUBLE_OPTIONS),
    ("options of dates", &odcs::DATE_OPTIONS),
    ("options of timestamps", &odcs::TIMESTAMP_OPTIONS),
    ("options of times", &odcs::TIME_OPTIONS),
    ("options of objects", &odcs::OBJECT_OPTIONS),
    ("options of arrays", &odcs::ARRAY_OPTIONS),
    ("a quality rule", &odcs::QUALITY),
    ("a service level", &odcs::SERVICE_LEVEL),
];

/// A contract for the examples, each of which takes the place of its owner's `*` line.
const BASE: &str = "\
apiVersion: v3.1.0
kind: DataContract
id: urn:datacontract:example:orders
version: 1.0.0
status: active
servers:
  - type: s3
    format: csv
    customProperties:*server
schema:
  - name: orders
    properties:
      - {name: order_id, logicalType: string, required: true}
      - {name: order_timestamp, logicalType: timestamp, required: true}
      - {name: order_date, logicalType: date}
      - {name: order_amount, logicalType: number, physicalType: 'NUMBER(12,2)'}
      - {name: product_category, logicalType: string}
      - {name: customer_email, logicalType: string, classification: restricted}
      - name: op
        logicalType: string
        quality: [{metric: invalidValues, arguments: {validValues: [I, U, D]}, mustBe: 0}]
      - name: it
        logicalType: *type
        customProperties:*column
      - name: shipping
        logicalType: object
        properties:
          - {name: city, logicalType: string}
          - name: it
            logicalType: *type
            customProperties:*field
    customProperties:*table
";

/// The contract with an example in each place it may stand.
fn contract_with(property: &CustomProperty) -> String {
    let examples = |owner| property.owners.contains(&owner).then_some(property.example);
    let dedupe = CUSTOM_PROPERTIES[0];
    let table =
        [Some(dedupe.example).filter(|_| property.name != dedupe.name), examples(Owner::Table)];
    let on_time = matches!(property.name, "epoch" | "notLaterThanArrival");
    let date = "      - {name: order_date, logicalType: date}\n";
    BASE.replace("*type", if on_time { "timestamp" } else { "string" })
        .replace("*server", &entries(6, &[examples(Owner::LandingServer)]))
        .replace("*column", &entries(10, &[examples(Owner::Column)]))
        .replace("*field", &entries(14, &[examples(Owner::NestedField)]))
        .replace("*table", &entries(6, &table))
        // Another example derives it.
        .replace(date, if property.name == "derive" { "" } else { date })
}

/// A list with these entries, each indented, behind its key.
fn entries(width: usize, examples: &[Option<&str>]) -> String {
    let mut list = String::new();
    for line in examples.iter().flatten().flat_map(|example| example.trim().lines()) {
        write!(list, "\n{:width$}{line}", "").expect("memory");
    }
    if list.is_empty() { " []".to_owned() } else { list }
}

#[test]
fn every_example_is_a_contract_s() {
    for property in &CUSTOM_PROPERTIES {
        let text = contract_with(property);
        assert!(text.contains(property.name));
        Dataset::from_yaml(property.name, &text).expect(&text);
    }
}

fn custom_properties() -> String {
    let mut text = String::new();
    for (owner, of) in [
        (Owner::Table, "Of the table"),
        (Owner::Column, "Of a column"),
        (Owner::LandingServer, "Of the server of type s3"),
    ] {
        writeln!(text, "### {of}\n").expect("memory");
        for property in CUSTOM_PROPERTIES.iter().filter(|one| one.owners.contains(&owner)) {
            let inside = property.owners.contains(&Owner::NestedField);
            let also = if inside { " Also of a field inside an object." } else { "" };
            let CustomProperty { name, effect, example, .. } = property;
            let example = example.trim();
            writeln!(text, "**`{name}`** {effect}{also}\n\n```yaml\n{example}\n```\n")
                .expect("memory");
        }
    }
    text.trim_end().to_owned()
}

fn refused_keys() -> String {
    let mut text = "| key | of | reason |\n|---|---|---|".to_owned();
    for (owner, keys) in VOCABULARY {
        for (key, reason) in keys.refused {
            write!(text, "\n| `{key}` | {owner} | {reason} |").expect("memory");
        }
    }
    text
}

#[test]
fn the_page_says_what_reading_follows() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/schema.md");
    let page = std::fs::read_to_string(&path).expect("docs/schema.md");
    let page = with_section(&page, "<!-- custom properties:", &custom_properties());
    let page = with_section(&page, "<!-- refused keys:", &refused_keys());
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &page).expect("docs/schema.md");
    }
    assert_eq!(std::fs::read_to_string(&path).expect("docs/schema.md"), page);
}

/// The page with a text between the comment that begins so and the end.
fn with_section(page: &str, comment: &str, text: &str) -> String {
    let (before, rest) = page.split_once(comment).expect(comment);
    let (line, rest) = rest.split_once('\n').expect("a line");
    let (_, after) = rest.split_once("<!-- end -->").expect("an end");
    format!("{before}{comment}{line}\n\n{text}\n\n<!-- end -->{after}")
}
