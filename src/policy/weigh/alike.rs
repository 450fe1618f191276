//! Which roles are alike where one thing is weighed, and what sets of them gain of it.
//!
//! What a set of roles gets of a thing is made of what each of them gives ([`Alone`]) and of the ceilings that name one of them, and
//! of nothing else. So a set gains what any other gains whose roles bring the same, one by one; and a second role that brings
//! the same as a first adds nothing, unless a key of the role's own (`token`) may make the two tie; a third never does.
//! Roles are told apart twice: by what is written for them, which says what turns of the conditions there are to go through,
//! and in each turn by what that comes to, which is what counts. No two roles are taken for alike of which that is not so.

use std::collections::HashMap;

use super::super::combine::{Governed, Here};
use super::super::condition::ConditionId;
use super::super::rules::{Cell, Choice, RoleId};
use super::Member;
use super::effect::{Alone, Budget, Compared, Named, Sides, sets};
use super::found::{Change, Found};
use super::worlds::Turns;

/// Roles for which the same is written, on both sides.
pub(super) struct Kind {
    /// By their place among those that matter.
    members: Vec<usize>,
    /// The conditions that decide what they give, a bit for each.
    asks: u8,
    /// Two of them may say something else than one.
    twice: bool,
}

/// What a set of roles gains of one thing.
pub(super) struct Gained {
    /// By their place among those that matter, in that order.
    pub set: Vec<usize>,
    pub change: Change,
    /// The moment and the turn in which it is found first.
    pub first: (usize, u32),
    /// All turns in which it is one.
    pub turns: Turns,
}

/// All that is written for a role where one thing is concerned.
#[derive(PartialEq, Eq)]
struct Written<'a> {
    same_as_person: bool,
    contract: bool,
    /// Before and after; nothing where there is no such role.
    sides: [Option<Side<'a>>; 2],
}

/// The same of one rule set.
#[derive(PartialEq, Eq)]
struct Side<'a> {
    row: Option<Line<'a>>,
    /// What each exception says, until when, and how far away.
    exceptions: Vec<(&'a Choice, Option<i64>, usize)>,
    named: Named,
}

/// What a row says of one class.
#[derive(PartialEq, Eq)]
struct Line<'a> {
    gate: &'a [ConditionId],
    cell: Option<&'a Choice>,
    /// How far away it is written.
    steps: Option<usize>,
}

/// What a role brings to a set in one turn.
#[derive(PartialEq, Eq)]
struct Brings {
    same_as_person: bool,
    contract: bool,
    twice: bool,
    /// Before and after.
    sides: [Option<(Alone, Named)>; 2],
}

/// Roles that bring the same in one turn.
struct Bringers {
    /// Its place among all that was ever brought.
    what: usize,
    contract: bool,
    twice: bool,
    members: Vec<usize>,
}

/// One that stands for all that bring the same, or the second of them.
struct Chosen<'b> {
    of: &'b Bringers,
    member: usize,
    second: bool,
}

/// Those of a rule set's roles that matter, by what is written for them.
pub(super) fn kinds(sides: &Sides<'_>, compared: Compared) -> Vec<Kind> {
    let (old, new) = compared.things();
    let old = old.and_then(|old| sides.old.governed(old));
    let new = new.and_then(|new| sides.new.governed(new));
    let mut kinds: Vec<(Written<'_>, Kind)> = Vec::new();
    for (at, (member, named)) in sides.members.iter().zip(&sides.named).enumerate() {
        let [named_before, named_after] = named.clone();
        let written = Written {
            same_as_person: member.same_as_person,
            contract: member.contract,
            sides: [
                (member.old).map(|role| Side::of(&sides.old, old.as_ref(), role, named_before)),
                (member.new).map(|role| Side::of(&sides.new, new.as_ref(), role, named_after)),
            ],
        };
        match kinds.iter_mut().find(|(known, _)| *known == written) {
            Some((_, kind)) => kind.members.push(at),
            None => {
                let [before, after] = &written.sides;
                let asks = |side: &Option<Side<'_>>| -> Vec<ConditionId> {
                    side.iter().flat_map(Side::asks).collect()
                };
                let own_key = |side: &Option<Side<'_>>| side.as_ref().is_some_and(Side::own_key);
                let kind = Kind {
                    members: vec![at],
                    asks: sides.worlds.of_old(asks(before)) | sides.worlds.of_new(asks(after)),
                    twice: sides.own_keys || own_key(before) || own_key(after),
                };
                kinds.push((written, kind));
            }
        }
    }
    kinds.into_iter().map(|(_, kind)| kind).collect()
}

impl<'a> Side<'a> {
    fn of(
        here: &Here<'a>,
        governed: Option<&Governed<'a>>,
        role: RoleId,
        named: Named,
    ) -> Side<'a> {
        let class = governed.and_then(|one| one.class);
        let row = here.row(role).map(|row| Line {
            gate: &row.only,
            cell: class.and_then(|class| row.cells.get(class.0)),
            steps: class.and_then(|class| row.steps.get(class.0).copied().flatten()),
        });
        let all = governed.map_or(&[][..], |one| &one.exceptions);
        let mine = all.iter().filter(|one| one.role == role && row.is_some());
        Side {
            exceptions: mine.map(|one| (&one.cell, one.until, one.steps)).collect(),
            row,
            named,
        }
    }

    fn choices(&self) -> impl Iterator<Item = &'a Choice> {
        let cell = self.row.as_ref().and_then(|row| row.cell);
        cell.into_iter()
            .chain(self.exceptions.iter().map(|(cell, _, _)| *cell))
    }

    fn asks(&self) -> impl Iterator<Item = ConditionId> {
        let gate = self.row.as_ref().map_or(&[][..], |row| row.gate);
        let whens = self.choices().filter_map(|choice| choice.when.as_ref());
        gate.iter().copied().chain(whens.map(|when| when.condition))
    }

    fn own_key(&self) -> bool {
        self.choices()
            .flat_map(Choice::cells)
            .any(|cell| *cell == Cell::Token(None))
    }
}

/// What every set of roles gains of a thing, no set of which a part gains it in the same turn.
pub(super) fn gained<'a>(
    sides: &Sides<'a>,
    compared: Compared,
    kinds: &[Kind],
    found: &Found<'_, 'a>,
    budget: &mut Budget<'_>,
) -> Vec<Gained> {
    let mut search = Search {
        sides,
        compared,
        found,
        brought: Vec::new(),
        known: HashMap::new(),
    };
    let asks = kinds.iter().fold(0, |all, kind| all | kind.asks);
    let apart = sides.worlds.apart(asks);
    let mut all = All::default();
    for (moment, now) in sides.moments.iter().copied().enumerate() {
        for (turn, turns) in &apart {
            let bringers = search.bringers(kinds, (*turn, now));
            for (set, change) in search.smallest(&bringers, (*turn, now), budget) {
                for set in each_of(&set, budget) {
                    all.add(set, change, moment, *turns);
                }
            }
        }
        all.told.append(&mut all.now);
    }
    all.gained
}

/// What is found so far.
#[derive(Default)]
struct All {
    gained: Vec<Gained>,
    places: HashMap<(Vec<usize>, Change), usize>,
    /// What was told at earlier moments, and in which turns.
    told: Vec<(Vec<usize>, Turns)>,
    /// The same of this moment.
    now: Vec<(Vec<usize>, Turns)>,
}

impl All {
    fn add(&mut self, set: Vec<usize>, change: Change, moment: usize, turns: Turns) {
        let smaller = |told: &&(Vec<usize>, Turns)| told.0.iter().all(|at| set.contains(at));
        let told = self.told.iter().filter(smaller);
        let turns = told.fold(turns, |left, (_, told)| left & !told);
        if turns == 0 {
            return;
        }
        self.now.push((set.clone(), turns));
        let first = (moment, turns.trailing_zeros());
        let place = self.places.get(&(set.clone(), change));
        match place.and_then(|at| self.gained.get_mut(*at)) {
            Some(known) => {
                known.turns |= turns;
                known.first = known.first.min(first);
            }
            None => {
                self.places.insert((set.clone(), change), self.gained.len());
                self.gained.push(Gained {
                    set,
                    change,
                    first,
                    turns,
                });
            }
        }
    }
}

struct Search<'s, 'f, 'a> {
    sides: &'s Sides<'a>,
    compared: Compared,
    found: &'s Found<'f, 'a>,
    brought: Vec<Brings>,
    /// What comes of roles that bring this, two of the same written twice.
    known: HashMap<Vec<usize>, Option<Change>>,
}

impl Search<'_, '_, '_> {
    fn bringers(&mut self, kinds: &[Kind], (turn, now): (usize, i64)) -> Vec<Bringers> {
        let mut all: Vec<Bringers> = Vec::new();
        for kind in kinds {
            let Some((brings, contract)) = self.brings(kind, (turn, now)) else {
                continue;
            };
            let what = match self.brought.iter().position(|known| *known == brings) {
                Some(known) => known,
                None => {
                    self.brought.push(brings);
                    self.brought.len() - 1
                }
            };
            match all.iter_mut().find(|one| one.what == what) {
                Some(same) => same.members.extend(&kind.members),
                None => all.push(Bringers {
                    what,
                    contract,
                    twice: kind.twice,
                    members: kind.members.clone(),
                }),
            }
        }
        all
    }

    fn brings(&self, kind: &Kind, (turn, now): (usize, i64)) -> Option<(Brings, bool)> {
        let (sides, first) = (self.sides, *kind.members.first()?);
        let member: &Member = sides.members.get(first)?;
        let [named_before, named_after] = sides.named.get(first)?.clone();
        let (before, after) = sides.turns.get(turn)?;
        let (old, new) = self.compared.things();
        let before = |role| sides.alone(&sides.old, old, role, (before, now));
        let after = |role| sides.alone(&sides.new, new, role, (after, now));
        let brings = Brings {
            same_as_person: member.same_as_person,
            contract: member.contract,
            twice: kind.twice,
            sides: [
                member.old.map(|role| (before(role), named_before)),
                member.new.map(|role| (after(role), named_after)),
            ],
        };
        Some((brings, member.contract))
    }

    /// The sets that gain something and of which no part does, of one that stands for all that bring the same.
    fn smallest<'b>(
        &mut self,
        bringers: &'b [Bringers],
        at: (usize, i64),
        budget: &mut Budget<'_>,
    ) -> Vec<(Vec<Chosen<'b>>, Change)> {
        let chosen = |of: &'b Bringers| {
            let members = of.members.iter().take(if of.twice { 2 } else { 1 });
            members.enumerate().map(move |(at, member)| Chosen {
                of,
                member: *member,
                second: at > 0,
            })
        };
        let chosen: Vec<Chosen<'b>> = bringers.iter().flat_map(chosen).collect();
        let sets = sets(chosen.len(), self.sides.few).unwrap_or_else(|| {
            budget.over = true;
            (0..chosen.len()).map(|at| vec![at]).collect()
        });
        let mut smallest: Vec<(Vec<usize>, Change)> = Vec::new();
        for set in sets {
            let of_set: Vec<&Chosen<'b>> = set.iter().filter_map(|at| chosen.get(*at)).collect();
            let gains_already =
                |(part, _): &(Vec<usize>, Change)| part.iter().all(|at| set.contains(at));
            if !can_be(&of_set) || smallest.iter().any(gains_already) {
                continue;
            }
            if let Some(change) = self.change(&of_set, at, budget) {
                smallest.push((set, change));
            }
        }
        let pick = |set: Vec<usize>| -> Vec<Chosen<'b>> {
            let set = set.into_iter().filter_map(|at| chosen.get(at));
            set.map(|one| Chosen { ..*one }).collect()
        };
        smallest
            .into_iter()
            .map(|(set, change)| (pick(set), change))
            .collect()
    }

    fn change(
        &mut self,
        set: &[&Chosen<'_>],
        at: (usize, i64),
        budget: &mut Budget<'_>,
    ) -> Option<Change> {
        let mut what: Vec<usize> = set.iter().map(|one| one.of.what).collect();
        what.sort_unstable();
        if let Some(known) = self.known.get(&what) {
            return *known;
        }
        if set.len() > 1 && !budget.spend(2) {
            return None;
        }
        let members = set.iter().map(|one| self.sides.members.get(one.member));
        let held: Vec<&Member> = members.flatten().copied().collect();
        let (old, new) = self.sides.weights(self.compared, &held, at)?;
        let partner = held.iter().any(|one| one.contract);
        let change = self.found.change(self.compared, partner, (&old, &new));
        self.known.insert(what, change);
        change
    }
}

/// Whether somebody can hold these: whoever holds a role with contracts holds no other. A second one says nothing without
/// the first.
fn can_be(set: &[&Chosen<'_>]) -> bool {
    let partner = set.iter().any(|one| one.of.contract);
    let is_first = |other: &&Chosen<'_>, what: usize| other.of.what == what && !other.second;
    let follows =
        |one: &&Chosen<'_>| !one.second || set.iter().any(|other| is_first(other, one.of.what));
    (set.len() < 2 || !partner) && set.iter().all(follows)
}

/// All sets of roles that bring what this one does. Of sets that are too many none is told but that it is so.
fn each_of(set: &[Chosen<'_>], budget: &mut Budget<'_>) -> Vec<Vec<usize>> {
    let count = |one: &Chosen<'_>| one.of.members.len();
    let sets = set.iter().map(count).fold(1, usize::saturating_mul);
    if set.len() > 1 && !budget.spend(sets) {
        return Vec::new();
    }
    let mut all: Vec<Vec<usize>> = vec![Vec::new()];
    for one in set.iter().filter(|one| !one.second) {
        let members = &one.of.members;
        let two = set
            .iter()
            .any(|other| other.second && other.of.what == one.of.what);
        let picks: Vec<Vec<usize>> = match two {
            false => members.iter().map(|at| vec![*at]).collect(),
            true => {
                let others = |at: usize| members.iter().skip(at + 1);
                let pairs = members.iter().enumerate();
                pairs
                    .flat_map(|(at, one)| others(at).map(move |other| vec![*one, *other]))
                    .collect()
            }
        };
        let longer = |before: &Vec<usize>| -> Vec<Vec<usize>> {
            let each = picks.iter();
            each.map(|pick| [before.as_slice(), pick.as_slice()].concat())
                .collect()
        };
        all = all.iter().flat_map(longer).collect();
    }
    for set in &mut all {
        set.sort_unstable();
    }
    all
}
