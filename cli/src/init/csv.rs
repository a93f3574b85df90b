//! Reads the fields of CSV with what the transform goes by: whether quotes stand around them, for
//! only a field without quotes is null.

use contract::Csv;

/// A field of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) text: String,
    pub(crate) quoted: bool,
}

/// Texts that stand for nothing in CSV, beside the empty one.
const NULLS: [&str; 6] = [r"\N", "NULL", "null", "N/A", "NA", "None"];

/// Records that are looked at to tell the dialect.
const LOOKED_AT: usize = 200;

/// The records of a text, each with its first line; `None` where quotes are not as they must be.
pub(crate) fn records(text: &[u8], delimiter: char) -> impl Iterator<Item = Option<Vec<Field>>> {
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
                return Some(
                    std::str::from_utf8(line).ok().and_then(|line| fields(line, delimiter)),
                );
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

/// The fields of a record; `None` when a quote stands where none may.
fn fields(line: &str, delimiter: char) -> Option<Vec<Field>> {
    let mut fields = Vec::new();
    let mut rest = line;
    loop {
        let (field, after) = match rest.strip_prefix('"') {
            Some(inside) => quoted_field(inside)?,
            None => {
                let end = rest.find(delimiter).unwrap_or(rest.len());
                let (text, after) = rest.split_at(end);
                if text.contains('"') {
                    return None;
                }
                (Field { text: text.to_owned(), quoted: false }, after)
            }
        };
        fields.push(field);
        match after.strip_prefix(delimiter) {
            Some(after) => rest = after,
            None if after.is_empty() => return Some(fields),
            None => return None,
        }
    }
}

/// The field behind an opening quote, and what follows its closing quote.
fn quoted_field(inside: &str) -> Option<(Field, &str)> {
    let mut text = String::new();
    let mut rest = inside;
    loop {
        let (before, after) = rest.split_once('"')?;
        text.push_str(before);
        match after.strip_prefix('"') {
            Some(after) => {
                text.push('"');
                rest = after;
            }
            None => return Some((Field { text, quoted: true }, after)),
        }
    }
}

/// Tells the dialect from the beginning of a text: the delimiter that cuts most records into as
/// many fields as the header, and more than one; and the word for nothing, when no field is empty.
pub(crate) fn dialect(text: &[u8]) -> Csv {
    let agreeing = |delimiter: char| {
        let mut records =
            records(text, delimiter).take(LOOKED_AT).map(|fields| fields.map_or(0, |f| f.len()));
        let header = records.next().unwrap_or_default();
        let agreeing = records.filter(|fields| *fields == header).count();
        (header > 1).then_some((agreeing, header))
    };
    let best = [',', ';', '\t', '|'].into_iter().rev().max_by_key(|delimiter| agreeing(*delimiter));
    let delimiter = best.filter(|delimiter| agreeing(*delimiter).is_some()).unwrap_or(',');
    Csv { delimiter, null: null_of(text, delimiter) }
}

fn null_of(text: &[u8], delimiter: char) -> String {
    let bare = || {
        let records = records(text, delimiter).skip(1).flatten();
        records.flatten().filter(|field| !field.quoted).map(|field| field.text)
    };
    if bare().any(|text| text.is_empty()) {
        return String::new();
    }
    let word = NULLS.into_iter().find(|null| bare().any(|text| text == *null));
    word.unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, delimiter: char) -> Vec<Option<Vec<String>>> {
        let show =
            |field: Field| if field.quoted { format!("\"{}\"", field.text) } else { field.text };
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
    fn the_dialect_is_told_from_the_text() {
        for (text, delimiter, null) in [
            ("a,b\n1,2\n", ',', ""),
            ("a;b\n1,5;2,5\n3,5;4,5\n", ';', ""),
            ("a\tb\n1\t\\N\n", '\t', r"\N"),
            ("a|b\n1|NULL\n", '|', "NULL"),
            ("a|b\n1|NULL\n|2\n", '|', ""),
            ("a|b\n1|\"NULL\"\n", '|', ""),
            ("text\nhello, you\n", ',', ""),
            ("a,b\n\"1;2;3\",4\n", ',', ""),
        ] {
            assert_eq!(
                dialect(text.as_bytes()),
                Csv { delimiter, null: null.to_owned() },
                "{text}"
            );
        }
    }
}
