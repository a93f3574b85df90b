//! The publish Lambda: wiring.

use std::error::Error;
use std::time::{Duration, SystemTime};

use lambda_runtime::{LambdaEvent, service_fn};
use lineage::Lineage;
use publish::{Config, Landing, Publisher, Request};
use snowflake::{Client, Deadline, Pacing};

/// Time kept back to cancel a statement, to log and to answer.
const MARGIN: Duration = Duration::from_secs(8);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    telemetry::init();
    let publisher = start().inspect_err(|error| {
        tracing::error!(error = telemetry::error_chain(error.as_ref()), "cannot start");
    })?;
    let handler = async |event: LambdaEvent<Request>| {
        let deadline = Deadline::before(event.context.deadline(), MARGIN);
        let answer = publisher.handle(&event.payload, &event.context.request_id, deadline).await;
        answer.map_err(|error| telemetry::diagnostic(&error))
    };
    lambda_runtime::run(service_fn(handler)).await
}

fn start() -> Result<Publisher, Box<dyn Error + Send + Sync>> {
    let config = Config::from_env()?;
    let dataset = datasets::load(&config.dataset)?;
    let aws = aws::config(|name| std::env::var(name).ok())?;
    let landing = Landing::new(aws_sdk_s3::Client::new(&aws), config.lake_bucket);
    let database = config.snowflake.database.clone();
    let client = Client::new(config.snowflake, &aws, Pacing::default())?;
    let lookup = |name: &str| std::env::var(name).ok();
    let lineage = Lineage::open(lookup, "publish", &dataset, &aws, SystemTime::now)?;
    let publisher = Publisher::new(dataset, landing, client, database, config.schema_role)?;
    Ok(publisher.with_lineage(lineage))
}
