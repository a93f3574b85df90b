//! Result sets and the rows in them.

use serde::Deserialize;

use crate::error::Error;

/// The body of a finished statement's answer. Partitions after the first have `data` only.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ResultSet {
    pub(crate) code: Option<String>,
    pub(crate) statement_handle: Option<String>,
    #[serde(default)]
    pub(crate) statement_handles: Vec<String>,
    #[serde(default)]
    pub(crate) data: Vec<Vec<Option<String>>>,
    pub(crate) result_set_meta_data: Option<MetaData>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MetaData {
    row_type: Vec<Column>,
    #[serde(default)]
    partition_info: Vec<serde::de::IgnoredAny>,
}

#[derive(Debug, Deserialize)]
struct Column {
    name: String,
}

/// The whole result of one statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rows {
    handle: String,
    columns: Vec<String>,
    data: Vec<Vec<Option<String>>>,
}

impl Rows {
    /// Takes the first partition; the others are appended.
    pub(crate) fn new(result: ResultSet, handle: String) -> Self {
        let columns = result.result_set_meta_data.map_or_else(Vec::new, |meta| {
            meta.row_type.into_iter().map(|column| column.name).collect()
        });
        Self { handle, columns, data: result.data }
    }

    pub(crate) fn append(&mut self, partition: ResultSet) {
        self.data.extend(partition.data);
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.data.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.data.is_empty()
    }

    /// Handle of the statement, by which Snowflake's query history knows it.
    pub fn handle(&self) -> &str {
        &self.handle
    }

    /// Whether the result has a column of this name, in any case.
    pub fn has_column(&self, name: &str) -> bool {
        self.columns.iter().any(|column| column.eq_ignore_ascii_case(name))
    }

    /// The rows, in the order of the result.
    pub fn iter(&self) -> impl Iterator<Item = Row<'_>> {
        self.data.iter().map(|values| Row { rows: self, values })
    }
}

impl MetaData {
    pub(crate) fn partitions(&self) -> usize {
        self.partition_info.len()
    }
}

/// One row; columns are found by name, in any case, for Snowflake turns unquoted names upper case.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    rows: &'a Rows,
    values: &'a [Option<String>],
}

impl<'a> Row<'a> {
    /// The value as Snowflake sent it; `None` is null.
    ///
    /// # Errors
    /// [`Error::Unexpected`] when the result has no such column.
    pub fn optional(&self, column: &str) -> Result<Option<&'a str>, Error> {
        let position = self.rows.columns.iter().position(|name| name.eq_ignore_ascii_case(column));
        let value = position.and_then(|position| self.values.get(position));
        value.map(Option::as_deref).ok_or_else(|| self.unexpected(format!("no column {column}")))
    }

    /// The value of a column that cannot be null.
    ///
    /// # Errors
    /// [`Error::Unexpected`] when there is no such column or the value is null.
    pub fn text(&self, column: &str) -> Result<&'a str, Error> {
        self.optional(column)?.ok_or_else(|| self.unexpected(format!("{column} is null")))
    }

    /// The value of a `NUMBER(n,0)` or `BOOLEAN` column that cannot be null, or of any other whose
    /// text is that of a `T`.
    ///
    /// # Errors
    /// [`Error::Unexpected`] when there is no such column, or the value is null or no `T`.
    pub fn parse<T: std::str::FromStr>(&self, column: &str) -> Result<T, Error> {
        let text = self.text(column)?;
        text.parse().map_err(|_| {
            let wanted = std::any::type_name::<T>();
            self.unexpected(format!("{column} is {text:?}, which is no {wanted}"))
        })
    }

    fn unexpected(&self, reason: String) -> Error {
        Error::Unexpected { handle: Some(self.rows.handle.clone()), reason, source: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_found_by_name_and_read_as_asked() {
        let body = json!({
            "resultSetMetaData": {"rowType": [{"name": "ID"}, {"name": "passed"}, {"name": "NOTE"}]},
            "data": [["12", "true", null]],
        });
        let rows = Rows::new(serde_json::from_value(body).unwrap(), "01b".to_owned());
        let row = rows.iter().next().unwrap();
        assert_eq!(row.parse::<u64>("id").unwrap(), 12);
        assert!(row.parse::<bool>("PASSED").unwrap());
        assert_eq!(row.optional("note").unwrap(), None);
        for (error, reason) in [
            (row.text("note").unwrap_err(), "note is null"),
            (row.text("other").unwrap_err(), "no column other"),
            (row.parse::<u8>("passed").unwrap_err(), "passed is \"true\", which is no u8"),
        ] {
            let expected = format!("unexpected answer from Snowflake (statement 01b): {reason}");
            assert_eq!(error.to_string(), expected);
        }
    }
}
