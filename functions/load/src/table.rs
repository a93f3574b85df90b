//! The tables files are copied into, and which file belongs to which.

use contract::Dataset;

/// A table that COPY fills, in the order in which tables are filled: the ledger last, so that the
/// audit does not find an entry before its rows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Table {
    /// `staging.<dataset>`: accepted rows.
    Rows,
    /// `staging.<aggregate>`.
    Aggregate(String),
    /// `ops.ledger`.
    Ledger,
}

impl Table {
    /// The table for the file at this key; `None` for a file that no table takes.
    ///
    /// - `processed/.../final_<id>.parquet`: the dataset's rows
    /// - `processed/.../<aggregate>_<id>.parquet`: that aggregate
    /// - `ledger/.../ledger_<id>.json`: the ledger
    pub fn of_key(key: &str, dataset: &Dataset) -> Option<Self> {
        let (zone, path) = key.split_once('/')?;
        let name = path.rsplit('/').next()?;
        match zone {
            "processed" => {
                let kind = file_kind(name, ".parquet")?;
                let aggregate = || dataset.aggregates.iter().find(|one| one.name == kind);
                match kind {
                    "final" => Some(Self::Rows),
                    _ => aggregate().map(|one| Self::Aggregate(one.name.clone())),
                }
            }
            "ledger" => (file_kind(name, ".json")? == "ledger").then_some(Self::Ledger),
            _ => None,
        }
    }

    /// Schema and name: `staging.orders`.
    pub fn qualified_name(&self, dataset: &Dataset) -> String {
        match self {
            Self::Rows => format!("staging.{}", dataset.name),
            Self::Aggregate(name) => format!("staging.{name}"),
            Self::Ledger => "ops.ledger".to_owned(),
        }
    }
}

/// What stands before `_<id><ending>`, the id being 16 hexadecimal digits.
fn file_kind<'a>(name: &'a str, ending: &str) -> Option<&'a str> {
    let (kind, id) = name.strip_suffix(ending)?.rsplit_once('_')?;
    let is_id = id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_id.then_some(kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_tells_the_table() {
        let orders = datasets::load("orders").unwrap();
        let hourly = || Some(Table::Aggregate("orders_hourly".to_owned()));
        for (key, table) in [
            (
                "processed/year=2026/month=11/day=22/final_0123456789abcdef.parquet",
                Some(Table::Rows),
            ),
            (
                "processed/year=2026/month=11/day=22/orders_hourly_0123456789abcdef.parquet",
                hourly(),
            ),
            ("ledger/year=2026/month=11/day=22/ledger_0123456789abcdef.json", Some(Table::Ledger)),
            ("processed/final_0123456789abcdef.parquet", Some(Table::Rows)),
            ("processed/year=2026/final_0123456789abcde.parquet", None),
            ("processed/year=2026/final_0123456789abcdeg.parquet", None),
            ("processed/year=2026/other_0123456789abcdef.parquet", None),
            ("processed/year=2026/final_0123456789abcdef.json", None),
            ("processing/year=2026/processed_0123456789abcdef.parquet", None),
            ("ledger/year=2026/final_0123456789abcdef.json", None),
            ("landing/final_0123456789abcdef.parquet", None),
            ("final_0123456789abcdef.parquet", None),
            ("", None),
        ] {
            assert_eq!(Table::of_key(key, &orders), table, "{key}");
        }
    }
}
