//! `fieldgate run`: refuses to start, since there is nothing to serve with yet.

use std::path::Path;
use std::process::ExitCode;

use super::{Failure, INTERNAL, complain};
use crate::telemetry::LogFormat;

/// Fails.
pub fn run(_settings: Option<&Path>, _format: LogFormat, _level: &str) -> ExitCode {
    complain(&Failure::new(INTERNAL, "this build cannot serve").text);
    ExitCode::from(INTERNAL)
}
