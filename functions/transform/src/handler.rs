//! One invocation: every landing object it names becomes Parquet, quarantine and a ledger entry.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Instant;

use columnar::{Report, Source, Transformer, Written};
use contract::Dataset;
use lake::{LandingObject, OutputKeys};
use serde::Serialize;
use serde_json::Value;
use telemetry::Metrics;
use tokio::sync::OnceCell;

use crate::config::Config;
use crate::error::HandlerError;
use crate::ledger::{Ledger, LedgerOutput};
use crate::notification::landing_objects;
use crate::outputs::{CONTENT_TYPE_JSON, OpenUpload, StoreOutputs};
use crate::store::{Landed, Location, Store, StoreError, Stored};

/// What an invocation did, over all its objects.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Landing objects transformed.
    pub objects: u64,
    /// Records read.
    pub rows_read: u64,
    /// Records that obey the contract.
    pub rows_accepted: u64,
    /// Records in quarantine.
    pub rows_rejected: u64,
}

/// Transforms landing objects; one lives as long as its execution environment.
pub struct Handler {
    config: Config,
    dataset: Dataset,
    store: Store,
    salt: secrets::Source,
    threads: NonZeroUsize,
    transformer: OnceCell<Arc<Transformer>>,
}

impl Handler {
    /// Makes a handler that transforms on `threads` threads. It asks nothing of the network: the
    /// salt is read with the first object, so that a start is quick and a failure to read it fails
    /// an invocation, which is reported and retried, instead of the start.
    pub fn new(
        config: Config,
        dataset: Dataset,
        store: Store,
        salt: secrets::Source,
        threads: NonZeroUsize,
    ) -> Self {
        Self { config, dataset, store, salt, threads, transformer: OnceCell::new() }
    }

    /// Transforms every landing object the event names, in turn. Everything written is a function
    /// of the object and the contract, so an event may come twice, late, or after a failure that
    /// left part of its work done.
    ///
    /// # Errors
    /// An object that fails does not keep its neighbours from being transformed; then the error
    /// names every object that failed. It stands for the whole event also when that is a batch of
    /// SQS messages: all of them come again, and those that succeeded write the same bytes.
    pub async fn handle(&self, event: Value) -> Result<Summary, HandlerError> {
        let objects = landing_objects(event, &self.config.lake_bucket);
        let total = objects.len();
        let mut summary = Summary::default();
        let mut failures = Vec::new();
        for object in objects {
            let outcome = match object {
                Ok(object) => self.transform(&object).await,
                Err(error) => Err(error.into()),
            };
            match outcome {
                Ok(ledger) => summary.add(&ledger),
                Err(error) => failures.push(error),
            }
        }
        match failures.len() {
            0 => Ok(summary),
            1 if total == 1 => Err(failures.remove(0)),
            _ => Err(HandlerError::Several { total, failures }),
        }
    }

    async fn transform(&self, object: &LandingObject) -> Result<Ledger, HandlerError> {
        let started = Instant::now();
        let keys = OutputKeys::new(object)?;
        let transformer = self.transformer().await?;
        let landed = self.store.get(object).await?;
        let outputs = Arc::new(StoreOutputs::new(
            self.store.clone(),
            object.bucket.clone(),
            keys.clone(),
            transformer.dataset(),
        ));
        let landing = (landed.landed_at_micros, landed.bytes);
        let outcome =
            match run(transformer, object, &self.config.region, landed, Arc::clone(&outputs)).await
            {
                Ok(report) => self.finish(object, &keys, landing, report).await,
                Err(error) => Err(error),
            };
        // Whatever was not completed is given up by now; S3 is told before the environment sleeps.
        outputs.settle().await;
        let ledger = outcome?;
        report_done(&ledger, started);
        Ok(ledger)
    }

    async fn transformer(&self) -> Result<Arc<Transformer>, HandlerError> {
        let transformer = self.transformer.get_or_try_init(async || {
            let secret = self.salt.read().await.map_err(HandlerError::HashSalt)?;
            // The line end that editors put at the end of a file is no part of the salt.
            let salt = secret.expose().trim_end().as_bytes();
            if salt.is_empty() {
                return Err(HandlerError::EmptyHashSalt);
            }
            Transformer::new(self.dataset.clone(), salt, self.threads)
                .map(Arc::new)
                .map_err(|source| HandlerError::Plan { dataset: self.dataset.name.clone(), source })
        });
        transformer.await.cloned()
    }

    /// Makes the outputs visible, and then the ledger entry that lists them.
    async fn finish(
        &self,
        object: &LandingObject,
        keys: &OutputKeys,
        (landed_at_micros, bytes): (i64, u64),
        report: Report<OpenUpload>,
    ) -> Result<Ledger, HandlerError> {
        let outputs = complete(object, report.written).await?;
        let ledger = Ledger {
            id: keys.id().to_owned(),
            dataset: self.dataset.name.clone(),
            contract_version: self.dataset.version.clone(),
            bucket: object.bucket.clone(),
            key: object.key.clone(),
            version_id: object.version_id.clone(),
            etag: object.etag.clone(),
            bytes,
            landed_at_micros,
            rows_read: report.rows_read,
            rows_accepted: report.rows_accepted,
            rows_rejected: report.rejected_by_rule.values().sum(),
            rejected_by_rule: report.rejected_by_rule,
            outputs,
        };
        let line = ledger
            .to_line()
            .map_err(|source| HandlerError::Ledger { object: object.uri(), source })?;
        let location = Location { bucket: object.bucket.clone(), key: keys.ledger() };
        self.store.put(&location, CONTENT_TYPE_JSON, line.into()).await?;
        Ok(ledger)
    }
}

/// Runs the transform, which computes and blocks, on a thread of its own.
async fn run(
    transformer: Arc<Transformer>,
    object: &LandingObject,
    region: &str,
    landed: Landed,
    outputs: Arc<StoreOutputs>,
) -> Result<Report<OpenUpload>, HandlerError> {
    let (uri, key, region) = (object.uri(), object.key.clone(), region.to_owned());
    let work = tokio::task::spawn_blocking(move || {
        let source = Source {
            object: &uri,
            key: &key,
            region: &region,
            landed_at_micros: landed.landed_at_micros,
        };
        transformer.run(landed.body, &source, &*outputs)
    });
    match work.await {
        Ok(report) => {
            report.map_err(|source| HandlerError::Object { object: object.uri(), source })
        }
        Err(source) => Err(HandlerError::Panic { object: object.uri(), source }),
    }
}

/// Makes the outputs visible, all at once. When one fails the others may become visible; without a
/// ledger entry they do not count, and the repetition overwrites them with the same bytes.
async fn complete(
    object: &LandingObject,
    written: Vec<Written<OpenUpload>>,
) -> Result<Vec<LedgerOutput>, HandlerError> {
    let completing: Vec<_> =
        written.into_iter().map(|output| tokio::spawn(complete_one(output))).collect();
    let mut outputs = Vec::with_capacity(completing.len());
    for output in completing {
        let output = output.await;
        outputs
            .push(output.map_err(|source| HandlerError::Panic { object: object.uri(), source })??);
    }
    Ok(outputs)
}

async fn complete_one(written: Written<OpenUpload>) -> Result<LedgerOutput, StoreError> {
    let Written { file: OpenUpload { upload, zone, table, key }, rows, .. } = written;
    let Stored { bytes, etag } = upload.complete().await?;
    let etag = table.is_some().then_some(etag);
    Ok(LedgerOutput { zone, table, key, rows, bytes, etag })
}

fn report_done(ledger: &Ledger, started: Instant) {
    let elapsed = started.elapsed();
    tracing::info!(
        bucket = ledger.bucket,
        key = ledger.key,
        bytes = ledger.bytes,
        rows_read = ledger.rows_read,
        rows_accepted = ledger.rows_accepted,
        rows_rejected = ledger.rows_rejected,
        ms = elapsed.as_millis() as u64,
        "object transformed"
    );
    Metrics::new("Snowline", &[("Dataset", &ledger.dataset), ("Function", "transform")])
        .count("ObjectsTransformed", 1)
        .count("RowsRead", ledger.rows_read)
        .count("RowsAccepted", ledger.rows_accepted)
        .count("RowsRejected", ledger.rows_rejected)
        .bytes("BytesRead", ledger.bytes)
        .milliseconds("TransformTime", elapsed)
        .emit();
}

impl Summary {
    fn add(&mut self, ledger: &Ledger) {
        self.objects += 1;
        self.rows_read += ledger.rows_read;
        self.rows_accepted += ledger.rows_accepted;
        self.rows_rejected += ledger.rows_rejected;
    }
}
