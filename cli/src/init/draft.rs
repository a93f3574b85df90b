//! From a sample to a dataset, with what a person has to know about each part of it.

use std::collections::BTreeMap;

use contract::{
    Aggregate, Column, DataType, Dataset, Dedupe, Derivation, Derived, Function, Measure, Rule,
    ServiceLevel,
};

use super::candidate::Candidate;
use super::names::{column_name, unique, words};
use super::personal::personal;
use super::profile::{Fields, Profile};
use super::sample::Sample;
use super::texts::is_operation;
use super::typing::{Typing, typing};
use super::versions::{self, Choice};

/// Fields of an object beyond which its names are taken for data.
const MOST_NESTED: usize = 64;
/// Promised until somebody knows better.
const FRESHNESS_MINUTES: u32 = 60;

/// A dataset as the sample suggests it.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) dataset: Dataset,
    /// Of each column or nested field, by name or path: why it is what it is, and what to verify.
    pub(crate) notes: BTreeMap<String, Notes>,
    pub(crate) key_why: String,
    pub(crate) order_why: String,
    /// What the sample does not decide.
    pub(crate) decisions: Vec<String>,
    /// Fields that no column reads, with the reason.
    pub(crate) left_out: Vec<(String, String)>,
}

/// What is to be said of a column.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    pub(crate) why: String,
    pub(crate) checks: Vec<String>,
}

/// A column of the table, with what it was inferred from.
struct Read<'a> {
    column: Column,
    profile: &'a Profile,
    words: Vec<String>,
    personal: Option<String>,
    /// The fields inside it, an object before its fields.
    nested: Vec<(Column, &'a Profile)>,
}

impl Draft {
    /// Infers a dataset of this name.
    pub(crate) fn infer(name: &str, sample: &Sample) -> Self {
        let mut draft = Self {
            dataset: Dataset::new(name, Vec::new(), Dedupe { key: Vec::new(), order: Vec::new() }),
            notes: BTreeMap::new(),
            key_why: String::new(),
            order_why: String::new(),
            decisions: Vec::new(),
            left_out: Vec::new(),
        };
        draft.dataset.format = sample.format;
        draft.dataset.csv = sample.csv.clone();
        let mut reads = draft.read_columns(&sample.fields);
        let time = draft.choose_versions(&mut reads, sample.fields.count);
        draft.protect(&mut reads);
        draft.set_operation(&reads);
        draft.dataset.nested = reads
            .iter()
            .flat_map(|read| read.nested.iter().map(|(column, _)| column.clone()))
            .collect();
        draft.dataset.columns = reads.iter().map(|read| read.column.clone()).collect();
        if let Some(time) = time {
            draft.derive_time(&time, &reads);
        }
        draft
    }

    /// The names that are taken.
    fn taken(&self) -> Vec<String> {
        let derived = self.dataset.derived.iter().map(|derived| derived.name.clone());
        self.dataset.columns.iter().map(|column| column.name.clone()).chain(derived).collect()
    }

    fn read_columns<'a>(&mut self, fields: &'a Fields) -> Vec<Read<'a>> {
        let mut reads: Vec<Read<'a>> = Vec::new();
        let mut taken: Vec<String> = Vec::new();
        for (field, profile) in fields.iter() {
            if field.is_empty() {
                self.leave_out("", "it has no name");
                continue;
            }
            let words = words(field);
            let typing = match typing(&words, profile) {
                Ok(typing) => typing,
                Err(reason) => {
                    self.leave_out(field, &reason);
                    continue;
                }
            };
            let name = column_name(field, &taken);
            taken.push(name.clone());
            let mut column = self.column(&name, typing, profile.values == fields.count);
            column.field = field.to_owned();
            let mut nested = Vec::new();
            self.read_nested(&name, profile, &mut nested);
            let personal = personal_in(&words, &column, profile, &nested);
            reads.push(Read { column, profile, words, personal, nested });
        }
        reads
    }

    /// Reads the fields of the objects of `profile`, whose path is `path`.
    fn read_nested<'a>(
        &mut self,
        path: &str,
        profile: &'a Profile,
        nested: &mut Vec<(Column, &'a Profile)>,
    ) {
        let fields = &profile.objects;
        if fields.len() > MOST_NESTED {
            let check = format!(
                "{} different fields, which look like data: they are not checked",
                fields.len()
            );
            self.notes.entry(path.to_owned()).or_default().checks.push(check);
            return;
        }
        for (field, profile) in fields.iter() {
            let path = format!("{path}.{field}");
            if field.is_empty() || field.contains('.') {
                self.leave_out(&path, "a path has no step of this name");
                continue;
            }
            match typing(&words(field), profile) {
                Ok(typing) => {
                    let column = self.column(&path, typing, profile.values == fields.count);
                    nested.push((column, profile));
                    self.read_nested(&path, profile, nested);
                }
                Err(reason) => self.leave_out(&path, &reason),
            }
        }
    }

    fn column(&mut self, path: &str, typing: Typing, required: bool) -> Column {
        let notes = Notes { why: typing.why, checks: typing.checks };
        self.notes.insert(path.to_owned(), notes);
        let mut column = Column::new(path, typing.data_type);
        column.required = required;
        column.epoch = typing.epoch;
        column.normalise = typing.normalise;
        column.rules = typing.rules;
        column
    }

    fn leave_out(&mut self, field: &str, reason: &str) {
        self.left_out.push((field.to_owned(), reason.to_owned()));
    }

    fn check(&mut self, column: &str, check: String) {
        self.notes.entry(column.to_owned()).or_default().checks.push(check);
    }

    /// Chooses key and order; returns the path of what tells the time, if that is a timestamp. What
    /// lies inside an object is copied into a column.
    fn choose_versions(&mut self, reads: &mut [Read<'_>], records: u64) -> Option<String> {
        let (columns, nested) = candidates(reads, records);
        let time = versions::time(&columns, &nested);
        let time_name = time.map(|time| time.name.clone());
        let key = versions::key(&self.dataset.name, &columns, &nested, time_name.as_deref());
        let order = versions::order(&columns, time, &key);
        let (key, order) = (self.settle(key, reads), self.settle(order, reads));
        self.key_why = key.why;
        self.order_why = order.why;
        self.dataset.dedupe = Dedupe { key: key.columns, order: order.columns };
        time_name
    }

    /// Notes what is to be decided, keeps the columns from being restricted, and copies nested
    /// fields into columns.
    fn settle(&mut self, mut choice: Choice, reads: &mut [Read<'_>]) -> Choice {
        self.decisions.extend(choice.decide.take());
        for name in &mut choice.columns {
            if let Some(read) = reads.iter_mut().find(|read| read.column.name == *name) {
                if let Some(kind) = read.personal.take() {
                    let name = &read.column.name;
                    self.decisions.push(format!("{name} looks like personal data ({kind}), and is part of the key: it reaches the warehouse in the clear"));
                }
                continue;
            }
            let field =
                reads.iter().flat_map(|read| &read.nested).find(|(field, _)| field.name == *name);
            let Some((field, _)) = field else { continue };
            let derivation = Derivation::Copy { from: name.clone(), data_type: field.data_type };
            let taken: Vec<String> = reads.iter().map(|read| read.column.name.clone()).collect();
            *name = self.derive(&column_name(name, &taken), &taken, derivation);
        }
        choice
    }

    /// Adds a derived column, unless there is the same one, and returns its name.
    fn derive(&mut self, name: &str, taken: &[String], derivation: Derivation) -> String {
        let same = self.dataset.derived.iter().find(|derived| derived.derivation == derivation);
        if let Some(same) = same {
            return same.name.clone();
        }
        let name = unique(name, &[taken, &self.taken()].concat());
        self.dataset.derived.push(Derived { name: name.clone(), description: None, derivation });
        name
    }

    /// Restricts personal data, and derives hashes of what is text.
    fn protect(&mut self, reads: &mut [Read<'_>]) {
        let taken: Vec<String> = reads.iter().map(|read| read.column.name.clone()).collect();
        for read in reads {
            let Some(kind) = &read.personal else { continue };
            read.column.restricted = true;
            // The values of personal data have no place in a contract.
            read.column.rules.retain(|rule| !matches!(rule, Rule::OneOf { .. }));
            let name = read.column.name.clone();
            let mut check = format!("personal data ({kind}), so it does not reach the warehouse");
            if is_text(&read.column) {
                let hash = self.derive(
                    &format!("{name}_hash"),
                    &taken,
                    Derivation::Hash { from: name.clone() },
                );
                check.push_str(&format!("; {hash} stands for it"));
            }
            for (field, profile) in &mut read.nested {
                field.restricted = true;
                field.rules.retain(|rule| !matches!(rule, Rule::OneOf { .. }));
                if is_text(field) && personal_inside(field, profile).is_some() {
                    let from = field.name.clone();
                    let hash = format!("{}_hash", words(&from).join("_"));
                    self.derive(&hash, &taken, Derivation::Hash { from });
                }
            }
            if !read.nested.is_empty() {
                check.push_str("; that goes for the whole object");
            }
            self.check(&name, check);
        }
    }

    fn set_operation(&mut self, reads: &[Read<'_>]) {
        let allows =
            |rule: &Rule| matches!(rule, Rule::OneOf { values } if values.join("") == "IUD");
        let operation = reads
            .iter()
            .find(|read| is_operation(&read.words) && read.column.rules.iter().any(allows));
        self.dataset.operation = operation.map(|read| read.column.name.clone());
    }

    /// Derives date and hour of the time, promises freshness, and counts by the hour.
    fn derive_time(&mut self, time: &str, reads: &[Read<'_>]) {
        let all = words(time);
        let stem: Vec<&str> = all
            .iter()
            .map(String::as_str)
            .filter(|word| {
                !matches!(*word, "at" | "time" | "timestamp" | "ts" | "on" | "date" | "datetime")
            })
            .collect();
        let stem = if stem.is_empty() { "event".to_owned() } else { stem.join("_") };
        let taken = self.taken();
        let from = || time.to_owned();
        self.derive(&format!("{stem}_date"), &taken, Derivation::Date { from: from() });
        let hour = self.derive(&format!("{stem}_hour"), &taken, Derivation::Hour { from: from() });
        if let [column] = self.dataset.dedupe.order.as_slice() {
            let column = column.clone();
            self.dataset.freshness = Some(ServiceLevel { column, minutes: FRESHNESS_MINUTES });
        }
        let operation = self.dataset.operation.as_deref();
        let usable = |read: &&Read<'_>| {
            !read.column.restricted
                && Some(read.column.name.as_str()) != operation
                && !self.dataset.dedupe.key.contains(&read.column.name)
        };
        let has_values = |read: &&Read<'_>| {
            read.column.rules.iter().any(|rule| matches!(rule, Rule::OneOf { .. }))
        };
        let few = |read: &&Read<'_>| {
            is_text(&read.column)
                && read
                    .profile
                    .texts
                    .distinct()
                    .is_some_and(|all| all.len() < read.profile.values as usize / 10)
        };
        let group = reads.iter().filter(usable).find(has_values);
        let Some(group) = group.or_else(|| reads.iter().filter(usable).find(few)) else { return };
        let group_by = vec![hour, group.column.name.clone()];
        let count = unique("row_count", &group_by);
        let count = Measure {
            name: count,
            function: Function::Count,
            column: None,
            data_type: DataType::Integer,
        };
        let name = format!("{}_hourly", self.dataset.name);
        self.dataset.aggregates = vec![Aggregate { name, group_by, measures: vec![count] }];
    }
}

fn is_text(column: &Column) -> bool {
    matches!(column.data_type, DataType::String { .. })
}

/// What is personal in a column or inside it.
fn personal_in(
    words: &[String],
    column: &Column,
    profile: &Profile,
    nested: &[(Column, &Profile)],
) -> Option<String> {
    let kind = personal(words, profile, column.data_type).map(str::to_owned);
    kind.or_else(|| {
        nested.iter().find_map(|(field, profile)| {
            personal_inside(field, profile).map(|kind| format!("{kind} in {}", field.name))
        })
    })
}

/// What a field inside an object holds that is personal. Whose name a `name` is, the object tells.
fn personal_inside(field: &Column, profile: &Profile) -> Option<&'static str> {
    let own = personal(&words(&field.field), profile, field.data_type);
    own.or_else(|| {
        let parent = field.name.rsplit('.').nth(1).filter(|_| field.field == "name")?;
        personal(&words(&format!("{parent}_name")), profile, field.data_type)
    })
}

/// What may be part of the key, or tell the time: columns, and fields inside objects that are not
/// held back.
fn candidates<'a>(reads: &[Read<'a>], records: u64) -> (Vec<Candidate<'a>>, Vec<Candidate<'a>>) {
    let candidate = |column: &Column, profile: &'a Profile, is_personal: bool| Candidate {
        name: column.name.clone(),
        words: words(&column.field),
        data_type: column.data_type,
        required: profile.values == records,
        is_personal,
        profile,
    };
    let columns =
        reads.iter().map(|read| candidate(&read.column, read.profile, read.personal.is_some()));
    let nested = reads.iter().filter(|read| read.personal.is_none()).flat_map(|read| {
        read.nested.iter().map(|(field, profile)| candidate(field, profile, false))
    });
    (columns.collect(), nested.collect())
}
