//! The load Lambda: wiring.

use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use lambda_runtime::{Error, LambdaEvent, service_fn};
use lineage::Lineage;
use load::{Config, Loader};
use serde_json::Value;
use snowflake::{Client, Deadline, Pacing};
use telemetry::Telemetry;

/// Time kept back to cancel a statement, to log and to answer.
const MARGIN: Duration = Duration::from_secs(8);

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let telemetry = telemetry::init("load", |name| std::env::var(name).ok());
    match run(&telemetry).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => telemetry::cannot_start(&*error),
    }
}

async fn run(telemetry: &Telemetry) -> Result<(), Error> {
    let loader = start(telemetry)?;
    let handler = async |event: LambdaEvent<Value>| {
        let deadline = Deadline::before(event.context.deadline(), MARGIN);
        let answering = loader.handle(event.payload, &event.context.request_id, deadline);
        telemetry::answer(Box::pin(answering)).await
    };
    lambda_runtime::run(service_fn(handler)).await
}

fn start(telemetry: &Telemetry) -> Result<Loader, Error> {
    let config = Config::from_env()?;
    telemetry.identify(&config.stack_name, &config.dataset);
    let dataset = datasets::load(&config.dataset)?;
    let aws = aws::config(|name| std::env::var(name).ok())?;
    let client = Client::new(config.snowflake, &aws, Pacing::default())?;
    let lookup = |name: &str| std::env::var(name).ok();
    let lineage = Lineage::open(lookup, &dataset, &aws, SystemTime::now)?;
    let loader = Loader::new(dataset, config.lake_bucket, config.schema_role, client)?;
    Ok(loader.with_lineage(lineage))
}
