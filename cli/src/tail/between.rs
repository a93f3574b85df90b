//! Files that came to a followed path and were rotated away while the program was down.
//!
//! Nothing is known of them but their names, and that they were written to after the checkpoint was.
//! Both times are the file system's: where its clock was set back in between, such a file may be
//! missed, or one that was read sent again.

use super::checkpoint::FileState;
use super::collector::Collector;
use super::follow::rest_of;
use super::identity::{Fingerprint, Inode, Place};
use super::rotation::{candidates, holds_rest, is_generation, is_gzip_name, open_text};
use super::source::Source;
use std::collections::{BTreeSet, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime};

impl Collector {
    /// At a start, takes in whole what was rotated since the checkpoint was saved, and is neither
    /// matched by a glob nor the rest of a file that the checkpoint names.
    pub(super) fn find_between(&mut self, matched: &[PathBuf], now: Instant) {
        let Some(saved_at) = self.options.saved_at else { return };
        let metadata = matched.iter().filter_map(|path| std::fs::metadata(path).ok());
        let matched: HashSet<Inode> = metadata.map(|it| Inode::of(&it)).collect();
        let paths: BTreeSet<PathBuf> = self.sources.iter().map(|it| it.path.clone()).collect();
        for path in paths {
            match self.add_between(&path, saved_at, &matched, now) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => {
                    let subject = format!("what was rotated from {}", path.display());
                    self.troubles.raise(&subject, error.to_string());
                }
            }
        }
    }

    fn add_between(
        &mut self,
        path: &Path,
        saved_at: SystemTime,
        matched: &HashSet<Inode>,
        now: Instant,
    ) -> io::Result<()> {
        for candidate in generations_since(path, &self.options.elsewhere, saved_at)? {
            let inode = Inode::of(&std::fs::metadata(&candidate)?);
            let is_known =
                matched.contains(&inode) || self.sources.iter().any(|source| source.inode == inode);
            if is_known {
                continue;
            }
            match self.is_rest(path, &candidate) {
                Ok(true) => {}
                Ok(false) => {
                    let (content, inode) = open_text(&candidate)?;
                    let id = self.new_id();
                    self.add(Source::whole(id, path.to_owned(), inode, content, now)?);
                }
                Err(error) => self.add_unreadable(path, inode, &candidate, &error, now),
            }
        }
        Ok(())
    }

    /// Takes in a file that cannot be read now: it stays in the checkpoint, and is tried again.
    fn add_unreadable(
        &mut self,
        path: &Path,
        inode: Inode,
        candidate: &Path,
        error: &io::Error,
        now: Instant,
    ) {
        let (head, taken) = (Fingerprint::of(&[]), Place::start());
        let state = FileState { path: path.to_owned(), inode, head, taken, size: 0, copy: true };
        let source = Source::restored(self.new_id(), state, now);
        self.add(source);
        let message = format!("{}: {error}", candidate.display());
        self.troubles.raise(&rest_of(path, inode), message);
    }

    /// Whether a file holds what is left of one that the checkpoint names.
    fn is_rest(&self, path: &Path, candidate: &Path) -> io::Result<bool> {
        for source in self.sources.iter().filter(|source| source.path == path) {
            if holds_rest(candidate, source.wanted(false))? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Rotated files of a path that were written to since, the oldest first.
fn generations_since(
    path: &Path,
    elsewhere: &[PathBuf],
    since: SystemTime,
) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for candidate in candidates(path, elsewhere)? {
        // While a file is being compressed, both are there.
        let is_there_plain = is_gzip_name(&candidate) && candidate.with_extension("").exists();
        if is_generation(&candidate, path) && !is_there_plain {
            let modified = std::fs::metadata(&candidate)?.modified()?;
            if modified >= since {
                found.push((modified, candidate));
            }
        }
    }
    found.sort();
    Ok(found.into_iter().map(|(_, candidate)| candidate).collect())
}
