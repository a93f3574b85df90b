//! The moment by which a statement must have an answer.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

/// The moment after which a statement still running is cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(Instant);

impl Deadline {
    /// A deadline this far in the future.
    pub fn after(duration: Duration) -> Self {
        Self(Instant::now() + duration)
    }

    /// The deadline `margin` before `end`, a moment of the system clock: of a Lambda's context,
    /// the margin being what the function needs to cancel, report and answer.
    pub fn before(end: SystemTime, margin: Duration) -> Self {
        let left = end.duration_since(SystemTime::now()).unwrap_or_default();
        Self::after(left.saturating_sub(margin))
    }

    /// Time left; zero once the deadline has passed.
    pub fn left(&self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    pub(crate) fn instant(&self) -> Instant {
        self.0
    }
}
