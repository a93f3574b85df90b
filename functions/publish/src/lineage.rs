//! What became of a task, as lineage tells it.

use std::time::SystemTime;

use contract::Severity;
use lineage::{Measured, Outcome, Published};

use crate::check_result::CheckResult;
use crate::error::Error;
use crate::report::Report;
use crate::task::{Request, Task};

/// The run of a task. Neither merge keys nor findings are in it.
pub(crate) fn published<'a>(
    request: &'a Request,
    started_at: SystemTime,
    results: &[CheckResult],
    outcome: &Result<Report, Error>,
) -> Published<'a> {
    let task = match request.task {
        Task::Audit => lineage::Task::Audit,
        Task::Merge => lineage::Task::Merge,
        Task::Check => lineage::Task::Check,
    };
    let outcome = match outcome {
        Ok(Report::Merge(merge)) => Outcome::Wrote(merge.inserted + merge.updated),
        Ok(Report::Audit(_) | Report::Check { .. }) => Outcome::Read,
        Err(error) => Outcome::Failed(reason(error, results)),
    };
    let measured = results.iter().map(measured).collect();
    let scheduler_run_id = request.run_id.as_deref();
    Published { task, started_at, scheduler_run_id, measured, outcome }
}

/// What failed, without its causes: what Snowflake says, and the message of a failed check, may
/// quote values of rows. The log has both.
fn reason(error: &Error, results: &[CheckResult]) -> String {
    match error {
        Error::ChecksFailed { .. } => {
            let fatal = |one: &&CheckResult| !one.passed && one.severity == Severity::Error;
            let failed = results.iter().filter(fatal);
            let ids: Vec<&str> = failed.map(|result| result.check_id.as_str()).collect();
            format!("failed checks: {}", ids.join(", "))
        }
        error => format!("failed: {error}"),
    }
}

fn measured(result: &CheckResult) -> Measured {
    Measured {
        id: result.check_id.clone(),
        passed: result.passed,
        severity: result.severity,
        value: result.value.clone(),
        threshold: result.threshold.clone(),
    }
}
