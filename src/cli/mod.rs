//! The command line: one file per subcommand, exit codes as in `docs/settings.md`.

pub mod audit;
pub mod check;
pub mod run;

use std::process::ExitCode;

/// Something that should not happen did.
const INTERNAL: u8 = 1;
/// A wrong argument, or settings that cannot be used.
const USAGE: u8 = 2;
/// Rules that do not load.
const RULES: u8 = 3;

/// Runs the command the arguments name and returns its exit code.
pub fn main() -> ExitCode {
    run::run(
        std::env::args()
            .nth(1)
            .map(std::path::PathBuf::from)
            .as_deref(),
        crate::telemetry::LogFormat::Text,
        "info",
    )
}
