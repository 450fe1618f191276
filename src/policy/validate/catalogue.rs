//! `fields:` and `envelope:`, what data stands where.
//!
//! Refuses a path listed twice, entries that tie at one node, masks without a class, names given a
//! class by a net, and envelope entries that could meet a record.

use std::sync::Arc;

use super::overlap::{meets_record, tie};
use super::{Findings, Names, dictionary, scalars};
use crate::mask::Mask;
use crate::path::{Path, Segment, Selector};
use crate::policy::Place;
use crate::policy::diagnostic::{Diagnostic, Text, code, quoted, say};
use crate::policy::load::Dictionaries;
use crate::policy::rules::{EnvelopeEntry, Field, Group, RoleId};
use crate::policy::source::{Entries, Key, Kind, Node, Span};

/// Entries of one catalogue; each is compared with each other.
const MOST_FIELDS: usize = 2_000;

/// Conflicts reported for one catalogue: each entry may conflict with each other.
const MOST_CONFLICTS: usize = 100;

/// The entries under `fields`, and those of the table `dictionary` names.
pub(super) fn listed(
    entries: Entries<'_>,
    place: &Span,
    tables: &Dictionaries,
    findings: &mut Findings,
) -> Vec<(Key, Node)> {
    let table = entries.get("dictionary");
    let fields = match (entries.get("fields"), table) {
        (None, Some(_)) => None,
        _ => findings.keep(entries.require("fields", say!("a resource", "资源"), place)),
    };
    let fields = fields.and_then(|node| findings.keep(node.as_map(say!("`fields`"))));
    let fields = fields.iter().flat_map(Entries::iter);
    let mut listed: Vec<(Key, Node)> = fields
        .map(|(key, node)| (key.clone(), node.clone()))
        .collect();
    let rows = table.and_then(|node| dictionary::entries(node, tables, findings));
    listed.extend(rows.unwrap_or_default());
    listed
}

/// The catalogue and where its entries stand.
pub(super) fn fields(
    entries: &[(Key, Node)],
    place: &Span,
    names: &Names,
    any_case: bool,
    findings: &mut Findings,
) -> (Vec<Field>, Vec<Span>) {
    let mut found: Vec<(Field, Span)> = entries
        .iter()
        .take(MOST_FIELDS)
        .filter_map(|(key, value)| Some((field(key, value, names, findings)?, key.span.clone())))
        .collect();
    if entries.len() > MOST_FIELDS {
        let message = say!(
            "more than {MOST_FIELDS} fields in one resource",
            "一个资源的字段超过 {MOST_FIELDS} 个"
        );
        findings.add(Diagnostic::error(code::FG1002, message).at(place));
    }
    // The order of files and keys never matters.
    found.sort_by(|(a, _), (b, _)| a.text.cmp(&b.text));
    let differ = |a: &Field, b: &Field| {
        let classes = a.class.is_some() && b.class.is_some();
        let content = classes && (a.class != b.class || a.masks != b.masks || a.whole != b.whole);
        content || (a.names.is_some() && b.names.is_some() && a.names != b.names)
    };
    conflicts(&found, |field| &field.path, any_case, differ, findings);
    found.into_iter().unzip()
}

fn field(key: &Key, node: &Node, names: &Names, findings: &mut Findings) -> Option<Field> {
    let path = findings.keep(scalars::path(&key.text, &key.span))?;
    let mut field = Field {
        text: without_root(&key.text).to_owned(),
        place: Place::of(&key.span),
        path,
        class: None,
        masks: Vec::new(),
        whole: false,
        names: None,
        written_by: None,
        write_never: false,
        decides: false,
        zh: None,
    };
    if let Kind::Scalar { .. } = node.kind {
        field.class = findings.keep(names.class(node));
        return Some(field);
    }
    let entries = findings.keep(node.as_map(say!("a field", "字段")))?;
    let known = [
        "class",
        "mask",
        "whole",
        "names",
        "written_by",
        "write",
        "zh",
    ];
    findings.extend(entries.check_keys(say!("a field", "字段"), &known, &["strip_as"]));
    field.class = entries
        .get("class")
        .and_then(|class| findings.keep(names.class(class)));
    field.names = entries
        .get("names")
        .and_then(|class| findings.keep(names.class(class)));
    field.masks = entries
        .get("mask")
        .map(|mask| masks(mask, names, findings))
        .unwrap_or_default();
    if let Some(whole) = entries.get("whole") {
        field.whole = findings
            .keep(whole.as_bool(say!("`whole`")))
            .unwrap_or_default();
    }
    field.written_by = entries
        .get("written_by")
        .map(|node| writers(node, &field, names, findings));
    if let Some(node) = entries.get("write") {
        findings.extend(not_never(node));
        field.write_never = true;
    }
    field.zh = entries
        .get("zh")
        .and_then(|zh| findings.keep(scalars::sentence(zh, say!("`zh`"))));
    findings.extend(entry_mistake(key, entries, &field));
    Some(field)
}

fn entry_mistake(key: &Key, entries: Entries<'_>, field: &Field) -> Option<Diagnostic> {
    let has = |name: &str| entries.get(name).is_some();
    if !has("class") && (has("mask") || has("whole") || has("written_by") || !has("names")) {
        let message = say!(
            "the field {} has no class",
            "字段 {} 没有写类别",
            quoted(&key.text)
        );
        let help = say!(
            "write `class:`; `mask` and `whole` are about the value the class covers",
            "写上 `class:`；`mask` 和 `whole` 说的是这个类别管的值"
        );
        return Some(
            Diagnostic::error(code::FG2022, message)
                .at(&key.span)
                .help(help),
        );
    }
    if has("names") && field.path.is_net() {
        let message = say!(
            "a path with `..` closes, so it cannot give names a class",
            "带 `..` 的路径只收紧，不能给成员名定类别"
        );
        return Some(Diagnostic::error(code::FG2022, message).at(&key.span));
    }
    None
}

/// `write` says `never` or nothing: who writes follows from the class.
fn not_never(node: &Node) -> Option<Diagnostic> {
    if node.scalar() == Some("never") {
        return None;
    }
    let written = node.scalar().map_or_else(|| String::from("this"), quoted);
    let message = say!("`write` cannot be {written}", "`write` 不能是 {written}");
    Some(Diagnostic::error(code::FG2009, message).at(&node.span).help(say!(
        "write `write: never`, or leave it out: who writes a class stands under `create` and `update`",
        "写 `write: never`，或者不写：谁能写哪个类别，写在 `create`、`update` 里"
    )))
}

/// The roles that may write a field, and nobody else.
fn writers(node: &Node, field: &Field, names: &Names, findings: &mut Findings) -> Vec<RoleId> {
    if field.path.is_net() {
        let message = say!(
            "a path with `..` closes, so nobody writes by it",
            "带 `..` 的路径只收紧，不能说明谁可以写"
        );
        findings.add(Diagnostic::error(code::FG2138, message).at(&node.span));
    }
    let items = match &node.kind {
        Kind::List(items) => items.as_slice(),
        _ => std::slice::from_ref(node),
    };
    if items.is_empty() {
        let message = say!("`written_by` lists no role", "`written_by` 里没有列角色");
        findings.add(
            Diagnostic::error(code::FG2138, message)
                .at(&node.span)
                .help(code::FG2138.cure()),
        );
    }
    let mut writers = Vec::new();
    for item in items {
        let role = item.as_str(say!("a role", "角色"));
        let role = role.and_then(|name| names.role_named(name, &item.span));
        let Some(role) = findings.keep(role) else {
            continue;
        };
        if writers.contains(&role) {
            let message = say!(
                "the role {} is listed twice",
                "角色 {} 列了两次",
                quoted(item.scalar().unwrap_or_default())
            );
            findings.add(Diagnostic::error(code::FG2138, message).at(&item.span));
        } else {
            writers.push(role);
        }
    }
    writers
}

fn masks(node: &Node, names: &Names, findings: &mut Findings) -> Vec<(String, Arc<Mask>)> {
    let items = match &node.kind {
        Kind::List(items) => items.as_slice(),
        _ => std::slice::from_ref(node),
    };
    if items.is_empty() {
        let message = say!("`mask` lists no mask", "`mask` 里没有列脱敏方式");
        findings.add(Diagnostic::error(code::FG2022, message).at(&node.span));
    }
    let mut masks: Vec<(String, Arc<Mask>)> = Vec::new();
    for item in items {
        let Some(name) = findings.keep(item.as_str(say!("a mask", "脱敏方式"))) else {
            continue;
        };
        if masks.iter().any(|(listed, _)| listed == name) {
            let message = say!(
                "the mask {} is listed twice",
                "脱敏方式 {} 列了两次",
                quoted(name)
            );
            findings.add(Diagnostic::error(code::FG2022, message).at(&item.span));
        } else if let Some(mask) = findings.keep(names.mask_named(name, &item.span)) {
            masks.push((name.to_owned(), mask));
        }
    }
    masks
}

/// Where to write what an envelope may not say. On a route whose record lies deeper, the catalogue would never be asked.
fn instead(path: &Path, groups: &[Group], any_case: bool) -> Text {
    let mut routes = groups.iter().flat_map(|group| &group.routes);
    let outside = routes.find(|route| {
        let deeper = !route.at.segments.is_empty();
        deeper && !meets_record(path, &route.at, any_case)
    });
    match outside {
        None => say!(
            "inside a record only `fields` speak: list it there",
            "记录以内只由 `fields` 说了算：写到那里去"
        ),
        Some(route) => {
            let route = quoted(&route.text);
            say!(
                "on {route} it lies outside of the record, where `fields` do not speak: give that route a resource of its own, with \
                 `is: RESOURCE` for the same fields and this line in its `envelope`",
                "在 {route} 它在记录以外，写进 `fields` 不起作用：把这个路由单独写成一个资源，用 `is: 资源名` 共用字段目录，这一行写在它的 `envelope` 里"
            )
        }
    }
}

/// What may leave outside the records.
pub(super) fn envelope(
    node: &Node,
    names: &Names,
    groups: &[Group],
    any_case: bool,
    findings: &mut Findings,
) -> Vec<EnvelopeEntry> {
    let Some(entries) = findings.keep(node.as_map(say!("`envelope`"))) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for (key, value) in entries.iter() {
        let Some(path) = findings.keep(scalars::path(&key.text, &key.span)) else {
            continue;
        };
        let class = match value.scalar() {
            Some("show") => None,
            _ => match findings.keep(envelope_class(value, names)) {
                Some(class) => Some(class),
                None => continue,
            },
        };
        let met = groups
            .iter()
            .flat_map(|group| &group.routes)
            .find(|route| meets_record(&path, &route.at, any_case));
        if let Some(route) = met {
            let message = say!(
                "{} could meet a record of {}",
                "{} 可能碰到 {} 的记录",
                quoted(&key.text),
                quoted(&route.text)
            );
            let help = match beside(&path, &route.at) {
                // In an object in the list's place, any member would be a record.
                Some(list) => say!(
                    "{list} is where the records are, so what lies in it is one of them; if it is an object with the list in a member, write that into `at`: `{list}.items[*]`",
                    "{list} 是放记录的地方，里面的都算记录；如果它是对象、列表在它的某个成员里，就把那个成员写进 `at`，例如 `{list}.items[*]`"
                ),
                None => instead(&path, groups, any_case),
            };
            findings.add(
                Diagnostic::error(code::FG2023, message)
                    .at(&key.span)
                    .help(help),
            );
        }
        let entry = EnvelopeEntry {
            text: without_root(&key.text).to_owned(),
            place: Place::of(&key.span),
            path,
            class,
        };
        found.push((entry, key.span.clone()));
    }
    found.sort_by(|(a, _), (b, _)| a.text.cmp(&b.text));
    let differ = |a: &EnvelopeEntry, b: &EnvelopeEntry| a.class != b.class;
    conflicts(&found, |entry| &entry.path, any_case, differ, findings);
    found.into_iter().map(|(entry, _)| entry).collect()
}

/// The list whose elements are records, where a path names a member in that list's place.
fn beside(path: &Path, at: &Path) -> Option<String> {
    let (last, list) = at.segments.split_last()?;
    let names = |segments: &[Segment]| -> Option<Vec<String>> {
        let name = |segment: &Segment| match (&segment.selectors[..], segment.descend) {
            ([Selector::Name(name)], false) => Some(name.clone()),
            _ => None,
        };
        segments.iter().map(name).collect()
    };
    let list = names(list).filter(|_| last.selectors == [Selector::Wildcard])?;
    let beside = names(&path.segments)?;
    let is_there = beside.len() > list.len() && beside.starts_with(&list);
    (is_there && !list.is_empty()).then(|| format!("$.{}", list.join(".")))
}

fn envelope_class(node: &Node, names: &Names) -> Result<crate::policy::rules::ClassId, Diagnostic> {
    match node.kind {
        Kind::Scalar { .. } => names.class(node),
        _ => Err(Diagnostic::error(
            code::FG1020,
            say!(
                "an envelope entry is a class or `show`",
                "`envelope` 的条目只能是类别或 `show`"
            ),
        )
        .at(&node.span)),
    }
}

/// Reports each pair of entries that name the same path, or tie at a node and differ.
fn conflicts<T>(
    entries: &[(T, Span)],
    path: impl Fn(&T) -> &Path,
    any_case: bool,
    differ: impl Fn(&T, &T) -> bool,
    findings: &mut Findings,
) {
    let mut rest = entries;
    let mut reported = 0;
    while let Some(((first, first_span), others)) = rest.split_first() {
        rest = others;
        for (second, second_span) in others {
            let diagnostic = if path(first) == path(second) {
                Diagnostic::error(
                    code::FG2020,
                    say!("the same path is listed twice", "同一路径写了两次"),
                )
                .help(say!("keep one of them", "只留一个"))
            } else if differ(first, second) && tie(path(first), path(second), any_case) {
                let message = say!(
                    "two entries can meet the same node and neither spells out more",
                    "两个条目可能碰到同一个值，而谁也不比谁写得更具体"
                );
                let help = say!(
                    "give both the same class and mask, or spell out more in one of them",
                    "给两者相同的类别和脱敏方式，或者把其中一个写得更具体"
                );
                Diagnostic::error(code::FG2021, message).help(help)
            } else {
                continue;
            };
            reported += 1;
            if reported > MOST_CONFLICTS {
                return;
            }
            findings.add(
                diagnostic
                    .labelled(second_span, say!("this one", "这一处"))
                    .labelled(first_span, say!("and this one", "还有这一处")),
            );
        }
    }
}

/// The path as people write it: `$.name` is `name`.
pub(super) fn without_root(text: &str) -> &str {
    match text.strip_prefix('$') {
        Some(rest) if rest.starts_with("..") => rest,
        Some(rest) => rest.strip_prefix('.').unwrap_or(text),
        None => text,
    }
}
