//! Batches of messages against a scripted SQL API, from the sample events.
#![allow(clippy::unwrap_used)]

#[path = "../../snowflake/tests/support/mod.rs"]
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use load::{Error, Loader};
use schema::Table;
use serde_json::{Value, json};
use snowflake::Deadline;
use support::{Answer, Request, Server};

const BATCH: &str = include_str!("../../../events/load-batch.json");
const DAY: &str = "year=2026/month=11/day=22";

/// What the warehouse does with a file.
#[derive(Clone, Copy, PartialEq)]
enum Fate {
    Loads,
    /// COPY says nothing about it.
    AlreadyLoaded,
    /// COPY says that it was loaded before.
    Skipped,
    /// COPY leaves it out and says so.
    IsBad,
    /// COPY fails as a whole, and names it.
    IsGone,
    /// COPY fails as a whole, and does not name it.
    IsPoison,
}

fn message(digit: char) -> String {
    format!("{}-0c1f-4d0a-9a51-3c2d1e0f9a0{digit}", digit.to_string().repeat(8))
}

fn rows_key(id: &str) -> String {
    format!("processed/{DAY}/final_{id}.parquet")
}

/// A warehouse whose tables fit the contract, unless `lacking` names a column.
fn warehouse(fates: BTreeMap<String, Fate>, lacking: &'static str) -> Server {
    Server::start(move |request| {
        let sql = request.sql().to_owned();
        if sql.contains("information_schema.columns") {
            return table_columns(lacking);
        }
        let files: Vec<&str> = sql.split('\'').skip(1).step_by(2).collect();
        let files: Vec<&str> = files.into_iter().filter(|file| file.contains("/year=")).collect();
        copy(&files, &fates)
    })
}

fn table_columns(lacking: &str) -> Answer {
    let orders = datasets::load("orders").unwrap();
    let mut rows = Vec::new();
    let hourly = Table::aggregate(&orders, &orders.aggregates[0]);
    for table in [Table::staging(&orders), hourly, Table::ledger()] {
        let columns = table.column_names().chain(["_loaded_at"]);
        let present = columns.filter(|column| *column != lacking);
        rows.extend(present.map(|column| json!([table.qualified_name(), column])));
    }
    Answer::rows("01b-columns", &["QUALIFIED_NAME", "COLUMN_NAME"], rows.into())
}

fn copy(files: &[&str], fates: &BTreeMap<String, Fate>) -> Answer {
    let fate = |file: &str| fates.get(file).copied().unwrap_or(Fate::Loads);
    if files.iter().any(|file| fate(file) == Fate::IsPoison) {
        return Answer::failed("100078", "22000", "a file cannot be read");
    }
    if let Some(file) = files.iter().find(|file| fate(file) == Fate::IsGone) {
        let message = format!("Remote file 's3://snowline-lake/{file}' was not found.");
        return Answer::failed("091016", "22000", &message);
    }
    let mut rows = Vec::new();
    for file in files {
        let name = format!("s3://snowline-lake/{file}");
        match fate(file) {
            Fate::Loads => rows.push(json!([name, "LOADED", "7", "7", "0", null, null])),
            Fate::Skipped => {
                let reason = "File was loaded before.";
                rows.push(json!([name, "LOAD_SKIPPED", "0", "0", "1", reason, null]));
            }
            Fate::IsBad => rows.push(json!([name, "LOAD_FAILED", "7", "0", "1", "bad page", "3"])),
            Fate::AlreadyLoaded | Fate::IsGone | Fate::IsPoison => {}
        }
    }
    if rows.is_empty() {
        let status = json!([["Copy executed with 0 files processed."]]);
        return Answer::rows("01b-copy", &["status"], status);
    }
    let columns = [
        "file",
        "status",
        "rows_parsed",
        "rows_loaded",
        "errors_seen",
        "first_error",
        "first_error_line",
    ];
    Answer::rows("01b-copy", &columns, rows.into())
}

async fn loader(server: &Server) -> Loader {
    let orders = datasets::load("orders").unwrap();
    let (bucket, role) = ("snowline-lake".to_owned(), "SNOWLINE_SCHEMA".to_owned());
    Loader::new(orders, bucket, role, server.client().await).unwrap()
}

fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(20))
}

/// The messages to be delivered again, as Lambda reads them from the answer.
async fn failures(server: &Server, event: &str) -> BTreeSet<String> {
    let event: Value = serde_json::from_str(event).unwrap();
    let answer = loader(server).await.handle(event, "request-1", soon()).await.unwrap();
    let answer = serde_json::to_value(answer).unwrap();
    let items = answer["batchItemFailures"].as_array().unwrap();
    items.iter().map(|item| item["itemIdentifier"].as_str().unwrap().to_owned()).collect()
}

fn copies(server: &Server) -> Vec<String> {
    server.statements().into_iter().filter(|sql| sql.contains("copy into")).collect()
}

#[tokio::test]
async fn a_batch_is_one_copy_a_table_and_the_ledger_comes_last() {
    let server = warehouse(BTreeMap::new(), "");
    assert_eq!(failures(&server, BATCH).await, BTreeSet::new());
    let copies = copies(&server);
    let tables: Vec<_> = copies
        .iter()
        .map(|sql| sql.lines().find_map(|line| line.strip_prefix("copy into ")).unwrap())
        .collect();
    assert_eq!(tables, ["staging.orders", "staging.orders_hourly", "ops.ledger"]);
    // Two messages name the first file; COPY names it once.
    assert_eq!(copies[0].matches(&rows_key("6f1ed002ab559585")).count(), 1);
    assert_eq!(copies[0].matches(&rows_key("14b9a2e03c77d1f8")).count(), 1);
    let request: Request = server.requests().pop().unwrap();
    let tag: Value =
        serde_json::from_str(request.body["parameters"]["QUERY_TAG"].as_str().unwrap()).unwrap();
    assert_eq!(tag, json!({"function": "load", "dataset": "orders", "batch": "request-1"}));
}

#[tokio::test]
async fn files_loaded_before_are_a_success() {
    let loaded = Fate::AlreadyLoaded;
    let some = BTreeMap::from([(rows_key("14b9a2e03c77d1f8"), loaded)]);
    let all = BTreeMap::from(
        [("6f1ed002ab559585", loaded), ("14b9a2e03c77d1f8", loaded)]
            .map(|(id, fate)| (rows_key(id), fate)),
    );
    let said = BTreeMap::from([(rows_key("14b9a2e03c77d1f8"), Fate::Skipped)]);
    for fates in [some, all, said] {
        assert_eq!(failures(&warehouse(fates, ""), BATCH).await, BTreeSet::new());
    }
}

#[tokio::test]
async fn a_bad_file_fails_its_messages_and_no_others() {
    let fates = BTreeMap::from([(rows_key("6f1ed002ab559585"), Fate::IsBad)]);
    let server = warehouse(fates, "");
    let both = BTreeSet::from([message('1'), message('5')]);
    assert_eq!(failures(&server, BATCH).await, both);
    assert_eq!(copies(&server).len(), 3);
}

#[tokio::test]
async fn a_gone_file_is_left_out_and_its_neighbours_load() {
    let fates = BTreeMap::from([(rows_key("14b9a2e03c77d1f8"), Fate::IsGone)]);
    let server = warehouse(fates, "");
    assert_eq!(failures(&server, BATCH).await, BTreeSet::from([message('2')]));
    // Both files, the one that is there, the aggregate, the ledger.
    assert_eq!(copies(&server).len(), 4);
}

#[tokio::test]
async fn a_failure_of_the_statement_itself_is_not_halved() {
    let server =
        Server::start(|request| match request.sql().contains("copy into staging.orders\n") {
            true => Answer::failed("002003", "02000", "Object 'STAGING.ORDERS' does not exist"),
            false if request.sql().contains("copy into") => copy(&[], &BTreeMap::new()),
            false => table_columns(""),
        });
    let rows = BTreeSet::from(['1', '2', '5'].map(message));
    assert_eq!(failures(&server, BATCH).await, rows);
    assert_eq!(copies(&server).len(), 3);
}

#[tokio::test]
async fn an_answer_about_another_file_proves_nothing() {
    let server = Server::start(|request| match request.sql().contains("copy into") {
        true => copy(&["elsewhere/year=2026/final.parquet"], &BTreeMap::new()),
        false => table_columns(""),
    });
    let all = BTreeSet::from(['1', '2', '3', '4', '5'].map(message));
    assert_eq!(failures(&server, BATCH).await, all);
}

#[tokio::test]
async fn tables_that_would_lose_a_column_are_left_alone() {
    let server = warehouse(BTreeMap::new(), "currency");
    let event: Value = serde_json::from_str(BATCH).unwrap();
    let loader = loader(&server).await;
    let error = loader.handle(event, "request-1", soon()).await.unwrap_err();
    assert!(matches!(error, Error::Schema(schema::Error::Missing { .. })));
    assert!(error.to_string().ends_with("added: staging.orders.currency"), "{error}");
    assert!(copies(&server).is_empty());
}

#[tokio::test]
async fn a_nullable_column_is_added_before_the_first_copy() {
    let server = warehouse(BTreeMap::new(), "payment_method");
    assert_eq!(failures(&server, BATCH).await, BTreeSet::new());
    let requests = server.requests();
    let (adding, role) = (&requests[1].body, "SNOWLINE_SCHEMA");
    assert_eq!(
        (&adding["role"], &adding["parameters"]["MULTI_STATEMENT_COUNT"]),
        (&json!(role), &json!("2"))
    );
    let sql = requests[1].sql();
    let column = "add column if not exists payment_method varchar(16)";
    for table in ["analytics.processed_orders", "staging.orders"] {
        assert!(sql.contains(&format!("alter table {table}\n{column}")), "{sql}");
    }
    assert!(requests[2..].iter().all(|request| request.body["role"] == "SNOWLINE"));
}

#[tokio::test]
async fn tables_are_compared_once_for_a_loader() {
    let server = warehouse(BTreeMap::new(), "");
    let loader = loader(&server).await;
    for _ in 0..2 {
        let event: Value = serde_json::from_str(BATCH).unwrap();
        loader.handle(event, "request-1", soon()).await.unwrap();
    }
    assert_eq!(server.statements().len() - copies(&server).len(), 1);
}

#[tokio::test]
async fn without_a_file_there_is_no_request() {
    let server = warehouse(BTreeMap::new(), "");
    let test_event = include_str!("../../../events/load-test-event.json");
    assert_eq!(failures(&server, test_event).await, BTreeSet::new());
    let refused = include_str!("../../../events/load-refused.json");
    assert_eq!(
        failures(&server, refused).await,
        BTreeSet::from([message('7'), message('8'), message('9'), message('a')])
    );
    assert!(server.requests().is_empty());
}

/// A batch of so many files; message `m<n>` names file n.
fn large_batch(files: usize) -> String {
    let mut event: Value = serde_json::from_str(BATCH).unwrap();
    let template = event["Records"][1].clone();
    let records = (0..files).map(|number| {
        let mut record = template.clone();
        record["messageId"] = json!(format!("m{number}"));
        let body = record["body"].as_str().unwrap();
        record["body"] = json!(body.replace("6f1ed002ab559585", &format!("{number:016x}")));
        record
    });
    event["Records"] = records.collect();
    event.to_string()
}

/// What is delivered again of a large batch with bad files, and how many statements it took.
async fn divided(files: usize, bad: &[usize], fate: Fate) -> (BTreeSet<String>, usize) {
    let fates = bad.iter().map(|number| (rows_key(&format!("{number:016x}")), fate)).collect();
    let server = warehouse(fates, "");
    let failed = failures(&server, &large_batch(files)).await;
    (failed, copies(&server).len())
}

#[tokio::test]
async fn a_bad_file_is_found_with_few_statements() {
    for (files, bad, fate, statements) in [
        (1_000, &[][..], Fate::IsPoison, 1),
        // All of them; then, at each of ten halvings, the first half alone tells.
        (1_000, &[999], Fate::IsPoison, 11),
        // All of them; then both halves each time.
        (1_000, &[0], Fate::IsPoison, 19),
        (1_000, &[123], Fate::IsGone, 2),
        (1_000, &[123, 456, 789], Fate::IsGone, 4),
        (1_500, &[700], Fate::IsGone, 3),
        (1_500, &[], Fate::Loads, 2),
    ] {
        let expected: BTreeSet<String> = bad.iter().map(|number| format!("m{number}")).collect();
        assert_eq!(divided(files, bad, fate).await, (expected, statements), "{files} {bad:?}");
    }
}

#[tokio::test]
async fn when_all_files_are_bad_not_every_one_is_tried() {
    let bad: Vec<usize> = (0..1_000).collect();
    for fate in [Fate::IsGone, Fate::IsPoison] {
        let (failed, statements) = divided(1_000, &bad, fate).await;
        assert_eq!((failed.len(), statements), (1_000, 25));
    }
}
