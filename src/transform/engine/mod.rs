//! The one-pass engine: an upstream's bytes in, the caller's bytes out.
//!
//! Untouched ranges are copied as they are; memory is the nesting depth plus one value, plus one record where the
//! person must be known first. It refuses what is not strictly JSON, not of the declared shape or beyond a limit,
//! at the same byte however the input was cut; the root's last byte is held back until [`Engine::finish`].

mod held;
mod output;
mod scalar;
mod value;

use std::ops::Range;
use std::sync::Arc;

use super::pending::Pending;
use super::record::{FieldOutcomes, Record};
use super::{BodyLimits, RecordDone, Tally};
use crate::json::{self, Kind, Lexer, Piece, Utf8};
use crate::model::Reason;
use crate::policy::combine::Treatment;
use crate::policy::plan::{Gate, Plan, State, StateId};

/// Blanks beyond this many in one run are cut.
const LONGEST_SPACE: usize = 256;

/// See the module.
#[derive(Debug)]
pub struct Engine {
    plan: Arc<Plan>,
    states: Arc<Vec<Arc<State>>>,
    limits: BodyLimits,
    /// The person the caller is, where the plan checks it.
    caller_person: Option<String>,
    utf8: Utf8,
    lexer: Lexer,
    /// Input bytes before the chunk at hand.
    consumed: u64,
    frames: Vec<Frame>,
    now: Now,
    /// Length of the run of blanks at hand.
    space: usize,
    spot: Spot,
    /// Blanks after the innermost opening bracket.
    first: Pending,
    /// Blanks, comma, blanks before the next child; or the blanks before the bracket.
    between: Pending,
    /// A member's name up to its value.
    head: Pending,
    name: Vec<u8>,
    next: Option<Member>,
    value: Vec<u8>,
    /// The range of the chunk that leaves and is not copied yet.
    run: Range<usize>,
    out: Vec<u8>,
    /// Output bytes taken before.
    taken: u64,
    hold: Option<Hold>,
    /// From the root's last byte on.
    tail: Vec<u8>,
    record: Option<Record>,
    outcomes: Arc<FieldOutcomes>,
    done: Vec<RecordDone>,
    tally: Tally,
}

/// An open container that is looked into.
#[derive(Debug)]
struct Frame {
    state: StateId,
    object: bool,
    /// It has children.
    any: bool,
    /// It has children that leave.
    kept: bool,
    /// It is only searched for the person; nothing leaves.
    muted: bool,
    /// Only its brackets leave.
    hollow: bool,
    must_be_empty: bool,
    index: u64,
}

impl Frame {
    fn new(state: StateId, object: bool) -> Self {
        Frame {
            state,
            object,
            any: false,
            kept: false,
            muted: false,
            hollow: false,
            must_be_empty: false,
            index: 0,
        }
    }
}

/// What the next piece belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Now {
    /// A token of a container that is looked into.
    Judging,
    /// A subtree that leaves as it came; so many brackets are open.
    Copying(usize),
    /// A subtree that goes.
    Skipping(usize),
    /// The rest of a scalar.
    Scalar(Fate),
}

/// What happens to a scalar.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Fate {
    passes: bool,
    replace: Option<Treatment>,
    is_person: bool,
}

/// Where a run of blanks stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spot {
    BeforeRoot,
    First,
    Head,
    Between,
    AfterRoot,
}

/// The member whose value comes next.
#[derive(Clone, Copy, Debug)]
struct Member {
    state: StateId,
    gate: Gate,
    looks_listed: bool,
}

/// Output that waits until a record's person is known.
#[derive(Debug)]
struct Hold {
    bytes: Vec<u8>,
    /// What goes before the record if it leaves: its blanks and comma, its name. `None` where the whole answer is
    /// held, all that among `bytes`.
    lead: Option<Vec<u8>>,
    /// What [`Engine::first`] was, should the record go.
    first: Vec<u8>,
}

impl Engine {
    /// An engine at the beginning of an answer. `caller_person` is whom the records must be of, where the plan
    /// checks that.
    pub fn new(plan: Arc<Plan>, limits: BodyLimits, caller_person: Option<String>) -> Self {
        let holds_all = plan.person_check() && plan.is_single();
        Engine {
            states: plan.states(),
            limits,
            caller_person,
            utf8: Utf8::default(),
            lexer: Lexer::new(json::Limits {
                depth: limits.depth,
                key: limits.key,
            }),
            consumed: 0,
            frames: Vec::new(),
            now: Now::Judging,
            space: 0,
            spot: Spot::BeforeRoot,
            first: Pending::default(),
            between: Pending::default(),
            head: Pending::default(),
            name: Vec::new(),
            next: None,
            value: Vec::new(),
            run: 0..0,
            out: Vec::new(),
            taken: 0,
            hold: holds_all.then(|| Hold {
                bytes: Vec::new(),
                lead: None,
                first: Vec::new(),
            }),
            tail: Vec::new(),
            record: None,
            outcomes: Arc::default(),
            done: Vec::new(),
            tally: Tally::default(),
            plan,
        }
    }

    /// Reads the next bytes of the answer.
    ///
    /// # Errors
    ///
    /// The reason to refuse the answer. What [`Engine::take_output`] gives then is what preceded the fault.
    pub fn feed(&mut self, chunk: &[u8]) -> Result<(), Reason> {
        let read = self.utf8.take(chunk);
        let (carried, length) = read.carried;
        self.chunk(carried.get(..length).unwrap_or_default())?;
        self.chunk(read.whole)?;
        read.fault.map_or(Ok(()), |fault| Err(fault.into()))
    }

    /// The answer has provably ended.
    ///
    /// # Errors
    ///
    /// The reason to refuse the answer, where it is not complete.
    pub fn finish(&mut self) -> Result<(), Reason> {
        self.utf8.finish()?;
        while let Some(piece) = self.lexer.finish()? {
            self.piece(&[], piece)?;
        }
        if self.hold.is_some() {
            // No record was seen, so it is as if there were none: nobody learns whether one is hidden.
            return Err(Reason::NoSuchRecord);
        }
        self.out.append(&mut self.tail);
        Ok(())
    }

    /// The output since the last call.
    pub fn take_output(&mut self) -> Vec<u8> {
        self.taken += self.out.len() as u64;
        std::mem::take(&mut self.out)
    }

    /// The records that were completed since the last call.
    pub fn take_records(&mut self) -> Vec<RecordDone> {
        std::mem::take(&mut self.done)
    }

    /// What the answer held so far.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    fn chunk(&mut self, chunk: &[u8]) -> Result<(), Reason> {
        let read = self.pieces(chunk);
        self.flush(chunk);
        for pending in [&mut self.first, &mut self.between, &mut self.head] {
            pending.settle(chunk);
        }
        self.consumed += chunk.len() as u64;
        read
    }

    fn pieces(&mut self, chunk: &[u8]) -> Result<(), Reason> {
        let mut at = 0;
        while let Some(piece) = self.lexer.next(chunk, at)? {
            at = piece.end;
            let piece = self.judge_at_limit(chunk, piece)?;
            self.piece(chunk, piece)?;
        }
        Ok(())
    }

    #[inline]
    fn piece(&mut self, chunk: &[u8], piece: Piece) -> Result<(), Reason> {
        if piece.kind == Kind::Space {
            self.space(chunk, piece);
            return Ok(());
        }
        match &mut self.now {
            Now::Judging => self.token(chunk, piece),
            Now::Scalar(_) => self.scalar_piece(chunk, piece),
            Now::Copying(depth) => {
                let done = nest(depth, piece);
                if done && self.frames.is_empty() {
                    self.flush(chunk);
                    self.tail.extend_from_slice(slice(chunk, piece));
                } else {
                    self.keep(chunk, piece.start..piece.end);
                }
                if done { self.value_done(chunk) } else { Ok(()) }
            }
            Now::Skipping(depth) => {
                if nest(depth, piece) {
                    self.value_done(chunk)
                } else {
                    Ok(())
                }
            }
        }
    }

    fn space(&mut self, chunk: &[u8], piece: Piece) {
        if piece.first {
            self.space = 0;
        }
        let length = piece.end - piece.start;
        let kept = length.min(LONGEST_SPACE.saturating_sub(self.space));
        self.space = self.space.saturating_add(length);
        let range = piece.start..piece.start + kept;
        match (&self.now, self.spot) {
            (Now::Skipping(_), _) => {}
            _ if self.frames.last().is_some_and(|frame| frame.muted) => {}
            (Now::Copying(_), _) | (_, Spot::BeforeRoot) => self.keep(chunk, range),
            (_, Spot::AfterRoot) => {
                self.tail
                    .extend_from_slice(chunk.get(range).unwrap_or_default());
            }
            (_, Spot::First) => self.first.push(chunk, range),
            (_, Spot::Head) => self.head.push(chunk, range),
            (_, Spot::Between) => self.between.push(chunk, range),
        }
    }
}

/// Follows the brackets of a subtree; `true` when it has ended.
fn nest(depth: &mut usize, piece: Piece) -> bool {
    match piece.kind {
        Kind::ObjectOpen | Kind::ArrayOpen => *depth += 1,
        Kind::ObjectClose | Kind::ArrayClose => *depth = depth.saturating_sub(1),
        _ => return false,
    }
    *depth == 0
}

fn slice(chunk: &[u8], piece: Piece) -> &[u8] {
    chunk.get(piece.start..piece.end).unwrap_or_default()
}

fn unquoted(string: &[u8]) -> &[u8] {
    string
        .get(1..string.len().saturating_sub(1))
        .unwrap_or_default()
}
