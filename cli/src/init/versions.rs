//! Which records are versions of one row, and which of them is the newest: the merge key and its
//! order, as the sample suggests them.

use contract::DataType;

use super::candidate::{Candidate, is_unique};

/// Columns that are tried together, at most.
const MOST_TRIED: usize = 12;

/// What was chosen, and how sure it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Choice {
    /// Names of the candidates.
    pub(crate) columns: Vec<String>,
    pub(crate) why: String,
    /// What a person has to decide, where the sample does not.
    pub(crate) decide: Option<String>,
}

impl Choice {
    fn new<'a>(
        chosen: impl IntoIterator<Item = &'a Candidate<'a>>,
        why: impl Into<String>,
    ) -> Self {
        let columns = chosen.into_iter().map(|candidate| candidate.name.clone()).collect();
        Self { columns, why: why.into(), decide: None }
    }

    fn decide(mut self, decide: impl Into<String>) -> Self {
        self.decide = Some(decide.into());
        self
    }
}

/// Chooses the key among the columns of the table and, where none of those will do, among the
/// fields inside objects. `time` is what tells the time of a record.
pub(crate) fn key(
    dataset: &str,
    columns: &[Candidate<'_>],
    nested: &[Candidate<'_>],
    time: Option<&str>,
) -> Choice {
    let usable = |candidate: &&Candidate<'_>| candidate.required && candidate.is_key_type();
    let own: Vec<&Candidate<'_>> = columns.iter().filter(usable).collect();
    let all: Vec<&Candidate<'_>> =
        own.iter().copied().chain(nested.iter().filter(usable)).collect();
    let timed = columns.iter().chain(nested).find(|candidate| Some(&candidate.name[..]) == time);
    let sure = identifying(dataset, &own, timed);
    let absent = columns.iter().find(|column| !column.required && column.is_own_id(dataset));
    let choice = sure
        .or_else(|| identifying(dataset, &all, timed))
        .or_else(|| coincidental(&own))
        .unwrap_or_else(|| plausible(columns));
    match absent {
        Some(id) => choice.decide(format!(
            "{0} is named as the identifier, but some records have none: were it `required: true`, those would be \
             rejected, and [{0}] could be the key",
            id.name
        )),
        None => choice,
    }
}

/// A key that its name and the sample speak for.
fn identifying(
    dataset: &str,
    columns: &[&Candidate<'_>],
    time: Option<&Candidate<'_>>,
) -> Option<Choice> {
    let ids = || columns.iter().copied().filter(|column| column.is_id());
    if let Some(id) = ids().filter(|id| id.is_own_id(dataset)).find(|id| id.is_unique()) {
        return Some(Choice::new([id], "unique in the sample, and named as the identifier"));
    }
    if let Some(id) = ids().find(|id| id.is_own_id(dataset)) {
        let why = "named as the identifier; records that repeat it are versions of one row";
        return Some(Choice::new([id], why));
    }
    if let Some(id) = ids().find(|id| id.is_unique() && !id.is_personal) {
        return Some(Choice::new([id], "unique in the sample"));
    }
    if let Some(pair) = pair(columns) {
        return Some(Choice::new(pair, "unique in the sample together, and none of them alone"));
    }
    if let Some(number) =
        columns.iter().find(|column| column.is_numbering() && column.is_about(dataset))
    {
        let name = &number.name;
        let why = "named as the number of what the dataset is about; records that repeat it are versions of one row";
        return Some(Choice::new([*number], why).decide(format!(
            "the key is [{name}]: does it need another column, within which it is counted?"
        )));
    }
    let id = ids().find(|id| !id.is_personal)?;
    if let Some(time) = time
        && is_unique(&[id, time])
    {
        let (id_name, time_name) = (&id.name, &time.name);
        return Some(
            Choice::new([id, time], format!("{id_name} repeats, but never at the same {time_name}"))
                .decide(format!(
                    "the key is [{id_name}, {time_name}]: one row a record; with [{id_name}] alone only the newest \
                     record of each {id_name} is kept"
                )),
        );
    }
    let why = "required and named as an identifier; records that repeat it are versions of one row";
    Some(Choice::new([id], why).decide(format!(
        "the key is [{}]: of the records that have the same one only the newest is kept",
        id.name
    )))
}

/// Two columns that are unique together: identifiers or numbers, or one of these and one of few
/// values.
fn pair<'a>(columns: &[&'a Candidate<'a>]) -> Option<[&'a Candidate<'a>; 2]> {
    let fits = |column: &&Candidate<'_>| {
        !column.is_personal && (column.is_numbering() || column.has_few_values())
    };
    let tried: Vec<&'a Candidate<'a>> =
        columns.iter().copied().filter(fits).take(MOST_TRIED).collect();
    let pairs = tried
        .iter()
        .enumerate()
        .flat_map(|(at, first)| tried[at + 1..].iter().map(move |second| [*first, *second]));
    pairs
        .filter(|[first, second]| first.is_numbering() || second.is_numbering())
        .find(|pair| is_unique(pair))
}

/// A column, or two, that are unique in the sample, though nothing in their names says so.
fn coincidental(columns: &[&Candidate<'_>]) -> Option<Choice> {
    let unique = || columns.iter().copied().filter(|column| column.is_unique());
    let alone = unique().find(|column| !column.is_personal).or_else(|| unique().next())?;
    let name = &alone.name;
    Some(
        Choice::new([alone], "unique in the sample, though its name is not that of an identifier")
            .decide(format!(
                "the key is [{name}], which is unique in the sample: is it in all data?"
            )),
    )
}

/// A key that is legal and loses nothing: rows that are equal in all of these are one row. Where no
/// column has a value in every record, none is legal.
fn plausible(columns: &[Candidate<'_>]) -> Choice {
    let comparable = |candidate: &&Candidate<'_>| {
        !candidate.data_type.is_json() && candidate.data_type != DataType::Double
    };
    let required = || columns.iter().filter(comparable).filter(|column| column.required);
    let mut chosen: Vec<&Candidate<'_>> = required().filter(|column| !column.is_personal).collect();
    if chosen.is_empty() {
        chosen = required().collect();
    }
    if !chosen.is_empty() {
        let why = "what always has a value and is not personal: only records equal in all of it are one row";
        return Choice::new(chosen, why).decide(
            "no column looks like an identifier: which columns tell one row from another?",
        );
    }
    let most = columns.iter().filter(comparable).max_by_key(|column| column.profile.values);
    Choice::new(most, "the column that has a value most often").decide(
        "no column has a value in every record, so there is no legal key: `snowline check` fails until one is `required: true`",
    )
}

/// Chooses what tells the time of a record: a required timestamp, preferably one that says when the
/// record changed.
pub(crate) fn time<'c, 'a>(
    columns: &'c [Candidate<'a>],
    nested: &'c [Candidate<'a>],
) -> Option<&'c Candidate<'a>> {
    let best = |list: &'c [Candidate<'a>]| {
        let times =
            list.iter().filter(|column| column.required && column.data_type == DataType::Timestamp);
        // The first of the best: `max_by_key` would take the last.
        times.rev().max_by_key(|column| time_rank(&column.words))
    };
    best(columns).or_else(|| best(nested))
}

fn time_rank(words: &[String]) -> u8 {
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    if has(&["expires", "expiry", "until", "end", "birth", "scheduled", "due", "valid"]) {
        0
    } else if has(&["updated", "modified", "changed"]) {
        4
    } else if has(&["event", "occurred", "happened"]) {
        3
    } else if has(&["timestamp", "ts", "time", "recorded", "measured"]) {
        2
    } else {
        1
    }
}

/// Chooses what makes one version of a row newer than another.
pub(crate) fn order(
    columns: &[Candidate<'_>],
    time: Option<&Candidate<'_>>,
    key: &Choice,
) -> Choice {
    if let Some(time) = time {
        return Choice::new([time], "the time of a record");
    }
    let counts = |column: &&Candidate<'_>| {
        let words = ["version", "revision", "seq", "sequence", "offset", "lsn"];
        column.data_type == DataType::Integer && words.contains(&column.last_word())
    };
    let required = || columns.iter().filter(|column| column.required);
    if let Some(counter) = required().find(counts) {
        return Choice::new([counter], "a number that grows with each version, by its name");
    }
    if let Some(date) = required().find(|column| column.data_type == DataType::Date) {
        return Choice::new([date], "the only date that every record has")
            .decide("there is no time in every record; of two versions of one day the one that landed last wins");
    }
    let columns = key.columns.first().cloned().into_iter().collect();
    Choice { columns, why: "equal in all versions, so that the one that landed last wins".to_owned(), decide: None }
        .decide("there is no time in every record: the version that landed last wins, and there is no freshness")
}

#[cfg(test)]
mod tests {
    use super::super::names::words;
    use super::super::profile::Profile;
    use super::*;

    const TEXT: DataType = DataType::String { max_chars: None };

    fn column(name: &str, data_type: DataType, values: &[&str]) -> (String, DataType, Profile) {
        let mut profile = Profile::default();
        values.iter().for_each(|value| profile.text(value));
        (name.to_owned(), data_type, profile)
    }

    fn candidates<'a>(
        columns: &'a [(String, DataType, Profile)],
        records: u64,
    ) -> Vec<Candidate<'a>> {
        let candidate = |(name, data_type, profile): &'a (String, DataType, Profile)| Candidate {
            name: name.clone(),
            words: words(name),
            data_type: *data_type,
            required: profile.values == records,
            is_personal: name == "email",
            profile,
        };
        columns.iter().map(candidate).collect()
    }

    fn chosen(dataset: &str, columns: &[(String, DataType, Profile)]) -> (String, String) {
        let records = columns.iter().map(|(.., profile)| profile.values).max().unwrap();
        let columns = candidates(columns, records);
        let time = time(&columns, &[]);
        let key = key(dataset, &columns, &[], time.map(|time| time.name.as_str()));
        let order = order(&columns, time, &key);
        (key.columns.join("+"), order.columns.join("+"))
    }

    #[test]
    fn keys_and_orders() {
        let times = || column("updated_at", DataType::Timestamp, &["1", "2", "3", "4"]);
        let created = || column("created_at", DataType::Timestamp, &["1", "1", "3", "4"]);
        let some = column("gone_at", DataType::Timestamp, &["1", "2"]);
        let ids = |name: &str| column(name, TEXT, &["a", "b", "c", "d"]);
        let repeated = |name: &str| column(name, TEXT, &["a", "a", "b", "b"]);
        let steps = |name: &str| column(name, DataType::Integer, &["1", "2", "1", "2"]);
        for (dataset, columns, key, order) in [
            (
                "orders",
                vec![times(), ids("customer_id"), ids("order_id")],
                "order_id",
                "updated_at",
            ),
            ("orders", vec![created(), times(), ids("id")], "id", "updated_at"),
            ("orders", vec![some, created(), ids("id")], "id", "created_at"),
            ("orders", vec![times(), repeated("order_id")], "order_id", "updated_at"),
            ("logins", vec![times(), ids("email"), ids("session_id")], "session_id", "updated_at"),
            (
                "trips",
                vec![times(), repeated("fleet_id"), steps("trip_no")],
                "fleet_id+trip_no",
                "updated_at",
            ),
            (
                "readings",
                vec![times(), repeated("device_id")],
                "device_id+updated_at",
                "updated_at",
            ),
            (
                "readings",
                vec![
                    column("at", DataType::Timestamp, &["1", "1", "1", "1"]),
                    repeated("device_id"),
                ],
                "device_id",
                "at",
            ),
            ("items", vec![ids("label")], "label", "label"),
            ("items", vec![ids("id"), steps("version")], "id", "version"),
            (
                "items",
                vec![ids("id"), column("day", DataType::Date, &["1", "1", "2", "2"])],
                "id",
                "day",
            ),
            ("items", vec![repeated("a"), repeated("email"), repeated("b")], "a+b", "a"),
            (
                "items",
                vec![
                    column("a", TEXT, &["x", "y", "z"]),
                    column("b", DataType::Double, &["1", "2", "3", "4"]),
                ],
                "a",
                "a",
            ),
        ] {
            assert_eq!(
                chosen(dataset, &columns),
                (key.to_owned(), order.to_owned()),
                "{columns:?}"
            );
        }
    }

    #[test]
    fn an_identifier_that_some_records_lack_is_told() {
        let columns = [column("id", TEXT, &["a", "b"]), column("label", TEXT, &["x", "y", "z"])];
        let key = key("items", &candidates(&columns, 3), &[], None);
        assert_eq!(key.columns, ["label"]);
        assert!(key.decide.unwrap().starts_with("id is named as the identifier"));
    }

    #[test]
    fn few_values_and_a_number_make_a_key() {
        let cities: Vec<&str> = ["x", "y"].repeat(20);
        let numbers: Vec<String> = (0..40).map(|number| (number / 2).to_string()).collect();
        let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
        let columns =
            [column("city", TEXT, &cities), column("ride_number", DataType::Integer, &numbers)];
        assert_eq!(chosen("rides", &columns).0, "city+ride_number");
    }

    #[test]
    fn without_a_column_that_always_has_a_value_there_is_no_legal_key() {
        let columns = [column("a", TEXT, &["1"])];
        let candidates = candidates(&columns, 2);
        let key = key("items", &candidates, &[], None);
        assert_eq!(key.columns, ["a"]);
        assert!(key.decide.unwrap().contains("no legal key"));
    }
}
