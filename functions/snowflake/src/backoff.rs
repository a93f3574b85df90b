//! How long to wait before trying again.

use std::time::Duration;

/// Waits that double from `first` up to `longest`, each shortened at random by up to half, so
/// that clients which failed together do not come back together.
#[derive(Debug, Clone, Copy)]
pub struct Backoff {
    /// The first wait.
    pub first: Duration,
    /// No wait is longer.
    pub longest: Duration,
}

impl Backoff {
    /// The wait after `earlier` waits before it; `random` in `0.0..1.0`.
    pub(crate) fn wait(&self, earlier: u32, random: f64) -> Duration {
        let doubled = self.first.saturating_mul(1 << earlier.min(20));
        doubled.min(self.longest).mul_f64(1.0 - random.clamp(0.0, 1.0) / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_lose_up_to_half() {
        let backoff =
            Backoff { first: Duration::from_millis(20), longest: Duration::from_millis(2_000) };
        for (earlier, random, millis) in [
            (0, 0.0, 20),
            (0, 1.0, 10),
            (1, 0.0, 40),
            (6, 0.0, 1_280),
            (7, 0.0, 2_000),
            (99, 0.5, 1_500),
        ] {
            assert_eq!(backoff.wait(earlier, random), Duration::from_millis(millis));
        }
    }
}
