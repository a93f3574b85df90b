//! Any object through the whole transform.

#![no_main]

#[path = "../../tests/object/mod.rs"]
mod object;

libfuzzer_sys::fuzz_target!(|input: &[u8]| object::check(input));
