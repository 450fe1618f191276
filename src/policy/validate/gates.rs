//! `only:`, the gates of resources, groups, grids and rows, and what cells ask.
//!
//! Refuses lists that name no condition, and conditions that do not exist.

use super::conditions::{Asked, listed};
use super::grid::Subjects;
use super::{Findings, Names};
use crate::policy::rules::{Choice, GroupId, ResourceId, RoleId};
use crate::policy::source::{Entries, Node};

/// What a cell asks, if it does.
pub(super) fn asked_by(choice: &Choice, node: &Node, role: Option<RoleId>) -> Option<Asked> {
    Some(Asked {
        condition: choice.when.as_ref()?.condition,
        choice: Some(choice.clone()),
        place: node.span.clone(),
        role,
    })
}

/// What an `only:` asks, if there is one.
pub(super) fn gate(
    entries: Entries<'_>,
    names: &Names,
    role: Option<RoleId>,
    findings: &mut Findings,
) -> Vec<Asked> {
    let Some(node) = entries.get("only") else {
        return Vec::new();
    };
    let only = findings.keep(listed(node, names)).unwrap_or_default();
    let asked = only.into_iter().map(|condition| Asked {
        condition,
        choice: None,
        place: node.span.clone(),
        role,
    });
    asked.collect()
}

/// What the gates of a resource and of one of its groups ask.
pub(super) fn gates_above(
    subjects: Subjects<'_>,
    resource: ResourceId,
    group: GroupId,
) -> Vec<Asked> {
    let rule = subjects.resources.get(resource.0);
    let group = rule.and_then(|rule| rule.groups.get(group.0));
    let places = subjects.places.get(resource.0);
    let gates = places.map_or(&[][..], |places| &places.gates);
    let mine = gates.iter().filter(|gate| match (&gate.group, group) {
        (None, _) => true,
        (Some(name), Some(group)) => *name == group.name,
        (Some(_), None) => false,
    });
    let asked = mine.flat_map(|gate| {
        gate.only.iter().map(|condition| Asked {
            condition: *condition,
            choice: None,
            place: gate.span.clone(),
            role: None,
        })
    });
    asked.collect()
}
