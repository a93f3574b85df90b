//! The typed contract of one dataset.

use serde::Serialize;

use crate::{Aggregate, Check, Derived, Rule};

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
    /// How CSV is written, in objects that are CSV.
    pub csv: Csv,
    /// The columns of a landing record, in contract order.
    pub columns: Vec<Column>,
    /// What the contract says of fields inside objects, named by their paths (`pickup.lat`): those
    /// of a column after one another, an object before its fields.
    pub nested: Vec<Column>,
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
    pub freshness: Option<ServiceLevel>,
    /// The longest acceptable time from an event to its row in analytics, when the contract
    /// promises one.
    pub latency: Option<ServiceLevel>,
    /// How long rows may be kept in analytics, when the contract promises it.
    pub retention: Option<Retention>,
}

impl Dataset {
    /// A dataset of JSON of which nothing else is known; it keeps unknown fields.
    pub fn new(name: &str, columns: Vec<Column>, dedupe: Dedupe) -> Self {
        Self {
            name: name.to_owned(),
            version: "0.1.0".to_owned(),
            format: Format::Json,
            csv: Csv::default(),
            columns,
            nested: Vec::new(),
            derived: Vec::new(),
            aggregates: Vec::new(),
            dedupe,
            operation: None,
            unknown_fields: UnknownFields::Keep,
            checks: Vec::new(),
            freshness: None,
            latency: None,
            retention: None,
        }
    }

    /// The column of this name, or the nested field of this path.
    pub fn field(&self, name: &str) -> Option<&Column> {
        self.columns.iter().chain(&self.nested).find(|field| field.name == name)
    }
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

/// What RFC 4180 leaves open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Csv {
    /// What separates fields: one ASCII character.
    pub delimiter: char,
    /// A field without quotes that is this text is null.
    pub null: String,
}

impl Default for Csv {
    fn default() -> Self {
        Self { delimiter: ',', null: String::new() }
    }
}

/// A column of the landing record, or a field inside one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Column {
    /// Name of the column in every file and table, lower case. Of a field inside an object its path,
    /// whose steps are names as they stand in the record.
    pub name: String,
    /// Name of the field in the record.
    pub field: String,
    /// One sentence for readers, from `description`; becomes the column's comment.
    pub description: Option<String>,
    /// What the values are.
    pub data_type: DataType,
    /// Whether a missing or null value rejects the row; of a field inside an object, where that is
    /// there.
    pub required: bool,
    /// Whether the value is personal data: kept in `processing/`, never in `processed/`.
    pub restricted: bool,
    /// What numbers in a timestamp count; `None` reads RFC 3339 text.
    pub epoch: Option<EpochUnit>,
    /// Applied to text before it is validated, in this order.
    pub normalise: Vec<Normalise>,
    /// Row rules, checked in this order after the type; the first that fails names the reject.
    pub rules: Vec<Rule>,
}

impl Column {
    /// A column that every value of the type fits, and null.
    pub fn new(name: &str, data_type: DataType) -> Self {
        Self {
            name: name.to_owned(),
            field: name.rsplit('.').next().unwrap_or(name).to_owned(),
            description: None,
            data_type,
            required: false,
            restricted: false,
            epoch: None,
            normalise: Vec::new(),
            rules: Vec::new(),
        }
    }

    /// The text of a value as the transform stores it.
    pub fn normalised(&self, text: &str) -> String {
        self.normalise.iter().fold(text.to_owned(), |text, step| match step {
            Normalise::Trim => text.trim_matches([' ', '\t', '\r', '\n']).to_owned(),
            Normalise::Upper => text.to_ascii_uppercase(),
            Normalise::Lower => text.to_ascii_lowercase(),
        })
    }
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
        /// Fractional digits, fewer than `precision`: the Parquet encoder takes no more.
        scale: u8,
    },
    /// An IEEE 754 double; `FLOAT`. Only when the contract says `FLOAT` or `DOUBLE`.
    Double,
    /// Microseconds since 1970-01-01T00:00:00Z; `TIMESTAMP_NTZ(6)` holding UTC.
    Timestamp,
    /// Days since 1970-01-01; `DATE`.
    Date,
    /// Microseconds since midnight; `TIME(6)`.
    Time,
    /// `true` or `false`; `BOOLEAN`.
    Boolean,
    /// A JSON object, as its text in files and staging; `VARIANT` in analytics.
    Object,
    /// A JSON array, as its text in files and staging; `VARIANT` in analytics.
    Array,
}

impl DataType {
    /// Whether values are whole numbers or decimals.
    pub fn is_exact_number(self) -> bool {
        matches!(self, Self::Integer | Self::Decimal { .. })
    }

    /// Whether values are JSON text.
    pub fn is_json(self) -> bool {
        matches!(self, Self::Object | Self::Array)
    }

    /// The Snowflake type of a column that holds the values as files and staging have them: JSON
    /// is text there.
    pub fn column_type(self) -> String {
        match self {
            Self::String { max_chars: Some(chars) } => format!("varchar({chars})"),
            Self::String { max_chars: None } | Self::Object | Self::Array => "varchar".to_owned(),
            Self::Integer => "number(19, 0)".to_owned(),
            Self::Decimal { precision, scale } => format!("number({precision}, {scale})"),
            Self::Double => "float".to_owned(),
            Self::Timestamp => "timestamp_ntz(6)".to_owned(),
            Self::Date => "date".to_owned(),
            Self::Time => "time(6)".to_owned(),
            Self::Boolean => "boolean".to_owned(),
        }
    }

    /// The Snowflake type of a column of analytics, where JSON can be queried.
    pub fn analytics_type(self) -> String {
        if self.is_json() { "variant".to_owned() } else { self.column_type() }
    }
}

/// What a number counts that stands for a point in time. Since 1970-01-01T00:00:00Z, without leap
/// seconds; fractions count to the microsecond, and what is beyond is cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum EpochUnit {
    /// Seconds.
    Seconds,
    /// Milliseconds.
    Milliseconds,
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

/// The contract's promise of a time that is not exceeded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ServiceLevel {
    /// The timestamp column that says when an event happened.
    pub column: String,
    /// Longest acceptable time.
    pub minutes: u32,
}

/// The contract's promise of how long a row is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Retention {
    /// The timestamp or date column that says how old a row is.
    pub column: String,
    /// Longest acceptable age, in `unit`.
    pub amount: u32,
    /// What `amount` counts.
    pub unit: CalendarUnit,
}

/// A unit of the calendar, named as `dateadd` of SQL names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CalendarUnit {
    /// 24 hours.
    Day,
    /// The same day of another month.
    Month,
    /// The same day of another year.
    Year,
}
