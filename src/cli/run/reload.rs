//! What a running proxy reads again: rules when their directory changes, everything else on SIGHUP.
//!
//! One task does it all, so two reloads never meet. It works on threads that block nobody. What cannot be used changes
//! nothing, and is told once until it changes.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use super::rules::{judge, tokens};
use super::{StartError, USAGE, listener_tls, upstreams};
use crate::config::Settings;
use crate::identity::Identity;
use crate::pipeline::Proxy;
use crate::pipeline::rules::{Cause, Found, Refused, Why, refuse, take, unchanged};
use crate::policy::{self, Fingerprint};
use crate::server::SwappableTls;
use crate::upstream::Upstreams;

/// How often the rules directory is looked at.
const LOOK: Duration = Duration::from_secs(2);
/// What has changed is judged once two looks this far apart find the same.
const SETTLE: Duration = Duration::from_millis(200);
/// So many looks find something else each time until it is judged all the same.
const MOST_LOOKS: usize = 25;

/// See the module.
pub(super) struct Reload {
    pub proxy: Arc<Proxy>,
    pub settings: Arc<Settings>,
    pub tls: Vec<SwappableTls>,
    /// What the rules in force are a reading of.
    pub in_force: Fingerprint,
    /// What the directory held when it was judged last; `None` where that must be done again.
    pub judged: Option<Fingerprint>,
    /// Asks for a look at who is blocked.
    pub look_at_blocks: Arc<Notify>,
    /// What was told last, where it was a refusal.
    pub told: Option<(Why, Option<Fingerprint>)>,
}

impl Reload {
    /// Looks at the rules again and again, and reads everything each time `asked` says so.
    pub async fn run(mut self, mut asked: UnboundedReceiver<()>) {
        loop {
            tokio::select! {
                () = sleep(LOOK) => self.look().await,
                asked = asked.recv() => match asked {
                    Some(()) => {
                        self.look_at_blocks.notify_one();
                        self.reread().await;
                        self.read_rules(Cause::Signal).await;
                    }
                    None => return,
                },
            }
        }
    }

    /// Keys, authorities, revocation lists and certificates.
    async fn reread(&self) {
        let (proxy, settings) = (Arc::clone(&self.proxy), Arc::clone(&self.settings));
        let tls = self.tls.clone();
        let reading = spawn_blocking(move || reread(&proxy, &settings, &tls));
        if reading.await.is_err() {
            tracing::error!("reload refused, what was in use stays in use: the reading broke off");
        }
    }

    async fn look(&mut self) {
        let mut found = self.fingerprint().await;
        if found.is_some() && found == self.judged {
            return;
        }
        for _ in 0..MOST_LOOKS {
            sleep(SETTLE).await;
            let again = self.fingerprint().await;
            if again == found {
                break;
            }
            found = again;
        }
        if found.is_none() || found != self.judged {
            self.read_rules(Cause::Change).await;
        }
    }

    /// `None` where it cannot be read.
    async fn fingerprint(&self) -> Option<Fingerprint> {
        let dir = self.settings.rules.dir.clone();
        let looking = spawn_blocking(move || Fingerprint::of(&dir).ok());
        looking.await.ok().flatten()
    }

    /// Judges the rules and takes them, unless they are those in force.
    async fn read_rules(&mut self, cause: Cause) {
        if self.fingerprint().await.as_ref() == Some(&self.in_force) {
            self.judged = Some(self.in_force.clone());
            self.told = None;
            unchanged(&self.proxy, cause);
            return;
        }
        let (settings, generation) = (
            Arc::clone(&self.settings),
            self.proxy.generation.load_full(),
        );
        let judging = spawn_blocking(move || judge(&settings, &generation.policy.rules));
        match judging.await {
            Ok(Ok(found)) => self.take(cause, found).await,
            Ok(Err(refused)) => self.refuse(cause, refused).await,
            Err(error) => {
                let messages = vec![format!("judging the rules broke off: {error}")];
                self.refuse(cause, refused(Why::DoesNotLoad, messages))
                    .await;
            }
        }
    }

    async fn take(&mut self, cause: Cause, found: Found) {
        let contents = found.contents.clone();
        match take(&self.proxy, tokens(&self.settings), cause, found).await {
            Ok(()) => {
                self.keep(&contents).await;
                self.judged = Some(contents.clone());
                self.in_force = contents;
                self.told = None;
            }
            Err(error) => {
                let messages = vec![error.to_string()];
                self.refuse(cause, refused(Why::Unrecorded, messages)).await;
            }
        }
    }

    async fn refuse(&mut self, cause: Cause, refused: Refused) {
        self.judged = match refused.why {
            // It is the moment that is to blame, not the rules.
            Why::Changing | Why::Unrecorded => None,
            Why::DoesNotLoad | Why::DoesNotFit | Why::Tests => refused.contents.clone(),
        };
        let now = (refused.why, refused.contents.clone());
        if cause != Cause::Signal && self.told.as_ref() == Some(&now) {
            return;
        }
        let Proxy { audit, metrics, .. } = &*self.proxy;
        let generation = self.proxy.generation.load().policy.generation;
        // The metric says it where the log cannot, and the proxy refuses whatever it cannot record.
        let _ = refuse(audit, metrics, generation, cause, &refused).await;
        self.told = Some(now);
    }

    async fn keep(&self, contents: &Fingerprint) {
        let (settings, contents) = (Arc::clone(&self.settings), contents.clone());
        // What breaks off is told by nobody else.
        if spawn_blocking(move || keep(&settings, &contents))
            .await
            .is_err()
        {
            tracing::error!("the copy of the last good rules broke off");
        }
    }
}

fn refused(why: Why, messages: Vec<String>) -> Refused {
    Refused {
        why,
        contents: None,
        tests_failed: None,
        messages,
    }
}

/// Keeps a copy of the rules in force where the settings ask for one.
pub(super) fn keep(settings: &Settings, contents: &Fingerprint) {
    let Some(last_good) = &settings.rules.last_good else {
        return;
    };
    if let Err(error) = policy::keep(&settings.rules.dir, contents, last_good) {
        let place = last_good.display();
        tracing::error!("the rules in force cannot be kept in `{place}`: {error}");
    }
}

/// Re-reads keys, authorities, revocation lists and certificates. What cannot be used changes nothing.
fn reread(proxy: &Proxy, settings: &Settings, tls: &[SwappableTls]) {
    match read_all(settings) {
        Ok((identity, upstreams, configs)) => {
            for (tls, config) in tls.iter().zip(configs) {
                tls.store(Arc::new(config));
            }
            proxy.upstreams.store(Arc::new(upstreams));
            proxy.identity.store(Arc::new(identity));
            tracing::info!("certificates and keys re-read");
        }
        Err(error) => {
            for message in error.messages {
                tracing::error!("reload refused, what was in use stays in use: {message}");
            }
        }
    }
}

type ReadAgain = (Identity, Upstreams, Vec<rustls::ServerConfig>);

fn read_all(settings: &Settings) -> Result<ReadAgain, StartError> {
    let identity = Identity::load(&settings.identity).map_err(|mistakes| StartError {
        code: USAGE,
        messages: mistakes.iter().map(ToString::to_string).collect(),
    })?;
    let upstreams = upstreams(settings)?;
    let tls = listener_tls(settings, &identity)?;
    Ok((identity, upstreams, tls))
}
