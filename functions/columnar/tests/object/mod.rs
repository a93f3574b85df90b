//! Runs the transform on an object in memory. Shared by the accounting tests, the fuzz target and
//! the replay of its corpus.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::sync::{Arc, LazyLock, Mutex};

use columnar::{ObjectError, Output, Outputs, Report, Source, Transformer};
use contract::Dataset;
use flate2::{Compression, write::GzEncoder};
use serde_json::Value;

type Bytes = Arc<Mutex<Vec<u8>>>;

/// Files in memory, in the order they were opened.
#[derive(Default)]
pub(crate) struct Memory {
    files: Mutex<Vec<(Output, Bytes)>>,
}

pub(crate) struct MemoryFile(Bytes);

impl Write for MemoryFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("unpoisoned").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Outputs for Memory {
    type File = MemoryFile;

    fn create(&self, output: Output) -> io::Result<MemoryFile> {
        let mut files = self.files.lock().expect("unpoisoned");
        assert!(files.iter().all(|(other, _)| *other != output), "{output:?} is opened once");
        let file = Arc::default();
        files.push((output, Arc::clone(&file)));
        Ok(MemoryFile(file))
    }
}

impl Memory {
    /// The bytes of a file; none where it was not opened.
    pub(crate) fn bytes(&self, output: Output) -> Vec<u8> {
        let files = self.all();
        files
            .into_iter()
            .find(|(other, _)| *other == output)
            .map(|(_, bytes)| bytes)
            .unwrap_or_default()
    }

    /// Every file, by its name.
    pub(crate) fn all(&self) -> Vec<(Output, Vec<u8>)> {
        let files = self.files.lock().expect("unpoisoned");
        let mut files: Vec<_> = files
            .iter()
            .map(|(output, file)| (*output, file.lock().expect("unpoisoned").clone()))
            .collect();
        files.sort_by_key(|(output, _)| format!("{output:?}"));
        files
    }

    /// The lines of the quarantine.
    pub(crate) fn rejects(&self) -> Vec<Value> {
        let text = String::from_utf8(self.bytes(Output::Quarantine)).expect("UTF-8");
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }
}

/// When every object landed: 2026-11-22T12:00:00Z.
pub(crate) const LANDED_AT: i64 = 1_795_348_800_000_000;

/// What became of an object, and its files.
pub(crate) type Run = (Result<Report<MemoryFile>, ObjectError>, Memory);

/// Transforms an object.
pub(crate) fn run_on(transformer: &Transformer, bytes: &[u8], key: &str) -> Run {
    let source = Source {
        object: "s3://lake/landing/object",
        key,
        region: "eu-west-1",
        landed_at_micros: LANDED_AT,
    };
    let memory = Memory::default();
    let report = transformer.run(bytes, &source, &memory);
    (report, memory)
}

/// The transform of orders with this many threads.
pub(crate) fn orders(threads: usize) -> Transformer {
    transformer(datasets::load("orders").expect("the example contract"), threads)
}

/// The transform of a dataset with this many threads.
pub(crate) fn transformer(dataset: Dataset, threads: usize) -> Transformer {
    let threads = NonZeroUsize::new(threads).expect("not zero");
    Transformer::new(dataset, b"salt", threads).expect("a plan")
}

static ONE_THREAD: LazyLock<Transformer> = LazyLock::new(|| orders(1));
static TWO_THREADS: LazyLock<Transformer> = LazyLock::new(|| orders(2));

/// By the first, it is the contract that says the format: JSON.
const KEYS: [&str; 3] = ["landing/object", "landing/a.csv", "landing/a.json.gz"];

/// Checks an input: a byte that picks the object's key, and the rest, the object.
///
/// # Panics
/// When the account of the object does not add up, or when threads or compression make a
/// difference.
pub(crate) fn check(input: &[u8]) {
    let Some((&control, object)) = input.split_first() else { return };
    let key = KEYS[usize::from(control) % KEYS.len()];
    let one = run_on(&ONE_THREAD, object, key);
    assert_adds_up(&one, object.len());
    assert_same(&one, &run_on(&TWO_THREADS, object, key));
    let has_magic = object.starts_with(b"\x1f\x8b") || object.starts_with(b"\x28\xb5\x2f\xfd");
    if !has_magic {
        assert_same(&one, &run_on(&TWO_THREADS, &gzip_members(object), key));
    }
}

fn assert_adds_up((report, memory): &Run, bytes: usize) {
    let Ok(report) = report else { return };
    let rejected: u64 = report.rejected_by_rule.values().sum();
    assert_eq!(report.rows_read, report.rows_accepted + rejected);
    assert_eq!(memory.rejects().len() as u64, rejected);
    assert_eq!(report.bytes_read, bytes as u64);
    for written in &report.written {
        assert_eq!(memory.bytes(written.output).len() as u64, written.bytes);
    }
}

fn assert_same(one: &Run, other: &Run) {
    match (&one.0, &other.0) {
        (Ok(left), Ok(right)) => {
            assert_eq!(left.rows_read, right.rows_read);
            assert_eq!(left.rejected_by_rule, right.rejected_by_rule);
            assert!(one.1.all() == other.1.all(), "other files");
        }
        (Err(left), Err(right)) => assert_eq!(left.to_string(), right.to_string()),
        (left, right) => panic!("{:?} and {:?}", left.as_ref().err(), right.as_ref().err()),
    }
}

/// The object in two members, cut in its middle.
fn gzip_members(object: &[u8]) -> Vec<u8> {
    let (first, second) = object.split_at(object.len() / 2);
    let members = [first, second].map(|part| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(part).and_then(|()| encoder.finish()).expect("memory")
    });
    members.concat()
}
