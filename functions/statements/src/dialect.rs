//! Snowflake's lexical rules: how names and text are written.

use contract::{Comparison, Decimal};
use minijinja::value::Value;
use minijinja::{Error, ErrorKind, Output, State};

/// Writes a name bare, so that Snowflake resolves it without regard to case. `None` when it is not
/// an identifier. Words of SQL cannot occur: a contract that uses one as a name is refused.
pub(crate) fn identifier(name: &str) -> Option<String> {
    let starts_well = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$');
    (starts_well && name.bytes().all(legal) && name.len() <= 255).then(|| name.to_ascii_lowercase())
}

/// Writes text as a string constant, in one line. Snowflake reads backslash escapes in `'...'`.
pub(crate) fn literal(text: &str) -> String {
    let mut constant = String::with_capacity(text.len() + 2);
    constant.push('\'');
    for character in text.chars() {
        match character {
            '\'' => constant.push_str("''"),
            '\\' => constant.push_str("\\\\"),
            '\0' => constant.push_str("\\0"),
            '\n' => constant.push_str("\\n"),
            other => constant.push(other),
        }
    }
    constant.push('\'');
    constant
}

/// Indents every line but the first and the blank ones.
pub(crate) fn indent(text: &str, width: usize) -> String {
    let margin = format!("\n{:width$}", "");
    text.trim().replace('\n', &margin).replace(&(margin + "\n"), "\n\n")
}

/// What follows the measured value in a condition: `>= 0`, `between 1 and 5`.
pub(crate) fn condition(must: Comparison) -> String {
    match must {
        Comparison::Be { bound } => format!("= {}", number(bound)),
        Comparison::NotBe { bound } => format!("<> {}", number(bound)),
        Comparison::BeGreaterThan { bound } => format!("> {}", number(bound)),
        Comparison::BeGreaterOrEqualTo { bound } => format!(">= {}", number(bound)),
        Comparison::BeLessThan { bound } => format!("< {}", number(bound)),
        Comparison::BeLessOrEqualTo { bound } => format!("<= {}", number(bound)),
        Comparison::NotBeBetween { low, high } => {
            format!("not between {} and {}", number(low), number(high))
        }
        Comparison::BeBetween { low, high } => {
            format!("between {} and {}", number(low), number(high))
        }
    }
}

/// Writes an exact decimal constant.
fn number(decimal: Decimal) -> String {
    let scale = usize::from(decimal.scale);
    let digits = format!("{:0>width$}", decimal.unscaled.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    let sign = if decimal.unscaled < 0 { "-" } else { "" };
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{whole}{point}{fraction}")
}

/// The template engine's output of a bare `{{ value }}`: SQL text the program wrote itself and
/// numbers as they are, any other text as an identifier. Nothing else can be printed.
pub(crate) fn write_value(out: &mut Output, _: &mut State, value: &Value) -> Result<(), Error> {
    if value.is_safe() || value.is_number() {
        return Ok(write!(out, "{value}")?);
    }
    match value.as_str().and_then(identifier) {
        Some(name) => Ok(out.write_str(&name)?),
        None => Err(Error::new(
            ErrorKind::InvalidOperation,
            format!("{value:?} is not an identifier; text goes through literal()"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_identifiers_are_names() {
        assert_eq!(identifier("order_id").as_deref(), Some("order_id"));
        assert_eq!(identifier("SNOWLINE_WH").as_deref(), Some("snowline_wh"));
        for bad in ["", "1st", "a b", "a\"b", "a;drop", "é", "a-b", "a.b"] {
            assert_eq!(identifier(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn literals_cannot_be_left() {
        assert_eq!(literal("it's"), "'it''s'");
        assert_eq!(literal(r"\'); drop table x; --"), r"'\\''); drop table x; --'");
        assert_eq!(literal("a\n--b"), r"'a\n--b'");
    }

    #[test]
    fn decimals_keep_every_digit() {
        let number = |unscaled, scale| number(Decimal { unscaled, scale });
        assert_eq!(number(0, 0), "0");
        assert_eq!(number(-5, 2), "-0.05");
        assert_eq!(number(123_456, 3), "123.456");
    }
}
