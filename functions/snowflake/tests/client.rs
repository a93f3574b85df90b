//! The client against a scripted SQL API.

mod support;

use std::io::Write;
use std::time::{Duration, Instant};

use flate2::{Compression, write::GzEncoder};
use serde_json::json;
use snowflake::{Binding, Deadline, Error, Rows, Statement};
use support::{Answer, Server};

const HANDLE: &str = "01b0-7a";

fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(20))
}

fn statement() -> Statement {
    Statement::new("test", "select 1", "tag")
}

fn one_row() -> Answer {
    Answer::rows(HANDLE, &["N"], json!([["1"]]))
}

fn refused(status: u16, code: &str) -> Answer {
    Answer::json(status, json!({"code": code, "message": "no", "statementHandle": HANDLE}))
}

async fn run(answers: Vec<Answer>) -> (Server, Result<Rows, Error>) {
    let server = Server::answering(answers);
    let outcome = server.client().await.execute(&statement(), soon()).await;
    (server, outcome)
}

#[tokio::test]
async fn a_submission_carries_what_the_api_demands() {
    let server = Server::answering(vec![one_row()]);
    let mut statement = Statement::new("test", "insert into t values (?, ?)", "{\"batch\":\"b\"}");
    statement.bindings = vec![Binding::text(Some("x")), Binding::text(None::<String>)];
    server.client().await.execute(&statement, soon()).await.unwrap();

    let request = server.requests().remove(0);
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/api/v2/statements"));
    assert_eq!(request.query["requestId"].len(), 36);
    assert_eq!(request.query["async"], "true");
    assert_eq!(request.query["nullable"], "true");
    assert!(!request.query.contains_key("retry"));
    assert_eq!(request.headers["x-snowflake-authorization-token-type"], "KEYPAIR_JWT");
    assert_eq!(request.headers["accept"], "application/json");
    assert_eq!(request.headers["content-type"], "application/json");
    assert!(request.headers["user-agent"].starts_with("snowline/"));
    assert!(request.token().starts_with("Bearer ey"));
    assert_eq!(
        request.body,
        json!({
            "statement": "insert into t values (?, ?)",
            "timeout": 21,
            "database": "SNOWLINE",
            "warehouse": "SNOWLINE",
            "role": "SNOWLINE",
            "parameters": {"TIMEZONE": "UTC", "QUERY_TAG": "{\"batch\":\"b\"}"},
            "bindings": {
                "1": {"type": "TEXT", "value": "x"},
                "2": {"type": "TEXT", "value": null},
            },
        })
    );
}

#[tokio::test]
async fn each_kind_of_answer_has_its_consequence() {
    type Expected = fn(&Error) -> bool;
    let table: [(u16, &str, usize, Expected); 15] = [
        (200, "391908", 1, |error| matches!(error, Error::Refused(_))),
        (302, "", 1, |error| matches!(error, Error::Refused(_))),
        (400, "390142", 1, |error| matches!(error, Error::Refused(_))),
        (401, "390144", 3, |error| matches!(error, Error::Unauthorized(_))),
        (403, "390420", 1, |error| matches!(error, Error::Refused(_))),
        (404, "", 1, |error| matches!(error, Error::Refused(_))),
        (405, "", 1, |error| matches!(error, Error::Refused(_))),
        (415, "", 1, |error| matches!(error, Error::Refused(_))),
        (408, "000630", 1, |error| matches!(error, Error::TimedOut(_))),
        (422, "000904", 1, |error| matches!(error, Error::Failed(_))),
        (429, "390505", 3, |error| matches!(error, Error::Unavailable { attempts: 3, .. })),
        (500, "", 3, |error| matches!(error, Error::Unavailable { attempts: 3, .. })),
        (502, "", 3, |error| matches!(error, Error::Unavailable { attempts: 3, .. })),
        (503, "", 3, |error| matches!(error, Error::Unavailable { attempts: 3, .. })),
        (504, "", 3, |error| matches!(error, Error::Unavailable { attempts: 3, .. })),
    ];
    for (status, code, requests, expected) in table {
        let body = match code {
            "" => json!("<html>not the SQL API</html>"),
            code => {
                json!({"code": code, "sqlState": "42000", "message": "no such thing", "statementHandle": HANDLE})
            }
        };
        let (server, outcome) = run(vec![Answer::json(status, body)]).await;
        let error = outcome.unwrap_err();
        assert!(expected(&error), "{status}: {error:?}");
        assert_eq!(server.requests().len(), requests, "{status}");
        let refusal = error.refusal().unwrap();
        assert_eq!(refusal.status, status);
        if !code.is_empty() {
            let text = format!(
                "HTTP {status}, code {code}, SQL state 42000, statement {HANDLE}: no such thing"
            );
            assert!(error.to_string().ends_with(&text), "{error}");
        } else {
            assert!(error.to_string().contains("not the SQL API"), "{error}");
        }
    }
}

#[tokio::test]
async fn a_resend_says_that_it_is_one() {
    for trouble in [refused(503, "0"), refused(429, "390505"), Answer::hang_up()] {
        let (server, outcome) = run(vec![trouble.clone(), trouble, one_row()]).await;
        assert_eq!(outcome.unwrap().len(), 1);
        let requests = server.requests();
        assert_eq!(requests.len(), 3);
        assert!(!requests[0].query.contains_key("retry"));
        for resend in &requests[1..] {
            assert_eq!(resend.query["retry"], "true");
            assert_eq!(resend.query["requestId"], requests[0].query["requestId"]);
            assert_eq!(resend.body, requests[0].body);
        }
    }
}

#[tokio::test]
async fn a_running_statement_is_asked_for_by_its_handle_even_when_busy() {
    let answers = vec![
        Answer::running(HANDLE),
        refused(429, "390505"),
        Answer::running(HANDLE),
        refused(500, "0"),
        one_row(),
    ];
    let (server, outcome) = run(answers).await;
    assert_eq!(outcome.unwrap().handle(), HANDLE);
    let requests = server.requests();
    assert_eq!(requests.iter().filter(|request| request.method == "POST").count(), 1);
    for request in &requests[1..] {
        assert_eq!(request.path, format!("/api/v2/statements/{HANDLE}"));
    }
}

#[tokio::test]
async fn a_damaged_answer_is_asked_for_again() {
    let whole = String::from_utf8(one_row().body).unwrap();
    let damaged = [
        Answer::text(200, &whole[..whole.len() / 2]),
        Answer::text(200, "<html>busy</html>"),
        Answer::text(202, "{}"),
        Answer::text(200, &whole).with_header("Content-Encoding", "gzip"),
    ];
    for answer in damaged {
        let (server, outcome) = run(vec![answer.clone(), one_row()]).await;
        assert_eq!(outcome.unwrap().len(), 1, "{answer:?}");
        let requests = server.requests();
        assert_eq!(requests[1].query["requestId"], requests[0].query["requestId"]);
        assert_eq!(requests[1].query["retry"], "true");

        let (server, outcome) = run(vec![answer]).await;
        let error = outcome.unwrap_err();
        let expected = matches!(error, Error::Unexpected { .. } | Error::Unreachable { .. });
        assert!(expected, "{error:?}");
        assert_eq!(server.requests().len(), 3);
    }
}

#[tokio::test]
async fn retry_after_is_obeyed() {
    let date = ("Date", "Wed, 25 Nov 2026 21:00:00 GMT");
    for (after, date) in [("1", None), ("Wed, 25 Nov 2026 21:00:01 GMT", Some(date))] {
        let mut busy = refused(429, "390505").with_header("Retry-After", after);
        if let Some((name, value)) = date {
            busy = busy.with_header(name, value);
        }
        let started = Instant::now();
        let (_, outcome) = run(vec![busy, one_row()]).await;
        outcome.unwrap();
        assert!(started.elapsed() >= Duration::from_secs(1), "{after}");
    }
}

#[tokio::test]
async fn statements_share_a_connection() {
    let answer = Answer { keep_alive: true, ..one_row() };
    let server = Server::answering(vec![answer]);
    let client = server.client().await;
    for _ in 0..3 {
        client.execute(&statement(), soon()).await.unwrap();
    }
    assert!(server.requests().iter().all(|request| request.connection == 0));
}

#[tokio::test]
async fn a_wait_beyond_the_deadline_is_not_begun() {
    let busy = refused(429, "390505").with_header("Retry-After", "60");
    let (server, outcome) = run(vec![busy]).await;
    assert!(matches!(outcome, Err(Error::Unavailable { attempts: 1, .. })));
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_statement_running_at_the_deadline_is_cancelled() {
    for (answer, stopped) in [
        (Answer::cancelled(HANDLE), true),
        (refused(422, "000605"), true),
        (refused(422, "000709"), false),
    ] {
        let server = Server::start(move |request| match request.path.ends_with("/cancel") {
            true => answer.clone(),
            false => Answer::running(HANDLE),
        });
        let deadline = Deadline::after(Duration::from_millis(200));
        let error = server.client().await.execute(&statement(), deadline).await.unwrap_err();
        assert!(error.to_string().contains(HANDLE) && error.is_late(), "{error}");
        assert_eq!(error.to_string().contains("could not be cancelled"), !stopped);
        let Error::GivenUp { handle, stopped: confirmed, .. } = error else { panic!("{error:?}") };
        assert_eq!((handle.as_str(), confirmed), (HANDLE, stopped));
        // The question given up at the deadline may reach the server behind the cancellation.
        let cancellation = format!("/api/v2/statements/{HANDLE}/cancel");
        assert!(server.requests().iter().any(|request| request.path == cancellation));
    }
}

#[tokio::test]
async fn a_statement_that_cannot_be_watched_is_cancelled() {
    for (status, cancellation) in [
        (503, Answer::cancelled(HANDLE)),
        (403, Answer::cancelled(HANDLE)),
        (404, refused(403, "390420")),
    ] {
        let stopped = cancellation.status == 200;
        let server = Server::start(move |request| match (request.method.as_str(), &request.path) {
            (_, path) if path.ends_with("/cancel") => cancellation.clone(),
            ("POST", _) => Answer::running(HANDLE),
            _ => refused(status, "0"),
        });
        let error = server.client().await.execute(&statement(), soon()).await.unwrap_err();
        assert_eq!(error.refusal().unwrap().status, status);
        assert!(!error.is_late());
        let outcome = if stopped { "was stopped" } else { "could not be cancelled" };
        assert!(error.to_string().contains(HANDLE) && error.to_string().ends_with(outcome));
        assert!(server.requests().pop().unwrap().path.ends_with("/cancel"));
    }
}

#[tokio::test]
async fn a_statement_that_failed_is_not_cancelled() {
    let (server, outcome) = run(vec![Answer::running(HANDLE), refused(422, "000904")]).await;
    assert!(matches!(outcome, Err(Error::Failed(_))));
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn nothing_is_sent_once_the_deadline_has_passed() {
    let server = Server::answering(vec![one_row()]);
    let deadline = Deadline::after(Duration::ZERO);
    let error = server.client().await.execute(&statement(), deadline).await.unwrap_err();
    assert!(matches!(error, Error::Deadline));
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn all_partitions_are_read_and_nulls_stay_null() {
    let server =
        Server::start(|request| match request.query.get("partition").map(String::as_str) {
            None => Answer::partitioned(HANDLE, &["N", "M"], json!([["1", null]]), 3),
            Some(partition) => {
                let body = json!({"data": [[format!("{partition}0"), "x"]]}).to_string();
                let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
                gzip.write_all(body.as_bytes()).unwrap();
                Answer { body: gzip.finish().unwrap(), ..one_row() }
                    .with_header("Content-Encoding", "gzip")
            }
        });
    let rows = server.client().await.execute(&statement(), soon()).await.unwrap();
    let values: Vec<_> = rows
        .iter()
        .map(|row| (row.parse::<u32>("n").unwrap(), row.optional("m").unwrap()))
        .collect();
    assert_eq!(values, [(1, None), (10, Some("x")), (20, Some("x"))]);
}

#[tokio::test]
async fn several_statements_have_their_rows_each() {
    let server = Server::start(|request| match request.path.rsplit('/').next().unwrap() {
        "statements" => {
            let body = json!({"code": "090001", "statementHandle": HANDLE, "statementHandles": ["c1", "c2"], "data": [["done"]]});
            Answer::json(200, body)
        }
        handle => Answer::rows(handle, &["H"], json!([[handle]])),
    });
    let statement = Statement { count: 2, ..Statement::new("test", "begin; commit", "tag") };
    let results = server.client().await.execute_all(&statement, soon()).await.unwrap();
    let handles: Vec<_> =
        results.iter().map(|rows| rows.iter().next().unwrap().text("h").unwrap()).collect();
    assert_eq!(handles, ["c1", "c2"]);
    assert_eq!(server.requests()[0].body["parameters"]["MULTI_STATEMENT_COUNT"], "2");
}

#[tokio::test]
async fn a_status_address_on_another_host_gets_no_token() {
    let mut elsewhere = Answer::running(HANDLE);
    elsewhere.body =
        json!({"statementHandle": HANDLE, "statementStatusUrl": "https://example.org/x"})
            .to_string()
            .into_bytes();
    let (server, outcome) = run(vec![elsewhere]).await;
    assert!(outcome.unwrap_err().to_string().contains("another host"));
    assert_eq!(server.requests().len(), 1);
}
