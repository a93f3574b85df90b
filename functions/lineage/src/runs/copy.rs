//! The run of the load that copied files into one table.

use std::time::SystemTime;

use super::{Inner, Lineage, Subject, Work, run_id};
use crate::column_lineage::ColumnLineage;
use crate::event::{DatasetName, Input, Output};
use crate::facets::{
    DatasetFacets, InputFacets, InputStatistics, InputSubset, OutputFacets, OutputStatistics,
};
use crate::schema::Schema;

/// What became of the files that a batch had for one table.
#[derive(Debug)]
pub struct Copied {
    /// The table: `staging.orders`.
    pub table: String,
    /// When the first COPY began.
    pub started_at: SystemTime,
    /// Keys of the files whose rows are in the table now and were not before.
    pub loaded: Vec<String>,
    /// Their rows.
    pub rows: u64,
    /// Files that could not be loaded.
    pub failed: u64,
}

impl Lineage {
    /// Tells of a batch: a run a table into which it copied, or failed to copy, a file. A table
    /// whose files were all there already has none.
    pub async fn copied(&self, request_id: &str, tables: &[Copied]) {
        let Some(inner) = &self.0 else { return };
        let worked = tables.iter().filter(|one| !one.loaded.is_empty() || one.failed > 0);
        let events = worked.flat_map(|copied| {
            let table = copied.table.rsplit('.').next().unwrap_or_default();
            let job = format!("load.{table}");
            let run_id = run_id(&job, request_id);
            let request_id = Some(request_id.to_owned());
            let subject = Subject { job, run_id, request_id, parent: None };
            inner.events(&subject, copied.started_at, inner.copy(copied))
        });
        inner.sender.send(&events.collect::<Vec<_>>()).await;
    }
}

impl Inner {
    fn copy(&self, copied: &Copied) -> Work {
        let files = self.files_of(&copied.table);
        let loaded = copied.loaded.iter().map(|key| self.names.location(key));
        let read = InputSubset { input_condition: loaded.collect::<Vec<_>>().into() };
        let statistics = InputStatistics {
            row_count: Some(copied.rows),
            size: None,
            file_count: Some(copied.loaded.len() as u64),
        };
        let input_facets = InputFacets {
            input_statistics: Some(statistics.into()),
            subset: Some(read.into()),
            data_quality_assertions: None,
        };
        let facets = self.table_facets(&copied.table, &files);
        let statistics = OutputStatistics { row_count: copied.rows, size: None, file_count: None };
        let output_facets =
            OutputFacets { output_statistics: Some(statistics.into()), subset: None };
        let tried = copied.failed + copied.loaded.len() as u64;
        let failure = format!("{} of {tried} files were not loaded", copied.failed);
        Work {
            inputs: vec![Input { name: files, facets: DatasetFacets::default(), input_facets }],
            outputs: vec![Output { name: self.names.table(&copied.table), facets, output_facets }],
            failure: (copied.failed > 0).then_some(failure),
        }
    }

    /// The files that a table is filled from.
    fn files_of(&self, table: &str) -> DatasetName {
        match table.strip_prefix("staging.") {
            Some(rows) if rows == self.dataset.name => self.names.processed(),
            Some(aggregate) => self.names.aggregate(aggregate),
            None => self.names.ledger(),
        }
    }

    /// Columns of a table of staging; those of the ledger no contract decides.
    fn table_facets(&self, table: &str, files: &DatasetName) -> DatasetFacets {
        let dataset = &self.dataset;
        let name = table.strip_prefix("staging.").unwrap_or_default();
        let columns = if name == dataset.name {
            dataset.processed_columns()
        } else if let Some(one) = dataset.aggregates.iter().find(|one| one.name == name) {
            dataset.aggregate_columns(one)
        } else {
            return DatasetFacets::default();
        };
        let names = columns.iter().map(|column| column.name.as_str());
        DatasetFacets {
            schema: Some(Schema::staging(dataset, &columns).into()),
            column_lineage: Some(ColumnLineage::copy(files, names).into()),
        }
    }
}
