//! What may be part of the key or tell the time: what its name and its values say of it.

use std::collections::HashSet;

use contract::DataType;

use super::profile::Profile;

/// Fewest records that show a column to have few values.
const FEWEST_RECORDS: usize = 20;

/// A column, or a field inside an object, that may be part of the key or tell the time.
#[derive(Debug)]
pub(crate) struct Candidate<'a> {
    /// The column's name, or the field's path.
    pub(crate) name: String,
    /// The words of its name.
    pub(crate) words: Vec<String>,
    pub(crate) data_type: DataType,
    /// Whether every record has a value.
    pub(crate) required: bool,
    pub(crate) is_personal: bool,
    pub(crate) profile: &'a Profile,
}

impl Candidate<'_> {
    pub(crate) fn is_key_type(&self) -> bool {
        matches!(
            self.data_type,
            DataType::String { .. } | DataType::Integer | DataType::Decimal { scale: 0, .. }
        )
    }

    pub(crate) fn last_word(&self) -> &str {
        self.words.last().map_or("", String::as_str)
    }

    /// Whether the name is that of an identifier.
    pub(crate) fn is_id(&self) -> bool {
        matches!(self.last_word(), "id" | "uuid" | "guid" | "key" | "urn" | "arn")
    }

    /// Whether the name is that of a number or code that goes with another identifier.
    pub(crate) fn is_numbering(&self) -> bool {
        const NUMBERINGS: [&str; 12] = [
            "number", "no", "nr", "code", "seq", "sequence", "line", "index", "position", "serial",
            "sku", "offset",
        ];
        self.is_id() || NUMBERINGS.contains(&self.last_word())
    }

    /// Whether the name is that of the identifier of what the dataset is about.
    pub(crate) fn is_own_id(&self, dataset: &str) -> bool {
        let general = ["", "event", "record", "message"];
        self.is_id() && (general.contains(&self.subject().as_str()) || self.is_about(dataset))
    }

    /// The name without its last word.
    pub(crate) fn subject(&self) -> String {
        self.words.split_last().map_or(String::new(), |(_, rest)| rest.join("_"))
    }

    /// Whether the name begins with what the dataset is about.
    pub(crate) fn is_about(&self, dataset: &str) -> bool {
        let singular = dataset.strip_suffix('s').unwrap_or(dataset);
        let last = singular.rsplit('_').next().unwrap_or(singular);
        [dataset, singular, last].contains(&self.subject().as_str())
    }

    pub(crate) fn is_unique(&self) -> bool {
        is_unique(&[self])
    }

    /// Whether there are few values, each in many records.
    pub(crate) fn has_few_values(&self) -> bool {
        let hashes = self.profile.hashes();
        let distinct = hashes.iter().collect::<HashSet<_>>().len();
        matches!(self.data_type, DataType::String { .. })
            && hashes.len() >= FEWEST_RECORDS
            && distinct * 10 <= hashes.len()
    }
}

/// Whether no two records have the same values of these columns.
pub(crate) fn is_unique(columns: &[&Candidate<'_>]) -> bool {
    let hashes: Vec<&[u64]> = columns.iter().map(|column| column.profile.hashes()).collect();
    let records = hashes.first().map_or(0, |hashes| hashes.len());
    let mut seen = HashSet::with_capacity(records);
    (0..records).all(|at| {
        seen.insert(hashes.iter().map(|of_column| of_column.get(at).copied()).collect::<Vec<_>>())
    })
}
