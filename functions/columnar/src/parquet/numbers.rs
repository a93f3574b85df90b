//! Dictionaries of numbers that repeat.

use super::pages::Presence;

/// Most numbers of a dictionary.
const MAX_NUMBERS: usize = 1 << 13;
/// Most slots of the table that finds them, which is at most half full.
const MAX_SLOTS: usize = 2 * MAX_NUMBERS;
/// Longest search; numbers made to collide cost the column its dictionary and no time.
const MAX_PROBES: usize = 64;
/// Rows after which a column that hardly repeats is given up.
const TRIAL_ROWS: usize = 2048;
const VACANT: u32 = u32::MAX;

/// The distinct numbers in the order in which they came, and for each row which it has. `None`
/// where fewer than two rows share a number, on average.
pub(super) fn dictionary<T>(numbers: &[T], presence: Presence<'_>) -> Option<(Vec<u32>, Vec<T>)>
where
    T: Copy + Eq + Into<i64>,
{
    let mut keys = Vec::with_capacity(numbers.len());
    let mut distinct: Vec<T> = Vec::new();
    let mut slots = vec![VACANT; (numbers.len() * 2).next_power_of_two().min(MAX_SLOTS)];
    let mut last = None;
    for (row, &number) in numbers.iter().enumerate() {
        if presence.is_null(row) {
            keys.push(0);
            continue;
        }
        let key = match last {
            Some((same, key)) if same == number => key,
            _ => find(number, &mut slots, &mut distinct)?,
        };
        last = Some((number, key));
        keys.push(key);
        let hardly_repeats = row == TRIAL_ROWS && distinct.len() > TRIAL_ROWS / 4 * 3;
        if hardly_repeats || distinct.len() > MAX_NUMBERS {
            return None;
        }
    }
    (!distinct.is_empty() && distinct.len() <= numbers.len() / 2).then_some((keys, distinct))
}

/// The key of a number, which is added if it is new; `None` if it finds no place.
#[inline]
fn find<T>(number: T, slots: &mut [u32], distinct: &mut Vec<T>) -> Option<u32>
where
    T: Copy + Eq + Into<i64>,
{
    let mask = slots.len() - 1;
    let spread = (number.into() as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    // The high bits depend on all bits of the number.
    let home = (spread >> 32) as usize;
    for probe in 0..MAX_PROBES {
        let slot = &mut slots[(home + probe) & mask];
        if *slot == VACANT {
            *slot = distinct.len() as u32;
            distinct.push(number);
            return Some(*slot);
        }
        if distinct[*slot as usize] == number {
            return Some(*slot);
        }
    }
    None
}
