//! What `snowline init` tells: the columns, what is to be decided, and what to do next.

use std::io::{self, Write};
use std::path::Path;

use contract::{DataType, Format};

use super::draft::Draft;
use super::sample::Sample;
use crate::table::{Align, table};

/// Prints the report. `is_legal` says whether the contract can be followed as it is.
pub(crate) fn print(
    draft: &Draft,
    sample: &Sample,
    sample_path: &Path,
    contract: &Path,
    is_legal: bool,
) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let kind = match sample.format {
        Format::Json => "JSON".to_owned(),
        Format::Csv => format!("CSV with {:?}", sample.csv.delimiter),
    };
    writeln!(out, "{}: {} records of {kind}", sample_path.display(), sample.fields.count)?;
    if sample.malformed > 0 {
        writeln!(out, "  {} more are malformed; the transform rejects them", sample.malformed)?;
    }
    let columns =
        [("column", Align::Left), ("type", Align::Left), ("", Align::Left), ("why", Align::Left)];
    writeln!(out, "\n{}", table(columns, &rows(draft)))?;
    let dedupe = &draft.dataset.dedupe;
    writeln!(out, "key    {}: {}", dedupe.key.join(", "), draft.key_why)?;
    writeln!(out, "order  {}: {}", dedupe.order.join(", "), draft.order_why)?;
    for (field, reason) in &draft.left_out {
        writeln!(out, "left out: {field:?}: {reason}; its values are kept as unknown fields are")?;
    }
    if !draft.decisions.is_empty() {
        writeln!(out, "\nTo decide:")?;
        for decision in &draft.decisions {
            writeln!(out, "  - {decision}")?;
        }
    }
    let [contract, sample] = [contract, sample_path].map(as_word);
    writeln!(out, "\nWritten: {contract}. Verify what its comments call `check:`, then:")?;
    writeln!(out, "  snowline check {sample} --contract {contract}")?;
    if is_legal {
        writeln!(out, "  snowline transform --contract {contract} {sample} --out out")?;
        writeln!(out, "  snowline sql --contract {contract}")?;
    }
    Ok(())
}

/// The path as a word of a shell's command.
fn as_word(path: &Path) -> String {
    let path = path.display().to_string();
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-+:@%".contains(&byte);
    if path.bytes().all(is_plain) { path } else { format!("'{}'", path.replace('\'', r"'\''")) }
}

fn rows(draft: &Draft) -> Vec<[String; 4]> {
    let dataset = &draft.dataset;
    let fields = dataset.columns.iter().flat_map(|column| {
        let prefix = format!("{}.", column.name);
        let inside = dataset.nested.iter().filter(move |field| field.name.starts_with(&prefix));
        std::iter::once(column).chain(inside)
    });
    fields
        .map(|field| {
            let is_nested = field.name.contains('.');
            let mut marks = Vec::new();
            if dataset.dedupe.key.contains(&field.name) {
                marks.push("key");
            }
            if field.required {
                marks.push("required");
            }
            if field.restricted && !is_nested {
                marks.push("restricted");
            }
            let why = draft.notes.get(&field.name).map(|notes| notes.why.clone());
            let indent = "  ".repeat(field.name.matches('.').count());
            let name = if is_nested { &field.field } else { &field.name };
            [
                format!("{indent}{name}"),
                type_name(field.data_type),
                marks.join(" "),
                why.unwrap_or_default(),
            ]
        })
        .collect()
}

fn type_name(data_type: DataType) -> String {
    match data_type {
        DataType::String { max_chars: Some(chars) } => format!("VARCHAR({chars})"),
        DataType::Decimal { precision, scale } => format!("NUMBER({precision},{scale})"),
        DataType::String { max_chars: None } => "VARCHAR".to_owned(),
        other => format!("{other:?}").to_uppercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_one_word_of_a_command() {
        for (path, word) in [
            ("samples/a-1.json.gz", "samples/a-1.json.gz"),
            ("my sample.csv", "'my sample.csv'"),
            ("it's $HOME", r"'it'\''s $HOME'"),
        ] {
            assert_eq!(as_word(Path::new(path)), word);
        }
    }
}
