//! Tells how a sample of CSV is written.

use contract::Csv;

use crate::csv::records;

/// Texts that stand for nothing in CSV, beside the empty one.
const NULLS: [&str; 6] = [r"\N", "NULL", "null", "N/A", "NA", "None"];

/// Records that are looked at to tell the dialect.
const LOOKED_AT: usize = 200;

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
