//! `snowline smoke`: ten records through a deployed stack, all the way into analytics and out again.
//!
//! The keys of the [`records`] are nobody else's, so they are found again as `snowline trace` finds a
//! row, and a delete of each removes them. Where they do not arrive in time, [`whereabouts`] tells
//! the stage that did not answer.

mod error;
mod outputs;
mod records;
mod whereabouts;

use std::collections::BTreeSet;
use std::fmt::Display;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use aws_config::{Region, SdkConfig};
use aws_sdk_lambda::primitives::Blob;
use clap::builder::PossibleValuesParser;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;

use crate::objects::Objects;
use crate::trace::{Staged, Warehouse};
use crate::{aws, error_chain, generate};
use error::Error;
use outputs::Outputs;
use records::Records;

const POLL_INTERVAL: Duration = Duration::from_secs(2);

/// Send ten records through a deployed stack and wait for them in analytics
///
/// Sends good records with keys of their own to the landing stream, waits until staging has all of
/// them, has the publish function audit, merge and check as the DAG does, finds them in analytics,
/// and deletes them the same way. Prints the time of each step. Exit code 1 when a step fails or
/// does not answer in time; then it says which, and where to look. A failed audit or check is only
/// printed: it may be about other rows.
///
/// Where the contract has no column of operations the records stay, and where they are is printed.
/// Rows of staging, and the aggregates there, stay in any case.
///
/// It signs in to Snowflake with the variables of snowline trace, as a role that may read staging,
/// ops.ledger and analytics (SNOWLINE_PUBLISH may).
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The stack's outputs, - for standard input: `sam list stack-outputs --output json`
    #[arg(long, value_name = "FILE")]
    outputs: PathBuf,

    /// Dataset of the stack
    #[arg(long, default_value = "orders", value_parser = PossibleValuesParser::new(datasets::names()))]
    dataset: String,

    /// How long records may take to staging: Firehose and the load gather them, for minutes each
    #[arg(long, value_name = "TIME", default_value = "15m", value_parser = generate::duration)]
    timeout: Duration,
}

/// Takes the records there and back.
///
/// # Errors
/// [`Error`] names the step that failed.
pub(crate) fn run(args: &Args) -> Result<(), Error> {
    aws::runtime().map_err(Error::Start)?.block_on(smoke(args))
}

async fn smoke(args: &Args) -> Result<(), Error> {
    let test = Test::prepare(args).await?;
    let mut steps = Steps::begin();
    test.find_nothing().await?;
    steps.done("signed in to Snowflake, which has none of the records");
    let sent_at = test.send(&test.records.lines).await?;
    steps.done(format_args!("sent {} to {}", test.records.lines.len(), test.outputs.stream));
    match (test.arrive(sent_at, &mut steps).await, &test.records.deletes) {
        (Ok(_), Some(deletes)) => {
            test.remove(deletes, &mut steps).await.map_err(|error| Error::Remove(error.into()))?;
        }
        (Ok(objects), None) => {
            let objects = objects.into_iter().collect::<Vec<_>>().join(", ");
            println!("{} has no deletes: the records stay, as rows from {objects}", args.dataset);
        }
        (Err(error), deletes) => {
            if let Some(deletes) = deletes {
                match test.send(deletes).await {
                    Ok(_) => println!("sent a delete of each, which counts once they get through"),
                    Err(error) => println!("sent no deletes: {}", error_chain(&error)),
                }
            }
            return Err(error);
        }
    }
    steps.last = steps.begun;
    steps.done("in all");
    Ok(())
}

/// What a test works with.
struct Test {
    sdk: SdkConfig,
    outputs: Outputs,
    warehouse: Warehouse,
    records: Records,
    timeout: Duration,
    run_id: String,
}

impl Test {
    async fn prepare(args: &Args) -> Result<Self, Error> {
        let outputs = Outputs::read(&args.outputs)?;
        let dataset = datasets::load(&args.dataset)?;
        let region = Region::new(outputs.region.clone());
        let sdk = aws::sdk_config().await.into_builder().region(region).build();
        Ok(Self {
            outputs,
            warehouse: Warehouse::open(&dataset, "smoke", &sdk)?,
            records: Records::new(&dataset)?,
            timeout: args.timeout,
            run_id: format!("smoke__{}", Timestamp::now()),
            sdk,
        })
    }

    /// Sees to it that no row of somebody else's is about to be changed.
    async fn find_nothing(&self) -> Result<(), Error> {
        for key in &self.records.keys {
            if !self.warehouse.versions(key).await?.is_empty() {
                return Err(Error::Taken(key.clone()));
            }
        }
        Ok(())
    }

    /// Sends lines to the landing stream; returns when that began.
    async fn send(&self, lines: &[Vec<u8>]) -> Result<Timestamp, Error> {
        let now = Timestamp::now();
        generate::send(&self.sdk, &self.outputs.stream, lines).await?;
        Ok(now)
    }

    /// Waits for the records in staging, publishes, and finds them in analytics; returns the
    /// landing objects they came in.
    async fn arrive(
        &self,
        sent_at: Timestamp,
        steps: &mut Steps,
    ) -> Result<BTreeSet<String>, Error> {
        let staged = self.loaded(sent_at, |versions| !versions.is_empty()).await?;
        let objects: BTreeSet<_> = staged.into_iter().map(|row| row.source_object).collect();
        steps.done("loaded into staging");
        for task in ["audit", "merge", "check"] {
            match (task, self.publish(task).await?) {
                (_, None) => steps.done(task),
                ("merge", Some(message)) => return Err(Error::Failed { task, message }),
                (_, Some(message)) => steps.done(format_args!("{task} failed: {message}")),
            }
        }
        let is_merged = |versions: &[Staged]| versions.iter().any(|row| row.merged_at.is_some());
        self.wait(is_merged).await?.ok_or(Error::NotMerged)?;
        steps.done("found in analytics");
        Ok(objects)
    }

    async fn remove(&self, deletes: &[Vec<u8>], steps: &mut Steps) -> Result<(), Error> {
        let sent_at = self.send(deletes).await?;
        self.loaded(sent_at, |versions| versions.iter().any(|row| row.operation == "D")).await?;
        steps.done("loaded a delete of each");
        if let Some(message) = self.publish("merge").await? {
            return Err(Error::Failed { task: "merge", message });
        }
        let is_gone = |versions: &[Staged]| {
            versions.iter().all(|row| row.merged_at.is_none() && !row.is_waiting)
        };
        self.wait(is_gone).await?.ok_or(Error::NotMerged)?;
        steps.done("merged: they are gone from analytics");
        Ok(())
    }

    /// The versions of all records, once those of each in staging are as `expected`.
    async fn loaded(
        &self,
        sent_at: Timestamp,
        expected: impl Fn(&[Staged]) -> bool,
    ) -> Result<Vec<Staged>, Error> {
        if let Some(versions) = self.wait(expected).await? {
            return Ok(versions);
        }
        let objects = Objects { client: aws::s3(&self.sdk) };
        Err(whereabouts::why_not_loaded(&objects, &self.outputs, sent_at).await)
    }

    /// The versions of all records, once those of each are as `expected`; `None` when that takes
    /// too long.
    async fn wait(
        &self,
        expected: impl Fn(&[Staged]) -> bool,
    ) -> Result<Option<Vec<Staged>>, Error> {
        let started = Instant::now();
        let mut found = Vec::new();
        for key in &self.records.keys {
            loop {
                let versions = self.warehouse.versions(key).await?;
                if expected(&versions) {
                    found.extend(versions);
                    break;
                }
                if started.elapsed() > self.timeout {
                    return Ok(None);
                }
                tokio::time::sleep(POLL_INTERVAL).await;
            }
        }
        Ok(Some(found))
    }

    /// Has the publish function do a task; returns what the function says when it fails.
    async fn publish(&self, task: &'static str) -> Result<Option<String>, Error> {
        let function = &self.outputs.publish;
        let event = json!({"task": task, "run_id": self.run_id});
        let request = aws_sdk_lambda::Client::new(&self.sdk).invoke().function_name(function);
        let answer =
            request.payload(Blob::new(event.to_string())).send().await.map_err(|source| {
                Error::Invoke { function: function.clone(), task, source: source.into() }
            })?;
        if answer.function_error.is_none() {
            return Ok(None);
        }
        let payload = answer.payload.map(Blob::into_inner).unwrap_or_default();
        let message = match serde_json::from_slice::<FunctionError>(&payload) {
            Ok(error) => error.error_message,
            Err(_) => String::from_utf8_lossy(&payload).into_owned(),
        };
        Ok(Some(message))
    }
}

/// How Lambda reports the error of a function.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FunctionError {
    error_message: String,
}

/// Prints steps and their times as they end.
struct Steps {
    begun: Instant,
    last: Instant,
}

impl Steps {
    fn begin() -> Self {
        let now = Instant::now();
        Self { begun: now, last: now }
    }

    fn done(&mut self, step: impl Display) {
        let now = Instant::now();
        println!("{:>8.1} s  {step}", (now - self.last).as_secs_f64());
        self.last = now;
    }
}
