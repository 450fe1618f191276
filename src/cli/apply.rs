//! `fieldgate apply`: standard input as the upstream's JSON answer, standard output as the proxy would send it.
//!
//! A refusal is a problem document on standard error and exit 8; standard output then holds what had left by then: whole
//! frames, and nothing before the commit. Memory does not grow with the input.

use std::io::{self, Write as _};
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use http::{Method, StatusCode};
use ulid::Ulid;

use super::offline::{self, call, header, moment};
use super::{Failure, INTERNAL, REFUSED, complain, lang};
use crate::pipeline::rehearsal::{self, Call, Outcome, Reply, Stage};

/// Bytes the engine gets at once unless `--chunk` says so.
const CHUNK: u32 = 65_536;

/// The arguments of `fieldgate apply`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The rules directory
    dir: PathBuf,
    /// Roles the caller holds, their matchers skipped
    #[arg(
        long = "as",
        value_name = "ROLE[,ROLE]",
        required_unless_present = "caller",
        conflicts_with = "caller"
    )]
    roles: Option<String>,
    /// Credentials that go through the matchers, as the `caller:` of a test
    #[arg(long, value_name = "YAML")]
    caller: Option<String>,
    /// Method and target: 'GET /customers/1001?page=1'
    #[arg(long, value_name = "CALL", value_parser = call)]
    call: (Method, String),
    /// The caller's address
    #[arg(long, value_name = "ADDR", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    peer: IpAddr,
    /// A header of the request, 'K: V'; may be given several times
    #[arg(long = "header", value_name = "K: V", value_parser = header)]
    headers: Vec<(String, String)>,
    /// A file with the request's body, sent as JSON unless a header says otherwise
    #[arg(long, value_name = "FILE")]
    body: Option<PathBuf>,
    /// The moment of the call, 2026-06-01T10:00:00+08:00; else now
    #[arg(long, value_name = "TIME", value_parser = moment)]
    now: Option<i64>,
    /// Bytes the engine is fed at once
    #[arg(long, value_name = "N", default_value_t = CHUNK, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    chunk: u32,
    /// Settings to take limits and the token key from; else the published test key
    #[arg(short, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let headers =
        offline::headers(&arguments.headers).map_err(|wrong| Failure::usage(wrong.get(lang())))?;
    let stage = offline::stage(&arguments.dir, arguments.config.as_deref())?;
    let (method, target) = arguments.call.clone();
    let body = arguments.body.as_deref().map(offline::body).transpose()?;
    let call = Call {
        who: offline::caller(
            &stage.policy().rules,
            arguments.roles.as_deref(),
            arguments.caller.as_deref(),
            arguments.peer,
        )?,
        method,
        target,
        headers: offline::with_media_type(headers, body.is_some()),
        body,
        peer: arguments.peer,
        now: arguments
            .now
            .unwrap_or_else(|| jiff::Timestamp::now().as_second()),
    };
    let request_id = Ulid::generate().to_string();
    let outcome = govern(&stage, &call, arguments.chunk, &request_id).map_err(|error| {
        Failure::new(INTERNAL, format_args!("the answer broke off here: {error}"))
    })?;
    let Some(problem) = outcome.problem(&request_id) else {
        return Ok(ExitCode::SUCCESS);
    };
    complain(&format!("{}\n", String::from_utf8_lossy(&problem)));
    Ok(ExitCode::from(REFUSED))
}

fn govern(stage: &Stage, call: &Call, chunk: u32, request_id: &str) -> io::Result<Outcome> {
    let admitted = match rehearsal::admit(stage, call, request_id) {
        Ok(admitted) => admitted,
        Err(outcome) => return Ok(*outcome),
    };
    let json = HeaderValue::from_static("application/json");
    let reply = Reply {
        status: StatusCode::OK,
        headers: HeaderMap::from_iter([(CONTENT_TYPE, json)]),
        body: io::stdin().lock(),
        chunk: usize::try_from(chunk).unwrap_or(usize::MAX),
    };
    let mut out = io::stdout().lock();
    let outcome = rehearsal::answer(stage, &admitted, reply, request_id, &mut out)?;
    out.flush()?;
    Ok(outcome)
}
