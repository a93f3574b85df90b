//! A person's records that never became rows: rejects in quarantine, and what Firehose could not
//! deliver.

use std::io::Read;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use columnar::decompress;
use lake::{ERRORS_PREFIX, OutputKeys, QUARANTINE_PREFIX};
use serde::Deserialize;

use super::report::Place;
use super::versions::Version;
use super::{Erasure, Error, Ready};

const NDJSON: &str = "application/x-ndjson";

/// A version of a file that holds records of the person.
#[derive(Debug)]
pub(super) struct Found {
    version: Version,
    records: u64,
}

impl Found {
    /// The id of the landing object that the records were rejected from.
    pub(super) fn id(&self) -> Option<String> {
        Some(OutputKeys::of_quarantine(&self.version.key)?.id().to_owned())
    }
}

/// A record as Firehose writes it to an error output (Firehose developer guide, "Data delivery
/// failure handling").
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Undelivered {
    raw_data: String,
}

impl Erasure {
    /// The quarantine files with rejects of the person, in all their versions.
    pub(super) async fn rejects(&self) -> Result<Vec<Found>, Error> {
        self.find(QUARANTINE_PREFIX, Place::Quarantine).await
    }

    /// Removes the records of rejects whose landing object is gone. Until then, quarantine is what
    /// leads to that object.
    pub(super) async fn erase_rejects(
        &mut self,
        found: &[Found],
        ready: &Ready<'_>,
    ) -> Result<(), Error> {
        for file in found {
            let id = file.id();
            let is_ready = ready
                .values()
                .any(|object| object.entries.iter().any(|entry| id.as_ref() == Some(&entry.id)));
            if is_ready {
                self.erase_records(file, Place::Quarantine).await?;
            } else {
                let reason = "the object it was made of is left, or not in the ledger yet";
                self.report.leave(self.address(&file.version.key), reason);
            }
        }
        Ok(())
    }

    /// Removes records that Firehose could not deliver.
    pub(super) async fn erase_errors(&mut self) -> Result<(), Error> {
        for file in self.find(ERRORS_PREFIX, Place::Errors).await? {
            self.erase_records(&file, Place::Errors).await?;
        }
        Ok(())
    }

    async fn find(&self, prefix: &str, place: Place) -> Result<Vec<Found>, Error> {
        let mut found = Vec::new();
        for version in self.bucket.versions(prefix).await? {
            if version.is_marker || version.key.ends_with('/') {
                continue;
            }
            let Some(content) = self.bucket.read(&version).await? else { continue };
            let (_, records) = self.without_records(&version.key, &content, place)?;
            if records > 0 {
                found.push(Found { version, records });
            }
        }
        Ok(found)
    }

    /// Writes a file again without the person's records; an old version of it is deleted.
    async fn erase_records(&mut self, found: &Found, place: Place) -> Result<(), Error> {
        let Found { version, records } = found;
        self.report.add(place, version.is_latest.into(), 1, *records);
        if self.is_dry() {
            return Ok(());
        }
        let mut kept = None;
        if version.is_latest
            && let Some(content) = self.bucket.read(version).await?
        {
            let (text, _) = self.without_records(&version.key, &content, place)?;
            if !text.is_empty() {
                kept = Some(self.bucket.put(&version.key, NDJSON, text).await?);
            }
        }
        if kept.as_ref() != Some(&version.id) {
            self.bucket.delete(std::slice::from_ref(version)).await?;
        }
        Ok(())
    }

    /// The text of a file without the person's records, and how many these were.
    fn without_records(
        &self,
        key: &str,
        content: &[u8],
        place: Place,
    ) -> Result<(Vec<u8>, u64), Error> {
        let bucket = || self.bucket.name.clone();
        let read = |source| Error::Read { bucket: bucket(), key: key.to_owned(), source };
        let mut text = Vec::new();
        decompress(content).read_to_end(&mut text).map_err(read)?;
        let (mut kept, mut records) = (Vec::with_capacity(text.len()), 0);
        for (number, line) in (1..).zip(text.split_inclusive(|byte| *byte == b'\n')) {
            let bare = line.trim_ascii_end();
            if place == Place::Errors {
                if self.subject.owns(&delivered(bare)) {
                    records += 1;
                } else {
                    kept.extend_from_slice(line);
                }
                continue;
            }
            let erased = self.subject.erased(bare).map_err(|source| Error::Reject {
                bucket: bucket(),
                key: key.to_owned(),
                line: number,
                source,
            })?;
            match erased {
                Some(erased) => {
                    kept.extend(erased);
                    kept.push(b'\n');
                    records += 1;
                }
                None => kept.extend_from_slice(line),
            }
        }
        Ok((kept, records))
    }
}

/// The text of the record in a line of an error output, which its producer may have compressed; the
/// line itself where it has none.
fn delivered(line: &[u8]) -> Vec<u8> {
    let record = serde_json::from_slice(line)
        .ok()
        .and_then(|undelivered: Undelivered| BASE64_STANDARD.decode(undelivered.raw_data).ok())
        .unwrap_or_else(|| line.to_vec());
    let mut text = Vec::new();
    let outcome = decompress(record.as_slice()).read_to_end(&mut text);
    if outcome.is_ok() { text } else { record }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_firehose_could_not_deliver_is_read() {
        let line = br#"{"attemptsMade":4,"rawData":"eyJhIjoxfQ==","errorCode":"x"}"#;
        assert_eq!(delivered(line), br#"{"a":1}"#);
        let compressed = zstd::encode_all(&b"{\"a\":1}"[..], 1).unwrap();
        for (record, text) in
            [(&compressed[..], &br#"{"a":1}"#[..]), (&compressed[..9], &compressed[..9])]
        {
            let line = format!("{{\"rawData\":\"{}\"}}", BASE64_STANDARD.encode(record));
            assert_eq!(delivered(line.as_bytes()), text);
        }
        for other in [&b"{\"rawData\":\"?\"}"[..], b"not JSON", b""] {
            assert_eq!(delivered(other), other);
        }
    }
}
