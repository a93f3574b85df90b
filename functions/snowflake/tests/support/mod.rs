//! A scripted SQL API on a loopback port: what it answers, a test decides; what it was asked, a
//! test reads afterwards. Other crates' tests include this file by path.
#![allow(dead_code, clippy::unwrap_used, unreachable_pub)]

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws::SdkConfig;
use serde_json::{Value, json};
use snowflake::{Backoff, Client, Config, Pacing};

/// One request as the server received it.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: String,
    /// Path without the query.
    pub path: String,
    pub query: HashMap<String, String>,
    /// Names in lower case.
    pub headers: HashMap<String, String>,
    /// `null` when there is none, or it is not JSON.
    pub body: Value,
    /// The body as it came.
    pub text: String,
    /// Which connection it came over, from 0.
    pub connection: usize,
}

impl Request {
    /// The statement of a submission; empty for other requests.
    pub fn sql(&self) -> &str {
        self.body["statement"].as_str().unwrap_or_default()
    }

    pub fn token(&self) -> &str {
        &self.headers["authorization"]
    }
}

/// One answer.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
    /// Closes the connection without an answer instead.
    pub hang_up: bool,
    /// Leaves the connection open for further requests.
    pub keep_alive: bool,
}

impl Answer {
    pub fn json(status: u16, body: Value) -> Self {
        Self::text(status, &body.to_string())
    }

    pub fn text(status: u16, body: &str) -> Self {
        let body = body.as_bytes().to_vec();
        Self { status, headers: Vec::new(), body, hang_up: false, keep_alive: false }
    }

    pub fn hang_up() -> Self {
        Self { hang_up: true, ..Self::json(0, Value::Null) }
    }

    pub fn with_header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    pub fn running(handle: &str) -> Self {
        let body = json!({
            "code": "333334",
            "message": "Asynchronous execution in progress.",
            "statementHandle": handle,
            "statementStatusUrl": format!("/api/v2/statements/{handle}?requestId=r"),
        });
        Self::json(202, body)
    }

    /// A finished statement with these columns and rows.
    pub fn rows(handle: &str, columns: &[&str], rows: Value) -> Self {
        Self::partitioned(handle, columns, rows, 1)
    }

    pub fn partitioned(handle: &str, columns: &[&str], rows: Value, partitions: usize) -> Self {
        let row_type: Vec<Value> =
            columns.iter().map(|name| json!({"name": name, "type": "text"})).collect();
        let body = json!({
            "code": "090001",
            "statementHandle": handle,
            "resultSetMetaData": {
                "rowType": row_type,
                "partitionInfo": vec![json!({"rowCount": 1}); partitions],
            },
            "data": rows,
        });
        Self::json(200, body)
    }

    pub fn failed(code: &str, sql_state: &str, message: &str) -> Self {
        let body = json!({
            "code": code,
            "sqlState": sql_state,
            "message": message,
            "statementHandle": "01b-failed",
        });
        Self::json(422, body)
    }

    /// What Snowflake answers to a cancellation that succeeded.
    pub fn cancelled(handle: &str) -> Self {
        let body = json!({
            "code": "000604",
            "sqlState": "57014",
            "message": "SQL execution canceled",
            "statementHandle": handle,
        });
        Self::json(200, body)
    }
}

/// The server; it stops answering when the test ends.
pub struct Server {
    pub url: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    /// Answers each request as `script` says.
    pub fn start(script: impl FnMut(&Request) -> Answer + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&requests);
        let script = Arc::new(Mutex::new(script));
        std::thread::spawn(move || {
            for (connection, stream) in listener.incoming().enumerate() {
                let (mut stream, log) = (stream.unwrap(), Arc::clone(&log));
                let script = Arc::clone(&script);
                std::thread::spawn(move || {
                    while let Some(request) = read_request(&mut stream, connection) {
                        log.lock().unwrap().push(request.clone());
                        let answer = script.lock().unwrap()(&request);
                        write_answer(&mut stream, &answer);
                        if !answer.keep_alive {
                            break;
                        }
                    }
                });
            }
        });
        Self { url, requests }
    }

    /// Gives these answers in turn, the last of them for ever.
    pub fn answering(answers: Vec<Answer>) -> Self {
        let mut next = 0;
        Self::start(move |_| {
            let answer = answers[next].clone();
            next = (next + 1).min(answers.len() - 1);
            answer
        })
    }

    /// What was asked so far.
    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// The statements submitted so far, resends included.
    pub fn statements(&self) -> Vec<String> {
        let submitted =
            |request: &Request| Some(request.sql().to_owned()).filter(|s| !s.is_empty());
        self.requests().iter().filter_map(submitted).collect()
    }

    /// A client of this server that does not wait long for anything.
    pub async fn client(&self) -> Client {
        let key = concat!(env!("CARGO_MANIFEST_DIR"), "/../snowflake/tests/fixtures/test_key.pem");
        self.client_with_key(Path::new(key)).await
    }

    pub async fn client_with_key(&self, key: &Path) -> Client {
        let key = ("SNOWFLAKE_PRIVATE_KEY_FILE", key.to_str().unwrap());
        self.client_with(&[key], &SdkConfig::builder().build())
    }

    /// A client whose way to sign in stands in these variables.
    pub fn client_with(&self, variables: &[(&str, &str)], aws: &SdkConfig) -> Client {
        let config = Config::from_lookup(|name| {
            let value = match name {
                "SNOWFLAKE_ACCOUNT" => "myorg-acme",
                "SNOWFLAKE_URL" => &self.url,
                "SNOWFLAKE_USER"
                | "SNOWFLAKE_ROLE"
                | "SNOWFLAKE_WAREHOUSE"
                | "SNOWFLAKE_DATABASE" => "SNOWLINE",
                _ => variables.iter().find(|(variable, _)| *variable == name)?.1,
            };
            Some(value.to_owned())
        });
        let short = |millis| Backoff {
            first: Duration::from_millis(1),
            growth: 2.0,
            longest: Duration::from_millis(millis),
        };
        let pacing = Pacing {
            poll: short(5),
            resend: short(5),
            attempts: 3,
            cancel: Duration::from_secs(5),
        };
        Client::new(config.unwrap(), aws, pacing).unwrap()
    }
}

fn read_request(stream: &mut TcpStream, connection: usize) -> Option<Request> {
    let mut reader = BufReader::new(stream);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        match line.trim_end() {
            "" => break,
            text => lines.push(text.to_owned()),
        }
    }
    let mut words = lines.first()?.split(' ');
    let (method, target) = (words.next()?, words.next()?);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let headers: HashMap<String, String> = lines[1..]
        .iter()
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length = headers.get("content-length").map_or(0, |text| text.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Request {
        method: method.to_owned(),
        path: path.to_owned(),
        query: query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        headers,
        body: serde_json::from_slice(&body).unwrap_or_default(),
        text: String::from_utf8_lossy(&body).into_owned(),
        connection,
    })
}

fn write_answer(stream: &mut TcpStream, answer: &Answer) {
    if answer.hang_up {
        return;
    }
    let connection = if answer.keep_alive { "keep-alive" } else { "close" };
    let mut head = format!(
        "HTTP/1.1 {} X\r\nContent-Length: {}\r\nConnection: {connection}\r\n",
        answer.status,
        answer.body.len()
    );
    for (name, value) in &answer.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    // A client that gave up does not read its answer.
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&answer.body));
}
