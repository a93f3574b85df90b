//! Compares the row rules of a column: which rows are rejected that were accepted, and the reverse.

use std::cmp::Ordering;

use contract::{DataType, Decimal, Moment, Rule, TextFormat};

use super::change::{Changes, Matched, matched};

/// What a rule's change does.
const TIGHTENED: &str = "rows that were accepted are rejected";
const LOOSENED: &str = "rows are accepted that were rejected; consumers meet values they did not";

/// Compares rules with the types of their columns.
pub(crate) fn compare(
    place: &str,
    old: (&[Rule], DataType),
    new: (&[Rule], DataType),
    changes: &mut Changes,
) {
    let (old, new) = (numbered(old), numbered(new));
    let Matched { removed, added, both, is_reordered } =
        matched(&old, &new, |(rule, number)| (rule.name(), *number));
    for (rule, _) in removed {
        changes.additive(place, format!("no {} any more", shown(rule)), LOOSENED);
    }
    for (rule, _) in added {
        changes.breaking(place, format!("{} added", shown(rule)), TIGHTENED);
    }
    for ((old, _), (new, _)) in both {
        if old != new {
            compare_rule(place, old, new, changes);
        }
    }
    if is_reordered {
        changes.neutral(
            place,
            "rules reordered",
            "of several that fail another one names the reject",
        );
    }
}

/// The rules that the type does not imply, each with its number among those of its name.
fn numbered((rules, data_type): (&[Rule], DataType)) -> Vec<(&Rule, usize)> {
    let is_implied = |rule: &Rule| match (rule, data_type) {
        (Rule::MaxLength { chars }, DataType::String { max_chars }) => max_chars == Some(*chars),
        _ => false,
    };
    let stated: Vec<&Rule> = rules.iter().filter(|rule| !is_implied(rule)).collect();
    let number =
        |at: usize| stated[..at].iter().filter(|rule| rule.name() == stated[at].name()).count();
    (0..stated.len()).map(|at| (stated[at], number(at))).collect()
}

fn compare_rule(place: &str, old: &Rule, new: &Rule, changes: &mut Changes) {
    if let (Rule::OneOf { values }, Rule::OneOf { values: new_values }) = (old, new) {
        return compare_values(place, values, new_values, changes);
    }
    let change = format!("{}, was {}", shown(new), shown(old));
    match strictness(old, new) {
        Some(Ordering::Greater) => {
            changes.breaking(place, change, format!("tightened: {TIGHTENED}"))
        }
        Some(Ordering::Less) => changes.additive(place, change, format!("loosened: {LOOSENED}")),
        Some(Ordering::Equal) => {
            changes.neutral(place, change, "the same bound, written differently")
        }
        None => changes.breaking(place, change, "rows that were accepted may be rejected"),
    }
}

fn compare_values(place: &str, old: &[String], new: &[String], changes: &mut Changes) {
    let Matched { removed, added, is_reordered, .. } = matched(old, new, |value| value.as_str());
    if !removed.is_empty() {
        let list = list(removed);
        changes.breaking(
            place,
            format!("valid values narrowed by {list}"),
            "rows with these values are rejected",
        );
    }
    if !added.is_empty() {
        let list = list(added);
        changes.additive(
            place,
            format!("valid values widened by {list}"),
            "consumers meet values they did not",
        );
    }
    if is_reordered {
        changes.neutral(place, "valid values reordered", "nothing else changes");
    }
}

fn list(values: Vec<&String>) -> String {
    values.into_iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

/// Whether the new rule accepts less (`Greater`) or more (`Less`) than the old one; `None` when
/// neither holds for certain.
fn strictness(old: &Rule, new: &Rule) -> Option<Ordering> {
    match (old, new) {
        (
            Rule::Minimum { bound, exclusive },
            Rule::Minimum { bound: new, exclusive: new_exclusive },
        ) => Some(new.compare(bound).then(new_exclusive.cmp(exclusive))),
        (
            Rule::Maximum { bound, exclusive },
            Rule::Maximum { bound: new, exclusive: new_exclusive },
        ) => Some(bound.compare(new).then(new_exclusive.cmp(exclusive))),
        (
            Rule::Earliest { bound, exclusive },
            Rule::Earliest { bound: new, exclusive: new_exclusive },
        ) => Some(new.value.cmp(&bound.value).then(new_exclusive.cmp(exclusive))),
        (
            Rule::Latest { bound, exclusive },
            Rule::Latest { bound: new, exclusive: new_exclusive },
        ) => Some(bound.value.cmp(&new.value).then(new_exclusive.cmp(exclusive))),
        (Rule::MinLength { chars }, Rule::MinLength { chars: new }) => Some(new.cmp(chars)),
        (Rule::MaxLength { chars }, Rule::MaxLength { chars: new }) => Some(chars.cmp(new)),
        (
            Rule::NotLaterThanArrival { tolerance_seconds },
            Rule::NotLaterThanArrival { tolerance_seconds: new },
        ) => Some(tolerance_seconds.cmp(new)),
        _ => None,
    }
}

/// A rule in words.
fn shown(rule: &Rule) -> String {
    let bound = |word: &str, bound: &dyn std::fmt::Display, exclusive: bool| {
        format!("{word} {bound}{}", if exclusive { " (exclusive)" } else { "" })
    };
    match rule {
        Rule::Minimum { bound: value, exclusive } => {
            bound("minimum", value as &Decimal, *exclusive)
        }
        Rule::Maximum { bound: value, exclusive } => {
            bound("maximum", value as &Decimal, *exclusive)
        }
        Rule::Earliest { bound: Moment { text, .. }, exclusive } => {
            bound("minimum", text, *exclusive)
        }
        Rule::Latest { bound: Moment { text, .. }, exclusive } => {
            bound("maximum", text, *exclusive)
        }
        Rule::MultipleOf { unit } => format!("multiple of {unit}"),
        Rule::NotLaterThanArrival { tolerance_seconds } => {
            format!("not later than {tolerance_seconds} s after arrival")
        }
        Rule::MinLength { chars } => format!("at least {chars} characters"),
        Rule::MaxLength { chars } => format!("at most {chars} characters"),
        Rule::Pattern { pattern } => format!("pattern {pattern}"),
        Rule::Format { format } => format!("format {}", form(*format)),
        Rule::OneOf { values } => format!("valid values {}", values.join(", ")),
    }
}

fn form(format: TextFormat) -> &'static str {
    match format {
        TextFormat::Uuid => "uuid",
        TextFormat::Email => "email",
        TextFormat::Ipv4 => "ipv4",
        TextFormat::Ipv6 => "ipv6",
        TextFormat::Hostname => "hostname",
        TextFormat::Uri => "uri",
        TextFormat::DateTime => "date-time",
    }
}
