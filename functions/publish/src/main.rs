//! The publish Lambda.
fn main() {}
