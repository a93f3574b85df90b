//! The rejects of a quarantine file, written to a landing object again, one line each.
//!
//! A reject that cannot be sent again leaves a blank line, which is a line and no row: so the line
//! of a row leads back to its reject, whatever was left out.

use std::borrow::Cow;
use std::io::{self, BufRead, BufReader, Read, Write};

use columnar::{Rejected, RejectedError};
use contract::Format;
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

/// Why the rejects of a file cannot be read or written again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("reading or writing rejects")]
    Io(#[from] io::Error),
    #[error("line {line}")]
    Line { line: usize, source: RejectedError },
    #[error("the work on it stopped")]
    Stopped(#[from] tokio::task::JoinError),
}

/// The content of a landing object made of rejects.
#[derive(Debug)]
pub(crate) struct Rewritten {
    /// Compressed with gzip, so that no record can be taken for the start of a compressed object.
    pub(crate) body: Vec<u8>,
    pub(crate) rows: u64,
    /// Of the quarantine file: the first 16 hexadecimal digits of its SHA-256.
    pub(crate) digest: String,
    pub(crate) left_out: Vec<LeftOut>,
}

/// A reject that cannot be sent again.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct LeftOut {
    /// Line of the record in the object it was rejected from.
    pub(crate) line: i64,
    pub(crate) reason: String,
}

/// Writes the records of a quarantine file in their order, below a header in case of CSV.
pub(crate) fn rewrite(
    quarantine: &mut dyn Read,
    format: Format,
    header: Option<&[u8]>,
) -> Result<Rewritten, Error> {
    let mut out = GzEncoder::new(Vec::new(), Compression::default());
    let (mut rows, mut left_out) = (0, Vec::new());
    if let Some(header) = header {
        out.write_all(header)?;
        out.write_all(b"\n")?;
    }
    let mut quarantine = Digested::new(quarantine);
    for reject in rejects(&mut quarantine) {
        let reject = reject?;
        match line_of(&reject.0, format).map_err(|source| reject.error(source))? {
            Ok(record) => {
                out.write_all(&record)?;
                rows += 1;
            }
            Err(reason) => left_out.push(LeftOut { line: reject.0.line, reason }),
        }
        out.write_all(b"\n")?;
    }
    Ok(Rewritten { body: out.finish()?, rows, digest: quarantine.finish()?, left_out })
}

/// The reject that was written to this line of the new object, and its position in the file, from
/// 1; and the digest of the file, as [`Rewritten`] has it.
pub(crate) fn reject_at(
    quarantine: &mut dyn Read,
    format: Format,
    line: i64,
) -> Result<(Option<(usize, Rejected)>, String), Error> {
    let mut quarantine = Digested::new(quarantine);
    let found = find_reject(&mut quarantine, format, line)?;
    Ok((found, quarantine.finish()?))
}

fn find_reject(
    quarantine: &mut dyn Read,
    format: Format,
    line: i64,
) -> Result<Option<(usize, Rejected)>, Error> {
    let mut lines = match format {
        Format::Json => 0,
        Format::Csv => 1,
    };
    for reject in rejects(quarantine) {
        let reject = reject?;
        if lines + 1 == line {
            return Ok(Some((reject.1, reject.0)));
        }
        let written = line_of(&reject.0, format).map_err(|source| reject.error(source))?;
        let record = written.unwrap_or_default();
        lines += 1 + record.iter().filter(|byte| **byte == b'\n').count() as i64;
    }
    Ok(None)
}

/// Digests what is read through it.
struct Digested<'r> {
    input: &'r mut dyn Read,
    digest: Sha256,
}

impl<'r> Digested<'r> {
    fn new(input: &'r mut dyn Read) -> Self {
        Self { input, digest: Sha256::new() }
    }

    /// The first 16 hexadecimal digits of the SHA-256 of all there is, read or not.
    fn finish(mut self) -> io::Result<String> {
        io::copy(&mut self, &mut io::sink())?;
        Ok(self.digest.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect())
    }
}

impl Read for Digested<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        self.digest.update(&buffer[..read]);
        Ok(read)
    }
}

/// A reject and its position in the file, from 1.
struct Numbered(Rejected, usize);

impl Numbered {
    fn error(&self, source: RejectedError) -> Error {
        Error::Line { line: self.1, source }
    }
}

fn rejects(quarantine: &mut dyn Read) -> impl Iterator<Item = Result<Numbered, Error>> {
    BufReader::new(quarantine).split(b'\n').zip(1..).map(|(text, line)| {
        let reject = Rejected::parse(&text?).map_err(|source| Error::Line { line, source })?;
        Ok(Numbered(reject, line))
    })
}

/// The record as it is written again, or why it cannot be.
fn line_of(
    reject: &Rejected,
    format: Format,
) -> Result<Result<Cow<'_, [u8]>, String>, RejectedError> {
    if let Some(bytes) = reject.record_bytes() {
        return Ok(Err(format!("only the beginning of its {bytes} bytes was kept")));
    }
    if reject.is_erased() {
        return Ok(Err("its record was erased".to_owned()));
    }
    let record = reject.record()?;
    let count = |wanted: u8| record.iter().filter(|byte| **byte == wanted).count();
    // Either would do harm to its neighbours: no text has a NUL, and an open quote goes on.
    Ok(if count(0) > 0 {
        Err("it has a NUL byte".to_owned())
    } else if format == Format::Csv && count(b'"') % 2 == 1 {
        Err("it has a quote that does not end".to_owned())
    } else {
        Ok(record)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::read::GzDecoder;

    fn quarantine(records: &[&str]) -> Vec<u8> {
        let line = |(at, fields): (usize, &&str)| {
            format!(r#"{{"line":{},"rule":"type","column":null,"message":"m",{fields}}}"#, at * 10)
                + "\n"
        };
        records.iter().enumerate().map(line).collect::<String>().into_bytes()
    }

    fn rewritten(file: &[u8], format: Format, header: Option<&[u8]>) -> (Vec<u8>, Rewritten) {
        let rewritten = rewrite(&mut &*file, format, header).unwrap();
        let mut text = Vec::new();
        GzDecoder::new(&rewritten.body[..]).read_to_end(&mut text).unwrap();
        (text, rewritten)
    }

    fn positions(file: &[u8], format: Format, lines: std::ops::Range<i64>) -> Vec<Option<usize>> {
        let at = |line| {
            let (found, digest) = reject_at(&mut &*file, format, line).unwrap();
            assert_eq!(digest, rewrite(&mut &*file, format, None).unwrap().digest);
            found.map(|(position, _)| position)
        };
        lines.map(at).collect()
    }

    #[test]
    fn line_k_of_the_new_object_is_reject_k() {
        let file = quarantine(&[
            r#""record":"{\"a\":1}""#,
            r#""record":"{\"b","record_bytes":2000000"#,
            r#""record_base64":"e/8=""#,
            r#""record":"a\u0000b""#,
            r#""record":"{\"é\":\"\"\"}""#,
        ]);
        let (text, rewritten) = rewritten(&file, Format::Json, None);
        assert_eq!(text, [b"{\"a\":1}\n\n{\xff\n\n", "{\"é\":\"\"\"}\n".as_bytes()].concat());
        assert_eq!(rewritten.rows, 3);
        let left_out: Vec<_> = rewritten.left_out.iter().map(|one| one.line).collect();
        assert_eq!(left_out, [10, 30]);
        assert!(rewritten.left_out[0].reason.contains("2000000 bytes"));
        let expected = [None, Some(1), Some(2), Some(3), Some(4), Some(5), None];
        assert_eq!(positions(&file, Format::Json, 0..7), expected);
    }

    #[test]
    fn csv_has_its_header_and_records_of_several_lines() {
        let file = quarantine(&[
            r#""record":"1,\"two\nlines\"""#,
            r#""record":"2,\"open""#,
            r#""record":"3,plain""#,
        ]);
        let (text, rewritten) = rewritten(&file, Format::Csv, Some(b"id,note"));
        assert_eq!(text, b"id,note\n1,\"two\nlines\"\n\n3,plain\n");
        assert_eq!((rewritten.rows, rewritten.left_out.len()), (2, 1));
        let expected = [None, Some(1), None, Some(2), Some(3), None];
        assert_eq!(positions(&file, Format::Csv, 1..7), expected);
    }

    #[test]
    fn a_record_that_was_erased_leaves_a_blank_line() {
        let mut file = b"{\"line\":7,\"rule\":\"r\",\"column\":null,\"message\":\"m\"}\n".to_vec();
        file.extend(quarantine(&[r#""record":"{}""#]));
        let (text, rewritten) = rewritten(&file, Format::Json, None);
        assert_eq!(text, b"\n{}\n");
        assert_eq!((rewritten.rows, rewritten.left_out[0].line), (1, 7));
        assert_eq!(rewritten.left_out[0].reason, "its record was erased");
    }

    #[test]
    fn a_line_the_transform_has_not_written_is_named() {
        let mut file = quarantine(&[r#""record":"1""#]);
        file.extend_from_slice(b"not json\n");
        let error = rewrite(&mut &*file, Format::Json, None).unwrap_err();
        assert_eq!(error.to_string(), "line 2");
    }
}
