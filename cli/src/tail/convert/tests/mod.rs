//! Records as the reader of files asks for them.

mod csv;
mod log;
mod multiline;
mod transformed;

use std::io::Cursor;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use contract::{Dataset, Format};

use super::*;
use crate::tail::convert::records::{Conversion, Reading};

/// A piece that owns what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Got {
    Fits(String),
    AsIs(Vec<u8>),
    Passed,
    Oversized(usize, bool),
}

fn as_is(line: &str) -> Got {
    Got::AsIs(line.into())
}

fn fits(line: &str) -> Got {
    Got::Fits(line.into())
}

/// Keeps pieces with where they end.
fn keep(pieces: &mut Vec<(Got, u64)>) -> impl FnMut(Piece<'_>) {
    |piece| {
        pieces.push(match piece {
            Piece::Record { line, end, fits: true } => {
                (Got::Fits(String::from_utf8(line.to_vec()).expect("JSON")), end)
            }
            Piece::Record { line, end, fits: false } => (Got::AsIs(line.to_vec()), end),
            Piece::Passed { end } => (Got::Passed, end),
            Piece::Oversized { part, end, is_last } => (Got::Oversized(part.len(), is_last), end),
        });
    }
}

/// Takes the lines of a text from byte `from` on, as a reader of files does.
fn read_from(reading: &Arc<Reading>, text: &[u8], from: u64) -> Vec<(Got, u64)> {
    let mut records = reading.records(from, Cursor::new(text)).expect("memory");
    let mut pieces = Vec::new();
    let mut end = from;
    for line in text[from as usize..].split_inclusive(|byte| *byte == b'\n') {
        end += line.len() as u64;
        records.push(line, end, &mut keep(&mut pieces));
    }
    records.finish(&mut keep(&mut pieces));
    assert!(!records.is_waiting());
    pieces
}

/// Reads a text as a whole, and again from behind every piece, which must make no difference.
fn read(reading: &Arc<Reading>, text: &[u8]) -> Vec<Got> {
    let pieces = read_from(reading, text, 0);
    let ends: Vec<u64> = pieces.iter().map(|(_, end)| *end).collect();
    assert!(ends.is_sorted());
    assert_eq!(ends.last().copied().unwrap_or_default(), text.len() as u64, "all is accounted for");
    for (at, end) in ends.iter().enumerate().filter(|(_, end)| **end > 0) {
        if ends.get(at + 1) != Some(end) {
            assert_eq!(read_from(reading, text, *end), pieces[at + 1..], "read on from byte {end}");
        }
    }
    pieces.into_iter().map(|(piece, _)| piece).collect()
}

/// What the command line says.
fn reading(arguments: &[&str]) -> Result<Option<Arc<Reading>>, String> {
    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        args: Args,
    }
    let arguments = std::iter::once("tail").chain(arguments.iter().copied());
    let args = Cli::try_parse_from(arguments).map_err(|error| error.to_string())?.args;
    args.check()?;
    args.reading().map_err(|error| error.to_string())
}

fn csv_of(dataset: Dataset) -> Arc<Reading> {
    let conversion = Some(Conversion::Csv(Box::new(dataset)));
    Arc::new(Reading { start: None, timeout: Duration::from_secs(1), conversion })
}

#[test]
fn arguments_that_do_not_fit_are_refused() {
    let separated =
        concat!(env!("CARGO_MANIFEST_DIR"), "/src/generate/synthetic/tests/separated.odcs.yaml");
    let with = |rest: &[&str]| {
        let all: Vec<&str> = ["--contract", "rides"].iter().chain(rest).copied().collect();
        reading(&all)
    };
    for (result, error) in [
        (reading(&["--from", "csv"]), "--contract"),
        (with(&[]), "--from"),
        (with(&["--from", "log"]), "--pattern"),
        (with(&["--from", "csv", "--pattern", "(?<city>.)"]), "--pattern is for --from log"),
        (with(&["--from", "csv", "--multiline-start", "x"]), "is not for --from csv"),
        (with(&["--from", "log", "--pattern", "("]), "unclosed group"),
        (with(&["--from", "log", "--pattern", "(.)"]), "found by (?<city>...)"),
        (
            with(&["--from", "log", "--pattern", "(?<rideNumber>.)"]),
            "rideNumber is no column of rides",
        ),
        (with(&["--from", "log", "--pattern", "(?<pickup>.)(?<pickup.lat>.)"]), "a part of it"),
        (
            reading(&["--from", "csv", "--contract", separated]),
            "the contract of separated says that CSV lands",
        ),
    ] {
        let message = result.expect_err("refused");
        assert!(message.contains(error), "{message}");
    }
    assert!(reading(&[]).expect("fits").is_none());
    assert!(with(&["--from", "csv"]).expect("fits").is_some());
}
