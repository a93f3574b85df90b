//! Bytes in, accounts out: whatever the bytes, every record is accepted or rejected.

#![allow(clippy::expect_used, reason = "a test fails by panicking")]

mod object;
mod remove;
mod rides;

use columnar::{ObjectError, Output};
use object::{Run, orders, run_on};
use proptest::prelude::*;
use serde_json::Value;

fn run(bytes: &[u8]) -> Run {
    run_on(&orders(2), bytes, "landing/object")
}

fn order(changes: &[(&str, &str)]) -> String {
    let mut fields = vec![
        ("order_id", r#""6f1c2f6e-0f0b-4b43-9f0e-1d6f1e0a7c11""#),
        ("customer_id", r#""c1""#),
        ("order_timestamp", r#""2026-11-22T10:20:30.5+02:00""#),
        ("order_amount", "500.00"),
        ("currency", r#"" eur ""#),
        ("quantity", "1"),
        ("product_id", r#""p1""#),
        ("product_category", r#""books""#),
        ("order_status", r#""placed""#),
        ("payment_method", "null"),
        ("shipping_country", r#""de""#),
        ("customer_email", r#"" A@Example.org""#),
    ];
    for (name, value) in changes {
        fields.retain(|(other, _)| other != name);
        if !value.is_empty() {
            fields.push((name, value));
        }
    }
    let fields: Vec<_> = fields.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
    format!("{{{}}}", fields.join(","))
}

#[test]
fn each_kind_of_bad_record_is_rejected_by_its_rule() {
    let table: &[(&str, &str, &str, &str)] = &[
        ("order_id", "", "required", "order_id"),
        ("order_id", "null", "required", "order_id"),
        ("order_id", "5", "type", "order_id"),
        ("order_id", r#""6f1c2f6e""#, "format", "order_id"),
        ("order_timestamp", r#""yesterday""#, "type", "order_timestamp"),
        ("order_timestamp", "1700000000", "type", "order_timestamp"),
        ("order_amount", r#""12.50""#, "type", "order_amount"),
        ("order_amount", "12.345", "precision", "order_amount"),
        ("order_amount", "12345678901", "precision", "order_amount"),
        ("order_amount", "-0.01", "minimum", "order_amount"),
        ("currency", r#""EURO""#, "max_length", "currency"),
        ("currency", r#""E1R""#, "pattern", "currency"),
        ("quantity", "0", "minimum", "quantity"),
        ("quantity", "10001", "maximum", "quantity"),
        ("quantity", "1.5", "precision", "quantity"),
        ("order_status", r#""lost""#, "one_of", "order_status"),
        ("payment_method", r#""cash""#, "one_of", "payment_method"),
        ("shipping_country", r#""D""#, "pattern", "shipping_country"),
        ("customer_email", r#""nobody""#, "format", "customer_email"),
        ("op", r#""X""#, "one_of", "op"),
        ("op", "{}", "type", "op"),
    ];
    for (name, value, rule, column) in table {
        let text = format!("{}\n{}\n{}", order(&[]), order(&[(name, value)]), order(&[]));
        let (report, memory) = run(text.as_bytes());
        let report = report.expect("readable");
        assert_eq!((report.rows_read, report.rows_accepted), (3, 2), "{name}: {value}");
        let rejects = memory.rejects();
        assert_eq!(rejects.len(), 1);
        assert_eq!(rejects[0]["line"], 2);
        assert_eq!(rejects[0]["rule"], *rule, "{name}: {value}");
        assert_eq!(rejects[0]["column"], *column);
        assert_eq!(rejects[0]["record"], order(&[(name, value)]));
        assert_eq!(report.rejected_by_rule[rule], 1);
    }
}

#[test]
fn sums_over_the_object_are_exact_and_leave_out_what_their_aggregates_do() {
    let amounts = ["0.10", "0.20", "9999999999.99", "-1", "7"];
    let mut lines: Vec<String> = amounts
        .iter()
        .zip(["books", "games", "books", "books", "books"])
        .map(|(amount, category)| {
            let category = format!("\"{category}\"");
            order(&[("order_amount", *amount), ("product_category", category.as_str())])
        })
        .collect();
    lines.push(order(&[("order_amount", "5"), ("op", "\"U\"")]));
    let text = lines.join("\n");
    let (report, _) = run(text.as_bytes());
    let report = report.expect("readable");
    // One amount is negative, which the contract forbids, and one order is an update.
    assert_eq!((report.rows_read, report.rows_accepted), (6, 5));
    let measures: Vec<_> = report
        .measures
        .iter()
        .map(|one| (one.name.as_str(), one.total.to_string(), one.rows))
        .collect();
    assert_eq!(measures, [("total_amount", "10000000007.29".to_owned(), 4)]);
    assert_eq!(report.bytes_decompressed, text.len() as u64);
    assert_eq!(run(b"").0.expect("readable").measures, []);
}

#[test]
fn malformed_records_do_not_take_their_neighbours_with_them() {
    let good = order(&[]);
    type Case = (&'static [u8], &'static [(i64, &'static str)], u64);
    let table: &[Case] = &[
        (b"{\"order_id\": \"a", &[(2, "json")], 2),
        (b"not json", &[(2, "json")], 2),
        (b"[1, 2]", &[(2, "not_an_object")], 2),
        (b"\"text\"", &[(2, "not_an_object")], 2),
        (b"{\"order_id\":\"\xff\"}", &[(2, "utf8")], 2),
        (b"\xc3\x28", &[(2, "utf8")], 2),
        (b" \t\r", &[], 2),
        (b"{} {}", &[(2, "required"), (3, "required")], 2),
        (b"{\"a\":tru}{}", &[(2, "json"), (3, "required")], 2),
        (b"{} x", &[(2, "json")], 2),
    ];
    for (bad, expected, accepted) in table {
        let text = [good.as_bytes(), b"\r\n", bad, b"\n", good.as_bytes()].concat();
        let (report, memory) = run(&text);
        let report = report.expect("readable");
        let found: Vec<_> = memory
            .rejects()
            .iter()
            .map(|reject| (reject["line"].as_i64().expect("a number"), reject["rule"].clone()))
            .collect();
        let expected: Vec<_> =
            expected.iter().map(|(line, rule)| (*line, Value::from(*rule))).collect();
        assert_eq!(found, expected, "{}", String::from_utf8_lossy(bad));
        assert_eq!(report.rows_accepted, *accepted);
    }
}

#[test]
fn records_without_line_ends_and_one_far_too_long_are_all_accounted_for() {
    let long = order(&[("note", &format!("\"{}\"", "x".repeat(50 << 20)))]);
    let text = format!("{}\n{long}\n{}{}", order(&[]).repeat(30_000), order(&[]), order(&[]));
    let (report, memory) = run(text.as_bytes());
    let report = report.expect("readable");
    assert_eq!((report.rows_read, report.rows_accepted), (30_003, 30_002));
    let rejects = memory.rejects();
    assert_eq!(rejects[0]["rule"], "record_too_long");
    assert_eq!(rejects[0]["line"], 30_001);
    assert_eq!(rejects[0]["record_bytes"], long.len());
}

#[test]
fn csv_gives_the_same_rows_as_json() {
    let csv = "quantity,order_id,customer_id,order_timestamp,order_amount,currency,product_id,\
               product_category,order_status,shipping_country,customer_email,campaign\r\n\
               1,6f1c2f6e-0f0b-4b43-9f0e-1d6f1e0a7c11,c1,2026-11-22T10:20:30.5+02:00,500.00,eur,p1,\
               books,placed,de,\"A@Example.org\",\"say \"\"x\"\"\ntwice\"\r\n\r\n\
               1,2\n\
               x,6f1c2f6e-0f0b-4b43-9f0e-1d6f1e0a7c11,c1,2026-11-22T10:20:30Z,1,EUR,p1,b,paid,DE,,\n";
    let json = format!("\n{}\n", order(&[("campaign", r#""say \"x\"\ntwice""#)]));
    let (csv_report, csv_memory) = run_on(&orders(1), csv.as_bytes(), "landing/a.csv");
    let csv_report = csv_report.expect("readable");
    let (json_report, json_memory) = run(json.as_bytes());
    assert_eq!(json_report.expect("readable").rows_accepted, 1);
    assert_eq!(csv_report.rows_read, 3);
    let rejects = csv_memory.rejects();
    assert_eq!(rejects[0]["rule"], "csv_fields");
    assert_eq!(rejects[0]["line"], 5);
    assert_eq!((rejects[1]["line"].clone(), rejects[1]["rule"].clone()), (6.into(), "type".into()));
    let processed = |memory: &object::Memory| memory.bytes(Output::Processing);
    assert_eq!(processed(&csv_memory), processed(&json_memory), "same rows, same line, same bytes");
}

#[test]
fn what_is_written_depends_on_the_object_alone() {
    let bad = order(&[("quantity", "0")]);
    let text: String = (0..60_000)
        .map(|n| match n % 7 {
            6 => bad.clone() + "\n",
            _ => order(&[("quantity", &(n % 9000 + 1).to_string()), ("extra", "[1]")]) + "\n",
        })
        .collect();
    let compress = |bytes: &[u8]| zstd::encode_all(bytes, 1).expect("memory");
    let (plain_report, plain) = run_on(&orders(1), text.as_bytes(), "landing/object");
    assert_eq!(plain_report.expect("readable").rows_accepted, 51_429);
    let two_frames =
        [compress(&text.as_bytes()[..1000]), compress(&text.as_bytes()[1000..])].concat();
    for threads in [1, 2, 5] {
        let (_, again) = run_on(&orders(threads), &two_frames, "landing/object");
        assert!(plain.all() == again.all(), "{threads} threads");
    }
}

#[test]
fn an_object_that_is_not_readable_text_is_an_error() {
    let zstd = zstd::encode_all(order(&[]).as_bytes(), 1).expect("memory");
    assert!(matches!(run(&zstd[..zstd.len() - 1]).0, Err(ObjectError::Read(_))));
    assert!(matches!(run(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR").0, Err(ObjectError::NotText)));
    let (report, memory) = run(b"");
    assert_eq!(report.expect("an empty object is readable").rows_read, 0);
    assert!(memory.all().is_empty());
}

#[test]
fn the_corpus_of_the_fuzzer_is_accounted_for() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus/object");
    let files: Vec<_> = std::fs::read_dir(folder).expect("a corpus").collect();
    assert!(!files.is_empty());
    for file in files {
        object::check(&std::fs::read(file.expect("a file").path()).expect("readable"));
    }
}

/// Non-blank lines, as the format defines a line.
fn non_blank_lines(bytes: &[u8]) -> u64 {
    let blank = |line: &[u8]| line.iter().all(|byte| b" \t\r".contains(byte));
    bytes.split(|byte| *byte == b'\n').filter(|line| !blank(line)).count() as u64
}

/// Whether a line may hold more than one record.
fn may_concatenate(bytes: &[u8]) -> bool {
    bytes.split(|byte| *byte == b'\n').any(|line| {
        let mut after_close = false;
        line.iter().any(|byte| {
            let opens = *byte == b'{' && after_close;
            after_close = *byte == b'}' || (after_close && b" \t\r".contains(byte));
            opens
        })
    })
}

/// Lines are counted here: what else an account must be, [`object::check`] says.
fn account_adds_up(bytes: &[u8]) {
    object::check(&[b"\0", bytes].concat());
    let report = match run(bytes).0 {
        Err(ObjectError::NotText) => return assert!(bytes.contains(&0)),
        // The first bytes happen to name a compression.
        Err(ObjectError::Read(_)) => return,
        report => report.expect("readable"),
    };
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    assert!(report.rows_read >= non_blank_lines(text));
    if !may_concatenate(text) {
        assert_eq!(report.rows_read, non_blank_lines(text));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_bytes_are_accounted_for(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        account_adds_up(&bytes);
    }

    #[test]
    fn any_mixture_of_records_and_junk_is_accounted_for(
        lines in proptest::collection::vec(prop_oneof![
            Just(order(&[]).into_bytes()),
            Just(order(&[("op", "\"D\"")]).into_bytes()),
            Just(b"{}{}".to_vec()),
            proptest::collection::vec(any::<u8>(), 0..20),
            proptest::string::bytes_regex("[{}\\[\\]\",: a1\n\r]{0,20}").expect("a regex"),
            (0..400_usize).prop_map(|cut| {
                let order = order(&[]).into_bytes();
                order[..cut.min(order.len())].to_vec()
            }),
        ], 0..12),
        end in "[\n\r ]{0,2}",
    ) {
        let mut bytes = lines.join(&b'\n');
        bytes.extend_from_slice(end.as_bytes());
        account_adds_up(&bytes);
    }
}
