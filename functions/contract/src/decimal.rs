//! Exact decimal constants: reading, writing and comparing them.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use crate::Decimal;

/// Most digits a constant may have, so that it fits `NUMBER(38,s)` and an `i128`.
const MAX_DIGITS: usize = 38;

/// A text that is no decimal constant of at most 38 digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a plain number of at most {MAX_DIGITS} digits")]
pub struct NotADecimal;

impl FromStr for Decimal {
    type Err = NotADecimal;

    /// Reads `-12.50` as 1250 hundredths, negative: digits, with at most one point between two of
    /// them, and a sign. Exponents are not read.
    fn from_str(text: &str) -> Result<Self, NotADecimal> {
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let (whole, fraction) = match unsigned.split_once('.') {
            Some((_, "")) => return Err(NotADecimal),
            Some((whole, fraction)) => (whole, fraction),
            None => (unsigned, ""),
        };
        let digits = [whole, fraction].concat();
        if whole.is_empty()
            || digits.len() > MAX_DIGITS
            || !digits.bytes().all(|byte| byte.is_ascii_digit())
        {
            return Err(NotADecimal);
        }
        let magnitude: i128 = digits.parse().map_err(|_| NotADecimal)?;
        let unscaled = if unsigned.len() < text.len() { -magnitude } else { magnitude };
        Ok(Self { unscaled, scale: fraction.len() as u8 })
    }
}

impl fmt::Display for Decimal {
    /// Writes the constant as a decimal literal with `scale` fractional digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scale = usize::from(self.scale);
        let sign = if self.unscaled < 0 { "-" } else { "" };
        let digits = format!("{:0>width$}", self.unscaled.unsigned_abs(), width = scale + 1);
        let (whole, fraction) = digits.split_at(digits.len() - scale);
        let point = if scale == 0 { "" } else { "." };
        write!(f, "{sign}{whole}{point}{fraction}")
    }
}

impl Decimal {
    /// Compares the values: `1.0` and `1.00` are equal, though `==` tells them apart by their
    /// scale.
    pub fn compare(&self, other: &Self) -> Ordering {
        let (whole, fraction) = self.split();
        let (other_whole, other_fraction) = other.split();
        whole.cmp(&other_whole).then(fraction.cmp(&other_fraction))
    }

    /// Whether a `NUMBER(precision,scale)` holds the value as it is.
    pub(crate) fn fits(&self, precision: u8, scale: u8) -> bool {
        let mut value = *self;
        while value.scale > scale && value.unscaled % 10 == 0 {
            value = Self { unscaled: value.unscaled / 10, scale: value.scale - 1 };
        }
        let digits = value.unscaled.unsigned_abs().checked_ilog10().map_or(0, |log| log + 1);
        value.scale <= scale && digits + u32::from(scale - value.scale) <= u32::from(precision)
    }

    /// Whole part, rounded down, and the fraction above it in units of 10^-38.
    fn split(&self) -> (i128, i128) {
        let unit = 10_i128.pow(u32::from(self.scale));
        let rest = 10_i128.pow(MAX_DIGITS as u32 - u32::from(self.scale));
        (self.unscaled.div_euclid(unit), self.unscaled.rem_euclid(unit) * rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_exactly() {
        for text in ["0", "-1", "12.50", "0.10", "-0.05", "99999999999999999999999999999999999999"]
        {
            assert_eq!(text.parse::<Decimal>().map(|value| value.to_string()), Ok(text.to_owned()));
        }
        for text in ["", "-", ".5", "5.", "1e3", "0x10", "1_000", "+1", ".inf", "1.2.3"] {
            assert_eq!(text.parse::<Decimal>(), Err(NotADecimal), "{text}");
        }
    }

    #[test]
    fn compares_values_of_any_scale() {
        let compare = |left: &str, right: &str| {
            let [left, right]: [Decimal; 2] = [left, right].map(|text| text.parse().unwrap());
            left.compare(&right)
        };
        assert_eq!(compare("1.0", "1.00"), Ordering::Equal);
        assert_eq!(compare("-0.5", "0"), Ordering::Less);
        assert_eq!(compare("-1.25", "-1.5"), Ordering::Greater);
        let smallest = "0.0000000000000000000000000000000000001";
        assert_eq!(compare("99999999999999999999999999999999999999", smallest), Ordering::Greater);
    }
}
