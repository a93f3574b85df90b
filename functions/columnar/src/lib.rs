//! Turns the text of one landing object into Parquet: decode and validate into typed columns, derive,
//! aggregate, encode. No network and no clock; what is written depends on the object's bytes, its
//! [`Source`] and the contract alone.

mod aggregate;
mod columns;
mod decode;
mod derive;
mod layout;
mod object;
mod parquet;
mod pipeline;
mod plan;
mod quarantine;
mod row_group;
mod rows;
mod simd;
mod texts;
mod words;
mod worker;
mod writer;

pub use aggregate::SumOverflow;
pub use columns::{Column, Value};
pub use decode::Decoder;
pub use object::{ObjectError, Output, Outputs, Report, Source, Written};
pub use parquet::{ColumnChunk, Encoder, ParquetError};
pub use pipeline::Transformer;
pub use plan::{Plan, PlanError};
pub use rows::Rows;
