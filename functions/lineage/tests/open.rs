//! What the environment must say for events to go anywhere.
#![allow(clippy::unwrap_used)]

use std::time::{Duration, SystemTime};

use lineage::Lineage;

const COMPLETE: [(&str, &str); 3] = [
    ("LINEAGE_TO", "http://127.0.0.1:9/"),
    ("LAKE_BUCKET", "snowline-lake"),
    ("STACK_NAME", "snowline"),
];

fn noon() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(43_200)
}

/// Opens with these variables; an error is told with its causes.
fn open(variables: &[(&str, &str)]) -> Result<Lineage, String> {
    let lookup = |name: &str| {
        let found = variables.iter().rev().find(|(variable, _)| *variable == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    let dataset = datasets::load("orders").unwrap();
    let aws = aws::config(|_| None).unwrap();
    let opened = Lineage::open(lookup, &dataset, &aws, noon);
    opened.map_err(|error| telemetry::error_chain(&error))
}

#[test]
fn without_a_target_nothing_else_is_asked_for() {
    for variables in [&[][..], &[("LINEAGE_TO", "")]] {
        assert_eq!(open(variables).unwrap().now(), SystemTime::UNIX_EPOCH);
    }
    assert_eq!(open(&COMPLETE).unwrap().now(), noon());
}

#[test]
fn what_is_missing_or_wrong_is_named() {
    for (variable, value, said) in [
        ("LAKE_BUCKET", "", "LINEAGE_TO is set, but LAKE_BUCKET is not"),
        ("STACK_NAME", "", "LINEAGE_TO is set, but STACK_NAME is not"),
        ("LINEAGE_TO", "ftp://example.com/", "LINEAGE_TO: is neither https"),
        ("LINEAGE_TO", "http://example.com/", "LINEAGE_TO: http is for a loopback host only"),
        ("LINEAGE_TO", "s3://snowline-lake/landing/", "LINEAGE_TO: landing/ of the lake"),
    ] {
        let variables = [&COMPLETE[..], &[(variable, value)]].concat();
        let error = open(&variables).unwrap_err();
        assert!(error.starts_with(said), "{error}");
    }
    let keys = [("LINEAGE_API_KEY_SECRET", "a"), ("LINEAGE_API_KEY_FILE", "b")];
    let error = open(&[&COMPLETE[..], &keys].concat()).unwrap_err();
    assert!(error.starts_with("cannot tell where the API key stands: both"), "{error}");
}
