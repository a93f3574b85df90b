//! What a load becomes on its way: records, landing objects, files.

use rust_decimal::Decimal;
use rust_decimal::dec;

use super::figures;
use super::prices::FIREHOSE_STEP_BYTES;
use super::settings::{Pack, Settings};
use crate::firehose::Compression;

/// Bytes of a MiB.
const MIB: Decimal = dec!(1_048_576);
/// The most records and bytes of a `PutRecordBatch`, as `snowline generate` fills it.
const BATCH_RECORDS: Decimal = dec!(500);
const BATCH_BYTES: Decimal = dec!(3_072_000);

/// Rates are by the second, sizes in bytes; both are means.
#[derive(Debug, Clone)]
pub(crate) struct Workload {
    /// Text of all events.
    pub(crate) text_per_second: Decimal,
    pub(crate) records: Records,
    pub(crate) objects: Objects,
}

/// What producers put.
#[derive(Debug, Clone)]
pub(crate) struct Records {
    pub(crate) events: Decimal,
    /// As put: packed, and compressed where the producers do.
    pub(crate) bytes: Decimal,
    /// As billed.
    pub(crate) billed_bytes: Decimal,
    pub(crate) per_second: Decimal,
    pub(crate) requests_per_second: Decimal,
}

/// What Firehose delivers, and what the transform makes of it.
#[derive(Debug, Clone)]
pub(crate) struct Objects {
    pub(crate) per_second: Decimal,
    pub(crate) text_bytes: Decimal,
    /// As stored in `landing/`.
    pub(crate) stored_bytes: Decimal,
    pub(crate) processing_bytes: Decimal,
    pub(crate) processed_bytes: Decimal,
    /// Rejects of an object; less than one where most have none.
    pub(crate) rejects: Decimal,
    pub(crate) quarantine_bytes: Decimal,
}

impl Workload {
    pub(crate) fn new(settings: &Settings) -> Self {
        let text_per_second = settings.events_per_second * settings.bytes;
        let records = Records::new(settings);
        let objects = Objects::new(settings, &records, text_per_second);
        Self { text_per_second, records, objects }
    }

    /// Bytes that Firehose takes in.
    pub(crate) fn put_per_second(&self) -> Decimal {
        self.records.per_second * self.records.bytes
    }

    /// Files that are to be loaded, each announced by a message.
    pub(crate) fn messages_per_second(&self) -> Decimal {
        self.objects.per_second * figures::TABLES
    }
}

impl Records {
    /// A record is closed by its size or by its age, whichever comes first: its first event waits for
    /// `max_delay`, in which as many more arrive as one producer has in that time.
    fn new(settings: &Settings) -> Self {
        // The product first: it is exact, and what is rounded down next is not a hair below a whole.
        let in_time = settings.events_per_second * settings.max_delay / settings.producers;
        let events = match settings.pack() {
            Pack::None => Decimal::ONE,
            Pack::Bytes(limit) => {
                let by_size = (limit / settings.bytes).floor();
                let by_age = (Decimal::ONE + in_time).floor();
                by_size.min(by_age).max(Decimal::ONE)
            }
        };
        let text = events * settings.bytes;
        let bytes = (text / record_ratio(settings, text)).ceil();
        let per_second = settings.events_per_second / events;
        let batch = BATCH_RECORDS.min((BATCH_BYTES / bytes).floor()).max(Decimal::ONE);
        let of_time = (settings.producers / settings.max_delay).min(per_second);
        Self {
            events,
            bytes,
            billed_bytes: round_up(bytes, FIREHOSE_STEP_BYTES),
            per_second,
            requests_per_second: (per_second / batch).max(of_time),
        }
    }
}

/// Text over what producers put, of a record of so much text.
pub(crate) fn record_ratio(settings: &Settings, text_bytes: Decimal) -> Decimal {
    match settings.compress {
        Compression::None => Decimal::ONE,
        compression => settings
            .compression_ratio
            .unwrap_or_else(|| figures::record_ratio(compression, text_bytes)),
    }
}

impl Objects {
    fn new(settings: &Settings, records: &Records, text_per_second: Decimal) -> Self {
        let put_per_second = records.per_second * records.bytes;
        let by_size = put_per_second / (settings.buffer_mib * MIB);
        let by_age = records.per_second.min(Decimal::ONE / settings.buffer_seconds);
        let per_second = by_size.max(by_age);
        let text_bytes = size(text_per_second / per_second);
        let stored_bytes = size(match settings.compress {
            Compression::None => {
                text_bytes / settings.compression_ratio.unwrap_or(figures::LANDING_RATIO)
            }
            Compression::Gzip | Compression::Zstd => put_per_second / per_second,
        });
        let rejects = settings.events_per_second / per_second * settings.bad_share;
        let accepted = text_bytes * (Decimal::ONE - settings.bad_share);
        let ratio = settings.parquet_ratio.unwrap_or_else(|| figures::parquet_ratio(text_bytes));
        let processing_bytes = accepted * ratio * figures::PROCESSING_SHARE;
        Self {
            per_second,
            text_bytes,
            stored_bytes,
            processing_bytes,
            processed_bytes: accepted * ratio - processing_bytes,
            rejects,
            quarantine_bytes: rejects * (settings.bytes + figures::REJECT_EXTRA_BYTES),
        }
    }
}

/// A size in bytes, to the millionth: 64 MiB by way of two divisions are 64 MiB, and eight parts.
fn size(bytes: Decimal) -> Decimal {
    bytes.round_dp(6)
}

/// The next multiple of `step`.
pub(crate) fn round_up(value: Decimal, step: Decimal) -> Decimal {
    (value / step).ceil() * step
}
