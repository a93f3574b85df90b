//! Bad orders: what is wrong with them.

use super::line::Damage;
use super::random::Random;

use Damage::{CutOff, Omit, Replace};

/// Every way a line goes wrong, with the rule it breaks: ways of one kind stand together, and each
/// kind is as likely as the others.
const DAMAGES: [&[(&str, Damage)]; 9] = [
    &[("json", CutOff)],
    &[
        ("required", Omit("order_id")),
        ("required", Omit("customer_id")),
        ("required", Omit("order_timestamp")),
        ("required", Omit("order_amount")),
        ("required", Replace("currency", b"null")),
        ("required", Omit("quantity")),
        ("required", Replace("product_id", b"null")),
        ("required", Omit("product_category")),
        ("required", Omit("order_status")),
        ("required", Omit("shipping_country")),
    ],
    &[
        ("type", Replace("customer_id", br#"{"id":4711}"#)),
        ("type", Replace("order_timestamp", br#""yesterday""#)),
        ("type", Replace("order_amount", br#"[19.99]"#)),
        ("type", Replace("quantity", br#""many""#)),
    ],
    &[
        ("minimum", Replace("order_amount", b"-19.99")),
        ("minimum", Replace("quantity", b"0")),
        ("maximum", Replace("quantity", b"10001")),
    ],
    &[
        ("one_of", Replace("order_status", br#""lost""#)),
        ("one_of", Replace("order_status", br#""Placed""#)),
    ],
    &[
        ("format", Replace("order_id", br#""10025""#)),
        ("format", Replace("order_id", br#""3f2b8c1e-6a54-4d0f-9b7e-2c1d5e8f9a0g""#)),
    ],
    &[
        ("pattern", Replace("currency", "\"€UR\"".as_bytes())),
        ("pattern", Replace("currency", br#""EU""#)),
        ("pattern", Replace("currency", br#""E1R""#)),
    ],
    &[("precision", Replace("order_amount", b"12.345"))],
    &[
        ("utf8", Replace("customer_id", b"\"C-\xff\xfe\"")),
        ("utf8", Replace("product_category", b"\"caf\xe9\"")),
    ],
];

/// A random defect, and the rule it breaks.
pub(crate) fn draw(random: &mut Random) -> (&'static str, Damage) {
    let ways = random.pick(&DAMAGES);
    *random.pick(ways)
}
