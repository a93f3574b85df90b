//! Converts JSON lines of orders to Parquet with arrow-json and parquet: what a good user of
//! arrow-rs would write. Every thread takes a block of lines, decodes it, and encodes it as a row
//! group of its own.
//!
//! `bench-arrow-rs INPUT OUTPUT THREADS`

mod blocks;
mod file;
mod schema;

use std::fs::File;
use std::path::Path;
use std::process::ExitCode;
use std::thread;

use arrow_array::RecordBatch;
use arrow_json::ReaderBuilder;
use arrow_json::reader::Decoder;
use arrow_schema::{Schema, SchemaRef};
use parquet::arrow::arrow_writer::{ArrowColumnWriter, compute_leaves};

use crate::blocks::Blocks;
use crate::file::ParquetFile;

type Error = Box<dyn std::error::Error + Send + Sync>;

/// About 100,000 orders, a usual row group.
const BLOCK_BYTES: usize = 32 << 20;
/// Rows decoded at a time: they stay in the cache until they are encoded. Measured against 8,192.
const BATCH_ROWS: usize = 1_024;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [input, output, threads] = arguments.as_slice() else {
        eprintln!("bench-arrow-rs INPUT OUTPUT THREADS");
        return ExitCode::from(2);
    };
    let Ok(threads) = threads.parse() else {
        eprintln!("THREADS is not a number: {threads}");
        return ExitCode::from(2);
    };
    match convert(input.as_ref(), output.as_ref(), threads) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn convert(input: &Path, output: &Path, threads: usize) -> Result<(), Error> {
    let schema = schema::orders();
    let blocks = Blocks::new(File::open(input)?, BLOCK_BYTES);
    let file = ParquetFile::new(File::create(output)?, schema.clone())?;
    thread::scope(|scope| {
        let workers: Vec<_> =
            (0..threads).map(|_| scope.spawn(|| convert_blocks(&blocks, &file, &schema))).collect();
        workers
            .into_iter()
            .try_for_each(|worker| worker.join().map_err(|_| Error::from("a thread panicked"))?)
    })?;
    file.close()
}

fn convert_blocks(blocks: &Blocks, file: &ParquetFile, schema: &SchemaRef) -> Result<(), Error> {
    let mut decoder =
        ReaderBuilder::new(schema.clone()).with_batch_size(BATCH_ROWS).build_decoder()?;
    let mut block = Vec::with_capacity(BLOCK_BYTES + (1 << 20));
    while let Some(number) = blocks.read(&mut block)? {
        let mut columns = file.column_writers(number)?;
        decode(&mut decoder, &block, |batch| encode(&mut columns, schema, &batch))?;
        let chunks = columns.into_iter().map(ArrowColumnWriter::close);
        file.append(number, chunks.collect::<Result<_, _>>()?)?;
    }
    Ok(())
}

fn decode(
    decoder: &mut Decoder,
    mut lines: &[u8],
    mut take: impl FnMut(RecordBatch) -> Result<(), Error>,
) -> Result<(), Error> {
    while !lines.is_empty() {
        let read = decoder.decode(lines)?;
        lines = &lines[read..];
        // It stops early when a batch is full.
        if !lines.is_empty() {
            decoder.flush()?.map_or(Ok(()), &mut take)?;
        }
    }
    decoder.flush()?.map_or(Ok(()), &mut take)
}

fn encode(
    columns: &mut [ArrowColumnWriter],
    schema: &Schema,
    batch: &RecordBatch,
) -> Result<(), Error> {
    let mut columns = columns.iter_mut();
    for (field, array) in schema.fields().iter().zip(batch.columns()) {
        for leaf in compute_leaves(field, array)? {
            columns.next().ok_or("more leaves than columns")?.write(&leaf)?;
        }
    }
    Ok(())
}
