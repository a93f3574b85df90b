//! A dataset's contract, made ready for the hot path: names resolved to positions.

use contract::{Column, Csv, Dataset, Derivation, UnknownFields};

use crate::decode::names::FieldNames;
use crate::field::Field;

/// A contract construct that cannot be made ready.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// A pattern that does not compile.
    #[error("column {column}: pattern of the contract")]
    Pattern {
        /// The column.
        column: String,
        /// What the regex crate says.
        #[source]
        source: Box<regex::Error>,
    },
    /// A rule that the column's type cannot obey.
    #[error("column {column}: rule {rule} does not apply to its type")]
    Rule {
        /// The column.
        column: String,
        /// The rule.
        rule: &'static str,
    },
    /// A name that no column has.
    #[error("{user} reads {column}, which is no column it can read")]
    Column {
        /// The derived column, aggregate or property that names it.
        user: String,
        /// The name.
        column: String,
    },
}

/// The whole contract, ready. A field is known by its position among the `fields`.
#[derive(Debug)]
pub struct Plan {
    /// The columns, then the fields inside them: those of one column after one another, an object
    /// before its fields.
    pub(crate) fields: Vec<Field>,
    /// How many of the fields are columns.
    pub(crate) columns: usize,
    /// The columns by the names of their fields in the record.
    pub(crate) names: FieldNames,
    pub(crate) csv: Csv,
    pub(crate) derived: Vec<DerivedPlan>,
    pub(crate) unknown_fields: UnknownFields,
    /// Position of the operation column.
    pub(crate) operation: Option<usize>,
}

/// A derived column, with the position of the field it reads.
#[derive(Debug)]
pub(crate) struct DerivedPlan {
    pub(crate) derivation: Derivation,
    pub(crate) source: Option<usize>,
}

impl Plan {
    /// Makes a contract ready.
    ///
    /// # Errors
    /// When it has a construct that cannot be enforced.
    pub fn new(dataset: &Dataset) -> Result<Self, PlanError> {
        let all: Vec<&Column> = dataset.columns.iter().chain(&dataset.nested).collect();
        let find = |user: &str, name: &str| {
            all.iter()
                .position(|field| field.name == name)
                .ok_or_else(|| PlanError::Column { user: user.to_owned(), column: name.to_owned() })
        };
        let derived = dataset
            .derived
            .iter()
            .map(|derived| {
                let source = derived.derivation.source();
                Ok(DerivedPlan {
                    source: source.map(|name| find(&derived.name, name)).transpose()?,
                    derivation: derived.derivation.clone(),
                })
            })
            .collect::<Result<Vec<_>, PlanError>>()?;
        let is_derived_from = |at| derived.iter().any(|derived| derived.source == Some(at));
        let fields = (0..all.len()).map(|at| {
            let is_stored = at < dataset.columns.len() || is_derived_from(at);
            Field::new(&all, at, is_stored)
        });
        let operation = dataset.operation.as_deref();
        Ok(Self {
            fields: fields.collect::<Result<_, _>>()?,
            columns: dataset.columns.len(),
            names: FieldNames::new(dataset.columns.iter().map(|column| column.field.as_str())),
            csv: dataset.csv.clone(),
            operation: operation.map(|name| find("operation", name)).transpose()?,
            derived,
            unknown_fields: dataset.unknown_fields,
        })
    }
}
