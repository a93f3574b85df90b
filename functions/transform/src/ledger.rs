//! The account of one landing object: what was read, and where every row of it went.

use std::collections::BTreeMap;

use aws_sdk_s3::primitives::{DateTime, DateTimeFormat};
use serde::{Serialize, Serializer};

/// One line of `ledger/`, written after everything it lists. The audit compares it with what the
/// staging tables hold: `rows_read = rows_accepted + rows_rejected`, and each output with a
/// `table` has `rows` rows there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Ledger {
    /// Identifier of the object's version, the one in its outputs' keys.
    pub id: String,
    /// Name of the dataset.
    pub dataset: String,
    /// Version of the contract the rows were validated against.
    pub contract_version: String,
    /// Bucket of the landing object and of its outputs.
    pub bucket: String,
    /// Key of the landing object.
    pub key: String,
    /// Version of the landing object; null when the bucket is not versioned.
    pub version_id: Option<String>,
    /// ETag of the landing object, without quotes.
    pub etag: String,
    /// Size of the landing object as stored, compressed or not.
    pub bytes: u64,
    /// The landing object's LastModified in microseconds since the epoch; written as RFC 3339,
    /// UTC, with six fractional digits.
    #[serde(serialize_with = "as_rfc3339", rename = "landed_at")]
    pub landed_at_micros: i64,
    /// Records, blank lines and the CSV header left out.
    pub rows_read: u64,
    /// Records that obey the contract.
    pub rows_accepted: u64,
    /// Records in quarantine.
    pub rows_rejected: u64,
    /// Rejected records by the rule each was counted under.
    pub rejected_by_rule: BTreeMap<&'static str, u64>,
    /// Every object written, in the order processing, processed, aggregates, quarantine. One
    /// without rows is not written and not listed.
    pub outputs: Vec<LedgerOutput>,
}

/// One object written from a landing object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct LedgerOutput {
    /// `processing`, `processed`, `aggregate` or `quarantine`.
    pub zone: &'static str,
    /// The staging table it is loaded into; null when it is not loaded.
    pub table: Option<String>,
    /// Its key.
    pub key: String,
    /// Rows in it.
    pub rows: u64,
    /// Its size.
    pub bytes: u64,
    /// Its eTag, without quotes; null when it is not loaded. Such a file is under a key of the
    /// stack, and has another eTag each time that it is written: the entry would have, too.
    pub etag: Option<String>,
}

impl Ledger {
    /// The account as one line of JSON with its line end.
    ///
    /// # Errors
    /// None in practice: every value has a JSON form.
    pub(crate) fn to_line(&self) -> serde_json::Result<Vec<u8>> {
        let mut line = serde_json::to_vec(self)?;
        line.push(b'\n');
        Ok(line)
    }
}

fn as_rfc3339<S: Serializer>(micros: &i64, serializer: S) -> Result<S::Ok, S::Error> {
    let seconds = DateTime::from_secs(micros.div_euclid(1_000_000))
        .fmt(DateTimeFormat::DateTime)
        .map_err(serde::ser::Error::custom)?;
    let fraction = micros.rem_euclid(1_000_000);
    serializer.collect_str(&format_args!("{}.{fraction:06}Z", seconds.trim_end_matches('Z')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_has_its_keys_in_order() {
        let output = |zone, table: Option<&str>, key: &str| LedgerOutput {
            zone,
            table: table.map(str::to_owned),
            key: key.to_owned(),
            rows: 8,
            bytes: 2_048,
            etag: table.map(|_| "e2".to_owned()),
        };
        let mut ledger = Ledger {
            id: "0011223344556677".to_owned(),
            dataset: "orders".to_owned(),
            contract_version: "1.0.0".to_owned(),
            bucket: "snowline-lake".to_owned(),
            key: "landing/a \"b\".gz".to_owned(),
            version_id: None,
            etag: "e1".to_owned(),
            bytes: 512,
            landed_at_micros: 1_795_338_965_000_042,
            rows_read: 10,
            rows_accepted: 8,
            rows_rejected: 2,
            rejected_by_rule: BTreeMap::from([("required", 1), ("minimum", 1)]),
            outputs: vec![
                output("processing", None, "processing/p"),
                output("processed", Some("orders"), "processed/f"),
            ],
        };
        let expected = concat!(
            r#"{"id":"0011223344556677","dataset":"orders","contract_version":"1.0.0","#,
            r#""bucket":"snowline-lake","key":"landing/a \"b\".gz","version_id":null,"etag":"e1","#,
            r#""bytes":512,"landed_at":"2026-11-22T09:16:05.000042Z","rows_read":10,"#,
            r#""rows_accepted":8,"rows_rejected":2,"#,
            r#""rejected_by_rule":{"minimum":1,"required":1},"outputs":["#,
            r#"{"zone":"processing","table":null,"key":"processing/p","rows":8,"bytes":2048,"etag":null},"#,
            r#"{"zone":"processed","table":"orders","key":"processed/f","rows":8,"bytes":2048,"etag":"e2"}"#,
            "]}\n",
        );
        assert_eq!(String::from_utf8(ledger.to_line().unwrap()).unwrap(), expected);

        ledger.version_id = Some("Tn3xq9.vK1".to_owned());
        ledger.landed_at_micros = -1;
        let line = String::from_utf8(ledger.to_line().unwrap()).unwrap();
        assert!(line.contains(r#""version_id":"Tn3xq9.vK1""#), "{line}");
        assert!(line.contains(r#""landed_at":"1969-12-31T23:59:59.999999Z""#), "{line}");
    }
}
