//! The result for people.

mod needs;
pub(crate) mod numbers;

use std::fmt::Write;

use rust_decimal::Decimal;
use rust_decimal::dec;

use super::advice::{changes, choices};
use super::assumptions::{Assumption, Value, assumptions};
use super::bill::{Plan, Stage};
use super::figures::FIGURES;
use super::needs::{LOAD_SECONDS, Needs, PUBLISH_SECONDS, in_time};
use super::prices;
use crate::table::{Align, table};
use needs::{needs, size};
use numbers::{figure, usd_per_gb, usd_per_month};

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

/// The settings and what was measured for them; with `all`, the figures that no option sets as well.
fn rests(assumptions: &[Assumption], all: bool) -> String {
    let settings = assumptions.len() - FIGURES.len();
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
