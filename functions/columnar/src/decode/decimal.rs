//! Exact decimals from text: no value passes through a float.

use crate::simd::{splat, zero_bytes};

/// Why a text is not the number it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NumberError {
    /// Not of the form at all.
    Malformed,
    /// A number, but with more digits than the type holds.
    DoesNotFit,
}

/// Parses a JSON number (RFC 8259, section 6; the caller has checked the grammar or not) into
/// `value * 10^scale`, exactly. `1.50`, `15e-1` and `1.5` are the same value.
///
/// # Errors
/// [`NumberError::DoesNotFit`] when a non-zero digit lies beyond `scale` or the result has more
/// than `precision` digits.
pub(crate) fn parse_decimal(text: &[u8], precision: u8, scale: u8) -> Result<i128, NumberError> {
    let (negative, digits) = match text.split_first() {
        Some((b'-', rest)) => (true, rest),
        _ => (false, text),
    };
    let (mantissa, exponent) = parse_parts(digits)?;
    let unscaled = shift(mantissa, exponent.saturating_add(i64::from(scale)))?;
    if unscaled >= 10_i128.pow(u32::from(precision)) {
        return Err(NumberError::DoesNotFit);
    }
    Ok(if negative { -unscaled } else { unscaled })
}

/// Parses a JSON number that is a whole number within 64 bits. `5.0` and `5e0` are 5.
///
/// # Errors
/// As [`parse_decimal`].
pub(crate) fn parse_integer(text: &[u8]) -> Result<i64, NumberError> {
    i64::try_from(parse_decimal(text, 19, 0)?).map_err(|_| NumberError::DoesNotFit)
}

/// Parses what most numbers are, at the start of `window`: `length` bytes, at most eight beside the
/// sign, without an exponent, with no more decimals than `scale`. `None` leaves the text to
/// [`parse_decimal`]; the grammar is the caller's matter.
#[inline(always)]
pub(crate) fn parse_short(window: &[u8; 9], length: usize, scale: u8) -> Option<i64> {
    let minus = usize::from(window[0] == b'-');
    let length = length - minus;
    if length > 8 {
        return None;
    }
    let word = window[minus..minus + 8].try_into().map_or(0, u64::from_le_bytes);
    let text = u64::MAX >> (64 - 8 * length);
    let point = zero_bytes(word ^ splat(b'.')) & text;
    let (digits, count, decimals) = if point == 0 {
        (word, length, 0)
    } else {
        let before = point.trailing_zeros() / 8;
        let low = (1 << (8 * before)) - 1;
        ((word & low) | ((word >> 8) & !low), length - 1, length - 1 - before as usize)
    };
    let digits = (digits ^ splat(b'0')) << (64 - 8 * count);
    if (digits.wrapping_add(splat(0x7F - 9)) | digits) & splat(0x80) != 0 {
        return None;
    }
    let missing = usize::from(scale).checked_sub(decimals)?;
    let value = join_digits(digits) as i64 * POWERS.get(missing)?;
    Some(if minus == 1 { -value } else { value })
}

/// Parses a longer number: at most eighteen digits, without an exponent, with no more decimals than
/// `scale`. `None` leaves the text to [`parse_decimal`]; the grammar is the caller's matter.
#[inline(always)]
pub(crate) fn parse_long(text: &[u8], scale: u8) -> Option<i64> {
    let minus = usize::from(text.first() == Some(&b'-'));
    let text = text.get(minus..)?;
    let (mut value, mut point) = (0_i64, None);
    for (at, byte) in text.iter().enumerate() {
        match byte {
            b'.' => point = Some(at),
            digit => {
                value = value.wrapping_mul(10).wrapping_add(i64::from(digit.wrapping_sub(b'0')))
            }
        }
    }
    let digits = text.len() - usize::from(point.is_some());
    let decimals = point.map_or(0, |point| text.len() - 1 - point);
    let missing = usize::from(scale).checked_sub(decimals)?;
    if digits > 18 {
        return None;
    }
    let value = value.checked_mul(*POWERS.get(missing)?)?;
    Some(if minus == 1 { -value } else { value })
}

/// The number that eight digits are, the first in the lowest byte: pairs are joined, then pairs of
/// pairs.
#[inline(always)]
pub(crate) const fn join_digits(digits: u64) -> u64 {
    let pairs = digits.wrapping_mul(10 << 8 | 1) >> 8 & 0x00FF_00FF_00FF_00FF;
    let fours = pairs.wrapping_mul(100 << 16 | 1) >> 16 & 0x0000_FFFF_0000_FFFF;
    fours.wrapping_mul(10_000 << 32 | 1) >> 32
}

/// Powers of ten that eight digits can be multiplied with.
const POWERS: [i64; 11] = {
    let mut powers = [1; 11];
    let mut at = 1;
    while at < 11 {
        powers[at] = powers[at - 1] * 10;
        at += 1;
    }
    powers
};

/// Splits an unsigned number into a mantissa without trailing zeros and a power of ten.
fn parse_parts(text: &[u8]) -> Result<(i128, i64), NumberError> {
    let (mut mantissa, mut zeros, mut fraction, mut digits) = (0_i128, 0_u32, 0_i64, 0_usize);
    let mut seen_point = false;
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        match byte {
            b'0'..=b'9' => {
                digits += 1;
                fraction += i64::from(seen_point);
                if byte == b'0' {
                    zeros += 1;
                } else {
                    let power = if mantissa == 0 { 1 } else { power_of_ten(zeros + 1)? };
                    mantissa = mantissa
                        .checked_mul(power)
                        .and_then(|shifted| shifted.checked_add(i128::from(byte - b'0')))
                        .ok_or(NumberError::DoesNotFit)?;
                    zeros = 0;
                }
            }
            b'.' if !seen_point && digits > 0 => seen_point = true,
            b'e' | b'E' if digits > 0 => break,
            _ => return Err(NumberError::Malformed),
        }
        at += 1;
    }
    if digits == 0 || text.get(at.wrapping_sub(1)) == Some(&b'.') {
        return Err(NumberError::Malformed);
    }
    let exponent = if at < text.len() { parse_exponent(&text[at + 1..])? } else { 0 };
    Ok((mantissa, exponent.saturating_add(i64::from(zeros) - fraction)))
}

fn parse_exponent(text: &[u8]) -> Result<i64, NumberError> {
    let (negative, digits) = match text.split_first() {
        Some((b'-', rest)) => (true, rest),
        Some((b'+', rest)) => (false, rest),
        _ => (false, text),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(NumberError::Malformed);
    }
    let value = digits.iter().fold(0_i64, |value, digit| {
        value.saturating_mul(10).saturating_add(i64::from(digit - b'0'))
    });
    Ok(if negative { -value } else { value })
}

/// `mantissa * 10^power`; as the mantissa has no trailing zeros, a negative power always loses a
/// digit.
fn shift(mantissa: i128, power: i64) -> Result<i128, NumberError> {
    if mantissa == 0 {
        return Ok(0);
    }
    let power = u32::try_from(power).map_err(|_| NumberError::DoesNotFit)?;
    mantissa.checked_mul(power_of_ten(power)?).ok_or(NumberError::DoesNotFit)
}

fn power_of_ten(power: u32) -> Result<i128, NumberError> {
    10_i128.checked_pow(power).ok_or(NumberError::DoesNotFit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn decimals_are_exact() {
        let table: &[(&str, Result<i128, NumberError>)] = &[
            ("0", Ok(0)),
            ("-0", Ok(0)),
            ("12.5", Ok(1250)),
            ("12.50", Ok(1250)),
            ("12.500000000000000000000000000000000000000000000000", Ok(1250)),
            ("0.1", Ok(10)),
            ("-0.01", Ok(-1)),
            ("1e2", Ok(10_000)),
            ("1.2345e2", Ok(12_345)),
            ("125e-1", Ok(1250)),
            ("1.23456e2", Err(NumberError::DoesNotFit)),
            ("1E+3", Ok(100_000)),
            ("0e999999999999999999999", Ok(0)),
            ("12.345", Err(NumberError::DoesNotFit)),
            ("9999999999.99", Ok(999_999_999_999)),
            ("10000000000", Err(NumberError::DoesNotFit)),
            ("1e400", Err(NumberError::DoesNotFit)),
            ("1e-400", Err(NumberError::DoesNotFit)),
            ("123456789012345678901234567890123456789012", Err(NumberError::DoesNotFit)),
            ("", Err(NumberError::Malformed)),
            ("-", Err(NumberError::Malformed)),
            ("1.", Err(NumberError::Malformed)),
            (".5", Err(NumberError::Malformed)),
            ("1e", Err(NumberError::Malformed)),
            ("1e+", Err(NumberError::Malformed)),
            ("1..2", Err(NumberError::Malformed)),
            ("1 ", Err(NumberError::Malformed)),
            ("NaN", Err(NumberError::Malformed)),
        ];
        for (text, expected) in table {
            assert_eq!(parse_decimal(text.as_bytes(), 12, 2), *expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn short_numbers_are_what_all_are(
            text in "-?(0|[1-9][0-9]{0,7})(\\.[0-9]{1,4})?([eE][0-9])?", after in "[,} 0-9.]{9}", scale in 0_u8..5,
        ) {
            let window = format!("{text}{after}");
            let window = window.as_bytes().first_chunk().expect("nine bytes follow");
            if let Some(value) = parse_short(window, text.len(), scale) {
                prop_assert_eq!(parse_decimal(text.as_bytes(), 38, scale), Ok(i128::from(value)));
            } else {
                let plain = text.trim_start_matches('-');
                let decimals = plain.split_once('.').map_or(0, |(_, decimals)| decimals.len());
                let is_short = plain.len() <= 8 && decimals <= usize::from(scale);
                prop_assert!(!is_short || text.contains(['e', 'E']));
            }
        }

        #[test]
        fn long_numbers_are_what_all_are(
            text in "-?(0|[1-9][0-9]{0,19})(\\.[0-9]{1,9})?", scale in 0_u8..10,
        ) {
            if let Some(value) = parse_long(text.as_bytes(), scale) {
                prop_assert_eq!(parse_decimal(text.as_bytes(), 38, scale), Ok(i128::from(value)));
            } else {
                let plain = text.trim_start_matches('-');
                let decimals = plain.split_once('.').map_or(0, |(_, decimals)| decimals.len());
                let whole = plain.len() - decimals;
                prop_assert!(decimals > scale.into() || whole + usize::from(scale) > 18);
            }
        }
    }

    #[test]
    fn integers_are_whole_and_fit_64_bits() {
        assert_eq!(parse_integer(b"9223372036854775807"), Ok(i64::MAX));
        assert_eq!(parse_integer(b"-9223372036854775808"), Ok(i64::MIN));
        assert_eq!(parse_integer(b"9223372036854775808"), Err(NumberError::DoesNotFit));
        assert_eq!(parse_integer(b"5.0"), Ok(5));
        assert_eq!(parse_integer(b"5.5"), Err(NumberError::DoesNotFit));
    }
}
