//! The forms a text can have. Each is a part of what the transform reads as that type, so that a
//! sample whose texts all have a form is accepted under it.

use std::net::{Ipv4Addr, Ipv6Addr};

/// A form of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A whole number, without needless zeros in front.
    Integer,
    /// A number with digits behind the point, or a whole one.
    Decimal,
    /// A number that may have an exponent.
    Number,
    /// `true` or `false`.
    Boolean,
    /// RFC 3339, also without an offset or with a space for the `T`.
    Timestamp,
    /// `YYYY-MM-DD`.
    Date,
    /// `HH:MM:SS`, with or without a fraction.
    Time,
    /// RFC 9562.
    Uuid,
    /// One `@` and a dotted domain, white space around it or not.
    Email,
    /// Four numbers with dots between.
    Ipv4,
    /// RFC 4291.
    Ipv6,
    /// A web address.
    Uri,
    /// Two letters, as codes of countries are; white space around them or not, in either case.
    TwoLetters,
    /// Three letters, as codes of currencies are; white space around them or not, in either case.
    ThreeLetters,
    /// A telephone number in its international form.
    Phone,
    /// The number of a payment card: the check digit is right.
    Card,
    /// The number of a bank account: the check digits are right.
    Iban,
    /// `I`, `U` or `D`, in either case.
    Operation,
}

type Test = fn(&str) -> bool;

const TESTS: [(Shape, Test); 18] = [
    (Shape::Integer, |text| is_number(text, false, false)),
    (Shape::Decimal, |text| is_number(text, true, false)),
    (Shape::Number, |text| is_number(text, true, true)),
    (Shape::Boolean, |text| matches!(text, "true" | "false")),
    (Shape::Timestamp, is_timestamp),
    (Shape::Date, is_date),
    (Shape::Time, is_time),
    (Shape::Uuid, is_uuid),
    (Shape::Email, is_email),
    (Shape::Ipv4, |text| text.parse::<Ipv4Addr>().is_ok()),
    (Shape::Ipv6, |text| text.parse::<Ipv6Addr>().is_ok()),
    (Shape::Uri, is_uri),
    (Shape::TwoLetters, |text| is_code(text, 2)),
    (Shape::ThreeLetters, |text| is_code(text, 3)),
    (Shape::Phone, is_phone),
    (Shape::Card, is_card),
    (Shape::Iban, is_iban),
    (Shape::Operation, |text| matches!(text, "I" | "U" | "D" | "i" | "u" | "d")),
];

/// The forms that all texts of a field had so far; every form when there was none.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shapes(u32);

impl Default for Shapes {
    fn default() -> Self {
        Self(u32::MAX)
    }
}

impl Shapes {
    /// Strikes the forms that a text does not have.
    pub(crate) fn keep(&mut self, text: &str) {
        for (shape, test) in TESTS {
            if self.has(shape) && !test(text) {
                self.0 &= !(1 << shape as u32);
            }
        }
    }

    /// Whether all texts had the form.
    pub(crate) fn has(self, shape: Shape) -> bool {
        self.0 & (1 << shape as u32) != 0
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether text is a number of JSON.
fn is_number(text: &str, fraction: bool, exponent: bool) -> bool {
    let (mantissa, power) = match text.split_once(['e', 'E']) {
        Some((mantissa, power)) => (mantissa, Some(power)),
        None => (text, None),
    };
    let (whole, decimals) = match mantissa.split_once('.') {
        Some((whole, decimals)) => (whole, Some(decimals)),
        None => (mantissa, None),
    };
    let whole = whole.strip_prefix('-').unwrap_or(whole);
    is_digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && decimals.is_none_or(|decimals| fraction && is_digits(decimals))
        && power.is_none_or(|power| exponent && is_digits(power.trim_start_matches(['+', '-'])))
}

fn is_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_plain = bytes.len() == 10
        && bytes.iter().enumerate().all(|(at, byte)| match at {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    is_plain && text >= "0001" && text.parse::<jiff::civil::Date>().is_ok()
}

/// Whether text is `HH:MM:SS` with up to six digits behind a point.
fn is_time(text: &str) -> bool {
    let (clock, micros) = match text.split_once('.') {
        Some((clock, micros)) => (clock, Some(micros)),
        None => (text, None),
    };
    is_clock(clock) && micros.is_none_or(|micros| is_digits(micros) && micros.len() <= 6)
}

fn is_clock(text: &str) -> bool {
    let parts: Vec<&str> = text.split(':').collect();
    let within = |part: &str, limit: u8| {
        part.len() == 2 && is_digits(part) && part.parse::<u8>().is_ok_and(|value| value < limit)
    };
    matches!(parts.as_slice(), [hour, minute, second]
        if within(hour, 24) && within(minute, 60) && within(second, 60))
}

fn is_timestamp(text: &str) -> bool {
    let (Some(date), Some(rest)) = (text.get(..10), text.get(10..)) else { return false };
    let Some(time) = rest.strip_prefix(['T', 't', ' ']) else { return false };
    let (Some(clock), Some(rest)) = (time.get(..8), time.get(8..)) else { return false };
    let rest = match rest.strip_prefix('.') {
        Some(rest) => {
            let offset = rest.trim_start_matches(|char: char| char.is_ascii_digit());
            if offset.len() == rest.len() {
                return false;
            }
            offset
        }
        None => rest,
    };
    // The first and the last year are left out: an offset may lead out of them.
    is_date(date) && date > "0002" && date < "9999" && is_clock(clock) && is_offset(rest)
}

fn is_offset(text: &str) -> bool {
    match text {
        "" | "Z" | "z" => true,
        _ => text
            .strip_prefix(['+', '-'])
            .is_some_and(|offset| is_clock(&format!("{offset}:00")) && offset.len() == 5),
    }
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36 && uuid::Uuid::try_parse(text).is_ok()
}

fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.trim_matches([' ', '\t']).split_once('@') else {
        return false;
    };
    let is_clean =
        |text: &str| !text.contains(|char: char| char.is_whitespace() || char.is_control());
    let labels: Vec<&str> = domain.split('.').collect();
    !local.is_empty()
        && !domain.contains('@')
        && is_clean(local)
        && is_clean(domain)
        && labels.len() > 1
        && labels.iter().all(|label| !label.is_empty())
}

fn is_uri(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")) else {
        return false;
    };
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/?&=+:,;@!$()*".contains(&byte);
    rest.starts_with(|first: char| first.is_ascii_alphanumeric()) && rest.bytes().all(legal)
}

fn is_code(text: &str, letters: usize) -> bool {
    let code = text.trim_matches([' ', '\t']);
    code.len() == letters && code.bytes().all(|byte| byte.is_ascii_alphabetic())
}

fn is_phone(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    text.starts_with('+')
        && (8..=15).contains(&digits)
        && text[1..].chars().all(|char| char.is_ascii_digit() || " ()-/.".contains(char))
}

/// The check of ISO/IEC 7812-1.
fn is_card(text: &str) -> bool {
    let digits: Vec<u32> = text.chars().filter_map(|char| char.to_digit(10)).collect();
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, digit)| match at % 2 {
            0 => *digit,
            _ => digit * 2 % 10 + digit / 5,
        })
        .sum();
    (13..=19).contains(&digits.len())
        && text.chars().all(|char| char.is_ascii_digit() || " -".contains(char))
        && sum.is_multiple_of(10)
}

/// The check of ISO 13616: the remainder by 97 is 1.
fn is_iban(text: &str) -> bool {
    let text: String = text.split(' ').collect();
    let Some((head, account)) = text.split_at_checked(4) else { return false };
    let is_head = head.as_bytes()[..2].iter().all(u8::is_ascii_uppercase) && is_digits(&head[2..]);
    let number = account.chars().chain(head.chars());
    let remainder = number.map(|char| char.to_digit(36)).try_fold(0, |rest, value| {
        value.map(
            |value| if value < 10 { (rest * 10 + value) % 97 } else { (rest * 100 + value) % 97 },
        )
    });
    is_head && (11..=30).contains(&account.len()) && remainder == Some(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first form of each text, as the table of tests has them.
    #[test]
    fn texts_have_the_forms_their_readers_take() {
        for (shape, texts, others) in [
            (Shape::Integer, &["0", "-7", "12"][..], &["007", "+1", "1.0", "", "-", "1e3"][..]),
            (Shape::Decimal, &["1.50", "-0.1", "3"], &[".5", "1.", "1e3", "01.5"]),
            (Shape::Number, &["1e3", "-1.5E-7"], &["e3", "1e", "NaN", "1e3.5"]),
            (
                Shape::Timestamp,
                &[
                    "2026-11-22T09:15:00Z",
                    "2026-11-22 09:15:00.123456789+01:00",
                    "2026-11-22t00:00:00",
                ],
                &[
                    "2026-11-22",
                    "2026-02-30T00:00:00Z",
                    "2026-11-22T24:00:00Z",
                    "2026-11-22T09:15Z",
                    "2026-11-22T09:15:00.Z",
                    "2026-11-22T09:15:60Z",
                    "2026-11-22T09:15:00+0100",
                ],
            ),
            (Shape::Date, &["2026-02-28"], &["2026-02-29", "20260228", "0000-01-01"]),
            (
                Shape::Time,
                &["23:59:59", "00:00:00.5"],
                &["24:00:00", "9:15:00", "09:15", "09:15:00.1234567"],
            ),
            (
                Shape::Uuid,
                &["3f2b8c1e-6a54-4D0f-9B7e-2c1d5e8f9a01"],
                &["3f2b8c1e6a544d0f9b7e2c1d5e8f9a01"],
            ),
            (
                Shape::Email,
                &["ada@example.com", " a+b@x.y "],
                &["ada@example", "@x.y", "a b@x.y", "a@b@c.d", "a@x..y"],
            ),
            (Shape::Ipv4, &["10.0.0.1"], &["10.0.0.01", "10.0.0", "1.2.3.256"]),
            (Shape::Ipv6, &["::1", "2001:db8::ff"], &["1.2.3.4", "2001"]),
            (
                Shape::Uri,
                &["https://example.com/a?b=c"],
                &["example.com", "https://a b", "https://", "mailto:a@b.c"],
            ),
            (
                Shape::Phone,
                &["+49 170 1234567", "+1 (555) 123-4567"],
                &["0170 1234567", "+49", "+49 170 x"],
            ),
            (
                Shape::Card,
                &["4111 1111 1111 1111", "5500000000000004"],
                &["4111111111111112", "123"],
            ),
            (
                Shape::Iban,
                &["DE89 3704 0044 0532 0130 00", "GB82WEST12345698765432"],
                &["DE88370400440532013000", "DE"],
            ),
            (Shape::TwoLetters, &["DE", " de"], &["DEU", "ÄÖ", "D E"]),
        ] {
            let has = |text: &str| {
                let mut shapes = Shapes::default();
                shapes.keep(text);
                shapes.has(shape)
            };
            assert!(texts.iter().all(|text| has(text)), "{shape:?} {texts:?}");
            for text in others {
                assert!(!has(text), "{shape:?} {text}");
            }
        }
    }
}
