//! The line that says how the program is.

use super::collector::Collector;
use super::send::Traffic;
use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

const ON_TERMINAL: Duration = Duration::from_secs(1);
const IN_A_LOG: Duration = Duration::from_secs(10);

/// Shows how the program is: in place on a terminal, else as lines, when something changed.
#[derive(Debug)]
pub(crate) struct Status {
    interval: Duration,
    due: Instant,
    on_terminal: bool,
    last: String,
}

impl Status {
    pub(crate) fn new(interval: Option<Duration>, now: Instant) -> Self {
        let on_terminal = io::stderr().is_terminal();
        let interval = interval.unwrap_or(if on_terminal { ON_TERMINAL } else { IN_A_LOG });
        Self { interval, due: now + interval, on_terminal, last: String::new() }
    }

    pub(crate) fn due(&self) -> Instant {
        self.due
    }

    /// Shows the line if it is time, and returns it then.
    pub(crate) fn show(
        &mut self,
        collector: &Collector,
        traffic: &Traffic,
        now: Instant,
    ) -> Option<&str> {
        if now < self.due {
            return None;
        }
        self.due = now + self.interval;
        let line = line(collector, traffic, now);
        if self.on_terminal {
            eprint!("\r{line}\x1b[K");
            // A closed terminal is no reason to fail.
            io::stderr().flush().ok();
        } else if line != self.last {
            eprintln!("{line}");
        }
        self.last = line;
        Some(&self.last)
    }

    /// Leaves the line of a terminal behind.
    pub(crate) fn end(&self) {
        if self.on_terminal && !self.last.is_empty() {
            eprintln!();
        }
    }
}

/// Everything in one line.
pub(crate) fn line(collector: &Collector, traffic: &Traffic, now: Instant) -> String {
    let counts = collector.counts;
    let mut line = format!(
        "{} files, {} bytes behind, {:.1} s; taken: {} records, {} lines, {} bytes; {} throttles, \
         {} resent, {} oversized",
        collector.files(),
        collector.lag_bytes(),
        collector.lag(now).as_secs_f64(),
        counts.records,
        counts.lines,
        counts.bytes,
        traffic.throttles(),
        traffic.resent(),
        counts.oversized,
    );
    if counts.unconverted > 0 {
        // Writing to a String cannot fail.
        write!(line, ", {} not converted", counts.unconverted).ok();
    }
    if let Some((message, count)) = collector.troubles.summary() {
        let more = if count > 1 { format!(" (and {} more)", count - 1) } else { String::new() };
        write!(line, "; wrong: {message}{more}").ok();
    }
    line
}
