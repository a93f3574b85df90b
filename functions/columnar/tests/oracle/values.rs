//! What a value is worth to its column, by other means than the decoder's: digits as text, the
//! calendar of `jiff`, forms as regular expressions.

use std::sync::LazyLock;

use contract::{Column, DataType, Decimal, EpochUnit, Normalise, Rule, TextFormat};
use jiff::civil::{Date, DateTime, Time};
use regex::Regex;

use super::contract::LANDED_AT_MICROS;

/// One value of one row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell {
    Null,
    Boolean(bool),
    /// Integers, unscaled decimals, days, microseconds.
    Number(i128),
    /// As bits, so that zeros differ by their sign.
    Double(u64),
    Text(String),
}

type Refused<T> = Result<T, &'static str>;

/// The value of `column` whose JSON text is `raw`, or the rule that it breaks.
pub(crate) fn cell(column: &Column, raw: Option<&str>) -> Refused<Cell> {
    let Some(raw) = raw.filter(|raw| *raw != "null") else {
        return if column.required { Err("required") } else { Ok(Cell::Null) };
    };
    let text = serde_json::from_str::<String>(raw).ok();
    let number = Some(raw)
        .filter(|raw| raw.starts_with(['-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9']));
    match column.data_type {
        DataType::String { .. } => check_text(column, text.ok_or("type")?).map(Cell::Text),
        DataType::Integer => {
            let value = unscaled(number.ok_or("type")?, 19, 0).ok_or("precision")?;
            i64::try_from(value).map_err(|_| "precision")?;
            check_number(column, value, 0).map(Cell::Number)
        }
        DataType::Decimal { precision, scale } => {
            let value = unscaled(number.ok_or("type")?, precision, scale).ok_or("precision")?;
            check_number(column, value, scale).map(Cell::Number)
        }
        DataType::Double => {
            let value =
                number.and_then(|raw| raw.parse().ok()).filter(|value: &f64| value.is_finite());
            check_double(column, value.ok_or("type")?).map(|value| Cell::Double(value.to_bits()))
        }
        DataType::Timestamp => {
            let micros = match column.epoch {
                Some(unit) => number.and_then(|raw| since_epoch_by_count(raw, unit)),
                None => text.and_then(|text| micros(&text)),
            };
            check_moment(column, micros.ok_or("type")?)
        }
        DataType::Date => {
            check_moment(column, text.and_then(|text| days(&text)).ok_or("type")?.into())
        }
        DataType::Time => {
            check_moment(column, text.and_then(|text| time_of_day(&text)).ok_or("type")?)
        }
        DataType::Object if raw.starts_with('{') => Ok(Cell::Text(raw.to_owned())),
        DataType::Array if raw.starts_with('[') => Ok(Cell::Text(raw.to_owned())),
        DataType::Object | DataType::Array => Err("type"),
        DataType::Boolean => match raw {
            "true" => Ok(Cell::Boolean(true)),
            "false" => Ok(Cell::Boolean(false)),
            _ => Err("type"),
        },
    }
}

static CODE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(super::contract::CODE).expect("a pattern"));
static UUID: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new("^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$").expect("a pattern")
});
static EMAIL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^[^@\x00-\x20\x7f]+@[^@.\x00-\x20\x7f]+(\.[^@.\x00-\x20\x7f]+)+$")
        .expect("a pattern")
});

fn check_text(column: &Column, mut text: String) -> Refused<String> {
    for step in &column.normalise {
        text = match step {
            Normalise::Trim => text.trim_matches(|c: char| c.is_ascii_whitespace()).to_owned(),
            Normalise::Upper => text.to_ascii_uppercase(),
            Normalise::Lower => text.to_ascii_lowercase(),
        };
    }
    let chars = text.chars().count() as u64;
    for rule in &column.rules {
        let obeys = match rule {
            Rule::MinLength { chars: least } => chars >= u64::from(*least),
            Rule::MaxLength { chars: most } => chars <= u64::from(*most),
            Rule::Pattern { pattern } => {
                assert_eq!(pattern, CODE.as_str());
                CODE.is_match(&text)
            }
            Rule::Format { format: TextFormat::Uuid } => UUID.is_match(&text),
            Rule::Format { format: TextFormat::Email } => EMAIL.is_match(&text),
            Rule::Format { format: TextFormat::Ipv4 } => IPV4.is_match(&text),
            Rule::Format { format: TextFormat::DateTime } => {
                OFFSET.is_match(&text) && micros(&text).is_some()
            }
            Rule::OneOf { values } => values.contains(&text),
            _ => panic!("a rule the contract does not have"),
        };
        if !obeys {
            return Err(rule.name());
        }
    }
    Ok(text)
}

fn check_number(column: &Column, value: i128, scale: u8) -> Refused<i128> {
    for rule in &column.rules {
        let obeys = match rule {
            Rule::Minimum { bound, exclusive: false } => value >= at_scale(*bound, scale),
            Rule::Maximum { bound, exclusive: true } => value < at_scale(*bound, scale),
            Rule::MultipleOf { unit } => {
                let (unit, whole) = (unit.unscaled, 10_i128.pow(unit.scale.into()));
                (value * whole) % (unit * 10_i128.pow(scale.into())) == 0
            }
            Rule::OneOf { values } => {
                values.iter().any(|allowed| unscaled(allowed, 38, scale) == Some(value))
            }
            _ => panic!("a rule the contract does not have"),
        };
        if !obeys {
            return Err(rule.name());
        }
    }
    Ok(value)
}

fn check_moment(column: &Column, value: i64) -> Refused<Cell> {
    for rule in &column.rules {
        let obeys = match rule {
            Rule::Earliest { bound, exclusive: false } => value >= bound.value,
            Rule::Latest { bound, exclusive: true } => value < bound.value,
            Rule::NotLaterThanArrival { tolerance_seconds } => {
                let latest = LANDED_AT_MICROS + i64::from(*tolerance_seconds) * 1_000_000;
                value <= latest
            }
            _ => panic!("a rule the contract does not have"),
        };
        if !obeys {
            return Err(rule.name());
        }
    }
    Ok(Cell::Number(value.into()))
}

fn check_double(column: &Column, value: f64) -> Refused<f64> {
    for rule in &column.rules {
        let obeys = match rule {
            Rule::Minimum { bound, exclusive: false } => value >= at_scale(*bound, 0) as f64,
            Rule::Maximum { bound, exclusive: true } => value < at_scale(*bound, 0) as f64,
            _ => panic!("a rule the contract does not have"),
        };
        if !obeys {
            return Err(rule.name());
        }
    }
    Ok(value)
}

/// A bound without fractional digits, in units of a column's last digit.
fn at_scale(bound: Decimal, scale: u8) -> i128 {
    assert_eq!(bound.scale, 0);
    bound.unscaled * 10_i128.pow(scale.into())
}

/// A JSON number times `10^scale`, if that is whole and has at most `precision` digits.
fn unscaled(raw: &str, precision: u8, scale: u8) -> Option<i128> {
    let (sign, raw) = raw.strip_prefix('-').map_or((1, raw), |raw| (-1, raw));
    let (mantissa, exponent) = raw.split_once(['e', 'E']).unwrap_or((raw, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let kept = digits.trim_end_matches('0');
    let significant = kept.trim_start_matches('0');
    if significant.is_empty() {
        return Some(0);
    }
    let zeros = (digits.len() - kept.len()) as i64 - fraction.len() as i64 + i64::from(scale);
    let zeros = usize::try_from(zeros + bounded(exponent)).ok()?;
    if significant.len() + zeros > precision.into() {
        return None;
    }
    let value: i128 = format!("{significant}{}", "0".repeat(zeros)).parse().expect("38 digits");
    Some(sign * value)
}

/// An exponent, cut to where no mantissa of a record makes up for it.
fn bounded(exponent: &str) -> i64 {
    let (sign, digits) = exponent.strip_prefix('-').map_or((1, exponent), |digits| (-1, digits));
    let digits = digits.trim_start_matches('+').trim_start_matches('0');
    match digits.len() {
        0 => 0,
        1..=9 => sign * digits.parse::<i64>().expect("digits"),
        _ => sign * 1_000_000_000,
    }
}

static IPV4: LazyLock<Regex> = LazyLock::new(|| {
    let number = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
    Regex::new(&format!(r"^({number}\.){{3}}{number}$")).expect("a pattern")
});
static OFFSET: LazyLock<Regex> =
    LazyLock::new(|| Regex::new("^.{10}[Tt].*([Zz]|[-+][0-9]{2}:[0-9]{2})$").expect("a pattern"));
static TIMESTAMP: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        "^([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}):([0-9]{2}):([0-9]{2})",
        r"(?:\.([0-9]+))?(?:[Zz]|([+-])([0-9]{2}):([0-9]{2}))?$"
    ))
    .expect("a pattern")
});
static DATE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new("^([0-9]{4})-([0-9]{2})-([0-9]{2})$").expect("a pattern"));

fn date(text: &str) -> Option<Date> {
    let parts = DATE.captures(text)?;
    let part = |at: usize| parts[at].parse::<i16>().expect("digits");
    Date::new(part(1), part(2) as i8, part(3) as i8).ok().filter(|date| date.year() >= 1)
}

fn days(text: &str) -> Option<i32> {
    Some(Date::constant(1970, 1, 1).until(date(text)?).expect("in range").get_days())
}

/// Microseconds of a count from the epoch, without what is beyond them.
fn since_epoch_by_count(raw: &str, unit: EpochUnit) -> Option<i64> {
    let scale = match unit {
        EpochUnit::Seconds => 6,
        EpochUnit::Milliseconds => 3,
    };
    let picos = unscaled(raw, 38, scale + 9)?;
    let micros = i64::try_from(picos.div_euclid(1_000_000_000)).ok()?;
    let [first, end] = bounds();
    (first..end).contains(&micros).then_some(micros)
}

/// The first microsecond of the year 1, and the one after the last of the year 9999.
fn bounds() -> [i64; 2] {
    let first = since_epoch(Date::constant(1, 1, 1).to_datetime(Time::MIN));
    let last_day = since_epoch(Date::constant(9999, 12, 31).to_datetime(Time::MIN));
    [first, last_day + 86_400_000_000]
}

fn time_of_day(text: &str) -> Option<i64> {
    static TIME: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?$").expect("a pattern")
    });
    TIME.is_match(text).then(|| micros(&format!("1970-01-01T{text}Z"))).flatten()
}

fn micros(text: &str) -> Option<i64> {
    let parts = TIMESTAMP.captures(text)?;
    let part = |at: usize| parts.get(at).map_or("0", |part| part.as_str());
    let number = |at: usize| part(at).parse::<i8>().expect("two digits");
    let fraction: i32 = format!("{:0<6.6}", part(5)).parse().expect("six digits");
    let time = Time::new(number(2), number(3), number(4), fraction * 1000).ok()?;
    let (hours, minutes) = (i64::from(number(7)), i64::from(number(8)));
    if hours > 23 || minutes > 59 {
        return None;
    }
    let offset = (hours * 60 + minutes) * 60_000_000;
    let local = since_epoch(date(part(1))?.to_datetime(time));
    let utc = if part(6) == "-" { local + offset } else { local - offset };
    let [first, end] = bounds();
    (first..end).contains(&utc).then_some(utc)
}

fn since_epoch(time: DateTime) -> i64 {
    let epoch = Date::constant(1970, 1, 1).to_datetime(Time::MIN);
    epoch.until((jiff::Unit::Microsecond, time)).expect("in range").get_microseconds()
}
