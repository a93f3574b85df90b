//! Metrics in CloudWatch embedded metric format.

use std::collections::BTreeMap;
use std::io::Write;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Map, Number, Value, json};

/// Measurements of one unit of work, written as one line of embedded metric format: a JSON object
/// that CloudWatch Logs turns into one data point a metric, under the namespace and the single
/// set of dimensions given.
///
/// ```
/// use std::time::Duration;
/// telemetry::Metrics::new("Snowline", &[("Dataset", "orders"), ("Function", "load")])
///     .count("RowsLoaded", 10_000)
///     .milliseconds("StatementTime", Duration::from_millis(1_250))
///     .emit();
/// ```
#[derive(Debug, Clone)]
#[must_use = "metrics are written by emit"]
pub struct Metrics<'a> {
    namespace: &'a str,
    dimensions: Vec<(&'a str, &'a str)>,
    values: BTreeMap<&'a str, (Unit, Number)>,
}

/// A unit as CloudWatch spells it.
#[derive(Debug, Clone, Copy)]
enum Unit {
    Count,
    Bytes,
    Milliseconds,
}

impl Unit {
    fn name(self) -> &'static str {
        match self {
            Self::Count => "Count",
            Self::Bytes => "Bytes",
            Self::Milliseconds => "Milliseconds",
        }
    }
}

impl<'a> Metrics<'a> {
    /// Starts an empty set. CloudWatch takes at most 30 dimensions, none of them empty.
    pub fn new(namespace: &'a str, dimensions: &[(&'a str, &'a str)]) -> Self {
        Self { namespace, dimensions: dimensions.to_vec(), values: BTreeMap::new() }
    }

    /// Adds a count. A name given twice keeps its last value.
    pub fn count(self, name: &'a str, count: u64) -> Self {
        self.value(name, Unit::Count, count.into())
    }

    /// Adds a size in bytes. A name given twice keeps its last value.
    pub fn bytes(self, name: &'a str, bytes: u64) -> Self {
        self.value(name, Unit::Bytes, bytes.into())
    }

    /// Adds a duration, written in milliseconds to the microsecond. A name given twice keeps its
    /// last value.
    pub fn milliseconds(self, name: &'a str, duration: Duration) -> Self {
        let milliseconds = duration.as_micros() as f64 / 1e3;
        let number = Number::from_f64(milliseconds).unwrap_or_else(|| 0.into());
        self.value(name, Unit::Milliseconds, number)
    }

    fn value(mut self, name: &'a str, unit: Unit, number: Number) -> Self {
        self.values.insert(name, (unit, number));
        self
    }

    /// Writes the line to stdout, stamped with the current time. A line that cannot be written is
    /// lost: metrics do not fail an invocation.
    pub fn emit(self) {
        let line = self.line(SystemTime::now());
        let _ = std::io::stdout().lock().write_all(line.as_bytes());
    }

    /// One JSON object and a line end.
    fn line(&self, now: SystemTime) -> String {
        let millis = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as u64;
        let names: Vec<&str> = self.dimensions.iter().map(|(name, _)| *name).collect();
        let metrics: Vec<Value> = self
            .values
            .iter()
            .map(|(name, (unit, _))| json!({"Name": name, "Unit": unit.name()}))
            .collect();
        let directive = json!({
            "Timestamp": millis,
            "CloudWatchMetrics": [
                {"Namespace": self.namespace, "Dimensions": [names], "Metrics": metrics}
            ],
        });
        let mut root = Map::from_iter([("_aws".to_owned(), directive)]);
        for (name, value) in &self.dimensions {
            root.insert((*name).to_owned(), (*value).into());
        }
        for (name, (_, number)) in &self.values {
            root.insert((*name).to_owned(), number.clone().into());
        }
        format!("{}\n", Value::Object(root))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_embedded_metric_format() {
        let line = Metrics::new("Snowline", &[("Dataset", "orders"), ("Function", "load")])
            .count("RowsAccepted", 1)
            .count("RowsAccepted", u64::MAX)
            .bytes("BytesRead", 0)
            .milliseconds("StatementTime", Duration::from_micros(1_250_500))
            .line(UNIX_EPOCH + Duration::from_millis(1_790_000_000_123));

        assert_eq!(line.matches('\n').count(), 1);
        assert!(line.ends_with('\n'));
        let expected = json!({
            "_aws": {
                "Timestamp": 1_790_000_000_123_u64,
                "CloudWatchMetrics": [{
                    "Namespace": "Snowline",
                    "Dimensions": [["Dataset", "Function"]],
                    "Metrics": [
                        {"Name": "BytesRead", "Unit": "Bytes"},
                        {"Name": "RowsAccepted", "Unit": "Count"},
                        {"Name": "StatementTime", "Unit": "Milliseconds"},
                    ],
                }],
            },
            "Dataset": "orders",
            "Function": "load",
            "BytesRead": 0,
            "RowsAccepted": u64::MAX,
            "StatementTime": 1250.5,
        });
        assert_eq!(serde_json::from_str::<Value>(&line).unwrap(), expected);
    }
}
