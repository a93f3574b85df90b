//! The publish Lambda: what the scheduler runs to turn staging into trusted tables.
//!
//! Input: a [`Request`] for one task. `audit` reconciles landing, ledger and staging, `merge`
//! applies what arrived since the last merge to analytics, `check` runs the contract's rules over
//! it.
//! Output: a [`Report`], rows in `ops.check_results`, metrics.
//!
//! Every task may be run again: audit and check only read and append their results, and the
//! stream that merge reads advances with its transaction, so that each arrival is applied once. A
//! failed audit or check is an [`Error`], never an answer: the scheduler sees nothing else.

mod audit;
mod check_result;
mod config;
mod error;
mod findings;
mod handler;
mod landing;
mod lineage;
mod report;
mod task;

pub use check_result::CheckResult;
pub use config::{Config, ConfigError};
pub use error::Error;
pub use findings::{Audit, Finding, Kind, RowCounts};
pub use handler::Publisher;
pub use landing::{Landing, ListingError};
pub use report::{Merge, Report};
pub use task::{Request, Task};
