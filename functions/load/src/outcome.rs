//! What became of each file of a COPY, as its answer tells.

use std::collections::BTreeMap;

use snowflake::{Error, Row, Rows};
use telemetry::Coded;

/// What became of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Its rows are in the table now.
    Loaded {
        /// How many.
        rows: u64,
    },
    /// Its rows were in the table before.
    AlreadyLoaded,
    /// None of its rows were loaded, or not all.
    Failed(Failure),
}

/// Why a file was not loaded.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Failure {
    /// As docs/troubleshooting.md lists it.
    pub(crate) code: &'static str,
    /// In Snowflake's words.
    pub(crate) reason: String,
    /// Handle of the statement that tried.
    pub(crate) statement_handle: Option<String>,
}

impl Failure {
    /// The failure of a file whose statement failed.
    pub(crate) fn of(error: &Error) -> Self {
        Self {
            code: error.code(),
            reason: telemetry::error_chain(error),
            statement_handle: error.statement_handle().map(str::to_owned),
        }
    }

    /// Of a file that no statement was given to.
    pub(crate) fn not_tried() -> Self {
        Self {
            code: "load.file_not_tried",
            reason: "not tried: too many statements failed before".to_owned(),
            statement_handle: None,
        }
    }
}

/// Reads the answer of a COPY of `files`, which names each file by its key or as
/// `s3://<bucket>/<key>`. A file it does not name was skipped, being loaded already.
///
/// # Errors
/// [`Error::Unexpected`] when the answer names a file that was not asked for: then silence about
/// a file proves nothing.
pub(crate) fn read_outcomes(
    answer: &Rows,
    files: &[String],
    bucket: &str,
) -> Result<BTreeMap<String, Outcome>, Error> {
    let mut outcomes: BTreeMap<String, Outcome> =
        files.iter().map(|file| (file.clone(), Outcome::AlreadyLoaded)).collect();
    // `Copy executed with 0 files processed.` comes in a result of a single column.
    if !answer.has_column("file") {
        return Ok(outcomes);
    }
    let stage = format!("s3://{bucket}/");
    for row in answer.iter() {
        let file = row.text("file")?;
        let key = file.strip_prefix(&stage).unwrap_or(file);
        let outcome = outcomes.get_mut(key).ok_or_else(|| Error::Unexpected {
            handle: Some(answer.handle().to_owned()),
            reason: format!("COPY tells of a file it was not given: {file}"),
            source: None,
        })?;
        *outcome = read_outcome(row, answer.handle())?;
    }
    Ok(outcomes)
}

fn read_outcome(row: Row<'_>, handle: &str) -> Result<Outcome, Error> {
    let first_error = row.optional("first_error")?;
    let outcome = match row.text("status")? {
        "LOADED" => Outcome::Loaded { rows: row.parse("rows_loaded")? },
        // A file skipped for another reason than having been loaded says so.
        "LOAD_SKIPPED" if first_error.is_none_or(|text| text.contains("loaded before")) => {
            Outcome::AlreadyLoaded
        }
        status => {
            let at = |name: &str, column: &str| {
                let value = row.optional(column).ok().flatten();
                value.map(|value| format!(", {name} {value}")).unwrap_or_default()
            };
            let place = at("line", "first_error_line") + &at("column", "first_error_column_name");
            let error = first_error.unwrap_or("no reason given");
            Outcome::Failed(Failure {
                code: "load.file_rejected",
                reason: format!("{status}{place}, statement {handle}: {error}"),
                statement_handle: Some(handle.to_owned()),
            })
        }
    };
    Ok(outcome)
}
