use contract::{Check, Comparison, Decimal, Metric, Severity};
use minijinja::context;
use minijinja::value::{Serde, Value};

use Unmeasured::{Fails, Passes};

use crate::dialect::condition;
use crate::{StatementError, Statements};

/// What becomes of a check where there is nothing to measure.
#[derive(Clone, Copy)]
enum Unmeasured {
    Passes,
    Fails,
}

/// A check to run against analytics after a merge.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckStatement {
    /// Identifier, unique in the dataset: `order_id_duplicates`.
    pub id: String,
    /// Whether a failure fails the task or is only reported.
    pub severity: Severity,
    /// What the value must satisfy, for readers and `ops.check_results`: `<= 15`.
    pub threshold: String,
    /// Returns one row: `value`, a number (null when there is nothing to measure), and `passed`,
    /// a boolean, never null.
    pub query: String,
    /// Lists the rows that make the check fail, where the check is about rows.
    pub failing_rows_query: Option<String>,
    /// Samples the merge keys of those rows: a column of text for each column of the key, one row a
    /// key, at most 5.
    pub failing_keys_query: Option<String>,
}

impl Statements {
    /// The contract's checks in contract order, then `freshness`, `latency` and `retention` so far
    /// as the contract promises them, then `volume`.
    ///
    /// # Errors
    /// [`StatementError::Render`].
    pub fn checks(&self) -> Result<Vec<CheckStatement>, StatementError> {
        let mut checks = Vec::with_capacity(self.dataset.checks.len() + 4);
        for check in &self.dataset.checks {
            checks.push(self.contract_check(check)?);
        }
        checks.extend(self.service_checks()?);
        let percent = |unscaled| Decimal { unscaled, scale: 0 };
        let must = Comparison::BeBetween { low: percent(50), high: percent(200) };
        let measure = self.render("checks/volume.sql", context! {})?;
        checks.push(self.value_check("volume", Severity::Warning, must, &measure, Fails)?);
        Ok(checks)
    }

    /// What the contract's service levels promise. A table without rows is not fresh; but where
    /// nothing was merged, nothing was late.
    fn service_checks(&self) -> Result<Vec<CheckStatement>, StatementError> {
        let within = |minutes: u32| Comparison::BeLessOrEqualTo {
            bound: Decimal { unscaled: minutes.into(), scale: 0 },
        };
        let mut checks = Vec::new();
        if let Some(freshness) = &self.dataset.freshness {
            let measure = self.render("checks/freshness.sql", context! {})?;
            let must = within(freshness.minutes);
            checks.push(self.value_check("freshness", Severity::Error, must, &measure, Fails)?);
        }
        if let Some(latency) = &self.dataset.latency {
            let measure = self.render("checks/latency.sql", context! {})?;
            let must = within(latency.minutes);
            checks.push(self.value_check("latency", Severity::Error, must, &measure, Passes)?);
        }
        if self.dataset.retention.is_some() {
            let rows = self.render("checks/retention.sql", context! {})?;
            let must = Comparison::Be { bound: Decimal { unscaled: 0, scale: 0 } };
            checks.push(self.row_check("retention", Severity::Warning, must, rows, false)?);
        }
        Ok(checks)
    }

    fn contract_check(&self, check: &Check) -> Result<CheckStatement, StatementError> {
        let metric = Value::from(Serde(&check.metric));
        let (template, percent) = match &check.metric {
            Metric::RowCount => ("checks/row_count.sql", None),
            Metric::NullValues { percent, .. } => ("checks/null_values.sql", Some(*percent)),
            Metric::MissingValues { percent, .. } => ("checks/missing_values.sql", Some(*percent)),
            Metric::InvalidValues { percent, .. } => ("checks/invalid_values.sql", Some(*percent)),
            Metric::DuplicateValues { percent, .. } => {
                ("checks/duplicate_values.sql", Some(*percent))
            }
            Metric::Sql { query } => {
                let query =
                    self.render("checks/sql.sql", context! { query => self.object(query) })?;
                return self.value_check(&check.id, check.severity, check.must, &query, Fails);
            }
        };
        let text = self.render(template, context! { metric })?;
        match percent {
            Some(percent) => self.row_check(&check.id, check.severity, check.must, text, percent),
            None => self.value_check(&check.id, check.severity, check.must, &text, Fails),
        }
    }

    /// Counts the rows that a query lists; they are the check's failing rows.
    fn row_check(
        &self,
        id: &str,
        severity: Severity,
        must: Comparison,
        failing_rows: String,
        percent: bool,
    ) -> Result<CheckStatement, StatementError> {
        let rows = Value::from_safe_string(statement_of(&failing_rows).to_owned());
        let keys = self.render("checks/failing_keys.sql", context! { rows => rows.clone() })?;
        let measure = self.render("checks/count_rows.sql", context! { rows, percent })?;
        let mut statement = self.value_check(id, severity, must, &measure, Fails)?;
        statement.failing_rows_query = Some(failing_rows);
        statement.failing_keys_query = Some(keys);
        Ok(statement)
    }

    /// Wraps a query of one `value` so that it also says whether the value passes.
    fn value_check(
        &self,
        id: &str,
        severity: Severity,
        must: Comparison,
        measure: &str,
        unmeasured: Unmeasured,
    ) -> Result<CheckStatement, StatementError> {
        let threshold = condition(must);
        let passed_unmeasured = match unmeasured {
            Passes => "true",
            Fails => "false",
        };
        let query = self.render(
            "checks/measure.sql",
            context! {
                measure => Value::from_safe_string(statement_of(measure).to_owned()),
                must => Value::from_safe_string(threshold.clone()),
                passed_unmeasured,
            },
        )?;
        Ok(CheckStatement {
            id: id.to_owned(),
            severity,
            threshold,
            query,
            failing_rows_query: None,
            failing_keys_query: None,
        })
    }

    /// The contract's own query with the analytics table in place of `{object}`.
    fn object(&self, query: &str) -> Value {
        let table = format!("analytics.processed_{}", self.dataset.name);
        let query = query.trim().trim_end_matches(';').replace("{object}", &table);
        Value::from_safe_string(query)
    }
}

/// A rendered template without the comment on its top.
fn statement_of(text: &str) -> &str {
    let mut rest = text;
    while rest.starts_with("--") {
        rest = rest.split_once('\n').map_or("", |(_, rest)| rest);
    }
    rest
}
