//! The decision point: pure, no I/O, no clock. A [`Permit`] proves that it said yes.
//!
//! Refuses a caller without a role here (`no-role`), roles without a row (`no-row`), parameters that are not listed or
//! search a hidden field (`unlisted-parameter`, `bad-query`, `filter-on-hidden`), in that order.

mod permit;
mod roles;

pub use permit::{Mapped, Permit};
pub use roles::{claimed_person, counts};

use crate::model::{Caller, Reason};
use crate::policy::combine::Treatment;
use crate::policy::store::{Compiled, Policy};
use crate::policy::{FieldId, Param, ParamName, ParamRule, Resource, RoleId};
use crate::route::{Match, query};

/// What a decision depends on besides caller and route.
#[derive(Clone, Copy, Debug)]
pub struct Context {
    /// Seconds since 1970.
    pub now: i64,
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
}

/// Decides whether `caller` may have what `matched` names, and what of it.
pub fn decide(policy: &Policy, caller: &Caller, matched: &Match, context: Context) -> Decision {
    let roles = roles::held(&policy.rules, caller, matched);
    decide_as(policy, roles, matched, context)
}

/// The same for a caller known to hold exactly `roles` (`as:` in a rule set's tests, `apply --as`).
pub fn decide_as(
    policy: &Policy,
    roles: Vec<RoleId>,
    matched: &Match,
    context: Context,
) -> Decision {
    match permit(policy, &roles, matched, context) {
        Ok(permit) => Decision::Allow(Box::new(permit)),
        Err(reason) => Decision::Deny(Denial { reason, roles }),
    }
}

fn permit(
    policy: &Policy,
    roles: &[RoleId],
    matched: &Match,
    context: Context,
) -> Result<Permit, Reason> {
    if roles.is_empty() {
        return Err(Reason::NoRole);
    }
    let rules = &policy.rules;
    let has_row = |role: &RoleId| {
        rules
            .rows
            .contains_key(&(matched.resource, matched.group, *role))
    };
    if !roles.iter().any(has_row) {
        return Err(Reason::NoRow);
    }
    let resource = rules
        .resources
        .get(matched.resource.0)
        .ok_or(Reason::Internal)?;
    let compiled = policy
        .plan(
            matched.resource,
            matched.group,
            matched.route,
            roles,
            context.now,
        )
        .ok_or(Reason::Internal)?;
    let mapped = parameters(resource, &compiled, matched)?;
    Permit::new(policy, compiled, roles, matched, mapped).ok_or(Reason::Internal)
}

/// Judges every parameter of the request; returns those that name data.
fn parameters(
    resource: &Resource,
    compiled: &Compiled,
    matched: &Match,
) -> Result<Vec<Mapped>, Reason> {
    let query = query::read(matched.raw_query.as_deref())?;
    let names = |names: fn(String) -> ParamName, values: &[(String, String)]| {
        values
            .iter()
            .map(|(name, value)| (names(name.clone()), value.clone()))
            .collect::<Vec<_>>()
    };
    let mut sent = names(ParamName::Path, &matched.path_params);
    sent.extend(names(ParamName::Query, &query));
    let mut mapped = Vec::new();
    for (name, value) in sent {
        let param = resource.params.iter().find(|param| param.name == name);
        let param = param.ok_or(Reason::UnlistedParameter)?;
        if let Some(fields) = judge(resource, compiled, param, &value)? {
            let text = |field: &FieldId| resource.fields.get(field.0).map(|field| &field.text);
            mapped.push(Mapped {
                fields: fields.iter().filter_map(text).cloned().collect(),
                name,
                value,
            });
        }
    }
    Ok(mapped)
}

/// Judges one parameter; returns the fields it searches.
fn judge<'a>(
    resource: &Resource,
    compiled: &Compiled,
    param: &'a Param,
    value: &str,
) -> Result<Option<&'a [FieldId]>, Reason> {
    let ParamRule::Fields(fields) = &param.rule else {
        let fits = query::fits(&param.rule, value);
        return if fits {
            Ok(None)
        } else {
            Err(Reason::UnlistedParameter)
        };
    };
    let own = compiled.plan.person_check() && resource.person_param().as_ref() == Some(&param.name);
    let shown = |field: &FieldId| {
        let listed = compiled.plan.listed().get(field.0);
        listed.is_some_and(|listed| listed.treatment == Treatment::Show)
    };
    // The caller's own person is theirs to name, whatever they see of it.
    if own || fields.iter().all(shown) {
        Ok(Some(fields))
    } else {
        Err(Reason::FilterOnHidden)
    }
}
