//! Runs COPY statements and finds out what became of each file.

use std::collections::BTreeMap;
use std::time::{Duration, Instant, SystemTime};

use contract::Dataset;
use snowflake::{Client, Deadline, Statement};
use statements::{MAX_FILES, StatementError, Statements};

use crate::outcome::{Failure, Outcome, read_outcomes};
use crate::table::Table;

/// Codes from here on tell of data and files; those below, of the statement as a whole: syntax,
/// missing objects and privileges, no running warehouse, cancellation.
const FIRST_DATA_CODE: u32 = 4_000;

/// Failed statements after which what is left is delivered again: when every file is bad, as when
/// Snowflake may no longer read the bucket, each statement would only keep a warehouse awake. Two
/// bad files among a thousand can be found with as many.
const MAX_FAILURES: u32 = 25;

/// What one invocation needs to copy files.
pub(crate) struct Copier<'a> {
    pub(crate) client: &'a Client,
    pub(crate) statements: &'a Statements,
    pub(crate) dataset: &'a Dataset,
    pub(crate) lake_bucket: &'a str,
    pub(crate) query_tag: &'a str,
    pub(crate) deadline: Deadline,
    /// When S3 announced a file.
    pub(crate) announced_at: &'a BTreeMap<String, SystemTime>,
    pub(crate) times: Times,
}

/// The longest times of the statements so far.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Times {
    /// From a COPY's submission to its answer; none before the first.
    pub(crate) copy: Option<Duration>,
    /// From S3's event of a file to the answer of the COPY that loaded it; none before the first.
    pub(crate) lag: Option<Duration>,
}

/// Outcomes by file.
type Outcomes = BTreeMap<String, Outcome>;

/// What is left to do.
enum Step {
    /// Copy files of which nothing is known.
    Copy(Vec<String>),
    /// Find the bad file, or files, among these: one statement could not copy them all, and said
    /// why.
    Divide(Vec<String>, Failure),
}

/// What came of one statement.
enum Attempt {
    /// It ran, and told what became of each file.
    Ran(Outcomes),
    /// It failed because of one of its files, and loaded nothing.
    BadFile(Failure),
    /// It failed for a reason that has nothing to do with its files.
    Failed(Failure),
}

impl Copier<'_> {
    /// Copies files into a table, at most [`MAX_FILES`] a statement, and tells what became of
    /// each.
    ///
    /// COPY leaves out a file it cannot read, and says so. Should it fail as a whole because of a
    /// file (one that is gone, say), the files that its error names are left out; if it names
    /// none, the files are halved until the bad one stands alone. A half whose other half was
    /// copied must hold the bad file: it is halved again without being tried as a whole.
    pub(crate) async fn copy(
        &mut self,
        table: &Table,
        files: &[String],
    ) -> Result<Outcomes, StatementError> {
        let mut outcomes = Outcomes::new();
        let mut failures = 0;
        let chunks = files.chunks(MAX_FILES).rev();
        let mut steps: Vec<Step> = chunks.map(|files| Step::Copy(files.to_vec())).collect();
        while let Some(step) = steps.pop() {
            let (files, others) = match step {
                Step::Copy(files) if files.is_empty() => continue,
                Step::Copy(files) => (files, None),
                Step::Divide(files, reason) if files.len() == 1 => {
                    fail(&files, &reason, &mut outcomes);
                    continue;
                }
                Step::Divide(mut files, reason) => {
                    let second = files.split_off(files.len() / 2);
                    (files, Some((second, reason)))
                }
            };
            if failures == MAX_FAILURES {
                let second = others.into_iter().flat_map(|(files, _)| files);
                let untried: Vec<String> = files.into_iter().chain(second).collect();
                fail(&untried, &Failure::not_tried(), &mut outcomes);
                continue;
            }
            match self.attempt(table, &files).await? {
                Attempt::Ran(ran) => {
                    outcomes.extend(ran);
                    steps.extend(others.map(|(files, reason)| Step::Divide(files, reason)));
                }
                Attempt::BadFile(reason) => {
                    failures += 1;
                    steps.extend(others.map(|(files, _)| Step::Copy(files)));
                    steps.push(without_named(files, reason, &mut outcomes));
                }
                Attempt::Failed(reason) => {
                    failures += 1;
                    fail(&files, &reason, &mut outcomes);
                    steps.extend(others.map(|(files, _)| Step::Copy(files)));
                }
            }
        }
        Ok(outcomes)
    }

    async fn attempt(
        &mut self,
        table: &Table,
        files: &[String],
    ) -> Result<Attempt, StatementError> {
        let (name, sql) = self.copy_statement(table, files)?;
        let statement = Statement::new(name, sql, self.query_tag);
        let started = Instant::now();
        let answer = self.client.execute(&statement, self.deadline).await;
        self.times.copy = self.times.copy.max(Some(started.elapsed()));
        let read = answer.and_then(|rows| read_outcomes(&rows, files, self.lake_bucket));
        Ok(match read {
            Ok(read) => {
                self.times.lag = self.times.lag.max(self.longest_lag(&read, SystemTime::now()));
                Attempt::Ran(read)
            }
            Err(error) if concerns_a_file(&error) => {
                let Failure { code, reason, statement_handle } = &Failure::of(&error);
                let table = table.qualified_name(self.dataset);
                tracing::warn!(
                    table,
                    files = files.len(),
                    code,
                    statement_handle,
                    error = reason,
                    "copy failed because of a file"
                );
                Attempt::BadFile(Failure::of(&error))
            }
            Err(error) => Attempt::Failed(Failure::of(&error)),
        })
    }

    /// How long ago S3 announced the file that waited longest to be loaded.
    fn longest_lag(&self, outcomes: &Outcomes, now: SystemTime) -> Option<Duration> {
        let loaded = outcomes.iter().filter(|(_, one)| matches!(one, Outcome::Loaded { .. }));
        let announced_at = loaded.filter_map(|(file, _)| self.announced_at.get(file));
        announced_at.min().and_then(|earliest| now.duration_since(*earliest).ok())
    }

    /// The name and the text of the COPY that fills a table.
    fn copy_statement(
        &self,
        table: &Table,
        files: &[String],
    ) -> Result<(&'static str, String), StatementError> {
        Ok(match table {
            Table::Rows => ("copy_rows", self.statements.copy_rows(files)?),
            Table::Aggregate(name) => {
                ("copy_aggregate", self.statements.copy_aggregate(name, files)?)
            }
            Table::Ledger => ("copy_ledger", self.statements.copy_ledger(files)?),
        })
    }
}

/// What to do after a statement failed because of a file: copy those that its error does not name,
/// which have failed; or divide them, if it names none.
fn without_named(files: Vec<String>, failure: Failure, outcomes: &mut Outcomes) -> Step {
    let (named, others): (Vec<_>, Vec<_>) =
        files.into_iter().partition(|file| failure.reason.contains(file.as_str()));
    match named.is_empty() {
        true => Step::Divide(others, failure),
        false => {
            fail(&named, &failure, outcomes);
            Step::Copy(others)
        }
    }
}

fn fail(files: &[String], failure: &Failure, outcomes: &mut Outcomes) {
    outcomes.extend(files.iter().map(|file| (file.clone(), Outcome::Failed(failure.clone()))));
}

/// Whether a statement failed because of one of its files, so that fewer files may fare better.
fn concerns_a_file(error: &snowflake::Error) -> bool {
    let snowflake::Error::Failed(refusal) = error else { return false };
    let code = refusal.code.as_deref().and_then(|code| code.parse::<u32>().ok());
    code.is_none_or(|code| code >= FIRST_DATA_CODE)
}
