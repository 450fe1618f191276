//! Names and values of containers that are looked into: which state a child has, and what is done with it.

use std::sync::Arc;

use super::{Engine, Frame, Member, Now, Spot, output::Which, slice, unquoted};
use crate::json::{self, Kind, Piece};
use crate::model::{Openness, Reason};
use crate::policy::plan::{Act, Gate, State, StateId, Verdict};

impl Engine {
    #[inline]
    pub(super) fn token(&mut self, chunk: &[u8], piece: Piece) -> Result<(), Reason> {
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

    pub(super) fn key(&mut self, chunk: &[u8], piece: Piece) -> Result<(), Reason> {
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
    pub(super) fn value(&mut self, chunk: &[u8], piece: Piece) -> Result<(), Reason> {
        let member = self.child()?;
        if self.states.len() <= member.state.0 as usize {
            self.states = self.plan.states();
        }
        let states = Arc::clone(&self.states);
        let state = states
            .get(member.state.0 as usize)
            .ok_or(Reason::Internal)?;
        let container = matches!(piece.kind, Kind::ObjectOpen | Kind::ArrayOpen);
        self.follow_person(state, container)?;
        if self
            .frames
            .last()
            .is_some_and(|frame| frame.muted || frame.hollow)
        {
            return self.pass_over(chunk, piece, member.state, state);
        }
        let verdict = match piece.kind {
            Kind::ObjectOpen => &state.object,
            Kind::ArrayOpen => &state.array,
            Kind::Null => &state.null,
            _ => &state.scalar,
        };
        let gone = match (&verdict.act, member.gate) {
            (_, Gate::DropListed | Gate::DropUnlisted) => true,
            (_, Gate::Refuse) => return Err(Reason::UnlistedField),
            (Act::Refuse(reason), _) => return Err(*reason),
            (act, Gate::Pass) => *act == Act::Drop || (verdict.unlisted && member.looks_listed),
        };
        if state.is_record {
            self.meet_record(chunk, piece, container, gone)?;
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
                self.open(Frame {
                    must_be_empty: !object && state.must_be_empty,
                    ..Frame::new(member.state, object)
                });
                Ok(())
            }
            Act::Hollow if container => {
                self.keep(chunk, piece.start..piece.end);
                let object = piece.kind == Kind::ObjectOpen;
                self.open(Frame {
                    hollow: true,
                    ..Frame::new(member.state, object)
                });
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
    pub(super) fn child(&mut self) -> Result<Member, Reason> {
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

    pub(super) fn count(&mut self, verdict: &Verdict, gate: Gate, gone: bool) {
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
    pub(super) fn pass_over(
        &mut self,
        chunk: &[u8],
        piece: Piece,
        id: StateId,
        state: &State,
    ) -> Result<(), Reason> {
        match piece.kind {
            Kind::ObjectOpen | Kind::ArrayOpen if state.person_below && self.record.is_some() => {
                self.open(Frame {
                    muted: true,
                    ..Frame::new(id, piece.kind == Kind::ObjectOpen)
                });
                Ok(())
            }
            Kind::ObjectOpen | Kind::ArrayOpen => {
                self.now = Now::Skipping(1);
                Ok(())
            }
            _ => self.scalar(chunk, piece, state, None, false),
        }
    }

    pub(super) fn open(&mut self, frame: Frame) {
        self.spot = Spot::First;
        if !frame.muted {
            self.first.clear();
        }
        self.between.clear();
        self.head.clear();
        self.frames.push(frame);
    }

    pub(super) fn close(&mut self, chunk: &[u8], piece: Piece) -> Result<(), Reason> {
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
    pub(super) fn value_done(&mut self, chunk: &[u8]) -> Result<(), Reason> {
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
}
