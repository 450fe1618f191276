//! See `tests/it/targets/rules.rs`.

#![no_main]

#[path = "../../tests/it/targets/rules.rs"]
mod rules;

libfuzzer_sys::fuzz_target!(|data: &[u8]| rules::run(data));
