//! `fieldgate schema`: the JSON Schema of rule files.

use std::process::ExitCode;

use super::{lang, say};
use crate::author::schema::document;

/// Prints it to standard output.
pub(super) fn run() -> ExitCode {
    say(&document(lang()));
    ExitCode::SUCCESS
}
