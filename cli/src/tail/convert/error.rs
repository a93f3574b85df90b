//! Why records cannot be converted.

use crate::contracts;

/// Why records cannot be converted as the command line says.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The contract cannot be followed.
    #[error(transparent)]
    Contract(#[from] contracts::Error),
    /// What is converted lands as JSON, and the transform would read CSV.
    #[error(
        "the contract of {dataset} says that CSV lands, and what is converted lands as JSON: give \
         its landing server the format json"
    )]
    NotJson {
        /// The dataset.
        dataset: String,
    },
    /// Nothing tells which part of a record is which column.
    #[error("--pattern has no named group; a column of {dataset} is found by (?<{example}>...)")]
    NoGroup {
        /// The dataset.
        dataset: String,
        /// One of its columns.
        example: String,
    },
    /// A group of the pattern has another name than every column.
    #[error("--pattern: {group} is no column of {dataset}, which has {columns}")]
    UnknownGroup {
        /// The name of the group.
        group: String,
        /// The dataset.
        dataset: String,
        /// Its columns and the fields inside them.
        columns: String,
    },
    /// Two groups of the pattern are one column and a part of it.
    #[error(
        "--pattern: the group {group} and another one are the same column of {dataset}, or a part of it"
    )]
    Overlap {
        /// The name of the group.
        group: String,
        /// The dataset.
        dataset: String,
    },
}
