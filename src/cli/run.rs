//! `fieldgate run`: settings and rules into a running proxy, until it has drained.
//!
//! Refuses to start with settings that cannot be used (exit 2), rules that do not load or do not fit the settings
//! (exit 3), or a log that cannot be written (exit 1). A running proxy keeps what it has when something it re-reads
//! cannot be used.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio::task::JoinHandle;

use super::{INTERNAL, RULES, USAGE};
use crate::admin::{self, Probes};
use crate::audit::{self, Audit, AuditSettings};
use crate::config::{self, Durability, Settings};
use crate::identity::Identity;
use crate::mask::token::TokenMaster;
use crate::pipeline::{self, Budget, Generation, Proxy};
use crate::policy::diagnostic::{self, Diagnostic, Style};
use crate::policy::store::Policy;
use crate::policy::{self, Loaded, RuleSet};
use crate::server::{self, Bound, Drain, Event, Listener, Phase, Signals, SwappableTls, Workers};
use crate::telemetry::{self, LogFormat, Metrics};
use crate::upstream::Upstreams;

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
    settings: Arc<Settings>,
    addresses: Vec<SocketAddr>,
    health: Option<SocketAddr>,
    drain: Drain,
    tls: Vec<SwappableTls>,
    serving: JoinHandle<()>,
}

impl Running {
    /// Binds, loads and begins to serve.
    ///
    /// # Errors
    ///
    /// See [`StartError`]; nothing listens then.
    pub async fn start(settings: Settings) -> Result<Running, StartError> {
        let loaded = policy::load(&settings.rules.dir)
            .map_err(|mistakes| StartError::diagnostics(RULES, &mistakes))?;
        check_names(&loaded.rules, &settings)?;
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
        let audit = open_audit(&settings, &loaded).await?;
        let metrics = Arc::new(Metrics::default());
        metrics.rules_loaded(1);
        let tokens = match &settings.tokens {
            Some(tokens) => TokenMaster::new(tokens.key.clone()),
            None => TokenMaster::test_key(),
        };
        let proxy = Arc::new(Proxy {
            generation: ArcSwap::from_pointee(Generation::new(Policy::new(
                1,
                loaded.rules,
                tokens,
            ))),
            identity: ArcSwap::from_pointee(identity),
            upstreams: ArcSwap::from_pointee(upstreams),
            audit,
            metrics,
            limits: settings.limits,
            budget: Arc::new(Budget::new(settings.limits.held)),
        });
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
        Ok(Running {
            proxy,
            settings: Arc::new(settings),
            addresses,
            health: health_address,
            drain,
            tls,
            serving,
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
            settings,
            drain,
            tls,
            serving,
            ..
        } = self;
        let reload = || {
            let (proxy, settings, tls) = (Arc::clone(&proxy), Arc::clone(&settings), tls.clone());
            tokio::task::spawn_blocking(move || reload(&proxy, &settings, &tls));
        };
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
        proxy
            .audit
            .close()
            .await
            .map_err(|error| StartError::new(INTERNAL, error))
    }
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

async fn open_audit(settings: &Settings, loaded: &Loaded) -> Result<Audit, StartError> {
    let failed = |error: &dyn std::fmt::Display| StartError::new(INTERNAL, error);
    let audit = Audit::open(AuditSettings {
        dir: settings.audit.dir.clone(),
        node: settings.node.clone(),
        key: settings.audit.key.clone(),
        durability: match settings.audit.durability {
            Durability::Process => audit::Durability::Process,
            Durability::Power => audit::Durability::Power,
        },
        queue: AUDIT_QUEUE,
    })
    .map_err(|error| failed(&error))?;
    let files: Vec<(String, Vec<u8>)> = loaded
        .sources
        .iter()
        .map(|file| (file.name.clone(), file.source.text.clone().into_bytes()))
        .collect();
    audit
        .policy(1, &loaded.rules.digest, &files)
        .await
        .map_err(|error| failed(&error))?;
    Ok(audit)
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

/// Re-reads keys, authorities, revocation lists and certificates. What cannot be used changes nothing.
fn reload(proxy: &Proxy, settings: &Settings, tls: &[SwappableTls]) {
    match reread(settings) {
        Ok((identity, upstreams, configs)) => {
            for (tls, config) in tls.iter().zip(configs) {
                tls.store(Arc::new(config));
            }
            proxy.upstreams.store(Arc::new(upstreams));
            proxy.identity.store(Arc::new(identity));
            tracing::info!(
                "certificates and keys re-read; rules are not re-read while running yet"
            );
        }
        Err(error) => {
            for message in error.messages {
                tracing::error!("reload refused, what was in use stays in use: {message}");
            }
        }
    }
}

type Reread = (Identity, Upstreams, Vec<rustls::ServerConfig>);

fn reread(settings: &Settings) -> Result<Reread, StartError> {
    let identity = Identity::load(&settings.identity).map_err(|mistakes| StartError {
        code: USAGE,
        messages: mistakes.iter().map(ToString::to_string).collect(),
    })?;
    let upstreams = upstreams(settings)?;
    let tls = listener_tls(settings, &identity)?;
    Ok((identity, upstreams, tls))
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
