//! The one-pass engine: an upstream's bytes in, the caller's bytes out.
//!
//! Untouched ranges are copied as they are; memory is the nesting depth plus one value, plus one record where the
//! person, or what the record holds, must be known first. It refuses what is not strictly JSON, not of the declared shape or beyond a limit,
//! at the same byte however the input was cut; the root's last byte is held back until [`Engine::finish`].

mod body;
mod children;
mod direct;
mod habit;
mod held;
mod output;
mod raw;
mod scalar;
mod script;
mod several;
mod stride;
mod value;

use std::sync::Arc;

use self::body::{Body, Length, Member, Now, Spot};
use self::habit::Habits;
use self::raw::{Raw, Variant};
use self::script::Scripts;
use self::several::Document;
use super::{BodyLimits, Departed, Tally};
use crate::json::{self, Kind, Lexer, Piece, Utf8};
use crate::model::Reason;
use crate::policy::plan::judge::Judge;
use crate::policy::plan::{Plan, State, StateId};

/// See the module.
#[derive(Debug)]
pub struct Engine {
    terms: Terms,
    /// What decides of each record under which plan it is read.
    judge: Option<Arc<Judge>>,
    utf8: Utf8,
    lexer: Lexer,
    /// A name that a chunk's end cut in two.
    name: String,
    body: Body,
    /// The value that is held as it comes.
    raw: Option<Raw>,
    /// The place of the value that is read again.
    again: Option<Member>,
    /// How many values that were held are being read again, each within the one before.
    nested: usize,
    /// The plans of records that came before.
    variants: Vec<Terms>,
    /// The record at hand, where it outgrew the limit and has another plan than what is around it.
    variant: Option<Variant>,
    /// The buffer of the last value that was held.
    spare: String,
    /// Of several documents, the one at hand.
    document: Document,
}

/// What nodes are judged by.
#[derive(Debug)]
struct Terms {
    plan: Arc<Plan>,
    states: Arc<Vec<Arc<State>>>,
    habits: Habits,
    scripts: Scripts,
}

impl Terms {
    fn new(plan: Arc<Plan>) -> Self {
        Terms {
            states: plan.states(),
            habits: Habits::default(),
            scripts: Scripts::default(),
            plan,
        }
    }
}

impl Engine {
    /// An engine at the beginning of an answer. `caller_person` is whom the records must be of, where the plan
    /// checks that. With a `judge`, each record is held until it has said how to treat it.
    pub fn new(
        plan: Arc<Plan>,
        limits: BodyLimits,
        caller_person: Option<String>,
        judge: Option<Arc<Judge>>,
    ) -> Self {
        Engine {
            body: Body::new(&plan, limits, caller_person, judge.as_deref()),
            terms: Terms::new(plan),
            judge,
            utf8: Utf8::default(),
            lexer: Lexer::new(json::Limits {
                depth: limits.depth,
                key: limits.key,
            }),
            name: String::new(),
            raw: None,
            again: None,
            nested: 0,
            variants: Vec::new(),
            variant: None,
            spare: String::new(),
            document: Document::default(),
        }
    }

    /// Reads the next bytes of the answer.
    ///
    /// # Errors
    ///
    /// The reason to refuse the answer. What [`Engine::output`] gives then is what preceded the fault.
    pub fn feed(&mut self, chunk: &[u8]) -> Result<(), Reason> {
        let read = self.utf8.take(chunk);
        self.chunk(read.carried.as_str())?;
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
            self.piece("", piece)?;
        }
        self.body.finish()
    }

    /// The output that was not forgotten yet.
    pub fn output(&self) -> &[u8] {
        self.body.output()
    }

    /// Forgets it: it has left.
    pub fn forget_output(&mut self) {
        self.forget_first(usize::MAX);
    }

    /// Forgets its first bytes: they have left.
    pub fn forget_first(&mut self, length: usize) {
        self.body.forget_first(length);
    }

    /// The output since the last call.
    pub fn take_output(&mut self) -> Vec<u8> {
        let output = self.output().to_vec();
        self.forget_output();
        output
    }

    /// How many bytes wait here for what comes after them.
    pub fn held(&self) -> usize {
        let raw = self.raw.as_ref().map_or(0, Raw::length);
        self.body.out.len() + self.body.value.len() + raw
    }

    /// The records that were completed and are not forgotten yet.
    pub fn records(&self) -> &Departed {
        &self.body.done
    }

    /// The output that was not forgotten yet, and the records in it.
    pub fn output_and_records(&mut self) -> (&[u8], &mut Departed) {
        let decided = self.body.decided();
        let output = self.body.out.get(..decided).unwrap_or_default();
        (output, &mut self.body.done)
    }

    /// Forgets the records whose last byte is among the output's first `end`.
    pub fn forget_records(&mut self, end: u64) {
        self.body.done.forget(end);
    }

    /// What the answer held so far.
    pub fn tally(&self) -> &Tally {
        &self.body.tally
    }

    fn chunk(&mut self, chunk: &str) -> Result<(), Reason> {
        if chunk.is_empty() {
            return Ok(());
        }
        self.body.make_room(chunk.len());
        let read = self.pieces(chunk);
        self.keep_raw(chunk);
        self.body.leave_chunk(chunk);
        read
    }

    fn pieces(&mut self, chunk: &str) -> Result<(), Reason> {
        // Places in another text say nothing of this one.
        self.terms.scripts.watched = None;
        let read = self.pieces_of(chunk);
        self.terms.scripts.watched = None;
        read
    }

    fn pieces_of(&mut self, chunk: &str) -> Result<(), Reason> {
        let mut at = 0;
        loop {
            at = self.look_ahead(chunk, at)?;
            let Some(piece) = self.lexer.next(chunk.as_bytes(), at)? else {
                return Ok(());
            };
            let (within, left) = self.body.cut_at_limit(chunk, piece)?;
            if let Some(within) = within {
                at = self.piece(chunk, within)?;
            }
            if let Some(left) = left {
                self.body.judge_unfinished(chunk)?;
                if !matches!(self.body.now, Now::Holding { .. }) {
                    self.raw = None;
                }
                at = self.piece(chunk, left)?;
            }
        }
    }

    /// Goes on from `at` as long as whole tokens lie in the chunk; returns where it stopped. Reads nothing that
    /// [`Engine::piece`] would not read alike, only faster.
    fn look_ahead(&mut self, chunk: &str, mut at: usize) -> Result<usize, Reason> {
        loop {
            self.leave_at_end();
            let within = self.horizon(chunk);
            match self.body.now {
                Now::Judging => {
                    let end = self.children(chunk, within, at)?;
                    if end == at {
                        return Ok(at);
                    }
                    at = end;
                }
                now @ (Now::Copying { floor } | Now::Skipping { floor }) => {
                    let (end, done) = self.lexer.pass(within, at, floor);
                    if matches!(now, Now::Copying { .. }) {
                        self.body.keep(chunk, at..end);
                    }
                    if !done {
                        return Ok(end);
                    }
                    self.body.value_done(chunk)?;
                    at = end;
                }
                Now::Holding { floor } => {
                    let (end, done) = self.lexer.pass(within, at, floor);
                    if !done {
                        return Ok(end);
                    }
                    self.held_to_its_end(chunk, end)?;
                    at = end;
                }
                Now::Scalar => return Ok(at),
            }
        }
    }

    /// Returns where to go on reading.
    #[inline]
    fn piece(&mut self, chunk: &str, piece: Piece) -> Result<usize, Reason> {
        match self.body.now {
            Now::Holding { .. } => return self.hold_piece(chunk, piece),
            _ if piece.kind == Kind::Space => self.body.space(chunk, piece),
            Now::Judging => return self.token(chunk, piece),
            Now::Scalar => self.body.scalar_piece(chunk, piece)?,
            Now::Copying { floor } => {
                let done = self.lexer.depth() == floor && is_close(piece.kind);
                self.body.copy(chunk, piece, done)?;
            }
            Now::Skipping { floor } => {
                if self.lexer.depth() == floor && is_close(piece.kind) {
                    self.body.value_done(chunk)?;
                }
            }
        }
        Ok(piece.end)
    }

    fn token(&mut self, chunk: &str, piece: Piece) -> Result<usize, Reason> {
        match piece.kind {
            Kind::Key => self.key(chunk, piece)?,
            Kind::Colon => self.body.head.push(chunk, piece.start..piece.end),
            Kind::Comma => self.body.between.push(chunk, piece.start..piece.end),
            Kind::ObjectClose | Kind::ArrayClose => self.body.close(chunk, piece)?,
            _ => return self.value(chunk, piece),
        }
        Ok(piece.end)
    }

    fn key(&mut self, chunk: &str, piece: Piece) -> Result<(), Reason> {
        self.body.spot = Spot::Head;
        self.body.head.push(chunk, piece.start..piece.end);
        if piece.first {
            self.name.clear();
        }
        self.name.push_str(slice(chunk, piece)?);
        if !piece.last {
            return Ok(());
        }
        let quoted = std::mem::take(&mut self.name);
        let name = json::decode(unquoted(&quoted)).ok_or(Reason::UnreadableBody)?;
        self.body.next = Some(self.member(&name)?);
        drop(name);
        self.name = quoted;
        Ok(())
    }

    /// What a member of the object at hand is, by its name.
    fn member(&self, name: &str) -> Result<Member, Reason> {
        let frame = self.body.frames.last().ok_or(Reason::Internal)?;
        member(&self.terms.plan, self.state(frame.state)?, name)
    }

    /// The first piece of a value. Returns where to go on reading.
    fn value(&mut self, chunk: &str, piece: Piece) -> Result<usize, Reason> {
        let again = self.again.take();
        let member = match again {
            Some(member) => member,
            None => self.value_place()?,
        };
        let Engine {
            terms: Terms { plan, states, .. },
            lexer,
            body,
            ..
        } = self;
        let state = reach(plan, states, member.state)?;
        if again.is_none() && body.must_wait(member, state, piece.kind) {
            return self.hold(chunk, piece, member);
        }
        body.value(chunk, piece, member, state, lexer.depth())?;
        Ok(piece.end)
    }

    /// Which state the value that begins now has.
    fn value_place(&mut self) -> Result<Member, Reason> {
        let Some(frame) = self.body.frames.last_mut() else {
            return Ok(Member::unnamed(self.terms.plan.root_state()));
        };
        frame.any = true;
        if frame.must_be_empty {
            return Err(Reason::UnexpectedShape);
        }
        if frame.object {
            return self.body.next.take().ok_or(Reason::Internal);
        }
        let (parent, index, length) = (frame.state, frame.index, frame.length.get());
        frame.index += 1;
        let state = self.state(parent)?;
        let element = self.terms.plan.element(state, index, length);
        Ok(Member::unnamed(element.ok_or(Reason::Overloaded)?))
    }

    fn state(&self, id: StateId) -> Result<&State, Reason> {
        let state = self.terms.states.get(id.0 as usize);
        state.map(Arc::as_ref).ok_or(Reason::Internal)
    }
}

fn member(plan: &Plan, state: &State, name: &str) -> Result<Member, Reason> {
    let (id, gate) = plan.member(state, name).ok_or(Reason::Overloaded)?;
    Ok(Member {
        state: id,
        gate,
        looks_listed: plan.looks_listed(name),
        length: Length::default(),
    })
}

/// A state, which may be new.
#[inline(always)]
fn reach<'s>(
    plan: &Plan,
    states: &'s mut Arc<Vec<Arc<State>>>,
    id: StateId,
) -> Result<&'s Arc<State>, Reason> {
    if states.len() <= id.0 as usize {
        *states = plan.states();
    }
    states.get(id.0 as usize).ok_or(Reason::Internal)
}

fn is_close(kind: Kind) -> bool {
    matches!(kind, Kind::ObjectClose | Kind::ArrayClose)
}

fn slice(chunk: &str, piece: Piece) -> Result<&str, Reason> {
    // A piece never ends inside a character.
    chunk.get(piece.start..piece.end).ok_or(Reason::Internal)
}

fn unquoted(string: &str) -> &str {
    string
        .get(1..string.len().saturating_sub(1))
        .unwrap_or_default()
}
