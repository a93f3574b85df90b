//! A dataset's contract, made ready for the hot path: names resolved to positions.

use std::ops::Range;

use contract::{Csv, Dataset, Derivation, UnknownFields};

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

/// The whole contract, ready.
#[derive(Debug)]
pub struct Plan {
    pub(crate) fields: Vec<Field>,
    /// Fields of the record by their names.
    pub(crate) names: FieldNames,
    /// Fields inside objects: those of one column after one another, an object before its fields.
    pub(crate) nested: Vec<Nested>,
    /// For each column those of the nested fields that are inside it.
    pub(crate) inside: Vec<Inside>,
    pub(crate) csv: Csv,
    pub(crate) derived: Vec<DerivedPlan>,
    pub(crate) unknown_fields: UnknownFields,
    /// Position of the operation column.
    pub(crate) operation: Option<usize>,
}

/// A field inside an object.
#[derive(Debug)]
pub(crate) struct Nested {
    pub(crate) field: Field,
    /// Position, among the nested fields, of the object around it, unless that is a column.
    pub(crate) parent: Option<usize>,
    /// What is inside it.
    pub(crate) inside: Inside,
}

/// What is inside an object.
#[derive(Debug)]
pub(crate) struct Inside {
    /// The nested fields at any depth.
    pub(crate) all: Range<usize>,
    /// Those directly inside, by their names and in their order.
    pub(crate) names: FieldNames,
    /// Their positions among the nested fields.
    pub(crate) positions: Vec<usize>,
}

/// A derived column, with what it reads.
#[derive(Debug)]
pub(crate) struct DerivedPlan {
    pub(crate) derivation: Derivation,
    pub(crate) source: Option<FieldAt>,
}

/// A column or a nested field, by its position among its like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FieldAt {
    Column(usize),
    Nested(usize),
}

impl Plan {
    /// Makes a contract ready.
    ///
    /// # Errors
    /// When it has a construct that cannot be enforced.
    pub fn new(dataset: &Dataset) -> Result<Self, PlanError> {
        let position = |list: &[contract::Column], name: &str| {
            list.iter().position(|other| other.name == name)
        };
        let find = |user: &str, name: &str| {
            let column = position(&dataset.columns, name).map(FieldAt::Column);
            let found = column.or_else(|| position(&dataset.nested, name).map(FieldAt::Nested));
            found
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
        let operation = dataset.operation.as_deref();
        let nested = (0..dataset.nested.len())
            .map(|at| Nested::new(dataset, at, &derived))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            fields: dataset.columns.iter().map(Field::new).collect::<Result<_, _>>()?,
            names: FieldNames::new(dataset.columns.iter().map(|column| column.field.as_str())),
            nested,
            inside: dataset
                .columns
                .iter()
                .map(|column| Inside::new(dataset, &column.name))
                .collect(),
            csv: dataset.csv.clone(),
            derived,
            unknown_fields: dataset.unknown_fields,
            operation: match operation.map(|name| find("operation", name)).transpose()? {
                Some(FieldAt::Column(at)) => Some(at),
                _ => None,
            },
        })
    }

    /// What is inside a column or nested field.
    pub(crate) fn inside(&self, at: FieldAt) -> &Inside {
        match at {
            FieldAt::Column(at) => &self.inside[at],
            FieldAt::Nested(at) => &self.nested[at].inside,
        }
    }

    /// The column or nested field at a position.
    pub(crate) fn field(&self, at: FieldAt) -> &Field {
        match at {
            FieldAt::Column(at) => &self.fields[at],
            FieldAt::Nested(at) => &self.nested[at].field,
        }
    }
}

impl Nested {
    fn new(dataset: &Dataset, at: usize, derived: &[DerivedPlan]) -> Result<Self, PlanError> {
        let column = &dataset.nested[at];
        let around = column.name.rsplit_once('.').map_or("", |(around, _)| around);
        let is_read = derived.iter().any(|derived| derived.source == Some(FieldAt::Nested(at)));
        let field = Field::new(column)?;
        Ok(Self {
            parent: dataset.nested.iter().position(|other| other.name == around),
            inside: Inside::new(dataset, &column.name),
            field: Field { is_stored: is_read || !column.data_type.is_json(), ..field },
        })
    }
}

impl Inside {
    /// What is inside the object of this name or path.
    fn new(dataset: &Dataset, object: &str) -> Self {
        let below = |path: &str| {
            path.strip_prefix(object).and_then(|rest| rest.strip_prefix('.')).map(str::to_owned)
        };
        let found: Vec<(usize, String)> = dataset
            .nested
            .iter()
            .enumerate()
            .filter_map(|(at, field)| Some((at, below(&field.name)?)))
            .collect();
        let (positions, names): (Vec<usize>, Vec<&str>) = found
            .iter()
            .filter(|(_, below)| !below.contains('.'))
            .map(|(at, below)| (*at, below.as_str()))
            .unzip();
        let start = found.first().map_or(0, |(at, _)| *at);
        Self {
            all: start..start + found.len(),
            names: FieldNames::new(names.into_iter()),
            positions,
        }
    }
}
