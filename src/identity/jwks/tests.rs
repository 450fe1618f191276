//! Key sets, good and spoilt one member at a time.

use serde_json::json;

use super::*;
use crate::identity::forge::{Signer, encode, jwks};

const ALL: [JwtAlgorithm; 4] = JwtAlgorithm::ALL;

fn mistakes(jwk: Value) -> String {
    match Keys::read(&jwks(std::slice::from_ref(&jwk)), &ALL) {
        Ok(_) => panic!("{jwk} was taken"),
        Err(mistakes) => mistakes.join("\n"),
    }
}

fn ec() -> Value {
    Signer::new("k", JwtAlgorithm::Es256).jwk()
}

fn rsa() -> Value {
    Signer::new("k", JwtAlgorithm::Rs256).jwk()
}

fn with(mut jwk: Value, member: &str, value: Value) -> Value {
    jwk[member] = value;
    jwk
}

fn without(mut jwk: Value, member: &str) -> Value {
    jwk.as_object_mut().unwrap().remove(member);
    jwk
}

#[test]
fn a_key_of_each_kind_is_read_and_verifies_its_own_algorithm() {
    let signers = ALL.map(|algorithm| Signer::new(algorithm.name(), algorithm));
    let keys = Keys::read(&jwks(&signers.each_ref().map(Signer::jwk)), &ALL).unwrap();
    assert!(keys.notes().is_empty());
    for signer in &signers {
        let key = keys.find(Some(signer.kid)).unwrap();
        assert_eq!(key.algorithm(), signer.algorithm);
        assert!(key.verifies(b"message", &signer.sign(b"message")));
        assert!(!key.verifies(b"messagf", &signer.sign(b"message")));
    }
}

#[test]
fn k14_a_symmetric_key_or_a_private_member_is_refused() {
    assert!(mistakes(json!({"kty": "oct", "k": "AAAA"})).contains("symmetric"));
    for member in PRIVATE {
        let message = mistakes(with(ec(), member, json!("AAAA")));
        assert!(
            message.contains(&format!("`{member}` is private")),
            "{message}"
        );
        assert!(!message.contains("AAAA"));
    }
}

#[test]
fn k14_a_key_for_encryption_is_left_out() {
    let signing = with(ec(), "kid", json!("signing"));
    for other in [
        with(ec(), "use", json!("enc")),
        with(ec(), "key_ops", json!(["encrypt"])),
        json!({"kid": "k", "kty": "AKP", "alg": "ML-DSA-44", "pub": "AAAA"}),
        json!({"kid": "k", "kty": "OKP", "crv": "X25519", "x": "AAAA"}),
        json!({"kid": "k", "kty": "EC", "crv": "P-521", "x": "AAAA", "y": "AAAA"}),
        with(rsa(), "alg", json!("RSA-OAEP")),
        with(rsa(), "alg", json!("RS512")),
    ] {
        let keys = Keys::read(&jwks(&[signing.clone(), other.clone()]), &ALL).unwrap();
        assert!(keys.find(Some("k")).is_none(), "{other}");
        assert!(keys.find(Some("signing")).is_some());
        assert_eq!(keys.notes().len(), 1);
        assert!(mistakes(other).contains("no key that can verify a token"));
    }
}

#[test]
fn a_key_without_alg_takes_the_one_configured_algorithm_that_fits() {
    let jwk = without(rsa(), "alg");
    for one in [JwtAlgorithm::Rs256, JwtAlgorithm::Ps256] {
        let keys = Keys::read(
            &jwks(std::slice::from_ref(&jwk)),
            &[one, JwtAlgorithm::Es256],
        )
        .unwrap();
        assert_eq!(keys.find(None).unwrap().algorithm(), one);
    }
    assert!(mistakes(jwk.clone()).contains("RS256 or PS256"));
    let none = Keys::read(&jwks(&[jwk]), &[JwtAlgorithm::Es256]).unwrap_err();
    assert!(
        none.join("\n")
            .contains("no algorithm of this issuer fits it")
    );
}

#[test]
fn an_alg_that_is_not_configured_leaves_the_key_out_and_one_that_cannot_be_is_refused() {
    let keys = Keys::read(&jwks(&[ec()]), &[JwtAlgorithm::Rs256]);
    assert!(
        keys.unwrap_err()
            .join("\n")
            .contains("ES256 is not configured")
    );
    assert!(mistakes(with(ec(), "alg", json!("RS256"))).contains("does not fit"));
    assert!(mistakes(with(rsa(), "alg", json!("EdDSA"))).contains("does not fit"));
}

#[test]
fn k03_a_weak_or_malformed_rsa_key_is_refused() {
    assert!(mistakes(with(rsa(), "n", json!(encode(&[0xff; 128])))).contains("1024 bits"));
    let mut n = [0xff; 256];
    n[0] = 0x7f;
    assert!(mistakes(with(rsa(), "n", json!(encode(&n)))).contains("2047 bits"));
    assert!(mistakes(with(rsa(), "n", json!(encode(&[0xff; 1025])))).contains("8200 bits"));
    assert!(mistakes(with(rsa(), "n", json!(encode(&[0xfe; 256])))).contains("even"));
    assert!(mistakes(with(rsa(), "n", json!(""))).contains("`n` is empty"));
    for e in [
        &[][..],
        &[1],
        &[3],
        &[0, 1, 0, 1],
        &[1, 0, 2],
        &[1, 0, 0, 0, 1],
    ] {
        assert!(
            mistakes(with(rsa(), "e", json!(encode(e)))).contains("`e` is not"),
            "{e:?}"
        );
    }
}

#[test]
fn k03_a_point_off_the_curve_or_of_another_size_is_refused() {
    assert!(mistakes(with(ec(), "x", json!(encode(&[7; 32])))).contains("not a point"));
    assert!(mistakes(with(ec(), "y", json!(encode(&[7; 31])))).contains("32 bytes each"));
    let ed = Signer::new("k", JwtAlgorithm::EdDsa).jwk();
    assert!(mistakes(with(ed, "x", json!(encode(&[7; 33])))).contains("not 32 bytes"));
    assert!(mistakes(without(ec(), "crv")).contains("no `crv`"));
}

#[test]
fn k04_a_kid_twice_or_missing_among_several_is_refused() {
    let twice = Keys::read(&jwks(&[ec(), rsa()]), &ALL).unwrap_err();
    assert!(twice.join("\n").contains("key `k`: the `kid` occurs twice"));
    let nameless = Keys::read(&jwks(&[without(ec(), "kid"), rsa()]), &ALL).unwrap_err();
    assert!(nameless.join("\n").contains("each needs a `kid`"));
    assert!(mistakes(with(ec(), "kid", json!(7))).contains("`kid` is not a string"));
    assert!(mistakes(with(ec(), "kid", json!(""))).contains("`kid` is empty"));
}

#[test]
fn a_set_is_read_strictly_and_tells_every_mistake() {
    for text in ["", "[]", "{}", r#"{"keys":{}}"#, r#"{"keys":[],"keys":[]}"#] {
        assert!(Keys::read(text.as_bytes(), &ALL).is_err(), "{text}");
    }
    let broken = [json!(1), json!({"kid": "a"}), with(ec(), "x", json!("A="))];
    assert_eq!(Keys::read(&jwks(&broken), &ALL).unwrap_err().len(), 3);
    let empty = Keys::read(&jwks(&[]), &ALL).unwrap_err();
    assert_eq!(empty, ["no key that can verify a token"]);
}
