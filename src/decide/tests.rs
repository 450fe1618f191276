//! The roles of a caller, and decisions that were made before.

mod searching;

use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, LazyLock};

use http::{HeaderMap, Method};
use proptest::prelude::*;
use proptest::sample::{Index, subsequence};
use serde_json::{Map, Value, json};

use super::*;
use crate::mask::token::TokenMaster;
use crate::model::{ApiKeyCredential, CertificateCredential, JwtCredential};
use crate::policy::{RuleSet, load_texts};
use crate::route::Router;

const ENDS: &str = "2026-05-31";

/// Roles of every form, some of which ask for the same.
const ROLES: [&str; 17] = [
    "{ jwt: staff, claim: roles, has: a }",
    "{ jwt: staff, claim: roles, has: b }",
    "{ jwt: staff, claim: roles, has: a, mtls: partners, san: one.example }",
    "{ jwt: staff, claim: level, is: a }",
    "{ jwt: staff, claim: roles, is: a }",
    "{ jwt: other, claim: roles, has: a }",
    "{ jwt: staff, claim: realm.roles, has: b }",
    "{ jwt: staff, claim: sub, same_as: person }",
    "{ jwt: other, claim: number, same_as: person }",
    "{ mtls: partners, san: one.example }",
    "{ mtls: partners, san: two.example }",
    "{ mtls: others, san: one.example }",
    "{ api_key: nightly }",
    "{ api_key: nightly, mtls: partners, san: one.example }",
    "{ any: [{ jwt: staff, claim: roles, has: a }, { api_key: nightly }, { mtls: others, san: one.example }] }",
    "{ mtls: partners, san: two.example, any: [{ jwt: other, claim: roles, has: a }, { api_key: daily }] }",
    "{ any: [{ jwt: staff, claim: sub, same_as: person }, { jwt: other, claim: roles, same_as: person }] }",
];

fn rules(roles: &[&str]) -> String {
    let mut rules = String::from(
        "fieldgate: 1
classes: { basic: { level: 1 }, secret: { level: 4 } }
resources:
  customer:
    at: { 'GET /customers/{id}': $, 'GET /phones/{phone}': $ }
    person: { field: id, path: id }
    params: { path.id: id, path.phone: phone, page: { whole: 1..9 } }
    fields: { id: basic, phone: secret, name: secret }
roles:
",
    );
    for (at, role) in roles.iter().enumerate() {
        rules.push_str(&format!("  r{at}: {role}\n"));
    }
    rules.push_str("read:\n  customer:\n");
    for at in 0..roles.len() {
        rules.push_str(&format!("    r{at}: {{ basic: show, secret: strip }}\n"));
    }
    rules
}

fn loaded(rules: &str) -> RuleSet {
    let loaded = load_texts(&[("rules.yaml", rules.as_bytes())]);
    loaded
        .unwrap_or_else(|mistakes| panic!("{mistakes:?}"))
        .rules
}

fn policy(rules: &RuleSet) -> Policy {
    Policy::new(1, rules.clone(), TokenMaster::test_key())
}

static EVERY_ROLE: LazyLock<RuleSet> = LazyLock::new(|| loaded(&rules(&ROLES)));
static WITH_EXCEPTION: LazyLock<RuleSet> = LazyLock::new(|| loaded(&with_exception()));

fn matched(policy: &Policy, target: &str) -> Match {
    let router = Router::new(&policy.rules);
    router.resolve(&Method::GET, target).unwrap()
}

/// A call from somewhere, with no header.
fn at(now: i64) -> Context<'static> {
    static NONE: LazyLock<HeaderMap> = LazyLock::new(HeaderMap::new);
    Context {
        now,
        peer: Ipv4Addr::LOCALHOST.into(),
        headers: &NONE,
        front: false,
    }
}

fn token(issuer: &str, claims: Value) -> Arc<JwtCredential> {
    let Value::Object(claims) = claims else {
        panic!("not an object")
    };
    Arc::new(JwtCredential {
        issuer: issuer.into(),
        claims,
        sha256: "".into(),
        expires: i64::MAX,
    })
}

fn caller(jwt: Option<Arc<JwtCredential>>, certificate: Option<(&str, Vec<String>)>) -> Caller {
    Caller {
        jwt,
        certificate: certificate.map(|(authority, sans)| {
            Arc::new(CertificateCredential {
                authority: authority.into(),
                sans,
                sha256: "".into(),
            })
        }),
        api_key: None,
        peer: IpAddr::V4(Ipv4Addr::LOCALHOST),
    }
}

fn claim() -> impl Strategy<Value = Value> {
    let word = || prop_oneof![Just("a"), Just("b"), Just("c"), Just("1001"), Just("")];
    prop_oneof![
        word().prop_map(Value::from),
        proptest::collection::vec(word(), 0..4).prop_map(Value::from),
        Just(json!(1001)),
        Just(json!({"roles": ["b", 1, "b"]})),
        Just(json!([["a"]])),
        Just(Value::Null),
    ]
}

fn claims() -> impl Strategy<Value = Value> {
    let names = ["roles", "level", "realm", "sub", "number"];
    let each = names.map(|name| (Just(name), proptest::option::of(claim())));
    Vec::from(each).prop_map(|members| {
        let some = |(name, value): (&str, Option<Value>)| Some((name.to_owned(), value?));
        Value::Object(members.into_iter().filter_map(some).collect::<Map<_, _>>())
    })
}

proptest! {
    #[test]
    fn the_roles_found_are_those_that_asking_each_would_find(
        picked in subsequence((0..ROLES.len()).collect::<Vec<_>>(), 1..=ROLES.len()),
        issuer in proptest::option::of(prop_oneof![Just("staff"), Just("other"), Just("third")]),
        claims in claims(),
        authority in proptest::option::of(prop_oneof![Just("partners"), Just("others")]),
        sans in subsequence(vec!["one.example", "two.example", "three.example"], 0..=3),
        api_key in proptest::option::of(prop_oneof![Just("nightly"), Just("daily"), Just("other")]),
    ) {
        let mut rules = EVERY_ROLE.clone();
        rules.roles = picked.iter().map(|at| rules.roles[*at].clone()).collect();
        let policy = policy(&rules);
        let matched = matched(&policy, "/customers/1001");
        let sans = sans.into_iter().map(str::to_owned).collect();
        let mut caller = caller(
            issuer.map(|issuer| token(issuer, claims.clone())),
            authority.map(|authority| (authority, sans)),
        );
        caller.api_key = api_key.map(|name| {
            Arc::new(ApiKeyCredential { name: name.into(), sha256: "".into() })
        });
        prop_assert_eq!(
            roles::held(&policy, &caller, &matched),
            roles::each::held(&policy, &caller, &matched)
        );
    }

    #[test]
    fn a_decision_made_before_is_the_one_that_would_be_made_anew(
        asked in proptest::collection::vec(
            (any::<Index>(), any::<Index>(), prop_oneof![Just(0_i64), Just(1), Just(2)]),
            1..12,
        )
    ) {
        let seasoned = policy(&WITH_EXCEPTION);
        let callers = ["a", "b", "c"].map(|word| caller(Some(token("staff", json!({"roles": word}))), None));
        let targets = ["/customers/1001", "/phones/1", "/customers/1001?page=9", "/customers/7?x=1"];
        let ends = ends(&seasoned);
        for (who, target, later) in asked {
            let (caller, target) = (who.get(&callers), target.get(&targets));
            let context = at(ends - 1 + later);
            let decided = |policy: &Policy| {
                match decide(policy, caller, &matched(policy, target), context) {
                    Decision::Allow(permit) => {
                        format!("{:?} {:?}", permit.plan_digest(), permit.mapped())
                    }
                    Decision::Deny(denial) => format!("{denial:?}"),
                }
            };
            prop_assert_eq!(decided(&seasoned), decided(&policy(&WITH_EXCEPTION)));
        }
    }
}

fn with_exception() -> String {
    let rules = rules(&ROLES[..2]);
    let last_row = "    r1: { basic: show, secret: strip }\n";
    let rules = rules.replace(last_row, "");
    format!(
        "{rules}exceptions:
  - {{ field: customer.phone, role: r0, do: show, until: {ENDS}, reason: a test }}
"
    )
}

/// The last second of the exception.
fn ends(policy: &Policy) -> i64 {
    policy.rules.exceptions[0].until.unwrap()
}

#[test]
fn k12_a_role_is_one_whole_element_or_one_whole_string() {
    let policy = policy(&loaded(&rules(&[
        "{ jwt: staff, claim: roles, has: a }",
        "{ jwt: staff, claim: roles, is: a }",
    ])));
    let matched = matched(&policy, "/customers/1001");
    let held = |claim: Value| {
        let caller = caller(Some(token("staff", json!({ "roles": claim }))), None);
        roles::held(&policy, &caller, &matched).len()
    };
    assert_eq!(held(json!("a")), 2);
    assert_eq!(held(json!(["b", "a"])), 1);
    let cyrillic = "\u{430}";
    for other in ["a b", "b,a", "A", " a", "a\u{200b}", "a\0", cyrillic, ""] {
        assert_eq!(held(json!(other)), 0, "{other:?}");
        assert_eq!(held(json!([other])), 0, "{other:?}");
    }
    for other in [
        json!([["a"]]),
        json!({ "a": true }),
        json!([{ "a": 1 }]),
        json!(null),
    ] {
        assert_eq!(held(other.clone()), 0, "{other}");
    }
}

#[test]
fn an_exception_ends_on_time_in_a_decision_made_before() {
    let policy = policy(&WITH_EXCEPTION);
    let caller = caller(Some(token("staff", json!({"roles": "a"}))), None);
    let matched = matched(&policy, "/phones/1");
    let ends = ends(&policy);
    let when = |now| decide(&policy, &caller, &matched, at(now));
    for _ in 0..2 {
        let last = when(ends);
        assert!(matches!(last, Decision::Allow(_)), "{last:?}");
        let Decision::Deny(denial) = when(ends + 1) else {
            panic!("it is still open")
        };
        assert_eq!(denial.reason, Reason::FilterOnHidden);
    }
}

#[test]
fn a_plan_that_is_known_opens_nothing_to_roles_without_a_row() {
    let policy = policy(&WITH_EXCEPTION);
    let matched = matched(&policy, "/customers/1001");
    let plan = |roles: &[RoleId]| {
        policy.plan(
            matched.resource,
            matched.group,
            matched.route,
            roles.into(),
            0,
        )
    };
    let shared = plan(&[RoleId(1), RoleId(0)]).unwrap();
    assert!(Arc::ptr_eq(
        &shared,
        &plan(&[RoleId(0), RoleId(1)]).unwrap()
    ));
    plan(&[RoleId(1)]).unwrap();
    let Decision::Deny(denial) = decide_as(&policy, vec![RoleId(1)], &matched, at(0)) else {
        panic!("allowed")
    };
    assert_eq!(denial.reason, Reason::NoRow);
}

#[test]
fn a_plan_depends_on_what_the_call_answers_and_on_nothing_else_of_it() {
    let rules = rules(&ROLES[..1]).replace("secret: strip }", "secret: show if office else mask }");
    let rules = format!("{rules}conditions: {{ office: {{ network: 10.0.0.0/8 }} }}\n");
    let policy = policy(&loaded(&rules));
    let caller = caller(Some(token("staff", json!({"roles": "a"}))), None);
    let plan = |target: &str, peer: [u8; 4]| {
        let context = Context {
            peer: peer.into(),
            ..at(0)
        };
        match decide(&policy, &caller, &matched(&policy, target), context) {
            Decision::Allow(permit) => Ok(permit.compiled().clone()),
            Decision::Deny(denial) => Err(denial.reason),
        }
    };
    let inside = plan("/customers/1", [10, 0, 0, 1]).unwrap();
    assert!(Arc::ptr_eq(
        &inside,
        &plan("/customers/2", [10, 9, 9, 9]).unwrap()
    ));
    let outside = plan("/customers/1", [11, 0, 0, 1]).unwrap();
    assert_ne!(inside.digest, outside.digest);
    // Whoever may not see the field for the whole request may not search it either.
    assert!(plan("/phones/1", [10, 0, 0, 1]).is_ok());
    assert_eq!(
        plan("/phones/1", [11, 0, 0, 1]).unwrap_err(),
        Reason::FilterOnHidden
    );
}

/// What an answer under way is compared by: what has ended counts, though another condition may open as much.
#[test]
fn n10_a_plan_is_another_when_an_exception_under_a_condition_has_ended() {
    // Who holds both roles is shown the name by the one while the exception lasts, by the other for good.
    let (mine, other) = (
        "r1: { basic: show, secret: strip }",
        "r1: { basic: show, secret: show if agreed }",
    );
    let rules = rules(&ROLES[..2]).replace(mine, other);
    let exception = format!(
        "{{ field: customer.name, role: r0, do: show if known, until: {ENDS}, reason: x }}"
    );
    let rules = format!(
        "{rules}exceptions: [{exception}]\nconditions: {{ agreed: {{ field: id, is: \"1\" }}, known: {{ field: id, is: \"2\" }} }}\n"
    );
    let policy = policy(&loaded(&rules));
    let caller = caller(Some(token("staff", json!({"roles": ["a", "b"]}))), None);
    let plan = |now: &str| {
        let now: jiff::Timestamp = now.parse().unwrap();
        let matched = matched(&policy, "/customers/1");
        match decide(&policy, &caller, &matched, at(now.as_second())) {
            Decision::Allow(permit) => permit.plan_digest().clone(),
            Decision::Deny(denial) => panic!("{denial:?}"),
        }
    };
    let before = plan("2026-05-01T00:00:00Z");
    assert_eq!(before, plan("2026-05-30T00:00:00Z"));
    assert_ne!(before, plan("2026-06-02T00:00:00Z"));
}
