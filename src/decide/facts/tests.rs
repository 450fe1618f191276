//! What a call answers to each kind of condition that it alone decides.

use std::net::IpAddr;

use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::*;
use crate::policy::condition::{Hours, clock};
use crate::policy::{GroupId, ResourceId};

fn jwt(issuer: &str, claims: Value) -> JwtCredential {
    let Value::Object(claims) = claims else {
        panic!("not an object")
    };
    JwtCredential {
        issuer: issuer.into(),
        claims,
        sha256: "".into(),
        expires: i64::MAX,
    }
}

fn matched() -> Match {
    Match {
        resource: ResourceId(0),
        group: GroupId(0),
        route: 0,
        path_params: vec![(String::from("id"), String::from("1001"))],
        raw_query: None,
        target: String::from("/customers/1001"),
        head: false,
    }
}

/// A call with a token, headers, and from where.
#[derive(Default)]
struct Call {
    jwt: Option<JwtCredential>,
    headers: HeaderMap,
    not_through_front: bool,
    purpose: Option<&'static str>,
    now: i64,
    peer: Option<IpAddr>,
}

impl Call {
    fn by(issuer: &str, claims: Value) -> Call {
        Call {
            jwt: Some(jwt(issuer, claims)),
            ..Call::default()
        }
    }

    fn ask<T>(&self, ask: impl FnOnce(Facts<'_>) -> T) -> T {
        let matched = matched();
        ask(Facts {
            jwt: self.jwt.as_ref(),
            purpose: self.purpose,
            matched: &matched,
            context: Context {
                now: self.now,
                peer: self.peer.unwrap_or([127, 0, 0, 1].into()),
                headers: &self.headers,
                front: !self.not_through_front,
            },
        })
    }

    fn answer(&self, question: &Question) -> Truth {
        self.ask(|facts| facts.answer(question).unwrap())
    }
}

fn text(text: &str) -> Literal {
    Literal::Text(text.to_owned())
}

fn claim_is(is: ClaimIs) -> Question {
    Question::Claim(ClaimCondition {
        issuer: String::from("staff"),
        claim: vec![String::from("a"), String::from("b")],
        is,
    })
}

#[test]
fn a_claim_counts_only_of_its_issuer_and_where_it_is_there() {
    let is_x = claim_is(ClaimIs::OneOf(vec![text("x")]));
    let answer = |issuer, claims| Call::by(issuer, claims).answer(&is_x);
    assert_eq!(answer("staff", json!({"a": {"b": "x"}})), Truth::True);
    assert_eq!(answer("staff", json!({"a": {"b": "X"}})), Truth::False);
    assert_eq!(answer("other", json!({"a": {"b": "x"}})), Truth::Unknown);
    assert_eq!(answer("staff", json!({"a": "x"})), Truth::Unknown);
    assert_eq!(answer("staff", json!({"a": {"b": ["x"]}})), Truth::Unknown);
    assert_eq!(answer("staff", json!({"a": {"b": null}})), Truth::Unknown);
    assert_eq!(answer("staff", json!({"a": {"b": 1}})), Truth::Unknown);
    assert_eq!(
        Call::default().answer(&is_x),
        Truth::Unknown,
        "`as:` has no claims"
    );
}

#[test]
fn numbers_and_booleans_of_claims_compare_with_their_like() {
    let one = claim_is(ClaimIs::OneOf(vec![Literal::Number(
        Number::read("1.0").unwrap(),
    )]));
    let yes = claim_is(ClaimIs::OneOf(vec![Literal::Bool(true)]));
    let answer = |question: &Question, value: Value| {
        Call::by("staff", json!({"a": {"b": value}})).answer(question)
    };
    assert_eq!(answer(&one, json!(1)), Truth::True);
    assert_eq!(answer(&one, json!(2)), Truth::False);
    assert_eq!(answer(&one, json!("1")), Truth::Unknown);
    assert_eq!(
        answer(&one, json!(1.5)),
        Truth::Unknown,
        "its text was not kept"
    );
    assert_eq!(answer(&yes, json!(true)), Truth::True);
    assert_eq!(answer(&yes, json!("true")), Truth::Unknown);
}

#[test]
fn has_is_one_whole_element_or_the_whole_string() {
    let has = claim_is(ClaimIs::Has(String::from("x")));
    let answer = |value: Value| Call::by("staff", json!({"a": {"b": value}})).answer(&has);
    assert_eq!(answer(json!(["w", "x"])), Truth::True);
    assert_eq!(answer(json!("x")), Truth::True);
    assert_eq!(answer(json!("x y")), Truth::False);
    assert_eq!(answer(json!(["x y", ["x"]])), Truth::False);
    assert_eq!(answer(json!({"x": 1})), Truth::Unknown);
}

#[test]
fn a_header_counts_once_and_through_the_front_alone() {
    let name = HeaderName::from_static("x-channel");
    let question = Question::Header(name.clone(), vec![String::from("branch")]);
    let mut call = Call::default();
    assert_eq!(call.answer(&question), Truth::Unknown);
    call.headers
        .append(&name, HeaderValue::from_static("branch"));
    assert_eq!(call.answer(&question), Truth::True);
    call.not_through_front = true;
    assert_eq!(
        call.answer(&question),
        Truth::Unknown,
        "anybody can send it"
    );
    call.not_through_front = false;
    call.headers
        .append(&name, HeaderValue::from_static("branch"));
    assert_eq!(call.answer(&question), Truth::Unknown, "twice");
    call.headers
        .insert(&name, HeaderValue::from_static("Branch"));
    assert_eq!(call.answer(&question), Truth::False);
    call.headers
        .insert(&name, HeaderValue::from_bytes(b"\xe6").unwrap());
    assert_eq!(call.answer(&question), Truth::Unknown);
}

#[test]
fn purpose_network_and_hours_are_those_of_the_call() {
    let purpose = Question::Purpose(vec![String::from("a")]);
    let of = |purpose| Call {
        purpose,
        ..Call::default()
    };
    assert_eq!(of(Some("a")).answer(&purpose), Truth::True);
    assert_eq!(of(Some("b")).answer(&purpose), Truth::False);
    assert_eq!(of(None).answer(&purpose), Truth::Unknown);

    let network = Question::Network(vec![Network::read("10.0.0.0/8").unwrap()]);
    let from = |peer: [u8; 4]| Call {
        peer: Some(peer.into()),
        ..Call::default()
    };
    assert_eq!(from([10, 1, 2, 3]).answer(&network), Truth::True);
    assert_eq!(from([11, 1, 2, 3]).answer(&network), Truth::False);

    let hours = Question::Hours(Hours {
        from: clock("08:00").unwrap(),
        until: clock("18:00").unwrap(),
        zone: TimeZone::UTC,
    });
    let at = |now| Call {
        now,
        ..Call::default()
    };
    assert_eq!(at(12 * 3600).answer(&hours), Truth::True);
    assert_eq!(at(18 * 3600).answer(&hours), Truth::False);
    assert_eq!(at(i64::MAX).answer(&hours), Truth::Unknown);
}

#[test]
fn mfa_is_what_the_token_says_of_methods_and_classes() {
    let question = |amr: &[&str], acr: &[&str]| {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Question::Mfa(Mfa {
            issuer: Some(String::from("staff")),
            amr: texts(amr),
            acr: texts(acr),
        })
    };
    let answer = |question: &Question, claims| Call::by("staff", claims).answer(question);
    let amr = question(&["mfa", "hwk"], &[]);
    assert_eq!(answer(&amr, json!({"amr": ["pwd", "hwk"]})), Truth::True);
    assert_eq!(answer(&amr, json!({"amr": ["pwd"]})), Truth::False);
    assert_eq!(answer(&amr, json!({})), Truth::Unknown);
    assert_eq!(answer(&amr, json!({"amr": "mfa"})), Truth::Unknown);
    assert_eq!(answer(&amr, json!({"amr": ["mfa", 1]})), Truth::Unknown);
    let either = question(&["mfa"], &["urn:2"]);
    assert_eq!(answer(&either, json!({"acr": "urn:2"})), Truth::True);
    assert_eq!(answer(&either, json!({"acr": "urn:1"})), Truth::Unknown);
    assert_eq!(
        answer(&either, json!({"acr": "urn:1", "amr": ["pwd"]})),
        Truth::False
    );
    assert_eq!(
        Call::by("other", json!({"amr": ["mfa"]})).answer(&amr),
        Truth::Unknown
    );
}

#[test]
fn a_field_is_compared_with_a_claim_or_a_path_parameter_as_it_is_typed() {
    let claim = |claims: Value| {
        let other = Other::Claim(vec![String::from("branch")]);
        Call::by("any", claims).ask(|facts| facts.other(&other))
    };
    assert_eq!(claim(json!({"branch": "0101"})), Some(text("0101")));
    let number = Number::read("101").map(Literal::Number);
    assert_eq!(claim(json!({"branch": 101})), number);
    assert_eq!(claim(json!({"branch": ["0101"]})), None);
    assert_eq!(claim(json!({})), None);
    let path = |name: &str| Call::default().ask(|facts| facts.other(&Other::Path(name.to_owned())));
    assert_eq!(path("id"), Some(text("1001")));
    assert_eq!(path("branch"), None);
}
