//! Writes the files of one object, in the order of its records.

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, Write};

use contract::OutputColumn;
use crossbeam_channel::{Receiver, Sender, bounded};

use crate::aggregate::Groups;
use crate::layout::Layout;
use crate::object::{ObjectError, Output, Outputs, Report, Source, Written};
use crate::parquet::{FileWriter, ParquetError, encode_chunk};
use crate::quarantine::Reject;
use crate::row_group::{EncodedRowGroup, RowGroup};
use crate::worker::{Decoded, Job};

/// The files of one object, and its account.
pub(crate) struct ObjectWriter<'a, O: Outputs> {
    layout: &'a Layout,
    source: &'a Source<'a>,
    outputs: &'a O,
    row_group: RowGroup,
    /// Row groups at the workers, first in line first.
    encoding: VecDeque<Receiver<Result<EncodedRowGroup, ParquetError>>>,
    processing: Option<ParquetFile<O::File>>,
    processed: Option<ParquetFile<O::File>>,
    quarantine: Option<Counted<O::File>>,
    groups: Vec<Groups>,
    lines_before: i64,
    rows_read: u64,
    rows_accepted: u64,
    rejected_by_rule: BTreeMap<&'static str, u64>,
}

struct ParquetFile<F: Write> {
    writer: FileWriter<Counted<F>>,
    rows: u64,
}

impl<'a, O: Outputs> ObjectWriter<'a, O> {
    pub(crate) fn new(
        layout: &'a Layout,
        source: &'a Source<'a>,
        outputs: &'a O,
        lines_before: i64,
    ) -> Self {
        Self {
            layout,
            source,
            outputs,
            row_group: RowGroup::new(layout),
            encoding: VecDeque::new(),
            processing: None,
            processed: None,
            quarantine: None,
            groups: layout.aggregates.iter().map(|_| Groups::default()).collect(),
            lines_before,
            rows_read: 0,
            rows_accepted: 0,
            rejected_by_rule: BTreeMap::new(),
        }
    }

    /// Takes in the next block's rows and rejects; returns a row group once it is full.
    pub(crate) fn absorb(&mut self, decoded: Decoded) -> Result<Option<RowGroup>, ObjectError> {
        let Decoded { batch, groups } = decoded;
        self.rows_read += batch.rows_read();
        self.rows_accepted += batch.lines.len() as u64;
        for ((aggregate, total), more) in
            self.layout.aggregates.iter().zip(&mut self.groups).zip(groups)
        {
            aggregate.plan.merge(total, more)?;
        }
        self.row_group.append(&batch.columns, &batch.lines, self.lines_before, batch.input_bytes);
        self.write_rejects(batch.rejects)?;
        self.lines_before += batch.line_count;
        let full = self.row_group.is_full() && !self.row_group.is_empty();
        Ok(full.then(|| self.take_row_group()))
    }

    /// The rows that did not fill a row group.
    pub(crate) fn take_last_row_group(&mut self) -> Option<RowGroup> {
        (!self.row_group.is_empty()).then(|| self.take_row_group())
    }

    fn take_row_group(&mut self) -> RowGroup {
        std::mem::replace(&mut self.row_group, RowGroup::new(self.layout))
    }

    fn write_rejects(&mut self, rejects: Vec<Reject>) -> Result<(), ObjectError> {
        let mut lines = Vec::new();
        for mut reject in rejects {
            reject.line += self.lines_before;
            *self.rejected_by_rule.entry(reject.rule).or_default() += 1;
            let column = reject.column.map(|at| self.layout.stored[at].name.as_str());
            reject
                .write(column, &mut lines)
                .map_err(|error| ObjectError::Quarantine(error.into()))?;
        }
        if lines.is_empty() {
            return Ok(());
        }
        let file = match &mut self.quarantine {
            Some(file) => file,
            none => none.insert(Counted::open(self.outputs, Output::Quarantine)?),
        };
        file.write_all(&lines).map_err(ObjectError::Quarantine)
    }

    /// Gives a row group to the workers, and writes those that are done while more than
    /// `at_once` are under way.
    pub(crate) fn encode_on(
        &mut self,
        jobs: &Sender<Job>,
        row_group: RowGroup,
        at_once: usize,
    ) -> Result<(), ObjectError> {
        let (sender, receiver) = bounded(1);
        jobs.send(Job::Encode(row_group, sender)).map_err(|_| ObjectError::Stopped)?;
        self.encoding.push_back(receiver);
        self.write_encoded(at_once)
    }

    /// Waits for encoded row groups and writes them, until at most `left` are under way.
    pub(crate) fn write_encoded(&mut self, left: usize) -> Result<(), ObjectError> {
        while self.encoding.len() > left {
            let Some(receiver) = self.encoding.pop_front() else { break };
            let group = receiver.recv().map_err(|_| ObjectError::Stopped)??;
            let files = [
                (Output::Processing, &mut self.processing, &self.layout.processing),
                (Output::Processed, &mut self.processed, &self.layout.processed),
            ];
            for (output, file, layout) in files {
                let file = match file {
                    Some(file) => file,
                    none => none.insert(ParquetFile::open(self.outputs, output, &layout.columns)?),
                };
                file.writer.write_row_group(&layout.select(&group.stored, &group.constants))?;
                file.rows += group.rows;
            }
        }
        Ok(())
    }

    /// Writes the aggregates, ends all files and gives the account.
    pub(crate) fn finish(mut self) -> Result<Report<O::File>, ObjectError> {
        let mut written = Vec::new();
        if let Some(file) = self.processing.take() {
            written.push(file.finish(Output::Processing)?);
        }
        if let Some(file) = self.processed.take() {
            written.push(file.finish(Output::Processed)?);
        }
        for (at, groups) in std::mem::take(&mut self.groups).into_iter().enumerate() {
            written.extend(self.write_aggregate(at, groups)?);
        }
        if let Some(mut file) = self.quarantine.take() {
            file.flush().map_err(ObjectError::Quarantine)?;
            let rows = self.rejected_by_rule.values().sum();
            written.push(Written {
                output: Output::Quarantine,
                rows,
                bytes: file.bytes,
                file: file.file,
            });
        }
        Ok(Report {
            rows_read: self.rows_read,
            rows_accepted: self.rows_accepted,
            rejected_by_rule: self.rejected_by_rule,
            bytes_read: 0,
            written,
        })
    }

    fn write_aggregate(
        &self,
        at: usize,
        groups: Groups,
    ) -> Result<Option<Written<O::File>>, ObjectError> {
        let aggregate = &self.layout.aggregates[at];
        let columns = aggregate.plan.columns(groups);
        let rows = columns.first().map_or(0, crate::columns::Column::len);
        if rows == 0 {
            return Ok(None);
        }
        let mut chunks = aggregate
            .columns
            .iter()
            .zip(columns)
            .map(|(spec, column)| encode_chunk(spec, column))
            .collect::<Result<Vec<_>, _>>()?;
        chunks.extend(self.layout.encode_constants(self.source, rows)?);
        let output = Output::Aggregate(at);
        let mut file = ParquetFile::open(self.outputs, output, &aggregate.columns)?;
        file.writer.write_row_group(&chunks.iter().collect::<Vec<_>>())?;
        file.rows = rows as u64;
        Ok(Some(file.finish(output)?))
    }
}

impl<F: Write + Send> ParquetFile<F> {
    fn open(
        outputs: &impl Outputs<File = F>,
        output: Output,
        columns: &[OutputColumn],
    ) -> Result<Self, ObjectError> {
        let writer = FileWriter::new(Counted::open(outputs, output)?, columns)?;
        Ok(Self { writer, rows: 0 })
    }

    fn finish(self, output: Output) -> Result<Written<F>, ObjectError> {
        let file = self.writer.finish()?;
        Ok(Written { output, rows: self.rows, bytes: file.bytes, file: file.file })
    }
}

/// Counts the bytes written.
struct Counted<F> {
    file: F,
    bytes: u64,
}

impl<F: Write + Send> Counted<F> {
    fn open(outputs: &impl Outputs<File = F>, output: Output) -> Result<Self, ObjectError> {
        let file = outputs.create(output).map_err(|source| ObjectError::Open { output, source })?;
        Ok(Self { file, bytes: 0 })
    }
}

impl<F: Write> Write for Counted<F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
