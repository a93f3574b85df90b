//! The transform is the judge: what is converted from CSV is to it what the CSV itself is.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::sync::Mutex;

use columnar::{Output, Outputs, Rejected, Source, Transformer};

use super::*;
use crate::generate::{Lines, Synthetic, Timeline};

const START_US: i64 = 1_772_000_000_000_000;
/// So few that every object is one row group, whose bytes then depend on the values alone.
const LINES: usize = 1_000;

type Bytes = Arc<Mutex<Vec<u8>>>;

/// Files in memory.
#[derive(Default)]
struct Memory(Mutex<BTreeMap<String, Bytes>>);

struct File(Bytes);

impl Write for File {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("unpoisoned").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Outputs for Memory {
    type File = File;

    fn create(&self, output: Output) -> io::Result<File> {
        let mut files = self.0.lock().expect("unpoisoned");
        Ok(File(Arc::clone(files.entry(format!("{output:?}")).or_default())))
    }
}

/// The files of an object, and its rejects by line.
fn transformed(
    dataset: &Dataset,
    object: &[u8],
) -> (BTreeMap<String, Vec<u8>>, BTreeMap<i64, String>) {
    let transformer = Transformer::new(dataset.clone(), b"salt", NonZeroUsize::MIN).expect("plan");
    let source = Source {
        object: "s3://lake/landing/a",
        key: "landing/a",
        region: "eu-west-1",
        landed_at_micros: START_US + 86_400_000_000,
    };
    let memory = Memory::default();
    transformer.run(object, &source, &memory).expect("an object");
    let files = memory.0.into_inner().expect("unpoisoned");
    let bytes = |file: Bytes| file.lock().expect("unpoisoned").clone();
    let mut files: BTreeMap<_, _> =
        files.into_iter().map(|(name, file)| (name, bytes(file))).collect();
    let quarantine = files.remove("Quarantine").unwrap_or_default();
    let lines = quarantine.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let reject = |line| Rejected::parse(line).expect("a reject");
    let rules = lines.map(reject).map(|one| {
        // Who has other fields than the header has no JSON.
        (one.line, one.rule.replace("csv_fields", "json"))
    });
    (files, rules.collect())
}

fn datasets() -> Vec<Dataset> {
    let separated = include_str!("../../../generate/synthetic/tests/separated.odcs.yaml");
    let every_rule = include_str!("../../../generate/synthetic/tests/every_rule.odcs.yaml");
    let own = [("separated", separated), ("every_rule", every_rule)];
    let shipped = datasets::names().map(|name| (name, datasets::text(name).expect("a name")));
    shipped.chain(own).map(|(name, text)| Dataset::from_yaml(name, text).expect("valid")).collect()
}

#[test]
fn converted_csv_becomes_the_files_that_the_csv_becomes() {
    for dataset in datasets() {
        let csv = Dataset { format: Format::Csv, ..dataset.clone() };
        let json = Dataset { format: Format::Json, ..dataset };
        let producer = Synthetic::new(&csv).expect("values");
        let timeline = Timeline::Steady { start_us: START_US, per_second: 100 };
        let mut lines = Lines::new(Box::new(producer), 7, timeline, 0.2, 0.0);
        let mut text = lines.header().expect("CSV has one").to_vec();
        let mut line = Vec::new();
        for _ in 0..LINES {
            lines.next_line(&mut line);
            text.extend_from_slice(&line);
        }
        // The header has its line in the object too, which keeps the numbers of the others.
        let mut converted = b"\n".to_vec();
        for (piece, _) in &read_from(&csv_of(json.clone()), &text, 0)[1..] {
            match piece {
                Got::Fits(line) => converted.extend_from_slice(line.as_bytes()),
                Got::AsIs(line) => converted.extend_from_slice(line),
                other => panic!("{other:?}"),
            }
            converted.push(b'\n');
        }
        let (files, rejects) = transformed(&json, &converted);
        let (expected_files, expected_rejects) = transformed(&csv, &text);
        assert!(expected_rejects.len() > LINES / 10 && expected_rejects.len() < LINES / 3);
        assert_eq!(rejects, expected_rejects, "{}", json.name);
        assert_eq!(files.keys().collect::<Vec<_>>(), expected_files.keys().collect::<Vec<_>>());
        assert!(files == expected_files, "{}: the files differ", json.name);
    }
}
