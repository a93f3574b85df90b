//! Texts that obey lengths, patterns, forms and enumerations.

use super::form;
use super::pattern::walk;
use super::value::Value;
use crate::generate::random::{Random, Weighted};
use contract::{Column, Normalise, Rule, TextFormat};
use regex::Regex;
use regex_syntax::hir::Hir;
use std::collections::BTreeSet;

/// Different values of a column; a few of them make most of the rows.
const VALUES: u32 = 200;
/// Texts that are tried before a column is given up.
const TRIES: u32 = 2_000;
/// The longest text that is made to break `max_length`.
const LONGEST_BROKEN: usize = 4_000;

const WORDS: [&str; 24] = [
    "amber",
    "birch",
    "café",
    "delta",
    "echo",
    "fjord",
    "größe",
    "harbour",
    "indigo",
    "juniper",
    "kiosk",
    "lemon",
    "mango",
    "north",
    "opal",
    "\"quoted\"",
    "river",
    "señal",
    "train\\track",
    "umbra",
    "violet",
    "willow",
    "雪線",
    "☃",
];

/// The values of a column of text, normalised.
pub(super) struct Texts {
    rules: Vec<TextRule>,
    normalise: Vec<Normalise>,
    format: Option<TextFormat>,
    is_listed: bool,
    values: Vec<String>,
    demand: Weighted,
}

/// A row rule, made ready.
enum TextRule {
    MinLength(usize),
    MaxLength(usize),
    Pattern { regex: Regex, expression: Hir },
    Format,
    OneOf(Vec<String>),
}

impl Texts {
    /// The values that obey the rules of the column; `None` when none is found.
    pub(super) fn new(column: &Column, random: &mut Random) -> Option<Self> {
        let rules = column.rules.iter().filter_map(text_rule).collect::<Option<Vec<_>>>()?;
        let format = column.rules.iter().find_map(|rule| match rule {
            Rule::Format { format } => Some(*format),
            _ => None,
        });
        let mut texts = Self {
            is_listed: rules.iter().any(|rule| matches!(rule, TextRule::OneOf(_))),
            rules,
            normalise: column.normalise.clone(),
            format,
            values: Vec::new(),
            demand: Weighted::zipf(0),
        };
        let mut known = BTreeSet::new();
        for _ in 0..TRIES {
            if texts.values.len() == VALUES as usize {
                break;
            }
            let candidate = texts.candidate(random);
            if texts.first_broken(&candidate, true).is_none() && known.insert(candidate.clone()) {
                texts.values.push(candidate);
            }
        }
        texts.demand = Weighted::zipf(texts.values.len() as u32);
        (!texts.values.is_empty()).then_some(texts)
    }

    /// One of the values.
    pub(super) fn draw(&self, random: &mut Random) -> Value {
        let at = match self.is_listed {
            true => random.index(self.values.len()),
            false => self.demand.draw(random),
        };
        Value::Text(self.values[at].clone())
    }

    /// A value that has probably not been drawn before, where there are so many.
    pub(super) fn fresh(&self, random: &mut Random) -> Value {
        let candidate = self.candidate(random);
        match self.first_broken(&candidate, true) {
            None => Value::Text(candidate),
            Some(_) => self.draw(random),
        }
    }

    /// The text as a sloppy producer writes it; normalisation makes it right.
    pub(super) fn sloppy(&self, text: &str) -> String {
        self.normalise.iter().fold(text.to_owned(), |text, step| match step {
            Normalise::Trim => format!(" {text}\t"),
            Normalise::Upper => text.to_ascii_lowercase(),
            Normalise::Lower => text.to_ascii_uppercase(),
        })
    }

    /// Values that break a rule, and the rule.
    pub(super) fn broken(&self) -> Vec<(&'static str, Value)> {
        let mut found = Vec::new();
        let misshapen = self.format.map_or(&[][..], form::misshapen);
        for text in misshapen.iter().map(|text| (*text).to_owned()) {
            if self.first_broken(&text, false) == Some("format") {
                found.push(("format", Value::Text(text)));
            }
        }
        // Of a text that is changed nobody knows whether it still has its form.
        let format_at = self.rules.iter().position(|rule| matches!(rule, TextRule::Format));
        let known = &self.rules[..format_at.unwrap_or(self.rules.len())];
        for rule in known {
            let candidates = match rule {
                TextRule::MinLength(chars) => vec!["x".repeat(chars.saturating_sub(1))],
                TextRule::MaxLength(chars) if *chars < LONGEST_BROKEN => {
                    vec!["x".repeat(chars + 1)]
                }
                TextRule::Pattern { .. } | TextRule::OneOf(_) => self.changed(),
                _ => continue,
            };
            let broken = candidates
                .into_iter()
                .filter(|text| self.first_broken(text, true) == Some(rule.name()));
            found.extend(broken.take(3).map(|text| (rule.name(), Value::Text(text))));
        }
        found
    }

    /// Values with something changed.
    fn changed(&self) -> Vec<String> {
        let mut found: Vec<String> = ["lost", "0", "-", "~~~"].map(str::to_owned).into();
        for text in self.values.iter().take(3) {
            let without_last: String =
                text.chars().take(text.chars().count().saturating_sub(1)).collect();
            let other_end = format!("{without_last}~");
            found.extend([without_last, other_end, format!("{text}~"), format!("~{text}")]);
            found.push(text.chars().map(|char| if char == '-' { '_' } else { '-' }).collect());
        }
        found
    }

    /// A text, normalised, that obeys most rules.
    fn candidate(&self, random: &mut Random) -> String {
        let listed = self.rules.iter().find_map(|rule| match rule {
            TextRule::OneOf(values) => Some(values),
            _ => None,
        });
        let expression = self.rules.iter().find_map(|rule| match rule {
            TextRule::Pattern { expression, .. } => Some(expression),
            _ => None,
        });
        let text = match (listed, self.format, expression) {
            (Some(values), ..) => random.pick(values).clone(),
            (_, Some(format), _) => form::shaped(format, random),
            (_, _, Some(expression)) => {
                let mut text = String::new();
                walk(expression, random, &mut text);
                text
            }
            _ => self.words(random),
        };
        normalised(&text, &self.normalise)
    }

    /// A few words and a number, of a length that is allowed.
    fn words(&self, random: &mut Random) -> String {
        let (mut least, mut most) = (1, usize::MAX);
        for rule in &self.rules {
            match rule {
                TextRule::MinLength(chars) => least = least.max(*chars),
                TextRule::MaxLength(chars) => most = most.min(*chars),
                _ => {}
            }
        }
        let mut text = (*random.pick(&WORDS)).to_owned();
        while random.below(2) == 0 || text.chars().count() < least {
            text.push(' ');
            let word: &&str = random.pick(&WORDS);
            text.push_str(word);
        }
        let number = format!(" {}", random.below(1_000_000));
        if text.chars().count() + number.len() <= most {
            return text + &number;
        }
        text.chars().take(most).collect()
    }

    /// The first rule that the normalised text breaks; `has_form` says of the format.
    fn first_broken(&self, text: &str, has_form: bool) -> Option<&'static str> {
        let text = normalised(text, &self.normalise);
        let length = text.chars().count();
        let obeys = |rule: &TextRule| match rule {
            TextRule::MinLength(chars) => length >= *chars,
            TextRule::MaxLength(chars) => length <= *chars,
            TextRule::Pattern { regex, .. } => regex.is_match(&text),
            TextRule::Format => has_form,
            TextRule::OneOf(values) => values.contains(&text),
        };
        self.rules.iter().find(|rule| !obeys(rule)).map(TextRule::name)
    }
}

impl TextRule {
    fn name(&self) -> &'static str {
        match self {
            Self::MinLength(_) => "min_length",
            Self::MaxLength(_) => "max_length",
            Self::Pattern { .. } => "pattern",
            Self::Format => "format",
            Self::OneOf(_) => "one_of",
        }
    }
}

/// The rule made ready, if it is one of text; `Some(None)` for a pattern that cannot be read.
fn text_rule(rule: &Rule) -> Option<Option<TextRule>> {
    let ready = match rule {
        Rule::MinLength { chars } => TextRule::MinLength(*chars as usize),
        Rule::MaxLength { chars } => TextRule::MaxLength(*chars as usize),
        Rule::Pattern { pattern } => match (Regex::new(pattern), regex_syntax::parse(pattern)) {
            (Ok(regex), Ok(expression)) => TextRule::Pattern { regex, expression },
            _ => return Some(None),
        },
        Rule::Format { .. } => TextRule::Format,
        Rule::OneOf { values } => TextRule::OneOf(values.clone()),
        _ => return None,
    };
    Some(Some(ready))
}

fn normalised(text: &str, steps: &[Normalise]) -> String {
    steps.iter().fold(text.to_owned(), |text, step| match step {
        Normalise::Trim => text.trim_matches([' ', '\t', '\r', '\n']).to_owned(),
        Normalise::Upper => text.to_ascii_uppercase(),
        Normalise::Lower => text.to_ascii_lowercase(),
    })
}
