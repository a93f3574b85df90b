//! What the warehouse knows of a person's rows, and how they leave it.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::time::Duration;

use aws_config::SdkConfig;
use contract::Dataset;
use serde::Deserialize;
use serde_json::json;
use snowflake::{Binding, Client, Config, Deadline, Pacing, Row, Rows, Statement};
use statements::{ERASE_STAGING_STATEMENTS, ErasedLines, LEDGER_PAGE_ROWS, Statements};

use super::Error;
use super::subject::Subject;

/// How long a statement may take, with a warehouse that has to wake up first.
const TIME_LIMIT: Duration = Duration::from_secs(600);

/// Most lines of one transaction.
const MAX_LINES: usize = 5_000;

/// How far back the ledger is asked for landing objects: further than landing keeps old versions.
const LANDING_DAYS: u32 = 90;

/// A landing object, as `s3://bucket/key`, and the lines in it that are the person's, by the
/// LastModified of its version.
pub(crate) type Lines = BTreeMap<String, BTreeMap<String, BTreeSet<i64>>>;

/// A landing object of the ledger, in the order of its address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Object {
    /// Key in landing.
    pub(crate) key: String,
    pub(crate) rows_expected: i64,
    pub(crate) rows_found: i64,
    /// Whether staging holds every row that is expected.
    pub(crate) is_whole: bool,
    /// Whether the next merge will look at rows of it.
    pub(crate) is_waiting: bool,
    /// Whether it was loaded just now.
    pub(crate) is_recent: bool,
    /// Whether rows or rejects of it are the person's.
    pub(crate) is_concerned: bool,
    /// One an output file and contract version.
    pub(crate) entries: Vec<Entry>,
}

/// A ledger entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) id: String,
    /// As in [`Lines`].
    pub(crate) landed_at: String,
    /// Keys of the files with a row a record, in processing and processed.
    pub(crate) files: Vec<File>,
}

/// A file that the ledger lists.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct File {
    pub(crate) zone: String,
    table: Option<String>,
    pub(crate) key: String,
}

/// The tables of one dataset.
pub(crate) struct Warehouse {
    client: Client,
    dataset: String,
    statements: Statements,
    query_tag: String,
}

impl Warehouse {
    /// Connects to nothing yet.
    pub(crate) fn open(dataset: &Dataset, sdk: &SdkConfig) -> Result<Self, Error> {
        let config = Config::from_lookup(|name| std::env::var(name).ok())?;
        let tag = json!({"program": "snowline", "command": "erase", "dataset": dataset.name});
        Ok(Self {
            client: Client::new(config, sdk, Pacing::default())?,
            dataset: dataset.name.clone(),
            statements: Statements::new(dataset)?,
            query_tag: tag.to_string(),
        })
    }

    /// The landing objects that the ledger knows: key and eTag.
    pub(crate) async fn known(&self) -> Result<HashSet<(String, String)>, Error> {
        let mut known = HashSet::new();
        let mut first_key = lake::LANDING_PREFIX.to_owned();
        loop {
            let rows = self.execute(self.statements.ledger_keys(&first_key, LANDING_DAYS)?).await?;
            for row in rows.iter() {
                first_key = row.text("key")?.to_owned();
                known.insert((first_key.clone(), row.text("etag")?.to_owned()));
            }
            if rows.len() < LEDGER_PAGE_ROWS {
                return Ok(known);
            }
        }
    }

    /// The objects that an erasure has to do with, by address: those that are concerned by rows in
    /// staging or by the ids of rejects, and those that staging does not hold whole.
    pub(crate) async fn objects(
        &self,
        subject: &Subject,
        ids: &[String],
        wait_minutes: u32,
    ) -> Result<BTreeMap<String, Object>, Error> {
        let sql = self.statements.erase_objects(&subject.columns(), ids, wait_minutes)?;
        let rows = self.execute_bound(sql, subject).await?;
        let mut objects = BTreeMap::new();
        for row in rows.iter() {
            let address = row.text("source_object")?;
            let object = match objects.get_mut(address) {
                Some(object) => object,
                None => objects.entry(address.to_owned()).or_insert(object(&row)?),
            };
            object.entries.push(self.entry(&row)?);
        }
        Ok(objects)
    }

    fn entry(&self, row: &Row<'_>) -> Result<Entry, Error> {
        let id = row.text("id")?.to_owned();
        let mut files: Vec<File> = serde_json::from_str(row.text("outputs")?)
            .map_err(|source| Error::Outputs { id: id.clone(), source })?;
        // Aggregates hold no row of anybody.
        files.retain(|file| match file.zone.as_str() {
            "processing" => true,
            "processed" => file.table.as_ref().is_none_or(|table| *table == self.dataset),
            _ => false,
        });
        Ok(Entry { id, landed_at: row.text("landed_at")?.to_owned(), files })
    }

    /// The lines that the person's rows in staging came from.
    pub(crate) async fn lines(&self, subject: &Subject) -> Result<Lines, Error> {
        let sql = self.statements.erase_rows(&subject.columns())?;
        let mut lines = Lines::new();
        for row in self.execute_bound(sql, subject).await?.iter() {
            let object = lines.entry(row.text("source_object")?.to_owned()).or_default();
            let version = object.entry(row.text("landed_at")?.to_owned()).or_default();
            version.insert(row.parse("source_line")?);
        }
        Ok(lines)
    }

    /// Deletes the person's rows from analytics; returns how many there were.
    pub(crate) async fn erase_analytics(&self, subject: &Subject) -> Result<u64, Error> {
        let sql = self.statements.erase_analytics(&subject.columns())?;
        deleted(&self.execute_bound(sql, subject).await?)
    }

    /// Deletes rows of staging and accounts for them; returns how many there were.
    pub(crate) async fn erase_staging(&self, id: &str, lines: &Lines) -> Result<u64, Error> {
        let mut rows = 0;
        for part in parts(lines, MAX_LINES) {
            let sql = self.statements.erase_staging(id, &part)?;
            let mut statement = Statement::new("erase", sql, &self.query_tag);
            statement.count = ERASE_STAGING_STATEMENTS;
            let results = self.client.execute_all(&statement, Deadline::after(TIME_LIMIT)).await?;
            // The last but one: before it commits.
            let delete = results.iter().rev().nth(1).ok_or(Error::NoResult)?;
            rows += deleted(delete)?;
        }
        Ok(rows)
    }

    async fn execute(&self, sql: String) -> Result<Rows, Error> {
        let statement = Statement::new("erase", sql, &self.query_tag);
        Ok(self.client.execute(&statement, Deadline::after(TIME_LIMIT)).await?)
    }

    /// Values are bound, so that the query history does not show them.
    async fn execute_bound(&self, sql: String, subject: &Subject) -> Result<Rows, Error> {
        let mut statement = Statement::new("erase", sql, &self.query_tag);
        let bound = subject.conditions.iter().map(|one| Binding::text(Some(&one.value)));
        statement.bindings = bound.collect();
        Ok(self.client.execute(&statement, Deadline::after(TIME_LIMIT)).await?)
    }
}

fn deleted(rows: &Rows) -> Result<u64, Error> {
    let row = rows.iter().next().ok_or(Error::NoResult)?;
    Ok(row.parse("number of rows deleted")?)
}

fn object(row: &Row<'_>) -> Result<Object, Error> {
    Ok(Object {
        key: row.text("key")?.to_owned(),
        rows_expected: row.parse("rows_expected")?,
        rows_found: row.parse("rows_found")?,
        is_whole: row.parse("is_whole")?,
        is_waiting: row.parse("is_waiting")?,
        is_recent: row.parse("is_recent")?,
        is_concerned: row.parse("is_concerned")?,
        entries: Vec::new(),
    })
}

/// Lines in parts of at most `max_lines`.
fn parts(lines: &Lines, max_lines: usize) -> Vec<Vec<ErasedLines>> {
    let mut parts = vec![Vec::new()];
    let mut room = max_lines;
    for (source_object, versions) in lines {
        for (landed_at, lines) in versions {
            let lines: Vec<i64> = lines.iter().copied().collect();
            let mut rest = &lines[..];
            while !rest.is_empty() {
                if room == 0 {
                    parts.push(Vec::new());
                    room = max_lines;
                }
                let (taken, more) = rest.split_at(rest.len().min(room));
                (rest, room) = (more, room - taken.len());
                if let Some(part) = parts.last_mut() {
                    part.push(ErasedLines {
                        source_object: source_object.clone(),
                        landed_at: landed_at.clone(),
                        lines: taken.to_vec(),
                    });
                }
            }
        }
    }
    parts.retain(|part| !part.is_empty());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_split_where_a_statement_would_get_too_long() {
        assert!(parts(&Lines::new(), 2).is_empty());
        let version = |lines: &[i64]| ("t".to_owned(), lines.iter().copied().collect());
        let lines = Lines::from([
            ("a".to_owned(), BTreeMap::from([version(&[1, 2, 3])])),
            ("b".to_owned(), BTreeMap::from([version(&[7, 8])])),
        ]);
        let found = parts(&lines, 2);
        let shape: Vec<Vec<(&str, &[i64])>> = found
            .iter()
            .map(|part| part.iter().map(|one| (&*one.source_object, &one.lines[..])).collect())
            .collect();
        let expected: [&[(&str, &[i64])]; 3] =
            [&[("a", &[1, 2])], &[("a", &[3]), ("b", &[7])], &[("b", &[8])]];
        assert_eq!(shape, expected);
    }
}
