//! Finds one record of an object again by its line, counted as the transform counts lines.

use std::io::Read;

use contract::Format;

use crate::decode::Decoder;
use crate::decode::framing::Block;
use crate::object::ObjectError;
use crate::opening::Opening;
use crate::plan::Plan;
use crate::rows::Rows;

/// The record that `_source_line` of a row or `line` of a reject names, as it was delivered;
/// `None` when the object has none there. Of a record too long to decode only the beginning is
/// returned. The object is read up to the record.
///
/// # Errors
/// [`ObjectError`] when the object cannot be read that far.
pub fn read_record(
    plan: &Plan,
    format: Format,
    input: impl Read,
    line: i64,
) -> Result<Option<Vec<u8>>, ObjectError> {
    let Opening { mut framer, first, header, mut lines } =
        Opening::read(input, format, Vec::new(), Vec::new())?;
    let header = header.map(|line| plan.header(&line)).transpose()?;
    // Whether a record is accepted makes no difference here, and so its time does not.
    let mut decoder = Decoder::with_header(plan, header.as_ref(), i64::MAX);
    let mut rows = Rows::of_one_record(plan);
    let mut next = first;
    while let Some(block) = next {
        let mut spare = Vec::new();
        match block {
            Block::Oversized { head, .. } => {
                lines += 1;
                if lines == line {
                    return Ok(Some(head));
                }
            }
            Block::Records(text) => {
                let mut rest = &text[..];
                while !rest.is_empty() && lines < line {
                    rows.clear();
                    let used = decoder.decode(rest, &mut rows);
                    if rows.first_line().is_some_and(|first| lines + first == line) {
                        return Ok(Some(record_of(&rest[..used], format).to_vec()));
                    }
                    lines += rows.line_count;
                    rest = &rest[used..];
                }
                spare = text;
            }
        }
        if lines >= line {
            break;
        }
        next = framer.next_block(spare)?;
    }
    Ok(None)
}

/// The record at the end of a text that has nothing but blank lines before it.
fn record_of(text: &[u8], format: Format) -> &[u8] {
    let mut record = text;
    while let Some(end) = memchr::memchr(b'\n', record)
        && record[..end].trim_ascii().is_empty()
    {
        record = &record[end + 1..];
    }
    match format {
        Format::Json => record.trim_ascii(),
        // The space around a record is part of its first and last fields.
        Format::Csv => {
            let record = record.strip_suffix(b"\n").unwrap_or(record);
            record.strip_suffix(b"\r").unwrap_or(record)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::Dataset;

    const CONTRACT: &str = include_str!("../../../contracts/orders.odcs.yaml");

    fn record(format: Format, text: &[u8], line: i64) -> Option<String> {
        let dataset = Dataset::from_yaml("orders", CONTRACT).expect("a contract");
        let plan = Plan::new(&dataset).expect("a plan");
        let record = read_record(&plan, format, text, line).expect("text");
        record.map(|record| String::from_utf8(record).expect("UTF-8"))
    }

    #[test]
    fn a_record_is_found_by_the_line_the_transform_counts() {
        let long = format!("{{\"a\":\"{}\"}}", "x".repeat(9 << 20));
        let json =
            format!("\u{feff}{{\"a\":1}} {{\"b\":2}}\r\n\n \n{long}\n[1]\n{{\"c\":3}}{{\"d\":4}}");
        for (line, expected) in [
            (0, None),
            (1, Some("{\"a\":1}")),
            (2, Some("{\"b\":2}")),
            (3, None),
            (5, Some(&long[..4 << 10])),
            (6, Some("[1]")),
            (7, Some("{\"c\":3}")),
            (8, Some("{\"d\":4}")),
            (9, None),
        ] {
            assert_eq!(record(Format::Json, json.as_bytes(), line).as_deref(), expected, "{line}");
        }
        let csv = b"\norder_id,note\r\n1,\"two\nlines\"\r\n\r\n2,\"open\n 3,x \n";
        for (line, expected) in [
            (2, None),
            (3, Some("1,\"two\nlines\"")),
            (4, None),
            (5, None),
            (6, Some("2,\"open")),
            (7, Some(" 3,x ")),
            (8, None),
        ] {
            assert_eq!(record(Format::Csv, csv, line).as_deref(), expected, "{line}");
        }
    }
}
