//! What is written down about an exchange: its trail in the access log, its metrics, its log events.
//!
//! Dropped before it was closed, it records an aborted exchange: the caller hung up.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use http::{HeaderMap, StatusCode};
use ulid::Ulid;

use super::Proxy;
use super::reject::Refusal;
use crate::audit::{
    Audit, Counts, Decision, End, Intent, KeyedHash, Outcome, Plan, PolicyRef, Proof, Trail,
    Unavailable, Writes, trace_id,
};
use crate::decide::Permit;
use crate::model::{Caller, Openness, Reason};
use crate::policy::store::{Compiled, FilePass, Policy, RouteId};
use crate::policy::{Does, FieldId};
use crate::route::Match;
use crate::telemetry::{InFlight, Metrics};
use crate::transform::{FieldOutcomes, RecordDone, Tally};

/// See the module.
#[derive(Debug)]
pub struct Observed {
    /// Taken when the exchange is closed.
    trail: Option<Trail>,
    audit: Audit,
    metrics: Arc<Metrics>,
    _in_flight: InFlight,
    id: Ulid,
    /// Without its fields, which are counted when it is closed.
    outcome: Outcome<'static>,
    /// What passed unread.
    file: Option<FilePass>,
    tally: Tally,
    /// What the intent speaks of: the catalogue's names, and whether records name persons.
    compiled: Option<Arc<Compiled>>,
    /// The person the intent holds.
    intended: Option<KeyedHash>,
    /// The caller looks somebody up by what is masked for them.
    finds: bool,
}

impl Observed {
    /// Opens the trail.
    pub fn begin(
        proxy: &Proxy,
        id: Ulid,
        peer: std::net::IpAddr,
        headers: &HeaderMap,
    ) -> Result<Self, Unavailable> {
        let mut trail = proxy
            .audit
            .begin(id, peer)
            .inspect_err(|_| proxy.metrics.audit_failed())?;
        let traceparent = headers
            .get("traceparent")
            .and_then(|value| value.to_str().ok());
        trail.exchange.trace_id = traceparent.and_then(trace_id);
        Ok(Observed {
            trail: Some(trail),
            audit: proxy.audit.clone(),
            metrics: Arc::clone(&proxy.metrics),
            _in_flight: proxy.metrics.begin(),
            id,
            outcome: Outcome::ending(End::Aborted),
            file: None,
            tally: Tally::default(),
            compiled: None,
            intended: None,
            finds: false,
        })
    }

    /// Who calls. `person` is who they say they are where a role compares that with a record's person: of that the
    /// log holds the hash, and not the token's subject beside it.
    pub fn caller(&mut self, caller: &Caller, person: Option<&str>) {
        let Some(trail) = &mut self.trail else { return };
        let recorded = &mut trail.exchange.caller;
        let jwt = caller.jwt.as_ref().map(|jwt| (&jwt.issuer, &jwt.sha256));
        let certificate = caller.certificate.as_ref();
        let certificate = certificate.map(|one| (&one.authority, &one.sha256));
        recorded.jwt = jwt.map(proof);
        recorded.certificate = certificate.map(proof);
        let api_key = caller.api_key.as_ref().map(|key| (&key.name, &key.sha256));
        recorded.api_key = api_key.map(proof);
        recorded.id = match person {
            Some(person) => Some(self.audit.hasher().person(person).to_string()),
            None => caller_id(caller),
        };
    }

    /// Which rules decide, whatever comes of it.
    pub fn rules(&mut self, policy: &Policy) {
        if let Some(trail) = &mut self.trail {
            trail.exchange.policy = Some(PolicyRef {
                generation: policy.generation,
                digest: Arc::clone(&policy.digest),
                plan: None,
            });
        }
    }

    /// Which route was asked for.
    pub fn route(&mut self, policy: &Policy, matched: &Match, upstream: &str) {
        let Some(trail) = &mut self.trail else { return };
        let route = RouteId {
            resource: matched.resource,
            group: matched.group,
            route: matched.route,
        };
        let names = policy.names(route);
        let exchange = &mut trail.exchange;
        exchange.action = policy.does(route).map(Does::word);
        exchange.resource = names.map(|names| Arc::clone(&names.group));
        exchange.route = names.map(|names| Arc::clone(&names.route));
        exchange.upstream = Some(upstream.into());
    }

    /// Which roles the caller holds there, whatever comes of it.
    pub fn roles(&mut self, roles: Arc<[String]>) {
        if let Some(trail) = &mut self.trail {
            trail.exchange.caller.roles = Some(roles);
        }
    }

    /// Which contract they call under, and its purpose where they declared it: never what else they may have sent.
    pub fn contract(&mut self, name: &Arc<str>, purpose: Option<&Arc<str>>) {
        if let Some(trail) = &mut self.trail {
            trail.exchange.contract = Some(Arc::clone(name));
            trail.exchange.purpose = purpose.cloned();
        }
    }

    /// Records plan and intent; the upstream must not hear of the request before this returned.
    pub async fn intend(&mut self, policy: &Policy, permit: &Permit) -> Result<(), Unavailable> {
        let intended = self.write_intent(policy, permit).await;
        if intended.is_err() {
            self.metrics.audit_failed();
        }
        intended
    }

    async fn write_intent(&mut self, policy: &Policy, permit: &Permit) -> Result<(), Unavailable> {
        let compiled = permit.compiled();
        if !compiled.recorded.load(Ordering::Acquire) {
            self.write_plan(policy, permit).await?;
            compiled.recorded.store(true, Ordering::Release);
        }
        let hasher = self.audit.hasher();
        let person = permit.path_person().map(|person| hasher.person(person));
        let params = permit.mapped().iter().map(|mapped| {
            let hash = hasher.parameter(&mapped.name, &mapped.value);
            (Arc::clone(&mapped.name), hash)
        });
        let mut params: Vec<(Arc<str>, KeyedHash)> = params.collect();
        params.sort_unstable();
        let mapped = permit.mapped().iter().filter(|mapped| mapped.find);
        let mut finds: Vec<Arc<str>> = mapped.map(|mapped| Arc::clone(&mapped.name)).collect();
        finds.sort_unstable();
        self.finds = !finds.is_empty();
        let written = permit.written();
        let writes = compiled.write.as_ref().map(|_| Writes {
            fields: &written,
            stored: permit.stored().is_some(),
        });
        self.outcome.sent = writes.map(|_| false);
        let intent = Intent {
            params: &params,
            finds: &finds,
            person,
            writes,
        };
        self.compiled = Some(Arc::clone(compiled));
        self.intended = person;
        let trail = self.trail.as_mut().ok_or(Unavailable)?;
        if let Some(policy) = &mut trail.exchange.policy {
            policy.plan = Some(Arc::clone(permit.plan_digest()));
        }
        if permit.plan().person_check() {
            // Their own number is the caller's id; the log holds it hashed.
            trail.exchange.caller.id = person.map(|person| person.to_string());
        }
        trail.intent(&intent).await?;
        self.outcome.decision = Some(Decision::Allow);
        Ok(())
    }

    /// Records the plan of a permit, unless this process did.
    async fn write_plan(&self, policy: &Policy, permit: &Permit) -> Result<(), Unavailable> {
        let listed = permit.plan().listed().iter();
        let fields: Vec<(&str, Openness)> = listed
            .map(|one| (one.field.as_str(), one.treatment.openness()))
            .collect();
        let roles: Vec<&str> = permit.roles().iter().map(String::as_str).collect();
        let plan = Plan {
            generation: policy.generation,
            digest: permit.plan_digest(),
            resource: permit.group(),
            route: permit.route(),
            roles: &roles,
            contract: permit.contract().map(|contract| &*contract.name),
            purpose: permit.contract().map(|contract| &*contract.purpose),
            fields: &fields,
        };
        self.audit.plan_once(&plan).await
    }

    /// The request is about to go upstream: from now on a write may have been done.
    pub fn sending(&mut self) {
        if let Some(sent) = &mut self.outcome.sent {
            *sent = true;
        }
    }

    /// The caller's id, as the record has it.
    pub fn caller_id(&self) -> &str {
        let id = self
            .trail
            .as_ref()
            .and_then(|trail| trail.exchange.caller.id.as_deref());
        id.unwrap_or_default()
    }

    /// Whose records are about to leave, each with the number of the frame that completes it: a record of persons is of
    /// one frame. Returns when all are written.
    pub async fn persons(
        &mut self,
        records: impl Iterator<Item = (u64, RecordDone<'_>)>,
    ) -> Result<(), Reason> {
        let compiled = self.compiled.as_deref();
        let Some(plan) = compiled.map(|compiled| &*compiled.plan) else {
            return Ok(());
        };
        if !plan.has_person() {
            return Ok(());
        }
        let mut groups: Vec<Alike<'_>> = Vec::new();
        let mut first_of_frame = 0;
        for (frame, record) in records {
            let Some(person) = record.person else {
                self.outcome.persons_unknown += 1;
                continue;
            };
            let person = self.audit.hasher().person(person);
            if Some(person) == self.intended {
                self.outcome.person = Some(person);
                continue;
            }
            if groups.last().is_some_and(|last| last.frame != frame) {
                first_of_frame = groups.len();
            }
            let of_frame = groups.get_mut(first_of_frame..).unwrap_or_default();
            match of_frame.iter_mut().find(|group| group.has(record.outcomes)) {
                Some(group) => group.persons.push(person),
                None => groups.push(Alike {
                    frame,
                    outcomes: record.outcomes,
                    persons: vec![person],
                }),
            }
        }
        let Some(trail) = &self.trail else {
            return Err(Reason::AuditUnavailable);
        };
        let mut pattern: Vec<(&str, Openness)> = Vec::new();
        let mut rest = groups.as_slice();
        while let Some((group, more)) = rest.split_first() {
            let name = |field: FieldId| plan.listed().get(field.0).map(|one| one.field.as_str());
            let named = group.outcomes.iter();
            pattern.clear();
            pattern.extend(named.filter_map(|(field, outcome)| Some((name(field)?, outcome))));
            if more.is_empty() {
                // It is the last, so all are written when it is.
                let written = trail.persons(&group.persons, &pattern).await;
                return written.map_err(|_| {
                    self.metrics.audit_failed();
                    Reason::AuditUnavailable
                });
            }
            trail.persons_unawaited(&group.persons, &pattern);
            rest = more;
        }
        Ok(())
    }

    /// The status the caller gets.
    pub fn status(&mut self, status: StatusCode) {
        self.outcome.status = Some(status.as_u16());
    }

    /// It is a file. Whose it is only the path may say; of all others nobody knows.
    pub fn file(&mut self, pass: &FilePass) {
        self.file = Some(pass.clone());
        self.outcome.person = self.intended;
        let compiled = self.compiled.as_deref();
        let names_persons = compiled.is_some_and(|compiled| compiled.plan.has_person());
        self.outcome.persons_unknown = u64::from(names_persons && self.intended.is_none());
    }

    /// Bytes of body that left so far.
    pub fn bytes(&self) -> u64 {
        self.outcome.bytes
    }

    /// More of them.
    pub fn sent(&mut self, bytes: usize) {
        self.outcome.bytes += bytes as u64;
    }

    /// What the answer held so far.
    pub fn tally(&mut self, tally: &Tally) {
        self.tally.clone_from(tally);
    }

    /// An answer of ours took the place of the upstream's, of which nothing left.
    pub fn replaced(&mut self, refusal: &Refusal, bytes: u64) {
        self.outcome.reason = Some(refusal.reason);
        self.outcome.status = Some(refusal.status.as_u16());
        self.outcome.bytes = bytes;
        self.complete_unseen();
    }

    /// Of what the upstream answered no record left.
    pub fn complete_unseen(&mut self) {
        self.outcome.person = None;
        self.outcome.persons_unknown = 0;
        self.file = None;
        self.tally = Tally::default();
        self.complete();
    }

    /// A browser asked beforehand what a page may ask: nothing is decided, and nothing but the record comes of it. The answer
    /// must not be sent before this returned.
    pub async fn preflight(&mut self, status: StatusCode) -> Result<(), Unavailable> {
        let Some(mut trail) = self.trail.take() else {
            return Err(Unavailable);
        };
        trail.exchange.action = Some("preflight");
        self.outcome.status = Some(status.as_u16());
        self.outcome.end = End::Complete;
        self.count(&trail);
        trail
            .refuse(&self.outcome)
            .await
            .inspect_err(|_| self.metrics.audit_failed())
    }

    /// The last byte went.
    pub fn complete(&mut self) {
        self.close(End::Complete);
    }

    /// The answer broke off after it had begun.
    pub fn abort(&mut self, reason: Reason) {
        tracing::warn!(id = %self.id, reason = reason.code(), "an answer was aborted");
        self.outcome.reason = Some(reason);
        self.close(End::Aborted);
    }

    /// Closes an exchange that never reached the upstream. The refusal must not be sent before this returned.
    pub async fn refuse(&mut self, refusal: &Refusal, bytes: u64) -> Result<(), Unavailable> {
        let Some(trail) = self.trail.take() else {
            return Err(Unavailable);
        };
        self.outcome.decision = Some(Decision::Deny);
        self.outcome.reason = Some(refusal.reason);
        self.outcome.status = Some(refusal.status.as_u16());
        self.outcome.bytes = bytes;
        self.outcome.end = End::Refused;
        self.count(&trail);
        trail
            .refuse(&self.outcome)
            .await
            .inspect_err(|_| self.metrics.audit_failed())
    }

    fn close(&mut self, end: End) {
        let Some(trail) = self.trail.take() else {
            return;
        };
        self.outcome.end = end;
        self.outcome.records = self.tally.records;
        self.outcome.unlisted = self.tally.unlisted;
        let compiled = self.compiled.as_deref();
        let by_name = compiled.map_or(&[][..], |compiled| &compiled.by_name);
        let listed = compiled.map_or(&[][..], |compiled| compiled.plan.listed());
        let counted = by_name.iter().filter_map(|field| {
            let counts = counted(self.tally.of(*field))?;
            Some((listed.get(field.0)?.field.as_str(), counts))
        });
        let fields: Vec<(&str, Counts)> = counted.collect();
        self.count(&trail);
        if self.finds {
            let route = trail.exchange.route.clone();
            self.metrics.found(route, self.outcome.records > 0);
        }
        let file = self.file.as_ref();
        trail.finish(&Outcome {
            fields: &fields,
            file: file.map(|file| (&*file.media, &*file.rule)),
            ..self.outcome
        });
    }

    fn count(&self, trail: &Trail) {
        let route = trail.exchange.route.as_ref();
        let status = self.outcome.status.unwrap_or(0);
        let reason = self.outcome.reason.map_or("", Reason::code);
        self.metrics
            .answered(route.cloned(), status, reason, self.outcome.bytes);
    }
}

impl Drop for Observed {
    fn drop(&mut self) {
        self.close(End::Aborted);
    }
}

/// Persons of one frame whose records had the same outcomes.
struct Alike<'a> {
    frame: u64,
    outcomes: &'a Arc<FieldOutcomes>,
    persons: Vec<KeyedHash>,
}

impl Alike<'_> {
    fn has(&self, outcomes: &Arc<FieldOutcomes>) -> bool {
        Arc::ptr_eq(self.outcomes, outcomes) || self.outcomes == outcomes
    }
}

/// The subject of a token, else the certificate's first name, else what the API key is called.
fn caller_id(caller: &Caller) -> Option<String> {
    let subject = caller
        .jwt
        .as_ref()
        .and_then(|jwt| jwt.claims.get("sub")?.as_str());
    let name = caller
        .certificate
        .as_ref()
        .and_then(|certificate| certificate.sans.first());
    let key = caller.api_key.as_ref().map(|key| &*key.name);
    let name = name.map(String::as_str);
    subject.or(name).or(key).map(str::to_owned)
}

fn proof((issuer, sha256): (&Arc<str>, &Arc<str>)) -> Proof {
    Proof {
        issuer: Arc::clone(issuer),
        sha256: Arc::clone(sha256),
    }
}

/// `None` where nothing was counted.
fn counted(counts: impl Iterator<Item = (Openness, u64)>) -> Option<Counts> {
    let mut counted = None;
    for (openness, count) in counts {
        let counted = counted.get_or_insert_with(Counts::default);
        match openness {
            Openness::Show => counted.show = count,
            Openness::Token => counted.token = count,
            Openness::Mask => counted.mask = count,
            Openness::Blank => counted.blank = count,
            Openness::Strip => counted.strip = count,
        }
    }
    counted
}
