//! Reading and writing S3.

use std::fmt;

use aws_sdk_s3::Client;
use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::ServerSideEncryption;
use bytes::Bytes;
use lake::{LOADED_PREFIXES, LandingObject};
use tokio::task::JoinSet;

use crate::body::{Body, PIECE_BYTES, Pinned};
use crate::buffers::Buffers;
use crate::upload::Upload;

/// Where an object is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// The bucket.
    pub bucket: String,
    /// The key, decoded.
    pub key: String,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.key)
    }
}

impl Location {
    /// How S3 is to encrypt an object written here; none leaves it to the bucket, which uses a key
    /// of the stack. COPY knows a file by its eTag, and only with S3's own key the eTag is one of
    /// the content: with another the same bytes, delivered twice, would be loaded twice.
    pub(crate) fn encryption(&self) -> Option<ServerSideEncryption> {
        let is_loaded = LOADED_PREFIXES.iter().any(|prefix| self.key.starts_with(prefix));
        is_loaded.then_some(ServerSideEncryption::Aes256)
    }
}

/// What S3 refused, or how it could not be reached.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A request failed after the SDK's retries.
    #[error("{location}: cannot {action}")]
    Request {
        /// The object.
        location: Location,
        /// What was attempted.
        action: &'static str,
        /// What the service or the network answered.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// An answer lacks what S3 always sends.
    #[error("{location}: the answer has no {field}")]
    Answer {
        /// The object.
        location: Location,
        /// The header or element.
        field: &'static str,
    },
    /// The object was given up before it was complete; nothing became visible.
    #[error("{location}: the upload was given up")]
    GivenUp {
        /// The object.
        location: Location,
    },
}

impl StoreError {
    /// For `map_err`: a failed request about `location`.
    pub(crate) fn request<E>(location: &Location, action: &'static str) -> impl FnOnce(E) -> Self
    where
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let location = location.clone();
        move |source| Self::Request { location, action, source: source.into() }
    }
}

/// An object that S3 has stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its size.
    pub bytes: u64,
    /// Its eTag, without quotes. For what Snowflake reads, the MD5 of a body sent at once, and of
    /// a multipart upload a digest of the parts' digests, which is the same again for the same
    /// bytes because parts have a fixed size. Under another key than S3's own, any text.
    pub etag: String,
}

/// A landing object being read.
#[derive(Debug)]
pub struct Landed {
    /// LastModified in microseconds since the epoch. S3 tells whole seconds.
    pub landed_at_micros: i64,
    /// Its size.
    pub bytes: u64,
    /// Its content.
    pub body: Body,
}

/// S3 as the function uses it. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    client: Client,
    /// What landing objects are read into.
    pieces: Buffers,
}

impl Store {
    /// Wraps a client, which brings region, credentials and retries.
    pub fn new(client: Client) -> Self {
        Self { client, pieces: Buffers::new(PIECE_BYTES) }
    }

    /// Starts reading the very object that was notified: its version, or, without versions, the
    /// object as long as it still has that eTag.
    ///
    /// # Errors
    /// [`StoreError`] when the object is gone, was replaced since, or cannot be read.
    pub async fn get(&self, object: &LandingObject) -> Result<Landed, StoreError> {
        let pinned = Pinned::new(self.client.clone(), object, self.pieces.clone());
        let answer = pinned
            .begin()
            .await
            .map_err(StoreError::request(pinned.location(), "read the object"))?;
        let missing = |field| StoreError::Answer { location: pinned.location().clone(), field };
        let landed_at_micros = answer
            .last_modified
            .map(|time| time.secs() * 1_000_000 + i64::from(time.subsec_nanos() / 1_000))
            .ok_or_else(|| missing("Last-Modified"))?;
        let bytes = size(&answer).ok_or_else(|| missing("Content-Length"))?;
        Ok(Landed { landed_at_micros, bytes, body: Body::start(pinned, answer.body, bytes) })
    }

    /// Stores a small object in one request.
    ///
    /// # Errors
    /// [`StoreError`] when S3 refuses or cannot be reached.
    pub async fn put(
        &self,
        location: &Location,
        content_type: &str,
        body: Bytes,
    ) -> Result<Stored, StoreError> {
        let bytes = body.len() as u64;
        let answer = self
            .client
            .put_object()
            .bucket(&location.bucket)
            .key(&location.key)
            .content_type(content_type)
            .set_server_side_encryption(location.encryption())
            .body(ByteStream::from(body))
            .send()
            .await
            .map_err(StoreError::request(location, "write the object"))?;
        Ok(Stored { bytes, etag: unquoted(answer.e_tag, location)? })
    }

    /// Starts an upload, sent by a task in `tasks`. Nothing becomes visible before
    /// [`Upload::complete`]; dropping `tasks` gives up every upload in it at once, without telling
    /// S3.
    pub fn upload(
        &self,
        location: Location,
        content_type: &'static str,
        tasks: &mut JoinSet<()>,
        runtime: &tokio::runtime::Handle,
    ) -> Upload {
        Upload::start(self.clone(), location, content_type, tasks, runtime)
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }
}

/// The size of the object, of which the answer may bring a range: `bytes 0-99/1000`.
fn size(answer: &GetObjectOutput) -> Option<u64> {
    match &answer.content_range {
        Some(range) => range.rsplit_once('/')?.1.parse().ok(),
        None => answer.content_length?.try_into().ok(),
    }
}

/// An eTag without the quotes that S3 puts around it.
pub(crate) fn unquoted(etag: Option<String>, location: &Location) -> Result<String, StoreError> {
    etag.map(|etag| etag.trim_matches('"').to_owned())
        .ok_or_else(|| StoreError::Answer { location: location.clone(), field: "ETag" })
}
