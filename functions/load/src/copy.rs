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

/// What one invocation needs to copy files.
pub(crate) struct Copier<'a> {
    pub(crate) client: &'a Client,
    pub(crate) statements: &'a Statements,
    pub(crate) dataset: &'a Dataset,
    pub(crate) lake_bucket: &'a str,
    pub(crate) query_tag: &'a str,
    pub(crate) deadline: Deadline,
}

impl Copier<'_> {
    /// Copies files into a table, at most [`MAX_FILES`] a statement, and tells what became of
    /// each. A statement that fails because of a file (one that does not exist, say) is run again
    /// with each half of its files, until the bad file stands alone.
    pub(crate) async fn copy(
        &self,
        table: &Table,
        files: &[String],
    ) -> Result<BTreeMap<String, Outcome>, StatementError> {
        let mut outcomes = BTreeMap::new();
        let mut waiting: Vec<&[String]> = files.chunks(MAX_FILES).rev().collect();
        while let Some(files) = waiting.pop() {
            let statement = Statement::new(self.copy_statement(table, files)?, self.query_tag);
            let answer = self.client.execute(&statement, self.deadline).await;
            let read = answer.and_then(|rows| read_outcomes(&rows, files, self.lake_bucket));
            match read {
                Ok(read) => outcomes.extend(read),
                Err(error) if files.len() > 1 && concerns_a_file(&error) => {
                    let error = telemetry::error_chain(&error);
                    let table = table.qualified_name(self.dataset);
                    tracing::warn!(table, files = files.len(), error, "copy failed, halving it");
                    let (first, second) = files.split_at(files.len() / 2);
                    waiting.extend([second, first]);
                }
                Err(error) => {
                    let reason = telemetry::error_chain(&error);
                    let failed = || Outcome::Failed { reason: reason.clone() };
                    outcomes.extend(files.iter().map(|file| (file.clone(), failed())));
                }
            }
        }
        Ok(outcomes)
    }

    fn copy_statement(&self, table: &Table, files: &[String]) -> Result<String, StatementError> {
        match table {
            Table::Rows => self.statements.copy_rows(files),
            Table::Aggregate(name) => self.statements.copy_aggregate(name, files),
            Table::Ledger => self.statements.copy_ledger(files),
        }
    }
}

/// Whether a statement failed because of one of its files, so that fewer files may fare better.
fn concerns_a_file(error: &snowflake::Error) -> bool {
    let snowflake::Error::Failed(refusal) = error else { return false };
    let code = refusal.code.as_deref().and_then(|code| code.parse::<u32>().ok());
    code.is_none_or(|code| code >= FIRST_DATA_CODE)
}
