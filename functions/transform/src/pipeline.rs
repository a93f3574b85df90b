//! The transform of one object: bytes in, files out, and nothing else.
//!
//! A thread decompresses and cuts blocks, `threads` workers decode blocks and encode row groups,
//! and the calling thread puts their results in order and writes them. Bounded channels join them,
//! so that memory depends on the size of blocks and row groups, never on the object's. What is
//! written depends on the object's bytes, its [`Source`] and the contract alone.

use std::io::{self, Read};
use std::num::NonZeroUsize;
use std::thread;

use contract::{Dataset, Format};
use crossbeam_channel::{Receiver, Sender, bounded};

use crate::aggregate::SumOverflow;
use crate::decode::csv::{self, Header};
use crate::decode::decompress::Decompress;
use crate::decode::framing::{Block, Framer};
use crate::derive::Salt;
use crate::layout::Layout;
use crate::object::{ObjectError, Outputs, Report, Source};
use crate::plan::{Plan, PlanError};
use crate::worker::{Decoded, Job, Worker};
use crate::writer::ObjectWriter;

/// Transforms the objects of one dataset.
pub struct Transformer {
    dataset: Dataset,
    plan: Plan,
    layout: Layout,
    salt: Salt,
    threads: NonZeroUsize,
}

impl Transformer {
    /// Prepares a dataset. `salt` keys the hashes of hashed columns; `threads` is the number of
    /// workers, beside the reading and the writing thread, which mostly wait.
    ///
    /// # Errors
    /// When the contract has a construct that cannot be enforced.
    pub fn new(dataset: Dataset, salt: &[u8], threads: NonZeroUsize) -> Result<Self, PlanError> {
        let plan = Plan::new(&dataset)?;
        let layout = Layout::new(&dataset)?;
        Ok(Self { plan, layout, salt: Salt::new(salt), threads, dataset })
    }

    /// The dataset.
    pub fn dataset(&self) -> &Dataset {
        &self.dataset
    }

    /// Transforms one object. On an error, files may have been opened and partly written: the
    /// caller discards them.
    ///
    /// # Errors
    /// When the object is unreadable as a whole, or a file cannot be written. A record is never
    /// the cause: it is rejected.
    pub fn run<O: Outputs>(
        &self,
        input: impl Read + Send,
        source: &Source<'_>,
        outputs: &O,
    ) -> Result<Report<O::File>, ObjectError> {
        let mut input = Counted { input, bytes: 0 };
        let mut framer = Framer::new(
            Decompress::new(&mut input).map_err(ObjectError::Read)?,
            self.format_of(source.key),
        );
        let mut first = framer.next_block()?;
        let (header, lines_before) = self.take_header(source.key, &mut first)?;
        let mut writer = ObjectWriter::new(&self.layout, source, outputs, lines_before);
        thread::scope(|scope| {
            let (jobs, queue) = bounded::<Job>(self.threads.get());
            let (order, replies) = bounded(self.threads.get() * 2);
            for _ in 0..self.threads.get() {
                let queue = queue.clone();
                let mut worker =
                    Worker::new(&self.plan, &self.layout, &self.salt, header.as_ref(), source);
                scope.spawn(move || worker.run(&queue));
            }
            drop(queue);
            let blocks = jobs.clone();
            scope.spawn(move || read_blocks(first, framer, &blocks, &order));
            self.write_in_order(&mut writer, &replies, &jobs)
        })?;
        let mut report = writer.finish()?;
        report.bytes_read = input.bytes;
        Ok(report)
    }

    /// Takes the workers' results in the order of the blocks they came from.
    fn write_in_order<O: Outputs>(
        &self,
        writer: &mut ObjectWriter<'_, O>,
        replies: &Receiver<Reply>,
        jobs: &Sender<Job>,
    ) -> Result<(), ObjectError> {
        for reply in replies {
            let decoded = reply?.recv().map_err(|_| ObjectError::Stopped)??;
            if let Some(row_group) = writer.absorb(decoded)? {
                writer.encode_on(jobs, row_group, self.threads.get())?;
            }
        }
        if let Some(row_group) = writer.take_last_row_group() {
            writer.encode_on(jobs, row_group, self.threads.get())?;
        }
        writer.write_encoded(0)
    }

    fn format_of(&self, key: &str) -> Format {
        let key = key.strip_suffix(".gz").or(key.strip_suffix(".zst")).unwrap_or(key);
        match key.rsplit_once('.').map(|(_, ending)| ending) {
            Some("csv") => Format::Csv,
            Some("json" | "jsonl" | "ndjson") => Format::Json,
            _ => self.dataset.format,
        }
    }

    /// Cuts the header line off the first block of CSV; also returns how many lines went with it.
    fn take_header(
        &self,
        key: &str,
        first: &mut Option<Block>,
    ) -> Result<(Option<Header>, i64), ObjectError> {
        let (Format::Csv, Some(block)) = (self.format_of(key), first) else { return Ok((None, 0)) };
        let Block::Records(bytes) = block else {
            return Err(ObjectError::Header("longer than a record may be".to_owned()));
        };
        let start =
            bytes.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(bytes.len());
        let end = start + csv::first_record_end(&bytes[start..]);
        let line = bytes[start..end].trim_ascii_end();
        let column_of =
            |name: &[u8]| self.plan.fields.iter().position(|field| field.name.as_bytes() == name);
        let header = Header::parse(line, column_of)
            .map_err(|error| ObjectError::Header(error.to_string()))?;
        let end = (end + 1).min(bytes.len());
        let lines = memchr::memchr_iter(b'\n', &bytes[..end]).count();
        bytes.drain(..end);
        Ok((Some(header), lines as i64))
    }
}

/// The place where the result of a block will arrive, or why there is no further block.
type Reply = Result<Receiver<Result<Decoded, SumOverflow>>, ObjectError>;

/// Reads blocks and hands them to the workers, until the end, an error, or until nobody listens.
fn read_blocks<R: Read>(
    first: Option<Block>,
    mut framer: Framer<R>,
    jobs: &Sender<Job>,
    order: &Sender<Reply>,
) {
    let mut block = first;
    while let Some(records) = block {
        let (sender, receiver) = bounded(1);
        if order.send(Ok(receiver)).is_err() || jobs.send(Job::Decode(records, sender)).is_err() {
            return;
        }
        block = match framer.next_block() {
            Ok(next) => next,
            Err(error) => {
                // Nobody listens only when the writer has failed already.
                order.send(Err(error.into())).ok();
                return;
            }
        };
    }
}

/// Counts the bytes read.
struct Counted<R> {
    input: R,
    bytes: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        self.bytes += read as u64;
        Ok(read)
    }
}
