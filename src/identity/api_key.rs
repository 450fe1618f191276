//! API keys: long secrets that machines send in one header, of which settings hold the SHA-256.
//!
//! Refuses a second key (`several-credentials`), one that no entry knows (`bad-credential`) and one that has ended
//! (`expired-credential`). Every entry is compared, each in constant time: how long it takes tells nothing about any key.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::HEXLOWER;
use http::{HeaderMap, HeaderName};

use super::LoadError;
use crate::config::ApiKey;
use crate::model::{ApiKeyCredential, Reason, Secret};

/// The header keys are sent in.
const HEADER: HeaderName = HeaderName::from_static("x-api-key");
/// The longest key that is read.
const LONGEST: usize = 1 << 10;

/// The configured keys, as their files were read at one moment.
#[derive(Debug)]
pub struct ApiKeys(Vec<Known>);

#[derive(Debug)]
struct Known {
    credential: Arc<ApiKeyCredential>,
    sha256: Secret<[u8; 32]>,
    /// The last second it is taken.
    until: Option<i64>,
}

impl ApiKeys {
    /// Reads every key's hash, or tells every mistake in them.
    pub fn load(settings: &BTreeMap<String, ApiKey>) -> Result<ApiKeys, Vec<LoadError>> {
        let mut known: Vec<Known> = Vec::new();
        let mut mistakes = Vec::new();
        for (name, key) in settings {
            let place = key.sha256.place();
            let wrong = |message: String| LoadError::new(Path::new(&place), message);
            let sha256 = match key.sha256.read_hash() {
                Ok(sha256) => sha256,
                Err(error) => {
                    mistakes.push(wrong(error.to_string()));
                    continue;
                }
            };
            let same = |other: &&Known| other.sha256.expose() == sha256.expose();
            if let Some(other) = known.iter().find(same) {
                let other = &other.credential.name;
                mistakes.push(wrong(format!("the same key as that of `{other}`")));
            }
            known.push(Known {
                credential: Arc::new(ApiKeyCredential {
                    name: name.as_str().into(),
                    sha256: HEXLOWER.encode(sha256.expose()).into(),
                }),
                sha256,
                until: key.until,
            });
        }
        match mistakes.is_empty() {
            true => Ok(ApiKeys(known)),
            false => Err(mistakes),
        }
    }

    /// The key a request brings, at `now` (seconds since 1970).
    pub fn verify(
        &self,
        headers: &HeaderMap,
        now: i64,
    ) -> Result<Option<Arc<ApiKeyCredential>>, Reason> {
        // Where there are none, the header is no credential but somebody else's; it is not forwarded either way.
        if self.0.is_empty() {
            return Ok(None);
        }
        let mut values = headers.get_all(HEADER).iter();
        let Some(value) = values.next() else {
            return Ok(None);
        };
        let value = value.as_bytes();
        // A comma is how intermediaries join two headers into one.
        if values.next().is_some() || value.contains(&b',') {
            return Err(Reason::SeveralCredentials);
        }
        if value.len() > LONGEST || !value.iter().all(u8::is_ascii_graphic) {
            return Err(Reason::BadCredential);
        }
        let sent = digest(&SHA256, value);
        let mut found = None;
        for known in &self.0 {
            if verify_slices_are_equal(sent.as_ref(), known.sha256.expose()).is_ok() {
                found = Some(known);
            }
        }
        let known = found.ok_or(Reason::BadCredential)?;
        match known.until.is_some_and(|until| now > until) {
            true => Err(Reason::ExpiredCredential),
            false => Ok(Some(Arc::clone(&known.credential))),
        }
    }
}

#[cfg(test)]
mod tests;
