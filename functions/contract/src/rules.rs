//! From `logicalTypeOptions` to the row rules of a column.

use std::cmp::Ordering;

use regex::Regex;

use crate::error::Found;
use crate::odcs;
use crate::read::{Fields, Keys};
use crate::yaml::Node;
use crate::{DataType, Decimal, Moment, Rule, TextFormat};

/// Characters in a UUID.
const UUID_CHARS: u32 = 36;

/// Reads the options of a column of the given type, in the order the rules are checked.
pub(crate) fn from_options(options: Option<&Node>, data_type: DataType) -> Found<'_, Vec<Rule>> {
    let keys = match data_type {
        DataType::String { .. } => &odcs::STRING_OPTIONS,
        DataType::Integer | DataType::Decimal { .. } => &odcs::NUMBER_OPTIONS,
        DataType::Double => &odcs::DOUBLE_OPTIONS,
        DataType::Date => &odcs::DATE_OPTIONS,
        DataType::Timestamp => &odcs::TIMESTAMP_OPTIONS,
        DataType::Time => &odcs::TIME_OPTIONS,
        DataType::Boolean => &odcs::NO_OPTIONS,
        DataType::Object => &odcs::OBJECT_OPTIONS,
        DataType::Array => &odcs::ARRAY_OPTIONS,
    };
    let fields = options.map(|node| node.fields(keys)).transpose()?;
    let Some(fields) = fields else {
        return match data_type {
            DataType::String { max_chars } => text_rules(None, max_chars),
            _ => Ok(Vec::new()),
        };
    };
    match data_type {
        DataType::String { max_chars } => text_rules(Some(fields), max_chars),
        DataType::Integer => integer_rules(fields),
        DataType::Decimal { .. } => {
            expect(fields.get("format"), &[])?;
            number_rules(fields)
        }
        DataType::Double => {
            expect(fields.get("format"), &["f64"])?;
            number_rules(fields)
        }
        DataType::Date => {
            expect(fields.get("format"), &["yyyy-MM-dd"])?;
            moment_rules(fields, Moment::date, "a date, 'YYYY-MM-DD'")
        }
        DataType::Timestamp => {
            expect(fields.get("defaultTimezone"), &["Etc/UTC", "UTC"])?;
            moment_rules(fields, Moment::timestamp, "an RFC 3339 time with its offset")
        }
        DataType::Time => {
            expect(fields.get("format"), &["HH:mm:ss"])?;
            moment_rules(fields, Moment::time, "a time of day, 'HH:MM:SS'")
        }
        DataType::Boolean | DataType::Object | DataType::Array => Ok(Vec::new()),
    }
}

/// Reads how much later than its arrival a timestamp may be.
pub(crate) fn arrival(node: Option<&Node>, data_type: DataType) -> Found<'_, Option<Rule>> {
    let Some(node) = node else { return Ok(None) };
    if data_type != DataType::Timestamp {
        return node.fail("only a timestamp is compared with the arrival");
    }
    let fields = node.fields(&TOLERANCE)?;
    let unit =
        fields.require("unit")?.choice(&[("s", 1), ("m", 60), ("h", 3600), ("d", 86_400)])?;
    let value = fields.require("value")?;
    match value.count()?.checked_mul(unit) {
        Some(tolerance_seconds) => Ok(Some(Rule::NotLaterThanArrival { tolerance_seconds })),
        None => value.fail("too long"),
    }
}

const TOLERANCE: Keys = Keys { read: &["value", "unit"], documentation: &[], refused: &[] };

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
    let format = node.choice(&[
        ("uuid", TextFormat::Uuid),
        ("email", TextFormat::Email),
        ("ipv4", TextFormat::Ipv4),
        ("ipv6", TextFormat::Ipv6),
        ("hostname", TextFormat::Hostname),
        ("uri", TextFormat::Uri),
        ("date-time", TextFormat::DateTime),
    ])?;
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
struct Bound<'a, T> {
    node: &'a Node,
    value: T,
    exclusive: bool,
}

/// The integers of the standard's formats that 64 bits with a sign hold.
const INTEGER_FORMATS: [(&str, (i64, i64)); 7] = [
    ("i8", (i8::MIN as i64, i8::MAX as i64)),
    ("i16", (i16::MIN as i64, i16::MAX as i64)),
    ("i32", (i32::MIN as i64, i32::MAX as i64)),
    ("i64", (i64::MIN, i64::MAX)),
    ("u8", (0, u8::MAX as i64)),
    ("u16", (0, u16::MAX as i64)),
    ("u32", (0, u32::MAX as i64)),
];

fn integer_rules(fields: Fields<'_>) -> Found<'_, Vec<Rule>> {
    let mut rules = number_rules(fields)?;
    if let Some(node) = fields.get("format") {
        let (least, greatest) = node.choice(&INTEGER_FORMATS)?;
        let bound = |value: i64| Decimal { unscaled: value.into(), scale: 0 };
        if (least, greatest) != (i64::MIN, i64::MAX) {
            rules.push(Rule::Minimum { bound: bound(least), exclusive: false });
            rules.push(Rule::Maximum { bound: bound(greatest), exclusive: false });
        }
    }
    Ok(rules)
}

fn number_rules(fields: Fields<'_>) -> Found<'_, Vec<Rule>> {
    let (low, high) = bounds(fields, Node::decimal)?;
    if let (Some(low), Some(high)) = (&low, &high) {
        let order = low.value.compare(&high.value);
        check_order(order, low, high, &low.value.to_string(), &high.value.to_string())?;
    }
    let low = low.map(|low| Rule::Minimum { bound: low.value, exclusive: low.exclusive });
    let high = high.map(|high| Rule::Maximum { bound: high.value, exclusive: high.exclusive });
    let unit = fields.get("multipleOf").map(unit).transpose()?;
    Ok(low.into_iter().chain(high).chain(unit).collect())
}

fn unit(node: &Node) -> Found<'_, Rule> {
    let unit = node.decimal()?;
    if unit.unscaled <= 0 {
        return node.fail("must be above zero");
    }
    Ok(Rule::MultipleOf { unit })
}

/// Rules of dates, times and timestamps; `form` says what `read` reads.
fn moment_rules<'a>(
    fields: Fields<'a>,
    read: fn(&str) -> Option<Moment>,
    form: &str,
) -> Found<'a, Vec<Rule>> {
    let (low, high) = bounds(fields, |node| {
        let text = node.text()?;
        read(text).ok_or_else(|| node.problem(format!("`{text}` is not {form}")))
    })?;
    if let (Some(low), Some(high)) = (&low, &high) {
        let order = low.value.value.cmp(&high.value.value);
        check_order(order, low, high, &low.value.text, &high.value.text)?;
    }
    let low = low.map(|low| Rule::Earliest { bound: low.value, exclusive: low.exclusive });
    let high = high.map(|high| Rule::Latest { bound: high.value, exclusive: high.exclusive });
    Ok(low.into_iter().chain(high).collect())
}

/// Checks that there are values between two bounds.
fn check_order<'a, T>(
    order: Ordering,
    low: &Bound<'a, T>,
    high: &Bound<'a, T>,
    least: &str,
    greatest: &str,
) -> Found<'a, ()> {
    match order {
        Ordering::Less => Ok(()),
        Ordering::Equal if !low.exclusive && !high.exclusive => Ok(()),
        _ => low.node.fail(format!("no value is within {least} and {greatest}")),
    }
}

/// The lower and the upper bound, where there are such.
type Bounds<'a, T> = (Option<Bound<'a, T>>, Option<Bound<'a, T>>);

fn bounds<'a, T>(
    fields: Fields<'a>,
    read: impl Fn(&'a Node) -> Found<'a, T>,
) -> Found<'a, Bounds<'a, T>> {
    let low = bound(fields, "minimum", "exclusiveMinimum", &read)?;
    Ok((low, bound(fields, "maximum", "exclusiveMaximum", &read)?))
}

fn bound<'a, T>(
    fields: Fields<'a>,
    inclusive: &str,
    exclusive: &str,
    read: &impl Fn(&'a Node) -> Found<'a, T>,
) -> Found<'a, Option<Bound<'a, T>>> {
    let (node, is_exclusive) = match (fields.get(inclusive), fields.get(exclusive)) {
        (None, None) => return Ok(None),
        (Some(_), Some(node)) => {
            return node.fail(format!("give either `{inclusive}` or `{exclusive}`"));
        }
        (Some(node), None) => (node, false),
        (None, Some(node)) => (node, true),
    };
    Ok(Some(Bound { node, value: read(node)?, exclusive: is_exclusive }))
}
