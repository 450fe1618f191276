//! What happens to each field for one caller: the cells of its roles merged, then the ceilings.
//!
//! Refuses nothing: whatever is not said, tied or expired ends more closed. Neither the order of roles
//! nor of files, keys, exceptions or ceilings changes the result.

mod here;
pub(super) mod reach;
mod treatment;
mod weighing;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;

use self::here::Covering;
pub(super) use self::here::{Governed, Here, Inputs, Thing};
use self::reach::is_bound;
pub use self::treatment::{Standing, Treatment, Treatments};
pub use self::weighing::{Binding, Given, Weighing, Weighings, Within};
use super::condition::{Truth, Truths};
use super::rules::{
    Cell, Choice, ClassId, Contract, Exception, FieldId, GroupId, ResourceId, Role, RoleId, Row,
    RuleSet,
};
use crate::mask::token::{TokenMaster, TokenSpace};
use crate::model::Openness;

/// Merges the caller's roles for one group of routes at `now` (seconds since 1970).
///
/// `standing` has all roles the caller holds: those without a row here open nothing, but ceilings that name
/// them bind. Of a condition that may turn out this way or that, the most open counts.
pub fn treatments(
    rules: &RuleSet,
    resource: ResourceId,
    group: GroupId,
    standing: Standing<'_>,
    now: i64,
    tokens: &TokenMaster,
    truths: &Truths,
) -> Treatments {
    let Weighings {
        fields,
        names,
        envelope,
    } = weigh(rules, resource, group, standing, now, tokens, truths);
    let outcomes = |all: Vec<Weighing<'_>>| all.into_iter().map(|one| one.outcome).collect();
    Treatments {
        fields: outcomes(fields),
        names_shown: (names.into_iter().map(|one| one.outcome == Treatment::Show)).collect(),
        envelope: outcomes(envelope),
    }
}

/// The same, with the steps that lead there.
pub fn weigh<'a>(
    rules: &'a RuleSet,
    resource: ResourceId,
    group: GroupId,
    standing: Standing<'_>,
    now: i64,
    tokens: &TokenMaster,
    truths: &Truths,
) -> Weighings<'a> {
    let Some(here) = Here::new(rules, resource, group) else {
        return Weighings::default();
    };
    let merge = Merge::new(&here, standing, now, (tokens, truths));
    let all = |kind: fn(usize) -> Thing, count: usize| {
        let things = (0..count).map(kind);
        things.map(|thing| merge.of_thing(thing)).collect()
    };
    let (fields, envelope) = (here.listed.fields.len(), here.listed.envelope.len());
    Weighings {
        fields: all(|at| Thing::Value(FieldId(at)), fields),
        names: all(|at| Thing::Names(FieldId(at)), fields),
        envelope: all(Thing::Envelope, envelope),
    }
}

/// All that is the same for every field of one caller.
pub(super) struct Merge<'a, 't> {
    here: &'t Here<'a>,
    rules: &'a RuleSet,
    /// Whether any of the caller's roles has a row here.
    has_row: bool,
    /// Those whose row counts.
    rows: Vec<(RoleId, &'a Role, &'a Row)>,
    /// The contract the caller runs under, and what it says of this group.
    contract: Option<(&'a Contract, Option<&'a Row>)>,
    now: i64,
    /// The ceilings that bind this caller.
    ceilings: Vec<&'t Covering<'a>>,
    tokens: &'t TokenMaster,
    truths: &'t Truths,
}

impl<'a, 't> Merge<'a, 't> {
    pub(super) fn new(
        here: &'t Here<'a>,
        standing: Standing<'_>,
        now: i64,
        (tokens, truths): (&'t TokenMaster, &'t Truths),
    ) -> Merge<'a, 't> {
        let rules = here.rules;
        let held: BTreeSet<RoleId> = standing.roles.iter().copied().collect();
        let contract = standing.contract.and_then(|id| rules.contracts.get(id.0));
        let contract = contract.map(|one| (one, one.items.get(&(here.resource, here.group))));
        // What the contract does not name at all, not even the envelope leaves.
        let is_covered = contract.is_none_or(|(_, items)| items.is_some());
        let held_here = held.iter().filter(|_| is_covered);
        let rows: Vec<(RoleId, &Role, &Row)> = held_here
            .filter_map(|&id| {
                let row = here.row(id)?;
                Some((id, rules.roles.get(id.0)?, row))
            })
            .collect();
        let has_row = !rows.is_empty();
        let counts = |(role, _, row): &(RoleId, &Role, &Row)| truths.may_count(*role, &row.only);
        let ceilings = here.ceilings.iter();
        Merge {
            here,
            rules,
            has_row,
            rows: rows.into_iter().filter(counts).collect(),
            contract,
            now,
            ceilings: ceilings
                .filter(|one| is_bound(rules, one.ceiling, &held))
                .collect(),
            tokens,
            truths,
        }
    }

    /// Whether any of the caller's roles has a row here, behind whatever gate.
    pub(super) fn has_row(&self) -> bool {
        self.has_row
    }

    /// Whether the row of any of them counts.
    pub(super) fn may_read(&self) -> bool {
        !self.rows.is_empty()
    }

    /// What happens to one thing the resource lists.
    pub(super) fn of_thing(&self, thing: Thing) -> Weighing<'a> {
        let Some(governed) = self.here.governed(thing) else {
            return Weighing::settled(Treatment::Strip);
        };
        let weighing = self.weigh(&governed);
        match (thing, governed.class, &weighing.outcome) {
            // It is no record's, so gates say nothing of it.
            (Thing::Envelope(_), None, _) if self.has_row => Weighing::settled(Treatment::Show),
            // For clients that need the member. An entry that gives names a class and nothing else has no value to blank.
            (Thing::Value(_), Some(_), Treatment::Strip)
                if self.here.listed.strip_as_blank && !self.rows.is_empty() =>
            {
                Weighing {
                    outcome: Treatment::Blank,
                    blanked: true,
                    ..weighing
                }
            }
            _ => weighing,
        }
    }

    fn weigh(&self, governed: &Governed<'a>) -> Weighing<'a> {
        let Some(class) = governed.class else {
            return Weighing::settled(Treatment::Strip);
        };
        let given = self.rows.iter();
        let mut given: Vec<Given<'a>> = given
            .map(|(id, role, row)| self.cell(*id, role, row, class, governed))
            .collect();
        let outcomes: Vec<Treatment> = given.iter().map(|one| one.treatment.clone()).collect();
        let merged = Treatment::most_open(&outcomes);
        let most = outcomes.iter().map(Treatment::openness).max();
        for one in &mut given {
            one.wins = Some(one.treatment.openness()) == most;
        }
        let agree = given.iter().filter(|one| one.treatment == merged);
        let holders: Vec<&Role> = agree
            .filter_map(|one| self.rules.roles.get(one.role.0))
            .collect();
        let (bounded, bounds) = self.under_ceilings(&merged, &holders, class, governed);
        let outcome = self.within_contract(bounded.clone(), class, governed);
        let within = self.contract.map(|(contract, items)| Within {
            contract,
            items,
            lowers: outcome != bounded,
        });
        Weighing {
            given,
            merged,
            bounds,
            within,
            blanked: false,
            outcome,
        }
    }

    /// The more closed of what the role gets and what the contract's annex says.
    fn within_contract(
        &self,
        outcome: Treatment,
        class: ClassId,
        governed: &Governed<'_>,
    ) -> Treatment {
        let Some((_, items)) = self.contract else {
            return outcome;
        };
        let item = items.and_then(|row| row.cells.get(class.0));
        self.chosen(item.unwrap_or(&Choice::STRIP), |cell| {
            match (cell, &outcome) {
                (Cell::Mask(None), Treatment::Show | Treatment::Token(_)) => own_mask(governed),
                // A bare mask accepts any.
                (Cell::Mask(None), _) => outcome.clone(),
                (cell, _) => {
                    let item = self.resolve(cell, &[], class, governed);
                    outcome.clone().closer(item)
                }
            }
        })
    }

    /// What one role gets: its exception, else its cell.
    fn cell(
        &self,
        id: RoleId,
        role: &Role,
        row: &Row,
        class: ClassId,
        governed: &Governed<'a>,
    ) -> Given<'a> {
        let cell = row.cells.get(class.0).unwrap_or(&Choice::STRIP);
        let written = row.steps.get(class.0).copied().flatten();
        let mut outcomes = Vec::new();
        let mut exceptions = Vec::new();
        let mut decided = false;
        let in_force = |one: &&Exception| one.until.is_none_or(|until| self.now <= until);
        let mine = governed.exceptions.iter().copied().filter(in_force);
        for exception in mine.filter(|one| one.role == id) {
            // One inherited from farther than the cell only closes, and one that ends would then open.
            let nearer = written.is_some_and(|steps| steps < exception.steps);
            if nearer && exception.until.is_some() {
                continue;
            }
            decided |= !nearer;
            outcomes.push(self.choose(&exception.cell, role, class, governed));
            exceptions.push(exception);
        }
        if !decided {
            outcomes.push(self.choose(cell, role, class, governed));
        }
        Given {
            role: id,
            exceptions,
            cell: !decided,
            treatment: Treatment::closest(&outcomes),
            wins: false,
        }
    }

    /// What a cell of one role does, its condition considered.
    fn choose(
        &self,
        choice: &Choice,
        role: &Role,
        class: ClassId,
        governed: &Governed<'_>,
    ) -> Treatment {
        self.chosen(choice, |cell| self.resolve(cell, &[role], class, governed))
    }

    /// What a cell comes to, of whose outcomes each comes to something.
    fn chosen(&self, choice: &Choice, each: impl Fn(&Cell) -> Treatment) -> Treatment {
        let holds = each(&choice.cell);
        let Some(when) = &choice.when else {
            return holds;
        };
        let otherwise = each(&when.otherwise);
        let may_be = self.truths.of(when.condition).each();
        let outcomes: Vec<Treatment> = may_be
            .map(|truth| match truth {
                Truth::True => holds.clone(),
                Truth::False => otherwise.clone(),
                Truth::Unknown => holds.clone().in_doubt(otherwise.clone()),
            })
            .collect();
        Treatment::most_open(&outcomes)
    }

    fn under_ceilings(
        &self,
        merged: &Treatment,
        holders: &[&Role],
        class: ClassId,
        governed: &Governed<'a>,
    ) -> (Treatment, Vec<Binding<'a>>) {
        let mut outcomes = vec![merged.clone()];
        let mut any_mask = false;
        let mut bounds = Vec::new();
        for covering in &self.ceilings {
            if !self.here.covers(covering, governed) {
                continue;
            }
            let ceiling = covering.ceiling;
            let lowers = match &ceiling.at_most {
                // It accepts any mask, so it must not tie with the one that came out.
                Cell::Mask(None) => {
                    any_mask = true;
                    merged.openness() > Openness::Mask
                }
                cell => {
                    let bound = self.resolve(cell, holders, class, governed);
                    let lowers = bound.openness() <= merged.openness() && bound != *merged;
                    outcomes.push(bound);
                    lowers
                }
            };
            bounds.push(Binding { ceiling, lowers });
        }
        let outcome = Treatment::closest(&outcomes);
        let outcome = match outcome {
            Treatment::Show | Treatment::Token(_) if any_mask => own_mask(governed),
            _ => outcome,
        };
        (outcome, bounds)
    }

    /// A cell as written to what it does. `holders` are the roles it comes from: with several, a key of
    /// its own for each is a tie.
    fn resolve(
        &self,
        cell: &Cell,
        holders: &[&Role],
        class: ClassId,
        governed: &Governed<'_>,
    ) -> Treatment {
        match cell {
            Cell::Show => Treatment::Show,
            Cell::Token(Some(name)) => self.token(&TokenSpace::Shared(name)),
            Cell::Token(None) => {
                let class = self.rules.classes.get(class.0);
                match (self.contract, holders, class) {
                    (Some((contract, _)), _, Some(class)) => self.token(&TokenSpace::Contract {
                        class: &class.name,
                        path: governed.text,
                        contract: self.rules.tokens_of(contract),
                    }),
                    (None, [role], Some(class)) => self.token(&TokenSpace::Separate {
                        class: &class.name,
                        path: governed.text,
                        holder: &role.name,
                    }),
                    _ => Treatment::fixed(),
                }
            }
            Cell::Mask(None) => own_mask(governed),
            Cell::Mask(Some(name)) => {
                let listed = governed.masks.iter().find(|(listed, _)| listed == name);
                match listed {
                    Some((_, mask)) => Treatment::Mask(Arc::clone(mask)),
                    None => own_mask(governed),
                }
            }
            Cell::Blank => Treatment::Blank,
            Cell::Strip => Treatment::Strip,
        }
    }

    fn token(&self, space: &TokenSpace<'_>) -> Treatment {
        Treatment::Token(Arc::new(self.tokens.derive(space)))
    }
}

/// The first mask an entry lists, else `"***"`.
fn own_mask(governed: &Governed<'_>) -> Treatment {
    match governed.own {
        Some(mask) => Treatment::Mask(Arc::clone(mask)),
        None => Treatment::fixed(),
    }
}
