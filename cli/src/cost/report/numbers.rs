//! Numbers for people: rounded, with their thousands set apart.

use rust_decimal::Decimal;

/// Dollars a GB.
pub(crate) fn usd_per_gb(usd: Decimal) -> String {
    fixed(usd, 5)
}

/// Dollars a month.
pub(crate) fn usd_per_month(usd: Decimal) -> String {
    fixed(usd, 2)
}

/// A number with at most so many decimals, thousands set apart.
pub(crate) fn figure(value: Decimal, decimals: u32) -> String {
    grouped(&value.round_dp(decimals).normalize().to_string())
}

/// A number with exactly so many decimals.
fn fixed(value: Decimal, decimals: u32) -> String {
    let mut rounded = value.round_dp(decimals);
    rounded.rescale(decimals);
    grouped(&rounded.to_string())
}

fn grouped(digits: &str) -> String {
    let (whole, rest) = digits.find('.').map_or((digits, ""), |at| digits.split_at(at));
    let mut out = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) && !out.ends_with('-') {
            out.push(',');
        }
        out.push(digit);
    }
    out + rest
}
