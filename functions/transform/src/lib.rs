//! Turns landing objects into Parquet.
//!
//! Input: an S3 notification (or its replay through SQS) that names objects of `landing/`: JSON
//! lines, concatenated JSON or CSV; plain, gzip or zstd. Output, under keys that follow from the
//! landing key: cleaned rows (`processing/`), enriched rows and aggregates (`processed/`), rejected
//! records (`quarantine/`) and, last, the account of every row (`ledger/`).
//!
//! Everything written is a function of the object and the contract, so that delivering a
//! notification again overwrites with the same bytes. An object that cannot be read as a whole
//! fails its invocation; a record that breaks a rule is quarantined and never fails its neighbours.

mod aggregate;
mod columns;
mod config;
mod decode;
mod derive;
mod error;
mod handler;
mod keys;
mod layout;
mod ledger;
mod notification;
mod object;
mod outputs;
mod parquet;
mod pipeline;
mod plan;
mod quarantine;
mod row_group;
mod store;
mod upload;
mod worker;
mod writer;

pub use aggregate::SumOverflow;
pub use config::{Config, ConfigError};
pub use error::HandlerError;
pub use handler::{Handler, Summary};
pub use keys::KeyError;
pub use notification::{LandingObject, NotificationError};
pub use object::{ObjectError, Output, Outputs, Report, Source, Written};
pub use parquet::ParquetError;
pub use pipeline::Transformer;
pub use plan::PlanError;
pub use store::{Body, Landed, Location, Store, StoreError, Stored};
pub use upload::{PART_BYTES, Upload};
