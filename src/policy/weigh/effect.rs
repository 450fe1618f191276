//! What each set of roles gets of each thing, before and after, by the merge that serves callers.
//!
//! Nothing is estimated. Each set of roles, thing, moment and turn of the conditions comes out as if it had been asked for by
//! itself, but what has the same inputs is asked for once: things that are written alike, turns that differ in conditions
//! nobody asks there, and roles that give the same before and after ([`super::alike`]). `tests` holds it against the long way.
//! Where sets are still too many, that is told as not weighed.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::rc::Rc;

use super::super::combine::{Here, Inputs, Merge, Thing, Treatment};
use super::super::condition::Truths;
use super::super::diagnostic::{quoted, say};
use super::super::rules::{Bound, Ceiling, Cell, ClassId, FieldId, Find, RoleId, RuleSet};
use super::alike::{self, Kind};
use super::found::Found;
use super::worlds::Worlds;
use super::{Gain, Member, Scales, Site};
use crate::mask::token::TokenMaster;

/// Roles of which every set is weighed where that must be.
const ALL_SETS: usize = 12;
/// The most roles of a set that is weighed where no ceiling tells roles apart.
const FEW: usize = 4;
/// Outcomes that are asked for in all, beside those of each role alone; what would need more is unweighed.
pub(super) const BUDGET: usize = 4_000_000;
/// The same for things that are written alike, so that one of them leaves something to the others.
const BUDGET_OF_ONE: usize = 200_000;

/// One group of routes on both sides.
pub(super) struct Sides<'a> {
    pub was: &'a Site<'a>,
    pub is: &'a Site<'a>,
    pub old: Here<'a>,
    pub new: Here<'a>,
    /// Roles that matter here.
    pub members: Vec<&'a Member>,
    pub worlds: &'a Worlds<'a>,
    /// What both rule sets make of each turn of the conditions.
    pub turns: Vec<(Truths, Truths)>,
    /// Now, and when an exception of the resource has ended.
    pub moments: Vec<i64>,
    /// Sets of a few roles say all there is to say: no ceiling names roles or asks for a token of the role's own. A result is
    /// settled by the cell that comes out or by two that tie, before and after, and ceilings are then the same for all.
    pub few: bool,
    /// Some ceiling asks for a token of the role's own.
    pub own_keys: bool,
    /// For each role that matters, the ceilings that name it, before and after.
    pub named: Vec<[Named; 2]>,
    tokens: TokenMaster,
}

/// For each ceiling, whether it names a role.
pub(super) type Named = Rc<[bool]>;

/// What is compared, in the order in which it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compared {
    /// Who may read here at all.
    Row,
    /// Whether they read records of their own alone.
    Person,
    /// The value at a field; what the old rules do not list has nothing before.
    Value {
        before: Option<FieldId>,
        after: FieldId,
    },
    /// The member names below a field.
    Names { before: FieldId, after: FieldId },
    /// An entry of the envelope.
    Envelope { before: Option<usize>, after: usize },
}

/// What one set of roles gets on one side.
pub(super) struct Weight {
    pub has_row: bool,
    pub person_check: bool,
    pub outcome: Treatment,
}

/// What a role brings to a set.
#[derive(PartialEq, Eq)]
pub(super) struct Alone {
    has_row: bool,
    counts: bool,
    given: Option<Treatment>,
}

/// What may still be asked for.
pub(super) struct Budget<'b> {
    left: &'b mut usize,
    of_one: usize,
    /// Something was left out.
    pub over: bool,
}

/// All that some set of roles gains in a group whose catalogue gives nothing by itself, whatever conditions turn out to be.
pub(super) fn gains(
    scales: &Scales<'_>,
    (was, is): (&Site<'_>, &Site<'_>),
    worlds: &Worlds<'_>,
    budget: &mut usize,
) -> Vec<Gain> {
    if !worlds.are_few() {
        return vec![Gain::unweighed(say!(
            "too many conditions to weigh each turn of them",
            "条件太多，无法逐一衡量"
        ))];
    }
    let Some(sides) = Sides::new(scales, (was, is), worlds) else {
        return Vec::new();
    };
    let mut found = Found::new(&sides, !scales.new.contracts.is_empty());
    let mut budget = Budget {
        left: budget,
        of_one: 0,
        over: false,
    };
    let mut known: HashMap<[Option<ClassId>; 2], Rc<[Kind]>> = HashMap::new();
    for alike in sides.things() {
        let Some(&(_, first)) = alike.first() else {
            continue;
        };
        let kinds = match sides.classes_alone_decide(first) {
            None => alike::kinds(&sides, first).into(),
            Some(classes) => {
                let new = || alike::kinds(&sides, first).into();
                Rc::clone(known.entry(classes).or_insert_with(new))
            }
        };
        budget.of_one = BUDGET_OF_ONE;
        let gained = alike::gained(&sides, first, &kinds, &found, &mut budget);
        for (order, compared) in alike {
            found.add(order, compared, &gained);
        }
    }
    let many = || {
        let text = say!(
            "too many sets of roles to weigh each",
            "角色组合太多，无法逐一衡量"
        );
        Gain::unweighed(text)
    };
    let over = budget.over.then(many);
    over.into_iter().chain(found.told()).collect()
}

impl Budget<'_> {
    /// Whether there is so much left, which is then gone.
    pub(super) fn spend(&mut self, cost: usize) -> bool {
        let left = (self.left.checked_sub(cost), self.of_one.checked_sub(cost));
        match left {
            (Some(left), Some(of_one)) => {
                (*self.left, self.of_one) = (left, of_one);
                true
            }
            _ => {
                self.over = true;
                false
            }
        }
    }
}

impl<'a> Sides<'a> {
    fn new(
        scales: &'a Scales<'a>,
        (was, is): (&'a Site<'a>, &'a Site<'a>),
        worlds: &'a Worlds<'a>,
    ) -> Option<Sides<'a>> {
        let members = that_matter(scales, was, is);
        let named =
            |member: &&Member| [named(scales.old, member.old), named(scales.new, member.new)];
        let mut ceilings = scales.old.ceilings.iter().chain(&scales.new.ceilings);
        let turns = worlds.each();
        Some(Sides {
            was,
            is,
            old: Here::new(scales.old, was.resource, was.group)?,
            new: Here::new(scales.new, is.resource, is.group)?,
            named: members.iter().map(named).collect(),
            members,
            worlds,
            turns: turns.iter().map(|world| worlds.truths(world)).collect(),
            moments: scales.moments(was, is),
            few: few_are_enough(scales),
            own_keys: ceilings.any(|one| one.at_most == Cell::Token(None)),
            tokens: TokenMaster::test_key(),
        })
    }

    /// All that is compared, each with its place in the order; those that are written alike together.
    fn things(&self) -> Vec<Vec<(usize, Compared)>> {
        type Key<'a> = (Option<Inputs<'a>>, Option<Inputs<'a>>, bool);
        let mut all = vec![vec![(0, Compared::Row)], vec![(1, Compared::Person)]];
        let mut alike: Vec<(Key<'_>, Vec<(usize, Compared)>)> = Vec::new();
        let (was, is) = (self.was.listed, self.is.listed);
        let mut add = |order: usize, compared: Compared, same_text: bool| {
            let (old, new) = compared.things();
            let key: Key<'_> = (
                old.and_then(|old| self.old.inputs(old)),
                new.and_then(|new| self.new.inputs(new)),
                same_text,
            );
            match alike.iter_mut().find(|(known, _)| *known == key) {
                Some((_, all)) => all.push((order, compared)),
                None => alike.push((key, vec![(order, compared)])),
            }
        };
        for (at, field) in is.fields.iter().enumerate() {
            let after = FieldId(at);
            let mut known = was.fields.iter();
            let before = known.position(|other| other.path == field.path);
            let before_text = before.and_then(|at| was.fields.get(at));
            // Keys of tokens are made of it.
            let same_text = before_text.is_some_and(|other| other.text == field.text);
            let before = before.map(FieldId);
            add(2 + 2 * at, Compared::Value { before, after }, same_text);
            if let (Some(before), Some(_)) = (before, field.names) {
                add(3 + 2 * at, Compared::Names { before, after }, same_text);
            }
        }
        for (after, entry) in is.envelope.iter().enumerate() {
            let mut known = was.envelope.iter();
            let before = known.position(|other| other.path == entry.path);
            let before_text = before.and_then(|at| was.envelope.get(at));
            let same_text = before_text.is_some_and(|other| other.text == entry.text);
            let order = 2 + 2 * is.fields.len() + after;
            add(order, Compared::Envelope { before, after }, same_text);
        }
        all.extend(alike.into_iter().map(|(_, things)| things));
        all
    }

    /// The classes on both sides, where nothing else tells what roles have written for a thing: no exception does.
    fn classes_alone_decide(&self, compared: Compared) -> Option<[Option<ClassId>; 2]> {
        let (old, new) = compared.things();
        let old = old.and_then(|old| self.old.governed(old));
        let new = new.and_then(|new| self.new.governed(new));
        let both = [&old, &new];
        let mut exceptions = both
            .iter()
            .flat_map(|side| side.iter())
            .map(|one| &one.exceptions);
        let none = exceptions.all(|exceptions| exceptions.is_empty());
        none.then_some(both.map(|side| side.as_ref().and_then(|one| one.class)))
    }

    /// What a set of roles gets of it, before and after.
    pub(super) fn weights(
        &self,
        compared: Compared,
        held: &[&Member],
        (turn, now): (usize, i64),
    ) -> Option<(Weight, Weight)> {
        let (old, new) = compared.things();
        let (before, after) = self.turns.get(turn)?;
        let held = |side: fn(&Member) -> Option<RoleId>| {
            let held = held.iter();
            held.filter_map(move |one| Some((side(one)?, *one)))
        };
        Some((
            self.weight(&self.old, old, held(|one| one.old), (before, now)),
            self.weight(&self.new, new, held(|one| one.new), (after, now)),
        ))
    }

    fn weight<'m>(
        &self,
        here: &Here<'a>,
        thing: Option<Thing>,
        held: impl Iterator<Item = (RoleId, &'m Member)>,
        (truths, now): (&Truths, i64),
    ) -> Weight {
        let (roles, held): (Vec<RoleId>, Vec<&Member>) = held.unzip();
        let merge = Merge::new(here, roles.as_slice().into(), now, (&self.tokens, truths));
        Weight {
            has_row: merge.may_read(),
            person_check: held.iter().any(|one| one.same_as_person),
            outcome: thing.map_or(Treatment::Strip, |thing| merge.of_thing(thing).outcome),
        }
    }

    /// What a role brings to a set by itself, before ceilings are asked.
    pub(super) fn alone(
        &self,
        here: &Here<'a>,
        thing: Option<Thing>,
        role: RoleId,
        (truths, now): (&Truths, i64),
    ) -> Alone {
        let merge = Merge::new(here, [role].as_slice().into(), now, (&self.tokens, truths));
        let weighing = thing.map(|thing| merge.of_thing(thing));
        let mut given = weighing.into_iter().flat_map(|one| one.given);
        Alone {
            has_row: merge.has_row(),
            counts: merge.may_read(),
            given: given.next().map(|one| one.treatment),
        }
    }
}

impl Compared {
    /// What it is on both sides.
    pub(super) fn things(self) -> (Option<Thing>, Option<Thing>) {
        match self {
            Compared::Row | Compared::Person => (None, None),
            Compared::Value { before, after } => {
                (before.map(Thing::Value), Some(Thing::Value(after)))
            }
            Compared::Names { before, after } => {
                (Some(Thing::Names(before)), Some(Thing::Names(after)))
            }
            Compared::Envelope { before, after } => {
                (before.map(Thing::Envelope), Some(Thing::Envelope(after)))
            }
        }
    }
}

/// Who may look a person up by what they do not see.
pub(super) fn finds(scales: &Scales<'_>, was: &Site<'_>, is: &Site<'_>) -> Vec<Gain> {
    let here = |find: &&Find| find.resource == is.resource && find.group == is.group;
    let mut gains = Vec::new();
    for find in scales.new.finds.iter().filter(here) {
        let Find {
            resource: _,
            group: _,
            role,
            param,
        } = find;
        let member = scales.roles.iter().find(|member| member.new == Some(*role));
        let before = member.and_then(|member| {
            Some(Find {
                resource: was.resource,
                group: was.group,
                role: member.old?,
                param: param.clone(),
            })
        });
        if !before.is_some_and(|before| scales.old.finds.contains(&before)) {
            let who = member.map_or("", |member| &member.name);
            let param = quoted(&param.to_string());
            gains.push(Gain::opens(
                say!("{who} may find by {param}", "{who} 可以按 {param} 查人"; who),
                say!("{who} may find by {param} no more", "{who} 不能再按 {param} 查人"; who),
            ));
        }
    }
    gains
}

/// Roles with a row on either side, with records of their own, or named by a ceiling; no other changes anything.
fn that_matter<'a>(scales: &'a Scales<'_>, was: &Site<'_>, is: &Site<'_>) -> Vec<&'a Member> {
    let has_row = |rules: &RuleSet, site: &Site<'_>, role: Option<RoleId>| {
        role.is_some_and(|role| rules.rows.contains_key(&(site.resource, site.group, role)))
    };
    let bound = |rules: &RuleSet, role: Option<RoleId>| {
        role.is_some_and(|role| {
            rules
                .ceilings
                .iter()
                .any(|one| tells_apart(rules, one, role))
        })
    };
    let matters = |member: &&Member| {
        member.same_as_person
            || has_row(scales.old, was, member.old)
            || has_row(scales.new, is, member.new)
            || bound(scales.old, member.old)
            || bound(scales.new, member.new)
    };
    scales.roles.iter().filter(matters).collect()
}

/// Whether a ceiling asks for this role.
fn tells_apart(rules: &RuleSet, ceiling: &Ceiling, role: RoleId) -> bool {
    let is_partner = rules.roles.get(role.0).is_some_and(|role| role.contract);
    match &ceiling.to {
        Bound::Everyone => ceiling.except_contracts && is_partner,
        Bound::Contracts => is_partner,
        Bound::Roles(roles) => roles.contains(&role) || (ceiling.except_contracts && is_partner),
    }
}

/// For each ceiling, whether it names this role.
fn named(rules: &RuleSet, role: Option<RoleId>) -> Named {
    let names = |ceiling: &Ceiling| match &ceiling.to {
        Bound::Everyone | Bound::Contracts => false,
        Bound::Roles(roles) => role.is_some_and(|role| roles.contains(&role)),
    };
    rules.ceilings.iter().map(names).collect()
}

fn few_are_enough(scales: &Scales<'_>) -> bool {
    let simple = |ceiling: &Ceiling| {
        let Ceiling {
            place: _,
            covers: _,
            to,
            except_contracts,
            at_most,
            reason: _,
        } = ceiling;
        *to == Bound::Everyone && !except_contracts && *at_most != Cell::Token(None)
    };
    scales
        .old
        .ceilings
        .iter()
        .chain(&scales.new.ceilings)
        .all(simple)
}

/// Sets of the first `count` numbers, small ones first; `None` where they are too many.
pub(super) fn sets(count: usize, few: bool) -> Option<Vec<Vec<usize>>> {
    let most = match (count <= ALL_SETS, few) {
        (_, true) => count.min(FEW),
        (true, false) => count,
        (false, false) => return None,
    };
    let mut all: Vec<Vec<usize>> = Vec::new();
    let mut last: Vec<Vec<usize>> = vec![Vec::new()];
    for _ in 0..most {
        last = last
            .iter()
            .flat_map(|set| {
                let from = set.last().map_or(0, |at| at + 1);
                (from..count).map(move |at| [set.as_slice(), &[at]].concat())
            })
            .collect();
        if all.len() + last.len() > BUDGET {
            return None;
        }
        all.extend(last.iter().cloned());
    }
    Some(all)
}
