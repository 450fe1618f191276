//! Stages 1 to 3 but for the body: who calls, for what, and with what right, as things stand at that moment.
//!
//! Refuses what they refuse. A request whose body was long in coming is admitted a second time, so nothing here changes
//! anything but what is observed.

use std::sync::Arc;

use http::request::Parts;
use http::{HeaderMap, Method};

use super::observe::Observed;
use super::precondition::View;
use super::reject::Refusal;
use super::{Generation, Proxy, blocks, cors};
use crate::block::Party;
use crate::decide::{self, Context, Decision, Permit};
use crate::identity::Identity;
use crate::model::{Caller, Reason};
use crate::policy::contract::ContractNames;
use crate::policy::store::RouteId;
use crate::policy::{Resource, Role};
use crate::route::Match;
use crate::server::Connection;
use crate::upstream::Upstream;

/// A request that can be read in one way only, to be judged under one generation of the rules.
pub(super) struct Asked<'a> {
    pub proxy: &'a Proxy,
    pub connection: &'a Connection,
    pub generation: &'a Generation,
    pub parts: &'a Parts,
    pub target: &'a str,
    pub host: Option<&'a str>,
}

/// What was decided of it, on what ground.
pub(super) struct Admitted {
    pub permit: Permit,
    pub upstream: Arc<Upstream>,
    pub party: Party,
    identity: Arc<Identity>,
    now: i64,
}

impl Asked<'_> {
    /// Whether nothing that was decided can have changed since.
    pub fn is_still(&self, admitted: &Admitted) -> bool {
        let identity = self.proxy.identity.load();
        Arc::ptr_eq(&identity, &admitted.identity)
            && jiff::Timestamp::now().as_second() == admitted.now
    }

    /// Stages 1 to 3 but for the body, as things stand now.
    pub fn admit(&self, observed: &mut Observed) -> Result<Admitted, Refusal> {
        let Asked {
            proxy,
            connection,
            generation,
            parts,
            target,
            host,
        } = *self;
        let now = jiff::Timestamp::now().as_second();
        let identity = proxy.identity.load_full();
        if cors::is_forged(parts) {
            return Err(Reason::NoCredential.into());
        }
        let caller = authenticate(&identity, connection, generation, &parts.headers, now)?;
        let person = decide::claimed_person(&generation.policy, &caller);
        observed.caller(&caller, person.as_deref());
        let party = Party {
            person: person.map(|_| observed.caller_id().to_owned()),
            caller,
            roles: Arc::default(),
            contract: None,
            reach: None,
        };
        if proxy.blocks.stops(&party) {
            return Err(Reason::Blocked.into());
        }

        let matched = generation
            .router
            .resolve(&parts.method, target)
            .map_err(|none| Refusal {
                allow: none.allow,
                ..Refusal::from(none.reason)
            })?;
        let resource = resource(generation, &matched)?;
        let upstream = upstream(proxy, generation, resource, &matched, observed)?;
        if !upstream.serves(host) {
            return Err(Reason::WrongHost.into());
        }

        let context = proxy.context(connection, &parts.headers, now);
        let permit = decide(generation, &party.caller, &matched, context, observed)?;
        Ok(Admitted {
            permit,
            upstream,
            party,
            identity,
            now,
        })
    }

    /// What the caller reads of the record that a permitted write changes, as things stand now.
    ///
    /// # Errors
    ///
    /// `precondition-failed` where they do not read it: nothing they name was shown to them.
    pub fn view(&self, party: &Party, write: &Permit) -> Result<View, Reason> {
        let Generation { policy, router } = self.generation;
        let matched = router.resolve(&Method::GET, self.target);
        let matched = matched.map_err(|_| Reason::PreconditionFailed)?;
        let now = jiff::Timestamp::now().as_second();
        let context = self
            .proxy
            .context(self.connection, &self.parts.headers, now);
        let route = RouteId {
            resource: matched.resource,
            group: matched.group,
            route: matched.route,
        };
        let Decision::Allow(permit) = decide::decide(policy, &party.caller, &matched, context)
        else {
            return Err(Reason::PreconditionFailed);
        };
        let (permit, _) = blocks::withhold(self.proxy, *permit)?;
        View::of(write, (permit, route)).ok_or(Reason::PreconditionFailed)
    }
}

fn authenticate(
    identity: &Identity,
    connection: &Connection,
    generation: &Generation,
    headers: &HeaderMap,
    now: i64,
) -> Result<Caller, Reason> {
    let certificate = connection.certificate.as_deref();
    let peer = connection.peer.ip();
    let caller = identity.authenticate(headers, certificate, peer, now)?;
    if decide::counts(&generation.policy, &caller) {
        Ok(caller)
    } else {
        Err(Reason::NoCredential)
    }
}

fn resource<'a>(generation: &'a Generation, matched: &Match) -> Result<&'a Resource, Reason> {
    generation
        .policy
        .rules
        .resources
        .get(matched.resource.0)
        .ok_or(Reason::Internal)
}

fn upstream(
    proxy: &Proxy,
    generation: &Generation,
    resource: &Resource,
    matched: &Match,
    observed: &mut Observed,
) -> Result<Arc<Upstream>, Reason> {
    let upstreams = proxy.upstreams.load();
    let upstream = upstreams
        .of(resource.upstream.as_deref())
        .ok_or(Reason::Internal)?;
    observed.route(&generation.policy, matched, upstream.name());
    Ok(Arc::clone(upstream))
}

fn decide(
    generation: &Generation,
    caller: &Caller,
    matched: &Match,
    context: Context<'_>,
    observed: &mut Observed,
) -> Result<Permit, Reason> {
    match decide::decide(&generation.policy, caller, matched, context) {
        Decision::Allow(permit) => {
            if !permit.plan().person_check() {
                observed.caller(caller, None);
            }
            observed.roles(Arc::clone(permit.roles()));
            if let Some(ContractNames { name, purpose }) = permit.contract() {
                observed.contract(name, Some(purpose));
            }
            Ok(*permit)
        }
        Decision::Deny(denial) => {
            let all = &generation.policy.rules.roles;
            let roles = || denial.roles.iter().filter_map(|role| all.get(role.0));
            if !denial.roles.is_empty() && !roles().any(Role::same_as_person) {
                observed.caller(caller, None);
            }
            observed.roles(roles().map(|role| role.name.clone()).collect());
            let contract = denial.contract;
            if let Some(names) = contract.and_then(|id| generation.policy.contracts.names(id)) {
                let purpose = Some(&names.purpose).filter(|_| denial.declared);
                observed.contract(&names.name, purpose);
            }
            Err(denial.reason)
        }
    }
}
