//! Fields the contract does not name, as the contract has it: also once their shape is expected.
#![allow(clippy::expect_used, reason = "a test")]

use columnar::{Decoder, Plan, Rows, Value};
use contract::UnknownFields;

const RECORD: &str = concat!(
    r#"{"order_id":"3f2b8c1e-6a54-4d0f-9b7e-2c1d5e8f9a01","customer_id":"C-1","#,
    r#""order_timestamp":"2026-03-01T14:05:09Z","order_amount":129.90,"currency":"EUR","#,
    r#""quantity":2,"product_id":"P-1","product_category":"garden","order_status":"paid","#,
    r#""shipping_country":"DE","colour":"red"}"#,
    "\n"
);

fn decode(policy: UnknownFields) -> (usize, Vec<(i64, &'static str)>, Vec<String>) {
    let mut dataset = datasets::load("orders").expect("an embedded contract");
    dataset.unknown_fields = policy;
    let plan = Plan::new(&dataset).expect("a plan");
    let mut rows = Rows::new(&plan);
    let text = RECORD.repeat(3);
    assert_eq!(Decoder::new(&plan, 0).decode(text.as_bytes(), &mut rows), text.len());
    let extra = rows.extra().map_or_else(Vec::new, |extra| {
        let text = |row| match extra.value(row) {
            Value::Text(text) => String::from_utf8_lossy(text).into_owned(),
            other => format!("{other:?}"),
        };
        (0..extra.len()).map(text).collect()
    });
    (rows.lines().len(), rows.rejects().collect(), extra)
}

#[test]
fn are_kept_dropped_or_refused_in_every_record() {
    let kept = vec![r#"{"colour":"red"}"#.to_owned(); 3];
    assert_eq!(decode(UnknownFields::Keep), (3, vec![], kept));
    assert_eq!(decode(UnknownFields::Drop), (3, vec![], vec![]));
    let refused = vec![(1, "unknown_field"), (2, "unknown_field"), (3, "unknown_field")];
    assert_eq!(decode(UnknownFields::Reject), (0, refused, vec![]));
}
