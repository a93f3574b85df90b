//! Where the outputs of a landing object go.

use sha2::{Digest, Sha256};

use crate::object::LandingObject;

/// The prefix every landing object has. Keys outside it are refused: the transform writes to the
/// same bucket, and must never be started by what it wrote.
pub const LANDING_PREFIX: &str = "landing/";

/// What the keys of rejects begin with.
pub const QUARANTINE_PREFIX: &str = "quarantine/";

/// What the keys of records begin with that Firehose could not deliver.
pub const ERRORS_PREFIX: &str = "errors/";

/// Where `snowline erase` puts a file before it takes the place of another. No zone: nothing listens.
pub const ERASED_PREFIX: &str = "erased/";

/// The prefixes of what Snowflake reads.
pub const LOADED_PREFIXES: [&str; 2] = ["processed/", "ledger/"];

/// Hexadecimal digits of an identifier.
const ID_DIGITS: usize = 16;

/// The landing key does not begin with `landing/year=YYYY/month=MM/day=DD/`.
#[derive(Debug, thiserror::Error)]
#[error("s3://{bucket}/{key}: the key has no year=YYYY/month=MM/day=DD/ after {LANDING_PREFIX}")]
pub struct KeyError {
    /// The bucket.
    pub bucket: String,
    /// The key.
    pub key: String,
}

/// The keys of everything one landing object turns into. They depend on its bucket, key and
/// version alone, so that a second delivery overwrites what the first one wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputKeys {
    id: String,
    partition: String,
}

impl OutputKeys {
    /// Derives the keys from the landing object.
    ///
    /// # Errors
    /// [`KeyError`] when the landing key does not say which day it belongs to.
    pub fn new(object: &LandingObject) -> Result<Self, KeyError> {
        let partition = partition(&object.key)
            .ok_or_else(|| KeyError { bucket: object.bucket.clone(), key: object.key.clone() })?;
        Ok(Self { id: object_id(object), partition: partition.to_owned() })
    }

    /// Reads the key of a quarantine object; `None` when it is none.
    pub fn of_quarantine(key: &str) -> Option<Self> {
        let (partition, name) = key.strip_prefix(QUARANTINE_PREFIX)?.rsplit_once('/')?;
        let id = name.strip_prefix("rejected_")?.strip_suffix(".ndjson")?;
        let hexadecimal = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let is_id = id.len() == ID_DIGITS && id.bytes().all(hexadecimal);
        let is_day = day_partition(&format!("{partition}/")) == Some(partition);
        (is_id && is_day).then(|| Self { id: id.to_owned(), partition: partition.to_owned() })
    }

    /// The day of the landing object: `year=YYYY/month=MM/day=DD`.
    pub fn partition(&self) -> &str {
        &self.partition
    }

    /// The identifier of the object's version: 16 hexadecimal digits.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Cleaned, typed rows.
    pub fn processing(&self) -> String {
        format!("processing/{}/processed_{}.parquet", self.partition, self.id)
    }

    /// Rows with derived columns and without personal data.
    pub fn processed(&self) -> String {
        format!("processed/{}/final_{}.parquet", self.partition, self.id)
    }

    /// Rows of the aggregate of this name.
    pub fn aggregate(&self, name: &str) -> String {
        format!("processed/{}/{name}_{}.parquet", self.partition, self.id)
    }

    /// Rejected records.
    pub fn quarantine(&self) -> String {
        format!("quarantine/{}/rejected_{}.ndjson", self.partition, self.id)
    }

    /// The account of the object.
    pub fn ledger(&self) -> String {
        format!("ledger/{}/ledger_{}.json", self.partition, self.id)
    }
}

/// The first 16 hexadecimal digits of SHA-256 over bucket, key and version, or eTag where there is
/// no version, each on a line of its own.
fn object_id(object: &LandingObject) -> String {
    let version = object.version_id.as_deref().unwrap_or(&object.etag);
    let digest = Sha256::digest(format!("{}\n{}\n{version}", object.bucket, object.key));
    digest.iter().take(ID_DIGITS / 2).map(|byte| format!("{byte:02x}")).collect()
}

/// `year=YYYY/month=MM/day=DD` of a landing key that has more segments after it.
fn partition(key: &str) -> Option<&str> {
    let dated = key.strip_prefix(LANDING_PREFIX)?;
    let partition = day_partition(dated)?;
    let name = &dated[partition.len() + 1..];
    (!name.is_empty() && !name.ends_with('/')).then_some(partition)
}

/// `year=YYYY/month=MM/day=DD` where a key begins with it and a slash.
fn day_partition(dated: &str) -> Option<&str> {
    let mut segments = dated.split('/');
    let mut length = 0;
    for (name, digits) in [("year=", 4), ("month=", 2), ("day=", 2)] {
        let segment = segments.next()?;
        let value = segment.strip_prefix(name)?;
        if value.len() != digits || !value.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        length += segment.len() + 1;
    }
    segments.next().map(|_| &dated[..length - 1])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(key: &str, version_id: Option<&str>) -> LandingObject {
        LandingObject {
            bucket: "snowline-lake".to_owned(),
            key: key.to_owned(),
            version_id: version_id.map(str::to_owned),
            etag: "0c4b9d0d4f1f3c5e8a7b6d5c4e3f2a1b".to_owned(),
        }
    }

    #[test]
    fn outputs_stand_under_the_day_of_the_landing_key() {
        let key = "landing/year=2026/month=11/day=22/hour=09/orders.gz";
        let keys = OutputKeys::new(&object(key, None)).unwrap();
        // printf 'snowline-lake\n%s\n0c4b9d0d4f1f3c5e8a7b6d5c4e3f2a1b' "$key" | sha256sum
        assert_eq!(keys.id(), "3efab5636f3c707a");
        for (key, expected) in [
            (
                keys.processing(),
                "processing/year=2026/month=11/day=22/processed_3efab5636f3c707a.parquet",
            ),
            (
                keys.processed(),
                "processed/year=2026/month=11/day=22/final_3efab5636f3c707a.parquet",
            ),
            (
                keys.aggregate("orders_hourly"),
                "processed/year=2026/month=11/day=22/orders_hourly_3efab5636f3c707a.parquet",
            ),
            (
                keys.quarantine(),
                "quarantine/year=2026/month=11/day=22/rejected_3efab5636f3c707a.ndjson",
            ),
            (keys.ledger(), "ledger/year=2026/month=11/day=22/ledger_3efab5636f3c707a.json"),
        ] {
            assert_eq!(key, expected);
        }
    }

    #[test]
    fn a_version_identifies_the_object_before_its_etag() {
        let key = "landing/year=2026/month=11/day=22/hour=09/orders.gz";
        let keys = OutputKeys::new(&object(key, Some("Tn3xq9.vK1"))).unwrap();
        // printf 'snowline-lake\n%s\nTn3xq9.vK1' "$key" | sha256sum
        assert_eq!(keys.id(), "b5757fd45d455931");
    }

    #[test]
    fn a_landing_key_without_its_day_is_an_error() {
        for (key, accepted) in [
            ("landing/year=2026/month=11/day=22/a", true),
            ("landing/year=2026/month=11/day=22/hour=09/a/b", true),
            ("landing/year=2026/month=11/day=22", false),
            ("landing/year=2026/month=11/day=22/", false),
            ("landing/year=2026/month=11/day=22/hour=09/", false),
            ("landing/orders.gz", false),
            ("landing/year=26/month=11/day=22/a", false),
            ("landing/year=2026/month=x1/day=22/a", false),
            ("landing/year=2026/day=22/month=11/a", false),
            ("landing/month=11/day=22/a", false),
            ("year=2026/month=11/day=22/a", false),
            ("landing/year=２０/month=11/day=22/a", false),
        ] {
            assert_eq!(OutputKeys::new(&object(key, None)).is_ok(), accepted, "{key}");
        }
    }
    #[test]
    fn the_key_of_a_quarantine_object_leads_to_its_neighbours() {
        let day = "year=2026/month=11/day=22";
        let keys = OutputKeys::of_quarantine(&format!(
            "quarantine/{day}/rejected_3efab5636f3c707a.ndjson"
        ))
        .unwrap();
        assert_eq!(keys.ledger(), format!("ledger/{day}/ledger_3efab5636f3c707a.json"));
        for key in [
            "quarantine/year=2026/month=11/day=22/rejected_3efab563.ndjson",
            "quarantine/year=2026/month=11/day=22/rejected_3EFAB5636F3C707A.ndjson",
            "quarantine/year=2026/month=11/day=22/hour=01/rejected_3efab5636f3c707a.ndjson",
            "quarantine/year=2026/month=11/rejected_3efab5636f3c707a.ndjson",
            "processed/year=2026/month=11/day=22/rejected_3efab5636f3c707a.ndjson",
        ] {
            assert_eq!(OutputKeys::of_quarantine(key), None, "{key}");
        }
    }
}
