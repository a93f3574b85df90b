//! The transform Lambda.
fn main() {}
