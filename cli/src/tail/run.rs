//! The program at work: waits for something to happen, looks, reads, sends, saves.

use super::collector::Collector;
use super::ledger::{Outgoing, RecordId};
use super::notify::Notify;
use super::save::Job;
use super::send::{Outlet, SendError, Traffic};
use super::status::{Status, line};
use super::watch::Watch;
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender};
use std::time::{Duration, Instant};

/// A checkpoint that frees no slot waits for so long.
const CHANGES_WAIT: Duration = Duration::from_secs(1);
/// So long after a checkpoint that could not be saved, the next is tried.
const SAVE_PAUSE: Duration = Duration::from_secs(2);

/// New names are looked for no more often than this.
const SCAN_PAUSE: Duration = Duration::from_millis(100);

/// What happens while the program waits.
#[derive(Debug)]
pub(crate) enum Event {
    /// Something changed in a watched folder; `names`: not only what is in files.
    Wake { names: bool },
    /// The stream took a record.
    Taken(Outgoing),
    /// Nothing will ever take a record.
    Failed(SendError),
    /// A checkpoint was saved, or not.
    Saved { covered: Vec<RecordId>, outcome: io::Result<()> },
    /// The program is to end once everything that was read is delivered.
    Stop,
}

/// What the program works with.
pub(crate) struct Parts {
    pub(crate) collector: Collector,
    pub(crate) outlet: Outlet,
    pub(crate) traffic: Arc<Traffic>,
    pub(crate) save: Sender<Job>,
    pub(crate) events: Receiver<Event>,
    pub(crate) watch: Watch,
    pub(crate) notify: Notify,
    pub(crate) status: Status,
    /// How often everything is looked at anew.
    pub(crate) poll: Duration,
    /// Folders that are watched beside those of followed files.
    pub(crate) folders: BTreeSet<PathBuf>,
}

/// The program at work.
pub(crate) struct Run {
    parts: Parts,
    /// When everything is looked at anew, and when it was.
    next_scan: Instant,
    scanned_at: Instant,
    /// Whether a followed file may have changed.
    may_have_grown: bool,
    is_saving: bool,
    /// When the next checkpoint may be saved that frees slots, and one that frees none.
    save_from: Instant,
    save_changes_from: Instant,
    next_sign_of_life: Instant,
}

impl Run {
    pub(crate) fn new(parts: Parts, now: Instant) -> Self {
        Self {
            parts,
            next_scan: now,
            scanned_at: now,
            may_have_grown: false,
            is_saving: false,
            save_from: now,
            save_changes_from: now,
            next_sign_of_life: now,
        }
    }

    /// Works until told to stop, or, if files are read once, until they are read; then delivers what
    /// was read.
    ///
    /// # Errors
    /// A record will never be taken.
    pub(crate) fn work(&mut self) -> Result<(), SendError> {
        self.parts.notify.tell("READY=1");
        loop {
            let now = Instant::now();
            self.look(now);
            self.pass_on(now);
            self.save(now);
            self.report(now);
            if self.is_done(now) {
                break;
            }
            self.wait(now)?;
        }
        self.parts.status.end();
        eprintln!("{}", line(&self.parts.collector, &self.parts.traffic, Instant::now()));
        Ok(())
    }

    /// What is wrong, if anything is.
    pub(crate) fn trouble(&self) -> Option<String> {
        self.parts.collector.troubles.summary().map(|(message, _)| message)
    }

    fn look(&mut self, now: Instant) {
        let Parts { collector, watch, folders, poll, .. } = &mut self.parts;
        if now >= self.next_scan {
            (self.scanned_at, self.next_scan) = (now, now + *poll);
            collector.rescan(now);
            for folder in folders.iter().chain(&collector.folders()) {
                watch.add(folder);
            }
        } else if self.may_have_grown {
            collector.look(now);
        }
        self.may_have_grown = false;
    }

    /// From files into records, and from there to the stream.
    fn pass_on(&mut self, now: Instant) {
        let Parts { collector, outlet, .. } = &mut self.parts;
        collector.fill(now);
        while let Some(record) = collector.send_next() {
            outlet.send(record);
            collector.fill(now);
        }
    }

    fn save(&mut self, now: Instant) {
        let collector = &mut self.parts.collector;
        let is_due = (collector.has_taken_records() && now >= self.save_from)
            || (collector.has_changed() && now >= self.save_from.max(self.save_changes_from));
        if is_due && !self.is_saving {
            self.is_saving = true;
            self.save_changes_from = now + CHANGES_WAIT;
            // A thread that is gone ends the program when it answers no more.
            self.parts.save.send(collector.checkpoint()).ok();
        }
    }

    fn report(&mut self, now: Instant) {
        let Parts { collector, traffic, notify, status, .. } = &mut self.parts;
        if let Some(line) = status.show(collector, traffic, now) {
            notify.tell(&format!("STATUS={line}"));
        }
        if let Some(watchdog) = notify.watchdog
            && now >= self.next_sign_of_life
        {
            notify.tell("WATCHDOG=1");
            self.next_sign_of_life = now + watchdog / 3;
        }
    }

    fn is_done(&self, now: Instant) -> bool {
        let collector = &self.parts.collector;
        let has_ended = collector.is_stopping() || collector.has_read_once(now);
        has_ended && collector.is_idle() && !collector.has_changed() && !self.is_saving
    }

    /// Waits for the next event or the next thing that is due, and takes in everything that
    /// happened.
    fn wait(&mut self, now: Instant) -> Result<(), SendError> {
        let until = self.due(now).saturating_duration_since(now);
        let mut event = self.parts.events.recv_timeout(until).ok();
        while let Some(happened) = event {
            self.take_in(happened)?;
            event = self.parts.events.try_recv().ok();
        }
        Ok(())
    }

    fn due(&self, now: Instant) -> Instant {
        let Parts { collector, status, notify, .. } = &self.parts;
        let watchdog = notify.watchdog.map(|_| self.next_sign_of_life);
        let saves = !self.is_saving && collector.has_changed();
        let save = saves.then(|| self.save_from.max(now + Duration::from_millis(10)));
        let times = [Some(self.next_scan), Some(status.due()), collector.due(), watchdog, save];
        times.into_iter().flatten().min().unwrap_or(now)
    }

    fn take_in(&mut self, event: Event) -> Result<(), SendError> {
        let collector = &mut self.parts.collector;
        match event {
            Event::Wake { names } => {
                self.may_have_grown = true;
                if names {
                    self.next_scan = self.next_scan.min(self.scanned_at + SCAN_PAUSE);
                }
            }
            Event::Taken(record) => collector.taken(record),
            Event::Failed(error) => return Err(error),
            Event::Saved { covered, outcome } => {
                self.is_saving = false;
                match outcome {
                    Ok(()) => {
                        collector.saved(&covered);
                        collector.troubles.clear("checkpoint");
                    }
                    Err(error) => {
                        collector.not_saved();
                        collector.troubles.raise("checkpoint", format!("cannot be saved: {error}"));
                        self.save_from = Instant::now() + SAVE_PAUSE;
                    }
                }
            }
            Event::Stop => {
                collector.stop();
                self.parts.notify.tell("STOPPING=1");
            }
        }
        Ok(())
    }
}

/// The folder that a glob begins with, before its first wildcard.
pub(crate) fn literal_folder(glob: &str) -> PathBuf {
    let literal = glob.find(['*', '?', '[']).map_or(glob, |wildcard| &glob[..wildcard]);
    let folder = match literal.rfind('/') {
        Some(0) => "/",
        Some(slash) => &literal[..slash],
        None => ".",
    };
    Path::new(folder).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_of_a_glob_is_what_stands_before_its_wildcards() {
        for (glob, folder) in [
            ("/var/log/app.log", "/var/log"),
            ("/var/log/*/app-?.log", "/var/log"),
            ("/var/log/a[bc]/d", "/var/log"),
            ("/*", "/"),
            ("logs/*.log", "logs"),
            ("*.log", "."),
        ] {
            assert_eq!(literal_folder(glob), Path::new(folder), "{glob}");
        }
    }
}
