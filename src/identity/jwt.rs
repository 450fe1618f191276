//! Bearer tokens: compact JWS (RFC 7515) with a JWT claims set (RFC 7519), read as strictly as RFC 8725 asks.
//!
//! Refuses, alike and without telling which: another algorithm than the key's own, `crit` and every header
//! member that changes how a token is read or brings its own key, JWE, repeated members, base64url that is not
//! canonical, more than 8 KiB, an issuer or audience that is not exactly ours, and a binding (`cnf`) that is
//! not met. Only a token that is otherwise good is told that it has expired or is not yet valid.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use serde_json::{Map, Value};

use super::jwks::{Key, Keys};
use super::strict;
use crate::config::JwtIssuer;
use crate::model::{JwtCredential, Reason};

/// The longest token that is read.
pub const LONGEST: usize = 8 << 10;

/// Header members that bring a key of the token's own, or change what the signature covers or how the payload
/// is read. A valid token of a configured issuer has no need of them.
const REFUSED_MEMBERS: [&str; 9] = [
    "crit", "b64", "zip", "enc", "cty", "jku", "jwk", "x5u", "x5c",
];

/// The last second of the year 9999: no date beyond it is meant.
const LAST_SECOND: i64 = 253_402_300_799;

/// One configured issuer with the keys it publishes.
#[derive(Debug)]
pub struct Issuer {
    name: Arc<str>,
    settings: JwtIssuer,
    keys: Keys,
}

/// A compact JWS taken apart, nothing of it verified.
struct Jws<'a> {
    signed: &'a str,
    header: Header,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

struct Header {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
}

impl Issuer {
    /// An issuer by the name rules use.
    pub fn new(name: &str, settings: &JwtIssuer, keys: Keys) -> Self {
        Issuer {
            name: name.into(),
            settings: settings.clone(),
            keys,
        }
    }
}

/// What a token's signature vouches for. Neither the moment nor the connection is judged yet.
#[derive(Debug)]
pub struct Proven {
    credential: Arc<JwtCredential>,
    not_before: Option<i64>,
    issued: Option<i64>,
    /// Seconds by which clocks may differ.
    leeway: i64,
    /// The certificate its caller must show (RFC 8705), by SHA-256.
    bound_to: Option<[u8; 32]>,
}

impl Proven {
    /// Verifies all of a token that stays as it is: form, signature, issuer, audience. `hash` is [`hash`] of it.
    pub fn read(token: &str, hash: &[u8; 32], issuers: &[Issuer]) -> Result<Self, Reason> {
        let (issuer, claims) = authentic(token, issuers).ok_or(Reason::BadCredential)?;
        let fixed = acceptable(&claims, issuer).ok_or(Reason::BadCredential)?;
        Ok(Proven {
            credential: Arc::new(JwtCredential {
                issuer: Arc::clone(&issuer.name),
                claims,
                sha256: HEXLOWER.encode(hash).into(),
                expires: fixed.expires,
            }),
            not_before: fixed.not_before,
            issued: fixed.issued,
            leeway: i64::try_from(issuer.settings.leeway.as_secs()).unwrap_or(0),
            bound_to: fixed.bound_to,
        })
    }

    /// Judges the rest at `now` (seconds since 1970). `certificate` is the SHA-256 of the client certificate on the
    /// connection.
    pub fn judge(&self, certificate: Option<&[u8; 32]>, now: i64) -> Result<(), Reason> {
        let latest = now.saturating_add(self.leeway);
        let bound = self
            .bound_to
            .is_none_or(|named| certificate == Some(&named));
        if !bound || self.issued.is_some_and(|issued| issued > latest) {
            return Err(Reason::BadCredential);
        }
        let expired = now >= self.credential.expires.saturating_add(self.leeway);
        if expired || self.not_before.is_some_and(|start| start > latest) {
            return Err(Reason::ExpiredCredential);
        }
        Ok(())
    }

    /// What the token says; to be believed where [`Proven::judge`] has no objection.
    pub fn credential(&self) -> &Arc<JwtCredential> {
        &self.credential
    }
}

/// The SHA-256 of a whole token, signature included.
pub fn hash(token: &str) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
    hash
}

/// Verifies a compact JWS against one key and returns its payload.
pub fn verify_jws(jws: &str, key: &Key) -> Result<Vec<u8>, Reason> {
    let jws = Jws::read(jws).ok_or(Reason::BadCredential)?;
    jws.verified(key).ok_or(Reason::BadCredential)?;
    Ok(jws.payload)
}

/// The issuer whose key signed the token, and the claims it signed.
fn authentic<'a>(token: &str, issuers: &'a [Issuer]) -> Option<(&'a Issuer, Map<String, Value>)> {
    let jws = Jws::read(token)?;
    if !is_access_token(jws.header.typ.as_deref()) {
        return None;
    }
    let claims = strict::object(&jws.payload).ok()?;
    let iss = claims.get("iss")?.as_str()?;
    // The claim only chooses whose keys may vouch for it: a key of issuer A never verifies a token of B.
    let issuer = issuers.iter().find(|one| one.settings.issuer == iss)?;
    jws.verified(issuer.keys.find(jws.header.kid.as_deref())?)?;
    Some((issuer, claims))
}

/// `typ` absent, `JWT` or `at+jwt` (RFC 9068), so that other signed documents of an issuer are not taken for one.
fn is_access_token(typ: Option<&str>) -> bool {
    let Some(typ) = typ else { return true };
    let typ = typ.to_ascii_lowercase();
    matches!(
        typ.strip_prefix("application/").unwrap_or(&typ),
        "jwt" | "at+jwt"
    )
}

/// What of the claims the time and the connection are compared with.
struct Fixed {
    expires: i64,
    not_before: Option<i64>,
    issued: Option<i64>,
    bound_to: Option<[u8; 32]>,
}

/// Every check of the claims that depends neither on the time nor on the connection.
fn acceptable(claims: &Map<String, Value>, issuer: &Issuer) -> Option<Fixed> {
    let audience = issuer.settings.audience.as_str();
    let addressed = match claims.get("aud")? {
        Value::String(one) => one == audience,
        Value::Array(several) => {
            several.iter().all(Value::is_string) && several.iter().any(|one| one == audience)
        }
        _ => false,
    };
    let named = claims.get("sub").is_none_or(Value::is_string);
    if !(addressed && named) {
        return None;
    }
    let bound_to = match claims.get("cnf") {
        None => None,
        Some(cnf) => Some(thumbprint(cnf)?),
    };
    Some(Fixed {
        expires: date(claims.get("exp")?, f64::floor)?,
        not_before: optional_date(claims, "nbf")?,
        issued: optional_date(claims, "iat")?,
        bound_to,
    })
}

/// The certificate `cnf` names. It must name no other kind of proof.
fn thumbprint(cnf: &Value) -> Option<[u8; 32]> {
    let methods = cnf.as_object().filter(|methods| methods.len() == 1)?;
    let named = methods.get("x5t#S256")?.as_str()?;
    let named = BASE64URL_NOPAD.decode(named.as_bytes()).ok()?;
    named.try_into().ok()
}

fn optional_date(claims: &Map<String, Value>, name: &str) -> Option<Option<i64>> {
    match claims.get(name) {
        None => Some(None),
        Some(value) => date(value, f64::ceil).map(Some),
    }
}

/// A NumericDate, from 1970 to 9999. A fraction of a second is rounded to the closed side.
fn date(value: &Value, round: fn(f64) -> f64) -> Option<i64> {
    let Value::Number(number) = value else {
        return None;
    };
    let seconds = match (number.as_i64(), number.as_f64()) {
        (Some(whole), _) => whole,
        (None, Some(decimal))
            if decimal.is_sign_positive() && decimal < LAST_SECOND as f64 && !number.is_u64() =>
        {
            round(decimal) as i64
        }
        _ => return None,
    };
    (0..=LAST_SECOND).contains(&seconds).then_some(seconds)
}

impl<'a> Jws<'a> {
    fn read(token: &'a str) -> Option<Self> {
        if token.len() > LONGEST {
            return None;
        }
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, payload) = signed.split_once('.')?;
        if payload.contains('.') {
            return None;
        }
        Some(Jws {
            signed,
            header: Header::read(&decoded(header)?)?,
            payload: decoded(payload)?,
            signature: decoded(signature)?,
        })
    }

    /// `None` unless the header's algorithm is the key's and the signature is the key's over the token's own bytes.
    fn verified(&self, key: &Key) -> Option<()> {
        let matches = self.header.alg == key.algorithm().name();
        (matches && key.verifies(self.signed.as_bytes(), &self.signature)).then_some(())
    }
}

impl Header {
    fn read(bytes: &[u8]) -> Option<Self> {
        let mut members = strict::object(bytes).ok()?;
        if REFUSED_MEMBERS
            .iter()
            .any(|name| members.contains_key(*name))
        {
            return None;
        }
        let mut text = |name: &str| match members.remove(name) {
            None => Some(None),
            Some(Value::String(text)) => Some(Some(text)),
            Some(_) => None,
        };
        Some(Header {
            alg: text("alg")??,
            kid: text("kid")?,
            typ: text("typ")?,
        })
    }
}

/// Base64url in its one canonical form: no padding, no blanks, no bits left over.
fn decoded(part: &str) -> Option<Vec<u8>> {
    BASE64URL_NOPAD.decode(part.as_bytes()).ok()
}

#[cfg(test)]
mod tests;
