//! The exact text of every statement, for the example dataset and for one as unlike it as the
//! contract allows. `UPDATE_GOLDEN=1 cargo test -p statements` rewrites the files.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use contract::{
    CalendarUnit, Check, Column, Comparison, DataType, Dataset, Decimal, Dedupe, Format, Metric,
    Retention, Severity, UnknownFields,
};
use statements::{Settings, Statements};

#[test]
fn orders_match_their_golden_files() {
    let folders = [
        "setup", "views", "grants", "schema", "staging", "publish", "checks", "trace", "erase",
        "samples",
    ];
    compare(&datasets::load("orders").unwrap(), &folders);
}

#[test]
fn rides_match_their_golden_files() {
    let folders =
        ["setup", "views", "grants", "schema", "staging", "publish", "checks", "trace", "erase"];
    compare(&datasets::load("rides").unwrap(), &folders);
}

#[test]
fn a_dataset_without_operation_and_aggregates_matches_its_golden_files() {
    let folders = [
        "setup/staging_tables",
        "setup/analytics_table",
        "grants/load",
        "views",
        "schema",
        "publish",
        "checks",
        "trace",
        "erase",
    ];
    compare(&readings(), &folders);
}

fn compare(dataset: &Dataset, folders: &[&str]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(&dataset.name);
    let rendered = render(dataset, folders);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let _ = fs::remove_dir_all(&folder);
        for (name, text) in &rendered {
            let path = folder.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
    }
    let golden = read(&folder, &folder);
    let names = |files: &BTreeMap<String, String>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&rendered), names(&golden));
    for (name, text) in rendered {
        assert_eq!(text, golden[&name], "{name}");
    }
}

/// Every script by its path, and beside a check the queries of its failing rows and their keys.
fn render(dataset: &Dataset, folders: &[&str]) -> BTreeMap<String, String> {
    let statements = Statements::new(dataset).unwrap();
    let settings = Settings {
        database: "SNOWLINE".to_owned(),
        warehouse: "SNOWLINE_WH".to_owned(),
        bucket: Some("example-lake".to_owned()),
        storage_role_arn: Some("arn:aws:iam::123456789012:role/snowline-lake".to_owned()),
        public_key: Some("MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A".to_owned()),
        load_role_arn: Some("arn:aws:iam::123456789012:role/snowline-load".to_owned()),
        publish_role_arn: Some("arn:aws:iam::123456789012:role/snowline-publish".to_owned()),
        identity_issuer: Some("https://example.tokens.sts.global.api.aws".to_owned()),
        file: Some(vec![
            "processed/year=2026/month=11/day=22/final_0123456789abcdef.parquet".to_owned(),
            r"processed/it's a \ key.parquet".to_owned(),
        ]),
    };
    let mut texts = BTreeMap::new();
    texts.insert("session.sql".to_owned(), statements.session(&settings).unwrap() + "\n");
    for folder in folders {
        for script in statements.scripts(folder, &settings).unwrap() {
            assert!(script.missing.is_empty(), "{script:?}");
            texts.insert(format!("{}.sql", script.name), script.text + "\n");
        }
    }
    for check in statements.checks().unwrap() {
        for (what, query) in
            [("rows", check.failing_rows_query), ("keys", check.failing_keys_query)]
        {
            if let Some(query) = query {
                texts.insert(format!("checks/{}_{what}.sql", check.id), query + ";\n");
            }
        }
    }
    texts
}

fn read(root: &Path, folder: &Path) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(read(root, &path));
        } else {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            files.insert(name, fs::read_to_string(&path).unwrap());
        }
    }
    files
}

/// Sensor readings: three key columns, two order columns, no operation, nothing derived.
fn readings() -> Dataset {
    let column =
        |name: &str, data_type, required| Column { required, ..Column::new(name, data_type) };
    let zero = Decimal { unscaled: 0, scale: 0 };
    let check = |id: &str, metric, must| Check {
        id: id.to_owned(),
        description: None,
        metric,
        must,
        severity: Severity::Error,
    };
    let columns = vec![
        column("sensor", DataType::String { max_chars: None }, true),
        column("measured_at", DataType::Timestamp, true),
        column("due_at", DataType::Time, true),
        column("revision", DataType::Integer, true),
        column("celsius", DataType::Double, false),
        column("unit", DataType::String { max_chars: Some(8) }, false),
        column("calibrated_on", DataType::Date, false),
    ];
    let dedupe = Dedupe {
        key: ["sensor", "measured_at", "due_at"].map(str::to_owned).into(),
        order: vec!["revision".to_owned(), "measured_at".to_owned()],
    };
    Dataset {
        format: Format::Csv,
        unknown_fields: UnknownFields::Drop,
        retention: Some(Retention {
            column: "calibrated_on".to_owned(),
            amount: 18,
            unit: CalendarUnit::Month,
        }),
        checks: vec![
            check(
                "celsius_missing",
                Metric::MissingValues {
                    column: "celsius".to_owned(),
                    values: vec!["-999".to_owned()],
                    percent: true,
                },
                Comparison::BeLessThan { bound: Decimal { unscaled: 25, scale: 1 } },
            ),
            check(
                "unit_known",
                Metric::InvalidValues {
                    column: "unit".to_owned(),
                    valid_values: vec!["°C".to_owned(), "it's".to_owned()],
                    percent: false,
                },
                Comparison::Be { bound: zero },
            ),
            check(
                "one_reading_a_moment",
                Metric::DuplicateValues {
                    columns: vec!["sensor".to_owned(), "measured_at".to_owned()],
                    percent: true,
                },
                Comparison::Be { bound: zero },
            ),
        ],
        ..Dataset::new("readings", columns, dedupe)
    }
}
