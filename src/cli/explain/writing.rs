//! What a call may write, field by field, by which right, and what is looked at before it is sent.
//!
//! Says nothing of calls that read.

use super::Allowed;
use crate::author::view::Item;
use crate::policy::diagnostic::{Text, say};
use crate::policy::{ContractId, Does, Field, Place, RoleId, RuleSet};

/// Whether a field may be written, and why.
pub(super) struct Written {
    pub may: bool,
    pub because: Vec<(Text, Option<Place>)>,
}

/// What the call may do with the values of a field; nothing where it reads.
pub(super) fn of(rules: &RuleSet, allowed: &Allowed<'_>, item: Option<Item>) -> Option<Written> {
    let permit = &allowed.admitted.permit;
    let write = permit.compiled().write.as_ref()?;
    if write.does == Does::Delete {
        return None;
    }
    let Some(Item::Field(id)) = item else {
        return None;
    };
    let field = allowed.fields.resource.fields.get(id.0)?;
    let may = write.open.fields.get(id.0).is_some_and(|one| one.may_write);
    let because = match may {
        true => rights(rules, allowed, write.does, field),
        false => obstacles(rules, allowed, write.does, field),
    };
    Some(Written { may, because })
}

type Because = Vec<(Text, Option<Place>)>;

fn rights(rules: &RuleSet, allowed: &Allowed<'_>, does: Does, field: &Field) -> Because {
    let route = allowed.admitted.route;
    let place = (route.resource, route.group);
    let contract = contract(rules, allowed);
    let may = |role: &&RoleId| rules.may_write(place, **role, does, contract, field);
    let sentence = |role: &RoleId| {
        let rights = rules.rights.get(&(place.0, place.1, *role))?;
        let name = &rules.roles.get(role.0)?.name;
        let class = &rules.classes.get(field.class?.0)?.name;
        let word = does.word();
        let written = rights.places.get(&(does, field.class)).cloned();
        let only = rights
            .only
            .iter()
            .filter_map(|id| rules.conditions.get(id.0));
        let only: Vec<&str> = only.map(|one| one.name.as_str()).collect();
        let text = match only.is_empty() {
            true => say!("{name} may {word} {class}", "{name} 可以 {word} {class}"),
            false => say!(
                "{} may {} {} of records where {}",
                "{0} 可以 {1} {2}，限满足 {3} 的记录",
                name,
                word,
                class,
                only.join(", ")
            ),
        };
        Some((text, written))
    };
    let roles = allowed.roles.iter();
    roles.filter(may).filter_map(sentence).collect()
}

/// Why nobody of the caller's roles may.
fn obstacles(rules: &RuleSet, allowed: &Allowed<'_>, does: Does, field: &Field) -> Because {
    let here = || Some(field.place.clone());
    if field.write_never {
        let text = say!(
            "nobody writes it: `write: never`",
            "谁也不能写：`write: never`"
        );
        return vec![(text, here())];
    }
    let Some(class) = field.class.and_then(|id| rules.classes.get(id.0)) else {
        let text = say!("it has no class", "它没有类别");
        return vec![(text, here())];
    };
    let route = allowed.admitted.route;
    let named = allowed.roles.iter().any(|role| {
        let rights = rules.rights.get(&(route.resource, route.group, *role));
        rights.is_some_and(|rights| rights.classes(does).any(|one| Some(one) == field.class))
    });
    let (name, word) = (&class.name, does.word());
    if !named {
        let text = say!(
            "no role of the caller has {name} under `{word}`",
            "`{word}` 里，调用方的角色都没有 {name}"
        );
        return vec![(text, None)];
    }
    let writers = field.written_by.iter().flatten();
    let writers: Vec<&str> = writers
        .filter_map(|role| Some(rules.roles.get(role.0)?.name.as_str()))
        .collect();
    let is_writer = |role: &RoleId| field.written_by.iter().flatten().any(|one| one == role);
    if (field.decides || field.written_by.is_some()) && !allowed.roles.iter().any(is_writer) {
        let text = match writers.is_empty() {
            true => say!(
                "it decides who sees what, and no `written_by` names a role",
                "它决定谁看到什么，又没有 `written_by`"
            ),
            false => say!("only {} may write it", "只有 {} 可以写", writers.join(", ")),
        };
        return vec![(text, here())];
    }
    if contract(rules, allowed).is_some() {
        let text = say!(
            "the contract's `items` do not name {name}",
            "合同的 `items` 没有写 {name}"
        );
        return vec![(text, None)];
    }
    let text = say!(
        "it is read under a mask that leaves no trace, or a gate keeps every record",
        "读到的是看不出脱敏痕迹的值，或者 `only` 挡住了所有记录"
    );
    vec![(text, here())]
}

fn contract(rules: &RuleSet, allowed: &Allowed<'_>) -> Option<ContractId> {
    let names = allowed.admitted.permit.contract()?;
    let mut all = rules.contracts.iter();
    all.position(|one| one.name == *names.name).map(ContractId)
}

/// What is looked at before the request is sent, one sentence each.
pub(super) fn before(rules: &RuleSet, allowed: &Allowed<'_>) -> Vec<Text> {
    let permit = &allowed.admitted.permit;
    let Some(write) = &permit.compiled().write else {
        return Vec::new();
    };
    let word = write.does.word();
    let mut sentences = vec![say!("the call is to {word}", "这次调用要 {word}")];
    if write.must_judge
        && let Some(stored) = write.stored
        && let Some(route) = rules
            .resources
            .get(stored.resource.0)
            .and_then(|one| one.groups.get(stored.group.0)?.routes.get(stored.route))
    {
        let text = &route.text;
        sentences.push(say!(
            "reads the stored record by {text} first: one the caller could not read is 404 no-such-record",
            "先用 {text} 读已存的记录：调用方读不到的，404 no-such-record"
        ));
    }
    if !permit.compiled().has_row {
        sentences.push(say!(
            "the answer is its status alone: no role of the caller has a row here",
            "响应只有状态码：调用方的角色在这里都没有行"
        ));
    }
    sentences
}
