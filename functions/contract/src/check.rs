//! The rules the whole table obeys.

use serde::Serialize;

use crate::Decimal;

/// A rule over the whole table, run as SQL after the merge.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Check {
    /// Identifier, unique in the dataset: `order_id_duplicates`.
    pub id: String,
    /// One sentence for readers.
    pub description: Option<String>,
    /// What is measured.
    pub metric: Metric,
    /// The measured value must satisfy this.
    pub must: Comparison,
    /// Whether a failure fails the task or is only reported.
    pub severity: Severity,
}

/// What a [`Check`] measures on the analytics table. `percent` results are 0 to 100 of all rows.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "metric")]
pub enum Metric {
    /// Number of rows.
    RowCount,
    /// Rows in which the column is null.
    NullValues {
        /// The column.
        column: String,
        /// Measured in percent of all rows instead of rows.
        percent: bool,
    },
    /// Rows in which the column is null or one of the given values.
    MissingValues {
        /// The column.
        column: String,
        /// Values that count as missing, beside null.
        values: Vec<String>,
        /// Measured in percent of all rows instead of rows.
        percent: bool,
    },
    /// Rows in which the column is neither null nor one of the given values.
    InvalidValues {
        /// The column.
        column: String,
        /// Allowed values.
        valid_values: Vec<String>,
        /// Measured in percent of all rows instead of rows.
        percent: bool,
    },
    /// Rows beyond the first of each combination of the columns' values.
    DuplicateValues {
        /// The columns.
        columns: Vec<String>,
        /// Measured in percent of all rows instead of rows.
        percent: bool,
    },
    /// The single number a query returns; `{object}` stands for the analytics table.
    Sql {
        /// The query.
        query: String,
    },
}

/// What a measured value must satisfy.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "comparison")]
pub enum Comparison {
    /// `value = bound`
    Be {
        /// The bound.
        bound: Decimal,
    },
    /// `value <> bound`
    NotBe {
        /// The bound.
        bound: Decimal,
    },
    /// `value > bound`
    BeGreaterThan {
        /// The bound.
        bound: Decimal,
    },
    /// `value >= bound`
    BeGreaterOrEqualTo {
        /// The bound.
        bound: Decimal,
    },
    /// `value < bound`
    BeLessThan {
        /// The bound.
        bound: Decimal,
    },
    /// `value <= bound`
    BeLessOrEqualTo {
        /// The bound.
        bound: Decimal,
    },
    /// Not `low <= value <= high`
    NotBeBetween {
        /// The lower bound, inclusive.
        low: Decimal,
        /// The upper bound, inclusive.
        high: Decimal,
    },
    /// `low <= value <= high`
    BeBetween {
        /// The lower bound, inclusive.
        low: Decimal,
        /// The upper bound, inclusive.
        high: Decimal,
    },
}

/// How much a failed check matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Fails the task.
    Error,
    /// Is reported.
    Warning,
}
