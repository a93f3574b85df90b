//! Any dataset: by its name, or by the file of its contract.

use super::{FIXED, lines, run, scratch};
use serde_json::Value;
use std::fs;

const VISITS: &str = "
apiVersion: v3.1.0
kind: DataContract
id: visits
version: 1.0.0
status: draft
servers:
  - {server: landing, type: s3, location: 's3://lake/landing/*', format: csv}
schema:
  - name: visits
    logicalType: object
    properties:
      - {name: id, logicalType: integer, required: true}
      - {name: at, logicalType: timestamp, required: true}
      - {name: page, logicalType: string, logicalTypeOptions: {pattern: '^/[a-z]{1,8}$'}}
    customProperties:
      - {property: dedupe, value: {key: [id], order: [at]}}
";

fn contract(name: &str, text: &str) -> String {
    let path = scratch(name);
    fs::write(&path, text).unwrap();
    path.display().to_string()
}

fn stderr(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_dataset_is_generated_from_its_contract() {
    let output = run(&format!("{FIXED} --bad 0 --dataset rides"));
    assert!(output.status.success(), "{}", stderr(&output));
    let rides: Vec<Value> =
        lines(&output.stdout).map(|line| serde_json::from_slice(line).unwrap()).collect();
    assert_eq!(rides.len(), 4_000);
    assert!(rides.iter().all(|ride| ride["pickup"]["lat"].is_number()));
    assert_eq!(output.stdout, run(&format!("{FIXED} --bad 0 --dataset rides")).stdout);
}

#[test]
fn a_file_is_followed_even_where_there_is_a_model_of_the_dataset() {
    let orders = concat!(env!("CARGO_MANIFEST_DIR"), "/../contracts/orders.odcs.yaml");
    let output = run(&format!("{FIXED} --bad 0 --dataset {orders}"));
    assert!(output.status.success(), "{}", stderr(&output));
    let first: Value = serde_json::from_slice(lines(&output.stdout).next().unwrap()).unwrap();
    assert!(first["order_amount"].is_number());
    assert_ne!(output.stdout, run(&format!("{FIXED} --bad 0")).stdout);
}

#[test]
fn csv_has_its_header_wherever_it_goes_and_does_not_go_to_firehose() {
    let (file, copy) = (contract("visits.odcs.yaml", VISITS), scratch("visits.csv"));
    let output = run(&format!("{FIXED} --dataset {file} --copy-to {}", copy.display()));
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(lines(&output.stdout).next(), Some(b"id,at,page\n".as_slice()));
    assert_eq!(lines(&output.stdout).count(), 4_001);
    assert_eq!(fs::read(copy).unwrap(), output.stdout);

    let refused = run(&format!("{FIXED} --dataset {file} --to firehose:visits"));
    assert_eq!(refused.status.code(), Some(1));
    assert!(stderr(&refused).contains("visits is CSV"), "{}", stderr(&refused));
}

#[test]
fn what_cannot_be_generated_is_told() {
    let unknown = run("--dataset trips --count 1");
    assert_eq!(unknown.status.code(), Some(2));
    assert!(stderr(&unknown).contains("this build has orders, rides"), "{}", stderr(&unknown));

    let missing = run("--dataset no/such.yaml --count 1");
    assert!(stderr(&missing).contains("no/such.yaml"), "{}", stderr(&missing));

    let impossible = VISITS.replace("^/[a-z]{1,8}$", "^a$^b$");
    let file = contract("impossible.odcs.yaml", &impossible);
    let output = run(&format!("--dataset {file} --count 1"));
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("every rule of `page`"), "{}", stderr(&output));
}
