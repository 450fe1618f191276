//! Of a right that no test proves, or of one that is not there: which it is, and a test to write.

use serde_json::{Map, Value};

use super::completed::has_param;
use super::skeleton::{Skeleton, flow, scalar};
use super::{Collector, Missing, written};
use crate::path::{Segment, Selector};
use crate::policy::diagnostic::{Text, say};
use crate::policy::{
    BodyForm, ClassId, Does, Field, GroupId, Resource, ResourceId, Role, RoleId, RouteRule,
};

/// What stands for a value until the author knows better.
const VALUE: &str = "VALUE";

impl Collector<'_> {
    /// A right, and a test that it is there, or that it is not.
    pub(super) fn right(
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
        let person = person(resource, role);
        let named = |route: &&RouteRule| person.is_none_or(|param| has_param(route, param));
        let mut routes = group.routes.iter().filter(|route| route.does == does);
        let route = routes.clone().find(named).or_else(|| routes.next())?;
        let (who, word) = (&role.name, does.word());
        let contract = rules.contracts.iter().find(|one| one.role == role_id);
        let mut skeleton = Skeleton::new(rules, role, contract, self.now);
        if let Some(contract) = contract {
            skeleton.at(contract.term.from, &contract.term.zone);
        }
        let may = class.and_then(|class| written::may_write(rules, place, role_id, does, class));
        let (what, name, asserted) = match class {
            None => (
                word.to_owned(),
                say!("{who} may {word}", "{who} 可以 {word}"),
                String::from("reply_status: 204\n  expect_status: 204"),
            ),
            Some(class) => {
                let class_name = &rules.classes.get(class.0)?.name;
                let mut fields = resource.fields.iter();
                let field = match may {
                    Some(field) => field,
                    None => fields.find(|field| field.class == Some(class))?,
                };
                let body = body(route, field);
                if body.is_none() {
                    skeleton.stuck(nowhere(field));
                }
                let (body, sent) = body.unwrap_or_default();
                match may {
                    Some(_) => (
                        format!("{word} {class_name}"),
                        say!(
                            "{who} may {word} {class_name}",
                            "{who} 可以 {word} {class_name}"
                        ),
                        format!("{body}\n  reply: fixtures/FILE.json\n  expect_status: 200"),
                    ),
                    None => (
                        format!("no {word} of {class_name}"),
                        say!(
                            "{who} may not {word} {class_name}",
                            "{who} 不能 {word} {class_name}"
                        ),
                        format!("{body}\n  expect_refused: [{}]", scalar(&sent)),
                    ),
                }
            }
        };
        // Who is refused is so whatever the record holds.
        if class.is_none() || may.is_some() {
            let supposed = rights.only.iter();
            supposed.for_each(|id| skeleton.suppose(*id, true));
        }
        let written = rights.places.get(&(does, class));
        let first = rights.places.values().next();
        let person = person.filter(|param| has_param(route, param));
        Some(Missing {
            kind: "right",
            what: format!("{} {who}: {what}", group.name),
            place: written.or(first)?.clone(),
            test: skeleton.written(&name, route, person, &asserted),
        })
    }
}

/// The path parameter that must name the caller.
fn person<'a>(resource: &'a Resource, role: &Role) -> Option<&'a str> {
    let person = resource.person.as_ref().filter(|_| role.same_as_person());
    person.and_then(|person| person.path_param.as_deref())
}

fn nowhere(field: &Field) -> Text {
    let path = &field.text;
    say!(
        "{path} names no place that a body could be written at",
        "{path} 不是请求体里写得出来的位置"
    )
}

/// A body with nothing but the field, as a test writes it, and what a refusal of it is told with.
fn body(route: &RouteRule, field: &Field) -> Option<(String, String)> {
    let segments = || route.at.segments.iter().chain(&field.path.segments);
    if route.body == BodyForm::Form {
        let name = names_of(segments())?;
        let media = "application/x-www-form-urlencoded";
        let body = scalar(&format!("{name}={VALUE}"));
        return Some((format!("body: {body}\n  body_type: {media}"), name));
    }
    let mut value = Value::from(VALUE);
    let mut name = String::new();
    for segment in segments().collect::<Vec<_>>().into_iter().rev() {
        let [selector] = segment.selectors.as_slice() else {
            return None;
        };
        let dot = match name.is_empty() || name.starts_with('[') {
            true => "",
            false => ".",
        };
        value = match selector {
            Selector::Name(member) if !segment.descend => {
                name = format!("{member}{dot}{name}");
                Value::from(Map::from_iter([(member.clone(), value)]))
            }
            Selector::Wildcard | Selector::Index(_) if !segment.descend => {
                name = format!("[*]{dot}{name}");
                Value::from(vec![value])
            }
            _ => return None,
        };
    }
    value
        .is_object()
        .then(|| (format!("body: {}", flow(&value)), name))
}

/// The one name that a form has for the field.
fn names_of<'a>(segments: impl Iterator<Item = &'a Segment>) -> Option<String> {
    let mut segments = segments;
    let (segment, None) = (segments.next()?, segments.next()) else {
        return None;
    };
    match segment.selectors.as_slice() {
        [Selector::Name(name)] if !segment.descend => Some(name.clone()),
        _ => None,
    }
}
