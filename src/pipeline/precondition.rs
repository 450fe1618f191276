//! What a write is conditional on, as its caller says: where that does not hold, or nobody here can tell, nothing is written.
//!
//! `If-Match` with a validator of ours names what the caller was shown. The stored record is read, shown to them anew, and must
//! have that validator still. With any other it is held against the stored record where that is read, else it goes on as it
//! came.
//! Refuses, 412 `precondition-failed`: `If-None-Match` and `If-Unmodified-Since`, and a validator of ours where there is no
//! stored record that the caller reads.

use http::header::{HeaderMap, HeaderValue, IF_MATCH, IF_NONE_MATCH, IF_UNMODIFIED_SINCE};
use http::{Method, StatusCode};

use super::validator::{Validators, names, names_ours};
use super::{body_limits, gate};
use crate::config::Limits;
use crate::decide::Permit;
use crate::model::Reason;
use crate::policy::Does;
use crate::policy::store::RouteId;
use crate::transform::Commit;

/// Its lines of a request's head, to be looked at when there is something to hold them against.
pub(super) fn lines(headers: &HeaderMap) -> HeaderMap {
    let mut lines = HeaderMap::new();
    for name in [IF_MATCH, IF_NONE_MATCH] {
        for line in headers.get_all(&name) {
            lines.append(&name, line.clone());
        }
    }
    lines
}

/// Whether the caller names what they were shown, so that the stored record has to be read.
///
/// # Errors
///
/// See the module; of a request that reads, for a validator of ours alone.
pub(super) fn names_shown(permit: &Permit, headers: &HeaderMap) -> Result<bool, Reason> {
    let is_ours = names_ours(headers);
    let Some(terms) = &permit.compiled().write else {
        return match is_ours {
            true => Err(Reason::PreconditionFailed),
            false => Ok(false),
        };
    };
    let mut untold = [IF_NONE_MATCH, IF_UNMODIFIED_SINCE].into_iter();
    if untold.any(|name| headers.contains_key(name)) {
        return Err(Reason::PreconditionFailed);
    }
    let changes = matches!(terms.does, Does::Update | Does::Delete);
    match is_ours && !(changes && terms.stored.is_some()) {
        true => Err(Reason::PreconditionFailed),
        false => Ok(is_ours),
    }
}

/// What the caller of a write reads of the record it is about.
#[derive(Debug)]
pub(super) struct View(Permit);

impl View {
    /// Of a permit to read what `write` changes; `None` of one to read something else.
    pub fn of(write: &Permit, (read, route): (Permit, RouteId)) -> Option<View> {
        let terms = write.compiled().write.as_ref()?;
        (terms.stored == Some(route)).then_some(View(read))
    }

    /// The validator they would be given now with the record, by an answer with this text; `None` where they would be given
    /// none.
    pub fn validator(
        &self,
        validators: &Validators,
        answer: &str,
        limits: &Limits,
    ) -> Option<HeaderValue> {
        let mut governor = gate::governor(&self.0, body_limits(limits));
        let mut commit = Commit::default();
        governor.feed(answer.as_bytes()).ok()?;
        governor.hand_on(|output| commit.push(output));
        // Only what is judged whole before any of it leaves has one.
        if commit.is_committed() {
            return None;
        }
        governor.finish().ok()?;
        governor.hand_on(|output| commit.push(output));
        let asked = (&Method::GET, StatusCode::OK);
        validators.of(&self.0, asked, &commit.rest())
    }
}

/// Whether a write may go: whether the stored record is one of those the caller names, by its own validator or by that of
/// what they would be shown. Where neither is known, it is for the upstream to say.
///
/// # Errors
///
/// `precondition-failed`.
pub(super) fn holds(
    headers: &HeaderMap,
    stored: Option<&HeaderValue>,
    shown: Option<&HeaderValue>,
) -> Result<(), Reason> {
    let is_named = |validator: &HeaderValue| names(headers, &IF_MATCH, validator, false);
    let is_untold = stored.is_none() && !names_ours(headers);
    let is_free = is_untold || !headers.contains_key(IF_MATCH);
    match is_free || [stored, shown].into_iter().flatten().any(is_named) {
        true => Ok(()),
        false => Err(Reason::PreconditionFailed),
    }
}
