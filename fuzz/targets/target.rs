//! See `tests/it/targets/target.rs`.

#![no_main]

#[path = "../../tests/it/targets/target.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|data: &[u8]| target::run(data));
