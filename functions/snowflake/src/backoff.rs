//! How long to wait before trying again.

use std::time::Duration;

/// Waits that grow from `first` up to `longest`, each shortened at random by up to half, so that
/// clients which failed together do not come back together.
#[derive(Debug, Clone, Copy)]
pub struct Backoff {
    /// The first wait.
    pub first: Duration,
    /// How many times as long as the one before each wait is.
    pub growth: f64,
    /// No wait is longer.
    pub longest: Duration,
}

impl Backoff {
    /// The wait after `earlier` waits before it; `random` in `0.0..1.0`.
    pub(crate) fn wait(&self, earlier: u32, random: f64) -> Duration {
        let exponent = i32::try_from(earlier).unwrap_or(i32::MAX);
        let grown = self.first.as_secs_f64() * self.growth.powi(exponent);
        let wait = Duration::try_from_secs_f64(grown).unwrap_or(self.longest);
        wait.min(self.longest).mul_f64(1.0 - random.clamp(0.0, 1.0) / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_up_to_the_longest_and_lose_up_to_half() {
        let backoff = Backoff {
            first: Duration::from_millis(20),
            growth: 2.0,
            longest: Duration::from_millis(2_000),
        };
        for (earlier, random, millis) in [
            (0, 0.0, 20),
            (0, 1.0, 10),
            (1, 0.0, 40),
            (6, 0.0, 1_280),
            (7, 0.0, 2_000),
            (99, 0.5, 1_500),
            (u32::MAX, 0.0, 2_000),
        ] {
            assert_eq!(backoff.wait(earlier, random), Duration::from_millis(millis));
        }
    }
}
