//! Validators of our own: what a caller was shown, under a name that tells nothing else.
//!
//! An upstream's validator speaks of bytes that a caller may not see, so it goes nowhere. Ours is a keyed hash over the view -
//! route, roles, contract, rules - the target, and the body that left: what is hidden does not change it, and nobody else's
//! view ever has it. Refuses nothing; a validator that is not ours matches nothing.

use aws_lc_rs::hmac;
use data_encoding::BASE32_NOPAD;
use http::header::{HeaderName, HeaderValue, IF_MATCH};
use http::{HeaderMap, Method, StatusCode};

use crate::decide::Permit;
use crate::model::Secret;

/// What is kept of a hash: 128 bits.
const LENGTH: usize = 16;
/// What ours begin with.
const PREFIX: &[u8] = b"\"fg-";

/// Makes validators. The same key gives the same ones, on another node too.
#[derive(Clone, Debug)]
pub struct Validators(hmac::Key);

impl Validators {
    /// Under a key of their own, made of one that is not used for anything that leaves.
    pub fn new(secret: &Secret<[u8; 32]>) -> Self {
        let of = hmac::Key::new(hmac::HMAC_SHA256, secret.expose());
        let own = hmac::sign(&of, b"fieldgate validator v1");
        Validators(hmac::Key::new(hmac::HMAC_SHA256, own.as_ref()))
    }

    /// The validator of an answer that was judged whole before any of it left; `None` of one that has none: only what can
    /// be read again has.
    pub fn of(
        &self,
        permit: &Permit,
        (method, status): (&Method, StatusCode),
        body: &[u8],
    ) -> Option<HeaderValue> {
        let reads = matches!(*method, Method::GET | Method::HEAD);
        if !reads || status != StatusCode::OK || permit.compiled().write.is_some() {
            return None;
        }
        let person = permit.checked_person().unwrap_or_default();
        let mut hash = hmac::Context::with_key(&self.0);
        for part in [permit.plan_digest(), permit.target(), person] {
            hash.update(&(part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        hash.update(body);
        let hash = hash.sign();
        let kept = hash.as_ref().get(..LENGTH)?;
        let tag = BASE32_NOPAD.encode(kept).to_ascii_lowercase();
        HeaderValue::try_from(format!("\"fg-{tag}\"")).ok()
    }
}

/// Whether `If-Match` names a validator of ours. No upstream knows those, and one that does not heed the header would change
/// what the caller has not seen.
pub fn names_ours(headers: &HeaderMap) -> bool {
    let mut lines = headers.get_all(IF_MATCH).iter();
    lines.any(|line| {
        let mut windows = line.as_bytes().windows(PREFIX.len());
        windows.any(|window| window == PREFIX)
    })
}

/// Whether a header that lists validators names this one, or any (`*`). `weakly`: `W/` before one does not count
/// (RFC 9110, 8.8.3.2).
pub fn names(
    headers: &HeaderMap,
    list: &HeaderName,
    validator: &HeaderValue,
    weakly: bool,
) -> bool {
    let mut lines = headers.get_all(list).iter();
    lines.any(|line| names_in(line.as_bytes(), validator, weakly))
}

fn names_in(line: &[u8], validator: &HeaderValue, weakly: bool) -> bool {
    let mut rest = line.trim_ascii();
    if rest == b"*" {
        return true;
    }
    // A validator may hold commas.
    while let Some(start) = rest.iter().position(|byte| *byte == b'"') {
        let is_weak = rest
            .get(..start)
            .is_some_and(|before| before.ends_with(b"W/"));
        let tag = rest.get(start..).unwrap_or_default();
        let Some(length) = tag.iter().skip(1).position(|byte| *byte == b'"') else {
            return false;
        };
        let is_it = tag.get(..length + 2) == Some(validator.as_bytes());
        if is_it && (weakly || !is_weak) {
            return true;
        }
        rest = tag.get(length + 2..).unwrap_or_default();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::header::IF_NONE_MATCH;

    #[test]
    fn a_list_names_a_validator_whole_or_not_at_all() {
        let ours = HeaderValue::from_static("\"fg-a,b\"");
        let named = |lines: &[&'static str], weakly| {
            let lines = lines.iter();
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(IF_NONE_MATCH, HeaderValue::from_static(line));
            }
            names(&headers, &IF_NONE_MATCH, &ours, weakly)
        };
        for line in [
            "*",
            " * ",
            "\"fg-a,b\"",
            "\"x\", \"fg-a,b\"",
            "\"x\",\"fg-a,b\"",
        ] {
            assert!(named(&[line], true) && named(&[line], false), "{line}");
        }
        assert!(named(&["\"x\"", "\"fg-a,b\""], false));
        assert!(named(&["W/\"fg-a,b\""], true));
        assert!(!named(&["W/\"fg-a,b\""], false));
        assert!(named(&["W/\"fg-a,b\",\"fg-a,b\""], false));
        for line in [
            "\"x\"",
            "\"fg-a\"",
            "fg-a,b",
            "",
            "\"fg-a,b",
            "\"x\" *",
            "\"FG-A,B\"",
        ] {
            assert!(!named(&[line], true), "{line}");
        }
        assert!(!named(&[], true));
    }
}
