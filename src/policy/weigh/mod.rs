//! What anybody gains when one rule set takes the site of another, weighed by effect and not by text.
//!
//! Every set of roles, route, field, envelope entry and parameter of the new rules is held against the old ones.
//! [`gains`] of none says that the new rules only narrow: whatever a request, its caller and an answer are, no more
//! of the answer leaves than before. What cannot be weighed counts as a gain and is told as such, so the verdict errs
//! on the closed side alone. Structs are taken apart whole: what the language learns must be weighed, or said to be
//! without effect.

mod alike;
mod asked;
mod contracts;
mod effect;
mod files;
mod found;
mod shape;
mod worlds;
mod writes;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::diagnostic::{Text, quoted, say};
use super::rules::{
    Does, Exception, Group, GroupId, Matcher, MtlsMatcher, ParamKind, Resource, ResourceId, Role,
    RoleId, RouteRule, RuleSet, TemplateSegment,
};
use worlds::Worlds;

/// Something that somebody may have gained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gain {
    /// Whether it is one.
    pub kind: Kind,
    /// Who gains what, and where.
    what: Text,
    /// The same the other way round: what is lost where the rule sets change places.
    back: Option<Text>,
    /// Why it is not weighed, where that is not said by itself.
    why: Text,
}

/// How sure a gain is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Somebody gets more than before.
    Opens,
    /// Nobody can say, so it counts as one.
    Unweighed,
}

impl Gain {
    fn opens(what: Text, back: Text) -> Gain {
        Gain {
            kind: Kind::Opens,
            what,
            back: Some(back),
            why: Text::none(),
        }
    }

    fn unweighed(what: Text) -> Gain {
        Gain {
            kind: Kind::Unweighed,
            what,
            back: None,
            why: Text::none(),
        }
    }

    fn or_back(self, back: Text) -> Gain {
        let back = Some(back);
        Gain { back, ..self }
    }

    fn since(self, why: Text) -> Gain {
        Gain { why, ..self }
    }

    /// What is gained and, where that is not weighed, why.
    pub fn text(&self) -> Text {
        let (what, why) = (&self.what, &self.why);
        say!("{what}{why}", "{what}{why}"; what, why)
    }

    fn with(self, with: impl Fn(Text) -> Text) -> Gain {
        Gain {
            what: with(self.what),
            back: self.back.map(with),
            ..self
        }
    }
}

/// All that callers lose where `new` takes the place of `old`, beside what [`gains`] tells already: it is what going
/// back would give.
pub fn losses(old: &RuleSet, new: &RuleSet, now: i64, gains: &[Gain]) -> Vec<Text> {
    let told: HashSet<&Text> = gains.iter().map(|gain| &gain.what).collect();
    let mut known: HashSet<Text> = HashSet::new();
    let mut losses: Vec<Text> = Vec::new();
    for Gain {
        kind: _,
        what,
        back,
        why: _,
    } in self::gains(new, old, now)
    {
        let loss = back.unwrap_or(what);
        if !told.contains(&loss) && known.insert(loss.clone()) {
            losses.push(loss);
        }
    }
    losses
}

/// A role of either rule set, or of both where it is the same.
#[derive(Clone, Debug)]
struct Member {
    name: String,
    old: Option<RoleId>,
    new: Option<RoleId>,
    same_as_person: bool,
    /// Whoever holds it holds no other.
    contract: bool,
}

/// Both rule sets and what is the same for all their routes.
struct Scales<'a> {
    old: &'a RuleSet,
    new: &'a RuleSet,
    roles: Vec<Member>,
    /// In seconds since 1970.
    now: i64,
}

impl Scales<'_> {
    /// Now, and each later moment at which some exception of the resource has ended.
    fn moments(&self, was: &Site<'_>, is: &Site<'_>) -> Vec<i64> {
        let of = |rules: &'_ RuleSet, resource: ResourceId| -> Vec<i64> {
            let mine = rules
                .exceptions
                .iter()
                .filter(|one| one.resource == resource);
            let ended = |exception: &Exception| Some(exception.until?.saturating_add(1));
            mine.filter_map(ended)
                .filter(|moment| *moment > self.now)
                .collect()
        };
        let later = [of(self.old, was.resource), of(self.new, is.resource)];
        let moments: BTreeSet<i64> = later.into_iter().flatten().chain([self.now]).collect();
        moments.into_iter().collect()
    }
}

/// A group of routes and the resource it belongs to.
#[derive(Clone, Copy)]
struct Site<'a> {
    resource: ResourceId,
    group: GroupId,
    listed: &'a Resource,
}

/// All that callers gain where `new` takes the site of `old` at `now` (seconds since 1970); nothing where it only
/// narrows.
pub fn gains(old: &RuleSet, new: &RuleSet, now: i64) -> Vec<Gain> {
    let RuleSet {
        digest: _,
        // All that counts of these comes out in what callers get.
        classes: _,
        rows: _,
        // Weighed right by right.
        rights: _,
        exceptions: _,
        ceilings: _,
        resources: _,
        roles: _,
        finds: _,
        conditions: _,
        contracts: _,
        tests: _,
    } = new;
    let mut gains = certificates(old, new);
    gains.extend(writes::gains(old, new));
    gains.extend(files::gains(old, new));
    gains.extend(partners(old, new));
    gains.extend(held_by_others(old, new));
    gains.extend(contracts::gains(old, new));
    let scales = Scales {
        old,
        new,
        roles: members(old, new),
        now,
    };
    let mut pairs = BTreeMap::new();
    let known = routes(old);
    for (site, route) in routes(new) {
        let before = known
            .iter()
            .find(|(_, old)| old.text == route.text && old.method == route.method);
        let Some((was, before)) = before else {
            gains.push(new_route(new, site, route));
            continue;
        };
        if !shape::same_route(before, route) {
            let text = say!(
                "{} finds its records elsewhere",
                "{} 的记录位置变了",
                quoted(&route.text)
            );
            gains.push(Gain::unweighed(text));
        }
        if before.answer != route.answer {
            let text = say!(
                "the answers of {} are written in another way",
                "{} 的响应格式变了",
                quoted(&route.text)
            );
            gains.push(Gain::unweighed(text));
        }
        if !shape::sends_less((was.listed, before), (site.listed, route)) {
            let text = say!(
                "the body of {} may carry something else",
                "{} 的请求体可带的内容变了",
                quoted(&route.text)
            );
            gains.push(Gain::unweighed(text));
        }
        let key = (was.resource, was.group, site.resource, site.group);
        pairs.entry(key).or_insert((*was, site));
    }
    gains.extend(uncovered(&known, new));
    let mut budget = effect::BUDGET;
    for (was, is) in pairs.into_values() {
        let mut found = shape::gains(&was, &is);
        found.extend(effect::finds(&scales, &was, &is));
        if asked::everything(old, &was) != asked::everything(new, &is) {
            let worlds = Worlds::of((old, &was), (new, &is));
            found.extend(worlds.changed());
            found.extend(effect::gains(&scales, (&was, &is), &worlds, &mut budget));
        }
        let group = is.listed.groups.get(is.group.0);
        let name = group.map_or("", |group| &group.name);
        let named = |gain: Gain| gain.with(|what| say!("{name}: {what}", "{name}：{what}"; what));
        gains.extend(found.into_iter().map(named));
    }
    gains
}

/// A route nobody could ask before, and who may call it.
fn new_route(new: &RuleSet, site: Site<'_>, route: &RouteRule) -> Gain {
    let here = |(resource, group, role): &(ResourceId, GroupId, RoleId)| {
        let is_here = *resource == site.resource && *group == site.group;
        is_here.then_some(new.roles.get(role.0)?.name.clone())
    };
    let who: Vec<String> = match route.does {
        Does::Read => new.rows.keys().filter_map(here).collect(),
        does => {
            let rights = new.rights.iter();
            let allowed = rights.filter(|(_, rights)| rights.allow(does));
            allowed.filter_map(|(place, _)| here(place)).collect()
        }
    };
    let text = quoted(&route.text);
    if who.is_empty() {
        return Gain::opens(
            say!("{text} is a new route", "{text} 是新增的路由"),
            say!("{text} is no route any more", "{text} 这条路由没有了"),
        );
    }
    let who = Text::list(who);
    Gain::opens(
        say!("{text} is a new route, for {who}", "{text} 是新增的路由，{who} 可用"; who),
        say!("{text} is no route any more, for {who}", "{text} 这条路由没有了，{who} 原来可用"; who),
    )
}

/// Roles that others hold than before: each row is told for them as if it were new.
fn held_by_others(old: &RuleSet, new: &RuleSet) -> Vec<Gain> {
    let changed = |role: &&Role| {
        let named = old.roles.iter().find(|other| other.name == role.name);
        named.is_some_and(|before| !same_role(before, role))
    };
    let gain = |role: &Role| {
        Gain::unweighed(say!(
            "who holds the role {} has changed",
            "哪些人具备角色 {} 变了",
            quoted(&role.name)
        ))
    };
    new.roles.iter().filter(changed).map(gain).collect()
}

/// A certificate that no role names does not count, so who is named decides which roles its holder has besides.
fn certificates(old: &RuleSet, new: &RuleSet) -> Vec<Gain> {
    let named = |rules: &RuleSet| -> BTreeSet<(String, String)> {
        let matchers = rules.roles.iter().flat_map(|role| &role.matchers);
        matchers
            .filter_map(|matcher| matcher.mtls.as_ref())
            .map(|MtlsMatcher { authority, san }| (authority.clone(), san.clone()))
            .collect()
    };
    let (old, new) = (named(old), named(new));
    let differing = old.symmetric_difference(&new);
    let gain = |(_, san): &(String, String)| {
        Gain::unweighed(say!(
            "whether the certificate {} counts has changed, and with it which other roles its holder may have",
            "证书 {} 是否算数变了，持有者还能有哪些角色也随之改变",
            quoted(san)
        ))
    };
    differing.map(gain).collect()
}

/// Whoever holds a role with contracts holds no other, so who does not hold it any more may hold others again.
fn partners(old: &RuleSet, new: &RuleSet) -> Vec<Gain> {
    let gone = |role: &&Role| {
        let mut left = new.roles.iter();
        role.contract && !left.any(|other| same_role(role, other))
    };
    let gain = |role: &Role| {
        Gain::unweighed(say!(
            "who holds {} has changed, and with it which other roles they may have",
            "谁是 {} 变了，他们还能有哪些角色也随之改变",
            quoted(&role.name)
        ))
    };
    old.roles.iter().filter(gone).map(gain).collect()
}

fn members(old: &RuleSet, new: &RuleSet) -> Vec<Member> {
    let mut members: Vec<Member> = Vec::new();
    for (at, role) in new.roles.iter().enumerate() {
        let before = old.roles.iter().position(|other| same_role(other, role));
        members.push(Member {
            name: role.name.clone(),
            old: before.map(RoleId),
            new: Some(RoleId(at)),
            same_as_person: role.same_as_person(),
            contract: role.contract,
        });
    }
    for (at, role) in old.roles.iter().enumerate() {
        if !members.iter().any(|member| member.old == Some(RoleId(at))) {
            members.push(Member {
                name: role.name.clone(),
                old: Some(RoleId(at)),
                new: None,
                same_as_person: role.same_as_person(),
                contract: role.contract,
            });
        }
    }
    members
}

/// Whether every caller who holds the one holds the other. What it extends was copied when it was loaded.
fn same_role(one: &Role, other: &Role) -> bool {
    let Role {
        name,
        place: _,
        matchers,
        extends: _,
        contract,
    } = one;
    let all = |one: &[Matcher], other: &[Matcher]| one.iter().all(|each| other.contains(each));
    *name == other.name
        && *contract == other.contract
        && all(matchers, &other.matchers)
        && all(&other.matchers, matchers)
}

fn routes(rules: &RuleSet) -> Vec<(Site<'_>, &RouteRule)> {
    let mut all = Vec::new();
    for (resource, listed) in rules.resources.iter().enumerate() {
        for (group, Group { name: _, routes }) in listed.groups.iter().enumerate() {
            let site = Site {
                resource: ResourceId(resource),
                group: GroupId(group),
                listed,
            };
            all.extend(routes.iter().map(|route| (site, route)));
        }
    }
    all
}

/// Routes that are gone while another one might now answer for them.
fn uncovered(known: &[(Site<'_>, &RouteRule)], new: &RuleSet) -> Vec<Gain> {
    let left = routes(new);
    let is_left = |route: &RouteRule| {
        let same = |other: &RouteRule| other.text == route.text && other.method == route.method;
        left.iter().any(|(_, other)| same(other))
    };
    let mut gains = Vec::new();
    for (_, gone) in known.iter().filter(|(_, route)| !is_left(route)) {
        let meets =
            |other: &&(Site<'_>, &RouteRule)| templates_meet(&gone.template, &other.1.template);
        if let Some((_, other)) = left.iter().find(meets) {
            gains.push(Gain::unweighed(say!(
                "{} is gone, and {} may answer for it",
                "{} 没有了，{} 可能会接着应答",
                quoted(&gone.text),
                quoted(&other.text)
            )));
        }
    }
    gains
}

/// Whether some target could fit both. Never says no where one could.
fn templates_meet(one: &[TemplateSegment], other: &[TemplateSegment]) -> bool {
    let meet = |pair: (&TemplateSegment, &TemplateSegment)| match pair {
        (TemplateSegment::Literal(one), TemplateSegment::Literal(other)) => one == other,
        (TemplateSegment::Literal(text), TemplateSegment::Param { name: _, kind })
        | (TemplateSegment::Param { name: _, kind }, TemplateSegment::Literal(text)) => {
            match kind {
                ParamKind::Int => text.bytes().all(|byte| byte.is_ascii_digit()),
                ParamKind::Plain | ParamKind::Uuid | ParamKind::Text => true,
            }
        }
        (TemplateSegment::Param { .. }, TemplateSegment::Param { .. }) => true,
    };
    one.len() == other.len() && one.iter().zip(other).all(meet)
}
