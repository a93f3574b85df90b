//! What an erasure prints: what is gone from where, and what is left and why. No value of anybody.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use crate::table::{Align, table};

/// Where rows were, in the order in which they are erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Place {
    Landing,
    Processing,
    Processed,
    Quarantine,
    Errors,
    Analytics,
    Staging,
}

impl Place {
    const ALL: [Self; 7] = [
        Self::Landing,
        Self::Processing,
        Self::Processed,
        Self::Quarantine,
        Self::Errors,
        Self::Analytics,
        Self::Staging,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Landing => "landing/",
            Self::Processing => "processing/",
            Self::Processed => "processed/",
            Self::Quarantine => "quarantine/",
            Self::Errors => "errors/",
            Self::Analytics => "analytics",
            Self::Staging => "staging",
        }
    }
}

/// What was erased from one place.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Erased {
    /// Objects deleted or written again.
    pub(crate) objects: u64,
    /// Versions of objects and delete markers deleted for good.
    pub(crate) versions: u64,
    /// Rows or records of the person; of landing, whole objects, not counted.
    pub(crate) rows: u64,
}

/// Something that still is or may be there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Left {
    pub(crate) what: String,
    pub(crate) reason: String,
}

/// One run.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// Names the run in `ops.erasures`.
    pub(crate) erasure_id: String,
    pub(crate) dataset: String,
    /// The columns that were searched.
    pub(crate) columns: Vec<String>,
    pub(crate) dry_run: bool,
    pub(crate) erased: BTreeMap<Place, Erased>,
    pub(crate) left: Vec<Left>,
}

impl Report {
    pub(crate) fn add(&mut self, place: Place, objects: u64, versions: usize, rows: u64) {
        let erased = self.erased.entry(place).or_default();
        erased.objects += objects;
        erased.versions += versions as u64;
        erased.rows += rows;
    }

    pub(crate) fn leave(&mut self, what: impl Into<String>, reason: impl Into<String>) {
        let (what, reason) = (what.into(), reason.into());
        self.left.push(Left { what, reason });
    }

    fn is_empty(&self) -> bool {
        let nothing = Erased::default();
        self.erased.values().all(|erased| *erased == nothing) && self.left.is_empty()
    }

    pub(crate) fn print(&self, as_json: bool, out: &mut dyn Write) -> io::Result<()> {
        if as_json {
            serde_json::to_writer(&mut *out, self)?;
            return writeln!(out);
        }
        let (dataset, columns) = (&self.dataset, self.columns.join(" and "));
        if self.is_empty() {
            return writeln!(out, "{dataset} has nothing with this {columns}");
        }
        let would = if self.dry_run { "would be " } else { "" };
        writeln!(out, "{dataset} by {columns}: {would}erased as {}", self.erasure_id)?;
        let rows: Vec<[String; 4]> = Place::ALL
            .iter()
            .map(|place| {
                let erased = self.erased.get(place).copied().unwrap_or_default();
                let rows = match place {
                    Place::Landing => "whole objects".to_owned(),
                    _ => erased.rows.to_string(),
                };
                let (objects, versions) = match place {
                    Place::Analytics | Place::Staging => (String::new(), String::new()),
                    _ => (erased.objects.to_string(), erased.versions.to_string()),
                };
                [place.name().to_owned(), objects, versions, rows]
            })
            .collect();
        let columns = [
            ("from", Align::Left),
            ("objects", Align::Right),
            ("versions", Align::Right),
            ("rows", Align::Right),
        ];
        write!(out, "{}", table(columns, &rows))?;
        for left in &self.left {
            writeln!(out, "left {}: {}", left.what, left.reason)?;
        }
        Ok(())
    }
}
