//! What the Lambdas tell their operators: structured log lines, metrics, and errors with their
//! whole cause.
//!
//! Output: JSON, one object a line, on stdout, where Lambda hands it to CloudWatch. Log lines are
//! for people and queries; metrics are embedded metric format, which CloudWatch turns into time
//! series without a call to its API. Nothing here can fail an invocation.

mod logging;
mod metrics;

pub use logging::{diagnostic, error_chain, init};
pub use metrics::Metrics;
