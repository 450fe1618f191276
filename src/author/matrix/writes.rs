//! What each column may write, field by field, and whose records it may delete.
//!
//! Refuses nothing. What rule files name is shown as it counts: `write: never`, `written_by` and annexes considered.

use super::{Matrix, Sheet, words};
use crate::path::{Path, Selector};
use crate::policy::combine::Standing;
use crate::policy::diagnostic::{Lang, Text, say};
use crate::policy::store::{Policy, RouteId};
use crate::policy::{
    Class, ContractId, Does, Field, OnForbidden, OnMasked, OnPut, Place, Resource, RoleId,
};

/// A field somebody may write.
#[derive(Debug)]
pub(super) struct WriteLine<'a> {
    pub text: &'a str,
    pub place: &'a Place,
    pub class: Option<&'a Class>,
    /// By column: creating, updating, or both.
    pub cells: Vec<Vec<Does>>,
}

/// What may be written on the routes of a group.
#[derive(Debug, Default)]
pub(super) struct Writes<'a> {
    pub lines: Vec<WriteLine<'a>>,
    /// By column: whether it may delete records.
    pub deletes: Vec<bool>,
}

impl Writes<'_> {
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty() && !self.deletes.contains(&true)
    }
}

/// Whether somebody who stands so may write anything there.
pub(super) fn any(policy: &Policy, route: RouteId, standing: Standing<'_>) -> bool {
    let place = (route.resource, route.group);
    let mut deeds = [Does::Create, Does::Update, Does::Delete].into_iter();
    deeds.any(|does| policy.rules.has_right(place, does, standing))
}

/// What each of these may write.
pub(super) fn of<'a>(
    policy: &'a Policy,
    route: RouteId,
    resource: &'a Resource,
    columns: &[(RoleId, Option<ContractId>)],
) -> Writes<'a> {
    let rules = &policy.rules;
    let place = (route.resource, route.group);
    let lines = resource.fields.iter().map(|field| {
        let cells = columns.iter().map(|(role, contract)| {
            let deeds = [Does::Create, Does::Update].into_iter();
            let may = |does: &Does| match field.class {
                Some(_) => rules.may_write(place, *role, *does, *contract, field),
                None => rules.may_write_names(place, *role, *does, *contract, field),
            };
            deeds.filter(may).collect()
        });
        WriteLine {
            text: &field.text,
            place: &field.place,
            class: class(policy, field),
            cells: cells.collect(),
        }
    });
    let lines = lines.filter(|line| line.cells.iter().any(|deeds| !deeds.is_empty()));
    let deletes = columns.iter().map(|(role, contract)| {
        let (roles, contract) = (&[*role], *contract);
        rules.has_right(place, Does::Delete, Standing { roles, contract })
    });
    Writes {
        lines: lines.collect(),
        deletes: deletes.collect(),
    }
}

fn class<'a>(policy: &'a Policy, field: &Field) -> Option<&'a Class> {
    policy.rules.classes.get(field.class.or(field.names)?.0)
}

/// `create, update`, or `-`.
pub(super) fn cell(deeds: &[Does]) -> String {
    match deeds {
        [] => String::from("-"),
        deeds => {
            let words: Vec<&str> = deeds.iter().map(|does| does.word()).collect();
            words.join(", ")
        }
    }
}

/// A head, a line for each field, and one for the record as a whole; empty where nothing is written.
pub(super) fn rows(sheet: &Sheet<'_>, lang: Lang) -> Vec<Vec<String>> {
    if sheet.writes.is_empty() {
        return Vec::new();
    }
    let mut head = vec![
        say!("may write", "可写").get(lang).to_owned(),
        say!("class", "类别").get(lang).to_owned(),
    ];
    head.extend(sheet.columns.iter().map(|one| one.name.clone()));
    let mut rows = vec![head];
    for line in &sheet.writes.lines {
        let mut row = vec![line.text.to_owned(), words::class(line.class)];
        row.extend(line.cells.iter().map(|deeds| cell(deeds)));
        rows.push(row);
    }
    if sheet.writes.deletes.contains(&true) {
        let whole = say!("(the record)", "（整条记录）").get(lang).to_owned();
        let mut row = vec![whole, String::from("-")];
        row.extend(sheet.writes.deletes.iter().map(|may| match may {
            true => cell(&[Does::Delete]),
            false => cell(&[]),
        }));
        rows.push(row);
    }
    rows
}

/// What the resource says of requests that write, and of errors, one sentence each.
pub(super) fn facts(sheet: &Sheet<'_>) -> Vec<Text> {
    let writing = &sheet.resource.writing;
    let mut facts = Vec::new();
    if writing.on_forbidden == OnForbidden::Strip {
        facts.push(say!(
            "on_forbidden: strip, what may not be written is left out and the rest goes on",
            "on_forbidden: strip，无权写的字段去掉，其余放行"
        ));
    }
    match writing.on_put {
        OnPut::Refuse => {}
        OnPut::Complete => facts.push(say!(
            "on_put: complete, whoever sees and writes the whole record may replace it",
            "on_put: complete，整条记录看得到也写得了的，可以整体替换"
        )),
        OnPut::MergeHidden => facts.push(say!(
            "on_put: merge-hidden, what the caller does not see or write is put back",
            "on_put: merge-hidden，调用方看不到、写不了的补回原值"
        )),
    }
    if writing.on_masked == OnMasked::Keep {
        facts.push(say!(
            "on_masked: keep, a masked value that comes back changes nothing",
            "on_masked: keep，写回来的脱敏值不生效"
        ));
    }
    if !sheet.resource.errors.is_empty() {
        let paths: Vec<String> = sheet.resource.errors.iter().map(path).collect();
        facts.push(say!(
            "of an upstream's error leaves: {}",
            "后端报错时放出：{}",
            paths.join(", ")
        ));
    }
    facts
}

/// The columns of those with a right and no row, behind a gate all the same.
pub(super) fn gated(policy: &Policy, route: RouteId, role: RoleId) -> Option<(Vec<&str>, &Place)> {
    let key = (route.resource, route.group, role);
    let rules = &policy.rules;
    if rules.rows.contains_key(&key) {
        return None;
    }
    let rights = rules.rights.get(&key)?;
    let only = rights
        .only
        .iter()
        .filter_map(|id| rules.conditions.get(id.0));
    let only: Vec<&str> = only.map(|condition| condition.name.as_str()).collect();
    let place = rights.places.values().next()?;
    (!only.is_empty()).then_some((only, place))
}

/// A path as people write it; a filter is not spelled out.
pub(super) fn path(path: &Path) -> String {
    let mut text = String::new();
    for segment in &path.segments {
        let names = match segment.selectors.as_slice() {
            [Selector::Name(name)] if name.chars().all(|c| c.is_alphanumeric() || c == '_') => {
                let dot = if text.is_empty() { "" } else { "." };
                text.push_str(&format!("{dot}{name}"));
                continue;
            }
            selectors => selectors.iter().map(selector),
        };
        let names: Vec<String> = names.collect();
        text.push_str(&format!("[{}]", names.join(",")));
    }
    match text.is_empty() {
        true => String::from("$"),
        false => text,
    }
}

fn selector(selector: &Selector) -> String {
    let number = |bound: Option<i64>| bound.map(|one| one.to_string()).unwrap_or_default();
    match selector {
        Selector::Name(name) => format!("'{name}'"),
        Selector::Wildcard => String::from("*"),
        Selector::Index(index) => index.to_string(),
        Selector::FromEnd(back) => format!("-{back}"),
        Selector::Slice { start, end, step } => {
            let end = end.map(|end| end.to_string()).unwrap_or_default();
            format!("{start}:{end}:{step}")
        }
        Selector::SliceFromEnd(slice) => {
            format!(
                "{}:{}:{}",
                number(slice.start),
                number(slice.end),
                slice.step
            )
        }
        Selector::Filter(_) => String::from("?.."),
    }
}

/// For programs, beside what is read.
pub(super) fn json(sheet: &Sheet<'_>) -> serde_json::Value {
    use serde_json::json;
    let writing = &sheet.resource.writing;
    let lines = sheet.writes.lines.iter().map(|line| {
        let columns = sheet.columns.iter().zip(&line.cells);
        let cells = columns.map(|(column, deeds)| {
            let words: Vec<&str> = deeds.iter().map(|does| does.word()).collect();
            (column.name.clone(), json!(words))
        });
        json!({
            "field": line.text,
            "class": line.class.map(|class| &class.name),
            "place": super::json::place(line.place),
            "may": cells.collect::<serde_json::Map<_, _>>(),
        })
    });
    let deletes = sheet.columns.iter().zip(&sheet.writes.deletes);
    let deletes = deletes
        .filter(|(_, may)| **may)
        .map(|(column, _)| &column.name);
    json!({
        "fields": lines.collect::<Vec<_>>(),
        "delete": deletes.collect::<Vec<_>>(),
        "on_forbidden": match writing.on_forbidden {
            OnForbidden::Refuse => "refuse",
            OnForbidden::Strip => "strip",
        },
        "on_put": match writing.on_put {
            OnPut::Refuse => "refuse",
            OnPut::Complete => "complete",
            OnPut::MergeHidden => "merge-hidden",
        },
        "on_masked": match writing.on_masked {
            OnMasked::Refuse => "refuse",
            OnMasked::Keep => "keep",
        },
        "errors": sheet.resource.errors.iter().map(path).collect::<Vec<_>>(),
    })
}

/// A line for each field somebody may write, for spreadsheets: group and routes, what it is, and a cell for each column.
pub(super) fn records(
    matrix: &Matrix<'_>,
    sheet: &Sheet<'_>,
    lang: Lang,
) -> Vec<(Vec<String>, Vec<String>, String)> {
    let at = |name: &String| sheet.columns.iter().position(|one| one.name == *name);
    let each = |cells: &dyn Fn(usize) -> String| -> Vec<String> {
        let names = matrix.names.iter();
        names
            .map(|name| at(name).map_or_else(|| cell(&[]), cells))
            .collect()
    };
    let kind = say!("may write", "可写").get(lang).to_owned();
    let mut records = Vec::new();
    for line in &sheet.writes.lines {
        let cells = each(&|at| {
            line.cells
                .get(at)
                .map_or_else(String::new, |deeds| cell(deeds))
        });
        let class = |of: fn(&Class) -> String| line.class.map(of).unwrap_or_default();
        let first = vec![
            kind.clone(),
            line.text.to_owned(),
            class(|class| class.name.clone()),
            class(|class| class.zh.clone().unwrap_or_default()),
            class(|class| class.level.to_string()),
        ];
        records.push((first, cells, line.place.to_string()));
    }
    if sheet.writes.deletes.contains(&true) {
        let cells = each(&|at| match sheet.writes.deletes.get(at) {
            Some(true) => cell(&[Does::Delete]),
            _ => cell(&[]),
        });
        let whole = say!("(the record)", "（整条记录）").get(lang).to_owned();
        let first = vec![kind, whole, String::new(), String::new(), String::new()];
        records.push((first, cells, sheet.resource.place.to_string()));
    }
    records
}
