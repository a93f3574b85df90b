//! Scans JSON (RFC 8259) into the spans of a record's fields, with the strictness of
//! `serde_json`: the same texts are accepted, nested at most 127 deep, and of a repeated name the
//! last value counts. Values are not converted here.

use crate::decode::names::FieldNames;
use crate::decode::record::{Kind, Record, Token};

/// Deepest nesting accepted, as in `serde_json`.
const MAX_DEPTH: u32 = 127;

/// Where and why a text is not JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct JsonError {
    /// Offset of the offending byte in the block.
    pub(crate) at: usize,
    /// What was expected or refused there.
    pub(crate) cause: &'static str,
}

type Scan<T> = Result<T, JsonError>;

fn fail<T>(at: usize, cause: &'static str) -> Scan<T> {
    Err(JsonError { at, cause })
}

/// First position from `at` on that is not JSON white space.
pub(crate) fn skip_space(bytes: &[u8], mut at: usize) -> usize {
    while matches!(bytes.get(at), Some(b' ' | b'\t' | b'\r' | b'\n')) {
        at += 1;
    }
    at
}

/// Scans the object that starts at `start` (a `{`) into `record`, and returns the position after
/// it. `bytes` ends where the line ends. Bytes outside ASCII inside strings are passed over: the
/// caller has checked, or checks, that they are UTF-8.
pub(crate) fn scan_object(
    bytes: &[u8],
    start: usize,
    names: &FieldNames,
    members: &mut Vec<Member>,
    record: &mut Record,
) -> Scan<usize> {
    record.reset(names.len());
    members.clear();
    scan_members(bytes, start, |name, value| {
        let column = names.find(name, bytes);
        match column {
            Some(column) => record.fields[column] = value,
            None => record.unknown.push((name, value)),
        }
        members.push(Member { name, column, value });
    })
}

/// Calls `each` for the name and the value of every member of the object that starts at `start`,
/// and returns the position after it.
pub(crate) fn scan_members(
    bytes: &[u8],
    start: usize,
    mut each: impl FnMut(Token, Token),
) -> Scan<usize> {
    let mut at = skip_space(bytes, start + 1);
    if bytes.get(at) == Some(&b'}') {
        return Ok(at + 1);
    }
    loop {
        let (name, value) = scan_member(bytes, at, 1)?;
        each(name, value.token);
        at = skip_space(bytes, value.next);
        match bytes.get(at) {
            Some(b',') => at = skip_space(bytes, at + 1),
            Some(b'}') => return Ok(at + 1),
            _ => return fail(at, "expected `,` or `}`"),
        }
    }
}

/// A field as it stands in its record.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Member {
    pub(crate) name: Token,
    /// The column it belongs to.
    pub(crate) column: Option<usize>,
    pub(crate) value: Token,
}

/// A value and the position after it.
pub(crate) struct Scanned {
    token: Token,
    next: usize,
}

impl Scanned {
    #[inline(always)]
    pub(crate) fn parts(self) -> (Token, usize) {
        (self.token, self.next)
    }
}

/// `"name" : value`, of an object at this depth.
fn scan_member(bytes: &[u8], at: usize, depth: u32) -> Scan<(Token, Scanned)> {
    if bytes.get(at) != Some(&b'"') {
        return fail(at, "expected a name in quotes");
    }
    let name = scan_string(bytes, at)?;
    let colon = skip_space(bytes, name.next);
    if bytes.get(colon) != Some(&b':') {
        return fail(colon, "expected `:`");
    }
    let value = scan_value(bytes, skip_space(bytes, colon + 1), depth)?;
    Ok((name.token, value))
}

/// Scans any value and returns the position after it.
pub(crate) fn skip_value(bytes: &[u8], at: usize) -> Scan<usize> {
    scan_value(bytes, at, 0).map(|value| value.next)
}

pub(crate) fn scan_value(bytes: &[u8], at: usize, depth: u32) -> Scan<Scanned> {
    match bytes.get(at) {
        Some(b'"') => scan_string(bytes, at),
        Some(b'-' | b'0'..=b'9') => scan_number(bytes, at),
        Some(b'{' | b'[') => scan_nested(bytes, at, depth + 1),
        Some(b't') => scan_word(bytes, at, b"true", Kind::True),
        Some(b'f') => scan_word(bytes, at, b"false", Kind::False),
        Some(b'n') => scan_word(bytes, at, b"null", Kind::Null),
        Some(_) => fail(at, "expected a value"),
        None => fail(at, "the record ends early"),
    }
}

fn scan_word(bytes: &[u8], at: usize, word: &[u8], kind: Kind) -> Scan<Scanned> {
    let next = at + word.len();
    if bytes.get(at..next) != Some(word) {
        return fail(at, "expected a value");
    }
    Ok(Scanned { token: Token::new(kind, at, next), next })
}

fn scan_nested(bytes: &[u8], start: usize, depth: u32) -> Scan<Scanned> {
    if depth > MAX_DEPTH {
        return fail(start, "nested more than 127 deep");
    }
    let (is_object, close) = if bytes[start] == b'{' { (true, b'}') } else { (false, b']') };
    let mut at = skip_space(bytes, start + 1);
    let done = |next| Ok(Scanned { token: Token::new(Kind::Nested, start, next), next });
    if bytes.get(at) == Some(&close) {
        return done(at + 1);
    }
    loop {
        let value = if is_object {
            scan_member(bytes, at, depth)?.1
        } else {
            scan_value(bytes, at, depth)?
        };
        at = skip_space(bytes, value.next);
        match bytes.get(at) {
            Some(b',') => at = skip_space(bytes, at + 1),
            Some(byte) if *byte == close => return done(at + 1),
            _ => return fail(at, "expected `,` or the closing bracket"),
        }
    }
}

#[inline(always)]
pub(crate) fn scan_number(bytes: &[u8], start: usize) -> Scan<Scanned> {
    let mut at = start + usize::from(bytes[start] == b'-');
    at = match bytes.get(at) {
        Some(b'0') => at + 1,
        Some(b'1'..=b'9') => skip_digits(bytes, at),
        _ => return fail(at, "expected a digit"),
    };
    if bytes.get(at) == Some(&b'.') {
        at = expect_digits(bytes, at + 1)?;
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        at += 1;
        at += usize::from(matches!(bytes.get(at), Some(b'+' | b'-')));
        at = expect_digits(bytes, at)?;
    }
    if matches!(bytes.get(at), Some(b'0'..=b'9')) {
        return fail(at, "a number starts with a superfluous zero");
    }
    Ok(Scanned { token: Token::new(Kind::Number, start, at), next: at })
}

#[inline(always)]
fn skip_digits(bytes: &[u8], mut at: usize) -> usize {
    while matches!(bytes.get(at), Some(b'0'..=b'9')) {
        at += 1;
    }
    at
}

#[inline(always)]
fn expect_digits(bytes: &[u8], at: usize) -> Scan<usize> {
    match skip_digits(bytes, at) {
        end if end > at => Ok(end),
        _ => fail(at, "expected a digit"),
    }
}

pub(crate) fn scan_string(bytes: &[u8], quote: usize) -> Scan<Scanned> {
    let start = quote + 1;
    let mut kind = Kind::Text;
    let mut at = start;
    loop {
        match bytes.get(at) {
            Some(b'"') => {
                return Ok(Scanned { token: Token::new(kind, start, at), next: at + 1 });
            }
            Some(b'\\') => {
                kind = Kind::EscapedText;
                at = scan_escape(bytes, at + 1)?;
            }
            Some(0..=0x1f) => return fail(at, "a control character in a string"),
            Some(_) => at += 1,
            None => return fail(at, "the record ends inside a string"),
        }
    }
}

/// Checks the escape whose letter is at `at`; returns the position after it.
fn scan_escape(bytes: &[u8], at: usize) -> Scan<usize> {
    match bytes.get(at) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(at + 1),
        Some(b'u') => match hex4(bytes, at + 1) {
            Some(0xD800..=0xDBFF) => {
                let low = (bytes.get(at + 5..at + 7) == Some(b"\\u"))
                    .then(|| hex4(bytes, at + 7))
                    .flatten();
                match low {
                    Some(0xDC00..=0xDFFF) => Ok(at + 11),
                    _ => fail(at, "half a surrogate pair"),
                }
            }
            Some(0xDC00..=0xDFFF) => fail(at, "half a surrogate pair"),
            Some(_) => Ok(at + 5),
            None => fail(at, "an escape without four hexadecimal digits"),
        },
        _ => fail(at, "an unknown escape"),
    }
}

fn hex4(bytes: &[u8], at: usize) -> Option<u32> {
    bytes
        .get(at..at + 4)?
        .iter()
        .try_fold(0, |value, byte| char::from(*byte).to_digit(16).map(|digit| value << 4 | digit))
}

/// Appends the text of a string that [`scan_object`] accepted as [`Kind::EscapedText`].
pub(crate) fn unescape(raw: &[u8], out: &mut Vec<u8>) {
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'\\', &raw[at..]) {
        out.extend_from_slice(&raw[at..at + found]);
        at += found + 1;
        let letter = raw[at];
        at += 1;
        match letter {
            b'b' => out.push(0x08),
            b'f' => out.push(0x0c),
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b't' => out.push(b'\t'),
            b'u' => {
                let mut code = hex4(raw, at).unwrap_or_default();
                at += 4;
                if (0xD800..0xDC00).contains(&code) {
                    let low = hex4(raw, at + 2).unwrap_or_default();
                    code = 0x10000 + ((code - 0xD800) << 10) + low.saturating_sub(0xDC00);
                    at += 6;
                }
                let character = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
                out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            }
            other => out.push(other),
        }
    }
    out.extend_from_slice(&raw[at..]);
}

/// Finds where the object at `start` ends by its braces alone, strings left out: how a
/// malformed record is told from the one behind it on the same line.
#[derive(Debug, Default)]
pub(crate) struct BraceScan {
    depth: usize,
    in_string: bool,
    escaped: bool,
}

impl BraceScan {
    /// Continues with more bytes; returns the position after the closing brace once it is met.
    pub(crate) fn advance(&mut self, bytes: &[u8]) -> Option<usize> {
        for (at, &byte) in bytes.iter().enumerate() {
            if self.in_string {
                match byte {
                    _ if self.escaped => self.escaped = false,
                    b'\\' => self.escaped = true,
                    b'"' => self.in_string = false,
                    _ => {}
                }
                continue;
            }
            match byte {
                b'"' => self.in_string = true,
                b'{' => self.depth += 1,
                b'}' => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        return Some(at + 1);
                    }
                }
                _ => {}
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Map, Value};

    const NAMES: [&str; 4] = ["id", "amount", "täg", "n"];

    /// The record as our scanner reads it, or nothing where it is refused.
    fn scanned(line: &[u8]) -> Option<Map<String, Value>> {
        std::str::from_utf8(line).ok()?;
        let start = skip_space(line, 0);
        if line.get(start) != Some(&b'{') {
            return None;
        }
        let names = FieldNames::new(NAMES.into_iter());
        let mut record = Record::default();
        let end = scan_object(line, start, &names, &mut Vec::new(), &mut record).ok()?;
        if skip_space(line, end) != line.len() {
            return None;
        }
        let known =
            NAMES.iter().zip(&record.fields).filter(|(_, token)| token.kind != Kind::Absent);
        let mut fields = Map::new();
        for (name, token) in known {
            fields.insert((*name).to_owned(), value(line, *token));
        }
        for (name, token) in &record.unknown {
            let Value::String(name) = value(line, *name) else { panic!("a name is text") };
            fields.insert(name, value(line, *token));
        }
        Some(fields)
    }

    fn value(line: &[u8], token: Token) -> Value {
        let raw = token.of(line);
        match token.kind {
            Kind::Text => Value::String(String::from_utf8(raw.to_vec()).expect("checked")),
            Kind::EscapedText => {
                let mut text = Vec::new();
                unescape(raw, &mut text);
                Value::String(String::from_utf8(text).expect("escapes make UTF-8"))
            }
            _ => serde_json::from_slice(raw).expect("a span of an accepted record"),
        }
    }

    fn agrees(line: &[u8]) {
        let oracle = serde_json::from_slice::<Map<String, Value>>(line).ok();
        assert_eq!(scanned(line), oracle, "{}", String::from_utf8_lossy(line));
    }

    #[test]
    fn accepts_and_refuses_what_serde_json_does() {
        let deep = |n: usize| format!("{{\"n\":{}{}}}", "[".repeat(n), "]".repeat(n));
        let mut lines: Vec<String> = [
            r#"{}"#,
            r#" { } "#,
            r#"{"id":"a"}"#,
            r#"{"id":"a","id":"b"}"#,
            r#"{"x":1,"x":2}"#,
            r#"{"id":null,"amount":-0.5e+10,"n":[1,{"a":"}"},[]],"t\u00e4g":"\ud83d\ude00\n\/"}"#,
            r#"{"id":"\ud800"}"#,
            r#"{"id":"\udc00x"}"#,
            r#"{"id":"\ud800\u0041"}"#,
            r#"{"id":"\ud83d\u"}"#,
            r#"{"id":"\x"}"#,
            r#"{"id":"\u12G4"}"#,
            r#"{"id":"a"#,
            r#"{"id":"a"}x"#,
            r#"{"id":"a"},"#,
            r#"{"id" "a"}"#,
            r#"{"id":}"#,
            r#"{"id":1,}"#,
            r#"{,}"#,
            r#"{id:1}"#,
            r#"{"n":01}"#,
            r#"{"n":1.}"#,
            r#"{"n":.5}"#,
            r#"{"n":+1}"#,
            r#"{"n":1e}"#,
            r#"{"n":-}"#,
            r#"{"n":00}"#,
            r#"{"n":-01}"#,
            r#"{"n":0x1}"#,
            r#"{"n":truf}"#,
            r#"{"n":nul}"#,
            r#"{"n":True}"#,
            r#"{"n":[1,]}"#,
            r#"{"n":[1 2]}"#,
            r#"{"n":{"a":1,}}"#,
            r#"{"n":{"a"}}"#,
            r#"{"n":[}]"#,
            r#"["id"]"#,
            r#"1"#,
            r#""#,
            "{\"id\":\"a\tb\"}",
            "{\"id\":\"a\u{0}b\"}",
            "{\"id\":\"\u{7f}\u{80}é\"}",
            "\u{feff}{}",
            "{\"id\":\u{a0}1}",
            "{\"täg\":1}",
            "{\"n\":1}\r",
            "{\"n\"\t:\r1 }",
        ]
        .map(str::to_owned)
        .to_vec();
        lines.extend([deep(126), deep(127), deep(128), deep(5000)]);
        for line in &lines {
            agrees(line.as_bytes());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn agrees_with_serde_json_on_texts_near_json(
            line in r#"[ ]?\{("(id|amount|n|t\\u00e4g|x)":("([a-z"\\é/]|\\[bfnrtu"/]|\\u(00|d8|dc)[0-9a-f]{2}){0,4}"|-?[0-9]{1,3}(\.[0-9]{0,2})?([eE][-+]?[0-9]?)?|true|null|\[[0-9,]{0,4}\]|\{"a":[0-9]?\}),?){0,4}\}?[ x]?"#
        ) {
            agrees(line.as_bytes());
        }

        #[test]
        fn agrees_with_serde_json_on_any_bytes(line in proptest::collection::vec(any::<u8>(), 0..40)) {
            agrees(&line);
        }

        #[test]
        fn agrees_with_serde_json_on_damaged_records(at in 0..70_usize, byte in any::<u8>()) {
            let mut line = br#"{"id":"a\u00e9\\b","amount":-12.50e3,"n":[true,{"x":null}],"z":"\ud83d\ude00"}"#.to_vec();
            line[at] = byte;
            agrees(&line);
        }
    }
}
