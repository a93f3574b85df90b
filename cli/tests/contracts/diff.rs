use super::Folder;

const ORDERS: &str = include_str!("../../../contracts/orders.odcs.yaml");

#[test]
fn a_breaking_change_fails_and_the_others_do_not() {
    let folder = Folder::new("diff");
    folder.write("same.yaml", ORDERS);
    folder.run(&["diff", "orders", "same.yaml"]).expect(0, &["no change"]);

    let wider = ORDERS.replace("cancelled, returned]", "cancelled, returned, lost]");
    folder.write("wider.yaml", wider.replace("version: 1.0.0", "version: 1.1.0"));
    folder.run(&["diff", "./same.yaml", "wider.yaml"]).expect(
        0,
        &["orders 1.0.0 -> orders 1.1.0: 0 breaking, 1 additive, 1 neutral", "widened by lost"],
    );

    let back = folder.run(&["diff", "wider.yaml", "orders"]);
    back.expect(
        1,
        &["breaking\n  order_status: valid values narrowed by lost", "breaking changes: 1"],
    );
}

#[test]
fn machines_read_json() {
    let folder = Folder::new("diff-json");
    folder.write("new.yaml", ORDERS.replace("maximum: 10000", "maximum: 100"));
    let run = folder.run(&["diff", "orders", "new.yaml", "--json"]);
    run.expect(1, &[]);
    let document: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(document["breaking"], 1);
    assert_eq!(document["changes"][0]["class"], "breaking");
    assert_eq!(document["changes"][0]["place"], "quantity");
    assert_eq!(document["changes"][1]["place"], "version");
}

#[test]
fn what_is_no_contract_is_told() {
    let folder = Folder::new("diff-bad");
    folder.write(
        "bad.yaml",
        ORDERS.replace("logicalType: boolean", "x").replace("kind: DataContract", "kind: Other"),
    );
    folder.run(&["diff", "orders", "bad.yaml"]).expect(1, &["bad.yaml:5: kind: "]);
    folder.run(&["diff", "orders", "none.yaml"]).expect(1, &["none.yaml: No such file"]);
    folder.run(&["diff", "orders", "none"]).expect(2, &["this build has orders, rides"]);
}
