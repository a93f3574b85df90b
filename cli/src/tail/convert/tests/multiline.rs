use proptest::prelude::*;

use super::*;

fn starting_with(start: &str) -> Arc<Reading> {
    reading(&["--multiline-start", start]).expect("fits").expect("joins")
}

#[test]
fn pretty_printed_json_becomes_one_line() {
    let values = [
        serde_json::json!({"a": [1, {"b": "x"}], "c": {}}),
        serde_json::json!({"a": []}),
        serde_json::json!({"c": "}\n{"}),
    ];
    let text: String =
        values.iter().map(|value| format!("{value:#}\n").replace('\n', "\r\n")).collect();
    let pieces = read(&starting_with(r"^\{"), text.as_bytes());
    let read: Vec<serde_json::Value> = pieces
        .iter()
        .map(|piece| match piece {
            Got::Fits(line) if !line.contains('\n') => serde_json::from_str(line).expect("JSON"),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(read, values);
}

#[test]
fn a_record_is_complete_when_its_time_is_over() {
    let reading = starting_with("^>");
    let mut records = reading.records(0, &b""[..]).expect("memory");
    let mut pieces = Vec::new();
    records.push(b">a\n", 3, &mut keep(&mut pieces));
    records.push(b"b\n", 5, &mut keep(&mut pieces));
    records.idle(Duration::from_millis(999), &mut keep(&mut pieces));
    assert!(records.is_waiting() && pieces.is_empty());
    records.idle(Duration::from_secs(1), &mut keep(&mut pieces));
    assert!(!records.is_waiting());
    records.push(b"c\n", 7, &mut keep(&mut pieces));
    records.push(b">d\n", 10, &mut keep(&mut pieces));
    assert_eq!(pieces, [(fits(">a b"), 5), (fits("c"), 7)]);
}

#[test]
fn a_record_beyond_the_limit_goes_out_in_parts() {
    let line = |first: char, bytes: usize| format!("{first}{}\n", "x".repeat(bytes - 2));
    let (half, most) = (MAX_RECORD_BYTES / 2, MAX_RECORD_BYTES);
    let text = [
        line('>', half),
        line(' ', half),
        line('>', half),
        line(' ', half + 1),
        line(' ', 3),
        line('>', most),
        line(' ', 2),
        line('>', 2),
    ]
    .concat();
    let pieces: Vec<Got> = read_from(&starting_with("^>"), text.as_bytes(), 0)
        .into_iter()
        .map(|(piece, _)| match piece {
            Got::Fits(line) => Got::Fits(line.len().to_string()),
            other => other,
        })
        .collect();
    assert_eq!(
        pieces,
        [
            fits(&(most - 1).to_string()),
            Got::Oversized(half, false),
            Got::Oversized(half + 1, false),
            Got::Oversized(3, false),
            Got::Oversized(0, true),
            Got::Oversized(most, false),
            Got::Oversized(2, false),
            Got::Oversized(0, true),
            fits("1"),
        ]
    );
}

proptest! {
    #[test]
    fn records_are_the_text_cut_before_each_start(lines in proptest::collection::vec("[> ]?[a\r]{0,3}", 0..30)) {
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        let mut expected: Vec<String> = Vec::new();
        for line in &lines {
            match expected.last_mut() {
                Some(record) if !line.starts_with('>') => *record += &format!("\n{line}"),
                _ => expected.push(line.clone()),
            }
        }
        let expected: Vec<Got> = expected
            .iter()
            .map(|record| match record.trim_ascii() {
                "" => Got::Passed,
                _ => Got::Fits(record.strip_suffix('\r').unwrap_or(record).replace('\n', " ")),
            })
            .collect();
        prop_assert_eq!(read(&starting_with("^>"), text.as_bytes()), expected);
    }
}
