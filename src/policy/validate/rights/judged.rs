//! Rights that could not be kept: on records that could not be judged before they are changed, and on values that could
//! not be told from their masks.
//!
//! Refuses both.

use super::{Right, RightPlaces, contracts_of, writable};
use crate::policy::ConditionId;
use crate::policy::condition::{Condition, Question, closure};
use crate::policy::diagnostic::{Diagnostic, Text, code, quoted, say};
use crate::policy::rules::{
    Does, FieldId, GroupId, OnPut, ParamRule, Resource, ResourceId, Role, RoleId, RouteRule,
    RuleSet, TemplateSegment,
};
use crate::policy::source::Span;
use crate::policy::store::formless;
use crate::policy::validate::routes::{is_of_one, same_path};
use crate::policy::validate::{Findings, Places};

/// What can only be judged once all of the rules are known.
pub(in crate::policy::validate) fn check(
    rules: &RuleSet,
    right_places: &RightPlaces,
    places: &Places,
    findings: &mut Findings,
) {
    for (id, resource) in rules.resources.iter().enumerate() {
        let place = places.resources.get(id).filter(|place| place.complete);
        let Some(place) = place else { continue };
        for (at, group) in resource.groups.iter().enumerate() {
            let spans = place.routes.get(at).into_iter().flatten();
            for (route, span) in group.routes.iter().zip(spans) {
                let writing = Writing {
                    rules,
                    id: (ResourceId(id), GroupId(at)),
                    resource,
                    route,
                };
                let place = |right: &Right| right_places.of(right, places);
                let unjudged = writing.unjudged(place);
                findings.extend(unjudged.map(|mistake| mistake.at(span)));
                findings.extend(writing.nobody_s_path(place).map(|mistake| mistake.at(span)));
            }
        }
    }
    findings.extend(unrecognisable(rules, right_places, places));
}

/// A route that writes, and the rules it is under.
struct Writing<'a> {
    rules: &'a RuleSet,
    id: (ResourceId, GroupId),
    resource: &'a Resource,
    route: &'a RouteRule,
}

impl Writing<'_> {
    /// What could not be read cannot be changed, and whether it could is seen from the stored record.
    fn unjudged<'a>(&self, place: impl Fn(&Right) -> Option<&'a Span>) -> Option<Diagnostic> {
        let route = self.route;
        let creates_over = route.does == Does::Create && route.method == http::Method::PUT;
        let judges = matches!(route.does, Does::Update | Does::Delete) || creates_over;
        if !judges || (route.stored.is_some() && !creates_over) {
            return None;
        }
        let name = quoted(&route.text);
        if route.method == http::Method::PUT
            && self.resource.writing.on_put == OnPut::MergeHidden
            && route.stored.is_none()
        {
            if let Some(several) = self.several() {
                return Some(several);
            }
            let message = say!(
                "`on_put: merge-hidden` needs the stored record, and no `GET` of the same path as {name} answers with it",
                "`on_put: merge-hidden` 要先读已存的记录，而没有与 {name} 同路径的 `GET`"
            );
            return Some(Diagnostic::error(code::FG2181, message).help(code::FG2181.cure()));
        }
        let (role, why, right) = self.judged_holder()?;
        let who = quoted(&role.name);
        if let Some(several) = self.several().filter(|_| !creates_over) {
            return Some(several);
        }
        let message = match creates_over {
            true => say!(
                "{name} may change a record that is there, and {why} {who}: for one that is new nothing could be judged",
                "{name} 可能改到已有的记录，而 {who} {why}：新记录无从判断";
                why
            ),
            false => say!(
                "{why} {who}, so {name} needs a `GET` of the same path to read the stored record by",
                "{who} {why}，所以 {name} 要有同路径的 `GET`，先读已存的记录";
                why
            ),
        };
        let mistake = Diagnostic::error(code::FG2181, message).help(code::FG2181.cure());
        Some(match place(&right) {
            Some(span) => mistake.labelled(span, say!("the right", "这项权限")),
            None => mistake,
        })
    }

    /// The `GET` that would answer with the stored record answers with any number of documents.
    fn several(&self) -> Option<Diagnostic> {
        let mut routes = self.resource.groups.iter().flat_map(|group| &group.routes);
        let route = routes
            .find(|route| is_of_one(route) && same_path(&route.template, &self.route.template))?;
        let message = say!(
            "the stored record must be read before {}, and {} answers with `format: {}`",
            "{} 之前要先读已存的记录，而 {} 的响应是 `format: {}`",
            quoted(&self.route.text),
            quoted(&route.text),
            route.answer.format.word()
        );
        Some(Diagnostic::error(code::FG2188, message).help(code::FG2188.cure()))
    }

    /// Somebody who may change some records only, and why.
    fn judged_holder(&self) -> Option<(&Role, Text, Right)> {
        let does = self.route.does;
        let (resource, group) = self.id;
        let rights = self.rules.rights.iter();
        let mut here =
            rights.filter(|((of, at, _), rights)| (*of, *at) == self.id && rights.allow(does));
        here.find_map(|((_, _, id), rights)| {
            let role = self.rules.roles.get(id.0)?;
            let class = rights.classes(does).next();
            let right = (resource, group, *id, does, class);
            if role.same_as_person() && self.names_person() {
                let why = say!("only the person's own record is for", "只能动本人的记录");
                return Some((role, why, right));
            }
            let gated = asks_record(&self.rules.conditions, &rights.only);
            gated.then(|| {
                let why = say!(
                    "a gate (`only`) decides which records are for",
                    "受 `only` 限制"
                );
                (role, why, right)
            })
        })
    }

    /// Whose record is meant must be compared with the person of the stored one, so the path says it by the person's field.
    fn nobody_s_path<'a>(&self, place: impl Fn(&Right) -> Option<&'a Span>) -> Option<Diagnostic> {
        let route = self.route;
        if !route.writes() || !self.names_person() {
            return None;
        }
        let name = self.resource.person_param()?;
        let person = self.resource.person.as_ref()?.field;
        let param = self.resource.params.iter().find(|one| one.name == name)?;
        if matches!(&param.rule, ParamRule::Fields(searched) if searched.named.contains(&person)) {
            return None;
        }
        let mut rights = self.rules.rights.iter();
        let (key, rights) = rights.find(|((of, at, role), rights)| {
            let role = self.rules.roles.get(role.0);
            (*of, *at) == self.id
                && rights.allow(route.does)
                && role.is_some_and(Role::same_as_person)
        })?;
        let (resource, group, role) = *key;
        let class = rights.classes(route.does).next();
        let who = quoted(&self.rules.roles.get(role.0)?.name);
        let field = quoted(&self.resource.fields.get(person.0)?.text);
        let name = quoted(&name.to_string());
        let message = say!(
            "{name} says whose record {who} writes, and is not mapped to {field}",
            "{name} 说明 {who} 写的是谁的记录，却没有对应到 {field}"
        );
        let mistake = Diagnostic::error(code::FG2182, message).help(code::FG2182.cure());
        Some(match place(&(resource, group, role, route.does, class)) {
            Some(span) => mistake.labelled(span, say!("the right", "这项权限")),
            None => mistake,
        })
    }

    /// Whether the path says whose record it is; where it does not, nobody holds a role of the person's.
    fn names_person(&self) -> bool {
        let person = self.resource.person.as_ref();
        let person = person.and_then(|person| person.path_param.as_deref());
        let mut template = self.route.template.iter();
        template.any(|segment| match segment {
            TemplateSegment::Param { name, .. } => Some(name.as_str()) == person,
            TemplateSegment::Literal(_) => false,
        })
    }
}

/// Whether a gate asks the record, and not the call alone.
fn asks_record(conditions: &[Condition], gate: &[ConditionId]) -> bool {
    let asked = closure(conditions, gate.iter().copied());
    asked.iter().any(|id| {
        let condition = conditions.get(id.0);
        condition.is_some_and(|one| matches!(one.asks, Question::Field(_)))
    })
}

/// What is read under a mask whose results look like any value would be written back unnoticed.
fn unrecognisable(rules: &RuleSet, right_places: &RightPlaces, places: &Places) -> Vec<Diagnostic> {
    let mut found: Vec<Diagnostic> = Vec::new();
    let mut told: Vec<(RoleId, ResourceId, FieldId)> = Vec::new();
    for (right, id) in writable(rules) {
        let (resource, group, role, does, _) = right;
        let Some(listed) = rules.resources.get(resource.0) else {
            continue;
        };
        let stored = listed
            .groups
            .get(group.0)
            .into_iter()
            .flat_map(|group| &group.routes);
        let stored = stored.filter(|route| route.does == does);
        let groups = stored.filter_map(|route| Some(route.stored?.0));
        let mut groups = std::iter::once(group).chain(groups);
        let mask = groups.find_map(|group| {
            let mut contracts = contracts_of(rules, role).into_iter();
            contracts.find_map(|one| formless(rules, (resource, group), (&[role], one), role, id))
        });
        let (Some(mask), Some(field)) = (mask, listed.fields.get(id.0)) else {
            continue;
        };
        if told.contains(&(role, resource, id)) {
            continue;
        }
        told.push((role, resource, id));
        let name = rules.roles.get(role.0).map_or("", |role| &role.name);
        let listing = field.masks.iter().find(|(_, listed)| *listed == mask);
        let mask = listing.map_or("fixed", |(name, _)| name);
        let message = say!(
            "{} reads {} as `{mask}`, and a value like that coming back could not be told from a real one",
            "{} 读到的 {} 是 `{mask}` 的结果，写回来时分不出是不是真值",
            quoted(name),
            quoted(&field.text)
        );
        let mistake = Diagnostic::error(code::FG2183, message).help(code::FG2183.cure());
        found.push(match right_places.of(&right, places) {
            Some(span) => mistake.at(span),
            None => mistake,
        });
    }
    found
}
