//! A stored record with what a caller sent laid over it: what they cannot see or write is as it was.
//!
//! Objects are laid over each other member by member; arrays are never paired, nor is a container with anything else. Where
//! that would lose something hidden the write is refused (`would-erase`), as it is where what is stored makes a field one
//! that may not be written (`field-not-writable`).

use std::collections::HashMap;

use super::Unwritable;
use super::names::{Names, Place};
use super::walk::{Manner, Node, Walk, is_text, settled};
use crate::json::{Cursor, Member, Shape};
use crate::model::Reason;
use crate::policy::plan::{Act, Gate, Listing, State, StateId};
use crate::policy::store::{FieldRight, Writable};

/// The record that goes upstream. What was sent has been judged by the same rights, and no object of either has a name
/// twice.
///
/// # Errors
///
/// `would-erase`, `field-not-writable`, `person-mismatch`, and `unexpected-shape` where one of them is no object.
pub fn merge(
    writable: &Writable,
    manner: Manner<'_>,
    stored: Cursor<'_>,
    sent: Cursor<'_>,
) -> Result<String, Unwritable> {
    if stored.shape() != Shape::Object || sent.shape() != Shape::Object {
        return Err(Reason::UnexpectedShape.into());
    }
    let state = writable.plan.record_state().ok_or(Reason::Overloaded)?;
    let mut merging = Merging {
        writable,
        manner,
        out: String::new(),
    };
    merging.objects((stored, state), Some((sent, state)), &Place::Root)?;
    Ok(merging.out)
}

/// A value and its state, before it is asked what it holds.
type At<'a> = (Cursor<'a>, StateId);

/// A member's value; no state where its very name may not be written.
type Child<'a> = (Cursor<'a>, Option<StateId>);

/// How much of something that is stored is the caller's to change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// All of it: seen with `show`, and writable.
    Free,
    /// None of it.
    Hidden,
    /// Some is, and some is not.
    Mixed,
}

struct Merging<'a> {
    writable: &'a Writable,
    manner: Manner<'a>,
    out: String,
}

impl Merging<'_> {
    /// Writes an object that is stored with what was sent laid over it; where nothing was, what is hidden of it.
    fn objects(
        &mut self,
        (stored, stored_state): At<'_>,
        sent: Option<At<'_>>,
        place: &Place<'_>,
    ) -> Result<(), Unwritable> {
        let stored_state = settled(self.writable, stored_state, Some(stored))?;
        let sent = match sent {
            None => None,
            Some((sent, state)) => Some((sent, settled(self.writable, state, Some(sent))?)),
        };
        let members = sent.iter().flat_map(|(sent, _)| sent.members());
        let mut left: HashMap<String, Member<'_>> = members
            .map(|member| (self.key(&member.name), member))
            .collect();
        self.out.push('{');
        let opened = self.out.len();
        for member in stored.members() {
            let place = Place::Member(place, &member.name);
            let child = self.child(&stored_state, &member)?;
            let pair = left.remove(&self.key(&member.name));
            let start = self.begin(opened, member.raw);
            let written = match (pair, &sent) {
                (Some(over), Some((_, state))) => {
                    let over = self.child(state, &over)?;
                    self.pair(child, over, &place)?
                }
                _ if self.is_name_hidden(&stored_state, &member.name) => {
                    self.out.push_str(child.0.text());
                    true
                }
                _ => self.put_back(child, &place)?,
            };
            self.end(start, written);
        }
        let mut left: Vec<Member<'_>> = left.into_values().collect();
        left.sort_unstable_by_key(|member| member.start);
        for member in &left {
            let Some((_, state)) = &sent else { continue };
            let place = Place::Member(place, &member.name);
            let child = self.child(state, member)?;
            let start = self.begin(opened, member.raw);
            let text = self.as_sent(child, &place)?;
            self.out.push_str(text.as_deref().unwrap_or_default());
            self.end(start, text.is_some());
        }
        self.out.push('}');
        Ok(())
    }

    fn begin(&mut self, opened: usize, raw: &str) -> usize {
        let start = self.out.len();
        if start > opened {
            self.out.push(',');
        }
        self.out.push('"');
        self.out.push_str(raw);
        self.out.push_str("\":");
        start
    }

    fn end(&mut self, start: usize, written: bool) {
        if !written {
            self.out.truncate(start);
        }
    }

    /// A name as names are compared.
    fn key(&self, name: &str) -> String {
        match self.writable.plan.any_case() {
            true => name.to_ascii_lowercase(),
            false => name.to_owned(),
        }
    }

    /// Whether a member's very name is data that the caller does not see, or may not write.
    fn is_name_hidden(&self, state: &State, name: &str) -> bool {
        let fields = self.writable.plan.naming(state, name);
        let named = !fields.is_empty();
        named
            && !self.is_open(&Listing {
                fields,
                ..Listing::default()
            })
    }

    fn child<'c>(&self, state: &State, member: &Member<'c>) -> Result<Child<'c>, Reason> {
        let plan = &self.writable.plan;
        let (id, gate) = plan.member(state, &member.name).ok_or(Reason::Overloaded)?;
        let open = gate == Gate::Pass && !plan.resembles(state, &member.name);
        Ok((member.value, open.then_some(id)))
    }

    /// Writes what is hidden of something the caller did not send; says whether that is anything.
    fn put_back(&mut self, child: Child<'_>, place: &Place<'_>) -> Result<bool, Unwritable> {
        let (value, state) = child;
        match (self.part(child)?, state, value.shape()) {
            (Part::Free, ..) => Ok(false),
            (Part::Hidden, ..) => {
                self.out.push_str(value.text());
                Ok(true)
            }
            (Part::Mixed, Some(state), Shape::Object) => {
                self.objects((value, state), None, place)?;
                Ok(true)
            }
            (Part::Mixed, ..) => Err(refused(Reason::WouldErase, place)),
        }
    }

    /// Writes what was sent over what is stored.
    fn pair(
        &mut self,
        stored: Child<'_>,
        sent: Child<'_>,
        place: &Place<'_>,
    ) -> Result<bool, Unwritable> {
        if let (Some(under), Some(over)) = (stored.1, sent.1)
            && stored.0.shape() == Shape::Object
            && sent.0.shape() == Shape::Object
        {
            self.objects((stored.0, under), Some((sent.0, over)), place)?;
            return Ok(true);
        }
        match self.as_sent(sent, place)? {
            // A masked value comes back: the stored one stays.
            None => self.out.push_str(stored.0.text()),
            Some(text) => {
                self.may_replace(stored, sent.0, place)?;
                self.out.push_str(&text);
            }
        }
        Ok(true)
    }

    fn may_replace(
        &self,
        stored: Child<'_>,
        sent: Cursor<'_>,
        place: &Place<'_>,
    ) -> Result<(), Unwritable> {
        let (value, state) = stored;
        let Some(state) = state else {
            return Err(refused(Reason::FieldNotWritable, place));
        };
        let state = settled(self.writable, state, Some(value))?;
        if let Some(person) = self.manner.person.filter(|_| state.is_person) {
            return match is_text(value, person) {
                true => Ok(()),
                false => Err(refused(Reason::PersonMismatch, place)),
            };
        }
        let is_container =
            |value: Cursor<'_>| matches!(value.shape(), Shape::Object | Shape::Array);
        if value.shape() == Shape::Null {
            return Ok(());
        }
        if is_container(value) || is_container(sent) {
            return match self.part(stored)? {
                Part::Free => Ok(()),
                Part::Hidden | Part::Mixed => Err(refused(Reason::WouldErase, place)),
            };
        }
        match state.scalar.act == Act::Show {
            true => Ok(()),
            false => Err(refused(Reason::FieldNotWritable, place)),
        }
    }

    /// What was sent without what a mask made; nothing where that is all.
    fn as_sent(&self, child: Child<'_>, place: &Place<'_>) -> Result<Option<String>, Unwritable> {
        let (value, state) = child;
        let Some(state) = state else {
            return Err(refused(Reason::FieldNotWritable, place));
        };
        let mut walk = Walk::new(self.writable, self.manner);
        let node = Node {
            value,
            at: 0,
            place,
            in_array: false,
        };
        let stays = walk.value(node, state)?;
        Ok(stays.then(|| walk.found.cuts.apply(value.text())))
    }

    fn part(&self, (value, state): Child<'_>) -> Result<Part, Reason> {
        let Some(state) = state else {
            return Ok(Part::Hidden);
        };
        let plan = &self.writable.plan;
        let state = settled(self.writable, state, Some(value))?;
        if state.is_person && self.manner.person.is_some() {
            return Ok(Part::Hidden);
        }
        let mut parts = Vec::new();
        for member in value.members() {
            parts.push(match self.is_name_hidden(&state, &member.name) {
                true => Part::Hidden,
                false => self.part(self.child(&state, &member)?)?,
            });
        }
        let length = match state.counts {
            true => u64::try_from(value.elements().count()).ok(),
            false => None,
        };
        for (index, element) in (0..).zip(value.elements()) {
            let id = plan.element(&state, index, length);
            parts.push(self.part((element, Some(id.ok_or(Reason::Overloaded)?)))?);
        }
        if let Some((first, rest)) = parts.split_first() {
            let alike = rest.iter().all(|part| part == first);
            return Ok(if alike { *first } else { Part::Mixed });
        }
        let listing = plan.listing(&state);
        let open = listing.as_ref().is_some_and(|it| self.is_open(it));
        let free = match value.shape() {
            Shape::Object => open && plan.takes_object(&state),
            Shape::Array => open && plan.takes_array(&state),
            Shape::Null => {
                open && (plan.deciding(&state).is_empty() || state.scalar.act == Act::Show)
            }
            Shape::String | Shape::Number | Shape::Boolean => {
                let fields = plan.deciding(&state);
                state.scalar.act == Act::Show
                    && self.is_open(&Listing {
                        fields,
                        ..Listing::default()
                    })
            }
        };
        Ok(if free { Part::Free } else { Part::Hidden })
    }

    /// Something is listed, and all of it is open.
    fn is_open(&self, listing: &Listing) -> bool {
        let mut fields = listing.fields.iter();
        let right = |field: &crate::policy::FieldId| self.writable.fields.get(field.0);
        !listing.fields.is_empty()
            && fields.all(|field| right(field).is_some_and(FieldRight::is_open))
    }
}

fn refused(reason: Reason, place: &Place<'_>) -> Unwritable {
    let mut names = Names::default();
    names.add(place);
    Unwritable {
        reason,
        names: names.into_vec(),
    }
}
