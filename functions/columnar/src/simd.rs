//! Looks at 32 bytes at once: AVX2 where the processor has it, NEON on aarch64, plain integers
//! elsewhere. All answer the same.
#![allow(
    unsafe_code,
    reason = "vector instructions: searching byte by byte took twice the time of the whole decode stage"
)]

/// Number of bytes that are looked at together.
pub(crate) const LANES: usize = 32;

/// What stands in 32 bytes; bit `i` tells of byte `i`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Marks {
    /// The bytes that end a JSON string or may not stand in one as they are: `"`, `\` and
    /// U+0000 to U+001F.
    pub(crate) stops: u32,
    /// The bytes outside ASCII.
    pub(crate) non_ascii: u32,
}

/// A set of instructions; a value of the type proves that the processor has them.
pub(crate) trait Simd: Copy {
    /// Finds what a scanner of JSON strings must know of these bytes.
    fn mark(self, bytes: &[u8; LANES]) -> Marks;

    /// Finds the ASCII digits; bit `i` tells of byte `i`.
    fn digits(self, bytes: &[u8; LANES]) -> u32;

    /// Finds the hexadecimal digits, in either case; bit `i` tells of byte `i`.
    fn hex(self, bytes: &[u8; LANES]) -> u32;
}

/// Work that looks at bytes [`LANES`] at a time.
pub(crate) trait Scan {
    type Output;

    /// Does the work; must be inlined, so that it is compiled for the instructions of `simd`.
    fn run(self, simd: impl Simd) -> Self::Output;
}

/// Does the work with the best instructions this processor has.
pub(crate) fn with_best<S: Scan>(scan: S) -> S::Output {
    #[cfg(target_arch = "x86_64")]
    if let Some(avx2) = Avx2::detect() {
        #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt")]
        fn run<S: Scan>(scan: S, avx2: Avx2) -> S::Output {
            scan.run(avx2)
        }
        // SAFETY: `avx2` proves that the processor has these instructions.
        return unsafe { run(scan, avx2) };
    }
    #[cfg(target_arch = "aarch64")]
    return scan.run(Neon);
    #[cfg(not(target_arch = "aarch64"))]
    scan.run(Portable)
}

/// Plain 64-bit integers.
#[cfg_attr(target_arch = "aarch64", allow(dead_code, reason = "NEON is always there"))]
#[derive(Debug, Clone, Copy)]
pub(crate) struct Portable;

impl Simd for Portable {
    #[inline(always)]
    fn mark(self, bytes: &[u8; LANES]) -> Marks {
        let mut marks = Marks { stops: 0, non_ascii: 0 };
        for (at, word) in bytes.chunks_exact(8).enumerate() {
            let word = word.try_into().map_or(0, u64::from_le_bytes);
            let quotes = zero_bytes(word ^ splat(b'"'));
            let escapes = zero_bytes(word ^ splat(b'\\'));
            let controls = zero_bytes(word & splat(0xE0));
            marks.stops |= gather(quotes | escapes | controls) << (8 * at);
            marks.non_ascii |= gather(word & splat(0x80)) << (8 * at);
        }
        marks
    }

    #[inline(always)]
    fn digits(self, bytes: &[u8; LANES]) -> u32 {
        bytes.chunks_exact(8).enumerate().fold(0, |digits, (at, word)| {
            let word = word.try_into().map_or(0, u64::from_le_bytes) ^ splat(b'0');
            // Up to 9 there is no carry into the high bit.
            let others = (word & splat(0x7F)).wrapping_add(splat(0x7F - 9)) | word;
            digits | gather(!others & splat(0x80)) << (8 * at)
        })
    }

    #[inline(always)]
    fn hex(self, bytes: &[u8; LANES]) -> u32 {
        let at_least = |from: u8, word: u64| word.wrapping_add(splat(0x80 - from));
        bytes.chunks_exact(8).enumerate().fold(0, |hex, (at, word)| {
            let word = word.try_into().map_or(0, u64::from_le_bytes);
            let (ascii, lower) = (word & splat(0x7F), word & splat(0x7F) | splat(0x20));
            let digits = at_least(b'0', ascii) & !at_least(b'9' + 1, ascii);
            let letters = at_least(b'a', lower) & !at_least(b'f' + 1, lower);
            hex | gather((digits | letters) & !word & splat(0x80)) << (8 * at)
        })
    }
}

/// Eight times the same byte.
pub(crate) const fn splat(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// The high bit of each byte that is zero: no other sum has no carry into it.
#[inline(always)]
pub(crate) const fn zero_bytes(word: u64) -> u64 {
    !((word & splat(0x7F)).wrapping_add(splat(0x7F)) | word | splat(0x7F))
}

/// The high bits of the eight bytes as the low eight bits: the product has each of them once in
/// its highest byte.
#[inline(always)]
fn gather(high_bits: u64) -> u32 {
    ((high_bits >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56) as u32
}

#[cfg(target_arch = "x86_64")]
pub(crate) use x86_64::Avx2;

#[cfg(target_arch = "x86_64")]
mod x86_64 {
    use std::arch::x86_64::{
        __m256i, _mm256_and_si256, _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_min_epu8,
        _mm256_movemask_epi8, _mm256_or_si256, _mm256_set1_epi8, _mm256_setzero_si256,
        _mm256_sub_epi8, _mm256_xor_si256,
    };

    use super::{LANES, Marks, Simd};

    /// AVX2; only [`Avx2::detect`] makes one.
    #[derive(Debug, Clone, Copy)]
    pub(crate) struct Avx2(());

    impl Avx2 {
        /// Asks the processor.
        pub(crate) fn detect() -> Option<Self> {
            let has_it = is_x86_feature_detected!("avx2")
                && is_x86_feature_detected!("bmi1")
                && is_x86_feature_detected!("bmi2")
                && is_x86_feature_detected!("lzcnt");
            has_it.then_some(Self(()))
        }
    }

    impl Simd for Avx2 {
        #[inline(always)]
        fn mark(self, bytes: &[u8; LANES]) -> Marks {
            // SAFETY: `self` proves that the processor has AVX2; the load reads the 32 bytes of
            // `bytes`, and needs no alignment.
            unsafe {
                let bytes = _mm256_loadu_si256(bytes.as_ptr().cast::<__m256i>());
                let quotes = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(b'"' as i8));
                let escapes = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(b'\\' as i8));
                let high = _mm256_and_si256(bytes, _mm256_set1_epi8(0xE0_u8 as i8));
                let controls = _mm256_cmpeq_epi8(high, _mm256_setzero_si256());
                let stops = _mm256_or_si256(_mm256_or_si256(quotes, escapes), controls);
                Marks {
                    stops: _mm256_movemask_epi8(stops) as u32,
                    non_ascii: _mm256_movemask_epi8(bytes) as u32,
                }
            }
        }

        #[inline(always)]
        fn digits(self, bytes: &[u8; LANES]) -> u32 {
            // SAFETY: as in `mark`.
            unsafe {
                let bytes = _mm256_loadu_si256(bytes.as_ptr().cast::<__m256i>());
                let values = _mm256_xor_si256(bytes, _mm256_set1_epi8(b'0' as i8));
                let capped = _mm256_min_epu8(values, _mm256_set1_epi8(9));
                _mm256_movemask_epi8(_mm256_cmpeq_epi8(values, capped)) as u32
            }
        }

        #[inline(always)]
        fn hex(self, bytes: &[u8; LANES]) -> u32 {
            // SAFETY: as in `mark`.
            unsafe {
                let bytes = _mm256_loadu_si256(bytes.as_ptr().cast::<__m256i>());
                let lower = _mm256_or_si256(bytes, _mm256_set1_epi8(0x20));
                let up_to = |values, most| {
                    _mm256_cmpeq_epi8(_mm256_min_epu8(values, _mm256_set1_epi8(most)), values)
                };
                let digits = up_to(_mm256_sub_epi8(bytes, _mm256_set1_epi8(b'0' as i8)), 9);
                let letters = up_to(_mm256_sub_epi8(lower, _mm256_set1_epi8(b'a' as i8)), 5);
                _mm256_movemask_epi8(_mm256_or_si256(digits, letters)) as u32
            }
        }
    }
}

#[cfg(target_arch = "aarch64")]
pub(crate) use aarch64::Neon;

#[cfg(target_arch = "aarch64")]
mod aarch64 {
    use std::arch::aarch64::{
        uint8x16_t, vaddv_u8, vandq_u8, vceqq_u8, vcgeq_u8, vcltq_u8, vdupq_n_u8, veorq_u8,
        vget_high_u8, vget_low_u8, vld1q_u8, vorrq_u8, vsubq_u8,
    };

    use super::{LANES, Marks, Simd};

    /// NEON, which every aarch64 processor that runs Linux has.
    #[derive(Debug, Clone, Copy)]
    pub(crate) struct Neon;

    impl Simd for Neon {
        #[inline(always)]
        fn mark(self, bytes: &[u8; LANES]) -> Marks {
            // SAFETY: NEON is part of the target; both loads read within the 32 bytes of `bytes`,
            // and need no alignment.
            unsafe {
                let low = vld1q_u8(bytes.as_ptr());
                let high = vld1q_u8(bytes.as_ptr().add(16));
                let outside = |half| vcgeq_u8(half, vdupq_n_u8(0x80));
                Marks {
                    stops: mask(stops(low)) | mask(stops(high)) << 16,
                    non_ascii: mask(outside(low)) | mask(outside(high)) << 16,
                }
            }
        }

        #[inline(always)]
        fn digits(self, bytes: &[u8; LANES]) -> u32 {
            // SAFETY: as in `mark`.
            unsafe {
                let digits = |half| vcltq_u8(veorq_u8(half, vdupq_n_u8(b'0')), vdupq_n_u8(10));
                mask(digits(vld1q_u8(bytes.as_ptr())))
                    | mask(digits(vld1q_u8(bytes.as_ptr().add(16)))) << 16
            }
        }

        #[inline(always)]
        fn hex(self, bytes: &[u8; LANES]) -> u32 {
            // SAFETY: as in `mark`.
            unsafe {
                let from = |half, first, count| vcltq_u8(vsubq_u8(half, first), vdupq_n_u8(count));
                let hex = |half| {
                    let lower = vorrq_u8(half, vdupq_n_u8(0x20));
                    let digits = from(half, vdupq_n_u8(b'0'), 10);
                    vorrq_u8(digits, from(lower, vdupq_n_u8(b'a'), 6))
                };
                mask(hex(vld1q_u8(bytes.as_ptr())))
                    | mask(hex(vld1q_u8(bytes.as_ptr().add(16)))) << 16
            }
        }
    }

    /// All bits set in the bytes that stop a string.
    ///
    /// # Safety
    /// Needs NEON.
    #[inline(always)]
    unsafe fn stops(bytes: uint8x16_t) -> uint8x16_t {
        // SAFETY: the caller vouches for NEON; nothing is read from memory.
        unsafe {
            let quotes = vceqq_u8(bytes, vdupq_n_u8(b'"'));
            let escapes = vceqq_u8(bytes, vdupq_n_u8(b'\\'));
            let controls = vcltq_u8(bytes, vdupq_n_u8(0x20));
            vorrq_u8(vorrq_u8(quotes, escapes), controls)
        }
    }

    /// One bit a byte of which all bits are set or none.
    ///
    /// # Safety
    /// Needs NEON.
    #[inline(always)]
    unsafe fn mask(bytes: uint8x16_t) -> u32 {
        const BIT: [u8; 16] = [1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128];
        // SAFETY: the caller vouches for NEON; the load reads the 16 bytes of `BIT`.
        unsafe {
            let bits = vandq_u8(bytes, vld1q_u8(BIT.as_ptr()));
            u32::from(vaddv_u8(vget_low_u8(bits))) | u32::from(vaddv_u8(vget_high_u8(bits))) << 8
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the documentation of [`Marks`] says, byte by byte.
    fn expected(bytes: &[u8; LANES]) -> Marks {
        let bits = |holds: fn(u8) -> bool| {
            (0..LANES).fold(0, |mask, at| mask | u32::from(holds(bytes[at])) << at)
        };
        Marks {
            stops: bits(|byte| matches!(byte, b'"' | b'\\' | 0..0x20)),
            non_ascii: bits(|byte| byte >= 0x80),
        }
    }

    fn agrees(bytes: &[u8; LANES]) {
        agrees_with(Portable, bytes);
        #[cfg(target_arch = "x86_64")]
        if let Some(avx2) = Avx2::detect() {
            agrees_with(avx2, bytes);
        }
        #[cfg(target_arch = "aarch64")]
        agrees_with(Neon, bytes);
    }

    fn agrees_with(simd: impl Simd, bytes: &[u8; LANES]) {
        let bits = |holds: fn(&u8) -> bool| {
            (0..LANES).fold(0, |mask, at| mask | u32::from(holds(&bytes[at])) << at)
        };
        assert_eq!(simd.mark(bytes), expected(bytes), "{bytes:?}");
        assert_eq!(simd.digits(bytes), bits(u8::is_ascii_digit), "{bytes:?}");
        assert_eq!(simd.hex(bytes), bits(u8::is_ascii_hexdigit), "{bytes:?}");
    }

    #[test]
    fn every_byte_is_marked_alike_at_every_place() {
        for byte in 0..=u8::MAX {
            agrees(&[byte; LANES]);
            for neighbour in [b'a', b'"', b'0', b'9', 0, 0x1f, 0x20, 0x7f, 0x80, 0xff] {
                for at in 0..LANES {
                    let mut bytes = [neighbour; LANES];
                    bytes[at] = byte;
                    agrees(&bytes);
                }
            }
        }
    }
}
