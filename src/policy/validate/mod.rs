//! What a document means: names resolved, every mistake of meaning found, rules as the engine needs them.
//!
//! Collects all mistakes instead of stopping at the first, and refuses by name whatever the language
//! defines beyond what is built. Nothing is half loaded: one error and there is no rule set.

mod answers;
mod cases;
mod catalogue;
mod cells;
mod classes;
mod conditions;
mod contracts;
mod decides;
mod deeds;
mod dictionary;
mod exceptions;
mod files;
mod finds;
mod fixtures;
mod gates;
mod grid;
mod inherit;
mod lints;
mod masks;
mod overlap;
mod params;
mod requests;
mod resources;
mod rights;
mod roles;
mod routes;
mod scalars;
mod searching;
mod sent;
mod shapes;
mod template;
mod unfailing;
mod values;
mod writing;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use cases::call_parts;
pub(super) use cases::credentials;

use self::conditions::Use;
use super::ast::Document;
use super::condition::ConditionId;
use super::diagnostic::{Diagnostic, Severity, code, quoted, say};
use super::load::{Dictionaries, Fixtures};
use super::rules::*;
use super::source::{Node, Span};
use crate::mask::Mask;

/// Mistakes and lints found so far.
#[derive(Default)]
struct Findings(Vec<Diagnostic>);

impl Findings {
    /// Errors kept; a set with more does not load either way.
    const MOST: usize = 1_000;

    fn add(&mut self, found: Diagnostic) {
        let is_error = |found: &Diagnostic| found.severity == Severity::Error;
        let enough = self.0.len() >= Self::MOST && self.0.iter().any(is_error);
        if !(enough && is_error(&found)) {
            self.0.push(found);
        }
    }

    fn extend(&mut self, found: impl IntoIterator<Item = Diagnostic>) {
        found.into_iter().for_each(|found| self.add(found));
    }

    /// The value, or nothing and one more mistake.
    fn keep<T>(&mut self, result: Result<T, Diagnostic>) -> Option<T> {
        result.map_err(|mistake| self.add(mistake)).ok()
    }
}

/// Every name other entries may use. A name counts even where its own entry has a mistake, so that
/// one mistake is reported once.
struct Names {
    classes: BTreeMap<String, ClassId>,
    roles: BTreeMap<String, RoleId>,
    masks: BTreeMap<String, Arc<Mask>>,
    conditions: BTreeMap<String, ConditionId>,
}

impl Names {
    fn condition(&self, node: &Node) -> Result<ConditionId, Diagnostic> {
        let name = node.as_str(say!("a condition", "条件"))?;
        self.condition_named(name, &node.span)
    }

    fn condition_named(&self, name: &str, span: &Span) -> Result<ConditionId, Diagnostic> {
        self.conditions.get(name).copied().ok_or_else(|| {
            Diagnostic::error(
                code::FG2060,
                say!("there is no condition {}", "没有 {} 这个条件", quoted(name)),
            )
            .at(span)
            .suggest(name, self.conditions.keys().map(String::as_str))
        })
    }

    fn class(&self, node: &Node) -> Result<ClassId, Diagnostic> {
        let name = node.as_str(say!("a class", "类别"))?;
        self.class_named(name, &node.span)
    }

    fn class_named(&self, name: &str, span: &Span) -> Result<ClassId, Diagnostic> {
        self.classes.get(name).copied().ok_or_else(|| {
            Diagnostic::error(
                code::FG2001,
                say!("there is no class {}", "没有 {} 这个类别", quoted(name)),
            )
            .at(span)
            .suggest(name, self.classes.keys().map(String::as_str))
        })
    }

    fn role_named(&self, name: &str, span: &Span) -> Result<RoleId, Diagnostic> {
        self.roles.get(name).copied().ok_or_else(|| {
            Diagnostic::error(
                code::FG2002,
                say!("there is no role {}", "没有 {} 这个角色", quoted(name)),
            )
            .at(span)
            .suggest(name, self.roles.keys().map(String::as_str))
        })
    }

    fn mask_named(&self, name: &str, span: &Span) -> Result<Arc<Mask>, Diagnostic> {
        self.masks.get(name).cloned().ok_or_else(|| {
            Diagnostic::error(
                code::FG2004,
                say!("there is no mask {}", "没有 {} 这种脱敏方式", quoted(name)),
            )
            .at(span)
            .suggest(name, self.masks.keys().map(String::as_str))
        })
    }
}

/// Where things stand that lints point at; indexes as in [`RuleSet`].
#[derive(Default)]
struct Places {
    classes: Vec<Span>,
    roles: Vec<Span>,
    contracts: Vec<Span>,
    resources: Vec<ResourcePlaces>,
}

/// Where the parts of a resource stand.
struct ResourcePlaces {
    name: Span,
    fields: Vec<Span>,
    unlisted: Option<Span>,
    unlisted_params: Option<Span>,
    /// The gates of the resource and its groups.
    gates: Vec<GatePlace>,
    /// By group and route.
    routes: Vec<Vec<Span>>,
    /// The keys that speak of requests that write.
    writing: Vec<(&'static str, Span)>,
    /// What passes unread.
    files: Vec<Span>,
    /// Whether all of its routes and fields were understood.
    complete: bool,
}

/// A gate on every row of a resource, or of one of its groups.
struct GatePlace {
    /// `None` where it is the resource's.
    group: Option<String>,
    only: Vec<ConditionId>,
    span: Span,
}

/// Resources for lookups of their fields.
#[derive(Clone, Copy)]
struct Catalogue<'a> {
    resources: &'a [Resource],
    places: &'a [ResourcePlaces],
    all_rows: bool,
}

/// Validates a document. `now` (seconds since 1970) changes warnings alone.
pub(super) fn rule_set(
    document: &Document,
    fixtures: &Fixtures,
    tables: &Dictionaries,
    digest: String,
    now: i64,
) -> Result<(RuleSet, Vec<Diagnostic>), Vec<Diagnostic>> {
    let mut findings = Findings::default();
    let mut places = Places::default();

    let classes = classes::all(document, &mut places, &mut findings);
    let roles = roles::all(document, &mut places, &mut findings);
    let names = Names {
        classes: by_name(classes.iter().map(|class| &class.name), ClassId),
        roles: by_name(roles.iter().map(|role| &role.name), RoleId),
        masks: masks::all(document, &mut findings),
        conditions: by_name(
            document.section("conditions").map(|(key, _)| &key.text),
            ConditionId,
        ),
    };
    let (conditions, condition_places) = conditions::all(document, &names, &mut findings);
    let mut resources = resources::all(document, &names, tables, &mut places, &mut findings);
    let before = findings.0.len();
    let mut uses: Vec<Use> = Vec::new();
    let subjects = grid::Subjects {
        resources: &resources,
        places: &places.resources,
        roles: &roles,
    };
    let mut rows = grid::rows(document, &names, subjects, &mut uses, &mut findings);
    let mut row_mistakes = findings.0.iter().skip(before);
    let known = Catalogue {
        resources: &resources,
        places: &places.resources,
        // A row whose role or group is misspelled may be the row an exception needs.
        all_rows: !row_mistakes
            .any(|found| [code::FG2002, code::FG2003, code::FG2135].contains(&found.code)),
    };
    let mut exceptions = exceptions::all(document, &names, known, &rows, &mut uses, &mut findings);
    inherit::exceptions(&mut exceptions, &roles, &resources);
    inherit::gates(&mut rows, &exceptions, &roles, &resources);
    let subjects = grid::Subjects {
        resources: &resources,
        places: &places.resources,
        roles: &roles,
    };
    let (rights, right_places) =
        rights::all(document, &names, subjects, &rows, &mut uses, &mut findings);
    let ceilings = exceptions::ceilings(document, &names, known, &classes, &mut findings);
    let finds = finds::all(
        document,
        &names,
        &resources,
        (&rows, known.all_rows),
        &mut findings,
    );
    let all_rows = known.all_rows;
    let contracts = contracts::all(
        document,
        &names,
        (&resources, &roles),
        (&mut places, &mut uses),
        &mut findings,
    );
    let known = Catalogue {
        resources: &resources,
        places: &places.resources,
        all_rows,
    };
    let is_contract = |role: RoleId| roles.get(role.0).is_some_and(|role| role.contract);
    conditions::check(
        &uses,
        &conditions,
        &condition_places,
        known,
        is_contract,
        &mut findings,
    );
    let tests = cases::all(document, &names, &roles, fixtures, &mut findings);
    decides::mark(&mut resources, &uses, &conditions);
    let rules = RuleSet {
        digest,
        classes,
        resources,
        roles,
        rows,
        rights,
        exceptions,
        ceilings,
        contracts,
        finds,
        conditions,
        tests,
    };
    rights::check(&rules, &right_places, &places, &mut findings);
    files::check(&rules, &places, &mut findings);

    let (mistakes, mut warnings): (Vec<_>, Vec<_>) = findings
        .0
        .into_iter()
        .partition(|found| found.severity == Severity::Error);
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    warnings.extend(lints::all(&rules, document, &places));
    warnings.extend(conditions::lints(
        &uses,
        &rules.conditions,
        &condition_places,
        &rules.resources,
        &rules.rows,
        &rules.exceptions,
    ));
    warnings.extend(contracts::lints(&rules, document, &places, now));
    warnings.extend(rights::lints(&rules, &right_places, &places));
    warnings.extend(files::lints(&rules, &places, now));
    Ok((rules, warnings))
}

fn by_name<'a, I>(
    names: impl Iterator<Item = &'a String>,
    id: fn(usize) -> I,
) -> BTreeMap<String, I> {
    names
        .enumerate()
        .map(|(index, name)| (name.clone(), id(index)))
        .collect()
}

#[cfg(test)]
mod tests;
