//! What the audit finds.

use std::collections::BTreeMap;

use contract::Severity;
use serde::Serialize;
use serde_json::json;
use snowflake::{Error, Row, Rows};
use statements::LISTED_FINDINGS;

use crate::check_result::CheckResult;

/// What the audit counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Audit {
    /// Landing objects in the ledger or in staging.
    pub objects: u64,
    /// Of these, objects of which one side is still being loaded.
    pub pending: u64,
    /// Rows the ledger says were accepted.
    pub rows_accepted: u64,
    /// Rows in staging.
    pub rows_loaded: u64,
    /// What is wrong, at most [`LISTED_FINDINGS`] of each kind. Empty in a report, for an audit
    /// with findings fails.
    pub findings: Vec<Finding>,
    /// How many findings there are of every kind.
    #[serde(skip)]
    counts: BTreeMap<Kind, u64>,
}

/// A kind of finding, and the check that counts them; upstream first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An object has lain in landing for longer than the freshness SLA, and the ledger in the
    /// warehouse does not know it: it was not transformed, or its ledger entry was not loaded.
    NotTransformed,
    /// A staging table lacks rows the ledger counts.
    RowsMissing,
    /// A staging table has more rows than the ledger counts: some are there twice.
    RowsSuperfluous,
    /// A staging table has rows of an object the ledger does not know.
    NoLedgerEntry,
}

/// One object of which the accounts do not agree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What is wrong with it.
    pub finding: Kind,
    /// As `s3://bucket/key`.
    pub source_object: String,
    /// The staging table concerned; none for an object that is only in landing.
    #[serde(flatten)]
    pub rows: Option<RowCounts>,
}

/// Rows of one object in one staging table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RowCounts {
    /// Name of the table: `orders`, `orders_hourly`.
    pub table: String,
    /// The contract version that made the rows.
    pub contract_version: String,
    /// Rows the ledger counts.
    pub rows_expected: u64,
    /// Rows in the table.
    pub rows_found: u64,
}

impl Kind {
    /// What the warehouse itself finds.
    const IN_STAGING: [Self; 3] = [Self::RowsMissing, Self::RowsSuperfluous, Self::NoLedgerEntry];

    /// Identifier of the check: `rows_missing`.
    pub fn name(self) -> &'static str {
        match self {
            Self::NotTransformed => "not_transformed",
            Self::RowsMissing => "rows_missing",
            Self::RowsSuperfluous => "rows_superfluous",
            Self::NoLedgerEntry => "no_ledger_entry",
        }
    }
}

impl Audit {
    /// Reads the answer of [`statements::Statements::audit`].
    pub(crate) fn read(rows: &Rows) -> Result<Self, Error> {
        let unexpected = |reason: String| Error::Unexpected {
            handle: Some(rows.handle().to_owned()),
            reason,
            source: None,
        };
        let mut rows_iter = rows.iter();
        let totals =
            rows_iter.next().ok_or_else(|| unexpected("the audit has no totals".to_owned()))?;
        let mut counts = BTreeMap::from([(Kind::NotTransformed, 0)]);
        for kind in Kind::IN_STAGING {
            counts.insert(kind, totals.parse(kind.name())?);
        }
        let finding = |row: Row<'_>| {
            let name = row.text("finding")?;
            let kind = Kind::IN_STAGING.into_iter().find(|kind| kind.name() == name);
            Ok(Finding {
                finding: kind.ok_or_else(|| unexpected(format!("{name} is no finding")))?,
                source_object: row.text("source_object")?.to_owned(),
                rows: Some(RowCounts {
                    table: row.text("table_name")?.to_owned(),
                    contract_version: row.text("contract_version")?.to_owned(),
                    rows_expected: row.parse("rows_expected")?,
                    rows_found: row.parse("rows_found")?,
                }),
            })
        };
        Ok(Self {
            objects: totals.parse("objects")?,
            pending: totals.parse("pending")?,
            rows_accepted: totals.parse("rows_expected")?,
            rows_loaded: totals.parse("rows_found")?,
            findings: rows_iter.map(finding).collect::<Result<_, Error>>()?,
            counts,
        })
    }

    /// Adds an object that has lain in landing, unknown to the ledger, for too long.
    pub(crate) fn add_not_transformed(&mut self, source_object: String) {
        let count = self.counts.entry(Kind::NotTransformed).or_default();
        *count += 1;
        if *count <= LISTED_FINDINGS as u64 {
            let finding = Kind::NotTransformed;
            self.findings.push(Finding { finding, source_object, rows: None });
        }
    }

    /// How many findings there are.
    pub(crate) fn total(&self) -> u64 {
        self.counts.values().sum()
    }

    /// The audit as a check a kind of finding, whose value is how many there are.
    pub(crate) fn results(&self) -> Vec<CheckResult> {
        let result = |(kind, count): (&Kind, &u64)| {
            let findings = self.findings.iter().filter(|finding| finding.finding == *kind);
            CheckResult {
                check_id: kind.name().to_owned(),
                severity: Severity::Error,
                passed: *count == 0,
                value: Some(count.to_string()),
                threshold: "= 0".to_owned(),
                failing_keys: findings.map(|finding| json!(finding)).collect(),
                failing_rows_query: None,
            }
        };
        self.counts.iter().map(result).collect()
    }
}
