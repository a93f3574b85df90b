//! Why an invocation fails.

use std::error::Error;
use std::io;

use columnar::{ObjectError, PlanError};
use lake::KeyError;
use telemetry::{Coded, error_chain};
use tokio::task::JoinError;

use crate::notification::NotificationError;
use crate::store::StoreError;

/// Why an invocation, or one object of it, failed.
#[derive(Debug, thiserror::Error)]
pub enum HandlerError {
    /// The event, or one of its records, names no landing object.
    #[error(transparent)]
    Notification(#[from] NotificationError),
    /// The landing key does not say which day it belongs to.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The salt of hashed columns cannot be read.
    #[error("cannot read the hash salt")]
    HashSalt(#[source] secrets::Error),
    /// The salt is empty, so that hashes would hide nothing.
    #[error("the hash salt is empty")]
    EmptyHashSalt,
    /// The contract makes no plan.
    #[error("dataset {dataset}: cannot plan the transform")]
    Plan {
        /// Name of the dataset.
        dataset: String,
        /// Why.
        #[source]
        source: PlanError,
    },
    /// S3 refused or could not be reached.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The object cannot be transformed as a whole.
    #[error("{object}: cannot transform the object")]
    Object {
        /// The landing object, as `s3://bucket/key`.
        object: String,
        /// Why.
        #[source]
        source: ObjectError,
    },
    /// A defect: the transform panicked.
    #[error("{object}: the transform panicked")]
    Panic {
        /// The landing object, as `s3://bucket/key`.
        object: String,
        /// The panic.
        #[source]
        source: JoinError,
    },
    /// The ledger entry has no JSON form.
    #[error("{object}: cannot write the ledger entry as JSON")]
    Ledger {
        /// The landing object, as `s3://bucket/key`.
        object: String,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// Several objects failed; the message names each with its causes.
    #[error("{} of {total} objects failed: {}", failures.len(), chains(failures))]
    Several {
        /// Objects the event names.
        total: usize,
        /// One error an object that failed.
        failures: Vec<HandlerError>,
    },
}

fn chains(errors: &[HandlerError]) -> String {
    errors.iter().map(|error| error_chain(error)).collect::<Vec<_>>().join("; ")
}

impl Coded for HandlerError {
    fn code(&self) -> &'static str {
        match self {
            Self::Notification(error) => notification_code(error),
            Self::Key(_) => "transform.key_without_date",
            Self::HashSalt(_) => "transform.salt_unreadable",
            Self::EmptyHashSalt => "transform.salt_empty",
            Self::Plan { .. } => "transform.contract_unusable",
            Self::Store(error) => store_code(error),
            Self::Object { source, .. } => object_code(source),
            Self::Panic { .. } => "transform.panicked",
            Self::Ledger { .. } => "transform.ledger_not_json",
            Self::Several { failures, .. } => several_code(failures),
        }
    }
}

/// What several failures have in common.
fn several_code(failures: &[HandlerError]) -> &'static str {
    match failures {
        [first, others @ ..] if others.iter().all(|error| error.code() == first.code()) => {
            first.code()
        }
        _ => "transform.several",
    }
}

fn notification_code(error: &NotificationError) -> &'static str {
    match error {
        NotificationError::Unknown => "transform.event_unknown",
        NotificationError::Fields { .. }
        | NotificationError::Body { .. }
        | NotificationError::Missing { .. }
        | NotificationError::Key { .. } => "transform.event_malformed",
        NotificationError::NotCreated { .. } => "transform.event_not_created",
        NotificationError::OtherBucket { .. } => "transform.other_bucket",
        NotificationError::OtherPrefix { .. } => "transform.other_prefix",
    }
}

fn store_code(error: &StoreError) -> &'static str {
    match error {
        StoreError::Request { .. } => "transform.s3_request_failed",
        StoreError::Answer { .. } => "transform.s3_answer_incomplete",
        StoreError::GivenUp { .. } => "transform.upload_given_up",
    }
}

fn object_code(error: &ObjectError) -> &'static str {
    match error {
        ObjectError::NotText => "transform.object_not_text",
        ObjectError::Header(_) => "transform.csv_header",
        ObjectError::Sum(_) => "transform.sum_overflow",
        ObjectError::Stopped => "transform.panicked",
        ObjectError::Read(_) => s3_code(error).unwrap_or("transform.object_unreadable"),
        ObjectError::Parquet(_) | ObjectError::Open { .. } | ObjectError::Quarantine(_) => {
            s3_code(error).unwrap_or("transform.output_failed")
        }
    }
}

/// The code of what S3 said, where that is the cause.
fn s3_code(error: &ObjectError) -> Option<&'static str> {
    let mut cause = error.source();
    while let Some(error) = cause {
        // An I/O error does not count what it carries among its causes.
        let carried = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        if let Some(error) = carried.and_then(|carried| carried.downcast_ref()) {
            return Some(store_code(error));
        }
        cause = error.source();
    }
    None
}
