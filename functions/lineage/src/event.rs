//! Run events, as OpenLineage 2-0-2 writes them.

use std::time::SystemTime;

use aws_smithy_types::date_time::{DateTime, Format};
use serde::Serialize;

use crate::facets::{DatasetFacets, InputFacets, JobFacets, OutputFacets, RunFacets};

/// Who tells; every event and every facet names it.
pub(crate) const PRODUCER: &str = concat!("urn:snowline:", env!("CARGO_PKG_VERSION"));

const SCHEMA_URL: &str = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent";

/// A change of state of a run.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RunEvent {
    pub(crate) event_type: EventType,
    pub(crate) event_time: String,
    pub(crate) run: Run,
    pub(crate) job: Job,
    pub(crate) inputs: Vec<Input>,
    pub(crate) outputs: Vec<Output>,
    producer: &'static str,
    #[serde(rename = "schemaURL")]
    schema_url: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum EventType {
    Start,
    Complete,
    Fail,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Run {
    /// A UUID.
    pub(crate) run_id: String,
    pub(crate) facets: RunFacets,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Job {
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) facets: JobFacets,
}

/// What a dataset is called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct DatasetName {
    pub(crate) namespace: String,
    pub(crate) name: String,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    #[serde(flatten)]
    pub(crate) name: DatasetName,
    pub(crate) facets: DatasetFacets,
    pub(crate) input_facets: InputFacets,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    #[serde(flatten)]
    pub(crate) name: DatasetName,
    pub(crate) facets: DatasetFacets,
    pub(crate) output_facets: OutputFacets,
}

impl RunEvent {
    pub(crate) fn new(event_type: EventType, at: SystemTime, run: Run, job: Job) -> Self {
        let (inputs, outputs) = (Vec::new(), Vec::new());
        let event_time = rfc3339(at);
        let (producer, schema_url) = (PRODUCER, SCHEMA_URL);
        Self { event_type, event_time, run, job, inputs, outputs, producer, schema_url }
    }
}

impl EventType {
    /// As events write it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Start => "START",
            Self::Complete => "COMPLETE",
            Self::Fail => "FAIL",
        }
    }
}

/// A moment as `2026-11-22T09:16:05.042Z`.
fn rfc3339(at: SystemTime) -> String {
    let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let seconds = DateTime::from_secs(i64::try_from(since.as_secs()).unwrap_or(i64::MAX));
    // A year beyond 9999 has no such form; no clock tells one.
    let text = seconds.fmt(Format::DateTime).unwrap_or_else(|_| "9999-12-31T23:59:59Z".to_owned());
    format!("{}.{:03}Z", text.trim_end_matches('Z'), since.subsec_millis())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn times_have_milliseconds() {
        let at = |millis| rfc3339(SystemTime::UNIX_EPOCH + Duration::from_millis(millis));
        assert_eq!(at(1_795_338_965_042), "2026-11-22T09:16:05.042Z");
        assert_eq!(at(0), "1970-01-01T00:00:00.000Z");
    }
}
