//! Generated lines, judged by the transform itself.

use super::*;
use crate::generate::events::Lines;
use crate::generate::timeline::Timeline;
use columnar::{Output, Outputs, Rejected, Report, Source, Transformer};
use serde_json::Value as Json;
use std::collections::{BTreeSet, HashMap};
use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};

const LINES: u64 = 2_000;
const START_US: i64 = 1_772_000_000_000_000;
/// Later than every event.
const LANDED_US: i64 = START_US + 86_400_000_000;

fn datasets() -> Vec<Dataset> {
    let own = [
        ("every_rule", include_str!("every_rule.odcs.yaml")),
        ("separated", include_str!("separated.odcs.yaml")),
    ];
    let shipped = datasets::names().map(|name| (name, datasets::text(name).unwrap()));
    shipped.chain(own).map(|(name, text)| Dataset::from_yaml(name, text).unwrap()).collect()
}

/// Keeps what is written to quarantine.
#[derive(Default)]
struct Quarantine(Arc<Mutex<Vec<u8>>>);

struct File(Option<Arc<Mutex<Vec<u8>>>>);

impl Write for File {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(kept) = &self.0 {
            kept.lock().unwrap().extend_from_slice(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Outputs for Quarantine {
    type File = File;

    fn create(&self, output: Output) -> io::Result<File> {
        Ok(File((output == Output::Quarantine).then(|| Arc::clone(&self.0))))
    }
}

/// What the transform makes of the lines of one object: its report, and the rejects.
fn judged(dataset: &Dataset, object: &[u8]) -> (Report<File>, Vec<Rejected>) {
    let transformer = Transformer::new(dataset.clone(), b"salt", NonZeroUsize::MIN).unwrap();
    let source = Source {
        object: "s3://lake/landing/a",
        key: "landing/a",
        region: "eu-west-1",
        landed_at_micros: LANDED_US,
    };
    let quarantine = Quarantine::default();
    let report = transformer.run(object, &source, &quarantine).unwrap();
    let kept = quarantine.0.lock().unwrap();
    let lines = kept.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    (report, lines.map(|line| Rejected::parse(line).unwrap()).collect())
}

fn lines(dataset: &Dataset, seed: u64, bad: f64) -> (Vec<u8>, Lines) {
    let producer = Synthetic::new(dataset).unwrap();
    let timeline = Timeline::Steady { start_us: START_US, per_second: 100 };
    let mut lines = Lines::new(Box::new(producer), seed, timeline, bad, 0.0);
    let mut object = lines.header().unwrap_or_default().to_vec();
    let mut line = Vec::new();
    for _ in 0..LINES {
        lines.next_line(&mut line);
        object.extend_from_slice(&line);
    }
    (object, lines)
}

#[test]
fn every_good_line_is_accepted() {
    for dataset in datasets() {
        let (object, _) = lines(&dataset, 5, 0.0);
        let (report, rejects) = judged(&dataset, &object);
        let first = rejects.first().map(|reject| (reject, reject.record().unwrap().into_owned()));
        let first = first
            .map(|(reject, record)| format!("{reject:?} {}", String::from_utf8_lossy(&record)));
        assert_eq!((report.rows_read, first), (LINES, None), "{}", dataset.name);
    }
}

#[test]
fn every_bad_line_is_rejected_by_the_rule_and_for_the_column_it_was_damaged_in() {
    for dataset in datasets() {
        let mut producer = Synthetic::new(&dataset).unwrap();
        let columns = paths(&dataset);
        let mut random = Random::seeded(6);
        let mut object = producer.header().unwrap_or_default().to_vec();
        let header_lines = i64::from(!object.is_empty());
        let mut expected = Vec::new();
        let ways: Vec<(usize, usize)> = producer
            .damages
            .iter()
            .enumerate()
            .flat_map(|(rule, (_, ways))| (0..ways.len()).map(move |way| (rule, way)))
            .collect();
        for (at, (rule, way)) in ways.into_iter().cycle().take(2_000).enumerate() {
            let mut line = Vec::new();
            let values = producer.new_entity(START_US, &mut random).values;
            let (rule, ways) = &producer.damages[rule];
            let column = match &ways[way] {
                Way::Field(damage) => Some(columns[&damage.place].clone()),
                Way::Unknown(_) | Way::CutOff => None,
            };
            producer.write_bad(values, &ways[way], START_US, &mut random, &mut line);
            object.extend_from_slice(&line);
            expected.push((at as i64 + 1 + header_lines, (*rule).to_owned(), column));
        }
        let (_, rejects) = judged(&dataset, &object);
        let found: HashMap<i64, &Rejected> =
            rejects.iter().map(|reject| (reject.line, reject)).collect();
        for (line, rule, column) in expected {
            let reject = found.get(&line).unwrap_or_else(|| {
                let text = object.split(|byte| *byte == b'\n').nth(line as usize - 1).unwrap();
                panic!("{}: {rule} {column:?}: {}", dataset.name, String::from_utf8_lossy(text))
            });
            assert_eq!((&reject.rule, &reject.column), (&rule, &column), "{reject:?}");
        }
    }
}

/// The name of every column and field by its place.
fn paths(dataset: &Dataset) -> HashMap<Vec<usize>, String> {
    fn below(
        parent: &str,
        place: &[usize],
        dataset: &Dataset,
        found: &mut HashMap<Vec<usize>, String>,
    ) {
        found.insert(place.to_vec(), parent.to_owned());
        let fields = dataset
            .nested
            .iter()
            .filter(|field| field.name.rsplit_once('.').is_some_and(|(path, _)| path == parent));
        for (at, field) in fields.enumerate() {
            below(&field.name, &[place, &[at]].concat(), dataset, found);
        }
    }
    let mut found = HashMap::new();
    for (at, column) in dataset.columns.iter().enumerate() {
        below(&column.name, &[at], dataset, &mut found);
    }
    found
}

#[test]
fn every_rule_of_a_contract_is_broken() {
    let broken = |dataset: &Dataset| -> BTreeSet<&'static str> {
        Synthetic::new(dataset).unwrap().damages.iter().map(|(rule, _)| *rule).collect()
    };
    for dataset in datasets() {
        let fields = dataset.columns.iter().chain(&dataset.nested);
        let rules = fields.flat_map(|field| &field.rules).filter(|rule| {
            // What a UUID or an address of four numbers is not, breaks its form first.
            !matches!(rule, contract::Rule::MaxLength { chars } if *chars > 4_000)
        });
        let rules: BTreeSet<_> = rules.map(contract::Rule::name).collect();
        let found = broken(&dataset);
        assert!(rules.is_subset(&found), "{}: {rules:?} {found:?}", dataset.name);
        assert!(found.contains("required") && found.contains("type"), "{found:?}");
    }
}

#[test]
fn counts_are_those_of_the_transform() {
    for dataset in datasets() {
        let (object, lines) = lines(&dataset, 7, 0.2);
        let (report, _) = judged(&dataset, &object);
        assert_eq!(report.rejected_by_rule, lines.counts().bad_by_rule, "{}", dataset.name);
        assert_eq!(report.rows_accepted, LINES - lines.counts().bad_sent);
    }
}

#[test]
fn the_same_seed_yields_the_same_bytes_and_another_seed_others() {
    for dataset in datasets() {
        assert!(lines(&dataset, 1, 0.1).0 == lines(&dataset, 1, 0.1).0, "{}", dataset.name);
        assert!(lines(&dataset, 1, 0.1).0 != lines(&dataset, 2, 0.1).0, "{}", dataset.name);
    }
}

#[test]
fn later_records_are_new_versions_of_earlier_ones_and_few_are_late() {
    let dataset = datasets::load("rides").unwrap();
    let (object, lines) = lines(&dataset, 8, 0.0);
    let counts = lines.counts();
    let mut newest: HashMap<(String, i64), i64> = HashMap::new();
    let mut overtaken = 0;
    for line in object.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let record: Json = serde_json::from_slice(line).unwrap();
        let city = record["city"].as_str().unwrap().trim().to_ascii_lowercase();
        let key = (city, record["rideNumber"].as_i64().unwrap());
        let at = record["updatedAt"].as_i64().unwrap();
        if let Some(before) = newest.get(&key)
            && at <= *before
        {
            overtaken += 1;
            continue;
        }
        newest.insert(key, at);
    }
    assert_eq!(newest.len() as u64, counts.inserts);
    assert_eq!(counts.inserts + counts.updates, LINES);
    assert!(counts.updates > LINES / 6, "{counts:?}");
    assert!(0 < overtaken && overtaken <= counts.late && counts.late < LINES / 20, "{counts:?}");
}

#[test]
fn rules_that_contradict_each_other_are_told_by_the_column() {
    let text = include_str!("every_rule.odcs.yaml").replace("'^Z[0-9]$'", "'^Z[^\\d\\D]$'");
    let dataset = Dataset::from_yaml("no", &text).unwrap();
    let error = Synthetic::new(&dataset).err().unwrap().to_string();
    assert_eq!(error, "no value was found that obeys every rule of `place.area.zone`");
}
