//! Rejected rows to a landing object of their own, which the pipeline takes as any other.

use std::io::Read;

use aws_sdk_s3::primitives::ByteStream;
use columnar::{format_of, read_header};
use contract::Format;
use lake::{LandingObject, OutputKeys, Replay};
use percent_encoding::{CONTROLS, utf8_percent_encode};
use serde::Deserialize;

use super::{Error, Session, Tally};
use crate::error_chain;
use crate::objects::{self, Content, S3Uri};
use crate::rejects::{self, Rewritten};

/// What a ledger entry says of the object whose account it is.
#[derive(Debug, Deserialize)]
struct LedgerEntry {
    dataset: String,
    #[serde(flatten)]
    object: LandingObject,
}

impl Session {
    /// Writes the rows of every quarantine file below `uri` to a landing object. A file that
    /// cannot be replayed does not keep its neighbours from it.
    pub(super) async fn rows(&self, uri: &S3Uri) -> Result<Tally, Error> {
        let mut tally = Tally::default();
        for uri in self.named(uri).await? {
            match self.rows_of_file(&uri, &mut tally).await {
                Err(error) if error.is_of_one_file() => {
                    println!("left {}", error_chain(&error));
                    tally.left += 1;
                }
                outcome => outcome?,
            }
        }
        Ok(tally)
    }

    async fn rows_of_file(&self, uri: &S3Uri, tally: &mut Tally) -> Result<(), Error> {
        let keys = OutputKeys::of_quarantine(&uri.key)
            .ok_or_else(|| Error::NotQuarantine { uri: uri.clone() })?;
        let found = self.objects.get(uri).await?;
        let quarantine = found.map_err(|_| Error::Nothing(uri.clone()))?;
        let entry = self.ledger_entry(uri, &keys).await?;
        let format = format_of(&datasets::load(&entry.dataset)?, &entry.object.key);
        let header = match format {
            Format::Json => None,
            Format::Csv => Some(self.header(uri, &entry.object).await?),
        };
        let rewritten = rewrite(quarantine, format, header)
            .await
            .map_err(|source| Error::Rows { uri: uri.clone(), source })?;
        let replay = Replay { rejected: keys, digest: rewritten.digest.clone(), format };
        let target = S3Uri { bucket: uri.bucket.clone(), key: replay.key() };
        for one in &rewritten.left_out {
            println!("left line {} of {}: {}", one.line, entry.object.uri(), one.reason);
        }
        tally.left += rewritten.left_out.len() as u64;
        let rows = rewritten.rows;
        if rows > 0 && !self.put(&target, uri, &entry.object, rewritten).await? {
            println!("unchanged {target}: the rows of {uri} were replayed before");
            tally.unchanged += 1;
        } else if rows > 0 {
            println!("{} {rows} rows of {uri} as {target}", self.verb());
            tally.rows += rows;
            tally.sent += 1;
        }
        Ok(())
    }

    async fn ledger_entry(&self, uri: &S3Uri, keys: &OutputKeys) -> Result<LedgerEntry, Error> {
        let ledger = S3Uri { bucket: uri.bucket.clone(), key: keys.ledger() };
        let found = self.objects.get(&ledger).await?;
        let content = found.map_err(|absent| Error::NoLedger {
            uri: uri.clone(),
            ledger: ledger.clone(),
            absent,
        })?;
        let text = content.bytes().await.map_err(objects::Error::about("read", &ledger))?;
        serde_json::from_slice(&text).map_err(|source| Error::Ledger { uri: ledger, source })
    }

    /// The header line of the object that the rows of a quarantine file are from.
    async fn header(&self, uri: &S3Uri, landing: &LandingObject) -> Result<Vec<u8>, Error> {
        let found = self.objects.get_version(landing).await?;
        let content = found.map_err(|absent| Error::NoHeader {
            uri: uri.clone(),
            landing: landing.uri(),
            absent,
        })?;
        let read = |input: &mut dyn Read| -> Result<Vec<u8>, super::BoxError> {
            let header = read_header(input)?;
            // The line of a row would not lead back to its reject.
            let spans_lines = header.contains(&b'\n');
            if spans_lines { Err("it spans several lines".into()) } else { Ok(header) }
        };
        content.read_with(read).await.map_err(|source| Error::Header {
            uri: uri.clone(),
            landing: landing.uri(),
            source,
        })
    }

    /// Writes the landing object unless it is there; returns whether it was not.
    async fn put(
        &self,
        target: &S3Uri,
        quarantine: &S3Uri,
        landing: &LandingObject,
        rewritten: Rewritten,
    ) -> Result<bool, Error> {
        if self.dry_run {
            return Ok(self.objects.head(target).await?.is_none());
        }
        let answer = self
            .objects
            .client
            .put_object()
            .bucket(&target.bucket)
            .key(&target.key)
            .if_none_match("*")
            .content_type("application/gzip")
            // For people: the key says the same, and outlives the object.
            .metadata("snowline-quarantine", &quarantine.key)
            .metadata("snowline-landing", utf8_percent_encode(&landing.key, CONTROLS).to_string())
            .body(ByteStream::from(rewritten.body))
            .send()
            .await;
        match answer {
            Ok(_) => Ok(true),
            Err(error) if error.raw_response().is_some_and(|raw| raw.status().as_u16() == 412) => {
                Ok(false)
            }
            Err(error) => Err(objects::Error::about("write", target)(error).into()),
        }
    }
}

async fn rewrite(
    quarantine: Content,
    format: Format,
    header: Option<Vec<u8>>,
) -> Result<Rewritten, rejects::Error> {
    quarantine.read_with(move |input| rejects::rewrite(input, format, header.as_deref())).await
}
