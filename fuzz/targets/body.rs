//! See `tests/it/targets/body.rs`.

#![no_main]

#[path = "../../tests/it/targets/body.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::run(data));
