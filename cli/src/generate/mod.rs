//! `snowline generate`: records of a dataset, as its producers would send them.
//!
//! [`events`] decides whether a good line, a repetition or a bad one comes next, and is a pure
//! function of its seed. What a line says comes from a producer: [`orders`] is a shop, [`synthetic`]
//! follows the contract of any dataset. [`sink`] takes lines to a stream, a bucket or standard
//! output and accounts for every one.

mod args;
mod catalogue;
mod defects;
mod events;
mod firehose;
mod line;
mod orders;
mod pace;
mod random;
mod recent;
mod records;
mod run;
mod s3;
mod shipping;
mod sink;
mod summary;
mod synthetic;
mod timeline;

pub(crate) use args::{Args, duration};
pub(crate) use records::{new_records, send};
pub(crate) use run::run;
pub(crate) use synthetic::Synthetic;
#[cfg(test)]
pub(crate) use {events::Lines, timeline::Timeline};

use crate::contracts::{self, ContractName};
use crate::firehose::DestinationError;
use args::Target;
use contract::{Dataset, Format};
use events::Producer;
use orders::Orders;
use std::io;
use std::path::PathBuf;

/// Why generating failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Contract(#[from] contracts::Error),
    #[error("cannot generate {dataset}")]
    NoValue { dataset: String, source: synthetic::NoValue },
    #[error(
        "{dataset} is CSV: every object begins with a header, and Firehose, which joins records to \
         objects, writes none; send to s3://BUCKET/PREFIX or -"
    )]
    CsvToFirehose { dataset: String },
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
    Destination(#[from] DestinationError),
    #[error(transparent)]
    Firehose(#[from] firehose::Error),
    #[error(transparent)]
    S3(#[from] s3::Error),
}

/// The dataset with a producer of its own.
const SHOP: &str = "orders";

/// What makes the lines that `args` ask for.
fn producer(args: &Args) -> Result<Box<dyn Producer>, Error> {
    if matches!(&args.dataset, ContractName::Embedded(name) if name == SHOP) {
        return Ok(Box::new(Orders::new()));
    }
    let dataset = args.dataset.load()?;
    Ok(Box::new(match args.to {
        Target::Firehose { .. } => for_firehose(&dataset)?,
        _ => synthetic(&dataset)?,
    }))
}

fn synthetic(dataset: &Dataset) -> Result<Synthetic, Error> {
    Synthetic::new(dataset)
        .map_err(|source| Error::NoValue { dataset: dataset.name.clone(), source })
}

fn for_firehose(dataset: &Dataset) -> Result<Synthetic, Error> {
    match dataset.format {
        Format::Csv => Err(Error::CsvToFirehose { dataset: dataset.name.clone() }),
        Format::Json => synthetic(dataset),
    }
}
