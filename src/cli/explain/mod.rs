//! `fieldgate explain DIR`: why one call is allowed or refused, and why each field comes out as it does.
//!
//! Refuses (exit 2) what `apply` refuses, a field that could never stand in a record, and a reply that cannot be read. A
//! call that is refused is explained, and is no failure. Shows no value of a reply.

mod fields;
mod json;
mod pretty;
mod refusal;
mod reply;

use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use http::Method;

use self::fields::{Fields, Line};
use self::refusal::Refused;
use self::reply::Explained;
use super::offline::{self, call, header, moment};
use super::report::Format;
use super::{Failure, lang, printable, say};
use crate::author::view::View;
use crate::pipeline::rehearsal::{Admitted, Call, Stage, judge};
use crate::policy::combine::Standing;
use crate::policy::{ContractId, RoleId};

/// The arguments of `fieldgate explain`.
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
    /// This field of the record only, listed or not: phones[*].number, phones[0].number
    #[arg(long, value_name = "PATH")]
    field: Option<String>,
    /// An answer of the upstream, to explain record by record and value by value
    #[arg(long, value_name = "FILE")]
    reply: Option<PathBuf>,
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
    /// Settings to take limits from
    #[arg(short, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// One call, explained.
struct Explanation<'a> {
    stage: &'a Stage,
    call: &'a Call,
    verdict: Verdict<'a>,
}

enum Verdict<'a> {
    Refused(Refused),
    Allowed(Box<Allowed<'a>>),
}

/// A call that goes upstream.
struct Allowed<'a> {
    admitted: Admitted,
    roles: Vec<RoleId>,
    fields: Fields<'a>,
    lines: Vec<Line<'a>>,
    reply: Option<Explained>,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments, format: Format) -> Result<ExitCode, Failure> {
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
    let verdict = match judge(&stage, &call, "") {
        Err(stopped) => Verdict::Refused(Refused::of(&stage, &call, &stopped)),
        Ok(admitted) => Verdict::Allowed(Box::new(allowed(&stage, &call, admitted, arguments)?)),
    };
    let explanation = Explanation {
        stage: &stage,
        call: &call,
        verdict,
    };
    match format {
        Format::Json => say(&json::written(&explanation, lang())),
        _ => say(&printable(&pretty::written(&explanation, lang()))),
    }
    Ok(ExitCode::SUCCESS)
}

fn allowed<'a>(
    stage: &'a Stage,
    call: &Call,
    admitted: Admitted,
    arguments: &Arguments,
) -> Result<Allowed<'a>, Failure> {
    let policy = stage.policy();
    let names = admitted.permit.roles();
    let roles = policy.rules.roles.iter().enumerate();
    let roles = roles.filter(|(_, role)| names.contains(&role.name));
    let roles: Vec<RoleId> = roles.map(|(at, _)| RoleId(at)).collect();
    let gone = || Failure::new(super::INTERNAL, "the route is not in the rules");
    let contract = admitted.permit.contract().and_then(|names| {
        let mut all = policy.rules.contracts.iter();
        all.position(|one| one.name == *names.name).map(ContractId)
    });
    let standing = Standing {
        roles: &roles,
        contract,
    };
    let compiled = Arc::clone(admitted.permit.compiled());
    let view = View::under(policy, compiled, admitted.route, standing, call.now);
    let fields = Fields::new(
        policy,
        admitted.route,
        &roles,
        call.now,
        view.ok_or_else(gone)?,
    );
    let fields = fields.ok_or_else(gone)?;
    let lines = match &arguments.field {
        None => fields.all(),
        Some(path) => vec![fields.one(path, &admitted.permit).map_err(Failure::usage)?],
    };
    let reply = match &arguments.reply {
        None => None,
        Some(file) => {
            let text = fs::read(file).map_err(|error| {
                Failure::usage(format_args!("cannot read {}: {error}", file.display()))
            })?;
            Some(reply::explain(stage, &admitted, &fields, &text)?)
        }
    };
    Ok(Allowed {
        admitted,
        roles,
        fields,
        lines,
        reply,
    })
}
