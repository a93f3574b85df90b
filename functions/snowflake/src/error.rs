//! What can go wrong between a statement and its rows.

use std::fmt;

use aws_sdk_sts::error::SdkError;
use aws_sdk_sts::operation::get_web_identity_token::GetWebIdentityTokenError;
use telemetry::Coded;

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
    /// The private key or access token cannot be read.
    #[error("cannot read the secret to sign in to Snowflake with")]
    ReadSecret(#[source] secrets::Error),
    /// AWS does not vouch for the function's role.
    #[error("cannot get a web identity token from AWS to sign in to Snowflake with")]
    Identity(#[source] Box<SdkError<GetWebIdentityTokenError>>),
    /// AWS answered without a token.
    #[error("AWS answered without a web identity token")]
    NoIdentity,
    /// The private key is of no use.
    #[error("cannot sign in to Snowflake")]
    Key(#[source] KeyError),
    /// The HTTP client cannot be built.
    #[error("cannot set up HTTPS")]
    Http(#[source] reqwest::Error),
    /// Snowflake refuses the user, even with a fresh token and the secret read anew (HTTP 401).
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
    /// The deadline passed before Snowflake took the statement. Should it have been taken
    /// unnoticed, it ends by itself a moment later.
    #[error("the deadline passed before Snowflake took the statement")]
    Deadline,
    /// The client gave up on a statement that Snowflake was still running: at the deadline, or
    /// because it could no longer be watched.
    #[error(
        "statement {handle} {}",
        if *stopped { "was stopped" } else { "may still be running: it could not be cancelled" }
    )]
    GivenUp {
        /// Handle of the statement.
        handle: String,
        /// Whether Snowflake confirmed that it no longer runs.
        stopped: bool,
        /// Why the client gave up.
        #[source]
        reason: Box<Error>,
    },
    /// The statement was still running at the deadline.
    #[error("it was still running at the deadline")]
    StillRunning,
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
            Self::GivenUp { reason, .. } => reason.refusal(),
            _ => None,
        }
    }

    /// Whether there is no time left for another statement.
    pub fn is_late(&self) -> bool {
        match self {
            Self::Deadline | Self::StillRunning => true,
            Self::GivenUp { reason, .. } => reason.is_late(),
            _ => false,
        }
    }

    /// Whether Snowflake said that the statement is over.
    pub(crate) fn ends_statement(&self) -> bool {
        matches!(self, Self::Failed(_) | Self::TimedOut(_))
    }
}

impl Coded for Error {
    fn code(&self) -> &'static str {
        match self {
            Self::ReadSecret(_) => "snowflake.secret_unreadable",
            Self::Identity(_) => "snowflake.identity_refused",
            Self::NoIdentity => "snowflake.no_identity",
            Self::Key(_) => "snowflake.key_unusable",
            Self::Http(_) => "snowflake.https_unavailable",
            Self::Unauthorized(_) => "snowflake.unauthorized",
            Self::Failed(_) => "snowflake.statement_failed",
            Self::TimedOut(_) => "snowflake.statement_timed_out",
            Self::Refused(_) => "snowflake.request_refused",
            Self::Unavailable { .. } => "snowflake.unavailable",
            Self::Unreachable { .. } => "snowflake.unreachable",
            Self::Deadline => "snowflake.deadline",
            Self::GivenUp { reason, .. } => reason.code(),
            Self::StillRunning => "snowflake.still_running",
            Self::Unexpected { .. } => "snowflake.unexpected_answer",
        }
    }

    fn statement_handle(&self) -> Option<&str> {
        match self {
            Self::GivenUp { handle, .. } => Some(handle),
            Self::Unexpected { handle, .. } => handle.as_deref(),
            _ => self.refusal()?.handle.as_deref(),
        }
    }
}

fn statement_text(handle: Option<&str>) -> String {
    handle.map(|handle| format!(" (statement {handle})")).unwrap_or_default()
}
