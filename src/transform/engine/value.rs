//! Values: what is done with one, by the state of its place.

use super::body::{Body, Fate, Frame, Member, Now, node_of};
use crate::json::{Kind, Piece};
use crate::model::{Openness, Reason};
use crate::policy::plan::{Act, Gate, Node, State, Verdict};

impl Body {
    /// The first piece of a value. `depth` brackets are open, its own included.
    pub fn value(
        &mut self,
        chunk: &str,
        piece: Piece,
        member: Member,
        state: &State,
        depth: usize,
    ) -> Result<(), Reason> {
        let node = node_of(piece.kind);
        let container = matches!(node, Node::Object | Node::Array);
        self.follow_person(state, container, self.frames.len())?;
        if self
            .frames
            .last()
            .is_some_and(|frame| frame.muted || frame.hollow)
        {
            return self.pass_over(chunk, piece, member, state, depth);
        }
        let verdict = state.verdict(node);
        let gone = match (&verdict.act, member.gate) {
            (_, Gate::DropListed | Gate::DropUnlisted) => true,
            (_, Gate::Refuse) => return Err(Reason::UnlistedField),
            (Act::Refuse(reason), _) => return Err(*reason),
            (act, Gate::Pass) => {
                matches!(act, Act::Drop) || (verdict.unlisted && member.looks_listed)
            }
        };
        if state.is_record {
            self.meet_record(chunk, piece, container, gone)?;
        }
        self.count(verdict, member.gate, gone);
        if gone {
            return self.pass_over(chunk, piece, member, state, depth);
        }
        self.emit_lead(chunk);
        match &verdict.act {
            Act::Enter if container => {
                self.keep(chunk, piece.start..piece.end);
                let object = piece.kind == Kind::ObjectOpen;
                self.open(Frame {
                    must_be_empty: !object && state.must_be_empty,
                    length: member.length,
                    ..Frame::new(member.state, object)
                });
                Ok(())
            }
            Act::Hollow if container => {
                self.keep(chunk, piece.start..piece.end);
                self.open(Frame {
                    hollow: true,
                    ..Frame::new(member.state, piece.kind == Kind::ObjectOpen)
                });
                Ok(())
            }
            Act::Copy if container => {
                self.keep(chunk, piece.start..piece.end);
                self.now = Now::Copying { floor: depth - 1 };
                Ok(())
            }
            Act::Show => self.scalar(chunk, piece, state, None, true),
            Act::Replace(treatment) if !container => {
                self.scalar(chunk, piece, state, Some(treatment), false)
            }
            act => {
                let text: &[u8] = if matches!(act, Act::Null) {
                    b"null"
                } else {
                    b"\"***\""
                };
                self.write(chunk, text);
                self.pass_over(chunk, piece, member, state, depth)
            }
        }
    }

    #[inline(always)]
    pub fn count(&mut self, verdict: &Verdict, gate: Gate, gone: bool) {
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
        chunk: &str,
        piece: Piece,
        member: Member,
        state: &State,
        depth: usize,
    ) -> Result<(), Reason> {
        if matches!(node_of(piece.kind), Node::Scalar | Node::Null) {
            return self.scalar(chunk, piece, state, None, false);
        }
        if state.person_below && self.record.is_some() {
            self.open(Frame {
                muted: true,
                ..Frame::new(member.state, piece.kind == Kind::ObjectOpen)
            });
        } else {
            self.now = Now::Skipping { floor: depth - 1 };
        }
        Ok(())
    }

    /// A scalar of a record that was dropped, to its own end.
    pub fn pass_over_scalar(&mut self) {
        self.now = Now::Scalar;
        self.fate = Fate::default();
    }
}
