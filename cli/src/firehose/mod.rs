//! What producers send to a Firehose delivery stream: lines packed into records, records that may
//! be compressed, batches of them, and what the stream answers.
//!
//! [`packing`] and [`compress`] are pure. [`stream`] makes one call at a time and decides nothing:
//! how often to send again, and when to give up, is the caller's. [`destination`] tells whether a
//! stream may be sent compressed records.

mod compress;
mod destination;
mod packing;
mod stream;

pub(crate) use compress::Compression;
pub(crate) use destination::DestinationError;
pub(crate) use packing::{Limits, PackedRecord, Packer};
pub(crate) use stream::{PutError, Refusal, Stream, backoff};
