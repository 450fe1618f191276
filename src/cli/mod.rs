//! The command line: one file per subcommand, exit codes as in `docs/settings.md`.

pub mod audit;
pub mod check;
pub mod demo;
pub mod run;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Something that should not happen did.
const INTERNAL: u8 = 1;
/// A wrong argument, or settings that cannot be used.
const USAGE: u8 = 2;
/// Rules that do not load.
const RULES: u8 = 3;

#[derive(Parser)]
#[command(name = "fieldgate", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// A legacy API, the proxy and throw-away identities in one process, from nothing
    Demo(demo::Arguments),
    /// Serve
    Run {
        /// The settings
        #[arg(short, value_name = "FILE")]
        config: Option<PathBuf>,
    },
    /// Load and lint a rule set, offline
    Check {
        /// The rules directory
        dir: PathBuf,
    },
    /// The access log
    #[command(subcommand)]
    Audit(Audit),
}

#[derive(Subcommand)]
enum Audit {
    /// Verify that a log is what was written
    Verify {
        /// The directory of the log
        dir: PathBuf,
    },
}

/// Runs the command the arguments name and returns its exit code.
pub fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Run { config } => {
            run::run(config.as_deref(), crate::telemetry::LogFormat::Text, "info")
        }
        Command::Check { dir } => check::run(&dir, false),
        Command::Audit(Audit::Verify { dir }) => audit::verify(&dir),
    }
}
