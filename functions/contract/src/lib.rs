//! Reads a data contract (Open Data Contract Standard v3.1, one YAML file a dataset) into a typed
//! [`Dataset`]: the one description of a good row that the transform, the SQL statements and the
//! checks follow.
//!
//! Input: the text of `contracts/<dataset>.odcs.yaml`. Output: a [`Dataset`], or a
//! [`ContractError`] that names file, path and cause. A construct the pipeline cannot enforce is
//! such an error, never skipped.

mod aggregates;
mod check;
mod checks;
mod columns;
mod computed;
mod contract;
mod dataset;
mod decimal;
mod derived;
#[cfg(test)]
mod documentation;
mod error;
mod extensions;
mod moment;
mod names;
mod odcs;
mod outputs;
mod promises;
mod quality;
mod read;
mod rule;
mod rules;
mod sql;
mod types;
mod versions;
mod yaml;

pub use check::*;
pub use computed::*;
pub use dataset::*;
pub use decimal::NotADecimal;
pub use error::ContractError;
pub use extensions::{CUSTOM_PROPERTIES, CustomProperty, Owner};
pub use names::is_reserved;
pub use outputs::{EXTRA_COLUMN, OutputColumn};
pub use rule::*;
