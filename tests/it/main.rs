//! Integration tests: one binary, one file per subject.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "clippy knows `#[test]` functions, not what they call"
)]

mod apply;
mod attack;
mod author;
mod binary;
mod bypasses;
mod callers;
mod chinese;
mod commands;
mod conditions;
mod demo;
mod diagnostics;
mod diff;
mod engine;
mod formats;
mod generate;
mod jsonpath;
mod judged;
mod live;
mod oracle;
mod properties;
mod reading;
mod readme;
mod review;
mod rule_tests;
mod sets;
mod shapes;
mod sketch;
mod supply;
mod targets;
mod tidy;
