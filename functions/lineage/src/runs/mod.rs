//! What the runs of each function are as events.

pub(crate) mod copy;
pub(crate) mod publish;
pub(crate) mod transform;

use std::time::SystemTime;

use aws::SdkConfig;
use contract::Dataset;
use uuid::Uuid;

use crate::event::{EventType, Input, Job, Output, Run, RunEvent};
use crate::facets::{
    ErrorMessage, ExecutionParameters, JobFacets, JobType, Parameter, Parent, ProcessingEngine,
    RunFacets,
};
use crate::naming::Names;
use crate::send::Sender;
use crate::target::{Target, TargetError};

/// Tells what a function did, or, by default, nobody. One lives as long as its execution
/// environment.
#[derive(Debug, Default)]
pub struct Lineage(Option<Inner>);

#[derive(Debug)]
struct Inner {
    dataset: Dataset,
    /// The namespace of jobs.
    stack: String,
    names: Names,
    sender: Sender,
    clock: fn() -> SystemTime,
}

/// Why events could not be sent anywhere.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A variable is not set, or empty.
    #[error("LINEAGE_TO is set, but {0} is not")]
    Missing(&'static str),
    /// The target is refused.
    #[error("LINEAGE_TO")]
    Target(#[from] TargetError),
    /// The place of the API key is told twice.
    #[error("cannot tell where the API key stands")]
    ApiKey(#[from] secrets::LocationError),
    /// TLS cannot be set up.
    #[error(transparent)]
    Https(#[from] aws::ConfigError),
}

/// A run, before it has a state.
struct Subject {
    job: String,
    run_id: Uuid,
    request_id: Option<String>,
    parent: Option<Parent>,
}

/// What a run did.
struct Work {
    inputs: Vec<Input>,
    outputs: Vec<Output>,
    /// What made it fail, without a value of a row.
    failure: Option<String>,
}

impl Lineage {
    /// Reads `LINEAGE_TO` through `lookup`: empty for nobody, `https://host/path` (or `http` on a
    /// loopback host), or `s3://bucket/prefix/`; and where that is set `STACK_NAME`, which is the
    /// namespace of jobs, `LAKE_BUCKET`, and, but for the transform, `SNOWFLAKE_ACCOUNT` and
    /// `SNOWFLAKE_DATABASE`. `LINEAGE_API_KEY_SECRET` or `LINEAGE_API_KEY_FILE` says where the
    /// endpoint's key stands, if it asks for one.
    ///
    /// # Errors
    /// [`OpenError`] names the variable that is missing or wrong.
    pub fn open(
        lookup: impl Fn(&str) -> Option<String>,
        dataset: &Dataset,
        aws: &SdkConfig,
        clock: fn() -> SystemTime,
    ) -> Result<Self, OpenError> {
        let variable = |name: &str| lookup(name).filter(|value| !value.is_empty());
        let required = |name| variable(name).ok_or(OpenError::Missing(name));
        let Some(to) = variable("LINEAGE_TO") else { return Ok(Self::default()) };
        let names = Names {
            lake_bucket: required("LAKE_BUCKET")?,
            // The transform has no table to name.
            account: variable("SNOWFLAKE_ACCOUNT").unwrap_or_default(),
            database: variable("SNOWFLAKE_DATABASE").unwrap_or_default(),
        };
        let target = Target::parse(&to, &names.lake_bucket)?;
        let key = match secrets::Location::from_lookup(&lookup, "LINEAGE_API_KEY") {
            Ok(location) => Some(secrets::Source::open(location, aws)),
            Err(secrets::LocationError::Missing { .. }) => None,
            Err(error) => return Err(error.into()),
        };
        Ok(Self(Some(Inner {
            dataset: dataset.clone(),
            stack: required("STACK_NAME")?,
            sender: Sender::open(target, key, aws, &lookup)?,
            names,
            clock,
        })))
    }

    /// The time, as runs are stamped with it.
    pub fn now(&self) -> SystemTime {
        self.0.as_ref().map_or(SystemTime::UNIX_EPOCH, |inner| (inner.clock)())
    }
}

impl Inner {
    /// The beginning and the end of a run. The beginning is told with the end, when the work is
    /// done: a run that is killed leaves no trace, instead of one that never ends.
    fn events(&self, subject: &Subject, started_at: SystemTime, work: Work) -> [RunEvent; 2] {
        let state = if work.failure.is_none() { EventType::Complete } else { EventType::Fail };
        let event = |state, at, failure| {
            RunEvent::new(state, at, self.run(subject, failure), self.job(&subject.job))
        };
        let start = event(EventType::Start, started_at, None);
        let mut end = event(state, (self.clock)(), work.failure);
        (end.inputs, end.outputs) = (work.inputs, work.outputs);
        [start, end]
    }

    fn run(&self, subject: &Subject, failure: Option<String>) -> Run {
        let parameter = |key, value: &str| Parameter { key, value: value.to_owned() };
        let mut parameters = vec![
            parameter("dataset", &self.dataset.name),
            parameter("contract_version", &self.dataset.version),
        ];
        parameters.extend(subject.request_id.iter().map(|id| parameter("request_id", id)));
        let engine = ProcessingEngine { name: "Snowline", version: env!("CARGO_PKG_VERSION") };
        let facets = RunFacets {
            processing_engine: engine.into(),
            execution_parameters: ExecutionParameters { parameters }.into(),
            parent: subject.parent.clone().map(Into::into),
            error_message: failure
                .map(|message| ErrorMessage { message, programming_language: "Rust" }.into()),
        };
        Run { run_id: subject.run_id.to_string(), facets }
    }

    fn job(&self, name: &str) -> Job {
        let job_type =
            JobType { processing_type: "BATCH", integration: "SNOWLINE", job_type: "TASK" };
        let facets = JobFacets { job_type: job_type.into() };
        Job { namespace: self.stack.clone(), name: name.to_owned(), facets }
    }
}

/// The UUID of a run: a function of what the run is.
fn run_id(job: &str, what: &str) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("urn:snowline:{job}:{what}").as_bytes())
}
