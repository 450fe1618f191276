//! Tokens proven genuine before: what their signature vouches for, kept so that the next request need not ask again.
//!
//! Refuses exactly what [`jwt::Proven`] refuses. Only successes are kept, so nobody can fill this who has no good token;
//! what depends on the moment or the connection is judged anew on every request. The key is the SHA-256 of the whole
//! token, signature included: what is found is what this very token proved. Bounded in entries and in bytes; a new
//! reading of the keys is a new, empty value.

use std::collections::hash_map::RandomState;
use std::sync::Arc;

use quick_cache::Weighter;
use quick_cache::sync::{Cache, DefaultLifecycle};
use serde_json::Value;

use super::jwt::{self, Issuer, Proven};
use crate::model::{JwtCredential, Reason};

/// What all that is kept may weigh, in bytes.
const MOST_BYTES: u64 = 16 << 20;
/// What one weighs at least, so that there are never more than [`MOST_BYTES`] over this: 16,384.
const LEAST_WEIGHT: u64 = 1 << 10;

/// The SHA-256 of a whole token.
pub type TokenHash = [u8; 32];

/// See the module.
#[derive(Debug)]
pub struct ProvenTokens(Cache<TokenHash, Arc<Proven>, Weight, RandomState>);

impl Default for ProvenTokens {
    fn default() -> Self {
        ProvenTokens::within(MOST_BYTES)
    }
}

impl ProvenTokens {
    fn within(bytes: u64) -> Self {
        ProvenTokens(Cache::with(
            (bytes / LEAST_WEIGHT) as usize,
            bytes,
            Weight,
            RandomState::default(),
            DefaultLifecycle::default(),
        ))
    }

    /// Verifies a token at `now` (seconds since 1970), its signature only where that is not known yet.
    pub fn verify(
        &self,
        token: &str,
        issuers: &[Issuer],
        certificate: Option<&[u8; 32]>,
        now: i64,
    ) -> Result<Arc<JwtCredential>, Reason> {
        if token.len() > jwt::LONGEST {
            return Err(Reason::BadCredential); // not hashed either
        }
        let hash = jwt::hash(token);
        if let Some(known) = self.0.get(&hash) {
            let judged = known.judge(certificate, now);
            if judged == Err(Reason::ExpiredCredential) {
                self.0.remove(&hash);
            }
            return judged.map(|()| Arc::clone(known.credential()));
        }
        let proven = Proven::read(token, &hash, issuers)?;
        proven.judge(certificate, now)?;
        let credential = Arc::clone(proven.credential());
        self.0.insert(hash, Arc::new(proven));
        Ok(credential)
    }
}

/// About how many bytes an entry takes.
#[derive(Clone, Copy, Debug)]
struct Weight;

impl Weighter<TokenHash, Arc<Proven>> for Weight {
    fn weight(&self, _: &TokenHash, proven: &Arc<Proven>) -> u64 {
        let claims = &proven.credential().claims;
        let claims = claims.iter().map(|(name, value)| member(name, value));
        (512 + NODE + claims.sum::<u64>()).max(LEAST_WEIGHT)
    }
}

/// A node of the tree an object is: eleven members' room, taken for the first.
const NODE: u64 = 640;

fn member(name: &str, value: &Value) -> u64 {
    // Nodes may be half empty, so each member is given the room of two.
    128 + name.len() as u64 + heap(value)
}

/// What a value takes besides its own 32 bytes; rounded up to what allocators give.
fn heap(value: &Value) -> u64 {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        Value::String(text) => 16 + text.len() as u64,
        // Grown by doubling, from four.
        Value::Array(elements) => {
            let room = elements.capacity().max(4) as u64;
            16 + 32 * room + elements.iter().map(heap).sum::<u64>()
        }
        Value::Object(members) => {
            let members = members.iter().map(|(name, value)| member(name, value));
            NODE + members.sum::<u64>()
        }
    }
}

#[cfg(test)]
mod tests;
