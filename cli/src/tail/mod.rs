//! `snowline tail`: the lines of log files to a Firehose stream, each at least once.
//!
//! What stat and read say is the truth; inotify only says that it is worth asking now. A file is
//! known by its number, by how it begins, and by what stands before the position that was reached,
//! so that renames, copies, truncations and numbers that are used again are told apart. Lines of
//! several files share a record; a record goes out when no other that is under way holds lines of
//! one of its files, and its slot is free again once a checkpoint covers it. So memory is bounded by
//! records, a crash repeats what was under way, and the lines of a file arrive in order.

mod args;
mod between;
mod checkpoint;
mod collector;
mod content;
mod convert;
mod follow;
mod identity;
mod joined;
mod lag;
mod ledger;
mod lines;
mod multiline;
mod notify;
mod oversized;
mod reading;
mod record;
mod rotation;
mod run;
mod save;
mod send;
mod source;
mod status;
#[cfg(test)]
mod tests;
mod trouble;
mod watch;

pub(crate) use args::Args;

use crate::aws;
use crate::firehose::Compression;
use crate::stop;
use args::Target;
use checkpoint::{CheckpointError, StateFolder};
use collector::{Collector, Options};
use glob::Pattern;
use notify::Notify;
use run::{Event, Parts, Run, literal_folder};
use send::{Outlet, SendError, Traffic};
use status::Status;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{self, Sender};
use std::time::Instant;
use tokio::runtime::Runtime;
use watch::Watch;

/// Why the program ended. Everything that was taken is in the checkpoint; nothing is lost.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("cannot start")]
    Start(#[source] io::Error),
    #[error("cannot address the service manager that NOTIFY_SOCKET names")]
    Notify(#[source] io::Error),
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    #[error(transparent)]
    Convert(#[from] convert::Error),
    #[error(transparent)]
    Send(#[from] SendError),
    #[error("not everything could be read: {0}")]
    Incomplete(String),
}

/// Follows files until SIGINT or SIGTERM, then delivers what was read.
///
/// # Errors
/// The state folder cannot be used, or the stream refuses records for good.
pub(crate) fn run(args: &Args) -> Result<(), Error> {
    let state = StateFolder::open(&args.state)?;
    let checkpoint = state.load()?;
    let runtime = aws::runtime().map_err(Error::Start)?;
    let (sender, events) = mpsc::channel();
    let now = Instant::now();
    listen_for_signals(&runtime, sender.clone()).map_err(Error::Start)?;
    let traffic = Arc::new(Traffic::default());
    let options = options(args, &state)?;
    let folders = options.globs.iter().map(|glob| literal_folder(glob)).collect();
    let outlet = match &args.to {
        Target::Output => Outlet::output(sender.clone())?,
        Target::Firehose { stream } => {
            let traffic = Arc::clone(&traffic);
            Outlet::firehose(runtime, stream, args.compress, traffic, sender.clone())?
        }
    };
    let mut run = Run::new(
        Parts {
            collector: Collector::new(options, checkpoint, now),
            outlet,
            traffic,
            save: save::start(state, sender.clone()).map_err(Error::Start)?,
            events,
            watch: Watch::start(sender),
            notify: Notify::from_lookup(|name| std::env::var(name)).map_err(Error::Notify)?,
            status: Status::new(args.status_interval, now),
            poll: args.poll,
            folders,
        },
        now,
    );
    run.work()?;
    match run.trouble() {
        Some(trouble) if args.once => Err(Error::Incomplete(trouble)),
        _ => Ok(()),
    }
}

fn options(args: &Args, state: &StateFolder) -> Result<Options, Error> {
    // A checkpoint names files from wherever the program is started next.
    let absolute = |glob: &Pattern| {
        let path = std::path::absolute(glob.as_str()).map_err(Error::Start)?;
        Ok(path.to_string_lossy().into_owned())
    };
    Ok(Options {
        globs: args.globs.iter().map(absolute).collect::<Result<_, Error>>()?,
        elsewhere: args.rotated_to.clone(),
        oversized: state.path().join("oversized"),
        record_bytes: send::record_bytes(match args.to {
            Target::Output => Compression::None,
            Target::Firehose { .. } => args.compress,
        }),
        slots: usize::from(args.under_way),
        max_delay: args.max_delay,
        rotate_wait: args.rotate_wait,
        pause: args.poll,
        from_end: args.from_end,
        once: args.once,
        saved_at: state.saved_at(),
        reading: args.records.reading()?,
    })
}

/// The first SIGINT or SIGTERM is an event; the second ends the program.
fn listen_for_signals(runtime: &Runtime, events: Sender<Event>) -> io::Result<()> {
    let mut stopped = runtime.block_on(async { stop::on_signal() })?;
    runtime.spawn(async move {
        if stopped.changed().await.is_ok() {
            events.send(Event::Stop).ok();
        }
    });
    Ok(())
}
