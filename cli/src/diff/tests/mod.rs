//! Every kind of change, made to the contracts of this build.

use std::collections::BTreeSet;

use contract::*;
use serde_json::Value;

use super::change::Class::{self, Additive, Breaking, Neutral};
use super::dataset::changes;

mod orders;
mod rides;

/// What is done to a dataset, and the change that must be told: its class, place and words.
type Mutation = (fn(&mut Dataset), Class, &'static str, &'static str);

fn column<'d>(dataset: &'d mut Dataset, name: &str) -> &'d mut Column {
    let mut fields = dataset.columns.iter_mut().chain(&mut dataset.nested);
    fields.find(|column| column.name == name).unwrap()
}

fn derived<'d>(dataset: &'d mut Dataset, name: &str) -> &'d mut Derived {
    dataset.derived.iter_mut().find(|derived| derived.name == name).unwrap()
}

fn check<'d>(dataset: &'d mut Dataset, id: &str) -> &'d mut Check {
    dataset.checks.iter_mut().find(|check| check.id == id).unwrap()
}

fn number(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn values(column: &mut Column) -> &mut Vec<String> {
    column
        .rules
        .iter_mut()
        .find_map(|rule| match rule {
            Rule::OneOf { values } => Some(values),
            _ => None,
        })
        .unwrap()
}

fn mutations() -> impl Iterator<Item = (Dataset, Mutation)> {
    let of = |name: &str| datasets::load(name).unwrap();
    let (orders, rides) = (of("orders"), of("rides"));
    let of_rides =
        rides::RIDES.into_iter().chain(rides::RETENTIONS).map(move |one| (rides.clone(), one));
    orders::ORDERS.into_iter().map(move |one| (orders.clone(), one)).chain(of_rides)
}

#[test]
fn every_kind_of_change_is_told_and_classified() {
    for (old, (mutate, class, place, phrase)) in mutations() {
        let mut new = old.clone();
        mutate(&mut new);
        let found = changes(&old, &new);
        let told =
            found.iter().find(|change| change.place == place && change.change.contains(phrase));
        let told = told.unwrap_or_else(|| panic!("{place}: {phrase}: {found:#?}"));
        assert_eq!(told.class, class, "{told:?}");
        assert!(!told.effect.is_empty());
        assert!(found.is_sorted_by_key(|change| change.class));
        assert_eq!(changes(&new, &new), []);
    }
}

#[test]
fn a_version_that_stays_is_told() {
    let old = datasets::load("orders").unwrap();
    let mut new = old.clone();
    new.columns.pop();
    assert!(changes(&old, &new).iter().any(|change| change.change.contains("still 1.0.0")));
    new.version = "2.0.0".into();
    assert!(!changes(&old, &new).iter().any(|change| change.change.contains("still")));
}

/// A field of the model that no mutation above changes is one whose comparison nothing proves.
#[test]
fn the_mutations_reach_every_field_of_the_model() {
    let (mut all, mut changed) = (BTreeSet::new(), BTreeSet::new());
    for (old, (mutate, ..)) in mutations() {
        let mut new = old.clone();
        mutate(&mut new);
        let [old, new] = [old, new].map(|dataset| serde_json::to_value(dataset).unwrap());
        fields(&old, "", &mut all);
        differences(&old, &new, "", &mut changed);
    }
    let missed: Vec<_> = all.difference(&changed).collect();
    assert!(missed.is_empty(), "{missed:#?}");
}

/// The paths of all fields, without positions in lists.
fn fields(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let path = format!("{path}.{name}");
                fields(value, &path, found);
                found.insert(path);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| fields(item, path, found)),
        _ => {}
    }
}

/// The paths of the fields that differ, and of those around them. A value that is there on one side
/// alone differs in all of its fields.
fn differences(old: &Value, new: &Value, path: &str, found: &mut BTreeSet<String>) {
    if old == new {
        return;
    }
    found.insert(path.to_owned());
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => {
            for name in old.keys().chain(new.keys()) {
                let of = |members: &serde_json::Map<String, Value>| {
                    members.get(name).cloned().unwrap_or_default()
                };
                differences(&of(old), &of(new), &format!("{path}.{name}"), found);
            }
        }
        (Value::Array(old), Value::Array(new)) => {
            for at in 0..old.len().max(new.len()) {
                let of = |items: &[Value]| items.get(at).cloned().unwrap_or_default();
                differences(&of(old), &of(new), path, found);
            }
        }
        (old, new) => [old, new].into_iter().for_each(|side| fields(side, path, found)),
    }
}
