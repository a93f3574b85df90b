//! What makes a file the same file: its number in the kernel, how it begins, and what stood before
//! a position in it.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;

/// The most bytes of a file's beginning that its fingerprint covers.
pub(crate) const HEAD_BYTES: usize = 1_024;

/// The most bytes before a position that are compared with what was there.
pub(crate) const BEFORE_BYTES: usize = 256;

/// A file by the kernel's numbers. They are used again once a file is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Inode {
    pub(crate) device: u64,
    pub(crate) inode: u64,
}

impl Inode {
    pub(crate) fn of(metadata: &Metadata) -> Self {
        Self { device: metadata.dev(), inode: metadata.ino() }
    }
}

/// Bytes by their number and SHA-256, so that no log text stands in a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Fingerprint {
    pub(crate) bytes: usize,
    sha256: String,
}

impl Fingerprint {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self { bytes: bytes.len(), sha256: hex(&Sha256::digest(bytes)) }
    }

    /// Whether these bytes begin with those of the fingerprint.
    pub(crate) fn begins(&self, bytes: &[u8]) -> bool {
        bytes.get(..self.bytes).is_some_and(|head| hex(&Sha256::digest(head)) == self.sha256)
    }
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// A position in a file, between two lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    /// Bytes of the file before the position.
    pub(crate) offset: u64,
    /// The last of them.
    pub(crate) before: Fingerprint,
}

impl Place {
    /// The beginning of every file.
    pub(crate) fn start() -> Self {
        Self { offset: 0, before: Fingerprint::of(&[]) }
    }

    /// A position behind these bytes, which are all of the file or at least [`BEFORE_BYTES`].
    pub(crate) fn behind(offset: u64, bytes: &[u8]) -> Self {
        let last = &bytes[bytes.len().saturating_sub(BEFORE_BYTES)..];
        Self { offset, before: Fingerprint::of(last) }
    }

    /// Where the bytes begin that stood before the position.
    pub(crate) fn before_offset(&self) -> u64 {
        self.offset.saturating_sub(self.before.bytes as u64)
    }
}
