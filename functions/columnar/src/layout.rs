//! Which columns are stored while an object is transformed, and which of them each file holds.

use contract::{Aggregate, Dataset, EXTRA_COLUMN, OutputColumn};

use crate::aggregate::AggregatePlan;
use crate::object::Source;
use crate::parquet::{ColumnChunk, Constant, Encoder, ParquetError};
use crate::plan::PlanError;

pub(crate) const SOURCE_LINE: &str = "_source_line";
/// Lineage columns that hold one value an object.
const CONSTANTS: [&str; 4] =
    ["_source_object", "_landed_at", "_contract_version", "_source_region"];

/// The columns of every file of a dataset, in terms of what is stored.
#[derive(Debug)]
pub(crate) struct Layout {
    /// Landing columns, derived columns, `_extra` if kept, `_source_line`; in this order.
    pub(crate) stored: Vec<OutputColumn>,
    /// The lineage columns named in [`CONSTANTS`].
    constants: Vec<OutputColumn>,
    contract_version: String,
    pub(crate) processing: FileLayout,
    pub(crate) processed: FileLayout,
    pub(crate) aggregates: Vec<AggregateLayout>,
}

/// The columns of one kind of file.
#[derive(Debug)]
pub(crate) struct FileLayout {
    pub(crate) columns: Vec<OutputColumn>,
    /// For each column its position among the stored columns, or behind them among the constants.
    chunks: Vec<usize>,
}

/// An aggregate and the columns of its file: groups and measures, then constants.
#[derive(Debug)]
pub(crate) struct AggregateLayout {
    pub(crate) plan: AggregatePlan,
    pub(crate) columns: Vec<OutputColumn>,
}

impl Layout {
    pub(crate) fn new(dataset: &Dataset) -> Result<Self, PlanError> {
        let processed = dataset.processed_columns();
        let all = || dataset.processing_columns().into_iter().chain(processed.iter().cloned());
        let named = |name: &str| {
            all().find(|column| column.name == name).ok_or_else(|| PlanError::Column {
                user: "the layout of the files".to_owned(),
                column: name.to_owned(),
            })
        };
        let has_extra = all().any(|column| column.name == EXTRA_COLUMN);
        let stored: Vec<OutputColumn> = dataset
            .columns
            .iter()
            .map(|column| column.name.as_str())
            .chain(dataset.derived.iter().map(|derived| derived.name.as_str()))
            .chain(has_extra.then_some(EXTRA_COLUMN))
            .chain([SOURCE_LINE])
            .map(named)
            .collect::<Result<_, _>>()?;
        let constants = CONSTANTS.into_iter().map(named).collect::<Result<Vec<_>, _>>()?;
        let file = |columns| FileLayout::new(columns, &stored, &constants);
        let aggregate = |aggregate: &Aggregate| {
            Ok(AggregateLayout {
                plan: AggregatePlan::new(aggregate, &stored)?,
                columns: dataset.aggregate_columns(aggregate),
            })
        };
        Ok(Self {
            processing: file(dataset.processing_columns())?,
            processed: file(processed.clone())?,
            aggregates: dataset
                .aggregates
                .iter()
                .map(aggregate)
                .collect::<Result<_, PlanError>>()?,
            contract_version: dataset.version.clone(),
            stored,
            constants,
        })
    }

    /// Encodes the constants of an object for `rows` rows.
    pub(crate) fn encode_constants(
        &self,
        encoder: &mut Encoder,
        source: &Source<'_>,
        rows: usize,
    ) -> Result<Vec<ColumnChunk>, ParquetError> {
        let constant = |column: &OutputColumn| match column.name.as_str() {
            "_landed_at" => Constant::Int64(source.landed_at_micros),
            "_source_object" => Constant::Text(source.object),
            "_source_region" => Constant::Text(source.region),
            _ => Constant::Text(&self.contract_version),
        };
        let encode = |column| encoder.encode_constant(column, constant(column), rows);
        self.constants.iter().map(encode).collect()
    }
}

impl FileLayout {
    fn new(
        columns: Vec<OutputColumn>,
        stored: &[OutputColumn],
        constants: &[OutputColumn],
    ) -> Result<Self, PlanError> {
        let position = |column: &OutputColumn| {
            let mut all = stored.iter().chain(constants);
            all.position(|other| other.name == column.name).ok_or_else(|| PlanError::Column {
                user: "the layout of the files".to_owned(),
                column: column.name.clone(),
            })
        };
        Ok(Self { chunks: columns.iter().map(position).collect::<Result<_, _>>()?, columns })
    }

    /// The chunks of this file's columns, out of the stored columns' and the constants'.
    pub(crate) fn select<'a>(
        &self,
        stored: &'a [ColumnChunk],
        constants: &'a [ColumnChunk],
    ) -> Vec<&'a ColumnChunk> {
        let chunk = |&at: &usize| stored.get(at).unwrap_or_else(|| &constants[at - stored.len()]);
        self.chunks.iter().map(chunk).collect()
    }
}
