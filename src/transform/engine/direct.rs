//! Children that lie in the chunk up to their first token, in places where only their state decides.
//!
//! Does what [`Body::before_child`] and [`Body::value`] would do together, without noting what waits in between. What
//! is unusual in any way is left to them. The frame at hand is not among [`Body::frames`] meanwhile.

use super::body::{Body, Frame, Member, Now, Spot};
use super::output::Which;
use super::scalar::Raw;
use crate::json::{Kind, Piece};
use crate::model::Reason;
use crate::policy::plan::{Act, Gate, State, StateId, Verdict};

/// Where a child stands in the chunk: blanks and comma, then its name, then its first token.
#[derive(Clone, Copy)]
pub(super) struct Stretch {
    pub start: usize,
    pub head: usize,
    pub token: Piece,
    /// No child of its container came before.
    pub is_first: bool,
}

impl Body {
    /// Handles a scalar, unless something about it is unusual: `false`.
    #[inline(always)]
    pub fn direct_scalar(
        &mut self,
        chunk: &str,
        stretch: Stretch,
        member: Member,
        state: &State,
        frame: &mut Frame,
    ) -> Result<bool, Reason> {
        let token = stretch.token;
        let verdict = if token.kind == Kind::Null {
            &state.null
        } else {
            &state.scalar
        };
        let too_long = token.end - token.start > self.limits.value;
        if too_long || !member.is_plain() {
            return Ok(false);
        }
        match &verdict.act {
            Act::Show if state.is_plain => {
                self.lead(chunk, stretch, frame, token.end);
            }
            Act::Show
                if state.is_person
                    && !(state.is_record || state.waits)
                    && self.record.is_some() =>
            {
                self.follow_person(state, false, self.frames.len() + 1)?;
                self.lead(chunk, stretch, frame, token.end);
                self.see_person(Raw::of(chunk, token)?)?;
            }
            Act::Drop if state.is_plain => self.leave_out(chunk, stretch),
            Act::Replace(treatment) if state.is_plain => {
                self.lead(chunk, stretch, frame, token.start);
                self.replace(chunk, Raw::of(chunk, token)?, treatment, false)?;
            }
            _ => return Ok(false),
        }
        self.spot = Spot::Between;
        self.count(verdict, Gate::Pass, matches!(verdict.act, Act::Drop));
        Ok(true)
    }

    /// Whether nothing is unusual about a container.
    #[inline(always)]
    pub fn is_direct(&self, member: Member, state: &State, object: bool) -> bool {
        // A record whose person, if any, is only noted.
        let held = self.person_check || self.judged;
        let unusual = held || state.is_person || state.waits;
        let record = state.is_record && object && !unusual;
        member.is_plain()
            && match container(state, object).act {
                Act::Enter => state.is_plain || record,
                Act::Copy | Act::Drop => state.is_plain,
                _ => false,
            }
    }

    /// Handles the opening bracket of a container that [`Body::is_direct`]. One that is looked into is the frame at
    /// hand from then on.
    #[inline(always)]
    pub fn direct_container(
        &mut self,
        chunk: &str,
        stretch: Stretch,
        id: StateId,
        state: &State,
        (frame, depth): (&mut Frame, usize),
    ) {
        let token = stretch.token;
        let object = token.kind == Kind::ObjectOpen;
        let verdict = container(state, object);
        match &verdict.act {
            Act::Drop => {
                self.leave_out(chunk, stretch);
                self.now = Now::Skipping { floor: depth - 1 };
            }
            Act::Copy => {
                self.lead(chunk, stretch, frame, token.end);
                self.now = Now::Copying { floor: depth - 1 };
            }
            _ => {
                self.lead(chunk, stretch, frame, token.end);
                self.frames.push(*frame);
                if state.is_record {
                    self.begin_record(chunk, token);
                }
                *frame = Frame::new(id, object);
                self.first.clear();
                self.spot = Spot::First;
            }
        }
        self.count(verdict, Gate::Pass, matches!(verdict.act, Act::Drop));
    }

    /// The end of a plain frame other than the root's. Returns the frame around it.
    #[inline(always)]
    pub fn close_direct(
        &mut self,
        chunk: &str,
        start: usize,
        token: Piece,
        frame: &Frame,
    ) -> Result<Frame, Reason> {
        // Blanks before the bracket leave with the children, or with nothing but it.
        let from = if frame.kept || !frame.any {
            start
        } else {
            token.start
        };
        self.keep(chunk, from..token.end);
        self.spot = Spot::Between;
        let depth = self.frames.len();
        if matches!(&self.record, Some(record) if record.depth == depth) {
            self.end_record(chunk)?;
        }
        self.frames.pop().ok_or(Reason::Internal)
    }

    /// A child leaves as it came up to `end`, with what stands before it.
    #[inline(always)]
    pub fn lead(&mut self, chunk: &str, stretch: Stretch, frame: &mut Frame, end: usize) {
        if frame.kept || stretch.is_first {
            self.keep(chunk, stretch.start..end);
        } else {
            self.emit(chunk, Which::First);
            self.keep(chunk, stretch.head..end);
        }
        frame.kept = true;
    }

    /// The blanks before a first child that goes may be those before the next.
    #[inline(always)]
    pub fn leave_out(&mut self, chunk: &str, stretch: Stretch) {
        if stretch.is_first {
            self.first.push(chunk, stretch.start..stretch.head);
        }
    }
}

#[inline(always)]
fn container(state: &State, object: bool) -> &Verdict {
    if object { &state.object } else { &state.array }
}
