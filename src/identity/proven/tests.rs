//! A token verified before is judged as one that was not.

use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::Duration;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::config::{JwtAlgorithm, JwtIssuer};
use crate::identity::forge::{NOW, Signer, encode, jwks};
use crate::identity::jwks::Keys;

const HOUR: i64 = 3600;
const CERTIFICATES: [[u8; 32]; 2] = [[1; 32], [2; 32]];

struct Fixture {
    signer: Signer,
    issuers: Vec<Issuer>,
    tokens: Vec<String>,
}

static FIXTURE: LazyLock<Fixture> = LazyLock::new(|| {
    let signer = Signer::new("k1", JwtAlgorithm::EdDsa);
    let settings = JwtIssuer {
        issuer: "https://idp.example".to_owned(),
        audience: "fieldgate".to_owned(),
        jwks: PathBuf::new(),
        algorithms: JwtAlgorithm::ALL.to_vec(),
        leeway: Duration::from_secs(30),
    };
    let keys = Keys::read(&jwks(&[signer.jwk()]), &settings.algorithms).unwrap();
    let mut fixture = Fixture {
        issuers: vec![Issuer::new("staff-idp", &settings, keys)],
        signer,
        tokens: Vec::new(),
    };
    fixture.tokens = fixture.every_kind();
    fixture
});

impl Fixture {
    fn token(&self, more: serde_json::Value) -> String {
        let mut claims =
            json!({"iss": "https://idp.example", "aud": "fieldgate", "exp": NOW + HOUR});
        for (name, value) in more.as_object().unwrap() {
            claims[name] = value.clone();
        }
        self.signer
            .token(&self.signer.header(), &claims.to_string())
    }

    /// Good ones, and ones that are wrong always, at times, or on some connections.
    fn every_kind(&self) -> Vec<String> {
        let bound = |certificate: &[u8]| json!({"cnf": {"x5t#S256": encode(certificate)}});
        let good = self.token(json!({}));
        let (signed, _) = good.rsplit_once('.').unwrap();
        let forger = Signer::new("k1", JwtAlgorithm::EdDsa);
        vec![
            self.token(json!({"sub": "u-1", "roles": ["teller", {"a": [1, null]}]})),
            self.token(json!({"exp": NOW - HOUR})),
            self.token(json!({"nbf": NOW + HOUR / 2})),
            self.token(json!({"iat": NOW + HOUR / 2})),
            self.token(bound(&CERTIFICATES[0])),
            self.token(bound(&CERTIFICATES[1])),
            self.token(bound(&[1; 31])),
            self.token(json!({"cnf": {"jkt": "x"}})),
            self.token(json!({"aud": "another"})),
            self.token(json!({"iss": "https://another.example"})),
            self.token(json!({"exp": "tomorrow"})),
            format!("{signed}.{}", encode(&forger.sign(signed.as_bytes()))),
            format!("{good}x"),
            format!("{signed}."),
            signed.to_owned(),
            "a".repeat(jwt::LONGEST + 1),
            String::new(),
            good,
        ]
    }

    /// As `tokens` judges, and as is judged what was never seen before.
    fn both(
        &self,
        tokens: &ProvenTokens,
        token: &str,
        certificate: Option<&[u8; 32]>,
        now: i64,
    ) -> [Result<JwtCredential, Reason>; 2] {
        let anew = ProvenTokens::default();
        [tokens, &anew].map(|tokens| {
            let verified = tokens.verify(token, &self.issuers, certificate, now);
            verified.map(|credential| JwtCredential::clone(&credential))
        })
    }
}

proptest! {
    #[test]
    fn k15_a_token_seen_before_is_judged_as_one_never_seen(
        asked in proptest::collection::vec(
            (0..FIXTURE.tokens.len(), proptest::option::of(0..2_usize), -2 * HOUR..2 * HOUR),
            1..24,
        )
    ) {
        let tokens = ProvenTokens::default();
        for (token, certificate, later) in asked {
            let certificate = certificate.map(|at| &CERTIFICATES[at]);
            let [seen, anew] = FIXTURE.both(&tokens, &FIXTURE.tokens[token], certificate, NOW + later);
            prop_assert_eq!(format!("{seen:?}"), format!("{anew:?}"));
        }
    }

    #[test]
    fn k15_no_byte_of_a_token_seen_before_may_change(at in 0..200_usize, to in "[A-Za-z0-9_.-]") {
        let tokens = ProvenTokens::default();
        let good = &FIXTURE.tokens[0];
        tokens.verify(good, &FIXTURE.issuers, None, NOW).unwrap();
        let at = at % good.len();
        let spoilt = [&good[..at], &to, &good[at + 1..]].concat();
        let verified = tokens.verify(&spoilt, &FIXTURE.issuers, None, NOW);
        prop_assert_eq!(verified.is_ok(), spoilt == *good);
    }
}

#[test]
fn k15_a_token_seen_before_is_not_verified_again_and_shares_its_claims() {
    let tokens = ProvenTokens::default();
    let verify = |issuers| tokens.verify(&FIXTURE.tokens[0], issuers, None, NOW);
    let first = verify(&FIXTURE.issuers).unwrap();
    // Without a single key it could not be verified.
    let second = verify(&[]).unwrap();
    assert!(Arc::ptr_eq(&first, &second));
}

#[test]
fn k18_a_token_seen_before_expires_on_time_and_is_then_forgotten() {
    let tokens = ProvenTokens::default();
    let verify = |now| tokens.verify(&FIXTURE.tokens[0], &FIXTURE.issuers, None, now);
    assert!(verify(NOW).is_ok());
    let last = NOW + HOUR + 29;
    assert!(verify(last).is_ok());
    assert_eq!(tokens.0.len(), 1);
    assert_eq!(verify(last + 1).unwrap_err(), Reason::ExpiredCredential);
    assert_eq!(tokens.0.len(), 0);
}

#[test]
fn k17_a_bound_token_seen_before_still_needs_its_certificate() {
    let tokens = ProvenTokens::default();
    let bound = &FIXTURE.tokens[4];
    let verify = |certificate| tokens.verify(bound, &FIXTURE.issuers, certificate, NOW);
    assert!(verify(Some(&CERTIFICATES[0])).is_ok());
    for other in [None, Some(&CERTIFICATES[1])] {
        assert_eq!(verify(other).unwrap_err(), Reason::BadCredential);
    }
    assert!(verify(Some(&CERTIFICATES[0])).is_ok());
}

#[test]
fn k15_nothing_that_is_refused_is_kept() {
    let tokens = ProvenTokens::default();
    for token in &FIXTURE.tokens {
        let verified = tokens.verify(token, &FIXTURE.issuers, None, NOW);
        if verified.is_err() {
            assert_eq!(tokens.0.len(), 0, "{token}");
        }
        tokens.0.clear();
    }
}

#[test]
fn k15_what_is_kept_is_bounded_in_number_and_in_bytes() {
    let tokens = ProvenTokens::within(64 << 10);
    let verify = |claims| {
        let token = FIXTURE.token(claims);
        assert!(tokens.verify(&token, &FIXTURE.issuers, None, NOW).is_ok());
        assert!(tokens.0.len() <= 64 && tokens.0.weight() <= 64 << 10);
    };
    for number in 0..200 {
        verify(json!({"jti": number}));
    }
    assert!(tokens.0.len() > 32, "{}", tokens.0.len());
    // A few bytes of token that are many of claims: too heavy to keep, and verified all the same.
    let heavy: Vec<_> = (0..600).map(|_| json!([{"": 0}])).collect();
    for number in 0..4 {
        verify(json!({"jti": number, "heavy": heavy}));
    }
    assert_eq!(MOST_BYTES / LEAST_WEIGHT, 16_384);
}
