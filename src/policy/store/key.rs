//! What plans are kept by.
//!
//! Refuses nothing. A key that is asked for is borrowed, and hashed like the one that is kept.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};

use quick_cache::Equivalent;

use super::RouteId;
use crate::policy::condition::{Answers, ConditionId, Truth, closure};
use crate::policy::{ContractId, GroupId, ResourceId, RoleId, Row, RuleSet};

/// All that a plan depends on besides the rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PlanKey {
    pub route: RouteId,
    /// How many of the rule set's timed exceptions and files have ended.
    pub ended: usize,
    /// The caller's roles, sorted.
    pub roles: Vec<RoleId>,
    /// The contract the exchange runs under.
    pub contract: Option<ContractId>,
    /// What the call answers to the conditions their rows depend on.
    pub answers: Answers,
}

/// When exceptions and `files` end, in seconds since 1970, sorted.
pub(super) fn ends(rules: &RuleSet) -> Vec<i64> {
    let exceptions = rules.exceptions.iter().filter_map(|one| one.until);
    let files = rules.resources.iter().flat_map(|one| &one.files);
    let mut ends: Vec<i64> = exceptions.chain(files.map(|file| file.until)).collect();
    ends.sort_unstable();
    ends
}

/// The same, borrowed; hashed alike.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    pub route: RouteId,
    pub ended: usize,
    pub roles: &'a [RoleId],
    pub contract: Option<ContractId>,
    pub answers: &'a [(ConditionId, Truth)],
}

impl Hash for PlanKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Self {
            route,
            ended,
            ref roles,
            contract,
            ref answers,
        } = *self;
        Asked {
            route,
            ended,
            roles,
            contract,
            answers,
        }
        .hash(state);
    }
}

impl Hash for Asked<'_> {
    /// All are indexes into the rules, which no request can choose, so a few multiplications spread them well enough;
    /// the state, which has a secret, is asked once.
    fn hash<H: Hasher>(&self, state: &mut H) {
        let RouteId {
            resource,
            group,
            route,
        } = self.route;
        let roles = self.roles.iter().map(|role| role.0);
        let answers = self.answers.iter();
        let answers = answers.flat_map(|(condition, truth)| [condition.0, *truth as usize]);
        let contract = self.contract.map_or(0, |contract| contract.0 + 1);
        let all = [resource.0, group.0, route, self.ended, contract]
            .into_iter()
            .chain(roles)
            .chain(answers);
        let mix = |mixed: u64, index: usize| {
            (mixed.rotate_left(5) ^ index as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)
        };
        state.write_u64(all.fold(self.roles.len() as u64, mix));
    }
}

impl Equivalent<PlanKey> for Asked<'_> {
    fn equivalent(&self, key: &PlanKey) -> bool {
        self.route == key.route
            && self.ended == key.ended
            && self.contract == key.contract
            && self.roles == key.roles
            && self.answers == key.answers
    }
}

/// A row of the grid.
pub(super) type RowId = (ResourceId, GroupId, RoleId);

/// The conditions each row depends on: those of its gate, its cells, and the exceptions of its role.
pub(super) fn asked(rules: &RuleSet) -> HashMap<RowId, Vec<ConditionId>> {
    let rows = rules.rows.iter().map(|(place, row)| {
        let (resource, group, role) = *place;
        let mut named = rules.asked_by(resource, role, row);
        let contracts = rules.contracts.iter().filter(|one| one.role == role);
        let items = contracts.filter_map(|one| one.items.get(&(resource, group)));
        named.extend(items.flat_map(Row::asked_by_cells));
        (*place, closure(&rules.conditions, named))
    });
    let mut all: HashMap<RowId, Vec<ConditionId>> = rows.collect();
    for (place, named) in asked_to_write(rules) {
        let asked = all.entry(place).or_default();
        asked.extend(closure(&rules.conditions, named));
        asked.sort_unstable();
        asked.dedup();
    }
    all.retain(|_, asked| !asked.is_empty());
    all
}

/// The conditions that rights depend on: their own gates, and those of the rows that read the stored record.
fn asked_to_write(rules: &RuleSet) -> impl Iterator<Item = (RowId, Vec<ConditionId>)> {
    rules.rights.iter().map(|(place, rights)| {
        let (resource, group, role) = *place;
        let listed = rules.resources.get(resource.0);
        let group = listed.and_then(|listed| listed.groups.get(group.0));
        let routes = group.into_iter().flat_map(|group| &group.routes);
        let stored = routes.filter_map(|route| Some((resource, route.stored?.0, role)));
        let rows = stored.filter_map(|row| rules.rows.get(&row));
        let gates = rows.flat_map(|row| row.only.iter().copied());
        (*place, rights.only.iter().copied().chain(gates).collect())
    })
}
