//! Of a part that no test proves: which it is, and a test to write.
//!
//! Proposes what `tests:` takes, with what only the author knows in capitals.

use super::completed::reading;
use super::part::{Asker, Edge, Key, first_route, item_class};
use super::skeleton::Skeleton;
use super::{Collector, Missing};
use crate::author::view::{Item, View, chosen, covered as covers, items, written};
use crate::cli::lang;
use crate::model::Openness;
use crate::path::Selector;
use crate::policy::combine::Standing;
use crate::policy::condition::ConditionId;
use crate::policy::diagnostic::say;
use crate::policy::store::RouteId;
use crate::policy::{Contract, ContractId, Covers, GroupId, Resource, ResourceId, RoleId};

/// What a test is to reach.
#[derive(Clone, Copy)]
pub(super) struct Asked {
    pub route: RouteId,
    pub role: RoleId,
    pub contract: Option<ContractId>,
    /// A thing that leaves so or so; nothing for a record that goes whole.
    pub item: Option<Item>,
    /// The condition that is to hold, or not.
    pub branch: Option<(ConditionId, bool)>,
    /// The moment it must be at, where that matters.
    pub now: Option<i64>,
}

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
                let route = first_route(rules, resource_id, group_id);
                let asked = self.asked(route, role_id);
                let view = self.sight(&asked)?;
                let of_class = |item: &Item| item_class(resource, *item) == Some(class_id);
                let decides = |item: &Item| {
                    let weighing = view.weighing(*item);
                    let mut given = weighing.iter().flat_map(|one| &one.given);
                    given.any(|one| one.wins && one.cell && one.exceptions.is_empty())
                };
                let item = pick(resource, |item| of_class(item) && decides(item));
                let item = item.or_else(|| items(resource).find(of_class));
                Some(Missing {
                    kind: "cell",
                    what: format!("{} {}: {}: {cell}", group.name, role.name, class.name),
                    place: place.unwrap_or(&row.place).clone(),
                    test: self.test(Asked { item, ..asked })?,
                })
            }
            Key::Edge(id, edge) => {
                let contract = rules.contracts.get(id.0)?;
                let word = edge.word();
                Some(Missing {
                    kind: "edge",
                    what: format!("{}: {}", contract.name, word.get(lang())),
                    place: contract.place.clone(),
                    test: self.edge(id, contract, edge)?,
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
                let route = first_route(rules, resource_id, group_id);
                let item = pick(resource, |item| {
                    item_class(resource, *item) == Some(class_id)
                });
                let cell = chosen(rules, row.cells.get(class_id.0)?);
                let group = resource.groups.get(group_id.0)?;
                Some(Missing {
                    kind: "annex",
                    what: format!("{} {}: {}: {cell}", contract.name, group.name, class.name),
                    place: place.unwrap_or(&contract.place).clone(),
                    test: self.test(Asked {
                        item: Some(item?),
                        contract: Some(id),
                        ..self.asked(route, contract.role)
                    })?,
                })
            }
            Key::Branch(asker, id, holds) => self.branch(asker, id, holds),
            Key::Exception(at) => {
                let exception = rules.exceptions.get(at)?;
                let role = rules.roles.get(exception.role.0)?;
                let group = self.group_of(exception.resource, exception.role)?;
                let route = first_route(rules, exception.resource, group);
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
                    test: self.test(self.of_exception(at, route)?)?,
                })
            }
            Key::Ceiling(at) => {
                let ceiling = rules.ceilings.get(at)?;
                let found = self.lowered_by(at).or_else(|| self.bound_by(at));
                let test = found.and_then(|(route, role, item)| {
                    let item = Some(item);
                    self.test(Asked {
                        item,
                        ..self.asked(route, role)
                    })
                });
                let idle = say!(
                    "# nothing to propose: no role has a row where this ceiling counts\n",
                    "# 没有可写的测试：这条上限管得到的地方没有哪个角色有行\n"
                );
                Some(Missing {
                    kind: "ceiling",
                    what: format!(
                        "{} at_most: {}",
                        covers(rules, &ceiling.covers),
                        written(&ceiling.at_most)
                    ),
                    place: ceiling.place.clone(),
                    test: test.unwrap_or_else(|| idle.get(lang()).to_owned()),
                })
            }
        }
    }

    /// Where a condition holds, or does not.
    fn branch(&self, asker: Asker, id: ConditionId, holds: bool) -> Option<Missing> {
        let rules = &self.stage.policy().rules;
        let condition = &rules.conditions.get(id.0)?.name;
        let (what, place, asked) = match asker {
            Asker::Cell(resource_id, group, role, class) => {
                let whole = self.missing(Key::Cell(resource_id, group, role, class))?;
                let resource = rules.resources.get(resource_id.0)?;
                let of_class = |item: &Item| item_class(resource, *item) == Some(class);
                let item = pick(resource, of_class).or_else(|| items(resource).find(of_class));
                let asked = self.asked(first_route(rules, resource_id, group), role);
                (whole.what, whole.place, Asked { item, ..asked })
            }
            Asker::Exception(at) => {
                let whole = self.missing(Key::Exception(at))?;
                let exception = rules.exceptions.get(at)?;
                let group = self.group_of(exception.resource, exception.role)?;
                let asked = self.of_exception(at, first_route(rules, exception.resource, group))?;
                (whole.what, whole.place, asked)
            }
            Asker::Gate(resource_id, group_id, role_id) => {
                let resource = rules.resources.get(resource_id.0)?;
                let row = rules.rows.get(&(resource_id, group_id, role_id))?;
                let (group, role) = (
                    resource.groups.get(group_id.0)?,
                    rules.roles.get(role_id.0)?,
                );
                let asked = self.asked(first_route(rules, resource_id, group_id), role_id);
                let item = holds.then(|| self.seen(&asked, resource));
                let what = format!("{} {}: only", group.name, role.name);
                let item = item.flatten();
                (what, row.place.clone(), Asked { item, ..asked })
            }
        };
        let what = match holds {
            true => say!("{what}, {condition} true", "{what}，{condition} 成立"),
            false => say!("{what}, {condition} not true", "{what}，{condition} 不成立"),
        };
        let branch = Some((id, holds));
        Some(Missing {
            kind: "branch",
            what: what.get(lang()).to_owned(),
            place,
            test: self.test(Asked { branch, ..asked })?,
        })
    }

    /// A group of the resource where the role has a row.
    fn group_of(&self, of: ResourceId, role: RoleId) -> Option<GroupId> {
        let mut rows = self.stage.policy().rules.rows.keys();
        let found = rows.find(|(resource, _, one)| *resource == of && *one == role);
        found.map(|(_, group, _)| *group)
    }

    /// Whoever holds one role, under the first of its contracts where it needs one.
    fn asked(&self, route: RouteId, role: RoleId) -> Asked {
        Asked {
            route,
            role,
            contract: self.stage.policy().contracts.of(role).first().copied(),
            item: None,
            branch: None,
            now: None,
        }
    }

    fn of_exception(&self, at: usize, route: RouteId) -> Option<Asked> {
        let exception = self.stage.policy().rules.exceptions.get(at)?;
        let resource = self
            .stage
            .policy()
            .rules
            .resources
            .get(exception.resource.0)?;
        let named = |item: &Item| match item {
            Item::Field(id) => exception.fields.contains(id),
            Item::Names(_) | Item::Envelope(_) => false,
        };
        let first = || exception.fields.first().copied().map(Item::Field);
        let until = exception.until.filter(|until| *until < self.now);
        Some(Asked {
            item: pick(resource, named).or_else(first),
            now: until,
            ..self.asked(route, exception.role)
        })
    }

    /// The moment of a call: the one that matters, or one at which the contract is in force.
    pub(super) fn moment(&self, asked: &Asked) -> i64 {
        let contract = asked.contract.and_then(|id| {
            let contracts = &self.stage.policy().rules.contracts;
            contracts.get(id.0)
        });
        let now = asked.now.unwrap_or(self.now);
        contract.map_or(now, |one| {
            match (one.term.from..=one.term.until).contains(&now) {
                true => now,
                false => one.term.from,
            }
        })
    }

    pub(super) fn sight(&self, asked: &Asked) -> Option<View<'_>> {
        let standing = Standing {
            roles: &[asked.role],
            contract: asked.contract,
        };
        View::of(
            self.stage.policy(),
            asked.route,
            standing,
            self.moment(asked),
        )
    }

    /// Something of the record that the caller sees, else anything of it.
    fn seen(&self, asked: &Asked, resource: &Resource) -> Option<Item> {
        let view = self.sight(asked)?;
        let inside = |item: &Item| matches!(item, Item::Field(_));
        let seen = |item: &Item| {
            let outcome = view.outcome(*item);
            let plain = outcome.conditions.is_empty();
            inside(item) && plain && outcome.does.openness != Openness::Strip
        };
        pick(resource, seen).or_else(|| pick(resource, inside))
    }

    /// A role and a thing that a ceiling is weighed for, whether it lowers something or not.
    fn bound_by(&self, ceiling: usize) -> Option<(RouteId, RoleId, Item)> {
        let rules = &self.stage.policy().rules;
        let wanted = rules.ceilings.get(ceiling)?;
        rules.rows.keys().find_map(|(resource, group, role)| {
            let route = first_route(rules, *resource, *group);
            let view = self.sight(&self.asked(route, *role))?;
            let binds = |item: &Item| {
                let weighing = view.weighing(*item);
                let mut bounds = weighing.iter().flat_map(|one| &one.bounds);
                bounds.any(|bound| std::ptr::eq(bound.ceiling, wanted))
            };
            let item = pick(rules.resources.get(resource.0)?, binds)?;
            Some((route, *role, item))
        })
    }

    /// A test of a contract's edge.
    fn edge(&self, id: ContractId, contract: &Contract, edge: Edge) -> Option<String> {
        let rules = &self.stage.policy().rules;
        let (resource_id, group_id) = contract.items.keys().next()?;
        let resource = rules.resources.get(resource_id.0)?;
        let group = resource.groups.get(group_id.0)?;
        let role = rules.roles.get(contract.role.0)?;
        let term = &contract.term;
        let (now, reason) = match edge {
            Edge::From => (term.from, None),
            Edge::Until => (term.until, None),
            Edge::Before => (term.from - 1, Some("contract-not-started")),
            Edge::After => (term.until + 1, Some("contract-expired")),
            Edge::Suspended => (term.from, Some("contract-suspended")),
            Edge::Purpose => (term.from, Some("wrong-purpose")),
            Edge::Network => (term.from, Some("wrong-network")),
        };
        let name = &contract.name;
        let word = edge.word();
        let name = say!("{name}: {word}", "{name} {word}"; word);
        let route = first_route(rules, *resource_id, *group_id);
        let asked = Asked {
            contract: Some(id),
            now: Some(now),
            ..self.asked(route, contract.role)
        };
        let Some(reason) = reason else {
            let item = self.seen(&asked, resource);
            return self.named(Asked { item, ..asked }, name);
        };
        let mut skeleton = Skeleton::new(rules, role, Some(contract), self.now);
        skeleton.at(now, &term.zone);
        match edge {
            Edge::Purpose => skeleton.declares_another(),
            Edge::Network => skeleton.comes_from_elsewhere(),
            _ => {}
        }
        let rule = reading(group, None)?;
        Some(skeleton.written(&name, rule, None, &format!("expect_reason: {reason}")))
    }

    /// A test of one thing for one role.
    fn test(&self, asked: Asked) -> Option<String> {
        let rules = &self.stage.policy().rules;
        let role = &rules.roles.get(asked.role.0)?.name;
        let resource = rules.resources.get(asked.route.resource.0)?;
        let name = match asked.item {
            Some(item) => {
                let text = text_of(resource, item)?;
                let (_, does) = self.case(&asked, item)?;
                let does = does.map_or("strip", Openness::word);
                say!("{role} gets {does} of {text}", "{role} 看 {text} 是 {does}")
            }
            None => say!("{role} does not get the record", "{role} 拿不到这条记录"),
        };
        self.named(asked, name)
    }
}

/// The first thing of a resource that fits, one whose path leads to one place if there is such a one.
fn pick(resource: &Resource, fits: impl Fn(&Item) -> bool) -> Option<Item> {
    let plain = items(resource).find(|item| is_plain(resource, *item) && fits(item));
    plain.or_else(|| items(resource).find(|item| fits(item)))
}

pub(super) fn is_plain(resource: &Resource, item: Item) -> bool {
    let path = match item {
        Item::Field(id) | Item::Names(id) => resource.fields.get(id.0).map(|one| &one.path),
        Item::Envelope(at) => resource.envelope.get(at).map(|one| &one.path),
    };
    path.is_some_and(|path| {
        path.segments.iter().all(|segment| {
            let one = matches!(
                segment.selectors.as_slice(),
                [Selector::Name(_) | Selector::Index(_) | Selector::Wildcard]
            );
            one && !segment.descend
        })
    })
}

pub(super) fn text_of(resource: &Resource, item: Item) -> Option<&str> {
    match item {
        Item::Field(id) | Item::Names(id) => Some(&resource.fields.get(id.0)?.text),
        Item::Envelope(at) => Some(&resource.envelope.get(at)?.text),
    }
}
