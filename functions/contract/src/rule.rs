//! The rules a single value obeys.

use serde::Serialize;

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
    /// Not before (or, if `exclusive`, after) this moment. Of dates, times and timestamps.
    Earliest {
        /// The bound.
        bound: Moment,
        /// Whether the bound itself is refused.
        exclusive: bool,
    },
    /// Not after (or, if `exclusive`, before) this moment. Of dates, times and timestamps.
    Latest {
        /// The bound.
        bound: Moment,
        /// Whether the bound itself is refused.
        exclusive: bool,
    },
    /// A whole multiple of this. Of integers and decimals.
    MultipleOf {
        /// The unit, above zero.
        unit: Decimal,
    },
    /// At most so long after the object landed (its LastModified). Of timestamps.
    NotLaterThanArrival {
        /// How much later than the arrival is still accepted.
        tolerance_seconds: u32,
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
            Self::Minimum { .. } | Self::Earliest { .. } => "minimum",
            Self::Maximum { .. } | Self::Latest { .. } => "maximum",
            Self::MultipleOf { .. } => "multiple_of",
            Self::NotLaterThanArrival { .. } => "not_later_than_arrival",
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
#[serde(rename_all = "kebab-case")]
pub enum TextFormat {
    /// 8-4-4-4-12 hexadecimal digits (RFC 9562), either case.
    Uuid,
    /// One `@` with a non-empty local part and a dotted domain.
    Email,
    /// Four decimal numbers from 0 to 255 with dots between, without leading zeros.
    Ipv4,
    /// The text forms of RFC 4291, without a zone.
    Ipv6,
    /// Labels of letters, digits and hyphens with dots between (RFC 1123), 253 characters at most.
    Hostname,
    /// An absolute URI (RFC 3986): with a scheme.
    Uri,
    /// An RFC 3339 date-time, with its offset.
    DateTime,
}

/// A date, a time of day or a point in time that the contract names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Moment {
    /// As the contract writes it.
    pub text: String,
    /// In the unit of the column: days, microseconds since midnight, or microseconds since the
    /// epoch.
    pub value: i64,
}

/// An exact decimal constant of the contract: `unscaled / 10^scale`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Decimal {
    /// The digits as an integer.
    pub unscaled: i128,
    /// How many of them are fractional, 0 to 38.
    pub scale: u8,
}
