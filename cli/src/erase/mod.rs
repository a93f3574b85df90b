//! `snowline erase`: a person's rows leave every zone of the lake and every table.
//!
//! Staging tells which lines of which landing objects are theirs, and quarantine which rejects; the
//! ledger tells what was made of those objects. So both are changed last: the lake first
//! ([`files`], [`records`]), then the warehouse ([`warehouse`]). What was done before an
//! interruption is found done, and the rest still to be done, when it is run again.
//!
//! An object is touched only once nothing is under way with it: staging holds all its rows, they
//! were merged, and no notification of its files can be on its way any more. Everything else that
//! has or may have to do with the person is named ([`flight`]).

mod args;
mod files;
mod flight;
mod records;
mod report;
mod subject;
mod versions;
mod warehouse;

use std::collections::BTreeMap;
use std::io;

use contract::Dataset;
use uuid::Uuid;

pub(crate) use args::Args;
pub(crate) use subject::Subject;

use crate::{aws, objects};
use report::{Place, Report};
use versions::{Bucket, Version};
use warehouse::{Lines, Object, Warehouse};

/// Why not everything was erased.
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
    #[error("Snowflake did not say how many rows were deleted")]
    NoResult,
    #[error("ledger entry {id}: its outputs")]
    Outputs { id: String, source: serde_json::Error },
    #[error(transparent)]
    Objects(#[from] objects::Error),
    #[error("s3://{bucket}/{key}: cannot take rows out of it")]
    File { bucket: String, key: String, source: columnar::RemoveError },
    #[error("s3://{bucket}/{key} line {line}")]
    Reject { bucket: String, key: String, line: usize, source: columnar::RejectedError },
    #[error("s3://{bucket}/{key}")]
    Read { bucket: String, key: String, source: io::Error },
    #[error("cannot write to standard output")]
    Output(#[from] io::Error),
    #[error("not everything is erased: {left} left, each named above; run it again later")]
    Left { left: usize },
}

/// Erases what the conditions find, and prints what is gone and what is left.
///
/// # Errors
/// Something is left, or could not be read or written; what was erased before it stays erased.
pub(crate) fn run(args: &Args, (dataset, subject): (Dataset, Subject)) -> Result<(), Error> {
    let report = aws::runtime().map_err(Error::Start)?.block_on(erase(args, dataset, subject))?;
    report.print(args.json, &mut io::stdout().lock())?;
    match report.left.len() {
        0 => Ok(()),
        left => Err(Error::Left { left }),
    }
}

async fn erase(args: &Args, dataset: Dataset, subject: Subject) -> Result<Report, Error> {
    let sdk = aws::sdk_config().await;
    let warehouse = Warehouse::open(&dataset, &sdk)?;
    let report = Report {
        erasure_id: Uuid::new_v4().to_string(),
        dataset: dataset.name,
        columns: subject.columns(),
        dry_run: args.dry_run,
        erased: BTreeMap::new(),
        left: Vec::new(),
    };
    let bucket = Bucket { client: aws::s3(&sdk), name: args.bucket.clone() };
    let mut erasure = Erasure { bucket, subject, report };

    // In this order nothing falls between two looks: what one does not see yet, the next one does.
    let landing = erasure.landing().await?;
    let known = warehouse.known().await?;
    let rejects = erasure.rejects().await?;
    let ids: Vec<String> = rejects.iter().filter_map(records::Found::id).collect();
    let objects = warehouse.objects(&erasure.subject, &ids, args.wait_minutes).await?;
    let mut lines = warehouse.lines(&erasure.subject).await?;

    let ready = erasure.ready(&objects, &lines, args.wait_minutes);
    for (address, object) in &ready {
        let versions = landing.get(&object.key).map_or(&[][..], Vec::as_slice);
        erasure.erase_files(object, lines.get(*address), versions).await?;
    }
    if !args.dry_run {
        erasure.bucket.sweep().await?;
    }
    erasure.erase_rejects(&rejects, &ready).await?;
    erasure.erase_errors().await?;
    erasure.name_what_is_under_way(&landing, &known, &objects).await?;

    lines.retain(|address, _| ready.contains_key(address.as_str()));
    erasure.erase_rows(&warehouse, &lines).await?;
    Ok(erasure.report)
}

/// What a run works with.
struct Erasure {
    bucket: Bucket,
    subject: Subject,
    report: Report,
}

/// Landing objects by address.
type Ready<'a> = BTreeMap<&'a str, &'a Object>;

impl Erasure {
    fn is_dry(&self) -> bool {
        self.report.dry_run
    }

    fn address(&self, key: &str) -> String {
        format!("s3://{}/{key}", self.bucket.name)
    }

    /// Every version in landing, by key.
    async fn landing(&self) -> Result<BTreeMap<String, Vec<Version>>, Error> {
        let mut by_key: BTreeMap<String, Vec<Version>> = BTreeMap::new();
        for version in self.bucket.versions(lake::LANDING_PREFIX).await? {
            by_key.entry(version.key.clone()).or_default().push(version);
        }
        Ok(by_key)
    }

    /// The objects with rows or rejects of the person that nothing is under way with; the others are
    /// left.
    fn ready<'a>(
        &mut self,
        objects: &'a BTreeMap<String, Object>,
        lines: &Lines,
        wait_minutes: u32,
    ) -> Ready<'a> {
        for address in lines.keys().filter(|address| !objects.contains_key(*address)) {
            self.report.leave(address, "its ledger entry is not loaded yet");
        }
        let mut ready = Ready::new();
        for (address, object) in objects.iter().filter(|(_, object)| object.is_concerned) {
            let obstacle = if *address != self.address(&object.key) {
                Some("it lies in another bucket".to_owned())
            } else {
                obstacle(object, wait_minutes)
            };
            match obstacle {
                Some(reason) => self.report.leave(address, reason),
                None => drop(ready.insert(address, object)),
            }
        }
        ready
    }

    /// Deletes rows of analytics, wherever they came from, and of staging, which are not needed any
    /// more to find the files.
    async fn erase_rows(&mut self, warehouse: &Warehouse, lines: &Lines) -> Result<(), Error> {
        let found = lines.values().flat_map(|versions| versions.values());
        let staging = match self.is_dry() {
            true => found.map(|lines| lines.len() as u64).sum(),
            false => {
                let rows = warehouse.erase_analytics(&self.subject).await?;
                self.report.add(Place::Analytics, 0, 0, rows);
                warehouse.erase_staging(&self.report.erasure_id, lines).await?
            }
        };
        self.report.add(Place::Staging, 0, 0, staging);
        Ok(())
    }
}

/// What is still under way with an object.
fn obstacle(object: &Object, wait_minutes: u32) -> Option<String> {
    if !object.is_whole {
        Some(shortfall(object))
    } else if object.is_waiting {
        Some("rows of it wait for the next merge".to_owned())
    } else if object.is_recent {
        Some(format!("it was loaded less than {wait_minutes} minutes ago"))
    } else {
        None
    }
}

fn shortfall(object: &Object) -> String {
    let Object { rows_found, rows_expected, .. } = object;
    format!("staging has {rows_found} rows of it, and the ledger expects {rows_expected}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_left_while_anything_is_under_way_with_it() {
        let at_rest = Object {
            key: "landing/a".to_owned(),
            rows_expected: 3,
            rows_found: 3,
            is_whole: true,
            is_waiting: false,
            is_recent: false,
            is_concerned: true,
            entries: Vec::new(),
        };
        assert_eq!(obstacle(&at_rest, 60), None);
        for (object, reason) in [
            (Object { is_whole: false, rows_found: 2, ..at_rest.clone() }, "has 2 rows of it"),
            (Object { is_waiting: true, ..at_rest.clone() }, "wait for the next merge"),
            (Object { is_recent: true, ..at_rest }, "less than 60 minutes ago"),
        ] {
            assert!(obstacle(&object, 60).unwrap().contains(reason));
        }
    }
}
