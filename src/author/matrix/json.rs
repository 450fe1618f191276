//! The matrix for programs; `docs/review.md` describes it.
//!
//! Refuses to change: members are added, never renamed, retyped or left out.

use serde_json::{Value, json};

use super::{Matrix, Sheet, words, writes};
use crate::author::view::{Cause, Item, Outcome, chosen, covered, written as cell};
use crate::policy::condition::Truth;
use crate::policy::diagnostic::Lang;
use crate::policy::store::Opening;
use crate::policy::{Class, Covers, ParamRule, Place, RoleId, Unlisted};

/// Of this shape; another number would be another shape.
const VERSION: u8 = 1;

pub(super) fn written(matrix: &Matrix<'_>) -> String {
    let rules = matrix.rules;
    let name = |id: &RoleId| rules.roles.get(id.0).map_or("", |role| role.name.as_str());
    let roles = matrix.roles.iter().map(|role| {
        json!({ "name": role.name, "matcher": words::matcher(rules, role), "place": place(&role.place) })
    });
    let classes = rules.classes.iter().map(class);
    let exceptions = rules.exceptions.iter().map(|exception| {
        let covers = Covers::Fields(exception.resource, exception.fields.clone());
        json!({
            "covers": covered(rules, &covers),
            "role": name(&exception.role),
            "do": chosen(rules, &exception.cell),
            "until": exception.until,
            "reason": exception.reason,
            "place": place(&exception.place),
        })
    });
    let conditions = rules.conditions.iter().map(|condition| {
        json!({
            "name": condition.name,
            "asks": condition.says,
            "place": place(&condition.place),
        })
    });
    let ceilings = rules.ceilings.iter().map(|ceiling| {
        let to = words::bound(rules, &ceiling.to);
        json!({
            "covers": covered(rules, &ceiling.covers),
            "to": to,
            "except_contracts": ceiling.except_contracts,
            "at_most": cell(&ceiling.at_most),
            "reason": ceiling.reason,
            "place": place(&ceiling.place),
        })
    });
    let document = json!({
        "version": VERSION,
        "command": "matrix",
        "directory": matrix.title,
        "rules": rules.digest,
        "at": matrix.at(),
        "classes": classes.collect::<Vec<_>>(),
        "roles": roles.collect::<Vec<_>>(),
        "groups": matrix.sheets.iter().map(sheet).collect::<Vec<_>>(),
        "exceptions": exceptions.collect::<Vec<_>>(),
        "ceilings": ceilings.collect::<Vec<_>>(),
        "conditions": conditions.collect::<Vec<_>>(),
        "contracts": rules.contracts.iter().map(|contract| json!({
            "name": contract.name,
            "role": name(&contract.role),
            "partner": contract.partner.as_ref().map(|partner| &partner.name),
            "owner": contract.owner,
            "purpose": contract.purpose,
            "from": contract.term.first_day,
            "until": contract.term.last_day,
            "zone": contract.term.zone,
            "standing": words::standing(contract, matrix.at).get(Lang::En),
            "suspended": contract.suspended.as_ref().map(|one| &one.reason),
            "place": place(&contract.place),
        })).collect::<Vec<_>>(),
    });
    format!("{document:#}\n")
}

fn class(class: &Class) -> Value {
    json!({
        "name": class.name,
        "zh": class.zh,
        "level": class.level,
        "sensitive": class.sensitive,
        "place": place(&class.place),
    })
}

fn sheet(sheet: &Sheet<'_>) -> Value {
    let resource = sheet.resource;
    let routes = sheet
        .routes()
        .map(|route| json!({ "route": route.text, "does": route.does.word(), "format": route.answer.format.word(), "place": place(&route.place) }));
    let lines = sheet.lines.iter().map(|line| {
        let columns = sheet.columns.iter().zip(&line.cells);
        let cells = columns.map(|(role, one)| (role.name.clone(), outcome(one)));
        json!({
            "kind": kind(line.item),
            "field": line.text,
            "class": line.class.map(|class| &class.name),
            "whole": line.whole,
            "place": place(line.place),
            "outcomes": cells.collect::<serde_json::Map<_, _>>(),
        })
    });
    let params = sheet.params.iter().map(|line| {
        let columns = sheet.columns.iter().zip(&line.open);
        let open = columns.map(|(role, open)| (role.name.clone(), json!(opening(*open))));
        json!({
            "name": line.param.name.to_string(),
            "rule": param(&line.param.rule),
            "carries": words::param(resource, &line.param.rule).get(Lang::En),
            "place": place(&line.param.place),
            "open": open.collect::<serde_json::Map<_, _>>(),
            "methods": line.param.on.as_ref().map(|on| on.iter().map(http::Method::as_str).collect::<Vec<_>>()),
        })
    });
    let (unlisted, reason) = match &resource.unlisted {
        Unlisted::Strip => ("strip", None),
        Unlisted::Refuse => ("refuse", None),
        Unlisted::Show { reason } => ("show", Some(reason)),
    };
    let columns: Vec<&String> = sheet.columns.iter().map(|one| &one.name).collect();
    json!({
        "name": sheet.group.name,
        "zh": resource.zh,
        "routes": routes.collect::<Vec<_>>(),
        "unlisted": unlisted,
        "unlisted_reason": reason,
        "drift": if resource.drift_show { "show" } else { "strip" },
        "strip_as": if resource.strip_as_blank { "blank" } else { "strip" },
        "keys": if resource.any_case { "any-case" } else { "exact" },
        "facts": words::facts(sheet).iter().map(|fact| fact.get(Lang::En).to_owned()).collect::<Vec<_>>(),
        "gates": sheet.gates.iter().map(|gate| json!({
            "role": gate.role.name,
            "only": gate.only,
            "place": place(gate.place),
        })).collect::<Vec<_>>(),
        "roles": columns,
        "without_row": sheet.without,
        "fields": lines.collect::<Vec<_>>(),
        "params": params.collect::<Vec<_>>(),
        "writes": writes::json(sheet),
    })
}

/// An outcome; `causes` are the rules that decided, in the order in which they count.
pub(super) fn outcome(outcome: &Outcome<'_>) -> Value {
    json!({
        "outcome": outcome.does.openness.word(),
        "name": outcome.does.name,
        "conditions": outcome.conditions.iter().map(|one| &one.name).collect::<Vec<_>>(),
        "cases": outcome.cases.iter().map(|(truths, does)| json!({
            "when": truths.iter().map(|truth| truth_word(*truth)).collect::<Vec<_>>(),
            "outcome": does.openness.word(),
            "name": does.name,
        })).collect::<Vec<_>>(),
        "causes": outcome.causes.iter().map(cause).collect::<Vec<_>>(),
    })
}

/// What is known of a condition, for programs.
pub(super) fn truth_word(truth: Truth) -> &'static str {
    match truth {
        Truth::True => "true",
        Truth::False => "false",
        Truth::Unknown => "unknown",
    }
}

/// A rule that decided.
fn cause(cause: &Cause<'_>) -> Value {
    json!({
        "kind": cause.kind.word(),
        "role": cause.role.map(|role| &role.name),
        "says": cause.says,
        "place": cause.place.map(place),
        "reason": cause.reason,
    })
}

pub(super) fn place(place: &Place) -> Value {
    json!({ "file": &*place.file, "line": place.line })
}

fn kind(item: Item) -> &'static str {
    match item {
        Item::Field(_) => "field",
        Item::Names(_) => "names",
        Item::Envelope(_) => "envelope",
    }
}

fn opening(opening: Opening) -> &'static str {
    match opening {
        Opening::Open => "open",
        Opening::Find => "find",
        Opening::Closed | Opening::Unwritable => "closed",
    }
}

fn param(rule: &ParamRule) -> &'static str {
    match rule {
        ParamRule::Fields(_) => "fields",
        ParamRule::Names(_) => "names",
        ParamRule::Whole { .. } => "whole",
        ParamRule::OneOf(_) => "one_of",
        ParamRule::Free => "free",
    }
}
