//! Cuts a file of lines into blocks of whole lines.

use std::fs::File;
use std::io::{self, Read};
use std::sync::Mutex;

/// Hands out the blocks of a file in order, to whoever asks next.
pub struct Blocks {
    state: Mutex<State>,
    block_bytes: usize,
}

struct State {
    file: File,
    next: usize,
    /// What was read behind the last line end.
    rest: Vec<u8>,
}

impl Blocks {
    /// Cuts `file` into blocks of about this size.
    pub fn new(file: File, block_bytes: usize) -> Self {
        Self { state: Mutex::new(State { file, next: 0, rest: Vec::new() }), block_bytes }
    }

    /// Reads the next block into `block` and returns its number, from zero; `None` at the end.
    pub fn read(&self, block: &mut Vec<u8>) -> io::Result<Option<usize>> {
        let mut state = self.state.lock().map_err(|_| io::Error::other("a reader panicked"))?;
        block.clear();
        block.append(&mut state.rest);
        (&mut state.file).take(self.block_bytes as u64).read_to_end(block)?;
        if let Some(end) = block.iter().rposition(|&byte| byte == b'\n') {
            state.rest.extend_from_slice(&block[end + 1..]);
            block.truncate(end + 1);
        }
        let number = state.next;
        state.next += 1;
        Ok((!block.is_empty()).then_some(number))
    }
}
