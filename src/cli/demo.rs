//! `fieldgate demo`: refuses to start, since there is nothing to serve with yet.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::{Failure, INTERNAL, complain};

/// The arguments of `fieldgate demo`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// What to do besides starting it.
    #[command(subcommand)]
    pub action: Option<Action>,
    /// Leave a project that `fieldgate run` serves in this directory
    #[arg(long, global = true, value_name = "DIR")]
    pub keep: Option<PathBuf>,
}

/// What the demo shows.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// One answer, and what was taken out of it
    Call {
        /// legacy, teller, manager, self or partner
        role: String,
    },
    /// How `audit verify` finds a changed log
    Tamper,
}

/// Fails.
pub fn run(_arguments: &Arguments) -> ExitCode {
    complain(&Failure::new(INTERNAL, "this build has no demo").text);
    ExitCode::from(INTERNAL)
}
