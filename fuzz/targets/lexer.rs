//! See `tests/it/targets/lexer.rs`.

#![no_main]

#[path = "../../tests/it/targets/lexer.rs"]
mod lexer;

libfuzzer_sys::fuzz_target!(|data: &[u8]| lexer::run(data));
