//! What each set of roles gets of each field, before and after, by the merge that serves callers.
//!
//! Up to [`ALL_SETS`] roles that matter to a group, every set of them is weighed. Beyond, sets of at most [`FEW`] are
//! enough where no ceiling names roles or asks for a token of the role's own: a result is settled by the cell that
//! comes out or by two that tie, before and after, and ceilings are then the same for all. Whatever else there is
//! remains unweighed.

use std::collections::{BTreeSet, HashMap};

use super::super::combine::{Treatment, Treatments, treatments};
use super::super::condition::Truths;
use super::super::diagnostic::{Text, quoted, say};
use super::super::rules::{Bound, Ceiling, Cell, Find, RoleId, RuleSet, Unlisted};
use super::worlds::{World, Worlds};
use super::{Gain, Member, Scales, Site};
use crate::mask::Mask;
use crate::mask::token::TokenMaster;
use crate::model::Openness;

/// Roles of which every set is weighed.
const ALL_SETS: usize = 12;
/// The most roles of a set that is weighed where there are more.
const FEW: usize = 4;
/// Outcomes that are asked for in all; what would need more is unweighed.
pub(super) const BUDGET: usize = 4_000_000;

/// One side of the scales, for one set of roles at one moment.
struct Weight {
    treatments: Treatments,
    has_row: bool,
    person_check: bool,
}

/// All that some set of roles gains in a group whose catalogue gives nothing by itself, whatever conditions turn out to be.
pub(super) fn gains(
    scales: &Scales<'_>,
    (was, is): (&Site<'_>, &Site<'_>),
    worlds: &Worlds<'_>,
    budget: &mut usize,
) -> Vec<Gain> {
    let many = || {
        let text = say!(
            "too many sets of roles to weigh each",
            "角色组合太多，无法逐一衡量"
        );
        Gain::unweighed(text)
    };
    let members = that_matter(scales, was, is);
    let Some(mut sets) = sets(members.len(), few_are_enough(scales)) else {
        return vec![many()];
    };
    let mut unweighed = Vec::new();
    let turns = match worlds.are_few() {
        true => worlds.each(),
        false => {
            unweighed.push(Gain::unweighed(say!(
                "too many conditions to weigh each turn of them",
                "条件太多，无法逐一衡量"
            )));
            Vec::new()
        }
    };
    // Whoever holds a role with contracts holds no other.
    let can_be = |set: &Vec<usize>| {
        let mut held = set.iter().filter_map(|at| members.get(*at));
        set.len() < 2 || !held.any(|one| one.contract)
    };
    sets.retain(can_be);
    let each = was.listed.fields.len() + is.listed.fields.len() + 1;
    let needed = sets.len() * scales.moments.len() * turns.len() * each;
    match budget.checked_sub(needed) {
        Some(left) => *budget = left,
        None => {
            // What each role gains by itself is told all the same.
            sets.truncate(members.len());
            unweighed.push(many());
        }
    }
    let tokens = TokenMaster::test_key();
    let mut found = Found::new(was, is, !scales.new.contracts.is_empty());
    for &now in &scales.moments {
        for (turn, world) in turns.iter().enumerate() {
            let (before, after) = worlds.truths(world);
            for set in &sets {
                let held = set.iter().filter_map(|at| members.get(*at).copied());
                let held: Vec<&Member> = held.collect();
                let old = held.iter().map(|one| (one.old, *one));
                let new = held.iter().map(|one| (one.new, *one));
                let old = weight((scales.old, was), old, now, &tokens, &before);
                let new = weight((scales.new, is), new, now, &tokens, &after);
                found.compare(&held, turn, (&old, &new));
            }
        }
    }
    unweighed.extend(found.told(worlds, &turns));
    unweighed
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
        (true, _) => count,
        (false, true) => FEW,
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

fn weight<'m>(
    (rules, site): (&RuleSet, &Site<'_>),
    held: impl Iterator<Item = (Option<RoleId>, &'m Member)>,
    now: i64,
    tokens: &TokenMaster,
    truths: &Truths,
) -> Weight {
    let held: Vec<(RoleId, &Member)> = held.filter_map(|(role, one)| Some((role?, one))).collect();
    let roles: Vec<RoleId> = held.iter().map(|(role, _)| *role).collect();
    let counts = |role: &RoleId| {
        let row = rules.rows.get(&(site.resource, site.group, *role));
        row.is_some_and(|row| truths.may_count(*role, &row.only))
    };
    let standing = roles.as_slice().into();
    Weight {
        has_row: roles.iter().any(counts),
        person_check: held.iter().any(|(_, one)| one.same_as_person),
        treatments: treatments(
            rules,
            site.resource,
            site.group,
            standing,
            now,
            tokens,
            truths,
        ),
    }
}

/// What was found so far, each thing once for each smallest set of roles that gains it.
struct Found<'a> {
    was: &'a Site<'a>,
    is: &'a Site<'a>,
    /// Where an outcome is the more closed of several: only what no tie can open again counts as narrower.
    meets_others: bool,
    /// Under a contract the annex meets every outcome.
    has_contracts: bool,
    covers_containers: bool,
    gains: Vec<One>,
    /// For each turn and thing, the sets of roles it was told of.
    told: HashMap<(usize, String), Vec<Vec<String>>>,
    /// The turns in which a set of roles reads here at all.
    reads: HashMap<Vec<String>, BTreeSet<usize>>,
}

/// One gain of one set of roles, and the turns in which it is one.
struct One {
    held: Vec<String>,
    gain: Gain,
    turns: BTreeSet<usize>,
}

impl<'a> Found<'a> {
    fn new(was: &'a Site<'a>, is: &'a Site<'a>, has_contracts: bool) -> Self {
        let fields = &is.listed.fields;
        let envelope = &is.listed.envelope;
        let nets = fields.iter().any(|field| field.path.is_net())
            || envelope.iter().any(|entry| entry.path.is_net());
        let overlaps = fields.iter().enumerate().any(|(at, one)| {
            let others = fields.iter().skip(at + 1);
            let mut others =
                others.filter(|other| other.path.segments.len() == one.path.segments.len());
            others.any(|other| super::shape::lie_on_one_way(&one.path, &other.path))
        });
        Found {
            was,
            is,
            meets_others: nets || overlaps,
            has_contracts,
            covers_containers: fields.iter().any(|field| field.whole),
            gains: Vec::new(),
            told: HashMap::new(),
            reads: HashMap::new(),
        }
    }

    /// All of it, with the conditions under which it is one.
    fn told(self, worlds: &Worlds<'_>, turns: &[World]) -> Vec<Gain> {
        let of = |at: &BTreeSet<usize>| -> Vec<&World> {
            at.iter().filter_map(|at| turns.get(*at)).collect()
        };
        let reads = &self.reads;
        let told = self.gains.into_iter().map(|one| {
            let among = reads.get(&one.held).map(of).unwrap_or_default();
            let told = worlds.told(&of(&one.turns), &among);
            one.gain
                .with(|what| say!("{what}{told}", "{what}{told}"; what, told))
        });
        told.collect()
    }

    fn compare(&mut self, held: &[&Member], turn: usize, (old, new): (&Weight, &Weight)) {
        if !new.has_row {
            return;
        }
        let reads = self.reads.entry(names_of(held)).or_default();
        reads.insert(turn);
        let who = names(held);
        if !old.has_row {
            let gain = Gain::opens(
                say!("{who} may read here", "{who} 可以读这里"; who),
                say!("{who} may read here no more", "{who} 不能再读这里"; who),
            );
            self.tell("row", held, turn, gain);
        } else if old.person_check != new.person_check {
            let text = say!(
                "{who}: whose records may be read has changed",
                "{who}：能读谁的记录变了";
                who
            );
            self.tell("person", held, turn, Gain::unweighed(text));
        }
        let (was, is) = (self.was.listed, self.is.listed);
        for (at, field) in is.fields.iter().enumerate() {
            let outcome = new.treatments.fields.get(at);
            let Some(before) = was.fields.iter().position(|other| other.path == field.path) else {
                self.listed(held, turn, &field.text, outcome);
                continue;
            };
            let pair = (old.treatments.fields.get(before), outcome);
            self.outcome(held, turn, &field.text, pair);
            let shown =
                |weight: &Weight, at: usize| weight.treatments.names_shown.get(at) == Some(&true);
            if shown(new, at) && !shown(old, before) {
                let text = quoted(&field.text);
                let gain = Gain::opens(
                    say!("{who} sees the names below {text}", "{who} 能看到 {text} 下的名字"; who),
                    say!("{who} sees the names below {text} no more", "{who} 不能再看到 {text} 下的名字"; who),
                );
                self.tell(&format!("names {}", field.text), held, turn, gain);
            }
        }
        for (at, entry) in is.envelope.iter().enumerate() {
            let mut known = was.envelope.iter();
            let outcome = new.treatments.envelope.get(at);
            let Some(before) = known.position(|other| other.path == entry.path) else {
                self.listed(held, turn, &entry.text, outcome);
                continue;
            };
            let pair = (old.treatments.envelope.get(before), outcome);
            self.outcome(held, turn, &entry.text, pair);
        }
    }

    /// What is got of an entry that was not listed before; the entry itself was told with the catalogue.
    fn listed(&mut self, held: &[&Member], turn: usize, text: &str, outcome: Option<&Treatment>) {
        let hidden = !matches!(self.was.listed.unlisted, Unlisted::Show { .. });
        let Some(new) = outcome.filter(|one| hidden && **one != Treatment::Strip) else {
            return;
        };
        let (who, field, to) = (names(held), quoted(text), new.openness().word());
        let gain = Gain::opens(
            say!("{who}: {field} from not listed to `{to}`", "{who}：{field} 从未列出变为 `{to}`"; who),
            say!("{who}: {field} from `{to}` to not listed", "{who}：{field} 从 `{to}` 变为不再列出"; who),
        );
        self.tell(text, held, turn, gain);
    }

    fn outcome(
        &mut self,
        held: &[&Member],
        turn: usize,
        text: &str,
        pair: (Option<&Treatment>, Option<&Treatment>),
    ) {
        let (Some(old), Some(new)) = pair else {
            return;
        };
        if old == new {
            return;
        }
        let who = names(held);
        let change = |(old, new): (&Treatment, &Treatment)| {
            let (from, to) = (old.openness().word(), new.openness().word());
            say!(
                "{who}: {} from `{from}` to `{to}`",
                "{who}：{} 从 `{from}` 变为 `{to}`",
                quoted(text);
                who
            )
        };
        let gain = if new.openness() > old.openness() {
            Gain::opens(change((old, new)), change((new, old)))
        } else {
            let partner = self.has_contracts && held.iter().any(|one| one.contract);
            let why = if !shows_no_more(new, old) {
                say!(", which cannot be compared", "，无法比较")
            } else if partner && !is_constant(new) {
                say!(", where an annex meets it", "，还要过合同附件")
            } else if self.covers_containers || (self.meets_others && !is_constant(new)) {
                say!(", where other entries meet it", "，此处还有别的条目")
            } else {
                return;
            };
            let gain = Gain::unweighed(change((old, new)));
            gain.or_back(change((new, old))).since(why)
        };
        self.tell(text, held, turn, gain);
    }

    /// Smaller sets of roles come before larger ones.
    fn tell(&mut self, what: &str, held: &[&Member], turn: usize, gain: Gain) {
        let is_held = |name: &String| held.iter().any(|one| one.name == *name);
        let told = self.told.entry((turn, what.to_owned())).or_default();
        if told.iter().any(|set| set.iter().all(is_held)) {
            return;
        }
        told.push(names_of(held));
        let same = |one: &&mut One| one.gain == gain && one.held == names_of(held);
        match self.gains.iter_mut().find(same) {
            Some(known) => _ = known.turns.insert(turn),
            None => self.gains.push(One {
                held: names_of(held),
                gain,
                turns: BTreeSet::from([turn]),
            }),
        }
    }
}

fn names_of(held: &[&Member]) -> Vec<String> {
    held.iter().map(|one| one.name.clone()).collect()
}

fn names(held: &[&Member]) -> Text {
    Text::list(names_of(held))
}

/// Whether the new outcome tells nothing of a value that the old one did not. A mask shows parts that a token hides.
fn shows_no_more(new: &Treatment, old: &Treatment) -> bool {
    match (new, old) {
        (Treatment::Strip, _) | (_, Treatment::Show) => true,
        (Treatment::Blank, other) => other.openness() >= Openness::Blank,
        (Treatment::Mask(mask), other) => {
            new == other || (**mask == Mask::Fixed && other.openness() >= Openness::Mask)
        }
        (Treatment::Token(_) | Treatment::Show, other) => new == other,
    }
}

/// Whether nothing it meets can make it show more: the more closed of it and anything is no more than it was of what it
/// replaces.
fn is_constant(new: &Treatment) -> bool {
    match new {
        Treatment::Strip | Treatment::Blank => true,
        Treatment::Mask(mask) => **mask == Mask::Fixed,
        Treatment::Token(_) | Treatment::Show => false,
    }
}
