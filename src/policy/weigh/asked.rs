//! All that decides what a group of routes gives, as a text: where it is the same, nobody gains, and nothing need be weighed.
//!
//! What a condition may turn out to be is not weighed; whoever changes one, or anything it decides, is told so.

use super::super::condition::{ConditionId, Question, closure};
use super::super::rules::{
    Bound, Ceiling, Choice, ClassId, Covers, EnvelopeEntry, Exception, Field, FieldId, Find,
    Resource, Role, RoleId, RuleSet, When,
};
use super::Site;

/// The conditions that rows of the group name.
pub(super) fn by_rows(rules: &RuleSet, site: &Site<'_>) -> Vec<ConditionId> {
    let here = rules
        .rows
        .iter()
        .filter(|((resource, group, _), _)| *resource == site.resource && *group == site.group);
    here.flat_map(|((resource, _, role), row)| rules.asked_by(*resource, *role, row))
        .collect()
}

/// All that decides what callers get of the group, with every name in place of its index.
pub(super) fn everything(rules: &RuleSet, site: &Site<'_>) -> String {
    let mut all: Vec<String> = Vec::new();
    let mut asked: Vec<ConditionId> = Vec::new();
    let mut add = |text: String| all.push(text);
    for ((resource, group, role), row) in &rules.rows {
        if (*resource, *group) != (site.resource, site.group) {
            continue;
        }
        asked.extend(rules.asked_by(*resource, *role, row));
        let cells = row.cells.iter().enumerate();
        let cells: Vec<String> = cells
            .map(|(class, cell)| {
                format!(
                    "{} {}",
                    class_name(rules, ClassId(class)),
                    choice(rules, cell)
                )
            })
            .collect();
        let only: Vec<&str> = row.only.iter().map(|id| named(rules, *id)).collect();
        add(format!(
            "row {} {cells:?} {:?} {only:?}",
            role_of(rules, *role),
            row.steps
        ));
    }
    for id in closure(&rules.conditions, asked) {
        add(defined(rules, id));
    }
    for exception in rules
        .exceptions
        .iter()
        .filter(|one| one.resource == site.resource)
    {
        let Exception {
            resource: _,
            fields,
            role,
            cell,
            reason: _,
            until,
            steps,
            place: _,
        } = exception;
        let (role, cell) = (role_of(rules, *role), choice(rules, cell));
        add(format!(
            "exception {} {role} {cell} {until:?} {steps}",
            names(site.listed, fields)
        ));
    }
    for Ceiling {
        covers,
        to,
        except_contracts,
        at_most,
        reason: _,
        place: _,
    } in &rules.ceilings
    {
        let bound = match to {
            Bound::Everyone => String::from("everyone"),
            Bound::Contracts => String::from("contracts"),
            Bound::Roles(roles) => {
                let roles = roles.iter().map(|role| role_of(rules, *role));
                format!("{:?}", roles.collect::<Vec<String>>())
            }
        };
        let covers = match covers {
            Covers::Fields(of, fields) | Covers::Container(of, fields, _) => {
                let listed = rules.resources.get(of.0);
                let fields = listed.map(|listed| names(listed, fields));
                let path = match covers {
                    Covers::Container(_, _, path) => Some(path),
                    _ => None,
                };
                format!(
                    "{:?} {fields:?} {path:?}",
                    listed.map(|listed| &listed.name)
                )
            }
            Covers::Class(class) => class_name(rules, *class),
            Covers::Level(level) => format!("level {level}"),
        };
        add(format!(
            "ceiling {covers} {bound} {except_contracts} {at_most:?}"
        ));
    }
    for class in &rules.classes {
        add(format!("class {} {}", class.name, class.level));
    }
    for field in &site.listed.fields {
        let Field {
            text,
            path: _,
            class,
            masks,
            whole,
            names,
            zh: _,
            written_by: _,
            write_never: _,
            decides: _,
            place: _,
        } = field;
        let [class, names] = [class, names].map(|class| class.map(|id| class_name(rules, id)));
        add(format!(
            "field {text} {class:?} {masks:?} {whole} {names:?}"
        ));
    }
    for EnvelopeEntry {
        text,
        path: _,
        class,
        ..
    } in &site.listed.envelope
    {
        add(format!(
            "envelope {text} {:?}",
            class.map(|id| class_name(rules, id))
        ));
    }
    for Find {
        resource,
        group,
        role,
        param,
    } in &rules.finds
    {
        if (*resource, *group) == (site.resource, site.group) {
            add(format!("find {} {param}", role_of(rules, *role)));
        }
    }
    // Whoever holds one reads records of one's own alone, with a row here or without.
    let person = |(at, role): (usize, &Role)| role.same_as_person().then_some(RoleId(at));
    for role in rules.roles.iter().enumerate().filter_map(person) {
        add(format!("person {}", role_of(rules, role)));
    }
    // Its ceilings bind here too.
    let shape = site
        .listed
        .shape_of
        .and_then(|of| rules.resources.get(of.0));
    add(format!(
        "{} {:?}",
        site.listed.strip_as_blank,
        shape.map(|shape| &shape.name)
    ));
    // The order of files and keys never matters.
    all.sort_unstable();
    all.join("\n")
}

/// A cell of either rule set, with all that decides it.
pub(super) fn told(rules: &RuleSet, cell: &Choice) -> String {
    let named = cell.when.as_ref().map(|when| when.condition);
    let defined = closure(&rules.conditions, named)
        .into_iter()
        .map(|id| defined(rules, id));
    format!(
        "{} {:?}",
        choice(rules, cell),
        defined.collect::<Vec<String>>()
    )
}

/// A role and who holds it.
fn role_of(rules: &RuleSet, id: RoleId) -> String {
    let role = rules.roles.get(id.0);
    role.map_or_else(String::new, |role| {
        format!("{} {:?} {}", role.name, role.matchers, role.contract)
    })
}

fn class_name(rules: &RuleSet, id: ClassId) -> String {
    let class = rules.classes.get(id.0);
    class.map_or_else(String::new, |class| class.name.clone())
}

fn names(listed: &Resource, fields: &[FieldId]) -> String {
    let fields = fields.iter().filter_map(|id| listed.fields.get(id.0));
    let names: Vec<&str> = fields.map(|field| field.text.as_str()).collect();
    format!("{names:?}")
}

fn choice(rules: &RuleSet, choice: &Choice) -> String {
    let Choice { cell, when } = choice;
    let when = when.as_ref().map(
        |When {
             condition: id,
             otherwise,
         }| { format!("if {} else {otherwise:?}", named(rules, *id)) },
    );
    format!("{cell:?} {when:?}")
}

fn named(rules: &RuleSet, id: ConditionId) -> &str {
    let found = rules.conditions.get(id.0);
    found.map_or("", |condition| condition.name.as_str())
}

/// What a condition asks, those it is made of by their names.
fn defined(rules: &RuleSet, id: ConditionId) -> String {
    let Some(found) = rules.conditions.get(id.0) else {
        return String::new();
    };
    let kind = match &found.asks {
        Question::All(_) => String::from("all"),
        Question::Any(_) => String::from("any"),
        Question::Not(_) => String::from("not"),
        leaf => format!("{leaf:?}"),
    };
    let parts = found.asks.parts().iter().map(|part| named(rules, *part));
    format!("{} {kind} {:?}", found.name, parts.collect::<Vec<&str>>())
}
