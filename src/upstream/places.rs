//! How many requests to one upstream are under way for each caller, those that wait for a connection and answers that have not
//! ended included.
//!
//! Refuses one above a caller's share of the connections (`overloaded`), at once and whether others wait or not: who could take
//! all of them by asking for what is slow would leave nobody else one.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError};

use crate::model::{Caller, Reason};

/// What tokens of one subject differ in.
const OF_ONE_TOKEN: [&str; 4] = ["exp", "iat", "jti", "nbf"];

/// What each caller has of one upstream.
#[derive(Debug)]
pub(super) struct Places {
    most: usize,
    hasher: RandomState,
    /// By the caller's hash: who shares one with somebody shares places with them, and no more.
    taken: Arc<Mutex<HashMap<u64, usize>>>,
}

/// Leave to ask an upstream once at a time, given back when dropped.
#[derive(Debug)]
pub struct Place {
    caller: u64,
    taken: Arc<Mutex<HashMap<u64, usize>>>,
}

impl Places {
    pub(super) fn new(most: usize) -> Self {
        Places {
            most,
            hasher: RandomState::new(),
            taken: Arc::default(),
        }
    }

    pub(super) fn take(&self, caller: &Caller) -> Result<Place, Reason> {
        let caller = self.number(caller);
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let of_caller = taken.entry(caller).or_default();
        // An entry is at least 1 once it is there, so nothing is left behind.
        if *of_caller >= self.most {
            return Err(Reason::Overloaded);
        }
        *of_caller += 1;
        Ok(Place {
            caller,
            taken: Arc::clone(&self.taken),
        })
    }

    /// Who calls, whatever token or certificate they do it with today.
    fn number(&self, caller: &Caller) -> u64 {
        let mut hash = self.hasher.build_hasher();
        match (&caller.jwt, &caller.certificate, &caller.api_key) {
            (Some(jwt), _, _) => {
                ("jwt", &jwt.issuer).hash(&mut hash);
                match jwt.claims.get("sub").and_then(|sub| sub.as_str()) {
                    Some(subject) => subject.hash(&mut hash),
                    None => {
                        let said = jwt.claims.iter();
                        let said = said.filter(|(name, _)| !OF_ONE_TOKEN.contains(&name.as_str()));
                        said.for_each(|(name, value)| (name, value.to_string()).hash(&mut hash));
                    }
                }
            }
            (None, Some(certificate), _) => {
                ("certificate", &certificate.authority, &certificate.sans).hash(&mut hash);
            }
            (None, None, key) => {
                let name = key.as_ref().map(|key| &key.name);
                ("key", name).hash(&mut hash);
            }
        }
        hash.finish()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        match taken.get_mut(&self.caller) {
            Some(of_caller) if *of_caller > 1 => *of_caller -= 1,
            // Without this the map would grow with every caller ever seen.
            _ => {
                taken.remove(&self.caller);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ApiKeyCredential, CertificateCredential, JwtCredential};
    use serde_json::json;
    use std::net::{IpAddr, Ipv4Addr};

    fn nobody() -> Caller {
        Caller {
            jwt: None,
            certificate: None,
            api_key: None,
            peer: IpAddr::V4(Ipv4Addr::LOCALHOST),
        }
    }

    fn token(issuer: &str, claims: serde_json::Value) -> Caller {
        let claims = claims.as_object().unwrap().clone();
        let sha256 = claims.get("jti").map(ToString::to_string);
        let jwt = JwtCredential {
            issuer: issuer.into(),
            claims,
            sha256: sha256.unwrap_or_default().as_str().into(),
            expires: 0,
        };
        Caller {
            jwt: Some(Arc::new(jwt)),
            ..nobody()
        }
    }

    fn certificate(san: &str) -> Caller {
        let certificate = CertificateCredential {
            authority: "ca".into(),
            sans: vec![san.to_owned()],
            sha256: "x".into(),
        };
        Caller {
            certificate: Some(Arc::new(certificate)),
            ..nobody()
        }
    }

    fn key(name: &str) -> Caller {
        let key = ApiKeyCredential {
            name: name.into(),
            sha256: "x".into(),
        };
        Caller {
            api_key: Some(Arc::new(key)),
            ..nobody()
        }
    }

    #[test]
    fn o09_a_caller_is_the_same_whatever_token_they_bring_and_nobody_else_is() {
        let places = Places::new(1);
        let same = [
            (
                token("staff", json!({"sub": "ann", "jti": "1", "exp": 1})),
                token(
                    "staff",
                    json!({"sub": "ann", "jti": "2", "exp": 2, "amr": ["otp"]}),
                ),
            ),
            (
                token("app", json!({"customer_id": "7", "jti": "1", "iat": 1})),
                token(
                    "app",
                    json!({"customer_id": "7", "jti": "2", "iat": 2, "nbf": 3}),
                ),
            ),
        ];
        for (one, other) in &same {
            assert_eq!(places.number(one), places.number(other));
        }
        let apart = [
            token("staff", json!({"sub": "ann"})),
            token("app", json!({"sub": "ann"})),
            token("staff", json!({"sub": "bob"})),
            token("app", json!({"customer_id": "7"})),
            token("app", json!({"customer_id": "8"})),
            token("app", json!({"customer_id": 8})),
            certificate("a"),
            certificate("b"),
            key("a"),
            key("b"),
            nobody(),
        ];
        let held: Vec<Place> = apart.iter().map(|one| places.take(one).unwrap()).collect();
        for one in &apart {
            assert_eq!(places.take(one).unwrap_err(), Reason::Overloaded);
        }
        drop(held);
        assert!(places.taken.lock().unwrap().is_empty());
    }

    #[test]
    fn o09_a_place_that_is_given_back_can_be_taken_again() {
        let places = Places::new(2);
        let ann = token("staff", json!({"sub": "ann"}));
        let first = places.take(&ann).unwrap();
        let second = places.take(&ann).unwrap();
        assert_eq!(places.take(&ann).unwrap_err(), Reason::Overloaded);
        drop(first);
        let third = places.take(&ann).unwrap();
        assert!(places.take(&ann).is_err());
        drop((second, third));
        assert!(places.taken.lock().unwrap().is_empty());
    }
}
