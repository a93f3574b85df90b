//! `snowline replay`: sends through the pipeline again what has been through it.
//!
//! Everything it sends may come twice: a second delivery of the same object, file or rows changes
//! nothing. So it deletes a message only when what it says has been sent, and may be interrupted
//! and repeated at any time.

mod args;
mod landing;
mod notification;
mod queue;
mod rows;

use std::io;

use aws_config::SdkConfig;

pub(crate) use args::{Args, Task};

use crate::objects::{self, Absent, Objects, S3Uri};
use crate::{aws, rejects};

/// Why nothing, or not everything, was sent again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("cannot start")]
    Start(#[source] io::Error),
    #[error(transparent)]
    Objects(#[from] objects::Error),
    #[error("there is no object {0}")]
    Nothing(S3Uri),
    #[error("function {function} does not take {what}")]
    Invoke { function: String, what: String, source: BoxError },
    #[error("cannot {action} queue {url}")]
    Queue { action: &'static str, url: String, source: BoxError },
    #[error("{uri}: the key is not that of a quarantine file")]
    NotQuarantine { uri: S3Uri },
    #[error(
        "{uri}: no ledger entry tells which landing object the rows are from: {ledger} {absent}"
    )]
    NoLedger { uri: S3Uri, ledger: S3Uri, absent: Absent },
    #[error("{uri}")]
    Ledger { uri: S3Uri, source: serde_json::Error },
    #[error(transparent)]
    Dataset(#[from] datasets::Error),
    #[error("{uri}: the rows are CSV, and {landing}, which has their header line, {absent}")]
    NoHeader { uri: S3Uri, landing: String, absent: Absent },
    #[error("{uri}: the header line of {landing}")]
    Header { uri: S3Uri, landing: String, source: BoxError },
    #[error("{uri}: cannot write the rows again")]
    Rows { uri: S3Uri, source: rejects::Error },
    #[error("not everything was sent again: {left} left, each named above")]
    Left { left: u64 },
}

impl Error {
    /// Whether it says nothing about other files.
    fn is_of_one_file(&self) -> bool {
        matches!(
            self,
            Self::Nothing(_)
                | Self::NotQuarantine { .. }
                | Self::NoLedger { .. }
                | Self::Ledger { .. }
                | Self::NoHeader { .. }
                | Self::Header { .. }
                | Self::Rows { .. }
        )
    }
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// What a run has done so far.
#[derive(Debug, Default)]
struct Tally {
    /// Objects or messages sent.
    sent: u64,
    /// Rows in objects written.
    rows: u64,
    /// Objects that had been written before.
    unchanged: u64,
    /// Objects, rows, files or messages that were not sent.
    left: u64,
}

/// Sends again what the task names, and prints what was sent and what was not.
///
/// # Errors
/// Something could not be sent; what was sent before it stays sent.
pub(crate) fn run(task: &Task, dry_run: bool) -> Result<(), Error> {
    aws::runtime().map_err(Error::Start)?.block_on(replay(task, dry_run))
}

async fn replay(task: &Task, dry_run: bool) -> Result<(), Error> {
    let session = Session::open(dry_run).await;
    let tally = match task {
        Task::Landing { uri, function } => session.landing(uri, function).await?,
        Task::Rows { uri } => session.rows(uri).await?,
        Task::Queue { url, target } => session.queue(url, target).await?,
    };
    println!("{}", summary(task, &tally, dry_run));
    match tally.left {
        0 => Ok(()),
        left => Err(Error::Left { left }),
    }
}

/// What a run works with.
struct Session {
    sdk: SdkConfig,
    objects: Objects,
    dry_run: bool,
}

impl Session {
    async fn open(dry_run: bool) -> Self {
        let sdk = aws::sdk_config().await;
        Self { objects: Objects { client: aws::s3(&sdk) }, sdk, dry_run }
    }

    /// The objects that an address names: itself, or all below it when it ends in a slash.
    async fn named(&self, uri: &S3Uri) -> Result<Vec<S3Uri>, Error> {
        if !uri.key.ends_with('/') {
            return Ok(vec![uri.clone()]);
        }
        let found = self.objects.list(uri).await?;
        if found.is_empty() { Err(Error::Nothing(uri.clone())) } else { Ok(found) }
    }

    /// The word for what is done to the things sent.
    fn verb(&self) -> &'static str {
        if self.dry_run { "would send" } else { "sent" }
    }
}

fn summary(task: &Task, tally: &Tally, dry_run: bool) -> String {
    let would = if dry_run { "would be " } else { "" };
    let Tally { sent, rows, unchanged, left } = tally;
    match task {
        Task::Landing { function, .. } => format!("{sent} objects {would}sent to {function}"),
        Task::Rows { .. } => format!(
            "{rows} rows {would}written to {sent} landing objects, {left} rows or files left, \
             {unchanged} files replayed before"
        ),
        Task::Queue { target, .. } => {
            format!("{sent} messages {would}sent to {target}, {left} left")
        }
    }
}
