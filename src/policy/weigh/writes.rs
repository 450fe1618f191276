//! What anybody may write, create or delete that they might not before.
//!
//! Weighed field by field for each role: of several the rights add up, so no set of roles gains what none of its roles does.
//! A gate that has changed cannot be weighed.

use std::collections::HashSet;

use super::super::combine::Standing;
use super::super::diagnostic::{Text, quoted, say};
use super::super::rules::{
    ContractId, Does, FieldId, GroupId, OnForbidden, OnMasked, OnPut, Resource, ResourceId, Rights,
    RoleId, RuleSet, Writing,
};
use super::Gain;
use crate::policy::ConditionId;

/// One role on one group of routes, under one contract or none.
struct Holder<'a> {
    rules: &'a RuleSet,
    resource: ResourceId,
    listed: &'a Resource,
    group: GroupId,
    role: RoleId,
    contract: Option<ContractId>,
}

/// All that roles gain over what they might write.
pub(super) fn gains(old: &RuleSet, new: &RuleSet) -> Vec<Gain> {
    let mut gains = Vec::new();
    let mut known: HashSet<Text> = HashSet::new();
    for (key, rights) in &new.rights {
        let (resource, group, role) = *key;
        let (Some(listed), Some(named)) = (new.resources.get(resource.0), new.roles.get(role.0))
        else {
            continue;
        };
        let mut contracts: Vec<Option<ContractId>> = Vec::new();
        match named.contract {
            false => contracts.push(None),
            true => {
                let all = new.contracts.iter().enumerate();
                let own = all.filter(|(_, contract)| contract.role == role);
                contracts.extend(own.map(|(at, _)| Some(ContractId(at))));
            }
        }
        for contract in contracts {
            let holder = Holder {
                rules: new,
                resource,
                listed,
                group,
                role,
                contract,
            };
            let before = holder.before(old);
            for gain in holder.gains(rights, before.as_ref()) {
                // Under several contracts the same is gained once.
                if known.insert(gain.what.clone()) {
                    gains.push(gain);
                }
            }
        }
    }
    gains
}

impl<'a> Holder<'a> {
    /// The same in the old rules, by names.
    fn before<'b>(&self, old: &'b RuleSet) -> Option<Holder<'b>> {
        let group = self.group_name();
        let role = self.rules.roles.get(self.role.0)?;
        let resources = old.resources.iter().enumerate();
        let (resource, listed, at) = resources
            .filter_map(|(id, listed)| {
                let at = listed.groups.iter().position(|one| one.name == group)?;
                Some((id, listed, at))
            })
            .next()?;
        let contract = match self.contract {
            None => None,
            Some(id) => {
                let name = &self.rules.contracts.get(id.0)?.name;
                let at = old.contracts.iter().position(|one| one.name == *name)?;
                Some(ContractId(at))
            }
        };
        Some(Holder {
            rules: old,
            resource: ResourceId(resource),
            listed,
            group: GroupId(at),
            role: RoleId(old.roles.iter().position(|one| one.name == role.name)?),
            contract,
        })
    }

    fn group_name(&self) -> &str {
        let group = self.listed.groups.get(self.group.0);
        group.map_or("", |group| group.name.as_str())
    }

    fn rights(&self) -> Option<&'a Rights> {
        let key = (self.resource, self.group, self.role);
        self.rules.rights.get(&key)
    }

    fn gains(&self, rights: &Rights, before: Option<&Holder<'_>>) -> Vec<Gain> {
        let group = self.group_name().to_owned();
        let role = self.rules.roles.get(self.role.0);
        let role = role.map_or_else(String::new, |role| role.name.clone());
        let mut gains = Vec::new();
        let deletes = |holder: &Holder<'_>| {
            let roles = [holder.role];
            let standing = Standing {
                roles: &roles,
                contract: holder.contract,
            };
            let place = (holder.resource, holder.group);
            holder.rules.has_right(place, Does::Delete, standing)
        };
        if deletes(self) && !before.is_some_and(deletes) {
            gains.push(Gain::opens(
                say!("{group}: {role} may delete", "{group}：{role} 可以删除"),
                say!(
                    "{group}: {role} may not delete any more",
                    "{group}：{role} 不能再删除"
                ),
            ));
        }
        for does in [Does::Create, Does::Update] {
            for (at, field) in self.listed.fields.iter().enumerate() {
                let may = self.writes(does, FieldId(at));
                let same = |holder: &&Holder<'_>| {
                    let mut fields = holder.listed.fields.iter();
                    let at = fields.position(|other| other.path == field.path);
                    at.is_some_and(|at| holder.writes(does, FieldId(at)))
                };
                if !may || before.filter(same).is_some() {
                    continue;
                }
                let (word, text) = (does.word(), quoted(&field.text));
                gains.push(Gain::opens(
                    say!(
                        "{group}: {role} may {word} {text}",
                        "{group}：{role} 可以 {word} {text}"
                    ),
                    say!(
                        "{group}: {role} may not {word} {text} any more",
                        "{group}：{role} 不能再 {word} {text}"
                    ),
                ));
            }
        }
        let gate = |rules: &RuleSet, only: &[ConditionId]| -> Vec<String> {
            let asks = |id: &ConditionId| rules.conditions.get(id.0);
            let mut gate: Vec<String> = (only.iter().filter_map(asks))
                .map(|one| format!("{} {:?}", one.name, one.asks))
                .collect();
            gate.sort();
            gate
        };
        if let Some(before) = before.and_then(|holder| Some((holder.rules, holder.rights()?)))
            && gate(self.rules, &rights.only) != gate(before.0, &before.1.only)
        {
            gains.push(Gain::unweighed(say!(
                "{group}: for which records the rights of {role} count has changed",
                "{group}：{role} 的写权限对哪些记录有效变了"
            )));
        }
        gains
    }

    fn writes(&self, does: Does, field: FieldId) -> bool {
        let Some(listed) = self.listed.fields.get(field.0) else {
            return false;
        };
        let place = (self.resource, self.group);
        let (role, contract) = (self.role, self.contract);
        match listed.class {
            Some(_) => self.rules.may_write(place, role, does, contract, listed),
            None => self
                .rules
                .may_write_names(place, role, does, contract, listed),
        }
    }
}

/// What requests get past that were refused, and what of an upstream's errors leaves.
pub(super) fn of_resource(old: &Resource, new: &Resource) -> Vec<Gain> {
    let Writing {
        on_forbidden,
        on_put,
        on_masked,
    } = new.writing;
    let mut gains = Vec::new();
    let mut changed = |key: &str, was: &str, is: &str| {
        gains.push(Gain::opens(
            say!(
                "`{key}` from `{was}` to `{is}`",
                "`{key}` 从 `{was}` 变为 `{is}`"
            ),
            say!(
                "`{key}` from `{is}` to `{was}`",
                "`{key}` 从 `{is}` 变为 `{was}`"
            ),
        ));
    };
    if on_forbidden != old.writing.on_forbidden && on_forbidden != OnForbidden::Refuse {
        changed(
            "on_forbidden",
            forbidden(old.writing.on_forbidden),
            forbidden(on_forbidden),
        );
    }
    if on_put != old.writing.on_put && on_put != OnPut::Refuse {
        changed("on_put", put(old.writing.on_put), put(on_put));
    }
    if on_masked != old.writing.on_masked && on_masked != OnMasked::Refuse {
        changed(
            "on_masked",
            masked(old.writing.on_masked),
            masked(on_masked),
        );
    }
    if new.errors.iter().any(|path| !old.errors.contains(path)) {
        gains.push(Gain::opens(
            say!(
                "more of the upstream's errors leaves",
                "后端的错误信息放出得更多"
            ),
            say!(
                "less of the upstream's errors leaves",
                "后端的错误信息放出得更少"
            ),
        ));
    }
    gains
}

fn forbidden(word: OnForbidden) -> &'static str {
    match word {
        OnForbidden::Refuse => "refuse",
        OnForbidden::Strip => "strip",
    }
}

fn put(word: OnPut) -> &'static str {
    match word {
        OnPut::Refuse => "refuse",
        OnPut::Complete => "complete",
        OnPut::MergeHidden => "merge-hidden",
    }
}

fn masked(word: OnMasked) -> &'static str {
    match word {
        OnMasked::Refuse => "refuse",
        OnMasked::Keep => "keep",
    }
}

#[cfg(test)]
mod tests;
