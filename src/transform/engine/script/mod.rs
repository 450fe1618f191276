//! What the objects of a state come to as wholes: the text between their scalars, and what becomes of both.
//!
//! Answers repeat their objects, and objects of one shape differ in their scalars alone. Once some of a state were
//! read, [`learn`] writes down what stands between one scalar and the next - brackets, commas, names, blanks - with all
//! that the plan says of it; the next object is then followed from scalar to scalar. An object that is anything
//! else in any way has not been read at all, and is read as if nothing were known. So this decides how fast an object is
//! read, never what becomes of it. What is known is forgotten with the answer.

mod learn;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::sync::Arc;

use super::body::{Body, Frame, Spot};
use super::scalar::Raw;
use super::stride::Way;
use crate::json::{Kind, Lexer, Phrase};
use crate::policy::FieldId;
use crate::policy::plan::{Act, Plan, State, StateId};
use crate::transform::record::FieldOutcomes;
use learn::Place;

/// States whose objects are known in one answer.
const MOST_SCRIPTS: usize = 16;

/// Bytes that are learnt in one answer: what is known must not grow with it.
const MOST_TEXT: usize = 64 << 10;

/// Objects that are read before one is learnt: what comes but a few times would not earn it back.
const FIRST: u32 = 4;

/// The same within a record, which is followed with all it holds unless it cannot be learnt itself.
const FIRST_WITHIN: u32 = 16;

/// How often a state's objects are learnt; those that cannot be are tried less often.
const LESSONS: u32 = 32;

/// After so many objects in a row that were not as expected, the next two to this power are not even tried.
const MOST_PATIENT: u32 = 6;

/// By state what is known of its objects.
#[derive(Debug, Default)]
pub(super) struct Scripts {
    states: Vec<(StateId, Script)>,
    /// Bytes that were learnt.
    learnt: usize,
    /// The object that is read now, should it be learnt.
    pub watched: Option<Watched>,
}

/// An object that lies in the chunk from its first byte on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Watched {
    pub state: StateId,
    pub start: usize,
    /// How many containers are open around it.
    pub around: usize,
}

#[derive(Debug)]
struct Script {
    /// The first is before the first scalar.
    nodes: Vec<Node>,
    /// Where each of them stands.
    places: Vec<Place>,
    /// The outcomes of fields that occur, each of which is a bit of [`Marks`].
    outcomes: Vec<(FieldId, u8)>,
    /// The last record's outcomes.
    last: Option<(Marks, Arc<FieldOutcomes>)>,
    /// How many brackets are open at once, the object's own included.
    height: usize,
    /// How often one may be learnt yet.
    lessons: u32,
    /// How many are to be read before one is learnt.
    unread: u32,
    /// One was learnt to its end.
    is_known: bool,
    /// How many objects are not to be tried now.
    rest: u32,
    /// How many in a row were not as expected.
    misses: u32,
}

/// Which outcomes of fields have occurred.
type Marks = u128;

/// A scalar, and what may follow.
#[derive(Debug, Default)]
struct Node {
    /// It names the record's person.
    is_person: bool,
    /// `None` before the first scalar and in a subtree that is not judged.
    state: Option<Arc<State>>,
    edges: Vec<Edge>,
}

/// What stands between two scalars, and what becomes of the later one.
#[derive(Debug)]
struct Edge {
    text: Phrase,
    leaves: Leaves,
    /// `None` at the object's end.
    to: Option<usize>,
    /// Where it leads to a string, number or boolean, or to the end.
    scalar: Fate,
    null: Fate,
}

/// What becomes of a scalar, and what is counted for it and for what stands before it.
#[derive(Clone, Copy, Debug, Default)]
struct Fate {
    way: Way,
    marks: Marks,
    unlisted: u64,
}

/// What of it leaves.
#[derive(Debug)]
enum Leaves {
    All,
    /// So many bytes at its end.
    Last(usize),
    /// These bytes in its place.
    Else(Box<[u8]>),
}

/// What an object came to.
struct Followed<'c> {
    end: usize,
    marks: Marks,
    unlisted: u64,
    person: Option<Cow<'c, str>>,
}

/// Where an object begins, and which.
#[derive(Clone, Copy)]
pub(super) struct Beginning {
    /// Where what stands before it begins.
    pub start: usize,
    pub at: usize,
    pub id: StateId,
}

impl Script {
    /// One of which nothing is known; so many objects are read before one is learnt.
    fn new(unread: u32) -> Self {
        Script {
            nodes: Vec::new(),
            places: Vec::new(),
            outcomes: Vec::new(),
            last: None,
            height: 1,
            lessons: LESSONS,
            unread,
            is_known: false,
            rest: 0,
            misses: 0,
        }
    }
}

impl Scripts {
    /// Reads an object that is an element of the frame at hand, if it is as expected. Returns where it ends.
    #[inline(always)]
    pub fn follow(
        &mut self,
        lexer: &mut Lexer,
        body: &mut Body,
        (chunk, within): (&str, &[u8]),
        Beginning { start, at, id }: Beginning,
        (frame, state): (&mut Frame, &State),
    ) -> Option<usize> {
        let script = self.of(id)?;
        // While none was kept, what stands before the next is not what stood before it.
        if !script.is_known || !may_follow(body, state) || (frame.any && !frame.kept) {
            return None;
        }
        if script.rest > 0 || !lexer.has_room(script.height) {
            script.rest = script.rest.saturating_sub(1);
            return None;
        }
        let (run, out) = (body.run.clone(), body.out.len());
        let from = body.begin_run(within, start);
        let followed = script.read(body, (chunk, within), from, at + 1);
        let held = state.is_record && body.person_check;
        let too_long = |followed: &Followed<'_>| held && followed.end - at > body.limits.record;
        let Some(followed) = followed.filter(|followed| !too_long(followed)) else {
            body.out.truncate(out);
            body.run = run;
            script.misses = (script.misses + 1).min(MOST_PATIENT);
            script.rest = (1 << script.misses) - 2;
            return None;
        };
        script.misses = 0;
        let end = followed.end;
        let person = followed.person.as_deref();
        if held && (person.is_none() || person != body.caller_person.as_deref()) {
            body.out.truncate(out);
            body.run = run;
            if !frame.any {
                body.first.push(chunk, start..at);
            }
        } else {
            match state.is_record {
                true => script.end_record(body, &followed),
                false => script.count(body, &followed),
            }
            frame.kept = true;
            body.first.clear();
        }
        lexer.scalar_read();
        frame.any = true;
        frame.index += 1;
        body.spot = Spot::Between;
        Some(end)
    }

    #[inline(always)]
    fn of(&mut self, id: StateId) -> Option<&mut Script> {
        let mut states = self.states.iter_mut();
        states.find(|(of, _)| *of == id).map(|(_, script)| script)
    }

    /// The object that is watched, if it is the one that has ended.
    #[inline(always)]
    pub fn ended(&self, body: &Body) -> Option<Watched> {
        self.watched
            .filter(|watched| watched.around >= body.frames.len())
    }

    /// Learns an object that has ended.
    #[cold]
    pub fn learn(
        &mut self,
        states: (&Plan, &mut Arc<Vec<Arc<State>>>),
        watched: Watched,
        chunk: &str,
        end: usize,
    ) {
        self.watched = None;
        let Some(text) = chunk.get(watched.start..end) else {
            return;
        };
        self.learnt += text.len();
        if self.learnt > MOST_TEXT {
            return;
        }
        let Some(script) = self.of(watched.state) else {
            return;
        };
        script.lessons = script.lessons.saturating_sub(1);
        match script.learn(states, watched.state, text) {
            Some(()) => script.is_known = true,
            None => script.lessons /= 4,
        }
    }

    /// An object begins, and was not followed: it may be learnt where it ends.
    #[inline]
    pub fn watch(&mut self, body: &Body, Beginning { at, id, .. }: Beginning, state: &State) {
        let around = body.frames.len();
        let is_within = self.watched.is_some_and(|watched| watched.around < around);
        if is_within || self.learnt > MOST_TEXT || !may_follow(body, state) {
            return;
        }
        let Some(script) = self.of(id) else {
            if self.states.len() < MOST_SCRIPTS {
                let first = match body.record {
                    Some(_) => FIRST_WITHIN,
                    None => FIRST,
                };
                self.states.push((id, Script::new(first - 1)));
            }
            return;
        };
        if script.unread > 0 {
            script.unread -= 1;
            return;
        }
        if script.lessons > 0 && script.rest == 0 {
            self.watched = Some(Watched {
                state: id,
                start: at,
                around,
            });
        }
    }
}

/// Nothing waits for what the object holds, unless it is a record that must be the caller's.
#[inline(always)]
fn may_follow(body: &Body, state: &State) -> bool {
    if body.judged || body.hold.is_some() {
        return false;
    }
    let is_only_one = body.person_check && body.single;
    !state.is_record || (body.record.is_none() && !is_only_one)
}

impl Body {
    /// What stands before an element leaves with it, from `start` on. Returns where what is not copied yet begins.
    #[inline(always)]
    fn begin_run(&mut self, within: &[u8], start: usize) -> usize {
        if self.run.end == start {
            return self.run.start;
        }
        self.copy_out(within, self.run.clone());
        start
    }
}

impl Script {
    /// Follows an object from behind its bracket; from `from` on all leaves. What left of one that is anything else is
    /// to be taken back.
    #[inline]
    fn read<'c>(
        &self,
        body: &mut Body,
        (chunk, within): (&'c str, &[u8]),
        mut from: usize,
        mut at: usize,
    ) -> Option<Followed<'c>> {
        let limit = body.limits.value;
        let mut node = self.nodes.first()?;
        let (mut marks, mut unlisted, mut person) = (0, 0, None);
        loop {
            let mut edges = node.edges.iter();
            let edge = edges.find(|edge| edge.text.stands_at(within, at))?;
            let before = at;
            at += edge.text.length();
            match &edge.leaves {
                Leaves::All => {}
                Leaves::Last(length) => {
                    body.copy_out(within, from..before);
                    from = at - length;
                }
                Leaves::Else(text) => {
                    body.copy_out(within, from..before);
                    body.out.extend_from_slice(text);
                    from = at;
                }
            }
            let Some(to) = edge.to else {
                marks |= edge.scalar.marks;
                unlisted += edge.scalar.unlisted;
                break;
            };
            node = self.nodes.get(to)?;
            let token = Lexer::scalar_at(within, at)?;
            if token.end - at > limit {
                return None;
            }
            let fate = match token.kind {
                Kind::Null => &edge.null,
                _ => &edge.scalar,
            };
            marks |= fate.marks;
            unlisted += fate.unlisted;
            match fate.way {
                Way::Show => {}
                Way::Drop => {
                    body.copy_out(within, from..at);
                    from = token.end;
                }
                Way::Replace => {
                    body.copy_out(within, from..at);
                    from = token.end;
                    let state = node.state.as_deref()?;
                    let act = match token.kind {
                        Kind::Null => &state.null.act,
                        _ => &state.scalar.act,
                    };
                    let Act::Replace(treatment) = act else {
                        return None;
                    };
                    let raw = Raw::of(chunk, token).ok()?;
                    raw.replaced(treatment, &mut body.out).ok()?;
                }
                Way::Other => return None,
            }
            if node.is_person {
                let named = Raw::of(chunk, token).ok()?.person().ok()??;
                if person.replace(named).is_some() {
                    return None;
                }
            }
            at = token.end;
        }
        body.run = from..at;
        Some(Followed {
            end: at,
            marks,
            unlisted,
            person,
        })
    }

    /// What an object of a record, or beside all records, adds to it.
    fn count(&self, body: &mut Body, followed: &Followed<'_>) {
        let Some(record) = &mut body.record else {
            body.tally.unlisted += followed.unlisted;
            return;
        };
        record.unlisted += followed.unlisted;
        for (field, bit) in marked(&self.outcomes, followed.marks) {
            record.count_one(field, bit);
        }
    }

    /// What [`Body::end_record`] does.
    fn end_record(&mut self, body: &mut Body, followed: &Followed<'_>) {
        if !matches!(&self.last, Some((marks, _)) if *marks == followed.marks) {
            self.last = None;
        }
        let (_, outcomes) = match &mut self.last {
            Some(last) => last,
            last => {
                let outcomes = marked(&self.outcomes, followed.marks);
                last.insert((followed.marks, Arc::new(FieldOutcomes::of(outcomes))))
            }
        };
        if !Arc::ptr_eq(outcomes, &body.outcomes) {
            if **outcomes == *body.outcomes {
                *outcomes = Arc::clone(&body.outcomes);
            } else {
                body.settle_tally();
                body.outcomes = Arc::clone(outcomes);
            }
        }
        body.tally.unlisted += followed.unlisted;
        body.alike += 1;
        let end = body.taken + (body.out.len() + body.run.len()) as u64;
        body.done
            .add(end, followed.person.as_deref(), &body.outcomes);
    }
}

/// The outcomes these marks are of.
fn marked(outcomes: &[(FieldId, u8)], marks: Marks) -> impl Iterator<Item = (FieldId, u8)> {
    let marked = outcomes.iter().enumerate();
    marked
        .filter(move |(place, _)| marks >> place & 1 != 0)
        .map(|(_, outcome)| *outcome)
}
