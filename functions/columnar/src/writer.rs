//! Writes the files of one object, in the order of its records.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Duration;

use contract::OutputColumn;

use crate::aggregate::Groups;
use crate::columns::Column;
use crate::layout::Layout;
use crate::object::{ObjectError, Output, Outputs, Report, Source, Written};
use crate::parquet::{Encoder, FileWriter};
use crate::row_group::EncodedRowGroup;
use crate::worker::Part;

/// The files of one object, and its account.
pub(crate) struct ObjectWriter<'a, O: Outputs> {
    layout: &'a Layout,
    source: &'a Source<'a>,
    outputs: &'a O,
    processing: Option<ParquetFile<O::File>>,
    processed: Option<ParquetFile<O::File>>,
    quarantine: Option<Counted<O::File>>,
    groups: Vec<Groups>,
    rows_read: u64,
    rows_accepted: u64,
    rejected_by_rule: BTreeMap<&'static str, u64>,
}

struct ParquetFile<F: Write> {
    writer: FileWriter<Counted<F>>,
    rows: u64,
}

impl<'a, O: Outputs> ObjectWriter<'a, O> {
    pub(crate) fn new(layout: &'a Layout, source: &'a Source<'a>, outputs: &'a O) -> Self {
        Self {
            layout,
            source,
            outputs,
            processing: None,
            processed: None,
            quarantine: None,
            groups: layout.aggregates.iter().map(|_| Groups::default()).collect(),
            rows_read: 0,
            rows_accepted: 0,
            rejected_by_rule: BTreeMap::new(),
        }
    }

    /// Takes in what became of the next records.
    pub(crate) fn absorb(&mut self, part: Part) -> Result<(), ObjectError> {
        self.rows_read += part.rows_read;
        for (rule, rows) in part.rejected_by_rule {
            *self.rejected_by_rule.entry(rule).or_default() += rows;
        }
        self.write_quarantine(&part.quarantine)?;
        let aggregates = self.layout.aggregates.iter().zip(&mut self.groups);
        for ((aggregate, total), more) in aggregates.zip(part.groups) {
            aggregate.plan.merge(total, more)?;
        }
        part.row_group.map_or(Ok(()), |row_group| self.write_row_group(&row_group))
    }

    fn write_quarantine(&mut self, lines: &[u8]) -> Result<(), ObjectError> {
        if lines.is_empty() {
            return Ok(());
        }
        let file = match &mut self.quarantine {
            Some(file) => file,
            none => none.insert(Counted::open(self.outputs, Output::Quarantine)?),
        };
        file.write_all(lines).map_err(ObjectError::Quarantine)
    }

    fn write_row_group(&mut self, row_group: &EncodedRowGroup) -> Result<(), ObjectError> {
        self.rows_accepted += row_group.rows;
        for (file, output, layout) in [
            (&mut self.processing, Output::Processing, &self.layout.processing),
            (&mut self.processed, Output::Processed, &self.layout.processed),
        ] {
            let file = match file {
                Some(file) => file,
                none => none.insert(ParquetFile::open(self.outputs, output, &layout.columns)?),
            };
            let chunks = layout.select(&row_group.stored, &row_group.constants);
            file.writer.write_row_group(&chunks)?;
            file.rows += row_group.rows;
        }
        Ok(())
    }

    /// Writes the aggregates, ends all files and gives the account.
    pub(crate) fn finish(mut self, encoder: &mut Encoder) -> Result<Report<O::File>, ObjectError> {
        let mut written = Vec::new();
        if let Some(file) = self.processing.take() {
            written.push(file.finish(Output::Processing)?);
        }
        if let Some(file) = self.processed.take() {
            written.push(file.finish(Output::Processed)?);
        }
        let totals = self.layout.aggregates.iter().zip(&self.groups);
        let measures = totals.flat_map(|(one, groups)| one.plan.totals(groups)).collect();
        for (at, groups) in std::mem::take(&mut self.groups).into_iter().enumerate() {
            written.extend(self.write_aggregate(at, groups, encoder)?);
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
            bytes_decompressed: 0,
            read_wait: Duration::ZERO,
            measures,
            written,
        })
    }

    fn write_aggregate(
        &self,
        at: usize,
        groups: Groups,
        encoder: &mut Encoder,
    ) -> Result<Option<Written<O::File>>, ObjectError> {
        let aggregate = &self.layout.aggregates[at];
        let columns = aggregate.plan.columns(groups);
        let rows = columns.first().map_or(0, Column::len);
        if rows == 0 {
            return Ok(None);
        }
        let mut chunks = aggregate
            .columns
            .iter()
            .zip(&columns)
            .map(|(spec, column)| encoder.encode_chunk(spec, column))
            .collect::<Result<Vec<_>, _>>()?;
        chunks.extend(self.layout.encode_constants(encoder, self.source, rows)?);
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
