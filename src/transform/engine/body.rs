//! An answer's body as far as it is read: the open containers, what waits for its fate, what leaves.

use std::num::NonZeroU32;
use std::ops::Range;
use std::sync::Arc;

use super::super::pending::Pending;
use super::super::record::{FieldOutcomes, Record};
use super::super::{BodyLimits, Departed, Tally};
use super::direct::Stretch;
use super::habit::Course;
use super::output::Which;
use crate::json::{Kind, LONGEST_BLANKS, Piece};
use crate::model::Reason;
use crate::policy::combine::Treatment;
use crate::policy::plan::judge::Judge;
use crate::policy::plan::{Gate, Node, Plan, StateId};

/// See the module.
#[derive(Debug)]
pub(super) struct Body {
    pub limits: BodyLimits,
    /// Records must name the caller's own person.
    pub person_check: bool,
    /// Records are held until it is known how they are treated.
    pub judged: bool,
    /// The route answers with one record.
    pub single: bool,
    /// The person the caller is, where that is checked.
    pub caller_person: Option<String>,
    /// Input bytes before the chunk at hand.
    pub consumed: u64,
    pub frames: Vec<Frame>,
    pub now: Now,
    pub fate: Fate,
    /// Length of the run of blanks at hand.
    space: usize,
    pub spot: Spot,
    /// Blanks after the innermost opening bracket.
    pub first: Pending,
    /// Blanks, comma, blanks before the next child; or the blanks before the bracket.
    pub between: Pending,
    /// A member's name up to its value.
    pub head: Pending,
    pub next: Option<Member>,
    /// A scalar that must be read whole and was cut by a chunk's end.
    pub value: String,
    /// The range of the chunk that leaves and is not copied yet.
    pub run: Range<usize>,
    /// What leaves; from [`Hold::from`] on it waits.
    pub out: Vec<u8>,
    /// Output bytes taken before.
    pub taken: u64,
    pub hold: Option<Hold>,
    /// What [`Body::first`] was, should the record that is held go.
    pub held_first: Vec<u8>,
    /// From the root's last byte on.
    pub tail: Vec<u8>,
    pub record: Option<Box<Record>>,
    /// The last record's buffers.
    pub spare: Option<Box<Record>>,
    pub outcomes: Arc<FieldOutcomes>,
    /// How many records had them and are not in the tally yet.
    pub alike: u64,
    pub done: Departed,
    pub tally: Tally,
}

/// An open container that is looked into.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub state: StateId,
    pub object: bool,
    /// It has children.
    pub any: bool,
    /// It has children that leave.
    pub kept: bool,
    /// It is only searched for the person; nothing leaves.
    pub muted: bool,
    /// Only its brackets leave.
    pub hollow: bool,
    pub must_be_empty: bool,
    pub index: u64,
    pub length: Length,
    pub course: Course,
}

/// How many elements an array has, where that was counted.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Length(Option<NonZeroU32>);

impl Length {
    pub fn of(count: usize) -> Self {
        let more = count
            .checked_add(1)
            .and_then(|more| u32::try_from(more).ok());
        Length(more.and_then(NonZeroU32::new))
    }

    #[inline]
    pub fn get(self) -> Option<u64> {
        self.0.map(|more| u64::from(more.get()) - 1)
    }
}

impl Frame {
    /// Its children are judged by their states alone.
    #[inline(always)]
    pub fn is_plain(&self) -> bool {
        !(self.muted || self.hollow || self.must_be_empty)
    }

    pub fn new(state: StateId, object: bool) -> Self {
        Frame {
            state,
            object,
            any: false,
            kept: false,
            muted: false,
            hollow: false,
            must_be_empty: false,
            index: 0,
            length: Length::default(),
            course: Course::default(),
        }
    }
}

/// The type of the node a token begins.
#[inline]
pub(super) fn node_of(kind: Kind) -> Node {
    match kind {
        Kind::ObjectOpen => Node::Object,
        Kind::ArrayOpen => Node::Array,
        Kind::Null => Node::Null,
        _ => Node::Scalar,
    }
}

/// What the next piece belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Now {
    /// A token of a container that is looked into.
    Judging,
    /// A subtree that leaves as it came; so many brackets are open around it.
    Copying { floor: usize },
    /// A subtree that goes.
    Skipping { floor: usize },
    /// A value that is held as it comes.
    Holding { floor: usize },
    /// The rest of a scalar, of which [`Body::fate`] tells.
    Scalar,
}

/// What happens to a scalar.
#[derive(Clone, Debug, Default)]
pub(super) struct Fate {
    pub passes: bool,
    pub replace: Option<Treatment>,
    pub is_person: bool,
}

/// Where a run of blanks stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spot {
    BeforeRoot,
    First,
    Head,
    Between,
    AfterRoot,
}

/// The member whose value comes next.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member {
    pub state: StateId,
    pub gate: Gate,
    pub looks_listed: bool,
    /// Of the array it is.
    pub length: Length,
}

impl Member {
    /// Nothing but the state of its value decides.
    #[inline]
    pub fn is_plain(&self) -> bool {
        self.gate == Gate::Pass && !self.looks_listed
    }

    /// The root, or an element.
    pub fn unnamed(state: StateId) -> Self {
        Member {
            state,
            gate: Gate::Pass,
            looks_listed: false,
            length: Length::default(),
        }
    }
}

/// The end of the output waits until it is known whether a record may leave.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hold {
    /// Where in [`Body::out`] what waits begins.
    pub from: usize,
    /// It is the record alone, with the blanks, comma and name before it; else all of the answer so far.
    pub record_only: bool,
}

impl Body {
    pub fn new(
        plan: &Plan,
        limits: BodyLimits,
        caller_person: Option<String>,
        judge: Option<&Judge>,
    ) -> Self {
        let (person_check, single) = (plan.person_check(), plan.is_single());
        let may_be_gone = person_check || judge.is_some_and(Judge::gates);
        Body {
            limits,
            person_check,
            judged: judge.is_some(),
            single,
            caller_person,
            consumed: 0,
            frames: Vec::new(),
            now: Now::Judging,
            fate: Fate::default(),
            space: 0,
            spot: Spot::BeforeRoot,
            first: Pending::default(),
            between: Pending::default(),
            head: Pending::default(),
            next: None,
            value: String::new(),
            run: 0..0,
            out: Vec::new(),
            taken: 0,
            hold: (may_be_gone && single).then_some(Hold {
                from: 0,
                record_only: false,
            }),
            held_first: Vec::new(),
            tail: Vec::new(),
            record: None,
            spare: None,
            outcomes: Arc::default(),
            alike: 0,
            done: Departed::default(),
            tally: Tally::default(),
        }
    }

    /// The input is complete.
    pub fn finish(&mut self) -> Result<(), Reason> {
        self.settle_tally();
        if self.hold.is_some() {
            // No record was seen, so it is as if there were none: nobody learns whether one is hidden.
            return Err(Reason::NoSuchRecord);
        }
        self.out.extend_from_slice(&self.tail);
        self.tail.clear();
        Ok(())
    }

    /// The chunk is about to go.
    pub fn leave_chunk(&mut self, chunk: &str) {
        self.settle(chunk);
        self.consumed += chunk.len() as u64;
        self.settle_tally();
    }

    /// What stands before a child that lies in the chunk: blanks and comma, then its name.
    #[inline]
    pub fn before_child(&mut self, chunk: &str, stretch: Stretch) {
        let separator = stretch.start..stretch.head;
        match self.frames.last() {
            Some(Frame { muted: true, .. }) => {}
            _ if stretch.is_first => self.first.push(chunk, separator),
            _ => self.between.push(chunk, separator),
        }
        self.head.push(chunk, stretch.head..stretch.token.start);
    }

    pub fn space(&mut self, chunk: &str, piece: Piece) {
        if piece.first {
            self.space = 0;
        }
        let length = piece.end - piece.start;
        // What is beyond is cut.
        let kept = length.min(LONGEST_BLANKS.saturating_sub(self.space));
        self.space = self.space.saturating_add(length);
        let range = piece.start..piece.start + kept;
        match (&self.now, self.spot) {
            (Now::Skipping { .. } | Now::Holding { .. }, _) => {}
            _ if self.frames.last().is_some_and(|frame| frame.muted) => {}
            (Now::Copying { .. }, _) | (_, Spot::BeforeRoot) => self.keep(chunk, range),
            (_, Spot::AfterRoot) => {
                let text = chunk.get(range).unwrap_or_default();
                self.tail.extend_from_slice(text.as_bytes());
            }
            (_, Spot::First) => self.first.push(chunk, range),
            (_, Spot::Head) => self.head.push(chunk, range),
            (_, Spot::Between) => self.between.push(chunk, range),
        }
    }

    /// A piece of a subtree that leaves as it came; `done` if it is its last.
    pub fn copy(&mut self, chunk: &str, piece: Piece, done: bool) -> Result<(), Reason> {
        if !done {
            self.keep(chunk, piece.start..piece.end);
            return Ok(());
        }
        self.keep_last(chunk, piece);
        self.value_done(chunk)
    }

    /// A bracket that leaves; the root's waits for the input's end.
    fn keep_last(&mut self, chunk: &str, piece: Piece) {
        let range = piece.start..piece.end;
        if self.frames.is_empty() {
            self.flush(chunk);
            let text = chunk.get(range).unwrap_or_default();
            self.tail.extend_from_slice(text.as_bytes());
        } else {
            self.keep(chunk, range);
        }
    }

    #[inline]
    pub fn open(&mut self, frame: Frame) {
        self.spot = Spot::First;
        if !frame.muted {
            self.first.clear();
        }
        self.between.clear();
        self.head.clear();
        self.frames.push(frame);
    }

    /// The object that began just now.
    #[inline]
    pub fn opened(&mut self) -> Option<&mut Frame> {
        self.frames
            .last_mut()
            .filter(|frame| frame.object && !frame.any)
    }

    pub fn close(&mut self, chunk: &str, piece: Piece) -> Result<(), Reason> {
        let frame = self.frames.pop().ok_or(Reason::Internal)?;
        if !frame.muted {
            if frame.kept {
                self.emit(chunk, Which::Between);
            } else if !frame.any {
                self.emit(chunk, Which::First);
            }
            self.keep_last(chunk, piece);
        }
        self.value_done(chunk)
    }

    /// A value has ended, whatever became of it.
    #[inline]
    pub fn value_done(&mut self, chunk: &str) -> Result<(), Reason> {
        self.now = Now::Judging;
        self.between.clear();
        self.head.clear();
        let depth = self.frames.len();
        self.spot = if depth == 0 {
            Spot::AfterRoot
        } else {
            Spot::Between
        };
        match &self.record {
            Some(record) if record.depth == depth => self.end_record(chunk),
            _ => Ok(()),
        }
    }
}
