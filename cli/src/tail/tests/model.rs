//! Random writes, rotations, answers and crashes; in the end every line has arrived, in order, and
//! twice only what was under way when the program was killed.

use super::super::checkpoint::Checkpoint;
use super::super::collector::{Collector, Options};
use super::super::ledger::Outgoing;
use super::super::source::NAMED_WAIT;
use super::world::World;
use proptest::prelude::*;
use std::collections::HashMap;
use std::time::{Duration, Instant};

const NAMES: [&str; 3] = ["app.log", "web.log", "app-slow.log"];
const SLOTS: usize = 3;
/// Longer than a run lasts before it comes to rest: writers finish their lines.
const ROTATE_WAIT: Duration = Duration::from_secs(100_000);

/// Small, so that few lines fill many records.
const RECORD_BYTES: usize = 2_000;

#[derive(Debug, Clone)]
enum Step {
    Write {
        file: usize,
        lines: usize,
        bytes: usize,
        half: bool,
    },
    Rename(usize),
    Reopen(usize),
    CopyTruncate(usize),
    Gzip(usize),
    Rescan,
    Look,
    Read,
    /// The stream takes one of the records under way.
    Take(usize),
    Save,
    Wait(u64),
    /// Everything is lost that is not on disk; of the records under way, some had arrived.
    Kill(u8),
}

fn step() -> impl Strategy<Value = Step> {
    let file = 0..NAMES.len();
    prop_oneof![
        8 => (file.clone(), 0usize..12, 0usize..900, any::<bool>())
            .prop_map(|(file, lines, bytes, half)| Step::Write { file, lines, bytes, half }),
        2 => file.clone().prop_map(Step::Rename),
        2 => file.clone().prop_map(Step::Reopen),
        3 => file.clone().prop_map(Step::CopyTruncate),
        2 => file.prop_map(Step::Gzip),
        4 => Just(Step::Rescan),
        2 => Just(Step::Look),
        8 => Just(Step::Read),
        8 => any::<usize>().prop_map(Step::Take),
        4 => Just(Step::Save),
        2 => (1u64..20).prop_map(Step::Wait),
        2 => any::<u8>().prop_map(Step::Kill),
    ]
}

/// The program, the stream, and the clock.
struct Run {
    world: World,
    /// The checkpoint that was saved last, as JSON.
    saved: Option<Vec<u8>>,
    collector: Collector,
    now: Instant,
    under_way: Vec<Outgoing>,
    /// Records that the stream took and no checkpoint covers.
    uncovered: Vec<Vec<u8>>,
    arrived: Vec<String>,
    /// How often a line may arrive again.
    excused: HashMap<String, usize>,
    /// Whether the last checkpoint knows how the file begins.
    known: [bool; NAMES.len()],
}

impl Run {
    fn new() -> Self {
        let world = World::new(&NAMES);
        let now = Instant::now();
        let collector = Collector::new(options(&world), None, now);
        let (under_way, uncovered, arrived) = Default::default();
        let excused = HashMap::new();
        let known = [false; NAMES.len()];
        Self { world, saved: None, collector, now, under_way, uncovered, arrived, excused, known }
    }

    fn step(&mut self, step: &Step) {
        match *step {
            Step::Write { file, lines, bytes, half } => self.world.write(file, lines, bytes, half),
            Step::Reopen(file) => self.world.reopen(file),
            Step::Rename(file) => self.rotate(file, World::rename),
            Step::CopyTruncate(file) => self.rotate(file, World::copy_truncate),
            Step::Gzip(file) => self.world.gzip(file),
            Step::Rescan => self.collector.rescan(self.now),
            Step::Look => self.collector.look(self.now),
            Step::Read => self.read(),
            Step::Take(chosen) if !self.under_way.is_empty() => {
                let record = self.under_way.swap_remove(chosen % self.under_way.len());
                self.arrive(&record.bytes.clone());
                self.uncovered.push(record.bytes.clone());
                self.collector.taken(record);
            }
            Step::Take(_) => {}
            Step::Save => self.save(),
            Step::Wait(seconds) => self.now += Duration::from_secs(seconds),
            Step::Kill(arrived) => self.kill(arrived),
        }
    }

    /// Rotates a file if a checkpoint knows how it begins: what was never seen cannot be told apart
    /// once it has another name or is empty again.
    fn rotate(&mut self, file: usize, rotate: fn(&mut World, usize)) {
        if std::mem::take(&mut self.known[file]) {
            rotate(&mut self.world, file);
        }
    }

    fn read(&mut self) {
        self.collector.fill(self.now);
        while let Some(record) = self.collector.send_next() {
            self.under_way.push(record);
            assert!(self.under_way.len() + self.uncovered.len() <= SLOTS);
        }
    }

    fn save(&mut self) {
        self.collector.rescan(self.now);
        let (checkpoint, covered) = self.collector.checkpoint();
        self.saved = Some(serde_json::to_vec(&checkpoint).unwrap());
        self.collector.saved(&covered);
        self.uncovered.clear();
        self.known = std::array::from_fn(|file| self.world.has_content(file));
    }

    fn kill(&mut self, arrived: u8) {
        let under_way = std::mem::take(&mut self.under_way);
        for (index, record) in under_way.iter().enumerate() {
            if arrived & (1 << index) != 0 {
                self.arrive(&record.bytes);
                self.uncovered.push(record.bytes.clone());
            }
        }
        for record in std::mem::take(&mut self.uncovered) {
            for line in lines(&record) {
                *self.excused.entry(line).or_default() += 1;
            }
        }
        let checkpoint: Option<Checkpoint> =
            self.saved.as_ref().map(|json| serde_json::from_slice(json).unwrap());
        self.known = [false; NAMES.len()];
        self.collector = Collector::new(options(&self.world), checkpoint, self.now);
    }

    fn arrive(&mut self, record: &[u8]) {
        assert!(!record.is_empty() && record.len() <= RECORD_BYTES);
        self.arrived.extend(lines(record));
    }

    /// Lets writers and program come to rest.
    fn rest(&mut self) {
        self.world.rest();
        self.settle();
        self.now += NAMED_WAIT + ROTATE_WAIT;
        self.settle();
        assert!(self.collector.is_idle());
        assert_eq!(self.collector.lag_bytes(), 0);
        assert!(self.collector.troubles.summary().is_none());
        assert_eq!(self.collector.files(), NAMES.len(), "files that were left are closed");
    }

    /// Lets everything arrive that is there.
    fn settle(&mut self) {
        for _ in 0..2_000 {
            self.collector.rescan(self.now);
            self.read();
            while !self.under_way.is_empty() {
                self.step(&Step::Take(0));
            }
            let had_nothing_to_do = self.collector.is_idle() && !self.collector.has_changed();
            self.save();
            if had_nothing_to_do {
                break;
            }
            // The open record is closed by its age.
            self.now += Duration::from_secs(1);
        }
    }

    fn judge(self) {
        let mut counts: HashMap<String, usize> = HashMap::new();
        let mut first: HashMap<String, Vec<String>> = HashMap::new();
        for line in self.arrived {
            let count = counts.entry(line.clone()).or_default();
            *count += 1;
            if *count == 1 {
                let key = line.split(' ').nth(1).unwrap().to_owned();
                first.entry(key).or_default().push(line);
            }
        }
        for (key, expected) in &self.world.written {
            let arrived = first.remove(key).unwrap_or_default();
            assert!(arrived == *expected, "{key}: {:?}", (numbers(&arrived), numbers(expected)));
        }
        assert!(first.is_empty(), "{first:?}");
        for (line, count) in counts {
            let excused = self.excused.get(&line).copied().unwrap_or_default();
            assert!(
                count <= 1 + excused,
                "{} arrived {count} times, {excused} excused",
                &line[..20]
            );
        }
    }
}

/// What is told of lines: their numbers.
fn numbers(lines: &[String]) -> Vec<&str> {
    lines.iter().filter_map(|line| line.split(' ').next()).collect()
}

fn lines(record: &[u8]) -> Vec<String> {
    let text = String::from_utf8(record.to_vec()).unwrap();
    text.split_inclusive('\n').map(str::to_owned).collect()
}

fn options(world: &World) -> Options {
    let logs = world.folder.join("logs");
    Options {
        globs: vec![format!("{}/*.log", logs.display())],
        elsewhere: Vec::new(),
        oversized: world.folder.join("oversized"),
        record_bytes: RECORD_BYTES,
        slots: SLOTS,
        max_delay: Duration::from_secs(1),
        rotate_wait: ROTATE_WAIT,
        pause: Duration::from_secs(1),
        from_end: false,
        once: false,
        saved_at: None,
        reading: None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn every_line_arrives_in_order_whatever_happens(
        steps in proptest::collection::vec(step(), 1..120),
    ) {
        let mut run = Run::new();
        for step in &steps {
            run.step(step);
        }
        run.rest();
        run.judge();
    }
}
