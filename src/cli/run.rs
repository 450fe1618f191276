//! `fieldgate run`: settings and rules into a running proxy, until it has drained.
//!
//! Refuses to start with settings that cannot be used (exit 2), rules that do not load or do not fit the settings
//! (exit 3), or a log that cannot be written (exit 1). A running proxy keeps what it has when something it re-reads
//! cannot be used.

mod blocks;
mod reload;
mod rules;

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;

use super::{INTERNAL, RULES, USAGE, needs};
use crate::admin::{self, Probes};
use crate::audit::{self, Audit, AuditSettings};
use crate::block::Switch;
use crate::config::{self, Durability, Settings};
use crate::identity::Identity;
use crate::pipeline::cors::Cors;
use crate::pipeline::{self, Budget, Generation, Proxy, Validators};
use crate::policy::diagnostic::{self, Diagnostic, Style};
use crate::policy::store::Policy;
use crate::policy::{self, RuleSet};
use crate::server::{self, Bound, Drain, Event, Listener, Phase, Signals, Workers};
use crate::telemetry::{self, LogFormat, Metrics};
use crate::upstream::Upstreams;
use reload::Reload;
use rules::{Chosen, FIRST, tell};

/// Exchanges that may be open at once before the log's queue refuses more.
const AUDIT_QUEUE: usize = 65_536;

/// Why the proxy does not start, and with which exit code.
#[derive(Debug)]
pub struct StartError {
    /// The exit code.
    pub code: u8,
    /// What to print, a line each.
    pub messages: Vec<String>,
}

impl StartError {
    fn new(code: u8, message: impl std::fmt::Display) -> Self {
        StartError {
            code,
            messages: vec![message.to_string()],
        }
    }

    fn diagnostics(code: u8, mistakes: &[Diagnostic]) -> Self {
        let text = diagnostic::render(mistakes, super::lang(), Style::of_stderr());
        StartError {
            code,
            messages: vec![text.trim_end().to_owned()],
        }
    }

    /// Prints the messages and gives the exit code.
    pub fn report(&self) -> ExitCode {
        let mut stderr = io::stderr().lock();
        for message in &self.messages {
            // Nobody is left to tell where stderr is gone.
            let _ = writeln!(stderr, "{message}");
        }
        ExitCode::from(self.code)
    }
}

/// Serves what `-c` names until SIGTERM.
pub fn run(settings: Option<&Path>, format: LogFormat, level: &str) -> ExitCode {
    if let Err(error) = telemetry::start_logging(format, level) {
        return StartError::new(USAGE, error).report();
    }
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return StartError::new(INTERNAL, error).report(),
    };
    match runtime.block_on(serve(settings)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => error.report(),
    }
}

async fn serve(settings: Option<&Path>) -> Result<(), StartError> {
    let settings = read_settings(settings)?;
    let signals = Signals::install().map_err(|error| StartError::new(INTERNAL, error))?;
    let running = Running::start(settings).await?;
    announce(running.addresses()).map_err(|error| StartError::new(INTERNAL, error))?;
    running.until_drained(Some(signals)).await
}

/// Finds and reads the settings; warnings go to the log.
pub fn read_settings(option: Option<&Path>) -> Result<Settings, StartError> {
    let file =
        config::find(option).map_err(|mistake| StartError::diagnostics(USAGE, &[mistake]))?;
    let settings =
        config::load(&file).map_err(|mistakes| StartError::diagnostics(USAGE, &mistakes))?;
    tracing::info!(file = %file.display(), "settings read");
    for warning in &settings.warnings {
        tracing::warn!("{}", warning.line());
    }
    Ok(settings)
}

/// One line for each listener, for whoever started us.
fn announce(addresses: &[SocketAddr]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    for address in addresses {
        writeln!(stdout, "ready https://{address}")?;
    }
    stdout.flush()
}

/// A proxy that listens.
pub struct Running {
    proxy: Arc<Proxy>,
    addresses: Vec<SocketAddr>,
    health: Option<SocketAddr>,
    drain: Drain,
    serving: JoinHandle<()>,
    reloading: JoinHandle<()>,
    blocking: Option<JoinHandle<()>>,
    ask_reload: UnboundedSender<()>,
}

impl Running {
    /// Binds, loads and begins to serve.
    ///
    /// # Errors
    ///
    /// See [`StartError`]; nothing listens then.
    pub async fn start(settings: Settings) -> Result<Running, StartError> {
        let settings = Arc::new(settings);
        blocks::check(&settings)?;
        let chosen = choose_rules(&settings).await?;
        let identity = Identity::load(&settings.identity).map_err(|mistakes| StartError {
            code: USAGE,
            messages: mistakes.iter().map(ToString::to_string).collect(),
        })?;
        for note in identity.notes() {
            tracing::warn!("{note}");
        }
        let usage = |error: &dyn std::fmt::Display| StartError::new(USAGE, error);
        let upstreams = upstreams(&settings)?;
        let listeners = listeners(&settings, &identity)?;
        let tls = listeners
            .iter()
            .map(|listener| Arc::clone(&listener.tls))
            .collect();
        let bound = Bound::bind(listeners).map_err(|error| usage(&error))?;
        let health = match settings.health {
            Some(health) => Some(admin::bind(health.address).await.map_err(|e| usage(&e))?),
            None => None,
        };
        let workers = Workers::start(server::worker_count())
            .map_err(|error| StartError::new(INTERNAL, error))?;
        let audit = open_audit(&settings)?;
        let metrics = Arc::new(Metrics::default());
        tell(&chosen, &audit, &metrics).await?;
        if chosen.good {
            reload::keep(&settings, &chosen.found.contents);
        }
        let contents = chosen.found.contents.clone();
        let policy = Policy::new(FIRST, chosen.found.loaded.rules, rules::tokens(&settings));
        let proxy = Arc::new(Proxy {
            generation: ArcSwap::from_pointee(Generation::new(policy)),
            identity: ArcSwap::from_pointee(identity),
            upstreams: ArcSwap::from_pointee(upstreams),
            blocks: Switch::default(),
            audit,
            metrics,
            front: settings.front.clone(),
            cors: Cors::new(&settings),
            limits: settings.limits,
            budget: Arc::new(Budget::new(settings.limits.held)),
            validators: Validators::new(&settings.audit.key),
        });
        let (blocking, look_at_blocks) = blocks::start(&proxy, &settings).await;
        let drain = Drain::default();
        let addresses = bound.addresses().to_vec();
        let health_address = health.as_ref().map(|(_, address)| *address);
        if let Some((listener, address)) = health {
            tracing::info!(%address, "health listens");
            tokio::spawn(admin::serve(listener, probes(&proxy, &drain)));
        }
        let serving = tokio::spawn(serve_bound(
            Arc::clone(&proxy),
            bound,
            workers,
            settings.drain,
            drain.clone(),
            addresses.clone(),
        ));
        let (ask_reload, asked) = unbounded_channel();
        let refused = chosen.refused;
        let reload = Reload {
            proxy: Arc::clone(&proxy),
            settings,
            tls,
            judged: match &refused {
                None => Some(contents.clone()),
                Some(refused) => refused.contents.clone(),
            },
            in_force: contents,
            look_at_blocks,
            told: refused.map(|refused| (refused.why, refused.contents)),
        };
        Ok(Running {
            proxy,
            addresses,
            health: health_address,
            drain,
            serving,
            blocking,
            reloading: tokio::spawn(reload.run(asked)),
            ask_reload,
        })
    }

    /// Where callers connect.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Where probes connect.
    pub fn health(&self) -> Option<SocketAddr> {
        self.health
    }

    /// The generation of the rules in force.
    pub fn generation(&self) -> u64 {
        self.proxy.generation.load().policy.generation
    }

    /// Asks for what SIGHUP asks for.
    pub fn reload(&self) {
        // Nobody is left to read anything where this fails.
        let _ = self.ask_reload.send(());
    }

    /// Begins to drain; a second call cuts.
    pub fn stop(&self) {
        self.drain.begin();
    }

    /// Serves until it has drained, then closes the log. `signals` drain and reload where given.
    ///
    /// # Errors
    ///
    /// Where the log could not be closed.
    pub async fn until_drained(self, signals: Option<Signals>) -> Result<(), StartError> {
        let Running {
            proxy,
            drain,
            serving,
            reloading,
            blocking,
            ask_reload,
            ..
        } = self;
        // Nobody is left to read anything where this fails.
        let reload = || _ = ask_reload.send(());
        if let Some(signals) = signals {
            let drain = drain.clone();
            tokio::select! {
                () = signals.run(&drain, reload) => {}
                _ = drain_finished(&drain) => {}
            }
        }
        serving
            .await
            .map_err(|error| StartError::new(INTERNAL, error))?;
        for watching in [Some(reloading), blocking].into_iter().flatten() {
            watching.abort();
        }
        proxy
            .audit
            .close()
            .await
            .map_err(|error| StartError::new(INTERNAL, error))
    }
}

/// Reads rules where that blocks nobody.
async fn choose_rules(settings: &Arc<Settings>) -> Result<Chosen, StartError> {
    let settings = Arc::clone(settings);
    let choosing = tokio::task::spawn_blocking(move || rules::choose(&settings));
    let chosen = choosing.await;
    chosen.map_err(|error| StartError::new(INTERNAL, error))?
}

/// The last connection is gone when everything is cut.
async fn drain_finished(drain: &Drain) {
    drain.reached(Phase::Cut).await;
}

async fn serve_bound(
    proxy: Arc<Proxy>,
    bound: Bound,
    workers: Workers,
    times: config::Drain,
    drain: Drain,
    addresses: Vec<SocketAddr>,
) {
    let limits = proxy.limits;
    let service = {
        let proxy = Arc::clone(&proxy);
        move |connection, request| pipeline::serve(Arc::clone(&proxy), connection, request)
    };
    let observe = move |event| observe(&proxy, &addresses, event);
    server::serve(bound, workers, limits, times, drain, service, observe).await;
}

fn observe(proxy: &Proxy, listeners: &[SocketAddr], event: Event) {
    match event {
        Event::Opened => proxy.metrics.connection_opened(),
        Event::Closed => proxy.metrics.connection_closed(),
        Event::Rested(_) => {}
        Event::NotTaken => proxy.metrics.caller_given_up("slow-reader"),
        Event::Refused(refusal) => {
            proxy.metrics.connection_refused(refusal.kind.code());
            let unspecified = SocketAddr::from(([0, 0, 0, 0], 0));
            let record = audit::Connection {
                peer: refusal.peer.ip(),
                listener: listeners
                    .get(refusal.listener)
                    .copied()
                    .unwrap_or(unspecified),
                reason: refusal.kind.code(),
                credential: None,
            };
            // There is nobody to refuse any more; the log's own metric says when it cannot be written.
            drop(proxy.audit.connection(&record));
        }
    }
}

type Ready = Box<dyn Fn() -> bool + Send + Sync>;
type Text = Box<dyn Fn() -> String + Send + Sync>;

fn probes(proxy: &Arc<Proxy>, drain: &Drain) -> Probes<Ready, Text> {
    let (audit, drain, metrics) = (
        proxy.audit.clone(),
        drain.clone(),
        Arc::clone(&proxy.metrics),
    );
    let budget = Arc::clone(&proxy.budget);
    Probes {
        ready: Box::new(move || drain.phase() == Phase::Serving && audit.healthy()),
        metrics: Box::new(move || {
            metrics.held(budget.held());
            metrics.text()
        }),
    }
}

fn open_audit(settings: &Settings) -> Result<Audit, StartError> {
    Audit::open(AuditSettings {
        dir: settings.audit.dir.clone(),
        node: settings.node.clone(),
        key: settings.audit.key.clone(),
        durability: match settings.audit.durability {
            Durability::Process => audit::Durability::Process,
            Durability::Power => audit::Durability::Power,
        },
        queue: AUDIT_QUEUE,
    })
    .map_err(|error| StartError::new(INTERNAL, error))
}

fn upstreams(settings: &Settings) -> Result<Upstreams, StartError> {
    let Settings {
        upstreams,
        limits,
        node,
        ..
    } = settings;
    Upstreams::new(upstreams, limits, node, server::worker_count())
        .map_err(|error| StartError::new(USAGE, error))
}

fn listeners(settings: &Settings, identity: &Identity) -> Result<Vec<Listener>, StartError> {
    let tls = listener_tls(settings, identity)?;
    let listen = settings.listen.iter().zip(tls);
    Ok(listen
        .map(|(listener, tls)| Listener {
            address: listener.address,
            tls: Arc::new(ArcSwap::from_pointee(tls)),
            client_ca: listener.tls.client_ca.as_deref().map(Arc::from),
        })
        .collect())
}

fn listener_tls(
    settings: &Settings,
    identity: &Identity,
) -> Result<Vec<rustls::ServerConfig>, StartError> {
    let usage = |error: &dyn std::fmt::Display| StartError::new(USAGE, error);
    let one = |listener: &config::Listener| {
        let verifier = match &listener.tls.client_ca {
            None => None,
            Some(name) => identity
                .authorities()
                .verifier(name, listener.tls.client_auth)
                .transpose()
                .map_err(|error| usage(&error))?,
        };
        server::load_tls(&listener.tls, verifier).map_err(|error| usage(&error))
    };
    settings.listen.iter().map(one).collect()
}

/// Every issuer, authority and upstream the rules name must be in the settings.
fn check_names(rules: &RuleSet, settings: &Settings) -> Result<(), StartError> {
    let missing = |known: bool, what: &str, name: &str, by: &str, place: &str| {
        let sentence = || {
            format!(
                "{what} `{name}`, which {by} names, is not in the settings; add it to `{place}`"
            )
        };
        (!known).then(sentence)
    };
    let of_role = |role: &policy::Role| {
        let by = format!("role `{}`", role.name);
        let config::Identity {
            jwt,
            client_ca,
            api_keys,
        } = &settings.identity;
        let mut found = Vec::new();
        for matcher in &role.matchers {
            if let Some(policy::JwtMatcher { issuer, .. }) = &matcher.jwt {
                let known = jwt.contains_key(issuer);
                found.push(missing(known, "the issuer", issuer, &by, "identity.jwt"));
            }
            if let Some(policy::MtlsMatcher { authority, .. }) = &matcher.mtls {
                let (known, place) = (client_ca.contains_key(authority), "identity.client_ca");
                found.push(missing(known, "the authority", authority, &by, place));
            }
            if let Some(name) = &matcher.api_key {
                let (known, place) = (api_keys.contains_key(name), "identity.api_keys");
                found.push(missing(known, "the API key", name, &by, place));
            }
        }
        found.sort();
        found.dedup();
        found
    };
    let of_resource = |resource: &policy::Resource| {
        let by = format!("resource `{}`", resource.name);
        let known = settings.upstreams.len();
        match &resource.upstream {
            Some(name) => {
                let known = settings.upstreams.contains_key(name);
                missing(known, "the upstream", name, &by, "upstreams")
            }
            None if known == 1 => None,
            None => Some(format!(
                "{by} names no upstream, and the settings have {known}; add `upstream:` to it"
            )),
        }
    };
    let tokens = (settings.tokens.is_none() && rules.uses_tokens()).then(|| {
        String::from(
            "the rules use the outcome `token`; add `tokens: { key: file:... }` to the settings",
        )
    });
    let messages: Vec<String> = (rules.roles.iter().flat_map(of_role))
        .chain(rules.resources.iter().map(of_resource))
        .chain([tokens])
        .flatten()
        .chain(needs::of_conditions(rules, settings))
        .collect();
    if messages.is_empty() {
        Ok(())
    } else {
        Err(StartError {
            code: RULES,
            messages,
        })
    }
}
