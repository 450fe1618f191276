//! `fieldgate matrix DIR`: the access matrix, as the proxy enforces it.
//!
//! Refuses (exit 2) resources and roles the rules do not have, and (exit 3) rules that do not load.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::offline::{self, moment, refused};
use super::report::Format;
use super::{Failure, USAGE, lang, printable, say};
use crate::author::matrix::{Matrix, Scope};
use crate::policy::RuleSet;
use crate::policy::diagnostic::{Diagnostic, code, quoted, say};

/// Columns of a terminal that does not say how wide it is.
const WIDTH: usize = 100;

/// The arguments of `fieldgate matrix`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The rules directory
    dir: PathBuf,
    /// This resource or group of routes only
    #[arg(long, value_name = "RESOURCE")]
    resource: Option<String>,
    /// This role only
    #[arg(long, value_name = "ROLE")]
    role: Option<String>,
    /// The moment the matrix is of, 2026-06-01T10:00:00+08:00; else now
    #[arg(long, value_name = "TIME", value_parser = moment)]
    now: Option<i64>,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments, format: Format) -> Result<ExitCode, Failure> {
    let stage = offline::stage(&arguments.dir, None)?;
    let rules = &stage.policy().rules;
    let scope = Scope {
        resource: arguments.resource.clone(),
        role: arguments.role.clone(),
    };
    known(rules, &scope)?;
    let now = arguments
        .now
        .unwrap_or_else(|| jiff::Timestamp::now().as_second());
    let title = printable(&arguments.dir.display().to_string());
    let matrix = Matrix::of(stage.policy(), &scope, now, &title);
    match format {
        Format::Csv => say(&matrix.csv(lang())),
        Format::Html => say(&matrix.html(lang())),
        Format::Json => say(&matrix.json()),
        _ => say(&printable(&matrix.table(lang(), width()))),
    }
    Ok(ExitCode::SUCCESS)
}

/// Whatever is asked for by name must be there.
fn known(rules: &RuleSet, scope: &Scope) -> Result<(), Failure> {
    if let Some(wanted) = &scope.role {
        offline::role(rules, wanted)?;
    }
    let Some(wanted) = &scope.resource else {
        return Ok(());
    };
    let groups = rules.resources.iter().flat_map(|resource| &resource.groups);
    let names = rules
        .resources
        .iter()
        .map(|resource| resource.name.as_str());
    let names: Vec<&str> = names
        .chain(groups.map(|group| group.name.as_str()))
        .collect();
    if names.contains(&wanted.as_str()) {
        return Ok(());
    }
    let mistake = Diagnostic::error(
        code::FG2003,
        say!(
            "there is no resource or group {}",
            "没有 {} 这个资源或路由组",
            quoted(wanted)
        ),
    );
    Err(refused(USAGE, &[mistake.suggest(wanted, names)]))
}

/// What `COLUMNS` says, as shells set it.
fn width() -> usize {
    let columns = std::env::var("COLUMNS").ok();
    let columns = columns.and_then(|columns| columns.parse().ok());
    columns.unwrap_or(WIDTH).max(40)
}
