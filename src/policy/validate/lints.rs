//! Lints: what loads, and yet is probably not what was meant.
//!
//! Refuses nothing; `--deny lints` does. Looks at the rules alone and, where tests have fixtures, at
//! what the upstream is known to answer.

pub(super) mod free;
mod nowhere;
mod outcomes;
mod rebuilt;
mod totals;
mod twice;

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::fixtures::{replies, select};
use super::{Places, ResourcePlaces};
use crate::path::{Segment, Selector};
use crate::policy::ast::Document;
use crate::policy::diagnostic::{Diagnostic, Text, code, quoted, say};
use crate::policy::rules::{
    Cell, Choice, ClassId, Field, GroupId, Resource, ResourceId, Role, RoleId, RouteRule, Row,
    RuleSet, Unlisted, UnlistedParams,
};
use crate::policy::source::Span;

/// All lints of a rule set without mistakes.
pub(super) fn all(rules: &RuleSet, document: &Document, places: &Places) -> Vec<Diagnostic> {
    let mut found = unused_classes(rules, places);
    found.extend(roles_without_row(rules, places));
    found.extend(outcomes::unlisted_masks(rules, document));
    found.extend(outcomes::small_domains(rules, places));
    if rules.tests.is_empty() && !rules.resources.is_empty() {
        let message = say!("this rule set has no test", "这套规则没有测试");
        let help = say!(
            "write `tests:`; they show what each role sees, and stay true when rules change",
            "写上 `tests:`：写明每个角色看到什么，改规则时就有据可查"
        );
        let place = places.resources.first().map(|resource| &resource.name);
        let lint = Diagnostic::warning(code::FG2104, message).help(help);
        found.push(place.into_iter().fold(lint, Diagnostic::at));
    }
    let met = met(rules, places);
    for (index, (resource, place)) in rules.resources.iter().zip(&places.resources).enumerate() {
        let id = ResourceId(index);
        found.extend(groups_without_row(rules, id, resource, place));
        found.extend(opened_wide(resource, place));
        found.extend(rebuilt::ids(rules, id, resource, place));
        found.extend(against_fixtures(rules, id, resource, place, &met));
        found.extend(records_nowhere(rules, document, resource));
        found.extend(totals::beside_gates(rules, document, id, resource));
    }
    found.extend(twice::matchers(rules, places));
    told_once(found)
}

/// Which entries some fixture has a value for, and what was meant by others, by where they were written: several resources
/// may share a catalogue (`is:`).
#[derive(Default)]
struct Met {
    found: HashSet<(String, usize)>,
    meant: HashMap<(String, usize), Text>,
}

fn met(rules: &RuleSet, places: &Places) -> Met {
    let mut met = Met::default();
    for (resource, place) in rules.resources.iter().zip(&places.resources) {
        let bodies = replies(rules, resource);
        let records = records_of(&bodies, resource.any_case);
        for (field, span) in resource.fields.iter().zip(&place.fields) {
            let mut records = records.iter();
            match records.any(|record| !select(&field.path, record, resource.any_case).is_empty()) {
                true => _ = met.found.insert(written_at(span)),
                false => met.meant.extend(
                    nowhere::cure(&field.path, &bodies, resource.any_case)
                        .map(|meant| (written_at(span), meant)),
                ),
            }
        }
    }
    met
}

fn written_at(span: &Span) -> (String, usize) {
    (span.file.name.clone(), span.start)
}

fn records_of<'v>(bodies: &'v [(&RouteRule, Value)], any_case: bool) -> Vec<&'v Value> {
    let records = bodies.iter();
    let records = records.flat_map(|(route, body)| select(&route.at, body, any_case));
    records.collect()
}

/// What several resources take from one catalogue is told once.
fn told_once(found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut seen = HashSet::new();
    let first = |one: &Diagnostic| seen.insert(one.line());
    found.into_iter().filter(first).collect()
}

fn unused_classes(rules: &RuleSet, places: &Places) -> Vec<Diagnostic> {
    let used: HashSet<ClassId> = rules
        .resources
        .iter()
        .flat_map(|resource| {
            let fields = resource
                .fields
                .iter()
                .flat_map(|field| [field.class, field.names]);
            fields.chain(resource.envelope.iter().map(|entry| entry.class))
        })
        .flatten()
        .collect();
    let classes = rules.classes.iter().zip(&places.classes).enumerate();
    classes
        .filter(|(index, _)| !used.contains(&ClassId(*index)))
        .map(|(_, (class, span))| {
            let message = say!(
                "no field has the class {}",
                "没有字段属于类别 {}",
                quoted(&class.name)
            );
            Diagnostic::warning(code::FG2101, message).at(span)
        })
        .collect()
}

fn roles_without_row(rules: &RuleSet, places: &Places) -> Vec<Diagnostic> {
    let with_row: HashSet<RoleId> = rules.rows.keys().map(|(_, _, role)| *role).collect();
    let writes = |role| rules.rights.keys().any(|(_, _, one)| *one == role);
    let roles = rules.roles.iter().zip(&places.roles).enumerate();
    roles
        .filter(|(index, _)| !with_row.contains(&RoleId(*index)) && !writes(RoleId(*index)))
        .map(|(_, (role, span))| {
            let message = say!(
                "the role {} has no row, so it may read nothing",
                "角色 {} 没有行，什么也读不到",
                quoted(&role.name)
            );
            Diagnostic::warning(code::FG2103, message).at(span)
        })
        .collect()
}

fn groups_without_row(
    rules: &RuleSet,
    id: ResourceId,
    resource: &Resource,
    place: &ResourcePlaces,
) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (index, group) in resource.groups.iter().enumerate() {
        let has_row = rows(rules, id, GroupId(index)).next().is_some();
        // Who may write is noticed route by route.
        if !has_row && !group.routes.is_empty() && group.routes.iter().all(RouteRule::writes) {
            continue;
        }
        let message = match (has_row, group.routes.is_empty()) {
            (false, false) => say!(
                "{} has no row, so nobody may read it",
                "{} 没有行，谁也读不到",
                quoted(&group.name)
            ),
            (true, true) => say!(
                "{} has a row but no route of its own",
                "{} 有行，却没有自己的路由",
                quoted(&group.name)
            ),
            _ => continue,
        };
        found.push(Diagnostic::warning(code::FG2102, message).at(&place.name));
    }
    found
}

fn opened_wide(resource: &Resource, place: &ResourcePlaces) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    if let (Unlisted::Show { .. }, Some(span)) = (&resource.unlisted, &place.unlisted) {
        let message = say!(
            "`unlisted: show`: every field the upstream adds will leave",
            "`unlisted: show`：后端新增的任何字段都会流出"
        );
        found.push(Diagnostic::warning(code::FG2105, message).at(span));
    }
    if let (UnlistedParams::Pass { .. }, Some(span)) =
        (&resource.unlisted_params, &place.unlisted_params)
    {
        let message = say!(
            "`unlisted_params: pass`: whatever a caller asks the upstream with goes through",
            "`unlisted_params: pass`：调用方用什么参数问后端都放行"
        );
        found.push(Diagnostic::warning(code::FG2150, message).at(span));
    }
    for (field, span) in resource.fields.iter().zip(&place.fields) {
        if field.whole {
            let message = say!(
                "`whole`: everything below {} has its class",
                "`whole`：{} 以下的一切都算它的类别",
                quoted(&field.text)
            );
            found.push(Diagnostic::warning(code::FG2106, message).at(span));
        }
    }
    found
}

fn against_fixtures(
    rules: &RuleSet,
    id: ResourceId,
    resource: &Resource,
    place: &ResourcePlaces,
    met: &Met,
) -> Vec<Diagnostic> {
    let bodies = replies(rules, resource);
    let records = records_of(&bodies, resource.any_case);
    if records.is_empty() {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (field, span) in resource.fields.iter().zip(&place.fields) {
        let values: Vec<&Value> = records
            .iter()
            .flat_map(|record| select(&field.path, record, resource.any_case))
            .collect();
        if values.is_empty() && !met.found.contains(&written_at(span)) {
            let message = say!(
                "{} matches nothing in any fixture",
                "{} 在所有样例文件里都匹配不到",
                quoted(&field.text)
            );
            let help = met.meant.get(&written_at(span)).cloned();
            let help = help.unwrap_or_else(|| {
                say!(
                    "is it spelled as the upstream spells it? else extend a fixture",
                    "和后端的拼写一致吗？一致就补充样例文件"
                )
            });
            found.push(
                Diagnostic::warning(code::FG2107, message)
                    .at(span)
                    .help(help),
            );
        }
        let shown_to = shown_to(rules, id, field);
        if let (Some(kind), Some(role)) = (looks_personal(&values), shown_to) {
            let message = say!("{} holds {kind} in a fixture and is shown to {}", "样例里 {} 的值{kind}，却对 {} 是明文",
                quoted(&field.text),
                quoted(&role.name); kind);
            let help = say!(
                "give it a class of its own, or a `mask:` if it is known what it is",
                "给它单独定类别；确知是什么，就写上 `mask:`"
            );
            found.push(
                Diagnostic::warning(code::FG2108, message)
                    .at(span)
                    .help(help),
            );
        }
    }
    found
}

/// `at` of a route that leads nowhere in what the upstream is known to answer. A list that is empty is there.
fn records_nowhere(rules: &RuleSet, document: &Document, resource: &Resource) -> Vec<Diagnostic> {
    let bodies = replies(rules, resource);
    let routes = resource.groups.iter().flat_map(|group| &group.routes);
    let nowhere = routes.filter(|route| {
        let mut list = route.at.clone();
        let is_each = |segment: &Segment| segment.selectors == [Selector::Wildcard];
        while list.segments.pop_if(|last| is_each(last)).is_some() {}
        let mut of_route = bodies
            .iter()
            .filter(|(of, _)| of.text == route.text)
            .peekable();
        of_route.peek().is_some()
            && of_route.all(|(_, body)| select(&list, body, resource.any_case).is_empty())
    });
    let told = nowhere.map(|route| {
        let message = say!(
            "`at` of {} leads to nothing in any fixture",
            "{} 的 `at` 在所有样例文件里都没有对应的位置",
            quoted(&route.text)
        );
        let help = say!(
            "where does the record stand in the body? `$` is the body itself, `$.items[*]` each element of a list in it",
            "记录在响应体的什么位置？`$` 是整个响应体，`$.items[*]` 是其中列表的每个元素"
        );
        let lint = Diagnostic::warning(code::FG2165, message).help(help);
        let span = document.line(&route.place, &route.text);
        span.iter().fold(lint, Diagnostic::at)
    });
    told.collect()
}

/// A role, not the person itself, that sees the field in clear although nobody marked it as delicate.
fn shown_to<'a>(rules: &'a RuleSet, id: ResourceId, field: &Field) -> Option<&'a Role> {
    let class = rules.classes.get(field.class?.0)?;
    if class.sensitive || !field.masks.is_empty() {
        return None;
    }
    let mut rows = rules
        .rows
        .iter()
        .filter(|((resource, _, _), _)| *resource == id);
    rows.find_map(|((_, _, role), row)| {
        let role = rules.roles.get(role.0)?;
        let shows = cell_of(row, field).cells().any(|cell| *cell == Cell::Show);
        (shows && !role.same_as_person()).then_some(role)
    })
}

fn rows(
    rules: &RuleSet,
    resource: ResourceId,
    group: GroupId,
) -> impl Iterator<Item = (RoleId, &Row)> {
    let mine = rules
        .rows
        .iter()
        .filter(move |((r, g, _), _)| *r == resource && *g == group);
    mine.map(|((_, _, role), row)| (*role, row))
}

fn cell_of<'a>(row: &'a Row, field: &Field) -> &'a Choice {
    field
        .class
        .and_then(|class| row.cells.get(class.0))
        .unwrap_or(&Choice::STRIP)
}

/// What the first value that looks personal looks like.
fn looks_personal(values: &[&Value]) -> Option<Text> {
    values.iter().find_map(|value| match value {
        Value::String(text) => personal(text),
        Value::Number(number) => personal(&number.to_string()),
        Value::Array(items) => items.iter().filter_map(Value::as_str).find_map(personal),
        _ => None,
    })
}

fn personal(text: &str) -> Option<Text> {
    let compact: String = text.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    let digits = compact.bytes().all(|byte| byte.is_ascii_digit());
    let (first, length) = (compact.bytes().next()?, compact.len());
    if length == 18 && has_id_checksum(compact.as_bytes()) {
        return Some(say!("what looks like an ID number", "像身份证号"));
    }
    if digits
        && length == 11
        && first == b'1'
        && !matches!(compact.as_bytes().get(1), Some(b'0'..=b'2'))
    {
        return Some(say!("what looks like a mobile number", "像手机号"));
    }
    if digits && (16..=19).contains(&length) && has_luhn_checksum(compact.as_bytes()) {
        return Some(say!("what looks like a card number", "像银行卡号"));
    }
    None
}

/// GB 11643.
fn has_id_checksum(text: &[u8]) -> bool {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    const CHECKS: &[u8; 11] = b"10X98765432";
    let Some((last, digits)) = text.split_last() else {
        return false;
    };
    let sum: u32 = digits
        .iter()
        .zip(WEIGHTS)
        .map(|(digit, weight)| u32::from(digit.wrapping_sub(b'0')) * weight)
        .sum();
    let check = CHECKS.get(sum as usize % CHECKS.len());
    digits.iter().all(u8::is_ascii_digit) && check == Some(&last.to_ascii_uppercase())
}

fn has_luhn_checksum(digits: &[u8]) -> bool {
    let doubled = |digit: u32| if digit > 4 { digit * 2 - 9 } else { digit * 2 };
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| (place, u32::from(digit.wrapping_sub(b'0'))))
        .map(|(place, digit)| {
            if place % 2 == 1 {
                doubled(digit)
            } else {
                digit
            }
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::personal;

    #[test]
    fn personal_numbers_are_told_by_their_checksums() {
        assert!(personal("11010519491231002X").is_some());
        assert!(personal("110105194912310021").is_none());
        assert!(personal("13800138000").is_some());
        assert!(personal("12000138000").is_none());
        assert!(
            personal("6222 0212 3456 7890 128").is_some()
                != personal("6222021234567890127").is_some()
        );
        assert!(personal("张三").is_none() && personal("").is_none());
    }
}
