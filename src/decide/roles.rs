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

/// Who the caller's token says they are, to a role that compares it with a record's person. Not yet believed.
pub fn claimed_person(rules: &RuleSet, caller: &Caller) -> Option<String> {
    let jwt = caller.jwt.as_ref()?;
    let matchers = rules.roles.iter().filter_map(|role| role.jwt.as_ref());
    matchers
        .filter(|one| one.test == ClaimTest::SameAsPerson && one.issuer == jwt.issuer)
        .find_map(|one| person_text(claim(&jwt.claims, &one.claim)?))
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
        ClaimTest::SameAsPerson => {
            person_text(claim).is_some_and(|claimed| Some(claimed.as_str()) == person)
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
