//! Strict, typed reading of nodes: every key known, every scalar of the expected kind.

use crate::Decimal;
use crate::error::{Found, Problem};
use crate::yaml::{Node, Value};

/// The keys a mapping may have. Any other key is an error.
pub(crate) struct Keys {
    /// Keys the pipeline follows.
    pub(crate) read: &'static [&'static str],
    /// Keys for human readers, which change neither what a good row is nor where it goes.
    pub(crate) documentation: &'static [&'static str],
    /// Keys the standard has and the pipeline does not follow, with the reason.
    pub(crate) refused: &'static [(&'static str, &'static str)],
}

/// A mapping whose keys have been checked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields<'a> {
    pub(crate) node: &'a Node,
}

impl<'a> Fields<'a> {
    /// The value of a key.
    pub(crate) fn get(&self, key: &str) -> Option<&'a Node> {
        self.node.get(key)
    }

    /// The value of a key that must be there.
    pub(crate) fn require(&self, key: &str) -> Found<'a, &'a Node> {
        self.get(key).ok_or_else(|| self.node.problem(format!("`{key}` is missing")))
    }

    /// The text of a key, if it is there.
    pub(crate) fn text(&self, key: &str) -> Found<'a, Option<&'a str>> {
        self.get(key).map(Node::text).transpose()
    }

    /// The description, for the tables' comments.
    pub(crate) fn description(&self) -> Found<'a, Option<String>> {
        Ok(self.text("description")?.map(str::to_owned))
    }

    /// Whether a key is there and `true`.
    pub(crate) fn flag(&self, key: &str) -> Found<'a, bool> {
        self.get(key).map_or(Ok(false), Node::flag)
    }
}

impl Node {
    /// The node as a mapping that has only the given keys.
    pub(crate) fn fields(&self, keys: &Keys) -> Found<'_, Fields<'_>> {
        let Value::Mapping(entries) = &self.value else {
            return self.fail("must be a mapping");
        };
        for (key, value) in entries {
            let key = key.as_str();
            if let Some((_, reason)) = keys.refused.iter().find(|(name, _)| *name == key) {
                return value.fail(format!("`{key}` is not supported: {reason}"));
            }
            if !keys.read.contains(&key) && !keys.documentation.contains(&key) {
                return value.fail(format!("unknown key; known are {}", known(keys)));
            }
        }
        Ok(Fields { node: self })
    }

    /// The value of a key, when the node is a mapping that has it.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        let Value::Mapping(entries) = &self.value else { return None };
        entries.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// The items of a sequence.
    pub(crate) fn items(&self) -> Found<'_, &[Self]> {
        match &self.value {
            Value::Sequence(items) => Ok(items),
            _ => self.fail("must be a list"),
        }
    }

    /// The items of a sequence that must not be empty.
    pub(crate) fn some_items(&self) -> Found<'_, &[Self]> {
        match self.items()? {
            [] => self.fail("must not be empty"),
            items => Ok(items),
        }
    }

    /// The text of a scalar that is text and nothing else in every version of YAML.
    pub(crate) fn text(&self) -> Found<'_, &str> {
        match &self.value {
            Value::Scalar { text, plain: true } if is_typed(text) => {
                self.fail(format!("must be text: put `{text}` in quotes"))
            }
            Value::Scalar { text, .. } => Ok(text),
            _ => self.fail("must be text"),
        }
    }

    /// The text of a scalar that is text or a number.
    pub(crate) fn text_or_number(&self) -> Found<'_, &str> {
        match &self.value {
            Value::Scalar { text, plain: true } if is_number(text) => Ok(text),
            _ => self.text(),
        }
    }

    /// Whether the node is a null.
    pub(crate) fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar { text, plain: true }
            if matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"))
    }

    /// The truth value of a scalar.
    pub(crate) fn flag(&self) -> Found<'_, bool> {
        match &self.value {
            Value::Scalar { text, plain: true } if text == "true" => Ok(true),
            Value::Scalar { text, plain: true } if text == "false" => Ok(false),
            _ => self.fail("must be true or false"),
        }
    }

    /// The exact value of a number.
    pub(crate) fn decimal(&self) -> Found<'_, Decimal> {
        match &self.value {
            Value::Scalar { text, plain: true } => {
                text.parse().map_err(|error| self.problem(format!("`{text}` is {error}")))
            }
            _ => self.fail("must be a number, without quotes"),
        }
    }

    /// The value of a whole number from 0 to 4,294,967,295.
    pub(crate) fn count(&self) -> Found<'_, u32> {
        match &self.value {
            Value::Scalar { text, plain: true } => {
                text.parse().map_err(|_| self.problem(format!("`{text}` is not a whole number")))
            }
            _ => self.fail("must be a whole number, without quotes"),
        }
    }

    /// One of several words, each with its meaning.
    pub(crate) fn choice<T: Copy>(&self, choices: &[(&str, T)]) -> Found<'_, T> {
        let text = self.text()?;
        choices
            .iter()
            .find(|(word, _)| *word == text)
            .map(|(_, meaning)| *meaning)
            .ok_or_else(|| self.not_among(text, choices.iter().map(|(word, _)| *word)))
    }

    /// The problem that a word is none of the known ones.
    pub(crate) fn not_among<'w>(
        &self,
        text: &str,
        words: impl Iterator<Item = &'w str>,
    ) -> Problem<'_> {
        let words: Vec<_> = words.collect();
        self.problem(format!("`{text}` is not supported; known are {}", words.join(", ")))
    }
}

fn known(keys: &Keys) -> String {
    [keys.read, keys.documentation].concat().join(", ")
}

/// Whether unquoted text means something other than itself, in YAML 1.2 or (`no`, `on`) in 1.1,
/// which other readers of the contract still speak.
fn is_typed(text: &str) -> bool {
    const WORDS: [&str; 9] = ["", "~", "null", "true", "false", "yes", "no", "on", "off"];
    WORDS.iter().any(|word| word.eq_ignore_ascii_case(text)) || is_number(text) || is_date(text)
}

/// Whether text is a date or a time, which YAML 1.1 takes for a value of its own.
fn is_date(text: &str) -> bool {
    let shape = |byte: u8| if byte.is_ascii_digit() { b'0' } else { byte };
    let shape: Vec<u8> = text.bytes().map(shape).take(10).collect();
    shape.starts_with(b"0000-00-00") || shape.starts_with(b"00:00")
}

fn is_number(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first))
        && text.parse::<f64>().is_ok()
}
