//! Compares the tables with what their files hold, before the first COPY.
//!
//! COPY matches columns by name. A column of the file that the table lacks is dropped without
//! notice; if no column matches, COPY loads rows of nulls and reports success.

use std::collections::{BTreeMap, BTreeSet};

use contract::Dataset;
use snowflake::{Error, Rows};

use crate::table::Table;

/// Columns that tables lack.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("tables lack columns of their files, whose values would be lost: {}", missing.join(", "))]
pub struct ColumnsError {
    /// As `schema.table.column`.
    pub missing: Vec<String>,
}

/// Columns by table, as the tables have them.
pub(crate) fn read_columns(rows: &Rows) -> Result<BTreeMap<String, BTreeSet<String>>, Error> {
    let mut columns: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in rows.iter() {
        let table = columns.entry(row.text("qualified_name")?.to_owned()).or_default();
        table.insert(row.text("column_name")?.to_owned());
    }
    Ok(columns)
}

/// Checks that every column of a dataset's files has a place in its table. A table may have more:
/// they stay null.
pub(crate) fn compare_columns(
    dataset: &Dataset,
    columns: &BTreeMap<String, BTreeSet<String>>,
) -> Result<(), ColumnsError> {
    let mut missing = Vec::new();
    for table in Table::all(dataset) {
        let name = table.qualified_name(dataset);
        let present = columns.get(&name);
        for column in table.file_columns(dataset) {
            if present.is_none_or(|present| !present.contains(&column)) {
                missing.push(format!("{name}.{column}"));
            }
        }
    }
    if missing.is_empty() { Ok(()) } else { Err(ColumnsError { missing }) }
}
