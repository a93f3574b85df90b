//! Every metric there is. What is not in this list cannot be emitted, and docs/metrics.md is
//! written from it.

use std::time::Duration;

/// What is known of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Definition {
    /// Its name in CloudWatch.
    pub name: &'static str,
    /// Its unit, as CloudWatch spells it.
    pub unit: &'static str,
    /// The dimension it has besides `Stack`.
    pub dimension: Option<&'static str>,
    /// The functions that emit it.
    pub emitted_by: &'static str,
    /// What it measures.
    pub meaning: &'static str,
}

/// A metric of the catalogue.
pub trait Metric {
    /// Its unit, which says what values it takes.
    type Unit: Unit;
    /// [`Labelled`] if it has a further dimension, [`Unlabelled`] otherwise.
    type Label;
    /// What is known of it.
    const DEFINITION: Definition;
}

/// Of a metric whose only dimension is `Stack`.
#[derive(Debug)]
pub enum Unlabelled {}

/// Of a metric with a further dimension.
#[derive(Debug)]
pub enum Labelled {}

/// A unit of CloudWatch.
pub trait Unit {
    /// What a value is given as.
    type Value;
    /// The unit as CloudWatch spells it.
    const NAME: &'static str;
    /// The value as a JSON number.
    fn number(value: Self::Value) -> String;
}

/// A number of things.
#[derive(Debug)]
pub enum Count {}

/// A size.
#[derive(Debug)]
pub enum Bytes {}

/// A time, written to the microsecond.
#[derive(Debug)]
pub enum Milliseconds {}

/// A quantity without a unit, given as decimal text and written as it is.
#[derive(Debug)]
pub enum Quantity {}

impl Unit for Count {
    type Value = u64;
    const NAME: &'static str = "Count";
    fn number(value: u64) -> String {
        value.to_string()
    }
}

impl Unit for Bytes {
    type Value = u64;
    const NAME: &'static str = "Bytes";
    fn number(value: u64) -> String {
        value.to_string()
    }
}

impl Unit for Milliseconds {
    type Value = Duration;
    const NAME: &'static str = "Milliseconds";
    fn number(value: Duration) -> String {
        let micros = value.as_micros();
        format!("{}.{:03}", micros / 1_000, micros % 1_000)
    }
}

impl Unit for Quantity {
    type Value = String;
    const NAME: &'static str = "None";
    fn number(value: String) -> String {
        value
    }
}

macro_rules! catalogue {
    ($($name:ident: $unit:ident $(by $dimension:ident)?, $emitted_by:literal, $meaning:literal;)+) => {
        /// The metrics by name.
        pub mod metric {
            use super::*;
            $(
                #[doc = $meaning]
                #[derive(Debug, Clone, Copy)]
                pub struct $name;

                impl Metric for $name {
                    type Unit = $unit;
                    type Label = catalogue!(@label $($dimension)?);
                    const DEFINITION: Definition = Definition {
                        name: stringify!($name),
                        unit: <$unit as Unit>::NAME,
                        dimension: catalogue!(@dimension $($dimension)?),
                        emitted_by: $emitted_by,
                        meaning: $meaning,
                    };
                }
            )+
        }

        /// All metrics, in the order of the documentation.
        pub const CATALOGUE: &[Definition] = &[$(metric::$name::DEFINITION),+];
    };
    (@label) => { Unlabelled };
    (@label $dimension:ident) => { Labelled };
    (@dimension) => { None };
    (@dimension $dimension:ident) => { Some(stringify!($dimension)) };
}

catalogue! {
    ObjectsTransformed: Count, "transform", "Landing objects transformed.";
    RowsRead: Count, "transform", "Records of a landing object.";
    RowsAccepted: Count, "transform", "Records that obey the contract.";
    RowsRejected: Count, "transform", "Records in quarantine.";
    RowsRejectedByRule: Count by Rule, "transform", "Records in quarantine, by the rule each broke first.";
    BytesRead: Bytes, "transform", "Size of the landing object as stored.";
    BytesDecompressed: Bytes, "transform", "Size of its text.";
    BytesWritten: Bytes, "transform", "Size of all outputs, without the ledger entry.";
    TransformTime: Milliseconds, "transform", "From the GET of the landing object to its ledger entry written.";
    StageTime: Milliseconds by Stage, "transform", "The parts of TransformTime. `read`: S3's answer to the GET, and the waits for further bytes; `compute`: the rest of the pipeline, with the waits until parts of long outputs are sent; `write`: completing the outputs, and the ledger entry.";
    CpuTime: Milliseconds, "transform", "Processor time of the process, on all threads, during TransformTime.";
    CpuTimePerMegabyte: Milliseconds, "transform", "CpuTime for each 1,000,000 bytes of text. Not emitted for an empty object.";
    TransformLag: Milliseconds, "transform", "From the landing object's LastModified, which S3 tells in whole seconds, to its ledger entry written.";
    MeasureTotal: Quantity by Measure, "transform", "Total of a sum measure of the contract's aggregates over a landing object, exact; by the name of the measure.";
    MeasureRows: Count by Measure, "transform", "Rows that went into it, so that MeasureTotal / MeasureRows is a mean.";
    FilesLoaded: Count, "load", "Files of a batch whose rows were loaded.";
    FilesAlreadyLoaded: Count, "load", "Files of a batch that COPY skipped, having loaded them before.";
    FilesFailed: Count, "load", "Files of a batch that were not loaded; their messages come again.";
    RowsLoaded: Count, "load", "Rows copied into the staging table of rows.";
    LoadTime: Milliseconds, "load", "The batch, from its messages to its answer.";
    CopyTime: Milliseconds, "load", "The longest COPY of the batch, from its submission to its answer: Snowflake's load time.";
    LoadLag: Milliseconds, "load", "The longest time of the batch from S3's event of a file to the answer of the COPY that loaded it. Not emitted when nothing was loaded.";
    StatementTime: Milliseconds by Statement, "load, publish", "A statement, from its submission to its rows or its failure.";
    ObjectsAudited: Count, "publish", "Landing objects in the ledger or in staging.";
    ObjectsPending: Count, "publish", "Of these, objects of which one side is still being loaded.";
    AuditFindings: Count, "publish", "Objects of which landing, ledger and staging do not agree.";
    AuditTime: Milliseconds, "publish", "The audit, without storing its results.";
    MergeTime: Milliseconds, "publish", "The merge.";
    CheckTime: Milliseconds, "publish", "All checks, without storing their results.";
    RowsInserted: Count, "publish", "Keys that the merge added to analytics.";
    RowsUpdated: Count, "publish", "Keys to which the merge gave a newer version.";
    RowsDeleted: Count, "publish", "Keys that the merge removed.";
    ChecksRun: Count, "publish", "Checks that ran.";
    ChecksFailed: Count, "publish", "Checks of severity error that did not pass.";
    ChecksWarned: Count, "publish", "Checks of severity warning that did not pass.";
    Freshness: Milliseconds, "publish", "Age of the newest row in analytics, as the check measured it.";
    FreshnessLimit: Milliseconds, "publish", "The greatest age that the contract allows; emitted with Freshness.";
    Latency: Milliseconds, "publish", "Longest time from a row's event to analytics, as the check measured it.";
    LatencyLimit: Milliseconds, "publish", "The longest time that the contract allows; emitted with Latency.";
    LineageFailures: Count, "transform, load, publish", "Lineage events that could not be sent.";
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used, reason = "a test fails by panicking")]

    use std::collections::BTreeSet;
    use std::fmt::Write;
    use std::path::Path;

    use super::*;

    const BEGIN: &str = "<!-- metrics: written by `UPDATE_GOLDEN=1 cargo test -p telemetry` from \
                         functions/telemetry/src/catalogue.rs -->";
    const END: &str = "<!-- end -->";

    fn table() -> String {
        let mut text = String::from(
            "| metric | unit | further dimension | emitted by | meaning |\n|---|---|---|---|---|\n",
        );
        for Definition { name, unit, dimension, emitted_by, meaning } in CATALOGUE {
            let dimension = dimension.unwrap_or_default();
            let row = format!("| {name} | {unit} | {dimension} | {emitted_by} | {meaning} |");
            writeln!(text, "{}", row.replace("|  |", "| |")).expect("memory");
        }
        text
    }

    #[test]
    fn the_page_lists_the_catalogue() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/metrics.md");
        let page = std::fs::read_to_string(&path).expect("docs/metrics.md");
        let (before, rest) = page.split_once(BEGIN).expect("where the table begins");
        let (_, after) = rest.split_once(END).expect("where it ends");
        let expected = format!("{before}{BEGIN}\n\n{}\n{END}{after}", table());
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&path, &expected).expect("docs/metrics.md");
        }
        assert_eq!(std::fs::read_to_string(&path).expect("docs/metrics.md"), expected);
    }

    #[test]
    fn names_are_unique() {
        let names: BTreeSet<&str> = CATALOGUE.iter().map(|metric| metric.name).collect();
        assert_eq!(names.len(), CATALOGUE.len());
    }
}
