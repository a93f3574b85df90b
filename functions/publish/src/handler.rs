//! One invocation: a task in, its report out.

use std::time::{Duration, Instant};

use contract::{Dataset, Severity};
use serde_json::json;
use snowflake::{Client, Deadline, Rows, Statement};
use statements::{AUDIT_GRACE_MINUTES, CheckStatement, StatementError, Statements};
use telemetry::Metrics;

use crate::report::{Audit, CheckResult, Merge, Report};
use crate::task::{Request, Task};

/// Most objects that the error of a failed audit names.
const NAMED_OBJECTS: usize = 10;

/// Why a task failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A statement cannot be rendered.
    #[error("cannot render a statement")]
    Statement(#[from] StatementError),
    /// The statement of the audit or the merge did not succeed.
    #[error("{}", task.name())]
    Task {
        /// The task.
        task: Task,
        /// What Snowflake or the way there says, with the statement's handle.
        #[source]
        source: snowflake::Error,
    },
    /// Ledger and staging differ.
    #[error("audit: objects whose loaded rows are not the accepted ones: {total}: {}", named.join(", "))]
    Mismatch {
        /// How many objects.
        total: u64,
        /// The first of them, with their counts.
        named: Vec<String>,
    },
    /// The query of a check did not succeed.
    #[error("check {id}")]
    Check {
        /// Identifier of the check.
        id: String,
        /// What Snowflake or the way there says, with the statement's handle.
        #[source]
        source: snowflake::Error,
    },
    /// Checks of severity error failed.
    #[error("failed checks: {}", failed.join("; "))]
    ChecksFailed {
        /// Each with its value and threshold.
        failed: Vec<String>,
    },
    /// The results could not be stored.
    #[error("cannot store results in ops.check_results")]
    Store(#[source] snowflake::Error),
}

/// Runs the tasks of one dataset. It is built once and serves every invocation.
pub struct Publisher {
    dataset: Dataset,
    statements: Statements,
    client: Client,
}

/// One invocation's circumstances.
struct Run<'a> {
    request: &'a Request,
    query_tag: String,
    deadline: Deadline,
}

impl Publisher {
    /// Prepares to run the tasks of a dataset.
    ///
    /// # Errors
    /// [`StatementError`] when the embedded templates do not parse.
    pub fn new(dataset: Dataset, client: Client) -> Result<Self, StatementError> {
        let statements = Statements::new(&dataset)?;
        Ok(Self { dataset, statements, client })
    }

    /// Runs a task. A statement still running at the deadline is cancelled, and the error names
    /// its handle. `invocation_id` goes into the query tag.
    ///
    /// # Errors
    /// [`Error`], for a failed audit or check only after its results are stored.
    pub async fn handle(
        &self,
        request: &Request,
        invocation_id: &str,
        deadline: Deadline,
    ) -> Result<Report, Error> {
        let tag = json!({
            "function": "publish",
            "dataset": self.dataset.name,
            "task": request.task,
            "run_id": request.run_id,
            "batch": invocation_id,
        });
        let run = Run { request, query_tag: tag.to_string(), deadline };
        match request.task {
            Task::Audit => self.audit(&run).await,
            Task::Merge => self.merge(&run).await,
            Task::Check => self.check(&run).await,
        }
    }

    async fn audit(&self, run: &Run<'_>) -> Result<Report, Error> {
        let started = Instant::now();
        let sql = self.statements.audit(AUDIT_GRACE_MINUTES)?;
        let failed = |source| Error::Task { task: Task::Audit, source };
        let rows = self.execute(sql.clone(), run).await.map_err(failed)?;
        let audit = Audit::read(&rows).map_err(failed)?;
        self.metrics()
            .count("ObjectsAudited", audit.objects)
            .count("ObjectsPending", audit.pending)
            .count("ObjectsMismatched", audit.mismatches)
            .milliseconds("AuditTime", started.elapsed())
            .emit();
        self.store(&[audit.result(sql)], run).await?;
        if audit.mismatches > 0 {
            let named = audit.findings.iter().take(NAMED_OBJECTS).map(|finding| {
                let (accepted, loaded) = (finding.rows_accepted, finding.rows_loaded);
                format!("{} ({accepted} accepted, {loaded} loaded)", finding.source_object)
            });
            return Err(Error::Mismatch { total: audit.mismatches, named: named.collect() });
        }
        Ok(Report::Audit(audit))
    }

    async fn merge(&self, run: &Run<'_>) -> Result<Report, Error> {
        let started = Instant::now();
        let failed = |source| Error::Task { task: Task::Merge, source };
        let rows = self.execute(self.statements.merge()?, run).await.map_err(failed)?;
        let merge = Merge::read(&rows).map_err(failed)?;
        self.metrics()
            .count("RowsInserted", merge.inserted)
            .count("RowsUpdated", merge.updated)
            .count("RowsDeleted", merge.deleted)
            .milliseconds("MergeTime", started.elapsed())
            .emit();
        Ok(Report::Merge(merge))
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
        // The first error is the answer; what followed is only logged.
        let mut broken = broken.into_iter();
        let first = broken.next();
        for error in broken {
            tracing::error!(error = telemetry::error_chain(&error), "task failed further");
        }
        first.map_or_else(|| judge(checks), Err)
    }

    async fn measure(
        &self,
        check: &CheckStatement,
        run: &Run<'_>,
    ) -> Result<CheckResult, snowflake::Error> {
        let rows = self.execute(check.query.clone(), run).await?;
        CheckResult::read(check, &rows)
    }

    fn emit_checks(&self, checks: &[CheckResult], elapsed: Duration) {
        let failed = |severity| {
            checks.iter().filter(|one| !one.passed && one.severity == severity).count() as u64
        };
        let mut metrics = self
            .metrics()
            .count("ChecksRun", checks.len() as u64)
            .count("ChecksFailed", failed(Severity::Error))
            .count("ChecksWarned", failed(Severity::Warning))
            .milliseconds("CheckTime", elapsed);
        let freshness = checks.iter().find(|one| one.check_id == "freshness");
        let minutes = freshness.and_then(|one| one.value.as_ref()?.parse::<f64>().ok());
        if let Some(age) = minutes.and_then(|age| Duration::try_from_secs_f64(age * 60.0).ok()) {
            metrics = metrics.milliseconds("Freshness", age);
        }
        metrics.emit();
    }

    async fn store(&self, results: &[CheckResult], run: &Run<'_>) -> Result<(), Error> {
        let task = run.request.task;
        let run_id = run.request.run_id.as_deref();
        let sql = self.statements.insert_check_results(results.len())?;
        let mut statement = Statement::new(sql, &run.query_tag);
        statement.bindings =
            results.iter().flat_map(|result| result.bindings(task, run_id)).collect();
        self.client.execute(&statement, run.deadline).await.map_err(Error::Store)?;
        Ok(())
    }

    async fn execute(&self, sql: String, run: &Run<'_>) -> Result<Rows, snowflake::Error> {
        self.client.execute(&Statement::new(sql, &run.query_tag), run.deadline).await
    }

    fn metrics(&self) -> Metrics<'_> {
        Metrics::new("Snowline", &[("Dataset", &self.dataset.name), ("Function", "publish")])
    }
}

/// Whether the checks let the task succeed. Failed checks of severity warning are logged.
fn judge(checks: Vec<CheckResult>) -> Result<Report, Error> {
    let failed = |severity| {
        let failed = checks.iter().filter(move |one| !one.passed && one.severity == severity);
        failed.map(CheckResult::to_string).collect::<Vec<_>>()
    };
    for check in failed(Severity::Warning) {
        tracing::warn!(check, "check failed");
    }
    let failed = failed(Severity::Error);
    if failed.is_empty() {
        Ok(Report::Check { checks })
    } else {
        Err(Error::ChecksFailed { failed })
    }
}
