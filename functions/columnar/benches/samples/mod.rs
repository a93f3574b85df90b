//! Values of each column type, and texts of them.

#![allow(clippy::expect_used, reason = "a benchmark fails by panicking")]

use std::fmt;
use std::fmt::Write;

use contract::{Column, DataType, Dataset, Decimal, Dedupe, Rule, TextFormat, UnknownFields};

/// A kind of values.
pub(crate) struct Sample {
    name: &'static str,
    data_type: DataType,
    /// What a contract may ask of them.
    rules: fn() -> Vec<Rule>,
    /// The JSON text of a value, made of 64 random bits.
    value: fn(u64) -> String,
}

impl fmt::Display for Sample {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name)
    }
}

const TEXT: DataType = DataType::String { max_chars: None };
const CATEGORIES: [&str; 6] = ["books", "garden", "toys", "electronics", "home", "sports"];

/// All samples.
pub(crate) static SAMPLES: [Sample; 11] = [
    Sample::new("text, unique", TEXT, uuid, || vec![Rule::Format { format: TextFormat::Uuid }]),
    Sample::new(
        "text, of a few",
        TEXT,
        |random| format!("\"{}\"", CATEGORIES[(random % 6) as usize]),
        || vec![Rule::OneOf { values: CATEGORIES.map(str::to_owned).to_vec() }],
    ),
    Sample::new(
        "text, escaped",
        TEXT,
        |random| format!(r#""a \"quoted\" line\n{random:x} of gr\u00f6\u00dfe""#),
        || vec![Rule::MaxLength { chars: 200 }],
    ),
    Sample::new(
        "e-mail",
        TEXT,
        |random| format!("\"user{}@mail{}.example.org\"", random % 300_000, random % 7),
        || vec![Rule::Format { format: TextFormat::Email }],
    ),
    Sample::new(
        "decimal(12,2)",
        DataType::Decimal { precision: 12, scale: 2 },
        |random| format!("{}.{:02}", random % 2_000, random / 2_000 % 100),
        positive,
    ),
    Sample::new(
        "decimal(38,9)",
        DataType::Decimal { precision: 38, scale: 9 },
        |random| format!("{random}{}.{:09}", random % 1_000, random % 1_000_000_000),
        positive,
    ),
    Sample::new("integer", DataType::Integer, |random| (random % 10_000).to_string(), positive),
    Sample::new("double", DataType::Double, |random| format!("{}", random as f64 / 1e15), positive),
    Sample::new("timestamp", DataType::Timestamp, timestamp, Vec::new),
    Sample::new(
        "date",
        DataType::Date,
        |random| format!("\"2026-{:02}-{:02}\"", random % 12 + 1, random / 12 % 28 + 1),
        Vec::new,
    ),
    Sample::new("boolean", DataType::Boolean, |random| (random % 2 == 0).to_string(), Vec::new),
];

fn positive() -> Vec<Rule> {
    vec![Rule::Minimum { bound: Decimal { unscaled: 0, scale: 0 }, exclusive: false }]
}

fn uuid(random: u64) -> String {
    let (a, b) = (random, random.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    format!(
        "\"{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}\"",
        a >> 32,
        a >> 16 & 0xffff,
        a & 0xfff,
        b >> 52,
        b & 0xffff_ffff_ffff
    )
}

fn timestamp(random: u64) -> String {
    format!(
        "\"2026-11-{:02}T{:02}:{:02}:{:02}.{:06}Z\"",
        random % 30 + 1,
        random / 30 % 24,
        random / 720 % 60,
        random / 43_200 % 60,
        random % 1_000_000
    )
}

impl Sample {
    const fn new(
        name: &'static str,
        data_type: DataType,
        value: fn(u64) -> String,
        rules: fn() -> Vec<Rule>,
    ) -> Self {
        Self { name, data_type, rules, value }
    }

    /// Whether there is a rule for it.
    pub(crate) fn has_rules(&self) -> bool {
        !(self.rules)().is_empty()
    }

    /// JSON lines with the field `value`.
    pub(crate) fn text(&self, rows: usize) -> Vec<u8> {
        let mut text = String::new();
        let mut state = 0_u64;
        for _ in 0..rows {
            // SplitMix64: the same texts in every run.
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (state ^ state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
            writeln!(text, "{{\"value\":{}}}", (self.value)(mixed ^ mixed >> 31)).expect("memory");
        }
        text.into_bytes()
    }

    /// A contract with a column of this type, with or without its rules; other fields are dropped.
    pub(crate) fn dataset(&self, column: &str, with_rules: bool) -> Dataset {
        let rules = if with_rules { (self.rules)() } else { Vec::new() };
        let column = Column { rules, ..Column::new(column, self.data_type) };
        let dedupe = Dedupe { key: Vec::new(), order: Vec::new() };
        let unknown_fields = UnknownFields::Drop;
        Dataset { unknown_fields, ..Dataset::new("sample", vec![column], dedupe) }
    }
}
