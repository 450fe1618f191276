//! Which roles a caller holds on a route.
//!
//! A role holds only if all its keys hold and it names every credential presented; a client certificate that no
//! role names does not count.

use serde_json::{Map, Value};

use crate::model::{Caller, CertificateCredential, JwtCredential};
use crate::policy::{ClaimTest, JwtMatcher, MtlsMatcher, Role, RoleId, RuleSet};
use crate::route::Match;

/// Integers from here on are not exact everywhere, so they name nobody.
const FIRST_INEXACT: u64 = 1 << 53;

/// The roles held, in the order of the rule set.
pub fn held(rules: &RuleSet, caller: &Caller, matched: &Match) -> Vec<RoleId> {
    let person = person_of_path(rules, matched);
    let certificate = caller.certificate.as_ref().filter(|certificate| {
        let named = |role: &Role| {
            role.mtls
                .as_ref()
                .is_some_and(|mtls| has_name(mtls, certificate))
        };
        rules.roles.iter().any(named)
    });
    let holds = |role: &Role| {
        holds_token(role.jwt.as_ref(), caller.jwt.as_ref(), person)
            && holds_certificate(role.mtls.as_ref(), certificate)
    };
    rules
        .roles
        .iter()
        .enumerate()
        .filter(|(_, role)| holds(role))
        .map(|(index, _)| RoleId(index))
        .collect()
}

/// Whether anything presented counts for these rules; where nothing does, there is no caller.
pub fn counts(rules: &RuleSet, caller: &Caller) -> bool {
    caller.jwt.is_some()
        || caller.certificate.as_ref().is_some_and(|certificate| {
            let matchers = rules.roles.iter().filter_map(|role| role.mtls.as_ref());
            matchers.into_iter().any(|mtls| has_name(mtls, certificate))
        })
}

/// The person the path names, decoded, where the resource says which parameter does.
fn person_of_path<'a>(rules: &RuleSet, matched: &'a Match) -> Option<&'a str> {
    let resource = rules.resources.get(matched.resource.0)?;
    let param = resource.person.as_ref()?.path_param.as_ref()?;
    matched
        .path_params
        .iter()
        .find(|(name, _)| name == param)
        .map(|(_, value)| value.as_str())
}

fn holds_token(
    wanted: Option<&JwtMatcher>,
    presented: Option<&JwtCredential>,
    person: Option<&str>,
) -> bool {
    match (wanted, presented) {
        (None, None) => true,
        (Some(wanted), Some(presented)) => {
            wanted.issuer == presented.issuer
                && claim(&presented.claims, &wanted.claim)
                    .is_some_and(|claim| passes(&wanted.test, claim, person))
        }
        _ => false,
    }
}

fn holds_certificate(
    wanted: Option<&MtlsMatcher>,
    presented: Option<&CertificateCredential>,
) -> bool {
    match (wanted, presented) {
        (None, None) => true,
        (Some(wanted), Some(presented)) => has_name(wanted, presented),
        _ => false,
    }
}

fn has_name(wanted: &MtlsMatcher, presented: &CertificateCredential) -> bool {
    wanted.authority == presented.authority && presented.sans.contains(&wanted.san)
}

/// Walks objects by member names.
fn claim<'a>(claims: &'a Map<String, Value>, path: &[String]) -> Option<&'a Value> {
    let (first, rest) = path.split_first()?;
    rest.iter().try_fold(claims.get(first)?, |value, name| {
        value.as_object()?.get(name)
    })
}

fn passes(test: &ClaimTest, claim: &Value, person: Option<&str>) -> bool {
    match test {
        ClaimTest::Has(wanted) => match claim {
            Value::String(text) => text == wanted,
            Value::Array(elements) => elements
                .iter()
                .any(|element| element.as_str() == Some(wanted)),
            _ => false,
        },
        ClaimTest::Is(wanted) => claim.as_str() == Some(wanted),
        ClaimTest::SameAsPerson => match claim {
            Value::String(text) => !text.is_empty() && Some(text.as_str()) == person,
            Value::Number(number) => number
                .as_u64()
                .filter(|number| *number < FIRST_INEXACT)
                .is_some_and(|number| Some(number.to_string().as_str()) == person),
            _ => false,
        },
    }
}
