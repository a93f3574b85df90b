//! `snowline generate` as its users run it: the program, its exit codes, what it leaves behind.

#![allow(clippy::unwrap_used, reason = "a failed expectation is a failed test")]

mod dataset;
mod fake_firehose;
mod firehose;

use serde_json::Value;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

/// The program with arguments separated by spaces, and nothing of AWS in its environment.
fn snowline(arguments: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_snowline"));
    command.arg("generate").args(arguments.split_whitespace());
    command.env_clear().stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn run(arguments: &str) -> Output {
    snowline(arguments).output().unwrap()
}

/// A path for a file of this test alone.
fn scratch(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name)
}

fn summary(name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(scratch(name)).unwrap()).unwrap()
}

const FIXED: &str = "--seed 11 --start 2026-03-01T00:00:00Z --count 4000";

#[test]
fn the_same_seed_start_and_count_yield_the_same_bytes() {
    let first = run(FIXED);
    assert!(first.status.success());
    assert_eq!(first.stdout.iter().filter(|&&byte| byte == b'\n').count(), 4_000);
    assert_eq!(first.stdout, run(FIXED).stdout);
    assert_ne!(first.stdout, run("--seed 12 --start 2026-03-01T00:00:00Z --count 4000").stdout);
}

#[test]
fn copy_and_summary_describe_what_was_sent() {
    let (copy, json) = (scratch("described.ndjson"), scratch("described.json"));
    let output = run(&format!(
        "{FIXED} --span 24h --bad 0.05 --duplicates 0.05 --copy-to {} --summary {}",
        copy.display(),
        json.display()
    ));
    assert_eq!(std::fs::read(copy).unwrap(), output.stdout);
    let summary = summary("described.json");
    assert_eq!(summary["events_sent"], 4_000);
    assert_eq!(summary["bytes"], output.stdout.len());
    let rules = summary["bad_by_rule"].as_object().unwrap();
    assert_eq!(rules.len(), 10);
    let bad: u64 = rules.values().filter_map(Value::as_u64).sum();
    assert_eq!(summary["bad_sent"], bad);
    let malformed = lines(&output.stdout)
        .filter(|line| serde_json::from_slice::<Value>(line).is_err())
        .count() as u64;
    assert_eq!(rules["json"].as_u64().unwrap() + rules["utf8"].as_u64().unwrap(), malformed);
}

#[test]
fn wrong_usage_ends_with_code_2() {
    for arguments in [
        "--to kinesis:orders",
        "--bad 2",
        "--span 1h",
        "--start yesterday",
        "--compress gzip",
        "--no-such",
    ] {
        assert_eq!(run(arguments).status.code(), Some(2), "{arguments}");
    }
}

#[test]
fn a_reader_that_has_enough_is_no_failure() {
    let mut child = snowline("--rate 0").spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split_inclusive(|&byte| byte == b'\n')
}
