//! Runs COPY statements and finds out what became of each file.

use std::collections::BTreeMap;

use contract::Dataset;
use snowflake::{Client, Deadline, Statement};
use statements::{MAX_FILES, StatementError, Statements};

use crate::outcome::{Outcome, read_outcomes};
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
}

/// Outcomes by file.
type Outcomes = BTreeMap<String, Outcome>;

/// What is left to do.
enum Step {
    /// Copy files of which nothing is known.
    Copy(Vec<String>),
    /// Find the bad file, or files, among these: one statement could not copy them all, and said
    /// why.
    Divide(Vec<String>, String),
}

/// What came of one statement.
enum Attempt {
    /// It ran, and told what became of each file.
    Ran(Outcomes),
    /// It failed because of one of its files, and loaded nothing.
    BadFile(String),
    /// It failed for a reason that has nothing to do with its files.
    Failed(String),
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
        &self,
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
                fail(&untried, "not tried: too many statements failed before", &mut outcomes);
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

    async fn attempt(&self, table: &Table, files: &[String]) -> Result<Attempt, StatementError> {
        let statement = Statement::new(self.copy_statement(table, files)?, self.query_tag);
        let answer = self.client.execute(&statement, self.deadline).await;
        let read = answer.and_then(|rows| read_outcomes(&rows, files, self.lake_bucket));
        Ok(match read {
            Ok(read) => Attempt::Ran(read),
            Err(error) if concerns_a_file(&error) => {
                let error = telemetry::error_chain(&error);
                let table = table.qualified_name(self.dataset);
                tracing::warn!(table, files = files.len(), error, "copy failed because of a file");
                Attempt::BadFile(error)
            }
            Err(error) => Attempt::Failed(telemetry::error_chain(&error)),
        })
    }

    fn copy_statement(&self, table: &Table, files: &[String]) -> Result<String, StatementError> {
        match table {
            Table::Rows => self.statements.copy_rows(files),
            Table::Aggregate(name) => self.statements.copy_aggregate(name, files),
            Table::Ledger => self.statements.copy_ledger(files),
        }
    }
}

/// What to do after a statement failed because of a file: copy those that its error does not name,
/// which have failed; or divide them, if it names none.
fn without_named(files: Vec<String>, reason: String, outcomes: &mut Outcomes) -> Step {
    let (named, others): (Vec<_>, Vec<_>) =
        files.into_iter().partition(|file| reason.contains(file.as_str()));
    match named.is_empty() {
        true => Step::Divide(others, reason),
        false => {
            fail(&named, &reason, outcomes);
            Step::Copy(others)
        }
    }
}

fn fail(files: &[String], reason: &str, outcomes: &mut Outcomes) {
    let failed = || Outcome::Failed { reason: reason.to_owned() };
    outcomes.extend(files.iter().map(|file| (file.clone(), failed())));
}

/// Whether a statement failed because of one of its files, so that fewer files may fare better.
fn concerns_a_file(error: &snowflake::Error) -> bool {
    let snowflake::Error::Failed(refusal) = error else { return false };
    let code = refusal.code.as_deref().and_then(|code| code.parse::<u32>().ok());
    code.is_none_or(|code| code >= FIRST_DATA_CODE)
}
