//! JWKS files (RFC 7517): the public keys of one issuer, each pinned to one algorithm.
//!
//! Refuses a set as a whole when it holds a secret (`oct`, a private member), a weak or malformed key, a
//! repeated `kid`, a key whose algorithm is ambiguous, or nothing that can verify a token. Keys that are merely
//! not for us (another `use`, `kty`, curve or algorithm) are left out, and a note says so.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA256, RsaParameters, RsaPublicKeyComponents,
};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Map, Value};

use super::strict;
use crate::config::JwtAlgorithm;

/// The keys of one issuer; at least one.
#[derive(Debug)]
pub struct Keys {
    keys: Vec<Key>,
    notes: Vec<String>,
}

/// One public key and the only algorithm it verifies.
#[derive(Debug)]
pub struct Key {
    kid: Option<String>,
    algorithm: JwtAlgorithm,
    public: ParsedPublicKey,
}

/// What one member of `keys` turned out to be.
enum Entry {
    Key(Key),
    NotForUs(String),
}

type Jwk = Map<String, Value>;

/// Members that only a private or symmetric key has (RFC 7518 6.2.2, 6.3.2, 6.4; RFC 8037 2).
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

impl Keys {
    /// Reads a JWKS for an issuer that signs with `algorithms`, or tells every mistake in it.
    pub fn read(bytes: &[u8], algorithms: &[JwtAlgorithm]) -> Result<Keys, Vec<String>> {
        let set = strict::object(bytes).map_err(|error| vec![format!("not a JWKS: {error}")])?;
        let Some(Value::Array(members)) = set.get("keys") else {
            return Err(vec!["not a JWKS: no array `keys`".to_owned()]);
        };
        let mut mistakes = Vec::new();
        let mut notes = Vec::new();
        let mut keys = Vec::new();
        let mut kids = Vec::new();
        for (index, member) in members.iter().enumerate() {
            let Value::Object(jwk) = member else {
                mistakes.push(format!("key {index} is not an object"));
                continue;
            };
            let name = name(jwk, index);
            match jwk.get("kid") {
                Some(kid) if kids.contains(&kid) => {
                    mistakes.push(format!("{name}: the `kid` occurs twice"));
                }
                Some(kid) => kids.push(kid),
                None => {}
            }
            match read_key(jwk, algorithms) {
                Ok(Entry::Key(key)) => keys.push(key),
                Ok(Entry::NotForUs(why)) => notes.push(format!("{name} is left out: {why}")),
                Err(why) => mistakes.push(format!("{name}: {why}")),
            }
        }
        if keys.len() > 1 && keys.iter().any(|key| key.kid.is_none()) {
            mistakes.push("with several keys, each needs a `kid`".to_owned());
        }
        if keys.is_empty() && mistakes.is_empty() {
            mistakes.push("no key that can verify a token".to_owned());
            mistakes.append(&mut notes);
        }
        if mistakes.is_empty() {
            Ok(Keys { keys, notes })
        } else {
            Err(mistakes)
        }
    }

    /// The key a token names. A token without `kid` names the only key; with several it names none.
    pub fn find(&self, kid: Option<&str>) -> Option<&Key> {
        match (kid, self.keys.as_slice()) {
            (None, [only]) => Some(only),
            (None, _) => None,
            (Some(_), keys) => keys.iter().find(|key| key.kid.as_deref() == kid),
        }
    }

    /// Which keys were left out, and why; for the log.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }
}

impl Key {
    /// The only algorithm this key verifies.
    pub fn algorithm(&self) -> JwtAlgorithm {
        self.algorithm
    }

    /// Whether `signature` is this key's over `message`.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.public.verify_sig(message, signature).is_ok()
    }
}

fn name(jwk: &Jwk, index: usize) -> String {
    match jwk.get("kid") {
        Some(Value::String(kid)) => format!("key `{}`", kid.escape_debug()),
        _ => format!("key {index}"),
    }
}

fn read_key(jwk: &Jwk, algorithms: &[JwtAlgorithm]) -> Result<Entry, String> {
    let kty = text(jwk, "kty")?.ok_or("no `kty`")?;
    if kty == "oct" {
        return Err("a symmetric key (`oct`) has no place among public keys".to_owned());
    }
    if let Some(member) = PRIVATE.iter().find(|member| jwk.contains_key(**member)) {
        return Err(format!(
            "the member `{member}` is private; publish the public key and replace this one"
        ));
    }
    let kid = text(jwk, "kid")?;
    if kid == Some("") {
        return Err("the `kid` is empty".to_owned());
    }
    if !signs(jwk)? {
        return Ok(Entry::NotForUs("it is not for signatures".to_owned()));
    }
    let algorithm = match pin(jwk, kty, algorithms)? {
        Ok(algorithm) => algorithm,
        Err(why) => return Ok(Entry::NotForUs(why)),
    };
    let public = match algorithm {
        JwtAlgorithm::Rs256 => rsa(jwk, &RSA_PKCS1_2048_8192_SHA256),
        JwtAlgorithm::Ps256 => rsa(jwk, &RSA_PSS_2048_8192_SHA256),
        JwtAlgorithm::Es256 => p256(jwk),
        JwtAlgorithm::EdDsa => ed25519(jwk),
    }?;
    Ok(Entry::Key(Key {
        kid: kid.map(str::to_owned),
        algorithm,
        public,
    }))
}

/// Whether `use` and `key_ops`, where present, both allow verifying signatures.
fn signs(jwk: &Jwk) -> Result<bool, String> {
    let by_use = text(jwk, "use")?.is_none_or(|purpose| purpose == "sig");
    let by_operations = match jwk.get("key_ops") {
        None => true,
        Some(Value::Array(operations)) => operations.iter().any(|one| one == "verify"),
        Some(_) => return Err("`key_ops` is not an array".to_owned()),
    };
    Ok(by_use && by_operations)
}

/// The one algorithm of a key: its own `alg`, else the one configured algorithm its type can do.
fn pin(
    jwk: &Jwk,
    kty: &str,
    configured: &[JwtAlgorithm],
) -> Result<Result<JwtAlgorithm, String>, String> {
    let crv = text(jwk, "crv")?;
    let able: &[JwtAlgorithm] = match (kty, crv) {
        ("RSA", _) => &[JwtAlgorithm::Rs256, JwtAlgorithm::Ps256],
        ("EC", Some("P-256")) => &[JwtAlgorithm::Es256],
        ("OKP", Some("Ed25519")) => &[JwtAlgorithm::EdDsa],
        ("EC" | "OKP", Some(_)) => return Ok(Err("its curve is not supported".to_owned())),
        ("EC" | "OKP", None) => return Err("no `crv`".to_owned()),
        _ => return Ok(Err("its `kty` is not supported".to_owned())),
    };
    let Some(alg) = text(jwk, "alg")? else {
        let mut fitting = able.iter().filter(|one| configured.contains(one));
        return match (fitting.next(), fitting.next()) {
            (Some(one), None) => Ok(Ok(*one)),
            (None, _) => Ok(Err("no algorithm of this issuer fits it".to_owned())),
            (Some(_), Some(_)) => Err(
                "without `alg` it could verify RS256 or PS256; add `alg` to the key, or configure one of the two"
                    .to_owned(),
            ),
        };
    };
    let Some(algorithm) = JwtAlgorithm::ALL.into_iter().find(|one| one.name() == alg) else {
        return Ok(Err("its `alg` is not supported".to_owned()));
    };
    if !able.contains(&algorithm) {
        return Err(format!("its `alg` {alg} does not fit its `kty` and `crv`"));
    }
    if !configured.contains(&algorithm) {
        return Ok(Err(format!("{alg} is not configured for this issuer")));
    }
    Ok(Ok(algorithm))
}

fn rsa(jwk: &Jwk, parameters: &'static RsaParameters) -> Result<ParsedPublicKey, String> {
    let n = bytes(jwk, "n")?;
    let e = bytes(jwk, "e")?;
    let bits = match n.first() {
        None | Some(0) => return Err("`n` is empty or begins with a zero byte".to_owned()),
        Some(first) => n.len() * 8 - first.leading_zeros() as usize,
    };
    if !(2048..=8192).contains(&bits) {
        return Err(format!("an RSA key of {bits} bits; 2048 to 8192 are taken"));
    }
    if n.last().is_none_or(|last| last % 2 == 0) {
        return Err("`n` is even".to_owned());
    }
    let exponent = match e.as_slice() {
        [] | [0, ..] | [_, _, _, _, _, ..] => None,
        digits => Some(
            digits
                .iter()
                .fold(0u32, |sum, digit| sum << 8 | u32::from(*digit)),
        ),
    };
    if exponent.is_none_or(|value| value < 65_537 || value % 2 == 0) {
        return Err("`e` is not an odd number from 65537 to 32 bits".to_owned());
    }
    RsaPublicKeyComponents { n, e }
        .to_parsed_public_key(parameters)
        .map_err(|_| "not an RSA public key".to_owned())
}

fn p256(jwk: &Jwk) -> Result<ParsedPublicKey, String> {
    let (x, y) = (bytes(jwk, "x")?, bytes(jwk, "y")?);
    if x.len() != 32 || y.len() != 32 {
        return Err("`x` and `y` are not 32 bytes each".to_owned());
    }
    let point = [[4].as_slice(), &x, &y].concat();
    ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
        .map_err(|_| "not a point on P-256".to_owned())
}

fn ed25519(jwk: &Jwk) -> Result<ParsedPublicKey, String> {
    let x = bytes(jwk, "x")?;
    if x.len() != 32 {
        return Err("`x` is not 32 bytes".to_owned());
    }
    ParsedPublicKey::new(&ED25519, x).map_err(|_| "not an Ed25519 public key".to_owned())
}

fn text<'a>(jwk: &'a Jwk, member: &str) -> Result<Option<&'a str>, String> {
    match jwk.get(member) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(format!("`{member}` is not a string")),
    }
}

fn bytes(jwk: &Jwk, member: &str) -> Result<Vec<u8>, String> {
    let text = text(jwk, member)?.ok_or_else(|| format!("no `{member}`"))?;
    BASE64URL_NOPAD
        .decode(text.as_bytes())
        .map_err(|_| format!("`{member}` is not base64url without padding"))
}

#[cfg(test)]
mod tests;
