//! What a trace prints.

use std::io::{self, Write};

use serde::Serialize;

use super::args::Key;
use super::fate::Fate;
use super::origin::{Record, Rejection};
use super::warehouse::Staged;

/// Every version of one row, the oldest first.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) dataset: String,
    pub(crate) key: Key,
    pub(crate) versions: Vec<Version>,
}

/// One version, from its line to analytics.
#[derive(Debug, Serialize)]
pub(crate) struct Version {
    #[serde(flatten)]
    pub(crate) staged: Staged,
    pub(crate) record: Record,
    /// What it was rejected as before it was replayed, the last time first.
    pub(crate) replay_of: Vec<Rejection>,
    pub(crate) fate: Fate,
}

impl Report {
    pub(crate) fn print(&self, as_json: bool, out: &mut dyn Write) -> io::Result<()> {
        if as_json {
            serde_json::to_writer(&mut *out, self)?;
            return writeln!(out);
        }
        let count = match self.versions.len() {
            1 => "1 version".to_owned(),
            count => format!("{count} versions, the oldest first"),
        };
        writeln!(out, "{} with {}: {count}", self.dataset, self.key)?;
        for (number, version) in (1..).zip(&self.versions) {
            writeln!(out, "\nversion {number}")?;
            for (stage, text) in version.stages() {
                writeln!(out, "  {stage:<12}{text}")?;
            }
        }
        Ok(())
    }
}

impl Version {
    /// The stages it passed, in order, and what is known of each.
    fn stages(&self) -> Vec<(&'static str, String)> {
        let staged = &self.staged;
        let landing = format!("{} line {}", staged.source_object, staged.source_line);
        let record = match &self.record {
            Record::Text(text) => text.clone(),
            Record::Absent(reason) => format!("({reason})"),
        };
        let mut stages: Vec<_> =
            self.replay_of.iter().rev().map(|one| ("rejected", one.to_text())).collect();
        stages.extend([
            ("landing", landing),
            ("record", record),
            ("landed", staged.landed_at.to_string()),
        ]);
        match &staged.ledger {
            None => stages.push(("ledger", "(its entry is not loaded yet)".to_owned())),
            Some(entry) => {
                let (read, accepted, rejected) =
                    (entry.rows_read, entry.rows_accepted, entry.rows_rejected);
                let counts = format!("{read} rows read, {accepted} accepted, {rejected} rejected");
                stages.push(("ledger", format!("{}: {counts}", entry.key)));
                stages.extend(entry.processing.clone().map(|key| ("processing", key)));
                stages.extend(entry.processed.clone().map(|key| ("processed", key)));
            }
        }
        let operation = match staged.operation.as_str() {
            "I" => "insert",
            "U" => "update",
            "D" => "delete",
            other => other,
        };
        let (loaded_at, contract) = (staged.loaded_at, &staged.contract_version);
        stages.push(("staging", format!("{operation}, loaded {loaded_at}, contract {contract}")));
        stages.push(("analytics", self.fate.to_string()));
        stages
    }
}

impl Rejection {
    fn to_text(&self) -> String {
        let known = |value: Option<String>| value.unwrap_or_else(|| "?".to_owned());
        let source = known(self.source_object.clone());
        let line = known(self.source_line.map(|line| line.to_string()));
        let reject = known(self.quarantine_line.map(|line| line.to_string()));
        let broken = match (&self.rule, &self.column, &self.absent) {
            (Some(rule), Some(column), _) => format!(", rule {rule} of {column}"),
            (Some(rule), None, _) => format!(", rule {rule}"),
            (None, _, Some(absent)) => format!(" ({absent})"),
            (None, _, None) => String::new(),
        };
        format!("{source} line {line}: {} line {reject}{broken}", self.quarantine)
    }
}
