//! The tasks against a scripted SQL API, from the sample events.
#![allow(clippy::unwrap_used)]

#[path = "../../snowflake/tests/support/mod.rs"]
mod support;

use std::time::Duration;

use publish::{Error, Publisher, Report, Request};
use serde_json::{Value, json};
use snowflake::Deadline;
use statements::{CheckStatement, Statements};
use support::{Answer, Server};

const AUDIT: &str = include_str!("../../../events/publish-audit.json");
const MERGE: &str = include_str!("../../../events/publish-merge.json");
const CHECK: &str = include_str!("../../../events/publish-check.json");

const AUDIT_COLUMNS: [&str; 7] = [
    "SOURCE_OBJECT",
    "CONTRACT_VERSION",
    "OBJECTS",
    "MISMATCHES",
    "PENDING",
    "ROWS_ACCEPTED",
    "ROWS_LOADED",
];

async fn publish(server: &Server, event: &str, limit: Duration) -> Result<Report, Error> {
    let orders = datasets::load("orders").unwrap();
    let publisher = Publisher::new(orders, server.client().await).unwrap();
    let request: Request = serde_json::from_str(event).unwrap();
    publisher.handle(&request, "request-1", Deadline::after(limit)).await
}

async fn run(server: &Server, event: &str) -> Result<Report, Error> {
    publish(server, event, Duration::from_secs(20)).await
}

/// A warehouse that stores results, and answers everything else as told.
fn warehouse(mut answer: impl FnMut(&str) -> Answer + Send + 'static) -> Server {
    Server::start(move |request| {
        if request.path.ends_with("/cancel") {
            return Answer::cancelled("01b-slow");
        }
        match request.sql().contains("insert into ops.check_results") {
            true => Answer::rows("01b-insert", &["number of rows inserted"], json!([["1"]])),
            false => answer(request.sql()),
        }
    })
}

/// What was stored: the values of each result, in the order of the insert.
fn stored(server: &Server) -> Vec<Vec<Value>> {
    let requests = server.requests();
    let inserts = requests.iter().filter(|one| one.sql().contains("insert into ops.check_results"));
    let values = |request: &support::Request| {
        let bindings = request.body["bindings"].as_object().unwrap().clone();
        (1..=bindings.len()).map(|n| bindings[&n.to_string()]["value"].clone()).collect::<Vec<_>>()
    };
    let mut rows = Vec::new();
    for insert in inserts {
        assert_eq!(insert.sql().matches('?').count() % 8, 0);
        rows.extend(values(insert).chunks(8).map(<[Value]>::to_vec));
    }
    rows
}

fn checks() -> Vec<CheckStatement> {
    let orders = datasets::load("orders").unwrap();
    Statements::new(&orders).unwrap().checks().unwrap()
}

fn query(check: &str) -> String {
    checks().into_iter().find(|one| one.id == check).unwrap().query
}

fn measured(value: Value, passed: bool) -> Answer {
    Answer::rows("01b-check", &["VALUE", "PASSED"], json!([[value, passed.to_string()]]))
}

#[tokio::test]
async fn an_audit_that_agrees_reports_its_counts() {
    let server = warehouse(|_| {
        let totals = json!([[null, null, "3", "0", "1", "300", "290"]]);
        Answer::rows("01b-audit", &AUDIT_COLUMNS, totals)
    });
    let report = run(&server, AUDIT).await.unwrap();
    let expected = json!({
        "task": "audit",
        "objects": 3,
        "pending": 1,
        "rows_accepted": 300,
        "rows_loaded": 290,
        "mismatches": 0,
        "findings": [],
    });
    assert_eq!(serde_json::to_value(report).unwrap(), expected);
    let run_id = "scheduled__2026-11-22T09:00:00+00:00";
    let row = json!([run_id, "audit", "ledger_equals_staging", "error", "true", "0", "= 0", null]);
    assert_eq!(json!(stored(&server)), json!([row]));
    let tag = server.requests()[0].body["parameters"]["QUERY_TAG"].as_str().unwrap().to_owned();
    let expected = json!({
        "function": "publish",
        "dataset": "orders",
        "task": "audit",
        "run_id": run_id,
        "batch": "request-1",
    });
    assert_eq!(serde_json::from_str::<Value>(&tag).unwrap(), expected);
}

#[tokio::test]
async fn an_audit_that_differs_is_stored_and_fails_naming_objects() {
    let server = warehouse(|_| {
        let mut rows = vec![json!([null, null, "90", "12", "0", "900", "888"])];
        rows.extend((0..12).map(|number| {
            json!([format!("s3://lake/landing/{number}"), "1.0.0", "1", "1", "0", "10", "9"])
        }));
        Answer::rows("01b-audit", &AUDIT_COLUMNS, rows.into())
    });
    let error = run(&server, AUDIT).await.unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with("audit: objects whose loaded rows are not the accepted ones: 12: s3://lake/landing/0 (10 accepted, 9 loaded), "));
    assert!(text.contains("landing/9 ") && !text.contains("landing/10 "));
    assert_eq!(stored(&server)[0][4..6], [json!("false"), json!("12")]);
}

#[tokio::test]
async fn a_merge_reports_what_changed() {
    let all = ["number of rows inserted", "number of rows updated", "number of rows deleted"];
    for (columns, row, expected) in
        [(&all[..], json!(["5", "3", "1"]), [5, 3, 1]), (&all[..2], json!(["5", "3"]), [5, 3, 0])]
    {
        let columns: Vec<&'static str> = columns.to_vec();
        let server = warehouse(move |sql| {
            assert!(sql.contains("merge into analytics.processed_orders"));
            Answer::rows("01b-merge", &columns, json!([row]))
        });
        let report = serde_json::to_value(run(&server, MERGE).await.unwrap()).unwrap();
        let [inserted, updated, deleted] = expected;
        let counts = json!({"inserted": inserted, "updated": updated, "deleted": deleted});
        assert_eq!(report["task"], "merge");
        for (name, count) in counts.as_object().unwrap() {
            assert_eq!(&report[name], count);
        }
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn checks_that_pass_or_only_warn_let_the_task_succeed() {
    let volume = query("volume");
    let server = warehouse(move |sql| match sql == volume {
        true => measured(json!("12.5"), false),
        false => measured(json!("0"), true),
    });
    let report = serde_json::to_value(run(&server, CHECK).await.unwrap()).unwrap();
    let checks = report["checks"].as_array().unwrap();
    let volume = checks.iter().find(|check| check["check_id"] == "volume").unwrap();
    assert_eq!(volume["passed"], false);
    assert_eq!(volume["severity"], "warning");
    assert_eq!(volume["value"], 12.5);
    assert_eq!(stored(&server).len(), checks.len());
}

#[tokio::test]
async fn a_failed_check_is_an_error_once_every_result_is_stored() {
    let duplicates = query("order_id_duplicates");
    let server = warehouse(move |sql| match sql == duplicates {
        true => measured(json!("3"), false),
        false => measured(Value::Null, true),
    });
    let error = run(&server, CHECK).await.unwrap_err();
    assert_eq!(error.to_string(), "failed checks: order_id_duplicates is 3, must be = 0");
    let results = stored(&server);
    assert_eq!(results.len(), checks().len());
    let failed: Vec<_> = results.iter().filter(|row| row[4] == "false").collect();
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0][5], "3");
    assert!(failed[0][7].as_str().unwrap().contains("analytics.processed_orders"));
    assert!(server.statements().pop().unwrap().contains("insert into ops.check_results"));
}

#[tokio::test]
async fn a_check_whose_query_breaks_does_not_keep_the_others_from_running() {
    let duplicates = query("order_id_duplicates");
    let server = warehouse(move |sql| match sql == duplicates {
        true => Answer::failed("000904", "42000", "invalid identifier 'ORDER_ID'"),
        false => measured(json!("1"), true),
    });
    let error = run(&server, CHECK).await.unwrap_err();
    let chain = telemetry::error_chain(&error);
    assert!(
        chain.starts_with("check order_id_duplicates: statement failed: HTTP 422, code 000904")
    );
    assert!(stored(&server).len() > 1);
}

#[tokio::test]
async fn a_merge_running_at_the_deadline_is_cancelled_and_named() {
    let server = warehouse(|_| Answer::running("01b-slow"));
    let error = publish(&server, MERGE, Duration::from_millis(200)).await.unwrap_err();
    assert_eq!(
        telemetry::error_chain(&error),
        "merge: statement 01b-slow cancelled: still running at the deadline"
    );
    let last = server.requests().pop().unwrap();
    assert_eq!(last.path, "/api/v2/statements/01b-slow/cancel");
}

#[test]
fn a_payload_is_a_known_task_and_nothing_else() {
    for (payload, valid) in [
        (r#"{"task": "merge"}"#, true),
        (r#"{"task": "merge", "run_id": null}"#, true),
        (r#"{"task": "vacuum"}"#, false),
        (r#"{"task": "merge", "force": true}"#, false),
        ("{}", false),
    ] {
        assert_eq!(serde_json::from_str::<Request>(payload).is_ok(), valid, "{payload}");
    }
}
