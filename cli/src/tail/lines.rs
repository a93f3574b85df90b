//! Blocks of a file to the lines that are sent.

use memchr::memchr_iter;

/// Appends complete lines as they are, in order, and leaves out blank ones: those with nothing but
/// a carriage return. Returns how many were appended.
///
/// `block` ends with a newline. Whole runs of lines are copied at once.
pub(crate) fn append_lines(block: &[u8], out: &mut Vec<u8>) -> u64 {
    let (mut lines, mut run, mut line) = (0, 0, 0);
    for newline in memchr_iter(b'\n', block) {
        if newline - line > 1 || !matches!(block[line..newline], [] | [b'\r']) {
            lines += 1;
        } else {
            out.extend_from_slice(&block[run..line]);
            run = newline + 1;
        }
        line = newline + 1;
    }
    out.extend_from_slice(&block[run..line]);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn blank_lines_are_left_out_and_everything_else_stays() {
        for (block, expected, lines) in [
            (&b"a\nb\n"[..], &b"a\nb\n"[..], 2),
            (b"\n\na\n\r\n\nb\r\n\n", b"a\nb\r\n", 2),
            (b"\n", b"", 0),
            (b" \n\r \n", b" \n\r \n", 2),
            (b"\xef\xbb\xbfa\n\xff\x00\n", b"\xef\xbb\xbfa\n\xff\x00\n", 2),
        ] {
            let mut out = Vec::new();
            assert_eq!((append_lines(block, &mut out), &out[..]), (lines, expected), "{block:?}");
        }
    }

    proptest! {
        #[test]
        fn they_are_the_lines_that_a_naive_split_finds(text in "[\\na\\r]{0,60}\n") {
            let naive: Vec<&str> = text
                .split_inclusive('\n')
                .filter(|line| *line != "\n" && *line != "\r\n")
                .collect();
            let mut out = Vec::new();
            let lines = append_lines(text.as_bytes(), &mut out);
            prop_assert_eq!(lines, naive.len() as u64);
            prop_assert_eq!(String::from_utf8(out).unwrap(), naive.concat());
        }
    }
}
