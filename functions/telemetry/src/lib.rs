//! What the Lambdas tell their operators: structured log lines, metrics, traces, and errors with a
//! code and their whole cause.
//!
//! Input: spans and events of `tracing`, [`Metrics`] of the [`CATALOGUE`]. Output: JSON, one object
//! a line, on stdout, where Lambda hands it to CloudWatch, and subsegments for the daemon of X-Ray.
//! Log lines are for people and queries; metrics are embedded metric format, which CloudWatch turns
//! into time series without a call to its API. Every line carries what the spans around it know:
//! request, object, statement. Nothing here can fail or delay an invocation.

mod catalogue;
mod cpu;
mod failure;
mod fields;
mod metrics;
mod recorder;
mod setup;
mod trace;

pub use catalogue::{
    Bytes, CATALOGUE, Count, Definition, Labelled, Metric, Milliseconds, Quantity, Unit,
    Unlabelled, metric,
};
pub use cpu::process_cpu_time;
pub use failure::{Coded, answer, cannot_start, error_chain, log_failure};
pub use metrics::Metrics;
pub use setup::{Telemetry, init};
#[doc(hidden)]
pub use trace::SUBSEGMENT;
pub use trace::traced;
#[doc(hidden)]
pub use tracing as __tracing;
