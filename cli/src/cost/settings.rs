//! What a load is and how the pipeline is set: the options of `snowline cost`.

use std::str::FromStr;

use clap::ValueEnum;
use rust_decimal::Decimal;
use rust_decimal::dec;

use crate::firehose::{Compression, Limits};
use crate::generate::duration;

/// The load and every setting that changes what it costs.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Settings {
    /// Events a second, on average over a month
    #[arg(long, value_name = "N", value_parser = events)]
    pub(crate) events_per_second: Decimal,
    /// Bytes of an event: its line of text with the newline
    #[arg(long, value_name = "N", value_parser = event_bytes)]
    pub(crate) bytes: Decimal,

    /// Bytes of text that producers pack into a Firehose record, or none: a record an event
    /// [default: as snowline generate packs, 256000, or 1022976 if it compresses]
    #[arg(long, value_name = "none|BYTES")]
    pub(crate) pack: Option<Pack>,
    /// How long an event may wait at its producer for others to travel with
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = seconds)]
    pub(crate) max_delay: Decimal,
    /// Producers, each of which packs its own events
    #[arg(long, value_name = "N", default_value = "1", value_parser = count)]
    pub(crate) producers: Decimal,
    /// How producers compress each record; with none, Firehose compresses landing objects (gzip)
    #[arg(long, value_enum, default_value_t = Compression::None)]
    pub(crate) compress: Compression,
    /// Bytes of text for each compressed byte [default: measured on orders, by the size of a record]
    #[arg(long, value_name = "RATIO", value_parser = compression_ratio)]
    pub(crate) compression_ratio: Option<Decimal>,

    /// A landing object is cut at this size, as Firehose receives it (FirehoseBufferMiB)
    #[arg(long, value_name = "MIB", default_value = "64", value_parser = buffer_mib)]
    pub(crate) buffer_mib: Decimal,
    /// or at this age (FirehoseBufferSeconds)
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = buffer_seconds)]
    pub(crate) buffer_seconds: Decimal,
    /// Memory of the transform (TransformMemoryMiB)
    #[arg(long, value_name = "MIB", default_value = "1769", value_parser = memory)]
    pub(crate) transform_memory_mib: Decimal,
    /// Processors of the functions (Architecture)
    #[arg(long, value_enum, default_value_t = Architecture::Arm64)]
    pub(crate) architecture: Architecture,
    /// Processor time of the transform for each 1,000,000 bytes of text, in milliseconds
    /// [default: measured on orders, by the size of an object; metric CpuTimePerMegabyte has yours]
    #[arg(long, value_name = "MS", value_parser = cpu)]
    pub(crate) transform_cpu_ms_per_mb: Option<Decimal>,
    /// Share of the events that break the contract, 0 to 1
    #[arg(long, value_name = "SHARE", default_value = "0.001", value_parser = share)]
    pub(crate) bad_share: Decimal,
    /// Bytes of Parquet, of both zones, for each byte of text [default: measured on orders, by the
    /// size of an object]
    #[arg(long, value_name = "RATIO", value_parser = parquet)]
    pub(crate) parquet_ratio: Option<Decimal>,
    /// Days that processing/ is kept (ProcessingDays)
    #[arg(long, value_name = "DAYS", default_value = "30", value_parser = days)]
    pub(crate) processing_days: Decimal,
    /// Days that processed/ is kept (ProcessedDays)
    #[arg(long, value_name = "DAYS", default_value = "90", value_parser = days)]
    pub(crate) processed_days: Decimal,

    /// How long new files gather before one COPY (LoadBatchWindowSeconds)
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = load_window)]
    pub(crate) load_window_seconds: Decimal,
    /// Most files of a load (LoadBatchFiles)
    #[arg(long, value_name = "FILES", default_value = "1000", value_parser = batch_files)]
    pub(crate) load_batch_files: Decimal,
    /// How often the DAG audits, merges and checks
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = seconds)]
    pub(crate) publish_every: Decimal,
    /// Size of the Snowflake warehouse
    #[arg(long, value_enum, default_value_t = Warehouse::XS)]
    pub(crate) warehouse: Warehouse,
    /// Dollars a Snowflake credit [default: list price, Standard edition]
    #[arg(long, value_name = "USD", value_parser = usd)]
    pub(crate) credit_price: Option<Decimal>,
    /// MB of text that an X-Small warehouse loads a second; a larger one loads in proportion
    #[arg(long, value_name = "MB", default_value = "237", value_parser = rate)]
    pub(crate) load_mb_per_second: Decimal,
    /// Rows that an X-Small warehouse merges a second; a larger one merges in proportion
    #[arg(long, value_name = "ROWS", default_value = "200000", value_parser = rate)]
    pub(crate) merge_rows_per_second: Decimal,

    /// The busiest second over the average, for what the load needs
    #[arg(long, value_name = "FACTOR", default_value = "3", value_parser = peak)]
    pub(crate) peak_factor: Decimal,
    /// Add a network with a NAT gateway (Vpc=create)
    #[arg(long)]
    pub(crate) vpc: bool,
    /// Add an MWAA environment (Airflow=create), which needs --vpc
    #[arg(long, requires = "vpc")]
    pub(crate) airflow: bool,
}

/// Whether events travel together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pack {
    /// A record an event.
    None,
    /// A record is closed before its text grows beyond so many bytes.
    Bytes(Decimal),
}

impl Settings {
    /// How events are packed: as it was given, or as `snowline generate` packs.
    pub(crate) fn pack(&self) -> Pack {
        self.pack.unwrap_or_else(|| Pack::Bytes(Limits::of(self.compress).record_bytes.into()))
    }
}

impl FromStr for Pack {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "none" => Ok(Self::None),
            _ => within(text, dec!(1), MAX_RECORD_BYTES).map(Self::Bytes),
        }
    }
}

/// Processors of a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Architecture {
    #[value(name = "arm64")]
    Arm64,
    #[value(name = "x86_64")]
    X86_64,
}

/// Size of a warehouse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "UPPER")]
pub(crate) enum Warehouse {
    XS,
    S,
    M,
    L,
    XL,
    #[value(name = "2XL")]
    XL2,
    #[value(name = "3XL")]
    XL3,
    #[value(name = "4XL")]
    XL4,
}

impl Warehouse {
    /// Credits an hour; also how many times as fast as X-Small it works.
    pub(crate) fn credits_per_hour(self) -> Decimal {
        match self {
            Self::XS => dec!(1),
            Self::S => dec!(2),
            Self::M => dec!(4),
            Self::L => dec!(8),
            Self::XL => dec!(16),
            Self::XL2 => dec!(32),
            Self::XL3 => dec!(64),
            Self::XL4 => dec!(128),
        }
    }
}

/// The longest record of Firehose, and so the longest event: 1,000 KiB.
const MAX_RECORD_BYTES: Decimal = dec!(1_024_000);

fn within(text: &str, low: Decimal, high: Decimal) -> Result<Decimal, String> {
    match text.parse::<Decimal>() {
        Ok(value) if (low..=high).contains(&value) => Ok(value),
        _ => Err(format!("expected a number from {low} to {high}")),
    }
}

fn whole(text: &str, low: Decimal, high: Decimal) -> Result<Decimal, String> {
    match within(text, low, high) {
        Ok(value) if value.is_integer() => Ok(value),
        _ => Err(format!("expected a whole number from {low} to {high}")),
    }
}

fn events(text: &str) -> Result<Decimal, String> {
    within(text, dec!(0.001), dec!(1_000_000_000))
}

fn event_bytes(text: &str) -> Result<Decimal, String> {
    within(text, dec!(1), MAX_RECORD_BYTES)
}

fn count(text: &str) -> Result<Decimal, String> {
    whole(text, dec!(1), dec!(1_000_000_000))
}

fn compression_ratio(text: &str) -> Result<Decimal, String> {
    within(text, dec!(1), dec!(1_000))
}

fn buffer_mib(text: &str) -> Result<Decimal, String> {
    whole(text, dec!(1), dec!(128))
}

fn buffer_seconds(text: &str) -> Result<Decimal, String> {
    whole(text, dec!(1), dec!(900))
}

fn memory(text: &str) -> Result<Decimal, String> {
    whole(text, dec!(512), dec!(10_240))
}

fn cpu(text: &str) -> Result<Decimal, String> {
    within(text, dec!(0.001), dec!(100_000))
}

fn share(text: &str) -> Result<Decimal, String> {
    within(text, dec!(0), dec!(1))
}

fn parquet(text: &str) -> Result<Decimal, String> {
    within(text, dec!(0.001), dec!(10))
}

fn days(text: &str) -> Result<Decimal, String> {
    whole(text, dec!(1), dec!(36_500))
}

fn load_window(text: &str) -> Result<Decimal, String> {
    whole(text, dec!(1), dec!(300))
}

fn batch_files(text: &str) -> Result<Decimal, String> {
    whole(text, dec!(1), dec!(3_000))
}

fn usd(text: &str) -> Result<Decimal, String> {
    within(text, dec!(0), dec!(1_000))
}

fn rate(text: &str) -> Result<Decimal, String> {
    within(text, dec!(0.001), dec!(1_000_000_000))
}

fn peak(text: &str) -> Result<Decimal, String> {
    within(text, dec!(1), dec!(1_000))
}

/// Seconds of a span of time such as `90s` or `1h`.
fn seconds(text: &str) -> Result<Decimal, String> {
    let span = Decimal::from(duration(text)?.as_millis()) / dec!(1_000);
    match span {
        span if (dec!(0.001)..=dec!(31_536_000)).contains(&span) => Ok(span),
        _ => Err("expected a time from 1ms to a year".to_owned()),
    }
}
