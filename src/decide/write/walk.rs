//! A value that is written, leaf by leaf: each is looked up by the catalogue as reading looks it up, under a plan that
//! shows what may be written.
//!
//! Finds what the request must be refused for, of every kind, so that the order of refusals is somebody else's matter; and
//! what is left out where the resource says so instead.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::cut::{Children, Cuts};
use super::names::{Names, Place};
use crate::json::{Cursor, Shape};
use crate::model::Reason;
use crate::policy::FieldId;
use crate::policy::plan::{Act, Gate, Listing, State, StateId};
use crate::policy::store::{FieldRight, Writable};

/// How a body is judged.
#[derive(Clone, Copy, Debug)]
pub struct Manner<'a> {
    /// An array replaces one that is stored, so it stands for every field listed below it.
    pub replaces: bool,
    /// What may not be written is left out.
    pub strips: bool,
    /// A masked value is left out, where nothing is lost by that.
    pub keeps: bool,
    /// The person the path names.
    pub person: Option<&'a str>,
}

/// The most values of one body, containers among them: judging takes time for each.
pub const MOST: usize = 100_000;

/// What was found.
#[derive(Debug, Default)]
pub struct Found {
    /// Something is written, besides records without a member.
    pub any: bool,
    /// Values that a mask or a token made.
    pub masked: Names,
    /// What may not be written.
    pub forbidden: Names,
    /// The person's field with another person.
    pub strangers: Names,
    /// What would erase fields that are not seen or may not be written.
    pub erased: Names,
    /// What is left out.
    pub cuts: Cuts,
    /// The person's field is among what is written, with the person the path names.
    pub own: bool,
    /// How many leaves each field is written by.
    pub written: BTreeMap<FieldId, u64>,
}

impl Found {
    /// Counts a leaf that is written.
    pub fn count(&mut self, fields: &[FieldId]) {
        for field in fields {
            *self.written.entry(*field).or_default() += 1;
        }
    }
}

/// A value and where it stands.
#[derive(Clone, Copy, Debug)]
pub struct Node<'n> {
    /// The value.
    pub value: Cursor<'n>,
    /// Where it begins in the whole text.
    pub at: usize,
    /// Its way.
    pub place: &'n Place<'n>,
    /// It lies in an array.
    pub in_array: bool,
}

/// See the module.
#[derive(Debug)]
pub struct Walk<'a> {
    writable: &'a Writable,
    manner: Manner<'a>,
    /// What was found so far.
    pub found: Found,
}

impl<'a> Walk<'a> {
    /// Nothing found yet.
    pub fn new(writable: &'a Writable, manner: Manner<'a>) -> Self {
        Walk {
            writable,
            manner,
            found: Found::default(),
        }
    }

    /// Judges a value under a state; says whether it stays.
    ///
    /// # Errors
    ///
    /// `overloaded` where the plan cannot grow any more.
    pub fn value(&mut self, node: Node<'_>, state: StateId) -> Result<bool, Reason> {
        let state = settled(self.writable, state, Some(node.value))?;
        let strange = state.is_person && self.manner.person.is_some();
        match node.value.shape() {
            Shape::Object | Shape::Array if strange => {
                self.found.any = true;
                self.found.strangers.add(node.place);
                Ok(true)
            }
            Shape::Object => self.object(node, &state),
            Shape::Array => self.array(node, &state),
            Shape::String | Shape::Number | Shape::Boolean => Ok(self.scalar(node, &state)),
            Shape::Null => Ok(self.null(node, &state)),
        }
    }

    fn object(&mut self, node: Node<'_>, state: &State) -> Result<bool, Reason> {
        let mut children = Children::default();
        let mut any = false;
        for member in node.value.members() {
            any = true;
            let place = Place::Member(node.place, &member.name);
            let child = Node {
                value: member.value,
                at: node.at + member.end - member.value.text().len(),
                place: &place,
                in_array: node.in_array,
            };
            let mark = self.found.cuts.mark();
            let stays = match self.member(state, &member.name)? {
                Some(id) => self.value(child, id)?,
                None => self.unnamed(&place),
            };
            let span = node.at + member.start..node.at + member.end;
            children.next(span, stays, mark, &mut self.found.cuts);
        }
        let plan = &self.writable.plan;
        if !any {
            return Ok(self.empty(node, state, plan.takes_object(state)));
        }
        let stays = !children.all_went();
        if stays && plan.takes_elements(state) {
            self.replaces(node, state);
        }
        Ok(stays)
    }

    /// Where a member leads; `None` where its very name may not be written.
    fn member(&self, state: &State, name: &str) -> Result<Option<StateId>, Reason> {
        let plan = &self.writable.plan;
        let (id, gate) = plan.member(state, name).ok_or(Reason::Overloaded)?;
        let open = gate == Gate::Pass && !plan.resembles(state, name);
        Ok(open.then_some(id))
    }

    fn array(&mut self, node: Node<'_>, state: &State) -> Result<bool, Reason> {
        let plan = &self.writable.plan;
        let length = match state.counts {
            true => u64::try_from(node.value.elements().count()).ok(),
            false => None,
        };
        let place = Place::Element(node.place);
        let mut children = Children::default();
        let mut elements = node.value.elements();
        let mut index = 0;
        while let Some(element) = elements.next() {
            if state.must_be_empty {
                self.found.any = true;
                return Ok(self.forbidden(node.place));
            }
            let span = node.at + elements.end() - element.text().len()..node.at + elements.end();
            let child = Node {
                value: element,
                at: span.start,
                place: &place,
                in_array: true,
            };
            let mark = self.found.cuts.mark();
            let id = plan.element(state, index, length);
            let stays = self.value(child, id.ok_or(Reason::Overloaded)?)?;
            children.next(span, stays, mark, &mut self.found.cuts);
            index += 1;
        }
        if index == 0 {
            return Ok(self.empty(node, state, plan.takes_array(state)));
        }
        let stays = !children.all_went();
        if stays {
            self.replaces(node, state);
        }
        Ok(stays)
    }

    /// What takes the place of a container erases what it held.
    fn replaces(&mut self, node: Node<'_>, state: &State) {
        if !self.manner.replaces {
            return;
        }
        let listing = self.writable.plan.listing(state);
        if listing.is_none_or(|it| !it.fields.is_empty() && !self.all_open(&it)) {
            self.found.erased.add(node.place);
        }
    }

    /// An object or array without children stands for every field listed below it.
    fn empty(&mut self, node: Node<'_>, state: &State, takes: bool) -> bool {
        let is_record = state.is_record || self.writable.plan.is_above_records(state);
        self.found.any |= !is_record;
        let listing = self.writable.plan.listing(state).filter(|_| takes);
        match listing {
            Some(listing) if !listing.fields.is_empty() => {
                if !self.all_open(&listing) {
                    self.found.erased.add(node.place);
                }
                self.found.count(&listing.fields);
                true
            }
            _ => self.forbidden(node.place),
        }
    }

    fn scalar(&mut self, node: Node<'_>, state: &State) -> bool {
        self.found.any = true;
        let fields = self.writable.plan.deciding(state);
        let own = self.manner.person.filter(|_| state.is_person);
        if own.is_some_and(|person| is_text(node.value, person)) {
            self.found.own = true;
            self.found.count(&fields);
            return true;
        }
        if self.is_veil(node, &fields) {
            return self.masked(node);
        }
        if own.is_some() {
            self.found.strangers.add(node.place);
            return true;
        }
        if state.scalar.act != Act::Show {
            return self.forbidden(node.place);
        }
        // A container may be stored where an entry covers more than scalars, or a path goes on.
        let listing = self.writable.plan.listing(state);
        if listing.is_none_or(|it| it.goes_on || it.whole) {
            self.replaces(node, state);
        }
        self.found.count(&fields);
        true
    }

    /// Whether a mask or a token made it, of a field that decides it.
    fn is_veil(&self, node: Node<'_>, fields: &[FieldId]) -> bool {
        let Some(text) = node.value.string() else {
            return false;
        };
        let mut rights = fields.iter().filter_map(|field| self.right(*field));
        rights.any(|right| right.is_veil(&text))
    }

    /// What is left out of an array is lost with it.
    fn masked(&mut self, node: Node<'_>) -> bool {
        if self.manner.keeps && !node.in_array {
            return false;
        }
        self.found.masked.add(node.place);
        true
    }

    /// `null` is a value of the scalar listed here, and erases whatever is listed below.
    fn null(&mut self, node: Node<'_>, state: &State) -> bool {
        self.found.any = true;
        let plan = &self.writable.plan;
        if state.is_person && self.manner.person.is_some() {
            self.found.strangers.add(node.place);
            return true;
        }
        let listing = plan.listing(state);
        let Some(listing) = listing.filter(|_| !state.is_record && !plan.is_above_records(state))
        else {
            return self.forbidden(node.place);
        };
        let covered = !plan.deciding(state).is_empty();
        if listing.fields.is_empty() || (covered && state.scalar.act != Act::Show) {
            return self.forbidden(node.place);
        }
        let stands_for_all = listing.goes_on || listing.whole;
        if stands_for_all && !self.all_open(&listing) {
            self.found.erased.add(node.place);
        }
        self.found.count(&listing.fields);
        true
    }

    /// A member whose very name may not be written; says whether it stays.
    pub fn unnamed(&mut self, place: &Place<'_>) -> bool {
        self.found.any = true;
        self.forbidden(place)
    }

    /// What may not be written; says whether it stays.
    fn forbidden(&mut self, place: &Place<'_>) -> bool {
        if self.manner.strips {
            return false;
        }
        self.found.forbidden.add(place);
        true
    }

    fn all_open(&self, listing: &Listing) -> bool {
        let mut rights = listing.fields.iter().map(|field| self.right(*field));
        rights.all(|right| right.is_some_and(FieldRight::is_open))
    }

    fn right(&self, field: FieldId) -> Option<&'a FieldRight> {
        self.writable.fields.get(field.0)
    }
}

/// The state of a node once it is asked what it holds, where that decides; of one of which nothing is known, `None`.
pub fn settled(
    writable: &Writable,
    id: StateId,
    node: Option<Cursor<'_>>,
) -> Result<Arc<State>, Reason> {
    let state = writable.plan.state(id).ok_or(Reason::Internal)?;
    if !state.waits {
        return Ok(state);
    }
    let id = writable.plan.known(&state, node);
    let id = id.ok_or(Reason::Overloaded)?;
    writable.plan.state(id).ok_or(Reason::Internal)
}

/// Whether a string decoded, or the text of a number, is `text`.
pub fn is_text(value: Cursor<'_>, text: &str) -> bool {
    match value.shape() {
        Shape::String => value.string().is_some_and(|string| string == text),
        Shape::Number => value.text() == text,
        Shape::Object | Shape::Array | Shape::Boolean | Shape::Null => false,
    }
}
