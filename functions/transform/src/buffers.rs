//! Buffers that are used again and again.

use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

/// Buffers of one size. Clones share them.
///
/// The allocator keeps holes between buffers that one thread fills and another frees, so that
/// memory would grow with every object; buffers that are kept stay as many as were ever in use.
#[derive(Debug, Clone)]
pub(crate) struct Buffers {
    bytes: usize,
    free: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Buffers {
    /// Makes no buffer yet.
    pub(crate) fn new(bytes: usize) -> Self {
        Self { bytes, free: Arc::default() }
    }

    /// An empty buffer.
    pub(crate) fn take(&self) -> Vec<u8> {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner).pop();
        free.unwrap_or_else(|| Vec::with_capacity(self.bytes))
    }

    /// The content of a buffer, which comes back when nobody needs the content any more.
    pub(crate) fn lend(&self, buffer: Vec<u8>) -> Bytes {
        Bytes::from_owner(Lent { buffer, home: self.clone() })
    }

    /// Room that is left in a buffer.
    pub(crate) fn room(&self, buffer: &[u8]) -> usize {
        self.bytes - buffer.len()
    }
}

struct Lent {
    buffer: Vec<u8>,
    home: Buffers,
}

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        &self.buffer
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let mut buffer = mem::take(&mut self.buffer);
        buffer.clear();
        self.home.free.lock().unwrap_or_else(PoisonError::into_inner).push(buffer);
    }
}
