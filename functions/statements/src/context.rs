//! What the templates see of a contract.

use contract::{Dataset, OutputColumn};
use minijinja::context;
use minijinja::value::{Serde, Value};

/// The context of every template: `dataset` (the contract as it is), `tables` (names), `columns`
/// of the staging table, `aggregates` with theirs, and `version_order` (what decides between two
/// versions of a row, most significant first).
pub(crate) fn of(dataset: &Dataset) -> Value {
    let name = &dataset.name;
    let aggregates: Vec<Value> = dataset
        .aggregates
        .iter()
        .map(|aggregate| {
            let columns = columns(&dataset.aggregate_columns(aggregate));
            context! { name => aggregate.name.as_str(), columns => columns }
        })
        .collect();
    let mut version_order = dataset.dedupe.order.clone();
    version_order.extend(["_landed_at", "_source_object", "_source_line"].map(str::to_owned));
    context! {
        dataset => Value::from(Serde(dataset)),
        tables => context! {
            rows => name.as_str(),
            stream => format!("{name}_stream"),
            analytics => format!("processed_{name}"),
            live => format!("{name}_live"),
        },
        columns => columns(&dataset.processed_columns()),
        aggregates => aggregates,
        version_order => version_order,
    }
}

fn columns(columns: &[OutputColumn]) -> Vec<Value> {
    columns.iter().map(column).collect()
}

/// A column as its definitions need it: `type` in staging, `analytics_type` in analytics.
pub(crate) fn column(column: &OutputColumn) -> Value {
    context! {
        name => column.name.as_str(),
        type => Value::from_safe_string(column.data_type.column_type()),
        analytics_type => Value::from_safe_string(column.data_type.analytics_type()),
        is_json => column.data_type.is_json(),
        nullable => column.nullable,
        comment => column.description.as_deref(),
    }
}
