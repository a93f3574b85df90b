//! The contract the decoder is held against: a column of every type and every rule, names that
//! begin alike and one longer than any vector register, and an object with fields inside.

use contract::{
    Column, DataType, Dataset, Decimal, Dedupe, EpochUnit, Moment, Normalise, Rule, TextFormat,
};

/// The name that no vector register holds.
pub(crate) const LONG_NAME: &str = "confirmed_by_the_warehouse_that_ships_the_whole_order_at_once";

/// The pattern of the column `code`.
pub(crate) const CODE: &str = "^[A-Z]{3}$";

/// The contract.
pub(crate) fn dataset() -> Dataset {
    let dedupe = Dedupe { key: vec!["key".to_owned()], order: vec!["at".to_owned()] };
    Dataset { nested: nested(), ..Dataset::new("strict", columns(), dedupe) }
}

/// When every object of the tests landed: 2026-01-01T00:00:00Z.
pub(crate) const LANDED_AT_MICROS: i64 = 1_767_225_600_000_000;

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
        column("clock", DataType::Time, vec![latest("18:00:00", 64_800_000_000)]),
        column("since", DataType::Timestamp, vec![earliest(), arrival(3600)]),
        column("seconds", DataType::Timestamp, vec![]),
        column("millis", DataType::Timestamp, vec![earliest(), arrival(0)]),
        column("birthday", DataType::Date, vec![latest("2020-12-31", 18_627)]),
        column("step", DataType::Decimal { precision: 10, scale: 1 }, vec![multiple_of(25, 2)]),
        column("ip", text, vec![Rule::Format { format: TextFormat::Ipv4 }]),
        column("moment", text, vec![Rule::Format { format: TextFormat::DateTime }]),
        column("place", DataType::Object, vec![]),
        column("shop", DataType::Object, vec![]),
        column("items", DataType::Array, vec![]),
        column("renamed", DataType::Integer, vec![]),
    ];
    columns[20].epoch = Some(EpochUnit::Seconds);
    columns[21].epoch = Some(EpochUnit::Milliseconds);
    columns[29].field = "reNamed".to_owned();
    columns[2].required = true;
    columns[1].normalise = vec![Normalise::Trim, Normalise::Upper];
    columns[5].normalise = vec![Normalise::Trim, Normalise::Lower];
    columns
}

/// Fields inside `place`, two of them inside an object of their own.
fn nested() -> Vec<Column> {
    let text = DataType::String { max_chars: None };
    let bound = Decimal { unscaled: 90, scale: 0 };
    let below = Rule::Maximum { bound, exclusive: true };
    let mut nested = vec![
        column("place.lat", DataType::Decimal { precision: 9, scale: 6 }, vec![below]),
        column("place.zone", text, vec![Rule::MaxLength { chars: 5 }]),
        column("place.floor", DataType::Object, vec![]),
        column("place.floor.number", DataType::Integer, vec![]),
        column("place.floor.at", DataType::Timestamp, vec![]),
        column("place.isOpen", DataType::Boolean, vec![]),
    ];
    nested[0].required = true;
    nested[3].required = true;
    nested[1].normalise = vec![Normalise::Trim, Normalise::Upper];
    nested[4].epoch = Some(EpochUnit::Milliseconds);
    nested
}

fn latest(text: &str, value: i64) -> Rule {
    Rule::Latest { bound: Moment { text: text.to_owned(), value }, exclusive: true }
}

/// 2000-01-01.
fn earliest() -> Rule {
    let text = "2000-01-01T00:00:00Z".to_owned();
    Rule::Earliest { bound: Moment { text, value: 946_684_800_000_000 }, exclusive: false }
}

fn arrival(tolerance_seconds: u32) -> Rule {
    Rule::NotLaterThanArrival { tolerance_seconds }
}

fn multiple_of(unscaled: i128, scale: u8) -> Rule {
    Rule::MultipleOf { unit: Decimal { unscaled, scale } }
}

fn column(name: &str, data_type: DataType, rules: Vec<Rule>) -> Column {
    Column { rules, ..Column::new(name, data_type) }
}
