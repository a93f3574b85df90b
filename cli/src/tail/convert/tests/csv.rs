use std::collections::HashMap;

use ::csv::{QuoteStyle, Terminator, WriterBuilder};
use contract::{Column, Csv, DataType, Dedupe};
use proptest::prelude::*;
use serde_json::value::RawValue;

use super::*;

/// Columns of every form, one of them called otherwise in records.
fn dataset(csv: Csv) -> Dataset {
    let column = |name, data_type| Column::new(name, data_type);
    let mut columns = vec![
        column("text", DataType::String { max_chars: None }),
        column("amount", DataType::Decimal { precision: 9, scale: 2 }),
        column("flag", DataType::Boolean),
        column("place", DataType::Object),
        column("tags", DataType::Array),
    ];
    columns[0].field = "täxt".to_owned();
    let dedupe = Dedupe { key: vec!["text".to_owned()], order: vec!["text".to_owned()] };
    let nested = vec![
        column("place.lat", DataType::Decimal { precision: 9, scale: 6 }),
        column("place.zone", DataType::Object),
        column("place.zone.name", DataType::String { max_chars: None }),
    ];
    Dataset { csv, nested, ..Dataset::new("things", columns, dedupe) }
}

fn commas() -> Arc<Reading> {
    csv_of(dataset(Csv::default()))
}

#[test]
fn fields_go_where_the_header_says() {
    for (text, expected) in [
        // Types, nulls, quotes that make an empty text of nothing.
        (
            "täxt,amount,flag\na,1.50,true\n\"\",,\n",
            vec![
                Got::Passed,
                fits(r#"{"täxt":"a","amount":1.50,"flag":true}"#),
                fits(r#"{"täxt":"","amount":null,"flag":null}"#),
            ],
        ),
        // What has not the form of its type is left to the transform, digit for digit.
        (
            "amount,flag,place\n007,True,{\n1e5,false,\"{\"\"a\"\":\n[1]}\"\n-0.0,1,{} {}\n",
            vec![
                Got::Passed,
                fits(r#"{"amount":"007","flag":"True","place":"{"}"#),
                fits(r#"{"amount":1e5,"flag":false,"place":{"a": [1]}}"#),
                fits(r#"{"amount":-0.0,"flag":"1","place":"{} {}"}"#),
            ],
        ),
        // An object of which nothing is there is null; unknown fields stay where they are something.
        (
            "place.zone.name,place.lat,x.y,täxt,x.y\nN,,1,t,\n,,,,2\n",
            vec![
                Got::Passed,
                fits(r#"{"place":{"zone":{"name":"N"},"lat":null},"täxt":"t"}"#),
                fits(r#"{"place":null,"x.y":"2","täxt":null}"#),
            ],
        ),
        // Line ends, byte order mark, blank lines, escapes, no line end at the end.
        (
            "\u{feff}\r\ntäxt,tags\r\n\"a\r\n\"\"b\"\"\t\",[]\r\n\r\nc\\,\"[1,\n2]\"",
            vec![
                Got::Passed,
                Got::Passed,
                fits(r#"{"täxt":"a\r\n\"b\"\t","tags":[]}"#),
                Got::Passed,
                fits(r#"{"täxt":"c\\","tags":[1, 2]}"#),
            ],
        ),
        // Records that do not fit, among others.
        (
            "täxt,flag\na\na,b,c\na\"b,true\n\"a\"b,true\nd,true\n",
            vec![
                Got::Passed,
                as_is("a"),
                as_is("a,b,c"),
                as_is("a\"b,true"),
                as_is("\"a\"b,true"),
                fits(r#"{"täxt":"d","flag":true}"#),
            ],
        ),
        // What an open quote swallowed are records of their own.
        (
            "täxt,flag\n\"a,true\nb,true\nc,\"true\"\n\"d\n",
            vec![
                Got::Passed,
                as_is("\"a,true"),
                fits(r#"{"täxt":"b","flag":true}"#),
                fits(r#"{"täxt":"c","flag":true}"#),
                as_is("\"d"),
            ],
        ),
        // No header: nothing that is known, or quotes that are wrong, or a field and its inside.
        ("a,1.50,true\nb,2,false\n", vec![as_is("a,1.50,true"), as_is("b,2,false")]),
        ("täxt,\"amount\na,1\n", vec![as_is("täxt,\"amount"), as_is("a,1")]),
        ("place,place.lat\n{},1\n", vec![as_is("place,place.lat"), as_is("{},1")]),
        ("", vec![]),
    ] {
        assert_eq!(read(&commas(), text.as_bytes()), expected, "{text}");
    }
}

#[test]
fn bytes_that_are_no_text_pass_and_harm_no_neighbour() {
    assert_eq!(
        read(&commas(), b"amount\n\x1f\x8b,\0\n1\n\0\n"),
        [
            Got::Passed,
            Got::AsIs(b" \x1f\x8b,\\x00".to_vec()),
            fits(r#"{"amount":1}"#),
            fits(r#"{"amount":"\u0000"}"#),
        ]
    );
}

#[test]
fn an_open_quote_waits_no_longer_than_a_record_may() {
    let mut records = commas().records(0, &b""[..]).expect("memory");
    let mut pieces = Vec::new();
    records.push(b"amount,flag\n", 12, &mut keep(&mut pieces));
    records.push(b"\"1\n", 15, &mut keep(&mut pieces));
    records.idle(Duration::from_millis(999), &mut keep(&mut pieces));
    assert!(records.is_waiting());
    records.idle(Duration::from_secs(1), &mut keep(&mut pieces));
    assert!(!records.is_waiting());
    records.push(b"\"2\n", 18, &mut keep(&mut pieces));
    let line = [vec![b'x'; 1_000], b"\n".to_vec()].concat();
    let lines = MAX_RECORD_BYTES / line.len() + 1;
    for at in 0..lines as u64 {
        records.push(&line, 18 + (at + 1) * line.len() as u64, &mut keep(&mut pieces));
    }
    assert!(!records.is_waiting());
    assert_eq!(pieces.len(), 3 + lines);
    assert_eq!(pieces[1..3], [(as_is("\"1"), 15), (as_is("\"2"), 18)]);
}

#[test]
fn a_line_that_is_kept_back_is_no_header() {
    let mut records = commas().records(0, &b""[..]).expect("memory");
    let mut pieces = Vec::new();
    records.finish(&mut keep(&mut pieces));
    records.push(b"amount\n", 2_000_007, &mut keep(&mut pieces));
    assert_eq!(pieces, [(as_is("amount"), 2_000_007)]);
    let long = [vec![b'x'; MAX_RECORD_BYTES], b"\namount\n".to_vec()].concat();
    let from = MAX_RECORD_BYTES as u64 + 1;
    assert_eq!(read_from(&commas(), &long, from), [(as_is("amount"), from + 7)]);
}

#[test]
fn a_record_that_would_become_too_long_is_oversized() {
    let long = "\u{1}".repeat(MAX_RECORD_BYTES / 3);
    let text = format!("täxt,flag\n{long},true\nb,true\n");
    let expected =
        [Got::Passed, Got::Oversized(long.len() + 5, true), fits(r#"{"täxt":"b","flag":true}"#)];
    assert_eq!(read(&commas(), text.as_bytes()), expected);
}

/// A text, a number, a boolean; `None` is null.
type Row = (Option<String>, Option<String>, Option<bool>);

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let text = proptest::option::of("[\\PC\n\r\t\"\\\\,;|é😀\u{1}\u{7f}]{1,12}");
    let number =
        proptest::option::of("-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,9})?([eE][-+]?[0-9]{1,3})?");
    proptest::collection::vec((text, number, any::<Option<bool>>()), 0..20)
}

proptest! {
    #[test]
    fn another_writers_csv_gives_the_values_that_were_put_in(
        rows in rows(),
        delimiter in prop_oneof![Just(b','), Just(b';'), Just(b'\t'), Just(b'|')],
        crlf in any::<bool>(),
    ) {
        let terminator = if crlf { Terminator::CRLF } else { Terminator::Any(b'\n') };
        let mut writer = WriterBuilder::new()
            .delimiter(delimiter)
            .terminator(terminator)
            .quote_style(QuoteStyle::Necessary)
            .from_writer(Vec::new());
        writer.write_record(["täxt", "amount", "flag"]).expect("memory");
        for (text, amount, flag) in &rows {
            let flag = flag.map(|flag| flag.to_string()).unwrap_or_default();
            let [text, amount] = [text, amount].map(|text| text.as_deref().unwrap_or_default());
            writer.write_record([text, amount, &flag]).expect("memory");
        }
        let text = writer.into_inner().expect("memory");
        let reading = csv_of(dataset(Csv { delimiter: delimiter.into(), null: String::new() }));
        let pieces = read(&reading, &text);
        // White space between tabs is no record, to the transform neither.
        let is_space = |text: &Option<String>| text.iter().flat_map(|it| it.chars()).all(|c| c == ' ');
        let is_blank = |row: &&Row| {
            delimiter == b'\t' && is_space(&row.0) && row.1.is_none() && row.2.is_none()
        };
        prop_assert_eq!(
            pieces.iter().filter(|piece| **piece == Got::Passed).count(),
            1 + rows.iter().filter(is_blank).count()
        );
        let records: Vec<_> = pieces.iter().filter(|piece| **piece != Got::Passed).collect();
        let rows: Vec<_> = rows.iter().filter(|row| !is_blank(row)).collect();
        prop_assert_eq!(records.len(), rows.len());
        for (record, (text, amount, flag)) in records.into_iter().zip(rows) {
            let Got::Fits(line) = record else { panic!("{record:?}") };
            let values: HashMap<String, Box<RawValue>> = serde_json::from_str(line).expect("JSON");
            let read: Option<String> = serde_json::from_str(values["täxt"].get()).expect("JSON");
            prop_assert_eq!(&read, text);
            prop_assert_eq!(values["amount"].get(), amount.as_deref().unwrap_or("null"));
            let flag = flag.map_or("null".to_owned(), |flag| flag.to_string());
            prop_assert_eq!(values["flag"].get(), flag);
        }
    }

    #[test]
    fn no_byte_is_lost_and_nothing_panics(text in "[a1,;\"\n\r\u{0}é{}]{0,60}", cut in any::<bool>()) {
        let mut bytes = format!("amount,täxt\n{text}").into_bytes();
        if cut {
            bytes.push(0xff);
        }
        let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
        let lines = lines.count();
        let records = read(&commas(), &bytes);
        let records = records.iter().filter(|piece| **piece != Got::Passed).count();
        // Lines join inside quotes only.
        prop_assert!(records < lines && (records + 1 == lines || text.contains('"')));
    }
}
