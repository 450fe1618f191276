//! Why each field comes out as it does, and what others would get of it.

use std::sync::Arc;

use crate::author::matrix::{column_name, standings};
use crate::author::view::{Does, Item, Outcome, View, class_of, items};
use crate::decide::Permit;
use crate::model::Openness;
use crate::path::{self, Path, Segment, Selector};
use crate::policy::combine::Standing;
use crate::policy::condition::{ConditionId, Truth};
use crate::policy::diagnostic::{Text, nearest, quoted, say};
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
    /// Where no entry lists it: how many lie below it, and what was meant perhaps.
    pub unlisted: Option<Unlisted>,
}

/// What is known of a place that no entry lists.
pub(super) struct Unlisted {
    /// Entries of the catalogue that lie below it; their lines follow.
    pub below: usize,
    pub hint: Option<Text>,
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

    /// What the record holds at a path as somebody asks for it, as catalogued or where it stands in a record. What lies below
    /// a container that is asked for follows it.
    pub(super) fn at(&self, asked: &str, permit: &Permit) -> Result<Vec<Line<'a>>, Text> {
        let text = asked.strip_prefix("$.").unwrap_or(asked);
        let listed = items(self.resource).find(|item| self.text(*item) == Some(text));
        if let Some(item) = listed {
            return Ok(vec![self.line(item)]);
        }
        let path = path::parse(asked).map_err(|error| {
            let (why, written) = (error.message, quoted(asked));
            say!("{why}", "{written} 不是能用的路径（RFC 9535）")
        })?;
        let below: Vec<Item> = items(self.resource)
            .filter(|item| self.lies_below(*item, &path))
            .collect();
        let fields = decided_by(permit.plan(), asked, &path);
        // A container need not be one place of a record.
        let fields = match below.is_empty() {
            true => fields?,
            false => fields.unwrap_or_default(),
        };
        if let Some(field) = fields.first() {
            let line = self.line(Item::Field(*field));
            return Ok(vec![Line {
                text: format!("{asked} ({})", line.text),
                ..line
            }]);
        }
        let unlisted = Unlisted {
            below: below.len(),
            hint: self.meant(text, &below),
        };
        let below: Vec<Line<'a>> = below.into_iter().map(|item| self.line(item)).collect();
        let stays = |line: &Line<'_>| line.outcome.does.openness != Openness::Strip;
        let outcome = match below.iter().any(stays) {
            true => self.mine.bracket(),
            false => self.mine.unlisted(),
        };
        let first = Line {
            text: asked.to_owned(),
            kind: None,
            place: Some(&self.resource.place),
            class: None,
            outcome,
            outdone: Vec::new(),
            others: Vec::new(),
            unlisted: Some(unlisted),
        };
        Ok(std::iter::once(first).chain(below).collect())
    }

    /// Whether a thing of the record lies below what a path leads to.
    fn lies_below(&self, item: Item, asked: &Path) -> bool {
        let (Item::Field(id) | Item::Names(id)) = item else {
            return false;
        };
        let Some(field) = self.resource.fields.get(id.0) else {
            return false;
        };
        let longer = field.path.segments.len() > asked.segments.len();
        let mut steps = asked.segments.iter().zip(&field.path.segments);
        longer && steps.all(|(asked, written)| asked == written || element_of(asked, written))
    }

    /// What somebody may have meant who asks for what no entry lists.
    fn meant(&self, text: &str, below: &[Item]) -> Option<Text> {
        if !below.is_empty() {
            return None;
        }
        if self.rules.classes.iter().any(|class| class.name == text) {
            let of_class = items(self.resource).filter(|item| {
                class_of(self.rules, self.resource, *item).is_some_and(|class| class.name == text)
            });
            let fields: Vec<&str> = of_class.filter_map(|item| self.text(item)).collect();
            let (class, fields) = (quoted(text), fields.join(", "));
            return Some(match fields.is_empty() {
                true => say!(
                    "{class} is a class; no field here is of it",
                    "{class} 是类别名，这里没有字段属于它"
                ),
                false => say!(
                    "{class} is a class; did you mean one of its fields: {fields}?",
                    "{class} 是类别名；是不是想问它的字段：{fields}？"
                ),
            });
        }
        let known = items(self.resource).filter_map(|item| self.text(item));
        let near = quoted(nearest(text, known)?);
        Some(say!("did you mean {near}?", "是不是想问 {near}？"))
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
            unlisted: None,
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

/// Whether one step is an element of what the other selects.
fn element_of(asked: &Segment, written: &Segment) -> bool {
    let of_array = |one: &Selector| matches!(one, Selector::Index(_) | Selector::Wildcard);
    !asked.descend
        && !written.descend
        && asked.selectors.iter().all(of_array)
        && written.selectors.iter().all(of_array)
        && (asked.selectors == [Selector::Wildcard] || written.selectors == [Selector::Wildcard])
}

/// The entries that decide a scalar at a place of the record.
fn decided_by(plan: &Arc<Plan>, asked: &str, path: &Path) -> Result<Vec<FieldId>, Text> {
    let large = || say!("the plan has too many states", "规则编译出的状态太多");
    let mut at = plan.record_state().ok_or_else(large)?;
    for segment in &path.segments {
        let next = match (&segment.selectors[..], segment.descend) {
            ([selector], false) => follow(plan, at, selector),
            _ => None,
        };
        at = next.ok_or_else(|| {
            let asked = quoted(asked);
            say!(
                "{asked} is not listed, and not one place of a record: write names, indexes and [*]",
                "{asked} 没有登记，也不是记录里的一个位置：用字段名、下标和 [*] 写"
            )
        })?;
    }
    let state = state(plan, at).ok_or_else(large)?;
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
