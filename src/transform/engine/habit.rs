//! What the objects of a state held so far: their names in order, and what each led to.
//!
//! Answers repeat their objects, so the next name is nearly always known beforehand; a name that is another one is
//! looked up. Decides how fast a name is judged, never how.

use std::num::NonZeroU32;
use std::sync::Arc;

use super::body::Member;
use super::stride::Deed;
use crate::json::Word;
use crate::policy::plan::{State, StateId};

/// Names that are remembered in one answer.
const MOST: usize = 1024;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Habits {
    entries: Vec<Step>,
    /// By state, the first of its entries.
    first: Vec<Option<Turn>>,
}

/// The place of an entry, one higher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Turn(NonZeroU32);

impl Turn {
    fn new(place: usize) -> Option<Turn> {
        let number = u32::try_from(place + 1).ok()?;
        NonZeroU32::new(number).map(Turn)
    }

    #[inline(always)]
    fn place(self) -> usize {
        self.0.get() as usize - 1
    }
}

/// How far an object followed the habit of its state.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Course {
    last: Option<Turn>,
    next: Option<Turn>,
}

/// Whether a child of its container came before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    First,
    Later,
    /// What stood before the value is too long to be compared at once.
    Unknown,
}

impl Place {
    #[inline(always)]
    pub fn of(is_first: bool) -> Place {
        if is_first { Place::First } else { Place::Later }
    }
}

/// A name, and all that is to be known where it comes.
#[derive(Debug)]
pub(super) struct Step {
    /// All that stood before the value, from the end of the child before or the opening bracket: blanks, comma,
    /// blanks, name, colon and blanks.
    pub lead: Word,
    /// Where in it the name begins.
    pub head: usize,
    pub place: Place,
    name: Box<str>,
    /// The name in quotes, with its colon.
    pub word: Word,
    pub member: Member,
    /// The state of its value.
    pub state: Arc<State>,
    /// What is done with a string, number or boolean.
    pub scalar: Deed,
    /// What is done with a `null`.
    pub null: Deed,
    next: Option<Turn>,
}

impl Habits {
    /// The course of an object that begins.
    #[inline]
    pub fn begin(&self, state: StateId) -> Course {
        Course {
            last: None,
            next: self.first_of(state),
        }
    }

    #[inline]
    fn first_of(&self, state: StateId) -> Option<Turn> {
        self.first.get(state.0 as usize).copied().flatten()
    }

    /// The name that comes next if nothing is new, and what it leads to.
    #[inline(always)]
    pub fn next(&self, course: &Course) -> Option<&Step> {
        self.entry(course.next)
    }

    /// That name came.
    #[inline(always)]
    pub fn follow(step: &Step, course: &mut Course) {
        course.last = course.next;
        course.next = step.next;
    }

    /// Another name came.
    pub fn learn(
        &mut self,
        course: &mut Course,
        state: StateId,
        name: &str,
        (lead, head, place): (&[u8], usize, Place),
        (member, leads_to): (Member, &Arc<State>),
    ) {
        let Some(word) = Word::of_name(name) else {
            return;
        };
        if let Some(expected) = self.entry(course.next) {
            // Either the one expected was left out, or this one was put in.
            let after = expected.next;
            if let Some(step) = self.entry(after).filter(|step| *step.name == *name) {
                course.next = after;
                Habits::follow(step, course);
            }
            return;
        }
        let known = match course.last {
            None => self.first_of(state),
            Some(last) => self.entry(Some(last)).and_then(|last| last.next),
        };
        if known.is_some() || self.entries.len() >= MOST {
            return;
        }
        let Some(turn) = Turn::new(self.entries.len()) else {
            return;
        };
        let turn = Some(turn);
        match course.last {
            None => self.set_first(state, turn),
            Some(last) => {
                if let Some(last) = self.entries.get_mut(last.place()) {
                    last.next = turn;
                }
            }
        }
        self.entries.push(Step {
            lead: Word::new(lead).unwrap_or(word),
            head,
            place: match Word::new(lead) {
                Some(_) => place,
                None => Place::Unknown,
            },
            name: name.into(),
            word,
            member,
            scalar: Deed::of(&leads_to.scalar, member, leads_to),
            null: Deed::of(&leads_to.null, member, leads_to),
            state: Arc::clone(leads_to),
            next: None,
        });
        course.last = turn;
    }

    fn set_first(&mut self, state: StateId, turn: Option<Turn>) {
        let at = state.0 as usize;
        if at >= MOST {
            return;
        }
        if self.first.len() <= at {
            self.first.resize(at + 1, None);
        }
        if let Some(first) = self.first.get_mut(at) {
            *first = turn;
        }
    }

    #[inline(always)]
    fn entry(&self, turn: Option<Turn>) -> Option<&Step> {
        self.entries.get(turn?.place())
    }
}
