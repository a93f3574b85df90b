//! The result for programs: one JSON document, every number as exact as it was reckoned.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::ser::Error as _;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::advice::{changes, choices};
use super::assumptions::{Value, assumptions};
use super::bill::{Plan, Stage};
use super::needs::Needs;
use super::prices::{self, PRICES};

/// A decimal, written as a JSON number digit by digit.
struct Exact(Decimal);

impl Serialize for Exact {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let digits = self.0.normalize().to_string();
        RawValue::from_string(digits).map_err(S::Error::custom)?.serialize(serializer)
    }
}

#[derive(Serialize)]
struct Document {
    region: &'static str,
    gb_per_month: Exact,
    /// Dollars for each GB of text, by stage, `before_snowflake` and `total`.
    usd_per_gb: BTreeMap<&'static str, Exact>,
    /// The same a month.
    usd_per_month: BTreeMap<&'static str, Exact>,
    firehose_wasted_share: Exact,
    choices: Vec<ChoiceOut>,
    changes: Vec<ChangeOut>,
    needs: NeedsOut,
    assumptions: Vec<AssumptionOut>,
    prices: Vec<PriceOut>,
}

#[derive(Serialize)]
struct ChoiceOut {
    id: &'static str,
    before_snowflake_usd_per_gb: Exact,
    before_snowflake_usd_per_month: Exact,
    total_usd_per_gb: Exact,
    total_usd_per_month: Exact,
}

#[derive(Serialize)]
struct ChangeOut {
    set: String,
    saves_usd_per_month: Exact,
    but: &'static str,
}

#[derive(Serialize)]
struct NeedsOut {
    firehose_mib_per_second: Exact,
    firehose_records_per_second: Exact,
    firehose_requests_per_second: Exact,
    firehose_quota_at_peak: Exact,
    objects_per_minute: Exact,
    object_text_mb: Exact,
    transform_seconds: Exact,
    transform_concurrency: Exact,
    transform_concurrency_at_peak: Exact,
    puts_per_second: Exact,
    batches_per_minute: Exact,
    copies_per_minute: Exact,
    batch_seconds: Exact,
    load_concurrency: Exact,
    messages_in_flight: Exact,
    merge_rows_per_run: Exact,
    merge_seconds: Exact,
    warehouse_busy: Exact,
    /// Credits an hour of the smallest warehouse that does the work in time.
    warehouse_credits_per_hour: Option<Exact>,
}

#[derive(Serialize)]
struct AssumptionOut {
    name: &'static str,
    value: ValueOut,
    meaning: &'static str,
    origin: &'static str,
    detail: &'static str,
}

#[derive(Serialize)]
#[serde(untagged)]
enum ValueOut {
    Number(Exact),
    Word(&'static str),
}

#[derive(Serialize)]
struct PriceOut {
    id: &'static str,
    what: &'static str,
    unit: &'static str,
    source: &'static str,
    as_of: &'static str,
    tiers: Vec<TierOut>,
}

#[derive(Serialize)]
struct TierOut {
    up_to: Option<Exact>,
    usd: Exact,
}

/// The whole result of a plan.
///
/// # Errors
/// None is known: a decimal's text is a JSON number.
pub(crate) fn json(plan: &Plan) -> Result<String, serde_json::Error> {
    let gb = plan.gb_per_month();
    let sums = [("before_snowflake", plan.before_snowflake()), ("total", plan.total())];
    let stages = Stage::ALL.map(|stage| (stage.names().0, plan.usd_per_month(stage)));
    let by_stage = |divisor: Decimal| {
        stages.iter().chain(&sums).map(|&(name, usd)| (name, Exact(usd / divisor))).collect()
    };
    let document = Document {
        region: prices::REGION,
        gb_per_month: Exact(gb),
        usd_per_gb: by_stage(gb),
        usd_per_month: by_stage(Decimal::ONE),
        firehose_wasted_share: Exact(plan.wasted_share()),
        choices: choices_out(plan, gb),
        changes: changes_out(plan),
        needs: needs_out(Needs::new(plan)),
        assumptions: assumptions_out(plan),
        prices: prices_out(),
    };
    serde_json::to_string_pretty(&document)
}

fn choices_out(plan: &Plan, gb: Decimal) -> Vec<ChoiceOut> {
    let out = |choice: super::advice::Choice| {
        let (before, total) = (choice.plan.before_snowflake(), choice.plan.total());
        ChoiceOut {
            id: choice.id,
            before_snowflake_usd_per_gb: Exact(before / gb),
            before_snowflake_usd_per_month: Exact(before),
            total_usd_per_gb: Exact(total / gb),
            total_usd_per_month: Exact(total),
        }
    };
    choices(&plan.settings).into_iter().map(out).collect()
}

fn changes_out(plan: &Plan) -> Vec<ChangeOut> {
    let out = |change: super::advice::Change| ChangeOut {
        set: change.set,
        saves_usd_per_month: Exact(change.saves_usd_per_month),
        but: change.but,
    };
    changes(plan).into_iter().map(out).collect()
}

fn needs_out(needs: Needs) -> NeedsOut {
    NeedsOut {
        firehose_mib_per_second: Exact(needs.firehose_mib_per_second),
        firehose_records_per_second: Exact(needs.firehose_records_per_second),
        firehose_requests_per_second: Exact(needs.firehose_requests_per_second),
        firehose_quota_at_peak: Exact(needs.firehose_quota_at_peak),
        objects_per_minute: Exact(needs.objects_per_minute),
        object_text_mb: Exact(needs.object_text_mb),
        transform_seconds: Exact(needs.transform_seconds),
        transform_concurrency: Exact(needs.transform_concurrency),
        transform_concurrency_at_peak: Exact(needs.transform_concurrency_at_peak),
        puts_per_second: Exact(needs.puts_per_second),
        batches_per_minute: Exact(needs.batches_per_minute),
        copies_per_minute: Exact(needs.copies_per_minute),
        batch_seconds: Exact(needs.batch_seconds),
        load_concurrency: Exact(needs.load_concurrency),
        messages_in_flight: Exact(needs.messages_in_flight),
        merge_rows_per_run: Exact(needs.merge_rows_per_run),
        merge_seconds: Exact(needs.merge_seconds),
        warehouse_busy: Exact(needs.warehouse_busy),
        warehouse_credits_per_hour: needs.warehouse.map(|size| Exact(size.credits_per_hour())),
    }
}

fn assumptions_out(plan: &Plan) -> Vec<AssumptionOut> {
    let out = |assumption: super::assumptions::Assumption| AssumptionOut {
        name: assumption.id,
        value: match assumption.value {
            Value::Number(value) => ValueOut::Number(Exact(value)),
            Value::Word(word) => ValueOut::Word(word),
        },
        meaning: assumption.unit,
        origin: assumption.origin.word(),
        detail: assumption.origin.detail(),
    };
    assumptions(plan).into_iter().map(out).collect()
}

fn prices_out() -> Vec<PriceOut> {
    let out = |price: &&prices::Price| PriceOut {
        id: price.id,
        what: price.what,
        unit: price.unit,
        source: price.source,
        as_of: price.as_of,
        tiers: price
            .tiers
            .iter()
            .map(|tier| TierOut { up_to: tier.up_to.map(Exact), usd: Exact(tier.usd) })
            .collect(),
    };
    PRICES.iter().map(out).collect()
}
