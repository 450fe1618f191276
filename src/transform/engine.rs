//! The one-pass engine: an upstream's bytes in, the caller's bytes out.
//!
//! Untouched ranges are copied as they are; memory is the nesting depth plus one value, plus one record where the
//! person must be known first. It refuses what is not strictly JSON, not of the declared shape or beyond a limit,
//! at the same byte however the input was cut; the root's last byte is held back until [`Engine::finish`].

use std::ops::Range;
use std::sync::Arc;

use super::pending::Pending;
use super::record::{FieldOutcomes, Record, Sighting};
use super::{BodyLimits, RecordDone, Tally};
use crate::json::{self, Kind, Lexer, Piece, Utf8};
use crate::mask::Scalar;
use crate::model::{Openness, Reason};
use crate::policy::combine::Treatment;
use crate::policy::plan::{Act, Gate, Plan, State, StateId, Verdict};

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
    must_be_empty: bool,
    index: u64,
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
        if let Some(hold) = self.hold.take() {
            self.out.extend_from_slice(&hold.bytes);
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
            self.check_held_length(chunk, at)?;
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

    #[inline]
    fn token(&mut self, chunk: &[u8], piece: Piece) -> Result<(), Reason> {
        match piece.kind {
            Kind::Key => self.key(chunk, piece),
            Kind::Colon => {
                self.head.push(chunk, piece.start..piece.end);
                Ok(())
            }
            Kind::Comma => {
                self.between.push(chunk, piece.start..piece.end);
                Ok(())
            }
            Kind::ObjectClose | Kind::ArrayClose => self.close(chunk, piece),
            _ => self.value(chunk, piece),
        }
    }

    fn key(&mut self, chunk: &[u8], piece: Piece) -> Result<(), Reason> {
        self.spot = Spot::Head;
        self.head.push(chunk, piece.start..piece.end);
        if !(piece.first && piece.last) {
            if piece.first {
                self.name.clear();
            }
            self.name.extend_from_slice(slice(chunk, piece));
            if !piece.last {
                return Ok(());
            }
        }
        let quoted = if piece.first {
            slice(chunk, piece)
        } else {
            &self.name
        };
        let name = json::decode(unquoted(quoted)).ok_or(Reason::UnreadableBody)?;
        let frame = self.frames.last().ok_or(Reason::Internal)?;
        let state = self
            .states
            .get(frame.state.0 as usize)
            .ok_or(Reason::Internal)?;
        let (state, gate) = self.plan.member(state, &name).ok_or(Reason::Overloaded)?;
        self.next = Some(Member {
            state,
            gate,
            looks_listed: self.plan.looks_listed(&name),
        });
        Ok(())
    }

    /// The first piece of a value.
    fn value(&mut self, chunk: &[u8], piece: Piece) -> Result<(), Reason> {
        let member = self.child()?;
        if self.states.len() <= member.state.0 as usize {
            self.states = self.plan.states();
        }
        let states = Arc::clone(&self.states);
        let state = states
            .get(member.state.0 as usize)
            .ok_or(Reason::Internal)?;
        let container = matches!(piece.kind, Kind::ObjectOpen | Kind::ArrayOpen);
        if container && state.is_person {
            self.see(None)?;
        }
        if self.frames.last().is_some_and(|frame| frame.muted) {
            return self.pass_over(chunk, piece, member.state, state);
        }
        let verdict = match piece.kind {
            Kind::ObjectOpen => &state.object,
            Kind::ArrayOpen => &state.array,
            Kind::Null => &state.null,
            _ => &state.scalar,
        };
        let gone = match (&verdict.act, member.gate) {
            (Act::Refuse(reason), _) => return Err(*reason),
            (_, Gate::Refuse) => return Err(Reason::UnlistedField),
            (_, Gate::DropListed | Gate::DropUnlisted) => true,
            (act, Gate::Pass) => *act == Act::Drop || (verdict.unlisted && member.looks_listed),
        };
        if state.is_record && piece.kind != Kind::Null && !gone {
            self.begin_record(chunk, piece);
        }
        self.count(verdict, member.gate, gone);
        if gone {
            return self.pass_over(chunk, piece, member.state, state);
        }
        self.emit_lead(chunk);
        match &verdict.act {
            Act::Enter if container => {
                self.keep(chunk, piece.start..piece.end);
                let object = piece.kind == Kind::ObjectOpen;
                self.open(member.state, object, false, !object && state.must_be_empty);
                Ok(())
            }
            Act::Copy if container => {
                self.keep(chunk, piece.start..piece.end);
                self.now = Now::Copying(1);
                Ok(())
            }
            Act::Show => self.scalar(chunk, piece, state, None, true),
            Act::Replace(treatment) if !container => {
                self.scalar(chunk, piece, state, Some(treatment.clone()), false)
            }
            act => {
                let text: &[u8] = if *act == Act::Null {
                    b"null"
                } else {
                    b"\"***\""
                };
                self.write(chunk, text);
                self.pass_over(chunk, piece, member.state, state)
            }
        }
    }

    /// Which state the value that begins now has.
    fn child(&mut self) -> Result<Member, Reason> {
        let Some(frame) = self.frames.last_mut() else {
            let state = self.plan.root_state();
            return Ok(Member {
                state,
                gate: Gate::Pass,
                looks_listed: false,
            });
        };
        frame.any = true;
        if frame.must_be_empty {
            return Err(Reason::UnexpectedShape);
        }
        if frame.object {
            return self.next.take().ok_or(Reason::Internal);
        }
        let index = frame.index;
        frame.index += 1;
        let state = self
            .states
            .get(frame.state.0 as usize)
            .ok_or(Reason::Internal)?;
        let state = self.plan.element(state, index).ok_or(Reason::Overloaded)?;
        Ok(Member {
            state,
            gate: Gate::Pass,
            looks_listed: false,
        })
    }

    fn count(&mut self, verdict: &Verdict, gate: Gate, gone: bool) {
        let openness = if gone {
            Openness::Strip
        } else {
            verdict.openness
        };
        let unlisted = gone && (verdict.unlisted || gate == Gate::DropUnlisted);
        match &mut self.record {
            Some(record) => {
                record.count(&verdict.fields, openness);
                record.unlisted += u64::from(unlisted);
            }
            None => self.tally.unlisted += u64::from(unlisted),
        }
    }

    /// A value nothing of which leaves (any more); the person is still looked for.
    fn pass_over(
        &mut self,
        chunk: &[u8],
        piece: Piece,
        id: StateId,
        state: &State,
    ) -> Result<(), Reason> {
        match piece.kind {
            Kind::ObjectOpen | Kind::ArrayOpen if state.person_below && self.record.is_some() => {
                self.open(id, piece.kind == Kind::ObjectOpen, true, false);
                Ok(())
            }
            Kind::ObjectOpen | Kind::ArrayOpen => {
                self.now = Now::Skipping(1);
                Ok(())
            }
            _ => self.scalar(chunk, piece, state, None, false),
        }
    }

    fn open(&mut self, state: StateId, object: bool, muted: bool, must_be_empty: bool) {
        self.frames.push(Frame {
            state,
            object,
            any: false,
            kept: false,
            muted,
            must_be_empty,
            index: 0,
        });
        self.spot = Spot::First;
        if !muted {
            self.first.clear();
        }
        self.between.clear();
        self.head.clear();
    }

    fn scalar(
        &mut self,
        chunk: &[u8],
        piece: Piece,
        state: &State,
        replace: Option<Treatment>,
        passes: bool,
    ) -> Result<(), Reason> {
        let is_person = state.is_person && self.record.is_some();
        self.now = Now::Scalar(Fate {
            passes,
            replace,
            is_person,
        });
        self.scalar_piece(chunk, piece)
    }

    fn scalar_piece(&mut self, chunk: &[u8], piece: Piece) -> Result<(), Reason> {
        let Now::Scalar(fate) = &self.now else {
            return Err(Reason::Internal);
        };
        let reads = fate.is_person || fate.replace.as_ref().is_some_and(reads_value);
        let passes = fate.passes;
        if reads {
            self.hold_value(chunk, piece)?;
        }
        if passes {
            self.pass(chunk, piece)?;
        }
        if !piece.last {
            return Ok(());
        }
        let Now::Scalar(fate) = std::mem::replace(&mut self.now, Now::Judging) else {
            return Err(Reason::Internal);
        };
        let raw = std::mem::take(&mut self.value);
        let whole: &[u8] = if piece.first {
            slice(chunk, piece)
        } else {
            &raw
        };
        if let Some(treatment) = &fate.replace {
            let value = if reads {
                scalar_of(piece.kind, whole)?
            } else {
                Owned::Null
            };
            let mut text = Vec::new();
            replace(treatment, value.borrow(), &mut text);
            self.write(chunk, &text);
        }
        if fate.is_person {
            let person = match scalar_of(piece.kind, whole)? {
                Owned::Text(text) | Owned::Number(text) => Some(text),
                Owned::Boolean | Owned::Null => None,
            };
            self.see(person)?;
        }
        self.value = raw;
        self.value.clear();
        self.value_done(chunk)
    }

    /// Keeps a value that must be read whole; what lies in one chunk is read there.
    fn hold_value(&mut self, chunk: &[u8], piece: Piece) -> Result<(), Reason> {
        let length = self.value.len() + (piece.end - piece.start);
        if length > self.limits.value {
            return Err(Reason::LimitValue);
        }
        if !(piece.first && piece.last) {
            self.value.extend_from_slice(slice(chunk, piece));
        }
        Ok(())
    }

    /// A piece of a scalar that leaves as it came. Of a root scalar the end is held back.
    fn pass(&mut self, chunk: &[u8], piece: Piece) -> Result<(), Reason> {
        if !self.frames.is_empty() {
            self.keep(chunk, piece.start..piece.end);
            return Ok(());
        }
        let end = match piece.kind {
            Kind::String if piece.last => piece.end.saturating_sub(1),
            Kind::String => piece.end,
            _ => piece.start,
        };
        self.keep(chunk, piece.start..end);
        self.tail
            .extend_from_slice(chunk.get(end..piece.end).unwrap_or_default());
        if self.tail.len() > self.limits.value {
            Err(Reason::LimitValue)
        } else {
            Ok(())
        }
    }

    fn close(&mut self, chunk: &[u8], piece: Piece) -> Result<(), Reason> {
        let frame = self.frames.pop().ok_or(Reason::Internal)?;
        if !frame.muted {
            if frame.kept {
                self.emit(chunk, Which::Between);
            } else if !frame.any {
                self.emit(chunk, Which::First);
            }
            if self.frames.is_empty() {
                self.flush(chunk);
                self.tail.extend_from_slice(slice(chunk, piece));
            } else {
                self.keep(chunk, piece.start..piece.end);
            }
        }
        self.value_done(chunk)
    }

    /// A value has ended, whatever became of it.
    fn value_done(&mut self, chunk: &[u8]) -> Result<(), Reason> {
        self.now = Now::Judging;
        self.between.clear();
        self.head.clear();
        self.spot = if self.frames.is_empty() {
            Spot::AfterRoot
        } else {
            Spot::Between
        };
        if self
            .record
            .as_ref()
            .is_some_and(|record| record.depth == self.frames.len())
        {
            self.end_record(chunk)?;
        }
        Ok(())
    }

    // Records and their persons.

    fn begin_record(&mut self, chunk: &[u8], piece: Piece) {
        let held = self.plan.person_check();
        if held && self.hold.is_none() {
            let kept = self.frames.last().is_some_and(|frame| frame.kept);
            let first = self.first.to_vec(chunk);
            let mut lead = if kept {
                self.between.to_vec(chunk)
            } else {
                first.clone()
            };
            lead.extend_from_slice(&self.head.to_vec(chunk));
            self.flush(chunk);
            self.hold = Some(Hold {
                bytes: Vec::new(),
                lead: Some(lead),
                first,
            });
        }
        let start = self.consumed + piece.start as u64;
        self.record = Some(Record::new(start, self.frames.len(), held));
    }

    fn see(&mut self, person: Option<String>) -> Result<(), Reason> {
        let Some(record) = &mut self.record else {
            return Ok(());
        };
        record.see(person);
        let released = self.plan.person_check() && !record.held;
        if released && record.person == Sighting::Unusable {
            return Err(self.not_theirs());
        }
        Ok(())
    }

    fn not_theirs(&self) -> Reason {
        if self.plan.is_single() {
            Reason::NoSuchRecord
        } else {
            Reason::UnexpectedShape
        }
    }

    /// A record that is held is judged by what is known of its person when it outgrows the limit.
    fn check_held_length(&mut self, chunk: &[u8], end: usize) -> Result<(), Reason> {
        let Some(record) = self.record.as_ref().filter(|record| record.held) else {
            return Ok(());
        };
        let length = (self.consumed + end as u64).saturating_sub(record.start);
        if length <= self.limits.record as u64 {
            return Ok(());
        }
        if record.is_of(self.caller_person.as_deref()) {
            self.release(chunk);
            return Ok(());
        }
        if self.plan.is_single() {
            return Err(Reason::NoSuchRecord);
        }
        self.drop_rest_of_record(chunk);
        Ok(())
    }

    fn drop_rest_of_record(&mut self, chunk: &[u8]) {
        let Some(record) = self.record.take() else {
            return;
        };
        let inner = match self.now {
            Now::Copying(depth) | Now::Skipping(depth) => depth,
            Now::Judging | Now::Scalar(_) => 0,
        };
        let open = self.frames.len().saturating_sub(record.depth) + inner;
        self.frames.truncate(record.depth);
        self.discard(chunk);
        self.value.clear();
        // A scalar record, or the scalar at hand in one, is passed over to its own end.
        self.now = if open == 0 {
            Now::Scalar(Fate {
                passes: false,
                replace: None,
                is_person: false,
            })
        } else {
            Now::Skipping(open)
        };
    }

    fn end_record(&mut self, chunk: &[u8]) -> Result<(), Reason> {
        self.flush(chunk);
        let Some(record) = self.record.take() else {
            return Ok(());
        };
        if record.held {
            if !record.is_of(self.caller_person.as_deref()) {
                if self.plan.is_single() {
                    return Err(Reason::NoSuchRecord);
                }
                self.discard(chunk);
                return Ok(());
            }
            self.release(chunk);
        }
        self.tally.unlisted += record.unlisted;
        let (person, outcomes) = record.into_parts();
        self.tally.add(&outcomes);
        if *self.outcomes != outcomes {
            self.outcomes = Arc::new(outcomes);
        }
        self.done.push(RecordDone {
            end: self.taken + self.out.len() as u64,
            person,
            outcomes: Arc::clone(&self.outcomes),
        });
        Ok(())
    }

    /// The record at hand leaves.
    fn release(&mut self, chunk: &[u8]) {
        self.flush(chunk);
        if let Some(hold) = self.hold.take() {
            self.out
                .extend_from_slice(hold.lead.as_deref().unwrap_or_default());
            self.out.extend_from_slice(&hold.bytes);
        }
        let depth = match &mut self.record {
            Some(record) => {
                record.held = false;
                record.depth
            }
            None => self.frames.len(),
        };
        if let Some(parent) = depth.checked_sub(1).and_then(|at| self.frames.get_mut(at)) {
            parent.kept = true;
        }
    }

    /// The record at hand goes.
    fn discard(&mut self, chunk: &[u8]) {
        self.flush(chunk);
        if let Some(hold) = self.hold.take() {
            self.first.restore(hold.first);
        }
    }

    // Output.

    /// What stands before a child that leaves: blanks, comma, name.
    fn emit_lead(&mut self, chunk: &[u8]) {
        let opens_record = self
            .record
            .as_ref()
            .is_some_and(|record| record.depth == self.frames.len());
        if opens_record && self.hold.as_ref().is_some_and(|hold| hold.lead.is_some()) {
            return;
        }
        let Some(frame) = self.frames.last_mut() else {
            return;
        };
        let kept = std::mem::replace(&mut frame.kept, true);
        self.emit(chunk, if kept { Which::Between } else { Which::First });
        self.emit(chunk, Which::Head);
    }

    fn emit(&mut self, chunk: &[u8], which: Which) {
        let pending = match which {
            Which::First => &self.first,
            Which::Between => &self.between,
            Which::Head => &self.head,
        };
        let (saved, range) = pending.parts();
        if !saved.is_empty() {
            let saved = saved.to_vec();
            self.write(chunk, &saved);
        }
        self.keep(chunk, range);
    }

    #[inline]
    fn keep(&mut self, chunk: &[u8], range: Range<usize>) {
        if range.is_empty() {
            return;
        }
        if self.run.end == range.start {
            self.run.end = range.end;
        } else {
            self.flush(chunk);
            self.run = range;
        }
    }

    /// Bytes of our own. In place of the root they are its end, and wait for the input's.
    fn write(&mut self, chunk: &[u8], bytes: &[u8]) {
        self.flush(chunk);
        if self.frames.is_empty() {
            self.tail.extend_from_slice(bytes);
        } else {
            self.sink().extend_from_slice(bytes);
        }
    }

    fn flush(&mut self, chunk: &[u8]) {
        let run = std::mem::replace(&mut self.run, 0..0);
        if !run.is_empty() {
            self.sink()
                .extend_from_slice(chunk.get(run).unwrap_or_default());
        }
    }

    fn sink(&mut self) -> &mut Vec<u8> {
        match &mut self.hold {
            Some(hold) => &mut hold.bytes,
            None => &mut self.out,
        }
    }
}

#[derive(Clone, Copy)]
enum Which {
    First,
    Between,
    Head,
}

/// A scalar that was read.
enum Owned {
    Text(String),
    Number(String),
    Boolean,
    Null,
}

impl Owned {
    fn borrow(&self) -> Scalar<'_> {
        match self {
            Owned::Text(text) => Scalar::String(text),
            Owned::Number(text) => Scalar::Number(text),
            Owned::Boolean => Scalar::Boolean,
            Owned::Null => Scalar::Null,
        }
    }
}

fn scalar_of(kind: Kind, raw: &[u8]) -> Result<Owned, Reason> {
    let text = |raw| json::decode(raw).map(std::borrow::Cow::into_owned);
    let read = match kind {
        Kind::String => text(unquoted(raw)).map(Owned::Text),
        Kind::Number => text(raw).map(Owned::Number),
        Kind::Boolean => Some(Owned::Boolean),
        _ => Some(Owned::Null),
    };
    read.ok_or(Reason::UnreadableBody)
}

/// Whether the replacement depends on the value; else the value need not be held.
fn reads_value(treatment: &Treatment) -> bool {
    match treatment {
        Treatment::Mask(mask) => mask.reads_value(),
        Treatment::Token(_) => true,
        Treatment::Show | Treatment::Blank | Treatment::Strip => false,
    }
}

fn replace(treatment: &Treatment, value: Scalar<'_>, out: &mut Vec<u8>) {
    match treatment {
        Treatment::Mask(mask) => mask.apply(value, out),
        Treatment::Token(key) => key.apply(value, out),
        // Whoever adds an outcome that is no replacement gets the most closed text here.
        Treatment::Show | Treatment::Blank | Treatment::Strip => out.extend_from_slice(b"null"),
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
