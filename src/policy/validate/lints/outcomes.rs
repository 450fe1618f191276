//! Lints of outcomes: a mask that no field of the class lists, and a pseudonym of what has few values.
//!
//! Refuses nothing; `--deny lints` does.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::super::Places;
use super::super::fixtures::{replies, select};
use crate::mask::Mask;
use crate::policy::Place;
use crate::policy::ast::Document;
use crate::policy::condition::{FieldIs, Question, When};
use crate::policy::diagnostic::{Diagnostic, Text, code, quoted, say};
use crate::policy::rules::{
    Cell, ClassId, Covers, Field, FieldId, ParamName, ParamRule, Resource, ResourceId, Row, RuleSet,
};

/// Outcomes written in one place, and the fields of a resource they are for.
struct Said<'a> {
    place: &'a Place,
    cells: Vec<&'a Cell>,
    resource: ResourceId,
    fields: Vec<FieldId>,
}

/// All outcomes as they are written: in rows, annexes, exceptions and ceilings.
fn said(rules: &RuleSet) -> Vec<Said<'_>> {
    let annexes = rules.contracts.iter().flat_map(|one| &one.items);
    let annexes = annexes.map(|((resource, _), row)| (*resource, row));
    let rows = rules.rows.iter();
    let rows = rows.map(|((resource, _, _), row)| (*resource, row));
    let mut all: Vec<Said<'_>> = rows
        .chain(annexes)
        .flat_map(|(resource, row)| of_row(rules, resource, row))
        .collect();
    all.extend(rules.exceptions.iter().map(|exception| Said {
        place: &exception.place,
        cells: exception.cell.cells().collect(),
        resource: exception.resource,
        fields: exception.fields.clone(),
    }));
    for ceiling in &rules.ceilings {
        let of = |resource, fields| Said {
            place: &ceiling.place,
            cells: vec![&ceiling.at_most],
            resource,
            fields,
        };
        match &ceiling.covers {
            Covers::Fields(resource, fields) | Covers::Container(resource, fields, _) => {
                all.push(of(*resource, fields.clone()));
            }
            Covers::Class(class) => {
                let resources = (0..rules.resources.len()).map(ResourceId);
                all.extend(resources.map(|id| of(id, of_class(rules, id, |one| one == *class))));
            }
            Covers::Level(level) => {
                let covers = |class: ClassId| {
                    let class = rules.classes.get(class.0);
                    class.is_some_and(|class| class.level >= *level)
                };
                let resources = (0..rules.resources.len()).map(ResourceId);
                all.extend(resources.map(|id| of(id, of_class(rules, id, covers))));
            }
        }
    }
    all
}

fn of_row<'a>(
    rules: &'a RuleSet,
    resource: ResourceId,
    row: &'a Row,
) -> impl Iterator<Item = Said<'a>> {
    let cells = row.cells.iter().zip(&row.places).enumerate();
    cells.filter_map(move |(class, (choice, place))| {
        Some(Said {
            place: place.as_ref()?,
            cells: choice.cells().collect(),
            resource,
            fields: of_class(rules, resource, |one| one == ClassId(class)),
        })
    })
}

fn of_class(rules: &RuleSet, id: ResourceId, wanted: impl Fn(ClassId) -> bool) -> Vec<FieldId> {
    let fields = rules.resources.get(id.0).map(|resource| &resource.fields);
    let fields = fields.into_iter().flatten().enumerate();
    let mine = fields.filter(|(_, field)| field.class.is_some_and(&wanted));
    mine.map(|(at, _)| FieldId(at)).collect()
}

fn field(rules: &RuleSet, resource: ResourceId, id: FieldId) -> Option<&Field> {
    rules.resources.get(resource.0)?.fields.get(id.0)
}

/// `mask:NAME` where no field that the cell speaks of lists the mask: each keeps its own.
pub(super) fn unlisted_masks(rules: &RuleSet, document: &Document) -> Vec<Diagnostic> {
    let lists = |field: &Field, mask: &str| field.masks.iter().any(|(name, _)| name == mask);
    // One place may speak of several resources, where groups share a grid.
    let mut listed: BTreeMap<(&Place, &str), bool> = BTreeMap::new();
    for one in said(rules) {
        for cell in one.cells {
            let Cell::Mask(Some(name)) = cell else {
                continue;
            };
            let fields = one.fields.iter();
            let mut fields = fields.filter_map(|id| field(rules, one.resource, *id));
            let any = fields.any(|field| lists(field, name));
            *listed.entry((one.place, name)).or_default() |= any;
        }
    }
    let missing = listed.into_iter().filter(|(_, listed)| !listed);
    missing
        .map(|((place, name), _)| {
            let message = say!(
                "no field here lists the mask {}, so each keeps its own",
                "这里没有字段登记了脱敏方式 {}，所以各用各自的",
                quoted(name)
            );
            let help = say!(
                "list it under `mask:` of a field this is for, or write `mask` alone",
                "在相应字段的 `mask:` 里登记它，或者只写 `mask`"
            );
            let lint = Diagnostic::warning(code::FG2161, message).help(help);
            let span = document.line(place, &format!("mask:{name}"));
            span.iter().fold(lint, Diagnostic::at)
        })
        .collect()
}

/// `token` of a field with few values: whoever counts the pseudonyms knows which is which.
pub(super) fn small_domains(rules: &RuleSet, places: &Places) -> Vec<Diagnostic> {
    let is_token = |cell: &&Cell| matches!(cell, Cell::Token(_));
    let tokens = said(rules).into_iter();
    let tokens = tokens.filter(|one| one.cells.iter().any(is_token));
    let fields: BTreeSet<(ResourceId, FieldId)> = tokens
        .flat_map(|one| one.fields.into_iter().map(move |id| (one.resource, id)))
        .collect();
    let told = fields.into_iter().filter_map(|(id, at)| {
        let resource = rules.resources.get(id.0)?;
        let field = resource.fields.get(at.0)?;
        let span = places.resources.get(id.0)?.fields.get(at.0)?;
        let why = few_values(rules, resource, at, field)?;
        let message = say!(
            "a pseudonym of {} tells it: {why}",
            "{} 用假名也等于说出了值：{why}",
            quoted(&field.text); why
        );
        let help = say!(
            "`mask` or `strip`: whoever counts how often each pseudonym comes knows which value it stands for",
            "用 `mask` 或 `strip`：数一数每个假名出现的次数，就知道它代表哪个值"
        );
        let lint = Diagnostic::warning(code::FG2160, message).help(help);
        Some(lint.at(span))
    });
    told.collect()
}

/// Why a field has few values, where it has. What names a record has many, however few a fixture holds.
fn few_values(rules: &RuleSet, resource: &Resource, at: FieldId, field: &Field) -> Option<Text> {
    let person = resource.person.as_ref();
    let mut params = resource.params.iter();
    let names_record = person.is_some_and(|person| person.field == at)
        || params.any(|param| match (&param.name, &param.rule) {
            (ParamName::Path(_), ParamRule::Fields(searched)) => searched.named.contains(&at),
            _ => false,
        });
    if names_record {
        return None;
    }
    let masks = field.masks.iter().map(|(_, mask)| mask);
    if masks
        .into_iter()
        .any(|mask| matches!(**mask, Mask::YearOnly | Mask::Date(_)))
    {
        return Some(say!("it is a date", "它是日期"));
    }
    let mut conditions = rules.conditions.iter();
    let compared = conditions.find(|condition| match &condition.asks {
        Question::Field(test) => test.path == field.path && matches!(test.is, FieldIs::OneOf(_)),
        _ => false,
    });
    if let Some(condition) = compared {
        return Some(say!(
            "the condition {} compares it with one of few values",
            "条件 {} 拿它和几个固定的值比较",
            quoted(&condition.name)
        ));
    }
    let bodies = replies(rules, resource);
    let records = bodies
        .iter()
        .flat_map(|(route, body)| select(&route.at, body, resource.any_case));
    let values: Vec<&Value> = records
        .flat_map(|record| select(&field.path, record, resource.any_case))
        .collect();
    let small = !values.is_empty() && values.iter().all(|value| is_small(value));
    small.then(|| {
        say!(
            "in fixtures it holds dates, single characters or short codes only",
            "样例里它只有日期、单个字或很短的代码"
        )
    })
}

/// A date, one Han character, up to two digits or three letters.
fn is_small(value: &Value) -> bool {
    let digits = |text: &str| text.len() <= 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    match value {
        Value::Number(number) => digits(&number.to_string()),
        Value::String(text) => {
            let letters = text.len() <= 3 && text.bytes().all(|byte| byte.is_ascii_alphabetic());
            let one = text.chars().count() == 1;
            let day = matches!(When::read(text), Some(When::Day(_)));
            !text.is_empty() && (digits(text) || letters || one || day)
        }
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::is_small;

    #[test]
    fn dates_single_characters_and_short_codes_are_few() {
        for few in [
            json!("女"),
            json!("M"),
            json!("CNY"),
            json!("2026-11-22"),
            json!(7),
            json!("42"),
        ] {
            assert!(is_small(&few), "{few}");
        }
        for many in [
            json!(""),
            json!("张三"),
            json!("1001"),
            json!(1001),
            json!("a@b.cn"),
            json!(true),
            json!(null),
            json!("2026-11-22T10:00:00Z"),
        ] {
            assert!(!is_small(&many), "{many}");
        }
    }
}
