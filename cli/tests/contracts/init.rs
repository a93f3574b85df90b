use std::io::Write;

use contract::Dataset;
use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::Folder;

/// Records of a stream with everything that init knows.
fn logins(count: i64) -> String {
    let login = |n: i64| {
        let mut record = json!({
            "eventId": format!("3f2b8c1e-6a54-4d0f-9b7e-{n:012x}"),
            "userId": format!("U-{:03}", n % 7),
            "occurredAt": 1_795_342_830_125_i64 + n * 1000,
            "kind": if n % 2 == 0 { "login" } else { "logout" },
            "e-mail": format!("user{}@example.com", n % 7),
            "amount": 12.5,
            "order": n,
            "device": {"os": "ios", "v 1.0": true, "screen": {"width": 390}},
            "mixed": if n % 2 == 0 { json!(1) } else { json!("one") },
            "nothing": null,
        });
        if n % 3 == 0 {
            record["note"] = json!("a: b #c");
        }
        record.to_string()
    };
    (0..count).map(login).collect::<Vec<_>>().join("\n")
}

fn contract(folder: &Folder, name: &str) -> Dataset {
    let file = format!("contracts/{name}.odcs.yaml");
    Dataset::from_yaml(&file, &folder.read(&file)).unwrap()
}

#[test]
fn a_sample_is_accepted_by_the_contract_it_came_from() {
    let folder = Folder::new("init");
    folder.write("app-logins.json", logins(40));
    let run = folder.run(&["init", "app-logins.json"]);
    run.expect(
        0,
        &[
            "app-logins.json: 40 records of JSON",
            "  event_id     VARCHAR(36)   key required",
            "left out: \"mixed\": values of several types: text, numbers",
            "snowline check app-logins.json --contract contracts/app_logins.odcs.yaml",
        ],
    );
    let dataset = contract(&folder, "app_logins");
    let names: Vec<_> =
        dataset.columns.iter().map(|column| (&column.name[..], &column.field[..])).collect();
    assert_eq!(
        names,
        [
            ("amount", "amount"),
            ("device", "device"),
            ("e_mail", "e-mail"),
            ("event_id", "eventId"),
            ("kind", "kind"),
            ("note", "note"),
            ("occurred_at", "occurredAt"),
            ("order_field", "order"),
            ("user_id", "userId"),
        ]
    );
    assert_eq!(dataset.dedupe.key, ["event_id"]);
    assert_eq!(dataset.dedupe.order, ["occurred_at"]);
    assert!(dataset.field("e_mail").unwrap().restricted);
    assert!(dataset.derived.iter().any(|derived| derived.name == "e_mail_hash"));
    assert!(dataset.field("device.screen.width").unwrap().required);
    let text = folder.read("contracts/app_logins.odcs.yaml");
    assert!(!text.contains("example.com"), "personal data has no place in a contract");
    for check in ["# check: the key. event_id", "# check: do the numbers count milliseconds?"] {
        assert!(text.contains(check), "{text}");
    }
    folder
        .run(&["check", "app-logins.json", "--contract", "contracts/app_logins.odcs.yaml"])
        .expect(0, &["40 rows read, 40 accepted"]);
    let sql = folder.run(&["sql", "--contract", "contracts/app_logins.odcs.yaml"]);
    sql.expect(0, &["create table if not exists staging.app_logins ("]);
}

#[test]
fn samples_of_every_form_are_accepted() {
    let csv = |delimiter: &str, null: &str| {
        let line = |n: usize| {
            let note = if n.is_multiple_of(2) { null } else { "\"said \"\"hi\"\"\nand left\"" };
            [&format!("D{n}"), "2026-11-22 09:15:00", "1.50", "true", note].join(delimiter) + "\r\n"
        };
        let header = ["Device ID", "measured_at", "value", "ok", "note"].join(delimiter);
        header + "\n" + &(0..9).map(line).collect::<String>()
    };
    let gzip = |text: &str| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    for (name, bytes, records) in [
        ("lines.json.gz", gzip(&logins(30)), 30),
        ("concatenated.ndjson", logins(30).replace('\n', "").into_bytes(), 30),
        ("comma.csv", csv(",", "").into_bytes(), 9),
        ("semicolon.csv", csv(";", r"\N").into_bytes(), 9),
        ("tab.tsv", csv("\t", "NULL").into_bytes(), 9),
        ("pipe.csv.gz", gzip(&csv("|", "")), 9),
        ("one.json", b"{\"id\":1,\"at\":\"2026-11-22T09:15:00Z\"}".to_vec(), 1),
        ("repeated.json", br#"{"id":1,"a":1,"a":"x"}"#.to_vec(), 1),
        ("repeated.csv", b"id,a,a\n1,2,x\n".to_vec(), 1),
        ("quoted.csv", b"id,n\n\"1\",\"\"\n\"2\",\"5\"\n".to_vec(), 2),
        ("envelope.json", br#"{"payload":{"id":"a","sentAt":1795342830},"v":1.5}"#.to_vec(), 1),
    ] {
        let folder = Folder::new(&format!("init-{name}"));
        folder.write(name, bytes);
        folder
            .run(&["init", name, "--name", "stream"])
            .expect(0, &["Written: contracts/stream.odcs.yaml"]);
        folder
            .run(&["check", name, "--contract", "contracts/stream.odcs.yaml"])
            .expect(0, &[&format!("{records} rows read, {records} accepted, 0 rejected")]);
    }
}

#[test]
fn the_event_inside_an_envelope_has_key_and_time() {
    let folder = Folder::new("init-envelope");
    let record = |n: i64| {
        format!(r#"{{"payload":{{"id":"a{n}","sentAt":{}}},"v":1.5}}"#, 1_795_342_830 + n) + "\n"
    };
    folder.write("sample.json", (0..3).map(record).collect::<String>());
    folder.run(&["init", "sample.json"]).expect(0, &[]);
    let dataset = contract(&folder, "sample_events");
    assert_eq!(dataset.dedupe.key, ["payload_id"]);
    assert_eq!(dataset.dedupe.order, ["payload_sent_at"]);
}

#[test]
fn a_contract_that_is_there_is_kept() {
    let folder = Folder::new("init-force");
    folder.write("items.json", r#"{"id":1}"#);
    folder.run(&["init", "items.json", "--out", "."]).expect(0, &["no freshness"]);
    folder.write("items.odcs.yaml", "mine");
    folder
        .run(&["init", "items.json", "--out", "."])
        .expect(1, &["items.odcs.yaml exists; --force"]);
    assert_eq!(folder.read("items.odcs.yaml"), "mine");
    folder.run(&["init", "items.json", "--out", ".", "--force"]).expect(0, &[]);
    assert!(folder.read("items.odcs.yaml").contains("name: items"));
}

#[test]
fn what_the_sample_does_not_decide_is_told() {
    let folder = Folder::new("init-undecided");
    folder.write("a.json", "{\"x\":\"1\"}\n{\"x\":\"2\"}\n{\"y\":2.5}\n");
    let run = folder.run(&["init", "a.json"]);
    run.expect(
        1,
        &[
            "To decide:",
            "no legal key",
            "needs a decision before it is legal: contracts/a.odcs.yaml:",
            "`x` is part of the primary key, but not required",
        ],
    );
    assert!(folder.read("contracts/a.odcs.yaml").contains("# decide: "));
    let check = folder.run(&["check", "a.json", "--contract", "contracts/a.odcs.yaml"]);
    check
        .expect(1, &["contracts/a.odcs.yaml:", "`x` is part of the primary key, but not required"]);
}

#[test]
fn what_is_no_sample_is_told() {
    let folder = Folder::new("init-bad");
    for (name, text, hint) in [
        ("array.json", "[{\"a\":1}]", "it is an array; write one record a line"),
        ("pretty.json", "{\n  \"a\": 1\n}\n", "a record ends on the line it begins on"),
        ("header.csv", "a,b\n", "CSV has a header line, and records below it"),
        ("empty.json", "", "no record in it"),
    ] {
        folder.write(name, text);
        folder.run(&["init", name]).expect(1, &[name, hint]);
    }
    folder.run(&["init", "none.json"]).expect(1, &["none.json: No such file"]);
    folder.run(&["init", "array.json", "--name", "select"]).expect(2, &["no word of SQL"]);
}

/// JSON values as they come, nested two deep.
fn value() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1_000_000_i64..1_000_000, 1_u32..1000).prop_map(|(n, d)| json!(n as f64 / f64::from(d))),
        any::<String>().prop_map(Value::from),
        "[-:#,'\"{}&*!|>%@ 0-9a-zTZ.+]{0,12}".prop_map(Value::from),
        prop_oneof![
            Just("true"),
            Just("null"),
            Just("2026-11-22"),
            Just("09:15:00"),
            Just("1e3"),
            Just("::1"),
            Just("no")
        ]
        .prop_map(Value::from),
    ];
    let name = prop_oneof![any::<String>(), "[a-cA-C._ -]{0,4}"];
    scalar.prop_recursive(2, 8, 3, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            proptest::collection::hash_map(name.clone(), inner, 0..3)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Whatever fields are called and hold, the contract reads each of them under its own name, and
    /// accepts the records it came from.
    #[test]
    fn any_records_make_a_contract_that_accepts_them(
        names in proptest::collection::hash_set(prop_oneof![any::<String>(), "[a-cA-C:#'\"_ -]{1,4}"], 1..6),
        rows in proptest::collection::vec(proptest::collection::vec(value(), 6), 1..5),
    ) {
        let folder = Folder::new("init-any");
        let record = |(n, row): (usize, &Vec<Value>)| {
            let fields = names.iter().cloned().zip(row.iter().cloned());
            let mut record: Map<String, Value> = fields.collect();
            record.insert("id".to_owned(), json!(n));
            Value::Object(record).to_string() + "\n"
        };
        folder.write("any.json", rows.iter().enumerate().map(record).collect::<String>());
        let run = folder.run(&["init", "any.json", "--name", "stream", "--force"]);
        prop_assert_eq!(run.code, Some(0), "{:#?}", run);
        let dataset = contract(&folder, "stream");
        let left_out = run.stdout.lines().filter(|line| line.starts_with("left out: ")).count();
        let fields: Vec<_> = dataset.columns.iter().map(|column| column.field.clone()).collect();
        let expected = names.iter().filter(|name| *name != "id").count() + 1;
        prop_assert!(fields.iter().all(|field| names.contains(field) || field == "id"), "{:?}", fields);
        prop_assert!(fields.len() + left_out >= expected, "{:#?}", run);
        let check = folder.run(&["check", "any.json", "--contract", "contracts/stream.odcs.yaml"]);
        prop_assert_eq!(check.code, Some(0), "{:#?}\n{}", check, folder.read("contracts/stream.odcs.yaml"));
    }
}
