//! Tokens, good and spoilt one claim or byte at a time.

use std::path::PathBuf;
use std::time::Duration;

use aws_lc_rs::hmac;
use serde_json::json;

use super::*;
use crate::config::JwtAlgorithm;
use crate::identity::forge::{NOW, Signer, encode, jwks};

const BAD: Result<(), Reason> = Err(Reason::BadCredential);
const EXPIRED: Result<(), Reason> = Err(Reason::ExpiredCredential);

/// As a token is verified that was never seen before.
fn verify(
    token: &str,
    issuers: &[Issuer],
    certificate: Option<&[u8; 32]>,
    now: i64,
) -> Result<Arc<JwtCredential>, Reason> {
    let proven = Proven::read(token, &hash(token), issuers)?;
    proven.judge(certificate, now)?;
    Ok(Arc::clone(proven.credential()))
}

fn issuer(name: &str, url: &str, signers: &[&Signer]) -> Issuer {
    let set: Vec<Value> = signers.iter().map(|signer| signer.jwk()).collect();
    let settings = JwtIssuer {
        issuer: url.to_owned(),
        audience: "fieldgate".to_owned(),
        jwks: PathBuf::new(),
        algorithms: JwtAlgorithm::ALL.to_vec(),
        leeway: Duration::from_secs(30),
    };
    let keys = Keys::read(&jwks(&set), &settings.algorithms).unwrap();
    Issuer::new(name, &settings, keys)
}

/// One issuer with one ES256 key, and good claims to spoil.
struct Fixture {
    signer: Signer,
    issuers: Vec<Issuer>,
}

impl Fixture {
    fn new() -> Self {
        let signer = Signer::new("k1", JwtAlgorithm::Es256);
        let issuers = vec![issuer("staff-idp", "https://idp.example", &[&signer])];
        Fixture { signer, issuers }
    }

    fn verify(&self, token: &str) -> Result<(), Reason> {
        verify(token, &self.issuers, None, NOW).map(|_| ())
    }

    /// What becomes of good claims with one member set, the value as JSON text.
    fn claim(&self, name: &str, value: &str) -> Result<(), Reason> {
        let mut claims = good();
        claims.remove(name);
        let mut text = Value::Object(claims).to_string();
        text.truncate(text.len() - 1);
        self.claims(&format!("{text},\"{name}\":{value}}}"))
    }

    fn claims(&self, claims: &str) -> Result<(), Reason> {
        self.verify(&self.signer.token(&self.signer.header(), claims))
    }

    fn header(&self, header: &str) -> Result<(), Reason> {
        self.verify(
            &self
                .signer
                .token(header, &Value::Object(good()).to_string()),
        )
    }
}

fn good() -> Map<String, Value> {
    let claims = json!({
        "iss": "https://idp.example", "aud": "fieldgate", "sub": "u-3391",
        "exp": NOW + 300, "nbf": NOW - 5, "iat": NOW - 5, "roles": ["teller"],
    });
    claims.as_object().unwrap().clone()
}

fn good_text() -> String {
    Value::Object(good()).to_string()
}

#[test]
fn a_good_token_of_each_algorithm_is_taken_with_its_claims() {
    for algorithm in JwtAlgorithm::ALL {
        let signer = Signer::new("k1", algorithm);
        let issuers = [issuer("staff-idp", "https://idp.example", &[&signer])];
        let token = signer.token(&signer.header(), &good_text());
        let credential = verify(&token, &issuers, None, NOW).unwrap();
        assert_eq!(&*credential.issuer, "staff-idp");
        assert_eq!(credential.claims, good());
        assert_eq!(credential.expires, NOW + 300);
        assert_eq!(credential.sha256.len(), 64);
    }
}

#[test]
fn k01_no_algorithm_no_signature_or_another_number_of_parts_is_refused() {
    let f = Fixture::new();
    for alg in ["none", "None", "nOnE", "", "es256", "ES384", "EdDSA"] {
        assert_eq!(
            f.header(&json!({"alg": alg, "kid": "k1"}).to_string()),
            BAD,
            "{alg}"
        );
        let unsigned = encode(json!({"alg": alg, "kid": "k1"}).to_string().as_bytes());
        let claims = encode(good_text().as_bytes());
        assert_eq!(f.verify(&format!("{unsigned}.{claims}.")), BAD);
        assert_eq!(f.verify(&format!("{unsigned}.{claims}")), BAD);
    }
    let token = f.signer.token(&f.signer.header(), &good_text());
    let (signed, signature) = token.rsplit_once('.').unwrap();
    assert_eq!(f.verify(&token), Ok(()));
    for spoilt in [
        format!("{signed}."),
        signed.to_owned(),
        format!("{token}.{signature}"),
        format!("{token}."),
        format!(".{token}"),
        String::new(),
        "..".to_owned(),
    ] {
        assert_eq!(f.verify(&spoilt), BAD, "{spoilt}");
    }
    assert_eq!(f.header(r#"{"kid":"k1"}"#), BAD);
    assert_eq!(f.header(r#"{"alg":["ES256"],"kid":"k1"}"#), BAD);
}

#[test]
fn k02_a_public_key_is_never_an_hmac_key() {
    let signer = Signer::new("k1", JwtAlgorithm::Rs256);
    let issuers = [issuer("staff-idp", "https://idp.example", &[&signer])];
    let jwk = signer.jwk();
    let n = jwk["n"].as_str().unwrap();
    let signed = format!(
        "{}.{}",
        encode(br#"{"alg":"HS256","kid":"k1"}"#),
        encode(good_text().as_bytes())
    );
    let secrets = [
        n.as_bytes().to_vec(),
        decoded(n).unwrap(),
        jwk.to_string().into_bytes(),
    ];
    for secret in secrets {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &secret);
        let tag = encode(hmac::sign(&key, signed.as_bytes()).as_ref());
        assert_eq!(
            verify(&format!("{signed}.{tag}"), &issuers, None, NOW).map(|_| ()),
            BAD
        );
    }
}

#[test]
fn k03_signatures_of_another_form_scheme_or_range_are_refused() {
    let f = Fixture::new();
    let token = f.signer.token(&f.signer.header(), &good_text());
    let (signed, _) = token.rsplit_once('.').unwrap();
    for signature in [
        vec![0; 64],
        vec![0xff; 64],
        vec![0; 63],
        vec![1; 65],
        vec![0x30; 70],
    ] {
        assert_eq!(f.verify(&format!("{signed}.{}", encode(&signature))), BAD);
    }
    // One RSA key, published for PKCS #1 v1.5 and used with PSS, and the other way round.
    let pair = [JwtAlgorithm::Rs256, JwtAlgorithm::Ps256].map(|one| Signer::new("k1", one));
    for (published, used) in [(&pair[0], &pair[1]), (&pair[1], &pair[0])] {
        let issuers = [issuer("staff-idp", "https://idp.example", &[published])];
        for header in [published.header(), used.header()] {
            let token = used.token(&header, &good_text());
            assert_eq!(verify(&token, &issuers, None, NOW).map(|_| ()), BAD);
        }
    }
}

#[test]
fn k04_a_kid_is_only_ever_compared() {
    let f = Fixture::new();
    for kid in [
        json!("../../../../dev/null"),
        json!("' or 1=1 --"),
        json!("https://attacker.example/jwks"),
        json!("k1\r\nx: y"),
        json!("K1"),
        json!("k1 "),
        json!(""),
        json!("k".repeat(2000)),
        json!(1),
        Value::Null,
    ] {
        assert_eq!(
            f.header(&json!({"alg": "ES256", "kid": kid}).to_string()),
            BAD,
            "{kid}"
        );
    }
    assert_eq!(
        f.header(r#"{"alg":"ES256"}"#),
        Ok(()),
        "one key needs no name"
    );
    let other = Signer::new("k2", JwtAlgorithm::EdDsa);
    let issuers = [issuer(
        "staff-idp",
        "https://idp.example",
        &[&f.signer, &other],
    )];
    let nameless = f.signer.token(r#"{"alg":"ES256"}"#, &good_text());
    assert_eq!(verify(&nameless, &issuers, None, NOW).map(|_| ()), BAD);
}

#[test]
fn k05_a_token_that_brings_its_own_key_is_refused() {
    let f = Fixture::new();
    let attacker = Signer::new("k1", JwtAlgorithm::Es256);
    for (member, value) in [
        ("jwk", attacker.jwk()),
        ("jku", json!("https://attacker.example/jwks")),
        ("x5u", json!("https://attacker.example/cert")),
        ("x5c", json!(["AAAA"])),
    ] {
        let mut header = json!({"alg": "ES256", "kid": "k1"});
        header[member] = value;
        let token = attacker.token(&header.to_string(), &good_text());
        assert_eq!(f.verify(&token), BAD, "{member}");
        assert_eq!(f.header(&header.to_string()), BAD, "{member}");
    }
    assert_eq!(
        f.header(r#"{"alg":"ES256","kid":"k1","x5t":"AAAA"}"#),
        Ok(())
    );
}

#[test]
fn k06_crit_and_everything_that_changes_how_a_token_is_read_is_refused() {
    let f = Fixture::new();
    for header in [
        r#"{"alg":"ES256","kid":"k1","crit":["b64"],"b64":false}"#,
        r#"{"alg":"ES256","kid":"k1","crit":["exp"]}"#,
        r#"{"alg":"ES256","kid":"k1","crit":[]}"#,
        r#"{"alg":"ES256","kid":"k1","crit":null}"#,
        r#"{"alg":"ES256","kid":"k1","b64":true}"#,
        r#"{"alg":"ES256","kid":"k1","zip":"DEF"}"#,
        r#"{"alg":"ES256","kid":"k1","cty":"JWT"}"#,
        r#"{"alg":"ES256","kid":"k1","enc":"A256GCM"}"#,
        r#"{"alg":"PBES2-HS512+A256KW","p2c":2147483647}"#,
    ] {
        assert_eq!(f.header(header), BAD, "{header}");
    }
    let jwe = format!(
        "{}.AAAA.AAAA.AAAA.AAAA",
        encode(br#"{"alg":"dir","enc":"A256GCM"}"#)
    );
    assert_eq!(f.verify(&jwe), BAD);
}

#[test]
fn k07_exp_is_required_and_every_date_is_a_plain_number() {
    let f = Fixture::new();
    let mut claims = good();
    claims.remove("exp");
    assert_eq!(f.claims(&Value::Object(claims).to_string()), BAD);
    for name in ["exp", "nbf", "iat"] {
        for value in [
            "\"1780000300\"",
            "null",
            "true",
            "[]",
            "{}",
            "-1",
            "-0.0",
            "-1e3",
            "1e19",
            "1e300",
            "1e400",
            "9223372036854775808",
            "18446744073709551616",
            "253402300800",
            "NaN",
        ] {
            assert_eq!(f.claim(name, value), BAD, "{name}: {value}");
        }
    }
    assert_eq!(f.claim("exp", "253402300799"), Ok(()));
    assert_eq!(f.claim("exp", &format!("{}.5", NOW + 300)), Ok(()));
    assert_eq!(f.claim("exp", "1.7800003e9"), Ok(()));
}

#[test]
fn k07_the_leeway_ends_at_its_last_second() {
    let f = Fixture::new();
    assert_eq!(f.claim("exp", &(NOW - 29).to_string()), Ok(()));
    assert_eq!(f.claim("exp", &(NOW - 30).to_string()), EXPIRED);
    assert_eq!(
        f.claim("exp", &format!("{}.9", NOW - 30)),
        EXPIRED,
        "a fraction opens nothing"
    );
    assert_eq!(f.claim("exp", "0"), EXPIRED);
    assert_eq!(f.claim("nbf", &(NOW + 30).to_string()), Ok(()));
    assert_eq!(f.claim("nbf", &(NOW + 31).to_string()), EXPIRED);
    assert_eq!(f.claim("nbf", &format!("{}.1", NOW + 30)), EXPIRED);
    assert_eq!(f.claim("iat", &(NOW + 30).to_string()), Ok(()));
    assert_eq!(f.claim("iat", &(NOW + 31).to_string()), BAD);
}

#[test]
fn k08_the_audience_is_matched_whole() {
    let f = Fixture::new();
    for aud in [
        r#""fieldgate""#,
        r#"["fieldgate"]"#,
        r#"["other","fieldgate"]"#,
    ] {
        assert_eq!(f.claim("aud", aud), Ok(()), "{aud}");
    }
    for aud in [
        r#""Fieldgate""#,
        r#""fieldgate ""#,
        r#""fieldgate2""#,
        r#""other fieldgate""#,
        r#""""#,
        "[]",
        r#"["other"]"#,
        r#"["fieldgate",1]"#,
        r#"[["fieldgate"]]"#,
        "null",
        "1",
        r#"{"fieldgate":1}"#,
    ] {
        assert_eq!(f.claim("aud", aud), BAD, "{aud}");
    }
    let mut claims = good();
    claims.remove("aud");
    assert_eq!(f.claims(&Value::Object(claims).to_string()), BAD);
}

#[test]
fn k08_the_issuer_is_matched_whole_and_only_its_own_keys_count() {
    let f = Fixture::new();
    for iss in [
        r#""https://idp.example/""#,
        r#""https://IDP.example""#,
        r#""http://idp.example""#,
        r#""https://idp.example.attacker.example""#,
        r#"["https://idp.example"]"#,
        "null",
        r#""""#,
    ] {
        assert_eq!(f.claim("iss", iss), BAD, "{iss}");
    }
    let a = Signer::new("k1", JwtAlgorithm::Es256);
    let b = Signer::new("k1", JwtAlgorithm::Es256);
    let issuers = [
        issuer("a", "https://a.example", &[&a]),
        issuer("b", "https://b.example", &[&b]),
    ];
    let claims = good_text().replace("idp.example", "b.example");
    assert!(verify(&b.token(&b.header(), &claims), &issuers, None, NOW).is_ok());
    let crossed = verify(&a.token(&a.header(), &claims), &issuers, None, NOW);
    assert_eq!(crossed.map(|_| ()), BAD);
}

#[test]
fn k09_a_claim_or_header_member_twice_is_refused() {
    let f = Fixture::new();
    let claims = good_text();
    let body = claims.strip_prefix('{').unwrap();
    assert_eq!(
        f.claims(&format!("{{\"role\":\"partner\",\"role\":\"admin\",{body}")),
        BAD
    );
    assert_eq!(f.claims(&format!("{{\"exp\":1,{body}")), BAD);
    assert_eq!(f.claims(&format!("{{\"\\u0065xp\":1,{body}")), BAD);
    assert_eq!(
        f.claims(&format!("{{\"a\":[{{\"b\":1,\"b\":1}}],{body}")),
        BAD
    );
    assert_eq!(f.header(r#"{"alg":"ES256","alg":"ES256","kid":"k1"}"#), BAD);
    assert_eq!(
        f.header(r#"{"alg":"ES256","kid":"k1","a":{"b":1,"b":1}}"#),
        BAD
    );
}

#[test]
fn k10_base64url_has_one_form() {
    let f = Fixture::new();
    let token = f.signer.token(&f.signer.header(), &good_text());
    let parts: Vec<&str> = token.split('.').collect();
    for index in 0..3 {
        for change in ["=", "==", " ", "\n", "+", "/", "%3D", "é", "\0"] {
            let mut spoilt: Vec<String> = parts.iter().map(|part| part.to_string()).collect();
            spoilt[index].push_str(change);
            assert_eq!(f.verify(&spoilt.join(".")), BAD, "{index} {change}");
        }
    }
    // 64 bytes end in a character with four bits to spare: set them, and it names the same bytes.
    let (rest, last) = token.split_at(token.len() - 1);
    let same = match last {
        "A" => "P",
        "Q" => "f",
        "g" => "v",
        _ => "_",
    };
    assert_ne!(last, same);
    assert_eq!(f.verify(&format!("{rest}{same}")), BAD);
}

#[test]
fn k11_only_an_access_token_is_one() {
    let f = Fixture::new();
    for typ in [
        "JWT",
        "jwt",
        "at+jwt",
        "AT+JWT",
        "application/at+jwt",
        "Application/JWT",
    ] {
        assert_eq!(
            f.header(&json!({"alg":"ES256","kid":"k1","typ":typ}).to_string()),
            Ok(())
        );
    }
    for typ in [
        json!("dpop+jwt"),
        json!("logout+jwt"),
        json!("JOSE"),
        json!(""),
        json!(1),
        json!("application/"),
    ] {
        assert_eq!(
            f.header(&json!({"alg":"ES256","kid":"k1","typ":typ}).to_string()),
            BAD,
            "{typ}"
        );
    }
    assert_eq!(f.claim("sub", "7"), BAD);
}

#[test]
fn k13_a_token_above_8_kib_is_not_read() {
    let f = Fixture::new();
    // Blanks after the claims, so that a token of any length can be made.
    let token_of = |blanks: usize| {
        f.signer
            .token(&f.signer.header(), &(good_text() + &" ".repeat(blanks)))
    };
    let most = (0..9000)
        .rev()
        .find(|blanks| token_of(*blanks).len() <= LONGEST)
        .unwrap();
    assert_eq!(f.verify(&token_of(most)), Ok(()));
    assert_eq!(f.verify(&token_of(most + 1)), BAD);
    assert_eq!(f.verify(&"a".repeat(1 << 20)), BAD);
    let nested = format!(
        "{{\"a\":{}{},{}",
        "[".repeat(1000),
        "]".repeat(1000),
        &good_text()[1..]
    );
    assert_eq!(f.claims(&nested), BAD);
}

#[test]
fn k17_a_bound_token_needs_the_certificate_it_names() {
    let f = Fixture::new();
    let certificate = [7; 32];
    let bound_to = |cnf: Value, presented: Option<&[u8; 32]>| {
        let mut claims = good();
        claims.insert("cnf".to_owned(), cnf);
        let token = f
            .signer
            .token(&f.signer.header(), &Value::Object(claims).to_string());
        verify(&token, &f.issuers, presented, NOW).map(|_| ())
    };
    let named = json!({"x5t#S256": encode(&certificate)});
    assert_eq!(bound_to(named.clone(), Some(&certificate)), Ok(()));
    assert_eq!(bound_to(named.clone(), Some(&[8; 32])), BAD);
    assert_eq!(bound_to(named, None), BAD);
    for cnf in [
        json!({"jkt": "AAAA"}),
        json!({"x5t#S256": encode(&certificate), "jkt": "AAAA"}),
        json!({"x5t#S256": encode(&certificate[..31])}),
        json!({}),
        json!("x"),
        Value::Null,
    ] {
        assert_eq!(bound_to(cnf.clone(), Some(&certificate)), BAD, "{cnf}");
    }
}

#[test]
fn an_expired_token_is_told_so_only_when_all_else_is_good() {
    let f = Fixture::new();
    let expired = good_text().replace(&(NOW + 300).to_string(), &(NOW - 300).to_string());
    assert_eq!(f.claims(&expired), EXPIRED);
    assert_eq!(f.claims(&expired.replace("fieldgate", "other")), BAD);
    let forged = Signer::new("k1", JwtAlgorithm::Es256);
    assert_eq!(f.verify(&forged.token(&forged.header(), &expired)), BAD);
}
