//! Lines that no record can hold: each goes to a file of its own, without ever being in memory.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// A line on its way to a file of its own. Writing the same bytes again changes nothing.
#[derive(Debug)]
pub(crate) struct Oversized {
    pub(crate) path: PathBuf,
    file: File,
    written: u64,
}

impl Oversized {
    /// Begins the file `<folder>/<name>-<inode>-<offset>`.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn begin(folder: &Path, name: &str, inode: u64, start: u64) -> io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let path = folder.join(format!("{name}-{inode}-{start}"));
        let file = File::create(&path)?;
        Ok(Self { path, file, written: 0 })
    }

    /// Adds the next bytes of the line.
    ///
    /// # Errors
    /// They cannot be written: they are to be added again.
    pub(crate) fn add(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all_at(bytes, self.written)?;
        self.written += bytes.len() as u64;
        Ok(())
    }

    /// Makes the line safe. Its length in bytes.
    ///
    /// # Errors
    /// It is not safe.
    pub(crate) fn finish(&mut self) -> io::Result<u64> {
        self.file.sync_all()?;
        if let Some(folder) = self.path.parent() {
            File::open(folder)?.sync_all()?;
        }
        Ok(self.written)
    }
}
