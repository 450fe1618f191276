//! What the objects of a state held so far: their names in order, and what each led to.
//!
//! Answers repeat their objects, so the next name is nearly always known beforehand; a name that is another one is
//! looked up. Decides how fast a name is judged, never how.

use super::body::Member;
use crate::json::Word;
use crate::policy::plan::StateId;

/// Names that are remembered in one answer.
const MOST: usize = 1024;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Habits {
    entries: Vec<Entry>,
    /// By state, the first of its entries.
    first: Vec<Option<Turn>>,
}

/// The place of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Turn(u32);

/// How far an object followed the habit of its state.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Course {
    last: Option<Turn>,
    next: Option<Turn>,
}

#[derive(Debug)]
struct Entry {
    word: Word,
    member: Member,
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
    pub fn next(&self, course: &Course) -> Option<(&Word, Member)> {
        let entry = self.entry(course.next)?;
        Some((&entry.word, entry.member))
    }

    /// That name came.
    #[inline(always)]
    pub fn follow(&self, course: &mut Course) {
        if let Some(entry) = self.entry(course.next) {
            course.last = course.next;
            course.next = entry.next;
        }
    }

    /// Another name came.
    pub fn learn(&mut self, course: &mut Course, state: StateId, name: &str, member: Member) {
        let Some(word) = Word::new(name) else {
            return;
        };
        if let Some(expected) = self.entry(course.next) {
            // Either the one expected was left out, or this one was put in.
            let after = expected.next;
            if self.entry(after).is_some_and(|after| after.word == word) {
                course.next = after;
                self.follow(course);
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
        let Ok(at) = u32::try_from(self.entries.len()) else {
            return;
        };
        let turn = Some(Turn(at));
        match course.last {
            None => self.set_first(state, turn),
            Some(last) => {
                if let Some(last) = self.entries.get_mut(last.0 as usize) {
                    last.next = turn;
                }
            }
        }
        self.entries.push(Entry {
            word,
            member,
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
    fn entry(&self, turn: Option<Turn>) -> Option<&Entry> {
        self.entries.get(turn?.0 as usize)
    }
}
