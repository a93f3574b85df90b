//! The decoder accepts what `serde_json` accepts, reads the same values, and whatever it decoded
//! before makes no difference.
//!
//! `PROPTEST_CASES` sets how many inputs are generated. An input that fails is printed as a byte
//! string; once it is fixed, it is kept as a file of the fuzzer's corpus, which is replayed here.

#![allow(clippy::expect_used, reason = "a test fails by panicking")]

mod generate;
mod oracle;

use std::io::Write;

use generate::input;
use proptest::prelude::*;

/// As many cases as `PROPTEST_CASES` says.
fn cases(otherwise: u32) -> ProptestConfig {
    let given = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    ProptestConfig {
        cases: given.unwrap_or(otherwise),
        failure_persistence: None,
        max_shrink_iters: 20_000,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn records_near_the_contract(input in input()) {
        oracle::check(&input.0);
    }

    #[test]
    fn any_bytes(input in prop::collection::vec(any::<u8>(), 0..80)) {
        oracle::check(&input);
    }

    #[test]
    fn bytes_that_json_is_made_of(
        input in prop::collection::vec(prop::sample::select(br#"{}[]":,\u0e-.1 tn"#.to_vec()), 0..40)
    ) {
        oracle::check(&input);
    }
}

#[test]
fn the_corpus_of_the_fuzzer() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus/json_strictness");
    let files: Vec<_> = std::fs::read_dir(folder).expect("a corpus").collect();
    assert!(!files.is_empty());
    for file in files {
        oracle::check(&std::fs::read(file.expect("a file").path()).expect("readable"));
    }
}

/// A record that every kind of damage is done to, behind others of its shape, which the decoder
/// has come to expect.
#[test]
fn a_damaged_record_among_others_of_its_shape() {
    let good = "{\"count\":1,\"confirmed_by_the_warehouse_that_ships_the_whole_order_at_once\":\
        \"yes\",\"at\":\"2026-11-22T10:20:30Z\",\"price\":12.50,\"note\":\"é\",\"x\":\"y\",\
        \"key\":\"a\"}\n"
        .as_bytes();
    let check = |damaged: &[u8]| oracle::check(&[b"\0", good, damaged, good].concat());
    for at in 0..good.len() {
        for byte in *b"\"\\{},: -.09eZnt\n\r\0\x1f\x80\xc3\xff" {
            let mut damaged = good.to_vec();
            damaged[at] = byte;
            check(&damaged);
        }
        for end in (at + 1..=at + 10).filter(|end| *end <= good.len()) {
            check(&[&good[..at], &good[end..]].concat());
        }
        check(&good[at..]);
    }
}

/// Texts of up to 70 bytes, with every place of a quote, a backslash or a control character
/// in it, at the end of its buffer.
#[test]
fn texts_around_the_widths_of_vector_registers() {
    for length in 0..70_usize {
        let plain = "a".repeat(length);
        for at in 0..=length {
            for special in [r#"""#, r"\n", r"\", "\u{1f}", "é", r"\u00e9"] {
                let (before, after) = plain.split_at(at);
                for suffix in ["\"}", "\"", ""] {
                    let record = format!("\0{{\"key\":\"{before}{special}{after}{suffix}");
                    oracle::check(record.as_bytes());
                }
            }
        }
    }
}

/// A record at every distance from the start of its buffer, with its end or more bytes behind it.
#[test]
fn records_at_every_offset() {
    let record =
        br#"{"key":"a text of more than thirty-two bytes","count":12,"price":12.50,"x":"y"}"#;
    for offset in 0..=oracle::OFFSET {
        for end in 0..=record.len() {
            for control in [offset, offset | oracle::TRAILED] {
                oracle::check(&[&[control], &record[..end]].concat());
            }
        }
    }
}

/// More rows than it takes to give up a dictionary, in columns that repeat, hardly repeat, or
/// repeat in other spellings; every third record is rejected once its texts have been read.
#[test]
fn many_rows_with_rejects_between() {
    let mut input = vec![0];
    for row in 0..10_000_u32 {
        let spelling = ["EUR", "eur", " Eur", "usd ", "USD"][row as usize % 5];
        let level = if row % 3 == 0 { 9 } else { 1 };
        let scattered = row.wrapping_mul(2_654_435_761);
        writeln!(
            input,
            "{{\"key\":\"{row}\",\"note\":\"{}\",\"code\":\"{spelling}\",\"short\":\"{}\",\"level\":{level}}}",
            scattered % 6000,
            row % 7
        )
        .expect("memory");
    }
    oracle::check(&input);
}

/// What chance hardly comes by, behind records of the same shape, which the decoder expects by then.
#[test]
fn values_at_the_edge_of_their_rules_among_others_of_their_shape() {
    let good = r#"{"key":"a","since":"2025-06-01T00:00:00Z","clock":"17:59:59","birthday":"2010-01-01","step":1.5,"items":[1],"place":{"lat":1,"zone":"x"}}"#;
    for (from, to) in [
        ("2025-06-01T00:00:00Z", "2026-01-01T01:00:00.000000Z"),
        ("2025-06-01T00:00:00Z", "2026-01-01T01:00:00.000001Z"),
        ("2025-06-01T00:00:00Z", "1999-12-31T23:59:59.999999Z"),
        ("17:59:59", "18:00:00"),
        ("2010-01-01", "2020-12-31"),
        ("1.5", "1.25"),
        ("1.5", "1.1"),
        ("[1]", "[1,\n2]"),
        ("[1]", "[1,{\"a\":\n2}]"),
        ("\"lat\":1", "\"lat\":1,\"lat\":2"),
        ("\"lat\":1", "\"lat\":100,\"lat\":2"),
    ] {
        let edge = good.replacen(from, to, 1);
        for lines in [[good, &edge, good], [&edge, &edge, good]] {
            oracle::check(format!("\0{}\n", lines.join("\n")).as_bytes());
        }
    }
}
