//! Lines to a Firehose delivery stream: packed, and sent until the stream has taken all of them.

use super::Error as GenerateError;
use super::shipping::{Carrier, Traffic};
use crate::firehose::{
    Compression, Limits, PackedRecord, Packer, PutError, Refusal, Stream, backoff,
};
use bytes::Bytes;
use std::future::Future;
use std::io;
use std::sync::Arc;

/// A stream scales itself up within about a minute when it throttles: attempts last that long.
const MAX_ATTEMPTS: u32 = 20;

/// Why a batch did not reach the stream.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("a line of {bytes} bytes does not fit into a record of stream {stream}")]
    LineTooLong { stream: Arc<str>, bytes: usize },
    #[error("cannot compress records for stream {stream}")]
    Compress { stream: Arc<str>, source: io::Error },
    #[error(transparent)]
    Put(#[from] PutError),
    #[error(
        "stream {stream} still had not taken {entries} records after {MAX_ATTEMPTS} attempts: {reason}"
    )]
    GaveUp { stream: Arc<str>, entries: usize, reason: String },
}

/// Carries lines to one delivery stream.
pub(crate) struct Firehose {
    stream: Stream,
    compression: Compression,
    packer: Packer,
    traffic: Arc<Traffic>,
}

impl Firehose {
    pub(crate) fn new(stream: Stream, compression: Compression, traffic: Arc<Traffic>) -> Self {
        Self { stream, compression, packer: Packer::new(Limits::of(compression)), traffic }
    }
}

impl Carrier for Firehose {
    type Parcel = Vec<PackedRecord>;

    fn pack(&mut self, line: &[u8]) -> Result<Option<Self::Parcel>, GenerateError> {
        self.packer.push(line).map_err(|too_long| {
            let stream = Arc::clone(self.stream.name());
            Error::LineTooLong { stream, bytes: too_long.0 }.into()
        })
    }

    fn close(&mut self) -> Result<Option<Self::Parcel>, GenerateError> {
        Ok(self.packer.flush())
    }

    fn deliver(
        &self,
        batch: Self::Parcel,
    ) -> impl Future<Output = Result<(), GenerateError>> + Send + 'static {
        let delivery = Delivery { stream: self.stream.clone(), traffic: Arc::clone(&self.traffic) };
        let compression = self.compression;
        async move {
            let batch = compression.compress_all(batch).await.map_err(|source| {
                Error::Compress { stream: Arc::clone(delivery.stream.name()), source }
            })?;
            Ok(delivery.run(batch).await?)
        }
    }
}

/// A batch on its way to the stream.
struct Delivery {
    stream: Stream,
    traffic: Arc<Traffic>,
}

impl Delivery {
    /// Sends the records, then again those the stream has not taken, until it has taken all.
    async fn run(&self, mut pending: Vec<PackedRecord>) -> Result<(), Error> {
        let mut reason = String::new();
        for attempt in 0..MAX_ATTEMPTS {
            if attempt > 0 {
                Traffic::add(&self.traffic.resent_entries, pending.len() as u64);
                tokio::time::sleep(backoff(attempt)).await;
            }
            let records: Vec<Bytes> = pending.iter().map(|record| record.bytes.clone()).collect();
            Traffic::add(&self.traffic.put_calls, 1);
            let throttled = match self.stream.put(&records).await {
                Ok(answers) => match self.refused(&mut pending, answers) {
                    None => return Ok(()),
                    Some(refusal) => {
                        reason = refusal.to_string();
                        refusal.is_throttle()
                    }
                },
                Err(error) if error.is_transient() => {
                    reason = error.reason();
                    error.is_throttle()
                }
                Err(error) => return Err(error.into()),
            };
            Traffic::add(&self.traffic.throttles, u64::from(throttled));
        }
        let stream = Arc::clone(self.stream.name());
        Err(Error::GaveUp { stream, entries: pending.len(), reason })
    }

    /// Counts the records the stream took and keeps the others, in order; returns the first of
    /// their refusals.
    fn refused(
        &self,
        pending: &mut Vec<PackedRecord>,
        answers: Vec<Option<Refusal>>,
    ) -> Option<Refusal> {
        let mut first = None;
        let sent = std::mem::take(pending).into_iter();
        for (record, answer) in sent.zip(answers) {
            if let Some(refusal) = answer {
                pending.push(record);
                first.get_or_insert(refusal);
            } else {
                Traffic::add(&self.traffic.records, 1);
                Traffic::add(&self.traffic.record_bytes, record.bytes.len() as u64);
                Traffic::add(&self.traffic.lines, record.lines);
            }
        }
        first
    }
}
