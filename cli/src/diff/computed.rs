//! Compares what is computed from rows: derived columns and aggregates.

use contract::{Aggregate, Band, Dataset, Derivation, Derived, Function, Measure};

use super::change::{Changes, Matched, matched};
use super::columns::{ADDED, REFUSED, type_name};

/// Compares the derived columns; `derived` are those of `old`.
pub(crate) fn compare_derived(
    derived: &[Derived],
    old: &Dataset,
    new: &Dataset,
    changes: &mut Changes,
) {
    let nullable = |dataset: &Dataset, name: &str| {
        dataset.processed_columns().iter().any(|column| column.name == name && column.nullable)
    };
    let Matched { removed, added, both, is_reordered } =
        matched(derived, &new.derived, |derived| derived.name.as_str());
    for derived in removed {
        changes.breaking(
            &derived.name,
            "derived column removed",
            "the tables keep it: null in new rows, or COPY fails where it is not null",
        );
    }
    for derived in added {
        let change = format!("derived column added: {}", shown(&derived.derivation));
        match nullable(new, &derived.name) {
            true => changes.additive(&derived.name, change, ADDED),
            false => changes.breaking(&derived.name, change, REFUSED),
        }
    }
    for (was, is) in both {
        let Derived { name, description, derivation } = was;
        changes.description(name, description, &is.description);
        if *derivation != is.derivation {
            changes.breaking(
                name,
                format!("was {}, is {}", shown(derivation), shown(&is.derivation)),
                "new rows have other values; rows that are there keep theirs",
            );
        }
        match (nullable(old, name), nullable(new, name)) {
            (false, true) => changes.breaking(
                name,
                "may be null now, as what it is derived from",
                "COPY fails on a null until an administrator drops the constraint in staging and analytics",
            ),
            (true, false) => changes.neutral(name, "never null any more", "rows that are there may have null in it"),
            _ => {}
        }
    }
    if is_reordered {
        changes.neutral("derive", "reordered", "tables keep their order; files are read by name");
    }
}

/// A derivation in words that differ where derivations do.
fn shown(derivation: &Derivation) -> String {
    match derivation {
        Derivation::Date { from } => format!("date of {from}"),
        Derivation::Hour { from } => format!("hour of {from}"),
        Derivation::Hash { from } => format!("hash of {from}"),
        Derivation::Copy { from, data_type } => {
            format!("copy of {from}, {}", type_name(*data_type))
        }
        Derivation::Constant { value } => format!("constant {value:?}"),
        Derivation::Band { from, bands } => {
            let band = |Band { label, up_to }: &Band| match up_to {
                Some(bound) => format!("{label} up to {bound}"),
                None => format!("{label} above"),
            };
            format!("band of {from} ({})", bands.iter().map(band).collect::<Vec<_>>().join(", "))
        }
    }
}

/// Compares the aggregates.
pub(crate) fn compare_aggregates(old: &[Aggregate], new: &[Aggregate], changes: &mut Changes) {
    let Matched { removed, added, both, is_reordered } =
        matched(old, new, |aggregate| aggregate.name.as_str());
    for aggregate in removed {
        changes.breaking(
            &aggregate.name,
            "aggregate removed",
            "its table stays and gets no more rows",
        );
    }
    for aggregate in added {
        changes.additive(
            &aggregate.name,
            "aggregate added",
            "an administrator makes its table first (`snowline sql --only setup`): load refuses to run without it; \
             it has rows of new objects only",
        );
    }
    for (old, new) in both {
        let Aggregate { name, group_by, measures } = old;
        if *group_by != new.group_by {
            changes.breaking(
                name,
                format!("grouped by [{}], was [{}]", new.group_by.join(", "), group_by.join(", ")),
                "new rows have another grain than those that are there; a column that its table lacks must be added",
            );
        }
        compare_measures(name, measures, &new.measures, changes);
    }
    if is_reordered {
        changes.neutral("aggregates", "reordered", "each has files and a table of its own");
    }
}

fn compare_measures(aggregate: &str, old: &[Measure], new: &[Measure], changes: &mut Changes) {
    let Matched { removed, added, both, is_reordered } =
        matched(old, new, |measure| measure.name.as_str());
    let place = |measure: &Measure| format!("{aggregate}.{}", measure.name);
    for measure in removed {
        changes.breaking(
            &place(measure),
            "measure removed",
            "its table keeps it: null in new rows, or COPY fails where it is not null",
        );
    }
    for measure in added {
        let change = format!("measure added: {}", measured(measure));
        match measure.function {
            Function::Count => changes.breaking(&place(measure), change, REFUSED),
            _ => changes.additive(&place(measure), change, ADDED),
        }
    }
    for (old, new) in both.into_iter().filter(|(old, new)| old != new) {
        changes.breaking(
            &place(old),
            format!("was {}, is {}", measured(old), measured(new)),
            "new rows have other values than those that are there; the table keeps its type",
        );
    }
    if is_reordered {
        changes.neutral(
            aggregate,
            "measures reordered",
            "tables keep their order; files are read by name",
        );
    }
}

/// A measure in words that differ where measures do.
fn measured(measure: &Measure) -> String {
    let Measure { name: _, function, column, data_type } = measure;
    let column = column.as_ref().map(|column| format!(" of {column}")).unwrap_or_default();
    format!("{function:?}{column}, {}", type_name(*data_type)).replacen(
        &format!("{function:?}"),
        &format!("{function:?}").to_lowercase(),
        1,
    )
}
