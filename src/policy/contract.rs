//! What partners call under: contracts with their days, purposes, networks and annexes.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Place;
use super::combine::Standing;
use super::network::Network;
use super::rules::{GroupId, ResourceId, RoleId, Row, RuleSet};

/// Index into [`RuleSet::contracts`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ContractId(pub usize);

/// What a partner may have, from when to when, for what and from where.
#[derive(Clone, Debug)]
pub struct Contract {
    /// The name rule files use.
    pub name: String,
    /// Where it was written.
    pub place: Place,
    /// Who runs under it.
    pub role: RoleId,
    /// With whom it was made.
    pub partner: Option<Partner>,
    /// Who answers for it inside.
    pub owner: Option<String>,
    /// What the data is for.
    pub purpose: String,
    /// How a caller says so.
    pub declare: Declare,
    /// From when to when.
    pub term: Term,
    /// How many days before its end `check` begins to warn.
    pub warn_days: i64,
    /// Where callers may be; anywhere where there is none.
    pub networks: Vec<Network>,
    /// The annex: the most open outcome of each class, by group. What it does not name is strip.
    pub items: BTreeMap<(ResourceId, GroupId), Row>,
    /// Not in force, whatever the day.
    pub suspended: Option<Suspension>,
    /// The contract whose pseudonyms it goes on with.
    pub tokens_as: Option<ContractId>,
}

/// With whom a contract was made.
#[derive(Clone, Debug)]
pub struct Partner {
    /// The partner's name.
    pub name: String,
    /// Whom to turn to there.
    pub contact: Option<String>,
}

/// How a caller declares the purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Declare {
    /// In the header `Fieldgate-Purpose`.
    Header,
    /// There is one purpose only, which needs no header.
    Fixed,
}

/// Whole days in a time zone.
#[derive(Clone, Debug)]
pub struct Term {
    /// The first second of the first day, in seconds since 1970.
    pub from: i64,
    /// The last second of the last day.
    pub until: i64,
    /// The first day, as written.
    pub first_day: String,
    /// The last day, as written.
    pub last_day: String,
    /// The zone, as written.
    pub zone: String,
}

/// Why a contract is not in force for the time being.
#[derive(Clone, Debug)]
pub struct Suspension {
    /// Since when, as written.
    pub since: String,
    /// By whom.
    pub by: String,
    /// Mandatory, for the auditor.
    pub reason: String,
}

impl RuleSet {
    /// Whether whoever stands so may have anything of a group: one of the roles has a row there, and the contract, if
    /// there is one, names it.
    pub fn has_row(&self, resource: ResourceId, group: GroupId, standing: Standing<'_>) -> bool {
        let contract = standing.contract.map(|id| self.contracts.get(id.0));
        let row = |role: &RoleId| (resource, group, *role);
        let mut rows = standing.roles.iter().map(row);
        rows.any(|row| self.rows.contains_key(&row))
            && contract.is_none_or(|contract| {
                contract.is_some_and(|one| one.items.contains_key(&(resource, group)))
            })
    }

    /// The name under which a contract's pseudonyms are kept: its own, or that of the oldest it goes on with.
    pub fn tokens_of<'a>(&'a self, contract: &'a Contract) -> &'a str {
        let older = |one: &&'a Contract| self.contracts.get(one.tokens_as?.0);
        // Each is older than the one before, so this comes to an end.
        let oldest = std::iter::successors(Some(contract), older);
        oldest.last().map_or(&contract.name, |one| &one.name)
    }
}

/// What records call a contract.
#[derive(Clone, Debug)]
pub struct ContractNames {
    /// The contract.
    pub name: Arc<str>,
    /// Its purpose.
    pub purpose: Arc<str>,
}

/// The contracts of a rule set, found by their role.
#[derive(Debug)]
pub struct ByRole {
    ids: Vec<Vec<ContractId>>,
    names: Vec<ContractNames>,
}

impl ByRole {
    /// Sorts them.
    pub fn new(rules: &RuleSet) -> ByRole {
        let mut ids = vec![Vec::new(); rules.roles.len()];
        for (at, contract) in rules.contracts.iter().enumerate() {
            if let Some(of_role) = ids.get_mut(contract.role.0) {
                of_role.push(ContractId(at));
            }
        }
        let names = |contract: &Contract| ContractNames {
            name: contract.name.as_str().into(),
            purpose: contract.purpose.as_str().into(),
        };
        ByRole {
            ids,
            names: rules.contracts.iter().map(names).collect(),
        }
    }

    /// The contracts of a role.
    pub fn of(&self, role: RoleId) -> &[ContractId] {
        self.ids.get(role.0).map_or(&[], Vec::as_slice)
    }

    /// What records call a contract.
    pub fn names(&self, id: ContractId) -> Option<&ContractNames> {
        self.names.get(id.0)
    }
}
