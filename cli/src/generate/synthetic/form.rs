//! Texts of well-known forms. Names and addresses are those kept free for examples (RFC 2606, 3849
//! and 5737): nobody is reached.

use crate::generate::random::Random;
use crate::generate::timeline::write_rfc3339;
use contract::TextFormat;

const FIRST_NAMES: [&str; 12] = [
    "ada", "alan", "barbara", "chen", "edith", "fatima", "grace", "ines", "linus", "noor", "olu",
    "yuki",
];
const DOMAINS: [&str; 3] = ["example.com", "example.net", "example.org"];
const NETWORKS: [&str; 3] = ["192.0.2", "198.51.100", "203.0.113"];
/// 2020-01-01T00:00:00Z.
const YEAR_2020_US: i64 = 1_577_836_800_000_000;
const SIX_YEARS_S: u32 = 6 * 365 * 86_400;

/// A text of this form.
pub(super) fn shaped(format: TextFormat, random: &mut Random) -> String {
    let number = random.below(100_000);
    let domain = *random.pick(&DOMAINS);
    match format {
        TextFormat::Uuid => uuid::Builder::from_u128(random.bits())
            .with_version(uuid::Version::Random)
            .with_variant(uuid::Variant::RFC4122)
            .into_uuid()
            .to_string(),
        TextFormat::Email => format!("{}{number}@{domain}", random.pick(&FIRST_NAMES)),
        TextFormat::Ipv4 => format!("{}.{}", random.pick(&NETWORKS), random.below(256)),
        TextFormat::Ipv6 if random.below(4) == 0 => format!("2001:db8::{}", random.below(10_000)),
        TextFormat::Ipv6 => {
            let groups: Vec<_> = (0..6).map(|_| format!("{:x}", random.below(0x1_0000))).collect();
            format!("2001:db8:{}", groups.join(":"))
        }
        TextFormat::Hostname => format!("host-{number}.{domain}"),
        TextFormat::Uri => format!("https://{domain}/{}?n={number}", random.pick(&FIRST_NAMES)),
        TextFormat::DateTime => {
            let seconds = i64::from(random.below(SIX_YEARS_S));
            let mut text = Vec::new();
            let offset_hours = *random.pick(&[0, 0, 2]);
            write_rfc3339(&mut text, YEAR_2020_US + seconds * 1_000_000, offset_hours);
            String::from_utf8_lossy(&text).into_owned()
        }
    }
}

/// Texts that nearly have this form.
pub(super) fn misshapen(format: TextFormat) -> &'static [&'static str] {
    match format {
        TextFormat::Uuid => &["10025", "3f2b8c1e-6a54-4d0f-9b7e-2c1d5e8f9a0g"],
        TextFormat::Email => &["ada.example.com", "ada@example", "@example.com"],
        TextFormat::Ipv4 => &["192.0.2.256", "192.0.2", "192.0.02.1", "2001:db8::1"],
        TextFormat::Ipv6 => &["2001:db8::g", "2001:db8", "192.0.2.1"],
        TextFormat::Hostname => &["-ada.example.com", "ada..example.com", "ada_1.example.com"],
        TextFormat::Uri => &["example.com/ada", "//example.com", "https://example.com/a b"],
        TextFormat::DateTime => &["yesterday", "2026-11-22", "2026-11-22T25:00:00Z"],
    }
}
