//! The line a version came from, and where that came from if it was replayed.

use std::io::Read;

use columnar::{Plan, format_of, read_record};
use contract::Dataset;
use lake::{LandingObject, Replay};
use serde::Serialize;
use std::sync::Arc;

use super::warehouse::Staged;
use super::{Error, LineError, S3Uri};
use crate::objects::{self, Absent, Objects};
use crate::rejects;

/// A line of a landing object, or why it cannot be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Record {
    /// As it was delivered.
    Text(String),
    /// Why there is none.
    Absent(String),
}

/// The reject that a line of a replay was, before it was sent again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Rejection {
    /// The quarantine file, as `s3://bucket/key`.
    pub(crate) quarantine: String,
    /// Its line in that file, from 1; `None` when that cannot be told any more.
    pub(crate) quarantine_line: Option<usize>,
    /// The rule it broke.
    pub(crate) rule: Option<String>,
    /// The column, unless the rule is about the record as a whole.
    pub(crate) column: Option<String>,
    /// The landing object it was rejected from, as `s3://bucket/key`.
    pub(crate) source_object: Option<String>,
    /// The line in that object, from 1.
    pub(crate) source_line: Option<i64>,
    /// Why something above is missing.
    pub(crate) absent: Option<String>,
}

/// The lake, as far as it still holds where rows came from.
pub(crate) struct Lake {
    objects: Objects,
    dataset: Dataset,
    plan: Arc<Plan>,
}

impl Lake {
    pub(crate) fn new(dataset: &Dataset, objects: Objects) -> Result<Self, Error> {
        Ok(Self { objects, dataset: dataset.clone(), plan: Arc::new(Plan::new(dataset)?) })
    }

    /// The line of a version and, where that was replayed, its rejections, the last one first.
    pub(crate) async fn origin(&self, staged: &Staged) -> Result<(Record, Vec<Rejection>), Error> {
        let object = &staged.source_object;
        let uri: S3Uri = object.parse().map_err(|_| Error::Address(object.clone()))?;
        let landing = staged.ledger.as_ref().map(|entry| &entry.object);
        let record = self.record(&uri, landing, staged.source_line).await?;
        let mut rejections = Vec::new();
        let mut next = Some((uri, staged.source_line));
        while let Some((uri, line)) = next.take() {
            let Some(replay) = Replay::of(&uri.key) else { break };
            let rejection = self.rejection(&uri.bucket, &replay, line).await?;
            let source = rejection.source_object.as_ref().and_then(|source| source.parse().ok());
            next = source.zip(rejection.source_line);
            rejections.push(rejection);
        }
        Ok((record, rejections))
    }

    /// A line of a landing object: of the very version that the ledger tells of, if it does.
    async fn record(
        &self,
        uri: &S3Uri,
        landing: Option<&LandingObject>,
        line: i64,
    ) -> Result<Record, Error> {
        let found = match landing {
            Some(object) => self.objects.get_version(object).await?,
            None => self.objects.get(uri).await?,
        };
        let content = match found {
            Ok(content) => content,
            Err(Absent::Gone) => {
                return Ok(Record::Absent("the object is gone: landing keeps 7 days".to_owned()));
            }
            Err(absent) => return Ok(Record::Absent(format!("the object {absent}"))),
        };
        let (plan, format) = (Arc::clone(&self.plan), format_of(&self.dataset, &uri.key));
        let read = move |input: &mut dyn Read| -> Result<_, LineError> {
            Ok(read_record(&plan, format, input, line)?)
        };
        let record = content.read_with(read).await.map_err(|source| Error::Line {
            uri: uri.clone(),
            line,
            source,
        })?;
        Ok(match record {
            Some(text) => Record::Text(String::from_utf8_lossy(&text).into_owned()),
            None => Record::Absent("the object has no such line".to_owned()),
        })
    }

    /// What a line of a replay was before.
    async fn rejection(
        &self,
        bucket: &str,
        replay: &Replay,
        line: i64,
    ) -> Result<Rejection, Error> {
        let uri = S3Uri { bucket: bucket.to_owned(), key: replay.rejected.quarantine() };
        let mut rejection = Rejection {
            quarantine: uri.to_string(),
            quarantine_line: None,
            rule: None,
            column: None,
            source_object: self.rejected_object(bucket, replay).await?,
            source_line: None,
            absent: None,
        };
        let content = match self.objects.get(&uri).await? {
            Ok(content) => content,
            Err(absent) => {
                rejection.absent = Some(format!("the quarantine file {absent}"));
                return Ok(rejection);
            }
        };
        let format = replay.format;
        let (found, digest) = content
            .read_with(move |input: &mut dyn Read| rejects::reject_at(input, format, line))
            .await
            .map_err(|source| Error::Reject { uri, line, source })?;
        match found {
            _ if digest != replay.digest => {
                rejection.absent = Some(format!("the quarantine file {}", Absent::Replaced));
            }
            Some((position, reject)) => {
                rejection.quarantine_line = Some(position);
                rejection.source_line = Some(reject.line);
                rejection.rule = Some(reject.rule);
                rejection.column = reject.column;
            }
            None => rejection.absent = Some("the quarantine file has no such reject".to_owned()),
        }
        Ok(rejection)
    }

    /// The landing object that the rows of a replay were rejected from; `None` when its ledger
    /// entry is gone.
    async fn rejected_object(
        &self,
        bucket: &str,
        replay: &Replay,
    ) -> Result<Option<String>, Error> {
        let ledger = S3Uri { bucket: bucket.to_owned(), key: replay.rejected.ledger() };
        let Ok(content) = self.objects.get(&ledger).await? else { return Ok(None) };
        let text = content.bytes().await.map_err(objects::Error::about("read", &ledger))?;
        let object: LandingObject = serde_json::from_slice(&text)
            .map_err(|source| Error::Ledger { uri: ledger, source })?;
        Ok(Some(object.uri()))
    }
}
