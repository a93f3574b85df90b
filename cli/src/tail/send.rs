//! Records to where they go. Every record is answered once: it was taken, or nothing will ever take
//! it.

use super::ledger::Outgoing;
use super::run::Event;
use super::trouble::say;
use crate::aws;
use crate::firehose::{Compression, DestinationError, Limits, PutError, Stream, backoff};
use bytes::Bytes;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::Duration;
use tokio::runtime::Runtime;

/// After so many failed attempts in a row, the log says why a record waits.
const ATTEMPTS_BEFORE_SAYING: u32 = 4;

/// Why nothing will ever take a record.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SendError {
    #[error("cannot begin to send")]
    Start(#[source] io::Error),
    #[error(transparent)]
    Destination(#[from] DestinationError),
    #[error(transparent)]
    Put(#[from] PutError),
    #[error("cannot compress a record")]
    Compress(#[source] io::Error),
    #[error("cannot write to standard output")]
    Output(#[source] io::Error),
}

/// What the stream answered so far.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    throttles: AtomicU64,
    resent: AtomicU64,
}

impl Traffic {
    /// Answers that asked for a slower pace.
    pub(crate) fn throttles(&self) -> u64 {
        self.throttles.load(Ordering::Relaxed)
    }

    /// Records sent again because the stream had not taken them.
    pub(crate) fn resent(&self) -> u64 {
        self.resent.load(Ordering::Relaxed)
    }
}

/// Where records go.
pub(crate) enum Outlet {
    Output(Sender<Outgoing>),
    Firehose { runtime: Runtime, lane: Lane },
}

impl Outlet {
    /// Standard output.
    ///
    /// # Errors
    /// There is no thread for it.
    pub(crate) fn output(events: Sender<Event>) -> Result<Self, SendError> {
        let (records, queue) = mpsc::channel::<Outgoing>();
        let write = move || {
            let mut output = io::stdout();
            for record in queue {
                let outcome = output.write_all(&record.bytes).and_then(|()| output.flush());
                let event = match outcome {
                    Ok(()) => Event::Taken(record),
                    Err(error) => Event::Failed(SendError::Output(error)),
                };
                if events.send(event).is_err() {
                    return;
                }
            }
        };
        thread::Builder::new().name("output".to_owned()).spawn(write).map_err(SendError::Start)?;
        Ok(Self::Output(records))
    }

    /// A delivery stream.
    ///
    /// # Errors
    /// There is no runtime, or the stream does not take records of this compression.
    pub(crate) fn firehose(
        runtime: Runtime,
        stream: &str,
        compression: Compression,
        traffic: Arc<Traffic>,
        events: Sender<Event>,
    ) -> Result<Self, SendError> {
        let stream = runtime.block_on(async {
            let stream = Stream::new(&aws::sdk_config().await, stream);
            stream.accepts(compression).await.map(|()| stream)
        })?;
        let lane = Lane { stream, compression, traffic, events };
        Ok(Self::Firehose { runtime, lane })
    }

    /// Sends a record. The answer comes as an event.
    pub(crate) fn send(&self, record: Outgoing) {
        match self {
            // A thread that is gone has said why.
            Self::Output(records) => drop(records.send(record)),
            Self::Firehose { runtime, lane } => {
                let lane = lane.clone();
                runtime.spawn(async move { lane.deliver(record).await });
            }
        }
    }
}

/// What every record on its way to a stream needs.
#[derive(Clone)]
pub(crate) struct Lane {
    stream: Stream,
    compression: Compression,
    traffic: Arc<Traffic>,
    events: Sender<Event>,
}

impl Lane {
    async fn deliver(self, mut record: Outgoing) {
        let lines = Bytes::from(std::mem::take(&mut record.bytes));
        let event = match self.send_until_taken(&lines).await {
            Ok(()) => {
                // Nobody else holds the memory any more: this does not copy.
                record.bytes = lines.into();
                Event::Taken(record)
            }
            Err(error) => Event::Failed(error),
        };
        // Whoever asked may have ended.
        self.events.send(event).ok();
    }

    /// Sends a record until the stream took it, or refused it for good.
    async fn send_until_taken(&self, lines: &Bytes) -> Result<(), SendError> {
        let record = match self.compression {
            Compression::None => lines.clone(),
            compression => compression.compress(lines).map_err(SendError::Compress)?.into(),
        };
        let mut failed_attempts = 0;
        loop {
            let (reason, is_throttle) = match self.stream.put(std::slice::from_ref(&record)).await {
                Ok(answers) => match answers.into_iter().next().flatten() {
                    None => break,
                    Some(refusal) => (refusal.to_string(), refusal.is_throttle()),
                },
                Err(error) if error.is_transient() => (error.reason(), error.is_throttle()),
                Err(error) => return Err(error.into()),
            };
            failed_attempts += 1;
            self.traffic.throttles.fetch_add(u64::from(is_throttle), Ordering::Relaxed);
            self.traffic.resent.fetch_add(1, Ordering::Relaxed);
            let wait = backoff(failed_attempts);
            self.say_why(failed_attempts, &reason, wait);
            tokio::time::sleep(wait).await;
        }
        if failed_attempts >= ATTEMPTS_BEFORE_SAYING {
            say(&format!(
                "stream {} took a record at attempt {}",
                self.stream.name(),
                failed_attempts + 1
            ));
        }
        Ok(())
    }

    fn say_why(&self, failed_attempts: u32, reason: &str, wait: Duration) {
        // At the fourth attempt, the eighth, the sixteenth ...
        if failed_attempts >= ATTEMPTS_BEFORE_SAYING && failed_attempts.is_power_of_two() {
            say(&format!(
                "stream {} has not taken a record after {failed_attempts} attempts ({reason}); again \
                 in {:.1} s",
                self.stream.name(),
                wait.as_secs_f64()
            ));
        }
    }
}

/// The most bytes of lines that fit into a record.
pub(crate) const fn record_bytes(compression: Compression) -> usize {
    Limits::of(compression).max_record_bytes
}
