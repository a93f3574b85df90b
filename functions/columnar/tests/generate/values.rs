//! JSON texts of values: those that suit their column, those that nearly do, and those that are
//! not JSON.

use contract::{Column, DataType, EpochUnit};
use proptest::prelude::*;

/// A value that obeys the column's rules.
pub(crate) fn valid(column: &Column) -> BoxedStrategy<String> {
    match column.data_type {
        DataType::String { .. } => valid_text(&column.name),
        DataType::Timestamp if column.epoch == Some(EpochUnit::Seconds) => {
            mostly(regex(r"-?1?[0-9]{1,9}(\.[0-9]{1,9})?"), regex("1[0-9]{1,3}e[0-6]"))
        }
        DataType::Timestamp if column.epoch.is_some() => prop_oneof![
            8 => regex("1[0-6][0-9]{11}"),
            1 => regex(r"1[0-6][0-9]{11}\.[0-9]{1,7}"),
            1 => select(&["1767225600000", "1767225600000.0009", "1767225600000.001", "946684799999"]),
        ]
        .boxed(),
        DataType::Timestamp if !column.rules.is_empty() => mostly(
            regex(&format!(r#""20[01][0-9]-0[1-9]-[12][0-9]T{TIME}(\.[0-9]{{6}})?Z""#)),
            select(&[
                "\"2026-01-01T01:00:00.000000Z\"",
                "\"2026-01-01T01:00:00.000001Z\"",
                "\"1999-12-31T23:59:59.999999Z\"",
            ]),
        ),
        DataType::Date if !column.rules.is_empty() => {
            regex(r#""(19[0-9]|20[01])[0-9]-0[1-9]-1[0-9]""#)
        }
        DataType::Time => regex(r#""(0[0-9]|1[0-7]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?""#),
        DataType::Object if column.name == "place" => place(),
        DataType::Object => regex(r#"\{( ?"[a-z]": ?[1-9](, ?"b":"é\}?")?)?\}"#),
        DataType::Array => select(&["[]", "[ ]", "[1,2]", r#"["]",{"a":[]}]"#, "[null]"]),
        DataType::Decimal { .. } if column.name == "step" => {
            regex(r"[1-9]?[0-9](\.[05]0?)?")
        }
        DataType::Integer if column.rules.is_empty() => {
            mostly(regex("-?(0|[1-9][0-9]{0,17})"), regex(r"-?[1-9][0-9]{0,15}(\.0{1,3}|e[0-2])"))
        }
        DataType::Integer => regex("[12]|30"),
        DataType::Decimal { .. } => mostly(
            regex(r"(0|[1-9][0-9]{0,8})(\.[0-9]{1,2})?"),
            regex(r"[1-9](\.[0-9]{1,2}0{0,3}|E\+?[0-9])"),
        ),
        DataType::Double => regex(r"0\.[0-9]{1,17}(e-[0-9]{1,3})?"),
        DataType::Timestamp => regex(&format!(
            r#""{DAY}[Tt ]{TIME}(\.[0-9]{{1,9}})?([Zz]|[-+](0[0-9]|1[0-4]):[0-5][0-9])?""#
        )),
        DataType::Date => regex(&format!(r#""{DAY}""#)),
        DataType::Boolean => select(&["true", "false"]),
    }
}

/// A value that may break a rule, or the record.
pub(crate) fn near(column: &Column) -> BoxedStrategy<String> {
    let near = match column.data_type {
        DataType::String { .. } => text(),
        DataType::Timestamp if column.epoch.is_some() => number(),
        DataType::Time => regex(r#""[0-2][0-9]:[0-6][0-9](:[0-6][0-9](\.[0-9]{0,8})?)?Z?""#),
        DataType::Object | DataType::Array => prop_oneof![
            3 => place(),
            1 => select(&["{}", "[]", "[[]]", r#"{"lat":null}"#, r#"{"lat":{}}"#]),
        ]
        .boxed(),
        DataType::Integer | DataType::Decimal { .. } | DataType::Double => number(),
        DataType::Timestamp | DataType::Date => regex(
            r#""(20[0-9]{2}|1969|000[01]|9999)-[01][0-9]-[0-3][0-9]([Tt _][0-2][0-9][:-][0-6][0-9]:[0-6][0-9](\.[0-9]{0,30})?(z|[-+][0-2][0-9]:?[0-9][0-9])?)?""#,
        ),
        DataType::Boolean => select(&["\"true\"", "1", "0", "null"]),
    };
    prop_oneof![30 => valid(column), 4 => near, 1 => any_json(), 1 => not_json()].boxed()
}

/// A place, some of them with what it must not have.
fn place() -> BoxedStrategy<String> {
    let lat =
        mostly(regex(r"-?[1-8]?[0-9](\.[0-9]{1,6})?"), select(&["90", "null", "\"1\"", "1e1"]));
    let zone = mostly(regex(r#"" ?[a-z]{1,4}(\\u0041)?""#), select(&["null", "\"toolong\"", "5"]));
    let floor = prop_oneof![
        4 => regex(r#"\{"number": ?-?[1-9],"at": ?1[0-6][0-9]{11}\}"#),
        1 => regex(r#"\{("number":[1-9],)?"at":[1-9](,"number":null)?\}"#),
        1 => select(&["null", "{}", "[]", "1"]),
    ];
    let open = select(&["true", "false", "null"]);
    let order = Just(vec![0_usize, 1, 2, 3, 4]).prop_shuffle();
    let kept = prop_oneof![3 => Just(5_usize), 1 => 0..5_usize];
    (lat, zone, floor, open, order, kept, any::<bool>())
        .prop_map(|(lat, zone, floor, open, order, kept, spaced)| {
            let members = [
                format!("\"lat\":{lat}"),
                format!("\"zone\":{zone}"),
                format!("\"floor\":{floor}"),
                format!("\"isOpen\":{open}"),
                format!("\"other\":[{lat}]"),
            ];
            let members: Vec<_> = order.iter().take(kept).map(|at| members[*at].as_str()).collect();
            let comma = if spaced { " , " } else { "," };
            format!("{{{}}}", members.join(comma))
        })
        .boxed()
}

/// Any JSON, some of it nested beyond what `serde_json` accepts.
pub(crate) fn any_json() -> BoxedStrategy<String> {
    let deep = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    let deep_objects = |depth| "{\"key\":".repeat(depth) + "1" + &"}".repeat(depth);
    let leaf = prop_oneof![
        6 => text(),
        6 => number(),
        4 => select(&["true", "false", "null"]),
        1 => (124..130_usize).prop_map(deep),
        1 => (124..130_usize).prop_map(deep_objects),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        let values = prop::collection::vec(inner, 0..4);
        prop_oneof![
            values.clone().prop_map(|values| format!("[{}]", values.join(" , "))),
            values.prop_map(|values| {
                let members: Vec<_> =
                    values.iter().map(|value| format!("\"a\" :{value}")).collect();
                format!("{{ {}}}", members.join(","))
            }),
        ]
    })
    .boxed()
}

/// Not quite JSON.
fn not_json() -> BoxedStrategy<String> {
    prop_oneof![
        select(&["", "tru", "nul", "nulL", "True", "falsey", "NaN", "-Infinity", "{", "]", "[1,]"]),
        select(&["+1", "01", "-", "-01", ".5", "1.", "1e", "1e+", "0x1", "1_0", "1.e5", "--1"]),
        select(&["{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "{,}", "[1 2]", "[}", "'a'"]),
        text_with(&["\t", "\u{1f}", r"\x", r"\u12G4", r"\u", "\"", "\\", r"\U0041"]),
        text_with(&[r"\ud800", r"\udc00\ud800", r"\ud83d\u0041", r"\ud83d\n", r"\udfff"]),
    ]
    .boxed()
}

fn valid_text(column: &str) -> BoxedStrategy<String> {
    match column {
        "key" => regex(r#""[a-zA-Z0-9-]{1,40}""#),
        "code" => mostly(regex(r#""[A-Za-z]{3}""#), regex(r#"" [A-Za-z]{3}(\\t|\\u0020)""#)),
        "status" => select(&["\"placed\"", "\"paid\"", "\"größe\"", r#""gr\u00f6\u00dfe""#]),
        "uuid" => regex(r#""[0-9a-f]{8}-[0-9A-F]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}""#),
        "mail" => regex(r#"" ?[a-zA-Z.+]{1,20}@([a-z0-9-]{1,8}\.){1,2}[a-z]{2,3}""#),
        "ip" => regex(r#""(1?[0-9]{1,2}\.){3}25[0-5]""#),
        "moment" => regex(&format!(r#""{DAY}[Tt]{TIME}(\.[0-9]{{1,9}})?([Zz]|\\+01:00)""#)),
        "short" => regex(r#""[a-zé€😀]{0,5}""#),
        _ => mostly(plain(), text()),
    }
}

/// Text without anything special.
pub(crate) fn plain() -> BoxedStrategy<String> {
    mostly(text_with(&[""]), select(&["\"\"", "\"a\"", "\"b\""]))
}

fn mostly(one: BoxedStrategy<String>, other: BoxedStrategy<String>) -> BoxedStrategy<String> {
    prop_oneof![9 => one, 1 => other].boxed()
}

fn text() -> BoxedStrategy<String> {
    prop_oneof![
        text_with(&["", "é", "€", "😀", "\u{7f}", "{", "}", ",", ":", "[", "/"]),
        text_with(&[r#"\""#, r"\\", r"\/", r"\b", r"\f", r"\n", r"\r", r"\t", r#"\\\"{"#]),
        text_with(&[r"\u00e9", r"\u20AC", r"\ud83d\ude00", r"\u0000", r"\uFFFF"]),
    ]
    .boxed()
}

/// Text of lengths around the widths of vector registers, with something special in it.
fn text_with(special: &'static [&'static str]) -> BoxedStrategy<String> {
    let width = prop_oneof![14..19_usize, 30..35_usize, 62..67_usize];
    let length = prop_oneof![4 => 0..20_usize, 1 => 0..200_usize, 2 => width];
    let specials = prop::collection::vec((any::<prop::sample::Index>(), select(special)), 0..3);
    (length, specials)
        .prop_map(|(length, specials)| {
            let mut text: Vec<String> = (b'a'..=b'z')
                .cycle()
                .take(length)
                .map(|letter| char::from(letter).to_string())
                .collect();
            for (place, special) in specials {
                text.insert(place.index(text.len() + 1), special);
            }
            format!("\"{}\"", text.concat())
        })
        .boxed()
}

fn number() -> BoxedStrategy<String> {
    prop_oneof![
        regex(r"-?(0|[1-9][0-9]{0,8})(\.[0-9]{1,4})?"),
        regex(r"-?(0|[1-9][0-9]{0,40})(\.[0-9]{1,40})?([eE][-+]?[0-9]{1,3})?"),
        select(&["0", "-0", "-0.0", "0e0", "0e99999999999999999999", "0.00e-5", "1e2", "15e-1"]),
        select(&["9223372036854775807", "9223372036854775808", "9223372036854775807.0"]),
        select(&["-9223372036854775808", "-9223372036854775809", "922337203685477580.7e1"]),
        select(&["9999999999.99", "10000000000", "9999999999.990", "100e-2", "1E+3"]),
        select(&[
            "99999999999999999999999999999.999999999",
            "99999999999999999999999999999.9999999990",
            "-99999999999999999999999999999.999999999",
            "100000000000000000000000000000",
            "170141183460469231731687303715884105728",
            "123456789012345678901234567890e-20",
            "0.000000001",
            "0.0000000001",
        ]),
        select(&["1e400", "-1e400", "1e-400", "1e99999999999999999999", "1e-99999999999999999999"]),
        select(&["5e-324", "1.7976931348623157e308", "1.7976931348623159e308", "0.1"]),
    ]
    .boxed()
}

/// Years at both ends of what is accepted, and in between.
const DAY: &str = "(20[0-9]{2}|1969|1970|0001|9999)-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])";
const TIME: &str = "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]";

fn regex(pattern: &str) -> BoxedStrategy<String> {
    proptest::string::string_regex(pattern).expect("a pattern").boxed()
}

fn select(values: &'static [&'static str]) -> BoxedStrategy<String> {
    prop::sample::select(values).prop_map(str::to_owned).boxed()
}
