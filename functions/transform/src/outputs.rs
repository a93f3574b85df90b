//! The outputs of one landing object as uploads to the lake.

use std::io::{self, Write};
use std::mem;
use std::sync::{Mutex, PoisonError};

use columnar::{Output, Outputs};
use contract::Dataset;
use lake::OutputKeys;
use tokio::runtime::Handle;
use tokio::task::JoinSet;

use crate::store::{Location, Store};
use crate::upload::Upload;

/// Media type of a ledger entry.
pub(crate) const CONTENT_TYPE_JSON: &str = "application/json";
const CONTENT_TYPE_NDJSON: &str = "application/x-ndjson";
const CONTENT_TYPE_PARQUET: &str = "application/vnd.apache.parquet";

/// Opens an upload an output, in the zone and under the key it belongs to.
#[derive(Debug)]
pub(crate) struct StoreOutputs {
    store: Store,
    bucket: String,
    keys: OutputKeys,
    dataset: String,
    aggregates: Vec<String>,
    runtime: Handle,
    tasks: Mutex<JoinSet<()>>,
}

/// An upload under way, and what the ledger says about it.
#[derive(Debug)]
pub(crate) struct OpenUpload {
    /// The upload.
    pub upload: Upload,
    /// Its zone, as the ledger names it.
    pub zone: &'static str,
    /// The staging table it is loaded into, if it is loaded.
    pub table: Option<String>,
    /// Its key.
    pub key: String,
}

impl StoreOutputs {
    /// Prepares the outputs of the landing object that `keys` stand for. Must be called within the
    /// runtime that is to send the uploads.
    pub(crate) fn new(store: Store, bucket: String, keys: OutputKeys, dataset: &Dataset) -> Self {
        Self {
            store,
            bucket,
            keys,
            dataset: dataset.name.clone(),
            aggregates: dataset.aggregates.iter().map(|aggregate| aggregate.name.clone()).collect(),
            runtime: Handle::current(),
            tasks: Mutex::default(),
        }
    }

    /// Waits until every upload is either complete or aborted. The uploads must have been
    /// completed or dropped.
    pub(crate) async fn settle(&self) {
        let mut tasks = mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        while tasks.join_next().await.is_some() {}
    }

    fn describe(&self, output: Output) -> io::Result<(&'static str, Option<String>, String)> {
        Ok(match output {
            Output::Processing => ("processing", None, self.keys.processing()),
            Output::Processed => ("processed", Some(self.dataset.clone()), self.keys.processed()),
            Output::Aggregate(index) => {
                let name = self.aggregates.get(index).ok_or(io::ErrorKind::NotFound)?;
                ("aggregate", Some(name.clone()), self.keys.aggregate(name))
            }
            Output::Quarantine => ("quarantine", None, self.keys.quarantine()),
        })
    }
}

impl Outputs for StoreOutputs {
    type File = OpenUpload;

    fn create(&self, output: Output) -> io::Result<OpenUpload> {
        let (zone, table, key) = self.describe(output)?;
        let content_type =
            if zone == "quarantine" { CONTENT_TYPE_NDJSON } else { CONTENT_TYPE_PARQUET };
        let location = Location { bucket: self.bucket.clone(), key: key.clone() };
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        let upload = self.store.upload(location, content_type, &mut tasks, &self.runtime);
        Ok(OpenUpload { upload, zone, table, key })
    }
}

impl Write for OpenUpload {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.upload.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.upload.flush()
    }
}
