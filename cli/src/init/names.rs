//! Names of datasets and columns, made from the names of files and fields.

use std::path::Path;

/// Longest name that is made, in characters.
const MAX_CHARS: usize = 100;

/// Endings that say how a file is encoded or compressed.
const ENDINGS: [&str; 8] = [".gz", ".zst", ".json", ".jsonl", ".ndjson", ".csv", ".tsv", ".txt"];

/// The name of a dataset, from that of its sample.
pub(crate) fn dataset_name(sample: &Path) -> String {
    let name = sample.file_name().unwrap_or_default().to_string_lossy();
    let mut stem = &name[..];
    while let Some(shorter) = ENDINGS.iter().find_map(|ending| stem.strip_suffix(ending)) {
        stem = shorter;
    }
    identifier(stem, "events")
}

/// The name of the column that reads a field; a name that is not among those `taken`.
pub(crate) fn column_name(field: &str, taken: &[String]) -> String {
    unique(&identifier(field, "field"), taken)
}

/// The name, with a number behind it when it is taken.
pub(crate) fn unique(name: &str, taken: &[String]) -> String {
    let is_free = |name: &String| !taken.contains(name);
    let numbered = (2..).map(|number| format!("{name}_{number}"));
    std::iter::once(name.to_owned()).chain(numbered).find(is_free).unwrap_or_default()
}

/// Whether a name is a legal one of a table or a column.
pub(crate) fn is_identifier(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
        && !contract::is_reserved(name)
}

/// A legal name of the words of `text`; `kind` goes with what would be no name alone.
fn identifier(text: &str, kind: &str) -> String {
    let mut name = words(text).join("_");
    name.truncate(MAX_CHARS);
    match name.as_bytes().first() {
        None => kind.to_owned(),
        Some(b'0'..=b'9') => format!("{kind}_{name}"),
        Some(_) if contract::is_reserved(&name) => format!("{name}_{kind}"),
        Some(_) => name,
    }
}

/// The words of a name in camelCase, snake_case or with other characters between, in lower case.
pub(crate) fn words(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let mut words: Vec<String> = Vec::new();
    let mut is_inside = false;
    for (at, &char) in chars.iter().enumerate() {
        if !char.is_ascii_alphanumeric() {
            is_inside = false;
            continue;
        }
        let before = at.checked_sub(1).map(|at| chars[at]);
        let begins = char.is_ascii_uppercase()
            && (before.is_some_and(|before| !before.is_ascii_uppercase())
                || chars.get(at + 1).is_some_and(char::is_ascii_lowercase));
        match words.last_mut() {
            Some(word) if is_inside && !begins => word.push(char.to_ascii_lowercase()),
            _ => words.push(char.to_ascii_lowercase().to_string()),
        }
        is_inside = true;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_become_names_of_columns() {
        for (field, name) in [
            ("order_id", "order_id"),
            ("customerId", "customer_id"),
            ("HTTPStatus", "http_status"),
            ("userID", "user_id"),
            ("clientIPAddress", "client_ip_address"),
            ("$schema.version", "schema_version"),
            ("_id", "id"),
            ("__op", "op"),
            ("order", "order_field"),
            ("2fa", "field_2fa"),
            ("größe", "gr_e"),
            ("日本", "field"),
            ("", "field"),
            ("A B-C", "a_b_c"),
        ] {
            assert_eq!(column_name(field, &[]), name, "{field}");
            assert!(is_identifier(name), "{name}");
        }
        let taken = ["a".to_owned(), "a_2".to_owned()];
        assert_eq!(column_name("a", &taken), "a_3");
    }

    #[test]
    fn files_become_names_of_datasets() {
        for (path, name) in [
            ("data/App-Logins.2026.json.gz", "app_logins_2026"),
            ("orders.csv", "orders"),
            ("table.ndjson.zst", "table_events"),
            ("2026.json", "events_2026"),
            (".json", "events"),
        ] {
            assert_eq!(dataset_name(Path::new(path)), name, "{path}");
        }
    }
}
