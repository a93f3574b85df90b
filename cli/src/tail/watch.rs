//! inotify: a hint that it is worth looking before the next poll. Nothing depends on it.

use super::run::Event;
use super::trouble::say;
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags};
use rustix::io::Errno;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::thread;
use std::time::Duration;

/// Hints that come closer together than this are one.
const PAUSE: Duration = Duration::from_millis(20);
const BUFFER_BYTES: usize = 16 * 1_024;

/// Folders whose changes wake the program.
#[derive(Debug)]
pub(crate) struct Watch {
    inotify: Option<Arc<OwnedFd>>,
    has_complained: bool,
}

impl Watch {
    /// Begins to listen. Without inotify, nothing ever wakes.
    pub(crate) fn start(events: Sender<Event>) -> Self {
        let mut watch = Self { inotify: None, has_complained: false };
        match listen(events) {
            Ok(inotify) => watch.inotify = Some(inotify),
            Err(error) => watch.complain(&error.to_string()),
        }
        watch
    }

    /// Watches a folder; one that is watched already, or that is there again, may be named again.
    pub(crate) fn add(&mut self, folder: &Path) {
        let Some(inotify) = &self.inotify else { return };
        let flags = WatchFlags::MODIFY
            | WatchFlags::ATTRIB
            | WatchFlags::CREATE
            | WatchFlags::DELETE
            | WatchFlags::MOVE;
        match inotify::add_watch(inotify, folder, flags) {
            // A folder that is not there, or not yet, is the poll's affair.
            Ok(_) | Err(Errno::NOENT | Errno::ACCESS) => {}
            Err(error) => self.complain(&format!("{}: {error}", folder.display())),
        }
    }

    fn complain(&mut self, message: &str) {
        if !self.has_complained {
            say(&format!("inotify: {message}; changes are found by polling"));
            self.has_complained = true;
        }
    }
}

fn listen(events: Sender<Event>) -> io::Result<Arc<OwnedFd>> {
    let inotify = Arc::new(inotify::init(CreateFlags::CLOEXEC)?);
    let listener = Arc::clone(&inotify);
    thread::Builder::new().name("watch".to_owned()).spawn(move || {
        let mut buffer = [MaybeUninit::uninit(); BUFFER_BYTES];
        let mut reader = Reader::new(listener, &mut buffer);
        let mut names = false;
        loop {
            match reader.next() {
                Ok(event) => names |= !event.events().difference(ReadFlags::MODIFY).is_empty(),
                Err(Errno::INTR) => continue,
                Err(_) => return,
            }
            if reader.is_buffer_empty() {
                if events.send(Event::Wake { names }).is_err() {
                    return;
                }
                names = false;
                thread::sleep(PAUSE);
            }
        }
    })?;
    Ok(inotify)
}
