//! `fieldgate apply`: standard input as the upstream's JSON answer, standard output as the proxy would send it.
//!
//! A refusal is a problem document on standard error and exit 8; standard output then holds what had left by then: whole
//! frames, and nothing before the commit. Memory does not grow with the input.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderMap};
use ulid::Ulid;

use super::call::CallArguments;
use super::{Failure, INTERNAL, REFUSED, complain, offline};
use crate::pipeline::rehearsal::{self, Admitted, Call, Outcome, Reply, Stage};

/// Bytes the engine gets at once unless `--chunk` says so.
const CHUNK: u32 = 65_536;

/// What stands for the validator of the stored record.
const VALIDATOR: &str = "\"stored\"";

/// The arguments of `fieldgate apply`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The rules directory
    dir: PathBuf,
    #[command(flatten)]
    call: CallArguments,
    /// A file with what the upstream answers about the record before a write, where the write is judged by that
    #[arg(long, value_name = "FILE")]
    stored: Option<PathBuf>,
    /// Bytes the engine is fed at once
    #[arg(long, value_name = "N", default_value_t = CHUNK, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    chunk: u32,
    /// Settings to take limits and the token key from; else the published test key
    #[arg(short, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let stage = offline::stage(&arguments.dir, arguments.config.as_deref())?;
    let mut call = arguments.call.read(&stage.policy().rules)?;
    let stored = arguments.stored.as_deref().map(offline::body).transpose()?;
    call.stored = stored.map(|body| offline::stored(StatusCode::OK, body, Some(VALIDATOR)));
    let request_id = Ulid::generate().to_string();
    let outcome = govern(&stage, &call, arguments.chunk, &request_id)?;
    let Some(problem) = outcome.problem(&request_id) else {
        return Ok(ExitCode::SUCCESS);
    };
    complain(&format!("{}\n", String::from_utf8_lossy(&problem)));
    Ok(ExitCode::from(REFUSED))
}

fn govern(stage: &Stage, call: &Call, chunk: u32, request_id: &str) -> Result<Outcome, Failure> {
    let admitted = match rehearsal::admit(stage, call, request_id) {
        Ok(admitted) => admitted,
        Err(outcome) => return Ok(*outcome),
    };
    if admitted.awaits_stored() {
        return Err(Failure::usage(
            "this write is judged by the record as it is stored; name a file with the upstream's answer about it: --stored FILE",
        ));
    }
    answer(stage, &admitted, chunk, request_id)
        .map_err(|error| Failure::new(INTERNAL, format_args!("the answer broke off here: {error}")))
}

fn answer(stage: &Stage, admitted: &Admitted, chunk: u32, request_id: &str) -> io::Result<Outcome> {
    let media = rehearsal::media_type(&admitted.permit);
    let reply = Reply {
        status: StatusCode::OK,
        headers: HeaderMap::from_iter([(CONTENT_TYPE, media)]),
        body: io::stdin().lock(),
        chunk: usize::try_from(chunk).unwrap_or(usize::MAX),
    };
    let mut out = io::stdout().lock();
    let outcome = rehearsal::answer(stage, admitted, reply, request_id, &mut out)?;
    out.flush()?;
    Ok(outcome)
}
