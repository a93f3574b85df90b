//! `snowline trace`: from a row back to the line it came from, with every stage between.
//!
//! The warehouse knows every version of a row ([`warehouse`]), what became of them follows from
//! their order ([`fate`]), and the lake still holds their lines ([`origin`]).

mod args;
mod fate;
mod origin;
mod report;
mod warehouse;

use std::io;

use contract::Dataset;

pub(crate) use args::{Args, Key, key_of};
pub(crate) use warehouse::{Staged, Warehouse};

use crate::objects::{self, Objects, S3Uri};
use crate::{aws, rejects};
use fate::fates;
use origin::Lake;
use report::{Report, Version};

/// Why a row could not be traced.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("cannot start")]
    Start(#[source] io::Error),
    #[error("Snowflake's configuration")]
    Config(#[from] snowflake::ConfigError),
    #[error(transparent)]
    Statement(#[from] statements::StatementError),
    #[error("cannot ask Snowflake")]
    Snowflake(#[from] snowflake::Error),
    #[error("{object}: the ledger's outputs")]
    Outputs { object: String, source: serde_json::Error },
    #[error(transparent)]
    Plan(#[from] columnar::PlanError),
    #[error(transparent)]
    Objects(#[from] objects::Error),
    #[error("{0} is no address of a landing object")]
    Address(String),
    #[error("{uri}: cannot find line {line}")]
    Line { uri: S3Uri, line: i64, source: LineError },
    #[error("{uri}: cannot find the reject behind line {line} of its replay")]
    Reject { uri: S3Uri, line: i64, source: rejects::Error },
    #[error("{uri}")]
    Ledger { uri: S3Uri, source: serde_json::Error },
    #[error("cannot write to standard output")]
    Output(#[from] io::Error),
    #[error(
        "staging has no row of {dataset} with {key}: it is still on its way, or it was rejected; \
         then quarantine/ has it, with its line and the rule it broke"
    )]
    NotFound { dataset: String, key: Key },
}

/// Why a line was not found.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LineError {
    #[error(transparent)]
    Object(#[from] columnar::ObjectError),
    #[error("reading it stopped")]
    Stopped(#[from] tokio::task::JoinError),
}

/// Prints where every version of the row came from, and what became of it.
///
/// # Errors
/// The row is not in staging, or something that tells of it cannot be read. A landing object that
/// is gone is none: the report says so.
pub(crate) fn run(args: &Args, (dataset, key): (Dataset, Key)) -> Result<(), Error> {
    let report = aws::runtime().map_err(Error::Start)?.block_on(trace(&dataset, key))?;
    report.print(args.json, &mut io::stdout().lock())?;
    Ok(())
}

async fn trace(dataset: &Dataset, key: Key) -> Result<Report, Error> {
    let sdk = aws::sdk_config().await;
    let warehouse = Warehouse::open(dataset, "trace", &sdk)?;
    let lake = Lake::new(dataset, Objects { client: aws::s3(&sdk) })?;
    let staged = warehouse.versions(&key).await?;
    if staged.is_empty() {
        return Err(Error::NotFound { dataset: dataset.name.clone(), key });
    }
    let fates = fates(&staged);
    let mut versions = Vec::with_capacity(staged.len());
    for (staged, fate) in staged.into_iter().zip(fates) {
        let (record, replay_of) = lake.origin(&staged).await?;
        versions.push(Version { staged, record, replay_of, fate });
    }
    Ok(Report { dataset: dataset.name.clone(), key, versions })
}
