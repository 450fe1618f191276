//! `find:`, who may look a person up by an exact value of a field that is masked for them.
//!
//! Refuses groups, roles and parameters that do not exist, parameters that search no field (`free` above all), and roles
//! without a row in the group.

use std::collections::BTreeSet;

use super::grid::{Rows, find_group};
use super::{Findings, Names};
use crate::policy::ast::Document;
use crate::policy::diagnostic::{Diagnostic, code, quoted, say};
use crate::policy::rules::{Find, GroupId, ParamName, ParamRule, Resource};
use crate::policy::source::Node;

/// Every right to find.
pub(super) fn all(
    document: &Document,
    names: &Names,
    resources: &[Resource],
    (rows, all_rows): (&Rows, bool),
    findings: &mut Findings,
) -> BTreeSet<Find> {
    let mut finds = BTreeSet::new();
    for (key, node) in document.section("find") {
        let group = findings.keep(find_group(key, resources));
        let what = say!("the roles that may find", "可查找的角色");
        let Some(entries) = findings.keep(node.as_map(what)) else {
            continue;
        };
        for (role_key, params) in entries.iter() {
            let role = findings.keep(names.role_named(&role_key.text, &role_key.span));
            let (Some((resource, group)), Some(role)) = (group, role) else {
                continue;
            };
            if all_rows && !rows.contains_key(&(resource, group, role)) {
                let message = say!(
                    "{} has no row in {}, so it finds nothing there",
                    "{} 在 {} 里没有行，什么也查不到",
                    quoted(&role_key.text),
                    quoted(&key.text)
                );
                findings.add(
                    Diagnostic::error(code::FG2133, message)
                        .at(&role_key.span)
                        .help(code::FG2133.cure()),
                );
                continue;
            }
            let what = say!("the parameters a role finds by", "可用来查找的参数");
            let Some(listed) = findings.keep(params.as_list(what)) else {
                continue;
            };
            if listed.is_empty() {
                let message = say!("`find` names no parameter", "`find` 里没有写参数");
                findings.add(Diagnostic::error(code::FG2132, message).at(&params.span));
            }
            for item in listed {
                let Some(param) = resources.get(resource.0).map(|of| param(item, of, group)) else {
                    continue;
                };
                let Some(param) = findings.keep(param) else {
                    continue;
                };
                let find = Find {
                    resource,
                    group,
                    role,
                    param,
                };
                if !finds.insert(find) {
                    let message = say!(
                        "{} is listed twice",
                        "{} 列了两次",
                        quoted(item.scalar().unwrap_or_default())
                    );
                    findings.add(Diagnostic::error(code::FG2132, message).at(&item.span));
                }
            }
        }
    }
    finds
}

/// A parameter that searches fields, by the name it has under `params`.
fn param(node: &Node, resource: &Resource, group: GroupId) -> Result<ParamName, Diagnostic> {
    let text = node.as_str(say!("a parameter", "参数"))?;
    let routes = resource
        .groups
        .get(group.0)
        .into_iter()
        .flat_map(|group| &group.routes);
    let sent = routes.flat_map(|route| route.send.iter().flatten());
    let params = resource.params.iter().chain(sent.map(|rule| &rule.param));
    let found = params.clone().find(|param| param.name.to_string() == text);
    match found.map(|param| (&param.name, &param.rule)) {
        Some((name, ParamRule::Fields(_))) => Ok(name.clone()),
        Some(_) => {
            let message = say!(
                "{} searches no field, so nothing is found by it",
                "{} 不对应任何字段，不能用来查找",
                quoted(text)
            );
            Err(Diagnostic::error(code::FG2132, message)
                .at(&node.span)
                .help(code::FG2132.cure()))
        }
        None => {
            let message = say!(
                "{} has no parameter {}",
                "{} 没有参数 {}",
                quoted(&resource.name),
                quoted(text)
            );
            let searching = params.filter(|param| matches!(param.rule, ParamRule::Fields(_)));
            let known: Vec<String> = searching.map(|param| param.name.to_string()).collect();
            Err(Diagnostic::error(code::FG2132, message)
                .at(&node.span)
                .suggest(text, known.iter().map(String::as_str)))
        }
    }
}
