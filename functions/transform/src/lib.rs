//! Turns landing objects into Parquet.
//!
//! Input: an S3 notification (or its replay through SQS) that names objects of `landing/`: JSON
//! lines, concatenated JSON or CSV; plain, gzip or zstd. Output, under keys that follow from the
//! landing key: cleaned rows (`processing/`), enriched rows and aggregates (`processed/`), rejected
//! records (`quarantine/`) and, last, the account of every row (`ledger/`).
//!
//! The crate `columnar` turns the bytes into files; this one moves them.
//!
//! Everything written is a function of the object and the contract, so that delivering a
//! notification again overwrites with the same bytes. An object that cannot be read as a whole
//! fails its invocation; a record that breaks a rule is quarantined and never fails its neighbours.

mod body;
mod buffers;
mod config;
mod error;
mod handler;
mod ledger;
mod notification;
mod outputs;
mod stopwatch;
mod store;
mod upload;

pub use body::{Body, RANGE_BYTES};
pub use config::{Config, ConfigError};
pub use error::HandlerError;
pub use handler::{Handler, Summary};
pub use lake::{KeyError, LandingObject};
pub use notification::NotificationError;
pub use store::{Landed, Location, Store, StoreError, Stored};
pub use upload::{PART_BYTES, PUT_BYTES, Upload};
