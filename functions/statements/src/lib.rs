//! The SQL the pipeline runs, rendered from the templates under `sql/` over a dataset's contract.
//!
//! Input: a [`contract::Dataset`]. Output: the text of one statement for the SQL API, or a script
//! of statements for an administrator. Names are relative to the database of the session
//! (`staging.orders`), and timestamps are UTC, so every statement must be sent with the session
//! parameter `TIMEZONE = UTC`.
//!
//! Every template states its grain and what a repetition does. Text is safe by construction: a
//! bare `{{ value }}` prints an identifier or fails, and anything else goes through `literal()`.

mod checks;
mod context;
mod dialect;
mod error;
mod scripts;
mod statements;

pub use checks::CheckStatement;
pub use error::StatementError;
pub use scripts::{Script, Settings};
pub use statements::{
    AUDIT_GRACE_MINUTES, Addition, ERASE_STAGING_STATEMENTS, ErasedLines, LANDING_DAYS,
    LEDGER_PAGE_ROWS, LISTED_FINDINGS, MAX_FILES, Statements,
};
