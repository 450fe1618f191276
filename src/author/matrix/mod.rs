//! The access matrix: for each group of routes, what each role gets of each field, and what else an auditor signs.
//!
//! The outcomes are those of the plans the proxy enforces, for a caller who holds that one role. The JSON document is
//! described in `docs/review.md` and keeps its shape.

pub mod answers;
mod csv;
mod files;
mod html;
mod json;
mod table;
mod words;
mod writes;

use std::sync::Arc;

use serde_json::Value;

use self::writes::Writes;
use super::view::{Item, Kind, Outcome, View, class_of, items};
use crate::policy::combine::Standing;
use crate::policy::condition::Truth;
use crate::policy::diagnostic::{Lang, Text};
use crate::policy::store::{Compiled, Opening, Policy, RouteId};
use crate::policy::{
    Class, Contract, ContractId, Group, GroupId, Param, ParamName, ParamRule, Place, Resource,
    ResourceId, Role, RoleId, RouteRule, RuleSet, TemplateSegment,
};

/// What a matrix is asked of.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// A resource or group; else all.
    pub resource: Option<String>,
    /// A role; else all.
    pub role: Option<String>,
}

/// The matrix of a rule set at one moment.
#[derive(Debug)]
pub struct Matrix<'a> {
    rules: &'a RuleSet,
    /// The rules directory, as it was named.
    title: String,
    /// The moment it is of, in seconds since 1970.
    at: i64,
    /// The roles that are asked for.
    roles: Vec<&'a Role>,
    /// The columns some sheet may have.
    names: Vec<String>,
    sheets: Vec<Sheet<'a>>,
}

/// One group of routes.
#[derive(Debug)]
struct Sheet<'a> {
    resource: &'a Resource,
    group: &'a Group,
    /// The roles with a row or a right, in the order of their names; contract roles once for each of their contracts.
    columns: Vec<Column>,
    /// Those without: 403.
    without: Vec<String>,
    lines: Vec<Line<'a>>,
    params: Vec<ParamLine<'a>>,
    writes: Writes<'a>,
    gates: Vec<Gate<'a>>,
    /// What passes unread, one sentence each.
    files: Vec<Text>,
}

/// A role, and the contract it is held under.
#[derive(Debug)]
struct Column {
    name: String,
}

/// What a record must be for a role's row to count.
#[derive(Debug)]
struct Gate<'a> {
    role: &'a Role,
    /// The names of the conditions that must all hold.
    only: Vec<&'a str>,
    /// The row's.
    place: &'a Place,
}

/// A field, the member names below one, or an entry of the envelope.
#[derive(Debug)]
struct Line<'a> {
    item: Item,
    text: &'a str,
    place: &'a Place,
    class: Option<&'a Class>,
    whole: bool,
    /// By column.
    cells: Vec<Outcome<'a>>,
}

/// A parameter, and who may search with it.
#[derive(Debug)]
struct ParamLine<'a> {
    param: &'a Param,
    /// By column.
    open: Vec<Opening>,
}

/// A rule that makes an outcome differ from its class's cell.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Note {
    kind: Kind,
    role: Option<String>,
    says: String,
    place: String,
    reason: Option<String>,
}

/// Everybody a rule set tells apart: its roles, contract roles once for each of their contracts.
pub fn standings(policy: &Policy) -> Vec<(RoleId, Option<ContractId>)> {
    let all: Vec<RoleId> = (0..policy.rules.roles.len()).map(RoleId).collect();
    standings_of(policy, &all)
}

/// Whether a contract is in force at a moment.
pub fn contract_standing(contract: &Contract, now: i64) -> Text {
    words::standing(contract, now)
}

/// Who holds a role, as the rules say it.
pub fn matcher(rules: &RuleSet, role: &Role) -> String {
    words::matcher(rules, role)
}

/// What a parameter may carry.
pub fn carries(resource: &Resource, rule: &ParamRule) -> Text {
    words::param(resource, rule)
}

/// `identity 身份信息 4!`
pub fn class_label(class: &Class) -> String {
    words::class(Some(class))
}

/// An outcome and the rules that decided it, for programs.
pub fn outcome_json(outcome: &Outcome<'_>) -> Value {
    json::outcome(outcome)
}

/// What is known of a condition, for programs.
pub fn truth_word(truth: Truth) -> &'static str {
    json::truth_word(truth)
}

/// A place, for programs.
pub fn place_json(place: &Place) -> Value {
    json::place(place)
}

impl<'a> Matrix<'a> {
    /// The matrix of what `scope` names, as it is at `now`.
    pub fn of(policy: &'a Policy, scope: &Scope, now: i64, title: &str) -> Matrix<'a> {
        let rules = &policy.rules;
        let roles: Vec<RoleId> = (0..rules.roles.len())
            .map(RoleId)
            .filter(|id| {
                let role = rules.roles.get(id.0);
                scope
                    .role
                    .as_ref()
                    .is_none_or(|wanted| role.is_some_and(|role| role.name == *wanted))
            })
            .collect();
        let resources = rules.resources.iter().enumerate();
        let groups = resources.flat_map(|(at, resource)| {
            let groups = resource.groups.iter().enumerate();
            groups.map(move |(group, rule)| (ResourceId(at), resource, GroupId(group), rule))
        });
        let wanted = |resource: &Resource, group: &Group| {
            let named = |name: &String| resource.name == *name || group.name == *name;
            scope.resource.as_ref().is_none_or(named)
        };
        let sheets = groups
            .filter(|(_, resource, _, group)| wanted(resource, group) && !group.routes.is_empty())
            .filter_map(|(resource_id, resource, group_id, group)| {
                // Outcomes are the same on every route of a group; parameters are searched with where one reads.
                let reading = group.routes.iter().position(|route| !route.writes());
                let route = RouteId {
                    resource: resource_id,
                    group: group_id,
                    route: reading.unwrap_or_default(),
                };
                sheet(policy, route, resource, group, &roles, now)
            })
            .collect();
        let each = standings_of(policy, &roles);
        Matrix {
            names: each
                .iter()
                .map(|(role, one)| column_name(rules, *role, *one))
                .collect(),
            rules,
            title: title.to_owned(),
            at: now,
            roles: roles
                .iter()
                .filter_map(|id| rules.roles.get(id.0))
                .collect(),
            sheets,
        }
    }

    /// For a terminal of that many columns.
    pub fn table(&self, lang: Lang, width: usize) -> String {
        table::written(self, lang, width)
    }

    /// For spreadsheets.
    pub fn csv(&self, lang: Lang) -> String {
        csv::written(self, lang)
    }

    /// One page on its own.
    pub fn html(&self, lang: Lang) -> String {
        html::written(self, lang)
    }

    /// For programs.
    pub fn json(&self) -> String {
        json::written(self)
    }

    fn at(&self) -> String {
        let at = jiff::Timestamp::from_second(self.at);
        at.map(|at| at.to_string()).unwrap_or_default()
    }
}

fn sheet<'a>(
    policy: &'a Policy,
    route: RouteId,
    resource: &'a Resource,
    group: &'a Group,
    roles: &[RoleId],
    now: i64,
) -> Option<Sheet<'a>> {
    let rules = &policy.rules;
    let each = standings_of(policy, roles);
    let has_row = |(role, contract): &(RoleId, Option<ContractId>)| {
        let roles = &[*role];
        let contract = *contract;
        let standing = Standing { roles, contract };
        rules.has_row(route.resource, route.group, standing) || writes::any(policy, route, standing)
    };
    let (with, without): (Vec<_>, Vec<_>) = each.into_iter().partition(has_row);
    let columns = with.iter().map(|(role, contract)| Column {
        name: column_name(rules, *role, *contract),
    });
    let columns: Vec<Column> = columns.collect();
    let views: Option<Vec<View<'a>>> = with
        .iter()
        .map(|(role, contract)| {
            let roles = &[*role];
            let contract = *contract;
            View::of(policy, route, Standing { roles, contract }, now)
        })
        .collect();
    let views = views?;
    let lines = items(resource).filter_map(|item| {
        let (text, place, whole) = match item {
            Item::Field(id) | Item::Names(id) => {
                let field = resource.fields.get(id.0)?;
                (
                    &field.text,
                    &field.place,
                    field.whole && matches!(item, Item::Field(_)),
                )
            }
            Item::Envelope(at) => {
                let entry = resource.envelope.get(at)?;
                (&entry.text, &entry.place, false)
            }
        };
        Some(Line {
            item,
            text,
            place,
            class: class_of(rules, resource, item),
            whole,
            cells: views.iter().map(|view| view.outcome(item)).collect(),
        })
    });
    let params = resource.params.iter().enumerate();
    let params = params.filter(|(_, param)| is_sent(&param.name, group));
    let params = params.map(|(at, param)| {
        let reads = group
            .routes
            .get(route.route)
            .is_some_and(|route| param.is_for(route));
        let open = views.iter().zip(&with).map(|(view, (role, contract))| {
            let (roles, contract) = (&[*role], *contract);
            // One of a route that writes is judged there.
            let written = match reads {
                true => None,
                false => on_its_route(policy, route, param, Standing { roles, contract }, now),
            };
            let compiled = written.as_ref().unwrap_or(&view.compiled);
            compiled
                .params
                .get(at)
                .map_or(Opening::Closed, |usage| usage.open)
        });
        ParamLine {
            param,
            open: open.collect(),
        }
    });
    let gates = with.iter().filter_map(|(id, _)| {
        if let Some((only, place)) = writes::gated(policy, route, *id) {
            let role = rules.roles.get(id.0)?;
            return Some(Gate { role, only, place });
        }
        let row = rules.rows.get(&(route.resource, route.group, *id))?;
        let only = row.only.iter().filter_map(|id| rules.conditions.get(id.0));
        let only: Vec<&str> = only.map(|condition| condition.name.as_str()).collect();
        let role = rules.roles.get(id.0)?;
        let place = &row.place;
        (!only.is_empty()).then_some(Gate { role, only, place })
    });
    let gates = gates.collect();
    Some(Sheet {
        writes: writes::of(policy, route, resource, &with),
        gates,
        files: files::said(rules, resource, group, now),
        lines: lines.collect(),
        params: params.collect(),
        columns,
        without: (without.iter())
            .map(|(role, contract)| column_name(rules, *role, *contract))
            .collect(),
        resource,
        group,
    })
}

/// The plan of the first route of the group that takes a parameter.
fn on_its_route(
    policy: &Policy,
    route: RouteId,
    param: &Param,
    standing: Standing<'_>,
    now: i64,
) -> Option<Arc<Compiled>> {
    let resource = policy.rules.resources.get(route.resource.0)?;
    let group = resource.groups.get(route.group.0)?;
    let at = group.routes.iter().position(|route| param.is_for(route))?;
    policy.plan(route.resource, route.group, at, standing, now)
}

/// Whom there is a column for: a contract role stands for somebody only under one of its contracts.
fn standings_of(policy: &Policy, roles: &[RoleId]) -> Vec<(RoleId, Option<ContractId>)> {
    let each = roles.iter().flat_map(|id| {
        let role = policy.rules.roles.get(id.0);
        match role.is_some_and(|role| role.contract) {
            false => vec![(*id, None)],
            true => policy
                .contracts
                .of(*id)
                .iter()
                .map(|one| (*id, Some(*one)))
                .collect(),
        }
    });
    each.collect()
}

/// `acme`, or `acme under HT-2026-0117`.
pub fn column_name(rules: &RuleSet, role: RoleId, contract: Option<ContractId>) -> String {
    let role = rules
        .roles
        .get(role.0)
        .map_or("", |role| role.name.as_str());
    match contract.and_then(|id| rules.contracts.get(id.0)) {
        Some(contract) => format!("{role} {}", contract.name),
        None => role.to_owned(),
    }
}

/// Whether some route of the group takes a parameter.
fn is_sent(name: &ParamName, group: &Group) -> bool {
    let ParamName::Path(name) = name else {
        return true;
    };
    let mut segments = group.routes.iter().flat_map(|route| &route.template);
    segments.any(|segment| match segment {
        TemplateSegment::Param { name: other, .. } => other == name,
        TemplateSegment::Literal(_) => false,
    })
}

impl<'a> Sheet<'a> {
    /// What makes outcomes differ from their cells, in the order of the lines, and which apply to an outcome.
    fn notes(&self) -> Vec<Note> {
        let mut notes: Vec<Note> = Vec::new();
        let cells = self.lines.iter().flat_map(|line| &line.cells);
        for note in cells.flat_map(notes_of) {
            if !notes.contains(&note) {
                notes.push(note);
            }
        }
        notes
    }

    fn routes(&self) -> impl Iterator<Item = &'a RouteRule> {
        self.group.routes.iter()
    }
}

/// The notes an outcome carries.
fn notes_of(outcome: &Outcome<'_>) -> Vec<Note> {
    let causes = outcome.causes.iter();
    let told = causes.filter(|cause| match cause.kind {
        Kind::Exception
        | Kind::Ceiling
        | Kind::Net
        | Kind::StripAs
        | Kind::Condition
        | Kind::Contract => true,
        Kind::Cell | Kind::Unnamed | Kind::Envelope => false,
    });
    told.map(|cause| Note {
        kind: cause.kind,
        role: cause.role.map(|role| role.name.clone()),
        says: cause.says.clone(),
        place: cause.place.map(Place::to_string).unwrap_or_default(),
        reason: cause.reason.map(str::to_owned),
    })
    .collect()
}
