//! Metrics in CloudWatch embedded metric format.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::catalogue::{Definition, Labelled, Metric, Unit, Unlabelled};

const NAMESPACE: &str = "Snowline";

/// Most metrics that CloudWatch takes in one line.
const METRICS_A_LINE: usize = 100;

/// Target of the events that carry metrics to the log.
pub(crate) const TARGET: &str = "telemetry::metrics";

/// Measurements of one unit of work. Each line of the log holds those of one set of dimensions,
/// and CloudWatch Logs turns it into a data point a metric.
///
/// Stack, dataset, function and the spans' fields are added where the line is written, so that
/// metrics can be emitted anywhere. Without [`crate::init`] they go nowhere.
///
/// ```
/// use std::time::Duration;
/// use telemetry::metric::{LoadTime, RowsLoaded, StatementTime};
/// telemetry::Metrics::new()
///     .add(RowsLoaded, 10_000)
///     .add(LoadTime, Duration::from_millis(1_250))
///     .add_for(StatementTime, "copy_rows", Duration::from_millis(1_200))
///     .emit();
/// ```
///
/// A metric with a further dimension needs to be told which value it has there:
///
/// ```compile_fail
/// telemetry::Metrics::new().add(telemetry::metric::RowsRejectedByRule, 1);
/// ```
#[derive(Debug, Clone, Default)]
#[must_use = "metrics are written by emit"]
pub struct Metrics {
    sets: BTreeMap<Option<Label>, Vec<Measured>>,
}

/// A further dimension and its value.
type Label = (&'static str, String);

/// A metric and its value as a JSON number.
type Measured = (Definition, String);

/// One line, but for what it has in common with all lines.
#[derive(Debug, PartialEq, Eq)]
struct Line {
    /// The object `_aws`.
    directive: String,
    /// The members that the directive refers to, as JSON without braces.
    members: String,
}

impl Metrics {
    /// An empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a value; none where nothing was measured. One that is there already is replaced.
    pub fn add<M: Metric<Label = Unlabelled>>(
        self,
        metric: M,
        value: impl Into<Option<<M::Unit as Unit>::Value>>,
    ) -> Self {
        self.insert(metric, None, value.into())
    }

    /// Adds a value for one value of the metric's further dimension.
    pub fn add_for<M: Metric<Label = Labelled>>(
        self,
        metric: M,
        label: &str,
        value: <M::Unit as Unit>::Value,
    ) -> Self {
        let set = M::DEFINITION.dimension.map(|name| (name, label.to_owned()));
        self.insert(metric, set, Some(value))
    }

    fn insert<M: Metric>(
        mut self,
        _: M,
        set: Option<Label>,
        value: Option<<M::Unit as Unit>::Value>,
    ) -> Self {
        let Some(value) = value else { return self };
        let values = self.sets.entry(set).or_default();
        values.retain(|(present, _)| present.name != M::DEFINITION.name);
        values.push((M::DEFINITION, M::Unit::number(value)));
        self
    }

    /// Writes a line for each set of dimensions, stamped with the current time. A line that cannot
    /// be written is lost: metrics do not fail an invocation.
    pub fn emit(self) {
        for Line { directive, members } in self.lines(SystemTime::now()) {
            tracing::info!(target: TARGET, directive, members);
        }
    }

    fn lines(&self, now: SystemTime) -> Vec<Line> {
        let millis = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as u64;
        let mut lines = Vec::new();
        for (set, values) in &self.sets {
            lines.extend(
                values.chunks(METRICS_A_LINE).map(|values| line(set.as_ref(), values, millis)),
            );
        }
        lines
    }
}

fn line(set: Option<&Label>, values: &[Measured], millis: u64) -> Line {
    let dimensions: Vec<&str> =
        std::iter::once("Stack").chain(set.map(|(dimension, _)| *dimension)).collect();
    let metrics: Vec<Value> = values
        .iter()
        .map(|(metric, _)| json!({"Name": metric.name, "Unit": metric.unit}))
        .collect();
    let directive = json!({
        "Timestamp": millis,
        "CloudWatchMetrics": [
            {"Namespace": NAMESPACE, "Dimensions": [dimensions], "Metrics": metrics}
        ],
    });
    let labels = set.map(|(dimension, label)| format!("{}:{}", quoted(dimension), quoted(label)));
    let numbers = values.iter().map(|(metric, number)| format!("\"{}\":{number}", metric.name));
    let members = labels.into_iter().chain(numbers).collect::<Vec<_>>().join(",");
    Line { directive: directive.to_string(), members }
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::catalogue::metric::{
        BytesRead, LoadLag, MeasureTotal, RowsAccepted, RowsRejectedByRule, TransformTime,
    };

    fn parsed(text: &str) -> Value {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_set_of_dimensions_is_a_line() {
        let now = UNIX_EPOCH + Duration::from_millis(1_790_000_000_123);
        let lines = Metrics::new()
            .add(RowsAccepted, 1)
            .add(RowsAccepted, u64::MAX)
            .add(BytesRead, 0)
            .add(LoadLag, None)
            .add(TransformTime, Duration::from_micros(1_250_500))
            .add_for(RowsRejectedByRule, "a \"rule\"", 3)
            .lines(now);
        let directive = |dimensions: Value, metrics: Value| {
            json!({
                "Timestamp": 1_790_000_000_123_u64,
                "CloudWatchMetrics": [
                    {"Namespace": "Snowline", "Dimensions": [dimensions], "Metrics": metrics}
                ],
            })
        };
        let [first, second] = &lines[..] else { panic!("{lines:?}") };
        let metrics = json!([
            {"Name": "RowsAccepted", "Unit": "Count"},
            {"Name": "BytesRead", "Unit": "Bytes"},
            {"Name": "TransformTime", "Unit": "Milliseconds"},
        ]);
        assert_eq!(parsed(&first.directive), directive(json!(["Stack"]), metrics));
        let members =
            r#""RowsAccepted":18446744073709551615,"BytesRead":0,"TransformTime":1250.500"#;
        assert_eq!(first.members, members);
        let metrics = json!([{"Name": "RowsRejectedByRule", "Unit": "Count"}]);
        assert_eq!(parsed(&second.directive), directive(json!(["Stack", "Rule"]), metrics));
        assert_eq!(second.members, r#""Rule":"a \"rule\"","RowsRejectedByRule":3"#);
    }

    #[test]
    fn a_decimal_keeps_every_digit() {
        let total = "12345678901234567890123456789012345.67";
        let lines = Metrics::new()
            .add_for(MeasureTotal, "total_amount", total.to_owned())
            .lines(UNIX_EPOCH);
        let expected = format!(r#""Measure":"total_amount","MeasureTotal":{total}"#);
        assert_eq!(lines[0].members, expected);
    }
}
