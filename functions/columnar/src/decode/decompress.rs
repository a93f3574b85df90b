//! Decompresses a landing object by what it starts with, whatever its name says.

use std::io::{self, BufReader, Chain, Cursor, Read};

use flate2::bufread::MultiGzDecoder;

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
const BUFFER_BYTES: usize = 256 << 10;

type Input<R> = BufReader<Chain<Cursor<Vec<u8>>, R>>;

/// The decompressed bytes of an object.
pub(crate) enum Decompress<R: Read> {
    Plain(Input<R>),
    /// Gzip members one after another (RFC 1952, section 2.2).
    Gzip(Box<MultiGzDecoder<Input<R>>>),
    /// Zstandard frames one after another (RFC 8878, section 3).
    Zstd(Box<zstd::Decoder<'static, Input<R>>>),
}

impl<R: Read> Decompress<R> {
    /// Looks at the first bytes of `input` to tell gzip, zstd and plain text apart.
    pub(crate) fn new(mut input: R) -> io::Result<Self> {
        let mut magic = Vec::with_capacity(ZSTD_MAGIC.len());
        (&mut input).take(ZSTD_MAGIC.len() as u64).read_to_end(&mut magic)?;
        let (is_gzip, is_zstd) = (magic.starts_with(&GZIP_MAGIC), magic == ZSTD_MAGIC);
        let input = BufReader::with_capacity(BUFFER_BYTES, Cursor::new(magic).chain(input));
        Ok(if is_gzip {
            Self::Gzip(Box::new(MultiGzDecoder::new(input)))
        } else if is_zstd {
            Self::Zstd(Box::new(zstd::Decoder::with_buffer(input)?))
        } else {
            Self::Plain(input)
        })
    }
}

impl<R: Read> Read for Decompress<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(input) => input.read(buffer),
            Self::Gzip(decoder) => decoder.read(buffer),
            Self::Zstd(decoder) => decoder.read(buffer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text).expect("memory");
        encoder.finish().expect("memory")
    }

    fn read(bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut text = Vec::new();
        Decompress::new(bytes)?.read_to_end(&mut text)?;
        Ok(text)
    }

    #[test]
    fn reads_plain_gzip_and_zstd_of_several_members() {
        let zstd = |text: &[u8]| zstd::encode_all(text, 1).expect("memory");
        assert_eq!(read(b"").expect("plain"), b"");
        assert_eq!(read(b"{}").expect("plain"), b"{}");
        assert_eq!(
            read(&[gzip(b"one\n"), gzip(b""), gzip(b"two\n")].concat()).expect("gzip"),
            b"one\ntwo\n"
        );
        assert_eq!(read(&[zstd(b"one\n"), zstd(b"two\n")].concat()).expect("zstd"), b"one\ntwo\n");
    }

    #[test]
    fn a_truncated_or_damaged_object_is_an_error() {
        let text: Vec<u8> = (0..10_000_u32).flat_map(u32::to_le_bytes).collect();
        let zstd = zstd::encode_all(&text[..], 1).expect("memory");
        for whole in [gzip(&text), zstd] {
            for cut in [5, 9, whole.len() / 2, whole.len() - 1] {
                assert!(read(&whole[..cut]).is_err(), "cut to {cut}");
            }
        }
        let mut damaged = gzip(&text);
        let last = damaged.len() - 6;
        damaged[last] ^= 1;
        assert!(read(&damaged).is_err(), "the checksum differs");
        assert!(read(&[gzip(b"one"), b"junk".to_vec()].concat()).is_err(), "junk after a member");
    }
}
