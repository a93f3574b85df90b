//! Where things are in the lake's bucket: the keys of every zone, and how they follow from one
//! another. No I/O.
//!
//! Whatever is made of a landing object has a key that depends on that object's bucket, key and
//! version alone, so that a second delivery overwrites what the first one wrote.

mod keys;
mod object;
mod replay;

pub use keys::{
    ERASED_PREFIX, ERRORS_PREFIX, KeyError, LANDING_PREFIX, LOADED_PREFIXES, OutputKeys,
    QUARANTINE_PREFIX,
};
pub use object::LandingObject;
pub use replay::Replay;
