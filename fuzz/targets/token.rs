//! See `tests/it/targets/token.rs`.

#![no_main]

#[path = "../../tests/it/targets/token.rs"]
mod token;

libfuzzer_sys::fuzz_target!(|data: &[u8]| token::run(data));
