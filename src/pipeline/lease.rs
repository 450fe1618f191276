//! For how long an answer that may never end goes on: as long as its request would be answered alike.
//!
//! Once a second the request is judged again, from its credentials on, by the rules in force. Where it would be refused
//! now, the answer breaks off for that reason: the contract or the token has ended, a key was revoked, a condition does not
//! hold any more. Where it would be answered under another plan it breaks off as `rules-changed`; whoever asks again gets
//! what the rules say now.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, Method};
use tokio::time::Instant;

use super::Proxy;
use crate::decide::{self, Decision, Permit};
use crate::model::Reason;
use crate::policy::plan::judge::Judge;
use crate::server::Connection;

/// How long a judgement holds.
const TERM: Duration = Duration::from_secs(1);

/// See the module.
#[derive(Debug)]
pub(super) struct Lease {
    proxy: Arc<Proxy>,
    connection: Arc<Connection>,
    method: Method,
    target: String,
    headers: HeaderMap,
    /// What the caller is answered under.
    plan: Arc<str>,
    /// What judges its records, where conditions do.
    judge: Option<Arc<Judge>>,
    /// When it must be judged again.
    until: Instant,
}

impl Lease {
    /// The lease of a permitted request.
    pub fn new(
        (proxy, connection): (&Arc<Proxy>, &Arc<Connection>),
        (method, headers): (Method, HeaderMap),
        permit: &Permit,
    ) -> Self {
        Lease {
            proxy: Arc::clone(proxy),
            connection: Arc::clone(connection),
            method,
            target: permit.target().to_owned(),
            headers,
            plan: Arc::clone(permit.plan_digest()),
            judge: permit.judge().cloned(),
            until: Instant::now() + TERM,
        }
    }

    /// What has to be told the time, as it is when a record comes and not when it was asked for.
    pub fn clock(&self) -> Option<Arc<Judge>> {
        self.judge.clone()
    }

    /// Whether the request must be judged again.
    pub fn is_due(&self) -> bool {
        Instant::now() >= self.until
    }

    /// Says why the answer must not go on, where it must not.
    ///
    /// # Errors
    ///
    /// The reason.
    pub fn check(&mut self) -> Result<(), Reason> {
        let now = Instant::now();
        if now < self.until {
            return Ok(());
        }
        self.judge()?;
        self.until = now + TERM;
        Ok(())
    }

    /// Waits until the answer must not go on.
    pub async fn ended(&mut self) -> Reason {
        loop {
            tokio::time::sleep_until(self.until).await;
            if let Err(reason) = self.check() {
                return reason;
            }
        }
    }

    fn judge(&self) -> Result<(), Reason> {
        let Lease {
            proxy, connection, ..
        } = self;
        let generation = proxy.generation.load_full();
        let now = jiff::Timestamp::now().as_second();
        let certificate = connection.certificate.as_deref();
        let peer = connection.peer.ip();
        let identity = proxy.identity.load();
        let caller = identity.authenticate(&self.headers, certificate, peer, now)?;
        let matched = generation.router.resolve(&self.method, &self.target);
        let matched = matched.map_err(|none| none.reason)?;
        let context = proxy.context(connection, &self.headers, now);
        match decide::decide(&generation.policy, &caller, &matched, context) {
            Decision::Deny(denial) => Err(denial.reason),
            Decision::Allow(permit) if *permit.plan_digest() == self.plan => Ok(()),
            Decision::Allow(_) => Err(Reason::RulesChanged),
        }
    }
}
