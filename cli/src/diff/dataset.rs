//! Compares two contracts. Every value of the model is taken apart by name here and in the modules
//! beside this one, so that a field that the model gains does not compile before it is compared.

use contract::{Csv, Dataset, Dedupe, Format, Retention, ServiceLevel, UnknownFields};

use super::change::{Change, Changes, Class};
use super::{checks, columns, computed};

/// What changed from `old` to `new`, the gravest first.
pub(crate) fn changes(old: &Dataset, new: &Dataset) -> Vec<Change> {
    let mut changes = Changes::default();
    let Dataset {
        name,
        version,
        format,
        csv,
        columns,
        nested,
        derived,
        aggregates,
        dedupe,
        operation,
        unknown_fields,
        checks,
        freshness,
        latency,
        retention,
    } = old;
    if *name != new.name {
        changes.breaking(
            "name",
            format!("{name} is called {} now", new.name),
            "other tables, and a stack of their own; the old ones get no more rows",
        );
    }
    landing((*format, csv), (new.format, &new.csv), &mut changes);
    columns::compare(columns, &new.columns, &mut changes);
    columns::compare_nested(nested, &new.nested, &mut changes);
    computed::compare_derived(derived, old, new, &mut changes);
    computed::compare_aggregates(aggregates, &new.aggregates, &mut changes);
    versions(dedupe, &new.dedupe, &mut changes);
    if *operation != new.operation {
        let shown = |operation: &Option<String>| operation.clone().unwrap_or("none".to_owned());
        changes.breaking(
            "operation",
            format!(
                "the column of the operation was {}, is {}",
                shown(operation),
                shown(&new.operation)
            ),
            "other rows are deleted by the merge, and other rows count in aggregates",
        );
    }
    unknown(*unknown_fields, new.unknown_fields, &mut changes);
    checks::compare(checks, &new.checks, &mut changes);
    level("freshness", freshness, &new.freshness, &mut changes);
    level("latency", latency, &new.latency, &mut changes);
    compare_retention(retention, &new.retention, &mut changes);
    compare_version(version, &new.version, &mut changes);
    changes.0.sort_by_key(|change| change.class);
    changes.0
}

fn landing(
    (format, csv): (Format, &Csv),
    (new_format, new_csv): (Format, &Csv),
    changes: &mut Changes,
) {
    if format != new_format {
        changes.breaking(
            "servers",
            format!("format was {format:?}, is {new_format:?}").to_lowercase(),
            "objects whose name does not tell their format are read as the new one",
        );
    }
    let Csv { delimiter, null } = csv;
    if *delimiter != new_csv.delimiter {
        changes.breaking(
            "servers",
            format!("csvDelimiter was {delimiter:?}, is {:?}", new_csv.delimiter),
            "CSV written as before is rejected",
        );
    }
    if *null != new_csv.null {
        changes.breaking(
            "servers",
            format!("csvNull was {null:?}, is {:?}", new_csv.null),
            "fields of CSV that were null are text now, which types refuse",
        );
    }
}

fn versions(old: &Dedupe, new: &Dedupe, changes: &mut Changes) {
    let Dedupe { key, order } = old;
    if *key != new.key {
        changes.breaking(
            "dedupe",
            format!("the key was [{}], is [{}]", key.join(", "), new.key.join(", ")),
            "the merge takes other rows for the same: rows that are there are neither joined nor split; \
             deploy a new stack, or fill the table anew",
        );
    }
    if *order != new.order {
        changes.breaking(
            "dedupe",
            format!("the order was [{}], is [{}]", order.join(", "), new.order.join(", ")),
            "another version of a row wins from the next merge on; versions merged before stay",
        );
    }
}

fn unknown(old: UnknownFields, new: UnknownFields, changes: &mut Changes) {
    if old == new {
        return;
    }
    let change = format!("was {old:?}, is {new:?}").to_lowercase();
    let effect = match (old, new) {
        (UnknownFields::Keep, UnknownFields::Drop) => {
            "_extra stays in the tables, null in new rows"
        }
        (UnknownFields::Keep, _) => {
            "rows with unknown fields are rejected; _extra stays in the tables, null in new rows"
        }
        (UnknownFields::Drop, UnknownFields::Reject) => "rows with unknown fields are rejected",
        (_, UnknownFields::Keep) => {
            "`alter table ... add column _extra` runs by itself at the next load and merge"
        }
        (_, UnknownFields::Drop | UnknownFields::Reject) => {
            "rows with unknown fields are accepted, without these fields"
        }
    };
    let is_less = new == UnknownFields::Reject || old == UnknownFields::Keep;
    let class = if is_less { Class::Breaking } else { Class::Additive };
    changes.add(class, "unknownFields", change, effect);
}

fn level(
    place: &str,
    old: &Option<ServiceLevel>,
    new: &Option<ServiceLevel>,
    changes: &mut Changes,
) {
    let shown = |level: &ServiceLevel| {
        let ServiceLevel { column, minutes } = level;
        format!("{minutes} minutes by {column}")
    };
    match (old, new) {
        (None, None) => {}
        (None, Some(new)) => changes.additive(
            place,
            format!("{} is promised now", shown(new)),
            "checked after every merge; an older table fails the check at once",
        ),
        (Some(old), None) => changes.neutral(
            place,
            format!("{} is not promised any more", shown(old)),
            "nothing checks it; consumers rely on it no longer",
        ),
        (Some(old), Some(new)) if old == new => {}
        (Some(old), Some(new)) => {
            let effect = if old.column == new.column && new.minutes < old.minutes {
                "tightened: the check fails sooner"
            } else if old.column == new.column {
                "loosened: the check fails later, and consumers are promised less"
            } else {
                "the check measures another column"
            };
            changes.neutral(place, format!("was {}, is {}", shown(old), shown(new)), effect);
        }
    }
}

fn compare_retention(old: &Option<Retention>, new: &Option<Retention>, changes: &mut Changes) {
    if old == new {
        return;
    }
    let shown = |retention: &Option<Retention>| match retention {
        None => "none".to_owned(),
        Some(Retention { column, amount, unit }) => {
            format!("{amount} {unit:?}s by {column}").to_lowercase()
        }
    };
    changes.neutral(
        "retention",
        format!("was {}, is {}", shown(old), shown(new)),
        "the check of too old rows changes; no row is deleted or kept by it",
    );
}

/// Rows tell the version of the contract they obey, so that it must not mean two things.
fn compare_version(old: &str, new: &str, changes: &mut Changes) {
    if old != new {
        changes.neutral(
            "version",
            format!("was {old}, is {new}"),
            "stands in every new row as _contract_version",
        );
    } else if !changes.0.is_empty() {
        changes.neutral(
            "version",
            format!("still {old}, though something changed"),
            "rows before and after the change bear the same _contract_version; raise it",
        );
    }
}
