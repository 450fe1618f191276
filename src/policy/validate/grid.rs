//! `read:`, who sees what.
//!
//! Refuses rows of groups, roles and classes that do not exist, and gates (`only`), not built yet.

use std::collections::BTreeMap;

use super::cells::cell;
use super::{Findings, Names};
use crate::policy::ast::Document;
use crate::policy::diagnostic::{Diagnostic, quoted};
use crate::policy::rules::{
    Cell, ClassId, GroupId, Resource, ResourceId, Role, RoleId, Row, Unlisted,
};
use crate::policy::source::{Key, Node};

/// Rows by resource, group and role.
pub(super) type Rows = BTreeMap<(ResourceId, GroupId, RoleId), Row>;

/// The whole grid.
pub(super) fn rows(
    document: &Document,
    names: &Names,
    resources: &[Resource],
    roles: &[Role],
    findings: &mut Findings,
) -> Rows {
    let mut rows = Rows::new();
    for (key, node) in document.section("read") {
        let group = findings.keep(find_group(key, resources));
        let Some(entries) = findings.keep(node.as_map("the rows of a resource")) else {
            continue;
        };
        for (role_key, row_node) in entries.iter() {
            if role_key.text == "only" || role_key.text == "like" {
                findings.add(later(role_key));
                continue;
            }
            let role = findings.keep(names.role_named(&role_key.text, &role_key.span));
            let row = row(row_node, names, findings);
            if let (Some((resource, group)), Some(role), Some(row)) = (group, role, row) {
                findings.extend(shows_others(role_key, role, resource, resources, roles));
                findings.extend(never_held(
                    role_key, role, resource, group, resources, roles,
                ));
                rows.insert((resource, group, role), row);
            }
        }
    }
    rows
}

fn row(node: &Node, names: &Names, findings: &mut Findings) -> Option<Row> {
    let entries = findings.keep(node.as_map("a row of `class: outcome`"))?;
    let mut cells = vec![Cell::Strip; names.classes.len()];
    for (key, value) in entries.iter() {
        if key.text == "only" {
            findings.add(later(key));
            continue;
        }
        let class = findings.keep(names.class_named(&key.text, &key.span));
        let cell = findings.keep(cell(value, names));
        if let (Some(ClassId(class)), Some(cell)) = (class, cell)
            && let Some(place) = cells.get_mut(class)
        {
            *place = cell;
        }
    }
    Some(Row { cells })
}

fn later(key: &Key) -> Diagnostic {
    let message = format!("{} in `read` is not supported yet", quoted(&key.text));
    Diagnostic::error("FG1022", message)
        .at(&key.span)
        .help("this version refuses the key instead of ignoring it: remove it")
}

/// The group a key of the grid names: `customer` or `customer/list`.
pub(super) fn find_group(
    key: &Key,
    resources: &[Resource],
) -> Result<(ResourceId, GroupId), Diagnostic> {
    let all = resources.iter().enumerate().flat_map(|(resource, rule)| {
        let groups = rule.groups.iter().enumerate();
        groups.map(move |(group, rule)| ((ResourceId(resource), GroupId(group)), &rule.name))
    });
    all.clone()
        .find(|(_, name)| **name == key.text)
        .map(|(ids, _)| ids)
        .ok_or_else(|| {
            let message = format!("there is no resource or group {}", quoted(&key.text));
            let known: Vec<&str> = all.map(|(_, name)| name.as_str()).collect();
            Diagnostic::error("FG2003", message)
                .at(&key.span)
                .suggest(&key.text, known)
        })
}

/// What `unlisted: show` lets out beside the records is checked for nobody's person.
fn shows_others(
    key: &Key,
    role: RoleId,
    resource: ResourceId,
    resources: &[Resource],
    roles: &[Role],
) -> Option<Diagnostic> {
    let resource = resources.get(resource.0)?;
    let shows = matches!(resource.unlisted, Unlisted::Show { .. });
    if !shows || !roles.get(role.0)?.same_as_person() {
        return None;
    }
    let message = format!(
        "{} may see one person's records only, but {} has `unlisted: show`",
        quoted(&key.text),
        quoted(&resource.name)
    );
    let help = "list the fields and remove `unlisted: show`, or remove the row";
    Some(
        Diagnostic::error("FG2047", message)
            .at(&key.span)
            .help(help),
    )
}

/// A row of a `same_as: person` role where no route names a person is held by nobody.
fn never_held(
    key: &Key,
    role: RoleId,
    resource: ResourceId,
    group: GroupId,
    resources: &[Resource],
    roles: &[Role],
) -> Option<Diagnostic> {
    if !roles.get(role.0)?.same_as_person() {
        return None;
    }
    let resource = resources.get(resource.0)?;
    let group = resource.groups.get(group.0)?;
    let person = resource
        .person
        .as_ref()
        .and_then(|person| person.path_param.as_deref());
    let names_person = group.routes.iter().any(|route| {
        route.template.iter().any(|segment| match segment {
            crate::policy::rules::TemplateSegment::Param { name, .. } => {
                Some(name.as_str()) == person
            }
            crate::policy::rules::TemplateSegment::Literal(_) => false,
        })
    });
    if names_person {
        return None;
    }
    let message = format!(
        "nobody can hold {} on {}",
        quoted(&key.text),
        quoted(&group.name)
    );
    let help = "no route here has the path parameter that `person:` names";
    Some(
        Diagnostic::warning("FG2110", message)
            .at(&key.span)
            .help(help),
    )
}
