//! From what an API answers to a rule set's parts: groups, catalogue, person, parameters.
//!
//! Refuses, that is leaves out with a note, routes two of which would take the same requests, and routes whose path names
//! a person in a way the catalogue has no field for.

use super::api::{Accepts, Api, PathParameter, Query, Resource, Route};
use super::catalogue::{Catalogue, written};
use super::detect::{Class, Kind, parameter};
use super::locate::records;
use super::shape::{Shape, Step};
use super::words::folded;
use crate::policy::diagnostic::{Text, quoted, say};

/// One resource of the proposal.
pub(super) struct Proposed {
    pub name: String,
    pub zh: Option<String>,
    pub groups: Vec<Group>,
    pub catalogue: Catalogue,
    /// Field and path parameter.
    pub person: Option<(String, String)>,
    pub parameters: Vec<(String, Mapped)>,
    pub query: Vec<Query>,
}

/// Routes with one grid.
pub(super) struct Group {
    /// `None` for the resource's own.
    pub name: Option<&'static str>,
    pub routes: Vec<Placed>,
}

/// A route, and where its records stand.
pub(super) struct Placed {
    pub route: Route,
    pub at: Vec<Step>,
}

/// What a path parameter is.
#[derive(Clone, Debug)]
pub(super) enum Mapped {
    Field(Vec<Step>, Kind),
    Free,
}

pub(super) fn all(api: Api) -> (Vec<Proposed>, Vec<Text>) {
    let mut notes = api.notes;
    let mut taken = Vec::new();
    let resources = api.resources.into_iter();
    let proposed = resources
        .filter_map(|resource| one(resource, &mut taken, &mut notes))
        .collect();
    (proposed, notes)
}

fn one(
    resource: Resource,
    taken: &mut Vec<Vec<Option<String>>>,
    notes: &mut Vec<Text>,
) -> Option<Proposed> {
    let mut record = Shape::default();
    let mut placed: Vec<Placed> = Vec::new();
    for route in resource.routes {
        let template = template(&route.path);
        if taken.iter().any(|other| overlap(other, &template)) {
            notes.push(left_out(
                &route.path,
                say!(
                    "another route takes the same requests",
                    "另一条路由会接到同样的请求"
                ),
            ));
            continue;
        }
        taken.push(template);
        let at = records(&route.body);
        if let Some(shape) = route.body.at(&at) {
            record.merge(shape.clone());
        }
        placed.push(Placed { route, at });
    }
    let catalogue = Catalogue::of(&record);
    let mut parameters: Vec<(String, Mapped)> = Vec::new();
    placed.retain(|placed| {
        let found: Option<Vec<_>> = placed
            .route
            .parameters
            .iter()
            .map(|parameter| Some((parameter.name.clone(), mapped(parameter, &catalogue)?)))
            .collect();
        match found {
            Some(found) => {
                for (name, mapped) in found {
                    if !parameters.iter().any(|(known, _)| *known == name) {
                        parameters.push((name, mapped));
                    }
                }
                true
            }
            None => {
                notes.push(left_out(&placed.route.path, say!("its path carries what looks like personal data, and no field of the record is that", "路径里带着像个人信息的参数，而记录里没有对应的字段")));
                false
            }
        }
    });
    if placed.is_empty() {
        return None;
    }
    if catalogue.fields.is_empty() {
        notes.push(say!(
            "the resource {} is left out: no field of it was recognised",
            "资源 {} 没有写进来：它的字段一个也没认出来",
            quoted(&resource.name)
        ));
        return None;
    }
    let mut query: Vec<Query> = Vec::new();
    for parameter in placed.iter().flat_map(|placed| &placed.route.query) {
        if !query.iter().any(|known| known.name == parameter.name) {
            query.push(parameter.clone());
        }
    }
    Some(Proposed {
        person: person(&placed, &parameters, &catalogue),
        groups: grouped(placed),
        name: resource.name,
        zh: resource.zh,
        catalogue,
        parameters,
        query,
    })
}

fn left_out(path: &str, why: Text) -> Text {
    say!(
        "the route {} is left out: {why}",
        "路由 {} 没有写进来：{why}",
        quoted(path);
        why
    )
}

/// The segments of a path, parameters without their names.
fn template(path: &str) -> Vec<Option<String>> {
    let segments = path.split('/').skip(1);
    segments
        .map(|segment| (!segment.starts_with('{')).then(|| segment.to_owned()))
        .collect()
}

/// Whether no literal segment tells two paths apart.
fn overlap(a: &[Option<String>], b: &[Option<String>]) -> bool {
    a == b
}

/// The field a path parameter names; `None` where it names a person in another way than any field.
fn mapped(parameter: &PathParameter, catalogue: &Catalogue) -> Option<Mapped> {
    let wanted = folded(&parameter.name);
    let top = |field: &&super::catalogue::Field| matches!(field.path.as_slice(), [Step::Name(_)]);
    let fields = || catalogue.fields.iter().filter(top);
    let called = |name: &str| {
        let mut fields = fields();
        fields.find(
            |field| matches!(field.path.as_slice(), [Step::Name(known)] if folded(known) == name),
        )
    };
    let kind = super::detect::parameter(&parameter.name, &parameter.hints);
    let by_name = called(&wanted).or_else(|| {
        let id = wanted.ends_with("id") || wanted.ends_with("no") || kind == Some(Kind::Id);
        let names_record = id && kind.is_none_or(Kind::is_basic);
        names_record.then(|| called("id")).flatten()
    });
    if let Some(field) = by_name {
        return Some(Mapped::Field(field.path.clone(), field.kind));
    }
    let Some(kind) = parameter_kind(parameter) else {
        return Some(Mapped::Free);
    };
    let same = fields().find(|field| field.kind == kind)?;
    Some(Mapped::Field(same.path.clone(), same.kind))
}

/// What a parameter tells of a person, if anything.
fn parameter_kind(of: &PathParameter) -> Option<Kind> {
    parameter(&of.name, &of.hints).filter(|kind| !kind.is_basic())
}

/// The record's own number, where the path of a single record names it and the record tells of a person.
fn person(
    placed: &[Placed],
    parameters: &[(String, Mapped)],
    catalogue: &Catalogue,
) -> Option<(String, String)> {
    let classes = catalogue
        .fields
        .iter()
        .filter_map(|field| field.kind.class());
    let personal = classes
        .map(|(class, _)| class)
        .any(|class| class != Class::Basic && class != Class::Financial);
    if !personal {
        return None;
    }
    let single = placed
        .iter()
        .filter(|placed| !placed.at.contains(&Step::Each));
    let mut last = single.filter_map(|placed| placed.route.parameters.last());
    last.find_map(|parameter| {
        let (name, mapped) = parameters
            .iter()
            .find(|(name, _)| *name == parameter.name)?;
        match mapped {
            Mapped::Field(path, Kind::Id) => Some((written(path), name.clone())),
            Mapped::Field(..) | Mapped::Free => None,
        }
    })
}

/// Single records are the resource's own routes, lists a group of theirs where there are both.
fn grouped(placed: Vec<Placed>) -> Vec<Group> {
    let (lists, single): (Vec<_>, Vec<_>) = placed
        .into_iter()
        .partition(|placed| placed.at.contains(&Step::Each));
    let group = |name, routes: Vec<Placed>| (!routes.is_empty()).then_some(Group { name, routes });
    let name = (!single.is_empty()).then_some("list");
    [group(None, single), group(name, lists)]
        .into_iter()
        .flatten()
        .collect()
}

/// `{id}` as the rules narrow it.
pub(super) fn in_route(route: &Route) -> String {
    let mut path = route.path.clone();
    for parameter in &route.parameters {
        let narrowed = match parameter.accepts {
            Accepts::Any => continue,
            Accepts::Int => "int",
            Accepts::Uuid => "uuid",
        };
        let name = &parameter.name;
        path = path.replace(&format!("{{{name}}}"), &format!("{{{name}:{narrowed}}}"));
    }
    path
}
