//! What the bodies of searches may carry: the leaves of JSON, or the names of a form.
//!
//! Refuses paths that could meet several leaves of one name, paths into a form, and the same path twice.

use super::catalogue::without_root;
use super::params::{on, rule};
use super::searching::Searchable;
use super::{Findings, routes, scalars};
use crate::path::{Path, Selector};
use crate::policy::Place;
use crate::policy::diagnostic::{Diagnostic, code, quoted, say};
use crate::policy::rules::{BodyForm, Param, ParamName, SendRule};
use crate::policy::source::{Key, Node};

/// What the leaves of a body may carry, in the order of their paths.
pub(super) fn all(
    node: &Node,
    form: BodyForm,
    searchable: Searchable<'_>,
    findings: &mut Findings,
) -> Option<Vec<SendRule>> {
    let entries = findings.keep(node.as_map(say!("`send`")))?;
    let mut rules: Vec<SendRule> = Vec::new();
    for (key, value) in entries.iter() {
        let Some(path) = findings.keep(leaf_path(key, form)) else {
            continue;
        };
        if rules.iter().any(|rule| rule.path == path) {
            let message = say!("the same path is listed twice", "同一路径写了两次");
            findings.add(Diagnostic::error(code::FG2137, message).at(&key.span));
            continue;
        }
        let name = match form {
            BodyForm::Json => without_root(&key.text),
            BodyForm::Form => sole_name(&path).unwrap_or_default(),
        };
        let name = ParamName::Body(name.to_owned());
        on(&name, value, &[], findings);
        if let Some(rule) = findings.keep(rule(key, &name, value, searchable)) {
            let place = Place::of(&key.span);
            let param = Param {
                name,
                place,
                rule,
                on: None,
            };
            rules.push(SendRule { path, param });
        }
    }
    rules.sort_by(|a, b| a.param.name.cmp(&b.param.name));
    Some(rules)
}

fn leaf_path(key: &Key, form: BodyForm) -> Result<Path, Diagnostic> {
    let path = scalars::path(&key.text, &key.span)?;
    if form == BodyForm::Form && sole_name(&path).is_none() {
        let message = say!(
            "{} is no name of a form",
            "{} 不是表单里的名字",
            quoted(&key.text)
        );
        return Err(Diagnostic::error(code::FG2137, message)
            .at(&key.span)
            .help(say!(
                "a form has names alone, such as `phone`; one with dots or brackets is written `$['filter.phone']`",
                "表单里只有名字，如 `phone`；带点号、方括号的写成 `$['filter.phone']`"
            )));
    }
    match routes::is_place(&path) {
        true => Ok(path),
        false => {
            let message = say!(
                "{} is no place of a leaf",
                "{} 不能用作请求体里的位置",
                quoted(&key.text)
            );
            Err(Diagnostic::error(code::FG2137, message)
                .at(&key.span)
                .help(say!(
                    "names, indexes and `[*]` only, such as `filter.phones[*]`",
                    "只能用名字、下标和 `[*]`，如 `filter.phones[*]`"
                )))
        }
    }
}

/// The name a path of one member has.
fn sole_name(path: &Path) -> Option<&str> {
    let [segment] = path.segments.as_slice() else {
        return None;
    };
    match segment.selectors.as_slice() {
        [Selector::Name(name)] if !segment.descend => Some(name),
        _ => None,
    }
}
