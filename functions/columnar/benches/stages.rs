//! What each stage costs, by column type: `make bench-stages`.
//!
//! Every text has the one field `value` a line. `scan` reads past the field, which no column has,
//! `decode` makes a typed column of it, `validate` does so under a contract with rules, and
//! `encode` makes of that column a compressed Parquet column chunk. What the rules of a type cost
//! is `validate` less `decode`.

#![allow(clippy::expect_used, missing_docs, reason = "a benchmark fails by panicking")]

mod samples;

use columnar::{Decoder, Encoder, Plan, Rows};
use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use samples::{SAMPLES, Sample};

const ROWS: usize = 50_000;

fn main() {
    divan::main();
}

#[divan::bench(args = &SAMPLES)]
fn scan(bencher: Bencher<'_, '_>, sample: &Sample) {
    bench_decode(bencher, sample, "other", false);
}

#[divan::bench(args = &SAMPLES)]
fn decode(bencher: Bencher<'_, '_>, sample: &Sample) {
    bench_decode(bencher, sample, "value", false);
}

#[divan::bench(args = SAMPLES.iter().filter(|sample| sample.has_rules()))]
fn validate(bencher: Bencher<'_, '_>, sample: &Sample) {
    bench_decode(bencher, sample, "value", true);
}

fn bench_decode(bencher: Bencher<'_, '_>, sample: &Sample, column: &str, with_rules: bool) {
    let text = sample.text(ROWS);
    let plan = Plan::new(&sample.dataset(column, with_rules)).expect("a plan");
    let mut decoder = Decoder::new(&plan, 0);
    let mut rows = Rows::new(&plan);
    bencher.counter(BytesCount::new(text.len())).counter(ItemsCount::new(ROWS)).bench_local(|| {
        rows.clear();
        decoder.decode(black_box(&text), &mut rows);
        assert_eq!(rows.lines().len(), ROWS);
    });
}

#[divan::bench(args = &SAMPLES)]
fn encode(bencher: Bencher<'_, '_>, sample: &Sample) {
    let dataset = sample.dataset("value", false);
    let text = sample.text(ROWS);
    let plan = Plan::new(&dataset).expect("a plan");
    let mut rows = Rows::new(&plan);
    Decoder::new(&plan, 0).decode(&text, &mut rows);
    let spec = &dataset.processing_columns()[0];
    let mut encoder = Encoder::default();
    bencher.counter(BytesCount::new(text.len())).counter(ItemsCount::new(ROWS)).bench_local(|| {
        encoder.encode_chunk(spec, black_box(&rows.columns()[0])).expect("a column chunk")
    });
}
