//! One followed file: what is known of it, how far it was read, how far it was taken.

use super::checkpoint::FileState;
use super::content::Content;
use super::identity::{Fingerprint, HEAD_BYTES, Inode, Place};
use super::joined::Joined;
use super::lag::Sightings;
use super::oversized::Oversized;
use super::record::{Extent, SourceId};
use super::rotation::Wanted;
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// So long after it changed last, a file that was moved away is closed though it still has a name.
/// Until then, a line that its writer adds late arrives.
pub(crate) const NAMED_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// Why a file is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// A glob matches it.
    Live,
    /// No glob matches it any more, since then: its writer may still have it open.
    Left(Instant),
    /// It holds what a truncated file held, and nobody writes it.
    Copy,
    /// A checkpoint names it, and it was not found yet.
    Restored,
}

/// What a look at a file showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    Same,
    Grown,
    /// It was truncated or overwritten.
    Overwritten,
}

/// Size and times of a file; it was not written while they stay.
type Stamp = (u64, i64, i64, i64, i64);

/// A line that no record can hold, and where in the file it goes on.
#[derive(Debug)]
pub(crate) struct PutAside {
    pub(crate) file: Oversized,
    pub(crate) place: Place,
    /// Whether all of it is in the file, and may not be safe yet.
    pub(crate) is_whole: bool,
}

/// A followed file.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) id: SourceId,
    /// The file whose lines arrive in order with this one's: itself, or that which it goes on from.
    pub(crate) order: SourceId,
    /// Where it was found last.
    pub(crate) path: PathBuf,
    pub(crate) inode: Inode,
    pub(crate) content: Content,
    pub(crate) standing: Standing,
    /// Whether it holds what a truncated file held.
    pub(crate) is_copy: bool,
    /// How it begins; as long as the file was when it was looked at, until it is complete.
    pub(crate) head: Fingerprint,
    /// Lines before this place are in records.
    pub(crate) read: Place,
    /// Lines before this place were taken by the stream.
    pub(crate) taken: Place,
    /// The size that was seen, in bytes.
    pub(crate) seen: u64,
    pub(crate) sightings: Sightings,
    /// Whether no line was complete behind `read` when it was looked at last.
    pub(crate) at_end: bool,
    /// Whether nothing is read from it any more.
    pub(crate) finished: bool,
    /// What is to be read to its end before this file, so that the lines of a path stay in order.
    pub(crate) after: Option<SourceId>,
    /// A line that no record can hold, on its way to a file of its own.
    pub(crate) oversized: Option<PutAside>,
    /// How its lines become records, where a line is not a record as it is.
    pub(crate) joined: Option<Box<Joined>>,
    /// Not read before this time, after an error.
    pub(crate) paused_until: Option<Instant>,
    /// Whether its first bytes were seen, and no checkpoint knows them.
    pub(crate) is_news: bool,
    /// Whether it is in any folder.
    has_name: bool,
    stamp: Option<Stamp>,
    /// Whether the content was compared since the stamp changed.
    settled: bool,
    changed_at: Instant,
}

impl Source {
    /// A file that is read from its beginning.
    pub(crate) fn new(id: SourceId, path: PathBuf, inode: Inode, file: File, now: Instant) -> Self {
        Self::of(id, path, inode, Content::File(file), now)
    }

    fn of(id: SourceId, path: PathBuf, inode: Inode, content: Content, now: Instant) -> Self {
        Self {
            id,
            order: id,
            path,
            inode,
            content,
            standing: Standing::Live,
            is_copy: false,
            head: Fingerprint::of(&[]),
            read: Place::start(),
            taken: Place::start(),
            seen: 0,
            sightings: Sightings::default(),
            at_end: false,
            finished: false,
            after: None,
            oversized: None,
            joined: None,
            paused_until: None,
            is_news: false,
            has_name: true,
            stamp: None,
            settled: false,
            changed_at: now,
        }
    }

    /// A file that a checkpoint names. Where its content is now is still to be found.
    pub(crate) fn restored(id: SourceId, state: FileState, now: Instant) -> Self {
        Self {
            standing: Standing::Restored,
            is_copy: state.copy,
            head: state.head,
            read: state.taken.clone(),
            taken: state.taken,
            seen: state.size,
            ..Self::of(id, state.path, state.inode, Content::Missing, now)
        }
    }

    /// A rotated file that is read whole, in place of what is at the path now.
    ///
    /// # Errors
    /// Its beginning cannot be read.
    pub(crate) fn whole(
        id: SourceId,
        path: PathBuf,
        inode: Inode,
        mut content: Content,
        now: Instant,
    ) -> io::Result<Self> {
        let mut head = vec![0; HEAD_BYTES];
        let read = content.read_at(&mut head, 0)?;
        Ok(Self {
            standing: Standing::Copy,
            is_copy: true,
            head: Fingerprint::of(&head[..read]),
            ..Self::of(id, path, inode, content, now)
        })
    }

    /// What is looked for when its content is elsewhere.
    pub(crate) fn wanted(&self, overwritten: bool) -> Wanted<'_> {
        let Self { path, inode, head, read, .. } = self;
        Wanted { path, inode: *inode, head, read, overwritten }
    }

    /// What a checkpoint says of it.
    pub(crate) fn state(&self) -> FileState {
        FileState {
            path: self.path.clone(),
            inode: self.inode,
            head: self.head.clone(),
            taken: self.taken.clone(),
            size: self.seen,
            copy: self.is_copy,
        }
    }

    /// Whether a glob matches it, or matched it while it was open.
    pub(crate) fn is_watched(&self) -> bool {
        !self.finished && matches!(self.standing, Standing::Live | Standing::Left(_))
    }

    /// Whether its bytes are at hand.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.content, Content::File(_))
    }

    /// Whether lines may be read from it.
    pub(crate) fn is_readable(&self) -> bool {
        !self.finished && !matches!(self.content, Content::Missing)
    }

    /// Whether something of it waits for room in a record.
    pub(crate) fn has_ready(&self) -> bool {
        self.joined.as_ref().is_some_and(|joined| joined.has_ready())
    }

    /// Whether all of it is in records.
    pub(crate) fn is_done(&self) -> bool {
        self.finished && !self.has_ready()
    }

    /// Nothing is read from it any more.
    pub(crate) fn finish(&mut self) {
        self.finished = true;
        if let Some(joined) = &mut self.joined {
            joined.finish();
        }
        if self.standing != Standing::Live {
            self.content = Content::Missing;
        }
    }

    /// Compares the file with what is known of it.
    ///
    /// # Errors
    /// The file cannot be read.
    pub(crate) fn look(&mut self, now: Instant) -> io::Result<Look> {
        let Content::File(file) = &self.content else { return Ok(Look::Same) };
        let metadata = file.metadata()?;
        let stamp = stamp(&metadata);
        self.has_name = metadata.nlink() > 0;
        let same_stamp = self.stamp == Some(stamp);
        // Times have the grain of the kernel's clock: what changed is compared once more.
        if same_stamp && self.settled {
            return Ok(Look::Same);
        }
        (self.stamp, self.settled) = (Some(stamp), same_stamp);
        if !same_stamp {
            self.changed_at = now;
        }
        if metadata.size() < self.seen || !self.is_as_known(metadata.size())? {
            return Ok(Look::Overwritten);
        }
        Ok(if self.see(metadata.size(), now) { Look::Grown } else { Look::Same })
    }

    /// Whether the file begins as it did, and the same bytes stand before what was read. Learns how
    /// a young file begins.
    fn is_as_known(&mut self, size: u64) -> io::Result<bool> {
        let grows = self.head.bytes < HEAD_BYTES && size > self.head.bytes as u64;
        let mut head = vec![0; if grows { HEAD_BYTES } else { self.head.bytes }];
        let read = self.content.read_at(&mut head, 0)?;
        if !self.head.begins(&head[..read]) {
            return Ok(false);
        }
        self.is_news |= grows && self.head.bytes == 0;
        if grows {
            self.head = Fingerprint::of(&head[..read]);
        }
        let mut before = vec![0; self.read.before.bytes];
        let read = self.content.read_at(&mut before, self.read.before_offset())?;
        Ok(self.read.before.begins(&before[..read]))
    }

    /// Reads up to `bytes` behind the place that was reached, as [`Content::read_behind`].
    ///
    /// # Errors
    /// The file cannot be read.
    pub(crate) fn read_on(
        &mut self,
        bytes: usize,
        buffer: &mut Vec<u8>,
    ) -> io::Result<Option<usize>> {
        let length = self.content.read_behind(&self.read, bytes, buffer)?;
        if self.read.offset > 0 {
            return Ok(length);
        }
        // Nothing stands before the beginning: there, the beginning itself is compared, afterwards.
        let mut head = vec![0; self.head.bytes];
        let read = self.content.read_at(&mut head, 0)?;
        Ok(length.filter(|_| self.head.begins(&head[..read])))
    }

    /// Notes how large the file is. Whether it grew.
    pub(crate) fn see(&mut self, size: u64, now: Instant) -> bool {
        if size <= self.seen {
            return false;
        }
        self.seen = size;
        self.at_end = false;
        self.sightings.add(size, now);
        true
    }

    /// Notes that the stream took it up to here.
    pub(crate) fn take(&mut self, end: &Place) {
        self.sightings.taken(end.offset);
        self.taken = end.clone();
    }

    /// Whether nothing will be added to it, as far as one can tell: a file that has a name may still
    /// be open where it was written.
    pub(crate) fn may_be_closed(&self, now: Instant) -> bool {
        match self.standing {
            Standing::Live | Standing::Restored => false,
            Standing::Copy => true,
            Standing::Left(since) => {
                let quiet = now.saturating_duration_since(since.max(self.changed_at));
                !self.has_name || quiet >= NAMED_WAIT
            }
        }
    }

    /// Whether nobody is expected to add to it: then a last line without its end is complete.
    pub(crate) fn is_complete(&self, now: Instant, rotate_wait: Duration) -> bool {
        match self.standing {
            Standing::Live | Standing::Restored => false,
            Standing::Copy => true,
            Standing::Left(since) => {
                now.saturating_duration_since(since.max(self.changed_at)) >= rotate_wait
            }
        }
    }

    /// Whether bytes were seen that are in no record.
    pub(crate) fn has_unread_bytes(&self) -> bool {
        self.seen > self.read.offset
    }

    /// How long nothing has been added to it.
    pub(crate) fn idle(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.changed_at)
    }

    /// How far a record takes it that ends here.
    pub(crate) fn extent(&self, end: Place) -> Extent {
        Extent { source: self.id, order: self.order, end }
    }

    /// Bytes that were seen and not taken, without a last line that is not complete.
    pub(crate) fn lag_bytes(&self) -> u64 {
        let end = if self.at_end { self.read.offset } else { self.seen };
        end.saturating_sub(self.taken.offset)
    }
}

fn stamp(metadata: &Metadata) -> Stamp {
    (
        metadata.size(),
        metadata.mtime(),
        metadata.mtime_nsec(),
        metadata.ctime(),
        metadata.ctime_nsec(),
    )
}
