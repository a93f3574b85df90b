//! `snowline sql` as an administrator runs it.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::process::{Command, Output};

fn sql(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_snowline")).arg("sql").args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn without_values_it_prints_what_it_can_and_names_what_is_missing() {
    let output = sql(&[]);
    assert!(output.status.success());
    let script = text(&output.stdout);
    assert!(script.contains("create table if not exists staging.orders ("));
    assert!(script.contains("-- setup/stage is left out: it needs --bucket\n"));
    let order = ["create database", "create table", "create or replace view", "grant insert on"];
    let places: Vec<usize> = order.iter().map(|part| script.find(part).unwrap()).collect();
    assert!(places.is_sorted(), "{places:?}");
}

#[test]
fn a_contract_is_named_or_a_file() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../contracts/orders.odcs.yaml");
    let printed = text(&sql(&["--contract", "orders"]).stdout);
    for arguments in [["--contract", file], ["--dataset", file], ["--dataset", "orders"]] {
        assert_eq!(text(&sql(&arguments).stdout), printed);
    }
    let refused = sql(&["--contract", "none"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(text(&refused.stderr).contains("this build has orders, rides"));
}

#[test]
fn a_script_asked_for_by_name_is_printed_whole_or_refused() {
    let refused = sql(&["--only", "setup/storage_integration", "--bucket", "lake"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stdout).is_empty());
    assert!(text(&refused.stderr).contains("setup/storage_integration needs --storage-role-arn"));
    let printed = sql(&["--only", "setup/stage", "--bucket", "lake"]);
    assert!(text(&printed.stdout).contains("url = 's3://lake/'"));
}

#[test]
fn a_public_key_is_read_from_pem_and_nothing_else() {
    let folder = std::env::temp_dir().join(format!("snowline-sql-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let (public, private) = (folder.join("key.pub"), folder.join("key.p8"));
    fs::write(&public, "-----BEGIN PUBLIC KEY-----\nMIIB\nIjAN\n-----END PUBLIC KEY-----\n")
        .unwrap();
    fs::write(&private, "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n").unwrap();
    let print = |path: &std::path::Path| {
        sql(&["--only", "setup/service_user_key", "--public-key", path.to_str().unwrap()])
    };
    assert!(text(&print(&public).stdout).contains("set rsa_public_key = 'MIIBIjAN';"));
    let refused = print(&private);
    fs::remove_dir_all(&folder).unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("is not a PEM file with a PUBLIC KEY"));
}
