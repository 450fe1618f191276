//! What is written down about an exchange: its trail in the access log, its metrics, its log events.
//!
//! Dropped before it was closed, it records an aborted exchange: the caller hung up.

use std::sync::Arc;

use http::{HeaderMap, StatusCode};
use ulid::Ulid;

use super::Proxy;
use super::reject::Refusal;
use crate::audit::{
    Audit, Auth, Counts, Decision, End, Intent, KeyedHash, Outcome, Plan, PolicyRef, Trail,
    Unavailable, trace_id,
};
use crate::decide::Permit;
use crate::model::{Caller, Openness, Reason};
use crate::policy::store::Policy;
use crate::policy::{FieldId, ParamName};
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
    outcome: Outcome,
    tally: Tally,
    /// The catalogue's names, by field.
    fields: Vec<String>,
    /// The person the intent holds.
    intended: Option<KeyedHash>,
    /// Whether records name persons at all.
    has_person: bool,
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
            tally: Tally::default(),
            fields: Vec::new(),
            intended: None,
            has_person: false,
        })
    }

    /// Who calls. `person` is who they say they are where a role compares that with a record's person: of that the
    /// log holds the hash, and not the token's subject beside it.
    pub fn caller(&mut self, caller: &Caller, person: Option<&str>) {
        let Some(trail) = &mut self.trail else { return };
        let recorded = &mut trail.exchange.caller;
        let credentials = [
            caller
                .jwt
                .as_ref()
                .map(|jwt| (jwt.issuer.clone(), jwt.sha256.clone())),
            caller
                .certificate
                .as_ref()
                .map(|one| (one.authority.clone(), one.sha256.clone())),
        ];
        recorded.auth = match (&caller.jwt, &caller.certificate) {
            (Some(_), Some(_)) => Some(Auth::JwtAndMtls),
            (Some(_), None) => Some(Auth::Jwt),
            (None, Some(_)) => Some(Auth::Mtls),
            (None, None) => None,
        };
        let presented: Vec<(String, String)> = credentials.into_iter().flatten().collect();
        let joined = |parts: Vec<String>| (!parts.is_empty()).then(|| parts.join("+"));
        recorded.issuer = joined(presented.iter().map(|(issuer, _)| issuer.clone()).collect());
        recorded.credential = joined(
            presented
                .iter()
                .map(|(_, hash)| format!("sha256:{hash}"))
                .collect(),
        );
        recorded.id = match person {
            Some(person) => Some(self.audit.hasher().person(person).to_string()),
            None => caller_id(caller),
        };
    }

    /// Which route was asked for.
    pub fn route(&mut self, policy: &Policy, group: &str, route: &str, upstream: &str) {
        let Some(trail) = &mut self.trail else { return };
        let exchange = &mut trail.exchange;
        exchange.action = Some("read");
        exchange.resource = Some(group.to_owned());
        exchange.route = Some(route.to_owned());
        exchange.upstream = Some(upstream.to_owned());
        exchange.policy = Some(PolicyRef {
            generation: policy.generation,
            digest: policy.rules.digest.clone(),
            plan: None,
        });
    }

    /// Which roles the caller holds there, whatever comes of it.
    pub fn roles(&mut self, roles: Vec<String>) {
        if let Some(trail) = &mut self.trail {
            trail.exchange.caller.roles = roles;
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
        let listed = permit.plan().listed();
        let fields: Vec<(&str, Openness)> = listed
            .iter()
            .map(|one| (one.field.as_str(), one.treatment.openness()))
            .collect();
        let roles: Vec<&str> = permit.roles().iter().map(String::as_str).collect();
        let plan = Plan {
            generation: policy.generation,
            digest: permit.plan_digest(),
            resource: permit.group(),
            route: permit.route(),
            roles: &roles,
            fields: &fields,
        };
        self.audit.plan_once(&plan).await?;
        let hasher = self.audit.hasher();
        let person = permit.path_person().map(|person| hasher.person(person));
        let params = permit.mapped().iter().map(|mapped| {
            let name = match &mapped.name {
                ParamName::Path(name) => format!("path.{name}"),
                ParamName::Query(name) => name.clone(),
            };
            let hash = hasher.parameter(&name, &mapped.value);
            (name, hash)
        });
        let intent = Intent {
            params: params.collect(),
            persons: person.iter().copied().collect(),
        };
        self.fields = listed.iter().map(|one| one.field.clone()).collect();
        self.has_person = permit.plan().has_person();
        self.intended = person;
        let trail = self.trail.as_mut().ok_or(Unavailable)?;
        if let Some(policy) = &mut trail.exchange.policy {
            policy.plan = Some(permit.plan_digest().to_owned());
        }
        if permit.plan().person_check() {
            // Their own number is the caller's id; the log holds it hashed.
            trail.exchange.caller.id = person.map(|person| person.to_string());
        }
        trail.intent(&intent).await?;
        self.outcome.decision = Some(Decision::Allow);
        Ok(())
    }

    /// The caller's id, as the record has it.
    pub fn caller_id(&self) -> &str {
        let id = self
            .trail
            .as_ref()
            .and_then(|trail| trail.exchange.caller.id.as_deref());
        id.unwrap_or_default()
    }

    /// Records whose records are about to leave.
    pub async fn persons(
        &mut self,
        records: impl Iterator<Item = RecordDone<'_>>,
    ) -> Result<(), Reason> {
        if !self.has_person {
            return Ok(());
        }
        let mut groups: Vec<(Arc<FieldOutcomes>, Vec<KeyedHash>)> = Vec::new();
        for record in records {
            let Some(person) = record.person else {
                self.outcome.persons_unknown += 1;
                continue;
            };
            let person = self.audit.hasher().person(person);
            if Some(person) == self.intended {
                self.outcome.persons = vec![person];
                continue;
            }
            match groups
                .iter_mut()
                .find(|(outcomes, _)| outcomes == record.outcomes)
            {
                Some((_, persons)) => persons.push(person),
                None => groups.push((Arc::clone(record.outcomes), vec![person])),
            }
        }
        let Some(trail) = &self.trail else {
            return Err(Reason::AuditUnavailable);
        };
        for (outcomes, persons) in groups {
            let pattern: Vec<(&str, Openness)> = outcomes
                .iter()
                .filter_map(|(field, outcome)| Some((self.fields.get(field.0)?.as_str(), outcome)))
                .collect();
            trail.persons(&persons, &pattern).await.map_err(|_| {
                self.metrics.audit_failed();
                Reason::AuditUnavailable
            })?;
        }
        Ok(())
    }

    /// The status the caller gets.
    pub fn status(&mut self, status: StatusCode) {
        self.outcome.status = Some(status.as_u16());
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
        self.outcome.persons.clear();
        self.outcome.persons_unknown = 0;
        self.tally = Tally::default();
        self.complete();
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
        self.count(trail.exchange.route.as_deref());
        trail
            .refuse(self.outcome.clone())
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
        let name = |field: FieldId| self.fields.get(field.0).cloned();
        let counts = self
            .tally
            .fields()
            .map(|(field, counts)| Some((name(field)?, counted(&counts))));
        self.outcome.fields = counts.flatten().collect();
        self.count(trail.exchange.route.as_deref());
        trail.finish(self.outcome.clone());
    }

    fn count(&self, route: Option<&str>) {
        let status = self.outcome.status.unwrap_or(0);
        let reason = self.outcome.reason.map_or("", Reason::code);
        self.metrics.answered(
            route.unwrap_or_default(),
            status,
            reason,
            self.outcome.bytes,
        );
    }
}

impl Drop for Observed {
    fn drop(&mut self) {
        self.close(End::Aborted);
    }
}

/// The subject of a token, else the certificate's first name.
fn caller_id(caller: &Caller) -> Option<String> {
    let subject = caller
        .jwt
        .as_ref()
        .and_then(|jwt| jwt.claims.get("sub")?.as_str());
    let name = caller
        .certificate
        .as_ref()
        .and_then(|certificate| certificate.sans.first());
    subject.or(name.map(String::as_str)).map(str::to_owned)
}

fn counted(counts: &[(Openness, u64)]) -> Counts {
    let of = |wanted| {
        counts
            .iter()
            .find(|(openness, _)| *openness == wanted)
            .map_or(0, |(_, count)| *count)
    };
    Counts {
        show: of(Openness::Show),
        token: of(Openness::Token),
        mask: of(Openness::Mask),
        blank: of(Openness::Blank),
        strip: of(Openness::Strip),
    }
}
