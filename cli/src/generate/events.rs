//! The sequence of lines: good ones, repetitions and bad ones, and how many of each.

use super::random::{Likelihood, Random};
use super::recent::RecentLines;
use super::timeline::Timeline;
use serde::Serialize;
use std::collections::BTreeMap;

/// Makes the events of one dataset.
pub(crate) trait Producer {
    /// The first line of every object, newline included, where the format has one.
    fn header(&self) -> Option<&[u8]> {
        None
    }

    /// Writes the next event, which happens at `now_us` (microseconds since 1970-01-01T00:00:00Z)
    /// unless it is late, as one line, newline included, in place of what `line` held.
    fn event(&mut self, now_us: i64, random: &mut Random, line: &mut Vec<u8>) -> Event;

    /// Writes a line that breaks exactly one rule of the contract, as [`Self::event`] writes a
    /// good one; returns the name of the rule.
    fn bad(&mut self, now_us: i64, random: &mut Random, line: &mut Vec<u8>) -> &'static str;
}

/// What an event does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Event {
    /// What happens to the row of its key.
    pub(crate) change: Change,
    /// It happened before events that were sent earlier.
    pub(crate) late: bool,
}

/// What happens to the row of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// It is there for the first time.
    Insert,
    /// It has another version.
    Update,
    /// It is deleted.
    Delete,
}

/// How many lines of each sort were made. Inserts, updates, deletes, duplicates and bad lines add
/// up to all of them; late ones are among inserts and updates.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Counts {
    pub(crate) events_sent: u64,
    pub(crate) duplicates_sent: u64,
    pub(crate) bad_sent: u64,
    /// Bad lines by the rule that rejects them.
    pub(crate) bad_by_rule: BTreeMap<&'static str, u64>,
    pub(crate) inserts: u64,
    pub(crate) updates: u64,
    pub(crate) deletes: u64,
    pub(crate) late: u64,
}

/// An endless sequence of lines, a function of producer, seed, timeline and shares. Uses a fixed
/// amount of memory however many lines it makes.
pub(crate) struct Lines {
    producer: Box<dyn Producer>,
    random: Random,
    timeline: Timeline,
    bad: Likelihood,
    duplicates: Likelihood,
    recent: RecentLines,
    counts: Counts,
}

impl Lines {
    /// `bad` is a share of all lines, `duplicates` one of the good lines.
    pub(crate) fn new(
        producer: Box<dyn Producer>,
        seed: u64,
        timeline: Timeline,
        bad: f64,
        duplicates: f64,
    ) -> Self {
        Self {
            producer,
            random: Random::seeded(seed),
            timeline,
            bad: Likelihood::from_fraction(bad),
            duplicates: Likelihood::from_fraction(duplicates),
            recent: RecentLines::default(),
            counts: Counts::default(),
        }
    }

    pub(crate) fn counts(&self) -> &Counts {
        &self.counts
    }

    /// The first line of every object, newline included, where the format has one.
    pub(crate) fn header(&self) -> Option<&[u8]> {
        self.producer.header()
    }

    /// Writes the next line, newline included, in place of what `line` held.
    pub(crate) fn next_line(&mut self, line: &mut Vec<u8>) {
        let now_us = self.timeline.at(self.counts.events_sent);
        self.counts.events_sent += 1;
        if self.random.happens(self.bad) {
            let rule = self.producer.bad(now_us, &mut self.random, line);
            self.counts.bad_sent += 1;
            *self.counts.bad_by_rule.entry(rule).or_default() += 1;
            return;
        }
        if self.random.happens(self.duplicates)
            && let Some(earlier) = self.recent.pick(&mut self.random)
        {
            line.clear();
            line.extend_from_slice(earlier);
            self.counts.duplicates_sent += 1;
            return;
        }
        let event = self.producer.event(now_us, &mut self.random, line);
        self.count(event);
        self.recent.add(line);
    }

    fn count(&mut self, event: Event) {
        match event.change {
            Change::Insert => self.counts.inserts += 1,
            Change::Update => self.counts.updates += 1,
            Change::Delete => self.counts.deletes += 1,
        }
        self.counts.late += u64::from(event.late);
    }
}
