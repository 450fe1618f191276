//! `fieldgate explain DIR`: why one call is allowed or refused, and why each field comes out as it does.
//!
//! Refuses (exit 2) what `apply` refuses, a field that could never stand in a record, and a reply that cannot be read. A
//! call that is refused is explained, and is no failure. Shows no value of a reply.

mod fields;
mod json;
mod pretty;
mod refusal;
mod reply;
mod writing;

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;

use self::fields::{Fields, Line};
use self::refusal::Refused;
use self::reply::Explained;
use super::call::CallArguments;
use super::report::Format;
use super::{Failure, lang, offline, printable, say};
use crate::author::view::View;
use crate::pipeline::rehearsal::{Admitted, Call, Stage, judge};
use crate::policy::combine::Standing;
use crate::policy::{ContractId, Role, RoleId, Row};

/// The arguments of `fieldgate explain`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The rules directory
    dir: PathBuf,
    #[command(flatten)]
    call: CallArguments,
    /// This field of the record only, listed or not: phones[*].number, phones[0].number
    #[arg(long, value_name = "PATH")]
    field: Option<String>,
    /// An answer of the upstream, to explain record by record and value by value
    #[arg(long, value_name = "FILE")]
    reply: Option<PathBuf>,
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

impl Allowed<'_> {
    /// The caller's roles with a row here that a gate stands before.
    fn rows(&self) -> impl Iterator<Item = (&Role, &Row)> {
        let (rules, route) = (self.fields.rules, self.admitted.route);
        let rows = self.roles.iter().filter_map(move |id| {
            let row = rules.rows.get(&(route.resource, route.group, *id))?;
            Some((rules.roles.get(id.0)?, row))
        });
        rows.filter(|(_, row)| !row.only.is_empty())
    }
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments, format: Format) -> Result<ExitCode, Failure> {
    let stage = offline::stage(&arguments.dir, arguments.config.as_deref())?;
    let call = arguments.call.read(&stage.policy().rules)?;
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
        Some(path) => fields
            .at(path, &admitted.permit)
            .map_err(|wrong| Failure::usage(wrong.get(lang())))?,
    };
    let reply = match &arguments.reply {
        None => None,
        Some(file) => {
            let text = fs::read(file).map_err(|error| {
                let wrong = offline::unreadable(file, &error);
                Failure::usage(wrong.get(lang()))
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
