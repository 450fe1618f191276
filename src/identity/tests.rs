//! Credentials as they arrive: headers, certificates and files on disk.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use http::HeaderName;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, SanType};
use serde_json::{Value, json};

use super::forge::{NOW, Signer, encode, jwks};
use super::*;
use crate::config::{ClientCa, JwtAlgorithm, JwtIssuer};

const PEER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 2, 0, 7));

/// One issuer and one authority on disk, a token and certificates of them.
struct Fixture {
    dir: tempfile::TempDir,
    settings: config::Identity,
    identity: Identity,
    signer: Signer,
    partner: PeerCertificate,
    nameless: PeerCertificate,
}

impl Fixture {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let signer = Signer::new("k1", JwtAlgorithm::Es256);
        std::fs::write(dir.path().join("jwks.json"), jwks(&[signer.jwk()])).unwrap();

        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let root = params.self_signed(&key).unwrap();
        let ca = Issuer::new(params, key);
        std::fs::write(dir.path().join("ca.pem"), root.pem()).unwrap();
        let peer = |sans: Vec<SanType>| {
            let mut params = CertificateParams::default();
            params.distinguished_name.push(DnType::CommonName, "admin");
            params.subject_alt_names = sans;
            let leaf = params
                .signed_by(&KeyPair::generate().unwrap(), &ca)
                .unwrap();
            PeerCertificate::read("partner-ca", &[leaf.der().clone()]).unwrap()
        };

        let settings = config::Identity {
            jwt: BTreeMap::from([("staff-idp".to_owned(), issuer(dir.path()))]),
            client_ca: BTreeMap::from([(
                "partner-ca".to_owned(),
                ClientCa {
                    certificates: dir.path().join("ca.pem"),
                    crl: None,
                },
            )]),
            api_keys: BTreeMap::new(),
        };
        Fixture {
            identity: Identity::load(&settings).unwrap(),
            partner: peer(vec![SanType::URI("spiffe://x/acme".try_into().unwrap())]),
            nameless: peer(vec![]),
            settings,
            signer,
            dir,
        }
    }

    fn token(&self) -> String {
        self.token_with(json!({}))
    }

    fn token_with(&self, more: Value) -> String {
        let mut claims =
            json!({"iss": "https://idp.example", "aud": "fieldgate", "exp": NOW + 300});
        for (name, value) in more.as_object().unwrap() {
            claims[name] = value.clone();
        }
        self.signer
            .token(&self.signer.header(), &claims.to_string())
    }

    fn ask(
        &self,
        values: &[&[u8]],
        certificate: Option<&PeerCertificate>,
    ) -> Result<Caller, Reason> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, HeaderValue::from_bytes(value).unwrap());
        }
        self.identity.authenticate(&headers, certificate, PEER, NOW)
    }

    fn refused(&self, value: &str) -> Reason {
        self.ask(&[value.as_bytes()], None).unwrap_err()
    }
}

fn issuer(dir: &Path) -> JwtIssuer {
    JwtIssuer {
        issuer: "https://idp.example".to_owned(),
        audience: "fieldgate".to_owned(),
        jwks: dir.join("jwks.json"),
        algorithms: vec![JwtAlgorithm::Es256],
        leeway: Duration::from_secs(30),
    }
}

#[test]
fn nothing_presented_is_no_credential() {
    let f = Fixture::new();
    assert_eq!(f.ask(&[], None).unwrap_err(), Reason::NoCredential);
}

#[test]
fn l02_a_certificate_without_a_name_alone_is_no_credential_and_does_no_harm_beside_a_token() {
    let f = Fixture::new();
    assert_eq!(
        f.ask(&[], Some(&f.nameless)).unwrap_err(),
        Reason::NoCredential
    );
    let bearer = format!("Bearer {}", f.token());
    let caller = f.ask(&[bearer.as_bytes()], Some(&f.nameless)).unwrap();
    assert!(caller.jwt.is_some());
}

#[test]
fn a_token_and_a_certificate_are_both_carried() {
    let f = Fixture::new();
    let bearer = format!("Bearer {}", f.token());
    let caller = f.ask(&[bearer.as_bytes()], Some(&f.partner)).unwrap();
    assert_eq!(&*caller.jwt.unwrap().issuer, "staff-idp");
    assert_eq!(caller.certificate.unwrap().sans, ["spiffe://x/acme"]);
    let alone = f.ask(&[], Some(&f.partner)).unwrap();
    assert!(alone.jwt.is_none() && alone.certificate.is_some());
}

#[test]
fn a_bad_token_is_not_excused_by_a_good_certificate() {
    let f = Fixture::new();
    let spoilt = format!("Bearer {}x", f.token());
    let refused = f.ask(&[spoilt.as_bytes()], Some(&f.partner)).unwrap_err();
    assert_eq!(refused, Reason::BadCredential);
}

#[test]
fn l04_a_certificate_is_checked_again_on_every_request_and_after_a_reload() {
    let f = Fixture::new();
    let mut later = Fixture::new();
    assert!(f.ask(&[], Some(&f.partner)).is_ok());
    // The same names, but files of another authority: what was remembered must not count.
    later.partner = f.partner;
    assert_eq!(
        later.ask(&[], Some(&later.partner)).unwrap_err(),
        Reason::BadCredential
    );
}

#[test]
fn k16_a_token_is_looked_for_in_no_other_place() {
    let f = Fixture::new();
    let mut headers = HeaderMap::new();
    for name in [
        "cookie",
        "x-access-token",
        "proxy-authorization",
        "x-api-key",
        "x-forwarded-client-cert",
    ] {
        let value = HeaderValue::from_str(&format!("Bearer {}", f.token())).unwrap();
        headers.insert(HeaderName::from_static(name), value);
    }
    let refused = f
        .identity
        .authenticate(&headers, None, PEER, NOW)
        .unwrap_err();
    assert_eq!(refused, Reason::NoCredential);
}

#[test]
fn k19_the_header_has_one_form() {
    let f = Fixture::new();
    let token = f.token();
    for scheme in ["Bearer", "bearer", "BEARER"] {
        assert!(
            f.ask(&[format!("{scheme} {token}").as_bytes()], None)
                .is_ok(),
            "{scheme}"
        );
    }
    for value in [
        format!("Bearer  {token}"),
        format!("Bearer\t{token}"),
        format!("Bearer {token} "),
        format!("Bearer {token}\t"),
        format!(" Bearer {token}"),
        format!("Bearer {token} {token}"),
        format!("Bearer \"{token}\""),
        format!("Bearer:{token}"),
        format!("Token {token}"),
        format!("DPoP {token}"),
        "Basic dGVsbGVyOnRlbGxlcg==".to_owned(),
        "Bearer ".to_owned(),
        "Bearer".to_owned(),
        token.clone(),
        String::new(),
    ] {
        assert_eq!(f.refused(&value), Reason::BadCredential, "{value}");
    }
    let latin = [b"Bearer ", token.as_bytes(), b"\xe9"].concat();
    assert_eq!(f.ask(&[&latin], None).unwrap_err(), Reason::BadCredential);
}

#[test]
fn k19_a_second_token_is_refused_however_it_comes() {
    let f = Fixture::new();
    let one = format!("Bearer {}", f.token());
    for values in [
        vec![one.as_bytes(), one.as_bytes()],
        vec![one.as_bytes(), b"Basic x"],
        vec![b"".as_slice(), one.as_bytes()],
    ] {
        assert_eq!(
            f.ask(&values, None).unwrap_err(),
            Reason::SeveralCredentials
        );
    }
    assert_eq!(
        f.refused(&format!("{one}, {one}")),
        Reason::SeveralCredentials
    );
    assert_eq!(
        f.refused(&format!("{one},{}", f.token())),
        Reason::SeveralCredentials
    );
}

#[test]
fn k17_a_token_bound_to_a_certificate_works_on_its_connection_only() {
    let f = Fixture::new();
    let thumbprint = encode(f.partner.sha256());
    let bearer = format!(
        "Bearer {}",
        f.token_with(json!({"cnf": {"x5t#S256": thumbprint}}))
    );
    assert!(f.ask(&[bearer.as_bytes()], Some(&f.partner)).is_ok());
    let refused = f.ask(&[bearer.as_bytes()], Some(&f.nameless)).unwrap_err();
    assert_eq!(refused, Reason::BadCredential);
    assert_eq!(f.refused(&bearer), Reason::BadCredential);
}

#[test]
fn q11_a_mapped_address_is_unmapped() {
    let f = Fixture::new();
    let mut headers = HeaderMap::new();
    let bearer = format!("Bearer {}", f.token());
    headers.insert(AUTHORIZATION, HeaderValue::from_str(&bearer).unwrap());
    let mapped = "::ffff:10.2.0.7".parse().unwrap();
    let caller = f
        .identity
        .authenticate(&headers, None, mapped, NOW)
        .unwrap();
    assert_eq!(caller.peer, PEER);
}

#[test]
fn k14_a_reload_takes_new_keys_and_a_failed_one_leaves_the_old_value_alone() {
    let f = Fixture::new();
    let bearer = format!("Bearer {}", f.token());
    let path = f.dir.path().join("jwks.json");
    std::fs::write(&path, "{\"keys\":[").unwrap();
    let errors = Identity::load(&f.settings).unwrap_err();
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0].path, path);
    assert!(f.ask(&[bearer.as_bytes()], None).is_ok());
    std::fs::write(&path, jwks(&[Signer::new("k2", JwtAlgorithm::Es256).jwk()])).unwrap();
    let reloaded = Fixture {
        identity: Identity::load(&f.settings).unwrap(),
        ..f
    };
    assert_eq!(
        reloaded.refused(&bearer),
        Reason::BadCredential,
        "the old key is gone"
    );
}

#[test]
fn every_mistake_of_every_file_is_told_at_once() {
    let f = Fixture::new();
    let mut settings = f.settings.clone();
    settings.jwt.insert(
        "other".to_owned(),
        JwtIssuer {
            jwks: "/nowhere".into(),
            ..issuer(f.dir.path())
        },
    );
    std::fs::write(
        f.dir.path().join("jwks.json"),
        r#"{"keys":[{"kty":"oct"},{"kty":1}]}"#,
    )
    .unwrap();
    std::fs::write(f.dir.path().join("ca.pem"), "").unwrap();
    assert_eq!(Identity::load(&settings).unwrap_err().len(), 4);
}

#[test]
fn k01_k02_k03_the_wycheproof_signatures_are_judged_as_they_should_be() {
    let corpora = std::env::var_os("FIELDGATE_CORPORA").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/corpora")),
        PathBuf::from,
    );
    let path = corpora.join("wycheproof/json_web_signature_test.json");
    let Ok(text) = std::fs::read(&path) else {
        // Past the capture of `print!`: nobody is to think this was shown.
        let place = path.display();
        let said =
            format!("SKIPPED 401 Wycheproof tests: there is no {place}; set FIELDGATE_CORPORA\n");
        std::io::Write::write_all(&mut std::io::stderr(), said.as_bytes()).unwrap();
        return;
    };
    let corpus: Value = serde_json::from_slice(&text).unwrap();
    let (mut valid, mut invalid, mut other) = (0, 0, 0);
    for group in corpus["testGroups"].as_array().unwrap() {
        let jwk = group
            .get("public")
            .or_else(|| group.get("private"))
            .unwrap();
        let keys = Keys::read(&jwks(std::slice::from_ref(jwk)), &JwtAlgorithm::ALL).ok();
        let key = keys
            .as_ref()
            .and_then(|keys| keys.find(jwk["kid"].as_str()));
        for test in group["tests"].as_array().unwrap() {
            let accepted = match (key, test["jws"].as_str()) {
                (Some(key), Some(jws)) => verify_jws(jws, key).is_ok(),
                _ => false,
            };
            if test["result"] == "invalid" {
                assert!(!accepted, "{test}");
                invalid += 1;
            } else if accepted {
                valid += 1;
            } else {
                let taken = ["RS256", "PS256", "ES256", "EdDSA"];
                let (of_key, of_token) = (&jwk["alg"], algorithm(test));
                // Two of them are signed with PS384 under a key that is pinned to PS256.
                assert!(!taken.contains(&of_token.as_str()), "{of_key} {test}");
                other += 1;
            }
        }
    }
    println!(
        "Wycheproof: {valid} valid taken, {invalid} invalid refused, {other} of other algorithms"
    );
    assert_eq!((valid, invalid, other), (16, 355, 30));
}

/// What the header of a test's token says.
fn algorithm(test: &Value) -> String {
    let header = test["jws"].as_str().unwrap().split('.').next().unwrap();
    let Ok(header) = data_encoding::BASE64URL_NOPAD.decode(header.as_bytes()) else {
        // One that is called valid has a `?` in it (tcId 372, of HS256).
        return String::from("unreadable");
    };
    let header: Value = serde_json::from_slice(&header).unwrap();
    header["alg"].as_str().unwrap().to_owned()
}

#[test]
fn a_good_api_key_does_not_excuse_a_bad_token_and_all_that_is_presented_is_carried() {
    use std::os::unix::fs::PermissionsExt;

    let mut f = Fixture::new();
    let path = f.dir.path().join("nightly.sha256");
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, b"nightly-key");
    std::fs::write(&path, data_encoding::HEXLOWER.encode(hash.as_ref())).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    let key = config::ApiKey {
        sha256: config::SecretSource::File(path),
        until: None,
    };
    f.settings.api_keys.insert("nightly".to_owned(), key);
    let identity = Identity::load(&f.settings).unwrap();
    let ask = |token: Option<String>, key: &str| {
        let mut headers = HeaderMap::new();
        headers.insert("x-api-key", HeaderValue::from_str(key).unwrap());
        if let Some(token) = token {
            let bearer = HeaderValue::from_str(&format!("Bearer {token}")).unwrap();
            headers.insert(AUTHORIZATION, bearer);
        }
        identity.authenticate(&headers, Some(&f.partner), PEER, NOW)
    };
    let name = |caller: Caller| caller.api_key.unwrap().name.to_string();
    let alone = ask(None, "nightly-key").unwrap();
    assert!(alone.jwt.is_none() && alone.certificate.is_some());
    assert_eq!(name(alone), "nightly");
    let both = ask(Some(f.token()), "nightly-key").unwrap();
    assert!(both.jwt.is_some());
    assert_eq!(name(both), "nightly");
    let spoilt = ask(Some(f.token() + "x"), "nightly-key").unwrap_err();
    assert_eq!(spoilt, Reason::BadCredential);
    let spoilt = ask(Some(f.token()), "nightly-kez").unwrap_err();
    assert_eq!(spoilt, Reason::BadCredential);
}
