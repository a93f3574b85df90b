//! Bad rows: what is wrong with them.

use super::line::Damage;
use super::random::Random;
use serde::Serialize;
use std::collections::BTreeMap;

/// The kinds of bad rows. A line of any kind is never a valid row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Defect {
    /// The line ends in the middle.
    MalformedJson,
    /// A required field is absent or null.
    MissingRequired,
    /// A value has a type its column cannot take.
    WrongType,
    /// A number is below its minimum or above its maximum.
    OutOfRange,
    /// A status the contract does not list.
    UnknownStatus,
    /// An order_id that is not a UUID.
    BadUuid,
    /// A currency that is not three letters.
    BadCurrency,
    /// An amount in fractions of a cent.
    TooManyDecimals,
    /// Bytes that are not UTF-8.
    InvalidUtf8,
}

use Damage::{CutOff, Omit, Replace};

/// Every way a line goes wrong; a kind with several lines is wrong in one of these ways.
const DAMAGES: [(Defect, &[Damage]); 9] = [
    (Defect::MalformedJson, &[CutOff]),
    (
        Defect::MissingRequired,
        &[
            Omit("order_id"),
            Omit("customer_id"),
            Omit("order_timestamp"),
            Omit("order_amount"),
            Replace("currency", b"null"),
            Omit("quantity"),
            Replace("product_id", b"null"),
            Omit("product_category"),
            Omit("order_status"),
            Omit("shipping_country"),
        ],
    ),
    (
        Defect::WrongType,
        &[
            Replace("customer_id", br#"{"id":4711}"#),
            Replace("order_timestamp", br#""yesterday""#),
            Replace("order_amount", br#"[19.99]"#),
            Replace("quantity", br#""many""#),
        ],
    ),
    (
        Defect::OutOfRange,
        &[
            Replace("order_amount", b"-19.99"),
            Replace("quantity", b"0"),
            Replace("quantity", b"10001"),
        ],
    ),
    (
        Defect::UnknownStatus,
        &[Replace("order_status", br#""lost""#), Replace("order_status", br#""Placed""#)],
    ),
    (
        Defect::BadUuid,
        &[
            Replace("order_id", br#""10025""#),
            Replace("order_id", br#""3f2b8c1e-6a54-4d0f-9b7e-2c1d5e8f9a0g""#),
        ],
    ),
    (
        Defect::BadCurrency,
        &[
            Replace("currency", "\"€UR\"".as_bytes()),
            Replace("currency", br#""EU""#),
            Replace("currency", br#""E1R""#),
        ],
    ),
    (Defect::TooManyDecimals, &[Replace("order_amount", b"12.345")]),
    (
        Defect::InvalidUtf8,
        &[Replace("customer_id", b"\"C-\xff\xfe\""), Replace("product_category", b"\"caf\xe9\"")],
    ),
];

/// How many bad rows of each kind were made; every kind is listed.
pub(crate) type DefectCounts = BTreeMap<Defect, u64>;

/// No bad row of any kind.
pub(crate) fn no_defects() -> DefectCounts {
    DAMAGES.iter().map(|(defect, _)| (*defect, 0)).collect()
}

/// A random defect: each kind is as likely as the others.
pub(crate) fn draw(random: &mut Random) -> (Defect, Damage) {
    let (defect, ways) = random.pick(&DAMAGES);
    (*defect, *random.pick(ways))
}
