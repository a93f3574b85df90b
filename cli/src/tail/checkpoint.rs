//! How far every followed file was taken, on disk.
//!
//! A checkpoint is replaced as a whole: written beside the old one, synced, renamed over it, and the
//! folder synced. One program at a time holds a state folder.

use super::identity::{Fingerprint, Inode, Place};
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

const VERSION: u32 = 1;
const NAME: &str = "tail.json";
const LOCK: &str = "lock";

/// Why the state of an earlier run cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CheckpointError {
    #[error(
        "cannot keep a checkpoint in {}: name a folder that may be written, with --state", folder.display()
    )]
    Folder { folder: PathBuf, source: io::Error },
    #[error("another snowline tail uses the state folder {}", folder.display())]
    InUse { folder: PathBuf },
    #[error("cannot read the checkpoint {}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error(
        "the checkpoint {} is damaged: put a copy of it back, or remove it to read all files from \
         their beginning again", path.display()
    )]
    Damaged { path: PathBuf, source: serde_json::Error },
    #[error(
        "the checkpoint {} has version {found}, and this program knows version {VERSION}", path.display()
    )]
    Version { path: PathBuf, found: u32 },
}

/// How far the files were taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Checkpoint {
    version: u32,
    pub(crate) files: Vec<FileState>,
}

impl Checkpoint {
    pub(crate) fn new(files: Vec<FileState>) -> Self {
        Self { version: VERSION, files }
    }
}

/// One file: which it is, and how far it was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FileState {
    /// Where it was found.
    #[serde(with = "path_text")]
    pub(crate) path: PathBuf,
    #[serde(flatten)]
    pub(crate) inode: Inode,
    /// How it begins.
    pub(crate) head: Fingerprint,
    /// Everything before this place was taken by the stream.
    #[serde(flatten)]
    pub(crate) taken: Place,
    /// The size that was seen, in bytes.
    pub(crate) size: u64,
    /// Whether it holds what the file at the path held before it was truncated.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) copy: bool,
}

/// A path as text, or as its bytes where it is none.
mod path_text {
    use super::*;
    use serde::{Deserializer, Serializer};

    #[derive(Serialize, Deserialize)]
    #[serde(untagged)]
    enum Form {
        Text(String),
        Bytes(Vec<u8>),
    }

    pub(super) fn serialize<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
        match path.to_str() {
            Some(text) => serializer.serialize_str(text),
            None => Form::Bytes(path.as_os_str().as_bytes().to_vec()).serialize(serializer),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<PathBuf, D::Error> {
        Ok(match Form::deserialize(from)? {
            Form::Text(text) => text.into(),
            Form::Bytes(bytes) => OsString::from_vec(bytes).into(),
        })
    }
}

/// A folder that holds a checkpoint, locked as long as this lives.
#[derive(Debug)]
pub(crate) struct StateFolder {
    path: PathBuf,
    _lock: File,
}

impl StateFolder {
    /// Opens the folder and makes it if it is missing.
    ///
    /// # Errors
    /// It cannot be written, or another program holds it.
    pub(crate) fn open(folder: &Path) -> Result<Self, CheckpointError> {
        let failed = |source| CheckpointError::Folder { folder: folder.to_owned(), source };
        std::fs::create_dir_all(folder).map_err(failed)?;
        let mut options = OpenOptions::new();
        let lock = options
            .create(true)
            .truncate(false)
            .write(true)
            .open(folder.join(LOCK))
            .map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: folder.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => {
                Err(CheckpointError::InUse { folder: folder.to_owned() })
            }
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The checkpoint that was saved last; `None` before the first.
    ///
    /// # Errors
    /// It cannot be read or understood. It is never taken for none.
    pub(crate) fn load(&self) -> Result<Option<Checkpoint>, CheckpointError> {
        #[derive(Deserialize)]
        struct Versioned {
            version: u32,
        }
        let path = self.path.join(NAME);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(CheckpointError::Read { path, source }),
        };
        let damaged = |source| CheckpointError::Damaged { path: path.clone(), source };
        let Versioned { version } = serde_json::from_slice(&bytes).map_err(damaged)?;
        if version != VERSION {
            return Err(CheckpointError::Version { path, found: version });
        }
        serde_json::from_slice(&bytes).map(Some).map_err(damaged)
    }

    /// When the checkpoint was saved, by the file system's clock; `None` before the first.
    pub(crate) fn saved_at(&self) -> Option<SystemTime> {
        std::fs::metadata(self.path.join(NAME)).and_then(|it| it.modified()).ok()
    }

    /// Replaces the checkpoint. When this returns, it survives a loss of power.
    ///
    /// # Errors
    /// It cannot be written. The one before stands.
    pub(crate) fn save(&self, checkpoint: &Checkpoint) -> io::Result<()> {
        let mut json = serde_json::to_vec(checkpoint)?;
        json.push(b'\n');
        let new = self.path.join(format!("{NAME}.new"));
        let mut file = File::create(&new)?;
        file.write_all(&json)?;
        file.sync_all()?;
        drop(file);
        std::fs::rename(&new, self.path.join(NAME))?;
        File::open(&self.path)?.sync_all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(name: &str) -> StateFolder {
        let folder = std::env::temp_dir().join(format!("snowline-{}-{name}", std::process::id()));
        std::fs::remove_dir_all(&folder).ok();
        StateFolder::open(&folder).unwrap()
    }

    #[test]
    fn what_was_saved_is_loaded_also_for_paths_that_are_no_text() {
        let state = state("saved");
        assert_eq!(state.load().unwrap(), None);
        let file = |path: &[u8]| FileState {
            path: OsString::from_vec(path.to_vec()).into(),
            inode: Inode { device: 1, inode: u64::MAX },
            head: Fingerprint::of(b"begin"),
            taken: Place::behind(7, b"begin\n\n"),
            size: 9,
            copy: path.len() > 4,
        };
        let checkpoint = Checkpoint::new(vec![file("/var/log/ä.log".as_bytes()), file(b"/\xff\n")]);
        state.save(&checkpoint).unwrap();
        assert_eq!(state.load().unwrap(), Some(checkpoint));
    }

    #[test]
    fn a_damaged_checkpoint_or_one_of_another_version_is_an_error() {
        let state = state("damaged");
        for text in ["", "{", "{}", r#"{"version":1}"#, r#"{"version":1,"files":[{"path":"/a"}]}"#]
        {
            std::fs::write(state.path().join(NAME), text).unwrap();
            let error = state.load().unwrap_err();
            assert!(matches!(error, CheckpointError::Damaged { .. }), "{text}: {error}");
        }
        std::fs::write(state.path().join(NAME), r#"{"version":2,"files":[]}"#).unwrap();
        assert!(matches!(state.load(), Err(CheckpointError::Version { found: 2, .. })));
    }

    #[test]
    fn a_folder_is_held_by_one_at_a_time() {
        let first = state("held");
        let path = first.path().to_owned();
        assert!(matches!(StateFolder::open(&path), Err(CheckpointError::InUse { .. })));
        drop(first);
        assert!(StateFolder::open(&path).is_ok());
    }
}
