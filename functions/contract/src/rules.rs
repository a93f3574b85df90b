//! From `logicalTypeOptions` to the row rules of a column.

use std::cmp::Ordering;

use regex::Regex;

use crate::error::Found;
use crate::odcs;
use crate::read::Fields;
use crate::yaml::Node;
use crate::{DataType, Decimal, Rule, TextFormat};

/// Characters in a UUID.
const UUID_CHARS: u32 = 36;

/// Reads the options of a column of the given type, in the order the rules are checked.
pub(crate) fn from_options(options: Option<&Node>, data_type: DataType) -> Found<'_, Vec<Rule>> {
    let keys = match data_type {
        DataType::String { .. } => &odcs::STRING_OPTIONS,
        DataType::Integer | DataType::Decimal { .. } | DataType::Double => &odcs::NUMBER_OPTIONS,
        DataType::Date => &odcs::DATE_OPTIONS,
        DataType::Timestamp => &odcs::TIMESTAMP_OPTIONS,
        DataType::Boolean => &odcs::NO_OPTIONS,
    };
    let fields = options.map(|node| node.fields(keys)).transpose()?;
    match (data_type, fields) {
        (DataType::String { max_chars }, fields) => text_rules(fields, max_chars),
        (_, None) => Ok(Vec::new()),
        (DataType::Integer, Some(fields)) => number_rules(fields, &["i64"]),
        (DataType::Decimal { .. }, Some(fields)) => number_rules(fields, &[]),
        (DataType::Double, Some(fields)) => number_rules(fields, &["f64"]),
        (DataType::Date, Some(fields)) => {
            expect(fields.get("format"), &["yyyy-MM-dd"]).map(|()| Vec::new())
        }
        (DataType::Timestamp, Some(fields)) => {
            expect(fields.get("defaultTimezone"), &["Etc/UTC", "UTC"]).map(|()| Vec::new())
        }
        (DataType::Boolean, Some(_)) => Ok(Vec::new()),
    }
}

/// Accepts a key only with a value that says what the pipeline does anyway.
fn expect<'a>(node: Option<&'a Node>, accepted: &[&str]) -> Found<'a, ()> {
    let Some(node) = node else { return Ok(()) };
    let text = node.text()?;
    if accepted.contains(&text) {
        return Ok(());
    }
    if accepted.is_empty() {
        return node.fail("the physicalType decides the form");
    }
    Err(node.not_among(text, accepted.iter().copied()))
}

fn text_rules<'a>(fields: Option<Fields<'a>>, declared: Option<u32>) -> Found<'a, Vec<Rule>> {
    let get = |key| fields.and_then(|fields| fields.get(key));
    let longest = match get("maxLength") {
        Some(node) => Some(at_most(node, declared)?),
        None => declared,
    };
    let format = get("format").map(|node| text_format(node, longest)).transpose()?;
    let mut rules = Vec::new();
    if let Some(node) = get("minLength") {
        rules.push(Rule::MinLength { chars: at_most(node, longest)? });
    }
    // A UUID has its length by its form.
    if let Some(chars) = longest.filter(|_| format != Some(TextFormat::Uuid)) {
        rules.push(Rule::MaxLength { chars });
    }
    rules.extend(get("pattern").map(pattern).transpose()?);
    rules.extend(format.map(|format| Rule::Format { format }));
    Ok(rules)
}

/// Reads a number of characters that must not exceed the longest value.
fn at_most(node: &Node, longest: Option<u32>) -> Found<'_, u32> {
    let chars = node.count()?;
    match longest {
        Some(longest) if chars > longest => {
            node.fail(format!("no value is longer than {longest} characters"))
        }
        _ => Ok(chars),
    }
}

fn text_format(node: &Node, longest: Option<u32>) -> Found<'_, TextFormat> {
    let format = node.choice(&[("uuid", TextFormat::Uuid), ("email", TextFormat::Email)])?;
    match longest {
        Some(longest) if format == TextFormat::Uuid && longest < UUID_CHARS => {
            node.fail(format!("a UUID has {UUID_CHARS} characters, the column {longest}"))
        }
        _ => Ok(format),
    }
}

/// Reads a regular expression that the transform can run.
pub(crate) fn pattern(node: &Node) -> Found<'_, Rule> {
    let pattern = node.text()?;
    match Regex::new(pattern) {
        Ok(_) => Ok(Rule::Pattern { pattern: pattern.to_owned() }),
        Err(error) => {
            let message = error.to_string();
            let cause = message.lines().last().unwrap_or_default();
            let cause = cause.strip_prefix("error: ").unwrap_or(cause);
            node.fail(format!("`{pattern}` is not a regular expression: {cause}"))
        }
    }
}

/// A bound with the node it stands in.
struct Bound<'a> {
    node: &'a Node,
    value: Decimal,
    exclusive: bool,
}

fn number_rules<'a>(fields: Fields<'a>, formats: &[&str]) -> Found<'a, Vec<Rule>> {
    expect(fields.get("format"), formats)?;
    let low = bound(fields, "minimum", "exclusiveMinimum")?;
    let high = bound(fields, "maximum", "exclusiveMaximum")?;
    if let (Some(low), Some(high)) = (&low, &high) {
        match low.value.compare(&high.value) {
            Ordering::Less => {}
            Ordering::Equal if !low.exclusive && !high.exclusive => {}
            _ => {
                return low
                    .node
                    .fail(format!("no value is within {} and {}", low.value, high.value));
            }
        }
    }
    let low = low.map(|low| Rule::Minimum { bound: low.value, exclusive: low.exclusive });
    let high = high.map(|high| Rule::Maximum { bound: high.value, exclusive: high.exclusive });
    Ok(low.into_iter().chain(high).collect())
}

fn bound<'a>(fields: Fields<'a>, inclusive: &str, exclusive: &str) -> Found<'a, Option<Bound<'a>>> {
    let (node, is_exclusive) = match (fields.get(inclusive), fields.get(exclusive)) {
        (None, None) => return Ok(None),
        (Some(_), Some(node)) => {
            return node.fail(format!("give either `{inclusive}` or `{exclusive}`"));
        }
        (Some(node), None) => (node, false),
        (None, Some(node)) => (node, true),
    };
    Ok(Some(Bound { node, value: node.decimal()?, exclusive: is_exclusive }))
}
