//! Why an invocation fails.

use columnar::{ObjectError, PlanError};
use lake::KeyError;
use telemetry::error_chain;
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
