//! `snowline init`: a contract from a sample, for a person to read and correct.

mod candidate;
mod dialect;
mod document;
mod draft;
mod names;
mod personal;
mod profile;
mod report;
mod sample;
mod shapes;
mod texts;
mod typing;
mod versions;
mod yaml;

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use contract::{ContractError, Dataset};

use draft::Draft;
use sample::Sample;

/// Infer a contract from a sample
///
/// Reads JSON lines or CSV (plain, gzip or zstd) and writes DIR/<NAME>.odcs.yaml: names, types,
/// rules, key, event time and personal data as the sample suggests them. Every conclusion that the
/// sample alone does not prove has a comment beginning with `check:`. A few thousand records say
/// more than a few.
///
/// Exit code 0 when the contract was written and is legal; 1 when it was not, or when it needs a
/// decision before it is legal.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// JSON lines or CSV; plain, gzip or zstd
    #[arg(value_name = "SAMPLE")]
    sample: PathBuf,
    /// Name of the dataset [default: that of the file]
    #[arg(long, value_parser = dataset_name)]
    name: Option<String>,
    /// Folder to write to; made if absent
    #[arg(long, value_name = "DIR", default_value = "contracts")]
    out: PathBuf,
    /// Write over a contract that is there
    #[arg(long)]
    force: bool,
}

/// Why there is no contract, or none that is legal.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The sample cannot be read.
    #[error(transparent)]
    Sample(#[from] sample::Error),
    /// There is one already.
    #[error("{path} exists; --force writes over it", path = .0.display())]
    Exists(PathBuf),
    /// The contract cannot be written.
    #[error("cannot write {path}", path = path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The contract was written, and needs a decision before it is legal.
    #[error("the contract needs a decision before it is legal")]
    Undecided(#[from] ContractError),
    /// Standard output is closed.
    #[error("cannot print")]
    Print(#[source] io::Error),
}

fn dataset_name(name: &str) -> Result<String, String> {
    match names::is_identifier(name) {
        true => Ok(name.to_owned()),
        false => {
            Err("a name has a-z, 0-9 and _, begins with a letter, and is no word of SQL".to_owned())
        }
    }
}

/// Runs the command.
///
/// # Errors
/// [`Error`]. With [`Error::Undecided`] the contract was written all the same.
pub(crate) fn run(args: &Args) -> Result<(), Error> {
    let sample = Sample::read(&args.sample)?;
    let name = args.name.clone().unwrap_or_else(|| names::dataset_name(&args.sample));
    let draft = Draft::infer(&name, &sample);
    let file = args.sample.file_name().unwrap_or_default().to_string_lossy();
    let text = document::write(&draft, &format!("{file} ({} records)", sample.fields.count));
    let path = args.out.join(format!("{name}.odcs.yaml"));
    write_contract(&path, &text, args.force)?;
    let read = Dataset::from_yaml(&path.display().to_string(), &text);
    report::print(&draft, &sample, &args.sample, &path, read.is_ok()).map_err(Error::Print)?;
    read?;
    Ok(())
}

fn write_contract(path: &Path, text: &str, force: bool) -> Result<(), Error> {
    let written = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| {
        let mut file = match force {
            true => File::create(path)?,
            false => OpenOptions::new().write(true).create_new(true).open(path)?,
        };
        file.write_all(text.as_bytes())
    });
    written.map_err(|source| match source.kind() {
        io::ErrorKind::AlreadyExists if !force => Error::Exists(path.to_owned()),
        _ => Error::Write { path: path.to_owned(), source },
    })
}
