//! A folder of logs, their writers, and whoever rotates them.

use flate2::{Compression, write::GzEncoder};
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

/// Lines that one writer wrote without opening another file: what must arrive, in order.
pub(super) type Written = BTreeMap<String, Vec<String>>;

pub(super) struct World {
    pub(super) folder: PathBuf,
    writers: Vec<Writer>,
    pub(super) written: Written,
}

struct Writer {
    name: String,
    file: File,
    /// How often it opened a file.
    opened: u32,
    lines: u32,
    half: Option<String>,
    /// Whether the name has moved on, and the writer has not.
    is_behind: bool,
    rotations: u32,
    /// Rotated files that nobody writes.
    plain: Vec<String>,
}

impl World {
    pub(super) fn new(names: &[&str]) -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder =
            std::env::temp_dir().join(format!("snowline-{}-model-{count}", std::process::id()));
        std::fs::remove_dir_all(&folder).ok();
        std::fs::create_dir_all(folder.join("logs")).unwrap();
        let mut world = Self { folder, writers: Vec::new(), written: Written::new() };
        for name in names {
            let file = world.create(name);
            world.writers.push(Writer {
                name: (*name).to_owned(),
                file,
                opened: 0,
                lines: 0,
                half: None,
                is_behind: false,
                rotations: 0,
                plain: Vec::new(),
            });
        }
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join("logs").join(name)
    }

    fn create(&self, name: &str) -> File {
        OpenOptions::new().append(true).create(true).open(self.path(name)).unwrap()
    }

    pub(super) fn has_content(&self, index: usize) -> bool {
        std::fs::metadata(self.path(&self.writers[index].name)).unwrap().len() > 0
    }

    /// Writes lines of about this length, which differ from their first byte on; after them the first half of another if `half`.
    pub(super) fn write(&mut self, index: usize, lines: usize, bytes: usize, half: bool) {
        let writer = &mut self.writers[index];
        let mut text = String::new();
        let mut whole = Vec::new();
        if let Some(rest) = writer.half.take() {
            text.push_str(&rest);
        }
        for _ in 0..lines {
            writer.lines += 1;
            let line = format!("{} {} {:x<bytes$}\n", writer.lines, key(writer), "");
            text.push_str(&line);
            if writer.lines.is_multiple_of(7) {
                text.push_str("\n\r\n");
            }
            whole.push(line);
        }
        if half {
            writer.lines += 1;
            let line = format!("{} {} {:x<bytes$}\n", writer.lines, key(writer), "");
            let (first, second) = line.split_at(line.len() / 2);
            text.push_str(first);
            writer.half = Some(second.to_owned());
            whole.push(line);
        }
        writer.file.write_all(text.as_bytes()).unwrap();
        self.written.entry(key(writer)).or_default().extend(whole);
    }

    /// Moves the file away and makes a new one; the writer keeps the old one open.
    pub(super) fn rename(&mut self, index: usize) {
        if self.writers[index].is_behind {
            self.reopen(index);
        }
        let (name, rotated) = self.next_name(index);
        std::fs::rename(self.path(&name), self.path(&rotated)).unwrap();
        drop(self.create(&name));
        self.writers[index].is_behind = true;
        self.writers[index].plain.push(rotated);
    }

    /// Lets the writer finish its line and go to the new file.
    pub(super) fn reopen(&mut self, index: usize) {
        if !self.writers[index].is_behind {
            return;
        }
        self.write(index, 0, 0, false);
        let file = self.create(&self.writers[index].name.clone());
        let writer = &mut self.writers[index];
        (writer.file, writer.is_behind) = (file, false);
        writer.opened += 1;
        writer.lines = 0;
    }

    /// Copies the file and truncates it under its writer.
    pub(super) fn copy_truncate(&mut self, index: usize) {
        self.reopen(index);
        self.write(index, 0, 0, false);
        let (name, rotated) = self.next_name(index);
        std::fs::copy(self.path(&name), self.path(&rotated)).unwrap();
        self.writers[index].file.set_len(0).unwrap();
        self.writers[index].plain.push(rotated);
    }

    /// Compresses the oldest rotated file that is plain and that nobody writes.
    pub(super) fn gzip(&mut self, index: usize) {
        let writer = &mut self.writers[index];
        let in_use = usize::from(writer.is_behind);
        if writer.plain.len() <= in_use {
            return;
        }
        let name = writer.plain.remove(0);
        let path = self.path(&name);
        let target = File::create(self.path(&format!("{name}.gz"))).unwrap();
        let mut encoder = GzEncoder::new(target, Compression::fast());
        encoder.write_all(&std::fs::read(&path).unwrap()).unwrap();
        encoder.finish().unwrap();
        std::fs::remove_file(path).unwrap();
    }

    fn next_name(&mut self, index: usize) -> (String, String) {
        let writer = &mut self.writers[index];
        writer.rotations += 1;
        (writer.name.clone(), format!("{}.{}", writer.name, writer.rotations))
    }

    /// Lets every writer come to rest at the end of a line.
    pub(super) fn rest(&mut self) {
        for index in 0..self.writers.len() {
            self.reopen(index);
            self.write(index, 0, 0, false);
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.folder).ok();
    }
}

fn key(writer: &Writer) -> String {
    format!("{}/{}", writer.name, writer.opened)
}
