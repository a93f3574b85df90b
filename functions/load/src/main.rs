//! The load Lambda.
fn main() {}
