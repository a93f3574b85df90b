//! What `snowline check` prints, for people and for machines.

use contract::Dataset;
use serde::Serialize;
use terminal_size::{Width, terminal_size};

use super::tally::Checked;
use crate::table::{Align, table};

/// Characters of a line when standard output is no terminal.
const CHARS: usize = 120;

/// Characters of a line of the terminal.
pub(crate) fn terminal_chars() -> usize {
    terminal_size().map_or(CHARS, |(Width(columns), _)| columns.into())
}

/// The report for people, in lines of at most `chars` where they show records.
pub(crate) fn text(dataset: &Dataset, checked: &Checked, chars: usize) -> String {
    let (read, rejected) = (checked.rows_read(), checked.rows_rejected());
    let files = match checked.files.as_slice() {
        [file] => file.path.clone(),
        files => format!("{} files", files.len()),
    };
    let mut out = format!(
        "{files} against {} {}: {} rows read, {} accepted, {} rejected ({})\n",
        dataset.name,
        dataset.version,
        grouped(read),
        grouped(checked.rows_accepted()),
        grouped(rejected),
        percent(rejected, read),
    );
    if rejected == 0 {
        return out;
    }
    let columns = [
        ("rule", Align::Left),
        ("column", Align::Left),
        ("rows", Align::Right),
        ("share", Align::Right),
    ];
    let rows: Vec<_> = checked
        .by_rule()
        .into_iter()
        .map(|((rule, column), rows)| {
            [rule, column.unwrap_or_else(|| "-".to_owned()), grouped(rows), percent(rows, read)]
        })
        .collect();
    out.push('\n');
    out.push_str(&table(columns, &rows));
    out.push_str(&first_rejects(checked, chars));
    out
}

/// The first rejects, each with its record below it.
fn first_rejects(checked: &Checked, chars: usize) -> String {
    let mut out = String::new();
    for file in &checked.files {
        for reject in &file.rejects.first {
            let at = format!("{}:{}", file.path, reject.line);
            let column =
                reject.column.as_ref().map(|column| format!("{column}: ")).unwrap_or_default();
            out.push_str(&format!("\n{at}: {}: {column}{}\n", reject.rule, reject.message));
            let record = reject.record().unwrap_or_default();
            out.push_str("  ");
            out.push_str(&cut(&String::from_utf8_lossy(&record), chars.saturating_sub(2)));
            out.push('\n');
        }
    }
    let (shown, rejected) = (checked.shown() as u64, checked.rows_rejected());
    if shown > 0 && shown < rejected {
        out.push_str(&format!(
            "\n{} more; --show tells how many to print\n",
            grouped(rejected - shown)
        ));
    }
    out
}

/// The beginning of a record, in one line of at most `chars`; what would move the cursor is shown as
/// a space.
fn cut(record: &str, chars: usize) -> String {
    let mut line: String = record
        .chars()
        .take(chars + 1)
        .map(|char| if char.is_control() { ' ' } else { char })
        .collect();
    if line.chars().count() > chars {
        line = line.chars().take(chars.saturating_sub(1)).collect();
        line.push('…');
    }
    line
}

/// A number with commas between its thousands.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

fn percent(part: u64, whole: u64) -> String {
    match (part, whole) {
        (0, _) | (_, 0) => "0 %".to_owned(),
        _ => match part as f64 / whole as f64 * 100.0 {
            share if share < 0.01 => "< 0.01 %".to_owned(),
            share => format!("{share:.2} %"),
        },
    }
}

#[derive(Serialize)]
struct Document<'a> {
    contract: Contract<'a>,
    rows_read: u64,
    rows_accepted: u64,
    rows_rejected: u64,
    max_rejects: f64,
    passed: bool,
    files: Vec<FileCounts<'a>>,
    rejected: Vec<Rule>,
    first: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Contract<'a> {
    name: &'a str,
    version: &'a str,
}

#[derive(Serialize)]
struct FileCounts<'a> {
    path: &'a str,
    rows_read: u64,
    rows_accepted: u64,
    rows_rejected: u64,
}

#[derive(Serialize)]
struct Rule {
    rule: String,
    column: Option<String>,
    rows: u64,
}

#[derive(Serialize)]
struct Row<'a> {
    path: &'a str,
    line: i64,
    rule: &'a str,
    column: Option<&'a str>,
    message: &'a str,
    record: String,
}

/// The report for machines: one JSON document, as docs/setup.md describes it.
pub(crate) fn json(dataset: &Dataset, checked: &Checked, max_rejects: f64) -> String {
    let (rows_read, rows_rejected) = (checked.rows_read(), checked.rows_rejected());
    let files = checked.files.iter().map(|file| FileCounts {
        path: &file.path,
        rows_read: file.rows_read,
        rows_accepted: file.rows_accepted,
        rows_rejected: file.rows_read - file.rows_accepted,
    });
    let rules = checked.by_rule().into_iter();
    let rows = checked.files.iter().flat_map(|file| {
        file.rejects.first.iter().map(|reject| Row {
            path: &file.path,
            line: reject.line,
            rule: &reject.rule,
            column: reject.column.as_deref(),
            message: &reject.message,
            record: String::from_utf8_lossy(&reject.record().unwrap_or_default()).into_owned(),
        })
    });
    let document = Document {
        contract: Contract { name: &dataset.name, version: &dataset.version },
        rows_read,
        rows_accepted: checked.rows_accepted(),
        rows_rejected,
        max_rejects,
        passed: rows_rejected as f64 <= max_rejects * rows_read as f64,
        files: files.collect(),
        rejected: rules.map(|((rule, column), rows)| Rule { rule, column, rows }).collect(),
        first: rows.collect(),
    };
    // Such a document has no map with keys that are not text, the one thing that cannot be written.
    serde_json::to_string_pretty(&document).unwrap_or_default() + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_and_records_fit_their_places() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(percent(1, 3), "33.33 %");
        assert_eq!(percent(1, 1_000_000), "< 0.01 %");
        assert_eq!(percent(0, 0), "0 %");
        assert_eq!(cut("{\"a\":1}", 7), "{\"a\":1}");
        assert_eq!(cut("{\"ä\":12}", 7), "{\"ä\":1…");
        assert_eq!(cut("a\u{1b}[2J\nb", 80), "a [2J b");
    }
}
