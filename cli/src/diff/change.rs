//! A change of a contract, and what it means to those who rely on it.

use serde::Serialize;

/// What a change does to consumers of the tables and to producers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Class {
    /// Queries may fail or mean something else, or rows that were accepted are rejected.
    Breaking,
    /// There is more than before; what worked goes on working.
    Additive,
    /// Neither.
    Neutral,
}

impl Class {
    /// Every class, the gravest first.
    pub(crate) const ALL: [Self; 3] = [Self::Breaking, Self::Additive, Self::Neutral];

    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Breaking => "breaking",
            Self::Additive => "additive",
            Self::Neutral => "neutral",
        }
    }
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Change {
    pub(crate) class: Class,
    /// The part of the contract: a column, `dedupe`, ...
    pub(crate) place: String,
    /// What changed.
    pub(crate) change: String,
    /// What that does to rows and tables.
    pub(crate) effect: String,
}

/// The changes found so far.
#[derive(Debug, Default)]
pub(crate) struct Changes(pub(crate) Vec<Change>);

impl Changes {
    pub(crate) fn add(
        &mut self,
        class: Class,
        place: &str,
        change: impl Into<String>,
        effect: impl Into<String>,
    ) {
        let (change, effect) = (change.into(), effect.into());
        self.0.push(Change { class, place: place.to_owned(), change, effect });
    }

    pub(crate) fn breaking(
        &mut self,
        place: &str,
        change: impl Into<String>,
        effect: impl Into<String>,
    ) {
        self.add(Class::Breaking, place, change, effect);
    }

    pub(crate) fn additive(
        &mut self,
        place: &str,
        change: impl Into<String>,
        effect: impl Into<String>,
    ) {
        self.add(Class::Additive, place, change, effect);
    }

    pub(crate) fn neutral(
        &mut self,
        place: &str,
        change: impl Into<String>,
        effect: impl Into<String>,
    ) {
        self.add(Class::Neutral, place, change, effect);
    }

    /// Adds that a description changed, if it did.
    pub(crate) fn description(&mut self, place: &str, old: &Option<String>, new: &Option<String>) {
        if old != new {
            self.neutral(place, "description changed", "comments in the tables stay as they are");
        }
    }
}

/// The items of two lists, matched by name.
pub(crate) struct Matched<'a, T> {
    pub(crate) removed: Vec<&'a T>,
    pub(crate) added: Vec<&'a T>,
    pub(crate) both: Vec<(&'a T, &'a T)>,
    /// Whether those in both lists follow one another differently.
    pub(crate) is_reordered: bool,
}

/// Matches the items of two lists, in which no name stands twice.
pub(crate) fn matched<'a, T, N: PartialEq>(
    old: &'a [T],
    new: &'a [T],
    name: impl Fn(&'a T) -> N,
) -> Matched<'a, T> {
    let find = |list: &'a [T], item| list.iter().position(|other| name(other) == name(item));
    let places: Vec<_> = old.iter().filter_map(|item| find(new, item)).collect();
    Matched {
        removed: old.iter().filter(|item| find(new, item).is_none()).collect(),
        added: new.iter().filter(|item| find(old, item).is_none()).collect(),
        both: old
            .iter()
            .filter_map(|item| find(new, item).map(|place| (item, &new[place])))
            .collect(),
        is_reordered: !places.is_sorted(),
    }
}
