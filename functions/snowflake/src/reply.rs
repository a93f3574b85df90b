//! What an answer of the SQL API means: the response table of its documentation, as a function.

use std::time::{Duration, SystemTime};

use aws_sdk_sts::primitives::{DateTime, DateTimeFormat};
use reqwest::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};
use serde::Deserialize;

use crate::error::{Error, Refusal};
use crate::rows::ResultSet;

/// Code of a finished statement's answer.
const SUCCEEDED: &str = "090001";

/// Code of a token whose `iat` is too far from Snowflake's clock.
const CLOCK_SKEW: &str = "394302";

/// Longest part of a foreign body that goes into an error.
const QUOTED_CHARS: usize = 500;

/// What the client does next.
#[derive(Debug)]
pub(crate) enum Reply {
    /// The statement is done; here is its result, or another partition of it.
    Done(ResultSet),
    /// The statement is running; ask at `status_path`.
    Running { handle: String, status_path: Option<String> },
    /// The token was refused; because of this machine's clock, if Snowflake's time is here.
    RenewToken { refusal: Refusal, server_time: Option<SystemTime> },
    /// Snowflake is busy or in trouble: send the same request again, not before `after`.
    TryAgain { refusal: Refusal, after: Option<Duration> },
    /// The answer was damaged on its way: send the same request again.
    Damaged(Error),
    /// There is nothing to be done.
    Fail(Error),
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct Notice {
    code: Option<String>,
    sql_state: Option<String>,
    message: Option<String>,
    statement_handle: Option<String>,
    statement_status_url: Option<String>,
}

/// Reads an answer.
pub(crate) fn read_reply(status: u16, headers: &HeaderMap, body: &[u8]) -> Reply {
    match status {
        200 => read_result(body),
        202 => read_progress(body),
        401 => {
            let refusal = refusal(status, body);
            let skewed = refusal.code.as_deref() == Some(CLOCK_SKEW);
            let server_time = date(headers, DATE).filter(|_| skewed);
            Reply::RenewToken { refusal, server_time }
        }
        408 => Reply::Fail(Error::TimedOut(refusal(status, body).into())),
        422 => Reply::Fail(Error::Failed(refusal(status, body).into())),
        429 | 500 | 502 | 503 | 504 => {
            Reply::TryAgain { refusal: refusal(status, body), after: retry_after(headers) }
        }
        _ => Reply::Fail(Error::Refused(refusal(status, body).into())),
    }
}

fn read_result(body: &[u8]) -> Reply {
    match serde_json::from_slice::<ResultSet>(body) {
        // Partitions after the first carry no code.
        Ok(result) if result.code.as_deref().is_none_or(|code| code == SUCCEEDED) => {
            Reply::Done(result)
        }
        Ok(_) => Reply::Fail(Error::Refused(refusal(200, body).into())),
        Err(source) => Reply::Damaged(Error::Unexpected {
            handle: notice(body).statement_handle,
            reason: "the result cannot be read".to_owned(),
            source: Some(source),
        }),
    }
}

fn read_progress(body: &[u8]) -> Reply {
    let notice = notice(body);
    match notice.statement_handle {
        Some(handle) => Reply::Running { handle, status_path: notice.statement_status_url },
        None => Reply::Damaged(Error::Unexpected {
            handle: None,
            reason: "a statement is running, but has no handle".to_owned(),
            source: None,
        }),
    }
}

/// `Retry-After`, in seconds or as the moment until which to wait (RFC 9110, 10.2.3).
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let seconds = text.parse().ok().map(Duration::from_secs);
    seconds.or_else(|| {
        let from = date(headers, DATE).unwrap_or_else(SystemTime::now);
        date(headers, RETRY_AFTER)?.duration_since(from).ok()
    })
}

/// A header that holds a moment (RFC 9110, 5.6.7).
fn date(headers: &HeaderMap, name: HeaderName) -> Option<SystemTime> {
    let text = headers.get(name)?.to_str().ok()?;
    DateTime::from_str(text.trim(), DateTimeFormat::HttpDate).ok()?.try_into().ok()
}

fn notice(body: &[u8]) -> Notice {
    serde_json::from_slice(body).unwrap_or_default()
}

fn refusal(status: u16, body: &[u8]) -> Refusal {
    let notice = notice(body);
    let quoted = || String::from_utf8_lossy(body).chars().take(QUOTED_CHARS).collect();
    Refusal {
        status,
        code: notice.code,
        sql_state: notice.sql_state,
        message: notice.message.unwrap_or_else(quoted),
        handle: notice.statement_handle,
    }
}
