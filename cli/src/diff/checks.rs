//! Compares the checks that run over the table after each merge.

use contract::{Check, Comparison, Metric, Severity};

use super::change::{Changes, Matched, matched};

/// Compares the checks.
pub(crate) fn compare(old: &[Check], new: &[Check], changes: &mut Changes) {
    let Matched { removed, added, both, is_reordered } =
        matched(old, new, |check| check.id.as_str());
    for check in removed {
        changes.neutral(
            &check.id,
            "check removed",
            "nothing measures it any more; consumers rely on it no longer",
        );
    }
    for check in added {
        let effect = match check.severity {
            Severity::Error => "publish fails as long as rows that are there break it",
            Severity::Warning => "it is reported when rows that are there break it",
        };
        changes.additive(&check.id, format!("check added: {}", must(check.must)), effect);
    }
    for (old, new) in both {
        let Check { id, description, metric, must: bound, severity } = old;
        changes.description(id, description, &new.description);
        if *metric != new.metric {
            changes.neutral(
                id,
                format!("measures {}, was {}", measured(&new.metric), measured(metric)),
                "results before and after are not comparable",
            );
        }
        if *bound != new.must {
            changes.neutral(
                id,
                format!("{}, was {}", must(new.must), must(*bound)),
                "the check passes and fails at other values",
            );
        }
        match (severity, new.severity) {
            (Severity::Warning, Severity::Error) => {
                changes.neutral(
                    id,
                    "tightened: an error now, was a warning",
                    "publish fails when rows break it",
                );
            }
            (Severity::Error, Severity::Warning) => {
                changes.neutral(
                    id,
                    "loosened: a warning now, was an error",
                    "publish goes on when rows break it",
                );
            }
            _ => {}
        }
    }
    if is_reordered {
        changes.neutral("quality", "checks reordered", "they run in another order");
    }
}

/// A comparison in words.
fn must(comparison: Comparison) -> String {
    match comparison {
        Comparison::Be { bound } => format!("must be {bound}"),
        Comparison::NotBe { bound } => format!("must not be {bound}"),
        Comparison::BeGreaterThan { bound } => format!("must be above {bound}"),
        Comparison::BeGreaterOrEqualTo { bound } => format!("must be {bound} or above"),
        Comparison::BeLessThan { bound } => format!("must be below {bound}"),
        Comparison::BeLessOrEqualTo { bound } => format!("must be {bound} or below"),
        Comparison::BeBetween { low, high } => format!("must be from {low} to {high}"),
        Comparison::NotBeBetween { low, high } => format!("must not be from {low} to {high}"),
    }
}

/// A metric in words that differ where metrics do.
fn measured(metric: &Metric) -> String {
    let unit = |percent: bool| if percent { "percent" } else { "rows" };
    match metric {
        Metric::RowCount => "the rows".to_owned(),
        Metric::NullValues { column, percent } => {
            format!("nulls of {column} in {}", unit(*percent))
        }
        Metric::MissingValues { column, values, percent } => {
            format!("missing values ({}) of {column} in {}", values.join(", "), unit(*percent))
        }
        Metric::InvalidValues { column, valid_values, percent } => {
            let values = valid_values.join(", ");
            format!("values of {column} other than {values} in {}", unit(*percent))
        }
        Metric::DuplicateValues { columns, percent } => {
            format!("duplicates of {} in {}", columns.join(", "), unit(*percent))
        }
        Metric::Sql { query } => format!("`{query}`"),
    }
}
