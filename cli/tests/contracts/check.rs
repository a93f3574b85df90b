use super::Folder;

const GOOD: &str = concat!(
    r#"{"order_id":"7f1f2c0a-58a5-4d1c-9d8e-2d2f0c7b1a01","customer_id":"C-1","order_timestamp":"2026-11-22T09:15:00Z","#,
    r#""order_amount":12.5,"currency":"EUR","quantity":1,"product_id":"P-1","product_category":"books","#,
    r#""order_status":"placed","shipping_country":"DE"}"#,
    "\n",
);

fn samples(folder: &Folder) {
    folder.write("good.json", GOOD.repeat(7));
    let bad = GOOD.replace("\"quantity\":1", "\"quantity\":0");
    folder.write("bad.json", [&bad, &bad, "{}\n"].concat());
}

#[test]
fn rejects_are_counted_by_rule_and_shown_with_their_lines() {
    let folder = Folder::new("check");
    samples(&folder);
    let good = folder.run(&["check", "good.json", "--contract", "orders"]);
    good.expect(0, &["good.json against orders 1.0.0: 7 rows read, 7 accepted, 0 rejected (0 %)"]);

    let run =
        folder.run(&["check", "good.json", "bad.json", "--contract", "orders", "--show", "2"]);
    run.expect(
        1,
        &[
            "2 files against orders 1.0.0: 10 rows read, 7 accepted, 3 rejected (30.00 %)",
            "\n  minimum   quantity     2  20.00 %\n  required  order_id     1  10.00 %\n",
            "\nbad.json:1: minimum: quantity: must be at least 1\n  {\"order_id\":",
            "\nbad.json:2: minimum: ",
            "\n1 more; --show tells",
            "3 of 10 rows are rejected, more than --max-rejects 0 allows",
        ],
    );
    assert!(run.stdout.lines().all(|line| line.chars().count() <= 120), "{}", run.stdout);
    let allowed =
        ["check", "good.json", "bad.json", "--contract", "orders", "--max-rejects", "0.3"];
    folder.run(&allowed).expect(0, &["3 rejected"]);
    assert_eq!(std::fs::read_dir(&folder.0).unwrap().count(), 2, "nothing is written");
}

#[test]
fn machines_read_json() {
    let folder = Folder::new("check-json");
    samples(&folder);
    let run = folder.run(&["check", "bad.json", "--contract", "orders", "--json", "--show", "1"]);
    run.expect(1, &[]);
    let document: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(document["rows_read"], 3);
    assert_eq!(document["rows_rejected"], 3);
    assert_eq!(document["passed"], false);
    assert_eq!(document["rejected"][0]["rule"], "minimum");
    assert_eq!(document["rejected"][0]["column"], "quantity");
    assert_eq!(document["rejected"][0]["rows"], 2);
    assert_eq!(document["first"].as_array().unwrap().len(), 1);
    assert_eq!(document["first"][0]["line"], 1);
    assert_eq!(
        document["first"][0]["record"],
        GOOD.trim_end().replace("\"quantity\":1", "\"quantity\":0")
    );
}

#[test]
fn an_unreadable_file_keeps_none_of_the_others_back() {
    let folder = Folder::new("check-unreadable");
    samples(&folder);
    folder.write("cut.gz", b"\x1f\x8b\x08");
    let run = folder.run(&["check", "cut.gz", "none.json", "good.json", "--contract", "orders"]);
    run.expect(
        1,
        &[
            "7 accepted",
            "cut.gz: reading or decompressing",
            "none.json: No such file",
            "2 of 3 files could not be read",
        ],
    );
}

#[test]
fn wrong_usage_is_told_apart() {
    let folder = Folder::new("check-usage");
    samples(&folder);
    folder.run(&["check", "--contract", "orders"]).expect(2, &["required arguments"]);
    folder.run(&["check", "good.json"]).expect(2, &["--contract <NAME|FILE>"]);
    folder.run(&["check", "good.json", "--contract", "none"]).expect(2, &["this build has orders"]);
    folder
        .run(&["check", "good.json", "--contract", "orders", "--max-rejects", "2"])
        .expect(2, &["a share is a number from 0 to 1"]);
    folder
        .run(&["check", "good.json", "--contract", "./none.yaml"])
        .expect(1, &["none.yaml: No such file"]);
}
