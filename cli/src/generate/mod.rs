//! `snowline generate`: orders as a shop would produce them.
//!
//! [`orders`] decides which event comes next and is a pure function of its seed; [`line`] writes
//! it; [`sink`] takes it to a stream, a bucket or standard output and accounts for every line.

mod args;
mod catalogue;
mod defects;
mod firehose;
mod line;
mod orders;
mod pace;
mod packing;
mod random;
mod recent;
mod run;
mod s3;
mod shipping;
mod sink;
mod stop;
mod summary;
mod timeline;

pub(crate) use args::Args;
pub(crate) use run::run;

use crate::error_chain;
use std::io;
use std::path::PathBuf;

/// Why generating failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("cannot start")]
    Start(#[source] io::Error),
    #[error("cannot write to standard output")]
    Output(#[source] io::Error),
    #[error("cannot write {}", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("{lines} accepted lines were not delivered")]
    NotDelivered { lines: u64, source: Box<Error> },
    #[error("a delivery ended early")]
    Task(#[source] tokio::task::JoinError),
    #[error(transparent)]
    Firehose(#[from] firehose::Error),
    #[error(transparent)]
    S3(#[from] s3::Error),
}
