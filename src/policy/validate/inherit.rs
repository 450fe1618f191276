//! `extends`: what a role has of another where it has none of its own.
//!
//! Refuses nothing, and needs roles that do not extend each other in a circle. Nothing that is inherited opens what the
//! role's own cell closes: `policy::combine` weighs by the steps that are kept here.

use std::collections::BTreeSet;

use super::grid::Rows;
use crate::policy::ConditionId;
use crate::policy::rules::{
    AllRights, Choice, ClassId, Exception, Field, FieldId, GroupId, Resource, ResourceId, Rights,
    Role, RoleId, Row,
};

/// Copies rows and, where a role has a row of its own, the cells of classes it does not name.
pub(super) fn rows(rows: &mut Rows, roles: &[Role]) {
    for (child, parent) in parents_first(roles) {
        let of_parent = rows.iter().filter(|((_, _, role), _)| *role == parent);
        let of_parent: Vec<_> = of_parent
            .map(|((resource, group, _), row)| ((*resource, *group, child), row.clone()))
            .collect();
        for (place, mut inherited) in of_parent {
            for steps in inherited.steps.iter_mut().flatten() {
                *steps += 1;
            }
            let Some(own) = rows.get_mut(&place) else {
                rows.insert(place, inherited);
                continue;
            };
            let nearer = own
                .cells
                .iter_mut()
                .zip(&mut own.steps)
                .zip(&mut own.places);
            // What was behind a gate is not let out in front of it.
            let mut behind = false;
            let farther = inherited.cells.into_iter().zip(inherited.steps);
            let farther = farther.zip(inherited.places);
            for (((cell, steps), place), farther) in nearer.zip(farther) {
                if steps.is_none() {
                    ((*cell, *steps), *place) = farther;
                    behind |= steps.is_some();
                }
            }
            if behind {
                own.only.extend(inherited.only);
                own.only.sort_unstable();
                own.only.dedup();
            }
        }
    }
}

/// Copies exceptions, but for fields of a class for which the role has an exception of its own in that resource.
pub(super) fn exceptions(exceptions: &mut Vec<Exception>, roles: &[Role], resources: &[Resource]) {
    for (child, parent) in parents_first(roles) {
        let own: BTreeSet<(ResourceId, ClassId)> = exceptions
            .iter()
            .filter(|one| one.role == child)
            .flat_map(|one| classes(one, resources).map(|(_, class)| (one.resource, class)))
            .collect();
        let mut inherited = Vec::new();
        for one in exceptions.iter().filter(|one| one.role == parent) {
            let left =
                classes(one, resources).filter(|(_, class)| !own.contains(&(one.resource, *class)));
            let fields: Vec<FieldId> = left.map(|(field, _)| field).collect();
            if !fields.is_empty() {
                inherited.push(Exception {
                    fields,
                    role: child,
                    steps: one.steps + 1,
                    ..one.clone()
                });
            }
        }
        exceptions.extend(inherited);
    }
}

/// Puts rows behind the gate of those they take exceptions from: what one opens there is not let out in front of it.
pub(super) fn gates(
    rows: &mut Rows,
    exceptions: &[Exception],
    roles: &[Role],
    resources: &[Resource],
) {
    for (child, parent) in parents_first(roles) {
        let of_parent = rows.iter().filter(|((_, _, role), _)| *role == parent);
        let gated = of_parent.filter(|(_, row)| !row.only.is_empty());
        let gated: Vec<_> = gated
            .map(|((resource, group, _), row)| ((*resource, *group, child), row.only.clone()))
            .collect();
        for (place, gate) in gated {
            let (resource, _, _) = place;
            let Some(own) = rows.get_mut(&place) else {
                continue;
            };
            let mut inherited = exceptions
                .iter()
                .filter(|one| one.resource == resource && one.role == child && one.steps > 0);
            if inherited.any(|one| may_open(one, own, resources)) {
                own.only.extend(gate);
                own.only.sort_unstable();
                own.only.dedup();
            }
        }
    }
}

/// Whether an inherited exception decides alone somewhere in a row: where no cell is nearer. Such a one that strips
/// opens nothing.
fn may_open(one: &Exception, row: &Row, resources: &[Resource]) -> bool {
    let nearer = |class: ClassId| {
        let written = row.steps.get(class.0).copied().flatten();
        written.is_some_and(|steps| steps < one.steps)
    };
    one.cell != Choice::STRIP && classes(one, resources).any(|(_, class)| !nearer(class))
}

/// The fields of an exception with the class it speaks of: that of names only where an entry lists nothing else.
fn classes<'a>(
    exception: &'a Exception,
    resources: &'a [Resource],
) -> impl Iterator<Item = (FieldId, ClassId)> + 'a {
    let class = |field: &Field| field.class.or(field.names);
    exception.fields.iter().filter_map(move |id| {
        let field = resources.get(exception.resource.0)?.fields.get(id.0)?;
        Some((*id, class(field)?))
    })
}

/// Copies rights: classes the role may not write itself, and the right to delete. What was behind a gate is not let out
/// in front of it; `gate` is that of a role which has no right of its own there.
pub(super) fn rights(
    rights: &mut AllRights,
    roles: &[Role],
    gate: impl Fn(&(ResourceId, GroupId, RoleId)) -> Vec<ConditionId>,
) {
    for (child, parent) in parents_first(roles) {
        let of_parent = rights.iter().filter(|((_, _, role), _)| *role == parent);
        let of_parent: Vec<_> = of_parent
            .map(|((resource, group, _), rights)| ((*resource, *group, child), rights.clone()))
            .collect();
        for (place, inherited) in of_parent {
            let own = rights.entry(place).or_insert_with(|| Rights {
                only: gate(&place),
                ..Rights::default()
            });
            let more = !inherited.create.is_subset(&own.create)
                || !inherited.update.is_subset(&own.update)
                || (inherited.delete && !own.delete);
            if !more {
                continue;
            }
            own.create.extend(inherited.create);
            own.update.extend(inherited.update);
            own.delete |= inherited.delete;
            for (right, place) in inherited.places {
                own.places.entry(right).or_insert(place);
            }
            own.only.extend(inherited.only);
            own.only.sort_unstable();
            own.only.dedup();
        }
    }
}

/// Every role that extends another, those it extends before it.
fn parents_first(roles: &[Role]) -> Vec<(RoleId, RoleId)> {
    let parent = |role: RoleId| roles.get(role.0)?.extends;
    let height = |role: RoleId| std::iter::successors(Some(role), |role| parent(*role)).count();
    let extending = roles.iter().enumerate();
    let mut pairs: Vec<(RoleId, RoleId)> = extending
        .filter_map(|(at, role)| Some((RoleId(at), role.extends?)))
        .collect();
    pairs.sort_by_key(|(child, _)| height(*child));
    pairs
}
