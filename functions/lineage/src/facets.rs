//! The facets of runs, jobs and datasets that the pipeline can fill, each in the version that
//! openlineage-python 1.54 has.

use serde::Serialize;

use crate::column_lineage::ColumnLineage;
use crate::event::PRODUCER;
use crate::schema::Schema;

/// What a facet says, with who says it and the schema it follows.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Facet<T> {
    #[serde(rename = "_producer")]
    producer: &'static str,
    #[serde(rename = "_schemaURL")]
    schema_url: &'static str,
    #[serde(flatten)]
    body: T,
}

/// The content of a facet.
pub(crate) trait Body: Serialize {
    /// Address of its schema.
    const SCHEMA_URL: &'static str;
}

impl<T: Body> From<T> for Facet<T> {
    fn from(body: T) -> Self {
        Self { producer: PRODUCER, schema_url: T::SCHEMA_URL, body }
    }
}

macro_rules! schema_url {
    ($body:ty, $version:literal, $file:literal, $name:literal) => {
        impl Body for $body {
            const SCHEMA_URL: &'static str = concat!(
                "https://openlineage.io/spec/facets/",
                $version,
                "/",
                $file,
                ".json#/$defs/",
                $name
            );
        }
    };
    ($body:ty, $version:literal, $name:literal) => {
        schema_url!($body, $version, $name, $name);
    };
}

schema_url!(ProcessingEngine, "1-1-1", "ProcessingEngineRunFacet");
schema_url!(ExecutionParameters, "1-0-0", "ExecutionParametersRunFacet");
schema_url!(Parent, "1-2-0", "ParentRunFacet");
schema_url!(ErrorMessage, "1-0-1", "ErrorMessageRunFacet");
schema_url!(JobType, "2-0-4", "JobTypeJobFacet");
schema_url!(Schema, "1-2-0", "SchemaDatasetFacet");
schema_url!(ColumnLineage, "1-2-0", "ColumnLineageDatasetFacet");
schema_url!(InputStatistics, "1-0-0", "InputStatisticsInputDatasetFacet");
schema_url!(OutputStatistics, "1-0-2", "OutputStatisticsOutputDatasetFacet");
schema_url!(InputSubset, "1-0-0", "BaseSubsetDatasetFacet", "InputSubsetInputDatasetFacet");
schema_url!(OutputSubset, "1-0-0", "BaseSubsetDatasetFacet", "OutputSubsetOutputDatasetFacet");
schema_url!(Assertions, "1-1-0", "DataQualityAssertionsDatasetFacet");

#[derive(Debug, Clone, Serialize)]
pub(crate) struct RunFacets {
    pub(crate) processing_engine: Facet<ProcessingEngine>,
    #[serde(rename = "executionParameters")]
    pub(crate) execution_parameters: Facet<ExecutionParameters>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) parent: Option<Facet<Parent>>,
    #[serde(rename = "errorMessage", skip_serializing_if = "Option::is_none")]
    pub(crate) error_message: Option<Facet<ErrorMessage>>,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct JobFacets {
    pub(crate) job_type: Facet<JobType>,
}

#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DatasetFacets {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) schema: Option<Facet<Schema>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) column_lineage: Option<Facet<ColumnLineage>>,
}

#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InputFacets {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) input_statistics: Option<Facet<InputStatistics>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) subset: Option<Facet<InputSubset>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) data_quality_assertions: Option<Facet<Assertions>>,
}

#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OutputFacets {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) output_statistics: Option<Facet<OutputStatistics>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) subset: Option<Facet<OutputSubset>>,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct ProcessingEngine {
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct ExecutionParameters {
    pub(crate) parameters: Vec<Parameter>,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Parameter {
    pub(crate) key: &'static str,
    pub(crate) value: String,
}

/// The run that started this one.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Parent {
    pub(crate) run: ParentRun,
    pub(crate) job: ParentJob,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ParentRun {
    pub(crate) run_id: String,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct ParentJob {
    pub(crate) namespace: String,
    pub(crate) name: String,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ErrorMessage {
    pub(crate) message: String,
    pub(crate) programming_language: &'static str,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct JobType {
    pub(crate) processing_type: &'static str,
    pub(crate) integration: &'static str,
    pub(crate) job_type: &'static str,
}

/// What was read; a number that nobody counted is left out.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InputStatistics {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) row_count: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) file_count: Option<u64>,
}

/// What was written; a number that nobody counted is left out.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OutputStatistics {
    pub(crate) row_count: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) file_count: Option<u64>,
}

/// The objects of an input that a run read.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InputSubset {
    pub(crate) input_condition: Locations,
}

/// The objects of an output that a run wrote.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OutputSubset {
    pub(crate) output_condition: Locations,
}

/// Objects, as `s3://bucket/key`.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Locations {
    #[serde(rename = "type")]
    kind: &'static str,
    locations: Vec<String>,
}

impl From<Vec<String>> for Locations {
    fn from(locations: Vec<String>) -> Self {
        Self { kind: "location", locations }
    }
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Assertions {
    pub(crate) assertions: Vec<Assertion>,
}

/// A check of a dataset, and what came of it.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Assertion {
    pub(crate) assertion: &'static str,
    pub(crate) success: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) column: Option<String>,
    pub(crate) severity: &'static str,
    pub(crate) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    pub(crate) expected: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) actual: Option<String>,
}
