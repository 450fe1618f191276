//! `fieldgate demo`: the legacy API, the proxy and everybody who calls, in one process on loopback.
//!
//! Refuses (exit 1) to serve anywhere but on loopback and to fill a directory that holds something; `tamper` exits 1
//! where damage went unnoticed.

use std::fmt::Display;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Subcommand};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::run::Running;
use super::{Failure, INTERNAL, complain};
use crate::config;
use crate::demo::client::{self, Answer};
use crate::demo::difference;
use crate::demo::document::Node;
use crate::demo::identities::{CUSTOMER, PARTNER_SAN};
use crate::demo::legacy::Legacy;
use crate::demo::place::{Announced, Place, loopback_only};
use crate::demo::project::Project;
use crate::demo::role::Role;
use crate::demo::tamper::{self, Tried};
use crate::demo::tour;
use crate::telemetry::{self, LogFormat};

/// Where a kept project looks for the legacy API, if the address is free.
const LEGACY: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 9000);
/// How long an access may take to reach the log.
const PATIENCE: Duration = Duration::from_secs(5);
const GLANCE: Duration = Duration::from_millis(20);

/// The arguments of `fieldgate demo`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// What to show besides starting it.
    #[command(subcommand)]
    pub action: Option<Action>,
    /// Leave a project that `fieldgate run` serves in this new directory
    #[arg(long, global = true, value_name = "DIR")]
    pub keep: Option<PathBuf>,
}

/// What the demo shows.
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum Action {
    /// One answer, what was taken out of it, and its line in the access log
    Call {
        /// Who calls
        role: Role,
    },
    /// Change copies of the access log and have each verified
    Tamper,
    /// The legacy API alone, for a project that was kept
    Legacy {
        /// Where to listen; loopback only
        #[arg(long, default_value_t = LEGACY, value_name = "ADDRESS")]
        listen: SocketAddr,
    },
}

/// Why the demo ends before it is done.
struct Failed(String);

impl<E: Display> From<E> for Failed {
    fn from(error: E) -> Self {
        Failed(error.to_string())
    }
}

/// Shows what the arguments ask for.
pub fn run(arguments: &Arguments) -> ExitCode {
    let keep = arguments.keep.as_deref();
    let shown = start(async {
        match arguments.action {
            None => serve(keep).await.map(|()| ExitCode::SUCCESS),
            Some(Action::Call { role }) => call(role, keep).await.map(|()| ExitCode::SUCCESS),
            Some(Action::Tamper) => tamper(keep).await,
            Some(Action::Legacy { .. }) if keep.is_some() => Err(Failed(
                "`legacy` has no project to keep; leave `--keep` out".to_owned(),
            )),
            Some(Action::Legacy { listen }) => legacy(listen).await.map(|()| ExitCode::SUCCESS),
        }
    });
    shown.unwrap_or_else(|Failed(message)| {
        complain(&Failure::new(INTERNAL, message).text);
        ExitCode::from(INTERNAL)
    })
}

fn start<T>(work: impl Future<Output = Result<T, Failed>>) -> Result<T, Failed> {
    telemetry::start_logging(LogFormat::Text, "warn")?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(work)
}

/// Everything, until somebody ends it.
async fn serve(keep: Option<&Path>) -> Result<(), Failed> {
    let mut end = End::install()?;
    let demo = Demo::start(keep).await?;
    let program = std::env::current_exe()?;
    let (place, kept) = (&demo.place, demo.project.is_kept());
    let dir = place.dir.display();
    let comparison = tour::comparison(place).await?;
    let goes = match kept {
        true => "stays here",
        false => "goes away with the demo",
    };
    say(&format!(
        "{comparison}
Fieldgate   https://{}   TLS 1.2 and 1.3, HTTP/1.1 and HTTP/2
legacy API  http://{}    no TLS, no login, as legacy APIs are
project     {dir}   settings, rules, throw-away keys, access log; {goes}

In a second terminal, paste what you like:

{}
Ctrl-C ends the demo.
",
        place.proxy,
        place.legacy,
        tour::commands(place, &program)
    ))?;
    end.asked().await;
    if kept {
        say(&format!("\n{}", stays(&place.dir)))?;
    }
    tokio::select! {
        ended = demo.end() => ended,
        () = end.asked() => Ok(()),
    }
}

fn stays(dir: &Path) -> String {
    format!(
        "The project stays in {}; its README.md says how to go on.\n",
        dir.display()
    )
}

/// One answer and what became of it on its way.
async fn call(role: Role, keep: Option<&Path>) -> Result<(), Failed> {
    let (place, own) = Demo::at_hand(keep).await?;
    show_call(&place, role).await?;
    match own {
        None => Ok(()),
        Some(demo) => demo.end_with_note().await,
    }
}

async fn show_call(place: &Place, role: Role) -> Result<(), Failed> {
    let target = role.target();
    let answer = client::call(place, role, target).await?;
    let node = Node::read(&answer.body)?;
    let from = match role {
        Role::Legacy => format!("http://{}", place.legacy),
        _ => format!("https://{}:{}", client::NAME, place.proxy.port()),
    };
    say(&format!(
        "GET {from}{target}\nas {}: {}\n\n{} {}\n\n{}\n",
        role.name(),
        credential(role),
        answer.head.status,
        answer.header("content-type"),
        node.pretty()
    ))?;
    if role == Role::Legacy {
        return say(
            "\nNothing was taken out, nobody was asked who they are, and no log knows of it.\n",
        );
    }
    let legacy = client::call(place, Role::Legacy, target).await?;
    let lines = difference::between(&Node::read(&legacy.body)?, &node);
    let (file, number, line) = access_line(&place.dir.join("audit"), &answer).await?;
    say(&format!(
        "\nWhat the legacy API said, and what became of it:\n\n{}\nIn the access log, {}:{number}\n\n{line}\n",
        tour::changes(&lines),
        file.display(),
    ))
}

fn credential(role: Role) -> String {
    match role {
        Role::Legacy => "no credential, past Fieldgate".to_owned(),
        Role::Teller => "a token of the bank's staff, role `teller`".to_owned(),
        Role::Manager => "a token of the bank's staff, role `branch-manager`".to_owned(),
        Role::Customer => format!("a token of the bank's app, customer {CUSTOMER}"),
        Role::Partner => format!("a client certificate, {PARTNER_SAN}"),
    }
}

/// The record of how this exchange ended, which is written when its last byte has gone.
async fn access_line(dir: &Path, answer: &Answer) -> Result<(PathBuf, usize, String), Failed> {
    let id = format!(r#""id":"{}""#, answer.header("x-request-id"));
    let is_it = |line: &str| line.contains(r#""kind":"outcome""#) && line.contains(&id);
    let find = async || -> Result<_, Failed> {
        loop {
            for entry in std::fs::read_dir(dir)? {
                let path = entry?.path();
                if path
                    .extension()
                    .is_none_or(|extension| extension != "jsonl")
                {
                    continue;
                }
                let text = std::fs::read_to_string(&path)?;
                if let Some((at, line)) = text.lines().enumerate().find(|(_, line)| is_it(line)) {
                    return Ok((path, at + 1, line.to_owned()));
                }
            }
            tokio::time::sleep(GLANCE).await;
        }
    };
    tokio::time::timeout(PATIENCE, find())
        .await
        .map_err(|_| Failed("this access is not in the access log".to_owned()))?
}

/// Three changed copies of the log.
async fn tamper(keep: Option<&Path>) -> Result<ExitCode, Failed> {
    let (place, own) = Demo::at_hand(keep).await?;
    let audit = place.dir.join("audit");
    if own.is_some() {
        tour::comparison(&place).await?; // accesses to tamper with
    }
    let tried = tamper::attempt(&audit)?;
    let Tried { lines, attempts } = &tried;
    say(&format!(
        "The access log of the demo, {}\n\n  as it is: ok, {lines} lines\n",
        audit.display()
    ))?;
    for attempt in attempts {
        let verdict = match &attempt.found {
            Some(damage) => format!("DAMAGED {damage}"),
            None => "ok: the change went unnoticed".to_owned(),
        };
        say(&format!(
            "\n  {}\n    audit verify: {verdict}\n",
            attempt.what
        ))?;
    }
    if let Some(demo) = own {
        demo.end_with_note().await?;
    }
    Ok(match tried.all_found() {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(INTERNAL),
    })
}

/// The legacy API alone, until somebody ends it.
async fn legacy(listen: SocketAddr) -> Result<(), Failed> {
    let mut end = End::install()?;
    let legacy = Legacy::start_at(listen).await?;
    say(&format!(
        "the legacy API listens on http://{}; Ctrl-C ends it\n",
        legacy.address()
    ))?;
    end.asked().await;
    Ok(())
}

/// A demo of this process.
struct Demo {
    place: Place,
    running: Running,
    project: Project,
    _legacy: Legacy,
    _announced: Announced,
}

impl Demo {
    async fn start(keep: Option<&Path>) -> Result<Demo, Failed> {
        let (legacy, project) = match keep {
            None => {
                let legacy = Legacy::start().await?;
                let project = Project::temporary(legacy.address())?;
                (legacy, project)
            }
            Some(dir) => {
                let legacy = match Legacy::start_at(LEGACY).await {
                    Ok(legacy) => legacy,
                    Err(_) => Legacy::start().await?,
                };
                let project = Project::kept(dir, legacy.address())?;
                (legacy, project)
            }
        };
        let settings = config::load(&project.settings()).map_err(|mistakes| {
            let lines: Vec<String> = mistakes.iter().map(|mistake| mistake.line()).collect();
            Failed(lines.join("\n"))
        })?;
        loopback_only(&settings)?;
        let running = Running::start(settings)
            .await
            .map_err(|error| Failed(error.messages.join("\n")))?;
        let proxy = running.addresses().first().copied();
        let place = Place {
            proxy: proxy.ok_or("the proxy listens nowhere")?,
            legacy: legacy.address(),
            dir: project.dir().to_owned(),
        };
        Ok(Demo {
            _announced: place.announce()?,
            place,
            running,
            project,
            _legacy: legacy,
        })
    }

    /// The one that runs, else one of our own; always one of our own where it is to be kept.
    async fn at_hand(keep: Option<&Path>) -> Result<(Place, Option<Demo>), Failed> {
        if keep.is_none()
            && let Some(place) = Place::find()?
        {
            return Ok((place, None));
        }
        let demo = Demo::start(keep).await?;
        Ok((demo.place.clone(), Some(demo)))
    }

    /// Ends a demo that was there for one answer, and says so: what it showed is gone.
    async fn end_with_note(self) -> Result<(), Failed> {
        let note = match self.project.is_kept() {
            true => stays(&self.place.dir),
            false => "No demo was running, so this one ran for this answer and is gone; `fieldgate demo` stays.\n".to_owned(),
        };
        self.end().await?;
        say(&format!("\n{note}"))
    }

    /// Drains and closes the log.
    async fn end(self) -> Result<(), Failed> {
        self.running.stop();
        let drained = self.running.until_drained(None).await;
        drained.map_err(|error| Failed(error.messages.join("\n")))
    }
}

/// Ctrl-C, `kill`, or the terminal was closed.
struct End {
    signals: [Signal; 3],
}

impl End {
    fn install() -> io::Result<End> {
        Ok(End {
            signals: [
                signal(SignalKind::interrupt())?,
                signal(SignalKind::terminate())?,
                signal(SignalKind::hangup())?,
            ],
        })
    }

    async fn asked(&mut self) {
        let [interrupt, terminate, hangup] = &mut self.signals;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    }
}

/// To stdout; a demo nobody reads ends.
fn say(text: &str) -> Result<(), Failed> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    Ok(stdout.flush()?)
}
