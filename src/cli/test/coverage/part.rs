//! What a test can prove of a rule set: cells, rights, exceptions, ceilings, annexes, branches of conditions and edges of
//! contracts.
//!
//! Leaves out nothing that decides an outcome, named in a row or not.

use std::collections::BTreeSet;

use crate::author::view::{Item, items};
use crate::policy::condition::ConditionId;
use crate::policy::diagnostic::{Text, say};
use crate::policy::store::RouteId;
use crate::policy::{
    Choice, ClassId, Contract, ContractId, Declare, Does, GroupId, Resource, ResourceId, RoleId,
    RuleSet,
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
    /// Whether a role may write a class by a request that does this; without a class, whether it may delete.
    Right(ResourceId, GroupId, RoleId, Does, Option<ClassId>),
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
    pub(super) fn word(self) -> Text {
        match self {
            Edge::Before => say!("refused on the day before it begins", "开始前一天被拒绝"),
            Edge::From => say!("allowed on its first day", "第一天放行"),
            Edge::Until => say!("allowed on its last day", "最后一天放行"),
            Edge::After => say!("refused on the day after it ended", "到期后一天被拒绝"),
            Edge::Suspended => say!("refused while suspended", "中止期间被拒绝"),
            Edge::Purpose => say!("refused for another purpose", "别的用途被拒绝"),
            Edge::Network => say!("refused from another network", "从别的网络来被拒绝"),
        }
    }

    /// The edges a contract has. Where another of the same role and purpose is in force on the day beside it, nothing is
    /// refused there.
    pub(super) fn of(rules: &RuleSet, contract: &Contract) -> Vec<Edge> {
        if contract.suspended.is_some() {
            return vec![Edge::Suspended];
        }
        let goes_on = |moment: i64| {
            let mut others = rules.contracts.iter();
            others.any(|other| {
                let same = other.role == contract.role && other.purpose == contract.purpose;
                let term = other.term.from..=other.term.until;
                same && other.suspended.is_none() && term.contains(&moment)
            })
        };
        let mut edges = vec![Edge::From, Edge::Until];
        if !goes_on(contract.term.from - 1) {
            edges.push(Edge::Before);
        }
        if !goes_on(contract.term.until + 1) {
            edges.push(Edge::After);
        }
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

/// Outcomes are the same on every route of a group; the first that reads shows them.
pub(super) fn first_route(rules: &RuleSet, resource: ResourceId, group: GroupId) -> RouteId {
    let listed = rules.resources.get(resource.0);
    let group_rule = listed.and_then(|listed| listed.groups.get(group.0));
    let routes = group_rule.map_or(&[][..], |group| &group.routes);
    let reading = routes.iter().position(|route| !route.writes());
    RouteId {
        resource,
        group,
        route: reading.unwrap_or_default(),
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
        let classes = classes(resource, *group_id);
        for class in classes {
            let cell = row.cells.get(class.0);
            parts.insert(Key::Cell(*resource_id, *group_id, *role, class));
            let asker = Asker::Cell(*resource_id, *group_id, *role, class);
            parts.extend(branches(asker, cell.and_then(condition)));
        }
        let gate = Asker::Gate(*resource_id, *group_id, *role);
        parts.extend(row.only.iter().flat_map(|id| branches(gate, Some(*id))));
    }
    parts.extend(super::written::parts(rules));
    parts.extend((0..rules.exceptions.len()).map(Key::Exception));
    parts.extend((0..rules.ceilings.len()).map(Key::Ceiling));
    for (at, contract) in rules.contracts.iter().enumerate() {
        let id = ContractId(at);
        let edges = Edge::of(rules, contract).into_iter();
        parts.extend(edges.map(|edge| Key::Edge(id, edge)));
        if contract.suspended.is_some() {
            continue;
        }
        for (resource_id, group_id) in contract.items.keys() {
            let Some(resource) = rules.resources.get(resource_id.0) else {
                continue;
            };
            let classes = classes(resource, *group_id).into_iter();
            parts.extend(classes.map(|class| Key::Annex(id, *resource_id, *group_id, class)));
        }
    }
    let exceptions = rules.exceptions.iter().enumerate();
    parts.extend(
        exceptions.flat_map(|(at, one)| branches(Asker::Exception(at), condition(&one.cell))),
    );
    parts
}

/// The classes that occur in a group; the envelope's are idle where the record is the whole body.
fn classes(resource: &Resource, group: GroupId) -> Vec<ClassId> {
    let routes = resource
        .groups
        .get(group.0)
        .map_or(&[][..], |group| &group.routes);
    if routes.is_empty() {
        return Vec::new();
    }
    let bare = routes.iter().all(|route| route.at.segments.is_empty());
    let all = items(resource).filter(|item| !(bare && matches!(item, Item::Envelope(_))));
    all.filter_map(|item| item_class(resource, item)).collect()
}

pub(super) fn condition(cell: &Choice) -> Option<ConditionId> {
    Some(cell.when.as_ref()?.condition)
}

/// Where it holds, and where it does not.
pub(super) fn branches(asker: Asker, condition: Option<ConditionId>) -> Vec<Key> {
    let both = |id| [true, false].map(|holds| Key::Branch(asker, id, holds));
    condition.into_iter().flat_map(both).collect()
}
