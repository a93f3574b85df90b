//! What `snowline tail` makes of lines.

#![allow(
    dead_code,
    unused_imports,
    reason = "the command that reads files is not part of this change"
)]

mod convert;
mod multiline;
