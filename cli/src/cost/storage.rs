//! What the lake holds once it is as full as its lifecycle rules let it become.

use rust_decimal::Decimal;

use super::bill::{Plan, a_month};
use super::figures;
use super::prices::{DAYS_PER_MONTH, GB};

/// GB-months of a month, all zones and the access log. An object that expires stays as an old
/// version, and S3 rounds both times up to midnight.
pub(crate) fn gb_months(plan: &Plan) -> Decimal {
    let objects = &plan.workload.objects;
    let settings = &plan.settings;
    let aggregate = figures::AGGREGATE_BYTES;
    let zones = [
        (objects.stored_bytes, settings.landing_days),
        (objects.processing_bytes, settings.processing_days),
        (objects.processed_bytes + aggregate, settings.processed_days),
        (objects.quarantine_bytes, figures::QUARANTINE_DAYS),
        (figures::LEDGER_BYTES, figures::LEDGER_DAYS),
    ];
    let byte_days: Decimal = zones
        .into_iter()
        .map(|(bytes, days)| bytes * (days + figures::OLD_VERSION_DAYS + figures::MIDNIGHT_DAYS))
        .sum();
    let (puts, gets) = plan.requests();
    let logged = (puts + gets) * figures::ACCESS_LOG_BYTES * figures::ACCESS_LOG_DAYS;
    (a_month(objects.per_second) * byte_days + logged) / DAYS_PER_MONTH / GB
}
