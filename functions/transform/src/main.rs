//! The transform Lambda: wires configuration, contract and S3 client to the handler.

use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::thread::available_parallelism;

use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;
use transform::{Config, Handler, Store};

// The transform computes on threads of its own; these two move bytes.
#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    telemetry::init();
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("cannot start: {}", telemetry::error_chain(&*error));
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Error> {
    let config = Config::from_env()?;
    let dataset = datasets::load(&config.dataset)?;
    let threads = available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let handler = Handler::new(config, dataset, Store::new(s3().await), threads);
    let handle = async |event: LambdaEvent<Value>| {
        // Boxed, because the compiler gives up on the size of so deep a nest of futures.
        let outcome = Box::pin(handler.handle(event.payload)).await;
        outcome.map_err(|error| telemetry::diagnostic(&error))
    };
    lambda_runtime::run(service_fn(handle)).await
}

async fn s3() -> aws_sdk_s3::Client {
    let http = aws_smithy_http_client::Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .build_https();
    let config =
        aws_config::defaults(aws_config::BehaviorVersion::latest()).http_client(http).load().await;
    aws_sdk_s3::Client::new(&config)
}
