//! Why a call is refused: at which stage, for which reason, and by which rule.

use http::HeaderMap;
use serde_json::{Map, Value};

use crate::author::view::{Item, View};
use crate::model::{Openness, Reason};
use crate::pipeline::rehearsal::{Call, Stage, Step, Stopped, Who, judge};
use crate::policy::diagnostic::{Text, quoted, say};
use crate::policy::store::RouteId;
use crate::policy::{
    ClaimTest, Contract, Does, JwtMatcher, Param, ParamName, ParamRule, Place, Resource, Role,
    RoleId, RuleSet, TemplateSegment,
};

/// Routes and roles that are named at most.
const MOST: usize = 20;

/// A refusal, explained.
pub(super) struct Refused {
    pub step: Step,
    pub reason: Reason,
    pub status: u16,
    /// The roles the caller holds, by their names.
    pub roles: Vec<String>,
    /// One sentence for each rule that has to do with it, and where it was written.
    pub because: Vec<(Text, Option<Place>)>,
}

impl Refused {
    pub(super) fn of(stage: &Stage, call: &Call, stopped: &Stopped) -> Refused {
        let rules = &stage.policy().rules;
        let reason = stopped.reason();
        let names = stopped.roles.iter().filter_map(|id| rules.roles.get(id.0));
        let because = match (reason, stopped.route) {
            (Reason::NoCredential, _) => credentials(rules),
            (Reason::NoSuchRoute, _) => routes(rules, call),
            (Reason::MethodNotDeclared, _) => routes(rules, call),
            (Reason::NoRole, route) => {
                let mut because = tied(rules, call, route);
                because.extend(roles(rules));
                because
            }
            (Reason::NoRow, Some(route)) => rows(rules, route, &stopped.roles),
            (
                Reason::ContractSuspended
                | Reason::ContractNotStarted
                | Reason::ContractExpired
                | Reason::NoContract
                | Reason::WrongNetwork
                | Reason::WrongPurpose,
                _,
            ) => {
                let mut because = Vec::new();
                if reason == Reason::WrongPurpose {
                    because.push((declared(&call.headers), None));
                }
                because.extend(contracts(rules, &stopped.roles, call.now));
                because
            }
            (
                Reason::UnlistedParameter | Reason::FilterOnHidden | Reason::BadQuery,
                Some(route),
            ) => parameters(stage, call, route, stopped),
            _ => Vec::new(),
        };
        Refused {
            step: stopped.step,
            reason,
            status: reason.status(),
            roles: names.map(|role| role.name.clone()).collect(),
            because,
        }
    }
}

type Because = Vec<(Text, Option<Place>)>;

fn credentials(rules: &RuleSet) -> Because {
    let sentence = say!(
        "no token was presented, and no certificate or key that a role names",
        "没有出示令牌，也没有出示任何角色认的证书或密钥"
    );
    let mut because = vec![(sentence, None)];
    because.extend(roles(rules));
    because
}

/// What each role asks for.
fn roles(rules: &RuleSet) -> Because {
    let sentence = |role: &Role| {
        let (name, wants) = (
            quoted(&role.name),
            crate::author::matrix::matcher(rules, role),
        );
        let text = say!(
            "{name} is held by whoever presents {wants}",
            "具备 {name} 要出示：{wants}"
        );
        (text, Some(role.place.clone()))
    };
    rules.roles.iter().take(MOST).map(sentence).collect()
}

/// What the call says of its purpose; the values are those of the command line.
fn declared(headers: &HeaderMap) -> Text {
    let values = headers.get_all("fieldgate-purpose").iter();
    let values = values.map(|value| quoted(&String::from_utf8_lossy(value.as_bytes())));
    let values: Vec<String> = values.collect();
    match &values[..] {
        [] => say!(
            "the call does not declare a purpose: it has no header `Fieldgate-Purpose`",
            "这次调用没有申报用途：没有 `Fieldgate-Purpose` 首部"
        ),
        [value] => say!(
            "the call declares {value}, which is no purpose of a contract of the role",
            "这次调用申报的用途是 {value}，这个角色没有哪份合同是这个用途"
        ),
        several => {
            let several = several.join(", ");
            say!(
                "the call declares several purposes: {several}",
                "这次调用申报了不止一个用途：{several}"
            )
        }
    }
}

/// Why whoever could be the record's person does not hold the role that is tied to it.
fn tied(rules: &RuleSet, call: &Call, route: Option<RouteId>) -> Because {
    let Who::Caller(caller) = &call.who else {
        return Vec::new();
    };
    let Some(token) = &caller.jwt else {
        return Vec::new();
    };
    let resource = route.and_then(|route| rules.resources.get(route.resource.0));
    let param = resource.and_then(|one| one.person.as_ref()?.path_param.as_deref());
    let group = route.and_then(|route| resource?.groups.get(route.group.0));
    let route = route.and_then(|route| group?.routes.get(route.route));
    // The path of the route need not name the person.
    let param = param.filter(|param| {
        let mut segments = route.iter().flat_map(|route| &route.template);
        segments.any(|segment| match segment {
            TemplateSegment::Param { name, .. } => name == param,
            TemplateSegment::Literal(_) => false,
        })
    });
    let tokens = rules.roles.iter().flat_map(|role| {
        // Where more must be presented, it may be that which is missing.
        let alone = role.matchers.iter().filter(|one| one.mtls.is_none());
        let tokens = alone.filter_map(|one| one.jwt.as_ref());
        tokens.map(move |jwt| (role, jwt))
    });
    let tied = tokens
        .filter(|(_, jwt)| jwt.test == ClaimTest::SameAsPerson && *jwt.issuer == *token.issuer);
    let sentence = |(role, jwt): (&Role, &JwtMatcher)| {
        let (name, claim) = (quoted(&role.name), quoted(&jwt.claim.join(".")));
        let text = match (claim_of(&token.claims, &jwt.claim), param) {
            (None, _) => say!(
                "not {name}: the token has no claim {claim}",
                "不具备 {name}：令牌里没有声明 {claim}"
            ),
            (Some(_), Some(param)) => say!(
                "not {name}: the claim {claim} is not the value of `{{{param}}}` in the path",
                "不具备 {name}：声明 {claim} 和路径里 `{{{param}}}` 的值不同"
            ),
            (Some(_), None) => say!(
                "not {name}: nothing in the path names the person that the claim {claim} could be",
                "不具备 {name}：路径里没有写主体，声明 {claim} 无从比较"
            ),
        };
        (text, Some(role.place.clone()))
    };
    tied.take(MOST).map(sentence).collect()
}

/// Walks objects by member names.
fn claim_of<'a>(claims: &'a Map<String, Value>, path: &[String]) -> Option<&'a Value> {
    let (first, rest) = path.split_first()?;
    rest.iter().try_fold(claims.get(first)?, |value, name| {
        value.as_object()?.get(name)
    })
}

/// The routes nearest to the call: those that share its first segment, else all.
fn routes(rules: &RuleSet, call: &Call) -> Because {
    let first = |text: &str| text.split('/').nth(1).unwrap_or_default().to_owned();
    let path = call.target.split('?').next().unwrap_or_default();
    let all = rules.resources.iter().flat_map(|resource| &resource.groups);
    let all = all.flat_map(|group| group.routes.iter().map(move |route| (group, route)));
    let near: Vec<_> = all
        .clone()
        .filter(|(_, route)| match route.template.first() {
            Some(TemplateSegment::Literal(text)) => *text == first(path),
            _ => false,
        })
        .collect();
    let shown = if near.is_empty() { all.collect() } else { near };
    let sentence = |(group, route): &(&crate::policy::Group, &crate::policy::RouteRule)| {
        let (route_text, group) = (quoted(&route.text), quoted(&group.name));
        let text = say!(
            "{route_text} is a route of {group}",
            "{route_text} 是 {group} 的路由"
        );
        (text, Some(route.place.clone()))
    };
    shown.iter().take(MOST).map(sentence).collect()
}

/// Who has a row where the caller has none.
fn rows(rules: &RuleSet, route: RouteId, held: &[RoleId]) -> Because {
    let group = rules
        .resources
        .get(route.resource.0)
        .and_then(|one| one.groups.get(route.group.0));
    let does = group.and_then(|group| Some(group.routes.get(route.route)?.does));
    let group = quoted(group.map_or("", |group| group.name.as_str()));
    if let Some(does) = does.filter(|does| *does != Does::Read) {
        return rights(rules, route, does, held, &group);
    }
    let mut because: Because = Vec::new();
    for role in held.iter().filter_map(|id| rules.roles.get(id.0)) {
        let name = quoted(&role.name);
        let text = say!("{name} has no row in {group}", "{name} 在 {group} 里没有行");
        because.push((text, Some(role.place.clone())));
    }
    let with = rules
        .rows
        .iter()
        .filter(|((resource, of, _), _)| *resource == route.resource && *of == route.group);
    because.extend(with.take(MOST).filter_map(|((_, _, id), row)| {
        let name = quoted(&rules.roles.get(id.0)?.name);
        let text = say!("{name} has a row in {group}", "{name} 在 {group} 里有行");
        Some((text, Some(row.place.clone())))
    }));
    because
}

/// Who may do it where the caller may not.
fn rights(rules: &RuleSet, route: RouteId, does: Does, held: &[RoleId], group: &str) -> Because {
    let word = does.word();
    let mut because: Because = Vec::new();
    for role in held.iter().filter_map(|id| rules.roles.get(id.0)) {
        let name = quoted(&role.name);
        let text = say!(
            "{name} has no right to {word} in {group}",
            "{name} 在 {group} 里没有 {word} 权限"
        );
        because.push((text, Some(role.place.clone())));
    }
    let with = rules.rights.iter().filter(|((resource, of, _), rights)| {
        (*resource, *of) == (route.resource, route.group) && rights.allow(does)
    });
    because.extend(with.take(MOST).filter_map(|((_, _, id), rights)| {
        let name = quoted(&rules.roles.get(id.0)?.name);
        let text = say!(
            "{name} may {word} in {group}",
            "{name} 在 {group} 里可以 {word}"
        );
        let mut places = rights.places.iter();
        let place = places.find(|((of, _), _)| *of == does);
        Some((text, place.map(|(_, place)| place.clone())))
    }));
    because
}

/// The contracts of the caller's roles.
fn contracts(rules: &RuleSet, held: &[RoleId], now: i64) -> Because {
    let of_held = rules
        .contracts
        .iter()
        .filter(|one| held.contains(&one.role));
    let sentence = |contract: &Contract| {
        let (name, purpose) = (quoted(&contract.name), quoted(&contract.purpose));
        let (first, last, zone) = (
            &contract.term.first_day,
            &contract.term.last_day,
            &contract.term.zone,
        );
        let standing = crate::author::matrix::contract_standing(contract, now);
        let text = say!(
            "the contract {name} for {purpose}, {first} to {last} ({zone}): {standing}",
            "合同 {name}，用途 {purpose}，{first} 至 {last}（{zone}）：{standing}";
            standing
        );
        (text, Some(contract.place.clone()))
    };
    let mut because: Because = of_held.take(MOST).map(sentence).collect();
    if because.is_empty() {
        let text = say!("the caller's role has no contract", "调用方的角色没有合同");
        because.push((text, None));
    }
    because
}

/// The parameters that are refused each on its own: the same decision is asked again with one of them.
fn parameters(stage: &Stage, call: &Call, route: RouteId, stopped: &Stopped) -> Because {
    let Some(resource) = stage.policy().rules.resources.get(route.resource.0) else {
        return Vec::new();
    };
    let (path, query) = call.target.split_once('?').unwrap_or((&call.target, ""));
    let refused = |target: String| {
        let one = Call {
            target,
            ..call.clone()
        };
        judge(stage, &one, "").is_err_and(|other| other.reason() == stopped.reason())
    };
    let mut because = Vec::new();
    if refused(path.to_owned()) {
        let all = resource.params.iter();
        let of_path = all.filter(|param| matches!(param.name, ParamName::Path(_)));
        of_path.for_each(|param| {
            because.extend(parameter(stage, call, route, stopped, resource, param))
        });
        return because;
    }
    for pair in query
        .split('&')
        .filter(|pair| refused(format!("{path}?{pair}")))
    {
        let name = pair.split('=').next().unwrap_or_default();
        let listed = resource.params.iter().find(|param| match &param.name {
            ParamName::Query(query) => query == name,
            ParamName::Path(_) | ParamName::Body(_) => false,
        });
        match listed {
            Some(param) => because.extend(parameter(stage, call, route, stopped, resource, param)),
            None => {
                let (name, of) = (quoted(name), quoted(&resource.name));
                let text = say!(
                    "the parameter {name} is not listed under `params` of {of}",
                    "{of} 的 `params` 里没有登记参数 {name}"
                );
                because.push((text, Some(resource.place.clone())));
            }
        }
    }
    if because.is_empty() {
        let text = say!(
            "a parameter is repeated, or the query is not in canonical form",
            "有参数重复，或者查询串不是规范形式"
        );
        because.push((text, None));
    }
    because
}

/// What a parameter may carry, and what the caller sees of the fields it searches.
fn parameter(
    stage: &Stage,
    call: &Call,
    route: RouteId,
    stopped: &Stopped,
    resource: &Resource,
    param: &Param,
) -> Because {
    let name = quoted(&param.name.to_string());
    let carries = crate::author::matrix::carries(resource, &param.rule);
    let text = say!("the parameter {name}: {carries}", "参数 {name}：{carries}"; carries);
    let mut because = vec![(text, Some(param.place.clone()))];
    let (Reason::FilterOnHidden, Some(view)) = (
        stopped.reason(),
        View::of(stage.policy(), route, stopped.roles[..].into(), call.now),
    ) else {
        return because;
    };
    let searched: Vec<_> = match &param.rule {
        ParamRule::Fields(searched) => searched.read.clone(),
        ParamRule::Names(known) => known.values().flat_map(|one| one.read.clone()).collect(),
        ParamRule::Whole { .. } | ParamRule::OneOf(_) | ParamRule::Free => Vec::new(),
    };
    for id in searched {
        let outcome = view.outcome(Item::Field(id));
        let field = resource
            .fields
            .get(id.0)
            .map_or("", |field| field.text.as_str());
        if outcome.does.openness == Openness::Show && outcome.conditions.is_empty() {
            continue;
        }
        let (field, does) = (quoted(field), outcome.text());
        let says = outcome
            .causes
            .first()
            .map_or("", |cause| cause.says.as_str());
        let place = outcome
            .causes
            .first()
            .and_then(|cause| cause.place)
            .cloned();
        let text = say!(
            "whoever searches needs to see {field} in clear, and the caller gets {does}: {says}",
            "要按 {field} 查，就得能看它的明文，而调用方得到的是 {does}：{says}"
        );
        because.push((text, place));
    }
    because
}
