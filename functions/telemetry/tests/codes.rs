//! Holds docs/troubleshooting.md against the codes that the functions give to their errors.

#![allow(clippy::expect_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs::{read_dir, read_to_string};
use std::path::Path;

/// What codes begin with.
const PARTS: [&str; 6] = ["function", "transform", "load", "publish", "schema", "snowflake"];

fn is_code(text: &str) -> bool {
    let may_stand = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_');
    text.split_once('.').is_some_and(|(part, name)| {
        PARTS.contains(&part) && !name.is_empty() && name.bytes().all(may_stand)
    })
}

/// The codes among the string literals of the sources below a folder; without those of tests.
fn codes_below(folder: &Path, codes: &mut BTreeSet<String>) {
    for entry in read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            codes_below(&path, codes);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let text = read_to_string(&path).expect("a source");
            let product = text.split("#[cfg(test)]").next().unwrap_or_default();
            let literals = product.split('"').filter(|text| is_code(text));
            codes.extend(literals.map(str::to_owned));
        }
    }
}

#[test]
fn the_page_explains_every_code_and_no_other() {
    let functions = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut given = BTreeSet::new();
    for function in read_dir(&functions).expect("functions/") {
        let sources = function.expect("an entry").path().join("src");
        if sources.is_dir() {
            codes_below(&sources, &mut given);
        }
    }
    assert!(given.len() > 40, "{given:?}");

    let page = read_to_string(functions.join("../docs/troubleshooting.md")).expect("the page");
    let (_, errors) = page.split_once("\n## Errors\n").expect("a section");
    let errors = errors.split("\n## ").next().unwrap_or_default();
    let rows = errors.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let explained: Vec<String> = rows.map(str::to_owned).collect();
    assert_eq!(explained.iter().cloned().collect::<BTreeSet<_>>(), given);
    assert_eq!(explained.len(), given.len(), "a code is explained once");
}
