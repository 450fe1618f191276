//! `fieldgate diff OLD NEW`: who gains and who loses what where one rule set takes the place of another, by effect.
//!
//! Refuses (exit 3) rules that do not load, and with `--fail-on widening` whatever gives somebody more; what cannot be weighed
//! counts as that. Of settings (`--old-config`, `--new-config`) `identity`, `front` and who may connect to `listen` are read and
//! compared, and nothing else.

mod doors;
mod identity;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use serde_json::json;

use super::offline::refused;
use super::report::{Format, Report, annotation};
use super::{Failure, RULES, USAGE, lang, printable, say as print};
use crate::config::{self, Callers};
use crate::policy::diagnostic::{Diagnostic, Lang, Text, say};
use crate::policy::weigh::{Kind, gains, losses};
use crate::policy::{Loaded, load};

/// The JSON document is of this shape; another number would be another shape.
const VERSION: u8 = 1;

/// The arguments of `fieldgate diff`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The rules directory as it was
    old: PathBuf,
    /// The rules directory as it shall be
    new: PathBuf,
    /// What to fail for
    #[arg(long, value_name = "WHAT")]
    fail_on: Option<FailOn>,
    /// The settings as they were: who is believed, and who may connect, is compared too
    #[arg(long, value_name = "FILE", requires = "new_config")]
    old_config: Option<PathBuf>,
    /// The settings as they shall be
    #[arg(long, value_name = "FILE", requires = "old_config")]
    new_config: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FailOn {
    /// Somebody gains something, or it cannot be said that nobody does.
    Widening,
}

/// What becomes of who may see what, each thing once.
#[derive(Debug, Default)]
struct Changes {
    gains: Vec<(Kind, Text)>,
    losses: Vec<Text>,
}

impl Changes {
    fn of(&self, wanted: Kind) -> impl Iterator<Item = &Text> {
        let gains = self.gains.iter();
        gains.filter_map(move |(kind, text)| (*kind == wanted).then_some(text))
    }
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments, format: Format) -> Result<ExitCode, Failure> {
    let mut changes = match settings(arguments)? {
        Some((old, new)) => {
            doors::changes(&old, &new, identity::changes(&old.identity, &new.identity))
        }
        None => Changes::default(),
    };
    let loaded = (load(&arguments.old), load(&arguments.new));
    let (old, new) = match loaded {
        (Ok(old), Ok(new)) => (old, new),
        (old, new) => return do_not_load(arguments, [old, new], format),
    };
    let now = jiff::Timestamp::now().as_second();
    let gained = gains(&old.rules, &new.rules, now);
    changes
        .losses
        .extend(losses(&old.rules, &new.rules, now, &gained));
    let gained = gained.into_iter().map(|gain| (gain.kind, gain.text()));
    changes.gains.extend(gained);

    let fails = arguments.fail_on == Some(FailOn::Widening) && !changes.gains.is_empty();
    print(&match format {
        Format::Json => document(arguments, &changes, !fails),
        Format::Github => annotations(&changes, fails),
        _ => for_people(arguments, &changes),
    });
    Ok(ExitCode::from(if fails { RULES } else { 0 }))
}

fn settings(arguments: &Arguments) -> Result<Option<(Callers, Callers)>, Failure> {
    let (Some(old), Some(new)) = (&arguments.old_config, &arguments.new_config) else {
        return Ok(None);
    };
    let callers =
        |file: &Path| config::load_callers(file).map_err(|mistakes| refused(USAGE, &mistakes));
    Ok(Some((callers(old)?, callers(new)?)))
}

fn do_not_load(
    arguments: &Arguments,
    loaded: [Result<Loaded, Vec<Diagnostic>>; 2],
    format: Format,
) -> Result<ExitCode, Failure> {
    let mistakes: Vec<Diagnostic> = loaded
        .into_iter()
        .filter_map(Result::err)
        .flatten()
        .collect();
    if format == Format::Pretty {
        return Err(refused(RULES, &mistakes));
    }
    let report = Report {
        command: "diff",
        dir: shown(&arguments.new),
        lang: lang(),
        ok: false,
        deny_lints: false,
        contents: None,
        diagnostics: &mistakes,
        tests: &[],
        coverage: None,
    };
    print(&report.written(format));
    Ok(ExitCode::from(RULES))
}

fn for_people(arguments: &Arguments, changes: &Changes) -> String {
    let lang = lang();
    let mut text = String::new();
    let mut part = |head: Text, sign: char, lines: Vec<&Text>| {
        if lines.is_empty() {
            return;
        }
        text.push_str(head.get(lang));
        text.push('\n');
        for line in lines {
            text.push_str(&format!("  {sign} {}\n", printable(line.get(lang))));
        }
        text.push('\n');
    };
    part(
        say!("gained:", "放宽："),
        '+',
        changes.of(Kind::Opens).collect(),
    );
    part(
        say!("not weighed, counts as gained:", "无法衡量，按放宽算："),
        '?',
        changes.of(Kind::Unweighed).collect(),
    );
    part(
        say!("lost:", "收紧："),
        '-',
        changes.losses.iter().collect(),
    );
    text + &summary(arguments, changes, lang)
}

fn summary(arguments: &Arguments, changes: &Changes, lang: Lang) -> String {
    let (old, new) = (shown(&arguments.old), shown(&arguments.new));
    let opens = changes.of(Kind::Opens).count();
    let unweighed = changes.of(Kind::Unweighed).count();
    let closes = changes.losses.len();
    let text = match opens + unweighed + closes {
        0 => say!(
            "{old} to {new}: nobody gains or loses anything\n",
            "{old} 到 {new}：没有人能看到的变多或变少\n"
        ),
        _ => say!(
            "{old} to {new}: {opens} gained, {unweighed} not weighed, {closes} lost\n",
            "{old} 到 {new}：放宽 {opens} 处，无法衡量 {unweighed} 处，收紧 {closes} 处\n"
        ),
    };
    text.get(lang).to_owned()
}

fn document(arguments: &Arguments, changes: &Changes, ok: bool) -> String {
    let lang = lang();
    let change =
        |kind: &str, text: &Text| json!({ "kind": kind, "text": printable(text.get(lang)) });
    let gains = changes.gains.iter().map(|(kind, text)| match kind {
        Kind::Opens => change("opens", text),
        Kind::Unweighed => change("unweighed", text),
    });
    let losses = changes.losses.iter().map(|text| change("closes", text));
    let document = json!({
        "version": VERSION,
        "command": "diff",
        "old": shown(&arguments.old),
        "new": shown(&arguments.new),
        "language": lang.tag(),
        "ok": ok,
        "widens": !changes.gains.is_empty(),
        "changes": gains.chain(losses).collect::<Vec<_>>(),
    });
    format!("{document:#}\n")
}

fn annotations(changes: &Changes, fails: bool) -> String {
    let level = if fails { "error" } else { "warning" };
    let gains = changes.gains.iter().map(|(kind, text)| match kind {
        Kind::Opens => annotation(level, "gained", text),
        Kind::Unweighed => annotation(level, "not weighed, counts as gained", text),
    });
    let losses = changes.losses.iter();
    gains
        .chain(losses.map(|text| annotation("notice", "lost", text)))
        .collect()
}

fn shown(dir: &Path) -> String {
    printable(&dir.display().to_string())
}
