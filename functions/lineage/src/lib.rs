//! Tells a lineage service what the functions did, in the words of OpenLineage 2-0-2.
//!
//! Input: what a run did, as its function knows it. Output: two run events, `START` and `COMPLETE`
//! or `FAIL`, as `POST` to an HTTP endpoint or as objects in S3; with an empty `LINEAGE_TO`
//! nothing. What an event says is a function of the run and of the contract. There is no value of
//! a row in it, and no message that could quote one.
//!
//! Delivery is tried within [`SEND_LIMIT`], after the work is done, and may be repeated: an event is
//! known by its run and its type. Whatever fails here is a warning and the metric
//! `LineageFailures`, and changes nothing else.

mod column_lineage;
mod event;
mod facets;
mod naming;
mod runs;
mod schema;
mod send;
mod target;

pub use runs::copy::Copied;
pub use runs::publish::{Measured, Outcome, Published, Task};
pub use runs::transform::{Account, File, Transformed};
pub use runs::{Lineage, OpenError};
pub use send::SEND_LIMIT;
pub use target::TargetError;
