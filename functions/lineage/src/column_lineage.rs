//! Which columns a column is made of, from the contract.
//!
//! A direct source gives a column its values; an indirect one decides which rows there are, and so
//! concerns the dataset as a whole. Columns that nothing of the input gives (counts, constants, the
//! columns that lead back to the landing object) are left out.

use std::collections::BTreeMap;

use contract::{Aggregate, Column, Dataset, Derivation, Function};
use serde::Serialize;

use crate::event::DatasetName;

#[derive(Debug, Clone, Serialize)]
pub(crate) struct ColumnLineage {
    fields: BTreeMap<String, Sources>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    dataset: Vec<InputField>,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct Sources {
    input_fields: Vec<InputField>,
}

#[derive(Debug, Clone, Serialize)]
struct InputField {
    #[serde(flatten)]
    dataset: DatasetName,
    field: String,
    transformations: Vec<Transformation>,
}

#[derive(Debug, Clone, Serialize)]
struct Transformation {
    #[serde(rename = "type")]
    kind: &'static str,
    subtype: &'static str,
    description: String,
    masking: bool,
}

impl Transformation {
    fn direct(subtype: &'static str, description: &str) -> Self {
        let description = description.to_owned();
        Self { kind: "DIRECT", subtype, description, masking: false }
    }

    fn identity() -> Self {
        Self::direct("IDENTITY", "")
    }

    fn indirect(subtype: &'static str, description: &str) -> Self {
        Self { kind: "INDIRECT", ..Self::direct(subtype, description) }
    }
}

/// The columns of one input.
struct Origin<'a> {
    dataset: &'a Dataset,
    name: &'a DatasetName,
}

impl Origin<'_> {
    fn field(&self, field: String, transformations: Vec<Transformation>) -> InputField {
        InputField { dataset: self.name.clone(), field, transformations }
    }

    /// The field of landing records that a column, or a path inside one, stands for.
    fn record_field(&self, path: &str) -> String {
        let (name, inside) = path.split_once('.').unwrap_or((path, ""));
        let field = self.dataset.column(name).map_or(name, |column| &column.field);
        if inside.is_empty() { field.to_owned() } else { format!("{field}.{inside}") }
    }

    /// Where a column of rows, or a derived one, comes from in landing.
    fn row_column(&self, name: &str) -> Option<InputField> {
        if let Some(column) = self.dataset.column(name) {
            return Some(self.field(column.field.clone(), vec![cleaned(column)]));
        }
        let derived = self.dataset.derived.iter().find(|derived| derived.name == name)?;
        let source = derived.derivation.source()?;
        Some(self.field(self.record_field(source), vec![derivation(&derived.derivation)]))
    }
}

/// How a column becomes typed and clean. Reading a value as its type changes none.
fn cleaned(column: &Column) -> Transformation {
    match (column.normalise.is_empty(), column.epoch) {
        (true, None) => Transformation::identity(),
        (_, Some(_)) => Transformation::direct("TRANSFORMATION", "number to timestamp"),
        (false, None) => Transformation::direct("TRANSFORMATION", "normalised text"),
    }
}

fn derivation(derivation: &Derivation) -> Transformation {
    let transformation = |description| Transformation::direct("TRANSFORMATION", description);
    match derivation {
        Derivation::Date { .. } => transformation("UTC date"),
        Derivation::Hour { .. } => transformation("start of the UTC hour"),
        Derivation::Band { .. } => transformation("band of the value"),
        Derivation::Hash { .. } => {
            Transformation { masking: true, ..transformation("keyed hash, HMAC-SHA-256") }
        }
        Derivation::Copy { .. } => Transformation::identity(),
        Derivation::Constant { .. } => transformation("constant"),
    }
}

impl ColumnLineage {
    /// Of files of rows, cleaned or enriched, with these columns.
    pub(crate) fn rows<'a>(
        dataset: &Dataset,
        landing: &DatasetName,
        columns: impl Iterator<Item = &'a str>,
    ) -> Self {
        let from = Origin { dataset, name: landing };
        let fields = columns.filter_map(|name| Some((name, from.row_column(name)?)));
        Self { fields: sources(fields), dataset: Vec::new() }
    }

    /// Of files of an aggregate.
    pub(crate) fn aggregate(
        dataset: &Dataset,
        landing: &DatasetName,
        aggregate: &Aggregate,
    ) -> Self {
        let from = Origin { dataset, name: landing };
        let groups = aggregate.group_by.iter();
        let groups = groups.filter_map(|name| Some((name.as_str(), from.row_column(name)?)));
        let measures = aggregate.measures.iter().filter_map(|measure| {
            let description = match measure.function {
                Function::Count => return None,
                Function::Sum => "sum",
                Function::Min => "min",
                Function::Max => "max",
            };
            let aggregated = Transformation::direct("AGGREGATION", description);
            let field = from.record_field(measure.column.as_ref()?);
            Some((measure.name.as_str(), from.field(field, vec![aggregated])))
        });
        let grouped = aggregate.group_by.iter().filter_map(|name| {
            let field = from.row_column(name)?.field;
            Some(from.field(field, vec![Transformation::indirect("GROUP_BY", "")]))
        });
        let inserts = dataset.operation.iter().map(|column| {
            let filter = Transformation::indirect("FILTER", "inserts only");
            from.field(from.record_field(column), vec![filter])
        });
        Self { fields: sources(groups.chain(measures)), dataset: grouped.chain(inserts).collect() }
    }

    /// Of a table that takes the columns of files as they are.
    pub(crate) fn copy<'a>(files: &DatasetName, columns: impl Iterator<Item = &'a str>) -> Self {
        let copied = columns.map(|name| {
            let field = name.to_owned();
            let transformations = vec![Transformation::identity()];
            let source = InputField { dataset: files.clone(), field, transformations };
            (name.to_ascii_uppercase(), Sources { input_fields: vec![source] })
        });
        Self { fields: copied.collect(), dataset: Vec::new() }
    }

    /// Of analytics: the newest version of each key in staging, but for deleted ones.
    pub(crate) fn merge(dataset: &Dataset, staging: &DatasetName) -> Self {
        let from = Origin { dataset, name: staging };
        let column = |name: &str, by: Vec<Transformation>| from.field(name.to_uppercase(), by);
        let columns = dataset.processed_columns();
        let fields = columns.iter().map(|one| {
            let transformation = match one.data_type.is_json() {
                true => Transformation::direct("TRANSFORMATION", "JSON text to variant"),
                false => Transformation::identity(),
            };
            let source = column(&one.name, vec![transformation]);
            (one.name.to_uppercase(), Sources { input_fields: vec![source] })
        });
        let window = || Transformation::indirect("WINDOW", "newest version of a key");
        let key = dataset.dedupe.key.iter().map(|name| {
            let join = Transformation::indirect("JOIN", "merge key");
            column(name, vec![join, window()])
        });
        let ties = ["_landed_at", "_source_object", "_source_line"];
        let order = dataset.dedupe.order.iter().map(String::as_str).chain(ties);
        let order = order.map(|name| column(name, vec![window()]));
        let operation = dataset.operation.iter().map(|name| {
            column(name, vec![Transformation::indirect("FILTER", "deleted keys leave")])
        });
        let decisive = key.chain(order).chain(operation).collect();
        Self { fields: fields.collect(), dataset: decisive }
    }
}

fn sources<'a>(fields: impl Iterator<Item = (&'a str, InputField)>) -> BTreeMap<String, Sources> {
    fields.map(|(name, source)| (name.to_owned(), Sources { input_fields: vec![source] })).collect()
}
