//! Which roles a caller holds on a route.
//!
//! A role holds only if all keys of one of its matchers hold and that matcher names every credential presented; a
//! client certificate that no role names does not count.

use serde_json::{Map, Value};

use crate::model::{Caller, CertificateCredential, JwtCredential};
use crate::policy::candidates::{AlternativeId, Candidates, Claim};
use crate::policy::store::Policy;
use crate::policy::{MtlsMatcher, RoleId};
use crate::route::Match;

/// Integers from here on are not exact everywhere, so they name nobody.
const FIRST_INEXACT: u64 = 1 << 53;

/// The roles held, in the order of the rule set.
pub fn held(policy: &Policy, caller: &Caller, matched: &Match) -> Vec<RoleId> {
    let candidates = &policy.candidates;
    let certificate = caller.certificate.as_deref();
    let certificate = certificate.filter(|certificate| counts_here(candidates, certificate));
    let api_key = caller.api_key.as_deref().map(|key| &*key.name);
    let mut found = Vec::new();
    // One credential is enough to find them by: whoever holds a role names every one.
    match (&caller.jwt, api_key, certificate) {
        (Some(jwt), _, _) => {
            let person = person_of_path(policy, matched);
            for claim in candidates.claims() {
                add_asked_for(claim, jwt, person, &mut found);
            }
        }
        (None, Some(name), _) => found.extend_from_slice(candidates.keyed(name)),
        (None, None, Some(certificate)) => {
            for (authority, san) in names(certificate) {
                found.extend_from_slice(candidates.named(authority, san));
            }
        }
        (None, None, None) => {}
    }
    found.sort_unstable();
    found.dedup();
    let held = found.into_iter().filter_map(|id| {
        let alternative = candidates.alternative(id)?;
        let matcher = &alternative.matcher;
        // What a token must say was asked above, where one was presented.
        let names_all = matcher.jwt.is_some() == caller.jwt.is_some()
            && matcher.api_key.as_deref() == api_key
            && holds_certificate(matcher.mtls.as_ref(), certificate);
        names_all.then_some(alternative.role)
    });
    let mut roles: Vec<RoleId> = held.collect();
    roles.dedup();
    roles
}

/// The matchers whose test of a claim a token passes.
fn add_asked_for(
    wanted: &Claim,
    jwt: &JwtCredential,
    person: Option<&str>,
    found: &mut Vec<AlternativeId>,
) {
    if *wanted.issuer != *jwt.issuer {
        return;
    }
    let Some(value) = claim(&jwt.claims, &wanted.path) else {
        return;
    };
    let persons = wanted.persons();
    if !persons.is_empty() && person.is_some() && person_text(value).as_deref() == person {
        found.extend_from_slice(persons);
    }
    match value {
        Value::String(text) => {
            if let Some(word) = wanted.word(text) {
                found.extend_from_slice(&word.has);
                found.extend_from_slice(&word.is);
            }
        }
        Value::Array(elements) => {
            let words = elements.iter().filter_map(Value::as_str);
            for word in words.filter_map(|element| wanted.word(element)) {
                found.extend_from_slice(&word.has);
            }
        }
        _ => {}
    }
}

/// Whether some role names a certificate.
fn counts_here(candidates: &Candidates, certificate: &CertificateCredential) -> bool {
    names(certificate).any(|(authority, san)| !candidates.named(authority, san).is_empty())
}

fn names(certificate: &CertificateCredential) -> impl Iterator<Item = (&str, &str)> {
    let sans = certificate.sans.iter();
    sans.map(|san| (&*certificate.authority, san.as_str()))
}

/// Whether anything presented counts for these rules; where nothing does, there is no caller.
pub fn counts(policy: &Policy, caller: &Caller) -> bool {
    let certificate = caller.certificate.as_ref();
    caller.jwt.is_some()
        || caller.api_key.is_some()
        || certificate.is_some_and(|one| counts_here(&policy.candidates, one))
}

/// Who the caller's token says they are, to a role that compares it with a record's person. Not yet believed.
pub fn claimed_person(policy: &Policy, caller: &Caller) -> Option<String> {
    let jwt = caller.jwt.as_ref()?;
    let claims = policy.candidates.person_claims();
    claims
        .filter(|one| *one.issuer == *jwt.issuer)
        .find_map(|one| person_text(claim(&jwt.claims, &one.path)?))
}

/// A person in a claim: one string, or an integer below 2^53.
fn person_text(claim: &Value) -> Option<String> {
    match claim {
        Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        Value::Number(number) => {
            let whole = number.as_u64().filter(|number| *number < FIRST_INEXACT);
            whole.map(|whole| whole.to_string())
        }
        _ => None,
    }
}

/// The person the path names, decoded, where the resource says which parameter does.
fn person_of_path<'a>(policy: &Policy, matched: &'a Match) -> Option<&'a str> {
    let resource = policy.rules.resources.get(matched.resource.0)?;
    let param = resource.person.as_ref()?.path_param.as_ref()?;
    matched
        .path_params
        .iter()
        .find(|(name, _)| name == param)
        .map(|(_, value)| value.as_str())
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
    *wanted.authority == *presented.authority && presented.sans.contains(&wanted.san)
}

/// Walks objects by member names.
pub(super) fn claim<'a>(claims: &'a Map<String, Value>, path: &[String]) -> Option<&'a Value> {
    let (first, rest) = path.split_first()?;
    rest.iter().try_fold(claims.get(first)?, |value, name| {
        value.as_object()?.get(name)
    })
}

/// The same, with every role asked: what [`held`] must come to.
#[cfg(test)]
pub mod each {
    use super::*;
    use crate::policy::{ClaimTest, JwtMatcher, Matcher};

    pub fn held(policy: &Policy, caller: &Caller, matched: &Match) -> Vec<RoleId> {
        let roles = &policy.rules.roles;
        let certificate = caller.certificate.as_deref();
        let certificate = certificate.filter(|certificate| {
            let matchers = roles.iter().flat_map(|role| &role.matchers);
            let mut wanted = matchers.filter_map(|matcher| matcher.mtls.as_ref());
            wanted.any(|mtls| has_name(mtls, certificate))
        });
        let person = person_of_path(policy, matched);
        let api_key = caller.api_key.as_deref().map(|key| &*key.name);
        let holds = |matcher: &Matcher| {
            holds_token(matcher.jwt.as_ref(), caller.jwt.as_deref(), person)
                && holds_certificate(matcher.mtls.as_ref(), certificate)
                && matcher.api_key.as_deref() == api_key
                && (caller.jwt.is_some() || certificate.is_some() || api_key.is_some())
        };
        let each = roles.iter().enumerate();
        each.filter(|(_, role)| role.matchers.iter().any(holds))
            .map(|(at, _)| RoleId(at))
            .collect()
    }

    fn holds_token(
        wanted: Option<&JwtMatcher>,
        presented: Option<&JwtCredential>,
        person: Option<&str>,
    ) -> bool {
        match (wanted, presented) {
            (None, None) => true,
            (Some(wanted), Some(presented)) => {
                *wanted.issuer == *presented.issuer
                    && claim(&presented.claims, &wanted.claim)
                        .is_some_and(|claim| passes(&wanted.test, claim, person))
            }
            _ => false,
        }
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
            ClaimTest::SameAsPerson => {
                person_text(claim).is_some_and(|claimed| Some(claimed.as_str()) == person)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_in_a_claim_is_one_string_or_an_exact_integer() {
        let text = |claim: &str| person_text(&serde_json::from_str(claim).unwrap());
        assert_eq!(text("\"1001\"").as_deref(), Some("1001"));
        assert_eq!(text("1001").as_deref(), Some("1001"));
        assert_eq!(
            text("9007199254740991").as_deref(),
            Some("9007199254740991")
        );
        for none in [
            "\"\"",
            "9007199254740992",
            "-1",
            "1001.0",
            "1e3",
            "[\"1001\"]",
            "null",
        ] {
            assert_eq!(text(none), None, "{none}");
        }
    }
}
