//! Every kind of change, made to the contracts of this build.

use std::collections::BTreeSet;

use contract::*;
use serde_json::Value;

use super::change::Class::{self, Additive, Breaking, Neutral};
use super::dataset::changes;

type Mutation = fn(&mut Dataset);

fn column<'d>(dataset: &'d mut Dataset, name: &str) -> &'d mut Column {
    let mut fields = dataset.columns.iter_mut().chain(&mut dataset.nested);
    fields.find(|column| column.name == name).unwrap()
}

fn derived<'d>(dataset: &'d mut Dataset, name: &str) -> &'d mut Derived {
    dataset.derived.iter_mut().find(|derived| derived.name == name).unwrap()
}

fn check<'d>(dataset: &'d mut Dataset, id: &str) -> &'d mut Check {
    dataset.checks.iter_mut().find(|check| check.id == id).unwrap()
}

fn number(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn values(column: &mut Column) -> &mut Vec<String> {
    column
        .rules
        .iter_mut()
        .find_map(|rule| match rule {
            Rule::OneOf { values } => Some(values),
            _ => None,
        })
        .unwrap()
}

/// The first change that a mutation of orders must bring about.
const ORDERS: [(Mutation, Class, &str, &str); 44] = [
    (|d| d.name = "sales".into(), Breaking, "name", "is called sales"),
    (|d| d.version = "1.0.1".into(), Neutral, "version", "was 1.0.0, is 1.0.1"),
    (|d| d.format = Format::Csv, Breaking, "servers", "format was json, is csv"),
    (|d| d.csv.delimiter = ';', Breaking, "servers", "csvDelimiter was ',', is ';'"),
    (|d| d.csv.null = "-".into(), Breaking, "servers", "csvNull"),
    (
        |d| d.columns.push(Column::new("x", DataType::Integer)),
        Additive,
        "x",
        "column added: nullable",
    ),
    (
        |d| d.columns.push(Column { required: true, ..Column::new("x", DataType::Integer) }),
        Breaking,
        "x",
        "required column added",
    ),
    (
        |d| d.columns.push(Column { restricted: true, ..Column::new("x", DataType::Integer) }),
        Additive,
        "x",
        "restricted",
    ),
    (|d| d.columns.retain(|c| c.name != "quantity"), Breaking, "quantity", "column removed"),
    (|d| d.columns.swap(0, 1), Neutral, "columns", "reordered"),
    (
        |d| column(d, "quantity").field = "qty".into(),
        Breaking,
        "quantity",
        "reads the field \"qty\"",
    ),
    (|d| column(d, "quantity").description = None, Neutral, "quantity", "description"),
    (
        |d| column(d, "quantity").data_type = DataType::Double,
        Breaking,
        "quantity",
        "type was NUMBER(19,0), is FLOAT",
    ),
    (
        |d| column(d, "order_amount").data_type = DataType::Decimal { precision: 14, scale: 2 },
        Additive,
        "order_amount",
        "is NUMBER(14,2)",
    ),
    (
        |d| column(d, "order_amount").data_type = DataType::Decimal { precision: 12, scale: 3 },
        Breaking,
        "order_amount",
        "is NUMBER(12,3)",
    ),
    (
        |d| column(d, "order_amount").data_type = DataType::Decimal { precision: 10, scale: 2 },
        Breaking,
        "order_amount",
        "is NUMBER(10,2)",
    ),
    (
        |d| column(d, "currency").data_type = DataType::String { max_chars: Some(5) },
        Additive,
        "currency",
        "type was VARCHAR(3), is VARCHAR(5)",
    ),
    (|d| column(d, "quantity").required = false, Breaking, "quantity", "not required any more"),
    (|d| column(d, "payment_method").required = true, Breaking, "payment_method", "required now"),
    (
        |d| column(d, "customer_email").restricted = false,
        Additive,
        "customer_email",
        "not restricted any more",
    ),
    (|d| column(d, "quantity").restricted = true, Breaking, "quantity", "restricted now"),
    (
        |d| column(d, "order_timestamp").epoch = Some(EpochUnit::Seconds),
        Breaking,
        "order_timestamp",
        "was RFC 3339 text, is seconds",
    ),
    (
        |d| column(d, "currency").normalise.clear(),
        Breaking,
        "currency",
        "normalise was [trim, upper], is []",
    ),
    (|d| column(d, "quantity").rules.clear(), Additive, "quantity", "no minimum 1 any more"),
    (
        |d| column(d, "order_id").rules.push(Rule::MinLength { chars: 2 }),
        Breaking,
        "order_id",
        "at least 2 characters added",
    ),
    (
        |d| {
            column(d, "order_amount").rules =
                vec![Rule::Minimum { bound: number("0.00"), exclusive: true }]
        },
        Breaking,
        "order_amount",
        "minimum 0.00 (exclusive), was minimum 0",
    ),
    (
        |d| {
            column(d, "order_amount").rules =
                vec![Rule::Minimum { bound: number("-1"), exclusive: false }]
        },
        Additive,
        "order_amount",
        "minimum -1",
    ),
    (
        |d| {
            column(d, "order_amount").rules =
                vec![Rule::Minimum { bound: number("0.0"), exclusive: false }]
        },
        Neutral,
        "order_amount",
        "minimum 0.0",
    ),
    (|d| column(d, "quantity").rules.swap(0, 1), Neutral, "quantity", "rules reordered"),
    (
        |d| drop(values(column(d, "order_status")).pop()),
        Breaking,
        "order_status",
        "narrowed by returned",
    ),
    (
        |d| values(column(d, "order_status")).push("lost".into()),
        Additive,
        "order_status",
        "widened by lost",
    ),
    (
        |d| values(column(d, "order_status")).swap(0, 1),
        Neutral,
        "order_status",
        "valid values reordered",
    ),
    (
        |d| d.dedupe.key.push("customer_id".into()),
        Breaking,
        "dedupe",
        "the key was [order_id], is [order_id, customer_id]",
    ),
    (|d| d.dedupe.order = vec!["quantity".into()], Breaking, "dedupe", "the order was"),
    (|d| d.operation = None, Breaking, "operation", "was op, is none"),
    (|d| d.unknown_fields = UnknownFields::Drop, Breaking, "unknownFields", "was keep, is drop"),
    (
        |d| d.checks.retain(|check| check.id != "orders_row_count"),
        Neutral,
        "orders_row_count",
        "removed",
    ),
    (
        |d| check(d, "orders_row_count").must = Comparison::BeGreaterThan { bound: number("9") },
        Neutral,
        "orders_row_count",
        "must be above 9, was must be above 0",
    ),
    (
        |d| check(d, "orders_row_count").severity = Severity::Warning,
        Neutral,
        "orders_row_count",
        "loosened",
    ),
    (
        |d| check(d, "orders_row_count").description = None,
        Neutral,
        "orders_row_count",
        "description",
    ),
    (
        |d| check(d, "orders_from_the_future").metric = Metric::RowCount,
        Neutral,
        "orders_from_the_future",
        "measures the rows",
    ),
    (
        |d| {
            check(d, "order_amount_present").metric =
                Metric::NullValues { column: "quantity".into(), percent: true }
        },
        Neutral,
        "order_amount_present",
        "nulls of quantity in percent",
    ),
    (
        |d| {
            check(d, "order_id_duplicates").metric =
                Metric::DuplicateValues { columns: vec!["quantity".into()], percent: true }
        },
        Neutral,
        "order_id_duplicates",
        "duplicates of quantity in percent",
    ),
    (|d| d.checks.swap(0, 1), Neutral, "quality", "reordered"),
];

/// The same of rides.
const RIDES: [(Mutation, Class, &str, &str); 32] = [
    (|d| d.nested.retain(|field| field.name != "pickup.lat"), Neutral, "pickup.lat", "removed"),
    (
        |d| d.nested.push(Column::new("pickup.gate", DataType::Integer)),
        Additive,
        "pickup.gate",
        "added",
    ),
    (
        |d| {
            d.nested
                .push(Column { required: true, ..Column::new("pickup.gate", DataType::Integer) })
        },
        Breaking,
        "pickup.gate",
        "required field",
    ),
    (|d| d.nested.swap(0, 1), Neutral, "properties", "reordered"),
    (|d| column(d, "pickup.lat").required = false, Additive, "pickup.lat", "not required"),
    (|d| column(d, "pickup.lat").restricted = true, Neutral, "pickup.lat", "classified"),
    (
        |d| column(d, "updated_at").epoch = None,
        Breaking,
        "updated_at",
        "was milliseconds since 1970, is RFC 3339",
    ),
    (
        |d| column(d, "updated_at").rules.retain(|rule| !matches!(rule, Rule::Earliest { .. })),
        Additive,
        "updated_at",
        "no minimum 2020",
    ),
    (
        |d| {
            column(d, "updated_at").rules = vec![
                Rule::Earliest {
                    bound: Moment { text: "2021-01-01T00:00:00Z".into(), value: i64::MAX },
                    exclusive: false,
                },
                Rule::NotLaterThanArrival { tolerance_seconds: 3600 },
            ]
        },
        Breaking,
        "updated_at",
        "minimum 2021",
    ),
    (
        |d| {
            column(d, "updated_at").rules[1] = Rule::NotLaterThanArrival { tolerance_seconds: 7200 }
        },
        Additive,
        "updated_at",
        "7200 s after arrival",
    ),
    (
        |d| column(d, "fare").rules[1] = Rule::MultipleOf { unit: number("0.1") },
        Breaking,
        "fare",
        "multiple of 0.1, was multiple of 0.05",
    ),
    (
        |d| {
            column(d, "currency").rules.iter_mut().for_each(|rule| {
                if let Rule::Pattern { pattern } = rule {
                    pattern.push('x')
                }
            })
        },
        Breaking,
        "currency",
        "pattern ^[A-Z]{3}$x",
    ),
    (
        |d| column(d, "tip").rules = vec![Rule::Minimum { bound: number("0"), exclusive: false }],
        Additive,
        "tip",
        "minimum 0, was minimum 0 (exclusive)",
    ),
    (
        |d| d.unknown_fields = UnknownFields::Reject,
        Breaking,
        "unknownFields",
        "was drop, is reject",
    ),
    (|d| d.unknown_fields = UnknownFields::Keep, Additive, "unknownFields", "was drop, is keep"),
    (|d| d.derived.retain(|derived| derived.name != "ride_date"), Breaking, "ride_date", "removed"),
    (
        |d| {
            d.derived.push(Derived {
                name: "x".into(),
                description: None,
                derivation: Derivation::Constant { value: "y".into() },
            })
        },
        Breaking,
        "x",
        "constant",
    ),
    (
        |d| {
            d.derived.push(Derived {
                name: "x".into(),
                description: None,
                derivation: Derivation::Copy {
                    from: "dropoff.zone".into(),
                    data_type: DataType::Boolean,
                },
            })
        },
        Additive,
        "x",
        "copy of dropoff.zone",
    ),
    (|d| derived(d, "ride_date").description = None, Neutral, "ride_date", "description"),
    (
        |d| derived(d, "ride_date").derivation = Derivation::Hour { from: "updated_at".into() },
        Breaking,
        "ride_date",
        "was date of updated_at, is hour of updated_at",
    ),
    (
        |d| {
            derived(d, "pickup_zone").derivation = Derivation::Copy {
                from: "dropoff.zone".into(),
                data_type: DataType::String { max_chars: Some(16) },
            }
        },
        Breaking,
        "pickup_zone",
        "copy of dropoff.zone",
    ),
    (
        |d| {
            derived(d, "distance_band").derivation = Derivation::Band {
                from: "fare".into(),
                bands: vec![Band { label: "Any".into(), up_to: Some(number("1")) }],
            }
        },
        Breaking,
        "distance_band",
        "band of fare (Any up to 1)",
    ),
    (|d| d.derived.swap(0, 1), Neutral, "derive", "reordered"),
    (|d| column(d, "pickup.zone").required = false, Breaking, "pickup_zone", "may be null now"),
    (|d| d.aggregates.clear(), Breaking, "rides_hourly", "aggregate removed"),
    (
        |d| d.aggregates.push(Aggregate { name: "x".into(), group_by: vec![], measures: vec![] }),
        Additive,
        "x",
        "aggregate added",
    ),
    (|d| drop(d.aggregates[0].group_by.pop()), Breaking, "rides_hourly", "grouped by"),
    (
        |d| drop(d.aggregates[0].measures.pop()),
        Breaking,
        "rides_hourly.longest_km",
        "measure removed",
    ),
    (|d| d.aggregates[0].measures.swap(0, 1), Neutral, "rides_hourly", "measures reordered"),
    (
        |d| {
            d.aggregates[0].measures[1] = Measure {
                name: "total_fare".into(),
                function: Function::Min,
                column: Some("tip".into()),
                data_type: DataType::Decimal { precision: 10, scale: 2 },
            }
        },
        Breaking,
        "rides_hourly.total_fare",
        "is min of tip, NUMBER(10,2)",
    ),
    (|d| d.freshness = None, Neutral, "freshness", "not promised any more"),
    (
        |d| d.latency = Some(ServiceLevel { column: "ride_hour".into(), minutes: 1 }),
        Neutral,
        "latency",
        "1 minutes by ride_hour",
    ),
];

const RETENTIONS: [(Mutation, Class, &str, &str); 3] = [
    (
        |d| {
            d.retention =
                Some(Retention { column: "ride_date".into(), amount: 4, unit: CalendarUnit::Month })
        },
        Neutral,
        "retention",
        "is 4 months by ride_date",
    ),
    (|d| d.retention = None, Neutral, "retention", "is none"),
    (
        |d| d.freshness = Some(ServiceLevel { column: "updated_at".into(), minutes: 10 }),
        Neutral,
        "freshness",
        "is 10 minutes",
    ),
];

fn mutations() -> impl Iterator<Item = (Dataset, (Mutation, Class, &'static str, &'static str))> {
    let of = |name: &str| datasets::load(name).unwrap();
    let (orders, rides) = (of("orders"), of("rides"));
    let of_rides = RIDES.into_iter().chain(RETENTIONS).map(move |one| (rides.clone(), one));
    ORDERS.into_iter().map(move |one| (orders.clone(), one)).chain(of_rides)
}

#[test]
fn every_kind_of_change_is_told_and_classified() {
    for (old, (mutate, class, place, phrase)) in mutations() {
        let mut new = old.clone();
        mutate(&mut new);
        let found = changes(&old, &new);
        let told =
            found.iter().find(|change| change.place == place && change.change.contains(phrase));
        let told = told.unwrap_or_else(|| panic!("{place}: {phrase}: {found:#?}"));
        assert_eq!(told.class, class, "{told:?}");
        assert!(!told.effect.is_empty());
        assert!(found.is_sorted_by_key(|change| change.class));
        assert_eq!(changes(&new, &new), []);
    }
}

#[test]
fn a_version_that_stays_is_told() {
    let old = datasets::load("orders").unwrap();
    let mut new = old.clone();
    new.columns.pop();
    assert!(changes(&old, &new).iter().any(|change| change.change.contains("still 1.0.0")));
    new.version = "2.0.0".into();
    assert!(!changes(&old, &new).iter().any(|change| change.change.contains("still")));
}

/// A field of the model that no mutation above changes is one whose comparison nothing proves.
#[test]
fn the_mutations_reach_every_field_of_the_model() {
    let (mut all, mut changed) = (BTreeSet::new(), BTreeSet::new());
    for (old, (mutate, ..)) in mutations() {
        let mut new = old.clone();
        mutate(&mut new);
        let [old, new] = [old, new].map(|dataset| serde_json::to_value(dataset).unwrap());
        fields(&old, "", &mut all);
        differences(&old, &new, "", &mut changed);
    }
    let missed: Vec<_> = all.difference(&changed).collect();
    assert!(missed.is_empty(), "{missed:#?}");
}

/// The paths of all fields, without positions in lists.
fn fields(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let path = format!("{path}.{name}");
                fields(value, &path, found);
                found.insert(path);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| fields(item, path, found)),
        _ => {}
    }
}

/// The paths of the fields that differ, and of those around them. A value that is there on one side
/// alone differs in all of its fields.
fn differences(old: &Value, new: &Value, path: &str, found: &mut BTreeSet<String>) {
    if old == new {
        return;
    }
    found.insert(path.to_owned());
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => {
            for name in old.keys().chain(new.keys()) {
                let of = |members: &serde_json::Map<String, Value>| {
                    members.get(name).cloned().unwrap_or_default()
                };
                differences(&of(old), &of(new), &format!("{path}.{name}"), found);
            }
        }
        (Value::Array(old), Value::Array(new)) => {
            for at in 0..old.len().max(new.len()) {
                let of = |items: &[Value]| items.get(at).cloned().unwrap_or_default();
                differences(&of(old), &of(new), path, found);
            }
        }
        (old, new) => [old, new].into_iter().for_each(|side| fields(side, path, found)),
    }
}
