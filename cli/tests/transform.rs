//! `snowline transform` as someone runs it on a sample.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use flate2::Compression;
use flate2::write::GzEncoder;

const GOOD: &str = concat!(
    r#"{"order_id":"7f1f2c0a-58a5-4d1c-9d8e-2d2f0c7b1a01","customer_id":"C-1","order_timestamp":"2026-11-22T09:15:00Z","#,
    r#""order_amount":12.5,"currency":"EUR","quantity":1,"product_id":"P-1","product_category":"books","#,
    r#""order_status":"placed","shipping_country":"DE"}"#,
    "\n",
);

/// A folder that is removed when the test ends.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let name = format!("snowline-transform-{test}-{}", std::process::id());
        let folder = Self(std::env::temp_dir().join(name));
        fs::create_dir_all(&folder.0).unwrap();
        folder
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    /// The files below `out`, ordered.
    fn outputs(&self) -> Vec<String> {
        let out = self.0.join("out");
        let zones = fs::read_dir(&out).into_iter().flatten().map(|zone| zone.unwrap().path());
        let files = zones.flat_map(|zone| fs::read_dir(zone).unwrap());
        let name = |path: PathBuf| path.strip_prefix(&out).unwrap().display().to_string();
        let mut names: Vec<_> = files.map(|file| name(file.unwrap().path())).collect();
        names.sort();
        names
    }

    fn transform(&self, contract: &str, inputs: &[&Path]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_snowline"));
        command.args(["transform", "--contract", contract]).args(inputs);
        command.arg("--out").arg(self.0.join("out")).output().unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn rejected_rows_are_counted_and_are_no_failure() {
    let folder = Folder::new("rejects");
    let sample = folder.write("sample.json", format!("{GOOD}{{}}\nnot JSON\n"));
    let contract = concat!(env!("CARGO_MANIFEST_DIR"), "/../contracts/orders.odcs.yaml");
    let output = folder.transform(contract, &[&sample]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let printed = text(&output.stdout);
    assert!(printed.contains("3 rows, 1 accepted, 2 rejected (json 1, required 1); "), "{printed}");
    assert_eq!(
        folder.outputs(),
        [
            "processed/final_sample.parquet",
            "processed/orders_hourly_sample.parquet",
            "processing/processed_sample.parquet",
            "quarantine/rejected_sample.ndjson",
        ]
    );
}

#[test]
fn an_unreadable_object_leaves_nothing_and_keeps_none_of_the_others_back() {
    let folder = Folder::new("unreadable");
    // Long enough that rows are written before the object is found to be cut off.
    let mut cut = gzip(GOOD.repeat(20_000).as_bytes());
    cut.truncate(cut.len() - 1);
    let (cut, missing) = (folder.write("cut.gz", cut), folder.0.join("missing.json"));
    let good = folder.write("good.json", GOOD);
    let output = folder.transform("orders", &[&cut, &missing, &good]);
    assert_eq!(output.status.code(), Some(1));
    let errors = text(&output.stderr);
    assert!(errors.contains("cut.gz: reading or decompressing the object: "), "{errors}");
    assert!(errors.contains("missing.json: No such file"), "{errors}");
    assert!(errors.ends_with("2 of 3 files could not be transformed\n"), "{errors}");
    assert_eq!(
        folder.outputs(),
        [
            "processed/final_good.parquet",
            "processed/orders_hourly_good.parquet",
            "processing/processed_good.parquet",
        ]
    );
}

#[test]
fn wrong_usage_is_told_apart() {
    let folder = Folder::new("usage");
    let (one, other) = (folder.write("a/good.json", GOOD), folder.write("b/good.json.gz", GOOD));
    for (contract, inputs, error) in [
        ("none", &[one.as_path()][..], "this build has orders"),
        ("orders", &[], "required arguments"),
        ("orders", &[&one, &other], "would have the same output files"),
    ] {
        let output = folder.transform(contract, inputs);
        assert_eq!(output.status.code(), Some(2));
        assert!(text(&output.stderr).contains(error), "{}", text(&output.stderr));
    }
    assert!(folder.outputs().is_empty());
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}
