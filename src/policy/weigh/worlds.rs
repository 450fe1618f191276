//! What conditions may turn out to be, for both rule sets at once: a condition that both know is one and the same.
//!
//! A condition that asks something else than before is told, and then taken for the same one, so that all it decides is still
//! weighed. That two conditions can never hold together is not known here: what is told of such a world errs on the closed side.

use super::super::condition::{Condition, ConditionId, Question, Truth, Truths, closure};
use super::super::diagnostic::{Text, quoted, say};
use super::super::rules::RuleSet;
use super::{Gain, Site, asked};
use crate::policy::condition::Possible;

/// The most conditions whose every turn is weighed: three to the power of these.
const MOST: usize = 4;

/// What each condition has turned out to be, those of [`Worlds`] in their order.
pub(super) type World = Vec<Truth>;

/// A set of worlds: a bit for each of [`Worlds::each`].
pub(super) type Turns = u128;

const _: () = assert!(
    3_usize.pow(MOST as u32) <= Turns::BITS as usize,
    "there is a bit for each"
);

/// The conditions that rows of a group ask on either side and that are not made of others.
pub(super) struct Worlds<'a> {
    old: &'a RuleSet,
    new: &'a RuleSet,
    conditions: Vec<Shared<'a>>,
}

/// A condition of the old rules, the new ones, or both.
struct Shared<'a> {
    name: &'a str,
    old: Option<ConditionId>,
    new: Option<ConditionId>,
}

impl<'a> Worlds<'a> {
    pub(super) fn of(
        (old, was): (&'a RuleSet, &Site<'_>),
        (new, is): (&'a RuleSet, &Site<'_>),
    ) -> Worlds<'a> {
        let mut conditions: Vec<Shared<'a>> = Vec::new();
        for (id, condition) in leaves(old, was) {
            conditions.push(Shared {
                name: &condition.name,
                old: Some(id),
                new: None,
            });
        }
        for (id, condition) in leaves(new, is) {
            let known = conditions.iter().position(|one| one.name == condition.name);
            // One that has only got another name asks the same.
            let renamed = || {
                conditions.iter().position(|one| {
                    let before = one.old.and_then(|id| old.conditions.get(id.0));
                    let is_free = !leaves(new, is).any(|(_, other)| other.name == one.name);
                    is_free && before.is_some_and(|before| asks_same(before, condition))
                })
            };
            match known.or_else(renamed).and_then(|at| conditions.get_mut(at)) {
                Some(known) => known.new = Some(id),
                None => conditions.push(Shared {
                    name: &condition.name,
                    old: None,
                    new: Some(id),
                }),
            }
        }
        Worlds {
            old,
            new,
            conditions,
        }
    }

    /// Whether each turn can be gone through.
    pub(super) fn are_few(&self) -> bool {
        self.conditions.len() <= MOST
    }

    /// Conditions that ask something else than before.
    pub(super) fn changed(&self) -> impl Iterator<Item = Gain> {
        let changed = self.conditions.iter().filter(|one| {
            let before = one.old.and_then(|id| self.old.conditions.get(id.0));
            let after = one.new.and_then(|id| self.new.conditions.get(id.0));
            before
                .zip(after)
                .is_some_and(|(before, after)| !asks_same(before, after))
        });
        changed.map(|one| {
            Gain::unweighed(say!(
                "the condition {} asks something else",
                "条件 {} 问的内容变了",
                quoted(one.name)
            ))
        })
    }

    /// Every turn of all conditions; the one turn of none.
    pub(super) fn each(&self) -> Vec<World> {
        let mut worlds: Vec<World> = vec![Vec::new()];
        for _ in &self.conditions {
            let longer = |world: &World| {
                Truth::ALL.map(|truth| world.iter().copied().chain([truth]).collect::<World>())
            };
            worlds = worlds.iter().flat_map(longer).collect();
        }
        worlds
    }

    /// What both rule sets make of a world.
    pub(super) fn truths(&self, world: &World) -> (Truths, Truths) {
        let settle = |rules: &RuleSet, side: fn(&Shared<'_>) -> Option<ConditionId>| {
            Truths::settle(&rules.conditions, |id, _| {
                let mut all = self.conditions.iter().zip(world);
                let known = all.find(|(one, _)| side(one) == Some(id));
                Possible::only(known.map_or(Truth::Unknown, |(_, truth)| *truth))
            })
        };
        (
            settle(self.old, |one| one.old),
            settle(self.new, |one| one.new),
        )
    }

    /// Those of its conditions, a bit for each, that these of the old rules ask or are made of.
    pub(super) fn of_old(&self, asked: Vec<ConditionId>) -> u8 {
        self.bits(closure(&self.old.conditions, asked), |one| one.old)
    }

    /// The same of the new rules.
    pub(super) fn of_new(&self, asked: Vec<ConditionId>) -> u8 {
        self.bits(closure(&self.new.conditions, asked), |one| one.new)
    }

    fn bits(&self, asked: Vec<ConditionId>, side: fn(&Shared<'_>) -> Option<ConditionId>) -> u8 {
        let all = self.conditions.iter().enumerate().take(MOST);
        let asked = all.filter(|(_, one)| side(one).is_some_and(|id| asked.contains(&id)));
        asked.fold(0, |bits, (at, _)| bits | 1 << at)
    }

    /// One world for all that differ in no condition of these, the first of them, and which those are; in their order.
    pub(super) fn apart(&self, asked: u8) -> Vec<(usize, Turns)> {
        let worlds = self.each();
        let told = |world: &World| -> Vec<Truth> {
            let all = world.iter().enumerate();
            let asked = all.filter(|(at, _)| asked >> at & 1 == 1);
            asked.map(|(_, truth)| *truth).collect()
        };
        let mut apart: Vec<(Vec<Truth>, (usize, Turns))> = Vec::new();
        for (at, world) in worlds.iter().enumerate() {
            let told = told(world);
            match apart.iter_mut().find(|(known, _)| *known == told) {
                Some((_, (_, turns))) => *turns |= 1 << at,
                None => apart.push((told, (at, 1 << at))),
            }
        }
        apart.into_iter().map(|(_, one)| one).collect()
    }

    /// What these worlds have in common that not all of `among` have: `, where X holds`.
    pub(super) fn told(&self, these: Turns, among: Turns) -> Text {
        let worlds = self.each();
        let of = |turns: Turns| -> Vec<&World> {
            let all = worlds.iter().enumerate();
            let these = all.filter(|(at, _)| turns >> at & 1 == 1);
            these.map(|(_, world)| world).collect()
        };
        let (these, among) = (of(these), of(among));
        let mut parts = Vec::new();
        for (at, condition) in self.conditions.iter().enumerate() {
            let may = |worlds: &[&World], truth: Truth| {
                worlds.iter().any(|world| world.get(at) == Some(&truth))
            };
            let found = Truth::ALL.map(|truth| may(&these, truth));
            if found != Truth::ALL.map(|truth| may(&among, truth)) {
                parts.push(turned_out(condition.name, found));
            }
        }
        match parts.is_empty() {
            true if these.len() < among.len() => {
                say!(", where its conditions say so", "，视条件而定")
            }
            true => Text::none(),
            false => {
                let and = |one: Text, other: Text| say!("{one} and {other}", "{one}、{other}"; one, other);
                let parts = parts.into_iter().reduce(and).unwrap_or_else(Text::none);
                say!(", where {parts}", "，限 {parts}"; parts)
            }
        }
    }
}

/// In the order of [`Truth::ALL`].
fn turned_out(name: &str, [is_false, unknown, is_true]: [bool; 3]) -> Text {
    let name = quoted(name);
    match (is_false, unknown, is_true) {
        (false, false, true) => say!("{name} holds", "{name} 成立时"),
        (false, _, true) => say!("{name} holds or cannot be told", "{name} 成立或无法判断时"),
        (true, false, false) => say!("{name} does not hold", "{name} 不成立时"),
        (true, true, false) => say!(
            "{name} does not hold or cannot be told",
            "{name} 不成立或无法判断时"
        ),
        (false, _, false) => say!("{name} cannot be told", "{name} 无法判断时"),
        (true, _, true) => say!("{name} is clear", "{name} 能判断时"),
    }
}

/// What rows of the group ask, apart from conditions made of others.
fn leaves<'a>(
    rules: &'a RuleSet,
    site: &Site<'_>,
) -> impl Iterator<Item = (ConditionId, &'a Condition)> + use<'a> {
    let asked = asked::by_rows(rules, site);
    closure(&rules.conditions, asked)
        .into_iter()
        .filter_map(|id| Some((id, rules.conditions.get(id.0)?)))
        .filter(|(_, condition)| {
            !matches!(
                condition.asks,
                Question::All(_) | Question::Any(_) | Question::Not(_)
            )
        })
}

fn asks_same(one: &Condition, other: &Condition) -> bool {
    format!("{:?}", one.asks) == format!("{:?}", other.asks)
}
