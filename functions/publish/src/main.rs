//! The publish Lambda: wiring.

use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use lambda_runtime::{Error, LambdaEvent, service_fn};
use lineage::Lineage;
use publish::{Config, Landing, Publisher};
use serde_json::Value;
use snowflake::{Client, Deadline, Pacing};
use telemetry::Telemetry;

/// Time kept back to cancel a statement, to log and to answer.
const MARGIN: Duration = Duration::from_secs(8);

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let telemetry = telemetry::init("publish", |name| std::env::var(name).ok());
    match run(&telemetry).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => telemetry::cannot_start(&*error),
    }
}

async fn run(telemetry: &Telemetry) -> Result<(), Error> {
    let publisher = start(telemetry)?;
    let handler = async |event: LambdaEvent<Value>| {
        let deadline = Deadline::before(event.context.deadline(), MARGIN);
        let answering = publisher.handle(event.payload, &event.context.request_id, deadline);
        telemetry::answer(Box::pin(answering)).await
    };
    lambda_runtime::run(service_fn(handler)).await
}

fn start(telemetry: &Telemetry) -> Result<Publisher, Error> {
    let config = Config::from_env()?;
    telemetry.identify(&config.stack_name, &config.dataset);
    let dataset = datasets::load(&config.dataset)?;
    let aws = aws::config(|name| std::env::var(name).ok())?;
    let landing = Landing::new(aws_sdk_s3::Client::new(&aws), config.lake_bucket);
    let database = config.snowflake.database.clone();
    let client = Client::new(config.snowflake, &aws, Pacing::default())?;
    let lookup = |name: &str| std::env::var(name).ok();
    let lineage = Lineage::open(lookup, &dataset, &aws, SystemTime::now)?;
    let publisher = Publisher::new(dataset, landing, client, database, config.schema_role)?;
    Ok(publisher.with_lineage(lineage))
}
