use contract::{Check, Comparison, Decimal, Metric, Severity};
use minijinja::context;
use minijinja::value::{Serde, Value};

use crate::dialect::condition;
use crate::{StatementError, Statements};

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
    /// The contract's checks in contract order, then `freshness` when the contract promises it,
    /// then `volume`.
    ///
    /// # Errors
    /// [`StatementError::Render`].
    pub fn checks(&self) -> Result<Vec<CheckStatement>, StatementError> {
        let mut checks = Vec::with_capacity(self.dataset.checks.len() + 2);
        for check in &self.dataset.checks {
            checks.push(self.contract_check(check)?);
        }
        if let Some(freshness) = &self.dataset.freshness {
            let bound = Decimal { unscaled: freshness.minutes.into(), scale: 0 };
            let must = Comparison::BeLessOrEqualTo { bound };
            let measure = self.render("checks/freshness.sql", context! {})?;
            checks.push(self.value_check("freshness", Severity::Error, must, measure)?);
        }
        let percent = |unscaled| Decimal { unscaled, scale: 0 };
        let must = Comparison::BeBetween { low: percent(50), high: percent(200) };
        let measure = self.render("checks/volume.sql", context! {})?;
        checks.push(self.value_check("volume", Severity::Warning, must, measure)?);
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
                return self.value_check(&check.id, check.severity, check.must, query);
            }
        };
        let text = self.render(template, context! { metric })?;
        let Some(percent) = percent else {
            return self.value_check(&check.id, check.severity, check.must, text);
        };
        let rows = Value::from_safe_string(statement_of(&text).to_owned());
        let keys = self.render("checks/failing_keys.sql", context! { rows => rows.clone() })?;
        let measure = self.render("checks/count_rows.sql", context! { rows, percent })?;
        let mut statement = self.value_check(&check.id, check.severity, check.must, measure)?;
        statement.failing_rows_query = Some(text);
        statement.failing_keys_query = Some(keys);
        Ok(statement)
    }

    /// Wraps a query of one `value` so that it also says whether the value passes.
    fn value_check(
        &self,
        id: &str,
        severity: Severity,
        must: Comparison,
        measure: String,
    ) -> Result<CheckStatement, StatementError> {
        let threshold = condition(must);
        let query = self.render(
            "checks/measure.sql",
            context! {
                measure => Value::from_safe_string(statement_of(&measure).to_owned()),
                must => Value::from_safe_string(threshold.clone()),
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
