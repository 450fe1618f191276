//! The command line: one file per subcommand, exit codes as in `docs/settings.md`.

pub mod audit;
pub mod check;

use std::process::ExitCode;

/// Runs the command the arguments name and returns its exit code.
pub fn main() -> ExitCode {
    ExitCode::from(2)
}
