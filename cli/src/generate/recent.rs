//! What the generator remembers: a bounded sample of what can still change, and the latest lines.

use super::random::Random;

const OPEN: usize = 20_000;
const RECENT_LINES: usize = 4_096;
const LATEST_LINES: usize = 16;

/// A sample of the entities that can still change.
pub(crate) struct Open<T>(Vec<T>);

impl<T> Default for Open<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Open<T> {
    /// Remembers an entity, in place of a random one when there are too many.
    pub(crate) fn put(&mut self, entity: T, random: &mut Random) {
        if self.0.len() < OPEN {
            self.0.push(entity);
        } else {
            self.0[random.index(OPEN)] = entity;
        }
    }

    /// Takes a random entity out.
    pub(crate) fn take(&mut self, random: &mut Random) -> Option<T> {
        if self.0.is_empty() {
            return None;
        }
        Some(self.0.swap_remove(random.index(self.0.len())))
    }
}

/// The latest lines, in a ring.
#[derive(Default)]
pub(crate) struct RecentLines {
    ring: Vec<Vec<u8>>,
    next: usize,
}

impl RecentLines {
    pub(crate) fn add(&mut self, line: &[u8]) {
        if self.ring.len() < RECENT_LINES {
            self.ring.push(line.to_vec());
        } else {
            self.ring[self.next].clear();
            self.ring[self.next].extend_from_slice(line);
        }
        self.next = (self.next + 1) % RECENT_LINES;
    }

    /// A line to repeat: half of the time one of the very latest, as when a producer retries, else
    /// any, as when a delivery is repeated later.
    pub(crate) fn pick(&self, random: &mut Random) -> Option<&[u8]> {
        let len = self.ring.len();
        if len == 0 {
            return None;
        }
        let window = if random.below(2) == 0 { LATEST_LINES.min(len) } else { len };
        let age = 1 + random.index(window);
        Some(&self.ring[(self.next + len - age) % len])
    }
}
