//! `snowline diff`: what a change of a contract does to producers, tables and consumers.

mod change;
mod checks;
mod columns;
mod computed;
mod dataset;
mod rules;

use std::io::{self, Write};

use contract::Dataset;
use serde::Serialize;

use crate::contracts::{self, ContractName};
use change::{Change, Class};

/// Tell what changed between two contracts
///
/// Each change is breaking, additive or neutral. Breaking is what makes queries fail or mean
/// something else (a column vanishes, changes its type or becomes nullable; the key changes), and
/// what rejects rows that were accepted. What each change does to the tables stands below it: what
/// the pipeline does by itself, and what an administrator has to run.
///
/// Exit code 0 without a breaking change, 1 with one, 2 for wrong usage.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The contract as it was: a dataset of this build, or a file
    #[arg(value_name = "OLD")]
    old: ContractName,
    /// The contract as it is to be
    #[arg(value_name = "NEW")]
    new: ContractName,
    /// Print one JSON document for machines
    #[arg(long)]
    json: bool,
}

/// Why contracts do not go together, or could not be compared.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A contract cannot be followed.
    #[error(transparent)]
    Contract(#[from] contracts::Error),
    /// There are breaking changes.
    #[error("breaking changes: {0}")]
    Breaking(usize),
    /// Standard output is closed.
    #[error("cannot print")]
    Print(#[from] io::Error),
}

/// Runs the command.
///
/// # Errors
/// [`Error`]; of breaking changes after they were printed.
pub(crate) fn run(args: &Args) -> Result<(), Error> {
    let (old, new) = (args.old.load()?, args.new.load()?);
    let changes = dataset::changes(&old, &new);
    let text =
        if args.json { json(&old, &new, changes.clone()) } else { text(&old, &new, &changes) };
    io::stdout().lock().write_all(text.as_bytes())?;
    match count(&changes, Class::Breaking) {
        0 => Ok(()),
        breaking => Err(Error::Breaking(breaking)),
    }
}

fn count(changes: &[Change], class: Class) -> usize {
    changes.iter().filter(|change| change.class == class).count()
}

fn text(old: &Dataset, new: &Dataset, changes: &[Change]) -> String {
    let counts = Class::ALL.map(|class| format!("{} {}", count(changes, class), class.name()));
    let mut out = format!(
        "{} {} -> {} {}: {}\n",
        old.name,
        old.version,
        new.name,
        new.version,
        if changes.is_empty() { "no change".to_owned() } else { counts.join(", ") },
    );
    for class in Class::ALL {
        let mut of_class = changes.iter().filter(|change| change.class == class).peekable();
        if of_class.peek().is_some() {
            out.push_str(&format!("\n{}\n", class.name()));
        }
        for Change { place, change, effect, .. } in of_class {
            out.push_str(&format!("  {place}: {change}\n    {effect}\n"));
        }
    }
    out
}

#[derive(Serialize)]
struct Document<'a> {
    old: Contract<'a>,
    new: Contract<'a>,
    breaking: usize,
    additive: usize,
    neutral: usize,
    changes: Vec<Change>,
}

#[derive(Serialize)]
struct Contract<'a> {
    name: &'a str,
    version: &'a str,
}

fn json(old: &Dataset, new: &Dataset, changes: Vec<Change>) -> String {
    let document = Document {
        old: Contract { name: &old.name, version: &old.version },
        new: Contract { name: &new.name, version: &new.version },
        breaking: count(&changes, Class::Breaking),
        additive: count(&changes, Class::Additive),
        neutral: count(&changes, Class::Neutral),
        changes,
    };
    // Such a document has no map with keys that are not text, the one thing that cannot be written.
    serde_json::to_string_pretty(&document).unwrap_or_default() + "\n"
}

#[cfg(test)]
mod tests;
