//! The columns of a dataset, from the contract.

use contract::{DataType, Dataset, OutputColumn};
use serde::Serialize;

/// The fields of a dataset, in its order.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Schema {
    fields: Vec<Field>,
}

#[derive(Debug, Clone, Serialize)]
struct Field {
    name: String,
    #[serde(rename = "type")]
    data_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    /// From 1; fields inside an object have no order.
    #[serde(skip_serializing_if = "Option::is_none")]
    ordinal_position: Option<usize>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fields: Vec<Field>,
}

impl Schema {
    /// Of records as they are delivered: names as producers write them.
    pub(crate) fn landing(dataset: &Dataset) -> Self {
        let fields = dataset.columns.iter().map(|column| Field {
            name: column.field.clone(),
            data_type: record_type(column.data_type),
            description: column.description.clone(),
            ordinal_position: None,
            fields: nested(dataset, &column.name),
        });
        Self::numbered(fields.collect())
    }

    /// Of Parquet files.
    pub(crate) fn files(dataset: &Dataset, columns: &[OutputColumn]) -> Self {
        let fields = columns.iter().map(|column| Field {
            name: column.name.clone(),
            data_type: column.data_type.column_type(),
            description: column.description.clone(),
            ordinal_position: None,
            fields: nested(dataset, &column.name),
        });
        Self::numbered(fields.collect())
    }

    /// Of a table of staging, whose columns are those of the files and when they were loaded.
    pub(crate) fn staging(dataset: &Dataset, columns: &[OutputColumn]) -> Self {
        let loaded_at = moment("_loaded_at", "when COPY began to read the file, UTC");
        Self::table(Self::files(dataset, columns), loaded_at)
    }

    /// Of the table of analytics.
    pub(crate) fn analytics(dataset: &Dataset) -> Self {
        let columns = dataset.processed_columns();
        let mut schema = Self::files(dataset, &columns);
        for (field, column) in schema.fields.iter_mut().zip(&columns) {
            field.data_type = column.data_type.analytics_type();
        }
        Self::table(schema, moment("_merged_at", "when this version was merged, UTC"))
    }

    fn table(mut self, last: Field) -> Self {
        self.fields.push(last);
        for field in &mut self.fields {
            field.name.make_ascii_uppercase();
        }
        Self::numbered(self.fields)
    }

    fn numbered(mut fields: Vec<Field>) -> Self {
        for (index, field) in fields.iter_mut().enumerate() {
            field.ordinal_position = Some(index + 1);
        }
        Self { fields }
    }
}

fn moment(name: &str, description: &str) -> Field {
    Field {
        name: name.to_owned(),
        data_type: DataType::Timestamp.column_type(),
        description: Some(description.to_owned()),
        ordinal_position: None,
        fields: Vec::new(),
    }
}

/// What the contract says of the fields inside an object, by the object's path.
fn nested(dataset: &Dataset, path: &str) -> Vec<Field> {
    let inside = |name: &str| {
        let rest = name.strip_prefix(path)?.strip_prefix('.')?;
        (!rest.contains('.')).then(|| rest.to_owned())
    };
    let fields = dataset.nested.iter().filter_map(|field| {
        Some(Field {
            name: inside(&field.name)?,
            data_type: record_type(field.data_type),
            description: field.description.clone(),
            ordinal_position: None,
            fields: nested(dataset, &field.name),
        })
    });
    fields.collect()
}

/// The type of a field of a record, where an object is one.
fn record_type(data_type: DataType) -> String {
    match data_type {
        DataType::Object => "object".to_owned(),
        DataType::Array => "array".to_owned(),
        other => other.column_type(),
    }
}
