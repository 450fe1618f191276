//! One state of a plan's automaton: what happens to a node of each JSON type, and where its children lead.

use std::sync::{Mutex, OnceLock};

use rustc_hash::{FxHashMap, FxHashSet};

use super::worlds::Situation;
use crate::model::{Openness, Reason};
use crate::path::{Child, Selected};
use crate::policy::FieldId;
use crate::policy::combine::Treatment;

/// Index of a state in its plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StateId(pub u32);

/// Where in the body a node stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Zone {
    /// On the way to the record, so many steps of `at` behind it.
    Way(usize),
    /// Beside that way.
    Envelope,
    /// The record itself.
    RecordRoot,
    /// Inside a record.
    Record,
}

/// How far a pattern has matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Position {
    pub pattern: usize,
    pub step: usize,
}

impl Position {
    pub fn start(pattern: usize) -> Self {
        Position { pattern, step: 0 }
    }
}

/// An entry that covers a node from above.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Cover {
    pub treatment: Treatment,
    pub field: Option<FieldId>,
    /// It covers containers as well.
    pub whole: bool,
    /// Its object stays only for longer paths inside it; what the entry alone covers goes.
    pub remnant: bool,
}

/// All that decides a node in one world.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub zone: Zone,
    /// A pattern that has matched to its end stands here too, unless it is a net.
    pub positions: Vec<Position>,
    /// The entry at the array this node is an element of.
    pub array: Option<Cover>,
    /// The deepest `whole` entry above.
    pub whole: Option<Cover>,
    /// The entries of the nets that matched here or above; sorted.
    pub nets: Vec<usize>,
    /// One of them matched right here.
    pub caught: bool,
    /// How far patterns have matched if a selector selects this node, of which cannot be told yet.
    pub undecided: Vec<(usize, Position)>,
}

impl Key {
    pub fn new(zone: Zone, positions: Vec<Position>) -> Self {
        Key {
            zone,
            positions,
            array: None,
            whole: None,
            nets: Vec::new(),
            caught: false,
            undecided: Vec::new(),
        }
    }
}

/// What happens to a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What is done.
    pub act: Act,
    /// The outcome the listed fields of this node get.
    pub openness: Openness,
    /// Those fields.
    pub fields: Box<[FieldId]>,
    /// No entry lists the node.
    pub unlisted: bool,
}

/// What is done with a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// A scalar leaves as it came.
    Show,
    /// A scalar leaves as its mask or token.
    Replace(Treatment),
    /// `"***"` leaves in its place.
    Stars,
    /// `null` leaves in its place.
    Null,
    /// It goes.
    Drop,
    /// The whole answer is refused.
    Refuse(Reason),
    /// A container stays; its children are judged.
    Enter,
    /// Only a container's brackets stay.
    Hollow,
    /// A container leaves as it came, with all below.
    Copy,
}

/// The type of a node, as far as verdicts differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Node {
    /// A string, number or boolean.
    Scalar,
    /// `null`
    Null,
    /// An object.
    Object,
    /// An array.
    Array,
}

/// Whether a member may be judged by its value, or its name already decides. From most open to most closed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gate {
    /// By its value.
    #[default]
    Pass,
    /// Its name is data the caller does not see.
    DropListed,
    /// Its name is data nobody listed.
    DropUnlisted,
    /// The same, where unlisted data refuses the answer.
    Refuse,
}

/// See the module.
#[derive(Debug)]
pub struct State {
    pub(super) situation: Situation,
    /// A string, number or boolean here.
    pub scalar: Verdict,
    /// A `null` here.
    pub null: Verdict,
    /// An object here.
    pub object: Verdict,
    /// An array here.
    pub array: Verdict,
    /// A record begins here.
    pub is_record: bool,
    /// The person's field is here.
    pub is_person: bool,
    /// The person's field is somewhere below.
    pub person_below: bool,
    /// An array here must be empty, else the answer has not the declared shape.
    pub must_be_empty: bool,
    /// What a node holds decides which state it really has.
    pub waits: bool,
    /// How many elements an array has decides which state each of them has.
    pub counts: bool,
    /// It is none of the six above: nothing but its verdicts counts.
    pub is_plain: bool,
    /// The filters that are asked what the node holds.
    pub(super) filters: Box<[usize]>,
    pub(super) known: Known,
    pub(super) members: Members,
    pub(super) elements: Elements,
}

/// Where a node leads that was asked what it holds, by what its filters answered.
pub(super) type Known = Mutex<FxHashMap<Box<[Selected]>, StateId>>;

/// A transition, built when first taken.
type Slot = OnceLock<StateId>;

/// Where the members of an object lead.
#[derive(Debug)]
pub(super) struct Members {
    /// By name (lower-case under `keys: any-case`): what of it may be seen, and the transition. The names are the
    /// rules', so nobody can make them collide.
    pub names: FxHashMap<Box<str>, (Gate, Slot)>,
    pub other: Slot,
    /// For names that no path writes.
    pub gate: Gate,
    /// The names with case, `_` and `-` ignored, once somebody asked.
    pub forms: OnceLock<FxHashSet<String>>,
}

/// Where the elements of an array lead.
#[derive(Debug)]
pub(super) struct Elements {
    /// Elements that an index or slice tells apart.
    pub first: Vec<Slot>,
    /// All later ones, where they are all alike.
    pub rest: Option<Slot>,
}

impl State {
    /// What happens to a node of that type.
    #[inline]
    pub fn verdict(&self, node: Node) -> &Verdict {
        match node {
            Node::Scalar => &self.scalar,
            Node::Null => &self.null,
            Node::Object => &self.object,
            Node::Array => &self.array,
        }
    }

    /// All elements of an array here lead to one state.
    pub fn has_like_elements(&self) -> bool {
        self.elements.first.is_empty() && self.elements.rest.is_some()
    }

    pub(super) fn member(
        &self,
        name: &str,
        any_case: bool,
        build: impl Fn(&Situation, Child<'_>) -> Option<StateId>,
    ) -> Option<(StateId, Gate)> {
        let found = if any_case && name.bytes().any(|byte| byte.is_ascii_uppercase()) {
            self.members.names.get(name.to_ascii_lowercase().as_str())
        } else {
            self.members.names.get(name)
        };
        let (gate, slot, child) = match found {
            Some((gate, slot)) => (*gate, slot, Child::Member(name)),
            None => (self.members.gate, &self.members.other, Child::OtherMember),
        };
        let state = match slot.get() {
            Some(known) => *known,
            None => {
                let built = build(&self.situation, child)?;
                *slot.get_or_init(|| built)
            }
        };
        Some((state, gate))
    }

    pub(super) fn element(
        &self,
        index: u64,
        length: Option<u64>,
        build: impl Fn(&Situation, Child<'_>) -> Option<StateId>,
    ) -> Option<StateId> {
        let early = usize::try_from(index)
            .ok()
            .and_then(|index| self.elements.first.get(index));
        let slot = early.or(self.elements.rest.as_ref());
        if let Some(known) = slot.and_then(OnceLock::get) {
            return Some(*known);
        }
        let built = build(&self.situation, Child::Element { index, length })?;
        Some(slot.map_or(built, |slot| *slot.get_or_init(|| built)))
    }
}
