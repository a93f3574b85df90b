//! What a load needs, next to what there is by default.

use clap::ValueEnum;
use rust_decimal::dec;

use super::numbers::figure;
use crate::cost::bill::Plan;
use crate::cost::needs::{
    ACCOUNT_CONCURRENCY, FIREHOSE_MIB_PER_SECOND, FIREHOSE_RECORDS_PER_SECOND,
    FIREHOSE_REQUESTS_PER_SECOND, MESSAGES_IN_FLIGHT, Needs, PUTS_PER_SECOND,
    UNRESERVED_CONCURRENCY,
};
use crate::cost::settings::Warehouse;
use crate::table::{Align, table};

/// What is needed, how much of it, and its limit or what it comes from.
type Row = [String; 3];

pub(super) fn needs(plan: &Plan) -> String {
    let needs = Needs::new(plan);
    let rows = [firehose(&needs), transform(&needs), snowflake(&needs)].concat();
    let columns =
        [("need", Align::Left), ("", Align::Right), ("limit, or what it comes from", Align::Left)];
    table(columns, &rows)
}

fn row(what: &str, value: String, limit: impl Into<String>) -> Row {
    [what.to_owned(), value, limit.into()]
}

fn firehose(needs: &Needs) -> Vec<Row> {
    let quota = |limit| format!("default quota {}", figure(limit, 0));
    let (mib, records, requests) = (
        figure(needs.firehose_mib_per_second, 2),
        figure(needs.firehose_records_per_second, 1),
        figure(needs.firehose_requests_per_second, 1),
    );
    let peak = figure(needs.firehose_quota_at_peak, 2);
    vec![
        row("Firehose, MiB a second", mib, quota(FIREHOSE_MIB_PER_SECOND)),
        row("Firehose, records a second", records, quota(FIREHOSE_RECORDS_PER_SECOND)),
        row("Firehose, requests a second", requests, quota(FIREHOSE_REQUESTS_PER_SECOND)),
        row(
            "Firehose at the peak, times its quota",
            peak,
            "above 1: ask AWS for more before it comes",
        ),
    ]
}

fn transform(needs: &Needs) -> Vec<Row> {
    let account = figure(ACCOUNT_CONCURRENCY, 0);
    let reserve = needs.transform_concurrency_at_peak;
    let reserved = if reserve > ACCOUNT_CONCURRENCY - UNRESERVED_CONCURRENCY {
        format!("more than an account's {account} allow: ask AWS for more")
    } else {
        format!("TransformReservedConcurrency; an account has {account}")
    };
    let text = format!("of {} MB of text", figure(needs.object_text_mb, 1));
    let puts = format!("S3 takes {} below a prefix", figure(PUTS_PER_SECOND, 0));
    let each = format!("objects a second times {} s each", figure(needs.transform_seconds, 3));
    vec![
        row("landing objects a minute", figure(needs.objects_per_minute, 2), text),
        row("PUTs a second", figure(needs.puts_per_second, 2), puts),
        row("transform, instances at once", figure(needs.transform_concurrency, 2), each),
        row("transform, at the peak", figure(reserve, 0), reserved),
    ]
}

fn snowflake(needs: &Needs) -> Vec<Row> {
    let (batches, seconds) = (figure(needs.batches_per_minute, 2), figure(needs.batch_seconds, 1));
    let in_flight = format!("SQS takes {}", figure(MESSAGES_IN_FLIGHT, 0));
    let merge = format!("{} s", figure(needs.merge_seconds, 0));
    let busy = figure(needs.warehouse_busy * dec!(100), 1);
    let copies = figure(needs.copies_per_minute, 2);
    let load = figure(needs.load_concurrency, 2);
    vec![
        row("COPYs a minute", copies, format!("{batches} loads of {seconds} s")),
        row("load, instances at once", load, "LoadMaximumConcurrency, 2 by default"),
        row("messages in flight", figure(needs.messages_in_flight, 0), in_flight),
        row("rows of a merge", figure(needs.merge_rows_per_run, 0), merge),
        row(
            "warehouse at work, % of the time",
            busy,
            format!("{} is enough", size(needs.warehouse)),
        ),
    ]
}

/// The name of a warehouse's size.
pub(super) fn size(warehouse: Option<Warehouse>) -> String {
    let value = warehouse.and_then(|warehouse| warehouse.to_possible_value());
    value.map_or("more than one of 4XL".to_owned(), |value| value.get_name().to_owned())
}
