//! The transform Lambda: wires configuration, contract and S3 client to the handler.

use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::thread::available_parallelism;

use lambda_runtime::{Error, LambdaEvent, service_fn};
use secrets::Source;
use serde_json::Value;
use telemetry::Telemetry;
use transform::{Config, Handler, Store};

// The transform computes on threads of its own; these two move bytes.
#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    let telemetry = telemetry::init("transform", |name| std::env::var(name).ok());
    match run(&telemetry).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => telemetry::cannot_start(&*error),
    }
}

async fn run(telemetry: &Telemetry) -> Result<(), Error> {
    let config = Config::from_env()?;
    telemetry.identify(&config.stack_name, &config.dataset);
    let dataset = datasets::load(&config.dataset)?;
    let threads = available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let aws = aws::config(|name| std::env::var(name).ok())?;
    let salt = Source::open(config.hash_salt.clone(), &aws);
    let store = Store::new(aws_sdk_s3::Client::new(&aws));
    let handler = Handler::new(config, dataset, store, salt, threads);
    let handle = async |event: LambdaEvent<Value>| {
        telemetry::answer(Box::pin(handler.handle(event.payload))).await
    };
    lambda_runtime::run(service_fn(handle)).await
}
