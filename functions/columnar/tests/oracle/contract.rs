//! The contract the decoder is held against: a column of every type and every rule, names that
//! begin alike and one longer than any vector register.

use contract::{Column, DataType, Dataset, Decimal, Dedupe, Normalise, Rule, TextFormat};

/// The name that no vector register holds.
pub(crate) const LONG_NAME: &str = "confirmed_by_the_warehouse_that_ships_the_whole_order_at_once";

/// The pattern of the column `code`.
pub(crate) const CODE: &str = "^[A-Z]{3}$";

/// The contract.
pub(crate) fn dataset() -> Dataset {
    let dedupe = Dedupe { key: vec!["key".to_owned()], order: vec!["at".to_owned()] };
    Dataset::new("strict", columns(), dedupe)
}

fn columns() -> Vec<Column> {
    let text = DataType::String { max_chars: None };
    let bound = |unscaled| Decimal { unscaled, scale: 0 };
    let at_least = |unscaled| Rule::Minimum { bound: bound(unscaled), exclusive: false };
    let below = |unscaled| Rule::Maximum { bound: bound(unscaled), exclusive: true };
    let one_of = |values: &[&str]| Rule::OneOf {
        values: values.iter().map(|value| (*value).to_owned()).collect(),
    };
    let mut columns = vec![
        column("note", text, vec![]),
        column("code", text, vec![Rule::Pattern { pattern: CODE.to_owned() }]),
        column("key", text, vec![Rule::MinLength { chars: 1 }]),
        column("status", text, vec![one_of(&["placed", "paid", "größe"])]),
        column("uuid", text, vec![Rule::Format { format: TextFormat::Uuid }]),
        column("mail", text, vec![Rule::Format { format: TextFormat::Email }]),
        column("short", text, vec![Rule::MaxLength { chars: 5 }]),
        column("price", DataType::Decimal { precision: 12, scale: 2 }, vec![at_least(0)]),
        column("ratio", DataType::Decimal { precision: 38, scale: 9 }, vec![]),
        column("count", DataType::Integer, vec![at_least(1), below(10_001)]),
        column("counter", DataType::Integer, vec![]),
        column("score", DataType::Double, vec![]),
        column("share", DataType::Double, vec![at_least(0), below(1)]),
        column("at", DataType::Timestamp, vec![]),
        column("day", DataType::Date, vec![]),
        column("active", DataType::Boolean, vec![]),
        column("level", DataType::Integer, vec![one_of(&["1", "2", "30"])]),
        column(LONG_NAME, text, vec![]),
    ];
    columns[2].required = true;
    columns[1].normalise = vec![Normalise::Trim, Normalise::Upper];
    columns[5].normalise = vec![Normalise::Trim, Normalise::Lower];
    columns
}

fn column(name: &str, data_type: DataType, rules: Vec<Rule>) -> Column {
    Column { rules, ..Column::new(name, data_type) }
}
