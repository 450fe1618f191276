//! Why each field comes out as it does, and what others would get of it.

use std::sync::Arc;

use crate::author::matrix::{column_name, standings};
use crate::author::view::{Does, Item, Outcome, View, class_of, items};
use crate::decide::Permit;
use crate::path::{self, Selector};
use crate::policy::combine::Standing;
use crate::policy::condition::{ConditionId, Truth};
use crate::policy::plan::{Plan, StateId};
use crate::policy::store::{Policy, RouteId};
use crate::policy::{Class, FieldId, Place, Resource, RoleId, RouteRule, RuleSet};

use super::super::traced::state;

/// What a caller, and each role alone, gets on one route.
pub(super) struct Fields<'a> {
    pub rules: &'a RuleSet,
    pub resource: &'a Resource,
    pub route: &'a RouteRule,
    pub group: &'a str,
    mine: View<'a>,
    /// Every role but those of the caller; nothing where it has no row here.
    others: Vec<(String, Option<View<'a>>)>,
}

/// One field, explained.
pub(super) struct Line<'a> {
    pub text: String,
    pub kind: Option<Item>,
    pub place: Option<&'a Place>,
    pub class: Option<&'a Class>,
    pub outcome: Outcome<'a>,
    /// What the caller's roles give that does not count, by their names.
    pub outdone: Vec<(String, String)>,
    /// What each other role alone would get.
    pub others: Vec<(String, String)>,
}

impl<'a> Fields<'a> {
    pub(super) fn new(
        policy: &'a Policy,
        route: RouteId,
        roles: &[RoleId],
        now: i64,
        mine: View<'a>,
    ) -> Option<Fields<'a>> {
        let rules = &policy.rules;
        let resource = rules.resources.get(route.resource.0)?;
        let group = resource.groups.get(route.group.0)?;
        let others = standings(policy).into_iter();
        let others = others.filter(|(id, _)| !roles.contains(id));
        let others = others.map(|(id, contract)| {
            let roles = &[id];
            let standing = Standing { roles, contract };
            let has_row = rules.has_row(route.resource, route.group, standing);
            let view = has_row.then(|| View::of(policy, route, standing, now));
            (column_name(rules, id, contract), view.flatten())
        });
        Some(Fields {
            rules,
            resource,
            route: group.routes.get(route.route)?,
            group: &group.name,
            mine,
            others: others.collect(),
        })
    }

    /// Everything the resource lists.
    pub(super) fn all(&self) -> Vec<Line<'a>> {
        items(self.resource).map(|item| self.line(item)).collect()
    }

    /// What the caller gets of one thing in a record of which this is true.
    pub(super) fn does(&self, item: Item, truths: &[(ConditionId, Truth)]) -> Does {
        self.mine.outcome_of_record(item, truths)
    }

    /// One field of the record as somebody asks for it: as catalogued, or where it stands in a record.
    pub(super) fn one(&self, asked: &str, permit: &Permit) -> Result<Line<'a>, String> {
        let text = asked.strip_prefix("$.").unwrap_or(asked);
        let listed = items(self.resource).find(|item| self.text(*item) == Some(text));
        if let Some(item) = listed {
            return Ok(self.line(item));
        }
        let fields = decided_by(permit.plan(), asked)?;
        match fields.first() {
            Some(field) => {
                let line = self.line(Item::Field(*field));
                Ok(Line {
                    text: format!("{asked} ({})", line.text),
                    ..line
                })
            }
            None => Ok(Line {
                text: asked.to_owned(),
                kind: None,
                place: Some(&self.resource.place),
                class: None,
                outcome: self.mine.unlisted(),
                outdone: Vec::new(),
                others: Vec::new(),
            }),
        }
    }

    fn line(&self, item: Item) -> Line<'a> {
        let name = |id: RoleId| {
            self.rules
                .roles
                .get(id.0)
                .map_or("", |role| role.name.as_str())
        };
        let given = self
            .mine
            .weighing(item)
            .map_or(&[][..], |weighing| &weighing.given);
        let outdone = given.iter().filter(|given| !given.wins).map(|given| {
            (
                name(given.role).to_owned(),
                given.treatment.openness().word().to_owned(),
            )
        });
        let others = self.others.iter().map(|(name, view)| {
            let does = view.as_ref().map(|view| view.outcome(item).text());
            (
                name.clone(),
                does.unwrap_or_else(|| String::from("403 no-row")),
            )
        });
        Line {
            text: self.text(item).unwrap_or_default().to_owned(),
            kind: Some(item),
            place: self.place(item),
            class: class_of(self.rules, self.resource, item),
            outcome: self.mine.outcome(item),
            outdone: outdone.collect(),
            others: others.collect(),
        }
    }

    fn text(&self, item: Item) -> Option<&'a str> {
        match item {
            Item::Field(id) | Item::Names(id) => Some(&self.resource.fields.get(id.0)?.text),
            Item::Envelope(at) => Some(&self.resource.envelope.get(at)?.text),
        }
    }

    fn place(&self, item: Item) -> Option<&'a Place> {
        match item {
            Item::Field(id) | Item::Names(id) => Some(&self.resource.fields.get(id.0)?.place),
            Item::Envelope(at) => Some(&self.resource.envelope.get(at)?.place),
        }
    }
}

/// The entries that decide a scalar at a place of the record.
fn decided_by(plan: &Arc<Plan>, asked: &str) -> Result<Vec<FieldId>, String> {
    let path = path::parse(asked).map_err(|error| error.message.to_string())?;
    let mut at = plan.record_state().ok_or("the plan has too many states")?;
    for segment in &path.segments {
        at = match (&segment.selectors[..], segment.descend) {
            ([selector], false) => follow(plan, at, selector),
            _ => None,
        }
        .ok_or_else(|| format!("`{asked}` is not listed, and not one place of a record: write names, indexes and [*]"))?;
    }
    let state = state(plan, at).ok_or("the plan has too many states")?;
    Ok(state.scalar.fields.to_vec())
}

fn follow(plan: &Plan, at: StateId, selector: &Selector) -> Option<StateId> {
    let state = state(plan, at)?;
    match selector {
        Selector::Name(name) => plan.member(&state, name).map(|(id, _)| id),
        Selector::Index(index) => plan.element(&state, *index, None),
        Selector::Wildcard => plan.element(&state, u64::MAX, None),
        _ => None,
    }
}
