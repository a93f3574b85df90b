//! The distinct texts of a column, found by content: the dictionary while it is built.
//!
//! Open addressing with linear probing. The table is small, so that it stays in the cache, and what
//! it points to stands in the order in which texts came, so that frequent ones stand together.
//! Texts of up to [`SHORT`] bytes are compared by their print alone. Probing is bounded, so that
//! texts made to collide cost a column its dictionary and never more time: no random seed is
//! needed, and what is written stays a function of the input.

use crate::columns::Text;

/// Longest search for a text. With the table at most half full, honest texts do not come near.
const MAX_PROBES: usize = 128;
const FIRST_SLOTS: usize = 1024;
/// Longest text that is compared by its print alone.
pub(crate) const SHORT: usize = 15;
/// What stands for the length of a longer text.
const LONG: u8 = u8::MAX;
/// Odd numbers with as many ones as zeros (the fractional digits of pi).
const MIX: [u64; 4] =
    [0x243f_6a88_85a3_08d3, 0x1319_8a2e_0370_7345, 0xa409_3822_299f_31d1, 0x082e_fa98_ec4e_6c89];

/// Distinct texts, numbered in the order in which they came.
#[derive(Debug, Clone, Default)]
pub(crate) struct Words {
    texts: Text,
    prints: Vec<Print>,
    slots: Vec<Slot>,
}

#[derive(Debug, Clone, Copy)]
struct Slot {
    /// Half of the hash, the other half of which leads here.
    tag: u32,
    /// Number of the text, [`Slot::VACANT`] if there is none.
    word: u32,
}

/// What tells a text from others: of up to [`SHORT`] bytes all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Print {
    first: u64,
    /// The highest byte is the length, or [`LONG`].
    second: u64,
}

/// A text that is not among the words, and where it belongs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Vacancy {
    print: Print,
    slot: usize,
}

impl Slot {
    const VACANT: u32 = u32::MAX;
    const EMPTY: Self = Self { tag: 0, word: Self::VACANT };
}

impl Words {
    /// Number of words.
    pub(crate) fn len(&self) -> usize {
        self.texts.len()
    }

    /// The words in their order.
    pub(crate) fn texts(&self) -> &Text {
        &self.texts
    }

    /// Words known to be distinct, which are only read from now on.
    pub(crate) fn of_distinct(texts: Text) -> Self {
        Self { texts, ..Self::default() }
    }

    /// Forgets all words and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.texts.clear();
        self.prints.clear();
        self.slots.clear();
    }

    /// The number of the word with this print, or its vacancy; `Err(None)` if probing met its bound.
    #[inline(always)]
    pub(crate) fn find(&self, text: &[u8], print: Print) -> Result<u32, Option<Vacancy>> {
        if self.slots.is_empty() {
            return Err(Some(Vacancy { print, slot: 0 }));
        }
        let mask = self.slots.len() - 1;
        let hash = print.hash();
        let mut at = hash as usize & mask;
        for _ in 0..MAX_PROBES {
            let slot = self.slots[at];
            let is_same = slot.tag == tag(hash)
                && self.prints.get(slot.word as usize) == Some(&print)
                && (text.len() <= SHORT || self.texts.get(slot.word as usize) == text);
            if is_same {
                return Ok(slot.word);
            }
            if slot.word == Slot::VACANT {
                return Err(Some(Vacancy { print, slot: at }));
            }
            at = (at + 1) & mask;
        }
        Err(None)
    }

    /// Adds the word that was not found and returns its number, or `None` if it found no place
    /// within the bound of probing.
    pub(crate) fn insert(&mut self, text: &[u8], vacancy: Vacancy) -> Option<u32> {
        let word = self.texts.len() as u32;
        self.texts.push(text);
        self.prints.push(vacancy.print);
        if self.fits() {
            self.slots[vacancy.slot] = Slot { tag: tag(vacancy.print.hash()), word };
            return Some(word);
        }
        self.rebuild().then_some(word)
    }

    /// Forgets the word that came last. As nothing was placed after it, no search runs through
    /// its slot.
    pub(crate) fn pop(&mut self) {
        let Some(last) = self.texts.len().checked_sub(1) else { return };
        let mask = self.slots.len().wrapping_sub(1);
        let home = self.prints[last].hash() as usize;
        let found = (0..self.slots.len().min(MAX_PROBES))
            .map(|probe| (home + probe) & mask)
            .find(|at| self.slots[*at].word as usize == last);
        if let Some(at) = found {
            self.slots[at] = Slot::EMPTY;
        }
        self.texts.truncate(last);
        self.prints.truncate(last);
        if !self.fits() {
            self.rebuild();
        }
    }

    /// Whether the table has the size that so many words have: that and their order decide where
    /// each is placed, so that it makes no difference which others there were meanwhile.
    fn fits(&self) -> bool {
        self.slots.len() == slots_for(self.texts.len())
    }

    /// Places all words in their order; returns whether all found a place.
    fn rebuild(&mut self) -> bool {
        let slots = slots_for(self.texts.len());
        self.slots.clear();
        self.slots.resize(slots, Slot::EMPTY);
        self.prints.iter().zip(0..).all(|(print, word)| {
            let hash = print.hash();
            let vacant = (0..MAX_PROBES)
                .map(|probe| (hash as usize + probe) & (slots - 1))
                .find(|at| self.slots[*at].word == Slot::VACANT);
            if let Some(at) = vacant {
                self.slots[at] = Slot { tag: tag(hash), word };
            }
            vacant.is_some()
        })
    }
}

/// At least twice as many slots as words.
fn slots_for(words: usize) -> usize {
    (words * 2).next_power_of_two().max(FIRST_SLOTS)
}

impl Print {
    /// The print of any text.
    pub(crate) fn of(text: &[u8]) -> Self {
        if text.len() > SHORT {
            return Self::of_long(text);
        }
        let mut window = [0; 16];
        window[..text.len()].copy_from_slice(text);
        Self::of_short(&window, text.len())
    }

    /// The print of the text that is the first `length` bytes of `window`, at most [`SHORT`].
    #[inline(always)]
    pub(crate) fn of_short(window: &[u8; 16], length: usize) -> Self {
        let keep = |bytes: usize| u64::MAX >> (64 - 8 * bytes.clamp(1, 8));
        let some = |bytes: usize| if bytes == 0 { 0 } else { keep(bytes) };
        Self {
            first: word8(window, 0) & some(length),
            second: word8(window, 8) & some(length.saturating_sub(8)) | (length as u64) << 56,
        }
    }

    /// The print of a text longer than [`SHORT`]: all of it mixed, and its end.
    #[inline(always)]
    pub(crate) fn of_long(text: &[u8]) -> Self {
        let end = word8(text, text.len() - 8) >> 8;
        Self { first: digest(text), second: end | u64::from(LONG) << 56 }
    }

    #[inline(always)]
    fn hash(self) -> u64 {
        fold(self.first ^ MIX[0], self.second ^ MIX[1])
    }
}

#[inline(always)]
fn tag(hash: u64) -> u32 {
    (hash >> 32) as u32
}

/// Mixes all bytes of a text of 16 or more.
#[inline(always)]
fn digest(text: &[u8]) -> u64 {
    let mut state = MIX[2] ^ text.len() as u64;
    let mut at = 0;
    while at + 16 < text.len() {
        state = fold(state ^ word8(text, at), word8(text, at + 8) ^ MIX[3]);
        at += 16;
    }
    fold(state ^ word8(text, text.len() - 16), word8(text, text.len() - 8) ^ MIX[3])
}

/// Both halves of the product: each of its bits depends on most bits of the factors.
#[inline(always)]
fn fold(left: u64, right: u64) -> u64 {
    let product = u128::from(left) * u128::from(right);
    product as u64 ^ (product >> 64) as u64
}

#[inline(always)]
fn word8(text: &[u8], at: usize) -> u64 {
    text[at..at + 8].try_into().map_or(0, u64::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn number(words: &mut Words, text: &[u8]) -> Option<u32> {
        match words.find(text, Print::of(text)) {
            Ok(word) => Some(word),
            Err(Some(vacancy)) => words.insert(text, vacancy),
            Err(None) => None,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(50))]

        #[test]
        fn numbers_texts_as_an_ordered_map_does(
            texts in proptest::collection::vec("[ab]{0,5}|[a-c]{6,40}", 0..3000),
            popped in 0_usize..5,
        ) {
            let mut words = Words::default();
            let mut known: Vec<&str> = Vec::new();
            let mut numbers = BTreeMap::new();
            for text in &texts {
                let expected = *numbers.entry(text).or_insert_with(|| {
                    known.push(text);
                    known.len() - 1
                });
                prop_assert_eq!(number(&mut words, text.as_bytes()), Some(expected as u32));
            }
            for _ in 0..popped.min(known.len()) {
                words.pop();
                let gone = known.pop().unwrap_or_default();
                prop_assert!(words.find(gone.as_bytes(), Print::of(gone.as_bytes())).is_err());
            }
            for (at, text) in known.iter().enumerate() {
                prop_assert_eq!(words.find(text.as_bytes(), Print::of(text.as_bytes())).ok(), Some(at as u32));
            }
        }
    }

    #[test]
    fn texts_made_to_collide_end_the_search_early() {
        let mut words = Words::default();
        // A first half that cancels its constant makes every product zero.
        let colliding = |n: u64| [&MIX[0].to_le_bytes(), &n.to_le_bytes()[..7]].concat();
        let placed =
            (0..10_000).take_while(|n| number(&mut words, &colliding(*n)).is_some()).count();
        assert_eq!(placed, MAX_PROBES);
        assert!(number(&mut words, b"other").is_some());
    }
}
