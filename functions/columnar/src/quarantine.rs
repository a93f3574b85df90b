//! Rejected records, and how a quarantine file tells of them.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::Serialize;

/// A record that breaks a rule. Exactly one rule is named: the first, in contract order.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Reject {
    /// Line of the record, from 1.
    pub(crate) line: i64,
    pub(crate) rule: &'static str,
    /// Position of the column, or `None` when the rule is about the record as a whole.
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

#[cfg(test)]
mod tests {
    use super::*;

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
