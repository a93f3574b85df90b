//! What the tasks found, read from the warehouse's answers.

use contract::Severity;
use serde::{Serialize, Serializer};
use snowflake::{Binding, Error, Rows};
use statements::CheckStatement;

use crate::task::Task;

/// The answer to an invocation whose task succeeded.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "task", rename_all = "lowercase")]
pub enum Report {
    /// Ledger and staging agree.
    Audit(Audit),
    /// What changed in analytics.
    Merge(Merge),
    /// No check of severity error failed.
    Check {
        /// In the order of the contract.
        checks: Vec<CheckResult>,
    },
}

/// What the audit counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Audit {
    /// Landing objects compared.
    pub objects: u64,
    /// Of these, objects of which one side is still being loaded.
    pub pending: u64,
    /// Rows the ledger says were accepted.
    pub rows_accepted: u64,
    /// Rows in staging.
    pub rows_loaded: u64,
    /// Objects whose counts differ; there may be more than are listed.
    pub mismatches: u64,
    /// Those objects, at most 100.
    pub findings: Vec<Finding>,
}

/// A landing object whose accepted rows are not the rows in staging.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// As `s3://bucket/key`.
    pub source_object: String,
    /// The contract version that made the rows.
    pub contract_version: String,
    /// Rows the ledger says were accepted.
    pub rows_accepted: u64,
    /// Rows in staging.
    pub rows_loaded: u64,
}

/// Rows of analytics that a merge changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Merge {
    /// New entities.
    pub inserted: u64,
    /// Entities with a newer version.
    pub updated: u64,
    /// Entities gone.
    pub deleted: u64,
}

/// The result of one check, as `ops.check_results` keeps it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CheckResult {
    /// Identifier of the check.
    pub check_id: String,
    /// Whether a failure fails the task.
    pub severity: Severity,
    /// Whether the value satisfies the threshold; false if nothing could be measured.
    pub passed: bool,
    /// The measured number, as the warehouse wrote it; none if there was nothing to measure.
    #[serde(serialize_with = "as_number")]
    pub value: Option<String>,
    /// What the value must satisfy: `= 0`.
    pub threshold: String,
    /// Lists the rows that made the check fail; none if it passed or is not about rows.
    pub failing_rows_query: Option<String>,
}

impl Audit {
    /// Reads the audit's answer: the totals, then a row a mismatching object.
    pub(crate) fn read(rows: &Rows) -> Result<Self, Error> {
        let mut rows_iter = rows.iter();
        let totals = rows_iter.next().ok_or_else(|| Error::Unexpected {
            handle: Some(rows.handle().to_owned()),
            reason: "the audit has no totals".to_owned(),
            source: None,
        })?;
        let finding = |row: snowflake::Row<'_>| {
            Ok(Finding {
                source_object: row.text("source_object")?.to_owned(),
                contract_version: row.text("contract_version")?.to_owned(),
                rows_accepted: row.parse("rows_accepted")?,
                rows_loaded: row.parse("rows_loaded")?,
            })
        };
        Ok(Self {
            objects: totals.parse("objects")?,
            pending: totals.parse("pending")?,
            rows_accepted: totals.parse("rows_accepted")?,
            rows_loaded: totals.parse("rows_loaded")?,
            mismatches: totals.parse("mismatches")?,
            findings: rows_iter.map(finding).collect::<Result<_, Error>>()?,
        })
    }

    /// The audit as a check whose value is the number of mismatches.
    pub(crate) fn result(&self, query: String) -> CheckResult {
        let passed = self.mismatches == 0;
        CheckResult {
            check_id: "ledger_equals_staging".to_owned(),
            severity: Severity::Error,
            passed,
            value: Some(self.mismatches.to_string()),
            threshold: "= 0".to_owned(),
            failing_rows_query: (!passed).then_some(query),
        }
    }
}

impl Merge {
    /// Reads the answer of a MERGE, which has no column for what the statement cannot do.
    pub(crate) fn read(rows: &Rows) -> Result<Self, Error> {
        let row = rows.iter().next();
        let count = |column| match row {
            Some(row) if rows.has_column(column) => row.parse(column),
            _ => Ok(0),
        };
        Ok(Self {
            inserted: count("number of rows inserted")?,
            updated: count("number of rows updated")?,
            deleted: count("number of rows deleted")?,
        })
    }
}

impl CheckResult {
    /// Reads the answer of a check's query.
    pub(crate) fn read(check: &CheckStatement, rows: &Rows) -> Result<Self, Error> {
        let row = rows.iter().next().ok_or_else(|| Error::Unexpected {
            handle: Some(rows.handle().to_owned()),
            reason: "the check returns no row".to_owned(),
            source: None,
        })?;
        let passed = row.parse("passed")?;
        let value = row.optional("value")?.map(str::to_owned);
        Ok(Self { passed, value, ..Self::unmeasured(check, passed) })
    }

    /// The result of a check whose query failed.
    pub(crate) fn unmeasured(check: &CheckStatement, passed: bool) -> Self {
        Self {
            check_id: check.id.clone(),
            severity: check.severity,
            passed,
            value: None,
            threshold: check.threshold.clone(),
            failing_rows_query: check.failing_rows_query.clone().filter(|_| !passed),
        }
    }

    /// The values of one row of `ops.check_results`, in the order the insert takes them.
    pub(crate) fn bindings(&self, task: Task, run_id: Option<&str>) -> [Binding; 8] {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        [
            Binding::text(run_id),
            Binding::text(Some(task.name())),
            Binding::text(Some(&self.check_id)),
            Binding::text(Some(severity)),
            Binding::text(Some(self.passed.to_string())),
            Binding::text(self.value.as_deref()),
            Binding::text(Some(&self.threshold)),
            Binding::text(self.failing_rows_query.as_deref()),
        ]
    }
}

/// `order_id_duplicates is 3, must be = 0`.
impl std::fmt::Display for CheckResult {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let value = self.value.as_deref().unwrap_or("not measurable");
        write!(f, "{} is {value}, must be {}", self.check_id, self.threshold)
    }
}

fn as_number<S: Serializer>(value: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
    let number = value.as_ref().and_then(|text| text.parse::<serde_json::Number>().ok());
    number.serialize(serializer)
}
