//! From texts to their type and rules: well-known forms, codes, valid values, lengths.

use contract::{DataType, Normalise, Rule, TextFormat};

use super::profile::Texts;
use super::shapes::Shape;
use super::typing::Typing;

/// Shortest column of text that is proposed, in characters.
const LEAST_CHARS: usize = 16;
/// Longest text a Snowflake column holds, in characters.
const MOST_CHARS: usize = 16_777_216;
/// How often each valid value must have been met, at least.
const LEAST_TIMES: u64 = 3;
/// Longest valid value, in characters.
const LONGEST_VALUE: usize = 40;

/// The type of texts that have no other form than that of text.
pub(crate) fn text(words: &[String], texts: &Texts) -> Typing {
    let has = |shape| texts.shapes.has(shape);
    if has(Shape::Timestamp) {
        return Typing::new(DataType::Timestamp, "RFC 3339 times");
    }
    if has(Shape::Date) {
        return Typing::new(DataType::Date, "dates, YYYY-MM-DD");
    }
    if has(Shape::Time) {
        return Typing::new(DataType::Time, "times of day, HH:MM:SS");
    }
    if has(Shape::Operation) && is_operation(words) {
        return operation();
    }
    if let Some((format, chars, why)) = format(texts) {
        return formatted(format, chars.max(texts.longest), why);
    }
    if let Some((chars, pattern, why)) = code(words, texts) {
        let typing = limited(chars, [Rule::Pattern { pattern: pattern.to_owned() }], why);
        return Typing { normalise: vec![Normalise::Trim, Normalise::Upper], ..typing };
    }
    match valid_values(words, texts) {
        Some(values) => {
            let check = "the sample has no other values; another one rejects its row";
            let why = format!("{} values, each met several times", values.len());
            limited(room(texts.longest), [Rule::OneOf { values }], why).check(check)
        }
        None => limited(room(texts.longest), [], format!("text up to length {}", texts.longest)),
    }
}

/// Whether a name is that of the column that says what a record does.
pub(crate) fn is_operation(words: &[String]) -> bool {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    matches!(
        words.as_slice(),
        ["op" | "operation"] | ["cdc", _] | ["change" | "row", "op" | "operation" | "type"]
    )
}

fn operation() -> Typing {
    let values = ["I", "U", "D"].map(str::to_owned).to_vec();
    let typing = limited(1, [Rule::OneOf { values }], "I, U or D: what a record does");
    Typing { normalise: vec![Normalise::Trim, Normalise::Upper], ..typing }
        .check("does D delete the row, and I or nothing insert it?")
}

/// Text of at most so many characters, with further rules.
fn limited(chars: usize, rules: impl IntoIterator<Item = Rule>, why: impl Into<String>) -> Typing {
    let chars = chars.min(MOST_CHARS) as u32;
    let mut typing = Typing::new(DataType::String { max_chars: Some(chars) }, why);
    typing.rules.push(Rule::MaxLength { chars });
    typing.rules.extend(rules);
    typing
}

fn formatted(format: TextFormat, chars: usize, why: &str) -> Typing {
    let mut typing = limited(chars, [Rule::Format { format }], why);
    if format == TextFormat::Uuid {
        // A UUID has its length by its form.
        typing.rules.retain(|rule| !matches!(rule, Rule::MaxLength { .. }));
    }
    if format == TextFormat::Email {
        typing.normalise = vec![Normalise::Trim, Normalise::Lower];
    }
    typing
}

/// Twice the longest text, rounded up.
fn room(longest: usize) -> usize {
    (2 * longest).next_power_of_two().max(LEAST_CHARS)
}

/// The well-known form of the texts, with the length of the longest there may be.
fn format(texts: &Texts) -> Option<(TextFormat, usize, &'static str)> {
    [
        (Shape::Uuid, TextFormat::Uuid, 36, "UUIDs"),
        (Shape::Email, TextFormat::Email, 254, "e-mail addresses"),
        (Shape::Ipv4, TextFormat::Ipv4, 15, "IPv4 addresses"),
        (Shape::Ipv6, TextFormat::Ipv6, 45, "IPv6 addresses"),
        (Shape::Uri, TextFormat::Uri, 2048, "web addresses"),
    ]
    .into_iter()
    .find(|(shape, ..)| texts.shapes.has(*shape))
    .map(|(_, format, chars, why)| (format, chars, why))
}

/// The pattern of codes, whose values a sample never shows in full.
fn code(words: &[String], texts: &Texts) -> Option<(usize, &'static str, &'static str)> {
    let has = |word: &str| words.iter().any(|other| other == word);
    if has("country") && texts.shapes.has(Shape::TwoLetters) {
        Some((2, "^[A-Z]{2}$", "codes of two letters"))
    } else if has("currency") && texts.shapes.has(Shape::ThreeLetters) {
        Some((3, "^[A-Z]{3}$", "codes of three letters"))
    } else {
        None
    }
}

/// The values of a field that seems to have no others: few, each met several times, and of a name
/// that promises no further ones.
fn valid_values(words: &[String], texts: &Texts) -> Option<Vec<String>> {
    const OPEN: [&str; 26] = [
        "id",
        "uuid",
        "guid",
        "key",
        "name",
        "number",
        "no",
        "code",
        "city",
        "country",
        "region",
        "currency",
        "language",
        "locale",
        "zone",
        "timezone",
        "version",
        "model",
        "brand",
        "host",
        "url",
        "path",
        "title",
        "message",
        "comment",
        "description",
    ];
    let distinct = texts.distinct()?;
    let is_open = words.iter().any(|word| OPEN.contains(&word.as_str()));
    let is_value = |(text, times): (&String, &u64)| {
        *times >= LEAST_TIMES
            && text.trim() == text
            && (1..=LONGEST_VALUE).contains(&text.chars().count())
            && text.split(' ').count() <= 3
    };
    (distinct.len() > 1 && !is_open && distinct.iter().all(is_value))
        .then(|| distinct.keys().cloned().collect())
}
