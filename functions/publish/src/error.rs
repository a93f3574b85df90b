//! Why a task fails.

use statements::StatementError;

use crate::landing::ListingError;
use crate::task::Task;

/// Why a task failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A statement cannot be rendered.
    #[error("cannot render a statement")]
    Statement(#[from] StatementError),
    /// The tables do not fit the contract.
    #[error("merge")]
    Schema(#[from] schema::Error),
    /// The statement of the audit or the merge did not succeed.
    #[error("{}", task.name())]
    Task {
        /// The task.
        task: Task,
        /// What Snowflake or the way there says, with the statement's handle.
        #[source]
        source: snowflake::Error,
    },
    /// The landing zone cannot be listed.
    #[error("audit")]
    Listing(#[from] ListingError),
    /// The query of a check did not succeed.
    #[error("check {id}")]
    Check {
        /// Identifier of the check.
        id: String,
        /// What Snowflake or the way there says, with the statement's handle.
        #[source]
        source: snowflake::Error,
    },
    /// Checks of severity error failed.
    #[error("failed checks: {}", failed.join("\n"))]
    ChecksFailed {
        /// Each with its value and threshold, and what makes it fail.
        failed: Vec<String>,
    },
    /// The results could not be stored.
    #[error("cannot store results in ops.check_results")]
    Store(#[source] snowflake::Error),
}
