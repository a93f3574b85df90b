//! Lines of a log: a pattern tells which part of one is which column.

use contract::Dataset;
use regex::Regex;

use super::Error;
use super::names::place_of_column;
use super::object::Object;

/// A pattern whose named groups are columns.
#[derive(Debug)]
pub(super) struct Pattern {
    regex: Regex,
    /// Its fields are the groups of the pattern.
    object: Object,
    /// What stands for null, beside nothing.
    null: String,
}

impl Pattern {
    /// Groups without a name are not looked at.
    ///
    /// # Errors
    /// A group is called as no column, or two mean the same one, or none has a name.
    pub(super) fn new(regex: Regex, dataset: &Dataset) -> Result<Self, Error> {
        let mut object = Object::default();
        let named = |(at, name): (usize, Option<&str>)| Some((at, name?.to_owned()));
        let groups: Vec<_> = regex.capture_names().enumerate().filter_map(named).collect();
        if groups.is_empty() {
            let example = dataset.columns.first().map(|column| column.name.clone());
            let dataset = dataset.name.clone();
            return Err(Error::NoGroup { dataset, example: example.unwrap_or_default() });
        }
        for (at, group) in groups {
            let dataset_name = dataset.name.clone();
            let Some(place) = place_of_column(dataset, &group) else {
                let columns = dataset.columns.iter().chain(&dataset.nested);
                let columns: Vec<_> = columns.map(|column| column.name.as_str()).collect();
                let columns = columns.join(", ");
                return Err(Error::UnknownGroup { group, dataset: dataset_name, columns });
            };
            if !object.insert(&place, at) {
                return Err(Error::Overlap { group, dataset: dataset_name });
            }
        }
        Ok(Self { regex, object, null: dataset.csv.null.clone() })
    }

    /// Appends the record as JSON; returns false, and may have appended something, where the pattern
    /// does not match. A group that is not there, is empty, or is the contract's null is null.
    pub(super) fn write(&self, record: &[u8], out: &mut Vec<u8>) -> bool {
        let text = std::str::from_utf8(record).ok();
        let Some(captures) = text.and_then(|text| self.regex.captures(text)) else { return false };
        let is_some = |text: &&str| !text.is_empty() && *text != self.null;
        let group = |at| captures.get(at).map(|group| group.as_str()).filter(is_some);
        self.object.write(&group, out);
        true
    }
}
