//! `create:`, `update:` and `delete:`, who may write what.
//!
//! Refuses rights of groups, roles and classes that do not exist, and lists that name nothing or something twice. What can
//! only be judged once all rules are known, [`check`] does.

mod judged;
mod lints;

use std::collections::BTreeMap;

pub(super) use judged::check;
pub(super) use lints::all as lints;

use super::conditions::Use;
use super::gates::gates_above;
use super::grid::{Rows, Subjects, find_group, never_held};
use super::{Findings, Names, Places, inherit};
use crate::policy::Place;
use crate::policy::ast::Document;
use crate::policy::diagnostic::{Diagnostic, code, quoted, say};
use crate::policy::rules::{
    AllRights, ClassId, ContractId, Does, FieldId, GroupId, ResourceId, RoleId, RuleSet,
};
use crate::policy::source::{Key, Node, Span};

/// What a right is about: a deed, and a class where it is not to delete.
type Right = (ResourceId, GroupId, RoleId, Does, Option<ClassId>);

/// Where each right is written.
#[derive(Default)]
pub(super) struct RightPlaces(BTreeMap<Right, Span>);

impl RightPlaces {
    /// One that is inherited stands where its role does.
    fn of<'a>(&'a self, right: &Right, places: &'a Places) -> Option<&'a Span> {
        let (_, _, role, _, _) = right;
        self.0.get(right).or_else(|| places.roles.get(role.0))
    }
}

/// The sections and what each lets a request do.
const SECTIONS: [(&str, Does); 3] = [
    ("create", Does::Create),
    ("update", Does::Update),
    ("delete", Does::Delete),
];

/// Every right, with the gate it stands behind.
pub(super) fn all(
    document: &Document,
    names: &Names,
    subjects: Subjects<'_>,
    rows: &Rows,
    uses: &mut Vec<Use>,
    findings: &mut Findings,
) -> (AllRights, RightPlaces) {
    let mut reader = Reader {
        names,
        subjects,
        rights: AllRights::new(),
        places: RightPlaces::default(),
    };
    for (section, does) in SECTIONS {
        for (key, node) in document.section(section) {
            let group = findings.keep(find_group(key, subjects.resources));
            match does {
                Does::Delete => reader.roles(group, node, findings),
                _ => reader.classes(group, does, node, findings),
            }
        }
    }
    let Reader {
        mut rights, places, ..
    } = reader;
    let gate = |place: &(ResourceId, GroupId, RoleId)| match rows.get(place) {
        Some(row) => row.only.clone(),
        None => {
            let above = gates_above(subjects, place.0, place.1);
            above.iter().map(|one| one.condition).collect()
        }
    };
    for (place, own) in &mut rights {
        own.only = gate(place);
        // The gates of rows are counted with them.
        if !rows.contains_key(place) {
            let above = gates_above(subjects, place.0, place.1);
            uses.extend(above.into_iter().map(|one| one.of(place.0)));
        }
    }
    inherit::rights(&mut rights, subjects.roles, gate);
    (rights, places)
}

struct Reader<'a> {
    names: &'a Names,
    subjects: Subjects<'a>,
    rights: AllRights,
    places: RightPlaces,
}

impl Reader<'_> {
    /// `teller: [contact]`
    fn classes(
        &mut self,
        group: Option<(ResourceId, GroupId)>,
        does: Does,
        node: &Node,
        findings: &mut Findings,
    ) {
        let what = say!("the roles that may write", "可以写的角色");
        let Some(entries) = findings.keep(node.as_map(what)) else {
            return;
        };
        for (key, list) in entries.iter() {
            let role = findings.keep(self.names.role_named(&key.text, &key.span));
            let Some(items) =
                findings.keep(list.as_list(say!("the classes of a right", "权限的类别")))
            else {
                continue;
            };
            findings.extend(items.is_empty().then(|| nothing(&list.span)));
            let mut named = Vec::new();
            for item in items {
                let Some(class) = findings.keep(self.names.class(item)) else {
                    continue;
                };
                if named.contains(&class) {
                    findings.add(twice(item));
                    continue;
                }
                named.push(class);
                if let (Some((resource, group)), Some(role)) = (group, role) {
                    self.add((resource, group, role, does, Some(class)), &item.span);
                }
            }
            if let (Some(group), Some(role)) = (group, role) {
                findings.extend(self.never_held(key, role, group));
            }
        }
    }

    /// `[manager]`
    fn roles(
        &mut self,
        group: Option<(ResourceId, GroupId)>,
        node: &Node,
        findings: &mut Findings,
    ) {
        let what = say!("the roles that may delete", "可以删除的角色");
        let Some(items) = findings.keep(node.as_list(what)) else {
            return;
        };
        findings.extend(items.is_empty().then(|| nothing(&node.span)));
        let mut named = Vec::new();
        for item in items {
            let role = item.as_str(say!("a role", "角色"));
            let role = role.and_then(|name| self.names.role_named(name, &item.span));
            let Some(role) = findings.keep(role) else {
                continue;
            };
            if named.contains(&role) {
                findings.add(twice(item));
                continue;
            }
            named.push(role);
            if let Some((resource, group)) = group {
                self.add((resource, group, role, Does::Delete, None), &item.span);
                let key = Key {
                    text: item.scalar().unwrap_or_default().to_owned(),
                    span: item.span.clone(),
                };
                findings.extend(self.never_held(&key, role, (resource, group)));
            }
        }
    }

    fn add(&mut self, right: Right, span: &Span) {
        let (resource, group, role, does, class) = right;
        let rights = self.rights.entry((resource, group, role)).or_default();
        match (does, class) {
            (Does::Create, Some(class)) => _ = rights.create.insert(class),
            (Does::Update, Some(class)) => _ = rights.update.insert(class),
            _ => rights.delete = true,
        }
        rights.places.insert((does, class), Place::of(span));
        self.places.0.insert(right, span.clone());
    }

    fn never_held(
        &self,
        key: &Key,
        role: RoleId,
        (resource, group): (ResourceId, GroupId),
    ) -> Option<Diagnostic> {
        let Subjects {
            resources, roles, ..
        } = self.subjects;
        never_held(key, role, resource, group, resources, roles)
    }
}

fn nothing(span: &Span) -> Diagnostic {
    let message = say!("this right names nothing", "这项权限什么也没写");
    Diagnostic::error(code::FG2180, message)
        .at(span)
        .help(code::FG2180.cure())
}

fn twice(item: &Node) -> Diagnostic {
    let name = item.scalar().unwrap_or_default();
    let message = say!("{} is named twice", "{} 写了两次", quoted(name));
    Diagnostic::error(code::FG2180, message).at(&item.span)
}

/// The deeds that give fields values.
const VALUES: [Does; 2] = [Does::Create, Does::Update];

/// Every field a role may give a value, by the right that lets it.
fn writable(rules: &RuleSet) -> impl Iterator<Item = (Right, FieldId)> + '_ {
    rules
        .rights
        .iter()
        .flat_map(move |((resource, group, role), _)| {
            let (place, role) = ((*resource, *group), *role);
            let fields = rules
                .resources
                .get(resource.0)
                .map(|one| one.fields.as_slice());
            let contracts = contracts_of(rules, role);
            fields
                .unwrap_or_default()
                .iter()
                .enumerate()
                .flat_map(move |(at, field)| {
                    let contracts = contracts.clone();
                    VALUES.into_iter().filter_map(move |does| {
                        let mut contracts = contracts.iter();
                        let may =
                            contracts.any(|one| rules.may_write(place, role, does, *one, field));
                        may.then_some(((place.0, place.1, role, does, field.class), FieldId(at)))
                    })
                })
        })
}

/// What a role may call under: its contracts, or none where it needs none.
fn contracts_of(rules: &RuleSet, role: RoleId) -> Vec<Option<ContractId>> {
    match rules.roles.get(role.0).is_some_and(|role| role.contract) {
        false => vec![None],
        true => {
            let contracts = rules.contracts.iter().enumerate();
            let own = contracts.filter(|(_, one)| one.role == role);
            own.map(|(at, _)| Some(ContractId(at))).collect()
        }
    }
}
