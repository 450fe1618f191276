//! What is usual: members in the order the last object had them, whose values only their state decides, containers
//! of such, and their ends.
//!
//! Does what [`Engine::children`] would do with each of them, with at hand what it would look up, and stops before
//! whatever is anything else.

use super::body::{Body, Frame, Member, Now, Spot};
use super::direct::Stretch;
use super::habit::{Habits, Place, Step};
use super::scalar::Raw;
use super::script::Beginning;
use super::{Engine, Terms, reach};
use crate::json::{Kind, Lexer, Next};
use crate::model::{Openness, Reason};
use crate::policy::FieldId;
use crate::policy::plan::{Act, State, Verdict};
use crate::transform::record::bit;

/// What is done with the scalars of a member.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deed {
    way: Way,
    /// The bit of the outcome its field gets.
    bit: u8,
    field: Option<FieldId>,
    unlisted: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Way {
    Show,
    Drop,
    Replace,
    /// It is to be looked at.
    #[default]
    Other,
}

impl Way {
    pub fn of(act: &Act) -> Way {
        match act {
            Act::Show => Way::Show,
            Act::Drop => Way::Drop,
            Act::Replace(_) => Way::Replace,
            _ => Way::Other,
        }
    }

    /// The outcome that is counted: what goes was stripped, whatever it would have got.
    pub fn openness(self, verdict: &Verdict) -> Openness {
        match self {
            Way::Drop => Openness::Strip,
            _ => verdict.openness,
        }
    }
}

impl Deed {
    /// What the verdict says of a scalar; [`Way::Other`] where more than that decides.
    pub fn of(verdict: &Verdict, member: Member, state: &State) -> Deed {
        let (field, one) = match &*verdict.fields {
            [] => (None, true),
            [field] => (Some(*field), true),
            _ => (None, false),
        };
        let way = match one && state.is_plain && member.is_plain() {
            true => Way::of(&verdict.act),
            false => Way::Other,
        };
        Deed {
            way,
            bit: bit(way.openness(verdict)),
            field,
            unlisted: way == Way::Drop && verdict.unlisted,
        }
    }
}

/// A child whose place is known: where its name and its value begin.
#[derive(Clone, Copy)]
pub(super) struct Found {
    pub head: usize,
    pub member: Member,
    pub value: usize,
}

impl Engine {
    /// Reads from `at` what is usual in the frame at hand, which is plain; returns where it stopped, and before which
    /// child if it knows.
    pub(super) fn stride(
        &mut self,
        chunk: &str,
        within: &[u8],
        mut at: usize,
        frame: &mut Frame,
    ) -> Result<(usize, Option<Found>), Reason> {
        let around = self.around();
        let Engine {
            terms, lexer, body, ..
        } = self;
        let Terms {
            plan,
            states,
            habits,
            scripts,
        } = terms;
        while frame.is_plain() {
            let found;
            let state;
            if frame.object {
                let step;
                (at, step) = members(habits, lexer, body, (chunk, within, at), frame)?;
                if let Some(step) = step {
                    found = step.found(at);
                    state = &step.state;
                } else if within.get(at) == Some(&b'}') && body.frames.len() > around {
                    at = close(lexer, body, (chunk, at), frame)?;
                    if let Some(watched) = scripts.ended(body) {
                        scripts.learn((plan, states), watched, chunk, at);
                    }
                    continue;
                } else {
                    break;
                }
            } else {
                let head = match Lexer::next_ahead(within, at, false, frame.any) {
                    Some(Next::End(end)) if end == at && body.frames.len() > around => {
                        at = close(lexer, body, (chunk, at), frame)?;
                        continue;
                    }
                    Some(Next::Child(head)) => head,
                    _ => break,
                };
                if !matches!(within.get(head), Some(b'{' | b'[')) {
                    break;
                }
                let array = states.get(frame.state.0 as usize).ok_or(Reason::Internal)?;
                let element = plan.element(array, frame.index, frame.length.get());
                let element = element.ok_or(Reason::Overloaded)?;
                state = reach(plan, states, element)?;
                if within.get(head) == Some(&b'{') {
                    let beginning = Beginning {
                        start: at,
                        at: head,
                        id: element,
                    };
                    let text = (chunk, within);
                    if let Some(end) = scripts.follow(lexer, body, text, beginning, (frame, state))
                    {
                        at = end;
                        continue;
                    }
                    scripts.watch(body, beginning, state);
                }
                found = Found {
                    head,
                    member: Member::unnamed(element),
                    value: head,
                };
            }
            let object = within.get(found.value) == Some(&b'{');
            if !body.is_direct(found.member, state, object) {
                return Ok((at, Some(found)));
            }
            let Some(token) = lexer.open_ahead(within, found.value) else {
                return Ok((at, Some(found)));
            };
            let stretch = Stretch {
                start: at,
                head: found.head,
                token,
                is_first: !frame.any,
            };
            frame.any = true;
            frame.index += 1;
            let depth = lexer.depth();
            body.direct_container(chunk, stretch, found.member.state, state, (frame, depth));
            at = token.end;
            let floor = match body.now {
                Now::Copying { floor } | Now::Skipping { floor } => floor,
                _ => {
                    if frame.object {
                        frame.course = habits.begin(frame.state);
                    }
                    continue;
                }
            };
            let (end, done) = lexer.pass(within, at, floor);
            if matches!(body.now, Now::Copying { .. }) {
                body.keep(chunk, at..end);
            }
            at = end;
            if !done {
                break;
            }
            body.now = Now::Judging;
            body.spot = Spot::Between;
        }
        Ok((at, None))
    }
}

/// Reads scalars. Returns where it stopped, and before the value of which member if it knows.
#[inline(always)]
fn members<'h>(
    habits: &'h Habits,
    lexer: &mut Lexer,
    body: &mut Body,
    (chunk, within, mut at): (&str, &[u8], usize),
    frame: &mut Frame,
) -> Result<(usize, Option<&'h Step>), Reason> {
    let (begin, limit) = (at, body.limits.value);
    let mut course = frame.course;
    let mut place = Place::of(!frame.any);
    let mut found = None;
    while let Some(step) = habits.next(&course) {
        if step.place != place || !step.lead.stands_at(within, at) {
            break;
        }
        Habits::follow(step, &mut course);
        let value = at + step.lead.length();
        let Some(token) = Lexer::scalar_at(within, value) else {
            found = Some(step);
            break;
        };
        let (deed, verdict) = match token.kind {
            Kind::Null => (&step.null, &step.state.null),
            _ => (&step.scalar, &step.state.scalar),
        };
        if deed.way == Way::Other || token.end - value > limit {
            found = Some(step);
            break;
        }
        let stretch = Stretch {
            start: at,
            head: at + step.head,
            token,
            is_first: place == Place::First,
        };
        match (deed.way, &verdict.act) {
            (Way::Replace, Act::Replace(treatment)) => {
                body.lead(chunk, stretch, frame, value);
                body.replace(chunk, Raw::of(chunk, token)?, treatment, false)?;
            }
            (Way::Show, _) => body.lead(chunk, stretch, frame, token.end),
            _ => {
                body.leave_out(chunk, stretch);
                body.count_unlisted(deed.unlisted);
            }
        }
        if let (Some(record), Some(field)) = (&mut body.record, deed.field) {
            record.count_one(field, deed.bit);
        }
        place = Place::Later;
        at = token.end;
    }
    if at > begin {
        frame.any = true;
        lexer.scalar_read();
        body.spot = Spot::Between;
    }
    frame.course = course;
    Ok((at, found))
}

/// The bracket at `at` ends the frame at hand. Returns where it was read to.
#[inline(always)]
fn close(
    lexer: &mut Lexer,
    body: &mut Body,
    (chunk, at): (&str, usize),
    frame: &mut Frame,
) -> Result<usize, Reason> {
    let bracket = lexer.close_ahead(at, frame.object);
    *frame = body.close_direct(chunk, at, bracket, frame)?;
    Ok(bracket.end)
}

impl Step {
    /// Its child, what stands before which begins at `at`.
    #[inline(always)]
    fn found(&self, at: usize) -> Found {
        Found {
            head: at + self.head,
            member: self.member,
            value: at + self.lead.length(),
        }
    }
}

impl Body {
    #[inline(always)]
    fn count_unlisted(&mut self, unlisted: bool) {
        match &mut self.record {
            Some(record) => record.unlisted += u64::from(unlisted),
            None => self.tally.unlisted += u64::from(unlisted),
        }
    }
}
