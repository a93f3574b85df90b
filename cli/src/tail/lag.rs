//! How long the oldest byte that was seen has been waiting to be taken.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

const GRAIN: Duration = Duration::from_millis(500);
const MAX_SIGHTINGS: usize = 64;

/// When which part of a file was seen first, to the half second, as long as it is not taken. When
/// there are too many parts, the last one grows: ages are never too small.
#[derive(Debug, Default)]
pub(crate) struct Sightings {
    /// The offset up to which, and when.
    seen: VecDeque<(u64, Instant)>,
}

impl Sightings {
    /// Notes that the file has bytes up to here.
    pub(crate) fn add(&mut self, end: u64, now: Instant) {
        let is_full = self.seen.len() >= MAX_SIGHTINGS;
        match self.seen.back_mut() {
            Some((last, at)) if is_full || now.saturating_duration_since(*at) < GRAIN => {
                *last = end
            }
            _ => self.seen.push_back((end, now)),
        }
    }

    /// Notes that everything up to here was taken.
    pub(crate) fn taken(&mut self, offset: u64) {
        while self.seen.front().is_some_and(|&(end, _)| end <= offset) {
            self.seen.pop_front();
        }
    }

    /// When the oldest byte was seen that is not taken.
    pub(crate) fn oldest(&self) -> Option<Instant> {
        self.seen.front().map(|&(_, at)| at)
    }
}
