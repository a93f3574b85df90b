//! Requests and their answers: tokens, resends, and waits between them.

use std::fmt;
use std::time::{Duration, SystemTime};

use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::{Certificate, Method, Url, redirect};
use serde_json::Value;
use tokio::time::sleep;

use crate::backoff::Backoff;
use crate::config::Config;
use crate::credential::Token;
use crate::deadline::Deadline;
use crate::error::{Error, Refusal};
use crate::reply::{Reply, read_reply};
use crate::rows::ResultSet;
use crate::tokens::Tokens;

/// How long the client waits for what.
#[derive(Debug, Clone, Copy)]
pub struct Pacing {
    /// Waits between two looks at a running statement.
    pub poll: Backoff,
    /// Waits before a request is sent again.
    pub resend: Backoff,
    /// Requests in a row without a useful answer after which the client gives up.
    pub attempts: u32,
    /// Longest wait for the answer to a cancellation; it comes after the deadline.
    pub cancel: Duration,
}

impl Default for Pacing {
    fn default() -> Self {
        let backoff = |first, growth, longest| Backoff {
            first: Duration::from_millis(first),
            growth,
            longest: Duration::from_millis(longest),
        };
        Self {
            // A statement is seen to be done at most a third of its time after it is: the next one
            // of a batch waits for that.
            poll: backoff(20, 1.33, 2_000),
            resend: backoff(250, 2.0, 10_000),
            attempts: 8,
            cancel: Duration::from_secs(3),
        }
    }
}

/// An HTTP client that holds the user's tokens.
#[derive(Debug)]
pub(crate) struct Transport {
    http: reqwest::Client,
    tokens: Tokens,
    pacing: Pacing,
}

/// A request that may be sent several times.
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) body: Option<Value>,
}

impl Request {
    pub(crate) fn get(url: Url) -> Self {
        Self { method: Method::GET, url, body: None }
    }
}

/// An answer that needs no resending.
pub(crate) enum Answer {
    Done(ResultSet),
    Running { handle: String, status_path: Option<String> },
}

impl Transport {
    pub(crate) fn new(config: &Config, tokens: Tokens, pacing: Pacing) -> Result<Self, Error> {
        // An error says that the process has a provider already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut http = reqwest::Client::builder()
            .user_agent(concat!("snowline/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .connect_timeout(Duration::from_secs(10))
            .timeout(config.request_timeout);
        if let Some(pem) = config.authorities {
            http = http.tls_certs_only(Certificate::from_pem_bundle(pem).map_err(Error::Http)?);
        }
        Ok(Self { http: http.build().map_err(Error::Http)?, tokens, pacing })
    }

    /// Sends a request until it has an answer, within the limits of [`Pacing`]. Where there is no
    /// time left to send it again, the trouble is the answer.
    pub(crate) async fn call(
        &self,
        request: &Request,
        deadline: Deadline,
    ) -> Result<Answer, Error> {
        let mut failures = 0;
        let mut renewals = self.tokens.renewals().iter();
        let mut resend = false;
        loop {
            let token = self.tokens.current(SystemTime::now()).await?;
            let trouble = match self.send(request, &token, resend).await {
                Ok(Reply::Done(result)) => return Ok(Answer::Done(result)),
                Ok(Reply::Running { handle, status_path }) => {
                    return Ok(Answer::Running { handle, status_path });
                }
                Ok(Reply::Fail(error)) => return Err(error),
                Ok(Reply::RenewToken { refusal, server_time }) => {
                    let Some(renewal) = renewals.next() else {
                        return Err(Error::Unauthorized(refusal.into()));
                    };
                    tracing::warn!(%refusal, ?renewal, "token refused");
                    if let Some(time) = server_time {
                        self.tokens.set_clock(time, SystemTime::now()).await;
                    }
                    self.tokens.refused(&token, *renewal).await;
                    resend = true;
                    continue;
                }
                Ok(Reply::TryAgain { refusal, after }) => Trouble::Refusal(refusal, after),
                Ok(Reply::Damaged(error)) => Trouble::Damaged(error),
                Err(source) => Trouble::NoAnswer(source),
            };
            failures += 1;
            let backoff = self.pacing.resend.wait(failures - 1, rand::random());
            let wait = backoff.max(trouble.not_before());
            if failures >= self.pacing.attempts || wait >= deadline.left() {
                return Err(trouble.into_error(failures));
            }
            tracing::warn!(%trouble, failures, "sending the request again");
            sleep(wait).await;
            resend = true;
        }
    }

    async fn send(
        &self,
        request: &Request,
        token: &Token,
        resend: bool,
    ) -> Result<Reply, reqwest::Error> {
        let mut url = request.url.clone();
        // A resent submission without this parameter would run the statement a second time.
        if resend && request.body.is_some() {
            url.query_pairs_mut().append_pair("retry", "true");
        }
        let mut sent = self
            .http
            .request(request.method.clone(), url)
            .bearer_auth(token.expose())
            .header("X-Snowflake-Authorization-Token-Type", token.kind)
            .header(ACCEPT, "application/json");
        sent = match &request.body {
            Some(body) => sent.json(body),
            None => sent.header(CONTENT_TYPE, "application/json"),
        };
        let answer = sent.send().await?;
        let status = answer.status().as_u16();
        let headers = answer.headers().clone();
        let body = answer.bytes().await?;
        Ok(read_reply(status, &headers, &body))
    }
}

/// Why a request is sent again.
enum Trouble {
    Refusal(Refusal, Option<Duration>),
    Damaged(Error),
    NoAnswer(reqwest::Error),
}

impl Trouble {
    fn not_before(&self) -> Duration {
        match self {
            Self::Refusal(_, after) => after.unwrap_or_default(),
            Self::Damaged(_) | Self::NoAnswer(_) => Duration::ZERO,
        }
    }

    fn into_error(self, attempts: u32) -> Error {
        match self {
            Self::Refusal(refusal, _) => Error::Unavailable { attempts, refusal: refusal.into() },
            Self::Damaged(error) => error,
            Self::NoAnswer(source) => Error::Unreachable { attempts, source },
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refusal(refusal, _) => refusal.fmt(f),
            Self::Damaged(error) => error.fmt(f),
            Self::NoAnswer(error) => {
                let mut root: &dyn std::error::Error = error;
                while let Some(cause) = root.source() {
                    root = cause;
                }
                write!(f, "{error}: {root}")
            }
        }
    }
}
