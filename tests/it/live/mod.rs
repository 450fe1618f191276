//! The whole proxy from outside: callers on one side, a legacy API on the other, the access log afterwards.

mod answers;
mod api_keys;
mod attacks;
mod audit_failure;
mod blocks;
mod charsets;
mod contracts;
mod cors;
mod crash;
mod files;
mod flow;
mod formats;
mod framing;
mod headers;
mod interference;
mod isolation;
mod large;
mod lifecycle;
mod recording;
mod refusals;
mod refused;
mod reload;
mod rig;
mod searching;
mod slow_bodies;
mod tools;
mod validators;
mod views;
mod withheld;
mod writing;

use std::fs;
use std::path::Path;

use fieldgate::model::Reason;

/// What no request and no answer can cause yet.
const NOT_SHOWN: &[Reason] = &[Reason::NoRules, Reason::Internal];

#[test]
fn every_reason_a_caller_can_be_given_is_shown() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/live");
    let files = [dir.join("attacks"), dir]
        .into_iter()
        .flat_map(|dir| fs::read_dir(dir).unwrap());
    let texts = files.filter_map(|entry| fs::read_to_string(entry.unwrap().path()).ok());
    let text: String = texts.collect();
    for reason in Reason::ALL {
        let is_shown = text.contains(&format!("\"{}\"", reason.code()));
        assert_ne!(is_shown, NOT_SHOWN.contains(reason), "{}", reason.code());
    }
}
