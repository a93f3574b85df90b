//! Figures that the model rests on and that no option sets: measured, documented or assumed.

use rust_decimal::Decimal;
use rust_decimal::dec;

use crate::firehose::Compression;

/// Where a figure comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// An option of this run.
    Yours,
    /// A default of `template.yaml`, or what it makes.
    Template,
    /// As the code or the SQL of this pipeline does, in the file that the text names.
    Pipeline(&'static str),
    /// Measured, by what the text says.
    Measured(&'static str),
    /// Said by the vendor, on the page that the text names.
    Documented(&'static str),
    /// Neither: a guess, with its reason.
    Assumed(&'static str),
}

impl Origin {
    /// In one word.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Yours => "yours",
            Self::Template => "template",
            Self::Pipeline(_) => "pipeline",
            Self::Measured(_) => "measured",
            Self::Documented(_) => "documented",
            Self::Assumed(_) => "assumed",
        }
    }

    /// What there is to say beyond that word.
    pub(crate) fn detail(self) -> &'static str {
        match self {
            Self::Yours | Self::Template => "",
            Self::Pipeline(text)
            | Self::Measured(text)
            | Self::Documented(text)
            | Self::Assumed(text) => text,
        }
    }
}

/// A figure that the model rests on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Figure {
    pub(crate) id: &'static str,
    pub(crate) value: Decimal,
    pub(crate) unit: &'static str,
    pub(crate) origin: Origin,
}

macro_rules! figures {
    ($($name:ident: $id:literal, $value:literal, $unit:literal, $origin:ident $(($detail:literal))?;)+) => {
        $(
            #[doc = $unit]
            pub(crate) const $name: Decimal = dec!($value);
        )+
        /// All of them, in the order in which the bytes travel.
        pub(crate) static FIGURES: &[Figure] = &[$(Figure {
            id: $id, value: $name, unit: $unit, origin: Origin::$origin $(($detail))?,
        }),+];
    };
}

figures! {
    FIREHOSE_PART_BYTES: "firehose_part_bytes", 5_242_880, "bytes of a part of a landing object; a longer one is a multipart upload", Assumed("Firehose does not say how it uploads; S3 takes no smaller part");
    RANGE_BYTES: "range_bytes", 8_388_608, "bytes that one GET of transform asks for", Pipeline("functions/transform/src/body.rs");
    PUT_BYTES: "put_bytes", 16_777_216, "longest output that takes one PUT", Pipeline("functions/transform/src/upload.rs");
    PART_BYTES: "part_bytes", 8_388_608, "bytes of a part of a longer output, which takes two requests more", Pipeline("functions/transform/src/upload.rs");
    PROCESSING_SHARE: "processing_share", 0.453, "share of the Parquet that is in processing/", Measured("snowline transform, 400,000 orders: 13.8 of 30.4 MB");
    REJECT_EXTRA_BYTES: "reject_extra_bytes", 127, "bytes of a reject beyond its record", Measured("snowline transform: 180,884 bytes for 379 rejected orders of 351");
    LEDGER_BYTES: "ledger_bytes", 1_500, "bytes of a ledger entry", Measured("orders with a few rules broken, rounded up");
    AGGREGATE_BYTES: "aggregate_bytes", 7_107, "bytes of the aggregates of an object", Measured("snowline transform, 400,000 orders");
    WAIT_SECONDS: "wait_seconds", 0.08, "seconds of an invocation of transform that do not depend on its object", Measured("make bench-invocation: 0.091 s for 1 MB, of which 0.01 computing");
    NETWORK_MB: "network_mb_per_second", 75, "MB a second between a function and S3, each way", Assumed("600 Mbit/s a function; AWS does not say");
    SECOND_VCPU: "second_vcpu", 0.9, "share of a second vCPU that transform uses; of more none", Measured("make bench-curves: 1.94 s instead of 3.8 s a GB");
    VCPU_MIB: "vcpu_mib", 1_769, "MiB of memory that come with one vCPU", Documented("AWS Lambda, configure function memory");
    TABLES: "files_per_object", 3, "files of an object that are loaded: rows, one aggregate, ledger entry; each a message", Pipeline("contracts/orders.odcs.yaml");
    SNOWFLAKE_GETS: "snowflake_gets_per_file", 4, "GETs of Snowflake for a file, and one for each 8 MiB of it", Assumed("Snowflake does not say");
    LOAD_MEMORY_MIB: "load_memory_mib", 256, "MiB of memory of load and of publish", Template;
    LOAD_EXTRA_SECONDS: "load_extra_seconds", 0.5, "seconds of an invocation of load beside its COPYs", Assumed("an answer of the SQL API is waited for a few times");
    SQS_BATCH: "sqs_batch", 10, "messages that one request of Lambda receives, and another deletes", Documented("Amazon SQS, most messages of a request");
    SQS_POLLERS: "sqs_pollers", 5, "requests that wait at a queue at once, 20 seconds each", Documented("AWS Lambda, using Lambda with Amazon SQS");
    PUBLISH_SECONDS: "audit_and_check_seconds", 20, "seconds of a run of the DAG beside its merge: audit and checks, in Snowflake too", Assumed("metrics AuditTime and CheckTime tell yours");
    TRANSFORM_LOG_BYTES: "transform_log_bytes", 4_902, "bytes that an invocation of transform logs, in 8 lines, metrics included", Measured("local/tests/test_telemetry.py");
    TRANSFORM_LOG_LINES: "transform_log_lines", 8, "lines that an invocation of transform logs", Measured("local/tests/test_telemetry.py");
    LOAD_LOG_BYTES: "load_log_bytes", 4_635, "bytes that an invocation of load logs, in 10 lines", Measured("local/tests/test_telemetry.py");
    LOAD_LOG_LINES: "load_log_lines", 10, "lines that an invocation of load logs", Measured("local/tests/test_telemetry.py");
    PUBLISH_LOG_BYTES: "publish_log_bytes", 11_845, "bytes that audit, merge and check log together, in 25 lines", Measured("local/tests/test_telemetry.py");
    PUBLISH_LOG_LINES: "publish_log_lines", 25, "lines that audit, merge and check log together", Measured("local/tests/test_telemetry.py");
    PLATFORM_LOG_BYTES: "platform_log_bytes", 450, "bytes that Lambda itself logs of an invocation, in 4 lines: START, END, REPORT, trace", Assumed("the form that AWS documents");
    PLATFORM_LOG_LINES: "platform_log_lines", 4, "lines that Lambda itself logs of an invocation", Documented("AWS Lambda, log formats: text");
    LOG_LINE_BYTES: "log_line_bytes", 26, "bytes that CloudWatch adds to every line", Documented("Amazon CloudWatch Logs, PutLogEvents");
    LOG_COMPRESSED: "log_compressed", 0.15, "share of their size that logs take once stored", Documented("Amazon CloudWatch pricing, example");
    LOG_DAYS: "log_days", 30, "days that logs are kept", Template;
    METRICS: "metrics", 60, "custom metrics", Measured("47 series in a test run of orders, rounded up for further rules that a stream breaks");
    S3_METRICS: "s3_metrics", 16, "request metrics of the lake, charged like custom ones", Documented("Amazon S3, metrics and dimensions");
    ALARM_METRICS: "alarm_metrics", 27, "metrics that alarms watch; a band counts as two more", Template;
    TRACES_PER_SECOND: "traces_per_second", 1, "invocations a second of a function that are traced", Documented("AWS X-Ray, default sampling");
    TRACED_SHARE: "traced_share", 0.05, "share of the further ones that is traced", Documented("AWS X-Ray, default sampling");
    BUCKET_KEY_SHARE: "bucket_key_share", 0.01, "requests of KMS for each request of S3 to an encrypted prefix; bucket keys are on", Documented("Amazon S3, bucket keys: up to 99 % fewer");
    DATA_KEY_SECONDS: "data_key_seconds", 300, "seconds that SQS and Firehose use a data key", Documented("Amazon SQS, data key reuse period");
    SECRETS: "secrets", 2, "secrets: salt of hashes, Snowflake's key", Template;
    INSTANCE_HOURS: "instance_hours", 2, "hours that an instance of a function lives; each start reads a secret, and decrypts twice", Assumed("AWS does not say");
    ACCESS_LOG_BYTES: "access_log_bytes", 700, "bytes of the access log for each request to the lake", Assumed("typical length of a line");
    ACCESS_LOG_DAYS: "access_log_days", 395, "days that access logs are kept: 365, and 30 as old versions", Template;
    LANDING_DAYS: "landing_days", 7, "days that landing/ is kept, as far as the audit looks back", Template;
    QUARANTINE_DAYS: "quarantine_days", 30, "days that quarantine/ is kept", Template;
    LEDGER_DAYS: "ledger_days", 90, "days that ledger/ is kept", Template;
    OLD_VERSION_DAYS: "old_version_days", 3, "days that an expired object stays as an old version", Template;
    MIDNIGHT_DAYS: "midnight_days", 1, "days more: S3 rounds expiry of object and of old version up to midnight, half a day each", Documented("Amazon S3, lifecycle elements");
    COPY_SECONDS: "copy_seconds", 2, "seconds of a COPY beside reading, on any warehouse", Assumed("metric CopyTime tells yours");
    AUTO_SUSPEND_SECONDS: "auto_suspend_seconds", 60, "seconds that the warehouse runs on without work", Pipeline("sql/setup/01_warehouse.sql");
    AIRFLOW_DATABASE_GB: "airflow_database_gb", 5, "GB of Airflow's database", Assumed("a small one");
    SNOWFLAKE_API_BYTES: "snowflake_api_bytes", 50_000, "bytes over the NAT gateway for each COPY and each run of the DAG", Assumed("statements, answers and TLS");
}

/// Text over compressed text, of one record, by the bytes of text in it: measured on orders of
/// `snowline generate` (351 bytes each) at the levels it compresses with, gzip 4 and zstd 1. Between
/// two sizes the smaller counts.
pub(crate) fn record_ratio(compression: Compression, text_bytes: Decimal) -> Decimal {
    const STEPS: [(Decimal, Decimal, Decimal); 8] = [
        (dec!(1_020_000), dec!(6.64), dec!(6.90)),
        (dec!(255_000), dec!(6.55), dec!(6.74)),
        (dec!(49_700), dec!(6.10), dec!(6.17)),
        (dec!(4_900), dec!(4.21), dec!(4.15)),
        (dec!(2_100), dec!(3.26), dec!(3.19)),
        (dec!(1_400), dec!(2.77), dec!(2.71)),
        (dec!(700), dec!(1.97), dec!(1.91)),
        (dec!(300), dec!(1.34), dec!(1.31)),
    ];
    let step = STEPS.iter().find(|(from, ..)| text_bytes >= *from);
    match (compression, step) {
        (Compression::None, _) | (_, None) => Decimal::ONE,
        (Compression::Gzip, Some((_, gzip, _))) => *gzip,
        (Compression::Zstd, Some((.., zstd))) => *zstd,
    }
}

/// Text over what Firehose's gzip makes of a whole object, measured alike.
pub(crate) const LANDING_RATIO: Decimal = dec!(6.79);

/// Processor time of transform, in milliseconds for each 1,000,000 bytes of text, by the bytes of
/// text in a compressed object: `make bench-invocation`, gzip. Between two sizes the smaller counts.
pub(crate) fn cpu_ms_per_mb(object_text_bytes: Decimal) -> Decimal {
    const STEPS: [(Decimal, Decimal); 3] = [
        (dec!(350_000_000), dec!(6.1)),
        (dec!(100_000_000), dec!(6.3)),
        (dec!(10_000_000), dec!(10)),
    ];
    let step = STEPS.iter().find(|(from, _)| object_text_bytes >= *from);
    step.map_or(dec!(20), |(_, ms)| *ms)
}

/// Bytes of Parquet, of both zones, for each byte of text, by the bytes of text in an object:
/// `snowline transform`, orders. Between two sizes the smaller counts.
pub(crate) fn parquet_ratio(object_text_bytes: Decimal) -> Decimal {
    const STEPS: [(Decimal, Decimal); 3] = [
        (dec!(100_000_000), dec!(0.218)),
        (dec!(10_000_000), dec!(0.228)),
        (dec!(1_000_000), dec!(0.253)),
    ];
    let step = STEPS.iter().find(|(from, _)| object_text_bytes >= *from);
    step.map_or(dec!(0.378), |(_, ratio)| *ratio)
}
