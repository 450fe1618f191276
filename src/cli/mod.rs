//! The command line: one file per subcommand, exit codes as in `docs/settings.md`.
//!
//! Refuses (exit 2) wrong arguments, and by name every command and flag that is defined and not built yet. Nothing that
//! came from outside reaches a terminal with control or bidirectional characters in it.

pub mod answer;
mod apply;
pub mod audit;
pub mod block;
mod call;
pub mod check;
mod chinese;
pub mod demo;
pub mod diff;
mod document;
pub mod explain;
pub mod fmt;
pub mod help;
pub mod init;
pub mod matrix;
mod needs;
mod offline;
mod report;
pub mod run;
pub mod schema;
pub mod test;
mod traced;

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::OnceLock;

use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum};

use self::report::Format;
use crate::policy::diagnostic::Lang;
use crate::policy::source::is_unreadable;
use crate::telemetry::LogFormat;

/// Something that should not happen did.
const INTERNAL: u8 = 1;
/// A wrong argument, or settings that cannot be used.
const USAGE: u8 = 2;
/// Rules that do not load.
const RULES: u8 = 3;
/// Tests of a rule set failed.
const TESTS: u8 = 4;
/// The tests of a rule set prove too little of it.
const COVERAGE: u8 = 5;
/// The call was refused.
const REFUSED: u8 = 8;

/// Field-level access control for the JSON answers of legacy APIs.
#[derive(Debug, Parser)]
#[command(
    name = "fieldgate",
    version,
    subcommand_required = true,
    arg_required_else_help = true,
    disable_help_subcommand = true,
    after_help = "Exit codes: 0 ok, 1 internal, 2 usage or settings, 3 rules invalid, 4 tests failed,\n\
                  5 coverage below the minimum, 6 audit verification failed, 8 refused."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// How results are written
    #[arg(long, global = true, value_name = "FORMAT")]
    format: Option<Format>,
    /// The language of diagnostics; else LC_ALL, LC_MESSAGES or LANG say
    #[arg(long, global = true, value_name = "LANGUAGE")]
    lang: Option<Language>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// A legacy API, the proxy and throw-away identities in one process, from nothing
    Demo(demo::Arguments),
    /// Serve
    Run {
        /// The settings; else $FIELDGATE_CONFIG, ./fieldgate.yaml, /etc/fieldgate/fieldgate.yaml
        #[arg(short, value_name = "FILE")]
        config: Option<PathBuf>,
    },
    /// Load and lint a rule set, offline
    Check {
        /// The rules directory
        dir: PathBuf,
        /// What to fail for besides mistakes
        #[arg(long, value_name = "WHAT")]
        deny: Option<Deny>,
    },
    /// Run the tests of a rule set through the real engine
    Test(test::Arguments),
    /// Govern the answer on standard input as the proxy would
    Apply(apply::Arguments),
    /// The access log
    #[command(subcommand, arg_required_else_help = true)]
    Audit(Audit),
    /// Why a call is allowed or refused, and why each field comes out as it does
    Explain(explain::Arguments),
    /// The access matrix: who sees what, as the proxy enforces it
    Matrix(matrix::Arguments),
    /// Who gains and who loses what where one rule set takes the place of another
    Diff(diff::Arguments),
    /// Propose a rule set from a JSON sample, an OpenAPI 3 document or a CSV data dictionary
    Init(init::Arguments),
    /// Print the JSON Schema of rule files, for editors
    Schema,
    /// Bring rule files into form: blanks, columns, blank lines; what they say stays
    Fmt(fmt::Arguments),
    /// Explain the code of a diagnostic, or why a request was refused
    Help {
        /// The code or the reason, such as FG1007 or no-row
        code: Option<String>,
    },
    /// Stop somebody at once, whatever the rules say
    Block(block::Arguments),
    #[command(hide = true)]
    Doctor(Later),
}

#[derive(Debug, Subcommand)]
enum Audit {
    /// Verify that a log is what was written
    Verify {
        /// The directory of the log
        dir: PathBuf,
    },
    #[command(hide = true)]
    Search(Later),
    #[command(hide = true)]
    Export(Later),
    #[command(hide = true)]
    Report(Later),
    #[command(hide = true)]
    Prove(Later),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Deny {
    /// Warnings.
    Lints,
}

/// The word for a language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Language {
    En,
    #[value(name = "zh-CN", alias = "zh")]
    Zh,
}

impl Language {
    fn lang(self) -> Lang {
        match self {
            Language::En => Lang::En,
            Language::Zh => Lang::Zh,
        }
    }
}

/// The arguments of a command that is defined and not built yet, whatever they are.
#[derive(Debug, Args)]
struct Later {
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        hide = true,
        value_name = "ARGUMENT"
    )]
    arguments: Vec<OsString>,
}

/// Why a command ends without having done its work.
#[derive(Debug)]
struct Failure {
    exit: u8,
    /// For standard error; already fit for a terminal.
    text: String,
}

impl Failure {
    fn new(exit: u8, message: impl std::fmt::Display) -> Self {
        let text = format!("error: {}\n", printable(&message.to_string()));
        Failure { exit, text }
    }

    fn usage(message: impl std::fmt::Display) -> Self {
        Failure::new(USAGE, message)
    }
}

/// All commands and flags, for those who document them.
pub fn command() -> clap::Command {
    Cli::command()
}

/// Runs the command the arguments name and returns its exit code.
pub fn main() -> ExitCode {
    // Also what is wrong with arguments is said in the language that they name.
    if let Some(lang) = named_language(std::env::args()) {
        let _ = LANG.set(lang);
    }
    let parsed = in_language().try_get_matches();
    match parsed.and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => execute(cli).unwrap_or_else(|failure| {
            complain(&failure.text);
            ExitCode::from(failure.exit)
        }),
        Err(answer) => {
            let text = match (lang(), is_page(&answer)) {
                (Lang::En, _) => answer.render().to_string(),
                (Lang::Zh, true) => chinese::page(&answer.render().to_string()),
                (Lang::Zh, false) => chinese::mistake(&answer),
            };
            let text = printable(&text);
            match answer.use_stderr() {
                true => complain(&text),
                false => say(&text),
            }
            ExitCode::from(if answer.use_stderr() { USAGE } else { 0 })
        }
    }
}

/// All commands, their help in the language of this process.
fn in_language() -> clap::Command {
    match lang() {
        Lang::En => command(),
        Lang::Zh => chinese::translated(command()),
    }
}

/// Whether this is help or the version, and not a mistake.
fn is_page(answer: &clap::Error) -> bool {
    use clap::error::ErrorKind::{
        DisplayHelp, DisplayHelpOnMissingArgumentOrSubcommand, DisplayVersion,
    };
    matches!(
        answer.kind(),
        DisplayHelp | DisplayHelpOnMissingArgumentOrSubcommand | DisplayVersion
    )
}

/// What `--lang` says, read before all else.
fn named_language(mut arguments: impl Iterator<Item = String>) -> Option<Lang> {
    let word = arguments.find_map(|one| match one.strip_prefix("--lang")? {
        "" => Some(String::new()),
        rest => rest.strip_prefix('=').map(str::to_owned),
    })?;
    let word = if word.is_empty() {
        arguments.next()?
    } else {
        word
    };
    let language = Language::from_str(&word, false).ok()?;
    Some(language.lang())
}

fn execute(cli: Cli) -> Result<ExitCode, Failure> {
    if let Some(language) = cli.lang {
        // Said once, before anything is written.
        let _ = LANG.set(language.lang());
    }
    let format = match cli.format {
        Some(format) if !formats(&cli.command).contains(&format) => {
            let word = format.to_possible_value();
            let word = word.as_ref().map_or("", |value| value.get_name());
            return Err(not_yet(&format!("`--format {word}` of this command")));
        }
        format => format.unwrap_or(Format::Pretty),
    };
    match cli.command {
        Command::Demo(arguments) => Ok(demo::run(&arguments)),
        Command::Run { config } => Ok(run::run(config.as_deref(), LogFormat::Text, "info")),
        Command::Check { dir, deny } => Ok(check::run(&dir, deny == Some(Deny::Lints), format)),
        Command::Test(arguments) => test::run(&arguments, format),
        Command::Apply(arguments) => apply::run(&arguments),
        Command::Audit(Audit::Verify { dir }) => Ok(audit::verify(&dir)),
        Command::Audit(later) => Err(not_yet(match later {
            Audit::Search(_) => "`fieldgate audit search`",
            Audit::Export(_) => "`fieldgate audit export`",
            Audit::Report(_) => "`fieldgate audit report`",
            Audit::Prove(_) | Audit::Verify { .. } => "`fieldgate audit prove`",
        })),
        Command::Help { code: Some(code) } => help::run(&code),
        Command::Help { code: None } => {
            let page = in_language().render_help().to_string();
            say(&match lang() {
                Lang::En => page,
                Lang::Zh => chinese::page(&page),
            });
            Ok(ExitCode::SUCCESS)
        }
        Command::Explain(arguments) => explain::run(&arguments, format),
        Command::Matrix(arguments) => matrix::run(&arguments, format),
        Command::Diff(arguments) => diff::run(&arguments, format),
        Command::Init(arguments) => init::run(&arguments),
        Command::Schema => Ok(schema::run()),
        Command::Fmt(arguments) => fmt::run(&arguments),
        Command::Block(arguments) => block::run(&arguments),
        Command::Doctor(_) => Err(not_yet("`fieldgate doctor`")),
    }
}

/// The formats a command can write.
fn formats(command: &Command) -> &'static [Format] {
    match command {
        Command::Check { .. } => &[
            Format::Pretty,
            Format::Json,
            Format::Github,
            Format::Sarif,
            Format::Junit,
        ],
        Command::Test(_) => &[Format::Pretty, Format::Json, Format::Github, Format::Junit],
        Command::Diff(_) => &[Format::Pretty, Format::Json, Format::Github],
        Command::Explain(_) => &[Format::Pretty, Format::Json],
        Command::Matrix(_) => &[Format::Table, Format::Csv, Format::Html, Format::Json],
        _ => &[],
    }
}

/// What `--lang` said.
static LANG: OnceLock<Lang> = OnceLock::new();

/// The language of this process: `--lang`, else the locale's.
fn lang() -> Lang {
    let of_locale = || Lang::of_locale(|name| std::env::var(name).ok());
    LANG.get().copied().unwrap_or_else(of_locale)
}

fn not_yet(what: &str) -> Failure {
    let message = crate::policy::diagnostic::say!("{what} is not supported yet", "{what} 还不支持");
    Failure::usage(message.get(lang()))
}

/// To standard output. A reader that went away, such as `head`, is no reason for another verdict.
fn say(text: &str) {
    let _ = io::stdout().lock().write_all(text.as_bytes());
}

/// To standard error.
fn complain(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// The text without characters that could move a cursor or turn the line around.
fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match is_unreadable(character) {
            true => shown.extend(character.escape_unicode()),
            false => shown.push(character),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commands_do_not_contradict_each_other() {
        command().debug_assert();
    }

    #[test]
    fn p01_no_escape_sequence_of_an_argument_reaches_the_terminal() {
        let shown = printable("a\u{1b}[2J\u{202e}b\n\u{9b}张");
        assert_eq!(shown, "a\\u{1b}[2J\\u{202e}b\n\\u{9b}张");
        let failure = Failure::usage("\u{7}");
        assert_eq!(failure.text, "error: \\u{7}\n");
    }
}
