//! `files:` of a resource: media types that pass unread, for named roles, until a day.
//!
//! Refuses an entry without an owner, a reason or an end; a type that is none, that is JSON's, or that a browser runs or takes
//! apart; and whoever cannot be given a file: nobody reads it, so what is judged by the record - its person, gates, ceilings,
//! an annex - cannot be judged of it.

use super::scalars::{moment_or_day, reason, sentence};
use super::{Findings, Names, Places};
use crate::policy::Place;
use crate::policy::diagnostic::{Diagnostic, Text, code, quoted, say};
use crate::policy::rules::{
    Bound, Ceiling, Covers, FileRule, GroupId, Resource, ResourceId, RoleId, RuleSet,
};
use crate::policy::source::{Entries, Node, Span};

/// How long before its end an entry is told.
const WARNED: i64 = 30 * 86_400;

/// What runs in a browser, or holds parts of its own.
const ACTIVE: [&str; 14] = [
    "text/html",
    "text/xml",
    "text/css",
    "text/javascript",
    "text/ecmascript",
    "text/event-stream",
    "application/javascript",
    "application/x-javascript",
    "application/ecmascript",
    "application/xml",
    "application/wasm",
    "application/x-shockwave-flash",
    "application/x-ndjson",
    "application/jsonl",
];

/// The entries of a resource, and where each stands.
pub(super) fn of(
    entries: Entries<'_>,
    names: &Names,
    findings: &mut Findings,
) -> (Vec<FileRule>, Vec<Span>) {
    let node = entries.get("files");
    let items = node.map(|node| node.as_list(say!("`files`")));
    let items = items.and_then(|items| findings.keep(items));
    items
        .unwrap_or_default()
        .iter()
        .filter_map(|node| Some((file(node, names, findings)?, node.span.clone())))
        .unzip()
}

fn file(node: &Node, names: &Names, findings: &mut Findings) -> Option<FileRule> {
    let what = || say!("an entry of `files`", "`files` 的一项");
    let entries = findings.keep(node.as_map(what()))?;
    let keys = ["media", "roles", "owner", "reason", "until"];
    findings.extend(entries.check_keys(what(), &keys, &[]));
    let mut list = |key: &str| {
        let node = findings.keep(entries.require(key, what(), &node.span))?;
        let items = findings.keep(node.as_list(say!("`{key}`"; same)))?;
        if items.is_empty() {
            let message = say!("`{key}` names nothing", "`{key}` 是空的");
            findings.add(Diagnostic::error(code::FG2205, message).at(&node.span));
            return None;
        }
        Some(items)
    };
    let (media, roles) = (list("media"), list("roles"));
    let media = media.map(|items| all(items, media_type, findings));
    let roles = roles.map(|items| {
        let role = |node: &Node| names.role_named(node.as_str(say!("a role", "角色"))?, &node.span);
        all(items, role, findings)
    });
    let owner = findings.keep(entries.require("owner", what(), &node.span));
    let owner = owner.and_then(|node| findings.keep(sentence(node, say!("`owner`"))));
    let reason = findings.keep(reason(entries, what(), &node.span));
    let until = findings.keep(entries.require("until", what(), &node.span));
    let until = until.and_then(|node| findings.keep(moment_or_day(node, say!("`until`"))));
    Some(FileRule {
        place: Place::of(&node.span),
        media: media??,
        roles: roles??,
        owner: owner?,
        reason: reason?,
        until: until?,
    })
}

/// All of a list, each once; `None` where one is wrong.
fn all<T: PartialEq>(
    items: &[Node],
    read: impl Fn(&Node) -> Result<T, Diagnostic>,
    findings: &mut Findings,
) -> Option<Vec<T>> {
    let mut found: Vec<T> = Vec::new();
    let mut complete = true;
    for item in items {
        match findings.keep(read(item)) {
            None => complete = false,
            Some(again) if found.contains(&again) => {
                let message = say!("it is listed twice", "写了两次");
                findings.add(Diagnostic::error(code::FG2205, message).at(&item.span));
                complete = false;
            }
            Some(one) => found.push(one),
        }
    }
    complete.then_some(found)
}

fn media_type(node: &Node) -> Result<String, Diagnostic> {
    let text = node.as_str(say!("`media`"))?;
    let part =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.+_".contains(&byte);
    let is_name = |name: &str| !name.is_empty() && name.bytes().all(part);
    let parts = text.split_once('/');
    let why = match parts.filter(|(kind, subtype)| is_name(kind) && is_name(subtype)) {
        None => say!(
            "one type is written as `application/pdf`, in small letters, without parameters and without `*`",
            "一种类型写成 `application/pdf` 这样，小写，不带参数，不用 `*`"
        ),
        Some((_, subtype)) if is_json(subtype) => say!(
            "it is JSON, which is governed field by field",
            "它是 JSON，要逐字段治理"
        ),
        Some((kind, subtype)) if is_active(text, kind, subtype) => say!(
            "a browser would run it or take it apart",
            "浏览器会执行它，或者把它拆开"
        ),
        Some(_) => return Ok(text.to_owned()),
    };
    let message =
        say!("{} does not pass unread: {why}", "{} 不能原样放行：{why}", quoted(text); why);
    Err(Diagnostic::error(code::FG2205, message).at(&node.span))
}

fn is_json(subtype: &str) -> bool {
    let words = ["json", "jsonl", "ndjson", "x-ndjson", "json-seq"];
    let suffix = subtype.rsplit('+').next().unwrap_or_default();
    words.contains(&suffix) || subtype.contains("json")
}

fn is_active(text: &str, kind: &str, subtype: &str) -> bool {
    ACTIVE.contains(&text)
        || matches!(kind, "multipart" | "message")
        || subtype.contains("xml")
        || subtype.contains("html")
        || subtype.contains("script")
}

/// What cannot be judged of a file, now that all is known that judges records.
pub(super) fn check(rules: &RuleSet, places: &Places, findings: &mut Findings) {
    for (id, (resource, places)) in rules.resources.iter().zip(&places.resources).enumerate() {
        for (file, span) in resource.files.iter().zip(&places.files) {
            let at = Scene {
                rules,
                id: ResourceId(id),
                resource,
            };
            if at.groups().next().is_none() {
                let message = say!(
                    "{} has no route that could answer with a file",
                    "{} 没有能返回文件的路由",
                    quoted(&resource.name)
                );
                let help = say!(
                    "only a GET that reads one JSON document otherwise may",
                    "只有平时返回单个 JSON 文档的 GET 路由才行"
                );
                let mistake = Diagnostic::error(code::FG2207, message);
                findings.add(mistake.at(span).help(help));
                continue;
            }
            for role in &file.roles {
                if let Some(why) = at.cannot_give(*role) {
                    let name = rules.roles.get(role.0).map_or("", |role| &role.name);
                    let message = say!(
                        "{} cannot be given files of {}: {why}",
                        "{} 不能拿 {} 的文件：{why}",
                        quoted(name),
                        quoted(&resource.name);
                        why
                    );
                    let mistake = Diagnostic::error(code::FG2206, message);
                    findings.add(mistake.at(span).help(code::FG2206.cure()));
                }
            }
        }
    }
}

struct Scene<'a> {
    rules: &'a RuleSet,
    id: ResourceId,
    resource: &'a Resource,
}

impl Scene<'_> {
    /// The groups with routes that may answer with a file.
    fn groups(&self) -> impl Iterator<Item = GroupId> {
        let groups = self.resource.groups.iter().enumerate();
        groups
            .filter(|(_, group)| group.routes.iter().any(|route| route.takes_files()))
            .map(|(id, _)| GroupId(id))
    }

    fn cannot_give(&self, role: RoleId) -> Option<Text> {
        let held = self.rules.roles.get(role.0)?;
        if held.contract {
            return Some(say!("no contract names files", "合同里没有写文件这一项"));
        }
        if held.same_as_person() {
            return Some(say!(
                "it sees one person's records only, and nobody reads whose a file is",
                "它只能看主体本人的记录，而文件是谁的没有人读"
            ));
        }
        let rows = || {
            self.groups()
                .filter_map(|group| self.rules.rows.get(&(self.id, group, role)))
        };
        if rows().next().is_none() {
            return Some(say!(
                "it has no row where files come",
                "在能返回文件的路由上它没有行"
            ));
        }
        if rows().any(|row| !row.only.is_empty()) {
            return Some(say!(
                "its row stands behind a gate, which asks what a record holds",
                "它的行带有门槛，要看记录内容"
            ));
        }
        let binding = self.rules.ceilings.iter().find(|one| self.binds(one));
        binding.map(|ceiling| {
            let place = &ceiling.place;
            say!(
                "the ceiling at {place} covers what a file may hold",
                "{place} 的上限涵盖文件里可能有的内容"
            )
        })
    }

    /// Whether a ceiling covers some of the resource and may bind who is given a file; of those who hold several roles, too.
    fn binds(&self, ceiling: &Ceiling) -> bool {
        let covers = |of: &dyn Fn(crate::policy::ClassId) -> bool| {
            let fields = self.resource.fields.iter();
            let fields = fields.flat_map(|field| field.class.into_iter().chain(field.names));
            let envelope = self.resource.envelope.iter().filter_map(|one| one.class);
            fields.chain(envelope).any(of)
        };
        let covered = match &ceiling.covers {
            Covers::Fields(resource, _) | Covers::Container(resource, ..) => *resource == self.id,
            Covers::Class(class) => covers(&|one| one == *class),
            Covers::Level(level) => covers(&|one| {
                let class = self.rules.classes.get(one.0);
                class.is_some_and(|class| class.level >= *level)
            }),
        };
        let is_contract = |role: &RoleId| {
            let role = self.rules.roles.get(role.0);
            role.is_some_and(|role| role.contract)
        };
        covered
            && match &ceiling.to {
                Bound::Everyone => true,
                Bound::Contracts => false,
                Bound::Roles(roles) => !roles.iter().all(is_contract),
            }
    }
}

/// What has ended, or soon will.
pub(super) fn lints(rules: &RuleSet, places: &Places, now: i64) -> Vec<Diagnostic> {
    let resources = rules.resources.iter().zip(&places.resources);
    let files = resources.flat_map(|(resource, places)| resource.files.iter().zip(&places.files));
    files
        .filter(|(file, _)| now > file.until.saturating_sub(WARNED))
        .map(|(file, span)| {
            let until = said(file.until);
            let message = match now > file.until {
                true => say!(
                    "these files have not passed since {until}",
                    "这些文件自 {until} 起不再放行"
                ),
                false => say!(
                    "these files pass until {until} only",
                    "这些文件只放行到 {until}"
                ),
            };
            let help = say!(
                "ask the owner whether they are still needed: a later `until`, or remove the entry",
                "问负责人是否还需要：延长 `until`，或者删掉这一项"
            );
            Diagnostic::warning(code::FG2208, message)
                .at(span)
                .help(help)
        })
        .collect()
}

/// A moment, for people.
fn said(second: i64) -> String {
    jiff::Timestamp::from_second(second).map_or_else(|_| second.to_string(), |at| at.to_string())
}
