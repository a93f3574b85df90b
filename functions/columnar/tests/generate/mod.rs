//! Texts of records near the contract of the oracle: what producers write, and what goes wrong
//! with it on the way.

mod values;

use std::fmt;
use std::sync::LazyLock;

use ::contract::Column;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::oracle;
use values::{any_json, near, plain, valid};

static COLUMNS: LazyLock<Vec<Column>> = LazyLock::new(|| oracle::contract::dataset().columns);
/// Fields no column names.
const UNKNOWN: [&str; 2] = ["x", "täg"];

/// The name of a field by its number: the columns come first.
fn name(field: usize) -> &'static str {
    COLUMNS.get(field).map_or_else(|| UNKNOWN[field - COLUMNS.len()], |column| &column.field)
}

/// An input of [`crate::oracle::check`]; shown so that `printf` makes a corpus file of it.
#[derive(Clone)]
pub(crate) struct Input(pub(crate) Vec<u8>);

impl fmt::Debug for Input {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "b\"{}\"", self.0.escape_ascii())
    }
}

/// A control byte and one text, or several with NUL between them.
pub(crate) fn input() -> impl Strategy<Value = Input> {
    (any::<u8>(), proptest::collection::vec(text(), 1..4)).prop_map(|(control, texts)| {
        let mut input = vec![control];
        input.extend(texts.join(&0));
        Input(input)
    })
}

/// How a producer writes its records: the fields it has, their order, and the white space.
#[derive(Debug, Clone)]
struct Habit {
    fields: Vec<usize>,
    comma: &'static str,
    colon: &'static str,
    padding: &'static str,
    escapes_names: bool,
}

fn habit() -> impl Strategy<Value = Habit> {
    let all: Vec<usize> = (0..COLUMNS.len() + UNKNOWN.len()).collect();
    let fields = prop_oneof![
        1 => Just(all.clone()),
        1 => Just(all.clone()).prop_shuffle(),
        2 => prop::sample::subsequence(all, 1..8).prop_shuffle(),
    ];
    let spacing = prop_oneof![
        4 => Just((",", ":", "")),
        3 => Just((", ", ": ", "")),
        1 => Just((" ,\t", " :\r ", " ")),
        1 => Just((",", ": ", "\t")),
    ];
    (fields, spacing, prop::bool::weighted(0.05)).prop_map(
        |(mut fields, (comma, colon, padding), escapes_names)| {
            let required = (0..COLUMNS.len()).filter(|column| COLUMNS[*column].required);
            for column in required {
                if !fields.contains(&column) {
                    fields.push(column);
                }
            }
            Habit { fields, comma, colon, padding, escapes_names }
        },
    )
}

/// The content of a record: a value for each field that it has, members out of the ordinary, and
/// members that trade places.
#[derive(Debug, Clone)]
struct Content {
    values: Vec<Option<String>>,
    others: Vec<(Index, String, String)>,
    trades: Vec<(Index, Index)>,
}

/// Most records obey the contract.
fn content() -> impl Strategy<Value = Content> {
    prop_oneof![3 => content_of(valid), 1 => content_of(near)]
}

fn content_of(value: fn(&Column) -> BoxedStrategy<String>) -> impl Strategy<Value = Content> {
    let unknown = || prop_oneof![5 => plain(), 1 => any_json()].boxed();
    let values: Vec<_> = COLUMNS
        .iter()
        .map(value)
        .chain(UNKNOWN.map(|_| unknown()))
        .map(|value| prop_oneof![20 => value.prop_map(Some), 1 => Just(None)])
        .collect();
    let strange = vec!["", "k", "key\\u0020", "k\\u0065y", "keys", "note\\n"];
    let names: Vec<&str> = (0..COLUMNS.len() + UNKNOWN.len()).map(name).collect();
    let name = prop_oneof![prop::sample::select(strange), prop::sample::select(names)];
    let other = (any::<Index>(), name.prop_map(str::to_owned), any_json());
    (
        values,
        rarely(prop::collection::vec(other, 1..3)),
        rarely(prop::collection::vec(any::<(Index, Index)>(), 1..3)),
    )
        .prop_map(|(values, others, trades)| Content { values, others, trades })
}

/// Nothing, nine times of ten.
fn rarely<T: fmt::Debug + Clone + Default>(
    strategy: impl Strategy<Value = T>,
) -> impl Strategy<Value = T> {
    prop_oneof![9 => Just(T::default()), 1 => strategy]
}

fn write(content: &Content, habit: &Habit) -> Vec<u8> {
    let mut members: Vec<(String, &str)> = habit
        .fields
        .iter()
        .filter_map(|field| Some((name(*field).to_owned(), content.values[*field].as_deref()?)))
        .collect();
    for (place, name, value) in &content.others {
        members.insert(place.index(members.len() + 1), (name.clone(), value));
    }
    let count = members.len();
    for (one, other) in content.trades.iter().filter(|_| count > 0) {
        members.swap(one.index(count), other.index(count));
    }
    let members: Vec<String> = members
        .iter()
        .map(|(name, value)| match name.chars().next() {
            Some(first @ 'a'..='z') if habit.escapes_names => {
                format!("\"\\u{:04x}{}\"{}{value}", u32::from(first), &name[1..], habit.colon)
            }
            _ => format!("\"{name}\"{}{value}", habit.colon),
        })
        .collect();
    let padding = habit.padding;
    format!("{padding}{{{padding}{}{padding}}}{padding}", members.join(habit.comma)).into_bytes()
}

/// Records of one producer, with damage, line by line.
fn text() -> impl Strategy<Value = Vec<u8>> {
    let line_end = prop_oneof![Just("\n"), Just("\r\n")];
    (habit(), habit(), prop::collection::vec(line(), 0..10), line_end, any::<bool>()).prop_map(
        |(habit, other_habit, lines, line_end, ends)| {
            let mut text = Vec::new();
            for (at, line) in lines.iter().enumerate() {
                let end = if at + 1 < lines.len() || ends { line_end } else { "" };
                text.extend(line.write(&habit, &other_habit));
                text.extend(end.as_bytes());
            }
            text
        },
    )
}

/// What stands on a line.
#[derive(Debug, Clone)]
struct Line {
    records: Vec<(Content, bool)>,
    between: &'static [u8],
    damage: Vec<(Index, Damage)>,
}

#[derive(Debug, Clone)]
enum Damage {
    Replace(u8),
    Insert(u8),
    Remove(usize),
    /// What stands between two of the bytes that structure a record, or before one.
    Cut(Option<Index>),
    Truncate,
}

fn line() -> impl Strategy<Value = Line> {
    let record = (content(), prop::bool::weighted(0.1)).boxed();
    let records = prop_oneof![
        1 => prop::collection::vec(record.clone(), 0..4),
        9 => prop::collection::vec(record, 1),
    ];
    let between = prop_oneof![
        3 => Just(&b""[..]),
        1 => prop::sample::select(vec![&b" "[..], b"\t\r", b",", b"x", b"}", b"{", b"\xff"]),
    ];
    let byte = prop_oneof![
        prop::sample::select(b"{}[]\",:\\ 0-.eEtfnu\x1f\x80\xc3\xff".to_vec()),
        any::<u8>()
    ];
    let damage = prop_oneof![
        byte.clone().prop_map(Damage::Replace),
        byte.prop_map(Damage::Insert),
        (1..5_usize).prop_map(Damage::Remove),
        any::<Option<Index>>().prop_map(Damage::Cut),
        Just(Damage::Truncate),
    ];
    let damage = prop_oneof![
        4 => Just(Vec::new()),
        1 => prop::collection::vec((any::<Index>(), damage), 1..3),
    ];
    (records, between, damage).prop_map(|(records, between, damage)| Line {
        records,
        between,
        damage,
    })
}

impl Line {
    fn write(&self, habit: &Habit, other_habit: &Habit) -> Vec<u8> {
        let records: Vec<Vec<u8>> = self
            .records
            .iter()
            .map(|(content, strays)| write(content, if *strays { other_habit } else { habit }))
            .collect();
        let mut line = records.join(self.between);
        for (place, damage) in self.damage.iter().filter(|_| !self.records.is_empty()) {
            let at = place.index(line.len().max(1)).min(line.len());
            match damage {
                Damage::Replace(byte) => line[at..].iter_mut().take(1).for_each(|old| *old = *byte),
                Damage::Insert(byte) => line.insert(at, *byte),
                Damage::Remove(bytes) => drop(line.drain(at..(at + bytes).min(line.len()))),
                Damage::Cut(from) => {
                    let structure: Vec<usize> =
                        (0..line.len()).filter(|at| b"{}[],:\"".contains(&line[*at])).collect();
                    if structure.is_empty() {
                        continue;
                    }
                    let to = structure[place.index(structure.len())];
                    let from = from.map_or(0, |from| structure[from.index(structure.len())]);
                    drop(line.drain(from.min(to)..from.max(to)));
                }
                Damage::Truncate => line.truncate(at),
            }
        }
        line
    }
}
