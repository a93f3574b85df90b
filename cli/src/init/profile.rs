//! What the values of each field were: all that inference goes by, whatever the size of the sample.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};

use super::shapes::{Shape, Shapes};

/// Distinct texts that are kept of a field, for its valid values.
const KEPT_TEXTS: usize = 20;

/// The fields of a record, or of an object inside one.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    /// How many records, or objects, there were.
    pub(crate) count: u64,
    list: Vec<(String, Profile)>,
    index: HashMap<String, usize>,
}

/// The values of a field.
#[derive(Debug, Default)]
pub(crate) struct Profile {
    /// Values that were not null.
    pub(crate) values: u64,
    pub(crate) texts: Texts,
    pub(crate) numbers: Numbers,
    pub(crate) booleans: u64,
    pub(crate) objects: Fields,
    pub(crate) arrays: u64,
    /// A hash of each scalar value, in the order of the records.
    hashes: Vec<u64>,
}

/// Texts, and cells of CSV.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    pub(crate) count: u64,
    /// Cells of CSV, which may stand for other types than text.
    pub(crate) cells: u64,
    pub(crate) shapes: Shapes,
    pub(crate) shortest: usize,
    pub(crate) longest: usize,
    kept: BTreeMap<String, u64>,
    too_many: bool,
}

/// Numbers, by their digits.
#[derive(Debug, Default)]
pub(crate) struct Numbers {
    pub(crate) count: u64,
    pub(crate) exponents: u64,
    /// Most digits before the point.
    pub(crate) whole_digits: usize,
    /// Most digits behind the point.
    pub(crate) scale: usize,
    /// Smallest and greatest whole part; `None` when there was none or one has too many digits.
    pub(crate) range: Option<(i128, i128)>,
}

impl Fields {
    /// A further record.
    pub(crate) fn begin(&mut self) {
        self.count += 1;
    }

    /// The field of this name, for its value in the current record.
    pub(crate) fn field(&mut self, name: &str) -> &mut Profile {
        let at = match self.index.get(name) {
            Some(at) => *at,
            None => {
                self.list.push((name.to_owned(), Profile::default()));
                self.index.insert(name.to_owned(), self.list.len() - 1);
                self.list.len() - 1
            }
        };
        &mut self.list[at].1
    }

    /// The fields with their names, in the order they were met.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Profile)> {
        self.list.iter().map(|(name, profile)| (name.as_str(), profile))
    }

    /// How many fields there were.
    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }
}

impl Profile {
    /// A text.
    pub(crate) fn text(&mut self, text: &str) {
        self.scalar(text);
        self.texts.add(text);
    }

    /// A cell of CSV, in quotes or not.
    pub(crate) fn cell(&mut self, text: &str) {
        self.text(text);
        self.texts.cells += 1;
        if self.texts.shapes.has(Shape::Number) {
            self.numbers.add(text);
        }
    }

    /// A number, as it is written.
    pub(crate) fn number(&mut self, text: &str) {
        self.scalar(text);
        self.numbers.add(text);
    }

    /// A truth value.
    pub(crate) fn boolean(&mut self, value: bool) {
        self.scalar(if value { "true" } else { "false" });
        self.booleans += 1;
    }

    /// An array.
    pub(crate) fn array(&mut self) {
        self.values += 1;
        self.arrays += 1;
    }

    /// An object; its fields follow.
    pub(crate) fn object(&mut self) -> &mut Fields {
        self.values += 1;
        &mut self.objects
    }

    fn scalar(&mut self, text: &str) {
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        self.hashes.push(hasher.finish());
        self.values += 1;
    }

    /// A hash of each value, in the order of the records.
    pub(crate) fn hashes(&self) -> &[u64] {
        &self.hashes
    }
}

impl Texts {
    fn add(&mut self, text: &str) {
        let chars = text.chars().count();
        self.shortest = if self.count == 0 { chars } else { self.shortest.min(chars) };
        self.longest = self.longest.max(chars);
        self.count += 1;
        self.shapes.keep(text);
        if let Some(times) = self.kept.get_mut(text) {
            *times += 1;
        } else if self.kept.len() < KEPT_TEXTS {
            self.kept.insert(text.to_owned(), 1);
        } else {
            self.too_many = true;
        }
    }

    /// The distinct texts with how often each was met, when they were few.
    pub(crate) fn distinct(&self) -> Option<&BTreeMap<String, u64>> {
        (!self.too_many).then_some(&self.kept)
    }
}

impl Numbers {
    fn add(&mut self, text: &str) {
        self.count += 1;
        if text.contains(['e', 'E']) {
            self.exponents += 1;
            return;
        }
        let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
        self.whole_digits = self.whole_digits.max(whole.trim_start_matches('-').len());
        self.scale = self.scale.max(decimals.len());
        let value: Option<i128> = whole.parse().ok();
        self.range = match (value, self.range) {
            (None, _) => None,
            (Some(value), None) if self.count == 1 => Some((value, value)),
            (Some(_), None) => None,
            (Some(value), Some((least, greatest))) => Some((least.min(value), greatest.max(value))),
        };
    }
}
