//! See `tests/it/targets/log.rs`.

#![no_main]

#[path = "../../tests/it/targets/log.rs"]
mod log;

libfuzzer_sys::fuzz_target!(|data: &[u8]| log::run(data));
