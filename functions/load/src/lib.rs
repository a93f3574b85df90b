//! The load Lambda: copies new files of the lake into Snowflake's staging tables.
//!
//! Input: SQS messages that hold S3 notifications of `processed/` and `ledger/`. Output: the rows
//! of those files in `staging.<dataset>`, `staging.<aggregate>` and `ops.ledger`, and the
//! identifiers of the messages to be delivered again.
//!
//! Delivery is at least once, loading exactly once: COPY skips a file it has loaded with the same
//! bytes. Failures are reported by message, so that SQS retries, and at last parks, a bad file and
//! none of its neighbours. Without a file to load there is no statement, and no warehouse wakes up.

mod batch;
mod config;
mod copy;
mod handler;
mod outcome;
mod table;

pub use batch::{Batch, MessageError, RefusedMessage};
pub use config::{Config, ConfigError};
pub use handler::{Error, Loader};
pub use table::Table;
