//! The load Lambda: wiring.

use std::error::Error;
use std::time::{Duration, SystemTime};

use aws_lambda_events::sqs::SqsEvent;
use lambda_runtime::{LambdaEvent, service_fn};
use lineage::Lineage;
use load::{Config, Loader};
use snowflake::{Client, Deadline, Pacing};

/// Time kept back to cancel a statement, to log and to answer.
const MARGIN: Duration = Duration::from_secs(8);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    telemetry::init();
    let loader = start().inspect_err(|error| {
        tracing::error!(error = telemetry::error_chain(error.as_ref()), "cannot start");
    })?;
    let handler = async |event: LambdaEvent<SqsEvent>| {
        let deadline = Deadline::before(event.context.deadline(), MARGIN);
        let answer = loader.handle(event.payload, &event.context.request_id, deadline).await;
        answer.map_err(|error| telemetry::diagnostic(&error))
    };
    lambda_runtime::run(service_fn(handler)).await
}

fn start() -> Result<Loader, Box<dyn Error + Send + Sync>> {
    let config = Config::from_env()?;
    let dataset = datasets::load(&config.dataset)?;
    let aws = aws::config(|name| std::env::var(name).ok())?;
    let client = Client::new(config.snowflake, &aws, Pacing::default())?;
    let lookup = |name: &str| std::env::var(name).ok();
    let lineage = Lineage::open(lookup, "load", &dataset, &aws, SystemTime::now)?;
    let loader = Loader::new(dataset, config.lake_bucket, config.schema_role, client)?;
    Ok(loader.with_lineage(lineage))
}
