//! One event as one JSON line, as a producer would write it.

use super::catalogue::{Customer, Product};
use super::timeline::write_rfc3339;

/// The state of an order after an event.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    pub(crate) id: u128,
    pub(crate) customer: Customer,
    pub(crate) product: Product,
    pub(crate) quantity: u32,
    pub(crate) amount_cents: u64,
    pub(crate) status: Status,
    pub(crate) payment_method: Option<&'static str>,
    /// Time of the order's latest event, in microseconds since 1970-01-01T00:00:00Z.
    pub(crate) changed_at_us: i64,
}

/// Where an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Placed,
    Paid,
    Shipped,
    Delivered,
    Cancelled,
    Returned,
}

impl Status {
    fn name(self) -> &'static str {
        match self {
            Self::Placed => "placed",
            Self::Paid => "paid",
            Self::Shipped => "shipped",
            Self::Delivered => "delivered",
            Self::Cancelled => "cancelled",
            Self::Returned => "returned",
        }
    }
}

/// What about a line is the producer's choice, not the order's state.
#[derive(Debug, Clone, Default)]
pub(crate) struct Look {
    /// The operation as a JSON value; absent when `None`.
    pub(crate) op: Option<&'static str>,
    /// The operation stands first in the line, not last.
    pub(crate) op_first: bool,
    /// Times carry this offset instead of `Z`.
    pub(crate) offset_hours: u8,
    /// Codes in lower case, addresses in upper case, white space around them.
    pub(crate) sloppy: bool,
    /// The customer's address.
    pub(crate) email: Optional,
    /// Fields the contract does not name, as JSON members.
    pub(crate) extra: Option<&'static str>,
}

/// How a field that need not be there is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Optional {
    #[default]
    Present,
    Null,
    Absent,
}

/// A change that makes a line bad. Fields are those a line always has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Damage {
    /// This field is absent.
    Omit(&'static str),
    /// This field has this value, written as it stands here.
    Replace(&'static str, &'static [u8]),
    /// The line ends in its middle.
    CutOff,
}

/// Writes an event of `order` as a JSON line, newline included, in place of what `out` held.
pub(crate) fn write_line(out: &mut Vec<u8>, order: &Order, look: &Look, damage: Option<Damage>) {
    out.clear();
    let mut fields = Fields { out, damage };
    if look.op_first {
        fields.op(look);
    }
    fields.order(order, look);
    fields.optional(order, look);
    if !look.op_first {
        fields.op(look);
    }
    if let Some(extra) = look.extra {
        fields.separate();
        fields.out.extend_from_slice(extra.as_bytes());
    }
    out.push(b'}');
    if damage == Some(Damage::CutOff) {
        out.truncate(out.len() / 2);
    }
    out.push(b'\n');
}

/// Writes the members of the JSON object, damaging one on the way.
struct Fields<'a> {
    out: &'a mut Vec<u8>,
    damage: Option<Damage>,
}

impl Fields<'_> {
    /// The fields every order has.
    fn order(&mut self, order: &Order, look: &Look) {
        self.field("order_id", |out| write_uuid(out, order.id));
        self.field("customer_id", |out| write_numbered(out, "C-", order.customer.number, 7));
        self.field("order_timestamp", |out| {
            out.push(b'"');
            write_rfc3339(out, order.changed_at_us, look.offset_hours);
            out.push(b'"');
        });
        self.field("order_amount", |out| write_cents(out, order.amount_cents));
        self.field("currency", |out| write_code(out, order.customer.currency, look.sloppy));
        self.field("quantity", |out| write_number(out, u64::from(order.quantity), 1));
        self.field("product_id", |out| write_numbered(out, "P-", order.product.number, 5));
        self.field("product_category", |out| write_text(out, order.product.category));
        self.field("order_status", |out| write_text(out, order.status.name()));
        self.field("shipping_country", |out| write_code(out, order.customer.country, look.sloppy));
    }

    /// The fields an order may lack.
    fn optional(&mut self, order: &Order, look: &Look) {
        if let Some(method) = order.payment_method {
            self.field("payment_method", |out| write_text(out, method));
        }
        match look.email {
            Optional::Present => {
                self.field("customer_email", |out| write_email(out, &order.customer, look.sloppy));
            }
            Optional::Null => self.field("customer_email", |out| out.extend_from_slice(b"null")),
            Optional::Absent => {}
        }
    }

    fn op(&mut self, look: &Look) {
        if let Some(op) = look.op {
            self.field("op", |out| out.extend_from_slice(op.as_bytes()));
        }
    }

    fn field(&mut self, name: &str, write_value: impl FnOnce(&mut Vec<u8>)) {
        let replacement = match self.damage {
            Some(Damage::Omit(damaged)) if damaged == name => return,
            Some(Damage::Replace(damaged, value)) if damaged == name => Some(value),
            _ => None,
        };
        self.separate();
        write_text(self.out, name);
        self.out.push(b':');
        match replacement {
            Some(value) => self.out.extend_from_slice(value),
            None => write_value(self.out),
        }
    }

    fn separate(&mut self) {
        self.out.push(if self.out.is_empty() { b'{' } else { b',' });
    }
}

/// Writes text that needs no escapes.
fn write_text(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
}

fn write_code(out: &mut Vec<u8>, code: &str, sloppy: bool) {
    if sloppy {
        out.extend_from_slice(b"\" ");
        out.extend(code.bytes().map(|byte| byte.to_ascii_lowercase()));
        out.push(b'"');
    } else {
        write_text(out, code);
    }
}

fn write_email(out: &mut Vec<u8>, customer: &Customer, sloppy: bool) {
    let [first, last, domain] = customer.email();
    out.push(b'"');
    let start = out.len();
    out.extend_from_slice(first.as_bytes());
    out.push(b'.');
    out.extend_from_slice(last.as_bytes());
    write_number(out, u64::from(customer.number), 1);
    out.push(b'@');
    out.extend_from_slice(domain.as_bytes());
    if sloppy {
        out[start..].make_ascii_uppercase();
        out.extend_from_slice(b" \\t");
    }
    out.push(b'"');
}

fn write_numbered(out: &mut Vec<u8>, prefix: &str, number: u32, digits: usize) {
    out.push(b'"');
    out.extend_from_slice(prefix.as_bytes());
    write_number(out, u64::from(number), digits);
    out.push(b'"');
}

fn write_cents(out: &mut Vec<u8>, cents: u64) {
    write_number(out, cents / 100, 1);
    out.push(b'.');
    write_number(out, cents % 100, 2);
}

/// Writes a number with at least this many digits.
fn write_number(out: &mut Vec<u8>, value: u64, min_digits: usize) {
    let mut digits = [b'0'; 20];
    let mut start = digits.len();
    let mut rest = value;
    while rest > 0 {
        start -= 1;
        digits[start] = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    let start = start.min(digits.len() - min_digits);
    out.extend_from_slice(&digits[start..]);
}

/// Writes 128 random bits as a version 4 UUID (RFC 9562).
fn write_uuid(out: &mut Vec<u8>, bits: u128) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let bits = bits & !(0xf << 76) & !(0x3 << 62) | 4 << 76 | 2 << 62;
    out.push(b'"');
    for digit in 0..32 {
        if matches!(digit, 8 | 12 | 16 | 20) {
            out.push(b'-');
        }
        out.push(HEX[(bits >> (124 - 4 * digit)) as usize & 0xf]);
    }
    out.push(b'"');
}
