//! What a test can prove of a rule set: cells, exceptions, ceilings, annexes, branches of conditions and edges of contracts.
//!
//! Leaves out nothing that decides an outcome, named in a row or not.

use std::collections::BTreeSet;

use crate::author::view::{Item, items};
use crate::policy::condition::ConditionId;
use crate::policy::store::RouteId;
use crate::policy::{
    Choice, ClassId, Contract, ContractId, Declare, GroupId, Resource, ResourceId, RoleId, RuleSet,
};

/// Seconds of a day.
pub(super) const DAY: i64 = 86_400;

/// A part of a rule set that a test can prove.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    /// What a role gets of a class.
    Cell(ResourceId, GroupId, RoleId, ClassId),
    /// By its index.
    Exception(usize),
    /// By its index.
    Ceiling(usize),
    /// An edge of a contract.
    Edge(ContractId, Edge),
    /// What a contract's annex says of a class.
    Annex(ContractId, ResourceId, GroupId, ClassId),
    /// Whoever asks a condition, where it holds, or where it does not.
    Branch(Asker, ConditionId, bool),
}

/// Where a contract begins or ends to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Edge {
    /// Refused on the day before the first.
    Before,
    /// Allowed on the first day.
    From,
    /// Allowed on the last day.
    Until,
    /// Refused on the day after the last.
    After,
    /// Refused while it is suspended.
    Suspended,
    /// Refused for another purpose.
    Purpose,
    /// Refused from elsewhere.
    Network,
}

impl Edge {
    pub(super) fn word(self) -> &'static str {
        match self {
            Edge::Before => "refused on the day before it begins",
            Edge::From => "allowed on its first day",
            Edge::Until => "allowed on its last day",
            Edge::After => "refused on the day after it ended",
            Edge::Suspended => "refused while suspended",
            Edge::Purpose => "refused for another purpose",
            Edge::Network => "refused from another network",
        }
    }

    /// The edges a contract has.
    pub(super) fn of(contract: &Contract) -> Vec<Edge> {
        if contract.suspended.is_some() {
            return vec![Edge::Suspended];
        }
        let mut edges = vec![Edge::Before, Edge::From, Edge::Until, Edge::After];
        if contract.declare == Declare::Header {
            edges.push(Edge::Purpose);
        }
        if !contract.networks.is_empty() {
            edges.push(Edge::Network);
        }
        edges
    }
}

/// What asks a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Asker {
    /// A cell.
    Cell(ResourceId, GroupId, RoleId, ClassId),
    /// An exception, by its index.
    Exception(usize),
    /// A row's gate.
    Gate(ResourceId, GroupId, RoleId),
}

/// Outcomes are the same on every route of a group.
pub(super) fn first_route(resource: ResourceId, group: GroupId) -> RouteId {
    RouteId {
        resource,
        group,
        route: 0,
    }
}

pub(super) fn item_class(resource: &Resource, item: Item) -> Option<ClassId> {
    match item {
        Item::Field(id) => resource.fields.get(id.0)?.class,
        Item::Names(id) => resource.fields.get(id.0)?.names,
        Item::Envelope(at) => resource.envelope.get(at)?.class,
    }
}

/// Every part that a test can prove: cells of classes that occur in the resource, whether the row names them or not.
pub(super) fn parts(rules: &RuleSet) -> BTreeSet<Key> {
    let mut parts = BTreeSet::new();
    for ((resource_id, group_id, role), row) in &rules.rows {
        let Some(resource) = rules.resources.get(resource_id.0) else {
            continue;
        };
        let group = resource.groups.get(group_id.0);
        if group.is_none_or(|group| group.routes.is_empty()) {
            continue;
        }
        let classes = items(resource).filter_map(|item| item_class(resource, item));
        let classes: Vec<ClassId> = classes.collect();
        for class in classes {
            let cell = row.cells.get(class.0);
            parts.insert(Key::Cell(*resource_id, *group_id, *role, class));
            let asker = Asker::Cell(*resource_id, *group_id, *role, class);
            parts.extend(branches(asker, cell.and_then(condition)));
        }
        let gate = Asker::Gate(*resource_id, *group_id, *role);
        parts.extend(row.only.iter().flat_map(|id| branches(gate, Some(*id))));
    }
    parts.extend((0..rules.exceptions.len()).map(Key::Exception));
    parts.extend((0..rules.ceilings.len()).map(Key::Ceiling));
    let exceptions = rules.exceptions.iter().enumerate();
    parts.extend(
        exceptions.flat_map(|(at, one)| branches(Asker::Exception(at), condition(&one.cell))),
    );
    parts
}

pub(super) fn condition(cell: &Choice) -> Option<ConditionId> {
    Some(cell.when.as_ref()?.condition)
}

/// Where it holds, and where it does not.
pub(super) fn branches(asker: Asker, condition: Option<ConditionId>) -> Vec<Key> {
    let both = |id| [true, false].map(|holds| Key::Branch(asker, id, holds));
    condition.into_iter().flat_map(both).collect()
}
