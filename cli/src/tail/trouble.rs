//! What is wrong at the moment, said once when it begins, when it changes, and when it is over.

use std::collections::BTreeMap;

/// What is wrong at the moment, by what it concerns.
#[derive(Debug, Default)]
pub(crate) struct Troubles {
    current: BTreeMap<String, String>,
}

impl Troubles {
    /// Notes that something is wrong. Whether it was not known.
    pub(crate) fn raise(&mut self, subject: &str, message: String) {
        if self.current.get(subject) != Some(&message) {
            say(&format!("{subject}: {message}"));
            self.current.insert(subject.to_owned(), message);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.current.is_empty()
    }

    /// Notes that a subject is well.
    pub(crate) fn clear(&mut self, subject: &str) {
        if self.current.remove(subject).is_some() {
            say(&format!("{subject}: well again"));
        }
    }

    /// Forgets a subject that is no more.
    pub(crate) fn forget(&mut self, subject: &str) {
        self.current.remove(subject);
    }

    /// One of them, and how many there are.
    pub(crate) fn summary(&self) -> Option<(String, usize)> {
        let (subject, message) = self.current.first_key_value()?;
        Some((format!("{subject}: {message}"), self.current.len()))
    }
}

/// Says something to whoever reads the log of the program.
pub(crate) fn say(message: &str) {
    eprintln!("snowline tail: {message}");
}
