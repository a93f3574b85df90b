//! The part of the command line that says what a record is.

use std::sync::Arc;
use std::time::Duration;

use contract::Format;
use regex::{Regex, bytes};

use super::Error;
use super::log::Pattern;
use super::records::{Conversion, Reading};
use crate::contracts::ContractName;
use crate::generate::duration;

/// How lines become records.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct Args {
    /// A record begins at a line that matches, and the lines up to the next such line belong to it.
    /// [default: every line is a record]
    #[arg(long, value_name = "REGEX")]
    multiline_start: Option<bytes::Regex>,

    /// How long a record of several lines waits for its next line.
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "1s")]
    multiline_timeout: Duration,

    /// What records are converted from, to JSON with the fields of --contract.
    #[arg(long, value_name = "FORMAT", requires = "contract")]
    from: Option<Source>,

    /// The contract that records are converted by: a dataset of this build, or a file.
    #[arg(long, value_name = "NAME|FILE", requires = "from")]
    contract: Option<ContractName>,

    /// What a record of --from log looks like: its named groups are columns of the contract, and
    /// fields inside them by their paths: (?<pickup.lat>...).
    #[arg(long, value_name = "REGEX", required_if_eq("from", "log"))]
    pattern: Option<Regex>,
}

/// What records are converted from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Source {
    /// CSV: each file begins with the names of its fields.
    Csv,
    /// Text that --pattern matches.
    Log,
}

impl Args {
    /// Says what is wrong with the arguments as a whole, if anything.
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.from == Some(Source::Csv) && self.multiline_start.is_some() {
            let why = "its quotes tell which lines belong together";
            return Err(format!("--multiline-start is not for --from csv: {why}"));
        }
        if self.from != Some(Source::Log) && self.pattern.is_some() {
            return Err("--pattern is for --from log".to_owned());
        }
        Ok(())
    }

    /// How lines become records; `None` where every line is one as it is.
    ///
    /// # Errors
    /// The contract cannot be followed, or its dataset does not land as JSON, or the pattern does
    /// not fit it.
    pub(crate) fn reading(&self) -> Result<Option<Arc<Reading>>, Error> {
        let conversion = match (self.from, &self.contract) {
            (Some(source), Some(contract)) => Some(self.conversion(source, contract)?),
            _ => None,
        };
        let start = self.multiline_start.clone();
        let differs = start.is_some() || conversion.is_some();
        let reading = Reading { start, timeout: self.multiline_timeout, conversion };
        Ok(differs.then(|| Arc::new(reading)))
    }

    fn conversion(&self, source: Source, contract: &ContractName) -> Result<Conversion, Error> {
        let dataset = contract.load()?;
        if dataset.format != Format::Json {
            return Err(Error::NotJson { dataset: dataset.name });
        }
        match (source, &self.pattern) {
            (Source::Log, Some(pattern)) => {
                Pattern::new(pattern.clone(), &dataset).map(Conversion::Log)
            }
            _ => Ok(Conversion::Csv(Box::new(dataset))),
        }
    }
}
