//! One invocation: a batch of messages in, the messages to be delivered again out.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Instant, SystemTime};

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use contract::Dataset;
use lineage::{Copied, Lineage};
use serde_json::{Value, json};
use snowflake::{Client, Deadline};
use statements::{StatementError, Statements};
use telemetry::metric::{
    CopyTime, FilesAlreadyLoaded, FilesFailed, FilesLoaded, LoadLag, LoadTime, RowsLoaded,
};
use telemetry::{Coded, Metrics, log_failure};
use tokio::sync::OnceCell;

use crate::batch::Batch;
use crate::copy::{Copier, Times};
use crate::outcome::{Failure, Outcome};
use crate::table::Table;

/// Most files that the log line of one reason names.
const NAMED_FILES: usize = 10;

/// Why nothing of a batch can be loaded.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The event is not a batch of SQS messages.
    #[error("the event is not a batch of SQS messages")]
    Event(#[from] serde_json::Error),
    /// A statement cannot be rendered.
    #[error("cannot render a statement")]
    Statement(#[from] StatementError),
    /// The tables do not fit the files.
    #[error(transparent)]
    Schema(#[from] schema::Error),
}

impl Coded for Error {
    fn code(&self) -> &'static str {
        match self {
            Self::Event(_) => "load.event_malformed",
            Self::Statement(_) => "load.statement_not_rendered",
            Self::Schema(error) => error.code(),
        }
    }

    fn statement_handle(&self) -> Option<&str> {
        match self {
            Self::Event(_) | Self::Statement(_) => None,
            Self::Schema(error) => error.statement_handle(),
        }
    }
}

/// Loads files of one dataset. It is built once and serves every invocation.
pub struct Loader {
    dataset: Dataset,
    lake_bucket: String,
    schema_role: String,
    statements: Statements,
    client: Client,
    schema_reconciled: OnceCell<()>,
    lineage: Lineage,
}

/// What became of the files of a batch.
#[derive(Default)]
struct Tally {
    loaded: Vec<String>,
    files_already_loaded: u64,
    /// Into the table of rows.
    rows_loaded: u64,
    failed: BTreeSet<String>,
    times: Times,
}

impl Loader {
    /// Prepares to load the files of a dataset from the lake's bucket. `schema_role` owns the
    /// tables.
    ///
    /// # Errors
    /// [`StatementError`] when the embedded templates do not parse.
    pub fn new(
        dataset: Dataset,
        lake_bucket: String,
        schema_role: String,
        client: Client,
    ) -> Result<Self, StatementError> {
        let statements = Statements::new(&dataset)?;
        let (schema_reconciled, lineage) = (OnceCell::new(), Lineage::default());
        let loader = Self {
            dataset,
            lake_bucket,
            schema_role,
            statements,
            client,
            schema_reconciled,
            lineage,
        };
        Ok(loader)
    }

    /// Tells `lineage` of every batch, once it is done.
    #[must_use]
    pub fn with_lineage(self, lineage: Lineage) -> Self {
        Self { lineage, ..self }
    }

    /// Loads the files that a batch of messages names. The answer lists the messages that name a
    /// file which could not be loaded, or nothing that could; each cause is logged once.
    /// `batch_id` goes into the query tag.
    ///
    /// # Errors
    /// [`Error`] when nothing can be loaded: then all messages are to be delivered again.
    pub async fn handle(
        &self,
        event: Value,
        batch_id: &str,
        deadline: Deadline,
    ) -> Result<SqsBatchResponse, Error> {
        let answer = self.answer(event, batch_id, deadline).await;
        answer.inspect_err(|error| log_failure(error, "batch not loaded"))
    }

    async fn answer(
        &self,
        event: Value,
        batch_id: &str,
        deadline: Deadline,
    ) -> Result<SqsBatchResponse, Error> {
        let event: SqsEvent = serde_json::from_value(event)?;
        let batch = Batch::read(event, &self.dataset, &self.lake_bucket);
        let mut response = SqsBatchResponse::default();
        for message in &batch.refused {
            let (code, error) = (message.error.code(), telemetry::error_chain(&message.error));
            tracing::error!(message_id = message.message_id, code, error, "message refused");
            response.add_failure(message.message_id.as_str());
        }
        if batch.files.is_empty() {
            return Ok(response);
        }
        let failed = self.load(&batch, batch_id, deadline).await?;
        for (message_id, keys) in &batch.messages {
            if !keys.is_disjoint(&failed) {
                response.add_failure(message_id.as_str());
            }
        }
        Ok(response)
    }

    /// Copies the files table by table and returns the keys of those that failed.
    async fn load(
        &self,
        batch: &Batch,
        batch_id: &str,
        deadline: Deadline,
    ) -> Result<BTreeSet<String>, Error> {
        let started = Instant::now();
        let mut total = Tally::default();
        let outcome = self.copy(batch, batch_id, deadline, &mut total).await;
        if outcome.is_err() {
            // All messages come again, also those of files that were loaded.
            total.failed = batch.files.values().flatten().cloned().collect();
        }
        Metrics::new()
            .add(FilesLoaded, total.loaded.len() as u64)
            .add(FilesAlreadyLoaded, total.files_already_loaded)
            .add(FilesFailed, total.failed.len() as u64)
            .add(RowsLoaded, total.rows_loaded)
            .add(LoadTime, started.elapsed())
            .add(CopyTime, total.times.copy)
            .add(LoadLag, total.times.lag)
            .emit();
        self.lineage.copied(batch_id, &outcome?).await;
        Ok(total.failed)
    }

    /// Copies the files table by table, and adds what became of them to `total`. Returns it by
    /// table.
    async fn copy(
        &self,
        batch: &Batch,
        batch_id: &str,
        deadline: Deadline,
        total: &mut Tally,
    ) -> Result<Vec<Copied>, Error> {
        let tag = json!({"function": "load", "dataset": self.dataset.name, "batch": batch_id});
        let query_tag = tag.to_string();
        self.schema_reconciled
            .get_or_try_init(|| self.reconcile_schema(&query_tag, deadline))
            .await?;
        let mut copier = Copier {
            client: &self.client,
            statements: &self.statements,
            dataset: &self.dataset,
            lake_bucket: &self.lake_bucket,
            query_tag: &query_tag,
            deadline,
            announced_at: &batch.announced_at,
            times: Times::default(),
        };
        let mut all = Vec::new();
        for (table, keys) in &batch.files {
            let files: Vec<String> = keys.iter().cloned().collect();
            let started_at = self.lineage.now();
            let copied = copier.copy(table, &files).await;
            total.times = copier.times;
            let tally = self.tally(table, copied?);
            all.push(tally.as_copied(table.qualified_name(&self.dataset), started_at));
            if *table == Table::Rows {
                total.rows_loaded = tally.rows_loaded;
            }
            total.loaded.extend(tally.loaded);
            total.files_already_loaded += tally.files_already_loaded;
            total.failed.extend(tally.failed);
        }
        Ok(all)
    }

    /// Sums up what became of a table's files, and logs it: a line a table, and one a reason of
    /// failure.
    fn tally(&self, table: &Table, outcomes: BTreeMap<String, Outcome>) -> Tally {
        let table = table.qualified_name(&self.dataset);
        let mut tally = Tally::default();
        let mut failures: BTreeMap<Failure, Vec<String>> = BTreeMap::new();
        for (file, outcome) in outcomes {
            match outcome {
                Outcome::Loaded { rows } => {
                    tally.loaded.push(file);
                    tally.rows_loaded += rows;
                }
                Outcome::AlreadyLoaded => tally.files_already_loaded += 1,
                Outcome::Failed(failure) => {
                    tally.failed.insert(file.clone());
                    failures.entry(failure).or_default().push(file);
                }
            }
        }
        for (Failure { code, reason, statement_handle }, files) in failures {
            tracing::error!(
                table,
                bucket = self.lake_bucket,
                files = files.len(),
                keys = files[..files.len().min(NAMED_FILES)].join(", "),
                code,
                statement_handle,
                error = reason,
                "files not loaded"
            );
        }
        tracing::info!(
            table,
            files_loaded = tally.loaded.len(),
            rows_loaded = tally.rows_loaded,
            files_already_loaded = tally.files_already_loaded,
            files_failed = tally.failed.len(),
            "copied"
        );
        tally
    }

    /// Sees to it that every column of the files has its place. Tables change with a deployment,
    /// which starts new instances, so once is enough.
    async fn reconcile_schema(
        &self,
        query_tag: &str,
        deadline: Deadline,
    ) -> Result<(), schema::Error> {
        let dataset = &self.dataset;
        let aggregates =
            dataset.aggregates.iter().map(|one| schema::Table::aggregate(dataset, one));
        let tables: Vec<schema::Table> = std::iter::once(schema::Table::staging(dataset))
            .chain(aggregates)
            .chain([schema::Table::ledger()])
            .collect();
        let (statements, client, role) = (&self.statements, &self.client, &self.schema_role);
        schema::reconcile(&tables, statements, client, role, query_tag, deadline).await
    }
}

impl Tally {
    /// What became of a table's files, as lineage tells it.
    fn as_copied(&self, table: String, started_at: SystemTime) -> Copied {
        let (loaded, rows) = (self.loaded.clone(), self.rows_loaded);
        Copied { table, started_at, loaded, rows, failed: self.failed.len() as u64 }
    }
}
