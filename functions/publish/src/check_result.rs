//! What came of a check, as `ops.check_results` and people get it.

use contract::Severity;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};
use snowflake::{Binding, Error, Rows};
use statements::CheckStatement;

use crate::task::Task;

/// Most keys that the text of a failed check names.
const NAMED_KEYS: usize = 10;

/// The result of one check, as `ops.check_results` keeps it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CheckResult {
    /// Identifier of the check.
    pub check_id: String,
    /// Whether a failure fails the task.
    pub severity: Severity,
    /// Whether the value satisfies the threshold. Where there was nothing to measure, the check's
    /// query says what that means; where its query failed, this is false.
    pub passed: bool,
    /// The measured number, as the warehouse wrote it; none if there was nothing to measure.
    #[serde(serialize_with = "as_number")]
    pub value: Option<String>,
    /// What the value must satisfy: `= 0`.
    pub threshold: String,
    /// Some of what made the check fail: merge keys, or findings of the audit.
    pub failing_keys: Vec<Value>,
    /// Lists the rows that made the check fail; none if it passed or is not about rows.
    pub failing_rows_query: Option<String>,
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
            failing_keys: Vec::new(),
            failing_rows_query: check.failing_rows_query.clone().filter(|_| !passed),
        }
    }

    /// Makes the query one line that runs wherever it is pasted. The stored one is relative to the
    /// database it is stored in.
    pub(crate) fn make_query_portable(&mut self, database: &str) {
        let plain = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
        let database = match database.bytes().all(plain) {
            true => database.to_owned(),
            false => format!("\"{}\"", database.replace('"', "\"\"")),
        };
        if let Some(query) = &mut self.failing_rows_query {
            let lines = query.lines().map(str::trim).filter(|line| !line.starts_with("--"));
            let text = lines.collect::<Vec<_>>().join(" ");
            *query = format!("use database {database}; {text};");
        }
    }

    /// The values of one row of `ops.check_results`, in the order the insert takes them.
    pub(crate) fn bindings(&self, task: Task, run_id: Option<&str>) -> [Binding; 9] {
        let keys = Some(&self.failing_keys).filter(|keys| !keys.is_empty());
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
            Binding::text(keys.map(|keys| Value::from(keys.as_slice()).to_string())),
            Binding::text(self.failing_rows_query.as_deref()),
        ]
    }
}

/// `order_id_duplicates is 3, must be = 0: {"order_id":"a"}, {"order_id":"b"}; to list the rows:
/// use database SNOWLINE; select ...;`.
impl std::fmt::Display for CheckResult {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let value = self.value.as_deref().unwrap_or("not measurable");
        write!(f, "{} is {value}, must be {}", self.check_id, self.threshold)?;
        for (position, key) in self.failing_keys.iter().take(NAMED_KEYS).enumerate() {
            write!(f, "{} {key}", if position == 0 { ":" } else { "," })?;
        }
        match &self.failing_rows_query {
            Some(query) => write!(f, "; to list the rows: {query}"),
            None => Ok(()),
        }
    }
}

fn as_number<S: Serializer>(value: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
    let number = value.as_ref().and_then(|text| text.parse::<serde_json::Number>().ok());
    number.serialize(serializer)
}

/// Reads the answer of [`CheckStatement::failing_keys_query`]: the columns of the merge key as the
/// objects of `ops.check_results.failing_keys`.
pub(crate) fn sample_keys(rows: &Rows, key: &[String]) -> Result<Vec<Value>, Error> {
    let object = |row: snowflake::Row<'_>| {
        let values = key.iter().map(|column| Ok((column.clone(), row.optional(column)?.into())));
        values.collect::<Result<Map<_, _>, Error>>().map(Value::Object)
    };
    rows.iter().map(object).collect()
}
