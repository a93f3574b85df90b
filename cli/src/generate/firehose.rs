//! Lines to a Firehose delivery stream, through `PutRecordBatch`.
//!
//! Delivery is at least once: after an answer that got lost, records are sent again.

use super::Error as GenerateError;
use super::packing::{FIREHOSE, PackedRecord, Packer};
use super::shipping::{Carrier, Traffic};
use aws_config::SdkConfig;
use aws_sdk_firehose::Client;
use aws_sdk_firehose::config::retry::RetryConfig;
use aws_sdk_firehose::config::timeout::TimeoutConfig;
use aws_sdk_firehose::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_firehose::operation::put_record_batch::{PutRecordBatchError, PutRecordBatchOutput};
use aws_sdk_firehose::primitives::Blob;
use aws_sdk_firehose::types::Record;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

/// A stream scales itself up within about a minute when it throttles: attempts last that long.
const MAX_ATTEMPTS: u32 = 20;
const FIRST_BACKOFF: Duration = Duration::from_millis(100);
const LONGEST_BACKOFF: Duration = Duration::from_secs(10);
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(30);

/// Why a batch did not reach the stream.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("a line of {bytes} bytes does not fit into a record of stream {stream}")]
    LineTooLong { stream: Arc<str>, bytes: usize },
    #[error("stream {stream} refused a batch")]
    Refused { stream: Arc<str>, source: Box<SdkError<PutRecordBatchError>> },
    #[error("stream {stream} answered {answered} entries of a batch of {sent}")]
    Unmatched { stream: Arc<str>, sent: usize, answered: usize },
    #[error(
        "stream {stream} still had not taken {entries} records after {MAX_ATTEMPTS} attempts: {reason}"
    )]
    GaveUp { stream: Arc<str>, entries: usize, reason: String },
}

/// Carries lines to one delivery stream.
pub(crate) struct Firehose {
    client: Client,
    stream: Arc<str>,
    packer: Packer,
    traffic: Arc<Traffic>,
}

impl Firehose {
    pub(crate) fn new(sdk: &SdkConfig, stream: &str, traffic: Arc<Traffic>) -> Self {
        // The SDK's own retries would resend whole batches, and know nothing of single entries.
        let config = aws_sdk_firehose::config::Builder::from(sdk)
            .retry_config(RetryConfig::disabled())
            .timeout_config(
                TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT_TIMEOUT).build(),
            )
            .build();
        Self {
            client: Client::from_conf(config),
            stream: stream.into(),
            packer: Packer::new(FIREHOSE),
            traffic,
        }
    }
}

impl Carrier for Firehose {
    type Parcel = Vec<PackedRecord>;

    fn pack(&mut self, line: &[u8]) -> Result<Option<Self::Parcel>, GenerateError> {
        self.packer.push(line).map_err(|too_long| {
            Error::LineTooLong { stream: Arc::clone(&self.stream), bytes: too_long.0 }.into()
        })
    }

    fn close(&mut self) -> Result<Option<Self::Parcel>, GenerateError> {
        Ok(self.packer.flush())
    }

    fn deliver(
        &self,
        batch: Self::Parcel,
    ) -> impl Future<Output = Result<(), GenerateError>> + Send + 'static {
        let delivery = Delivery {
            client: self.client.clone(),
            stream: Arc::clone(&self.stream),
            traffic: Arc::clone(&self.traffic),
        };
        async move { Ok(delivery.run(batch).await?) }
    }
}

/// A batch on its way to the stream.
struct Delivery {
    client: Client,
    stream: Arc<str>,
    traffic: Arc<Traffic>,
}

impl Delivery {
    /// Sends the records, then again those the stream has not taken, until it has taken all.
    async fn run(&self, batch: Vec<PackedRecord>) -> Result<(), Error> {
        let mut pending = batch;
        let mut reason = String::new();
        for attempt in 0..MAX_ATTEMPTS {
            if attempt > 0 {
                Traffic::add(&self.traffic.resent_entries, pending.len() as u64);
                tokio::time::sleep(backoff(attempt)).await;
            }
            match self.put(&pending).await {
                Ok(output) => match self.refused(pending, &output)? {
                    None => return Ok(()),
                    Some((refused, code)) => (pending, reason) = (refused, code),
                },
                Err(error) if is_transient(&error) => reason = describe(&error),
                Err(error) => {
                    let stream = Arc::clone(&self.stream);
                    return Err(Error::Refused { stream, source: Box::new(error) });
                }
            }
            Traffic::add(&self.traffic.throttles, u64::from(is_throttle(&reason)));
        }
        Err(Error::GaveUp { stream: Arc::clone(&self.stream), entries: pending.len(), reason })
    }

    async fn put(
        &self,
        records: &[PackedRecord],
    ) -> Result<PutRecordBatchOutput, SdkError<PutRecordBatchError>> {
        Traffic::add(&self.traffic.put_calls, 1);
        let records = records
            .iter()
            .map(|record| Record::builder().data(Blob::new(record.bytes.as_slice())).build())
            .collect::<Result<Vec<_>, _>>()
            .map_err(SdkError::construction_failure)?;
        self.client
            .put_record_batch()
            .delivery_stream_name(self.stream.as_ref())
            .set_records(Some(records))
            .send()
            .await
    }

    /// Counts the records the stream took and returns the others, in order, with the first of
    /// their error codes. Answers belong to records by position.
    fn refused(
        &self,
        sent: Vec<PackedRecord>,
        output: &PutRecordBatchOutput,
    ) -> Result<Option<(Vec<PackedRecord>, String)>, Error> {
        let answers = output.request_responses();
        if answers.len() != sent.len() {
            return Err(Error::Unmatched {
                stream: Arc::clone(&self.stream),
                sent: sent.len(),
                answered: answers.len(),
            });
        }
        let code = answers.iter().find_map(|answer| answer.error_code()).map(str::to_owned);
        let mut refused = Vec::new();
        for (record, answer) in sent.into_iter().zip(answers) {
            if answer.error_code().is_some() {
                refused.push(record);
            } else {
                Traffic::add(&self.traffic.records, 1);
                Traffic::add(&self.traffic.lines, record.lines);
            }
        }
        Ok(code.map(|code| (refused, code)))
    }
}

/// A random time up to a bound that doubles with every attempt, so that producers that were
/// throttled together do not come back together.
fn backoff(attempt: u32) -> Duration {
    let bound = FIRST_BACKOFF.saturating_mul(1 << (attempt - 1).min(16)).min(LONGEST_BACKOFF);
    bound.mul_f64(rand::random())
}

/// Whether the same call may succeed later.
fn is_transient(error: &SdkError<PutRecordBatchError>) -> bool {
    match error {
        SdkError::TimeoutError(_) | SdkError::ResponseError(_) => true,
        SdkError::DispatchFailure(failure) => failure.is_timeout() || failure.is_io(),
        SdkError::ServiceError(refusal) => {
            let status = refusal.raw().status();
            status.is_server_error()
                || status.as_u16() == 429
                || refusal.err().code().is_some_and(is_throttle)
        }
        _ => false,
    }
}

/// Whether an error code asks for a slower pace.
fn is_throttle(code: &str) -> bool {
    const CODES: [&str; 4] =
        ["ServiceUnavailable", "Throttling", "LimitExceeded", "TooManyRequests"];
    CODES.iter().any(|known| code.starts_with(known))
}

fn describe(error: &SdkError<PutRecordBatchError>) -> String {
    match error.code() {
        Some(code) => code.to_owned(),
        None => crate::error_chain(error),
    }
}
