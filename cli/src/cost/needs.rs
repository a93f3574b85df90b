//! What a load needs of the services: rates, concurrency, and how far that is from their limits.

use clap::ValueEnum;
use rust_decimal::Decimal;
use rust_decimal::dec;

use super::bill::Plan;
use super::settings::{Settings, Warehouse};
use super::warehouse::Loading;
use super::workload::Workload;

/// Firehose's default quotas of a stream in us-east-1; they scale together.
pub(crate) const FIREHOSE_MIB_PER_SECOND: Decimal = dec!(5);
pub(crate) const FIREHOSE_RECORDS_PER_SECOND: Decimal = dec!(500_000);
pub(crate) const FIREHOSE_REQUESTS_PER_SECOND: Decimal = dec!(2_000);
/// Instances of functions that an account may have at once, unless it asked for more.
pub(crate) const ACCOUNT_CONCURRENCY: Decimal = dec!(1_000);
/// Of these, what must stay for functions without a reserve.
pub(crate) const UNRESERVED_CONCURRENCY: Decimal = dec!(100);
/// PUTs a second that S3 takes below one prefix.
pub(crate) const PUTS_PER_SECOND: Decimal = dec!(3_500);
/// Messages of a queue that may be under way.
pub(crate) const MESSAGES_IN_FLIGHT: Decimal = dec!(120_000);

/// Time-outs of the functions, in seconds; see `template.yaml`.
pub(crate) const LOAD_SECONDS: Decimal = dec!(300);
pub(crate) const PUBLISH_SECONDS: Decimal = dec!(870);

const MIB: Decimal = dec!(1_048_576);
const MINUTE: Decimal = dec!(60);

/// Means over a month, except where a name says otherwise.
#[derive(Debug, Clone)]
pub(crate) struct Needs {
    pub(crate) firehose_mib_per_second: Decimal,
    pub(crate) firehose_records_per_second: Decimal,
    pub(crate) firehose_requests_per_second: Decimal,
    /// How many times the default quotas a second at the peak takes.
    pub(crate) firehose_quota_at_peak: Decimal,
    pub(crate) objects_per_minute: Decimal,
    pub(crate) object_text_mb: Decimal,
    pub(crate) transform_seconds: Decimal,
    /// Little's law: objects a second times seconds an object.
    pub(crate) transform_concurrency: Decimal,
    /// For `TransformReservedConcurrency`: that of the peak, in whole instances, and one more for
    /// objects that come at once.
    pub(crate) transform_concurrency_at_peak: Decimal,
    /// PUTs and parts into the busiest prefix.
    pub(crate) puts_per_second: Decimal,
    pub(crate) batches_per_minute: Decimal,
    pub(crate) copies_per_minute: Decimal,
    pub(crate) batch_seconds: Decimal,
    pub(crate) load_concurrency: Decimal,
    pub(crate) messages_in_flight: Decimal,
    pub(crate) merge_rows_per_run: Decimal,
    pub(crate) merge_seconds: Decimal,
    /// Share of the time in which the warehouse works.
    pub(crate) warehouse_busy: Decimal,
    /// The smallest warehouse that does the work in time, each load and each merge within its
    /// function's; none where even 4XL does not.
    pub(crate) warehouse: Option<Warehouse>,
}

impl Needs {
    pub(crate) fn new(plan: &Plan) -> Self {
        let Plan { settings, workload, invocation, loading } = plan;
        let Workload { records, objects, .. } = workload;
        let mib = workload.put_per_second() / MIB;
        let quota = (mib / FIREHOSE_MIB_PER_SECOND)
            .max(records.per_second / FIREHOSE_RECORDS_PER_SECOND)
            .max(records.requests_per_second / FIREHOSE_REQUESTS_PER_SECOND);
        let transform = objects.per_second * invocation.seconds;
        let load_seconds = loading.invocation_seconds();
        let waiting = settings.load_window_seconds + load_seconds;
        Self {
            firehose_mib_per_second: mib,
            firehose_records_per_second: records.per_second,
            firehose_requests_per_second: records.requests_per_second,
            firehose_quota_at_peak: quota * settings.peak_factor,
            objects_per_minute: objects.per_second * MINUTE,
            object_text_mb: objects.text_bytes / dec!(1_000_000),
            transform_seconds: invocation.seconds,
            transform_concurrency: transform,
            transform_concurrency_at_peak: (transform * settings.peak_factor).ceil() + Decimal::ONE,
            puts_per_second: objects.per_second * invocation.puts,
            batches_per_minute: loading.batches_per_second * MINUTE,
            copies_per_minute: loading.batches_per_second * loading.copies * MINUTE,
            batch_seconds: loading.batch_seconds,
            load_concurrency: loading.batches_per_second * load_seconds,
            messages_in_flight: workload.messages_per_second() * waiting,
            merge_rows_per_run: loading.merge_rows,
            merge_seconds: loading.merge_seconds,
            warehouse_busy: loading.busy(),
            warehouse: warehouse(plan),
        }
    }
}

fn warehouse(plan: &Plan) -> Option<Warehouse> {
    Warehouse::value_variants().iter().copied().find(|&warehouse| {
        in_time(&Plan::new(Settings { warehouse, ..plan.settings.clone() }).loading)
    })
}

/// Whether the warehouse does what is asked of it, and each function hears of it before its time is
/// up.
pub(crate) fn in_time(loading: &Loading) -> bool {
    loading.busy() <= Decimal::ONE
        && loading.invocation_seconds() <= LOAD_SECONDS
        && loading.merge_seconds <= PUBLISH_SECONDS
}
