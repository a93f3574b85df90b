//! What became of each version of a row, which follows from their order.

use std::fmt;

use jiff::Timestamp;
use serde::Serialize;

use super::warehouse::Staged;

/// What became of a version. Versions are named by their number, from 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub(crate) enum Fate {
    /// The next merge will look at it.
    Waiting,
    /// It is the one in analytics.
    Merged { merged_at: Timestamp },
    /// It is a delete, and the newest version: analytics has no row.
    Deletes,
    /// A newer version took its place.
    SupersededBy { version: usize },
    /// A newer delete removed it.
    DeletedBy { version: usize },
    /// It should be in analytics, and is not.
    Missing,
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Waiting => f.write_str("waits for the next merge"),
            Self::Merged { merged_at } => write!(f, "merged {merged_at}"),
            Self::Deletes => f.write_str("deleted the row, which is not in analytics any more"),
            Self::SupersededBy { version } => write!(f, "superseded by version {version}"),
            Self::DeletedBy { version } => write!(f, "deleted by version {version}"),
            Self::Missing => f.write_str("was merged, but analytics does not have it"),
        }
    }
}

/// The fate of each version; they come the oldest first. Versions that wait change nothing yet.
pub(crate) fn fates(versions: &[Staged]) -> Vec<Fate> {
    let fate = |(at, version): (usize, &Staged)| {
        if version.is_waiting {
            return Fate::Waiting;
        }
        let newer = versions.iter().enumerate().skip(at + 1).find(|(_, other)| !other.is_waiting);
        match (newer, version.merged_at) {
            (Some((newer, by)), _) if by.operation == "D" => Fate::DeletedBy { version: newer + 1 },
            (Some((newer, _)), _) => Fate::SupersededBy { version: newer + 1 },
            (None, Some(merged_at)) => Fate::Merged { merged_at },
            (None, None) if version.operation == "D" => Fate::Deletes,
            (None, None) => Fate::Missing,
        }
    };
    versions.iter().enumerate().map(fate).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `operation`, then `w` for waiting or `m` for the version in analytics.
    fn staged(text: &str) -> Staged {
        let time: Timestamp = "2026-11-22T09:16:05Z".parse().unwrap();
        Staged {
            source_object: "s3://lake/landing/a".to_owned(),
            source_line: 1,
            landed_at: time,
            contract_version: "1.0.0".to_owned(),
            loaded_at: time,
            operation: text[..1].to_owned(),
            is_waiting: text.ends_with('w'),
            merged_at: text.ends_with('m').then_some(time),
            ledger: None,
        }
    }

    #[test]
    fn the_newest_merged_version_decides() {
        for (versions, expected) in [
            (vec!["Im"], vec!["merged"]),
            (vec!["Iw"], vec!["waits"]),
            (vec!["I", "Um"], vec!["superseded by version 2", "merged"]),
            (vec!["Im", "Uw"], vec!["merged", "waits"]),
            (vec!["Iw", "Um"], vec!["waits", "merged"]),
            (
                vec!["I", "U", "D"],
                vec!["superseded by version 2", "deleted by version 3", "deleted"],
            ),
            (
                vec!["I", "D", "Im"],
                vec!["deleted by version 2", "superseded by version 3", "merged"],
            ),
            (vec!["Dw", "Iw"], vec!["waits", "waits"]),
            (vec!["I", "Uw", "D"], vec!["deleted by version 3", "waits", "deleted the row"]),
            (vec!["Im", "Im"], vec!["superseded by version 2", "merged"]),
            (vec!["I"], vec!["was merged, but"]),
        ] {
            let staged: Vec<_> = versions.iter().map(|text| staged(text)).collect();
            let found: Vec<_> = fates(&staged).iter().map(Fate::to_string).collect();
            assert_eq!(found.len(), expected.len());
            for (found, expected) in found.iter().zip(expected) {
                assert!(found.starts_with(expected), "{versions:?}: {found}");
            }
        }
    }
}
