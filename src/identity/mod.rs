//! Verified credentials: who is behind one connection and one request.
//!
//! Refuses every credential it cannot verify whole, and answers alike whatever was wrong with it: `bad-credential`,
//! `expired-credential` for one that was otherwise good, `several-credentials` for a second token, and
//! `no-credential` where nothing usable was presented. No error holds any of a token's text. Roles are decided
//! later, against a route.
//!
//! All files are read by [`Identity::load`]; SIGHUP builds a new value and keeps the old one when that fails.

mod api_key;
mod certificate;
#[cfg(test)]
mod forge;
mod jwks;
mod jwt;
mod proven;
mod strict;

use std::fmt;
use std::io::Read;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use http::HeaderMap;
use http::header::{AUTHORIZATION, HeaderValue};

use api_key::ApiKeys;
pub use certificate::{Authorities, PeerCertificate};
pub use jwks::{Key, Keys};
pub use jwt::verify_jws;

use crate::config;
use crate::model::{Caller, JwtCredential, Reason};
use proven::ProvenTokens;

/// The longest file that is read here; revocation lists grow.
const LONGEST_FILE: u64 = 64 << 20;

/// Every issuer and authority, as their files were read at one moment.
#[derive(Debug)]
pub struct Identity {
    issuers: Vec<jwt::Issuer>,
    authorities: Authorities,
    api_keys: ApiKeys,
    notes: Vec<String>,
    /// Of these keys; a reload begins anew.
    tokens: ProvenTokens,
}

/// A file that cannot be used, and why. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub message: String,
}

impl LoadError {
    fn new(path: &Path, message: String) -> Self {
        LoadError {
            path: path.to_owned(),
            message,
        }
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}", self.path.display(), self.message)
    }
}

impl std::error::Error for LoadError {}

impl Identity {
    /// Reads every JWKS, authority, revocation list and API key, or tells every mistake in them.
    pub fn load(settings: &config::Identity) -> Result<Self, Vec<LoadError>> {
        let mut mistakes = Vec::new();
        let mut issuers = Vec::new();
        let mut notes = Vec::new();
        for (name, issuer) in &settings.jwt {
            let path = &issuer.jwks;
            let keys = read_file(path)
                .map_err(|error| vec![error])
                .and_then(|bytes| {
                    Keys::read(&bytes, &issuer.algorithms).map_err(|messages| {
                        let wrong = |message| LoadError::new(path, message);
                        messages.into_iter().map(wrong).collect()
                    })
                });
            match keys {
                Ok(keys) => {
                    let note = |note: &String| format!("`{}`: {note}", path.display());
                    notes.extend(keys.notes().iter().map(note));
                    issuers.push(jwt::Issuer::new(name, issuer, keys));
                }
                Err(wrong) => mistakes.extend(wrong),
            }
        }
        let api_keys = ApiKeys::load(&settings.api_keys);
        match (Authorities::load(&settings.client_ca), api_keys) {
            (Ok(authorities), Ok(api_keys)) if mistakes.is_empty() => Ok(Identity {
                issuers,
                authorities,
                api_keys,
                notes,
                tokens: ProvenTokens::default(),
            }),
            (authorities, api_keys) => {
                let more = [authorities.err(), api_keys.err()];
                mistakes.extend(more.into_iter().flatten().flatten());
                Err(mistakes)
            }
        }
    }

    /// The authorities of client certificates, for listeners.
    pub fn authorities(&self) -> &Authorities {
        &self.authorities
    }

    /// What was left out of the files that were read, and why; for the log.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Who calls, by the token and the API key in the request's head and the certificate on its connection, at `now`
    /// (seconds since 1970). Everything presented must be valid: a bad token is not excused by a good certificate.
    pub fn authenticate(
        &self,
        headers: &HeaderMap,
        certificate: Option<&PeerCertificate>,
        peer: IpAddr,
        now: i64,
    ) -> Result<Caller, Reason> {
        if let Some(certificate) = certificate {
            self.authorities.still_valid(certificate, now)?;
        }
        let jwt = self.verify_token(headers, certificate, now)?;
        let api_key = self.api_keys.verify(headers, now)?;
        // Without a name no role could ask for, a certificate alone says nothing about who calls.
        let named = certificate.is_some_and(PeerCertificate::is_named);
        if jwt.is_none() && api_key.is_none() && !named {
            return Err(Reason::NoCredential);
        }
        Ok(Caller {
            jwt,
            certificate: certificate.map(|certificate| Arc::clone(certificate.credential())),
            api_key,
            peer: peer.to_canonical(),
        })
    }

    fn verify_token(
        &self,
        headers: &HeaderMap,
        certificate: Option<&PeerCertificate>,
        now: i64,
    ) -> Result<Option<Arc<JwtCredential>>, Reason> {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        let Some(value) = values.next() else {
            return Ok(None);
        };
        if values.next().is_some() {
            return Err(Reason::SeveralCredentials);
        }
        let token = bearer(value)?;
        let thumbprint = certificate.map(PeerCertificate::sha256);
        let verified = self.tokens.verify(token, &self.issuers, thumbprint, now);
        verified.map(Some)
    }
}

/// The token of `Authorization: Bearer TOKEN` (RFC 6750): any case, one space, nothing else. A comma is how
/// intermediaries join two headers into one.
fn bearer(value: &HeaderValue) -> Result<&str, Reason> {
    let text = value.to_str().map_err(|_| Reason::BadCredential)?;
    match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
            if token.contains(',') {
                return Err(Reason::SeveralCredentials);
            }
            Ok(token)
        }
        _ => Err(Reason::BadCredential),
    }
}

fn read_file(path: &Path) -> Result<Vec<u8>, LoadError> {
    let unreadable =
        |error: std::io::Error| LoadError::new(path, format!("cannot read it: {error}"));
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(LONGEST_FILE + 1).read_to_end(&mut bytes))
        .map_err(unreadable)?;
    if bytes.len() as u64 > LONGEST_FILE {
        return Err(LoadError::new(path, "longer than 64 MiB".to_owned()));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests;
