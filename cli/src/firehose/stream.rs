//! One call of `PutRecordBatch`, and what its answer says of each record.
//!
//! Delivery is at least once: a record whose answer got lost is sent again, and is there twice.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_firehose::Client;
use aws_sdk_firehose::config::retry::RetryConfig;
use aws_sdk_firehose::config::timeout::TimeoutConfig;
use aws_sdk_firehose::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_firehose::operation::put_record_batch::PutRecordBatchError;
use aws_sdk_firehose::primitives::Blob;
use aws_sdk_firehose::types::{PutRecordBatchResponseEntry, Record};
use bytes::Bytes;

const FIRST_BACKOFF: Duration = Duration::from_millis(100);
const LONGEST_BACKOFF: Duration = Duration::from_secs(10);
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(30);

/// A delivery stream. Clones share its connections.
#[derive(Debug, Clone)]
pub(crate) struct Stream {
    pub(super) client: Client,
    pub(super) name: Arc<str>,
}

/// Why the stream did not take a record of a batch, as an error code of Firehose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal(pub(crate) String);

/// Why a call failed as a whole. Whether the stream took any of its records is not known.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PutError {
    #[error("stream {stream} refused a batch")]
    Refused { stream: Arc<str>, source: Box<SdkError<PutRecordBatchError>> },
    #[error("stream {stream} answered {answered} entries of a batch of {sent}")]
    Unmatched { stream: Arc<str>, sent: usize, answered: usize },
}

impl Stream {
    pub(crate) fn new(sdk: &SdkConfig, name: &str) -> Self {
        // The SDK's own retries would resend whole batches, and know nothing of single entries.
        let config = aws_sdk_firehose::config::Builder::from(sdk)
            .retry_config(RetryConfig::disabled())
            .timeout_config(
                TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT_TIMEOUT).build(),
            )
            .build();
        Self { client: Client::from_conf(config), name: name.into() }
    }

    pub(crate) fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// Sends records in one call, without copying them. The answers are in the order of the
    /// records: `None` for one that was taken.
    ///
    /// # Errors
    /// The call failed as a whole; [`PutError::is_transient`] tells whether to send it again.
    pub(crate) async fn put(&self, records: &[Bytes]) -> Result<Vec<Option<Refusal>>, PutError> {
        let refused = |source: SdkError<PutRecordBatchError>| PutError::Refused {
            stream: Arc::clone(&self.name),
            source: Box::new(source),
        };
        let entries = records
            .iter()
            .map(|bytes| Record::builder().data(Blob::from_maybe_shared(bytes.clone())).build())
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| refused(SdkError::construction_failure(error)))?;
        let output = self
            .client
            .put_record_batch()
            .delivery_stream_name(self.name.as_ref())
            .set_records(Some(entries))
            .send()
            .await
            .map_err(refused)?;
        let answers = output.request_responses();
        if answers.len() != records.len() {
            return Err(PutError::Unmatched {
                stream: Arc::clone(&self.name),
                sent: records.len(),
                answered: answers.len(),
            });
        }
        Ok(answers.iter().map(refusal).collect())
    }
}

fn refusal(answer: &PutRecordBatchResponseEntry) -> Option<Refusal> {
    answer.error_code().map(|code| Refusal(code.to_owned()))
}

impl Refusal {
    /// Whether it asks for a slower pace.
    pub(crate) fn is_throttle(&self) -> bool {
        is_throttle(&self.0)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl PutError {
    /// Whether the same call may succeed later.
    pub(crate) fn is_transient(&self) -> bool {
        let Self::Refused { source, .. } = self else { return false };
        match source.as_ref() {
            SdkError::TimeoutError(_) | SdkError::ResponseError(_) => true,
            SdkError::DispatchFailure(failure) => failure.is_timeout() || failure.is_io(),
            SdkError::ServiceError(refusal) => {
                let status = refusal.raw().status();
                status.is_server_error() || status.as_u16() == 429 || self.is_throttle()
            }
            _ => false,
        }
    }

    /// Whether it asks for a slower pace.
    pub(crate) fn is_throttle(&self) -> bool {
        self.code().is_some_and(is_throttle)
    }

    /// What to say of it when it was the last of many attempts: the error code, if there is one.
    pub(crate) fn reason(&self) -> String {
        self.code().map_or_else(|| crate::error_chain(self), str::to_owned)
    }

    fn code(&self) -> Option<&str> {
        match self {
            Self::Refused { source, .. } => source.code(),
            Self::Unmatched { .. } => None,
        }
    }
}

fn is_throttle(code: &str) -> bool {
    const CODES: [&str; 4] =
        ["ServiceUnavailable", "Throttling", "LimitExceeded", "TooManyRequests"];
    CODES.iter().any(|known| code.starts_with(known))
}

/// How long to wait before the next attempt, after so many that failed: a random time up to a bound
/// that doubles until it is ten seconds, so that producers that were throttled together do not come
/// back together.
pub(crate) fn backoff(failed_attempts: u32) -> Duration {
    let doublings = failed_attempts.saturating_sub(1).min(16);
    let bound = FIRST_BACKOFF.saturating_mul(1 << doublings).min(LONGEST_BACKOFF);
    bound.mul_f64(rand::random())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_stay_below_their_bounds_however_many_attempts_failed() {
        for (failed_attempts, bound_ms) in
            [(0, 100), (1, 100), (4, 800), (8, 10_000), (u32::MAX, 10_000)]
        {
            let longest = (0..200).map(|_| backoff(failed_attempts)).max().unwrap();
            let bound = Duration::from_millis(bound_ms);
            assert!(longest <= bound && longest > bound / 2, "{failed_attempts}: {longest:?}");
        }
    }
}
