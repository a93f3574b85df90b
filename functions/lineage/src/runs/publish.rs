//! The run of one task of publish.

use std::time::SystemTime;

use contract::{Metric, Severity};

use super::{Inner, Lineage, Subject, Work, run_id};
use crate::column_lineage::ColumnLineage;
use crate::event::{DatasetName, Input, Output};
use crate::facets::{
    Assertion, Assertions, DatasetFacets, InputFacets, OutputFacets, OutputStatistics, Parent,
    ParentJob, ParentRun,
};
use crate::schema::Schema;

/// A task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// Holds landing, ledger and staging against one another.
    Audit,
    /// Applies staging to analytics.
    Merge,
    /// Runs the contract's rules over analytics.
    Check,
}

/// What became of a task.
#[derive(Debug)]
pub struct Published<'a> {
    /// The task.
    pub task: Task,
    /// When it began.
    pub started_at: SystemTime,
    /// The scheduler's name of the run that it is part of.
    pub scheduler_run_id: Option<&'a str>,
    /// What an audit or a check measured.
    pub measured: Vec<Measured>,
    /// How it ended.
    pub outcome: Outcome,
}

/// How a task ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It read.
    Read,
    /// It wrote so many rows: those that are new and those that are replaced.
    Wrote(u64),
    /// It failed, for this reason, which has no value of a row in it.
    Failed(String),
}

/// The result of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measured {
    /// Identifier of the check.
    pub id: String,
    /// Whether the value is as it must be.
    pub passed: bool,
    /// What a failure does.
    pub severity: Severity,
    /// The value, if there was one.
    pub value: Option<String>,
    /// What it must be: `= 0`.
    pub threshold: String,
}

impl Task {
    fn name(self) -> &'static str {
        match self {
            Self::Audit => "audit",
            Self::Merge => "merge",
            Self::Check => "check",
        }
    }
}

impl Lineage {
    /// Tells of the run of a task. A scheduler's run is the parent of all its tasks.
    pub async fn published(&self, request_id: &str, published: Published<'_>) {
        let Some(inner) = &self.0 else { return };
        let job = format!("publish.{}", published.task.name());
        let run_id = run_id(&job, request_id);
        let parent = published.scheduler_run_id.map(|run_id| inner.scheduler(run_id));
        let subject = Subject { job, run_id, request_id: Some(request_id.to_owned()), parent };
        let started_at = published.started_at;
        inner.sender.send(&inner.events(&subject, started_at, inner.publish(published))).await;
    }
}

impl Inner {
    /// The run of the DAG, of which this side knows the name alone.
    fn scheduler(&self, scheduler_run_id: &str) -> Parent {
        let dag = format!("snowline_{}", self.dataset.name);
        let run_id = run_id(&format!("{}:{dag}", self.stack), scheduler_run_id).to_string();
        let job = ParentJob { namespace: self.stack.clone(), name: dag };
        Parent { run: ParentRun { run_id }, job }
    }

    fn publish(&self, published: Published<'_>) -> Work {
        let (dataset, names) = (&self.dataset, &self.names);
        let staging = names.table(&format!("staging.{}", dataset.name));
        let assertions: Vec<_> =
            published.measured.into_iter().map(|one| self.assertion(one)).collect();
        let (inputs, outputs) = match published.task {
            Task::Audit => {
                let aggregates = dataset.aggregates.iter();
                let tables = aggregates.map(|one| names.table(&format!("staging.{}", one.name)));
                let others = [names.landing(), names.table("ops.ledger")].into_iter().chain(tables);
                let others = others.map(|name| input(name, Vec::new()));
                (std::iter::once(input(staging, assertions)).chain(others).collect(), Vec::new())
            }
            Task::Merge => {
                let merged = self.merged(&staging, &published.outcome);
                (vec![input(staging, assertions)], vec![merged])
            }
            Task::Check => (vec![input(names.analytics(dataset), assertions)], Vec::new()),
        };
        let failure = match published.outcome {
            Outcome::Failed(reason) => Some(reason),
            Outcome::Read | Outcome::Wrote(_) => None,
        };
        Work { inputs, outputs, failure }
    }

    fn merged(&self, staging: &DatasetName, outcome: &Outcome) -> Output {
        let statistics = match outcome {
            Outcome::Wrote(row_count) => {
                Some(OutputStatistics { row_count: *row_count, size: None, file_count: None })
            }
            Outcome::Read | Outcome::Failed(_) => None,
        };
        Output {
            name: self.names.analytics(&self.dataset),
            facets: DatasetFacets {
                schema: Some(Schema::analytics(&self.dataset).into()),
                column_lineage: Some(ColumnLineage::merge(&self.dataset, staging).into()),
            },
            output_facets: OutputFacets {
                output_statistics: statistics.map(Into::into),
                subset: None,
            },
        }
    }

    fn assertion(&self, measured: Measured) -> Assertion {
        let check = self.dataset.checks.iter().find(|check| check.id == measured.id);
        let (assertion, column) = match check.map(|check| &check.metric) {
            Some(Metric::RowCount) => ("row_count", None),
            Some(Metric::NullValues { column, .. }) => ("not_null", Some(column)),
            Some(Metric::MissingValues { column, .. }) => ("not_missing", Some(column)),
            Some(Metric::InvalidValues { column, .. }) => ("accepted_values", Some(column)),
            Some(Metric::DuplicateValues { columns, .. }) => match &columns[..] {
                [column] => ("unique", Some(column)),
                _ => ("unique", None),
            },
            Some(Metric::Sql { .. }) => ("custom_sql", None),
            None => (own_check(&measured.id), None),
        };
        Assertion {
            assertion,
            success: measured.passed,
            column: column.map(|name| name.to_ascii_uppercase()),
            severity: match measured.severity {
                Severity::Error => "error",
                Severity::Warning => "warn",
            },
            description: check.and_then(|check| check.description.clone()),
            expected: measured.threshold,
            actual: measured.value,
            name: measured.id,
        }
    }
}

/// The kind of a check that is in no contract: those of service levels, of volume and of the audit.
fn own_check(id: &str) -> &'static str {
    match id {
        "freshness" => "freshness",
        "latency" => "latency",
        "retention" => "retention",
        "volume" => "volume",
        _ => "reconciliation",
    }
}

fn input(name: DatasetName, assertions: Vec<Assertion>) -> Input {
    let assertions = (!assertions.is_empty()).then(|| Assertions { assertions }.into());
    let input_facets = InputFacets { data_quality_assertions: assertions, ..Default::default() };
    Input { name, facets: DatasetFacets::default(), input_facets }
}
