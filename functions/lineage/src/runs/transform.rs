//! The run of the transform over one landing object.

use std::time::SystemTime;

use lake::{LandingObject, OutputKeys};

use super::{Inner, Lineage, Subject, Work, run_id};
use crate::column_lineage::ColumnLineage;
use crate::event::{DatasetName, Input, Output};
use crate::facets::{
    DatasetFacets, InputFacets, InputStatistics, InputSubset, OutputFacets, OutputStatistics,
    OutputSubset,
};
use crate::schema::Schema;

/// What became of a landing object.
#[derive(Debug)]
pub struct Transformed<'a> {
    /// The object.
    pub object: &'a LandingObject,
    /// When the work on it began.
    pub started_at: SystemTime,
    /// The account; or why there is none, without a value of a record.
    pub outcome: Result<Account<'a>, String>,
}

/// The account of a landing object.
#[derive(Debug)]
pub struct Account<'a> {
    /// Size of the object as stored.
    pub bytes: u64,
    /// Records in it.
    pub rows_read: u64,
    /// What was written, but for the ledger entry.
    pub files: Vec<File<'a>>,
}

/// A file that was written.
#[derive(Debug)]
pub struct File<'a> {
    /// Its key.
    pub key: &'a str,
    /// Rows in it.
    pub rows: u64,
    /// Its size.
    pub bytes: u64,
}

impl Lineage {
    /// Tells of the run over one landing object. Its identifier is a function of the object and
    /// the contract's version, as everything is that the transform writes.
    pub async fn transformed(&self, transformed: &Transformed<'_>) {
        let Some(inner) = &self.0 else { return };
        // A key that leads nowhere is refused before there is work to tell of.
        let Ok(keys) = OutputKeys::new(transformed.object) else { return };
        let what = format!("{}:{}", keys.id(), inner.dataset.version);
        let subject = Subject {
            job: "transform".to_owned(),
            run_id: run_id("transform", &what),
            request_id: None,
            parent: None,
        };
        let work = inner.transform(transformed, &keys);
        inner.sender.send(&inner.events(&subject, transformed.started_at, work)).await;
    }
}

impl Inner {
    /// Every kind of file is an output, also where an object has none of it: what a job reads and
    /// writes must not change from run to run.
    fn transform(&self, transformed: &Transformed<'_>, keys: &OutputKeys) -> Work {
        let (dataset, names) = (&self.dataset, &self.names);
        let account = transformed.outcome.as_ref().ok();
        let landing = names.landing();
        let rows = |columns: &[contract::OutputColumn]| DatasetFacets {
            schema: Some(Schema::files(dataset, columns).into()),
            column_lineage: Some({
                let columns = columns.iter().map(|column| column.name.as_str());
                ColumnLineage::rows(dataset, &landing, columns).into()
            }),
        };
        let output = |name, key: String, facets| self.file(name, &key, facets, account);
        let mut outputs = vec![
            output(names.processing(), keys.processing(), rows(&dataset.processing_columns())),
            output(names.processed(), keys.processed(), rows(&dataset.processed_columns())),
        ];
        outputs.extend(dataset.aggregates.iter().map(|one| {
            let schema = Schema::files(dataset, &dataset.aggregate_columns(one));
            let facets = DatasetFacets {
                schema: Some(schema.into()),
                column_lineage: Some(ColumnLineage::aggregate(dataset, &landing, one).into()),
            };
            output(names.aggregate(&one.name), keys.aggregate(&one.name), facets)
        }));
        let raw = DatasetFacets::default();
        outputs.push(output(names.quarantine(), keys.quarantine(), raw.clone()));
        outputs.push(Output {
            name: names.ledger(),
            facets: raw,
            output_facets: account.map_or_else(OutputFacets::default, |_| {
                let statistics = OutputStatistics { row_count: 1, size: None, file_count: Some(1) };
                self.written(statistics, &keys.ledger())
            }),
        });
        let failure = transformed.outcome.as_ref().err().cloned();
        Work { inputs: vec![self.landed(transformed)], outputs, failure }
    }

    fn landed(&self, transformed: &Transformed<'_>) -> Input {
        let statistics = transformed.outcome.as_ref().ok().map(|account| InputStatistics {
            row_count: Some(account.rows_read),
            size: Some(account.bytes),
            file_count: Some(1),
        });
        let schema = Some(Schema::landing(&self.dataset).into());
        let read = InputSubset { input_condition: vec![transformed.object.uri()].into() };
        Input {
            name: self.names.landing(),
            facets: DatasetFacets { schema, column_lineage: None },
            input_facets: InputFacets {
                input_statistics: statistics.map(Into::into),
                subset: Some(read.into()),
                data_quality_assertions: None,
            },
        }
    }

    /// An output with what the account says of its file.
    fn file(
        &self,
        name: DatasetName,
        key: &str,
        facets: DatasetFacets,
        account: Option<&Account<'_>>,
    ) -> Output {
        let output_facets = account.map_or_else(OutputFacets::default, |account| {
            match account.files.iter().find(|file| file.key == key) {
                Some(file) => {
                    let (size, file_count) = (Some(file.bytes), Some(1));
                    self.written(OutputStatistics { row_count: file.rows, size, file_count }, key)
                }
                None => {
                    let (size, file_count) = (Some(0), Some(0));
                    let none = OutputStatistics { row_count: 0, size, file_count };
                    OutputFacets { output_statistics: Some(none.into()), subset: None }
                }
            }
        });
        Output { name, facets, output_facets }
    }

    fn written(&self, statistics: OutputStatistics, key: &str) -> OutputFacets {
        let written = OutputSubset { output_condition: vec![self.names.location(key)].into() };
        OutputFacets { output_statistics: Some(statistics.into()), subset: Some(written.into()) }
    }
}
