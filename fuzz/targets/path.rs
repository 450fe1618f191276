//! See `tests/it/targets/path.rs`.

#![no_main]

#[path = "../../tests/it/targets/path.rs"]
mod path;

libfuzzer_sys::fuzz_target!(|data: &[u8]| path::run(data));
