//! One run: lines from the model to the sink, at the given pace, until done or told to stop.

use super::args::Args;
use super::events::Lines;
use super::pace::{Due, Pace};
use super::shipping::Traffic;
use super::sink::Sink;
use super::summary::{Progress, Summary};
use super::{Error, producer};
use crate::aws;
use crate::stop;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Generates until the count or the duration is reached, or until SIGINT or SIGTERM; then delivers
/// what was accepted and prints the summary.
///
/// # Errors
/// A line could not be delivered, or a file could not be written.
pub(crate) fn run(args: &Args) -> Result<(), Error> {
    aws::runtime().map_err(Error::Start)?.block_on(generate(args))
}

async fn generate(args: &Args) -> Result<(), Error> {
    let (seed, start) = (args.seed_or_random(), args.start());
    let traffic = Arc::new(Traffic::default());
    let lines = Lines::new(producer(args)?, seed, args.timeline(start), args.bad, args.duplicates);
    let header = lines.header().unwrap_or_default();
    let mut session = Session {
        sink: Sink::open(args, header, &traffic).await?,
        copy: args.copy_to.as_deref().map(|path| LineCopy::create(path, header)).transpose()?,
        lines,
        traffic: Arc::clone(&traffic),
        bytes: 0,
    };
    let started = Instant::now();
    let mut outcome = session.send_lines(args, started).await;
    if outcome.is_ok() {
        outcome = session.sink.finish().await;
    }
    if let Some(copy) = &mut session.copy {
        copy.flush()?;
    }
    let summary = Summary {
        counts: session.lines.counts().clone(),
        records: Traffic::get(&traffic.records),
        record_bytes: Traffic::get(&traffic.record_bytes),
        put_calls: Traffic::get(&traffic.put_calls),
        resent_entries: Traffic::get(&traffic.resent_entries),
        bytes: session.bytes,
        seconds: started.elapsed().as_secs_f64(),
        seed,
        start: start.to_string(),
    };
    eprintln!("{summary}");
    if let Some(path) = &args.summary {
        write_summary(&summary, path)?;
    }
    unless_reader_left(outcome)
}

/// What a run works with.
struct Session {
    lines: Lines,
    sink: Sink,
    copy: Option<LineCopy>,
    traffic: Arc<Traffic>,
    bytes: u64,
}

impl Session {
    async fn send_lines(&mut self, args: &Args, started: Instant) -> Result<(), Error> {
        let pace = Pace {
            lines_per_second: args.lines_per_second(),
            count: args.count,
            time_limit: args.time_limit(),
        };
        let mut stopped = stop::on_signal().map_err(Error::Start)?;
        let mut progress = Progress::new();
        let mut line = Vec::with_capacity(1_024);
        while !*stopped.borrow() {
            let elapsed = started.elapsed();
            let sent = self.lines.counts().events_sent;
            progress.show(elapsed, sent, self.bytes, &self.traffic);
            let due = pace.due(sent, elapsed);
            match due {
                Due::Lines(lines) => self.send_burst(lines, &mut line).await?,
                Due::At(_) => {}
                Due::Done => break,
            }
            self.sink.send_due().await?;
            if let Due::At(next_line) = due {
                let wake = self.wake_at(started, next_line.min(progress.due_at()));
                tokio::select! {
                    () = tokio::time::sleep_until(wake.into()) => {}
                    // An error would mean that nobody can stop the run any more; it goes on.
                    _ = stopped.changed() => {}
                }
            }
        }
        progress.end();
        Ok(())
    }

    async fn send_burst(&mut self, lines: u64, line: &mut Vec<u8>) -> Result<(), Error> {
        for _ in 0..lines {
            self.lines.next_line(line);
            self.bytes += line.len() as u64;
            if let Some(copy) = &mut self.copy {
                copy.write(line)?;
            }
            self.sink.push(line).await?;
        }
        Ok(())
    }

    fn wake_at(&self, started: Instant, at: Duration) -> Instant {
        let wake = started + at;
        self.sink.deadline().map_or(wake, |deadline| deadline.min(wake))
    }
}

/// The lines sent, in order, in a file, after the header that lines of CSV have.
struct LineCopy {
    path: PathBuf,
    writer: BufWriter<File>,
}

impl LineCopy {
    fn create(path: &Path, header: &[u8]) -> Result<Self, Error> {
        let file = File::create(path).map_err(|source| file_error(path, source))?;
        let writer = BufWriter::with_capacity(256 * 1_024, file);
        let mut copy = Self { path: path.to_owned(), writer };
        copy.write(header)?;
        Ok(copy)
    }

    fn write(&mut self, line: &[u8]) -> Result<(), Error> {
        self.writer.write_all(line).map_err(|source| file_error(&self.path, source))
    }

    fn flush(&mut self) -> Result<(), Error> {
        self.writer.flush().map_err(|source| file_error(&self.path, source))
    }
}

fn write_summary(summary: &Summary, path: &Path) -> Result<(), Error> {
    let mut json =
        serde_json::to_vec(summary).map_err(|error| file_error(path, io::Error::other(error)))?;
    json.push(b'\n');
    std::fs::write(path, json).map_err(|source| file_error(path, source))
}

fn file_error(path: &Path, source: io::Error) -> Error {
    Error::File { path: path.to_owned(), source }
}

/// A reader of standard output that has enough, such as `head`, is no failure.
fn unless_reader_left(outcome: Result<(), Error>) -> Result<(), Error> {
    match outcome {
        Err(Error::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}
