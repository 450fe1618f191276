//! `fieldgate apply`: standard input as the upstream's JSON answer, standard output as the proxy would send it.
//!
//! A refusal is a problem document on standard error and exit 8; standard output then holds what had left by then: whole
//! frames, and nothing before the commit. Memory does not grow with the input.

use std::io::{self, Write as _};
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use bytes::Bytes;
use clap::Args;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use http::{Method, StatusCode};
use ulid::Ulid;

use super::offline::{self, refused};
use super::{Failure, INTERNAL, REFUSED, USAGE, complain, lang};
use crate::pipeline::rehearsal::{self, Call, Outcome, Reply, Stage, Who};
use crate::policy::diagnostic::{Diagnostic, code, quoted, say};
use crate::policy::{Role, RoleId, RuleSet, TestCaller, call_parts, load_caller};

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
    let body = arguments.body.as_deref().map(body).transpose()?;
    let call = Call {
        who: who(arguments, &stage.policy().rules)?,
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

fn body(file: &Path) -> Result<Bytes, Failure> {
    match std::fs::read(file) {
        Ok(bytes) => Ok(bytes.into()),
        Err(error) => {
            let name = quoted(&file.display().to_string());
            Err(Failure::usage(format_args!("cannot read {name}: {error}")))
        }
    }
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

fn who(arguments: &Arguments, rules: &RuleSet) -> Result<Who, Failure> {
    let caller = match (&arguments.roles, &arguments.caller) {
        (_, Some(text)) => {
            load_caller("--caller", text).map_err(|mistakes| refused(USAGE, &mistakes))?
        }
        (roles, None) => {
            let names = roles.as_deref().unwrap_or_default().split(',');
            let roles = names.map(|name| role(rules, name.trim()));
            let roles: Vec<RoleId> = roles.collect::<Result<_, _>>()?;
            only_one(&roles, rules)?;
            TestCaller::Roles(roles)
        }
    };
    Ok(offline::who(caller, arguments.peer))
}

/// A contract role is never merged.
fn only_one(roles: &[RoleId], rules: &RuleSet) -> Result<(), Failure> {
    let held = roles.iter().filter_map(|role| rules.roles.get(role.0));
    let others = |one: &RoleId| roles.iter().any(|other| other != one);
    let mut partners = held.filter(|role| role.contract);
    match partners.next() {
        Some(role) if roles.iter().any(others) => Err(Failure::usage(format_args!(
            "who holds the contract role {} holds no other; name it alone",
            quoted(&role.name)
        ))),
        _ => Ok(()),
    }
}

fn role(rules: &RuleSet, name: &str) -> Result<RoleId, Failure> {
    let Some(at) = rules.roles.iter().position(|role| role.name == name) else {
        let known = rules.roles.iter().map(|role| role.name.as_str());
        let mistake = Diagnostic::error(
            code::FG2002,
            say!("there is no role {}", "没有 {} 这个角色", quoted(name)),
        );
        return Err(refused(USAGE, &[mistake.suggest(name, known)]));
    };
    if rules.roles.get(at).is_some_and(Role::same_as_person) {
        return Err(Failure::usage(format_args!(
            "the role {} is tied to a person, so `--as` cannot stand for it; \
             write --caller '{{ jwt: ISSUER, claims: {{ CLAIM: \"1001\" }} }}'",
            quoted(name)
        )));
    }
    Ok(RoleId(at))
}

fn call(text: &str) -> Result<(Method, String), String> {
    let parts = call_parts(text).map(|(method, target)| (method, target.to_owned()));
    parts.ok_or_else(|| {
        "write method and target as they go over the wire: 'GET /customers/1001'".to_owned()
    })
}

fn header(text: &str) -> Result<(String, String), String> {
    match text.split_once(':') {
        Some((name, value)) => Ok((name.to_owned(), value.trim_matches([' ', '\t']).to_owned())),
        None => Err("write it as 'Name: value'".to_owned()),
    }
}

fn moment(text: &str) -> Result<i64, String> {
    let parsed = text.parse::<jiff::Timestamp>();
    parsed
        .map(jiff::Timestamp::as_second)
        .map_err(|_| "write a moment with its offset: 2026-06-01T10:00:00+08:00".to_owned())
}
