//! What the warehouse knows of a row.

use std::str::FromStr;
use std::time::Duration;

use aws_config::SdkConfig;
use contract::Dataset;
use jiff::Timestamp;
use lake::{LandingObject, OutputKeys};
use serde::{Deserialize, Serialize};
use serde_json::json;
use snowflake::{Binding, Client, Config, Deadline, Pacing, Row, Statement};
use statements::Statements;

use super::args::Key;
use super::{Error, S3Uri};

/// How long Snowflake may take, with a warehouse that has to wake up first.
const TIME_LIMIT: Duration = Duration::from_secs(300);

/// A version of the row, as staging has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Staged {
    /// The landing object, as `s3://bucket/key`.
    pub(crate) source_object: String,
    /// The line in it, from 1.
    pub(crate) source_line: i64,
    pub(crate) landed_at: Timestamp,
    pub(crate) contract_version: String,
    pub(crate) loaded_at: Timestamp,
    /// `I`, `U` or `D`.
    pub(crate) operation: String,
    /// Whether the next merge will look at it.
    pub(crate) is_waiting: bool,
    /// When it was merged, if it is the version in analytics.
    pub(crate) merged_at: Option<Timestamp>,
    /// The account of its landing object, once loaded.
    pub(crate) ledger: Option<Entry>,
}

/// The ledger entry of a landing object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Entry {
    /// Its key in the lake.
    pub(crate) key: String,
    /// The very object it is the account of.
    #[serde(skip)]
    pub(crate) object: LandingObject,
    pub(crate) rows_read: u64,
    pub(crate) rows_accepted: u64,
    pub(crate) rows_rejected: u64,
    /// Key of the file with the cleaned rows.
    pub(crate) processing: Option<String>,
    /// Key of the file that was loaded.
    pub(crate) processed: Option<String>,
}

/// Asks the warehouse about the rows of one dataset.
pub(crate) struct Warehouse {
    client: Client,
    sql: String,
    query_tag: String,
}

impl Warehouse {
    /// Connects to nothing yet. The command goes into the query tag.
    pub(crate) fn open(dataset: &Dataset, command: &str, sdk: &SdkConfig) -> Result<Self, Error> {
        let tag = json!({"program": "snowline", "command": command, "dataset": dataset.name});
        let sql = Statements::new(dataset)?.trace()?;
        Ok(Self { client: client(sdk)?, sql, query_tag: tag.to_string() })
    }

    /// Every version of a row, the oldest first.
    pub(crate) async fn versions(&self, key: &Key) -> Result<Vec<Staged>, Error> {
        let mut statement = Statement::new("trace", &self.sql, &self.query_tag);
        statement.bindings = key.0.iter().map(|(_, value)| Binding::text(Some(value))).collect();
        let rows = self.client.execute(&statement, Deadline::after(TIME_LIMIT)).await?;
        rows.iter().map(staged).collect()
    }
}

/// A client that signs in as the environment says, with the variables of the functions.
fn client(sdk: &SdkConfig) -> Result<Client, Error> {
    let config = Config::from_lookup(|name| std::env::var(name).ok())?;
    Ok(Client::new(config, sdk, Pacing::default())?)
}

fn staged(row: Row<'_>) -> Result<Staged, Error> {
    let source_object = row.text("_source_object")?.to_owned();
    Ok(Staged {
        ledger: entry(&row, &source_object)?,
        source_object,
        source_line: row.parse("_source_line")?,
        landed_at: row.parse::<Utc>("_landed_at")?.0,
        contract_version: row.text("_contract_version")?.to_owned(),
        loaded_at: row.parse::<Utc>("_loaded_at")?.0,
        operation: row.optional("operation")?.unwrap_or("I").to_owned(),
        is_waiting: row.parse("is_waiting")?,
        merged_at: match row.optional("merged_at")? {
            Some(_) => Some(row.parse::<Utc>("merged_at")?.0),
            None => None,
        },
    })
}

fn entry(row: &Row<'_>, source_object: &str) -> Result<Option<Entry>, Error> {
    let Some(etag) = row.optional("etag")? else { return Ok(None) };
    let uri: S3Uri = source_object.parse().map_err(|_| Error::Address(source_object.to_owned()))?;
    let object = LandingObject {
        bucket: uri.bucket,
        key: uri.key,
        version_id: row.optional("version_id")?.map(str::to_owned),
        etag: etag.to_owned(),
    };
    let keys = OutputKeys::new(&object).map_err(|_| Error::Address(source_object.to_owned()))?;
    let outputs: Vec<Output> = serde_json::from_str(row.text("outputs")?)
        .map_err(|source| Error::Outputs { object: source_object.to_owned(), source })?;
    let output = |zone: &str| {
        outputs.iter().find(|output| output.zone == zone).map(|output| output.key.clone())
    };
    Ok(Some(Entry {
        key: keys.ledger(),
        rows_read: row.parse("rows_read")?,
        rows_accepted: row.parse("rows_accepted")?,
        rows_rejected: row.parse("rows_rejected")?,
        processing: output("processing"),
        processed: output("processed"),
        object,
    }))
}

/// A file that the ledger lists.
#[derive(Deserialize)]
struct Output {
    zone: String,
    key: String,
}

/// A `TIMESTAMP_NTZ` that holds UTC, as the SQL API sends it: `1795338965.482000000`.
struct Utc(Timestamp);

impl FromStr for Utc {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (seconds, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let seconds = seconds.parse().map_err(|_| ())?;
        let nanoseconds = format!("{fraction:0<9}").parse().map_err(|_| ())?;
        Timestamp::new(seconds, nanoseconds).map(Self).map_err(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_are_seconds_with_a_fraction() {
        for (text, expected) in [
            ("1795338965.482000000", Some("2026-11-22T09:16:05.482Z")),
            ("1795338965.000042", Some("2026-11-22T09:16:05.000042Z")),
            ("1795338965", Some("2026-11-22T09:16:05Z")),
            ("2026-11-22", None),
            ("1795338965.1234567890", None),
        ] {
            let found = text.parse::<Utc>().ok().map(|utc| utc.0.to_string());
            assert_eq!(found.as_deref(), expected, "{text}");
        }
    }
}
