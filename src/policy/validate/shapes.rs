//! `is:`, a resource with the shape of another: the same records behind other routes, catalogued once.
//!
//! Refuses a shape nobody has, one that is itself another's, and a catalogue beside it.

use std::collections::BTreeMap;

use super::{Findings, ResourcePlaces, params};
use crate::policy::ast::Document;
use crate::policy::diagnostic::{Diagnostic, code, quoted, say};
use crate::policy::rules::{Group, PersonRule, Resource, ResourceId};
use crate::policy::source::{Entries, Key, Node, Span};

/// What a shape decides, so that nothing beside `is` may.
const DECIDED: [&str; 3] = ["fields", "dictionary", "keys"];

/// The resources that are built so far.
pub(super) struct Built {
    ids: BTreeMap<String, ResourceId>,
    done: BTreeMap<String, (Resource, ResourcePlaces)>,
}

impl Built {
    pub(super) fn new(document: &Document) -> Built {
        let names = document.section("resources").map(|(key, _)| &key.text);
        let ids = names.enumerate();
        Built {
            ids: ids
                .map(|(at, name)| (name.clone(), ResourceId(at)))
                .collect(),
            done: BTreeMap::new(),
        }
    }

    pub(super) fn add(&mut self, key: &Key, done: (Resource, ResourcePlaces)) {
        self.done.insert(key.text.clone(), done);
    }

    /// All of them, in the order of their names.
    pub(super) fn in_order(self) -> (Vec<Resource>, Vec<ResourcePlaces>) {
        self.done.into_values().unzip()
    }
}

/// The resource another has the shape of.
pub(super) struct Shape<'a> {
    pub(super) id: ResourceId,
    pub(super) resource: &'a Resource,
    pub(super) places: &'a ResourcePlaces,
}

impl Shape<'_> {
    /// Whose data a record is: as there, named by the path where a route has that parameter too.
    pub(super) fn person(&self, groups: &[(Group, Vec<Span>)]) -> Option<PersonRule> {
        let person = self.resource.person.as_ref()?;
        let has = |name: &String| params::path_names(groups).any(|(known, _)| known == name);
        Some(PersonRule {
            field: person.field,
            path_param: person.path_param.clone().filter(has),
        })
    }
}

/// The shape `is` names.
pub(super) fn of<'a>(
    built: &'a Built,
    key: &Key,
    node: &Node,
    entries: Entries<'_>,
    findings: &mut Findings,
) -> Option<Shape<'a>> {
    for decided in DECIDED {
        if let Some((other, _)) = entries.entry(decided) {
            let message = say!(
                "`{decided}` stands beside `is`, which says it already",
                "写了 `is`，就不能再写 `{decided}`"
            );
            findings.add(
                Diagnostic::error(code::FG2134, message)
                    .labelled(&other.span, say!("this one", "这一处"))
                    .labelled(&key.span, say!("and this one", "还有这一处"))
                    .help(code::FG2134.cure()),
            );
        }
    }
    findings.keep(named(built, node))
}

fn named<'a>(built: &'a Built, node: &Node) -> Result<Shape<'a>, Diagnostic> {
    let name = node.as_str(say!("`is`"))?;
    let found = built.ids.get(name).zip(built.done.get(name));
    match found {
        Some((id, (resource, places))) if resource.shape_of.is_none() => Ok(Shape {
            id: *id,
            resource,
            places,
        }),
        _ if built.ids.contains_key(name) => {
            let message = say!(
                "{} has the shape of another resource itself",
                "{} 自己用的也是别的资源的形状",
                quoted(name)
            );
            Err(Diagnostic::error(code::FG2134, message)
                .at(&node.span)
                .help(say!(
                    "name the resource that lists the fields",
                    "写登记了字段的那个资源"
                )))
        }
        _ => {
            let message = say!("there is no resource {}", "没有 {} 这个资源", quoted(name));
            Err(Diagnostic::error(code::FG2134, message)
                .at(&node.span)
                .suggest(name, built.ids.keys().map(String::as_str)))
        }
    }
}
