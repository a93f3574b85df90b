//! What the orders contract says, and what a contract may say beyond it.

#![allow(clippy::unwrap_used, reason = "a test fails where it unwraps")]

use contract::{
    Aggregate, Band, Check, Comparison, DataType, Dataset, Decimal, Dedupe, Derivation, Format,
    Function, Measure, Metric, Normalise, Rule, ServiceLevel, Severity, TextFormat, UnknownFields,
};

const ORDERS: &str = include_str!("../../../contracts/orders.odcs.yaml");

fn orders() -> Dataset {
    Dataset::from_yaml("orders.odcs.yaml", ORDERS).unwrap()
}

/// The orders contract with other words in one place.
fn edited(from: &str, to: &str) -> Dataset {
    assert_eq!(ORDERS.matches(from).count(), 1, "stands in the contract once: {from}");
    Dataset::from_yaml("orders.odcs.yaml", &ORDERS.replacen(from, to, 1)).unwrap()
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn one_of(values: &[&str]) -> Rule {
    Rule::OneOf { values: values.iter().map(|value| (*value).to_owned()).collect() }
}

#[test]
fn the_columns_are_in_contract_order() {
    let text = |max_chars| DataType::String { max_chars: Some(max_chars) };
    let expected = [
        ("order_id", text(36), true),
        ("customer_id", text(64), true),
        ("order_timestamp", DataType::Timestamp, true),
        ("order_amount", DataType::Decimal { precision: 12, scale: 2 }, true),
        ("currency", text(3), true),
        ("quantity", DataType::Integer, true),
        ("product_id", text(64), true),
        ("product_category", text(64), true),
        ("order_status", text(16), true),
        ("payment_method", text(16), false),
        ("shipping_country", text(2), true),
        ("customer_email", text(254), false),
        ("op", text(1), false),
    ];
    let orders = orders();
    let columns: Vec<_> =
        orders.columns.iter().map(|it| (it.name.as_str(), it.data_type, it.required)).collect();
    assert_eq!(columns, expected);
    let restricted: Vec<_> = orders.columns.iter().filter(|column| column.restricted).collect();
    assert_eq!(restricted.len(), 1);
    assert_eq!(restricted[0].name, "customer_email");
    assert!(orders.columns.iter().all(|column| column.description.is_some()));
}

#[test]
fn the_row_rules_are_in_the_order_they_are_checked() {
    let orders = orders();
    let rules = |name: &str| orders.column(name).unwrap().rules.as_slice();
    let pattern = |pattern: &str| Rule::Pattern { pattern: pattern.to_owned() };
    assert_eq!(rules("order_id"), [Rule::Format { format: TextFormat::Uuid }]);
    let id_length = [Rule::MinLength { chars: 1 }, Rule::MaxLength { chars: 64 }];
    assert_eq!(rules("customer_id"), id_length);
    assert_eq!(rules("order_timestamp"), []);
    let at_least = |bound| Rule::Minimum { bound: decimal(bound), exclusive: false };
    assert_eq!(rules("order_amount"), [at_least("0")]);
    let at_most = Rule::Maximum { bound: decimal("10000"), exclusive: false };
    assert_eq!(rules("quantity"), [at_least("1"), at_most]);
    assert_eq!(rules("currency"), [Rule::MaxLength { chars: 3 }, pattern("^[A-Z]{3}$")]);
    let email = Rule::Format { format: TextFormat::Email };
    assert_eq!(rules("customer_email"), [Rule::MaxLength { chars: 254 }, email]);
    assert_eq!(rules("op"), [Rule::MaxLength { chars: 1 }, one_of(&["I", "U", "D"])]);
    let normalise = &orders.column("customer_email").unwrap().normalise;
    assert_eq!(*normalise, [Normalise::Trim, Normalise::Lower]);
}

#[test]
fn the_extensions_say_what_the_standard_cannot() {
    let orders = orders();
    let strings = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    assert_eq!(orders.format, Format::Json);
    assert_eq!(orders.operation.as_deref(), Some("op"));
    assert_eq!(orders.unknown_fields, UnknownFields::Keep);
    let dedupe = Dedupe { key: strings(&["order_id"]), order: strings(&["order_timestamp"]) };
    assert_eq!(orders.dedupe, dedupe);

    let names: Vec<_> = orders.derived.iter().map(|derived| derived.name.as_str()).collect();
    assert_eq!(names, ["order_date", "order_hour", "order_value_band", "customer_email_hash"]);
    let band = |label: &str, up_to: Option<&str>| Band {
        label: label.to_owned(),
        up_to: up_to.map(decimal),
    };
    let from = "order_amount".to_owned();
    let bands = vec![band("Low", Some("500")), band("Medium", Some("1000")), band("High", None)];
    assert_eq!(orders.derived[2].derivation, Derivation::Band { from, bands });

    let measure = |name: &str, function, data_type| Measure {
        name: name.to_owned(),
        function,
        column: (function != Function::Count).then(|| "order_amount".to_owned()),
        data_type,
    };
    let amount = DataType::Decimal { precision: 12, scale: 2 };
    let hourly = Aggregate {
        name: "orders_hourly".to_owned(),
        group_by: strings(&["order_hour", "product_category", "shipping_country"]),
        measures: vec![
            measure("order_count", Function::Count, DataType::Integer),
            measure("total_amount", Function::Sum, DataType::Decimal { precision: 38, scale: 2 }),
            measure("min_amount", Function::Min, amount),
            measure("max_amount", Function::Max, amount),
        ],
    };
    assert_eq!(orders.aggregates, [hourly]);
}

#[test]
fn the_checks_and_the_freshness_concern_the_table() {
    let orders = orders();
    let column = "order_timestamp".to_owned();
    assert_eq!(orders.freshness, Some(ServiceLevel { column, minutes: 15 }));
    let summary: Vec<_> =
        orders.checks.iter().map(|check| (check.id.as_str(), check.severity)).collect();
    assert_eq!(
        summary,
        [
            ("order_amount_present", Severity::Error),
            ("order_id_duplicates", Severity::Error),
            ("orders_row_count", Severity::Error),
            ("orders_from_the_future", Severity::Warning),
        ]
    );
    let columns = vec!["order_id".to_owned()];
    assert_eq!(orders.checks[1].metric, Metric::DuplicateValues { columns, percent: false });
    assert_eq!(orders.checks[2].must, Comparison::BeGreaterThan { bound: decimal("0") });
}

#[test]
fn bounds_are_read_exactly() {
    let bound = |dataset: &Dataset| dataset.column("order_amount").unwrap().rules.clone();
    let orders = edited("{minimum: 0}", "{exclusiveMinimum: -0.10}");
    assert_eq!(bound(&orders), [Rule::Minimum { bound: decimal("-0.10"), exclusive: true }]);
    let digits = "12345678901234567890.123456789012345678";
    let orders = edited("{minimum: 0}", &format!("{{maximum: {digits}}}"));
    assert_eq!(bound(&orders), [Rule::Maximum { bound: decimal(digits), exclusive: false }]);
}

#[test]
fn uniqueness_beyond_the_merge_key_becomes_a_check() {
    let after = "        examples: [C-0004217]";
    let orders = edited(after, "        unique: true");
    let check = Check {
        id: "customer_id_unique".to_owned(),
        description: Some("No two rows have the same customer_id.".to_owned()),
        metric: Metric::DuplicateValues { columns: vec!["customer_id".to_owned()], percent: false },
        must: Comparison::Be { bound: decimal("0") },
        severity: Severity::Error,
    };
    assert_eq!(orders.checks.last(), Some(&check));
    let covered = edited(
        after,
        "        unique: true\n        quality: [{id: mine, metric: duplicateValues, mustBe: 0}]",
    );
    assert_eq!(covered.checks.len(), orders.checks.len());
}

#[test]
fn invalid_values_reject_rows_unless_some_are_tolerated() {
    let rule = "{id: it, metric: invalidValues, arguments: {validValues: [1, 2]}, ";
    let with = |rest: &str| {
        let column = "        examples: [2]\n";
        edited(column, &format!("        quality: [{rule}{rest}}}]\n"))
    };
    let strict = with("mustBe: 0");
    assert_eq!(strict.column("quantity").unwrap().rules.last(), Some(&one_of(&["1", "2"])));
    let tolerant = with("mustBeLessThan: 0.5, unit: percent");
    assert_eq!(tolerant.column("quantity").unwrap().rules.len(), 2);
    let check = tolerant.checks.iter().find(|check| check.id == "it").unwrap();
    assert_eq!(check.must, Comparison::BeLessThan { bound: decimal("0.5") });
    let valid_values = vec!["1".to_owned(), "2".to_owned()];
    let column = "quantity".to_owned();
    assert_eq!(check.metric, Metric::InvalidValues { column, valid_values, percent: true });
}

#[test]
fn csv_is_declared_by_the_landing_server() {
    let orders = edited("    format: json\n    delimiter: new_line", "    format: csv");
    assert_eq!(orders.format, Format::Csv);
}
