//! Why a task fails.

use statements::StatementError;
use telemetry::Coded;

use crate::landing::ListingError;
use crate::task::Task;

/// Why a task failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The payload asks for no task.
    #[error("the payload is not a task, such as {{\"task\": \"merge\"}}")]
    Request(#[from] serde_json::Error),
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

impl Coded for Error {
    fn code(&self) -> &'static str {
        match self {
            Self::Request(_) => "publish.task_unknown",
            Self::Statement(_) => "publish.statement_not_rendered",
            Self::Schema(error) => error.code(),
            Self::Listing(error) => listing_code(error),
            Self::Task { source, .. } | Self::Check { source, .. } | Self::Store(source) => {
                source.code()
            }
            Self::ChecksFailed { .. } => "publish.checks_failed",
        }
    }

    fn statement_handle(&self) -> Option<&str> {
        match self {
            Self::Schema(error) => error.statement_handle(),
            Self::Task { source, .. } | Self::Check { source, .. } | Self::Store(source) => {
                source.statement_handle()
            }
            _ => None,
        }
    }
}

fn listing_code(error: &ListingError) -> &'static str {
    match error {
        ListingError::Request { .. } => "publish.s3_request_failed",
        ListingError::Answer { .. } | ListingError::Incomplete { .. } => {
            "publish.s3_answer_incomplete"
        }
        ListingError::Deadline { .. } => "publish.listing_late",
    }
}
