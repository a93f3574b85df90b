//! Which files are followed: what globs match, what was left, what was overwritten, what a
//! checkpoint names.

use super::collector::Collector;
use super::content::Content;
use super::identity::{Inode, Place};
use super::rotation::{Rest, find_rest, is_gzip_name};
use super::source::{Look, Source, Standing};
use super::trouble::say;
use memchr::memrchr;
use rustix::fs::OFlags;
use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// How far before the end of a file its last line end is looked for.
const LAST_LINE_BYTES: u64 = 64 * 1_024;

impl Collector {
    /// Looks at everything anew: what a checkpoint names, what globs match, what was followed.
    pub(crate) fn rescan(&mut self, now: Instant) {
        self.find_restored(now);
        let (paths, is_whole) = self.matched_paths();
        if self.first_scan {
            self.find_between(&paths, now);
        }
        let mut matched = HashSet::new();
        for path in paths {
            match self.follow(&path, now) {
                Ok(Some(inode)) => {
                    matched.insert(inode);
                    if !self.troubles.is_empty() {
                        self.troubles.clear(&path.display().to_string());
                    }
                }
                Ok(None) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => self.troubles.raise(&path.display().to_string(), error.to_string()),
            }
        }
        for source in &mut self.sources {
            source.standing = match source.standing {
                Standing::Live if is_whole && !matched.contains(&source.inode) => {
                    Standing::Left(now)
                }
                Standing::Left(_) if matched.contains(&source.inode) => Standing::Live,
                standing => standing,
            };
        }
        self.first_scan = false;
        self.look(now);
    }

    /// Looks at every followed file.
    pub(crate) fn look(&mut self, now: Instant) {
        for index in 0..self.sources.len() {
            let source = &mut self.sources[index];
            if !source.is_watched() {
                continue;
            }
            let outcome = source.look(now);
            self.changed |= std::mem::take(&mut source.is_news);
            match &outcome {
                Ok(_) if self.troubles.is_empty() => {}
                Ok(_) => self.troubles.clear(&looking_at(&source.path)),
                Err(error) => self.troubles.raise(&looking_at(&source.path), error.to_string()),
            }
            if matches!(outcome, Ok(Look::Overwritten)) {
                self.overwritten(index, now);
            }
        }
    }

    /// Regular files that globs match, and whether everything could be looked at.
    fn matched_paths(&mut self) -> (Vec<PathBuf>, bool) {
        let mut paths = Vec::new();
        let mut is_whole = true;
        for pattern in &self.options.globs {
            let Ok(matches) = glob::glob(pattern) else { continue };
            for path in matches {
                match path {
                    Ok(path) if is_gzip_name(&path) => {}
                    Ok(path) => paths.push(path),
                    Err(error) => {
                        is_whole = false;
                        let message = error.error().to_string();
                        self.troubles.raise(&error.path().display().to_string(), message);
                    }
                }
            }
        }
        (paths, is_whole)
    }

    /// Follows the file at a path. Which it is, or `None` when it is no regular file.
    fn follow(&mut self, path: &Path, now: Instant) -> io::Result<Option<Inode>> {
        let metadata = std::fs::metadata(path)?;
        if !metadata.is_file() {
            return Ok(None);
        }
        if let Some(source) = self.followed(Inode::of(&metadata)) {
            source.path = path.to_owned();
            return Ok(Some(source.inode));
        }
        let file = open(path)?;
        let metadata = file.metadata()?;
        let inode = Inode::of(&metadata);
        // It may have been replaced since.
        if !metadata.is_file() || self.followed(inode).is_some() {
            return Ok(Some(inode));
        }
        let mut source = Source::new(self.new_id(), path.to_owned(), inode, file, now);
        if self.first_scan && self.options.from_end {
            start_at_end(&mut source, metadata.len())?;
        }
        self.add(source);
        Ok(Some(inode))
    }

    fn followed(&mut self, inode: Inode) -> Option<&mut Source> {
        self.sources.iter_mut().find(|source| source.inode == inode && source.is_open())
    }

    /// Lets a file wait until the copy of what was there before is read.
    fn go_on_from_copy(&mut self, index: usize) {
        let source = &self.sources[index];
        let copies = self.sources.iter().filter(|it| it.standing == Standing::Copy);
        let mut before = copies.filter(|it| it.path == source.path && it.id < source.id);
        if let Some(copy) = before.rfind(|it| !it.finished) {
            let (id, order) = (copy.id, copy.order);
            let source = &mut self.sources[index];
            (source.after, source.order) = (Some(id), order);
        }
    }

    /// Finds what a checkpoint names: at its path, or rotated.
    fn find_restored(&mut self, now: Instant) {
        for index in 0..self.sources.len() {
            let source = &mut self.sources[index];
            if source.standing != Standing::Restored || source.finished {
                continue;
            }
            let subject = rest_of(&source.path, source.inode);
            let found = match open_same(&source.path, source.inode) {
                Ok(Some(file)) => {
                    source.content = Content::File(file);
                    source.standing = Standing::Live;
                    Ok(())
                }
                Ok(None) => self.find_rotated(index, false, now),
                Err(error) => Err(error),
            };
            match found {
                Ok(()) => self.troubles.clear(&subject),
                Err(error) => self.troubles.raise(&subject, error.to_string()),
            }
        }
        self.let_go();
        for index in 0..self.sources.len() {
            if !self.sources[index].finished {
                self.go_on_from_copy(index);
            }
        }
    }

    /// Takes what is left of a file from where it was rotated to, if it is anywhere.
    fn find_rotated(&mut self, index: usize, overwritten: bool, now: Instant) -> io::Result<()> {
        let source = &mut self.sources[index];
        match find_rest(source.wanted(overwritten), &self.options.elsewhere)? {
            Rest::Renamed(content) => {
                source.content = content;
                source.standing = if source.is_copy { Standing::Copy } else { Standing::Left(now) };
            }
            Rest::Copied(content, inode) => {
                (source.content, source.inode) = (content, inode);
                (source.standing, source.is_copy) = (Standing::Copy, true);
                source.at_end = false;
            }
            Rest::ReadToTheEnd => source.finish(),
            Rest::NotFound => {
                let lost = source.seen.saturating_sub(source.read.offset);
                if lost > 0 {
                    say(&format!(
                        "{}: {lost} bytes that were seen behind byte {} could not be read: the file \
                         was truncated, overwritten or removed, and no copy of it was found",
                        source.path.display(),
                        source.read.offset
                    ));
                }
                source.finish();
            }
        }
        self.changed = true;
        Ok(())
    }

    /// A followed file has other content now: what is left of the old is looked for, and the new is
    /// read from its beginning.
    pub(super) fn overwritten(&mut self, index: usize, now: Instant) {
        let source = &mut self.sources[index];
        let content = std::mem::replace(&mut source.content, Content::Missing);
        let (path, inode, standing) = (source.path.clone(), source.inode, source.standing);
        source.standing = Standing::Restored;
        let part = source.oversized.take();
        if let Err(error) = self.find_rotated(index, true, now) {
            // It stays in the checkpoint, and is looked for again.
            self.troubles.raise(&rest_of(&path, inode), error.to_string());
        }
        if let Some(part) = part
            && self.sources[index].standing == Standing::Copy
        {
            // The copy has the whole line.
            std::fs::remove_file(&part.file.path).ok();
        }
        // A checkpoint may name what was there before and what is there now.
        if let Content::File(file) = content
            && matches!(standing, Standing::Live | Standing::Left(_))
            && self.followed(inode).is_none()
        {
            let mut new = Source::new(self.new_id(), path, inode, file, now);
            new.standing = standing;
            new.order = self.sources[index].order;
            // Learns how it begins. An error comes again, and is told, at the next look.
            new.look(now).ok();
            self.add(new);
        }
        self.changed = true;
    }

    pub(super) fn add(&mut self, source: Source) {
        self.sources.push(source);
        self.go_on_from_copy(self.sources.len() - 1);
        self.changed = true;
    }
}

/// The subject of troubles with a file that was at a path before.
pub(super) fn rest_of(path: &Path, inode: Inode) -> String {
    format!("the rest of {} (inode {})", path.display(), inode.inode)
}

/// The subject of troubles with a file that is open.
fn looking_at(path: &Path) -> String {
    format!("looking at {}", path.display())
}

/// Opens a file without waiting for anybody.
fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).custom_flags(OFlags::NONBLOCK.bits().cast_signed()).open(path)
}

/// The file at a path if it is the one of this number.
fn open_same(path: &Path, inode: Inode) -> io::Result<Option<File>> {
    match open(path) {
        Ok(file) => {
            let is_same = Inode::of(&file.metadata()?) == inode;
            Ok(is_same.then_some(file))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Lets a file begin behind its last line end.
fn start_at_end(source: &mut Source, size: u64) -> io::Result<()> {
    let Content::File(file) = &source.content else { return Ok(()) };
    let from = size.saturating_sub(LAST_LINE_BYTES);
    let mut end = vec![0; usize::try_from(size - from).unwrap_or_default()];
    file.read_exact_at(&mut end, from)?;
    let lines = memrchr(b'\n', &end).map_or(end.len(), |newline| newline + 1);
    source.read = Place::behind(from + lines as u64, &end[..lines]);
    source.taken = source.read.clone();
    Ok(())
}
