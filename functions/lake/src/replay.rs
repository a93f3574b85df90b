use contract::Format;

use crate::keys::{LANDING_PREFIX, OutputKeys};

/// The landing object that the rejects of an earlier one are written to again.
///
/// Its key is a function of the quarantine object: rejects that are replayed twice are the same
/// object, and the key leads back to them when the object itself has expired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replay {
    /// The keys of the landing object that the records were rejected from.
    pub rejected: OutputKeys,
    /// A digest of the quarantine object's content: not its eTag, which changes with every write
    /// of the same bytes under KMS.
    pub digest: String,
    /// How the records are encoded.
    pub format: Format,
}

/// Nobody knows any more in which hour the records arrived: the quarantine has days.
const HOUR: &str = "hour=00";
const NAME: &str = "replay_";

impl Replay {
    /// The key of the landing object.
    pub fn key(&self) -> String {
        let (partition, id) = (self.rejected.partition(), self.rejected.id());
        let (digest, ending) = (&self.digest, ending(self.format));
        format!("{LANDING_PREFIX}{partition}/{HOUR}/{NAME}{id}_{digest}{ending}")
    }

    /// Reads the key of a landing object; `None` when that is no replay.
    pub fn of(landing_key: &str) -> Option<Self> {
        let (partition, name) =
            landing_key.strip_prefix(LANDING_PREFIX)?.split_once(&format!("/{HOUR}/{NAME}"))?;
        let format = [Format::Json, Format::Csv]
            .into_iter()
            .find(|format| name.ends_with(ending(*format)))?;
        let (id, digest) = name.strip_suffix(ending(format))?.split_once('_')?;
        let rejected =
            OutputKeys::of_quarantine(&format!("quarantine/{partition}/rejected_{id}.ndjson"))?;
        let hexadecimal = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        (!digest.is_empty() && digest.bytes().all(hexadecimal)).then(|| Self {
            rejected,
            digest: digest.to_owned(),
            format,
        })
    }
}

/// The ending of a key decides about the format before the contract does.
fn ending(format: Format) -> &'static str {
    match format {
        Format::Json => ".ndjson.gz",
        Format::Csv => ".csv.gz",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_a_replay_leads_back_to_the_rejects() {
        let quarantine = "quarantine/year=2026/month=11/day=22/rejected_3efab5636f3c707a.ndjson";
        for (format, digest, key) in [
            (Format::Json, "d41d8cd9", "replay_3efab5636f3c707a_d41d8cd9.ndjson.gz"),
            (Format::Csv, "d41d8cd9", "replay_3efab5636f3c707a_d41d8cd9.csv.gz"),
        ] {
            let rejected = OutputKeys::of_quarantine(quarantine).unwrap();
            let replay = Replay { rejected, digest: digest.to_owned(), format };
            assert_eq!(replay.key(), format!("landing/year=2026/month=11/day=22/hour=00/{key}"));
            assert_eq!(replay.rejected.quarantine(), quarantine);
            assert_eq!(Replay::of(&replay.key()), Some(replay));
        }
    }

    #[test]
    fn any_other_landing_object_is_no_replay() {
        let day = "landing/year=2026/month=11/day=22";
        for key in [
            "hour=00/orders.ndjson.gz",
            "hour=09/replay_3efab5636f3c707a_d41d8cd9.ndjson.gz",
            "hour=00/replay_3efab5636f3c707a.ndjson.gz",
            "hour=00/replay_3efab5636f3c707a_.ndjson.gz",
            "hour=00/replay_3EFAB5636F3C707A_d41d8cd9.ndjson.gz",
            "hour=00/replay_3efab5636f3c707a_d41d8cd9.gz",
            "hour=00/replay_3efab5636f3c707a_a/b.csv.gz",
        ] {
            assert_eq!(Replay::of(&format!("{day}/{key}")), None, "{key}");
        }
    }
}
