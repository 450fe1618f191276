//! What readers of foreign bytes promise of any bytes at all. `make fuzz` has libFuzzer look for bytes that break a promise
//! (`fuzz/`); every input it ever found worth keeping, and every one that broke a promise once, is tried here in every run.

mod body;
mod engine;
mod lexer;
mod log;
mod path;
mod rules;
mod target;
mod token;

use std::fs;
use std::path::Path;

/// Tries every seed of a target.
fn try_seeds(target: &str, run: fn(&[u8])) {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/seeds")
        .join(target);
    let seeds = fs::read_dir(&dir).expect("a directory of seeds");
    let mut tried = 0;
    for seed in seeds.map(|entry| entry.expect("a seed").path()) {
        let bytes = fs::read(&seed).expect("a seed");
        println!("{}", seed.display());
        run(&bytes);
        tried += 1;
    }
    assert!(tried > 0, "no seed below {}", dir.display());
}

#[test]
fn any_bytes_are_refused_or_one_json_text_however_they_are_cut() {
    try_seeds("lexer", lexer::run);
}

#[test]
fn any_answer_leaves_alike_however_it_is_cut() {
    try_seeds("engine", engine::run);
}

#[test]
fn any_text_is_no_path_or_one_that_selects() {
    try_seeds("path", path::run);
}

#[test]
fn any_target_is_refused_or_has_one_spelling() {
    try_seeds("target", target::run);
}

#[test]
fn any_token_is_refused_or_says_what_it_must() {
    try_seeds("token", token::run);
}

#[test]
fn any_rule_file_is_refused_with_a_place_or_loads() {
    try_seeds("rules", rules::run);
}

#[test]
fn any_change_to_the_log_is_found() {
    try_seeds("log", log::run);
}

#[test]
fn any_body_is_refused_or_is_its_leaves() {
    try_seeds("body", body::run);
}
