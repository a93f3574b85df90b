//! Writes YAML that every reader takes for the same: block style with comments, and quotes around
//! whatever could mean something else.

/// Longest line of a comment, in characters.
const COMMENT_CHARS: usize = 100;
/// Entries from which on an item has a blank line above it.
const SPACED_ENTRIES: usize = 3;

/// A value of a document.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Yaml {
    /// Text, quoted where need be.
    Text(String),
    /// A number or a truth value, written as it is.
    Plain(String),
    /// A mapping, an entry a line.
    Mapping(Vec<Entry>),
    /// A list of an item a line.
    List(Vec<Yaml>),
    /// A mapping in one line; its values are scalars or in one line themselves.
    InlineMapping(Vec<(&'static str, Yaml)>),
    /// A list in one line.
    InlineList(Vec<Yaml>),
}

/// An entry of a mapping, with the comments that stand above it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    comments: Vec<String>,
    key: &'static str,
    value: Yaml,
}

/// Text.
pub(crate) fn text(text: impl Into<String>) -> Yaml {
    Yaml::Text(text.into())
}

/// Texts in one line.
pub(crate) fn texts<T: Into<String>>(items: impl IntoIterator<Item = T>) -> Yaml {
    Yaml::InlineList(items.into_iter().map(text).collect())
}

/// A number or a truth value.
pub(crate) fn plain(value: impl ToString) -> Yaml {
    Yaml::Plain(value.to_string())
}

/// An entry without comments.
pub(crate) fn entry(key: &'static str, value: Yaml) -> Entry {
    Entry { comments: Vec::new(), key, value }
}

impl Entry {
    /// The entry with comments above it.
    pub(crate) fn commented(mut self, comments: impl IntoIterator<Item = String>) -> Self {
        self.comments.extend(comments);
        self
    }
}

/// The text of a document.
pub(crate) fn document(header: &[String], entries: &[Entry]) -> String {
    let mut out = String::new();
    comments(header, 0, &mut out);
    mapping(entries, 0, &mut out);
    out
}

fn mapping(entries: &[Entry], indent: usize, out: &mut String) {
    for Entry { comments: notes, key, value } in entries {
        comments(notes, indent, out);
        spaces(indent, out);
        out.push_str(key);
        out.push(':');
        value_after(value, indent, out);
    }
}

/// Writes a value behind its key, or behind the dash of an item.
fn value_after(value: &Yaml, indent: usize, out: &mut String) {
    match value {
        Yaml::Mapping(entries) if !entries.is_empty() => {
            out.push('\n');
            mapping(entries, indent + 2, out);
        }
        Yaml::List(items) if !items.is_empty() => {
            out.push('\n');
            list(items, indent + 2, out);
        }
        Yaml::Text(text) => {
            out.push(' ');
            out.push_str(&quoted(text, ", "));
            out.push('\n');
        }
        value => {
            out.push(' ');
            inline(value, out);
            out.push('\n');
        }
    }
}

/// Writes items; those of several lines have a blank line between them.
fn list(items: &[Yaml], indent: usize, out: &mut String) {
    for (at, item) in items.iter().enumerate() {
        if at > 0 && matches!(item, Yaml::Mapping(entries) if entries.len() >= SPACED_ENTRIES) {
            out.push('\n');
        }
        if let Yaml::Mapping(entries) = item
            && let [first, rest @ ..] = entries.as_slice()
        {
            comments(&first.comments, indent, out);
            spaces(indent, out);
            out.push_str("- ");
            out.push_str(first.key);
            out.push(':');
            value_after(&first.value, indent + 2, out);
            mapping(rest, indent + 2, out);
        } else {
            spaces(indent, out);
            out.push('-');
            value_after(item, indent, out);
        }
    }
}

fn inline(value: &Yaml, out: &mut String) {
    match value {
        Yaml::Text(text) => out.push_str(&quoted(text, " ")),
        Yaml::Plain(text) => out.push_str(text),
        Yaml::InlineMapping(entries) => {
            let pairs = entries.iter().map(|(key, value)| (Some(*key), value));
            collection('{', pairs, '}', out);
        }
        Yaml::Mapping(entries) => {
            let pairs = entries.iter().map(|entry| (Some(entry.key), &entry.value));
            collection('{', pairs, '}', out);
        }
        Yaml::List(items) | Yaml::InlineList(items) => {
            collection('[', items.iter().map(|item| (None, item)), ']', out);
        }
    }
}

fn collection<'a>(
    open: char,
    items: impl Iterator<Item = (Option<&'static str>, &'a Yaml)>,
    close: char,
    out: &mut String,
) {
    out.push(open);
    for (at, (key, value)) in items.enumerate() {
        if at > 0 {
            out.push_str(", ");
        }
        if let Some(key) = key {
            out.push_str(key);
            out.push_str(": ");
        }
        inline(value, out);
    }
    out.push(close);
}

fn spaces(indent: usize, out: &mut String) {
    out.extend(std::iter::repeat_n(' ', indent));
}

/// Writes comments, each from a line of its own and broken between words.
fn comments(notes: &[String], indent: usize, out: &mut String) {
    for note in notes {
        let mut line = String::new();
        for word in note.split(' ') {
            let chars = indent + line.chars().count() + word.chars().count();
            if !line.is_empty() && chars + 3 > COMMENT_CHARS {
                comment_line(&line, indent, out);
                line.clear();
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        comment_line(&line, indent, out);
    }
}

fn comment_line(line: &str, indent: usize, out: &mut String) {
    spaces(indent, out);
    out.push('#');
    if !line.is_empty() {
        out.push(' ');
    }
    out.extend(line.chars().map(|char| if is_printable(char) { char } else { '\u{fffd}' }));
    out.push('\n');
}

/// Text as a scalar that reads back as that text. `legal` are characters that mean nothing there,
/// beside those that never do.
fn quoted(text: &str, legal: &str) -> String {
    if is_plain(text, legal) {
        return text.to_owned();
    }
    if text.chars().all(is_printable) {
        return format!("'{}'", text.replace('\'', "''"));
    }
    let mut out = String::from("\"");
    for char in text.chars() {
        match char {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            char if is_printable(char) => out.push(char),
            char if u32::from(char) <= 0xffff => out.push_str(&format!("\\u{:04x}", char as u32)),
            char => out.push_str(&format!("\\U{:08x}", char as u32)),
        }
    }
    out.push('"');
    out
}

/// Whether text may stand without quotes: it begins with a letter, has nothing that YAML gives a
/// meaning to, and is no word of YAML 1.1 or 1.2.
fn is_plain(text: &str, legal: &str) -> bool {
    const WORDS: [&str; 9] = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"];
    let is_legal = |char: char| {
        char.is_ascii_alphanumeric() || "_-./()".contains(char) || legal.contains(char)
    };
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.chars().all(is_legal)
        && !text.ends_with(' ')
        && !WORDS.iter().any(|word| word.eq_ignore_ascii_case(text))
}

/// Whether a character may stand in a YAML file as it is, and in one line.
fn is_printable(char: char) -> bool {
    let is_line_end = matches!(char, '\u{85}' | '\u{2028}' | '\u{2029}');
    let is_listed = matches!(char,
        ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    is_listed && !is_line_end && char != '\u{feff}'
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use saphyr_parser::{Event, Parser, ScalarStyle};

    /// The scalars of a document as another parser reads them, and whether each is text for certain.
    fn scalars(document: &str) -> Vec<(String, bool)> {
        let events = Parser::new_from_str(document).map(|event| event.unwrap().0);
        events
            .filter_map(|event| match event {
                Event::Scalar(text, style, ..) => {
                    let quoted = style != ScalarStyle::Plain;
                    let is_word = text.starts_with(|first: char| first.is_ascii_alphabetic());
                    Some((text.into_owned(), quoted || is_word))
                }
                _ => None,
            })
            .collect()
    }

    fn holding(value: &str) -> String {
        let inner = vec![
            entry("block", text(value)).commented([value.to_owned()]),
            entry("inline", texts([value, value])),
            entry("map", Yaml::InlineMapping(vec![("key", text(value))])),
            entry("items", Yaml::List(vec![text(value)])),
        ];
        document(&[value.to_owned()], &[entry("all", Yaml::List(vec![Yaml::Mapping(inner)]))])
    }

    fn read_back(value: &str) {
        let document = holding(value);
        let read = scalars(&document);
        let keys = ["all", "block", "inline", "map", "key", "items"];
        let values: Vec<_> = read
            .iter()
            .filter(|(text, _)| text == value || !keys.contains(&text.as_str()))
            .collect();
        let expected = if keys.contains(&value) { 6 } else { 5 };
        assert_eq!(values.len(), expected, "{document}");
        assert!(values.iter().all(|(text, certain)| text == value && *certain), "{document}");
    }

    #[test]
    fn what_could_mean_something_else_is_quoted() {
        for value in [
            "",
            " ",
            "no",
            "Yes",
            "y",
            "~",
            "null",
            "12",
            "1e3",
            "0x1f",
            "2026-01-01",
            "12:30:45",
            "-",
            "- a",
            "a: b",
            "a #b",
            "#",
            "'",
            "\"",
            "it's",
            "a\nb",
            "\t",
            "\\N",
            "{a}",
            "[a]",
            "*a",
            "&a",
            "!a",
            "%a",
            "@a",
            "`a`",
            "|",
            ">",
            "=",
            "<<",
            "...",
            "---",
            "a ",
            " a",
            "ä",
            "\u{85}",
            "\u{2028}",
            "\u{feff}",
            "\u{0}",
            "\u{7f}",
            "\u{fffe}",
            "😀",
            "block",
        ] {
            read_back(value);
        }
    }

    proptest! {
        #[test]
        fn any_text_reads_back_as_itself(value in any::<String>()) {
            read_back(&value);
        }

        #[test]
        fn any_text_of_yaml_reads_back_as_itself(value in "[-:#,'\"\\\\{}\\[\\]&*!|>%@ \n\ta0n.~]{0,12}") {
            read_back(&value);
        }
    }

    #[test]
    fn a_document_reads_as_people_write_it() {
        let item = vec![
            entry("name", text("id")).commented(["check: is it unique?".to_owned()]),
            entry("required", plain(true)),
            entry("options", Yaml::InlineMapping(vec![("format", text("uuid"))])),
            entry("quality", Yaml::List(vec![Yaml::Mapping(vec![entry("mustBe", plain(0))])])),
            entry("tags", Yaml::List(Vec::new())),
        ];
        let written = document(
            &["A contract.".to_owned()],
            &[entry("schema", Yaml::List(vec![Yaml::Mapping(item), text("a: b")]))],
        );
        assert_eq!(
            written,
            "# A contract.\nschema:\n  # check: is it unique?\n  - name: id\n    required: true\n    \
             options: {format: uuid}\n    quality:\n      - mustBe: 0\n    tags: []\n  - 'a: b'\n"
        );
    }
}
