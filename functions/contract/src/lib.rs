//! Reads a data contract (Open Data Contract Standard v3.1, one YAML file a dataset) into a typed
//! [`Dataset`]: the one description of a good row that the transform, the SQL statements and the
//! checks follow.
//!
//! Input: the text of `contracts/<dataset>.odcs.yaml`. Output: a [`Dataset`], or a
//! [`ContractError`] that names file, path and cause. A construct the pipeline cannot enforce is
//! such an error, never skipped.

mod dataset;

pub use dataset::*;
