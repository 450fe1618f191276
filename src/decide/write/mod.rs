//! What a request may write: judged leaf by leaf before a byte goes upstream, and again by the stored record where that
//! decides.
//!
//! Refuses, in this order: a body that cannot be read strictly (`unreadable-request`, `media-type`), `duplicate-key`,
//! `empty-write`, `masked-value-written-back`, `field-not-writable`, `person-mismatch`, `put-would-erase`, `would-erase`,
//! `ambiguous-position`; then what only the stored record tells: `no-such-record`, `no-validator`.

mod cut;
mod form;
mod merge;
mod names;
mod patch;
mod walk;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderValue, Method};

use self::names::{Names, Place};
use self::walk::{Found, Manner, Node, Walk};
use super::permit::Permit;
use crate::json::{Cursor, Limits};
use crate::model::Reason;
use crate::policy::condition::{ConditionId, Truth};
use crate::policy::store::{Writable, WriteTerms};
use crate::policy::{BodyForm, Does, FieldId, OnForbidden, OnMasked, OnPut};
use crate::route::body;

/// A body nested deeper is not read, whatever the settings say: judging goes as deep as the body.
const DEEPEST: usize = 128;

/// How a request's body came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// As `application/json-patch+json`.
    pub patch: bool,
}

/// Why a request does not write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unwritable {
    /// The reason.
    pub reason: Reason,
    /// What it speaks of, as the caller sent it, `[*]` for indexes: sorted, each once, at most 64.
    pub names: Vec<String>,
}

impl From<Reason> for Unwritable {
    fn from(reason: Reason) -> Self {
        Unwritable {
            reason,
            names: Vec::new(),
        }
    }
}

/// What a body that may go writes.
#[derive(Debug, Default)]
struct Judged {
    /// What goes upstream, where that is not what came.
    made: Option<String>,
    /// How many leaves each field is written by.
    written: BTreeMap<FieldId, u64>,
}

/// Judges a body by all rights that may count. What comes back holds the body that goes upstream, or waits for the stored
/// record.
pub(super) fn with_body(
    permit: Permit,
    bytes: Bytes,
    sent: Sent,
    limits: Limits,
) -> Result<Permit, Unwritable> {
    let terms = permit.write_terms().ok_or(Reason::Internal)?;
    let limits = Limits {
        depth: limits.depth.min(DEEPEST),
        ..limits
    };
    let judging = Judging {
        terms: &terms,
        person: permit.path_person(),
        sent,
        whole: false,
    };
    let mut judged = judging.body(&bytes, limits, &terms.open)?;
    if permit.stored().is_some() {
        return Ok(permit.awaiting_record(bytes, sent, judged.written));
    }
    if terms.cases.is_some() {
        // A new record is judged by itself, as it will be.
        let writable = judging.record_itself(&bytes, &permit)?;
        judged = judging.body(&bytes, limits, &writable)?;
        if let Some(made) = &judged.made {
            let left = judging.record_itself(made.as_bytes(), &permit);
            if !left.is_ok_and(|left| Arc::ptr_eq(&left, &writable)) {
                // Something that decides would be left out: nothing is.
                let judging = Judging {
                    whole: true,
                    ..judging
                };
                judged = judging.body(&bytes, limits, &writable)?;
            }
        }
    }
    let body = judged.made.map_or(bytes, Bytes::from);
    Ok(permit.with_write(body, judged.written, None))
}

/// Judges a write by the stored record: `None` where there is none, or nothing of it is known.
pub(super) fn with_stored(
    permit: Permit,
    stored: Option<&str>,
    validator: Option<&HeaderValue>,
) -> Result<Permit, Unwritable> {
    let terms = permit.write_terms().ok_or(Reason::Internal)?;
    let stored = stored.ok_or(Reason::NoSuchRecord)?;
    let record = Cursor::new(stored);
    if permit.plan().person_check() {
        // Where the path names nobody, no record is the caller's own.
        let person = permit.checked_person().ok_or(Reason::NoSuchRecord)?;
        if permit.plan().person_of(record).as_deref() != Some(person) {
            return Err(Reason::NoSuchRecord.into());
        }
    }
    let judge = permit.judge();
    if judge.is_some_and(|judge| judge.withholds(Some(record.text()))) {
        return Err(Reason::NoSuchRecord.into());
    }
    let writable = match &terms.cases {
        None => Arc::clone(&terms.open),
        Some(_) => {
            let judge = permit.write_judge().ok_or(Reason::Internal)?;
            let writable = terms.under(&judge.truths(Some(record.text())));
            writable.ok_or(Reason::NoSuchRecord)?
        }
    };
    // What was judged must still be what is written.
    let validator = validator.filter(|it| is_strong(it)).cloned();
    let Some((bytes, sent)) = permit.awaited() else {
        return Ok(permit.with_record(validator));
    };
    // The names were within the limits when the body was first judged.
    let limits = Limits {
        depth: DEEPEST,
        key: usize::MAX,
    };
    let judging = Judging {
        terms: &terms,
        person: permit.path_person(),
        sent,
        whole: false,
    };
    let judged = judging.body(&bytes, limits, &writable)?;
    if !terms.merges() {
        let body = judged.made.map_or(bytes, Bytes::from);
        return Ok(permit.with_write(body, judged.written, validator));
    }
    let validator = validator.ok_or(Reason::NoValidator)?;
    let read = body::strict(stored.as_bytes(), limits, walk::MOST);
    read.map_err(|_| Reason::UnreadableBody)?;
    let merged = judging.merged(&bytes, record, &writable)?;
    Ok(permit.with_write(Bytes::from(merged), judged.written, Some(validator)))
}

/// Whether `If-Match` may carry it: a weak validator never matches there (RFC 9110, 13.1.1).
pub fn is_strong(validator: &HeaderValue) -> bool {
    let inner = validator.as_bytes().strip_prefix(b"\"");
    let inner = inner.and_then(|rest| rest.strip_suffix(b"\""));
    inner.is_some_and(|tag| {
        tag.iter()
            .all(|byte| *byte > 0x20 && !matches!(byte, b'"' | 0x7f))
    })
}

/// What one body is judged by, rights apart.
#[derive(Clone, Copy, Debug)]
struct Judging<'a> {
    terms: &'a WriteTerms,
    person: Option<&'a str>,
    sent: Sent,
    /// Nothing is left out.
    whole: bool,
}

impl Judging<'_> {
    fn body(
        &self,
        bytes: &[u8],
        limits: Limits,
        writable: &Writable,
    ) -> Result<Judged, Unwritable> {
        let is_patch = self.terms.method == Method::PATCH;
        match self.terms.body {
            BodyForm::Form if self.sent.patch => Err(Reason::MediaType.into()),
            BodyForm::Form => form::judge(self, bytes, limits, writable),
            BodyForm::Json if self.sent.patch && !is_patch => Err(Reason::MediaType.into()),
            BodyForm::Json => {
                let text = body::strict(bytes, limits, walk::MOST)?;
                match self.sent.patch {
                    true => patch::judge(self, text, writable),
                    false => self.json(text, writable),
                }
            }
        }
    }

    fn json(&self, text: &str, writable: &Writable) -> Result<Judged, Unwritable> {
        let value = Cursor::new(text);
        let mut walk = Walk::new(writable, self.manner());
        let node = Node {
            value,
            at: begins(text),
            place: &Place::Root,
            in_array: false,
        };
        let stays = walk.value(node, writable.plan.root_state())?;
        self.refuse(walk.found, stays, text, writable)
    }

    fn manner(&self) -> Manner<'_> {
        let is_put = self.is_put();
        let writing = self.terms.writing;
        let is_patch = self.terms.method == Method::PATCH;
        Manner {
            replaces: is_put || is_patch || self.terms.does == Does::Update,
            strips: writing.on_forbidden == OnForbidden::Strip && !is_put && !self.whole,
            // A new record has no value to keep; that of a PUT comes back with the stored record.
            keeps: writing.on_masked == OnMasked::Keep && (self.terms.merges() || is_patch),
            person: self.person,
        }
    }

    fn is_put(&self) -> bool {
        self.terms.method == Method::PUT
    }

    /// The order of refusals.
    fn refuse(
        &self,
        found: Found,
        stays: bool,
        text: &str,
        writable: &Writable,
    ) -> Result<Judged, Unwritable> {
        let Found {
            any,
            masked,
            forbidden,
            strangers,
            erased,
            cuts,
            own,
            written,
        } = found;
        if !any {
            return Err(Reason::EmptyWrite.into());
        }
        refused(Reason::MaskedValueWrittenBack, masked)?;
        refused(Reason::FieldNotWritable, forbidden)?;
        refused(Reason::PersonMismatch, strangers)?;
        if !stays {
            return Err(Reason::EmptyWrite.into());
        }
        if self.is_put() && !self.may_replace(writable, own) {
            return Err(Reason::PutWouldErase.into());
        }
        refused(Reason::WouldErase, erased)?;
        // What a merge leaves out it takes from the stored record.
        let made = !cuts.is_empty() && !self.terms.merges();
        Ok(Judged {
            made: made.then(|| cuts.apply(text)),
            written,
        })
    }

    /// Whether a PUT may replace the record.
    fn may_replace(&self, writable: &Writable, own: bool) -> bool {
        match self.terms.writing.on_put {
            OnPut::Refuse => false,
            OnPut::Complete => self.is_complete(writable, own),
            OnPut::MergeHidden => self.terms.merges(),
        }
    }

    /// Whether the catalogue lists the whole record, and the caller sees and writes all of it. The person's field is theirs
    /// to send where it says what the path says.
    fn is_complete(&self, writable: &Writable, own: bool) -> bool {
        let mut fields = writable.fields.iter().enumerate();
        self.terms.writing.on_put == OnPut::Complete
            && fields.all(|(at, field)| {
                let is_own = own && self.terms.person == Some(FieldId(at));
                field.is_open() || (is_own && field.shown)
            })
    }

    /// What may be written of the record that the body itself holds. Of several, only what may be whatever they hold.
    fn record_itself(&self, bytes: &[u8], permit: &Permit) -> Result<Arc<Writable>, Unwritable> {
        let judge = permit.write_judge().ok_or(Reason::Internal)?;
        let text = std::str::from_utf8(bytes).map_err(|_| Reason::UnreadableRequest)?;
        let plan = &self.terms.open.plan;
        let record = match self.terms.body {
            BodyForm::Json => plan.record_in(text).map(|(record, _)| record),
            BodyForm::Form => None,
        };
        let truths: Vec<(ConditionId, Truth)> = judge.truths(record.map(|record| record.text()));
        let writable = self.terms.under(&truths);
        writable.ok_or_else(|| {
            let mut names = Names::default();
            for member in record.into_iter().flat_map(|record| record.members()) {
                names.add(&Place::Member(&Place::Root, &member.name));
            }
            Unwritable {
                reason: Reason::FieldNotWritable,
                names: names.into_vec(),
            }
        })
    }

    /// The body with the stored record's hidden parts put back.
    fn merged(
        &self,
        bytes: &[u8],
        stored: Cursor<'_>,
        writable: &Writable,
    ) -> Result<String, Unwritable> {
        let text = std::str::from_utf8(bytes).map_err(|_| Reason::Internal)?;
        let (sent, begins) = writable.plan.record_in(text).ok_or(Reason::EmptyWrite)?;
        let record = merge::merge(writable, self.manner(), stored, sent)?;
        let before = text.get(..begins).ok_or(Reason::Internal)?;
        let after = text.get(begins + sent.text().len()..);
        Ok([before, &record, after.ok_or(Reason::Internal)?].concat())
    }
}

fn refused(reason: Reason, names: Names) -> Result<(), Unwritable> {
    match names.is_empty() {
        true => Ok(()),
        false => Err(Unwritable {
            reason,
            names: names.into_vec(),
        }),
    }
}

/// Where the value of a JSON text begins.
fn begins(text: &str) -> usize {
    text.len() - text.trim_start_matches([' ', '\t', '\n', '\r']).len()
}
