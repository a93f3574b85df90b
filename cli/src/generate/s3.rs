//! Lines to a bucket, as gzip objects laid out and named as Firehose does.

use super::Error as GenerateError;
use super::shipping::{Carrier, Traffic};
use crate::aws;
use aws_config::SdkConfig;
use aws_sdk_s3::Client;
use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::operation::put_object::PutObjectError;
use aws_sdk_s3::primitives::ByteStream;
use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use std::future::Future;
use std::io::{self, Write};
use std::sync::Arc;

/// An object is closed before it holds more than this, uncompressed.
const OBJECT_BYTES: usize = 64 * 1_024 * 1_024;

/// Why an object did not reach the bucket.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("cannot compress lines for s3://{bucket}")]
    Compress { bucket: String, source: io::Error },
    #[error("cannot put s3://{bucket}/{key}")]
    Put { bucket: String, key: String, source: Box<SdkError<PutObjectError>> },
}

/// Carries lines to objects below one prefix of a bucket.
pub(crate) struct S3 {
    client: Client,
    bucket: String,
    prefix: String,
    header: Vec<u8>,
    open: Option<OpenObject>,
    traffic: Arc<Traffic>,
}

/// An object that still takes lines.
struct OpenObject {
    opened_at: Timestamp,
    encoder: GzEncoder<Vec<u8>>,
    bytes: usize,
    lines: u64,
}

impl OpenObject {
    fn new(header: &[u8]) -> io::Result<Self> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(header)?;
        Ok(Self { opened_at: Timestamp::now(), encoder, bytes: header.len(), lines: 0 })
    }
}

/// An object that is complete.
pub(crate) struct ClosedObject {
    key: String,
    body: Vec<u8>,
    lines: u64,
}

impl S3 {
    /// Objects go to `bucket` below `prefix`, which may be empty, and begin with `header`.
    pub(crate) fn new(
        sdk: &SdkConfig,
        bucket: &str,
        prefix: &str,
        header: &[u8],
        traffic: Arc<Traffic>,
    ) -> Self {
        Self {
            client: aws::s3(sdk),
            bucket: bucket.to_owned(),
            prefix: prefix.trim_matches('/').to_owned(),
            header: header.to_owned(),
            open: None,
            traffic,
        }
    }

    fn append(&mut self, line: &[u8]) -> io::Result<()> {
        let open = match &mut self.open {
            Some(open) => open,
            None => self.open.insert(OpenObject::new(&self.header)?),
        };
        open.bytes += line.len();
        open.lines += 1;
        open.encoder.write_all(line)
    }

    fn failure(&self, source: io::Error) -> GenerateError {
        Error::Compress { bucket: self.bucket.clone(), source }.into()
    }
}

impl Carrier for S3 {
    type Parcel = ClosedObject;

    fn pack(&mut self, line: &[u8]) -> Result<Option<Self::Parcel>, GenerateError> {
        let full = self.open.as_ref().is_some_and(|open| open.bytes + line.len() > OBJECT_BYTES);
        let object = if full { self.close()? } else { None };
        self.append(line).map_err(|error| self.failure(error))?;
        Ok(object)
    }

    fn close(&mut self) -> Result<Option<Self::Parcel>, GenerateError> {
        let Some(open) = self.open.take() else { return Ok(None) };
        let key = object_key(&self.prefix, open.opened_at);
        let body = open.encoder.finish().map_err(|error| self.failure(error))?;
        Ok(Some(ClosedObject { key, body, lines: open.lines }))
    }

    fn deliver(
        &self,
        object: Self::Parcel,
    ) -> impl Future<Output = Result<(), GenerateError>> + Send + 'static {
        let bytes = object.body.len() as u64;
        let put = self
            .client
            .put_object()
            .bucket(&self.bucket)
            .key(&object.key)
            .body(ByteStream::from(object.body));
        let bucket = self.bucket.clone();
        let traffic = Arc::clone(&self.traffic);
        async move {
            Traffic::add(&traffic.put_calls, 1);
            if let Err(error) = put.send().await {
                let source = Box::new(error);
                return Err(Error::Put { bucket, key: object.key, source }.into());
            }
            Traffic::add(&traffic.records, 1);
            Traffic::add(&traffic.record_bytes, bytes);
            Traffic::add(&traffic.lines, object.lines);
            Ok(())
        }
    }
}

/// `<prefix>/year=Y/month=M/day=D/hour=H/<stream>-<version>-<time>-<unique>.gz`, by the UTC time
/// at which the object's first line came in.
fn object_key(prefix: &str, opened_at: Timestamp) -> String {
    let separator = if prefix.is_empty() { "" } else { "/" };
    let layout = "year=%Y/month=%m/day=%d/hour=%H/snowline-1-%Y-%m-%d-%H-%M-%S";
    format!("{prefix}{separator}{}-{}.gz", opened_at.strftime(layout), uuid::Uuid::new_v4())
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_config::BehaviorVersion;
    use flate2::read::GzDecoder;
    use std::io::Read;

    #[test]
    fn objects_are_laid_out_and_named_as_firehose_does() {
        let time: Timestamp = "2026-03-01T04:05:06.7Z".parse().unwrap();
        let key = object_key("landing", time);
        let (stem, unique) = key.split_at(
            "landing/year=2026/month=03/day=01/hour=04/snowline-1-2026-03-01-04-05-06-".len(),
        );
        assert_eq!(
            stem,
            "landing/year=2026/month=03/day=01/hour=04/snowline-1-2026-03-01-04-05-06-"
        );
        assert!(uuid::Uuid::parse_str(unique.trim_end_matches(".gz")).is_ok(), "{unique}");
        assert!(object_key("", time).starts_with("year=2026/"));
    }

    #[test]
    fn every_object_begins_with_the_header() {
        let sdk = SdkConfig::builder().behavior_version(BehaviorVersion::latest()).build();
        let mut s3 = S3::new(&sdk, "lake", "landing", b"a,b\n", Arc::default());
        for line in ["1,2\n", "3,4\n"] {
            assert!(s3.pack(line.as_bytes()).unwrap().is_none());
            let object = s3.close().unwrap().unwrap();
            let mut text = String::new();
            GzDecoder::new(object.body.as_slice()).read_to_string(&mut text).unwrap();
            assert_eq!((text, object.lines), (format!("a,b\n{line}"), 1));
        }
    }
}
