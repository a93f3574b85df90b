//! The tasks against a scripted SQL API, from the sample events.
#![allow(clippy::unwrap_used)]

#[path = "../../snowflake/tests/support/mod.rs"]
mod support;

use std::time::{Duration, SystemTime};

use aws_sdk_s3::config::Credentials;
use aws_sdk_s3::primitives::{DateTime, DateTimeFormat};
use publish::{Error, Landing, Publisher, Report, Request};
use schema::Table;
use serde_json::{Value, json};
use snowflake::Deadline;
use statements::{CheckStatement, LEDGER_PAGE_ROWS, Statements};
use support::{Answer, Server};

const AUDIT: &str = include_str!("../../../events/publish-audit.json");
const MERGE: &str = include_str!("../../../events/publish-merge.json");
const CHECK: &str = include_str!("../../../events/publish-check.json");

const LAKE: &str = "snowline-lake";
const RUN_ID: &str = "scheduled__2026-11-22T09:00:00+00:00";

/// Publishes with an S3 whose requests the same server answers, under the bucket's path.
async fn publish(server: &Server, event: &str, limit: Duration) -> Result<Report, Error> {
    let orders = datasets::load("orders").unwrap();
    let aws = aws::config(|name| match name {
        "AWS_REGION" => Some("us-east-1".to_owned()),
        "AWS_ENDPOINT_URL" => Some(server.url.clone()),
        _ => None,
    });
    let s3 = aws_sdk_s3::config::Builder::from(&aws.unwrap())
        .credentials_provider(Credentials::new("id", "secret", None, None, "test"))
        .build();
    let landing = Landing::new(aws_sdk_s3::Client::from_conf(s3), LAKE.to_owned());
    let client = server.client().await;
    let [database, role] = ["SNOWLINE", "SNOWLINE_SCHEMA"].map(str::to_owned);
    let publisher = Publisher::new(orders, landing, client, database, role).unwrap();
    let payload = serde_json::from_str(event).unwrap();
    publisher.handle(payload, "request-1", Deadline::after(limit)).await
}

async fn run(server: &Server, event: &str) -> Result<Report, Error> {
    publish(server, event, Duration::from_secs(20)).await
}

/// A warehouse that stores results, and answers everything else as told, beside an empty lake.
fn warehouse(answer: impl FnMut(&str) -> Answer + Send + 'static) -> Server {
    lake_and_warehouse(|_| listing(&[], None), answer)
}

/// Answers listings by their continuation token (empty for the first), and statements.
fn lake_and_warehouse(
    mut list: impl FnMut(&str) -> Answer + Send + 'static,
    mut answer: impl FnMut(&str) -> Answer + Send + 'static,
) -> Server {
    Server::start(move |request| {
        if request.path.trim_matches('/') == LAKE {
            assert_eq!(request.query["prefix"], "landing%2F");
            return list(request.query.get("continuation-token").map_or("", String::as_str));
        }
        if request.path.ends_with("/cancel") {
            return Answer::cancelled("01b-slow");
        }
        match request.sql() {
            sql if sql.contains("insert into ops.check_results") => {
                Answer::rows("01b-insert", &["number of rows inserted"], json!([["1"]]))
            }
            sql if sql.contains("information_schema.columns") => table_columns(),
            sql => answer(sql),
        }
    })
}

/// The columns of tables that fit the contract.
fn table_columns() -> Answer {
    let orders = datasets::load("orders").unwrap();
    let mut rows = Vec::new();
    for table in [Table::staging(&orders), Table::analytics(&orders)] {
        rows.extend(table.column_names().map(|column| json!([table.qualified_name(), column])));
    }
    Answer::rows("01b-columns", &["QUALIFIED_NAME", "COLUMN_NAME"], rows.into())
}

/// A page of the lake's listing: objects by key, eTag and minutes since they landed.
fn listing(objects: &[(&str, &str, u64)], next: Option<&str>) -> Answer {
    let mut xml = format!(
        "<ListBucketResult><KeyCount>{}</KeyCount><IsTruncated>{}</IsTruncated>",
        objects.len(),
        next.is_some()
    );
    for (key, etag, minutes) in objects {
        let landed_at = SystemTime::now() - Duration::from_secs(minutes * 60);
        let modified = DateTime::from(landed_at).fmt(DateTimeFormat::DateTime).unwrap();
        xml += &format!("<Contents><Key>{key}</Key><ETag>&quot;{etag}&quot;</ETag>");
        xml += &format!("<LastModified>{modified}</LastModified></Contents>");
    }
    if let Some(token) = next {
        xml += &format!("<NextContinuationToken>{token}</NextContinuationToken>");
    }
    Answer::text(200, &(xml + "</ListBucketResult>"))
}

/// The audit's answer: how many findings of each kind, then findings as kind, object, table, rows
/// expected and found.
fn audited(counts: [u64; 3], findings: &[(&str, &str, &str, u64, u64)]) -> Answer {
    let columns = [
        "FINDING",
        "SOURCE_OBJECT",
        "CONTRACT_VERSION",
        "TABLE_NAME",
        "ROWS_EXPECTED",
        "ROWS_FOUND",
        "OBJECTS",
        "PENDING",
        "ROWS_MISSING",
        "ROWS_SUPERFLUOUS",
        "NO_LEDGER_ENTRY",
    ];
    let [missing, superfluous, unknown] = counts.map(|count| count.to_string());
    let mut rows = vec![json!([
        null,
        null,
        null,
        null,
        "300",
        "290",
        "3",
        "1",
        missing,
        superfluous,
        unknown
    ])];
    rows.extend(findings.iter().map(|(kind, object, table, expected, found)| {
        let (expected, found) = (expected.to_string(), found.to_string());
        json!([kind, object, "1.0.0", table, expected, found, null, null, null, null, null])
    }));
    Answer::rows("01b-audit", &columns, rows.into())
}

fn ledger(keys: Vec<Value>) -> Answer {
    Answer::rows("01b-keys", &["KEY", "ETAG"], keys.into())
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
        assert_eq!(insert.sql().matches('?').count() % 9, 0);
        rows.extend(values(insert).chunks(9).map(<[Value]>::to_vec));
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
    let young = |_: &str| listing(&[("landing/a", "e1", 5)], None);
    let server = lake_and_warehouse(young, |_| audited([0, 0, 0], &[]));
    let report = run(&server, AUDIT).await.unwrap();
    let expected = json!({
        "task": "audit",
        "objects": 3,
        "pending": 1,
        "rows_accepted": 300,
        "rows_loaded": 290,
        "findings": [],
    });
    assert_eq!(serde_json::to_value(report).unwrap(), expected);
    let row = |kind| json!([RUN_ID, "audit", kind, "error", "true", "0", "= 0", null, null]);
    let kinds = ["not_transformed", "rows_missing", "rows_superfluous", "no_ledger_entry"];
    assert_eq!(json!(stored(&server)), json!(kinds.map(row)));
    assert_eq!(server.statements().len(), 2, "the ledger's keys are not asked for");
    let tag = server.requests()[0].body["parameters"]["QUERY_TAG"].as_str().unwrap().to_owned();
    let expected = json!({
        "function": "publish",
        "dataset": "orders",
        "task": "audit",
        "run_id": RUN_ID,
        "batch": "request-1",
    });
    assert_eq!(serde_json::from_str::<Value>(&tag).unwrap(), expected);
}

#[tokio::test]
async fn an_audit_with_findings_is_stored_and_fails_naming_objects() {
    let objects: Vec<String> =
        (0..12).map(|number| format!("s3://lake/landing/{number}")).collect();
    let server = warehouse(move |_| {
        let missing = objects.iter().map(|one| ("rows_missing", one.as_str(), "orders", 10, 9));
        let twice = ("rows_superfluous", "s3://lake/twice", "orders_hourly", 5, 10);
        audited([80, 1, 0], &missing.chain([twice]).collect::<Vec<_>>())
    });
    let text = run(&server, AUDIT).await.unwrap_err().to_string();
    let (missing, twice) = text.split_once('\n').unwrap();
    assert!(missing.starts_with("failed checks: rows_missing is 80, must be = 0: {"), "{text}");
    assert!(missing.contains("landing/9\"") && !missing.contains("landing/10\""), "{text}");
    let finding = concat!(
        r#"{"contract_version":"1.0.0","finding":"rows_superfluous","rows_expected":5,"#,
        r#""rows_found":10,"source_object":"s3://lake/twice","table":"orders_hourly"}"#,
    );
    assert_eq!(twice, format!("rows_superfluous is 1, must be = 0: {finding}"));

    let rows = stored(&server);
    let failed: Vec<_> = rows.iter().map(|row| (&row[2], &row[4], &row[5])).collect();
    let expected = json!([
        ["not_transformed", "true", "0"],
        ["rows_missing", "false", "80"],
        ["rows_superfluous", "false", "1"],
        ["no_ledger_entry", "true", "0"],
    ]);
    assert_eq!(json!(failed), expected);
    let keys: Vec<Value> = serde_json::from_str(rows[1][7].as_str().unwrap()).unwrap();
    assert_eq!(keys.len(), 12);
    assert_eq!(rows[2][7], format!("[{finding}]"));
}

#[tokio::test]
async fn a_landing_object_that_the_ledger_does_not_know_in_time_is_a_finding() {
    let week = 7 * 24 * 60;
    let list = move |token: &str| match token {
        "" => listing(&[("landing/a", "e1", 16), ("landing/b", "e2", 16)], Some("2")),
        "2" => listing(&[("landing/c", "e3", 14), ("landing/d", "e4", week - 1)], Some("3")),
        _ => listing(&[("landing/e", "e5", week + 1)], None),
    };
    let server = lake_and_warehouse(list, |sql| match sql.contains("outputs") {
        true => audited([0, 0, 0], &[]),
        false => ledger(vec![json!(["landing/a", "e1"]), json!(["landing/b", "an older version"])]),
    });
    let text = run(&server, AUDIT).await.unwrap_err().to_string();
    let object = |key| {
        format!(r#"{{"finding":"not_transformed","source_object":"s3://snowline-lake/{key}"}}"#)
    };
    let (b, d) = (object("landing/b"), object("landing/d"));
    assert_eq!(text, format!("failed checks: not_transformed is 2, must be = 0: {b}, {d}"));
    let statements = server.statements();
    assert_eq!(statements.len(), 3);
    assert!(statements[1].contains("key >= 'landing/a'"), "{}", statements[1]);
}

#[tokio::test]
async fn the_ledger_is_read_in_stretches_as_the_listing_reaches_them() {
    let known = |number: usize| json!([format!("landing/a{number:06}"), "e1"]);
    let list = |_: &str| {
        let last = format!("landing/a{:06}", LEDGER_PAGE_ROWS - 1);
        listing(&[("landing/a000001", "e1", 60), (&last, "e2", 60), ("landing/b", "e3", 60)], None)
    };
    let server = lake_and_warehouse(list, move |sql| match sql {
        sql if sql.contains("outputs") => audited([0, 0, 0], &[]),
        sql if sql.contains("key >= 'landing/a000001'") => {
            ledger((1..=LEDGER_PAGE_ROWS).map(|number| known(number - 1)).collect())
        }
        // The rest of the last key's objects stands on the next page.
        _ => ledger(vec![json!(["landing/a049999", "e2"]), json!(["landing/b", "e3"])]),
    });
    run(&server, AUDIT).await.unwrap();
    let asked: Vec<String> = server
        .statements()
        .into_iter()
        .filter_map(|sql| Some(sql.split_once("key >= ")?.1.lines().next()?.to_owned()))
        .collect();
    assert_eq!(asked, ["'landing/a000001'", "'landing/a049999'"]);
}

#[tokio::test]
async fn half_a_listing_is_not_taken_for_a_whole_one() {
    let cut = |_: &str| {
        let whole = listing(&[("landing/a", "e1", 30), ("landing/b", "e2", 30)], Some("token"));
        let text = String::from_utf8(whole.body).unwrap();
        Answer::text(200, &text[..text.find("<Contents><Key>landing/b").unwrap()])
    };
    let server = lake_and_warehouse(cut, |_| audited([0, 0, 0], &[]));
    let chain = telemetry::error_chain(&run(&server, AUDIT).await.unwrap_err());
    assert_eq!(chain, "audit: the listing of s3://snowline-lake/landing/ is incomplete");
}

#[tokio::test]
async fn an_audit_that_cannot_list_landing_fails_with_the_cause() {
    let denied = |_: &str| {
        let body = "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>";
        Answer::text(403, body)
    };
    let server = lake_and_warehouse(denied, |_| audited([0, 0, 0], &[]));
    let chain = telemetry::error_chain(&run(&server, AUDIT).await.unwrap_err());
    assert!(chain.starts_with("audit: cannot list s3://snowline-lake/landing/: "), "{chain}");
    assert!(chain.contains("AccessDenied"), "{chain}");
    assert!(stored(&server).is_empty());
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
        assert_eq!(server.statements().len(), 2, "the columns, the merge");
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
    let server = warehouse(move |sql| match sql {
        sql if sql == duplicates => measured(json!("3"), false),
        sql if sql.contains("as failing_rows\n") => {
            let rows = json!([["o-1", "2"], ["o-2", "1"]]);
            Answer::rows("01b-keys", &["ORDER_ID", "FAILING_ROWS"], rows)
        }
        _ => measured(Value::Null, true),
    });
    let error = run(&server, CHECK).await.unwrap_err();
    let expected = concat!(
        "failed checks: order_id_duplicates is 3, must be = 0: ",
        r#"{"order_id":"o-1"}, {"order_id":"o-2"}; to list the rows: use database SNOWLINE; "#,
        "select order_id, _source_object, _source_line from analytics.processed_orders ",
        "qualify row_number() over ( partition by order_id ",
        "order by _source_object, _source_line ) > 1;",
    );
    assert_eq!(error.to_string(), expected);
    let results = stored(&server);
    assert_eq!(results.len(), checks().len());
    let failed: Vec<_> = results.iter().filter(|row| row[4] == "false").collect();
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0][5], "3");
    assert_eq!(failed[0][7], r#"[{"order_id":"o-1"},{"order_id":"o-2"}]"#);
    assert!(failed[0][8].as_str().unwrap().contains("\nfrom analytics.processed_orders\n"));
    assert_eq!(
        server.statements().len(),
        checks().len() + 2,
        "one more for the keys, one to store"
    );
    assert!(server.statements().pop().unwrap().contains("insert into ops.check_results"));
}

#[tokio::test]
async fn a_failed_check_without_a_sample_is_a_failed_check() {
    let duplicates = query("order_id_duplicates");
    let server = warehouse(move |sql| match sql {
        sql if sql == duplicates => measured(json!("3"), false),
        sql if sql.contains("as failing_rows\n") => Answer::failed("000630", "57014", "timed out"),
        _ => measured(Value::Null, true),
    });
    let text = run(&server, CHECK).await.unwrap_err().to_string();
    let expected = "failed checks: order_id_duplicates is 3, must be = 0; to list the rows: use";
    assert!(text.starts_with(expected), "{text}");
    assert_eq!(stored(&server).iter().filter(|row| row[4] == "false").count(), 1);
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
        "merge: statement 01b-slow was stopped: it was still running at the deadline"
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
