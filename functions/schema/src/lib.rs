//! Keeps the warehouse's tables in step with the contract.
//!
//! Input: the tables a function is about to write. Output: nothing, once every column of what is
//! written has its place there; or an [`Error`] that names the columns that have none. A nullable
//! column that the contract has gained is added, to analytics and to staging, under a role of its
//! own; anything else takes an administrator.
//!
//! COPY matches columns by name. A column of the file that the table lacks is dropped without
//! notice; if no column matches, COPY loads rows of nulls and reports success. So this comes before
//! the first COPY of a function, and before its first MERGE.

mod tables;

use std::collections::{BTreeMap, BTreeSet};

use snowflake::{Client, Deadline, Rows, Statement};
use statements::{Addition, StatementError, Statements};
use telemetry::Coded;

pub use tables::Table;

/// Why tables are not as they must be.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A statement cannot be rendered.
    #[error("cannot render a statement")]
    Statement(#[from] StatementError),
    /// The columns cannot be listed.
    #[error("cannot list the columns of the tables")]
    ListColumns(#[source] snowflake::Error),
    /// Tables lack columns that cannot be added.
    #[error(
        "tables lack columns, whose values would be lost, and only a nullable column of the contract can be added: {}",
        missing.join(", ")
    )]
    Missing {
        /// As `schema.table.column`.
        missing: Vec<String>,
    },
    /// Columns cannot be added.
    #[error("cannot add columns: {}", columns.join(", "))]
    AddColumns {
        /// As `schema.table.column`.
        columns: Vec<String>,
        /// What Snowflake or the way there says.
        #[source]
        source: snowflake::Error,
    },
}

impl Coded for Error {
    fn code(&self) -> &'static str {
        match self {
            Self::Statement(_) => "schema.statement_not_rendered",
            Self::ListColumns(source) => source.code(),
            Self::Missing { .. } => "schema.columns_missing",
            Self::AddColumns { source, .. } => match source {
                snowflake::Error::Failed(_) => "schema.columns_not_added",
                other => other.code(),
            },
        }
    }

    fn statement_handle(&self) -> Option<&str> {
        match self {
            Self::Statement(_) | Self::Missing { .. } => None,
            Self::ListColumns(source) | Self::AddColumns { source, .. } => {
                source.statement_handle()
            }
        }
    }
}

/// Compares the tables with what is written to them, and adds the nullable columns that they lack:
/// one statement where nothing is missing, one request more otherwise. May be repeated, and run at
/// the same time elsewhere. `role` owns the tables.
///
/// # Errors
/// [`Error`]; then nothing may be written.
pub async fn reconcile(
    tables: &[Table],
    statements: &Statements,
    client: &Client,
    role: &str,
    query_tag: &str,
    deadline: Deadline,
) -> Result<(), Error> {
    let statement = Statement::new("table_columns", statements.table_columns()?, query_tag);
    let rows = client.execute(&statement, deadline).await.map_err(Error::ListColumns)?;
    let present = read_columns(&rows).map_err(Error::ListColumns)?;
    let additions = missing_columns(tables, &present, statements)?;
    if additions.is_empty() {
        return Ok(());
    }
    let mut statement =
        Statement::new("add_columns", statements.add_columns(&additions)?, query_tag);
    statement.count = additions.len() as u32;
    statement.role = Some(role.to_owned());
    let columns: Vec<String> = additions.iter().map(qualified_name).collect();
    match client.execute_all(&statement, deadline).await {
        Ok(_) => {
            tracing::info!(columns = columns.join(", "), "columns added");
            Ok(())
        }
        Err(source) => Err(Error::AddColumns { columns, source }),
    }
}

type Columns = BTreeMap<String, BTreeSet<String>>;

/// Columns by table, as the tables have them.
fn read_columns(rows: &Rows) -> Result<Columns, snowflake::Error> {
    let mut columns = Columns::new();
    for row in rows.iter() {
        let table = columns.entry(row.text("qualified_name")?.to_owned()).or_default();
        table.insert(row.text("column_name")?.to_owned());
    }
    Ok(columns)
}

/// What is to be added so that every column has a place. A table may have more: they stay null.
fn missing_columns(
    tables: &[Table],
    present: &Columns,
    statements: &Statements,
) -> Result<Vec<Addition>, Error> {
    let mut missing = Vec::new();
    let mut additions = Vec::new();
    for table in tables {
        let name = table.qualified_name();
        let Some(found) = present.get(&name) else {
            missing.push(format!("{name}.* (no such table, or no privilege on it)"));
            continue;
        };
        for column in table.columns.iter().filter(|column| !found.contains(&column.name)) {
            match column.nullable {
                true => additions.extend(table.additions_of(column, statements)),
                false => missing.push(format!("{name}.{}", column.name)),
            }
        }
    }
    if missing.is_empty() { Ok(additions) } else { Err(Error::Missing { missing }) }
}

fn qualified_name(addition: &Addition) -> String {
    format!("{}.{}.{}", addition.schema, addition.table, addition.column.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is to be added to these columns of `staging.orders` and `analytics.processed_orders`,
    /// or what is missing.
    fn compared(staging: Option<&[&str]>) -> Result<Vec<String>, String> {
        let orders = datasets::load("orders").unwrap();
        let statements = Statements::new(&orders).unwrap();
        let all = |table: &Table| table.column_names().map(str::to_owned).collect();
        let tables = [Table::staging(&orders), Table::analytics(&orders)];
        let mut present: Columns =
            tables.iter().map(|table| (table.qualified_name(), all(table))).collect();
        match staging {
            None => drop(present.remove("staging.orders")),
            Some(lacking) => {
                let columns = present.get_mut("staging.orders").unwrap();
                columns.retain(|column| !lacking.contains(&column.as_str()));
            }
        }
        let additions = missing_columns(&tables, &present, &statements);
        additions
            .map(|additions| additions.iter().map(qualified_name).collect())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn nullable_columns_are_added_to_analytics_and_then_to_staging() {
        assert_eq!(compared(Some(&[])).unwrap(), Vec::<String>::new());
        assert_eq!(
            compared(Some(&["op", "payment_method"])).unwrap(),
            [
                "analytics.processed_orders.payment_method",
                "staging.orders.payment_method",
                "analytics.processed_orders.op",
                "staging.orders.op",
            ]
        );
    }

    #[test]
    fn what_cannot_be_added_is_named_and_nothing_is_added() {
        let error = compared(Some(&["op", "currency", "_landed_at"])).unwrap_err();
        assert!(error.ends_with(": staging.orders.currency, staging.orders._landed_at"), "{error}");
        let error = compared(None).unwrap_err();
        assert!(error.ends_with(": staging.orders.* (no such table, or no privilege on it)"));
    }
}
