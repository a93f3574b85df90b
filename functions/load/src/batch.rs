//! What a batch of messages asks for: files by table, and the messages that name them.

use std::collections::{BTreeMap, BTreeSet};
use std::str::Utf8Error;
use std::time::SystemTime;

use aws_lambda_events::s3::{S3Event, S3EventRecord};
use aws_lambda_events::sqs::{SqsEvent, SqsMessage};
use contract::Dataset;
use percent_encoding::percent_decode_str;
use serde_json::Value;
use telemetry::Coded;

use crate::table::Table;

/// The files a batch of messages names.
#[derive(Debug, Default)]
pub struct Batch {
    /// Keys by table, in the order the tables are to be filled; a key named by several messages
    /// stands here once.
    pub files: BTreeMap<Table, BTreeSet<String>>,
    /// Keys by message identifier; none for a message that asks for nothing.
    pub messages: BTreeMap<String, BTreeSet<String>>,
    /// When S3 announced each key; of several times the first.
    pub announced_at: BTreeMap<String, SystemTime>,
    /// Messages that cannot be understood. Files that they name all the same are not loaded.
    pub refused: Vec<RefusedMessage>,
}

/// A message that cannot be understood.
#[derive(Debug)]
pub struct RefusedMessage {
    /// Its identifier.
    pub message_id: String,
    /// Why.
    pub error: MessageError,
}

/// Why a message names no file to load.
#[derive(Debug, thiserror::Error)]
pub enum MessageError {
    /// The body is not an S3 notification.
    #[error("the body is not an S3 notification")]
    Body(#[source] serde_json::Error),
    /// The decoded key is not UTF-8.
    #[error("s3://{bucket}/{key}: the key is not UTF-8")]
    KeyEncoding {
        /// The bucket.
        bucket: String,
        /// The key as sent, still encoded.
        key: String,
        /// Where.
        #[source]
        source: Utf8Error,
    },
    /// The notification tells of something other than a new object.
    #[error("s3://{bucket}/{key}: {event_name:?} is not an ObjectCreated event")]
    NotCreated {
        /// The bucket.
        bucket: String,
        /// The key, decoded.
        key: String,
        /// What happened instead.
        event_name: String,
    },
    /// The object is in another bucket than the lake's.
    #[error("s3://{bucket}/{key}: the lake is bucket {lake_bucket}")]
    OtherBucket {
        /// The bucket.
        bucket: String,
        /// The key, decoded.
        key: String,
        /// The lake's bucket.
        lake_bucket: String,
    },
    /// No table takes the file.
    #[error("s3://{bucket}/{key}: no table of dataset {dataset} takes this file")]
    UnknownKey {
        /// The bucket.
        bucket: String,
        /// The key, decoded.
        key: String,
        /// Name of the dataset.
        dataset: String,
    },
}

impl Batch {
    /// Reads the messages of an event. S3's test event asks for nothing.
    pub fn read(event: SqsEvent, dataset: &Dataset, lake_bucket: &str) -> Self {
        let mut batch = Self::default();
        for message in event.records {
            // SQS gives every message an identifier. Should one be missing, the empty identifier
            // in the answer makes Lambda deliver the whole batch again.
            let message_id = message.message_id.clone().unwrap_or_default();
            match read_message(&message, dataset, lake_bucket) {
                Ok(files) => batch.add(message_id, files),
                Err(error) => batch.refused.push(RefusedMessage { message_id, error }),
            }
        }
        batch
    }

    fn add(&mut self, message_id: String, files: Vec<File>) {
        let keys = self.messages.entry(message_id).or_default();
        for File { table, key, announced_at } in files {
            keys.insert(key.clone());
            let first = self.announced_at.entry(key.clone()).or_insert(announced_at);
            *first = announced_at.min(*first);
            self.files.entry(table).or_default().insert(key);
        }
    }
}

/// A file that a record of a notification names.
struct File {
    table: Table,
    key: String,
    announced_at: SystemTime,
}

impl Coded for MessageError {
    fn code(&self) -> &'static str {
        match self {
            Self::Body(_) | Self::KeyEncoding { .. } => "load.message_malformed",
            Self::NotCreated { .. } => "load.message_not_created",
            Self::OtherBucket { .. } => "load.other_bucket",
            Self::UnknownKey { .. } => "load.unknown_key",
        }
    }
}

fn read_message(
    message: &SqsMessage,
    dataset: &Dataset,
    lake_bucket: &str,
) -> Result<Vec<File>, MessageError> {
    let body = message.body.as_deref().unwrap_or_default();
    let body: Value = serde_json::from_str(body).map_err(MessageError::Body)?;
    if body["Event"] == "s3:TestEvent" {
        return Ok(Vec::new());
    }
    let event: S3Event = serde_json::from_value(body).map_err(MessageError::Body)?;
    event.records.into_iter().map(|record| read_record(record, dataset, lake_bucket)).collect()
}

fn read_record(
    record: S3EventRecord,
    dataset: &Dataset,
    lake_bucket: &str,
) -> Result<File, MessageError> {
    let bucket = record.s3.bucket.name.unwrap_or_default();
    let encoded = record.s3.object.key.unwrap_or_default();
    let key = match decode_key(&encoded) {
        Ok(key) => key,
        Err(source) => return Err(MessageError::KeyEncoding { bucket, key: encoded, source }),
    };
    let event_name = record.event_name.unwrap_or_default();
    if !event_name.starts_with("ObjectCreated:") {
        return Err(MessageError::NotCreated { bucket, key, event_name });
    }
    if bucket != lake_bucket {
        let lake_bucket = lake_bucket.to_owned();
        return Err(MessageError::OtherBucket { bucket, key, lake_bucket });
    }
    match Table::of_key(&key, dataset) {
        Some(table) => Ok(File { table, key, announced_at: record.event_time.into() }),
        None => Err(MessageError::UnknownKey { bucket, key, dataset: dataset.name.clone() }),
    }
}

/// Undoes the form encoding of a key: a space comes as `+`, a plus sign as `%2B`.
fn decode_key(encoded: &str) -> Result<String, Utf8Error> {
    let spaced = encoded.replace('+', " ");
    Ok(percent_decode_str(&spaced).decode_utf8()?.into_owned())
}
