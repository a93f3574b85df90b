//! The `snowline` program: what people run beside the pipeline. Nothing of it is deployed.
//!
//! Exit codes: 0 success, 1 failure, 2 wrong usage.

#![allow(clippy::print_stdout, reason = "standard output is what this program is for")]

mod aws;
mod check;
mod contracts;
mod cost;
mod csv;
mod diff;
mod erase;
mod firehose;
mod generate;
mod init;
mod objects;
mod rejects;
mod replay;
mod smoke;
mod sql;
mod stop;
mod table;
mod tail;
mod trace;
mod transform;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand};
use std::error::Error;
use std::process::ExitCode;

/// A stream of events in, trusted Snowflake tables out.
#[derive(Debug, Parser)]
#[command(name = "snowline", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Check(check::Args),
    Cost(cost::Args),
    Diff(diff::Args),
    Erase(erase::Args),
    Generate(generate::Args),
    Init(init::Args),
    Replay(replay::Args),
    Smoke(smoke::Args),
    Sql(sql::Args),
    Tail(Box<tail::Args>),
    Trace(trace::Args),
    Transform(transform::Args),
}

fn main() -> ExitCode {
    let result: Result<(), Box<dyn Error>> = match Cli::parse().command {
        Command::Check(args) => check::run(&args).map_err(Into::into),
        Command::Cost(args) => cost::run(&args).map_err(Into::into),
        Command::Diff(args) => diff::run(&args).map_err(Into::into),
        Command::Erase(args) => {
            let subject = args.subject().unwrap_or_else(|message| wrong_usage(message));
            erase::run(&args, subject).map_err(Into::into)
        }
        Command::Generate(args) => {
            args.check().unwrap_or_else(|message| wrong_usage(message));
            generate::run(&args).map_err(Into::into)
        }
        Command::Init(args) => init::run(&args).map_err(Into::into),
        Command::Replay(args) => {
            let task = args.task().unwrap_or_else(|message| wrong_usage(message));
            replay::run(&task, args.dry_run).map_err(Into::into)
        }
        Command::Smoke(args) => smoke::run(&args).map_err(Into::into),
        Command::Sql(args) => sql::run(&args).map_err(Into::into),
        Command::Tail(args) => {
            args.check().unwrap_or_else(|message| wrong_usage(message));
            tail::run(&args).map_err(Into::into)
        }
        Command::Trace(args) => {
            let key = args.key().unwrap_or_else(|message| wrong_usage(message));
            trace::run(&args, key).map_err(Into::into)
        }
        Command::Transform(args) => {
            args.check().unwrap_or_else(|message| wrong_usage(message));
            transform::run(&args).map_err(Into::into)
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("snowline: {}", error_chain(error.as_ref()));
            ExitCode::FAILURE
        }
    }
}

/// Says what is wrong with the arguments as a whole.
fn wrong_usage(message: String) -> ! {
    Cli::command().error(ErrorKind::ArgumentConflict, message).exit()
}

/// An error and everything that caused it, outermost first.
fn error_chain(error: &dyn Error) -> String {
    let causes = std::iter::successors(error.source(), |&cause| cause.source());
    causes.fold(error.to_string(), |chain, cause| format!("{chain}: {cause}"))
}
