//! A client of Snowflake's SQL API, version 2: one statement in, its rows out.
//!
//! Input: a [`Statement`] (text, bindings, query tag) and a [`Deadline`]. Output: [`Rows`], or an
//! [`Error`] that keeps code, SQL state, message and statement handle as Snowflake gave them.
//!
//! A statement runs at most once: every resend after trouble carries the same `requestId` and
//! `retry=true`, by which Snowflake recognises it. A statement still running at its deadline is
//! cancelled. Every session runs with `TIMEZONE = UTC`.
//!
//! Authentication is by key pair (RS256 JWT), by programmatic access token, or by workload
//! identity federation, for which AWS vouches for the function's role. A secret is read through
//! [`secrets::Source`] when the first statement needs it, and again when Snowflake refuses it.

mod account;
mod authentication;
mod backoff;
mod client;
mod config;
mod credential;
mod deadline;
mod endpoint;
mod error;
mod key;
mod reply;
mod rows;
mod statement;
mod tokens;
mod transport;

pub use authentication::{Authentication, AuthenticationError};
pub use backoff::Backoff;
pub use client::Client;
pub use config::{Config, ConfigError};
pub use deadline::Deadline;
pub use endpoint::{Endpoint, EndpointError};
pub use error::{Error, Refusal};
pub use key::KeyError;
pub use rows::{Row, Rows};
pub use statement::{Binding, Statement};
pub use transport::Pacing;
