//! An invocation of the transform: how long it takes, and what it asks of S3.

use rust_decimal::Decimal;
use rust_decimal::dec;

use super::figures;
use super::settings::Settings;
use super::workload::{Objects, Workload};

const MB: Decimal = dec!(1_000_000);

/// One invocation, of one landing object.
#[derive(Debug, Clone)]
pub(crate) struct Invocation {
    pub(crate) cpu_ms_per_mb: Decimal,
    pub(crate) seconds: Decimal,
    pub(crate) gets: Decimal,
    pub(crate) puts: Decimal,
}

impl Invocation {
    pub(crate) fn new(settings: &Settings, workload: &Workload) -> Self {
        let objects = &workload.objects;
        let cpu_ms_per_mb = settings
            .transform_cpu_ms_per_mb
            .unwrap_or_else(|| figures::cpu_ms_per_mb(objects.text_bytes));
        Self {
            cpu_ms_per_mb,
            seconds: seconds(settings, objects, cpu_ms_per_mb),
            gets: (objects.stored_bytes / figures::RANGE_BYTES).ceil(),
            puts: puts(objects),
        }
    }
}

/// Reading, computing and writing go on at once, and the slowest sets the pace. Before and after it
/// are waits, and what is left of each output when the last row is done.
fn seconds(settings: &Settings, objects: &Objects, cpu_ms_per_mb: Decimal) -> Decimal {
    let vcpus = settings.transform_memory_mib / figures::VCPU_MIB;
    let second = (vcpus.min(dec!(2)) - Decimal::ONE).max(Decimal::ZERO);
    let used = vcpus.min(Decimal::ONE) + second * figures::SECOND_VCPU;
    let computing = objects.text_bytes / MB * cpu_ms_per_mb / dec!(1_000) / used;
    let bytes_per_second = figures::NETWORK_MB * MB;
    let outputs = objects.processing_bytes + objects.processed_bytes;
    let moving = objects.stored_bytes.max(outputs) / bytes_per_second;
    let last = objects.processing_bytes.min(figures::PUT_BYTES)
        + objects.processed_bytes.min(figures::PUT_BYTES);
    let seconds = figures::WAIT_SECONDS + computing.max(moving) + last / bytes_per_second;
    // Billed by the millisecond begun.
    (seconds * dec!(1_000)).ceil() / dec!(1_000)
}

/// PUTs, and the requests of multipart uploads, which cost as much: both zones, the aggregate, the
/// ledger entry, and quarantine for an object with rejects.
fn puts(objects: &Objects) -> Decimal {
    let (aggregate, ledger_entry) = (Decimal::ONE, Decimal::ONE);
    upload(objects.processing_bytes, figures::PUT_BYTES, figures::PART_BYTES)
        + upload(objects.processed_bytes, figures::PUT_BYTES, figures::PART_BYTES)
        + upload(objects.quarantine_bytes, figures::PUT_BYTES, figures::PART_BYTES)
            * objects.rejects.min(Decimal::ONE)
        + aggregate
        + ledger_entry
}

/// Requests that put so many bytes: one, or two beside the parts of a multipart upload.
pub(crate) fn upload(bytes: Decimal, in_one: Decimal, part: Decimal) -> Decimal {
    if bytes <= in_one { Decimal::ONE } else { (bytes / part).ceil() + dec!(2) }
}
