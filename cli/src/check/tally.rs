//! Counts what the transform rejects, in place of the files it would write.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use columnar::{Output, Outputs, Rejected};

/// The rule that a row breaks, and the column if it is about one.
pub(crate) type Broken = (String, Option<String>);

/// Rejects of one file: how many by rule and column, and the first of them.
#[derive(Debug, Default)]
pub(crate) struct Rejects {
    pub(crate) by_rule: BTreeMap<Broken, u64>,
    pub(crate) first: Vec<Rejected>,
}

/// What came of all files.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    pub(crate) files: Vec<CheckedFile>,
}

/// What came of a file.
#[derive(Debug)]
pub(crate) struct CheckedFile {
    pub(crate) path: String,
    pub(crate) rows_read: u64,
    pub(crate) rows_accepted: u64,
    pub(crate) rejects: Rejects,
}

impl Checked {
    pub(crate) fn add(
        &mut self,
        path: String,
        rows_read: u64,
        rows_accepted: u64,
        rejects: Rejects,
    ) {
        self.files.push(CheckedFile { path, rows_read, rows_accepted, rejects });
    }

    pub(crate) fn rows_read(&self) -> u64 {
        self.files.iter().map(|file| file.rows_read).sum()
    }

    pub(crate) fn rows_accepted(&self) -> u64 {
        self.files.iter().map(|file| file.rows_accepted).sum()
    }

    pub(crate) fn rows_rejected(&self) -> u64 {
        self.rows_read() - self.rows_accepted()
    }

    /// How many rejects are kept to be shown.
    pub(crate) fn shown(&self) -> usize {
        self.files.iter().map(|file| file.rejects.first.len()).sum()
    }

    /// Rejects of all files by rule and column, the most frequent first.
    pub(crate) fn by_rule(&self) -> Vec<(Broken, u64)> {
        let mut all: BTreeMap<Broken, u64> = BTreeMap::new();
        for (broken, rows) in self.files.iter().flat_map(|file| &file.rejects.by_rule) {
            *all.entry(broken.clone()).or_default() += rows;
        }
        let mut all: Vec<_> = all.into_iter().collect();
        all.sort_by_key(|(_, rows)| std::cmp::Reverse(*rows));
        all
    }
}

/// Takes the place of the lake: accepted rows go nowhere, rejected ones are counted.
#[derive(Debug)]
pub(crate) struct Tally {
    keep: usize,
    rejects: Arc<Mutex<Rejects>>,
}

impl Tally {
    /// Keeps the first so many rejects.
    pub(crate) fn new(keep: usize) -> Self {
        Self { keep, rejects: Arc::default() }
    }

    /// What was rejected.
    pub(crate) fn finish(self) -> Rejects {
        std::mem::take(&mut *self.rejects.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Outputs for Tally {
    type File = TallyFile;

    fn create(&self, output: Output) -> io::Result<TallyFile> {
        Ok(match output {
            Output::Quarantine => {
                let rejects = Arc::clone(&self.rejects);
                TallyFile::Quarantine { keep: self.keep, rejects, line: Vec::new() }
            }
            _ => TallyFile::Nowhere,
        })
    }
}

/// A file that is not written.
#[derive(Debug)]
pub(crate) enum TallyFile {
    /// Of accepted rows.
    Nowhere,
    /// Of rejects, a line each.
    Quarantine {
        /// How many rejects to keep.
        keep: usize,
        /// Where they are counted.
        rejects: Arc<Mutex<Rejects>>,
        /// The line that has begun.
        line: Vec<u8>,
    },
}

impl Write for TallyFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Self::Quarantine { keep, rejects, line } = self {
            let mut rejects = rejects.lock().unwrap_or_else(PoisonError::into_inner);
            for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
                line.extend_from_slice(piece);
                if line.ends_with(b"\n") {
                    let reject = Rejected::parse(line).map_err(io::Error::other)?;
                    let broken = (reject.rule.clone(), reject.column.clone());
                    *rejects.by_rule.entry(broken).or_default() += 1;
                    if rejects.first.len() < *keep {
                        rejects.first.push(reject);
                    }
                    line.clear();
                }
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
