//! When lines are due by the clock on the wall.

use std::time::Duration;

/// Lines made in one go before anything else gets a turn.
const BURST: u64 = 512;

/// How fast to send, and when to stop.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// `None` means as fast as possible.
    pub(crate) lines_per_second: Option<u32>,
    /// Stop after this many lines.
    pub(crate) count: Option<u64>,
    /// Stop after this time. With a rate, as many lines are sent as are due by then.
    pub(crate) time_limit: Option<Duration>,
}

/// What to do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Due {
    /// Send this many lines.
    Lines(u64),
    /// Nothing before this time since the beginning.
    At(Duration),
    /// All lines are sent.
    Done,
}

impl Pace {
    /// What is due when `sent` lines have been sent and this much time has passed.
    pub(crate) fn due(&self, sent: u64, elapsed: Duration) -> Due {
        let time_is_up = self.time_limit.is_some_and(|limit| elapsed >= limit);
        let elapsed = self.time_limit.map_or(elapsed, |limit| elapsed.min(limit));
        let allowed = self.count.unwrap_or(u64::MAX);
        let due = match self.lines_per_second {
            None if time_is_up => sent,
            None => allowed,
            Some(rate) => lines_after(elapsed, rate).min(allowed),
        };
        if due > sent {
            Due::Lines((due - sent).min(BURST))
        } else if time_is_up || sent >= allowed {
            Due::Done
        } else {
            let rate = self.lines_per_second.unwrap_or(u32::MAX);
            let next = time_of_line(sent, rate);
            Due::At(self.time_limit.map_or(next, |limit| next.min(limit)))
        }
    }
}

/// Lines due in this time: the first at once, the others at even distances.
fn lines_after(elapsed: Duration, rate: u32) -> u64 {
    (elapsed.as_nanos() * u128::from(rate)).div_ceil(1_000_000_000) as u64
}

/// The first moment after which the line with this index is due.
fn time_of_line(index: u64, rate: u32) -> Duration {
    let nanos = u128::from(index) * 1_000_000_000 / u128::from(rate);
    Duration::from_nanos(nanos as u64 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines sent in all, and when the last of them was, by a clock that only waits when told to.
    fn play(pace: Pace) -> (u64, Duration) {
        let (mut sent, mut now, mut last) = (0, Duration::ZERO, Duration::ZERO);
        loop {
            match pace.due(sent, now) {
                Due::Lines(lines) => {
                    sent += lines;
                    last = now;
                }
                Due::At(time) => {
                    assert!(time > now);
                    now = time;
                }
                Due::Done => return (sent, last),
            }
        }
    }

    #[test]
    fn a_rate_and_a_time_limit_make_an_exact_number_of_lines() {
        let pace = Pace {
            lines_per_second: Some(30),
            count: None,
            time_limit: Some(Duration::from_secs(10)),
        };
        let (sent, last) = play(pace);
        assert_eq!(sent, 300);
        assert!(last < Duration::from_secs(10) && last > Duration::from_millis(9_900));
    }

    #[test]
    fn a_count_ends_a_run_with_or_without_a_rate() {
        for lines_per_second in [None, Some(1_000)] {
            let pace = Pace { lines_per_second, count: Some(1_500), time_limit: None };
            assert_eq!(play(pace).0, 1_500);
        }
    }

    #[test]
    fn without_a_rate_lines_are_due_until_the_time_is_up() {
        let pace =
            Pace { lines_per_second: None, count: None, time_limit: Some(Duration::from_secs(1)) };
        assert_eq!(pace.due(1_000_000, Duration::from_millis(999)), Due::Lines(BURST));
        assert_eq!(pace.due(1_000_000, Duration::from_secs(1)), Due::Done);
    }
}
