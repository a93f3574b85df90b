//! What the scheduler asks for.

use serde::{Deserialize, Serialize};

/// The payload of an invocation: `{"task": "merge", "run_id": "scheduled__2026-11-22T09:00:00"}`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// What to do.
    pub task: Task,
    /// The scheduler's name of the run, kept with the results; none when run by hand.
    #[serde(default)]
    pub run_id: Option<String>,
}

/// A task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Task {
    /// Reconciles the ledger with staging.
    Audit,
    /// Applies what arrived in staging to analytics.
    Merge,
    /// Runs the contract's rules over analytics.
    Check,
}

impl Task {
    /// The name, as in the payload.
    pub fn name(self) -> &'static str {
        match self {
            Self::Audit => "audit",
            Self::Merge => "merge",
            Self::Check => "check",
        }
    }
}
