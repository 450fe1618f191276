//! A JSON Patch (RFC 6902) that is written: whole or not at all, each operation judged by the catalogue alone, so that their
//! order never matters.
//!
//! Refuses what RFC 6902 lets pass and two readers could take differently: operations and members it does not name
//! (`unreadable-request`).

mod pointer;
mod read;

use self::pointer::{Reach, Reached};
use self::read::{Op, Operation};
use super::names::{Names, Place};
use super::walk::{Found, Manner, Node, Walk};
use super::{Judged, Judging, Unwritable, refused};
use crate::json::{Cursor, Shape};
use crate::model::Reason;
use crate::policy::ClassId;
use crate::policy::plan::{Act, Listing, State};
use crate::policy::store::{FieldRight, Writable};

/// Judges a patch.
pub(super) fn judge(
    judging: &Judging<'_>,
    text: &str,
    writable: &Writable,
) -> Result<Judged, Unwritable> {
    let operations = read::read(text)?;
    let mut patch = Patch {
        judging,
        writable,
        found: Found::default(),
        replaces_record: false,
        ambiguous: Names::default(),
    };
    for operation in &operations {
        patch.operation(operation)?;
    }
    let Patch {
        found,
        replaces_record,
        ambiguous,
        ..
    } = patch;
    let Found {
        masked,
        forbidden,
        strangers,
        erased,
        written,
        ..
    } = found;
    if operations.is_empty() {
        return Err(Reason::EmptyWrite.into());
    }
    refused(Reason::MaskedValueWrittenBack, masked)?;
    refused(Reason::FieldNotWritable, forbidden)?;
    refused(Reason::PersonMismatch, strangers)?;
    if replaces_record {
        return Err(Reason::PutWouldErase.into());
    }
    refused(Reason::WouldErase, erased)?;
    refused(Reason::AmbiguousPosition, ambiguous)?;
    Ok(Judged {
        made: None,
        written,
    })
}

struct Patch<'a> {
    judging: &'a Judging<'a>,
    writable: &'a Writable,
    found: Found,
    /// The record would be replaced by who may not do that.
    replaces_record: bool,
    /// Positions that do not mean the same to caller and upstream.
    ambiguous: Names,
}

impl Patch<'_> {
    fn operation(&mut self, operation: &Operation<'_>) -> Result<(), Reason> {
        let Operation { op, path, .. } = operation;
        let target = Reach::of(self.judging.terms, self.writable, path)?;
        match op {
            Op::Test(value) => self.test(&target, *value),
            Op::Add(value) => {
                self.position(&target, true);
                self.put(&target, *value, target.inserts)?;
            }
            Op::Replace(value) => {
                self.position(&target, false);
                self.put(&target, *value, false)?;
            }
            Op::Remove => {
                self.position(&target, true);
                self.remove(&target);
            }
            Op::Copy(from) | Op::Move(from) => {
                let source = Reach::of(self.judging.terms, self.writable, from)?;
                let moves = matches!(op, Op::Move(_));
                self.position(&source, moves);
                self.position(&target, true);
                self.transfer(&source, &target);
                if moves {
                    self.remove(&source);
                }
            }
        }
        Ok(())
    }

    /// An index means the same to the caller and the upstream only where the caller sees every element; and where elements
    /// are told apart by where they stand, putting one in or taking one out makes others of those behind.
    fn position(&mut self, reach: &Reach, shifts: bool) {
        let shifted = shifts && reach.in_array && reach.tells_apart;
        if reach.loses || shifted {
            self.name(reach, |patch| &mut patch.ambiguous);
        }
    }

    /// Asking whether a value stands somewhere tells it.
    fn test(&mut self, target: &Reach, value: Cursor<'_>) {
        let is_container = matches!(value.shape(), Shape::Object | Shape::Array);
        self.position(target, false);
        let seen = |it: &Reached| {
            let (plain, bare) = (is_seen(&it.seen), is_bare(&it.seen));
            (plain && !is_container) || bare
        };
        if target.blocked || target.hidden || !target.each(seen) {
            self.name(target, |patch| &mut patch.found.forbidden);
        }
    }

    /// `add` and `replace`: the value and whatever it would replace.
    fn put(&mut self, target: &Reach, value: Cursor<'_>, inserts: bool) -> Result<(), Reason> {
        let is_record = target.is_record(self.writable);
        if target.blocked {
            self.name(target, |patch| &mut patch.found.forbidden);
            return Ok(());
        }
        self.found.own = false;
        for reached in &target.all {
            let manner = Manner {
                replaces: !inserts,
                strips: false,
                keeps: false,
                ..self.judging.manner()
            };
            let mut walk = Walk::new(self.writable, manner);
            walk.found = std::mem::take(&mut self.found);
            let result = target.with_place(|place| {
                let node = Node {
                    value,
                    at: 0,
                    place,
                    in_array: true,
                };
                walk.value(node, reached.id)
            });
            self.found = walk.found;
            result?;
            let own = reached.state.is_person && self.judging.person.is_some();
            if !own && !is_record {
                self.below(target, reached, !inserts);
            }
        }
        let complete = self.judging.is_complete(self.writable, self.found.own);
        self.replaces_record |= is_record && !complete;
        Ok(())
    }

    /// All that stands at a place and below must be writable; and seen, where it is erased with a container around it.
    fn below(&mut self, target: &Reach, reached: &Reached, erases: bool) {
        let listing = self.writable.plan.listing(&reached.state);
        let Some(listing) = listing.filter(|it| !it.fields.is_empty()) else {
            self.name(target, |patch| &mut patch.found.forbidden);
            return;
        };
        self.found.count(&listing.fields);
        if !self.all(&listing, FieldRight::is_writable) {
            self.name(target, |patch| &mut patch.found.forbidden);
        } else if erases
            && (listing.goes_on || listing.whole)
            && !self.all(&listing, FieldRight::is_open)
        {
            self.name(target, |patch| &mut patch.found.erased);
        }
    }

    /// Whether a place is one within the record, where the rights to it decide; the record itself, what no right reaches and
    /// the person are told here.
    fn is_within(&mut self, target: &Reach) -> bool {
        if target.is_record(self.writable) {
            self.replaces_record = true;
            return false;
        }
        if target.blocked {
            self.name(target, |patch| &mut patch.found.forbidden);
            return false;
        }
        let has_person = |it: &Reached| it.state.is_person || it.state.person_below;
        if self.judging.person.is_some() && target.all.iter().any(has_person) {
            self.name(target, |patch| &mut patch.found.strangers);
        }
        true
    }

    fn remove(&mut self, target: &Reach) {
        if !self.is_within(target) {
            return;
        }
        for reached in &target.all {
            self.below(target, reached, true);
        }
    }

    /// `copy` and `move`: from what is seen to what may be written, of one class. What stands there is not known, so it
    /// must be a scalar, or all of it is covered by one entry and seen.
    fn transfer(&mut self, source: &Reach, target: &Reach) {
        let leaf = |state: &State| {
            let listing = self.writable.plan.listing(state);
            listing.is_some_and(|it| !it.goes_on && !it.whole)
        };
        let plain = source.each(|it| is_seen(&it.seen) && leaf(&it.state))
            && target.each(|it| leaf(&it.state));
        let whole = source.each(|it| is_bare(&it.seen));
        let readable = !source.blocked && !source.hidden && (plain || whole);
        if !readable {
            self.name(source, |patch| &mut patch.found.forbidden);
        }
        if !self.is_within(target) {
            return;
        }
        let open = target.each(|it| it.state.scalar.act == Act::Show);
        let one = self.classes(source).zip(self.classes(target));
        let alike = one.is_some_and(|(source, target)| source == target);
        if !open || (readable && !alike) {
            self.name(target, |patch| &mut patch.found.forbidden);
        }
        for reached in &target.all {
            self.below(target, reached, !target.inserts);
        }
    }

    /// The one class of all that stands at a place and below; `None` where there is not exactly one.
    fn classes(&self, reach: &Reach) -> Option<ClassId> {
        let mut classes = Vec::new();
        for reached in &reach.all {
            for field in self.writable.plan.listing(&reached.state)?.fields {
                classes.push(self.writable.fields.get(field.0)?.class?);
            }
        }
        classes.dedup();
        match classes[..] {
            [class] => Some(class),
            _ => None,
        }
    }

    fn all(&self, listing: &Listing, is: impl Fn(&FieldRight) -> bool) -> bool {
        let mut fields = listing.fields.iter();
        fields.all(|field| self.writable.fields.get(field.0).is_some_and(&is))
    }

    fn name(&mut self, reach: &Reach, names: impl Fn(&mut Self) -> &mut Names) {
        reach.with_place(|place: &Place<'_>| names(self).add(place));
    }
}

/// Whether a scalar here is seen as it came.
fn is_seen(seen: &State) -> bool {
    seen.scalar.act == Act::Show
}

/// Whether whatever stands here is seen as it came, with all below.
fn is_bare(seen: &State) -> bool {
    is_seen(seen) && seen.object.act == Act::Copy && seen.array.act == Act::Copy
}
