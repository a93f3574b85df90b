//! The records that are sent, the keys by which they are found again, and what removes them.

use std::collections::BTreeMap;

use contract::{DataType, Dataset};
use serde_json::value::RawValue;

use super::Error;
use crate::generate;
use crate::trace::{Key, key_of};

/// How many records a test sends.
const COUNT: usize = 10;

/// Records of keys that nobody else uses.
pub(super) struct Records {
    /// JSON lines with their newline.
    pub(super) lines: Vec<Vec<u8>>,
    /// The merge key of each.
    pub(super) keys: Vec<Key>,
    /// A delete of each, to be sent later than the records; none where the contract knows none.
    pub(super) deletes: Option<Vec<Vec<u8>>>,
}

/// The fields of a record, with their values as they were written.
type Fields = BTreeMap<String, Box<RawValue>>;

impl Records {
    /// Makes records that no other test makes.
    pub(super) fn new(dataset: &Dataset) -> Result<Self, Error> {
        let lines = generate::new_records(dataset, COUNT, rand::random())?;
        let records: Vec<Fields> = lines
            .iter()
            .map(|line| serde_json::from_slice(line).map_err(Error::Record))
            .collect::<Result<_, _>>()?;
        let keys = records.iter().map(|record| key(dataset, record)).collect::<Result<_, _>>()?;
        let operation = dataset.operation.as_ref().and_then(|name| dataset.field(name));
        let deletes = operation.map(|column| {
            records.into_iter().map(|record| delete(record, &column.field)).collect()
        });
        Ok(Self { lines, keys, deletes: deletes.transpose()? })
    }
}

fn key(dataset: &Dataset, record: &Fields) -> Result<Key, Error> {
    let value = |name: &String| {
        let unusable = || Error::Key { dataset: dataset.name.clone(), column: name.clone() };
        let column = dataset.columns.iter().find(|column| column.name == *name);
        let column = column.ok_or_else(unusable)?;
        let written = record.get(&column.field).ok_or_else(unusable)?.get();
        let value = match column.data_type {
            DataType::String { .. } => serde_json::from_str(written).map_err(|_| unusable())?,
            DataType::Integer => written.to_owned(),
            _ => return Err(unusable()),
        };
        Ok((name.clone(), value))
    };
    let values: Vec<_> = dataset.dedupe.key.iter().map(value).collect::<Result<_, Error>>()?;
    key_of(dataset, &values).map_err(|_| Error::Key {
        dataset: dataset.name.clone(),
        column: dataset.dedupe.key.join(", "),
    })
}

/// The same record as a delete. It is the newer of the two because it lands later.
fn delete(mut record: Fields, operation: &str) -> Result<Vec<u8>, Error> {
    let is_delete = RawValue::from_string("\"D\"".to_owned()).map_err(Error::Record)?;
    record.insert(operation.to_owned(), is_delete);
    let mut line = serde_json::to_vec(&record).map_err(Error::Record)?;
    line.push(b'\n');
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use std::collections::BTreeSet;

    fn parsed(lines: &[Vec<u8>]) -> Vec<Value> {
        lines.iter().map(|line| serde_json::from_slice(line).unwrap()).collect()
    }

    #[test]
    fn records_have_keys_of_their_own_in_every_dataset() {
        for name in datasets::names() {
            let dataset = datasets::load(name).unwrap();
            let (some, others) = (Records::new(&dataset).unwrap(), Records::new(&dataset).unwrap());
            let keys: BTreeSet<String> =
                [&some, &others].iter().flat_map(|it| &it.keys).map(Key::to_string).collect();
            assert_eq!(keys.len(), 2 * COUNT, "{name}: {keys:?}");
        }
    }

    #[test]
    fn a_delete_is_its_record_but_for_the_operation() {
        let orders = Records::new(&datasets::load("orders").unwrap()).unwrap();
        let deletes = parsed(&orders.deletes.unwrap());
        for ((mut record, delete), key) in
            parsed(&orders.lines).into_iter().zip(deletes).zip(orders.keys)
        {
            assert_eq!(
                key.0,
                [("order_id".to_owned(), record["order_id"].as_str().unwrap().into())]
            );
            assert_ne!(record["op"], "D");
            record["op"] = "D".into();
            assert_eq!(record, delete);
        }
        let rides = Records::new(&datasets::load("rides").unwrap()).unwrap();
        assert!(rides.deletes.is_none(), "rides are never deleted");
        assert!(rides.keys[0].to_string().starts_with("city "));
    }

    #[test]
    fn a_key_that_cannot_be_found_again_is_refused_by_name() {
        let mut dataset = datasets::load("orders").unwrap();
        dataset.dedupe.key = vec!["order_timestamp".to_owned()];
        let error = Records::new(&dataset).err().unwrap().to_string();
        assert!(error.contains("order_timestamp"), "{error}");
    }
}
