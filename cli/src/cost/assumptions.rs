//! Everything that a result rests on: the settings, with where each value comes from, and the
//! figures that no option sets.

use rust_decimal::Decimal;
use rust_decimal::dec;

use super::bill::Plan;
use super::figures::{self, FIGURES, Origin};
use super::prices::{self, CREDIT};
use super::settings::{Architecture, Pack, Settings};
use super::workload::record_ratio;
use crate::firehose::Compression;

/// A value that the result rests on.
#[derive(Debug)]
pub(crate) struct Assumption {
    pub(crate) id: &'static str,
    pub(crate) value: Value,
    pub(crate) unit: &'static str,
    pub(crate) origin: Origin,
}

/// Of an assumption.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Number(Decimal),
    Word(&'static str),
}

/// All of them, in the order in which the bytes travel.
pub(crate) fn assumptions(plan: &Plan) -> Vec<Assumption> {
    let mut all = load(&plan.settings);
    all.extend(derived(plan));
    all.extend(settings(&plan.settings));
    all.extend(vendor(&plan.settings));
    all.extend(FIGURES.iter().map(|figure| Assumption {
        id: figure.id,
        value: Value::Number(figure.value),
        unit: figure.unit,
        origin: figure.origin,
    }));
    all
}

fn number(id: &'static str, value: Decimal, unit: &'static str, origin: Origin) -> Assumption {
    Assumption { id, value: Value::Number(value), unit, origin }
}

/// A setting, which is that of the template unless it was given.
fn setting(id: &'static str, value: Decimal, standard: Decimal, unit: &'static str) -> Assumption {
    let origin = if value == standard { Origin::Template } else { Origin::Yours };
    number(id, value, unit, origin)
}

/// A value that stands for what is measured otherwise.
fn given(
    id: &'static str,
    given: Option<Decimal>,
    measured: Decimal,
    unit: &'static str,
    by: Origin,
) -> Assumption {
    let origin = if given.is_some() { Origin::Yours } else { by };
    number(id, measured, unit, origin)
}

fn load(settings: &Settings) -> Vec<Assumption> {
    let pack = match settings.pack() {
        Pack::None => Value::Word("none"),
        Pack::Bytes(bytes) => Value::Number(bytes),
    };
    let packed = match settings.pack {
        Some(_) => Origin::Yours,
        None => Origin::Pipeline("as snowline generate packs"),
    };
    let compress = match settings.compress {
        Compression::None => ("none", Origin::Template),
        Compression::Gzip => ("gzip", Origin::Yours),
        Compression::Zstd => ("zstd", Origin::Yours),
    };
    let standard = |value: Decimal, standard: Decimal| match value == standard {
        true => Origin::Assumed("set --max-delay and --producers to yours"),
        false => Origin::Yours,
    };
    vec![
        number("events_per_second", settings.events_per_second, "events a second", Origin::Yours),
        number("bytes", settings.bytes, "bytes of an event, with its newline", Origin::Yours),
        Assumption {
            id: "pack",
            value: pack,
            unit: "bytes of text in a record, at most",
            origin: packed,
        },
        number(
            "max_delay",
            settings.max_delay,
            "seconds that an event waits for others",
            standard(settings.max_delay, Decimal::ONE),
        ),
        number(
            "producers",
            settings.producers,
            "producers",
            standard(settings.producers, Decimal::ONE),
        ),
        Assumption {
            id: "compress",
            value: Value::Word(compress.0),
            unit: "compression of records",
            origin: compress.1,
        },
        number(
            "peak_factor",
            settings.peak_factor,
            "times the mean at the peak",
            match settings.peak_factor == dec!(3) {
                true => Origin::Assumed("set --peak-factor to yours"),
                false => Origin::Yours,
            },
        ),
    ]
}

/// What is measured by size of record or object, as this plan has them.
fn derived(plan: &Plan) -> Vec<Assumption> {
    const RATIO: Origin =
        Origin::Measured("orders of snowline generate, gzip 4 and zstd 1, by the size of a record");
    const WHOLE: Origin = Origin::Measured("orders of snowline generate, gzip 6 over an object");
    const PARQUET: Origin =
        Origin::Measured("snowline transform, orders, by the size of an object");
    const CPU: Origin = Origin::Measured(
        "make bench-invocation, gzip, by the size of an object; docs/performance.md",
    );
    let (settings, objects) = (&plan.settings, &plan.workload.objects);
    let text = plan.workload.records.events * settings.bytes;
    let ratio = settings.compression_ratio;
    let (compressed, by) = match settings.compress {
        Compression::None => (ratio.unwrap_or(figures::LANDING_RATIO), WHOLE),
        Compression::Gzip | Compression::Zstd => (record_ratio(settings, text), RATIO),
    };
    let parquet = settings.parquet_ratio;
    vec![
        given("compression_ratio", ratio, compressed, "bytes of text for each compressed byte", by),
        given(
            "transform_cpu_ms_per_mb",
            settings.transform_cpu_ms_per_mb,
            plan.invocation.cpu_ms_per_mb,
            "ms of processor time for each MB of text",
            CPU,
        ),
        given(
            "parquet_ratio",
            parquet,
            parquet.unwrap_or_else(|| figures::parquet_ratio(objects.text_bytes)),
            "bytes of Parquet for each byte of text",
            PARQUET,
        ),
    ]
}

fn settings(settings: &Settings) -> Vec<Assumption> {
    let architecture = match settings.architecture {
        Architecture::Arm64 => ("arm64", Origin::Template),
        Architecture::X86_64 => ("x86_64", Origin::Yours),
    };
    let landing = match settings.compress {
        Compression::None => ("GZIP", Origin::Template),
        Compression::Gzip | Compression::Zstd => {
            ("UNCOMPRESSED", Origin::Assumed("compressed records need it"))
        }
    };
    vec![
        Assumption {
            id: "landing_compression",
            value: Value::Word(landing.0),
            unit: "LandingCompression, what Firehose does",
            origin: landing.1,
        },
        setting("buffer_mib", settings.buffer_mib, dec!(64), "FirehoseBufferMiB"),
        setting("buffer_seconds", settings.buffer_seconds, dec!(60), "FirehoseBufferSeconds"),
        setting(
            "transform_memory_mib",
            settings.transform_memory_mib,
            dec!(1_769),
            "TransformMemoryMiB",
        ),
        Assumption {
            id: "architecture",
            value: Value::Word(architecture.0),
            unit: "Architecture",
            origin: architecture.1,
        },
        number(
            "bad_share",
            settings.bad_share,
            "share of events that break the contract",
            match settings.bad_share == dec!(0.001) {
                true => Origin::Assumed("as snowline generate makes them"),
                false => Origin::Yours,
            },
        ),
        setting("processing_days", settings.processing_days, dec!(30), "ProcessingDays"),
        setting("processed_days", settings.processed_days, dec!(90), "ProcessedDays"),
        setting(
            "load_window_seconds",
            settings.load_window_seconds,
            dec!(60),
            "LoadBatchWindowSeconds",
        ),
        setting("load_batch_files", settings.load_batch_files, dec!(1_000), "LoadBatchFiles"),
        setting(
            "publish_every",
            settings.publish_every,
            dec!(3_600),
            "seconds between runs of the DAG",
        ),
    ]
}

fn vendor(settings: &Settings) -> Vec<Assumption> {
    const LOAD: Origin = Origin::Documented(
        "Snowflake engineering blog, Loading Terabytes Into Snowflake: 4.7 TB of Parquet, vectorized scanner, 5.5 credits",
    );
    const MERGE: Origin = Origin::Assumed("metric MergeTime tells yours; it grows with the table");
    let unless = |value: Decimal, standard: Decimal, origin: Origin| {
        if value == standard { origin } else { Origin::Yours }
    };
    let (load, merge) = (settings.load_mb_per_second, settings.merge_rows_per_second);
    vec![
        setting(
            "warehouse_credits_per_hour",
            settings.warehouse.credits_per_hour(),
            dec!(1),
            "credits an hour, size of the warehouse",
        ),
        given(
            "credit_price",
            settings.credit_price,
            settings.credit_price.unwrap_or_else(|| CREDIT.first()),
            "dollars a credit",
            Origin::Documented("price table"),
        ),
        number(
            "load_mb_per_second",
            load,
            "MB of text that X-Small loads a second",
            unless(load, dec!(237), LOAD),
        ),
        number(
            "merge_rows_per_second",
            merge,
            "rows that X-Small merges a second",
            unless(merge, dec!(200_000), MERGE),
        ),
        number(
            "hours_per_month",
            prices::HOURS_PER_MONTH,
            "hours of a month",
            Origin::Documented("AWS pricing calculator"),
        ),
        number(
            "gb",
            prices::GB,
            "bytes of a GB, as on AWS's bills",
            Origin::Documented("Amazon Data Firehose pricing, example"),
        ),
        number(
            "firehose_step_bytes",
            prices::FIREHOSE_STEP_BYTES,
            "bytes to which a record is rounded up",
            Origin::Documented("Amazon Data Firehose pricing, 5 KB of 1,024 bytes"),
        ),
    ]
}
