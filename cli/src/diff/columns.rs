//! Compares columns, and the fields inside objects.

use contract::{Column, DataType, EpochUnit};

use super::change::{Changes, Class, Matched, matched};
use super::rules;

/// What happens when tables lack a nullable column.
pub(crate) const ADDED: &str = "`alter table ... add column` runs by itself at the next load and merge; it is null in rows that are there";
/// What happens when tables lack a column that is not nullable.
pub(crate) const REFUSED: &str = "load and merge refuse to run until an administrator adds it to the tables: only nullable \
     columns are added by themselves";

/// Compares the columns of the table.
pub(crate) fn compare(old: &[Column], new: &[Column], changes: &mut Changes) {
    let Matched { removed, added, both, is_reordered } =
        matched(old, new, |column| column.name.as_str());
    for column in removed {
        remove(column, changes);
    }
    for column in added {
        add(column, changes);
    }
    for (old, new) in both {
        compare_column(old, new, false, changes);
    }
    if is_reordered {
        changes.neutral("columns", "reordered", "tables keep their order; files are read by name");
    }
}

fn remove(column: &Column, changes: &mut Changes) {
    let effect = match (column.restricted, column.required) {
        (true, _) => "it was in processing/ only; its field counts as unknown now",
        (false, false) => "the tables keep it, null in new rows; its field counts as unknown now",
        (false, true) => {
            "the tables keep it as not null, so that COPY fails until an administrator drops it or its \
             constraint; its field counts as unknown now"
        }
    };
    let class = if column.restricted { Class::Neutral } else { Class::Breaking };
    changes.add(class, &column.name, "column removed", effect);
}

fn add(column: &Column, changes: &mut Changes) {
    let place = &column.name;
    let checked = "a value of its field that it does not take rejects the row";
    match (column.required, column.restricted) {
        (true, true) => changes.breaking(
            place,
            "required column added",
            "rows without it are rejected; being restricted it reaches no table",
        ),
        (true, false) => changes.breaking(
            place,
            "required column added",
            format!("rows without it are rejected; {REFUSED}"),
        ),
        (false, true) => changes.additive(
            place,
            "column added: restricted",
            format!("it is in processing/ only; {checked}"),
        ),
        (false, false) => {
            changes.additive(place, "column added: nullable", format!("{ADDED}; {checked}"))
        }
    }
}

/// Compares the fields inside objects.
pub(crate) fn compare_nested(old: &[Column], new: &[Column], changes: &mut Changes) {
    let Matched { removed, added, both, is_reordered } =
        matched(old, new, |field| field.name.as_str());
    for field in removed {
        changes.neutral(
            &field.name,
            "field inside an object removed",
            "it stays in its object, and is not checked any more",
        );
    }
    for field in added {
        match field.required {
            true => changes.breaking(
                &field.name,
                "required field inside an object added",
                "rows whose object lacks it are rejected",
            ),
            false => changes.additive(
                &field.name,
                "field inside an object added",
                "a value that it does not take rejects the row",
            ),
        }
    }
    for (old, new) in both {
        compare_column(old, new, true, changes);
    }
    if is_reordered {
        changes.neutral(
            "properties",
            "fields inside objects reordered",
            "of several rules that fail another one may name the reject",
        );
    }
}

fn compare_column(old: &Column, new: &Column, is_nested: bool, changes: &mut Changes) {
    let Column {
        name,
        field,
        description,
        data_type,
        required,
        restricted,
        epoch,
        normalise,
        rules,
    } = old;
    let place = name.as_str();
    if *field != new.field {
        changes.breaking(
            place,
            format!("reads the field {:?}, not {field:?}", new.field),
            "of records in the old spelling it is null, or they are rejected when it is required",
        );
    }
    changes.description(place, description, &new.description);
    if *data_type != new.data_type {
        compare_type(place, *data_type, new.data_type, is_nested || *restricted, changes);
    }
    compare_required(place, *required, new.required, is_nested || *restricted, changes);
    compare_restricted(place, *restricted, new, is_nested, changes);
    if *epoch != new.epoch {
        let shown = |epoch: Option<EpochUnit>| match epoch {
            None => "RFC 3339 text".to_owned(),
            Some(unit) => format!("{unit:?} since 1970").to_lowercase(),
        };
        changes.breaking(
            place,
            format!("was {}, is {}", shown(*epoch), shown(new.epoch)),
            "values delivered as before are rejected, or are other points in time",
        );
    }
    if *normalise != new.normalise {
        changes.breaking(
            place,
            format!("normalise was {normalise:?}, is {:?}", new.normalise).to_lowercase(),
            "the same text gives another value, and another hash, than in rows that are there; rules see another value",
        );
    }
    rules::compare(place, (rules, *data_type), (&new.rules, new.data_type), changes);
}

fn compare_type(
    place: &str,
    old: DataType,
    new: DataType,
    is_tableless: bool,
    changes: &mut Changes,
) {
    let change = format!("type was {}, is {}", type_name(old), type_name(new));
    let is_wider = match (old, new) {
        (DataType::String { max_chars: Some(old) }, DataType::String { max_chars: Some(new) }) => {
            new > old
        }
        (DataType::String { .. }, DataType::String { max_chars: None }) => true,
        (
            DataType::Decimal { precision: old, scale },
            DataType::Decimal { precision: new, scale: new_scale },
        ) => new > old && scale == new_scale,
        _ => false,
    };
    let is_narrower = match (old, new) {
        (DataType::String { .. }, DataType::String { .. }) => true,
        (DataType::Decimal { scale, .. }, DataType::Decimal { scale: new_scale, .. }) => {
            scale == new_scale
        }
        _ => false,
    };
    match (is_wider, is_narrower) {
        (true, _) if is_tableless => changes.additive(place, change, "more values are accepted"),
        (true, _) => changes.additive(
            place,
            change,
            format!(
                "more values are accepted; before that an administrator runs `alter table ... alter column {place} \
                 set data type {}` in staging and analytics: nothing does it by itself, and COPY fails on a value \
                 that does not fit",
                type_name(new)
            ),
        ),
        (_, true) => changes.breaking(place, change, "rows with values that do not fit are rejected; the tables keep their wider column"),
        _ if is_tableless => changes.breaking(place, change, "values of the old type are rejected"),
        _ => changes.breaking(
            place,
            change,
            "values of the old type are rejected; the tables keep the old type, which COPY converts to or fails on: \
             give the new type a new name",
        ),
    }
}

fn compare_required(place: &str, old: bool, new: bool, is_tableless: bool, changes: &mut Changes) {
    match (old, new) {
        (false, true) => changes.breaking(place, "required now", "rows without it are rejected; rows that are there may have null in it"),
        (true, false) if is_tableless => changes.additive(place, "not required any more", "rows without it are accepted"),
        (true, false) => changes.breaking(
            place,
            "not required any more",
            format!(
                "consumers meet nulls; before that an administrator runs `alter table ... alter column {place} drop \
                 not null` in staging and analytics: nothing does it by itself, and COPY fails on a null"
            ),
        ),
        _ => {}
    }
}

fn compare_restricted(
    place: &str,
    old: bool,
    new: &Column,
    is_nested: bool,
    changes: &mut Changes,
) {
    match (old, new.restricted) {
        (false, false) | (true, true) => {}
        (true, false) | (false, true) if is_nested => {
            changes.neutral(place, "classified as its object", "see there");
        }
        (true, false) if new.required => changes.breaking(
            place,
            "not restricted any more",
            format!("personal data reaches the warehouse in the clear; {REFUSED}"),
        ),
        (true, false) => changes.additive(
            place,
            "not restricted any more",
            format!("personal data reaches the warehouse in the clear: {ADDED}"),
        ),
        (false, true) => changes.breaking(
            place,
            "restricted now",
            "new rows lack it in the warehouse; what is there already stays until an administrator drops the column, \
             which must happen first where it is not null",
        ),
    }
}

/// A type as contracts write it.
pub(crate) fn type_name(data_type: DataType) -> String {
    match data_type {
        DataType::String { max_chars: None } => "VARCHAR".to_owned(),
        DataType::String { max_chars: Some(chars) } => format!("VARCHAR({chars})"),
        DataType::Integer => "NUMBER(19,0)".to_owned(),
        DataType::Decimal { precision, scale } => format!("NUMBER({precision},{scale})"),
        DataType::Double => "FLOAT".to_owned(),
        DataType::Timestamp => "TIMESTAMP_NTZ(6)".to_owned(),
        DataType::Date => "DATE".to_owned(),
        DataType::Time => "TIME(6)".to_owned(),
        DataType::Boolean => "BOOLEAN".to_owned(),
        DataType::Object => "VARIANT of an object".to_owned(),
        DataType::Array => "VARIANT of an array".to_owned(),
    }
}
