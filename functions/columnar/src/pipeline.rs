//! The transform of one object: bytes in, files out, and nothing else.
//!
//! A thread decompresses and cuts blocks, `threads` workers make encoded row groups of them, and
//! the calling thread writes those in order. The memory of a block is used again for a later one,
//! and bounded channels join the threads, so that memory depends on the size of blocks and row
//! groups, never on the object's. What is written depends on the object's bytes, its [`Source`]
//! and the contract alone.

use std::io::{self, Read};
use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use contract::Dataset;
use crossbeam_channel::{Receiver, Sender, bounded, unbounded};

use crate::decode::framing::{Block, Framer};
use crate::derive::Salt;
use crate::layout::Layout;
use crate::object::{ObjectError, Outputs, Report, Source};
use crate::opening::{Opening, format_of};
use crate::plan::{Plan, PlanError};
use crate::worker::{Job, Memory, Part, Worker};
use crate::writer::ObjectWriter;

/// Transforms the objects of one dataset.
pub struct Transformer {
    dataset: Dataset,
    plan: Plan,
    layout: Layout,
    salt: Salt,
    threads: NonZeroUsize,
    /// What workers of earlier objects worked in.
    memories: Kept<Memory>,
    /// Where blocks of earlier objects were.
    texts: Kept<Vec<u8>>,
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
        Ok(Self {
            plan,
            layout,
            salt: Salt::new(salt),
            threads,
            memories: Kept::new(),
            texts: Kept::new(),
            dataset,
        })
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
        let mut input = Counted { input, bytes: 0, waited: Duration::ZERO };
        let format = format_of(&self.dataset, source.key);
        let opened = Opening::read(&mut input, format, self.take_text(), self.take_text())?;
        let Opening { framer, first, lines, .. } = opened;
        let header = opened.header.map(|line| self.plan.header(&line)).transpose()?;
        let mut writer = ObjectWriter::new(&self.layout, source, outputs);
        let worker = || {
            let (header, memory) = (header.as_ref(), self.take_memory());
            Worker::new(&self.plan, &self.layout, &self.salt, header, source, memory)
        };
        let framer = match first {
            Some(first) if !framer.has_ended() => {
                self.transform_blocks(first, framer, lines, worker, &mut writer)?
            }
            Some(first) => {
                let mut worker = worker();
                let text = transform_alone(first, lines, &mut worker, &mut writer)?;
                self.memories.keep(worker.into_memory());
                self.texts.keep(text);
                framer
            }
            None => framer,
        };
        let bytes_decompressed = framer.bytes();
        self.texts.keep(framer.into_buffer());
        let mut memory = self.take_memory();
        let mut report = writer.finish(&mut memory.encoder)?;
        self.memories.keep(memory);
        report.bytes_read = input.bytes;
        report.bytes_decompressed = bytes_decompressed;
        report.read_wait = input.waited;
        Ok(report)
    }

    fn take_memory(&self) -> Memory {
        self.memories.take().unwrap_or_else(|| Memory::new(&self.plan))
    }

    fn take_text(&self) -> Vec<u8> {
        self.texts.take().unwrap_or_default()
    }

    /// Reads on a thread, transforms on `threads` others, and writes on this one, in order; returns
    /// what it read with.
    fn transform_blocks<'w, R: Read + Send, O: Outputs>(
        &self,
        first: Block,
        framer: Framer<R>,
        lines: i64,
        worker: impl Fn() -> Worker<'w>,
        writer: &mut ObjectWriter<'_, O>,
    ) -> Result<Framer<R>, ObjectError> {
        let threads = self.threads.get();
        let (to_spares, spares) = bounded(threads + 1);
        for _ in 0..threads {
            // What is read next takes the memory of a block that has been decoded: so many
            // blocks there are at a time, and the one that is being read.
            to_spares.send(self.take_text()).ok();
        }
        let framer = thread::scope(|scope| {
            let (jobs, queue) = bounded(threads);
            let (order, replies) = bounded(threads * 2);
            for _ in 0..threads {
                let (queue, to_spares, mut worker) = (queue.clone(), to_spares.clone(), worker());
                scope.spawn(move || {
                    worker.run(&queue, &to_spares);
                    self.memories.keep(worker.into_memory());
                });
            }
            drop((queue, to_spares));
            let spares = &spares;
            let reader =
                scope.spawn(move || read_blocks(first, framer, lines, spares, &jobs, &order));
            for reply in replies {
                write_parts(&reply?, writer)?;
            }
            reader.join().map_err(|_| ObjectError::Stopped)
        })?;
        spares.try_iter().for_each(|text| self.texts.keep(text));
        Ok(framer)
    }
}

/// Where the parts of a block will arrive, or why there is no further block.
type Reply = Result<Receiver<Result<Part, ObjectError>>, ObjectError>;

/// Transforms the only block of an object on this thread; returns the block's memory.
fn transform_alone<O: Outputs>(
    block: Block,
    lines: i64,
    worker: &mut Worker<'_>,
    writer: &mut ObjectWriter<'_, O>,
) -> Result<Vec<u8>, ObjectError> {
    let (known, lines_before) = bounded(1);
    known.send(lines).ok();
    let (lines_after, _nobody) = bounded(1);
    let (parts, replies) = unbounded();
    let (to_spares, spares) = bounded(1);
    worker.transform(Job { block, lines_before, lines_after, parts }, &to_spares);
    write_parts(&replies, writer)?;
    Ok(spares.try_recv().unwrap_or_default())
}

/// Writes what becomes of one block.
fn write_parts<O: Outputs>(
    parts: &Receiver<Result<Part, ObjectError>>,
    writer: &mut ObjectWriter<'_, O>,
) -> Result<(), ObjectError> {
    loop {
        let part = parts.recv().map_err(|_| ObjectError::Stopped)??;
        let is_last = part.is_last;
        writer.absorb(part)?;
        if is_last {
            return Ok(());
        }
    }
}

/// Reads blocks and hands them to the workers, until the end, an error, or until nobody listens;
/// returns what it read with.
fn read_blocks<R: Read>(
    first: Block,
    mut framer: Framer<R>,
    lines: i64,
    spares: &Receiver<Vec<u8>>,
    jobs: &Sender<Job>,
    order: &Sender<Reply>,
) -> Framer<R> {
    let (known, mut lines_before) = bounded(1);
    known.send(lines).ok();
    let mut block = first;
    loop {
        let (lines_after, next_lines_before) = bounded(1);
        let (parts, replies) = bounded(1);
        let job = Job { block, lines_before, lines_after, parts };
        if order.send(Ok(replies)).is_err() || jobs.send(job).is_err() {
            break;
        }
        lines_before = next_lines_before;
        let Ok(spare) = spares.recv() else { break };
        block = match framer.next_block(spare) {
            Ok(Some(next)) => next,
            Ok(None) => break,
            Err(error) => {
                // Nobody listens only when the writer has failed already.
                order.send(Err(error.into())).ok();
                break;
            }
        };
    }
    framer
}

/// Memory that is used again.
struct Kept<T>(Mutex<Vec<T>>);

impl<T> Kept<T> {
    fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    fn take(&self) -> Option<T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    fn keep(&self, memory: T) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(memory);
    }
}

/// Counts the bytes read, and how long they were waited for.
struct Counted<R> {
    input: R,
    bytes: u64,
    waited: Duration,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let started = Instant::now();
        let read = self.input.read(buffer)?;
        self.waited += started.elapsed();
        self.bytes += read as u64;
        Ok(read)
    }
}
