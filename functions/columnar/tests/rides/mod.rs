//! Records with objects inside, times as numbers, and CSV in a dialect of its own: which are
//! accepted, and which rule of which field rejects the others.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use columnar::Transformer;
use contract::{Csv, Dataset};
use serde_json::{Map, Value, json};

use crate::object::{Memory, run_on, transformer};

fn rides() -> Dataset {
    datasets::load("rides").expect("the example contract")
}

/// A ride under way, with other fields; a null takes one away.
fn ride(changes: Value) -> Value {
    let mut ride = json!({
        "city": " Hamburg", "rideNumber": 4211, "updatedAt": 1_795_342_830_125_i64,
        "status": "completed", "vehicle": "bike",
        "riderId": "0b6f2c2e-94a3-4f06-9d0c-6f6a3c1f8e55", "riderPhone": "+4915112345678",
        "deviceIp": "203.0.113.7", "pickup": {"lat": 53.5503, "lon": 9.992, "zone": "HH-ALT"},
        "dropoff": {"lat": 53.5, "lon": 10.0, "zone": null, "gate": [1]}, "distanceKm": 7.213,
        "fare": 18.45, "tip": 2, "currency": "EUR", "bookedFor": "07:45:00", "rating": 5,
        "tags": ["airport"]
    });
    let Value::Object(changes) = changes else { panic!("an object") };
    let fields = ride.as_object_mut().expect("an object");
    for (name, value) in changes {
        match value {
            Value::Null => drop(fields.remove(&name)),
            value => drop(fields.insert(name, value)),
        }
    }
    ride
}

/// Rule and column of each reject by its line, and how many rows were accepted.
fn outcome(transformer: &Transformer, text: &str, key: &str) -> (Vec<(i64, String, Value)>, u64) {
    let (report, memory) = run_on(transformer, text.as_bytes(), key);
    (rejects(&memory), report.expect("readable").rows_accepted)
}

fn rejects(memory: &Memory) -> Vec<(i64, String, Value)> {
    let reject = |reject: Value| {
        let line = reject["line"].as_i64().expect("a number");
        (line, reject["rule"].as_str().expect("text").to_owned(), reject["column"].clone())
    };
    memory.rejects().into_iter().map(reject).collect()
}

#[test]
fn each_rule_rejects_its_rides_and_names_the_field() {
    let pickup = |lat: Value, zone: Value| json!({"pickup": {"lat": lat, "lon": 0, "zone": zone}});
    let table = [
        (json!({"pickup": null}), "required", "pickup"),
        (json!({"pickup": []}), "type", "pickup"),
        (json!({"pickup": "here"}), "type", "pickup"),
        (json!({"pickup": {}}), "required", "pickup.lat"),
        (pickup(Value::Null, json!("HH-ALT")), "required", "pickup.lat"),
        (pickup(json!("1"), json!("HH-ALT")), "type", "pickup.lat"),
        (pickup(json!(90.000_001), json!("HH-ALT")), "maximum", "pickup.lat"),
        (pickup(json!(1.000_000_1), json!("HH-ALT")), "precision", "pickup.lat"),
        (pickup(json!(1), json!("ALT")), "pattern", "pickup.zone"),
        (json!({"dropoff": {"lat": 1}}), "required", "dropoff.lon"),
        (json!({"dropoff": {"lat": 1, "lon": 2, "zone": 3}}), "type", "dropoff.zone"),
        (json!({"updatedAt": "2026-11-22T10:20:30Z"}), "type", "updated_at"),
        (json!({"updatedAt": 1_577_836_799_999_i64}), "minimum", "updated_at"),
        (json!({"updatedAt": 1_795_352_400_001_i64}), "not_later_than_arrival", "updated_at"),
        (json!({"updatedAt": 9e17}), "type", "updated_at"),
        (json!({"bookedFor": "24:00:00"}), "type", "booked_for"),
        (json!({"deviceIp": "203.0.113.256"}), "format", "device_ip"),
        (json!({"fare": 18.46}), "multiple_of", "fare"),
        (json!({"tip": 0}), "minimum", "tip"),
        (json!({"tags": {}}), "type", "tags"),
        (json!({"rating": 6, "pickup": {}}), "required", "pickup.lat"),
    ];
    let transformer = transformer(rides(), 1);
    for (changes, rule, column) in table {
        // Behind others of its shape, which the decoder has come to expect.
        let lines = [ride(json!({})), ride(json!({})), ride(changes.clone()), ride(json!({}))];
        let text = lines.map(|line| line.to_string()).join("\n");
        let (rejects, accepted) = outcome(&transformer, &text, "landing/object");
        assert_eq!(rejects, [(3, rule.to_owned(), column.into())], "{changes}");
        assert_eq!(accepted, 3);
    }
}

#[test]
fn what_may_be_missing_may_be_missing() {
    let optional =
        ["dropoff", "distanceKm", "tip", "bookedFor", "rating", "tags", "riderPhone", "deviceIp"];
    let mut lines = vec![ride(json!({})).to_string()];
    for name in optional {
        lines.push(ride(json!({ name: null })).to_string());
        let mut with_null = ride(json!({}));
        with_null[name] = Value::Null;
        lines.push(with_null.to_string());
    }
    lines.push(ride(json!({"updatedAt": 1_795_352_400_000_i64})).to_string());
    lines.push(ride(json!({"updatedAt": 1_795_342_830_125.25})).to_string());
    let count = lines.len() as u64;
    let found = outcome(&transformer(rides(), 1), &lines.join("\n"), "landing/object");
    assert_eq!(found, (vec![], count));
}

#[test]
fn hostile_records_are_rejected_alone() {
    let good = ride(json!({})).to_string();
    let with = |name: &str, raw: &str| good.replacen('{', &format!("{{\"{name}\":{raw},"), 1);
    let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    let mut keys = Map::new();
    (0..10_000).for_each(|key| drop(keys.insert(format!("key{key}"), key.into())));
    let keys = Value::Object(keys).to_string();
    let digits = "9".repeat(10_000);
    let rule = |rule: &str, column: Value| Some((rule.to_owned(), column));
    let table = [
        ("nested as deep as serde_json goes", with("x", &deep(126)), None),
        ("nested as deep inside an object", good.replacen("[1]", &deep(125), 1), None),
        (
            "nested deeper inside an object",
            good.replacen("[1]", &deep(126), 1),
            rule("json", Value::Null),
        ),
        ("nested deeper", with("x", &deep(127)), rule("json", Value::Null)),
        ("nested far deeper", with("x", &deep(100_000)), rule("json", Value::Null)),
        ("not closed", with("x", &"[".repeat(100_000)), rule("json", Value::Null)),
        (
            "10,000 keys",
            with("x", "1").replacen("1,", &format!("1,{},", &keys[1..keys.len() - 1]), 1),
            None,
        ),
        ("10,000 keys inside", with("x", &keys), None),
        ("of repeated keys the last counts", with("fare", "-1"), None),
        (
            "also where it is wrong",
            format!("{},\"fare\":-1}}", &good[..good.len() - 1]),
            rule("minimum", "fare".into()),
        ),
        ("inside too", good.replacen("\"lat\"", "\"lat\":999,\"lat\"", 1), None),
        (
            "inside too, where it is wrong",
            good.replacen("{\"lat\"", "{\"lon\":1,\"zone\":\"ALT\",\"lat\"", 1)
                .replacen("HH-ALT", "alt", 1),
            rule("pattern", "pickup.zone".into()),
        ),
        ("10,000 digits", good.replacen("18.45", &digits, 1), rule("precision", "fare".into())),
        (
            "10,000 decimals",
            good.replacen("18.45", &format!("18.45{}", "0".repeat(10_000)), 1),
            None,
        ),
        (
            "a vast exponent",
            good.replacen("18.45", "1e999999999999", 1),
            rule("precision", "fare".into()),
        ),
        (
            "a vast count",
            good.replacen("1795342830125", &digits, 1),
            rule("type", "updated_at".into()),
        ),
        ("escapes in names", good.replacen("\"fare\"", r#""\u0066\u0061re""#, 1), None),
        ("escapes in names inside", good.replacen("\"zone\"", r#""z\u006fne""#, 2), None),
        ("a surrogate pair", with("x", r#""\ud83d\ude00""#), None),
        ("half of one", with("x", r#""\ud83d""#), rule("json", Value::Null)),
        ("an escaped NUL", with("x", r#""\u0000""#), None),
        ("a NUL", with("x", "\"\0\""), rule("json", Value::Null)),
        ("an escape there is not", with("x", r#""\x""#), rule("json", Value::Null)),
        ("a byte order mark inside", format!("\u{feff}{good}"), rule("json", Value::Null)),
    ];
    let transformer = transformer(rides(), 1);
    for (what, line, expected) in table {
        let text = format!("\u{feff}{good}\r\n{line}\n{good}");
        let (rejects, accepted) = outcome(&transformer, &text, "landing/object");
        let accepts = u64::from(expected.is_none());
        let expected = expected.into_iter().map(|(rule, column)| (2, rule, column));
        assert_eq!(rejects, expected.collect::<Vec<_>>(), "{what}");
        assert_eq!(accepted, 2 + accepts, "{what}");
    }
}

/// The header, in another order than the contract's.
const HEADER: &str = "fare;pickup;city;rideNumber;updatedAt;status;vehicle;riderId;currency;tags;\
                      rating;note";

#[test]
fn csv_has_a_delimiter_and_a_null_of_its_own() {
    let csv = Csv { delimiter: ';', null: "-".to_owned() };
    let transformer = transformer(Dataset { csv, ..rides() }, 1);
    let pickup = r#""{""lat"": 1, ""lon"": 2, ""zone"": ""HH-ALT""}""#;
    let rider = "0b6f2c2e-94a3-4f06-9d0c-6f6a3c1f8e55";
    let row = |fare: &str, pickup: &str, tags: &str, rest: &str| {
        format!("{fare};{pickup};köln;1;1795342830125;booked;car;{rider};EUR;{tags};{rest}")
    };
    let lines = [
        HEADER.to_owned(),
        row("1.00", pickup, "[1,2]", "-;two\nlines; and more")
            .replace("two\nlines; and more", "\"two\nlines; and more\""),
        row("1,00", pickup, "-", "-;-"),
        row("1.00", pickup, "-", "5;a;b"),
        row("1.00", pickup, "-", "5"),
        row("1.00", "{1}", "-", "5;a"),
        row("-", pickup, "-", "5;a"),
        row("\"-\"", pickup, "-", "5;a"),
        row("1.00", "\"{\"\"lat\"\": 1}\"", "-", "5;a"),
        row("1.00", pickup, "", "5;a"),
        row("1.00", pickup, "\"[\"\"]\"", "5;a"),
        row("1.00", pickup, " [] ", "5;a"),
    ];
    let reject = |line, rule: &str, column: &str| {
        (line, rule.to_owned(), if column.is_empty() { Value::Null } else { column.into() })
    };
    let (rejects, accepted) = outcome(&transformer, &lines.join("\r\n"), "landing/a.csv.gz");
    assert_eq!(
        rejects,
        [
            reject(4, "type", "fare"),
            reject(5, "csv_fields", ""),
            reject(6, "csv_fields", ""),
            reject(7, "type", "pickup"),
            reject(8, "required", "fare"),
            reject(9, "type", "fare"),
            reject(10, "required", "pickup.lon"),
            reject(11, "type", "tags"),
            reject(12, "type", "tags"),
        ]
    );
    assert_eq!(accepted, 2);
}
