//! All rule files as one document: sections whose entries still know where they stand.
//!
//! Refuses unknown and not yet built sections, a missing or other `fieldgate:` version, and the same
//! entry in two files. What entries mean is the business of `validate`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Place;
use super::diagnostic::{Diagnostic, code, quoted, say};
use super::source::{self, Entries, Key, Node, SourceFile, Span};

/// A section of named entries, in the order of their names.
pub(super) type Section = BTreeMap<String, (Key, Node)>;

/// Sections of named entries.
const MAPS: [&str; 12] = [
    "classes",
    "masks",
    "resources",
    "roles",
    "grids",
    "read",
    "create",
    "update",
    "delete",
    "find",
    "conditions",
    "contracts",
];
/// Sections that are lists.
const LISTS: [&str; 3] = ["exceptions", "ceilings", "tests"];
const LATER: [&str; 10] = [
    "open",
    "dictionary",
    "consents",
    "grants",
    "release",
    "never_with",
    "limits",
    "mode",
    "networks",
    "documents",
];

/// One rule set as written.
#[derive(Debug, Default)]
pub(super) struct Document {
    maps: BTreeMap<&'static str, Section>,
    lists: BTreeMap<&'static str, Vec<Node>>,
    tests_at: Option<(Key, Node)>,
    /// What is wrong with the sections themselves, after which the rest can still be judged.
    pub(super) mistakes: Vec<Diagnostic>,
}

impl Document {
    /// Reads and joins all files.
    pub(super) fn read<'a>(
        files: impl Iterator<Item = &'a Arc<SourceFile>>,
    ) -> Result<Document, Vec<Diagnostic>> {
        let mut mistakes = Vec::new();
        let mut roots = Vec::new();
        for file in files {
            match source::read(file) {
                Ok(root) => roots.push(root),
                Err(more) => mistakes.extend(more),
            }
        }
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        let mut document = Document::default();
        let mut versioned = false;
        for root in &roots {
            match root.as_map(say!("a rule file", "规则文件")) {
                Ok(entries) => {
                    versioned |= entries.get("fieldgate").is_some();
                    document.join(entries, &mut mistakes);
                }
                Err(mistake) => mistakes.push(mistake),
            }
        }
        if !versioned && let Some(root) = roots.first() {
            let message = say!(
                "no rule file says which version of the language it is written in",
                "没有一个规则文件写明规则语言的版本"
            );
            let help = say!("begin with `fieldgate: 1`", "开头写上 `fieldgate: 1`");
            mistakes.push(
                Diagnostic::error(code::FG1026, message)
                    .at(&root.span)
                    .help(help),
            );
        }
        // A section that cannot be told would make everything that names its entries a mistake too.
        if mistakes
            .iter()
            .any(|found| [code::FG1020, code::FG1021, code::FG1025].contains(&found.code))
        {
            return Err(mistakes);
        }
        document.mistakes = mistakes;
        Ok(document)
    }

    fn join(&mut self, entries: Entries<'_>, mistakes: &mut Vec<Diagnostic>) {
        let known: Vec<&str> = ["fieldgate", "tests_at"]
            .iter()
            .chain(&MAPS)
            .chain(&LISTS)
            .copied()
            .collect();
        mistakes.extend(entries.check_keys(say!("a rule file", "规则文件"), &known, &LATER));
        if let Some(version) = entries.get("fieldgate") {
            mistakes.extend(version_mistake(version));
        }
        for name in MAPS {
            let Some(node) = entries.get(name) else {
                continue;
            };
            match node.as_map(say!("`{name}`"; same)) {
                Ok(section) => join_section(self.maps.entry(name).or_default(), section, mistakes),
                Err(mistake) => mistakes.push(mistake),
            }
        }
        for name in LISTS {
            let Some(node) = entries.get(name) else {
                continue;
            };
            match node.as_list(say!("`{name}`"; same)) {
                Ok(items) => self.lists.entry(name).or_default().extend_from_slice(items),
                Err(mistake) => mistakes.push(mistake),
            }
        }
        if let Some((key, node)) = entries.entry("tests_at") {
            match &self.tests_at {
                Some((first, _)) => mistakes.push(stands_twice(key, first)),
                None => self.tests_at = Some((key.clone(), node.clone())),
            }
        }
    }

    /// The entries of a section, in the order of their names.
    pub(super) fn section(&self, name: &str) -> impl Iterator<Item = (&Key, &Node)> {
        let section = self.maps.get(name).into_iter().flatten();
        section.map(|(_, (key, node))| (key, node))
    }

    /// The items of a list, files in the order of their names.
    pub(super) fn list(&self, name: &str) -> &[Node] {
        self.lists.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    /// The moment tests run at.
    pub(super) fn tests_at(&self) -> Option<&Node> {
        self.tests_at.as_ref().map(|(_, node)| node)
    }

    /// A part of a line of the rules, or all that is written in it.
    pub(super) fn line(&self, place: &Place, part: &str) -> Option<Span> {
        let of_maps = self.maps.values().flat_map(BTreeMap::values);
        let of_maps = of_maps.map(|(key, _)| &key.span);
        let of_lists = self.lists.values().flatten().map(|node| &node.span);
        let mut spans = of_maps.chain(of_lists);
        let file = &spans.find(|span| span.file.short == place.file)?.file;
        let mut lines = file.text.split_inclusive('\n');
        let before = lines.by_ref().take(place.line.checked_sub(1)?);
        let start: usize = before.map(str::len).sum();
        let line = lines.next()?;
        let written = line.trim();
        let (at, length) = match line.find(part) {
            Some(at) => (at, part.len()),
            None => (line.find(written)?, written.len()),
        };
        Some(Span::new(file, start + at, start + at + length))
    }

    /// What resources name as their dictionaries.
    pub(super) fn dictionaries(&self) -> impl Iterator<Item = &Node> {
        self.section("resources").filter_map(|(_, resource)| {
            let entries = resource.as_map(say!("a resource", "资源")).ok()?;
            entries.get("dictionary")
        })
    }

    /// The fixtures that tests name.
    pub(super) fn replies(&self) -> impl Iterator<Item = &str> {
        self.list("tests").iter().flat_map(|test| {
            let entries = test.as_map(say!("a test", "测试")).ok();
            let named = |key| entries.and_then(|entries| entries.get(key)?.scalar());
            [named("reply"), named("stored")].into_iter().flatten()
        })
    }
}

fn join_section(into: &mut Section, entries: Entries<'_>, mistakes: &mut Vec<Diagnostic>) {
    for (key, node) in entries.iter() {
        match into.get(&key.text) {
            Some((first, _)) => mistakes.push(stands_twice(key, first)),
            None => _ = into.insert(key.text.clone(), (key.clone(), node.clone())),
        }
    }
}

fn stands_twice(key: &Key, first: &Key) -> Diagnostic {
    Diagnostic::error(
        code::FG1027,
        say!(
            "{} stands in two places",
            "{} 写在了两处",
            quoted(&key.text)
        ),
    )
    .labelled(&key.span, say!("again", "又写了一次"))
    .labelled(&first.span, say!("first", "第一处"))
    .help(say!(
        "all files below the directory are one rule set: keep one of them",
        "目录下所有文件合起来是一套规则：只留一处"
    ))
}

fn version_mistake(node: &Node) -> Option<Diagnostic> {
    match node.as_int(say!("`fieldgate`")) {
        Ok(1) => None,
        Ok(other) => Some(
            Diagnostic::error(
                code::FG1026,
                say!(
                    "version {other} of the language is not known",
                    "不认识规则语言版本 {other}"
                ),
            )
            .at(&node.span)
            .help(say!(
                "this version reads `fieldgate: 1`",
                "本版本只认 `fieldgate: 1`"
            )),
        ),
        Err(mistake) => Some(mistake),
    }
}
