//! What could be set otherwise: the ways of packing side by side, and single changes by what each
//! would save.

use std::cmp::Reverse;

use rust_decimal::Decimal;
use rust_decimal::dec;

use super::bill::Plan;
use super::settings::{Architecture, Pack, Settings};
use crate::firehose::Compression;

/// A way for events to travel.
#[derive(Debug)]
pub(crate) struct Choice {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    pub(crate) plan: Plan,
}

/// One event a record, packed, packed and compressed; everything else as it is set.
pub(crate) fn choices(settings: &Settings) -> [Choice; 4] {
    // Whoever packs nothing is shown what packing as snowline generate does would bring.
    let pack = settings.pack.filter(|pack| *pack != Pack::None);
    let choice = |id, name, pack, compress| {
        let settings = Settings { pack, compress, ..settings.clone() };
        Choice { id, name, plan: Plan::new(settings) }
    };
    [
        choice("one_event_a_record", "one event a record", Some(Pack::None), Compression::None),
        choice("packed", "packed", pack, Compression::None),
        choice("packed_gzip", "packed, gzip", pack, Compression::Gzip),
        choice("packed_zstd", "packed, zstd", pack, Compression::Zstd),
    ]
}

/// A single change and what comes of it.
#[derive(Debug)]
pub(crate) struct Change {
    /// The option to set.
    pub(crate) set: String,
    pub(crate) saves_usd_per_month: Decimal,
    /// What it costs otherwise.
    pub(crate) but: &'static str,
}

/// Savings below this share of the whole are left out: the model is not that exact.
const NOTICEABLE: Decimal = dec!(0.001);

/// All single changes that save something, the largest saving first.
pub(crate) fn changes(plan: &Plan) -> Vec<Change> {
    let before = plan.total();
    let mut changes: Vec<Change> = candidates(&plan.settings)
        .into_iter()
        .map(|(set, settings, but)| {
            let saves_usd_per_month = before - Plan::new(settings).total();
            Change { set, saves_usd_per_month, but }
        })
        .filter(|change| change.saves_usd_per_month > before * NOTICEABLE)
        .collect();
    changes.sort_by_key(|change| Reverse(change.saves_usd_per_month));
    changes
}

type Candidate = (String, Settings, &'static str);

fn candidates(now: &Settings) -> Vec<Candidate> {
    let mut all = producers(now);
    all.extend(pipeline(now));
    all.extend(kept(now));
    all
}

fn candidate(
    option: &str,
    value: impl ToString,
    now: &Settings,
    but: &'static str,
    change: impl FnOnce(&mut Settings),
) -> Candidate {
    let mut settings = now.clone();
    change(&mut settings);
    (format!("{option} {}", value.to_string()), settings, but)
}

fn producers(now: &Settings) -> Vec<Candidate> {
    let compressed = "processor time of the producers; LandingCompression=UNCOMPRESSED";
    let mut all = vec![
        candidate("--compress", "gzip", now, compressed, |to| to.compress = Compression::Gzip),
        candidate("--compress", "zstd", now, compressed, |to| to.compress = Compression::Zstd),
    ];
    for bytes in [dec!(64_000), dec!(256_000), dec!(1_022_976)] {
        let but = "an event waits for others, up to --max-delay; what a producer loses, it loses together";
        if now.pack() == Pack::None || matches!(now.pack(), Pack::Bytes(limit) if limit < bytes) {
            all.push(candidate("--pack", bytes, now, but, |to| {
                to.pack = Some(Pack::Bytes(bytes));
            }));
        }
    }
    for delay in [dec!(1), dec!(5), dec!(30)] {
        if delay > now.max_delay {
            let but = "events wait so much longer at their producer";
            all.push(candidate("--max-delay", format!("{delay}s"), now, but, |to| {
                to.max_delay = delay;
            }));
        }
    }
    all
}

fn pipeline(now: &Settings) -> Vec<Candidate> {
    let mut all = Vec::new();
    if now.buffer_mib < dec!(128) {
        let but = "rows are as much later as the buffer takes to fill";
        all.push(candidate("--buffer-mib", 128, now, but, |to| to.buffer_mib = dec!(128)));
    }
    for seconds in [dec!(300), dec!(900)] {
        if now.buffer_seconds < seconds {
            let but = "rows are up to so much later";
            all.push(candidate("--buffer-seconds", seconds, now, but, |to| {
                to.buffer_seconds = seconds;
            }));
        }
    }
    for memory in [dec!(885), dec!(1_769), dec!(3_538)] {
        let but = if memory < now.transform_memory_mib {
            "each object takes longer"
        } else {
            "nothing; each object is ready sooner"
        };
        all.push(candidate("--transform-memory-mib", memory, now, but, |to| {
            to.transform_memory_mib = memory;
        }));
    }
    if now.architecture == Architecture::X86_64 {
        let but = "the functions are built for another processor";
        all.push(candidate("--architecture", "arm64", now, but, |to| {
            to.architecture = Architecture::Arm64;
        }));
    }
    if now.load_window_seconds < dec!(300) {
        let but = "rows are up to five minutes later in staging";
        all.push(candidate("--load-window-seconds", 300, now, but, |to| {
            to.load_window_seconds = dec!(300);
        }));
    }
    for hours in [dec!(1), dec!(4), dec!(24)] {
        if now.publish_every < hours * dec!(3_600) {
            let but = "rows are so much later in analytics, and a wrong one is found so much later";
            all.push(candidate("--publish-every", format!("{hours}h"), now, but, |to| {
                to.publish_every = hours * dec!(3_600);
            }));
        }
    }
    all
}

fn kept(now: &Settings) -> Vec<Candidate> {
    let mut all = Vec::new();
    if now.processing_days > dec!(7) {
        let but = "cleaned rows in the clear are there for a week";
        all.push(candidate("--processing-days", 7, now, but, |to| to.processing_days = dec!(7)));
    }
    if now.processed_days > dec!(30) {
        let but = "only a month can be loaded again";
        all.push(candidate("--processed-days", 30, now, but, |to| to.processed_days = dec!(30)));
    }
    all
}
