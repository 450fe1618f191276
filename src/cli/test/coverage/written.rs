//! Which rights a test proves: what it wrote that was let through, and what it was refused.
//!
//! Errs on the side of less: of a body that cannot be read nothing is proven.

use super::part::Key;
use crate::cli::document::{Node, read, select};
use crate::json::Limits;
use crate::path;
use crate::policy::combine::Standing;
use crate::policy::store::RouteId;
use crate::policy::{ClassId, ContractId, Does, Field, GroupId, ResourceId, RoleId, RuleSet, Test};

/// Deeds that give fields values.
const VALUES: [Does; 2] = [Does::Create, Does::Update];

/// Every right a test can prove: for each role that may do something there, each class that occurs in the resource, whether
/// it may write it or not; and who may delete.
pub(super) fn parts(rules: &RuleSet) -> Vec<Key> {
    let mut parts = Vec::new();
    for ((resource, group, role), rights) in &rules.rights {
        let Some(listed) = rules.resources.get(resource.0) else {
            continue;
        };
        let routes = listed
            .groups
            .get(group.0)
            .map(|group| group.routes.as_slice());
        let routes = routes.unwrap_or_default();
        let done = |does: Does| rights.allow(does) && routes.iter().any(|one| one.does == does);
        let part = |does, class| Key::Right(*resource, *group, *role, does, class);
        for does in VALUES.into_iter().filter(|does| done(*does)) {
            let classes = listed.fields.iter().filter_map(|field| field.class);
            parts.extend(classes.map(|class| part(does, Some(class))));
        }
        if done(Does::Delete) {
            parts.push(part(Does::Delete, None));
        }
    }
    parts
}

/// Whether a role may write something of a class there.
pub(super) fn may_write(
    rules: &RuleSet,
    place: (ResourceId, GroupId),
    role: RoleId,
    does: Does,
    class: ClassId,
) -> Option<&Field> {
    let contracts = rules.contracts.iter().enumerate();
    let contracts = contracts.filter(|(_, one)| one.role == role);
    let mut each: Vec<Option<ContractId>> = contracts.map(|(at, _)| Some(ContractId(at))).collect();
    if each.is_empty() {
        each.push(None);
    }
    let mut fields = rules.resources.get(place.0.0)?.fields.iter();
    fields.find(|field| {
        let mut each = each.iter();
        field.class == Some(class)
            && each.any(|one| rules.may_write(place, role, does, *one, field))
    })
}

/// What a test proves whose request was let through for callers who stand so.
pub(super) fn let_through(
    rules: &RuleSet,
    test: &Test,
    route: RouteId,
    standing: Standing<'_>,
    limits: Limits,
) -> Vec<Key> {
    let Some(resource) = rules.resources.get(route.resource.0) else {
        return Vec::new();
    };
    let place = (route.resource, route.group);
    let Some(rule) = resource.route(route.group, route.route) else {
        return Vec::new();
    };
    let part = |role, class| Key::Right(place.0, place.1, role, rule.does, class);
    if rule.does == Does::Delete {
        let may = |role: &&RoleId| {
            let (roles, contract) = (&[**role], standing.contract);
            rules.has_right(place, Does::Delete, Standing { roles, contract })
        };
        let roles = standing.roles.iter().filter(may);
        return roles.map(|role| part(*role, None)).collect();
    }
    let mut proven = Vec::new();
    for body in bodies(test, limits) {
        for (_, record) in select(&rule.at, &body, resource.any_case) {
            let written =
                |field: &&Field| !select(&field.path, record, resource.any_case).is_empty();
            for field in resource.fields.iter().filter(written) {
                let may = |role: &&RoleId| {
                    rules.may_write(place, **role, rule.does, standing.contract, field)
                };
                let roles = standing.roles.iter().filter(may);
                proven.extend(roles.map(|role| part(*role, field.class)));
            }
        }
    }
    proven
}

/// What a test proves that was told these names are refused, asked by callers with these roles.
pub(super) fn refused(rules: &RuleSet, test: &Test, route: RouteId, roles: &[RoleId]) -> Vec<Key> {
    let Some(resource) = rules.resources.get(route.resource.0) else {
        return Vec::new();
    };
    let place = (route.resource, route.group);
    let Some(rule) = resource.route(route.group, route.route) else {
        return Vec::new();
    };
    let mut proven = Vec::new();
    for name in test.expect_refused.iter().flatten() {
        let Ok(named) = path::parse(name) else {
            continue;
        };
        let inside = named
            .segments
            .get(rule.at.segments.len()..)
            .unwrap_or_default();
        let is_it = |field: &&Field| {
            let segments = &field.path.segments;
            let mut pairs = segments.iter().zip(inside);
            segments.len() == inside.len()
                && pairs.all(|(field, named)| {
                    let mut selectors = field.selectors.iter();
                    selectors.any(|one| {
                        let mut named = named.selectors.iter();
                        named.any(|other| one.meets(other, resource.any_case))
                    })
                })
        };
        for field in resource.fields.iter().filter(is_it) {
            let Some(class) = field.class else { continue };
            let lacks =
                |role: &&RoleId| may_write(rules, place, **role, rule.does, class).is_none();
            let roles = roles.iter().filter(lacks);
            let part = |role: &RoleId| Key::Right(place.0, place.1, *role, rule.does, Some(class));
            proven.extend(roles.map(part));
        }
    }
    proven
}

/// The body as documents: of a JSON Patch one for each operation that writes.
fn bodies(test: &Test, limits: Limits) -> Vec<Node> {
    let body = test.body.as_deref().unwrap_or_default();
    if test
        .body_type
        .starts_with("application/x-www-form-urlencoded")
    {
        let text = String::from_utf8_lossy(body);
        let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
        let members = pairs.map(|(name, value)| (name.to_owned(), Node::Text(value.to_owned())));
        return vec![Node::Map(members.collect())];
    }
    let Some(document) = read(body, limits) else {
        return Vec::new();
    };
    match document {
        Node::List(operations) if test.body_type.starts_with("application/json-patch+json") => {
            operations.iter().filter_map(operation).collect()
        }
        document => vec![document],
    }
}

/// What an operation writes, where it writes it.
fn operation(operation: &Node) -> Option<Node> {
    let Node::Map(members) = operation else {
        return None;
    };
    let member = |name: &str| {
        let found = members.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value)
    };
    let (Some(Node::Text(op)), Some(Node::Text(pointer))) = (member("op"), member("path")) else {
        return None;
    };
    if !matches!(op.as_str(), "add" | "replace" | "remove") {
        return None;
    }
    let mut node = member("value").cloned().unwrap_or(Node::Null);
    for step in pointer
        .split('/')
        .skip(1)
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
    {
        let is_index = step == "-" || step.bytes().all(|byte| byte.is_ascii_digit());
        node = match is_index && !step.is_empty() {
            true => Node::List(vec![node]),
            false => Node::Map(vec![(step.replace("~1", "/").replace("~0", "~"), node)]),
        };
    }
    Some(node)
}
