//! CSV: the header of a file tells which field of a record is which.

use contract::Dataset;

use super::names::place_of_field;
use super::object::{Object, Place};
use super::value::Form;
use crate::csv;

/// The fields of the records of one file.
#[derive(Debug)]
pub(super) struct Header {
    fields: usize,
    object: Object,
}

impl Header {
    /// Reads a header. Names that the contract does not have stay what they are; `None` where it has
    /// none of them, or one is a part of another, or quotes are not as they must be.
    pub(super) fn read(record: &[u8], dataset: &Dataset) -> Option<Self> {
        let names = csv::fields(std::str::from_utf8(record).ok()?, dataset.csv.delimiter).ok()?;
        let mut object = Object::default();
        let mut knows_one = false;
        for (at, name) in names.iter().enumerate() {
            let unknown =
                || Place { path: vec![name.text.to_string()], form: Form::Text, is_known: false };
            let place = place_of_field(dataset, &name.text).unwrap_or_else(unknown);
            knows_one |= place.is_known;
            if !object.insert(&place, at) {
                return None;
            }
        }
        knows_one.then_some(Self { fields: names.len(), object })
    }

    /// Appends the record as JSON; returns false where it has not the fields of the header.
    pub(super) fn write(&self, record: &[u8], dataset: &Dataset, out: &mut Vec<u8>) -> bool {
        let text = std::str::from_utf8(record).ok();
        let fields = text.and_then(|text| csv::fields(text, dataset.csv.delimiter).ok());
        let Some(fields) = fields.filter(|fields| fields.len() == self.fields) else {
            return false;
        };
        let value = |at: usize| {
            let field = &fields[at];
            (field.quoted || field.text != dataset.csv.null).then_some(field.text.as_ref())
        };
        self.object.write(&value, out);
        true
    }
}
