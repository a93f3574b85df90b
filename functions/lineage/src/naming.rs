//! What datasets are called, as OpenLineage's naming conventions have it.
//!
//! In the lake a dataset is what one kind of file is, not one object: `s3://bucket` with the name
//! of its zone; in `processed/`, which holds several kinds, with the beginning of the file's name
//! besides. In Snowflake a dataset is a table, named as Snowflake shows it.

use contract::Dataset;

use crate::event::DatasetName;

/// Where the datasets of a stack are.
#[derive(Debug, Clone)]
pub(crate) struct Names {
    /// The bucket that holds every zone.
    pub(crate) lake_bucket: String,
    /// The Snowflake account, `organisation-account`.
    pub(crate) account: String,
    /// The database in it.
    pub(crate) database: String,
}

impl Names {
    pub(crate) fn landing(&self) -> DatasetName {
        self.zone("landing")
    }

    pub(crate) fn processing(&self) -> DatasetName {
        self.zone("processing")
    }

    pub(crate) fn quarantine(&self) -> DatasetName {
        self.zone("quarantine")
    }

    pub(crate) fn ledger(&self) -> DatasetName {
        self.zone("ledger")
    }

    /// Files of enriched rows.
    pub(crate) fn processed(&self) -> DatasetName {
        self.zone("processed/final")
    }

    /// Files of an aggregate.
    pub(crate) fn aggregate(&self, name: &str) -> DatasetName {
        self.zone(&format!("processed/{name}"))
    }

    /// A table, given as `schema.table`.
    pub(crate) fn table(&self, qualified_name: &str) -> DatasetName {
        DatasetName {
            namespace: format!("snowflake://{}", self.account),
            name: format!("{}.{}", self.database, qualified_name.to_ascii_uppercase()),
        }
    }

    pub(crate) fn analytics(&self, dataset: &Dataset) -> DatasetName {
        self.table(&format!("analytics.processed_{}", dataset.name))
    }

    pub(crate) fn location(&self, key: &str) -> String {
        format!("s3://{}/{key}", self.lake_bucket)
    }

    fn zone(&self, name: &str) -> DatasetName {
        let namespace = format!("s3://{}", self.lake_bucket);
        DatasetName { namespace, name: name.to_owned() }
    }
}
