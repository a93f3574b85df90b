//! The columns of the files and tables that follow from a dataset.

use serde::Serialize;

use crate::{Aggregate, Column, DataType, Dataset, Derived, Function, UnknownFields};

/// A column of a file or table the pipeline writes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OutputColumn {
    /// Name, lower case.
    pub name: String,
    /// Type of its values.
    pub data_type: DataType,
    /// Whether a value may be null.
    pub nullable: bool,
    /// One sentence for readers.
    pub description: Option<String>,
}

/// Name of the JSON column that holds unknown fields when they are kept.
pub const EXTRA_COLUMN: &str = "_extra";

const SOURCE_REGION: &str = "_source_region";

impl Dataset {
    /// The column of this name, if the record has it.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The columns of `processing/` files, in file order: the record's columns, `_extra` if
    /// unknown fields are kept, then the lineage columns.
    pub fn processing_columns(&self) -> Vec<OutputColumn> {
        self.columns
            .iter()
            .map(Column::output)
            .chain(self.extra_column())
            .chain(lineage_columns(true))
            .collect()
    }

    /// The columns of `processed/` files and of the staging table, in file order: the record's
    /// columns without the restricted ones, the derived columns, `_extra` if unknown fields are
    /// kept, then the lineage columns.
    pub fn processed_columns(&self) -> Vec<OutputColumn> {
        self.columns
            .iter()
            .filter(|column| !column.restricted)
            .map(Column::output)
            .chain(self.derived.iter().map(|derived| self.derived_output(derived)))
            .chain(self.extra_column())
            .chain(lineage_columns(true))
            .collect()
    }

    /// The columns of an aggregate's files and of its staging table, in file order: group
    /// columns, measures, then the lineage columns without `_source_line`.
    pub fn aggregate_columns(&self, aggregate: &Aggregate) -> Vec<OutputColumn> {
        let processed = self.processed_columns();
        let groups = aggregate
            .group_by
            .iter()
            .filter_map(|name| processed.iter().find(|column| &column.name == name).cloned());
        let measures = aggregate.measures.iter().map(|measure| OutputColumn {
            name: measure.name.clone(),
            data_type: measure.data_type,
            nullable: measure.function != Function::Count,
            description: None,
        });
        groups.chain(measures).chain(lineage_columns(false)).collect()
    }

    fn derived_output(&self, derived: &Derived) -> OutputColumn {
        OutputColumn {
            name: derived.name.clone(),
            data_type: derived.derivation.data_type(),
            nullable: derived.is_nullable(&self.columns, &self.nested),
            description: derived.description.clone(),
        }
    }

    fn extra_column(&self) -> Option<OutputColumn> {
        (self.unknown_fields == UnknownFields::Keep).then(|| OutputColumn {
            name: EXTRA_COLUMN.to_owned(),
            data_type: DataType::String { max_chars: None },
            nullable: true,
            description: Some("fields the contract does not name, as a JSON object".to_owned()),
        })
    }
}

impl Derived {
    /// Whether a row may lack what it is computed from: the field, or an object around it.
    pub(crate) fn is_nullable(&self, columns: &[Column], nested: &[Column]) -> bool {
        let Some(source) = self.derivation.source() else { return false };
        let is_around = |field: &Column| {
            source
                .strip_prefix(&field.name)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        columns.iter().chain(nested).any(|field| is_around(field) && !field.required)
    }
}

impl Column {
    fn output(&self) -> OutputColumn {
        OutputColumn {
            name: self.name.clone(),
            data_type: self.data_type,
            nullable: !self.required,
            description: self.description.clone(),
        }
    }
}

/// The columns that lead from a row back to the line it came from.
fn lineage_columns(with_line: bool) -> impl Iterator<Item = OutputColumn> {
    let text = DataType::String { max_chars: None };
    [
        ("_source_object", text, "landing object, as s3://bucket/key"),
        (
            "_source_line",
            DataType::Integer,
            "line in the decompressed object, from 1; \
             a record behind another on one line counts as a line",
        ),
        ("_landed_at", DataType::Timestamp, "LastModified of the landing object, UTC"),
        ("_contract_version", text, "version of the contract the row was validated against"),
        (
            SOURCE_REGION,
            text,
            "AWS region of the landing object; null in rows older than the column",
        ),
    ]
    .into_iter()
    .filter(move |(name, ..)| with_line || *name != "_source_line")
    .map(|(name, data_type, description)| OutputColumn {
        name: name.to_owned(),
        data_type,
        // Tables gain a column without a hand only when it may be null.
        nullable: name == SOURCE_REGION,
        description: Some(description.to_owned()),
    })
}
