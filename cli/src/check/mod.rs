//! `snowline check`: what a contract makes of local files, told row by row. Nothing is written.

mod report;
mod tally;

use std::fs::File;
use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::UNIX_EPOCH;

use columnar::{ObjectError, PlanError, Source, Transformer};

use crate::contracts::{self, ContractName};
use crate::error_chain;
use tally::{Checked, Tally};

/// Check files against a contract
///
/// Runs the transform of the pipeline over local files and tells how many rows it accepts, which
/// rules reject how many, and the first rejected rows with their line, rule and record. The record
/// is shown as it stands in the file, personal data included: it is your own file, and nothing of
/// it is written anywhere. `notLaterThanArrival` compares with the time the file was last changed.
///
/// Exit code 0 when no more rows are rejected than --max-rejects allows; 1 when more are, or when a
/// file cannot be read; 2 for wrong usage.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// JSON lines or CSV; plain, gzip or zstd
    #[arg(required = true, value_name = "SAMPLE")]
    samples: Vec<PathBuf>,
    /// The contract: a dataset of this build, or a file
    #[arg(long, value_name = "NAME|FILE")]
    contract: ContractName,
    /// Print one JSON document for machines: counts, rejects by rule and column, first rejects
    #[arg(long)]
    json: bool,
    /// Share of the rows that may be rejected, 0 to 1
    #[arg(long, value_name = "SHARE", default_value = "0", value_parser = share)]
    max_rejects: f64,
    /// How many rejected rows to show
    #[arg(long, value_name = "N", default_value_t = 10)]
    show: usize,
}

/// Why files do not pass.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The contract cannot be followed.
    #[error(transparent)]
    Contract(#[from] contracts::Error),
    /// The contract makes no plan.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// A file cannot be read.
    #[error("{path}")]
    File {
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file is unreadable as a whole.
    #[error("{path}")]
    Object {
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: ObjectError,
    },
    /// Some files could not be read; each was reported.
    #[error("{failed} of {samples} files could not be read")]
    Unreadable {
        /// How many.
        failed: usize,
        /// Of how many.
        samples: usize,
    },
    /// More rows break the contract than may.
    #[error("{rejected} of {read} rows are rejected, more than --max-rejects {allowed} allows")]
    TooManyRejects {
        /// Rejected rows.
        rejected: u64,
        /// Rows that were read.
        read: u64,
        /// The share that may be rejected.
        allowed: f64,
    },
    /// Standard output is closed.
    #[error("cannot print")]
    Print(#[from] io::Error),
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err("a share is a number from 0 to 1".to_owned()),
    }
}

/// Runs the command. What is wrong with one file is printed, and the next one follows.
///
/// # Errors
/// [`Error`]; of unreadable files and too many rejects after the report was printed.
pub(crate) fn run(args: &Args) -> Result<(), Error> {
    let dataset = args.contract.load()?;
    let threads = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    // Hashes are computed and thrown away, so any salt will do.
    let transformer = Transformer::new(dataset, b"check", threads)?;
    let mut checked = Checked::default();
    let mut failed = 0;
    for sample in &args.samples {
        if let Err(error) = check_file(&transformer, sample, args.show, &mut checked) {
            eprintln!("snowline: {}", error_chain(&error));
            failed += 1;
        }
    }
    let text = match args.json {
        true => report::json(transformer.dataset(), &checked, args.max_rejects),
        false => report::text(transformer.dataset(), &checked, report::terminal_chars()),
    };
    io::stdout().lock().write_all(text.as_bytes())?;
    if failed > 0 {
        return Err(Error::Unreadable { failed, samples: args.samples.len() });
    }
    let (read, rejected) = (checked.rows_read(), checked.rows_rejected());
    if rejected as f64 > args.max_rejects * read as f64 {
        return Err(Error::TooManyRejects { rejected, read, allowed: args.max_rejects });
    }
    Ok(())
}

fn check_file(
    transformer: &Transformer,
    sample: &PathBuf,
    show: usize,
    checked: &mut Checked,
) -> Result<(), Error> {
    let path = sample.display().to_string();
    let in_file = |source| Error::File { path: path.clone(), source };
    let file = File::open(sample).map_err(in_file)?;
    let landed = file.metadata().and_then(|metadata| metadata.modified()).map_err(in_file)?;
    let since_epoch = landed.duration_since(UNIX_EPOCH).unwrap_or_default();
    let source = Source {
        object: &format!("file://{path}"),
        key: &path,
        region: "local",
        landed_at_micros: i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX),
    };
    let tally = Tally::new(show.saturating_sub(checked.shown()));
    let report = transformer
        .run(file, &source, &tally)
        .map_err(|source| Error::Object { path: path.clone(), source })?;
    checked.add(path, report.rows_read, report.rows_accepted, tally.finish());
    Ok(())
}
