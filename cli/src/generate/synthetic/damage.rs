//! What can be wrong with a record.

use super::field::Field;
use super::value::Value;
use contract::{Dataset, Format, UnknownFields};
use std::collections::BTreeMap;
use std::rc::Rc;

/// A value that makes a record bad: where it stands, the rule it breaks, and what it is.
pub(super) struct Damage {
    /// Position of the column, then of the field inside it, and so on.
    pub(super) place: Vec<usize>,
    pub(super) rule: &'static str,
    pub(super) value: Value,
}

/// A way in which a record is bad.
pub(super) enum Way {
    Field(Damage),
    /// A field that no column reads.
    Unknown(Rc<str>),
    /// The line ends early; one of CSV, where that may leave nothing, has a field too many.
    CutOff,
}

/// A name that no column reads.
pub(super) fn unknown_name(dataset: &Dataset) -> Rc<str> {
    let mut name = "unheard_of".to_owned();
    while dataset.columns.iter().any(|column| column.field == name) {
        name.push('_');
    }
    name.into()
}

/// Every way in which a record can be bad, by the rule that rejects it.
pub(super) fn ways(
    columns: &[Field],
    unknown: &Rc<str>,
    dataset: &Dataset,
) -> Vec<(&'static str, Vec<Way>)> {
    let is_csv = dataset.format == Format::Csv;
    let mut found = Vec::new();
    for (at, column) in columns.iter().enumerate() {
        column.damages(&[at], is_csv, &mut found);
    }
    let mut by_rule: BTreeMap<_, Vec<Way>> = BTreeMap::new();
    for damage in found {
        by_rule.entry(damage.rule).or_default().push(Way::Field(damage));
    }
    by_rule.insert(if is_csv { "csv_fields" } else { "json" }, vec![Way::CutOff]);
    if !is_csv && dataset.unknown_fields == UnknownFields::Reject {
        by_rule.insert("unknown_field", vec![Way::Unknown(Rc::clone(unknown))]);
    }
    by_rule.into_iter().collect()
}
