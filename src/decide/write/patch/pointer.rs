//! Where a pointer leads, by the catalogue alone: what is stored is not read.
//!
//! A number in a pointer is an index where the catalogue has an array, a name where it has such a member; where it has both,
//! both count. What is asked of a place is asked of all it could be.

use std::sync::Arc;

use super::super::DEEPEST;
use super::super::names::Place;
use super::super::walk::settled;
use crate::model::Reason;
use crate::policy::plan::{Gate, Plan, State, StateId};
use crate::policy::store::{Writable, WriteTerms};

/// The most places one pointer could mean.
const MOST: usize = 64;

/// Where a pointer leads.
#[derive(Debug)]
pub struct Reach {
    /// All it could mean; never empty unless it is blocked.
    pub all: Vec<Reached>,
    /// Its way leads through a name that may not be written.
    pub blocked: bool,
    /// Its way leads through a name that is not seen.
    pub hidden: bool,
    /// An index on its way counts elements of which the caller may not see all.
    pub loses: bool,
    /// It ends at an element.
    pub in_array: bool,
    /// ... of an array whose elements are told apart by where they stand.
    pub tells_apart: bool,
    /// What is added there stands between others, or behind them, and replaces nothing.
    pub inserts: bool,
    tokens: Vec<Token>,
}

/// A place it could mean.
#[derive(Debug)]
pub struct Reached {
    /// Its state in the plan of what may be written, before anything is asked what it holds.
    pub id: StateId,
    /// The same when nothing is known of what stands there.
    pub state: Arc<State>,
    /// Its state in the plan of what is seen.
    pub seen: Arc<State>,
}

#[derive(Debug)]
enum Token {
    Member(String),
    Element,
}

/// A state of each plan: of what may be written, of what is seen.
type Both = (StateId, StateId);

impl Reach {
    /// Follows a pointer.
    ///
    /// # Errors
    ///
    /// `overloaded` where a plan cannot grow any more; `unreadable-request` where `-` stands before the end.
    pub fn of(terms: &WriteTerms, writable: &Writable, path: &[String]) -> Result<Reach, Reason> {
        if path.len() > DEEPEST {
            return Err(Reason::UnreadableRequest);
        }
        let following = Following { terms, writable };
        let mut reach = Reach {
            all: Vec::new(),
            blocked: false,
            hidden: false,
            loses: false,
            in_array: false,
            tells_apart: false,
            inserts: false,
            tokens: Vec::new(),
        };
        let mut here = vec![(writable.plan.root_state(), terms.seen.root_state())];
        for (at, token) in path.iter().enumerate() {
            let is_last = at + 1 == path.len();
            if token == "-" && !is_last {
                return Err(Reason::UnreadableRequest);
            }
            here = following.step(&here, token, &mut reach)?;
            if here.len() > MOST {
                return Err(Reason::Overloaded);
            }
        }
        reach.blocked |= here.is_empty();
        for (id, seen) in here {
            reach.all.push(Reached {
                id,
                state: settled(writable, id, None)?,
                seen: terms.seen.state(seen).ok_or(Reason::Internal)?,
            });
        }
        Ok(reach)
    }

    /// Whether all it could mean is so.
    pub fn each(&self, is: impl Fn(&Reached) -> bool) -> bool {
        self.all.iter().all(is)
    }

    /// Whether the record stands there, or below.
    pub fn is_record(&self, writable: &Writable) -> bool {
        let mut all = self.all.iter();
        all.any(|it| it.state.is_record || writable.plan.is_above_records(&it.state))
    }

    /// Hands the place on, as a refusal names it.
    pub fn with_place<T>(&self, then: impl FnOnce(&Place<'_>) -> T) -> T {
        within(&Place::Root, &self.tokens, then)
    }
}

fn within<T, F: FnOnce(&Place<'_>) -> T>(place: &Place<'_>, tokens: &[Token], then: F) -> T {
    match tokens.split_first() {
        None => then(place),
        Some((Token::Member(name), rest)) => within(&Place::Member(place, name), rest, then),
        Some((Token::Element, rest)) => within(&Place::Element(place), rest, then),
    }
}

/// A token that could be an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Index {
    /// That element.
    At(u64),
    /// Behind the last.
    End,
}

impl Index {
    /// RFC 6901, section 4: no leading zeros.
    fn read(token: &str) -> Option<Index> {
        match token.as_bytes() {
            [b'-'] => Some(Index::End),
            [b'0'] | [b'1'..=b'9', ..] => token.parse().ok().map(Index::At),
            _ => None,
        }
    }
}

struct Following<'a> {
    terms: &'a WriteTerms,
    writable: &'a Writable,
}

impl Following<'_> {
    /// Where a token leads from all places that could be meant.
    fn step(&self, here: &[Both], token: &str, reach: &mut Reach) -> Result<Vec<Both>, Reason> {
        let index = Index::read(token);
        let mut next: Vec<Both> = Vec::new();
        let (mut member, mut element) = (false, false);
        reach.tells_apart = false;
        for (id, seen) in here {
            let state = self.writable.plan.state(*id).ok_or(Reason::Internal)?;
            let seen = self.terms.seen.state(*seen).ok_or(Reason::Internal)?;
            let array = index.filter(|_| self.writable.plan.takes_array(&state));
            if let Some(index) = array {
                element = true;
                self.elements(&state, &seen, index, reach, &mut next)?;
            }
            if array.is_none() || self.writable.plan.takes_member(&state, token) {
                member = true;
                let (id, gate) = member_of(&self.writable.plan, &state, token)?;
                let (seen, shown) = member_of(&self.terms.seen, &seen, token)?;
                reach.hidden |= shown != Gate::Pass;
                reach.blocked |= gate != Gate::Pass || self.writable.plan.resembles(&state, token);
                next.push((id, seen));
            }
        }
        next.sort_unstable_by_key(|(id, seen)| (id.0, seen.0));
        next.dedup();
        reach.in_array = element;
        reach.inserts = element && !member;
        reach.tokens.push(match element {
            true => Token::Element,
            false => Token::Member(token.to_owned()),
        });
        Ok(next)
    }

    fn elements(
        &self,
        state: &State,
        seen: &State,
        index: Index,
        reach: &mut Reach,
        next: &mut Vec<Both>,
    ) -> Result<(), Reason> {
        let (plan, seen_plan) = (&self.writable.plan, &self.terms.seen);
        let apart = plan.told_apart(state);
        reach.tells_apart |= apart.is_some();
        let indexes = match (index, apart) {
            (Index::At(index), _) => {
                let loses = seen_plan.may_lose_elements(seen);
                // Of a list of records any may be kept back.
                reach.loses |= loses.ok_or(Reason::Overloaded)? || plan.is_above_records(state);
                index..=index
            }
            // Nobody knows how many there are.
            (Index::End, apart) => 0..=apart.unwrap_or(0),
        };
        for index in indexes {
            let id = plan.element(state, index, None);
            let seen = seen_plan.element(seen, index, None);
            next.push((
                id.ok_or(Reason::Overloaded)?,
                seen.ok_or(Reason::Overloaded)?,
            ));
        }
        Ok(())
    }
}

fn member_of(plan: &Plan, state: &State, name: &str) -> Result<(StateId, Gate), Reason> {
    plan.member(state, name).ok_or(Reason::Overloaded)
}
