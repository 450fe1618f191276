//! A script from the text of an object that was read: what the plan says of each of its values, written down once.
//!
//! Refuses, and so leaves to the engine, whatever needs more than its state to be judged, and objects of more shapes than
//! are worth knowing.

use std::sync::Arc;

use super::super::{member, reach};
use super::{Edge, Fate, Leaves, Marks, Node, Script};
use crate::json::{Kind, LONGEST_BLANKS, Lexer, Phrase, Piece};
use crate::model::Openness;
use crate::policy::FieldId;
use crate::policy::plan::{Act, Plan, State, StateId, Verdict};
use crate::transform::engine::stride::Way;
use crate::transform::record::bit;

/// Scalars that are told apart.
const MOST_NODES: usize = 256;
/// What may follow one.
const MOST_EDGES: usize = 8;
/// Bytes of an object.
const LONGEST: usize = 16 << 10;
/// Brackets open at once in one. Each scalar is kept with those around it.
const MOST_LEVELS: usize = 16;

/// The containers that are open after a scalar, and what the scalar was.
#[derive(Debug, PartialEq)]
pub(super) struct Place {
    state: Option<StateId>,
    levels: Vec<Level>,
}

#[derive(Clone, Debug, PartialEq)]
struct Level {
    within: Within,
    object: bool,
    any: bool,
    kept: bool,
    /// Blanks before its first child, as long as no child was kept.
    first: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Within {
    Judged(StateId),
    Copied,
    Gone,
}

/// A child: where what stands before it begins, where its name or itself, and where its value.
#[derive(Clone, Copy)]
struct Child {
    before: usize,
    head: usize,
    value: usize,
}

/// What becomes of a scalar, by its type.
#[derive(Clone, Copy, Default)]
struct Fates {
    scalar: Fate,
    null: Fate,
}

impl Fates {
    /// Whether one of this type goes; `None` where that is not all there is to know, or where types differ.
    fn are_gone(&self, kind: Kind) -> Option<bool> {
        let (scalar, null) = (self.scalar.way, self.null.way);
        let ways = if kind == Kind::Null {
            (null, scalar)
        } else {
            (scalar, null)
        };
        match ways {
            (Way::Other, _) => None,
            (way, Way::Other) => Some(way == Way::Drop),
            (way, other) => {
                let gone = way == Way::Drop;
                (gone == (other == Way::Drop)).then_some(gone)
            }
        }
    }
}

/// The text as far as it is written down.
struct Walk<'a> {
    script: &'a mut Script,
    plan: &'a Plan,
    states: &'a mut Arc<Vec<Arc<State>>>,
    text: &'a [u8],
    levels: Vec<Level>,
    at: usize,
    /// The scalar that came last, and where it ended.
    node: usize,
    from: usize,
    /// What leaves since then.
    leaving: Vec<u8>,
    marks: Marks,
    unlisted: u64,
}

impl Script {
    /// Learns an object of this state; `None` where a part of it could not be learnt.
    pub(super) fn learn(
        &mut self,
        (plan, states): (&Plan, &mut Arc<Vec<Arc<State>>>),
        root: StateId,
        text: &str,
    ) -> Option<()> {
        let state = Arc::clone(reach(plan, states, root).ok()?);
        let record = state.is_record && !(state.is_person || state.waits);
        let enters = state.object.act == Act::Enter && (state.is_plain || record);
        if !enters || text.len() > LONGEST {
            return None;
        }
        if self.nodes.is_empty() {
            self.nodes.push(Node::default());
        }
        let mut walk = Walk {
            script: self,
            plan,
            states,
            text: text.as_bytes(),
            levels: vec![Level::new(Within::Judged(root), true)],
            at: 1,
            node: 0,
            from: 1,
            leaving: Vec::new(),
            marks: 0,
            unlisted: 0,
        };
        walk.count(&state.object, false)?;
        walk.until_end(state.is_record)?;
        (walk.at == text.len()).then_some(())
    }

    /// The bits of these outcomes.
    fn marks(&mut self, fields: &[FieldId], openness: Openness) -> Option<Marks> {
        let mut marks = 0;
        for field in fields {
            let outcome = (*field, bit(openness));
            let known = self.outcomes.iter().position(|known| *known == outcome);
            let place = known.unwrap_or(self.outcomes.len());
            // One beyond the last bit is not even noted: all that are noted have their bit.
            marks |= Marks::checked_shl(1, u32::try_from(place).ok()?)?;
            if known.is_none() {
                self.outcomes.push(outcome);
            }
        }
        Some(marks)
    }

    fn fate(&mut self, verdict: &Verdict) -> Option<Fate> {
        let way = Way::of(&verdict.act);
        Some(Fate {
            way,
            marks: self.marks(&verdict.fields, way.openness(verdict))?,
            unlisted: u64::from(way == Way::Drop && verdict.unlisted),
        })
    }
}

impl Walk<'_> {
    fn until_end(&mut self, is_record: bool) -> Option<()> {
        loop {
            let before = self.at;
            let mark = self.blanks(before)?;
            let byte = *self.text.get(mark)?;
            let level = self.levels.last()?;
            if byte == if level.object { b'}' } else { b']' } {
                self.close(before, mark)?;
                if self.levels.is_empty() {
                    return self.link(self.at, None, Fates::default());
                }
                continue;
            }
            let head = match (level.any, byte) {
                (true, b',') => self.blanks(mark + 1)?,
                (false, _) => mark,
                _ => return None,
            };
            let (name, value) = if level.object {
                self.name(head)?
            } else {
                (None, head)
            };
            let child = Child {
                before,
                head,
                value,
            };
            let is_own = is_record && self.levels.len() == 1;
            match level_within(&self.levels)? {
                Within::Judged(of) => self.judged(child, of, name.as_deref(), is_own)?,
                within => self.unjudged(child, within)?,
            }
        }
    }

    /// A child of which its state decides.
    fn judged(
        &mut self,
        child: Child,
        of: StateId,
        name: Option<&str>,
        is_own: bool,
    ) -> Option<()> {
        let parent = Arc::clone(reach(self.plan, self.states, of).ok()?);
        let id = match name {
            Some(name) => {
                let member = member(self.plan, &parent, name).ok()?;
                member.is_plain().then_some(member.state)?
            }
            None if parent.has_like_elements() => self.plan.element(&parent, 0, None)?,
            None => return None,
        };
        let state = Arc::clone(reach(self.plan, self.states, id).ok()?);
        if let Some(object) = self.bracket(child.value) {
            let verdict = if object { &state.object } else { &state.array };
            let within = match verdict.act {
                _ if !state.is_plain => return None,
                Act::Enter => Within::Judged(id),
                Act::Copy => Within::Copied,
                Act::Drop => Within::Gone,
                _ => return None,
            };
            let gone = within == Within::Gone;
            self.count(verdict, gone)?;
            self.lead(child, child.value + 1, gone)?;
            return self.open(child, Level::new(within, object));
        }
        let names_person =
            is_own && state.is_person && !(state.is_record || state.person_below || state.waits);
        if !(state.is_plain || names_person) {
            return None;
        }
        let token = Lexer::scalar_at(self.text, child.value)?;
        let fates = Fates {
            scalar: self.script.fate(&state.scalar)?,
            null: self.script.fate(&state.null)?,
        };
        let gone = fates.are_gone(token.kind)?;
        self.lead(child, child.value, gone)?;
        let node = Node {
            is_person: state.is_person,
            state: Some(state),
            edges: Vec::new(),
        };
        self.scalar(token, Some(id), node, fates)
    }

    /// A child in a subtree that leaves as it came, or goes.
    fn unjudged(&mut self, child: Child, within: Within) -> Option<()> {
        let gone = within == Within::Gone;
        if let Some(object) = self.bracket(child.value) {
            self.lead(child, child.value + 1, gone)?;
            return self.open(child, Level::new(within, object));
        }
        let token = Lexer::scalar_at(self.text, child.value)?;
        self.lead(child, child.value, gone)?;
        let fate = Fate {
            way: if gone { Way::Drop } else { Way::Show },
            ..Fate::default()
        };
        let fates = Fates {
            scalar: fate,
            null: fate,
        };
        self.scalar(token, None, Node::default(), fates)
    }

    /// What stands before a child leaves, up to `end`, or goes.
    fn lead(&mut self, child: Child, end: usize, gone: bool) -> Option<()> {
        let level = self.levels.last_mut()?;
        if gone {
            if !level.any && level.within != Within::Gone {
                level.first = self.text.get(child.before..child.head)?.to_vec();
            }
        } else if level.kept || !level.any {
            self.leaving
                .extend_from_slice(self.text.get(child.before..end)?);
        } else {
            self.leaving.append(&mut level.first);
            self.leaving
                .extend_from_slice(self.text.get(child.head..end)?);
        }
        level.any = true;
        if !gone {
            level.kept = true;
            level.first.clear();
        }
        Some(())
    }

    fn open(&mut self, child: Child, level: Level) -> Option<()> {
        if self.levels.len() == MOST_LEVELS {
            return None;
        }
        self.levels.push(level);
        self.script.height = self.script.height.max(self.levels.len());
        self.at = child.value + 1;
        Some(())
    }

    fn close(&mut self, before: usize, bracket: usize) -> Option<()> {
        let level = self.levels.pop()?;
        let from = match level.within {
            Within::Gone => bracket + 1,
            Within::Judged(_) if level.any && !level.kept => bracket,
            Within::Judged(_) | Within::Copied => before,
        };
        self.at = bracket + 1;
        self.leaving
            .extend_from_slice(self.text.get(from..self.at)?);
        Some(())
    }

    fn scalar(
        &mut self,
        token: Piece,
        state: Option<StateId>,
        node: Node,
        fates: Fates,
    ) -> Option<()> {
        self.node = match self.known(token.start)? {
            Some(to) => to,
            None => {
                let to = self.place(state, node)?;
                self.link(token.start, Some(to), fates)?;
                to
            }
        };
        self.at = token.end;
        self.from = token.end;
        Some(())
    }

    /// Where what stands between the last scalar and `end` leads to, if it was written down before. The same text after
    /// the same scalar leads to the same, so one that repeats need not be looked for among all.
    fn known(&mut self, end: usize) -> Option<Option<usize>> {
        let text = Phrase::new(self.text.get(self.from..end)?);
        let edges = &self.script.nodes.get(self.node)?.edges;
        let known = edges.iter().find(|known| known.text == text);
        let to = known.and_then(|known| known.to);
        if to.is_some() {
            self.leaving.clear();
            (self.marks, self.unlisted) = (0, 0);
        }
        Some(to)
    }

    /// The node of a scalar, which may be new.
    fn place(&mut self, state: Option<StateId>, node: Node) -> Option<usize> {
        let place = Place {
            state,
            levels: self.levels.clone(),
        };
        let known = self.script.places.iter().position(|known| *known == place);
        // The first node has no place.
        match known {
            Some(known) => Some(known + 1),
            None if self.script.nodes.len() < MOST_NODES => {
                self.script.places.push(place);
                self.script.nodes.push(node);
                Some(self.script.nodes.len() - 1)
            }
            None => None,
        }
    }

    /// What stands between the last scalar and `end` is written down.
    fn link(&mut self, end: usize, to: Option<usize>, mut fates: Fates) -> Option<()> {
        let text = self.text.get(self.from..end)?;
        let leaving = std::mem::take(&mut self.leaving);
        let leaves = match leaving.as_slice() {
            all if all == text => Leaves::All,
            last if text.ends_with(last) => Leaves::Last(last.len()),
            _ => Leaves::Else(leaving.into()),
        };
        let (marks, unlisted) = (self.marks, self.unlisted);
        (self.marks, self.unlisted) = (0, 0);
        for fate in [&mut fates.scalar, &mut fates.null] {
            fate.marks |= marks;
            fate.unlisted += unlisted;
        }
        let edge = Edge {
            text: Phrase::new(text),
            leaves,
            to,
            scalar: fates.scalar,
            null: fates.null,
        };
        let edges = &mut self.script.nodes.get_mut(self.node)?.edges;
        if edges.iter().any(|known| known.text == edge.text) {
            return Some(());
        }
        if edges.len() == MOST_EDGES {
            return None;
        }
        // One may begin like another: the longer one is looked for first.
        let longer = |known: &Edge| known.text.length() >= edge.text.length();
        let place = edges.partition_point(longer);
        edges.insert(place, edge);
        Some(())
    }

    fn count(&mut self, verdict: &Verdict, gone: bool) -> Option<()> {
        let openness = if gone {
            Openness::Strip
        } else {
            verdict.openness
        };
        self.marks |= self.script.marks(&verdict.fields, openness)?;
        self.unlisted += u64::from(gone && verdict.unlisted);
        Some(())
    }

    /// A name, unless it holds escapes, and where the value begins.
    fn name(&self, at: usize) -> Option<(Option<String>, usize)> {
        let name = Lexer::scalar_at(self.text, at)?;
        let colon = self.blanks(name.end)?;
        if name.kind != Kind::String || !name.plain || self.text.get(colon) != Some(&b':') {
            return None;
        }
        let text = self.text.get(name.start + 1..name.end - 1)?;
        let text = std::str::from_utf8(text).ok()?;
        Some((Some(text.to_owned()), self.blanks(colon + 1)?))
    }

    /// Whether a container begins there, and whether that is an object.
    fn bracket(&self, at: usize) -> Option<bool> {
        match self.text.get(at)? {
            b'{' => Some(true),
            b'[' => Some(false),
            _ => None,
        }
    }

    /// Where blanks end, of which none are cut.
    fn blanks(&self, at: usize) -> Option<usize> {
        let blanks = self.text.get(at..)?.iter();
        let length = blanks
            .take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'))
            .count();
        (length <= LONGEST_BLANKS).then_some(at + length)
    }
}

fn level_within(levels: &[Level]) -> Option<Within> {
    levels.last().map(|level| level.within)
}

impl Level {
    fn new(within: Within, object: bool) -> Level {
        Level {
            within,
            object,
            any: false,
            kept: false,
            first: Vec::new(),
        }
    }
}
