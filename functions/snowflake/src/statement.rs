//! Statements and how a request carries them.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::config::Config;

/// Seconds left to the client to cancel a statement before it reaches its time limit.
const CANCELLATION_SECS: u64 = 2;

/// A statement to run; or several, separated by semicolons, in one request.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// What it is called in metrics, logs and traces: `merge`.
    pub name: &'static str,
    /// The text, with `?` for each binding.
    pub sql: String,
    /// Values of the `?`, in order. Not possible with several statements.
    pub bindings: Vec<Binding>,
    /// `QUERY_TAG`, by which the query history tells whose statement it was.
    pub query_tag: String,
    /// How many statements the text holds. Several are not atomic unless the text says
    /// `begin` and `commit`.
    pub count: u32,
    /// The role to run under; the configured one otherwise.
    pub role: Option<String>,
}

impl Statement {
    /// A single statement without bindings.
    pub fn new(name: &'static str, sql: impl Into<String>, query_tag: impl Into<String>) -> Self {
        Self {
            name,
            sql: sql.into(),
            bindings: Vec::new(),
            query_tag: query_tag.into(),
            count: 1,
            role: None,
        }
    }

    /// The request body. Should nobody cancel the statement at the end of `limit`, it ends on its
    /// own a moment later.
    pub(crate) fn body(&self, config: &Config, limit: Duration) -> Value {
        let mut parameters = Map::from_iter([
            ("TIMEZONE".to_owned(), "UTC".into()),
            ("QUERY_TAG".to_owned(), self.query_tag.as_str().into()),
        ]);
        if self.count != 1 {
            parameters.insert("MULTI_STATEMENT_COUNT".to_owned(), self.count.to_string().into());
        }
        let mut body = json!({
            "statement": self.sql,
            "timeout": limit.as_secs() + CANCELLATION_SECS,
            "database": config.database,
            "warehouse": config.warehouse,
            "role": self.role.as_ref().unwrap_or(&config.role),
            "parameters": parameters,
        });
        if !self.bindings.is_empty() {
            let numbered: BTreeMap<usize, &Binding> = (1..).zip(&self.bindings).collect();
            body["bindings"] = json!(numbered);
        }
        body
    }
}

/// A value for a `?`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Binding {
    #[serde(rename = "type")]
    kind: &'static str,
    value: Option<String>,
}

impl Binding {
    /// Text, or null; a statement that needs another type casts it.
    pub fn text(value: Option<impl Into<String>>) -> Self {
        Self { kind: "TEXT", value: value.map(Into::into) }
    }
}
