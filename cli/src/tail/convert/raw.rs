//! Records as they are: on one line, and so that they harm none of their neighbours.

/// The line without its line end, `\n` or `\r\n`.
pub(crate) fn without_line_end(line: &[u8]) -> &[u8] {
    let Some(line) = line.strip_suffix(b"\n") else { return line };
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Appends any bytes as one line, without its line end. What is JSON stays the JSON it is, and what
/// is none becomes none:
///
/// - Line ends become spaces, which mean the same in JSON.
/// - NUL becomes `\x00`, which JSON has no place for: an object that has a NUL before its first
///   record is no text to the transform, and fails as a whole.
/// - A space goes before what is not UTF-8, so that no object begins as gzip or zstd do.
pub(crate) fn write_as_is(record: &[u8], out: &mut Vec<u8>) {
    if std::str::from_utf8(record).is_err() {
        out.push(b' ');
    }
    for byte in record {
        match byte {
            b'\n' => out.push(b' '),
            0 => out.extend_from_slice(br"\x00"),
            byte => out.push(*byte),
        }
    }
}

/// The bytes without the byte order mark of UTF-8.
pub(super) fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}
