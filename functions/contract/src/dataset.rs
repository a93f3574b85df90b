//! The typed contract of one dataset.

use serde::Serialize;

/// A dataset as its contract describes it. Everything downstream (Parquet schema, validation,
/// statements, checks) derives from this value and nothing else.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Dataset {
    /// Name of the dataset, a lower-case SQL identifier: `orders`.
    pub name: String,
    /// `version` of the contract, written to every row as `_contract_version`.
    pub version: String,
    /// How landing objects are encoded when their key does not say so (`.csv`, `.json`, `.ndjson`).
    pub format: Format,
    /// The columns of a landing record, in contract order.
    pub columns: Vec<Column>,
    /// Columns computed from `columns`, written to `processed/` only, in contract order.
    pub derived: Vec<Derived>,
    /// Aggregates written per landing object, in contract order.
    pub aggregates: Vec<Aggregate>,
    /// What makes two rows the same entity, and which of them is the newest.
    pub dedupe: Dedupe,
    /// The column that holds the change operation: `I`, `U` or `D`; null means `I`.
    pub operation: Option<String>,
    /// What happens to a field of a record that no column names.
    pub unknown_fields: UnknownFields,
    /// Rules over the whole table, run as SQL checks after the merge.
    pub checks: Vec<Check>,
    /// The longest acceptable age of the newest row, when the contract promises one.
    pub freshness: Option<Freshness>,
}

/// Encoding of a landing object once decompressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// One JSON object a line, or JSON objects concatenated.
    Json,
    /// RFC 4180 with a header line.
    Csv,
}

/// A column of the landing record.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Column {
    /// Name of the field in the record and of the column in every table, lower case.
    pub name: String,
    /// One sentence for readers, from `description`; becomes the column's comment.
    pub description: Option<String>,
    /// What the values are.
    pub data_type: DataType,
    /// Whether a missing or null value rejects the row.
    pub required: bool,
    /// Whether the value is personal data: kept in `processing/`, never in `processed/`.
    pub restricted: bool,
    /// Applied to text before it is validated, in this order.
    pub normalise: Vec<Normalise>,
    /// Row rules, checked in this order after the type; the first that fails names the reject.
    pub rules: Vec<Rule>,
}

/// The type of a column: how text becomes a value, and what the value is in Parquet and SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase", tag = "kind")]
pub enum DataType {
    /// UTF-8 text; `VARCHAR(n)` when the contract gives a length, counted in characters, and
    /// enforced as the rule `max_length`.
    String {
        /// Longest value in characters.
        max_chars: Option<u32>,
    },
    /// A 64-bit signed integer; `NUMBER(19,0)`.
    Integer,
    /// An exact decimal; `NUMBER(precision,scale)`. A value with more fractional digits than
    /// `scale` (other than zeros) or more integer digits than fit is rejected, never rounded.
    Decimal {
        /// Total digits, 1 to 38.
        precision: u8,
        /// Fractional digits, 0 to `precision`.
        scale: u8,
    },
    /// An IEEE 754 double; `FLOAT`. Only when the contract says `FLOAT` or `DOUBLE`.
    Double,
    /// Microseconds since 1970-01-01T00:00:00Z; `TIMESTAMP_NTZ(6)` holding UTC.
    Timestamp,
    /// Days since 1970-01-01; `DATE`.
    Date,
    /// `true` or `false`; `BOOLEAN`.
    Boolean,
}

/// A change made to text before it is validated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Normalise {
    /// Removes leading and trailing white space (ASCII space, tab, CR, LF).
    Trim,
    /// ASCII letters to upper case.
    Upper,
    /// ASCII letters to lower case.
    Lower,
}

/// A rule that a single value of a column must obey. Null values obey every rule but `required`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "rule")]
pub enum Rule {
    /// At least (or, if `exclusive`, more than) this bound.
    Minimum {
        /// The bound, a decimal literal as the contract writes it.
        bound: Decimal,
        /// Whether the bound itself is refused.
        exclusive: bool,
    },
    /// At most (or, if `exclusive`, less than) this bound.
    Maximum {
        /// The bound, a decimal literal as the contract writes it.
        bound: Decimal,
        /// Whether the bound itself is refused.
        exclusive: bool,
    },
    /// At least this many characters (Unicode scalar values).
    MinLength {
        /// Characters.
        chars: u32,
    },
    /// At most this many characters (Unicode scalar values).
    MaxLength {
        /// Characters.
        chars: u32,
    },
    /// Matches this regular expression (linear-time syntax of the `regex` crate).
    Pattern {
        /// The expression as the contract writes it; it matches anywhere unless anchored.
        pattern: String,
    },
    /// Has this well-known form.
    Format {
        /// The form.
        format: TextFormat,
    },
    /// Is one of these values (for text: after `normalise`).
    OneOf {
        /// The allowed values, in contract order.
        values: Vec<String>,
    },
}

impl Rule {
    /// The name under which a reject by this rule is counted: `minimum`, `one_of`, ...
    pub fn name(&self) -> &'static str {
        match self {
            Self::Minimum { .. } => "minimum",
            Self::Maximum { .. } => "maximum",
            Self::MinLength { .. } => "min_length",
            Self::MaxLength { .. } => "max_length",
            Self::Pattern { .. } => "pattern",
            Self::Format { .. } => "format",
            Self::OneOf { .. } => "one_of",
        }
    }
}

/// A well-known form of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TextFormat {
    /// 8-4-4-4-12 hexadecimal digits (RFC 9562), either case.
    Uuid,
    /// One `@` with a non-empty local part and a dotted domain.
    Email,
}

/// An exact decimal constant of the contract: `unscaled / 10^scale`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Decimal {
    /// The digits as an integer.
    pub unscaled: i128,
    /// How many of them are fractional, 0 to 38.
    pub scale: u8,
}

/// A column computed from another column of the same row. Null in, null out.
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
    /// The same text in every row.
    Constant {
        /// The text.
        value: String,
    },
}

impl Derivation {
    /// The column it reads, if any.
    pub fn source(&self) -> Option<&str> {
        match self {
            Self::Date { from }
            | Self::Hour { from }
            | Self::Band { from, .. }
            | Self::Hash { from } => Some(from),
            Self::Constant { .. } => None,
        }
    }

    /// The type of the computed values.
    pub fn data_type(&self) -> DataType {
        match self {
            Self::Date { .. } => DataType::Date,
            Self::Hour { .. } => DataType::Timestamp,
            Self::Hash { .. } => DataType::String { max_chars: Some(64) },
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

/// Which rows are versions of the same entity, and which version wins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Dedupe {
    /// The merge key: all of these columns, each required.
    pub key: Vec<String>,
    /// The version with the greatest values of these columns, compared in turn, wins; ties are
    /// decided by `_landed_at`, then `_source_object`, then `_source_line`, greatest first.
    pub order: Vec<String>,
}

/// What happens to a field that no column names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum UnknownFields {
    /// Kept, with its value as written, in the JSON object of the column `_extra`.
    Keep,
    /// Left out.
    Drop,
    /// The row is rejected by the rule `unknown_field`.
    Reject,
}

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

/// The contract's promise about the age of the newest row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Freshness {
    /// The timestamp column whose greatest value is compared with now.
    pub column: String,
    /// Longest acceptable age.
    pub minutes: u32,
}
