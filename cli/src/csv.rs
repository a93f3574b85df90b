//! Reads the fields of CSV with what the transform goes by: whether quotes stand around them, for
//! only a field without quotes is null, and whether quotes are where they may be.

use std::borrow::Cow;

/// A field of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Field<'a> {
    pub(crate) text: Cow<'a, str>,
    pub(crate) quoted: bool,
}

/// Why a text is no record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BadQuotes {
    /// A quoted field does not end.
    Open,
    /// There is text before or behind the quotes of a field.
    Misplaced,
}

/// The records of a text, in order; `None` where quotes are not as they must be.
pub(crate) fn records(
    text: &[u8],
    delimiter: char,
) -> impl Iterator<Item = Option<Vec<Field<'_>>>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            if rest.is_empty() {
                return None;
            }
            let end = record_end(rest);
            let line = rest[..end].strip_suffix(b"\r").unwrap_or(&rest[..end]);
            rest = rest.get(end + 1..).unwrap_or_default();
            if !line.trim_ascii().is_empty() {
                let line = std::str::from_utf8(line).ok();
                return Some(line.and_then(|line| fields(line, delimiter).ok()));
            }
        }
    })
}

/// Offset of the line end that ends the first record, or of the end: a line end inside quotes is
/// part of a field.
fn record_end(text: &[u8]) -> usize {
    let mut in_quotes = false;
    let end = text.iter().position(|byte| {
        in_quotes ^= *byte == b'"';
        *byte == b'\n' && !in_quotes
    });
    end.unwrap_or(text.len())
}

/// The fields of a record, which is given without its line end.
///
/// # Errors
/// A quote stands where none may. [`BadQuotes::Open`] when more text could make it a record.
pub(crate) fn fields(record: &str, delimiter: char) -> Result<Vec<Field<'_>>, BadQuotes> {
    let mut fields = Vec::new();
    let mut rest = record;
    loop {
        let (field, after) = match rest.strip_prefix('"') {
            Some(inside) => quoted_field(inside)?,
            None => {
                let (text, after) = rest.split_at(rest.find(delimiter).unwrap_or(rest.len()));
                if text.contains('"') {
                    return Err(BadQuotes::Misplaced);
                }
                (Field { text: text.into(), quoted: false }, after)
            }
        };
        fields.push(field);
        match after.strip_prefix(delimiter) {
            Some(after) => rest = after,
            None if after.is_empty() => return Ok(fields),
            None => return Err(BadQuotes::Misplaced),
        }
    }
}

/// The field behind an opening quote, and what follows its closing quote.
fn quoted_field(inside: &str) -> Result<(Field<'_>, &str), BadQuotes> {
    let mut doubled = false;
    let mut at = 0;
    loop {
        let quote = at + inside[at..].find('"').ok_or(BadQuotes::Open)?;
        let after = &inside[quote + 1..];
        if !after.starts_with('"') {
            let text = Cow::from(&inside[..quote]);
            let text = if doubled { text.replace("\"\"", "\"").into() } else { text };
            return Ok((Field { text, quoted: true }, after));
        }
        doubled = true;
        at = quote + 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, delimiter: char) -> Vec<Option<Vec<String>>> {
        let show = |field: Field| match field.quoted {
            true => format!("\"{}\"", field.text),
            false => field.text.into_owned(),
        };
        let records = records(text.as_bytes(), delimiter);
        records.map(|fields| fields.map(|fields| fields.into_iter().map(show).collect())).collect()
    }

    #[test]
    fn quotes_are_kept_apart_from_text() {
        let expected: Vec<Option<Vec<String>>> = vec![
            Some(vec!["a".into(), "\"b\nc\"".into(), "".into()]),
            Some(vec!["\"\"".into(), "\"x\"y\"".into(), " z".into()]),
            None,
            None,
            Some(vec!["ü".into()]),
        ];
        assert_eq!(shown("a,\"b\nc\",\r\n\n\"\",\"x\"\"y\", z\na\"b\"\n\"a\"b\nü", ','), expected);
    }

    #[test]
    fn more_text_can_close_a_quote_but_not_move_one() {
        for (text, error) in [
            ("a,\"b", BadQuotes::Open),
            ("a,\"b\"\"", BadQuotes::Open),
            ("a\"", BadQuotes::Misplaced),
            ("\"a\" ,\"b", BadQuotes::Misplaced),
        ] {
            assert_eq!(fields(text, ','), Err(error), "{text}");
        }
    }
}
