//! Turns the text of one landing object into Parquet: decode and validate into typed columns, derive,
//! aggregate, encode. Also reads back: a record by its line, a reject of a quarantine file; and takes
//! rows out of a file again. No network and no clock; what is written depends on the object's bytes,
//! its [`Source`] and the contract alone.

mod aggregate;
mod columns;
mod decode;
mod derive;
mod field;
mod layout;
mod object;
mod opening;
mod parquet;
mod pipeline;
mod plan;
mod quarantine;
mod records;
mod remove;
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
pub use object::{MeasureTotal, ObjectError, Output, Outputs, Report, Source, Written};
pub use opening::{decompress, format_of, read_header};
pub use parquet::{ColumnChunk, Encoder, ParquetError, ReadError};
pub use pipeline::Transformer;
pub use plan::{Plan, PlanError};
pub use quarantine::{Rejected, RejectedError};
pub use records::read_record;
pub use remove::{Remainder, RemoveError, remove_lines};
pub use rows::Rows;
