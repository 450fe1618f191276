//! `fieldgate block`: who gets nothing from now on, whatever the rules say.
//!
//! Writes the file that `blocks.file` names; every proxy that reads it follows within a second. Refuses (exit 2) settings
//! without that key and names that cannot be meant, (exit 1) a file it cannot read or write.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::offline::refused;
use super::{Failure, INTERNAL, USAGE, complain, printable, say};
use crate::audit::Hasher;
use crate::block::{self, Block, FileError, Kind, Lifted};
use crate::config::{self, Settings};
use crate::policy;
use crate::policy::source::is_unreadable;

/// Characters of a reason, and of a name.
const LONGEST: usize = 300;
/// What `/proc/self/loginuid` says where nobody logged in.
const NOBODY: u32 = u32::MAX;

/// The arguments of `fieldgate block`.
#[derive(Debug, Args)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub struct Arguments {
    #[command(subcommand)]
    what: What,
    /// The settings; else $FIELDGATE_CONFIG, ./fieldgate.yaml, /etc/fieldgate/fieldgate.yaml
    #[arg(short, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Whoever calls under this contract
    Contract(Named),
    /// Whoever holds this role
    Role(Named),
    /// Whoever has this name: a token's `sub`, a certificate's alternative name, an API key's name, or the `hmac:` of `caller.id`
    Caller(Named),
    /// One token, certificate or API key: the `sha256:` of `caller.credential`
    Credential(Named),
    /// The person whose data records are: nobody gets those
    Person(Person),
    /// Who is blocked, since when, by whom and why
    List,
    /// End a block
    Lift {
        /// contract, role, caller, credential or person
        kind: Kinds,
        /// As it was blocked
        name: String,
    },
}

#[derive(Debug, Args)]
struct Named {
    /// As the rules or the access log name it
    name: String,
    /// Why: it stands in the list and in the access log
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

#[derive(Debug, Args)]
struct Person {
    /// As the field `person` reads in the records, or the `hmac:` of the access log; `-` reads it from standard input
    id: String,
    /// Why: it stands in the list and in the access log
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Kinds {
    Contract,
    Role,
    Caller,
    Credential,
    Person,
}

impl From<Kinds> for Kind {
    fn from(kind: Kinds) -> Kind {
        match kind {
            Kinds::Contract => Kind::Contract,
            Kinds::Role => Kind::Role,
            Kinds::Caller => Kind::Caller,
            Kinds::Credential => Kind::Credential,
            Kinds::Person => Kind::Person,
        }
    }
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Failure {
        Failure::new(INTERNAL, error)
    }
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let settings = settings(arguments.config.as_deref())?;
    let file = settings.blocks.as_deref().ok_or_else(|| {
        Failure::usage(
            "the settings say nowhere who is blocked; add `blocks: { file: state/blocks.json }`",
        )
    })?;
    match &arguments.what {
        What::Contract(named) => add(&settings, file, Kind::Contract, named),
        What::Role(named) => add(&settings, file, Kind::Role, named),
        What::Caller(named) => add(&settings, file, Kind::Caller, named),
        What::Credential(named) => add(&settings, file, Kind::Credential, named),
        What::Person(person) => withhold(&settings, file, person),
        What::List => list(file),
        What::Lift { kind, name } => lift(&settings, file, (*kind).into(), name),
    }
}

fn settings(option: Option<&Path>) -> Result<Settings, Failure> {
    let file = config::find(option).map_err(|mistake| refused(USAGE, &[mistake]))?;
    config::load(&file).map_err(|mistakes| refused(USAGE, &mistakes))
}

fn add(settings: &Settings, file: &Path, kind: Kind, named: &Named) -> Result<ExitCode, Failure> {
    let name = name(settings, kind, &named.name)?;
    let block = Block {
        kind,
        name: name.clone(),
        since: now(),
        by: user()?,
        reason: plain("the reason", &named.reason)?,
        key: None,
        lifted: None,
    };
    enter(file, block)?;
    say(&printable(&format!(
        "{kind} {name} is blocked; every proxy that reads this file refuses it within a second\n"
    )));
    Ok(ExitCode::SUCCESS)
}

fn enter(file: &Path, new: Block) -> Result<(), Failure> {
    block::change::<Failure>(file, |blocks| {
        let same = |block: &Block| {
            block.lifted.is_none() && (block.kind, &block.name) == (new.kind, &new.name)
        };
        if blocks.iter().any(same) {
            return Err(Failure::new(
                INTERNAL,
                format_args!("{} `{}` is blocked already", new.kind, new.name),
            ));
        }
        blocks.push(new);
        Ok(())
    })
}

/// Blocks a person: by the hash the access log has of them, so that no file holds who it is.
fn withhold(settings: &Settings, file: &Path, person: &Person) -> Result<ExitCode, Failure> {
    let hasher = Hasher::new(&settings.audit.key);
    let name = hashed(&hasher, &person.id)?;
    let block = Block {
        kind: Kind::Person,
        name: name.clone(),
        since: now(),
        by: user()?,
        reason: plain("the reason", &person.reason)?,
        key: Some(hasher.key_name()),
        lifted: None,
    };
    enter(file, block)?;
    say(&printable(&format!(
        "person {name} is blocked; no proxy that reads this file lets a record of theirs leave after a second\n"
    )));
    let Ok(loaded) = policy::load(&settings.rules.dir) else {
        complain(
            "warning: the rules do not load, so nobody knows which resources say whose their records are\n",
        );
        return Ok(ExitCode::SUCCESS);
    };
    let resources = loaded.rules.resources.iter();
    let nameless = resources.filter(|resource| resource.person.is_none());
    let names: Vec<&str> = nameless.map(|resource| resource.name.as_str()).collect();
    if !names.is_empty() {
        complain(&printable(&format!(
            "warning: not covered, since the rules do not say whose data these are (`person`): {}\n",
            names.join(", ")
        )));
    }
    Ok(ExitCode::SUCCESS)
}

/// The hash of a person, who may be named by it.
fn hashed(hasher: &Hasher, id: &str) -> Result<String, Failure> {
    let read = match id {
        "-" => one_line()?,
        id => id.to_owned(),
    };
    let id = plain("the person", &read)?;
    let is_hash = |digits: &str| {
        let lower = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        digits.len() == 64 && digits.bytes().all(lower)
    };
    match id.strip_prefix("hmac:") {
        Some(digits) if is_hash(digits) => Ok(id),
        Some(_) => Err(Failure::usage(
            "a person is named as their records do, or as `persons` of the access log: `hmac:` and 64 hexadecimal digits",
        )),
        None => Ok(hasher.person(&id).to_string()),
    }
}

fn one_line() -> Result<String, Failure> {
    let mut line = String::new();
    let read = io::stdin().read_line(&mut line);
    read.map_err(|error| Failure::new(INTERNAL, error))?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

fn lift(settings: &Settings, file: &Path, kind: Kind, name: &str) -> Result<ExitCode, Failure> {
    let name = match kind {
        Kind::Credential => name.strip_prefix("sha256:").unwrap_or(name).to_owned(),
        Kind::Contract | Kind::Role | Kind::Caller => name.to_owned(),
        Kind::Person => hashed(&Hasher::new(&settings.audit.key), name)?,
    };
    let name = name.as_str();
    let lifted = Lifted {
        at: now(),
        by: user()?,
    };
    block::change::<Failure>(file, |blocks| {
        let mut all = blocks.iter_mut();
        let found = all.find(|block| {
            block.lifted.is_none() && (block.kind, block.name.as_str()) == (kind, name)
        });
        let found = found.ok_or_else(|| {
            Failure::new(
                INTERNAL,
                format_args!("{kind} `{name}` is not blocked; `fieldgate block list` says who is"),
            )
        })?;
        found.lifted = Some(lifted);
        Ok(())
    })?;
    say(&printable(&format!(
        "{kind} {name} is not blocked any more\n"
    )));
    Ok(ExitCode::SUCCESS)
}

fn list(file: &Path) -> Result<ExitCode, Failure> {
    let blocks = match block::read(file) {
        Ok(blocks) => blocks,
        Err(FileError::Missing(_)) => block::Blocks::default(),
        Err(error) => return Err(error.into()),
    };
    let mut text = String::new();
    for block in blocks.in_force() {
        let Block {
            kind,
            name,
            since,
            by,
            reason,
            key: _,
            lifted: _,
        } = block;
        text.push_str(&format!("{kind} {name}: since {since} by {by}: {reason}\n"));
    }
    if text.is_empty() {
        text.push_str("nobody is blocked\n");
    }
    say(&printable(&text));
    Ok(ExitCode::SUCCESS)
}

/// The name as it is compared, or why it cannot be meant: a block that misses its aim blocks nobody.
fn name(settings: &Settings, kind: Kind, name: &str) -> Result<String, Failure> {
    let name = plain("the name", name)?;
    match kind {
        Kind::Caller | Kind::Person => Ok(name),
        Kind::Credential => {
            let digits = name.strip_prefix("sha256:").unwrap_or(&name);
            let lower = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
            match digits.len() == 64 && digits.bytes().all(lower) {
                true => Ok(digits.to_owned()),
                false => Err(Failure::usage(
                    "a credential is named by its SHA-256, as `caller.credential` of the access log: `sha256:` and 64 hexadecimal digits",
                )),
            }
        }
        Kind::Contract | Kind::Role => {
            known(settings, kind, &name)?;
            Ok(name)
        }
    }
}

/// Refuses a contract or role the rules do not have.
fn known(settings: &Settings, kind: Kind, name: &str) -> Result<(), Failure> {
    let Ok(loaded) = policy::load(&settings.rules.dir) else {
        // To close must not wait until the rules are mended.
        complain(&format!(
            "warning: the rules do not load, so nobody knows whether there is such a {kind}\n"
        ));
        return Ok(());
    };
    let rules = &loaded.rules;
    let known: Vec<&str> = match kind {
        Kind::Contract => rules
            .contracts
            .iter()
            .map(|one| one.name.as_str())
            .collect(),
        Kind::Role | Kind::Caller | Kind::Credential | Kind::Person => {
            rules.roles.iter().map(|role| role.name.as_str()).collect()
        }
    };
    if known.contains(&name) {
        return Ok(());
    }
    Err(Failure::usage(format_args!(
        "the rules have no {kind} `{name}`; they have {}",
        known.join(", ")
    )))
}

fn plain(what: &str, text: &str) -> Result<String, Failure> {
    let odd = |c: char| is_unreadable(c) || c == '\n';
    match text.trim() == text
        && !text.is_empty()
        && text.chars().count() <= LONGEST
        && !text.chars().any(odd)
    {
        true => Ok(text.to_owned()),
        false => Err(Failure::usage(format_args!(
            "{what} is 1 to {LONGEST} characters that can be seen, without blanks around"
        ))),
    }
}

fn now() -> String {
    jiff::Timestamp::now()
        .strftime("%Y-%m-%dT%H:%M:%SZ")
        .to_string()
}

/// Who logged in, however they became who runs this; else who runs it.
fn user() -> Result<String, Failure> {
    let login = fs::read_to_string("/proc/self/loginuid").ok();
    let login = login.and_then(|text| text.trim().parse().ok());
    let uid: u32 = match login.filter(|uid| *uid != NOBODY) {
        Some(uid) => uid,
        None => {
            let own = fs::metadata("/proc/self");
            own.map_err(|error| Failure::new(INTERNAL, error))?.uid()
        }
    };
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let named = users.lines().find_map(|line| {
        let mut parts = line.split(':');
        let name = parts.next()?;
        (parts.nth(1)?.parse() == Ok(uid)).then(|| name.to_owned())
    });
    Ok(match named {
        Some(name) => format!("{name} (uid {uid})"),
        None => format!("uid {uid}"),
    })
}
