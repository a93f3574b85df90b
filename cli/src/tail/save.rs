//! Checkpoints on a thread of their own: records go on while one is synced.

use super::checkpoint::{Checkpoint, StateFolder};
use super::ledger::RecordId;
use super::run::Event;
use std::io;
use std::sync::mpsc::{self, Sender};
use std::thread;

/// A checkpoint to be saved, and the records that it covers.
pub(crate) type Job = (Checkpoint, Vec<RecordId>);

/// Begins to save what is sent to it, each answered by an event.
///
/// # Errors
/// There is no thread for it.
pub(crate) fn start(state: StateFolder, events: Sender<Event>) -> io::Result<Sender<Job>> {
    let (jobs, queue) = mpsc::channel::<Job>();
    let save = move || {
        for (checkpoint, covered) in queue {
            let outcome = state.save(&checkpoint);
            if events.send(Event::Saved { covered, outcome }).is_err() {
                return;
            }
        }
    };
    thread::Builder::new().name("checkpoint".to_owned()).spawn(save)?;
    Ok(jobs)
}
