//! Children that lie in the chunk up to their first token, in places where only their state decides.
//!
//! Does what [`Body::before_child`] and [`Body::value`] would do together, without noting what waits in between. What
//! is unusual in any way is left to them.

use super::body::{Body, Frame, Member, Now, Spot, node_of};
use super::output::Which;
use super::slice;
use crate::json::{Kind, Piece};
use crate::model::Reason;
use crate::policy::plan::{Act, Gate, State};

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
    /// Handles a child of a plain frame, unless something about it is unusual: `false`. `depth` brackets are open,
    /// its own included.
    #[inline(always)]
    pub fn direct(
        &mut self,
        chunk: &str,
        stretch: Stretch,
        member: Member,
        state: &State,
        depth: usize,
    ) -> Result<bool, Reason> {
        let token = stretch.token;
        let verdict = state.verdict(node_of(token.kind));
        let container = matches!(token.kind, Kind::ObjectOpen | Kind::ArrayOpen);
        let goes = matches!(verdict.act, Act::Drop);
        let is_usual = match (&verdict.act, container) {
            (Act::Show, false) => state.is_plain || (state.is_person && self.record.is_some()),
            (Act::Replace(_), false) | (Act::Drop, _) => state.is_plain,
            (Act::Copy, true) => state.is_plain,
            (Act::Enter, true) => state.is_plain || self.begins_plain_record(state, token),
            _ => false,
        };
        let is_record = state.is_record && state.is_person;
        let too_long = !container && token.end - token.start > self.limits.value;
        if !is_usual || is_record || too_long || !member.is_plain() {
            return Ok(false);
        }
        if state.is_person {
            self.follow_person(state, container)?;
        } else if !state.is_plain {
            self.begin_record(chunk, token);
        }
        self.spot = Spot::Between;
        if goes {
            self.leave_out(chunk, stretch);
        } else {
            self.lead(chunk, stretch);
        }
        match &verdict.act {
            Act::Show => {
                self.keep(chunk, token.start..token.end);
                if state.is_person {
                    self.see_person(token.kind, slice(chunk, token)?)?;
                }
            }
            Act::Replace(treatment) => {
                self.replace(chunk, token.kind, slice(chunk, token)?, treatment)?;
            }
            Act::Enter => {
                self.keep(chunk, token.start..token.end);
                self.open(Frame::new(member.state, token.kind == Kind::ObjectOpen));
            }
            Act::Copy => {
                self.keep(chunk, token.start..token.end);
                self.now = Now::Copying { floor: depth - 1 };
            }
            _ if container => self.now = Now::Skipping { floor: depth - 1 },
            _ => {}
        }
        self.count(verdict, member.gate, goes);
        Ok(true)
    }

    /// Handles a scalar of a plain object that is not its first child, in a place where only its state decides,
    /// unless it is unusual: `false`. `kept` is the object's.
    #[inline(always)]
    pub fn scalar_behind(
        &mut self,
        chunk: &str,
        start: usize,
        head: usize,
        token: Piece,
        state: &State,
        kept: &mut bool,
    ) -> Result<bool, Reason> {
        let verdict = if token.kind == Kind::Null {
            &state.null
        } else {
            &state.scalar
        };
        let goes = matches!(verdict.act, Act::Drop);
        if !goes {
            let replaces = matches!(verdict.act, Act::Replace(_));
            let too_long = token.end - token.start > self.limits.value;
            if too_long || !(replaces || matches!(verdict.act, Act::Show)) {
                return Ok(false);
            }
            let end = if replaces { token.start } else { token.end };
            if *kept {
                self.keep(chunk, start..end);
            } else {
                *kept = true;
                self.emit(chunk, Which::First);
                self.keep(chunk, head..end);
            }
            if let Act::Replace(treatment) = &verdict.act {
                self.replace(chunk, token.kind, slice(chunk, token)?, treatment)?;
            }
        }
        self.count(verdict, Gate::Pass, goes);
        Ok(true)
    }

    /// A record whose person, if any, is only noted.
    #[inline]
    fn begins_plain_record(&self, state: &State, token: Piece) -> bool {
        state.is_record && !state.is_person && !self.person_check && token.kind == Kind::ObjectOpen
    }

    /// What stands before a child that leaves.
    #[inline(always)]
    fn lead(&mut self, chunk: &str, stretch: Stretch) {
        let Some(frame) = self.frames.last_mut() else {
            return;
        };
        let kept = std::mem::replace(&mut frame.kept, true);
        let end = stretch.token.start;
        if kept || stretch.is_first {
            self.keep(chunk, stretch.start..end);
        } else {
            self.emit(chunk, Which::First);
            self.keep(chunk, stretch.head..end);
        }
    }

    /// The blanks before a first child that goes may be those before the next.
    #[inline(always)]
    fn leave_out(&mut self, chunk: &str, stretch: Stretch) {
        if stretch.is_first {
            self.first.push(chunk, stretch.start..stretch.head);
        }
    }

    /// The end of a plain frame other than the root's.
    #[inline]
    pub fn close_direct(&mut self, chunk: &str, start: usize, token: Piece) -> Result<(), Reason> {
        let frame = self.frames.pop().ok_or(Reason::Internal)?;
        // Blanks before the bracket leave with the children, or with nothing but it.
        let from = if frame.kept || !frame.any {
            start
        } else {
            token.start
        };
        self.keep(chunk, from..token.end);
        self.value_done(chunk)
    }
}
