//! What can go wrong between a statement and its rows.

use std::fmt;

use crate::key::KeyError;

/// What Snowflake said when it did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP status.
    pub status: u16,
    /// Snowflake's code, six digits as text: `000904`.
    pub code: Option<String>,
    /// ANSI SQL state: `42000`.
    pub sql_state: Option<String>,
    /// Snowflake's message, or the start of a body that is not Snowflake's JSON.
    pub message: String,
    /// Handle of the statement.
    pub handle: Option<String>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HTTP {}", self.status)?;
        for (label, value) in
            [("code", &self.code), ("SQL state", &self.sql_state), ("statement", &self.handle)]
        {
            if let Some(value) = value {
                write!(f, ", {label} {value}")?;
            }
        }
        write!(f, ": {}", self.message.trim())
    }
}

/// Why a statement has no rows.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The private key cannot be read.
    #[error("cannot read Snowflake's private key")]
    ReadKey(#[source] secrets::Error),
    /// The private key is of no use.
    #[error("cannot sign in to Snowflake")]
    Key(#[source] KeyError),
    /// The HTTP client cannot be built.
    #[error("cannot set up HTTPS")]
    Http(#[source] reqwest::Error),
    /// Snowflake refuses the user, even with a fresh token and the key read anew (HTTP 401).
    #[error("Snowflake refuses the token: {0}")]
    Unauthorized(Box<Refusal>),
    /// The statement failed (HTTP 422).
    #[error("statement failed: {0}")]
    Failed(Box<Refusal>),
    /// Snowflake stopped the statement at its time limit (HTTP 408); it may be run again.
    #[error("statement timed out: {0}")]
    TimedOut(Box<Refusal>),
    /// Snowflake refuses the request (HTTP 400, 403, 404, ...); trying again changes nothing.
    #[error("Snowflake refuses the request: {0}")]
    Refused(Box<Refusal>),
    /// Snowflake was busy or in trouble (HTTP 429, 5xx) at every attempt.
    #[error("Snowflake is not available after {attempts} attempts: {refusal}")]
    Unavailable {
        /// Requests sent, the first included.
        attempts: u32,
        /// The last answer.
        refusal: Box<Refusal>,
    },
    /// No answer came at every attempt.
    #[error("Snowflake does not answer after {attempts} attempts")]
    Unreachable {
        /// Requests sent, the first included.
        attempts: u32,
        /// What went wrong with the last.
        #[source]
        source: reqwest::Error,
    },
    /// The deadline passed.
    #[error("{}", deadline_text(handle.as_deref(), *cancelled))]
    Deadline {
        /// Handle of the statement, if Snowflake had taken it.
        handle: Option<String>,
        /// Whether Snowflake confirmed the cancellation.
        cancelled: bool,
    },
    /// An answer is not what the SQL API describes.
    #[error("unexpected answer from Snowflake{}: {reason}", statement_text(handle.as_deref()))]
    Unexpected {
        /// Handle of the statement.
        handle: Option<String>,
        /// What is unexpected.
        reason: String,
        /// The parser's complaint.
        #[source]
        source: Option<serde_json::Error>,
    },
}

impl Error {
    /// Snowflake's own words, where there are any.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Unauthorized(refusal)
            | Self::Failed(refusal)
            | Self::TimedOut(refusal)
            | Self::Refused(refusal)
            | Self::Unavailable { refusal, .. } => Some(refusal),
            _ => None,
        }
    }

    /// Whether the client gave up on a statement that Snowflake may still be running.
    pub(crate) fn leaves_statement_running(&self) -> bool {
        matches!(
            self,
            Self::Deadline { .. }
                | Self::Unavailable { .. }
                | Self::Unreachable { .. }
                | Self::Unauthorized(_)
                | Self::ReadKey(_)
                | Self::Key(_)
        )
    }
}

fn deadline_text(handle: Option<&str>, cancelled: bool) -> String {
    match (handle, cancelled) {
        (None, _) => "the deadline passed before Snowflake took the statement".to_owned(),
        (Some(handle), true) => {
            format!("statement {handle} cancelled: still running at the deadline")
        }
        (Some(handle), false) => {
            format!("statement {handle} still running at the deadline and could not be cancelled")
        }
    }
}

fn statement_text(handle: Option<&str>) -> String {
    handle.map(|handle| format!(" (statement {handle})")).unwrap_or_default()
}
