//! What of rights is probably not what was meant.
//!
//! Refuses nothing: rights without a route, routes without a right, keys without a request, and what is written unread.

use super::{Right, RightPlaces, SECTIONS, writable};
use crate::policy::diagnostic::{Diagnostic, code, quoted, say};
use crate::policy::rules::{Cell, Choice, GroupId, ResourceId, RuleSet};
use crate::policy::validate::{Places, writing};

/// What is probably not what was meant; only of a rule set without mistakes.
pub(in crate::policy::validate) fn all(
    rules: &RuleSet,
    right_places: &RightPlaces,
    places: &Places,
) -> Vec<Diagnostic> {
    let mut found = without_route(rules, right_places);
    for (id, resource) in rules.resources.iter().enumerate() {
        let Some(place) = places.resources.get(id) else {
            continue;
        };
        found.extend(writing::idle(resource, place));
        for (at, group) in resource.groups.iter().enumerate() {
            let spans = place.routes.get(at).into_iter().flatten();
            for (route, span) in group.routes.iter().zip(spans) {
                let mut rights = rules.rights.iter();
                let here = (ResourceId(id), GroupId(at));
                let held = rights
                    .any(|((of, at, _), rights)| (*of, *at) == here && rights.allow(route.does));
                if route.writes() && !held {
                    let message = say!(
                        "no role may {} by {}",
                        "没有角色能用 {1} 来 {0}",
                        route.does.word(),
                        quoted(&route.text)
                    );
                    found.push(Diagnostic::warning(code::FG2191, message).at(span));
                }
            }
        }
    }
    found.extend(unread(rules, right_places, places));
    found
}

/// Rights that no route of their group exercises.
fn without_route(rules: &RuleSet, right_places: &RightPlaces) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for ((resource, group, role), rights) in &rules.rights {
        let listed = rules.resources.get(resource.0);
        let Some(listed) = listed.and_then(|one| one.groups.get(group.0)) else {
            continue;
        };
        for (section, does) in SECTIONS {
            let idle = rights.allow(does) && !listed.routes.iter().any(|route| route.does == does);
            // One that is inherited is told where it is written.
            let class = rights.classes(does).next();
            let span = right_places.0.get(&(*resource, *group, *role, does, class));
            let (true, Some(span)) = (idle, span) else {
                continue;
            };
            let message = say!(
                "no route of {} does `{section}`, so this right opens nothing",
                "{} 没有做 `{section}` 的路由，这项权限不起作用",
                quoted(&listed.name)
            );
            found.push(Diagnostic::warning(code::FG2190, message).at(span));
        }
    }
    found
}

/// Whoever writes what they do not see, writes over what they do not know.
fn unread(rules: &RuleSet, right_places: &RightPlaces, places: &Places) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut told: Vec<Right> = Vec::new();
    for (right, id) in writable(rules) {
        let (resource, _, role, does, class) = right;
        let rows = rules.rows.iter();
        let mut rows = rows.filter(|((of, _, who), _)| *of == resource && *who == role);
        let seen = |choice: &Choice| choice.cells().any(|cell| *cell != Cell::Strip);
        let mut exceptions = rules
            .exceptions
            .iter()
            .filter(|one| one.resource == resource && one.role == role && one.fields.contains(&id));
        let reads = rows.any(|(_, row)| {
            let cell = class.and_then(|class| row.cells.get(class.0));
            cell.is_some_and(seen)
        }) || exceptions.any(|one| seen(&one.cell));
        if reads || told.contains(&right) {
            continue;
        }
        told.push(right);
        let field = rules
            .resources
            .get(resource.0)
            .and_then(|one| one.fields.get(id.0));
        let name = rules.roles.get(role.0).map_or("", |role| &role.name);
        let message = say!(
            "{} may {} {}, and does not read it",
            "{} 可以 {} {}，却读不到它",
            quoted(name),
            does.word(),
            quoted(field.map_or("", |field| &field.text))
        );
        let lint = Diagnostic::warning(code::FG2193, message);
        found.push(match right_places.of(&right, places) {
            Some(span) => lint.at(span),
            None => lint,
        });
    }
    found
}
