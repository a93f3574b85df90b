//! The model against arithmetic written out, and against what it must obey.

mod documentation;
mod template;

use clap::Parser;
use proptest::prelude::*;
use rust_decimal::Decimal;
use rust_decimal::dec;

use super::advice::{changes, choices};
use super::bill::{Plan, Stage};
use super::needs::Needs;
use super::prices;
use super::settings::Settings;

#[derive(Debug, Parser)]
struct Line {
    #[command(flatten)]
    settings: Settings,
}

/// A plan as the command line makes it.
fn plan(options: &str) -> Plan {
    let words = std::iter::once("cost").chain(options.split_whitespace());
    Plan::new(Line::try_parse_from(words).unwrap().settings)
}

/// To the ten-thousandth of a cent.
fn rounded(usd: Decimal) -> Decimal {
    usd.round_dp(6)
}

#[test]
fn tiers_begin_where_the_one_before_ends() {
    let firehose = |gb| prices::FIREHOSE.of(gb);
    // 500 TB are 512,000 GB: 512,000 x 0.029 = 14,848.
    assert_eq!(firehose(dec!(512_000)), dec!(14_848));
    assert_eq!(firehose(dec!(512_001)), dec!(14_848.025));
    // 1.5 PB more are 1,536,000 GB: 14,848 + 1,536,000 x 0.025 = 53,248.
    assert_eq!(firehose(dec!(2_048_000)), dec!(53_248));
    assert_eq!(firehose(dec!(2_048_001)), dec!(53_248.020));
    assert_eq!(firehose(dec!(0)), dec!(0));
    // 50 TB are 51,200 GB: 51,200 x 0.023 + 100 x 0.022.
    assert_eq!(prices::S3_STORAGE.of(dec!(51_300)), dec!(1_179.8));
}

#[test]
fn each_record_is_rounded_up_to_5_kb() {
    for (bytes, billed) in [(1, 5_120), (5_120, 5_120), (5_121, 10_240), (10_240, 10_240)] {
        let plan = plan(&format!("--events-per-second 10 --bytes {bytes} --pack none"));
        assert_eq!(plan.workload.records.billed_bytes, Decimal::from(billed), "{bytes}");
    }
}

#[test]
fn a_record_is_closed_by_size_or_by_age() {
    let events = |options: &str| plan(options).workload.records.events;
    let load = "--events-per-second 1000 --bytes 300 --pack 256000";
    // 256,000 / 300 = 853.3 events fit; 1 + 1,000 x 1 come within a second.
    assert_eq!(events(load), dec!(853));
    // 1 + 1,000 / 100 x 1 = 11 come to one of a hundred producers.
    assert_eq!(events(&format!("{load} --producers 100")), dec!(11));
    assert_eq!(events(&format!("{load} --producers 100 --max-delay 5s")), dec!(51));
    assert_eq!(events(&format!("{load} --producers 100000")), dec!(1));
    assert_eq!(events("--events-per-second 9 --bytes 900000 --pack 256000"), dec!(1));
}

#[test]
fn one_event_a_record_by_hand() {
    let plan = plan("--events-per-second 1000 --bytes 1024 --pack none --compression-ratio 8");
    // Text: 1,000 x 1,024 x 2,628,000 s = 2,691,072,000,000 bytes, / 2^30 = 2,506.256103515625 GB.
    assert_eq!(plan.gb_per_month(), dec!(2_506.256103515625));
    // Billed are 5 KB for each: five times as much, at 0.029.
    assert_eq!(plan.usd_per_month(Stage::Firehose), dec!(363.407135009765625));
    assert_eq!(plan.wasted_share(), dec!(0.8));
    // 64 MiB of records of 1 KiB are 65,536 s / 1,000 = 65.536 s: age cuts first, at 60 s. An object
    // holds 61,440,000 bytes of text, 7,680,000 of gzip, 60 rejects.
    assert_eq!(rounded(plan.workload.objects.per_second * dec!(60)), Decimal::ONE);
    assert_eq!(rounded(plan.workload.objects.stored_bytes), dec!(7_680_000));
    // Objects: 43,800 a month. PUTs: Firehose 2 parts + 2; transform one for each of two zones,
    // quarantine, aggregate and ledger: 9 in all. LISTs: 7 days x 1,440 = 10,080 objects, 11 a run,
    // 730 runs. GETs: 1 of transform, 3 x 4 of Snowflake; processed/ is below 8 MiB.
    let (puts, gets) = plan.requests();
    assert_eq!((puts.round_dp(9), gets.round_dp(9)), (dec!(402_230), dec!(569_400)));
    // 402,230 x 0.000005 + 569,400 x 0.0000004.
    assert_eq!(rounded(plan.usd_per_month(Stage::S3Requests)), dec!(2.238910));
    // Transform: 61.44 MB x 10 ms = 0.6144 s of computing against 13.99 MB of Parquet written at
    // 75 MB/s (0.19 s); Parquet 61.44 x 0.999 x 0.228 = 13,994,311.68 bytes, all of it left over at
    // the end: 0.186591 s; 0.08 s of waits: 0.881 s begun, 43,800 times 1,769 / 1,024 GB.
    assert_eq!(plan.invocation.seconds, dec!(0.881));
    // 43,800 x 0.881 x 1.7275390625 x 0.0000133334 + 43,800 x 0.0000002 = 0.897587...
    let gb_seconds = dec!(43_800) * dec!(0.881) * dec!(1.7275390625);
    let usd = gb_seconds * dec!(0.0000133334) + dec!(0.00876);
    assert_eq!(rounded(plan.usd_per_month(Stage::Transform)), rounded(usd));
}

#[test]
fn storage_by_hand() {
    let plan = plan(
        "--events-per-second 100000 --bytes 300 --pack 1022700 --compress zstd \
         --compression-ratio 6.9 --parquet-ratio 0.2 --bad-share 0",
    );
    // A record: 1,022,700 / 6.9 = 148,217.39, so 148,218 bytes, billed as 29 x 5,120 = 148,480.
    // A month: 100,000 / 3,409 x 2,628,000 of them, / 2^30 x 0.029.
    let records = dec!(100_000) / dec!(3_409) * dec!(2_628_000);
    let firehose = records * dec!(148_480) / dec!(1_073_741_824) * dec!(0.029);
    assert_eq!(rounded(plan.usd_per_month(Stage::Firehose)), rounded(firehose));
    // Landing: records for 7 + 3 + 1 days. Parquet: 0.2 x 30 MB/s, 45.3 % of it for 30 + 4 days and
    // 54.7 % for 90 + 4. Days of a month: 730 / 24.
    let days = dec!(730) / dec!(24);
    let gb = dec!(1_073_741_824);
    let landing = records * dec!(148_218) * dec!(11) / days / gb;
    let text = dec!(30_000_000) * dec!(2_628_000);
    let parquet = text * dec!(0.2) * (dec!(0.453) * dec!(34) + dec!(0.547) * dec!(94)) / days / gb;
    // What is left are ledger, aggregates and access logs: 8 KB and 46 requests an object.
    let usd = (landing + parquet) * dec!(0.023);
    let whole = plan.usd_per_month(Stage::S3Storage);
    assert!(whole > usd && whole < usd * dec!(1.005), "{whole} {usd}");
}

#[test]
fn a_warehouse_that_loads_every_minute_never_sleeps() {
    let busy = plan("--events-per-second 1000 --bytes 300");
    assert_eq!(busy.usd_per_month(Stage::SnowflakeLoad), dec!(1_460));
    assert_eq!(busy.usd_per_month(Stage::SnowflakeMerge), dec!(0));
    // Every 300 s: three COPYs of 2 s, 90 MB at 237 MB/s, then 60 s awake.
    let rare = plan("--events-per-second 1000 --bytes 300 --load-window-seconds 300");
    let awake = (dec!(66) + dec!(90) / dec!(237)) / dec!(300);
    assert_eq!(rounded(rare.usd_per_month(Stage::SnowflakeLoad)), rounded(dec!(1_460) * awake));
    // Once an hour: 3,596,400 rows at 200,000 a second, 20 s of audit and checks, 60 s awake.
    let merging = (dec!(17.982) + dec!(80)) / dec!(3_600);
    assert_eq!(rounded(rare.usd_per_month(Stage::SnowflakeMerge)), rounded(dec!(1_460) * merging));
}

#[test]
fn concurrency_is_rate_times_duration() {
    let plan = plan("--events-per-second 1000000 --bytes 300 --compress gzip");
    let needs = Needs::new(&plan);
    let expected = needs.objects_per_minute / dec!(60) * needs.transform_seconds;
    assert_eq!(needs.transform_concurrency, expected);
    assert_eq!(needs.transform_concurrency_at_peak, (expected * dec!(3)).ceil() + dec!(1));
    // 300 MB a second against 237, and merges of 3,596,400,000 rows: neither X-Small nor the 870 s
    // of publish suffice.
    assert!(needs.warehouse_busy > dec!(1));
    assert!(needs.warehouse.unwrap().credits_per_hour() > dec!(16));
}

/// The claim of docs/cost.md.
#[test]
fn a_packed_and_compressed_gigabyte_costs_two_cents_before_snowflake() {
    for bytes in [300, 351] {
        let plan = plan(&format!("--events-per-second 100000 --bytes {bytes}"));
        for choice in &choices(&plan.settings)[2..] {
            let usd = choice.plan.before_snowflake() / choice.plan.gb_per_month();
            assert!(usd <= dec!(0.02), "{} {bytes} {usd}", choice.id);
        }
    }
}

#[test]
fn only_what_saves_is_advised_and_the_most_first() {
    let plan = plan("--events-per-second 100000 --bytes 300 --pack none --architecture x86_64");
    let changes = changes(&plan);
    assert!(changes[0].set.starts_with("--pack"), "{changes:?}");
    assert!(changes.iter().all(|change| change.saves_usd_per_month > Decimal::ZERO));
    assert!(changes.is_sorted_by(|a, b| a.saves_usd_per_month >= b.saves_usd_per_month));
    assert!(!changes.iter().any(|change| change.set.contains("1769")));
}

#[test]
fn what_no_one_can_set_is_refused() {
    for options in [
        "--bytes 300",
        "--events-per-second 0 --bytes 300",
        "--events-per-second 1 --bytes 1024001",
        "--events-per-second 1 --bytes 300 --buffer-mib 129",
        "--events-per-second 1 --bytes 300 --load-window-seconds 301",
        "--events-per-second 1 --bytes 300 --pack 0",
        "--events-per-second 1 --bytes 300 --airflow",
        "--events-per-second 1 --bytes 300 --max-delay 0s",
    ] {
        let words = std::iter::once("cost").chain(options.split_whitespace());
        assert!(Line::try_parse_from(words).is_err(), "{options}");
    }
}

proptest! {
    /// Also where the numbers are as large and as small as can be: decimals panic on overflow.
    #[test]
    fn twice_the_packing_never_costs_more(
        events in 1u64..1_000_000_000,
        bytes in 1u64..500_000,
        producers in 1u64..1_000_000,
        doublings in 0u32..12,
    ) {
        let firehose = |times: u64| {
            let pack = (bytes * times).min(1_024_000);
            let plan = plan(&format!(
                "--events-per-second {events} --bytes {bytes} --producers {producers} --pack {pack}"
            ));
            prop_assert_eq!(
                plan.total(),
                plan.before_snowflake()
                    + plan.usd_per_month(Stage::SnowflakeLoad)
                    + plan.usd_per_month(Stage::SnowflakeMerge)
            );
            prop_assert!(Needs::new(&plan).transform_concurrency > Decimal::ZERO);
            prop_assert!(super::json::json(&plan).is_ok());
            Ok((plan.workload.records.events, plan.usd_per_month(Stage::Firehose)))
        };
        let (few, dear) = firehose(1 << doublings)?;
        let (many, cheap) = firehose(2 << doublings)?;
        prop_assert!(many >= few);
        // Where the size decides both times, twice the events never take more than twice the steps.
        if many == few * dec!(2) {
            prop_assert!(cheap.round_dp(9) <= dear.round_dp(9), "{} {}", cheap, dear);
        }
    }

    #[test]
    fn more_of_a_load_never_costs_less(events in 1u64..10_000_000, bytes in 1u64..100_000) {
        let cost = |events| plan(&format!("--events-per-second {events} --bytes {bytes}")).before_snowflake();
        prop_assert!(cost(events * 2) > cost(events));
    }
}
