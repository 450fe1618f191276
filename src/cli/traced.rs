//! What becomes of each value of an upstream's answer, by the verdicts of the plan that governs it.
//!
//! For explanation alone: nothing here makes an answer. It reads what the engine has accepted.

use std::sync::Arc;

use super::answer::Answer;
use super::document::{Place, Step};
use crate::decide::Permit;
use crate::json::{Cursor, Shape};
use crate::model::Openness;
use crate::policy::FieldId;
use crate::policy::condition::{ConditionId, Truth};
use crate::policy::plan::judge::Judged;
use crate::policy::plan::{Act, Gate, Node, Plan, State, StateId, Verdict};

/// A value that is decided as one: a scalar, or a container that goes or is replaced whole.
#[derive(Clone, Debug)]
pub(super) struct Leaf {
    /// Where it stands in what the upstream sent.
    pub place: Place,
    /// Where it stands in what the caller gets, if anything is there.
    pub kept: Option<Place>,
    /// Its own outcome.
    pub openness: Openness,
    /// The entries that decide it.
    pub fields: Vec<FieldId>,
    /// No entry lists it.
    pub unlisted: bool,
    /// The text of a scalar; strings decoded.
    pub text: String,
    /// The record it lies in.
    pub record: Option<usize>,
}

/// A record of the answer.
#[derive(Clone, Debug)]
pub(super) struct RecordOf {
    /// Where it stands in what the upstream sent.
    pub place: Place,
    /// The plan it is under; nothing where it does not leave.
    pub plan: Option<Arc<Plan>>,
    /// It is another person's.
    pub foreign: bool,
    /// What is true of it, of the conditions that cells and gates name.
    pub truths: Vec<(ConditionId, Truth)>,
}

/// Everything of an answer.
#[derive(Clone, Debug, Default)]
pub(super) struct Traced {
    pub leaves: Vec<Leaf>,
    pub records: Vec<RecordOf>,
}

/// Traces an answer that the engine has accepted.
pub(super) fn trace(permit: &Permit, limit: usize, answer: &Answer) -> Traced {
    let mut walk = Walk {
        permit,
        limit,
        traced: Traced::default(),
        record: None,
    };
    let plan = Arc::clone(permit.plan());
    let mut kept = 0;
    for (index, text) in answer.texts.iter().enumerate() {
        let place = |index| match answer.several {
            true => vec![Step::Element(index)],
            false => Place::new(),
        };
        let (mut from, to) = (place(index), Some(place(kept)));
        let root = plan.root_state();
        let leaves = walk.node(&plan, root, Cursor::new(text), &mut from, to);
        kept += usize::from(leaves);
    }
    walk.traced
}

struct Walk<'a> {
    permit: &'a Permit,
    /// Bytes of a record beyond which nothing of it is known.
    limit: usize,
    traced: Traced,
    record: Option<usize>,
}

impl Walk<'_> {
    /// Whether anything of the node is there afterwards.
    fn node(
        &mut self,
        plan: &Arc<Plan>,
        id: StateId,
        cursor: Cursor<'_>,
        place: &mut Place,
        kept: Option<Place>,
    ) -> bool {
        let Some(state) = settled(plan, id, cursor) else {
            return false;
        };
        if state.is_record && self.record.is_none() && cursor.shape() != Shape::Null {
            return self.begin_record(plan, id, cursor, place, kept);
        }
        let verdict = state.verdict(kind(cursor.shape())).clone();
        let kept = kept.filter(|_| !matches!(verdict.act, Act::Drop | Act::Refuse(_)));
        match (&verdict.act, cursor.shape()) {
            (Act::Enter | Act::Copy | Act::Drop | Act::Hollow, Shape::Object | Shape::Array) => {
                self.children(plan, &state, &verdict, cursor, place, kept.clone());
            }
            _ => self.leaf(&verdict, cursor, place, kept.clone()),
        }
        kept.is_some()
    }

    fn begin_record(
        &mut self,
        plan: &Arc<Plan>,
        id: StateId,
        cursor: Cursor<'_>,
        place: &mut Place,
        kept: Option<Place>,
    ) -> bool {
        let (plan, id, gone) = self.judged(plan, id, cursor);
        let foreign = self.permit.checked_person().is_some_and(|wanted| {
            let mut persons = Vec::new();
            persons_in(&plan, id, cursor, &mut persons);
            persons != [wanted.to_owned()]
        });
        self.record = Some(self.traced.records.len());
        self.traced.records.push(RecordOf {
            place: place.clone(),
            plan: (!gone && !foreign).then(|| Arc::clone(&plan)),
            foreign,
            truths: self.truths(cursor),
        });
        let kept = kept.filter(|_| !gone && !foreign);
        let is_kept = self.node(&plan, id, cursor, place, kept);
        self.record = None;
        is_kept
    }

    /// The plan and the state a record is read under, and whether it does not leave at all.
    fn judged(
        &self,
        plan: &Arc<Plan>,
        id: StateId,
        cursor: Cursor<'_>,
    ) -> (Arc<Plan>, StateId, bool) {
        let same = || (Arc::clone(plan), id, false);
        let Some(judge) = self.permit.judge() else {
            return same();
        };
        let text = Some(cursor.text()).filter(|text| text.len() <= self.limit);
        match judge.record(text) {
            Judged::Gone => (Arc::clone(plan), id, true),
            Judged::Under(other) => match other.record_state() {
                Some(id) => (other, id, false),
                None => same(),
            },
        }
    }

    fn truths(&self, cursor: Cursor<'_>) -> Vec<(ConditionId, Truth)> {
        let text = Some(cursor.text()).filter(|text| text.len() <= self.limit);
        let judge = self.permit.judge();
        judge.map_or_else(Vec::new, |judge| judge.truths(text))
    }

    fn children(
        &mut self,
        plan: &Arc<Plan>,
        state: &State,
        verdict: &Verdict,
        cursor: Cursor<'_>,
        place: &mut Place,
        kept: Option<Place>,
    ) {
        // Below what leaves as it came, and below brackets that stay alone, children have no say.
        let copied = verdict.act == Act::Copy;
        let inside = kept.filter(|_| verdict.act != Act::Hollow);
        let mut any = false;
        let mut at = 0;
        for member in cursor.members() {
            any = true;
            let Some((id, gate)) = plan.member(state, &member.name) else {
                continue;
            };
            let step = Step::Member(member.name.into_owned());
            let open = copied || gate == Gate::Pass;
            let kept = inside
                .clone()
                .filter(|_| open)
                .map(|inside| below(inside, step.clone()));
            place.push(step);
            self.child(plan, id, verdict, member.value, place, kept);
            place.pop();
        }
        let length = state.counts.then(|| cursor.elements().count() as u64);
        for (index, element) in cursor.elements().enumerate() {
            any = true;
            let Some(id) = plan.element(state, index as u64, length) else {
                continue;
            };
            let kept = inside
                .clone()
                .map(|inside| below(inside, Step::Element(at)));
            place.push(Step::Element(index));
            at += usize::from(self.child(plan, id, verdict, element, place, kept));
            place.pop();
        }
        if !any && verdict.act != Act::Enter {
            self.leaf(verdict, cursor, place, inside);
        }
    }

    fn child(
        &mut self,
        plan: &Arc<Plan>,
        id: StateId,
        parent: &Verdict,
        cursor: Cursor<'_>,
        place: &mut Place,
        kept: Option<Place>,
    ) -> bool {
        match parent.act {
            Act::Copy => {
                self.copied(parent, cursor, place, kept.clone());
                kept.is_some()
            }
            _ => self.node(plan, id, cursor, place, kept),
        }
    }

    /// What leaves as it came, with all below.
    fn copied(
        &mut self,
        verdict: &Verdict,
        cursor: Cursor<'_>,
        place: &mut Place,
        kept: Option<Place>,
    ) {
        let mut steps: Vec<(Step, Cursor<'_>)> = Vec::new();
        steps.extend(
            cursor
                .members()
                .map(|one| (Step::Member(one.name.into_owned()), one.value)),
        );
        steps.extend(
            cursor
                .elements()
                .enumerate()
                .map(|(at, one)| (Step::Element(at), one)),
        );
        if steps.is_empty() {
            return self.leaf(verdict, cursor, place, kept);
        }
        for (step, child) in steps {
            let kept = kept.clone().map(|kept| below(kept, step.clone()));
            place.push(step);
            self.copied(verdict, child, place, kept);
            place.pop();
        }
    }

    fn leaf(&mut self, verdict: &Verdict, cursor: Cursor<'_>, place: &Place, kept: Option<Place>) {
        let text = match cursor.shape() {
            Shape::String => cursor.string().unwrap_or_default().into_owned(),
            _ => cursor.text().to_owned(),
        };
        self.traced.leaves.push(Leaf {
            place: place.clone(),
            kept,
            openness: verdict.openness,
            fields: verdict.fields.to_vec(),
            unlisted: verdict.unlisted,
            text,
            record: self.record,
        });
    }
}

fn below(mut place: Place, step: Step) -> Place {
    place.push(step);
    place
}

/// A state by its id. A step may add states, so it is looked up in a fresh copy.
pub(super) fn state(plan: &Plan, id: StateId) -> Option<Arc<State>> {
    plan.states().get(id.0 as usize).cloned()
}

/// The state a node really has, where what it holds decides.
fn settled(plan: &Plan, id: StateId, cursor: Cursor<'_>) -> Option<Arc<State>> {
    let found = state(plan, id)?;
    match found.waits {
        true => state(plan, plan.known(&found, Some(cursor))?),
        false => Some(found),
    }
}

fn kind(shape: Shape) -> Node {
    match shape {
        Shape::Object => Node::Object,
        Shape::Array => Node::Array,
        Shape::Null => Node::Null,
        Shape::String | Shape::Number | Shape::Boolean => Node::Scalar,
    }
}

/// Whose the record says it is.
fn persons_in(plan: &Plan, id: StateId, cursor: Cursor<'_>, persons: &mut Vec<String>) {
    let Some(state) = state(plan, id) else { return };
    if state.is_person {
        persons.push(match cursor.shape() {
            Shape::String => cursor.string().unwrap_or_default().into_owned(),
            _ => cursor.text().to_owned(),
        });
        return;
    }
    if !state.person_below {
        return;
    }
    for member in cursor.members() {
        if let Some((id, _)) = plan.member(&state, &member.name) {
            persons_in(plan, id, member.value, persons);
        }
    }
    for (index, element) in cursor.elements().enumerate() {
        if let Some(id) = plan.element(&state, index as u64, None) {
            persons_in(plan, id, element, persons);
        }
    }
}
