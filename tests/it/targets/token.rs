//! Tokens: any text as a bearer token, and any header and claims under a good signature, are refused or say what
//! RFC 7519 and RFC 8725 ask for.

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::Duration;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use data_encoding::BASE64URL_NOPAD;
use fieldgate::config::{self, JwtAlgorithm, JwtIssuer};
use fieldgate::identity::Identity;
use http::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use serde_json::{Value, json};

const NOW: i64 = 1_780_000_000;

static SIGNER: LazyLock<(Ed25519KeyPair, Identity)> = LazyLock::new(|| {
    let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).expect("a key pair");
    let x = BASE64URL_NOPAD.encode(pair.public_key().as_ref());
    let keys =
        json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "k", "alg": "EdDSA", "x": x}]});
    let dir = tempfile::tempdir().expect("a directory");
    let jwks = dir.path().join("jwks.json");
    std::fs::write(&jwks, keys.to_string()).expect("a file");
    let issuer = JwtIssuer {
        issuer: String::from("https://i"),
        audience: String::from("fieldgate"),
        jwks,
        algorithms: vec![JwtAlgorithm::EdDsa],
        leeway: Duration::ZERO,
    };
    let settings = config::Identity {
        jwt: BTreeMap::from([(String::from("i"), issuer)]),
        ..config::Identity::default()
    };
    let identity = Identity::load(&settings).expect("an identity");
    (pair, identity)
});

/// A header and claims parted by a zero byte, which are signed; without one, a whole token.
pub fn run(data: &[u8]) {
    let (pair, identity) = &*SIGNER;
    let zero = data.iter().position(|byte| *byte == 0);
    let token = match zero {
        None => String::from_utf8_lossy(data).into_owned(),
        Some(zero) => {
            let [header, claims] = [&data[..zero], &data[zero + 1..]];
            let [header, claims] = [header, claims].map(|part| BASE64URL_NOPAD.encode(part));
            let signed = format!("{header}.{claims}");
            let signature = pair.sign(signed.as_bytes());
            format!("{signed}.{}", BASE64URL_NOPAD.encode(signature.as_ref()))
        }
    };
    let Ok(value) = HeaderValue::from_str(&format!("Bearer {token}")) else {
        return;
    };
    let headers = HeaderMap::from_iter([(AUTHORIZATION, value)]);
    let Ok(caller) = identity.authenticate(&headers, None, [127, 0, 0, 1].into(), NOW) else {
        return;
    };
    let parts: Vec<&str> = token.split('.').collect();
    assert_eq!(parts.len(), 3, "{token}");
    let read = |part: &str| -> Value {
        let bytes = BASE64URL_NOPAD.decode(part.as_bytes()).expect("base64url");
        serde_json::from_slice(&bytes).expect("JSON")
    };
    let (header, claims) = (read(parts[0]), read(parts[1]));
    assert_eq!(header["alg"], "EdDSA");
    for refused in ["crit", "b64", "zip", "jku", "jwk", "x5u", "x5c"] {
        assert!(header.get(refused).is_none(), "{header}");
    }
    assert_eq!(claims["iss"], "https://i");
    let audience = &claims["aud"];
    let named = audience
        .as_array()
        .is_some_and(|all| all.contains(&json!("fieldgate")));
    assert!(named || audience == "fieldgate", "{claims}");
    assert!(
        claims["exp"].as_f64().is_some_and(|end| end > NOW as f64),
        "{claims}"
    );
    assert!(
        claims["nbf"]
            .as_f64()
            .is_none_or(|start| start <= NOW as f64),
        "{claims}"
    );
    assert!(caller.jwt.is_some() && caller.certificate.is_none());
}
