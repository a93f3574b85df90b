//! The `snowline` program.
fn main() {}
