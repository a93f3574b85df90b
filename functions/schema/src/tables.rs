//! The tables the functions write, as the contract has them.

use contract::{Aggregate, DataType, Dataset, OutputColumn};
use statements::{Addition, Statements};

/// The columns of `ops.ledger` that a ledger file fills.
const LEDGER_COLUMNS: [&str; 14] = [
    "id",
    "dataset",
    "contract_version",
    "bucket",
    "key",
    "version_id",
    "etag",
    "bytes",
    "landed_at",
    "rows_read",
    "rows_accepted",
    "rows_rejected",
    "rejected_by_rule",
    "outputs",
];

/// A table and the columns of what is written to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    kind: Kind,
    schema: &'static str,
    name: String,
    pub(crate) columns: Vec<OutputColumn>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Staging or analytics: the columns of accepted rows.
    Rows,
    Other,
}

impl Table {
    /// `staging.<dataset>`.
    pub fn staging(dataset: &Dataset) -> Self {
        Self {
            kind: Kind::Rows,
            schema: "staging",
            name: dataset.name.clone(),
            columns: dataset.processed_columns(),
        }
    }

    /// `staging.<aggregate>`.
    pub fn aggregate(dataset: &Dataset, aggregate: &Aggregate) -> Self {
        Self {
            kind: Kind::Other,
            schema: "staging",
            name: aggregate.name.clone(),
            columns: dataset.aggregate_columns(aggregate),
        }
    }

    /// `analytics.processed_<dataset>`.
    pub fn analytics(dataset: &Dataset) -> Self {
        Self {
            schema: "analytics",
            name: format!("processed_{}", dataset.name),
            ..Self::staging(dataset)
        }
    }

    /// `ops.ledger`, whose columns no contract decides.
    pub fn ledger() -> Self {
        let column = |name: &str| OutputColumn {
            name: name.to_owned(),
            data_type: DataType::String { max_chars: None },
            nullable: false,
            description: None,
        };
        Self {
            kind: Kind::Other,
            schema: "ops",
            name: "ledger".to_owned(),
            columns: LEDGER_COLUMNS.map(column).into(),
        }
    }

    /// Schema and name: `staging.orders`.
    pub fn qualified_name(&self) -> String {
        format!("{}.{}", self.schema, self.name)
    }

    /// Names of the columns of what is written.
    pub fn column_names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|column| column.name.as_str())
    }

    /// What adds a column: staging and analytics gain it together.
    pub(crate) fn additions_of(
        &self,
        column: &OutputColumn,
        statements: &Statements,
    ) -> Vec<Addition> {
        match self.kind {
            Kind::Rows => statements.additions_of(column).into(),
            Kind::Other => vec![Addition {
                schema: self.schema,
                table: self.name.clone(),
                column: column.clone(),
            }],
        }
    }
}
