//! One invocation: a task in, its report out.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use contract::{Dataset, Severity};
use lineage::Lineage;
use serde_json::{Value, json};
use snowflake::{Client, Deadline, Rows, Statement};
use statements::{CheckStatement, StatementError, Statements};
use telemetry::metric::{
    CheckTime, ChecksFailed, ChecksRun, ChecksWarned, Freshness, FreshnessLimit, Latency,
    LatencyLimit, MergeTime, RowsDeleted, RowsInserted, RowsUpdated,
};
use telemetry::{Coded, Metrics, log_failure};
use tokio::sync::OnceCell;

use crate::check_result::{CheckResult, sample_keys};
use crate::error::Error;
use crate::landing::Landing;
use crate::lineage::published;
use crate::report::{Merge, Report};
use crate::task::{Request, Task};

/// Runs the tasks of one dataset. It is built once and serves every invocation.
pub struct Publisher {
    pub(crate) dataset: Dataset,
    pub(crate) statements: Statements,
    pub(crate) landing: Landing,
    client: Client,
    database: String,
    schema_role: String,
    schema_reconciled: OnceCell<()>,
    lineage: Lineage,
}

/// One invocation's circumstances.
pub(crate) struct Run<'a> {
    request: &'a Request,
    query_tag: String,
    pub(crate) deadline: Deadline,
    /// What an audit or a check measured, once it is known.
    results: OnceLock<Vec<CheckResult>>,
}

impl Publisher {
    /// Prepares to run the tasks of a dataset. `database` is the one in which the client runs
    /// statements, as Snowflake shows its name; `schema_role` owns the tables.
    ///
    /// # Errors
    /// [`StatementError`] when the embedded templates do not parse.
    pub fn new(
        dataset: Dataset,
        landing: Landing,
        client: Client,
        database: String,
        schema_role: String,
    ) -> Result<Self, StatementError> {
        let statements = Statements::new(&dataset)?;
        let (schema_reconciled, lineage) = (OnceCell::new(), Lineage::default());
        Ok(Self {
            dataset,
            statements,
            landing,
            client,
            database,
            schema_role,
            schema_reconciled,
            lineage,
        })
    }

    /// Tells `lineage` of every task, once it is done.
    #[must_use]
    pub fn with_lineage(self, lineage: Lineage) -> Self {
        Self { lineage, ..self }
    }

    /// Runs a task. A statement still running at the deadline is cancelled, and the error names
    /// its handle. `invocation_id` goes into the query tag.
    ///
    /// # Errors
    /// [`Error`], for a failed audit or check only after its results are stored.
    pub async fn handle(
        &self,
        payload: Value,
        invocation_id: &str,
        deadline: Deadline,
    ) -> Result<Report, Error> {
        let answer = self.answer(payload, invocation_id, deadline).await;
        answer.inspect_err(|error| log_failure(error, "task failed"))
    }

    async fn answer(
        &self,
        payload: Value,
        invocation_id: &str,
        deadline: Deadline,
    ) -> Result<Report, Error> {
        let request: Request = serde_json::from_value(payload)?;
        let tag = json!({
            "function": "publish",
            "dataset": self.dataset.name,
            "task": request.task,
            "run_id": request.run_id,
            "batch": invocation_id,
        });
        let query_tag = tag.to_string();
        let run = Run { request: &request, query_tag, deadline, results: OnceLock::new() };
        let started_at = self.lineage.now();
        let outcome = match request.task {
            Task::Audit => self.audit(&run).await,
            Task::Merge => self.merge(&run).await,
            Task::Check => self.check(&run).await,
        };
        let results = run.results.get().map_or(&[][..], Vec::as_slice);
        let published = published(&request, started_at, results, &outcome);
        self.lineage.published(invocation_id, published).await;
        outcome
    }

    async fn merge(&self, run: &Run<'_>) -> Result<Report, Error> {
        let started = Instant::now();
        self.schema_reconciled.get_or_try_init(|| self.reconcile_schema(run)).await?;
        let failed = |source| Error::Task { task: Task::Merge, source };
        let rows = self.execute("merge", self.statements.merge()?, run).await.map_err(failed)?;
        let merge = Merge::read(&rows).map_err(failed)?;
        Metrics::new()
            .add(RowsInserted, merge.inserted)
            .add(RowsUpdated, merge.updated)
            .add(RowsDeleted, merge.deleted)
            .add(MergeTime, started.elapsed())
            .emit();
        Ok(Report::Merge(merge))
    }

    /// Sees to it that the merge finds every column of the contract, also before the first file
    /// that has it. Tables change with a deployment, which starts new instances, so once is enough.
    async fn reconcile_schema(&self, run: &Run<'_>) -> Result<(), schema::Error> {
        let tables =
            [schema::Table::staging(&self.dataset), schema::Table::analytics(&self.dataset)];
        let (statements, client, role) = (&self.statements, &self.client, &self.schema_role);
        schema::reconcile(&tables, statements, client, role, &run.query_tag, run.deadline).await
    }

    /// Runs every check for which there is time, whatever becomes of the others, and stores all
    /// results at once.
    async fn check(&self, run: &Run<'_>) -> Result<Report, Error> {
        let started = Instant::now();
        let mut checks = Vec::new();
        let mut broken = Vec::new();
        for check in self.statements.checks()? {
            match self.measure(&check, run).await {
                Ok(result) => checks.push(result),
                Err(source) => {
                    checks.push(CheckResult::unmeasured(&check, false));
                    let late = source.is_late();
                    broken.push(Error::Check { id: check.id, source });
                    if late {
                        break;
                    }
                }
            }
        }
        self.emit_checks(&checks, started.elapsed());
        broken.extend(self.store(&checks, run).await.err());
        checks.iter_mut().for_each(|check| check.make_query_portable(&self.database));
        broken.extend(judge(&checks).err());
        // The first error is the answer; what followed is only logged.
        let mut broken = broken.into_iter();
        let first = broken.next();
        for error in broken {
            log_failure(&error, "task failed further");
        }
        first.map_or(Ok(Report::Check { checks }), Err)
    }

    async fn measure(
        &self,
        check: &CheckStatement,
        run: &Run<'_>,
    ) -> Result<CheckResult, snowflake::Error> {
        let rows = self.execute("check", check.query.clone(), run).await?;
        let mut result = CheckResult::read(check, &rows)?;
        if let Some(query) = check.failing_keys_query.as_ref().filter(|_| !result.passed) {
            let rows = self.execute("failing_keys", query.clone(), run).await;
            match rows.and_then(|rows| sample_keys(&rows, &self.dataset.dedupe.key)) {
                Ok(keys) => result.failing_keys = keys,
                // The check is reported as failed all the same.
                Err(error) => {
                    let (code, statement_handle) = (error.code(), error.statement_handle());
                    let error = telemetry::error_chain(&error);
                    let check = &check.id;
                    tracing::warn!(
                        check,
                        code,
                        statement_handle,
                        error,
                        "no sample of what makes it fail"
                    );
                }
            }
        }
        Ok(result)
    }

    fn emit_checks(&self, checks: &[CheckResult], elapsed: Duration) {
        let failed = |severity| {
            checks.iter().filter(|one| !one.passed && one.severity == severity).count() as u64
        };
        let measured = |id, minutes: Option<u32>| Some((service_time(checks, id)?, minutes?));
        let freshness = self.dataset.freshness.as_ref().map(|sla| sla.minutes);
        let latency = self.dataset.latency.as_ref().map(|sla| sla.minutes);
        let freshness = measured("freshness", freshness);
        let latency = measured("latency", latency);
        let limit = |(_, minutes): (Duration, u32)| Duration::from_secs(u64::from(minutes) * 60);
        Metrics::new()
            .add(ChecksRun, checks.len() as u64)
            .add(ChecksFailed, failed(Severity::Error))
            .add(ChecksWarned, failed(Severity::Warning))
            .add(CheckTime, elapsed)
            .add(Freshness, freshness.map(|(time, _)| time))
            .add(FreshnessLimit, freshness.map(limit))
            .add(Latency, latency.map(|(time, _)| time))
            .add(LatencyLimit, latency.map(limit))
            .emit();
    }

    pub(crate) async fn store(&self, results: &[CheckResult], run: &Run<'_>) -> Result<(), Error> {
        let _ = run.results.set(results.to_vec());
        let task = run.request.task;
        let run_id = run.request.run_id.as_deref();
        let sql = self.statements.insert_check_results(results.len())?;
        let mut statement = Statement::new("check_results", sql, &run.query_tag);
        statement.bindings =
            results.iter().flat_map(|result| result.bindings(task, run_id)).collect();
        self.client.execute(&statement, run.deadline).await.map_err(Error::Store)?;
        Ok(())
    }

    /// Runs a statement, which has this name in metrics, logs and traces.
    pub(crate) async fn execute(
        &self,
        name: &'static str,
        sql: String,
        run: &Run<'_>,
    ) -> Result<Rows, snowflake::Error> {
        self.client.execute(&Statement::new(name, sql, &run.query_tag), run.deadline).await
    }
}

/// The time that the check of a service level measured; none without the check, or without rows.
fn service_time(checks: &[CheckResult], id: &str) -> Option<Duration> {
    let check = checks.iter().find(|check| check.check_id == id)?;
    let minutes: f64 = check.value.as_ref()?.parse().ok()?;
    Duration::try_from_secs_f64(minutes * 60.0).ok()
}

/// Whether the checks let the task succeed. Failed checks of severity warning are logged.
pub(crate) fn judge(checks: &[CheckResult]) -> Result<(), Error> {
    let failed = |severity| {
        let failed = checks.iter().filter(move |one| !one.passed && one.severity == severity);
        failed.map(CheckResult::to_string).collect::<Vec<_>>()
    };
    for check in failed(Severity::Warning) {
        tracing::warn!(check, "check failed");
    }
    let failed = failed(Severity::Error);
    if failed.is_empty() { Ok(()) } else { Err(Error::ChecksFailed { failed }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_level_has_a_time_where_it_was_measured() {
        let result = |id: &str, value: Option<&str>| CheckResult {
            check_id: id.to_owned(),
            severity: Severity::Error,
            passed: true,
            value: value.map(str::to_owned),
            threshold: "<= 120".to_owned(),
            failing_keys: Vec::new(),
            failing_rows_query: None,
        };
        let checks = [
            result("volume", Some("100")),
            result("freshness", Some("2.000000")),
            result("latency", Some("90.500000")),
        ];
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        assert_eq!(service_time(&checks, "freshness"), seconds(120));
        assert_eq!(service_time(&checks, "latency"), seconds(5_430));
        assert_eq!(service_time(&checks, "retention"), None);
        assert_eq!(service_time(&[result("latency", None)], "latency"), None);
        assert_eq!(service_time(&[result("freshness", Some("-1"))], "freshness"), None);
    }
}
