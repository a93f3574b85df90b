//! Reads a sample: JSON lines or CSV, plain, gzip or zstd, as the transform would.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use contract::{Csv, Format};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::dialect::dialect;
use super::profile::{Fields, Profile};
use crate::csv;

/// What is known of a sample.
#[derive(Debug)]
pub(crate) struct Sample {
    pub(crate) format: Format,
    pub(crate) csv: Csv,
    pub(crate) fields: Fields,
    /// Lines, or records of CSV, that are no records; the transform rejects them.
    pub(crate) malformed: u64,
}

/// Why a sample cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The file cannot be read or decompressed.
    #[error("{path}", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It has no record.
    #[error("{path}: no record in it{hint}", path = path.display())]
    NoRecords {
        /// The file.
        path: PathBuf,
        /// What may be the matter.
        hint: &'static str,
    },
}

impl Sample {
    /// Reads a file to its end.
    ///
    /// # Errors
    /// [`Error`] when it cannot be read, or has no record.
    pub(crate) fn read(path: &Path) -> Result<Self, Error> {
        let text =
            read_text(path).map_err(|source| Error::File { path: path.to_owned(), source })?;
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text);
        let format = format_of(path, text);
        let sample = match format {
            Format::Json => Self::of_json(text),
            Format::Csv => Self::of_csv(text),
        };
        if sample.fields.count > 0 && sample.fields.len() > 0 {
            return Ok(sample);
        }
        let hint = match (format, text.trim_ascii_start().first()) {
            (Format::Json, Some(b'[')) => ": it is an array; write one record a line (jq -c '.[]')",
            (Format::Json, Some(b'{')) => ": a record ends on the line it begins on (jq -c .)",
            (Format::Json, Some(_)) => ": a record is a JSON object",
            (Format::Csv, Some(_)) => ": CSV has a header line, and records below it",
            (_, None) => "",
        };
        Err(Error::NoRecords { path: path.to_owned(), hint })
    }

    fn of_json(text: &[u8]) -> Self {
        let mut sample = Self::empty(Format::Json, Csv::default());
        for line in text.split(|byte| *byte == b'\n') {
            // A line may have records behind one another.
            for record in serde_json::Deserializer::from_slice(line).into_iter::<Members<'_>>() {
                match record {
                    Ok(members) => members.add_to(&mut sample.fields),
                    Err(_) => sample.malformed += 1,
                }
            }
        }
        sample
    }

    fn of_csv(text: &[u8]) -> Self {
        let dialect = dialect(text);
        let mut records = csv::records(text, dialect.delimiter);
        let header = records.next().flatten().unwrap_or_default();
        let mut sample = Self::empty(Format::Csv, dialect);
        for record in records {
            match record {
                Some(cells) if cells.len() == header.len() => {
                    sample.fields.begin();
                    for (at, cell) in cells.iter().enumerate() {
                        // Of a repeated name the last field counts.
                        if header[at + 1..].iter().any(|other| other.text == header[at].text) {
                            continue;
                        }
                        let field = sample.fields.field(&header[at].text);
                        if cell.quoted || cell.text != sample.csv.null {
                            field.cell(&cell.text);
                        }
                    }
                }
                _ => sample.malformed += 1,
            }
        }
        sample
    }

    fn empty(format: Format, csv: Csv) -> Self {
        Self { format, csv, fields: Fields::default(), malformed: 0 }
    }
}

fn read_text(path: &Path) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    columnar::decompress(File::open(path)?).read_to_end(&mut text)?;
    Ok(text)
}

/// How a sample is encoded: as its name says, and else as it begins.
fn format_of(path: &Path, text: &[u8]) -> Format {
    let name = path.to_string_lossy();
    let name = name.strip_suffix(".gz").or(name.strip_suffix(".zst")).unwrap_or(&name);
    match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("csv" | "tsv") => Format::Csv,
        Some("json" | "jsonl" | "ndjson") => Format::Json,
        _ if text.trim_ascii_start().starts_with(b"{") => Format::Json,
        _ => Format::Csv,
    }
}

/// The members of an object, each value as it is written.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Members<'de>;

            fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Object)
    }
}

impl Members<'_> {
    fn add_to(&self, fields: &mut Fields) {
        fields.begin();
        let names = || self.0.iter().map(|(name, _)| name.as_str());
        // Of a repeated name the last value counts.
        let last: HashMap<&str, usize> = names().enumerate().map(|(at, name)| (name, at)).collect();
        for (at, (name, value)) in self.0.iter().enumerate() {
            if last.get(name.as_str()) == Some(&at) {
                add_value(value.get(), fields.field(name));
            }
        }
    }
}

fn add_value(value: &str, field: &mut Profile) {
    match value.as_bytes().first() {
        Some(b'"') => {
            if let Ok(text) = serde_json::from_str::<String>(value) {
                field.text(&text);
            }
        }
        Some(b'{') => {
            if let Ok(members) = serde_json::from_str::<Members<'_>>(value) {
                members.add_to(field.object());
            }
        }
        Some(b'[') => field.array(),
        Some(b't' | b'f') => field.boolean(value == "true"),
        Some(b'n') | None => {}
        Some(_) => field.number(value),
    }
}
