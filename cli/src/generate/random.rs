//! Randomness that is the same on every machine: integers only, no libm.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// A seeded source of random numbers. The same seed yields the same numbers in every run.
pub(crate) struct Random(ChaCha8Rng);

impl Random {
    pub(crate) fn seeded(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// A number from 0 to `bound - 1`.
    pub(crate) fn below(&mut self, bound: u32) -> u32 {
        ((u64::from(self.0.next_u32()) * u64::from(bound)) >> 32) as u32
    }

    /// An index into a collection of `len` elements.
    pub(crate) fn index(&mut self, len: usize) -> usize {
        ((u128::from(self.0.next_u64()) * len as u128) >> 64) as usize
    }

    /// An element of a non-empty slice, each as likely as the others.
    pub(crate) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.index(items.len())]
    }

    /// Whether an event of this likelihood happens.
    pub(crate) fn happens(&mut self, likelihood: Likelihood) -> bool {
        self.0.next_u64() < likelihood.0
    }

    /// 128 random bits.
    pub(crate) fn bits(&mut self) -> u128 {
        u128::from(self.0.next_u64()) << 64 | u128::from(self.0.next_u64())
    }
}

/// A probability, as the part of 2^64 below which a random number falls.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Likelihood(u64);

impl Likelihood {
    /// `numerator / denominator`.
    pub(crate) const fn ratio(numerator: u64, denominator: u64) -> Self {
        Self(u64::MAX / denominator * numerator)
    }

    /// A probability between 0 and 1.
    pub(crate) fn from_fraction(fraction: f64) -> Self {
        Self((fraction * 2f64.powi(64)) as u64)
    }
}

/// Draws indices with given weights.
pub(crate) struct Weighted {
    cumulative: Vec<u64>,
}

impl Weighted {
    /// Index `i` is drawn with probability `weights[i] / sum(weights)`.
    pub(crate) fn new(weights: impl IntoIterator<Item = u64>) -> Self {
        let cumulative = weights
            .into_iter()
            .scan(0, |sum, weight| {
                *sum += weight;
                Some(*sum)
            })
            .collect();
        Self { cumulative }
    }

    /// Zipf's law with exponent 1: index `i` is drawn in proportion to `1 / (i + 1)`.
    pub(crate) fn zipf(len: u32) -> Self {
        Self::new((1..=u64::from(len)).map(|rank| (1 << 40) / rank))
    }

    pub(crate) fn draw(&self, random: &mut Random) -> usize {
        let total = self.cumulative.last().copied().unwrap_or(0);
        let point = random.index(total as usize) as u64;
        self.cumulative.partition_point(|&upper| upper <= point)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weight_is_a_share_of_the_draws() {
        let weighted = Weighted::new([1, 0, 3]);
        let mut random = Random::seeded(1);
        let mut counts = [0; 3];
        for _ in 0..40_000 {
            counts[weighted.draw(&mut random)] += 1;
        }
        assert_eq!(counts[1], 0);
        assert!((9_500..10_500).contains(&counts[0]), "{counts:?}");
    }

    #[test]
    fn a_likelihood_is_a_share_of_the_trials() {
        let mut random = Random::seeded(1);
        let mut hits = |likelihood| (0..100_000).filter(|_| random.happens(likelihood)).count();
        assert_eq!(hits(Likelihood::from_fraction(0.0)), 0);
        assert_eq!(hits(Likelihood::from_fraction(1.0)), 100_000);
        assert!((900..1_100).contains(&hits(Likelihood::from_fraction(0.01))));
        assert!((900..1_100).contains(&hits(Likelihood::ratio(1, 100))));
    }
}
