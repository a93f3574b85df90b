//! Sends events, and puts up with every failure.

use std::time::Duration;

use aws::SdkConfig;
use aws_sdk_s3::Client;
use aws_sdk_s3::types::ServerSideEncryption;
use aws_smithy_runtime_api::client::http::{HttpConnector, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use secrets::{Secret, Source};
use telemetry::Metrics;
use telemetry::metric::LineageFailures;
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::event::RunEvent;
use crate::target::Target;

/// Longest time that all events of a run, or of a batch, may take.
pub const SEND_LIMIT: Duration = Duration::from_secs(2);

const JSON: &str = "application/json";

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Sends events to one target. Failures are logged and counted.
#[derive(Debug)]
pub(crate) struct Sender {
    /// The target, as log lines name it.
    to: String,
    transport: Transport,
}

#[derive(Debug)]
enum Transport {
    Http(Endpoint),
    S3 { client: Client, bucket: String, prefix: String },
}

#[derive(Debug)]
struct Endpoint {
    url: String,
    connector: SharedHttpConnector,
    key: Option<Source>,
    /// The key as it was last read.
    read_key: Mutex<Option<Secret>>,
}

/// Why an event did not arrive.
#[derive(Debug, thiserror::Error)]
enum SendError {
    #[error("cannot write the event as JSON")]
    Json(#[source] serde_json::Error),
    #[error("cannot read the API key")]
    Key(#[from] secrets::Error),
    /// The cause is left out: it could quote the key.
    #[error("the address or the API key cannot stand in a request")]
    Request,
    #[error("cannot reach the endpoint")]
    Unreachable(#[source] BoxError),
    #[error("the endpoint answers with status {0}")]
    Refused(u16),
    #[error("cannot write the object {key}")]
    Put {
        key: String,
        #[source]
        source: BoxError,
    },
    #[error("no answer within {} s", SEND_LIMIT.as_secs())]
    Late,
}

impl Sender {
    pub(crate) fn open(
        target: Target,
        key: Option<Source>,
        aws: &SdkConfig,
        lookup: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, aws::ConfigError> {
        let to = target.to_string();
        let transport = match target {
            Target::Http(url) => Transport::Http(Endpoint {
                url: url.to_string(),
                connector: aws::connector(lookup)?,
                key,
                read_key: Mutex::default(),
            }),
            Target::S3 { bucket, prefix } => {
                Transport::S3 { client: Client::new(aws), bucket, prefix }
            }
        };
        Ok(Self { to, transport })
    }

    /// Sends the events one after another, in their order, until one fails or the time is up.
    pub(crate) async fn send(&self, events: &[RunEvent]) {
        let mut sent = 0;
        let sending = async {
            for event in events {
                self.send_one(event).await?;
                sent += 1;
            }
            Ok(())
        };
        // Boxed: the SDK is nested so deeply that callers could not be compiled.
        let outcome = timeout(SEND_LIMIT, Box::pin(sending)).await;
        let Err(error) = outcome.unwrap_or(Err(SendError::Late)) else { return };
        let lost = (events.len() - sent) as u64;
        tracing::warn!(
            to = self.to,
            lost,
            error = telemetry::error_chain(&error),
            "lineage not sent"
        );
        Metrics::new().add(LineageFailures, lost).emit();
    }

    async fn send_one(&self, event: &RunEvent) -> Result<(), SendError> {
        let body = serde_json::to_vec(event).map_err(SendError::Json)?;
        match &self.transport {
            Transport::Http(endpoint) => endpoint.post(body).await,
            Transport::S3 { client, bucket, prefix } => {
                put(client, bucket, key(prefix, event), body).await
            }
        }
    }
}

impl Endpoint {
    async fn post(&self, body: Vec<u8>) -> Result<(), SendError> {
        let mut request = HttpRequest::new(SdkBody::from(body));
        request.set_method("POST").map_err(|_| SendError::Request)?;
        request.set_uri(self.url.as_str()).map_err(|_| SendError::Request)?;
        let headers = request.headers_mut();
        headers.insert("content-type", JSON);
        headers.insert("user-agent", concat!("snowline/", env!("CARGO_PKG_VERSION")));
        if let Some(key) = self.key().await? {
            let bearer = format!("Bearer {}", key.expose().trim());
            headers.try_insert("authorization", bearer).map_err(|_| SendError::Request)?;
        }
        // A connection kept open may have gone while the environment slept.
        let again = request.try_clone();
        let answer = match (self.connector.call(request).await, again) {
            (Err(_), Some(request)) => self.connector.call(request).await,
            (answer, _) => answer,
        };
        let answer = answer.map_err(|error| SendError::Unreachable(error.into()))?;
        match answer.status().as_u16() {
            200..=299 => Ok(()),
            status => {
                if matches!(status, 401 | 403) {
                    // It may have been replaced: the next event reads it anew.
                    *self.read_key.lock().await = None;
                }
                Err(SendError::Refused(status))
            }
        }
    }

    async fn key(&self) -> Result<Option<Secret>, SendError> {
        let Some(source) = &self.key else { return Ok(None) };
        let mut key = self.read_key.lock().await;
        if key.is_none() {
            *key = Some(source.read().await?);
        }
        Ok(key.clone())
    }
}

/// Stores an event. It says itself that S3's own key encrypts it, which needs no permission but to
/// write; there is no personal data in it.
async fn put(client: &Client, bucket: &str, key: String, body: Vec<u8>) -> Result<(), SendError> {
    let request = client
        .put_object()
        .bucket(bucket)
        .key(&key)
        .content_type(JSON)
        .server_side_encryption(ServerSideEncryption::Aes256)
        .body(ByteStream::from(body));
    let answer = request.send().await;
    answer.map(|_| ()).map_err(|error| SendError::Put { key, source: error.into() })
}

/// `<prefix>year=Y/month=M/day=D/<job>_<run>_<type>.json`, of the day of the event: the same event
/// again on that day replaces the object.
fn key(prefix: &str, event: &RunEvent) -> String {
    let mut date = event.event_time.get(..10).unwrap_or_default().split('-');
    let mut part = || date.next().unwrap_or_default();
    let (year, month, day) = (part(), part(), part());
    let (job, run_id, state) = (&event.job.name, &event.run.run_id, event.event_type.name());
    format!("{prefix}year={year}/month={month}/day={day}/{job}_{run_id}_{state}.json")
}
