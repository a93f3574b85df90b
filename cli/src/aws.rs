//! How the program reaches AWS: as the environment and the AWS profile of its user say.

use std::io;

use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_s3::config::retry::RetryConfig;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use tokio::runtime::{Builder, Runtime};

const MAX_ATTEMPTS: u32 = 8;

/// The runtime that requests are sent in.
///
/// # Errors
/// The machine has no thread or no event queue left.
pub(crate) fn runtime() -> io::Result<Runtime> {
    Builder::new_multi_thread().worker_threads(2).enable_all().build()
}

/// Region, credentials and endpoint as the environment and the AWS profile give them.
pub(crate) async fn sdk_config() -> SdkConfig {
    let client = aws_smithy_http_client::Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .build_https();
    aws_config::defaults(BehaviorVersion::latest())
        .http_client(client)
        .retry_config(RetryConfig::standard().with_max_attempts(MAX_ATTEMPTS))
        .load()
        .await
}

/// A client of S3.
pub(crate) fn s3(sdk: &SdkConfig) -> aws_sdk_s3::Client {
    // A stand-in at an address of its own has no host name for each bucket.
    let config = aws_sdk_s3::config::Builder::from(sdk)
        .force_path_style(sdk.endpoint_url().is_some())
        .build();
    aws_sdk_s3::Client::from_conf(config)
}
