//! Finds the place that a named text of a source has in a record of the contract.

use contract::{Column, Dataset};

use super::object::Place;
use super::value::Form;

/// The place of a field that is called as records call it (`rideNumber`, `pickup.lat`).
pub(super) fn place_of_field(dataset: &Dataset, name: &str) -> Option<Place> {
    let named = |column: &&Column| column.field == name;
    dataset.columns.iter().find(named).map(place_of_whole).or_else(|| {
        dataset.columns.iter().find_map(|column| {
            let path = name.strip_prefix(column.field.as_str())?.strip_prefix('.')?;
            place_inside(dataset, column, path)
        })
    })
}

/// The place of a column (`ride_number`), or of a field inside one by its path (`pickup.lat`).
pub(super) fn place_of_column(dataset: &Dataset, name: &str) -> Option<Place> {
    let (column, path) = match name.split_once('.') {
        Some((column, path)) => (column, Some(path)),
        None => (name, None),
    };
    let column = dataset.columns.iter().find(|one| one.name == column)?;
    match path {
        Some(path) => place_inside(dataset, column, path),
        None => Some(place_of_whole(column)),
    }
}

fn place_of_whole(column: &Column) -> Place {
    Place { path: vec![column.field.clone()], form: Form::of(column), is_known: true }
}

fn place_inside(dataset: &Dataset, column: &Column, path: &str) -> Option<Place> {
    let name = format!("{}.{path}", column.name);
    let field = dataset.nested.iter().find(|field| field.name == name)?;
    let steps = std::iter::once(column.field.as_str()).chain(path.split('.'));
    Some(Place { path: steps.map(str::to_owned).collect(), form: Form::of(field), is_known: true })
}
