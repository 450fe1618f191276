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
use super::{Failure, INTERNAL, REFUSED, complain, lang, offline, printable};
use crate::pipeline::rehearsal::{self, Admitted, Call, Outcome, Reply, Stage, Who};
use crate::policy::RuleSet;
use crate::policy::condition::{FieldIs, Other, Question, closure};
use crate::policy::diagnostic::{Text, quoted, say};
use crate::policy::store::RouteId;

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
    let (outcome, hint) = govern(&stage, &call, arguments.chunk, &request_id)?;
    let problem = outcome.problem(&request_id);
    if let Some(problem) = &problem {
        complain(&format!("{}\n", String::from_utf8_lossy(problem)));
    }
    if let Some(hint) = hint {
        complain(&format!("{}\n", printable(hint.get(lang()))));
    }
    Ok(match problem {
        Some(_) => ExitCode::from(REFUSED),
        None => ExitCode::SUCCESS,
    })
}

/// What `--as` does not bring, where a gate asks for it.
fn missing_claims(rules: &RuleSet, call: &Call, route: RouteId) -> Option<Text> {
    let Who::Holder(roles) = &call.who else {
        return None;
    };
    let rows = roles.iter().filter_map(|role| {
        let row = rules.rows.get(&(route.resource, route.group, *role))?;
        Some(closure(&rules.conditions, row.only.iter().copied()))
    });
    let asked = rows.flatten().filter_map(|id| rules.conditions.get(id.0));
    let of_token = asked.filter(|one| match &one.asks {
        Question::Claim(_) | Question::Mfa(_) => true,
        Question::Field(test) => matches!(test.is, FieldIs::SameAs(Other::Claim(_))),
        _ => false,
    });
    let names: Vec<String> = of_token.map(|one| quoted(&one.name)).collect();
    (!names.is_empty()).then(|| {
        let names = Text::list(names);
        say!(
            "hint: `--as` brings no claims, and the gate (`only`) asks for them: {names}; write --caller '{{ jwt: ISSUER, claims: {{ .. }} }}'",
            "提示：`--as` 没有声明，而 `only` 要看声明：{names}；改写 --caller '{{ jwt: 签发者, claims: {{ .. }} }}'";
            names
        )
    })
}

fn govern(
    stage: &Stage,
    call: &Call,
    chunk: u32,
    request_id: &str,
) -> Result<(Outcome, Option<Text>), Failure> {
    let admitted = match rehearsal::admit(stage, call, request_id) {
        Ok(admitted) => admitted,
        Err(outcome) => return Ok((*outcome, None)),
    };
    if admitted.awaits_stored() {
        let message = say!(
            "this write is judged by the record as it is stored; name a file with the upstream's answer about it: --stored FILE",
            "这次写入要看已存的记录：用 --stored 文件 给出后端查询这条记录的响应"
        );
        return Err(Failure::usage(message.get(lang())));
    }
    let hint = missing_claims(&stage.policy().rules, call, admitted.route);
    let broken = |error: io::Error| {
        let error = error.to_string();
        let message = say!(
            "the answer broke off here: {error}",
            "响应在这里中断：{error}"
        );
        Failure::new(INTERNAL, message.get(lang()))
    };
    let outcome = answer(stage, &admitted, chunk, request_id).map_err(broken)?;
    Ok((outcome, hint))
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
