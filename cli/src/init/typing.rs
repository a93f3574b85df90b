//! From the values of a field to its type and its rules.

use contract::{DataType, EpochUnit, Normalise, Rule};

use super::profile::{Numbers, Profile, Texts};
use super::shapes::Shape;
use super::texts::text;

/// Digits behind the point beyond which a number is one that was computed in binary.
const MOST_DECIMALS: usize = 12;
/// Digits that a decimal may have.
const MOST_DIGITS: usize = 38;
/// Digits before the point that are left for greater numbers.
const SPARE_DIGITS: usize = 3;
/// Smallest precision that is proposed.
const LEAST_PRECISION: usize = 10;
/// Points in time that are plausible, in seconds: 2000-01-01 to 2050-01-01.
const PLAUSIBLE: (i128, i128) = (946_684_800, 2_524_608_000);

/// Words for what has digits and is no number: 1.10 is another version than 1.1.
const DIGITS: [&str; 10] = [
    "version", "firmware", "release", "zip", "postcode", "postal", "phone", "mobile", "iban",
    "card",
];

/// What a field is taken for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Typing {
    pub(crate) data_type: DataType,
    pub(crate) epoch: Option<EpochUnit>,
    pub(crate) normalise: Vec<Normalise>,
    pub(crate) rules: Vec<Rule>,
    /// Why, in a few words.
    pub(crate) why: String,
    /// What a person has to verify.
    pub(crate) checks: Vec<String>,
}

impl Typing {
    pub(crate) fn new(data_type: DataType, why: impl Into<String>) -> Self {
        Self {
            data_type,
            epoch: None,
            normalise: Vec::new(),
            rules: Vec::new(),
            why: why.into(),
            checks: Vec::new(),
        }
    }

    pub(crate) fn check(mut self, check: impl Into<String>) -> Self {
        self.checks.push(check.into());
        self
    }
}

/// Tells the type of a field; `words` are those of its name.
///
/// # Errors
/// Why no type takes all of its values.
pub(crate) fn typing(words: &[String], profile: &Profile) -> Result<Typing, String> {
    let (texts, numbers) = (&profile.texts, &profile.numbers);
    let has_cells = texts.cells > 0;
    let kinds: Vec<&str> = [
        (texts.count > 0, "text"),
        (numbers.count > 0 && !has_cells, "numbers"),
        (profile.booleans > 0, "true and false"),
        (profile.objects.count > 0, "objects"),
        (profile.arrays > 0, "arrays"),
    ]
    .into_iter()
    .filter_map(|(is_there, kind)| is_there.then_some(kind))
    .collect();
    match kinds.as_slice() {
        [] => Err("always null".to_owned()),
        ["text"] if has_cells => Ok(cells(words, texts, numbers)),
        ["text"] => Ok(text(words, texts)),
        ["numbers"] => Ok(number(words, numbers)),
        ["true and false"] => Ok(Typing::new(DataType::Boolean, "true or false")),
        ["objects"] => Ok(Typing::new(DataType::Object, "an object")),
        ["arrays"] => Ok(Typing::new(DataType::Array, "an array; its items are not checked")),
        kinds => Err(format!("values of several types: {}", kinds.join(", "))),
    }
}

/// The type of cells of CSV, which are text that may stand for something else.
fn cells(words: &[String], texts: &Texts, numbers: &Numbers) -> Typing {
    if texts.shapes.has(Shape::Boolean) {
        return Typing::new(DataType::Boolean, "true or false");
    }
    if texts.shapes.has(Shape::Number) && !words.iter().any(|word| DIGITS.contains(&word.as_str()))
    {
        return number(words, numbers);
    }
    text(words, texts)
}

fn number(words: &[String], numbers: &Numbers) -> Typing {
    if numbers.exponents > 0 {
        return Typing::new(DataType::Double, "numbers with an exponent")
            .check("a FLOAT is not exact; for amounts have NUMBER(p,s) delivered");
    }
    if let Some(unit) = epoch(words, numbers) {
        return epoch_typing(unit);
    }
    let (whole, scale) = (numbers.whole_digits, numbers.scale);
    if scale > MOST_DECIMALS || whole + scale > MOST_DIGITS {
        return Typing::new(DataType::Double, format!("up to {} digits", whole + scale))
            .check("a FLOAT is not exact; for amounts have NUMBER(p,s) delivered");
    }
    let fits_64_bits = numbers.range.is_some_and(|(least, greatest)| {
        i64::try_from(least).is_ok() && i64::try_from(greatest).is_ok()
    });
    if scale == 0 && fits_64_bits {
        return Typing::new(DataType::Integer, "whole numbers");
    }
    let precision = (whole + scale + SPARE_DIGITS).clamp(LEAST_PRECISION, MOST_DIGITS);
    let data_type = DataType::Decimal { precision: precision as u8, scale: scale as u8 };
    if scale == 0 {
        return Typing::new(data_type, format!("whole numbers up to {whole} digits"));
    }
    let why = format!("digits: {whole} before the point, {scale} behind");
    Typing::new(data_type, why)
        .check(format!("a value with more digits behind the point than {scale} rejects its row"))
}

/// The unit of numbers that count from the epoch: those of a plausible time whose name speaks of
/// one, and those so great that little else comes into question.
fn epoch(words: &[String], numbers: &Numbers) -> Option<EpochUnit> {
    const TIMES: [&str; 22] = [
        "time",
        "timestamp",
        "ts",
        "at",
        "date",
        "datetime",
        "epoch",
        "created",
        "updated",
        "modified",
        "changed",
        "occurred",
        "seen",
        "since",
        "until",
        "expires",
        "expiry",
        "when",
        "millis",
        "ms",
        "start",
        "end",
    ];
    const OTHERS: [&str; 9] =
        ["id", "number", "no", "phone", "mobile", "card", "code", "account", "ean"];
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    let (least, greatest) = numbers.range?;
    let within = |factor: i128| least >= PLAUSIBLE.0 * factor && greatest <= PLAUSIBLE.1 * factor;
    if within(1) && has(&TIMES) {
        Some(EpochUnit::Seconds)
    } else if within(1000) && (has(&TIMES) || !has(&OTHERS)) {
        Some(EpochUnit::Milliseconds)
    } else {
        None
    }
}

fn epoch_typing(unit: EpochUnit) -> Typing {
    let unit_name = match unit {
        EpochUnit::Seconds => "seconds",
        EpochUnit::Milliseconds => "milliseconds",
    };
    let typing = Typing::new(DataType::Timestamp, format!("{unit_name} since 1970, by their size"));
    Typing { epoch: Some(unit), ..typing.check(format!("do the numbers count {unit_name}?")) }
}

#[cfg(test)]
mod tests {
    use super::super::names::words;
    use super::*;

    /// The physical type of JSON values, with rules in short.
    fn of_json(name: &str, values: &[&str]) -> String {
        let mut profile = Profile::default();
        for value in values {
            match value.strip_prefix('"') {
                Some(text) => profile.text(text.trim_end_matches('"')),
                None if *value == "{}" => profile.object().begin(),
                None if *value == "[]" => profile.array(),
                None if matches!(*value, "true" | "false") => profile.boolean(*value == "true"),
                None => profile.number(value),
            }
        }
        shown(typing(&words(name), &profile))
    }

    fn of_csv(name: &str, values: &[&str]) -> String {
        let mut profile = Profile::default();
        values.iter().for_each(|value| profile.cell(value));
        shown(typing(&words(name), &profile))
    }

    fn shown(typing: Result<Typing, String>) -> String {
        let typing = match typing {
            Ok(typing) => typing,
            Err(reason) => return reason,
        };
        let kind = match typing.data_type {
            DataType::String { max_chars } => format!("text {}", max_chars.unwrap_or_default()),
            DataType::Decimal { precision, scale } => format!("number {precision},{scale}"),
            other => format!("{other:?}").to_lowercase(),
        };
        let epoch = typing.epoch.map(|unit| format!(" in {unit:?}").to_lowercase());
        let rules = typing.rules.iter().filter_map(|rule| match rule {
            Rule::Format { format } => Some(format!(" {format:?}").to_lowercase()),
            Rule::OneOf { values } => Some(format!(" of {}", values.join("/"))),
            Rule::Pattern { pattern } => Some(format!(" like {pattern}")),
            _ => None,
        });
        [kind].into_iter().chain(epoch).chain(rules).collect()
    }

    #[test]
    fn values_of_json_tell_their_type() {
        let status = ["\"new\"", "\"old\""].repeat(3);
        for (name, values, expected) in [
            ("n", &["1", "-20"][..], "integer"),
            ("n", &["9223372036854775808"], "number 22,0"),
            ("n", &["1", "2.50"], "number 10,2"),
            ("n", &["123456789.125"], "number 15,3"),
            ("n", &["1e3", "1"], "double"),
            ("n", &["21.450000000000003"], "double"),
            ("n", &["1234567890123456789012345678901234567890"], "double"),
            ("flag", &["true", "false"], "boolean"),
            ("t", &["\"2026-11-22T09:15:00Z\""], "timestamp"),
            ("t", &["\"2026-11-22\""], "date"),
            ("t", &["\"09:15:00\""], "time"),
            ("t", &["\"2026-11-22\"", "\"soon\""], "text 32"),
            ("created", &["1795342830"], "timestamp in seconds"),
            ("amount", &["1795342830"], "integer"),
            ("amount", &["1795342830125"], "timestamp in milliseconds"),
            ("phone", &["1795342830125"], "integer"),
            ("order_id", &["1795342830125"], "integer"),
            ("ts", &["1795342830125"], "timestamp in milliseconds"),
            ("ts", &["1795342830.125"], "timestamp in seconds"),
            ("ts", &["179534283"], "integer"),
            ("a", &["\"3f2b8c1e-6a54-4d0f-9b7e-2c1d5e8f9a01\""], "text 36 uuid"),
            ("a", &["\"ada@example.com\""], "text 254 email"),
            ("a", &["\"10.0.0.1\""], "text 15 ipv4"),
            ("a", &["\"::1\""], "text 45 ipv6"),
            ("a", &["\"https://example.com/\""], "text 2048 uri"),
            ("country", &["\"DE\"", "\" de\""], "text 2 like ^[A-Z]{2}$"),
            ("status", &status, "text 16 of new/old"),
            ("status", &status[..5], "text 16"),
            ("status_code", &status, "text 16"),
            ("op", &["\"i\"", "\"D\""], "text 1 of I/U/D"),
            ("grade", &["\"I\"", "\"D\""], "text 16"),
            ("zip", &["\"01234\""], "text 16"),
            ("a", &["{}"], "object"),
            ("a", &["[]"], "array"),
            ("a", &["1", "\"1\""], "values of several types: text, numbers"),
            ("a", &[], "always null"),
        ] {
            assert_eq!(of_json(name, values), expected, "{name} {values:?}");
        }
    }

    #[test]
    fn cells_of_csv_tell_their_type() {
        for (name, values, expected) in [
            ("n", &["1", "20"][..], "integer"),
            ("n", &["1.5", "20"], "number 10,1"),
            ("n", &["1.5e3"], "double"),
            ("n", &["1", "x"], "text 16"),
            ("zip", &["12345", "01234"], "text 16"),
            ("flag", &["true", "false"], "boolean"),
            ("ts", &["1795342830"], "timestamp in seconds"),
            ("day", &["2026-11-22"], "date"),
            ("n", &["1", ""], "text 16"),
            ("version", &["1.1", "1.10"], "text 16"),
        ] {
            assert_eq!(of_csv(name, values), expected, "{name} {values:?}");
        }
    }
}
