//! The well-known forms of text.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use contract::TextFormat;
use fluent_uri::Uri;

use crate::decode::time::is_date_time;
use crate::simd::Simd;

/// Whether UTF-8 text has a form. Inlined, so that it is compiled for the instructions of `simd`.
#[inline(always)]
pub(crate) fn has_format(simd: impl Simd, format: TextFormat, text: &[u8]) -> bool {
    match format {
        TextFormat::Uuid => is_uuid(simd, text),
        TextFormat::Email => is_email(text),
        TextFormat::DateTime => is_date_time(text),
        TextFormat::Ipv4 => parses::<Ipv4Addr>(text),
        TextFormat::Ipv6 => parses::<Ipv6Addr>(text),
        TextFormat::Hostname => is_hostname(text),
        TextFormat::Uri => is_uri(text),
    }
}

/// What a text must be that has this form.
pub(crate) fn name(format: TextFormat) -> &'static str {
    match format {
        TextFormat::Uuid => "a UUID",
        TextFormat::Email => "an e-mail address",
        TextFormat::DateTime => "an RFC 3339 time with its offset",
        TextFormat::Ipv4 => "an IPv4 address",
        TextFormat::Ipv6 => "an IPv6 address",
        TextFormat::Hostname => "a host name",
        TextFormat::Uri => "a URI with its scheme",
    }
}

fn parses<T: FromStr>(text: &[u8]) -> bool {
    std::str::from_utf8(text).is_ok_and(|text| text.parse::<T>().is_ok())
}

fn is_uri(text: &[u8]) -> bool {
    std::str::from_utf8(text).is_ok_and(|text| Uri::parse(text).is_ok())
}

/// Labels of at most 63 letters, digits and hyphens, which do not stand at their ends.
fn is_hostname(text: &[u8]) -> bool {
    let is_label = |label: &[u8]| {
        (1..=63).contains(&label.len())
            && label.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
            && !label.starts_with(b"-")
            && !label.ends_with(b"-")
    };
    text.len() <= 253 && text.split(|byte| *byte == b'.').all(is_label)
}

/// Hexadecimal digits, with dashes where they belong.
#[inline(always)]
fn is_uuid(simd: impl Simd, text: &[u8]) -> bool {
    const DASHES: [usize; 4] = [8, 13, 18, 23];
    const DASH_BITS: u32 = 1 << DASHES[0] | 1 << DASHES[1] | 1 << DASHES[2] | 1 << DASHES[3];
    let Ok(text) = <&[u8; 36]>::try_from(text) else { return false };
    let (Some(head), Some(tail)) = (text.first_chunk(), text.last_chunk()) else { return false };
    DASHES.map(|at| text[at] == b'-') == [true; 4]
        && simd.hex(head) == !DASH_BITS
        && simd.hex(tail) == !(DASH_BITS >> 4)
}

/// One `@` between a non-empty local part and a domain with a dot inside; no white space.
fn is_email(text: &[u8]) -> bool {
    let Some(at) = memchr::memchr(b'@', text) else { return false };
    let domain = &text[at + 1..];
    // A dot at the edge of the domain, or two side by side, leave an empty label.
    let mut has_dot = false;
    let mut before = b'.';
    for &byte in domain {
        if byte == b'@' || (byte == b'.' && before == b'.') {
            return false;
        }
        has_dot |= byte == b'.';
        before = byte;
    }
    let has_space = text.iter().fold(false, |has, &byte| has | (byte <= b' ') | (byte == 0x7F));
    at > 0 && has_dot && before != b'.' && !has_space
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::Portable;

    #[test]
    fn a_uuid_has_hexadecimal_digits_and_dashes_in_their_places() {
        let uuid = *b"3f2b8c1e-6a54-4D0f-9B7e-2c1d5e8f9a01";
        let is_uuid = |text: &[u8]| is_uuid(Portable, text);
        assert!(is_uuid(&uuid));
        assert!(!is_uuid(&uuid[1..]) && !is_uuid(b""));
        for at in 0..uuid.len() {
            for byte in 0..=u8::MAX {
                let mut text = uuid;
                text[at] = byte;
                let fits = if uuid[at] == b'-' { byte == b'-' } else { byte.is_ascii_hexdigit() };
                assert_eq!(is_uuid(&text), fits, "{byte} at {at}");
            }
        }
    }

    #[test]
    fn forms_are_those_of_their_standards() {
        for (format, good, bad) in [
            (
                TextFormat::Ipv4,
                &["0.0.0.0", "203.0.113.7", "255.255.255.255"][..],
                &["", "1.2.3", "256.0.0.1", "01.2.3.4", "1.2.3.4.5", " 1.2.3.4", "1.2.3.4/8"][..],
            ),
            (
                TextFormat::Ipv6,
                &["::", "2001:db8::1", "::ffff:203.0.113.7", "1:2:3:4:5:6:7:8"],
                &["", "1.2.3.4", "2001:db8:::1", "fe80::1%eth0", "12345::", "1:2:3:4:5:6:7"],
            ),
            (
                TextFormat::Hostname,
                &["a", "example.com", "3com.com", "xn--mnchen-3ya.de"],
                &["", ".", "example.com.", "-a.de", "a-.de", "a_b.de", "a..b", "münchen.de"],
            ),
            (
                TextFormat::Uri,
                &[
                    "https://example.com/a?b=c#d",
                    "urn:isbn:0451450523",
                    "mailto:a@b.de",
                    "s3://lake/",
                ],
                &[
                    "",
                    "example.com/a",
                    "/a",
                    "https://exa mple.com",
                    "https://a/%zz",
                    "https://a/ü",
                ],
            ),
            (
                TextFormat::DateTime,
                &["2026-11-22T10:20:30Z", "2026-11-22t10:20:30.5+01:00"],
                &[
                    "",
                    "2026-11-22",
                    "2026-11-22T10:20:30",
                    "2026-11-22 10:20:30Z",
                    "2026-02-30T00:00:00Z",
                ],
            ),
        ] {
            let fits = |text: &&&str| has_format(Portable, format, text.as_bytes());
            assert_eq!(good.iter().filter(fits).count(), good.len(), "{format:?} {good:?}");
            assert_eq!(bad.iter().find(fits), None, "{format:?}");
        }
    }
}
