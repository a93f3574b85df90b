//! Finds and reads values that are written as most are: texts without escapes, short numbers.

use crate::decode::decimal::{parse_long, parse_short};
use crate::decode::shape::window;
use crate::simd::{LANES, Simd};

/// Not zero where a byte outside ASCII may have been met.
pub(crate) struct NonAscii(pub(crate) u32);

/// The end of the string whose first byte is at `start`, if it has no escapes.
#[inline(always)]
pub(crate) fn scan_plain_string(
    simd: impl Simd,
    text: &[u8],
    start: usize,
    non_ascii: &mut NonAscii,
) -> Option<usize> {
    let mut at = start;
    loop {
        let marks = simd.mark(window(text, at)?);
        non_ascii.0 |= marks.non_ascii;
        if marks.stops != 0 {
            let stop = at + marks.stops.trailing_zeros() as usize;
            return (text[stop] == b'"').then_some(stop);
        }
        at += LANES;
    }
}

/// The value at `scale` of the number at `start`, and its end, if it is short and has no exponent.
#[inline(always)]
pub(crate) fn parse_plain_number(
    simd: impl Simd,
    text: &[u8],
    start: usize,
    scale: u8,
) -> Option<(i64, usize)> {
    let end = scan_plain_number(simd, text, start)?;
    let window = text.get(start..)?.first_chunk()?;
    let value =
        parse_short(window, end - start, scale).or_else(|| parse_long(&text[start..end], scale))?;
    Some((value, end))
}

/// The end of the number at `start`, if it is short and has no exponent.
#[inline(always)]
fn scan_plain_number(simd: impl Simd, text: &[u8], start: usize) -> Option<usize> {
    const LONG: usize = 20;
    let window = window(text, start)?;
    let minus = usize::from(window[0] == b'-');
    let digits = simd.digits(window) >> minus;
    let whole = digits.trailing_ones() as usize;
    let fraction = (digits >> (whole + 1).min(LANES - 1)).trailing_ones() as usize;
    let (has_fraction, length) = match window.get(minus + whole)? {
        b'.' => (true, minus + whole + 1 + fraction),
        _ => (false, minus + whole),
    };
    let is_plain = whole > 0
        && length < LONG
        && (window[minus] != b'0' || whole == 1)
        && (!has_fraction || fraction > 0)
        && window[length] | 0x20 != b'e';
    is_plain.then_some(start + length)
}
