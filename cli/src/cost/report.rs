//! The result for people.

use std::fmt::Write;

use clap::ValueEnum;
use rust_decimal::Decimal;
use rust_decimal::dec;

use super::advice::{changes, choices};
use super::assumptions::{Assumption, Value, assumptions};
use super::bill::{Plan, Stage};
use super::needs::{
    ACCOUNT_CONCURRENCY, FIREHOSE_MIB_PER_SECOND, FIREHOSE_RECORDS_PER_SECOND,
    FIREHOSE_REQUESTS_PER_SECOND, LOAD_SECONDS, MESSAGES_IN_FLIGHT, Needs, PUBLISH_SECONDS,
    PUTS_PER_SECOND, UNRESERVED_CONCURRENCY, in_time,
};
use super::prices;
use super::settings::Warehouse;
use crate::table::{Align, table};

/// The whole report; with `all`, every figure behind it as well.
pub(crate) fn report(plan: &Plan, all: bool) -> String {
    let mut out = String::new();
    let mut part = |heading: &str, text: String| {
        // Writing to a string does not fail.
        let _ = writeln!(out, "{heading}\n\n{text}");
    };
    let gb = plan.gb_per_month();
    let heading = format!(
        "{} events a second of {} bytes, {} GB of text a month ({}, list prices)",
        figure(plan.settings.events_per_second, 3),
        figure(plan.settings.bytes, 3),
        figure(gb, 1),
        prices::REGION,
    );
    part(&heading, bill(plan, gb));
    part("Ways of packing and compressing", ways(plan, gb));
    part("What would save most, each change alone", savings(plan));
    part("What it needs", needs(plan));
    part("What this rests on", rests(&assumptions(plan), all));
    out
}

fn bill(plan: &Plan, gb: Decimal) -> String {
    let row =
        |name: &str, usd: Decimal| [name.to_owned(), usd_per_gb(usd / gb), usd_per_month(usd)];
    let stages = |before: bool| {
        Stage::ALL
            .into_iter()
            .filter(move |stage| stage.before_snowflake() == before)
            .map(|stage| (stage, plan.usd_per_month(stage)))
            .filter(|(stage, usd)| {
                !usd.is_zero() || !matches!(stage, Stage::Network | Stage::Airflow)
            })
            .map(|(stage, usd)| row(stage.names().1, usd))
    };
    let mut rows: Vec<_> = stages(true).collect();
    rows.push(row("before Snowflake", plan.before_snowflake()));
    rows.extend(stages(false));
    rows.push(row("all in", plan.total()));
    let columns = [("stage", Align::Left), ("$ a GB", Align::Right), ("$ a month", Align::Right)];
    let records = &plan.workload.records;
    table(columns, &rows)
        + &format!(
            "\n  A record holds {} events in {} bytes and is billed as {}: {} % of Firehose is rounding.\n",
            figure(records.events, 0),
            figure(records.bytes, 0),
            figure(records.billed_bytes, 0),
            figure(plan.wasted_share() * dec!(100), 1),
        )
        + &too_slow(plan)
}

/// What a warehouse does not do in time, if there is anything.
fn too_slow(plan: &Plan) -> String {
    let loading = &plan.loading;
    if in_time(loading) {
        return String::new();
    }
    format!(
        "  The warehouse is too small for this: it works {} % of the time, a load takes {} s of {}, a \
         merge {} s of {}.\n  Take --warehouse {}, or load and publish more often.\n",
        figure(loading.busy() * dec!(100), 1),
        figure(loading.invocation_seconds(), 0),
        LOAD_SECONDS,
        figure(loading.merge_seconds, 0),
        PUBLISH_SECONDS,
        size(Needs::new(plan).warehouse),
    )
}

/// The name of a warehouse's size.
fn size(warehouse: Option<Warehouse>) -> String {
    let value = warehouse.and_then(|warehouse| warehouse.to_possible_value());
    value.map_or("more than one of 4XL".to_owned(), |value| value.get_name().to_owned())
}

fn ways(plan: &Plan, gb: Decimal) -> String {
    let rows: Vec<_> = choices(&plan.settings)
        .iter()
        .map(|choice| {
            let (before, total) = (choice.plan.before_snowflake(), choice.plan.total());
            [
                choice.name.to_owned(),
                usd_per_gb(before / gb),
                usd_per_month(before),
                usd_per_gb(total / gb),
                usd_per_month(total),
            ]
        })
        .collect();
    let right = Align::Right;
    let columns = [
        ("events", Align::Left),
        ("before Snowflake, $ a GB", right),
        ("$ a month", right),
        ("all in, $ a GB", right),
        ("$ a month", right),
    ];
    table(columns, &rows)
}

fn savings(plan: &Plan) -> String {
    let rows: Vec<_> = changes(plan)
        .into_iter()
        .map(|change| {
            [change.set, usd_per_month(change.saves_usd_per_month), change.but.to_owned()]
        })
        .collect();
    if rows.is_empty() {
        return "  nothing that is worth it\n".to_owned();
    }
    let columns = [("set", Align::Left), ("saves $ a month", Align::Right), ("but", Align::Left)];
    table(columns, &rows)
}

fn needs(plan: &Plan) -> String {
    let needs = Needs::new(plan);
    let row = |what: &str, value: String, limit: String| [what.to_owned(), value, limit];
    let of = |limit: Decimal| format!("default quota {}", figure(limit, 0));
    let size = size(needs.warehouse);
    let reserve = needs.transform_concurrency_at_peak;
    let most = ACCOUNT_CONCURRENCY - UNRESERVED_CONCURRENCY;
    let reserve_note = if reserve > most {
        format!("more than an account's {} allow: ask AWS for more", figure(ACCOUNT_CONCURRENCY, 0))
    } else {
        format!("TransformReservedConcurrency; an account has {}", figure(ACCOUNT_CONCURRENCY, 0))
    };
    let rows = [
        row(
            "Firehose, MiB a second",
            figure(needs.firehose_mib_per_second, 2),
            of(FIREHOSE_MIB_PER_SECOND),
        ),
        row(
            "Firehose, records a second",
            figure(needs.firehose_records_per_second, 1),
            of(FIREHOSE_RECORDS_PER_SECOND),
        ),
        row(
            "Firehose, requests a second",
            figure(needs.firehose_requests_per_second, 1),
            of(FIREHOSE_REQUESTS_PER_SECOND),
        ),
        row(
            "Firehose at the peak, times its quota",
            figure(needs.firehose_quota_at_peak, 2),
            "above 1: ask AWS for more before the load comes".to_owned(),
        ),
        row(
            "landing objects a minute",
            figure(needs.objects_per_minute, 2),
            format!("of {} MB of text", figure(needs.object_text_mb, 1)),
        ),
        row(
            "PUTs a second",
            figure(needs.puts_per_second, 2),
            format!("S3 takes {} below a prefix", figure(PUTS_PER_SECOND, 0)),
        ),
        row(
            "transform, instances at once",
            figure(needs.transform_concurrency, 2),
            format!("objects a second times {} s each", figure(needs.transform_seconds, 3)),
        ),
        row("transform, at the peak", figure(reserve, 0), reserve_note),
        row(
            "COPYs a minute",
            figure(needs.copies_per_minute, 2),
            format!(
                "{} loads of {} s",
                figure(needs.batches_per_minute, 2),
                figure(needs.batch_seconds, 1)
            ),
        ),
        row(
            "load, instances at once",
            figure(needs.load_concurrency, 2),
            "LoadMaximumConcurrency, 2 by default".to_owned(),
        ),
        row(
            "messages in flight",
            figure(needs.messages_in_flight, 0),
            format!("SQS takes {}", figure(MESSAGES_IN_FLIGHT, 0)),
        ),
        row(
            "rows of a merge",
            figure(needs.merge_rows_per_run, 0),
            format!("{} s", figure(needs.merge_seconds, 0)),
        ),
        row(
            "warehouse at work, % of the time",
            figure(needs.warehouse_busy * dec!(100), 1),
            format!("{size} is enough"),
        ),
    ];
    table(
        [("need", Align::Left), ("", Align::Right), ("limit, or what it comes from", Align::Left)],
        &rows,
    )
}

/// The settings and what was measured for them; with `all`, the figures that no option sets as well.
fn rests(assumptions: &[Assumption], all: bool) -> String {
    let settings = assumptions.len() - super::figures::FIGURES.len();
    let shown = if all { assumptions } else { &assumptions[..settings] };
    let rows: Vec<_> = shown
        .iter()
        .map(|assumption| {
            let value = match assumption.value {
                Value::Number(value) => figure(value, 6),
                Value::Word(word) => word.to_owned(),
            };
            let (word, detail) = (assumption.origin.word(), assumption.origin.detail());
            let origin =
                if detail.is_empty() { word.to_owned() } else { format!("{word}: {detail}") };
            [assumption.unit.to_owned(), value, origin]
        })
        .collect();
    let columns = [("assumption", Align::Left), ("value", Align::Right), ("origin", Align::Left)];
    let rest = if all {
        ""
    } else {
        "\n  --assumptions lists the other figures, --json also the prices.\n"
    };
    table(columns, &rows) + rest
}

pub(super) fn usd_per_gb(usd: Decimal) -> String {
    fixed(usd, 5)
}

pub(super) fn usd_per_month(usd: Decimal) -> String {
    fixed(usd, 2)
}

/// A number with at most so many decimals, thousands set apart.
pub(super) fn figure(value: Decimal, decimals: u32) -> String {
    grouped(&value.round_dp(decimals).normalize().to_string())
}

/// A number with exactly so many decimals.
fn fixed(value: Decimal, decimals: u32) -> String {
    let mut rounded = value.round_dp(decimals);
    rounded.rescale(decimals);
    grouped(&rounded.to_string())
}

fn grouped(digits: &str) -> String {
    let (whole, rest) = digits.find('.').map_or((digits, ""), |at| digits.split_at(at));
    let mut out = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) && !out.ends_with('-') {
            out.push(',');
        }
        out.push(digit);
    }
    out + rest
}
