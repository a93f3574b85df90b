//! Whether a stream may be sent compressed records.
//!
//! Firehose joins records to objects as they are: objects of gzip members or zstd frames, which the
//! transform reads. A stream that compresses objects itself would make gzip of gzip of them, which
//! is text of no record.

use std::sync::Arc;

use aws_sdk_firehose::config::Builder;
use aws_sdk_firehose::config::retry::RetryConfig;
use aws_sdk_firehose::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_firehose::operation::describe_delivery_stream::DescribeDeliveryStreamError;
use aws_sdk_firehose::types::{CompressionFormat, DeliveryStreamDescription};

use super::{Compression, Stream};

/// Why compressed records are not sent to a stream.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DestinationError {
    #[error(
        "stream {stream} compresses what it delivers ({format}), and would compress compressed \
         records again: send them as they are, or deploy its stack with LandingCompression=UNCOMPRESSED"
    )]
    CompressesAgain { stream: Arc<str>, format: CompressionFormat },
    #[error("stream {stream} does not deliver to S3")]
    NotS3 { stream: Arc<str> },
    #[error(
        "compressed records need firehose:DescribeDeliveryStream on stream {stream}, to know that it \
         does not compress them again, and these credentials do not have it"
    )]
    NotPermitted { stream: Arc<str>, source: Box<SdkError<DescribeDeliveryStreamError>> },
    #[error("cannot ask how stream {stream} compresses")]
    Describe { stream: Arc<str>, source: Box<SdkError<DescribeDeliveryStreamError>> },
}

impl Stream {
    /// Asks whether the stream takes records of this compression. Plain ones every stream takes:
    /// nothing is asked.
    ///
    /// # Errors
    /// It does not, or cannot be asked.
    pub(crate) async fn accepts(&self, compression: Compression) -> Result<(), DestinationError> {
        if compression == Compression::None {
            return Ok(());
        }
        let stream = Arc::clone(&self.name);
        match self.compression().await? {
            Some(CompressionFormat::Uncompressed) => Ok(()),
            Some(format) => Err(DestinationError::CompressesAgain { stream, format }),
            None => Err(DestinationError::NotS3 { stream }),
        }
    }

    /// How the stream compresses the objects it delivers; `None` when it does not deliver to S3.
    ///
    /// # Errors
    /// The stream cannot be described.
    async fn compression(&self) -> Result<Option<CompressionFormat>, DestinationError> {
        // An account may ask five times a second, for all its streams.
        let patient = Builder::new().retry_config(RetryConfig::standard());
        let request = self.client.describe_delivery_stream();
        let request = request.delivery_stream_name(self.name.as_ref()).customize();
        let answer = request.config_override(patient).send().await;
        let output = answer.map_err(|source| {
            let (stream, source) = (Arc::clone(&self.name), Box::new(source));
            match source.code() {
                Some(code) if code.starts_with("AccessDenied") => {
                    DestinationError::NotPermitted { stream, source }
                }
                _ => DestinationError::Describe { stream, source },
            }
        })?;
        Ok(output.delivery_stream_description().and_then(format))
    }
}

fn format(description: &DeliveryStreamDescription) -> Option<CompressionFormat> {
    let mut destinations = description.destinations().iter();
    let s3 = destinations.find_map(|it| it.extended_s3_destination_description())?;
    Some(s3.compression_format().clone())
}
