//! Sends statements and waits for their rows.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use aws::SdkConfig;
use reqwest::{Method, Url};
use telemetry::metric::StatementTime;
use telemetry::{Coded, Metrics, subsegment, traced};
use tokio::time::{sleep, timeout_at};
use tracing::Span;
use tracing::field::Empty;
use uuid::Uuid;

use crate::config::Config;
use crate::credential::Credential;
use crate::deadline::Deadline;
use crate::error::Error;
use crate::rows::{ResultSet, Rows};
use crate::statement::Statement;
use crate::tokens::Tokens;
use crate::transport::{Answer, Pacing, Request, Transport};

/// Code of the answer to the cancellation of a statement that is not running.
const NOT_EXECUTING: &str = "000605";

/// A client for one user of one account. Statements may run at the same time.
#[derive(Debug)]
pub struct Client {
    transport: Transport,
    config: Config,
    pacing: Pacing,
}

impl Client {
    /// Connects to nothing yet: a secret is read, with `aws` if it stands in Secrets Manager, and
    /// the connection opened with the first statement. Connections are kept between statements.
    ///
    /// # Errors
    /// [`Error::Http`] when the machine offers no root certificates or the like.
    pub fn new(config: Config, aws: &SdkConfig, pacing: Pacing) -> Result<Self, Error> {
        let tokens = Tokens::new(Credential::new(&config, aws));
        Ok(Self { transport: Transport::new(&config, tokens, pacing)?, config, pacing })
    }

    /// Runs a single statement and returns its rows, all partitions of them.
    ///
    /// # Errors
    /// As [`Self::execute_all`].
    pub async fn execute(&self, statement: &Statement, deadline: Deadline) -> Result<Rows, Error> {
        let results = self.execute_all(statement, deadline).await?;
        results.into_iter().next().ok_or_else(|| Error::Unexpected {
            handle: None,
            reason: "no result".to_owned(),
            source: None,
        })
    }

    /// Runs the statements of one request and returns the rows of each, in order. Its time is a
    /// metric, and a subsegment of the trace.
    ///
    /// # Errors
    /// [`Error::Failed`] when the SQL fails. A statement that Snowflake was still running at the
    /// deadline, or when it could no longer be watched, is [`Error::GivenUp`]: it names the handle
    /// and says whether the statement could be stopped.
    pub async fn execute_all(
        &self,
        statement: &Statement,
        deadline: Deadline,
    ) -> Result<Vec<Rows>, Error> {
        if deadline.left().is_zero() {
            return Err(Error::Deadline);
        }
        let span = subsegment!("statement", statement = statement.name, statement_handle = Empty);
        traced(span, self.watch(statement, deadline)).await
    }

    async fn watch(&self, statement: &Statement, deadline: Deadline) -> Result<Vec<Rows>, Error> {
        let started = Instant::now();
        let outcome = self.finish(statement, deadline).await;
        let elapsed = started.elapsed();
        match &outcome {
            Ok(_) => tracing::info!(ms = elapsed.as_millis() as u64, "statement finished"),
            Err(error) => tell_handle(error.statement_handle()),
        }
        Metrics::new().add_for(StatementTime, statement.name, elapsed).emit();
        outcome
    }

    /// Waits for a statement, and gives it up at the deadline.
    async fn finish(&self, statement: &Statement, deadline: Deadline) -> Result<Vec<Rows>, Error> {
        let running = Mutex::new(None);
        let outcome = timeout_at(deadline.instant(), self.run(statement, deadline, &running)).await;
        let handle = running.into_inner().unwrap_or_else(PoisonError::into_inner);
        match (outcome, handle) {
            (Ok(Ok(results)), _) => Ok(results),
            (Ok(Err(error)), None) => Err(error),
            (Ok(Err(error)), Some(_)) if error.ends_statement() => Err(error),
            (Ok(Err(error)), Some(handle)) => Err(self.give_up(handle, error).await),
            (Err(_), Some(handle)) => Err(self.give_up(handle, Error::StillRunning).await),
            (Err(_), None) => Err(Error::Deadline),
        }
    }

    async fn give_up(&self, handle: String, reason: Error) -> Error {
        let stopped = self.cancel(&handle).await;
        Error::GivenUp { handle, stopped, reason: reason.into() }
    }

    /// `running` holds the statement's handle for as long as Snowflake may be running it.
    async fn run(
        &self,
        statement: &Statement,
        deadline: Deadline,
        running: &Mutex<Option<String>>,
    ) -> Result<Vec<Rows>, Error> {
        let note = |handle| *running.lock().unwrap_or_else(PoisonError::into_inner) = handle;
        let mut request = self.submission(statement, deadline);
        let mut polls = 0;
        let result = loop {
            match self.transport.call(&request, deadline).await? {
                Answer::Done(result) => break result,
                Answer::Running { handle, status_path } => {
                    tell_handle(Some(&handle));
                    request = Request::get(self.status_url(&handle, status_path)?);
                    note(Some(handle));
                }
            }
            sleep(self.pacing.poll.wait(polls, rand::random())).await;
            polls += 1;
        };
        note(None);
        tell_handle(result.statement_handle.as_deref());
        self.collect(result, deadline).await
    }

    fn submission(&self, statement: &Statement, deadline: Deadline) -> Request {
        let mut url = self.config.endpoint.statements();
        url.query_pairs_mut()
            .append_pair("requestId", &Uuid::new_v4().to_string())
            .append_pair("async", "true")
            .append_pair("nullable", "true");
        let body = statement.body(&self.config, deadline.left());
        Request { method: Method::POST, url, body: Some(body) }
    }

    fn status_url(&self, handle: &str, path: Option<String>) -> Result<Url, Error> {
        let Some(path) = path else { return Ok(self.config.endpoint.statement(handle, None)) };
        self.config.endpoint.status(&path).ok_or_else(|| Error::Unexpected {
            handle: Some(handle.to_owned()),
            reason: format!("the status address {path} is on another host"),
            source: None,
        })
    }

    /// The rows of a finished request: of its one statement, or of each of several.
    async fn collect(&self, result: ResultSet, deadline: Deadline) -> Result<Vec<Rows>, Error> {
        if result.statement_handles.is_empty() {
            return Ok(vec![self.partitions(result, deadline).await?]);
        }
        let mut all = Vec::with_capacity(result.statement_handles.len());
        for handle in &result.statement_handles {
            let url = self.config.endpoint.statement(handle, None);
            all.push(self.partitions(self.finished(url, deadline).await?, deadline).await?);
        }
        Ok(all)
    }

    async fn partitions(&self, mut first: ResultSet, deadline: Deadline) -> Result<Rows, Error> {
        let handle = first.statement_handle.take().unwrap_or_default();
        let count = first.result_set_meta_data.as_ref().map_or(0, |meta| meta.partitions());
        let mut rows = Rows::new(first, handle);
        for partition in 1..count {
            let mut url = self.config.endpoint.statement(rows.handle(), None);
            url.query_pairs_mut().append_pair("partition", &partition.to_string());
            rows.append(self.finished(url, deadline).await?);
        }
        Ok(rows)
    }

    /// The result of a statement that is known to be done.
    async fn finished(&self, url: Url, deadline: Deadline) -> Result<ResultSet, Error> {
        match self.transport.call(&Request::get(url), deadline).await? {
            Answer::Done(result) => Ok(result),
            Answer::Running { handle, .. } => Err(Error::Unexpected {
                handle: Some(handle),
                reason: "a finished statement is running again".to_owned(),
                source: None,
            }),
        }
    }

    /// Cancels a statement; whether Snowflake confirmed that it no longer runs.
    async fn cancel(&self, handle: &str) -> bool {
        let url = self.config.endpoint.statement(handle, Some("cancel"));
        let request = Request { method: Method::POST, url, body: None };
        let deadline = Deadline::after(self.pacing.cancel);
        match timeout_at(deadline.instant(), self.transport.call(&request, deadline)).await {
            Ok(Ok(_)) => true,
            // A confirmed cancellation is a 200 whose code is not that of a finished statement.
            Ok(Err(Error::Refused(refusal))) => refusal.status == 200,
            // It was cancelled by an earlier request whose answer was lost, or ended by itself.
            Ok(Err(Error::Failed(refusal))) => refusal.code.as_deref() == Some(NOT_EXECUTING),
            _ => false,
        }
    }
}

/// Says which statement the span is about, as soon as that is known.
fn tell_handle(handle: Option<&str>) {
    Span::current().record("statement_handle", handle);
}
