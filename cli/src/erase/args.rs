//! The command line of `snowline erase`.

use clap::builder::PossibleValuesParser;
use contract::{Column, Dataset};

use super::subject::{Condition, Subject};

/// Erase a person's rows from every zone of the lake and every table
///
/// All rows in which the columns have these values are removed: from files in processing/ and
/// processed/, from quarantine/ and errors/, from staging and analytics; the landing objects they
/// came in are deleted whole, once all their rows are loaded. What cannot be erased yet is named,
/// and the exit code is 1: run it again later. An interrupted run is completed by running it again.
///
///   snowline erase --bucket LAKE --where customer_id=C-0004217 --dry-run
///
/// It signs in to Snowflake as `snowline trace` does, with SNOWFLAKE_ROLE=SNOWLINE_ERASE.
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Dataset, named after its contract
    #[arg(long, default_value = "orders", value_parser = PossibleValuesParser::new(datasets::names()))]
    dataset: String,
    /// The lake: LakeBucketName
    #[arg(long, value_name = "NAME")]
    pub(crate) bucket: String,
    /// A column of staging and its value in the rows to erase; several are to hold together
    #[arg(long = "where", value_name = "COLUMN=VALUE", required = true)]
    conditions: Vec<String>,
    /// Leave objects that were loaded less than so many minutes ago: a notification of their files
    /// could still be on its way, and would load them again
    #[arg(long, value_name = "MINUTES", default_value_t = statements::AUDIT_GRACE_MINUTES)]
    pub(crate) wait_minutes: u32,
    /// Only say what would be erased
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Print JSON, for programs
    #[arg(long)]
    pub(crate) json: bool,
}

impl Args {
    /// The dataset, and whose rows are to go.
    ///
    /// # Errors
    /// A condition is none, or about a column by which rows cannot be found.
    pub(crate) fn subject(&self) -> Result<(Dataset, Subject), String> {
        let dataset = datasets::load(&self.dataset).map_err(|error| error.to_string())?;
        let conditions = self.conditions.iter().map(|text| condition(&dataset, text));
        let subject = Subject::new(conditions.collect::<Result<_, _>>()?);
        Ok((dataset, subject))
    }
}

fn condition(dataset: &Dataset, text: &str) -> Result<Condition, String> {
    let (name, value) =
        text.split_once('=').ok_or_else(|| "--where takes COLUMN=VALUE".to_owned())?;
    let column = dataset.column(name).filter(|column| is_searchable(column)).ok_or_else(|| {
        let known: Vec<_> = dataset.columns.iter().filter(|column| is_searchable(column)).collect();
        let known: Vec<_> = known.iter().map(|column| column.name.as_str()).collect();
        match dataset.column(name) {
            Some(column) if column.restricted => format!(
                "the warehouse does not hold {name} in the clear, and rows cannot be found by it: \
                 take the column that identifies the person, one of {}",
                known.join(", ")
            ),
            _ => format!("rows of {} are found by {}", dataset.name, known.join(", ")),
        }
    })?;
    let value = column.normalised(value);
    if value.is_empty() {
        return Err(format!("--where {name}= has no value"));
    }
    Ok(Condition { column: column.clone(), value })
}

/// Whether staging holds the column as it is in the record, and as one value.
fn is_searchable(column: &Column) -> bool {
    !column.restricted && !column.data_type.is_json()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_found_by_columns_that_staging_holds_in_the_clear() {
        let dataset = datasets::load("orders").unwrap();
        let found = condition(&dataset, "currency= eur").unwrap();
        assert_eq!((found.column.name.as_str(), found.value.as_str()), ("currency", "EUR"));
        for (text, reason) in [
            ("customer_id", "takes COLUMN=VALUE"),
            ("customer_id=", "has no value"),
            ("customer_email=a@example.org", "does not hold customer_email in the clear"),
            ("customer_email_hash=00", "rows of orders are found by order_id, customer_id"),
            ("nobody=1", "rows of orders are found by"),
        ] {
            let error = condition(&dataset, text).unwrap_err();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }
}
