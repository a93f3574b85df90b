//! Holds the tables of docs/cost.md against the model; `UPDATE_GOLDEN=1` writes them anew.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use rust_decimal::Decimal;

use super::super::advice::choices;
use super::super::bill::{Plan, Stage};
use super::super::figures::FIGURES;
use super::super::prices::PRICES;
use super::super::report::{figure, usd_per_gb, usd_per_month};
use super::plan;

const RATES: [u32; 4] = [1_000, 10_000, 100_000, 1_000_000];

fn load(rate: u32, bytes: u32) -> Plan {
    plan(&format!("--events-per-second {rate} --bytes {bytes}"))
}

fn row(cells: &[&str]) -> String {
    format!("| {} |\n", cells.join(" | "))
}

/// The ways of packing at each rate.
fn ways() -> String {
    let mut text = row(&[
        "events a second",
        "bytes each",
        "sent as",
        "before Snowflake: $ a GB",
        "$ a month",
        "all in: $ a GB",
        "$ a month",
    ]);
    text += "|---|---|---|---|---|---|---|\n";
    for (rate, bytes) in RATES.map(|rate| (rate, 300)).into_iter().chain([(100_000, 351)]) {
        for choice in choices(&load(rate, bytes).settings) {
            let (before, total) = (choice.plan.before_snowflake(), choice.plan.total());
            let gb = choice.plan.gb_per_month();
            text += &row(&[
                &figure(rate.into(), 0),
                &bytes.to_string(),
                choice.name,
                &usd_per_gb(before / gb),
                &usd_per_month(before),
                &usd_per_gb(total / gb),
                &usd_per_month(total),
            ]);
        }
    }
    text
}

/// Where the money goes at 100,000 events a second, packed and compressed by zstd.
fn stages() -> String {
    let [.., zstd] = choices(&load(100_000, 300).settings);
    let gb = zstd.plan.gb_per_month();
    let mut text = row(&["stage", "$ a GB", "$ a month"]) + "|---|---|---|\n";
    let mut line = |name: &str, usd: Decimal| {
        text += &row(&[name, &usd_per_gb(usd / gb), &usd_per_month(usd)]);
    };
    let paid = |stage: &Stage| !matches!(stage, Stage::Network | Stage::Airflow);
    let (before, after): (Vec<Stage>, Vec<Stage>) =
        Stage::ALL.into_iter().filter(paid).partition(|stage| stage.before_snowflake());
    for stage in before {
        line(stage.names().1, zstd.plan.usd_per_month(stage));
    }
    line("**before Snowflake**", zstd.plan.before_snowflake());
    for stage in after {
        line(stage.names().1, zstd.plan.usd_per_month(stage));
    }
    line("**all in**", zstd.plan.total());
    text
}

fn prices() -> String {
    let mut text =
        row(&["charged", "$", "for each", "source", "as of"]) + "|---|---|---|---|---|\n";
    for price in PRICES {
        let usd: Vec<String> =
            price.tiers.iter().map(|tier| tier.usd.normalize().to_string()).collect();
        text += &row(&[price.what, &usd.join(", "), price.unit, price.source, price.as_of]);
    }
    text
}

fn figures() -> String {
    let mut text = row(&["name", "value", "unit", "origin"]) + "|---|---|---|---|\n";
    for figure_ in FIGURES {
        let (word, detail) = (figure_.origin.word(), figure_.origin.detail());
        let origin = if detail.is_empty() { word.to_owned() } else { format!("{word}: {detail}") };
        text += &row(&[figure_.id, &figure(figure_.value, 6), figure_.unit, &origin]);
    }
    text
}

/// Puts a table where its comments say.
fn insert(page: &str, name: &str, table: &str) -> String {
    let begin =
        format!("<!-- {name}: written by `UPDATE_GOLDEN=1 cargo test -p snowline cost` -->");
    let (before, rest) = page.split_once(&begin).unwrap_or_else(|| panic!("{name} begins nowhere"));
    let (_, after) = rest.split_once("<!-- end -->").unwrap_or_else(|| panic!("{name} has no end"));
    let mut text = String::new();
    write!(text, "{before}{begin}\n\n{table}\n<!-- end -->{after}").unwrap();
    text
}

#[test]
fn the_page_shows_what_the_command_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/cost.md");
    let mut expected = fs::read_to_string(&path).unwrap();
    let tables =
        [("ways", ways()), ("stages", stages()), ("prices", prices()), ("figures", figures())];
    for (name, table) in tables {
        expected = insert(&expected, name, &table);
    }
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, &expected).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), expected);
}
