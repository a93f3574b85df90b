//! Rejected records, how a quarantine file tells of them, and how that is read back.

use std::borrow::Cow;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};

/// A record that breaks a rule. Exactly one rule is named: the first, in contract order.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Reject {
    /// Line of the record, from 1.
    pub(crate) line: i64,
    pub(crate) rule: &'static str,
    /// Position of the field; `None` when the rule is about the record as a whole.
    pub(crate) column: Option<usize>,
    pub(crate) message: String,
    /// The record as it was delivered; only its beginning where `record_bytes` is given.
    pub(crate) record: Vec<u8>,
    /// Length of a record of which only the beginning is kept.
    pub(crate) record_bytes: Option<u64>,
}

#[derive(Serialize)]
struct QuarantineLine<'a> {
    line: i64,
    rule: &'a str,
    column: Option<&'a str>,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    record_base64: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    record_bytes: Option<u64>,
}

impl Reject {
    /// Appends the reject as one NDJSON line. Its own line counts from behind `lines_before`;
    /// `column` is the name of its column.
    pub(crate) fn write(
        &self,
        lines_before: i64,
        column: Option<&str>,
        out: &mut Vec<u8>,
    ) -> serde_json::Result<()> {
        let record = std::str::from_utf8(&self.record).ok();
        let line = QuarantineLine {
            line: lines_before + self.line,
            rule: self.rule,
            column,
            message: &self.message,
            record,
            record_base64: record.is_none().then(|| BASE64_STANDARD.encode(&self.record)),
            record_bytes: self.record_bytes,
        };
        serde_json::to_writer(&mut *out, &line)?;
        out.push(b'\n');
        Ok(())
    }
}

/// A reject as it is read back from a quarantine file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejected {
    /// Line of the record in the landing object, from 1.
    pub line: i64,
    /// The rule it breaks.
    pub rule: String,
    /// The column, unless the rule is about the record as a whole.
    pub column: Option<String>,
    /// What is wrong with it.
    pub message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    record_base64: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    record_bytes: Option<u64>,
}

/// Why a line of a quarantine file tells of no reject.
#[derive(Debug, thiserror::Error)]
pub enum RejectedError {
    /// It is not the JSON that the transform writes.
    #[error("not a line of a quarantine file")]
    Json(#[from] serde_json::Error),
    /// The bytes of the record cannot be decoded.
    #[error("record_base64")]
    Base64(#[from] base64::DecodeError),
}

impl Rejected {
    /// Reads one line of a quarantine file.
    ///
    /// # Errors
    /// [`RejectedError::Json`] when the transform has not written it.
    pub fn parse(line: &[u8]) -> Result<Self, RejectedError> {
        Ok(serde_json::from_slice(line)?)
    }

    /// The record as it was delivered; only its beginning where [`Self::record_bytes`] is given.
    ///
    /// # Errors
    /// [`RejectedError::Base64`] when the transform has not written it.
    pub fn record(&self) -> Result<Cow<'_, [u8]>, RejectedError> {
        match (&self.record, &self.record_base64) {
            (None, Some(encoded)) => Ok(BASE64_STANDARD.decode(encoded)?.into()),
            (record, _) => Ok(record.as_deref().unwrap_or_default().as_bytes().into()),
        }
    }

    /// Length of a record of which only the beginning was kept.
    pub fn record_bytes(&self) -> Option<u64> {
        self.record_bytes
    }

    /// Whether the record was removed from the file.
    pub fn is_erased(&self) -> bool {
        self.record.is_none() && self.record_base64.is_none()
    }

    /// The line of the quarantine file without the record: so that the account still adds up.
    /// Without its line end.
    ///
    /// # Errors
    /// None that can occur: it is JSON of texts and numbers, written to memory.
    pub fn to_erased_line(&self) -> serde_json::Result<Vec<u8>> {
        let erased = Self { record: None, record_base64: None, record_bytes: None, ..self.clone() };
        serde_json::to_vec(&erased)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_erased_line_tells_where_and_why() {
        let line =
            br#"{"line":12,"rule":"minimum","column":"quantity","message":"m","record":"{}"}"#;
        let reject = Rejected::parse(line).expect("a line");
        assert!(!reject.is_erased());
        let erased = reject.to_erased_line().expect("memory");
        let expected = br#"{"line":12,"rule":"minimum","column":"quantity","message":"m"}"#;
        assert_eq!(erased, expected);
        let erased = Rejected::parse(&erased).expect("a line");
        assert!(erased.is_erased());
        assert_eq!(erased, Rejected { record: None, ..reject });
    }

    #[test]
    fn a_line_tells_where_why_and_what() {
        let mut reject = Reject {
            line: 2,
            rule: "minimum",
            column: Some(5),
            message: "must be at least 1".to_owned(),
            record: br#"{"quantity":0}"#.to_vec(),
            record_bytes: None,
        };
        let mut out = Vec::new();
        reject.write(10, Some("quantity"), &mut out).expect("memory");
        reject.record = vec![b'{', 0xff];
        reject.record_bytes = Some(50_000_000);
        reject.write(10, None, &mut out).expect("memory");
        let read = out.split(|byte| *byte == b'\n').take(2);
        let read: Vec<Rejected> = read.map(|line| Rejected::parse(line).expect("JSON")).collect();
        let summary = |at: usize| {
            let one = &read[at];
            let record = one.record().expect("base64").into_owned();
            (one.line, one.rule.as_str(), one.column.as_deref(), record, one.record_bytes())
        };
        let first = (12, "minimum", Some("quantity"), br#"{"quantity":0}"#.to_vec(), None);
        assert_eq!(summary(0), first);
        assert_eq!(summary(1), (12, "minimum", None, vec![b'{', 0xff], Some(50_000_000)));
        assert_eq!(
            String::from_utf8(out).expect("JSON is UTF-8"),
            concat!(
                r#"{"line":12,"rule":"minimum","column":"quantity","message":"must be at least 1","record":"{\"quantity\":0}"}"#,
                "\n",
                r#"{"line":12,"rule":"minimum","column":null,"message":"must be at least 1","record_base64":"e/8=","record_bytes":50000000}"#,
                "\n",
            )
        );
    }
}
