//! See `tests/it/targets/engine.rs`.

#![no_main]

#[path = "../../tests/it/targets/engine.rs"]
mod engine;

libfuzzer_sys::fuzz_target!(|data: &[u8]| engine::run(data));
