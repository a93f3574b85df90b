//! What the tasks answer.

use serde::Serialize;
use snowflake::{Error, Rows};

use crate::check_result::CheckResult;
use crate::findings::Audit;

/// The answer to an invocation whose task succeeded.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "task", rename_all = "lowercase")]
pub enum Report {
    /// Landing, ledger and staging agree.
    Audit(Audit),
    /// What changed in analytics.
    Merge(Merge),
    /// No check of severity error failed.
    Check {
        /// In the order of the contract.
        checks: Vec<CheckResult>,
    },
}

/// Rows of analytics that a merge changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Merge {
    /// New entities.
    pub inserted: u64,
    /// Entities with a newer version.
    pub updated: u64,
    /// Entities gone.
    pub deleted: u64,
}

impl Merge {
    /// Reads the answer of a MERGE, which has no column for what the statement cannot do.
    pub(crate) fn read(rows: &Rows) -> Result<Self, Error> {
        let row = rows.iter().next();
        let count = |column| match row {
            Some(row) if rows.has_column(column) => row.parse(column),
            _ => Ok(0),
        };
        Ok(Self {
            inserted: count("number of rows inserted")?,
            updated: count("number of rows updated")?,
            deleted: count("number of rows deleted")?,
        })
    }
}
