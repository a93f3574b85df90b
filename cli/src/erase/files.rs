//! A person's rows in the files of one landing object.

use std::collections::{BTreeMap, BTreeSet};

use columnar::remove_lines;

use super::report::Place;
use super::versions::Version;
use super::warehouse::Object;
use super::{Erasure, Error};

const PARQUET: &str = "application/vnd.apache.parquet";

/// Lines by the LastModified of their landing object's version.
type Versions = BTreeMap<String, BTreeSet<i64>>;

impl Erasure {
    /// Deletes the landing object, whose rows are all loaded, and takes the person's rows out of the
    /// files that were made of it. Landing goes first: nothing can make the files anew after that.
    pub(super) async fn erase_files(
        &mut self,
        object: &Object,
        lines: Option<&Versions>,
        landing: &[Version],
    ) -> Result<(), Error> {
        if !landing.is_empty() {
            self.report.add(Place::Landing, 1, landing.len(), 0);
        }
        if !self.is_dry() {
            self.bucket.delete(landing).await?;
        }
        for (key, (place, lines)) in files(object, lines) {
            self.erase_file(&key, place, &lines).await?;
        }
        Ok(())
    }

    async fn erase_file(
        &mut self,
        key: &str,
        place: Place,
        lines: &BTreeSet<i64>,
    ) -> Result<(), Error> {
        let versions = self.bucket.versions_of(key).await?;
        let latest = versions.iter().find(|version| version.is_latest && !version.is_marker);
        let content = match latest {
            Some(latest) => self.bucket.read(latest).await?,
            None => None,
        };
        // What nobody can see any more goes as it is; and so does what holds nothing else.
        let remainder = content.map(|content| remove_lines(&content, lines)).transpose();
        let remainder = remainder.map_err(|source| Error::File {
            bucket: self.bucket.name.clone(),
            key: key.to_owned(),
            source,
        })?;
        let removed = remainder.as_ref().map_or(0, |remainder| remainder.rows_removed);
        let kept = match (remainder, latest) {
            (Some(remainder), Some(latest)) if remainder.rows_removed == 0 => {
                Some(latest.id.clone())
            }
            (Some(remainder), _) if remainder.rows_left > 0 && !self.is_dry() => {
                Some(self.put_file(key, place, remainder.file).await?)
            }
            _ => None,
        };
        let old: Vec<_> =
            versions.into_iter().filter(|version| kept.as_ref() != Some(&version.id)).collect();
        if removed > 0 || !old.is_empty() {
            self.report.add(place, 1, old.len(), removed);
        }
        if !self.is_dry() {
            self.bucket.delete(&old).await?;
        }
        Ok(())
    }

    async fn put_file(&self, key: &str, place: Place, file: Vec<u8>) -> Result<String, Error> {
        Ok(match place {
            Place::Processed => self.bucket.put_unannounced(key, PARQUET, file).await?,
            _ => self.bucket.put(key, PARQUET, file).await?,
        })
    }
}

/// The files that hold rows of these lines, each with its lines, by key. Entries of several contract
/// versions have one file, of the newest.
fn files(object: &Object, lines: Option<&Versions>) -> BTreeMap<String, (Place, BTreeSet<i64>)> {
    let mut files = BTreeMap::new();
    for entry in &object.entries {
        let Some(lines) = lines.and_then(|lines| lines.get(&entry.landed_at)) else { continue };
        for file in &entry.files {
            let place =
                if file.zone == "processing" { Place::Processing } else { Place::Processed };
            let (_, all) =
                files.entry(file.key.clone()).or_insert_with(|| (place, BTreeSet::new()));
            all.extend(lines);
        }
    }
    files
}
