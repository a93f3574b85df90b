//! What is computed from rows: derived columns and aggregates.

use serde::Serialize;

use crate::{DataType, Decimal};

/// A column computed from a column or nested field of the same row. Null in, null out.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Derived {
    /// Name of the new column, lower case.
    pub name: String,
    /// One sentence for readers.
    pub description: Option<String>,
    /// How its value comes about.
    pub derivation: Derivation,
}

/// How a derived column is computed.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "lowercase", tag = "derive")]
pub enum Derivation {
    /// The UTC date of a timestamp column.
    Date {
        /// The timestamp column.
        from: String,
    },
    /// A timestamp column cut to the start of its UTC hour.
    Hour {
        /// The timestamp column.
        from: String,
    },
    /// The label of the first band whose upper bound (inclusive) is not below the value.
    Band {
        /// A decimal or integer column.
        from: String,
        /// Bands in ascending order; only the last has no bound.
        bands: Vec<Band>,
    },
    /// Lower-case hexadecimal HMAC-SHA-256 of a text column's normalised value, keyed with the
    /// stack's secret salt.
    Hash {
        /// The text column.
        from: String,
    },
    /// The value of a field inside an object.
    Copy {
        /// The path of the field.
        from: String,
        /// The type of the field.
        data_type: DataType,
    },
    /// The same text in every row.
    Constant {
        /// The text.
        value: String,
    },
}

impl Derivation {
    /// The column or nested field it reads, if any.
    pub fn source(&self) -> Option<&str> {
        match self {
            Self::Date { from }
            | Self::Hour { from }
            | Self::Band { from, .. }
            | Self::Hash { from }
            | Self::Copy { from, .. } => Some(from),
            Self::Constant { .. } => None,
        }
    }

    /// The type of the computed values.
    pub fn data_type(&self) -> DataType {
        match self {
            Self::Date { .. } => DataType::Date,
            Self::Hour { .. } => DataType::Timestamp,
            Self::Hash { .. } => DataType::String { max_chars: Some(64) },
            Self::Copy { data_type, .. } => *data_type,
            Self::Band { .. } | Self::Constant { .. } => DataType::String { max_chars: None },
        }
    }
}

/// One band of [`Derivation::Band`].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Band {
    /// The value of the derived column.
    pub label: String,
    /// Largest value in the band, inclusive; `None` for the last band.
    pub up_to: Option<Decimal>,
}

/// An aggregate of the accepted rows of one landing object: one row a combination of the
/// `group_by` columns. Where the dataset has an operation column, only inserts count, so that an
/// update or a delete of an earlier row is not counted as a new one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Aggregate {
    /// Name of the aggregate, its files and its staging table: `orders_hourly`.
    pub name: String,
    /// Columns or derived columns to group by; none of them restricted.
    pub group_by: Vec<String>,
    /// What is computed for each group, in order.
    pub measures: Vec<Measure>,
}

/// One computed column of an [`Aggregate`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Measure {
    /// Name of the measure's column.
    pub name: String,
    /// What it computes.
    pub function: Function,
    /// The integer or decimal column it reads; `None` for `count`.
    pub column: Option<String>,
    /// Type of the result: `Integer` for `count`; `NUMBER(38,scale)` for `sum`; the column's own
    /// type for `min` and `max`.
    pub data_type: DataType,
}

/// The function of a [`Measure`]. Nulls are left out, as in SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Function {
    /// Number of rows.
    Count,
    /// Exact sum.
    Sum,
    /// Smallest value.
    Min,
    /// Largest value.
    Max,
}
