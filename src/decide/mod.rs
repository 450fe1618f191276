//! The decision point: pure, no I/O, no clock. A [`Permit`] proves that it said yes.
//!
//! Refuses a caller without a role here (`no-role`), a role whose contract is not in force (`contract-*`, `wrong-network`,
//! `wrong-purpose`, `no-contract`), roles without a row (`no-row`), parameters that are not listed or
//! search a hidden field (`unlisted-parameter`, `bad-query`, `filter-on-hidden`), in that order.

mod contracts;
mod facts;
mod permit;
mod roles;
mod write;

pub use permit::{Mapped, Permit};
pub use roles::{claimed_person, counts};
pub use write::{Sent, Unwritable, is_strong};

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};

use self::contracts::Refused;
use self::facts::Facts;
use crate::model::{Caller, JwtCredential, Reason};
use crate::policy::combine::Standing;
use crate::policy::condition::{Answers, Other};
use crate::policy::plan::judge::{Cases, Judge};
use crate::policy::store::{Compiled, Opening, ParamUse, Policy, RouteId, Sight};
use crate::policy::{
    BodyForm, Charset, ContractId, Does, Param, ParamName, ParamRule, Resource, RoleId, Searched,
    SendRule, UnlistedParams,
};
use crate::route::body::{self, Leaf, Limits, Value};
use crate::route::{Match, form, query};

/// What a decision depends on besides caller and route.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// Seconds since 1970.
    pub now: i64,
    /// The address the request came from, IPv4-mapped IPv6 addresses already unmapped.
    pub peer: IpAddr,
    /// The request's header, as it was sent.
    pub headers: &'a HeaderMap,
    /// Whether it came through the trusted front, so that conditions may read the headers that sets.
    pub front: bool,
}

/// What was decided.
#[derive(Debug)]
pub enum Decision {
    /// With obligations.
    Allow(Box<Permit>),
    /// With a reason.
    Deny(Denial),
}

/// Why, and what was known of the caller by then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    /// The reason.
    pub reason: Reason,
    /// The roles the caller holds here.
    pub roles: Vec<RoleId>,
    /// The contract that was judged, where it is clear which.
    pub contract: Option<ContractId>,
    /// Whether the caller declared its purpose.
    pub declared: bool,
}

/// Decides whether `caller` may have what `matched` names, and what of it.
pub fn decide(policy: &Policy, caller: &Caller, matched: &Match, context: Context<'_>) -> Decision {
    let roles = roles::held(policy, caller, matched);
    decide_by(policy, roles, caller.jwt.as_deref(), matched, context)
}

/// The same for a caller known to hold exactly `roles` (`as:` in a rule set's tests, `apply --as`), of whom no claim is
/// known.
pub fn decide_as(
    policy: &Policy,
    roles: Vec<RoleId>,
    matched: &Match,
    context: Context<'_>,
) -> Decision {
    decide_by(policy, roles, None, matched, context)
}

fn decide_by(
    policy: &Policy,
    roles: Vec<RoleId>,
    jwt: Option<&JwtCredential>,
    matched: &Match,
    context: Context<'_>,
) -> Decision {
    let facts = Facts {
        jwt,
        purpose: None,
        matched,
        context,
    };
    let denied = |refused: Refused, roles| {
        let Refused {
            reason,
            contract,
            declared,
        } = refused;
        Decision::Deny(Denial {
            reason,
            roles,
            contract,
            declared,
        })
    };
    let roles = match contracts::alone(policy, roles) {
        Ok(roles) => roles,
        Err(several) => return denied(Reason::NoRole.into(), several),
    };
    match permit(policy, &roles, facts) {
        Ok(permit) => Decision::Allow(Box::new(permit)),
        Err(refused) => denied(refused, roles),
    }
}

fn permit(policy: &Policy, roles: &[RoleId], facts: Facts<'_>) -> Result<Permit, Refused> {
    if roles.is_empty() {
        return Err(Reason::NoRole.into());
    }
    let contract = contracts::in_force(policy, roles, facts.context)?;
    let contracts = &policy.rules.contracts;
    let facts = Facts {
        purpose: contract.and_then(|id| Some(contracts.get(id.0)?.purpose.as_str())),
        ..facts
    };
    let standing = Standing { roles, contract };
    let judged = |reason| Refused {
        reason,
        contract,
        declared: contract.is_some(),
    };
    permit_under(policy, standing, facts).map_err(judged)
}

/// What is left to judge once it is clear as whom a caller is treated.
fn permit_under(
    policy: &Policy,
    standing: Standing<'_>,
    facts: Facts<'_>,
) -> Result<Permit, Reason> {
    let matched = facts.matched;
    let resource = policy.rules.resources.get(matched.resource.0);
    let resource = resource.ok_or(Reason::Internal)?;
    let compiled = plan(policy, standing, facts)?;
    let query = query::read(matched.raw_query.as_deref())?;
    let sent = parameters(resource, &compiled, matched, &query)?;
    not_of_the_form(&compiled, &query)?;
    parameters_of_stored(resource, &compiled, &query)?;
    let judging = |cases: &Arc<Cases>| {
        let other = |other: &Other| facts.other(other);
        Arc::new(Judge::new(Arc::clone(cases), facts.context.now, other))
    };
    let judge = compiled.cases.as_ref().map(judging);
    let write = compiled.write.as_ref();
    let write_judge = write.and_then(|write| write.cases.as_ref()).map(judging);
    Ok(Permit::new(
        compiled,
        &matched.target,
        (sent.person, sent.mapped),
        judge,
        write_judge,
    ))
}

/// The plan, which nobody has whose roles have no row.
fn plan(
    policy: &Policy,
    standing: Standing<'_>,
    facts: Facts<'_>,
) -> Result<Arc<Compiled>, Reason> {
    let Match {
        resource,
        group,
        route,
        ..
    } = *facts.matched;
    let now = facts.context.now;
    let asked = policy.asked(resource, group, standing);
    let answers: Answers = asked
        .filter_map(|(id, asks)| Some((id, facts.answer(asks)?)))
        .collect();
    let place = RouteId {
        resource,
        group,
        route,
    };
    let known = policy.known_plan(place, standing, now, &answers);
    if let Some(known) = known.filter(|known| known.admits()) {
        return Ok(known);
    }
    let does = policy.does(place).ok_or(Reason::Internal)?;
    if !policy.rules.has_right((resource, group), does, standing) {
        return Err(Reason::NoRow);
    }
    policy
        .plan_under(place, standing, now, &answers)
        .ok_or(Reason::Internal)
        .and_then(|plan| match (plan.admits(), does) {
            (true, _) => Ok(plan),
            // A gate that the call itself closes keeps every record.
            (false, Does::Update | Does::Delete) => Err(Reason::NoSuchRecord),
            (false, Does::Read | Does::Create) => Err(Reason::NoRow),
        })
}

/// What of a request's parameters names data.
#[derive(Default)]
struct Params {
    /// Which of them is the person.
    person: Option<usize>,
    mapped: Vec<Mapped>,
}

/// Judges every parameter of the request; returns those that name data.
fn parameters(
    resource: &Resource,
    compiled: &Compiled,
    matched: &Match,
    query: &query::Params<'_>,
) -> Result<Params, Reason> {
    let mut sent = Params::default();
    for (name, value) in &matched.path_params {
        let is_it = |param: &ParamName| matches!(param, ParamName::Path(path) if path == name);
        let (param, usage) = listed(resource, compiled, is_it).ok_or(Reason::UnlistedParameter)?;
        arrives(value, compiled)?;
        judge(param, usage, compiled, value, &mut sent)?;
    }
    for (name, value) in query {
        let is_it = |param: &ParamName| matches!(param, ParamName::Query(query) if query == name);
        arrives(name, compiled)?;
        arrives(value, compiled)?;
        match listed(resource, compiled, is_it) {
            Some((param, usage)) => judge(param, usage, compiled, value, &mut sent)?,
            None if passes_unlisted(resource, compiled) => {}
            None => return Err(Reason::UnlistedParameter),
        }
    }
    Ok(sent)
}

/// Targets are UTF-8 here. Whoever writes another charset may read another, and then something else than was judged.
fn arrives(text: &str, compiled: &Compiled) -> Result<(), Reason> {
    match compiled.answer.charset {
        Charset::Gbk | Charset::Gb18030 if !text.is_ascii() => Err(Reason::UnlistedParameter),
        Charset::Utf8 | Charset::Gbk | Charset::Gb18030 => Ok(()),
    }
}

/// Where the stored record is read first, it is read under the same query: a parameter the route that answers with it does
/// not list could say which record is meant.
fn parameters_of_stored(
    resource: &Resource,
    compiled: &Compiled,
    query: &query::Params<'_>,
) -> Result<(), Reason> {
    let write = compiled.write.as_ref().filter(|write| write.reads_stored());
    let Some(stored) = write.and_then(|write| write.stored) else {
        return Ok(());
    };
    let route = resource.route(stored.group, stored.route);
    let route = route.ok_or(Reason::Internal)?;
    let is_listed = |name: &str| {
        let mut params = resource.params.iter();
        params.any(|param| {
            let is_it = matches!(&param.name, ParamName::Query(query) if query == name);
            is_it && param.is_for(route)
        })
    };
    match query.iter().all(|(name, _)| is_listed(name)) {
        true => Ok(()),
        false => Err(Reason::UnlistedParameter),
    }
}

/// Many upstreams read a form and the query as one: a name the form may have does not stand in the query, where other
/// rules would judge it.
fn not_of_the_form(compiled: &Compiled, query: &query::Params<'_>) -> Result<(), Reason> {
    let (BodyForm::Form, Some(rules)) = (compiled.body, &compiled.send) else {
        return Ok(());
    };
    let is_of_form = |(name, _): &(Cow<'_, str>, Cow<'_, str>)| {
        let mut rules = rules.iter();
        rules.any(|(rule, _)| form::is_name(&rule.path, name))
    };
    match query.iter().any(is_of_form) {
        true => Err(Reason::BadQuery),
        false => Ok(()),
    }
}

fn listed<'a>(
    resource: &'a Resource,
    compiled: &'a Compiled,
    is_it: impl Fn(&ParamName) -> bool,
) -> Option<(&'a Param, &'a ParamUse)> {
    let mut params = resource.params.iter().zip(&compiled.params);
    params.find(|(param, usage)| usage.here && is_it(&param.name))
}

/// Never for a partner: what a contract covers is listed. Nor where something is written.
fn passes_unlisted(resource: &Resource, compiled: &Compiled) -> bool {
    let passes = matches!(resource.unlisted_params, UnlistedParams::Pass { .. });
    passes && compiled.contract.is_none() && compiled.write.is_none()
}

/// Judges one parameter, and keeps it where it names data.
fn judge(
    param: &Param,
    usage: &ParamUse,
    compiled: &Compiled,
    value: &str,
    sent: &mut Params,
) -> Result<(), Reason> {
    if !query::fits(&param.rule, value) {
        return Err(Reason::UnlistedParameter);
    }
    match &param.rule {
        ParamRule::Whole { .. } | ParamRule::OneOf(_) | ParamRule::Free => return Ok(()),
        ParamRule::Names(_) if compiled.write.is_some() => {
            return may_search(usage, false).map(drop);
        }
        ParamRule::Names(known) => return names(known, compiled, value),
        ParamRule::Fields(_) => {}
    }
    let find = may_search(usage, query::is_exact(value))?;
    if usage.person {
        sent.person = Some(sent.mapped.len());
    }
    sent.mapped.push(Mapped {
        name: Arc::clone(&usage.text),
        value: value.to_owned(),
        find,
    });
    Ok(())
}

/// Whoever sorts by a field, or asks for it by name, must see it.
fn names(
    known: &BTreeMap<String, Searched>,
    compiled: &Compiled,
    value: &str,
) -> Result<(), Reason> {
    let hidden = |name: &str| {
        let searched = known.get(name);
        searched.is_none_or(|searched| compiled.sight(searched) != Sight::Clear)
    };
    match query::names(value).any(hidden) {
        true => Err(Reason::FilterOnHidden),
        false => Ok(()),
    }
}

/// Judges the body a permit awaits: of a search, or of a request that writes.
///
/// # Errors
///
/// What [`body::read`] refuses, `unlisted-parameter` and `filter-on-hidden` of a search; of a write see [`write`].
pub fn with_body(
    permit: Permit,
    bytes: Bytes,
    sent: Sent,
    limits: Limits,
) -> Result<Permit, Unwritable> {
    match permit.compiled().write {
        Some(_) => write::with_body(permit, bytes, sent, limits),
        None if sent.patch => Err(Reason::MediaType.into()),
        None => Ok(searching(permit, bytes, limits)?),
    }
}

/// Judges a request that writes by the record that is stored, where [`Permit::stored`] says that it must be: by the text of
/// the record (`None`: there is none, or it is over the limit `record`), and the validator of the answer that held it.
///
/// # Errors
///
/// See [`write`].
pub fn with_stored(
    permit: Permit,
    record: Option<&str>,
    validator: Option<&HeaderValue>,
) -> Result<Permit, Unwritable> {
    match permit.stored() {
        Some(_) => write::with_stored(permit, record, validator),
        None => Ok(permit),
    }
}

/// Judges the body of a search leaf by leaf; each must be listed, fit, and search nothing that is hidden.
fn searching(permit: Permit, bytes: Bytes, limits: Limits) -> Result<Permit, Reason> {
    let compiled = Arc::clone(permit.compiled());
    let Some(rules) = &compiled.send else {
        return Err(Reason::UnexpectedBody);
    };
    let mut mapped = Vec::new();
    let leaves = match compiled.body {
        BodyForm::Json => body::read(&bytes, limits)?,
        BodyForm::Form => form::leaves(&bytes, limits)?,
    };
    for leaf in leaves {
        leaf_of_body(&compiled, rules, &leaf, &mut mapped)?;
    }
    Ok(permit.with_body(bytes, mapped))
}

/// A leaf passes if it is listed and every entry that lists it lets it pass.
fn leaf_of_body(
    compiled: &Compiled,
    rules: &[(SendRule, ParamUse)],
    leaf: &Leaf,
    mapped: &mut Vec<Mapped>,
) -> Result<(), Reason> {
    let at = |rule: &SendRule| leaf.is_at(&rule.path, compiled.any_case);
    let mut listing = rules.iter().filter(|(rule, _)| at(rule)).peekable();
    if listing.peek().is_none() {
        return Err(Reason::UnlistedParameter);
    }
    let mut named: Option<Mapped> = None;
    for (SendRule { param, .. }, usage) in listing {
        if !leaf.fits(&param.rule) {
            return Err(Reason::UnlistedParameter);
        }
        let text = leaf.value.text().unwrap_or_default();
        match &param.rule {
            ParamRule::Whole { .. } | ParamRule::OneOf(_) | ParamRule::Free => continue,
            ParamRule::Names(known) => names(known, compiled, text)?,
            ParamRule::Fields(_) => {
                // Nobody is found by what is missing, or true.
                let is_value = matches!(
                    leaf.value,
                    Value::Text(_) | Value::Number(_) | Value::Written(_)
                );
                let find = may_search(usage, is_value && query::is_exact(text))?;
                named = Some(Mapped {
                    name: format!("body.{}", leaf.name()).into(),
                    value: text.to_owned(),
                    find: find || named.is_some_and(|earlier| earlier.find),
                });
            }
        }
    }
    mapped.extend(named);
    Ok(())
}

/// Whether they search by what is masked for them.
fn may_search(usage: &ParamUse, is_exact: bool) -> Result<bool, Reason> {
    match usage.open {
        Opening::Open => Ok(false),
        Opening::Find if is_exact => Ok(true),
        Opening::Find => Err(Reason::UnlistedParameter),
        Opening::Closed => Err(Reason::FilterOnHidden),
        Opening::Unwritable => Err(Reason::FieldNotWritable),
    }
}

#[cfg(test)]
mod tests;
