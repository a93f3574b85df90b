//! `snowline transform`: what the Lambda makes of landing objects, on local files.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Instant, UNIX_EPOCH};

use columnar::{ObjectError, Output, Outputs, PlanError, Source, Transformer};

use crate::contracts::{self, ContractName};
use crate::error_chain;

/// Transforms local files as landing objects: DIR gets a folder a zone, as the lake has them.
///
/// Exit code 0 when every file was read, rejects or not; 1 when one is unreadable: it leaves no
/// output, and the others are transformed all the same.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The contract to apply: a dataset of this build, or a file.
    #[arg(long, value_name = "NAME|FILE")]
    contract: ContractName,
    /// JSON lines or CSV; plain, gzip or zstd.
    #[arg(required = true, value_name = "INPUT")]
    inputs: Vec<PathBuf>,
    /// Where to write; made if absent.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// File with the salt of hashed columns. Without it, a salt that nobody knows is used and
    /// hashes differ from run to run.
    #[arg(long, value_name = "FILE")]
    hash_salt_file: Option<PathBuf>,
    /// Worker threads; as many as there are processors by default.
    #[arg(long)]
    threads: Option<NonZeroUsize>,
}

/// Why no, or not every, file was transformed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The contract cannot be followed.
    #[error(transparent)]
    Contract(#[from] contracts::Error),
    /// The contract makes no plan.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// A file cannot be read or written.
    #[error("{path}")]
    File {
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// An input is unreadable as a whole.
    #[error("{path}")]
    Object {
        /// The input.
        path: String,
        /// Why.
        #[source]
        source: ObjectError,
    },
    /// Some inputs left no output; each was reported.
    #[error("{failed} of {inputs} files could not be transformed")]
    Incomplete {
        /// How many.
        failed: usize,
        /// Of how many.
        inputs: usize,
    },
}

impl Args {
    /// Says what is wrong with the arguments as a whole, if anything.
    pub(crate) fn check(&self) -> Result<(), String> {
        let mut stems = BTreeMap::new();
        for input in &self.inputs {
            if let Some(other) = stems.insert(stem(input), input) {
                let (other, input) = (other.display(), input.display());
                return Err(format!("{other} and {input} would have the same output files"));
            }
        }
        Ok(())
    }
}

/// Runs the command. What is wrong with one file is printed, and the next one follows.
///
/// # Errors
/// When the transform cannot be prepared, or when a file could not be read or written.
pub(crate) fn run(args: &Args) -> Result<(), Error> {
    let dataset = args.contract.load()?;
    let salt = match &args.hash_salt_file {
        Some(path) => std::fs::read(path).map_err(in_file(path))?,
        None => rand::random::<[u8; 32]>().to_vec(),
    };
    let processors = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let transformer = Transformer::new(dataset, &salt, args.threads.unwrap_or(processors))?;
    let (mut failed, inputs) = (0, args.inputs.len());
    for input in &args.inputs {
        if let Err(error) = transform_file(&transformer, input, &args.out) {
            eprintln!("snowline: {}", error_chain(&error));
            failed += 1;
        }
    }
    if failed > 0 { Err(Error::Incomplete { failed, inputs }) } else { Ok(()) }
}

fn transform_file(transformer: &Transformer, input: &Path, out: &Path) -> Result<(), Error> {
    let started = Instant::now();
    let path = input.display().to_string();
    let file = File::open(input).map_err(in_file(input))?;
    let landed =
        file.metadata().and_then(|metadata| metadata.modified()).map_err(in_file(input))?;
    let since_epoch = landed.duration_since(UNIX_EPOCH).unwrap_or_default();
    let source = Source {
        object: &format!("file://{path}"),
        key: &path,
        region: "local",
        landed_at_micros: i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX),
    };
    let aggregates =
        transformer.dataset().aggregates.iter().map(|aggregate| aggregate.name.clone());
    let files = Files::new(out, stem(input), aggregates.collect());
    let report = transformer.run(file, &source, &files).map_err(|source| {
        files.discard();
        Error::Object { path: path.clone(), source }
    })?;
    let rejected: u64 = report.rejected_by_rule.values().sum();
    let seconds = started.elapsed().as_secs_f64();
    let megabytes = report.bytes_read as f64 / 1e6;
    println!(
        "{path}: {} rows, {} accepted, {rejected} rejected{}; {megabytes:.1} MB in {seconds:.2} s, {:.0} MB/s",
        report.rows_read,
        report.rows_accepted,
        by_rule(&report.rejected_by_rule),
        megabytes / seconds,
    );
    Ok(())
}

fn by_rule(rejected: &BTreeMap<&'static str, u64>) -> String {
    let rules: Vec<_> = rejected.iter().map(|(rule, rows)| format!("{rule} {rows}")).collect();
    if rules.is_empty() { String::new() } else { format!(" ({})", rules.join(", ")) }
}

/// The input's name without its endings.
fn stem(input: &Path) -> String {
    let name = input.file_name().unwrap_or_default().to_string_lossy();
    name.split('.').find(|part| !part.is_empty()).unwrap_or("object").to_owned()
}

fn in_file(path: &Path) -> impl Fn(io::Error) -> Error {
    move |source| Error::File { path: path.display().to_string(), source }
}

/// The zones as folders.
struct Files<'a> {
    out: &'a Path,
    stem: String,
    aggregates: Vec<String>,
    created: Mutex<Vec<PathBuf>>,
}

impl<'a> Files<'a> {
    fn new(out: &'a Path, stem: String, aggregates: Vec<String>) -> Self {
        Self { out, stem, aggregates, created: Mutex::default() }
    }

    /// Removes what was written of an input that could not be read to its end.
    fn discard(&self) {
        for path in self.created.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            // A file that is gone already is what is wanted.
            std::fs::remove_file(path).ok();
        }
    }
}

impl Outputs for Files<'_> {
    type File = BufWriter<File>;

    fn create(&self, output: Output) -> io::Result<Self::File> {
        let stem = &self.stem;
        let path = match output {
            Output::Processing => self.out.join(format!("processing/processed_{stem}.parquet")),
            Output::Processed => self.out.join(format!("processed/final_{stem}.parquet")),
            Output::Aggregate(at) => {
                self.out.join(format!("processed/{}_{stem}.parquet", self.aggregates[at]))
            }
            Output::Quarantine => self.out.join(format!("quarantine/rejected_{stem}.ndjson")),
        };
        path.parent().map_or(Ok(()), std::fs::create_dir_all)?;
        let file = File::create(&path)?;
        self.created.lock().unwrap_or_else(PoisonError::into_inner).push(path);
        Ok(BufWriter::new(file))
    }
}
