//! `snowline cost`: what a load costs by stage, what would make it cheaper, and what it needs.
//!
//! Everything is a pure function of the options. [`prices`] is the one table of prices, [`figures`]
//! holds what was measured, documented or assumed, and [`assumptions`] lists both with the options,
//! so that every result can be traced. A [`bill::Plan`] is a load under some settings:
//! [`workload`] turns it into records, objects and files, [`transform`] and [`warehouse`] into
//! invocations and loads, [`bill`] into dollars.

mod advice;
mod assumptions;
mod bill;
mod figures;
mod json;
mod needs;
mod prices;
mod report;
mod settings;
mod storage;
mod transform;
mod warehouse;
mod workload;

#[cfg(test)]
mod tests;

use std::io::{self, Write};

use bill::Plan;
use settings::Settings;

/// Tell what a load costs, by stage, and what it needs
///
/// Dollars for each GB (2^30 bytes) of text that producers send, and a month of 730 hours, at list
/// prices of us-east-1 without free tiers; storage as it is once the lake is as full as its lifecycle
/// lets it become. Defaults are those of template.yaml and figures measured on orders. Not in it:
/// what tables take in Snowflake and what reads them, support, taxes, and what producers run on.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    settings: Settings,
    /// Print one JSON document for machines, with all assumptions and prices
    #[arg(long)]
    json: bool,
    /// List every figure that the result rests on
    #[arg(long, conflicts_with = "json")]
    assumptions: bool,
}

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A number has no JSON.
    #[error("cannot write the result as JSON")]
    Json(#[source] serde_json::Error),
    /// Standard output is closed.
    #[error("cannot write to standard output")]
    Output(#[source] io::Error),
}

/// Prints what the load costs.
///
/// # Errors
/// [`Error`].
pub(crate) fn run(args: &Args) -> Result<(), Error> {
    let plan = Plan::new(args.settings.clone());
    let text = if args.json {
        json::json(&plan).map_err(Error::Json)? + "\n"
    } else {
        report::report(&plan, args.assumptions)
    };
    io::stdout().write_all(text.as_bytes()).map_err(Error::Output)
}
