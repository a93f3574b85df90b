//! Texts that match a regular expression, by a random walk over it.

use crate::generate::random::Random;
use regex_syntax::hir::{Class, ClassUnicode, Hir, HirKind};

/// How often something is repeated at most beyond what it must be, where nothing bounds it.
const UNBOUNDED: u32 = 8;
/// A walk that has made so much is not worth going on with.
const MOST_BYTES: usize = 64 * 1_024;

/// What is preferred from a class of characters that has more.
const PRINTABLE: (char, char) = (' ', '~');

/// Appends a text that the expression matches; word boundaries are left to chance.
pub(super) fn walk(expression: &Hir, random: &mut Random, out: &mut String) {
    if out.len() > MOST_BYTES {
        return;
    }
    match expression.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => out.push_str(&String::from_utf8_lossy(&literal.0)),
        HirKind::Class(Class::Unicode(class)) => out.extend(character(class, random)),
        HirKind::Class(Class::Bytes(class)) => {
            out.extend(class.to_unicode_class().and_then(|class| character(&class, random)));
        }
        HirKind::Repetition(repetition) => {
            let least = repetition.min;
            let most = repetition.max.unwrap_or(least.saturating_add(UNBOUNDED));
            let times = least + random.below((most - least).saturating_add(1));
            for _ in 0..times {
                walk(&repetition.sub, random, out);
            }
        }
        HirKind::Capture(capture) => walk(&capture.sub, random, out),
        HirKind::Concat(parts) => parts.iter().for_each(|part| walk(part, random, out)),
        HirKind::Alternation(ways) => walk(random.pick(ways), random, out),
    }
}

/// A character of the class, a printable one of ASCII if it has such.
fn character(class: &ClassUnicode, random: &mut Random) -> Option<char> {
    let all = || class.ranges().iter().map(|range| (range.start(), range.end()));
    let printable: Vec<_> = all()
        .map(|(start, end)| (start.max(PRINTABLE.0), end.min(PRINTABLE.1)))
        .filter(|(start, end)| start <= end)
        .collect();
    let ranges = if printable.is_empty() { all().collect() } else { printable };
    let size = |(start, end): &(char, char)| (*end as usize) - (*start as usize) + 1;
    let mut place = random.index(ranges.iter().map(size).sum::<usize>().max(1));
    for range in ranges {
        if place < size(&range) {
            // Surrogates, in the middle of a range, are no characters.
            return char::from_u32(range.0 as u32 + place as u32).or(Some(range.0));
        }
        place -= size(&range);
    }
    None
}
