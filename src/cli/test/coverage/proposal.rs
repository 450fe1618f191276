//! Of a part that no test proves: which it is, and a test to write.
//!
//! Proposes what `tests:` takes, with what only the author knows in capitals.

use super::part::{Asker, Edge, Key, first_route, item_class};
use super::{Collector, Missing, written};
use crate::author::view::{self, Item, chosen, covered as covers, items};
use crate::model::Openness;
use crate::path::{self, Path};
use crate::policy::store::RouteId;
use crate::policy::{
    ClassId, Contract, Covers, Does, GroupId, ResourceId, RoleId, RouteRule, TemplateSegment,
};

impl Collector<'_> {
    pub(super) fn missing(&self, key: Key) -> Option<Missing> {
        let policy = self.stage.policy();
        let rules = &policy.rules;
        match key {
            Key::Cell(resource_id, group_id, role_id, class_id) => {
                let resource = rules.resources.get(resource_id.0)?;
                let (group, role) = (
                    resource.groups.get(group_id.0)?,
                    rules.roles.get(role_id.0)?,
                );
                let class = rules.classes.get(class_id.0)?;
                let row = rules.rows.get(&(resource_id, group_id, role_id))?;
                let cell = chosen(rules, row.cells.get(class_id.0)?);
                let place = row.places.get(class_id.0).and_then(Option::as_ref);
                let route = first_route(resource_id, group_id);
                let item =
                    items(resource).find(|item| item_class(resource, *item) == Some(class_id))?;
                Some(Missing {
                    kind: "cell",
                    what: format!("{} {}: {}: {cell}", group.name, role.name, class.name),
                    place: place.unwrap_or(&row.place).clone(),
                    test: self.test(route, role_id, item)?,
                })
            }
            Key::Edge(id, edge) => {
                let contract = rules.contracts.get(id.0)?;
                let word = edge.word();
                Some(Missing {
                    kind: "edge",
                    what: format!("{}: {word}", contract.name),
                    place: contract.place.clone(),
                    test: self.edge(contract, edge)?,
                })
            }
            Key::Right(resource_id, group_id, role_id, does, class_id) => {
                self.right((resource_id, group_id), role_id, does, class_id)
            }
            Key::Annex(id, resource_id, group_id, class_id) => {
                let contract = rules.contracts.get(id.0)?;
                let resource = rules.resources.get(resource_id.0)?;
                let row = contract.items.get(&(resource_id, group_id))?;
                let class = rules.classes.get(class_id.0)?;
                let place = row.places.get(class_id.0).and_then(Option::as_ref);
                let route = first_route(resource_id, group_id);
                let item =
                    items(resource).find(|item| item_class(resource, *item) == Some(class_id))?;
                let cell = chosen(rules, row.cells.get(class_id.0)?);
                let group = resource.groups.get(group_id.0)?;
                Some(Missing {
                    kind: "annex",
                    what: format!("{} {}: {}: {cell}", contract.name, group.name, class.name),
                    place: place.unwrap_or(&contract.place).clone(),
                    test: self.test(route, contract.role, item)?,
                })
            }
            Key::Branch(asker, id, holds) => {
                let condition = &rules.conditions.get(id.0)?.name;
                let whole = match asker {
                    Asker::Cell(resource, group, role, class) => {
                        self.missing(Key::Cell(resource, group, role, class))?
                    }
                    Asker::Exception(at) => self.missing(Key::Exception(at))?,
                    Asker::Gate(resource_id, group_id, role_id) => {
                        let resource = rules.resources.get(resource_id.0)?;
                        let row = rules.rows.get(&(resource_id, group_id, role_id))?;
                        let (group, role) = (
                            resource.groups.get(group_id.0)?,
                            rules.roles.get(role_id.0)?,
                        );
                        let route = first_route(resource_id, group_id);
                        let item = items(resource).next()?;
                        Missing {
                            kind: "branch",
                            what: format!("{} {}: only", group.name, role.name),
                            place: row.place.clone(),
                            test: self.test(route, role_id, item)?,
                        }
                    }
                };
                let truth = if holds { "true" } else { "not true" };
                let comment = format!("# where {condition} is {truth}\n");
                Some(Missing {
                    kind: "branch",
                    what: format!("{}, {condition} {truth}", whole.what),
                    place: whole.place,
                    test: comment + &whole.test,
                })
            }
            Key::Exception(at) => {
                let exception = rules.exceptions.get(at)?;
                let role = rules.roles.get(exception.role.0)?;
                let rows = rules.rows.keys();
                let group = rows.filter(|(resource, _, role)| {
                    *resource == exception.resource && *role == exception.role
                });
                let group = group.map(|(_, group, _)| *group).next()?;
                let route = first_route(exception.resource, group);
                let fields = Covers::Fields(exception.resource, exception.fields.clone());
                Some(Missing {
                    kind: "exception",
                    what: format!(
                        "{}, role: {}, do: {}",
                        covers(rules, &fields),
                        role.name,
                        chosen(rules, &exception.cell)
                    ),
                    place: exception.place.clone(),
                    test: self.test(
                        route,
                        exception.role,
                        Item::Field(*exception.fields.first()?),
                    )?,
                })
            }
            Key::Ceiling(at) => {
                let ceiling = rules.ceilings.get(at)?;
                let found = self.lowered_by(at);
                let test = found.and_then(|(route, role, item)| self.test(route, role, item));
                Some(Missing {
                    kind: "ceiling",
                    what: format!(
                        "{} at_most: {}",
                        covers(rules, &ceiling.covers),
                        view::written(&ceiling.at_most)
                    ),
                    place: ceiling.place.clone(),
                    test: test.unwrap_or_default(),
                })
            }
        }
    }

    /// A right, and a test that it is there, or that it is not.
    fn right(
        &self,
        place: (ResourceId, GroupId),
        role_id: RoleId,
        does: Does,
        class: Option<ClassId>,
    ) -> Option<Missing> {
        let rules = &self.stage.policy().rules;
        let resource = rules.resources.get(place.0.0)?;
        let (group, role) = (resource.groups.get(place.1.0)?, rules.roles.get(role_id.0)?);
        let rights = rules.rights.get(&(place.0, place.1, role_id))?;
        let route = group.routes.iter().find(|route| route.does == does)?;
        let word = does.word();
        let who = match role.same_as_person() {
            true => String::from("caller: { jwt: ISSUER, claims: { CLAIM: \"ID\" } }"),
            false => format!("as: {}", role.name),
        };
        let (what, asserted) = match class {
            None => (
                word.to_owned(),
                String::from("reply_status: 204\n  expect_status: 204"),
            ),
            Some(class) => {
                let name = &rules.classes.get(class.0)?.name;
                let mut fields = resource.fields.iter();
                match written::may_write(rules, place, role_id, does, class) {
                    Some(field) => (
                        format!("{word} {name}"),
                        format!(
                            "body: {{ VALUE of {} }}\n  reply: fixtures/FILE.json\n  expect_status: 200",
                            field.text
                        ),
                    ),
                    None => {
                        let field = fields.find(|field| field.class == Some(class))?;
                        (
                            format!("no {word} of {name}"),
                            format!(
                                "body: {{ VALUE of {} }}\n  expect_refused: [\"{}\"]",
                                field.text, field.text
                            ),
                        )
                    }
                }
            }
        };
        let written = rights.places.get(&(does, class));
        let first = rights.places.values().next();
        Some(Missing {
            kind: "right",
            what: format!("{} {}: {what}", group.name, role.name),
            place: written.or(first)?.clone(),
            test: format!(
                "- name: {} may {what}\n  {who}\n  call: {}\n  {asserted}\n",
                role.name,
                call_of(route),
            ),
        })
    }

    /// A test of a contract's edge.
    fn edge(&self, contract: &Contract, edge: Edge) -> Option<String> {
        let rules = &self.stage.policy().rules;
        let (resource, group) = contract.items.keys().next()?;
        let group = rules.resources.get(resource.0)?.groups.get(group.0)?;
        let role = &rules.roles.get(contract.role.0)?.name;
        let term = &contract.term;
        let (now, asserted) = match edge {
            Edge::Before => (term.from - 1, "expect_reason: contract-not-started"),
            Edge::From => (
                term.from,
                "reply: fixtures/FILE.json\n  expect: { FIELD: VALUE }",
            ),
            Edge::Until => (
                term.until,
                "reply: fixtures/FILE.json\n  expect: { FIELD: VALUE }",
            ),
            Edge::After => (term.until + 1, "expect_reason: contract-expired"),
            Edge::Suspended => (term.from, "expect_reason: contract-suspended"),
            Edge::Purpose => (term.from, "expect_reason: wrong-purpose"),
            Edge::Network => (term.from, "expect_reason: wrong-network"),
        };
        let now = jiff::Timestamp::from_second(now).ok()?;
        let now = now.in_tz(&term.zone).ok()?.strftime("%Y-%m-%dT%H:%M:%S%:z");
        let purpose = match edge {
            Edge::Purpose => "OTHER",
            _ => contract.purpose.as_str(),
        };
        let call = call_of(group.routes.first()?);
        Some(format!(
            "- name: {}: {}\n  as: {role}\n  peer: ADDRESS\n  headers: {{ Fieldgate-Purpose: {purpose} }}\n  now: {now}\n  \
             call: {call}\n  {asserted}\n",
            contract.name,
            edge.word(),
        ))
    }

    /// A test of one thing for one role, as `tests:` takes it, its fixture and values to be filled in.
    fn test(&self, route: RouteId, role_id: RoleId, item: Item) -> Option<String> {
        let policy = self.stage.policy();
        let rules = &policy.rules;
        let role = rules.roles.get(role_id.0)?;
        let resource = rules.resources.get(route.resource.0)?;
        let group = resource.groups.get(route.group.0)?;
        let rule = group.routes.first()?;
        let (text, at) = match item {
            Item::Field(id) | Item::Names(id) => (&resource.fields.get(id.0)?.text, Some(&rule.at)),
            Item::Envelope(at) => (&resource.envelope.get(at)?.text, None),
        };
        let does = self.view(route, role_id)?.outcome(item).does;
        let who = match role.same_as_person() {
            true => String::from("caller: { jwt: ISSUER, claims: { CLAIM: \"ID\" } }"),
            false => format!("as: {}", role.name),
        };
        let asserted = match at {
            Some(at) => below_record(at, text),
            None => text.clone(),
        };
        Some(format!(
            "- name: {} gets {} of {}\n  {who}\n  call: {}\n  reply: fixtures/FILE.json\n  {}\n",
            role.name,
            does.openness.word(),
            text,
            call_of(rule),
            assertion(&does, &asserted),
        ))
    }
}

/// The route as a call, its parameters to be filled in.
fn call_of(rule: &RouteRule) -> String {
    let segments = rule.template.iter().map(|segment| match segment {
        TemplateSegment::Literal(text) => format!("/{text}"),
        TemplateSegment::Param { name, .. } => format!("/{}", name.to_uppercase()),
    });
    let path: String = segments.collect();
    let path = if path.is_empty() { "/" } else { &path };
    format!("{} {path}", rule.method)
}

fn assertion(does: &view::Does, path: &str) -> String {
    let path = match path.contains(['[', '*', '{', ' ']) {
        true => format!("\"{path}\""),
        false => path.to_owned(),
    };
    match does.openness {
        Openness::Strip => format!("absent: [{path}]"),
        Openness::Mask | Openness::Token => format!("expect: {{ {path}: masked }}"),
        Openness::Show => format!("expect: {{ {path}: VALUE }}"),
        Openness::Blank => format!("expect: {{ {path}: NULL }}"),
    }
}

/// The path of a field from the root of the answer, its first element where the record is in a list.
fn below_record(at: &Path, field: &str) -> String {
    let mut text = String::new();
    for segment in &at.segments {
        match segment.selectors.first() {
            Some(path::Selector::Name(name)) if text.is_empty() => text.push_str(name),
            Some(path::Selector::Name(name)) => text.push_str(&format!(".{name}")),
            Some(path::Selector::Index(index)) => text.push_str(&format!("[{index}]")),
            _ => text.push_str("[0]"),
        }
    }
    let field = field.replace("[*]", "[0]");
    match (text.is_empty(), field.starts_with(['[', '.'])) {
        (true, _) => field,
        (false, true) => format!("{text}{field}"),
        (false, false) => format!("{text}.{field}"),
    }
}
