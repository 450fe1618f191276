//! A proposal as a file of rules.
//!
//! Refuses to write a character that cannot be seen, and what the sample says: names of members and of routes are all
//! that comes from it.

use super::catalogue::{Catalogue, Why, written};
use super::detect::{Class, First};
use super::fixture;
use super::propose::{Group, Mapped, Proposed, in_route};
use super::shape::Step;
use crate::policy::diagnostic::{Lang, Text, quoted, say};

/// Names in one list of what is left out.
const MOST_NAMED: usize = 60;
/// The file editors take the schema from.
pub(super) const SCHEMA_FILE: &str = ".fieldgate-schema.json";

pub(super) struct Writer<'a> {
    pub lang: Lang,
    pub source: &'a str,
    pub resources: &'a [Proposed],
    pub notes: &'a [Text],
}

impl Writer<'_> {
    pub(super) fn comment(&self, indent: usize, text: &Text) -> String {
        let indent = " ".repeat(indent);
        let lines = text.get(self.lang).lines();
        lines.map(|line| format!("{indent}# {line}\n")).collect()
    }

    pub(super) fn rules(&self) -> String {
        let mut text = format!("# yaml-language-server: $schema={SCHEMA_FILE}\n");
        let from = quoted(self.source);
        text += &self.comment(0, &say!(
            "A first draft, made of {from} by `fieldgate init`. Nothing here is decided: read every line, then change it.\nA field that is not listed never leaves. To open one: list it under `fields` with its class, then give its class a cell under `read`.",
            "由 `fieldgate init` 根据 {from} 起草。这只是草案：逐行看过、改过再用。\n没登记的字段一律不出网关。要开放一个字段：先在 `fields` 里登记类别，再在 `read` 里给这个类别一格。"
        ));
        for note in self.notes {
            text += &self.comment(0, note);
        }
        text += "fieldgate: 1\n\n";
        text += &self.classes();
        text += "\nresources:\n";
        let resources: Vec<String> = self
            .resources
            .iter()
            .map(|one| self.resource(one))
            .collect();
        text += &resources.join("\n");
        text += "\nroles:\n";
        text += &self.comment(2, &say!(
            "Who calls: an issuer of `fieldgate.yaml`, and the claim that says what somebody is there.",
            "谁在调用：`fieldgate.yaml` 里的签发者，以及令牌里说明身份的声明。"
        ));
        text += "  reader: { jwt: staff-idp, claim: roles, has: reader }\n\nread:\n";
        text += &self.comment(2, &say!(
            "Closed, but for what says nothing of a person. A class that is not named is removed.",
            "默认收紧，只放开与个人无关的。没写的类别就是删除。"
        ));
        for resource in self.resources {
            text += &self.rows(resource);
        }
        text
    }

    fn used(&self) -> Vec<Class> {
        let fields = self.resources.iter().flat_map(|one| &one.catalogue.fields);
        let classes: Vec<Class> = fields
            .filter_map(|field| field.kind.class())
            .map(|(class, _)| class)
            .collect();
        let all = Class::ALL.into_iter();
        all.filter(|class| classes.contains(class)).collect()
    }

    fn classes(&self) -> String {
        let mut text = String::from("classes:\n");
        for class in self.used() {
            let (name, level, zh, sensitive) = class.words();
            let sensitive = if sensitive { ", sensitive: true" } else { "" };
            text += &format!("  {name}: {{ level: {level}, zh: {zh}{sensitive} }}\n");
        }
        text
    }

    fn resource(&self, one: &Proposed) -> String {
        let mut text = format!("  {}:\n", one.name);
        if let Some(zh) = &one.zh {
            text += &format!("    zh: {}\n", scalar(zh));
        }
        let guessed = one.groups.iter().flat_map(|group| &group.routes);
        if guessed.into_iter().any(|placed| placed.route.guessed) {
            text += &self.comment(
                4,
                &say!(
                    "Nothing says by which path it is asked for: write the real one.",
                    "看不出接口路径：请改成实际的路径。"
                ),
            );
        }
        text += "    at:\n";
        for group in &one.groups {
            let indent = match group.name {
                None => 6,
                Some(name) => {
                    text += &format!("      {name}:\n");
                    8
                }
            };
            for placed in &group.routes {
                let indent = " ".repeat(indent);
                let at = from_root(&placed.at);
                text += &format!("{indent}GET {}: {at}\n", in_route(&placed.route));
            }
        }
        if let Some((field, path)) = &one.person {
            let simple = field.chars().all(|c| c.is_alphanumeric() || c == '_');
            let field = match simple {
                true => scalar(field),
                false => fixture::quoted(field),
            };
            text += &format!("    person: {{ field: {field}, path: {path} }}\n");
        }
        text += "    fields:\n";
        for field in &one.catalogue.fields {
            let Some((class, mask)) = field.kind.class() else {
                continue;
            };
            let key = scalar(&written(&field.path));
            let class = class.name();
            let entry = match mask {
                None => class.to_owned(),
                Some(mask) => format!("{{ class: {class}, mask: {mask} }}"),
            };
            let why = match field.by_value {
                true => format!("  # {}", field.kind.looks().get(self.lang)),
                false => String::new(),
            };
            text += &format!("      {key}: {entry}{why}\n");
        }
        text += &self.left_out(&one.catalogue);
        text += &self.envelope(one);
        text += &self.parameters(one);
        text
    }

    fn left_out(&self, catalogue: &Catalogue) -> String {
        let mut text = String::new();
        let named = |why: Why| {
            let left = catalogue.left.iter().filter(move |(_, is)| *is == why);
            left.map(|(path, _)| written(path)).collect::<Vec<_>>()
        };
        let unknown = named(Why::Unknown);
        if !unknown.is_empty() {
            text += &self.comment(
                6,
                &say!(
                    "Not recognised, so left out: these never leave until they are listed above.",
                    "没认出来，所以没有登记：登记之前不会流出。"
                ),
            );
            text += &self.names(6, &unknown);
        }
        let secret = named(Why::Secret);
        if !secret.is_empty() {
            text += &self.comment(
                6,
                &say!(
                    "Passwords, keys and the like, which nobody should list:",
                    "密码、密钥一类，不应登记："
                ),
            );
            text += &self.names(6, &secret);
        }
        let data = named(Why::Data);
        if !data.is_empty() {
            text += &self.comment(6, &say!(
                "Here the names of members look like data, so they are not written down; see `names` in docs/rules.md:",
                "这里的成员名像是数据本身，所以不写出来；写法见 docs/rules.md 的 `names`："
            ));
            text += &self.names(6, &data);
        }
        text
    }

    fn names(&self, indent: usize, names: &[String]) -> String {
        let blanks = " ".repeat(indent);
        let mut text: String = names
            .iter()
            .take(MOST_NAMED)
            .map(|name| format!("{blanks}#   {}\n", visible(name)))
            .collect();
        let more = names.len().saturating_sub(MOST_NAMED);
        if more > 0 {
            text += &self.comment(indent, &say!("  and {more} more", "  另有 {more} 个"));
        }
        text
    }

    fn envelope(&self, one: &Proposed) -> String {
        let mut shown: Vec<String> = Vec::new();
        let mut hidden: Vec<String> = Vec::new();
        for placed in one.groups.iter().flat_map(|group| &group.routes) {
            let mut path = Vec::new();
            for step in &placed.at {
                let Some(here) = placed.route.body.at(&path) else {
                    break;
                };
                for (name, below) in &here.members {
                    let is_way = matches!(step, Step::Name(way) if way == name);
                    if is_way || super::detect::is_data(name) {
                        continue;
                    }
                    path.push(Step::Name(name.clone()));
                    let entry = from_root(&path);
                    path.pop();
                    let list = match super::locate::is_envelope(name, below) {
                        true => &mut shown,
                        false => &mut hidden,
                    };
                    if !list.contains(&entry) {
                        list.push(entry);
                    }
                }
                path.push(step.clone());
            }
        }
        let mut text = String::new();
        if !shown.is_empty() {
            text += "    envelope:\n";
            for entry in &shown {
                text += &format!("      {}: show\n", scalar(entry));
            }
        }
        if !hidden.is_empty() {
            text += &self.comment(
                4,
                &say!(
                    "Outside the records and not recognised, so left out:",
                    "记录以外没认出来的，没有登记："
                ),
            );
            text += &self.names(4, &hidden);
        }
        text
    }

    fn parameters(&self, one: &Proposed) -> String {
        let mut lines = String::new();
        for (name, mapped) in &one.parameters {
            let rule = match mapped {
                Mapped::Free => {
                    let doubt = say!(
                        "no field was recognised as it: if one holds it, write that field",
                        "没认出它对应哪个字段：有对应字段的，改写成那个字段"
                    );
                    format!("free  # {}", doubt.get(self.lang))
                }
                Mapped::Field(path, _) => scalar(&written(path)),
            };
            lines += &format!("      path.{name}: {rule}\n");
        }
        let (known, unknown): (Vec<_>, Vec<_>) =
            one.query.iter().partition(|query| query.rule.is_some());
        for query in known {
            let rule = query.rule.as_deref().unwrap_or_default();
            lines += &format!("      {}: {rule}\n", scalar(&query.name));
        }
        let mut text = match lines.is_empty() {
            true => String::new(),
            false => format!("    params:\n{lines}"),
        };
        if !unknown.is_empty() {
            text += &self.comment(4, &say!(
                "Query parameters that were not recognised: a request with one of them is refused until it is mapped under `params`.",
                "没认出来的查询参数：在 `params` 里登记之前，带这些参数的请求会被拒绝。"
            ));
            let names: Vec<String> = unknown.iter().map(|query| query.name.clone()).collect();
            text += &self.names(4, &names);
        }
        text
    }

    fn rows(&self, one: &Proposed) -> String {
        let mut text = String::new();
        let mut cells = Vec::new();
        let mut closed = Vec::new();
        let used = |class: Class| {
            let mut fields = one.catalogue.fields.iter();
            fields.any(|field| field.kind.class().is_some_and(|(is, _)| is == class))
        };
        for class in Class::ALL.into_iter().filter(|class| used(*class)) {
            match class.first() {
                First::Show => cells.push(format!("{}: show", class.name())),
                First::Mask => cells.push(format!("{}: mask", class.name())),
                First::Strip => closed.push(class.name()),
            }
        }
        for group in &one.groups {
            text += &format!("  {}:\n", group_name(one, group));
            if !closed.is_empty() {
                let closed = closed.join(", ");
                text += &self.comment(
                    4,
                    &say!(
                        "not named, so removed: {closed}",
                        "没写，所以删除：{closed}"
                    ),
                );
            }
            let row = match cells.is_empty() {
                true => String::from("{}"),
                false => format!("{{ {} }}", cells.join(", ")),
            };
            text += &format!("    reader: {row}\n");
        }
        text
    }
}

fn group_name(one: &Proposed, group: &Group) -> String {
    match group.name {
        None => one.name.clone(),
        Some(name) => format!("{}/{name}", one.name),
    }
}

fn from_root(path: &[Step]) -> String {
    let text = written(path);
    match text.starts_with('$') {
        true => text,
        false => format!("$.{text}"),
    }
}

/// A text as YAML, quoted where it could be read as something else.
pub(super) fn scalar(text: &str) -> String {
    const WORDS: [&str; 10] = [
        "true", "false", "yes", "no", "on", "off", "y", "n", "null", "~",
    ];
    let first = text.chars().next().unwrap_or(' ');
    let safe = |c: char| c.is_alphanumeric() || " _-./$[]*'(){}，。".contains(c);
    let plain = (first.is_alphabetic() || first == '$' || first == '_')
        && !text.ends_with(' ')
        && text.chars().all(safe)
        && !WORDS.contains(&text.to_lowercase().as_str());
    match plain {
        true => text.to_owned(),
        false => fixture::quoted(text),
    }
}

/// Without characters that cannot be seen.
fn visible(text: &str) -> String {
    let mut shown = String::new();
    for character in text.chars() {
        match crate::policy::source::is_unreadable(character) || character == '\n' {
            true => shown.extend(character.escape_unicode()),
            false => shown.push(character),
        }
    }
    shown
}
