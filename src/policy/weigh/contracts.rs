//! What partners gain by their contracts: one that is new, or asks for less, or lists more.
//!
//! A contract only closes what its role gets, so one that is as narrow as before lets nothing out that is not weighed with
//! the role.

use super::super::diagnostic::{Text, quoted, say};
use super::super::rules::{Choice, Class, Contract, GroupId, ResourceId, Row, RuleSet, Term};
use super::{Gain, asked};

/// All that some contract of the new rules gives over the old ones.
pub(super) fn gains(old: &RuleSet, new: &RuleSet) -> Vec<Gain> {
    let mut gains = Vec::new();
    for contract in &new.contracts {
        let named = |other: &&Contract| other.name == contract.name;
        let Some(before) = old.contracts.iter().find(named) else {
            let name = quoted(&contract.name);
            gains.push(Gain::opens(
                say!("{name} is a new contract", "{name} 是新合同"),
                say!("the contract {name} is gone", "合同 {name} 没有了"),
            ));
            continue;
        };
        if let Some(what) = wider((old, before), (new, contract)) {
            let (name, (text, back)) = (quoted(&contract.name), what);
            let gain =
                Gain::unweighed(say!("the contract {name}: {text}", "合同 {name}：{text}"; text));
            gains.push(
                gain.or_back(say!("the contract {name}: {back}", "合同 {name}：{back}"; back)),
            );
        }
    }
    gains
}

/// What of a contract may let more out than before, and what that is the other way round.
fn wider(
    (old, before): (&RuleSet, &Contract),
    (new, after): (&RuleSet, &Contract),
) -> Option<(Text, Text)> {
    let both = |text: Text| Some((text.clone(), text));
    let Contract {
        name: _,
        place: _,
        role,
        partner: _,
        owner: _,
        purpose,
        declare,
        term,
        warn_days: _,
        networks,
        items,
        suspended,
        tokens_as: _,
    } = after;
    let Term {
        from,
        until,
        first_day: _,
        last_day: _,
        zone: _,
    } = term;
    let name = |rules: &RuleSet, role: usize| rules.roles.get(role).map(|one| one.name.clone());
    let same_caller = name(old, before.role.0) == name(new, role.0)
        && before.purpose == *purpose
        && before.declare == *declare;
    if !same_caller {
        return both(say!("who calls under it has changed", "按它调用的条件变了"));
    }
    if *from < before.term.from || *until > before.term.until {
        return Some((
            say!("it runs for longer", "有效期变长了"),
            say!("it runs for less long", "有效期变短了"),
        ));
    }
    if suspended.is_none() && before.suspended.is_some() {
        return Some((
            say!("it is suspended no more", "不再暂停"),
            say!("it is suspended", "暂停了"),
        ));
    }
    if !before.networks.is_empty() && *networks != before.networks {
        return both(say!("its networks have changed", "网段变了"));
    }
    if old.tokens_of(before) != new.tokens_of(after) {
        return both(say!("it has other pseudonyms", "换了假名"));
    }
    let listed = |(place, row): (&(ResourceId, GroupId), &Row)| {
        let group = group_name(new, *place);
        let mut known = before.items.iter();
        let row_before = known.find(|(place, _)| group_name(old, **place) == group);
        group.is_some() && row_before.is_some_and(|(_, known)| no_more((old, known), (new, row)))
    };
    match items.iter().all(listed) {
        true => None,
        false => both(say!("its annex has changed", "附件变了")),
    }
}

fn group_name(rules: &RuleSet, (resource, group): (ResourceId, GroupId)) -> Option<&str> {
    let resource = rules.resources.get(resource.0)?;
    Some(&resource.groups.get(group.0)?.name)
}

/// Whether each class is as it was, or gone.
fn no_more((old, before): (&RuleSet, &Row), (new, after): (&RuleSet, &Row)) -> bool {
    let cell_before = |name: &str| {
        let at = old.classes.iter().position(|one| one.name == name)?;
        before.cells.get(at)
    };
    let same = |(class, cell): (&Class, &Choice)| {
        let is_gone = *cell == Choice::STRIP;
        let told = |before: &Choice| asked::told(old, before) == asked::told(new, cell);
        is_gone || cell_before(&class.name).is_some_and(told)
    };
    new.classes.iter().zip(&after.cells).all(same)
}
