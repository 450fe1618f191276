//! A chunk read child by child, as long as each lies in it up to its first token.
//!
//! The frame at hand is kept apart from the others meanwhile. Whatever is not read whole is left to
//! [`Engine::piece`]; what it is judged by is the same.

use super::body::{Frame, Member, Now};
use super::direct::Stretch;
use super::habit::{Habits, Place};
use super::stride::Found;
use super::{Engine, Terms, member, reach};
use crate::json::{Kind, Lexer, Next};
use crate::model::Reason;

impl Engine {
    /// Reads children from `at`; returns where it stopped.
    pub(super) fn children(
        &mut self,
        chunk: &str,
        within: &[u8],
        mut at: usize,
    ) -> Result<usize, Reason> {
        if !self.lexer.is_at_child() {
            return Ok(at);
        }
        let Some(mut frame) = self.body.frames.pop() else {
            return Ok(at);
        };
        let around = self.around();
        loop {
            let mut found = None;
            if frame.is_plain() {
                (at, found) = self.stride(chunk, within, at, &mut frame)?;
                if self.body.now != Now::Judging {
                    break;
                }
            }
            let Found {
                head,
                member,
                value,
            } = match found {
                Some(found) => found,
                None => match Lexer::next_ahead(within, at, frame.object, frame.any) {
                    None => break,
                    Some(Next::Child(head)) => {
                        if frame.must_be_empty {
                            break;
                        }
                        match self.place_ahead(chunk, within, (at, head), &mut frame)? {
                            Some(found) => found,
                            None => break,
                        }
                    }
                    // The root's bracket, that of a record under a plan of its own, and that of what is only looked
                    // through, is not for here.
                    Some(Next::End(_)) if self.body.frames.len() <= around || !frame.is_plain() => {
                        break;
                    }
                    Some(Next::End(bracket)) => {
                        let piece = self.lexer.close_ahead(bracket, frame.object);
                        frame = self.body.close_direct(chunk, at, piece, &frame)?;
                        at = piece.end;
                        let Terms {
                            plan,
                            states,
                            scripts,
                            ..
                        } = &mut self.terms;
                        if let Some(watched) = scripts.ended(&self.body) {
                            scripts.learn((plan, states), watched, chunk, at);
                        }
                        continue;
                    }
                },
            };
            let Engine {
                terms:
                    Terms {
                        plan,
                        states,
                        habits,
                        ..
                    },
                lexer,
                body,
                ..
            } = self;
            let token = match within.get(value) {
                Some(b'{' | b'[') => lexer.open_ahead(within, value),
                _ => lexer.scalar_ahead(within, value),
            };
            let Some(token) = token else { break };
            let state = reach(plan, states, member.state)?;
            let stretch = Stretch {
                start: at,
                head,
                token,
                is_first: !frame.any,
            };
            frame.any = true;
            frame.index += 1;
            at = token.end;
            let is_scalar = !matches!(token.kind, Kind::ObjectOpen | Kind::ArrayOpen);
            if frame.is_plain() && is_scalar {
                if body.direct_scalar(chunk, stretch, member, state, &mut frame)? {
                    continue;
                }
            } else if frame.is_plain()
                && body.is_direct(member, state, token.kind == Kind::ObjectOpen)
            {
                let depth = lexer.depth();
                body.direct_container(chunk, stretch, member.state, state, (&mut frame, depth));
                if body.now != Now::Judging {
                    break;
                }
                if token.kind == Kind::ObjectOpen {
                    frame.course = habits.begin(frame.state);
                }
                continue;
            }
            body.frames.push(frame);
            body.before_child(chunk, stretch);
            if body.must_wait(member, state, token.kind) {
                return self.hold(chunk, token, member);
            }
            body.value(chunk, token, member, state, lexer.depth())?;
            if token.kind == Kind::ObjectOpen
                && let Some(frame) = body.opened()
            {
                frame.course = habits.begin(frame.state);
            }
            return Ok(at);
        }
        self.body.frames.push(frame);
        Ok(at)
    }

    /// The child whose name or first byte is at `head`; before it, what is between it and the child before, from `at`.
    #[inline(always)]
    fn place_ahead(
        &mut self,
        chunk: &str,
        within: &[u8],
        (at, head): (usize, usize),
        frame: &mut Frame,
    ) -> Result<Option<Found>, Reason> {
        if !frame.object {
            let state = self.state(frame.state)?;
            let length = frame.length.get();
            let element = self.terms.plan.element(state, frame.index, length);
            let member = Member::unnamed(element.ok_or(Reason::Overloaded)?);
            return Ok(Some(Found {
                head,
                member,
                value: head,
            }));
        }
        if let Some(step) = self.terms.habits.next(&frame.course)
            && let Some(value) = Lexer::expected_ahead(within, head, &step.word)
        {
            Habits::follow(step, &mut frame.course);
            return Ok(Some(Found {
                head,
                member: step.member,
                value,
            }));
        }
        self.name_ahead(chunk, within, (at, head), frame)
    }

    /// The same for a member whose name was not expected.
    fn name_ahead(
        &mut self,
        chunk: &str,
        within: &[u8],
        (at, head): (usize, usize),
        frame: &mut Frame,
    ) -> Result<Option<Found>, Reason> {
        let Some((name, value)) = self.lexer.name_ahead(within, head) else {
            return Ok(None);
        };
        let name = chunk.get(name).ok_or(Reason::Internal)?;
        let member = member(&self.terms.plan, self.state(frame.state)?, name)?;
        let Terms {
            plan,
            states,
            habits,
            ..
        } = &mut self.terms;
        let leads_to = reach(plan, states, member.state)?;
        let lead = within.get(at..value).unwrap_or_default();
        let lead = (lead, head - at, Place::of(!frame.any));
        habits.learn(
            &mut frame.course,
            frame.state,
            name,
            lead,
            (member, leads_to),
        );
        Ok(Some(Found {
            head,
            member,
            value,
        }))
    }
}
