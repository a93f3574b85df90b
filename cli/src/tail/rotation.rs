//! Finding the rest of a file that was renamed, copied and truncated, or compressed since.
//!
//! A name begins the search and never ends it: a file is the one that is looked for only when it
//! begins as that did, and the same bytes stand before the position that was reached.

use super::content::{Content, GzipText};
use super::identity::{Fingerprint, Inode, Place};
use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// A compressing program may replace a file while the directory is being read.
const LISTINGS: usize = 3;

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// A file, and how far it was read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub(crate) path: &'a Path,
    pub(crate) inode: Inode,
    pub(crate) head: &'a Fingerprint,
    pub(crate) read: &'a Place,
    /// Whether the file of this number is known to have other content by now.
    pub(crate) overwritten: bool,
}

/// Where the bytes behind the position are.
#[derive(Debug)]
pub(crate) enum Rest {
    /// In the file itself, under another name.
    Renamed(Content),
    /// In a copy.
    Copied(Content, Inode),
    /// Nowhere: a copy ends before the position, so everything in it was read.
    ReadToTheEnd,
    NotFound,
}

/// Looks among the siblings of a file, and in `elsewhere`, for what is left to be read of it.
///
/// # Errors
/// It is not among the files that can be read, and one that cannot may be it.
pub(crate) fn find_rest(wanted: Wanted<'_>, elsewhere: &[PathBuf]) -> io::Result<Rest> {
    let mut outcome = Ok(Rest::NotFound);
    for _ in 0..LISTINGS {
        let mut vanished = false;
        for path in candidates(wanted.path, elsewhere)? {
            match examine(&path, wanted) {
                Ok(Rest::NotFound) => {}
                Ok(Rest::ReadToTheEnd) => outcome = Ok(Rest::ReadToTheEnd),
                Ok(rest) => return Ok(rest),
                Err(error) if error.kind() == io::ErrorKind::NotFound => vanished = true,
                Err(error) => {
                    let message = format!("its rest may be in {}: {error}", path.display());
                    outcome = outcome.and(Err(io::Error::new(error.kind(), message)));
                }
            }
        }
        if !vanished {
            break;
        }
    }
    outcome
}

/// Files whose name begins as that of `path`, with or without its extension: plain ones first, then
/// the youngest.
pub(super) fn candidates(path: &Path, elsewhere: &[PathBuf]) -> io::Result<Vec<PathBuf>> {
    let target = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let names = [path, &target].map(|it| it.file_stem().unwrap_or_default().to_owned());
    let mut folders: BTreeSet<PathBuf> = elsewhere.iter().cloned().collect();
    folders.extend([path, &target].into_iter().filter_map(Path::parent).map(|parent| {
        if parent.as_os_str().is_empty() { PathBuf::from(".") } else { parent.to_owned() }
    }));
    let mut found = Vec::new();
    for folder in &folders {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            if !is_sibling(&entry.file_name(), &names) {
                continue;
            }
            let path = entry.path();
            match std::fs::metadata(&path) {
                Ok(metadata) if metadata.is_file() => {
                    let modified = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
                    found.push((is_gzip_name(&path), Reverse(modified), path));
                }
                _ => {}
            }
        }
    }
    found.sort();
    Ok(found.into_iter().map(|(_, _, path)| path).collect())
}

fn is_sibling(name: &OsStr, stems: &[OsString]) -> bool {
    stems.iter().any(|stem| name.as_bytes().starts_with(stem.as_bytes()))
}

/// Whether a name is that of a compressed file, which is not followed by itself.
pub(crate) fn is_gzip_name(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "gz")
}

/// Whether a file name is that of `path` with a number or a date behind it or before its extension,
/// compressed or not: `app.log.1`, `app.log-20260131.gz`, `app-20260131.log`.
pub(super) fn is_generation(candidate: &Path, path: &Path) -> bool {
    let name = if is_gzip_name(candidate) { candidate.file_stem() } else { candidate.file_name() };
    let (Some(name), Some(stem)) = (name, path.file_stem()) else { return false };
    let extension = path.extension().map(|it| [b".", it.as_bytes()].concat()).unwrap_or_default();
    let Some(rest) = name.as_bytes().strip_prefix(stem.as_bytes()) else { return false };
    let number = rest.strip_prefix(&extension[..]).or_else(|| rest.strip_suffix(&extension[..]));
    matches!(number, Some([b'.' | b'-' | b'_', b'0'..=b'9', ..]))
}

/// The text of a file, which may be compressed, and which file it is.
///
/// # Errors
/// The file cannot be read.
pub(super) fn open_text(path: &Path) -> io::Result<(Content, Inode)> {
    let file = File::open(path)?;
    let inode = Inode::of(&file.metadata()?);
    let mut magic = [0; 2];
    let is_gzip = file.read_at(&mut magic, 0)? == magic.len() && magic == GZIP_MAGIC;
    let content = match is_gzip {
        true => Content::Gzip(Box::new(GzipText::open(file)?)),
        false => Content::File(file),
    };
    Ok((content, inode))
}

/// Whether a file holds what is left of one, or did.
///
/// # Errors
/// The file cannot be read.
pub(super) fn holds_rest(path: &Path, wanted: Wanted<'_>) -> io::Result<bool> {
    Ok(!matches!(examine(path, wanted)?, Rest::NotFound))
}

fn examine(path: &Path, wanted: Wanted<'_>) -> io::Result<Rest> {
    let (content, inode) = open_text(path)?;
    if inode == wanted.inode && wanted.overwritten {
        return Ok(Rest::NotFound);
    }
    let is_gzip = matches!(content, Content::Gzip(_));
    match compare(content, inode, wanted) {
        // Still being written, or something else altogether.
        Err(error)
            if is_gzip
                && matches!(
                    error.kind(),
                    io::ErrorKind::UnexpectedEof
                        | io::ErrorKind::InvalidData
                        | io::ErrorKind::InvalidInput
                ) =>
        {
            Ok(Rest::NotFound)
        }
        outcome => outcome,
    }
}

fn compare(mut content: Content, inode: Inode, wanted: Wanted<'_>) -> io::Result<Rest> {
    let is_itself = inode == wanted.inode && matches!(content, Content::File(_));
    let mut head = vec![0; wanted.head.bytes];
    let read = content.read_at(&mut head, 0)?;
    let nothing_known = wanted.head.bytes == 0 && !is_itself;
    if nothing_known || !wanted.head.begins(&head[..read]) {
        return Ok(Rest::NotFound);
    }
    let mut before = vec![0; wanted.read.before.bytes];
    let read = content.read_at(&mut before, wanted.read.before_offset())?;
    Ok(match (read < before.len(), wanted.read.before.begins(&before[..read])) {
        (true, _) => Rest::ReadToTheEnd,
        (false, false) => Rest::NotFound,
        (false, true) if is_itself => Rest::Renamed(content),
        (false, true) => Rest::Copied(content, inode),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write;

    const TEXT: &[u8] = b"first line\nsecond line\nthird line\n";

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("snowline-{}-{name}", std::process::id()));
        std::fs::remove_dir_all(&folder).ok();
        std::fs::create_dir_all(&folder).unwrap();
        folder
    }

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    /// What is found of `app.log`, whose first two lines were read, beside one other file.
    fn rest_beside(name: &str, bytes: &[u8]) -> Option<Vec<u8>> {
        let folder = folder("rest");
        std::fs::write(folder.join("app.log"), b"something new\n").unwrap();
        std::fs::write(folder.join(name), bytes).unwrap();
        let path = folder.join("app.log");
        let wanted = Wanted {
            path: &path,
            inode: Inode::of(&std::fs::metadata(&path).unwrap()),
            head: &Fingerprint::of(&TEXT[..20]),
            read: &Place::behind(23, &TEXT[..23]),
            overwritten: true,
        };
        match find_rest(wanted, &[]).unwrap() {
            Rest::Copied(mut content, _) => {
                let mut buffer = vec![0; 100];
                let read = content.read_at(&mut buffer, 23).unwrap();
                Some(buffer[..read].to_vec())
            }
            Rest::ReadToTheEnd => Some(Vec::new()),
            Rest::NotFound => None,
            Rest::Renamed(_) => panic!("nothing was renamed"),
        }
    }

    #[test]
    fn generations_have_a_number_or_a_date_in_their_names() {
        for (name, expected) in [
            ("app.log.1", true),
            ("app.log.12.gz", true),
            ("app.log-20260131", true),
            ("app-2026-01-31.log.gz", true),
            ("app_1.log", true),
            ("app.log", false),
            ("app.log.gz", false),
            ("app-errors.log", false),
            ("app-errors.log.1", false),
            ("app2.log", false),
            ("app.log.old", false),
        ] {
            assert_eq!(
                is_generation(Path::new(name), Path::new("logs/app.log")),
                expected,
                "{name}"
            );
        }
    }

    #[test]
    fn the_rest_is_in_the_sibling_that_begins_and_goes_on_as_the_file_did() {
        let rest = Some(b"third line\n".to_vec());
        let other_before: Vec<u8> =
            TEXT.iter().map(|&b| if b == b'd' { b'x' } else { b }).collect();
        for (name, bytes, expected) in [
            ("app.log.1", TEXT.to_vec(), rest.clone()),
            ("app.log.2.gz", gzip(TEXT), rest.clone()),
            ("app-20260101.log.gz", gzip(TEXT), rest.clone()),
            ("app.log.1", TEXT[..15].to_vec(), None),
            ("app.log.1", TEXT[..22].to_vec(), Some(Vec::new())),
            ("app.log.1", TEXT[..23].to_vec(), Some(Vec::new())),
            ("app.log.1", other_before, None),
            ("other.log.1", TEXT.to_vec(), None),
            ("app.log.1.gz", gzip(TEXT)[..20].to_vec(), None),
            ("app.log.1.gz", b"\x1f\x8bno gzip".to_vec(), None),
        ] {
            assert_eq!(rest_beside(name, &bytes), expected, "{name}");
        }
    }
}
