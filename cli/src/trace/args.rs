//! The command line of `snowline trace`, which has an option for each column of a merge key.

use std::collections::BTreeSet;
use std::fmt;

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgMatches, Command, FromArgMatches};
use contract::Dataset;
use serde::{Serialize, Serializer};

/// Trace a row back to the line it came from
///
/// Prints every version of the row, the oldest first: its line in the landing object, its ledger
/// entry and files, when it was loaded, and whether analytics has it. The merge key of the dataset
/// names the row: --order-id for orders. Exit code 1 when there is no such row.
///
/// It signs in to Snowflake as the functions do: SNOWFLAKE_ACCOUNT, SNOWFLAKE_USER, SNOWFLAKE_ROLE
/// (SNOWLINE_PUBLISH may read all it takes), SNOWFLAKE_WAREHOUSE, SNOWFLAKE_DATABASE, and
/// SNOWFLAKE_PRIVATE_KEY_FILE or SNOWFLAKE_PRIVATE_KEY_SECRET; or, with
/// SNOWFLAKE_AUTHENTICATION=access-token, SNOWFLAKE_ACCESS_TOKEN_FILE or
/// SNOWFLAKE_ACCESS_TOKEN_SECRET. Lines come from the lake's bucket.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Dataset, named after its contract
    #[arg(long, default_value = "orders", value_parser = PossibleValuesParser::new(datasets::names()))]
    dataset: String,
    /// Print JSON, for programs
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    given: Given,
}

/// The values given for columns of merge keys, of whatever dataset.
#[derive(Debug)]
struct Given(Vec<(String, String)>);

/// The values of a dataset's merge key, in the order of its columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key(pub(crate) Vec<(String, String)>);

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<_> = self.0.iter().map(|(name, value)| format!("{name} {value}")).collect();
        f.write_str(&parts.join(", "))
    }
}

impl Serialize for Key {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

impl Args {
    /// The dataset, and the key that the options give.
    ///
    /// # Errors
    /// The options are not those of the dataset's key.
    pub(crate) fn key(&self) -> Result<(Dataset, Key), String> {
        let dataset = datasets::load(&self.dataset).map_err(|error| error.to_string())?;
        let key = key_of(&dataset, &self.given.0)?;
        Ok((dataset, key))
    }
}

/// The key that these values of columns make.
///
/// # Errors
/// They are not of the columns of the dataset's key.
pub(crate) fn key_of(dataset: &Dataset, given: &[(String, String)]) -> Result<Key, String> {
    let value = |name: &String| given.iter().find(|(column, _)| column == name);
    let columns = &dataset.dedupe.key;
    let found: Vec<_> = columns.iter().filter_map(value).collect();
    if found.len() < columns.len() || found.len() < given.len() {
        let options: Vec<_> =
            columns.iter().map(|column| format!("--{}", option(column))).collect();
        return Err(format!("a row of {} is named by {}", dataset.name, options.join(" and ")));
    }
    let normalised = |(name, value): &(String, String)| {
        let column = dataset.column(name);
        (name.clone(), column.map_or_else(|| value.clone(), |column| column.normalised(value)))
    };
    Ok(Key(found.into_iter().map(normalised).collect()))
}

/// The option of a column: `order-id` for `order_id`.
fn option(column: &str) -> String {
    match column {
        // These options mean something else.
        "dataset" | "json" | "help" => format!("key-{column}"),
        _ => column.replace('_', "-"),
    }
}

/// The columns of all datasets' keys, each once.
fn key_columns() -> BTreeSet<String> {
    // A contract that does not load is reported when its dataset is asked for.
    let loaded = datasets::names().filter_map(|name| datasets::load(name).ok());
    loaded.flat_map(|dataset| dataset.dedupe.key).collect()
}

impl clap::Args for Given {
    fn augment_args(command: Command) -> Command {
        let options = key_columns().into_iter().map(|column| {
            let help = format!("Value of {column} in the merge key");
            Arg::new(column.clone()).long(option(&column)).value_name("VALUE").help(help)
        });
        command.args(options)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Given {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let given = key_columns().into_iter().filter_map(|column| {
            let value = matches.get_one::<String>(&column)?.clone();
            Some((column, value))
        });
        Ok(Self(given.collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_named_by_the_columns_of_its_key() {
        let mut dataset = datasets::load("orders").unwrap();
        let given = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let key = key_of(&dataset, &given(&[("order_id", "0191")])).unwrap();
        assert_eq!(key.to_string(), "order_id 0191");
        let named = "a row of orders is named by --order-id";
        assert_eq!(key_of(&dataset, &[]).unwrap_err(), named);
        let other = given(&[("order_id", "0191"), ("sensor", "7")]);
        assert_eq!(key_of(&dataset, &other).unwrap_err(), named);

        dataset.dedupe.key = vec!["currency".to_owned(), "order_id".to_owned()];
        let both = given(&[("order_id", "0191"), ("currency", " eur")]);
        let key = key_of(&dataset, &both).unwrap();
        assert_eq!(key.to_string(), "currency EUR, order_id 0191", "normalised, in key order");
        assert_eq!(serde_json::to_string(&key).unwrap(), r#"{"currency":"EUR","order_id":"0191"}"#);
        let error = key_of(&dataset, &given(&[("order_id", "0191")])).unwrap_err();
        assert!(error.ends_with("--currency and --order-id"), "{error}");
    }
}
