//! A directory, or texts in memory, to a validated rule set.
//!
//! Refuses links that lead outside the directory, more files or bytes than anybody writes by hand,
//! `.yml` and stray `.json` files, and then whatever reading and meaning refuse.

mod fingerprint;
mod last_good;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::HEXLOWER;

use super::ast::Document;
use super::diagnostic::{Diagnostic, Text, code, in_order, quoted, say};
use super::rules::{RuleSet, TestCaller};
use super::source::{self, MAX_FILE_BYTES, SourceFile};
use super::validate;

pub use fingerprint::{Fingerprint, Unread, load_settled};
pub use last_good::{LastGoodError, keep, last_good};

/// Files below a rules directory, fixtures included.
const MAX_FILES: usize = 2_000;
/// Bytes of all rule files together.
const MAX_RULE_BYTES: usize = 16 << 20;
/// Bytes of one fixture.
const MAX_FIXTURE_BYTES: u64 = 16 << 20;
/// Directories below each other.
const MAX_DIRECTORY_DEPTH: usize = 16;
/// Where `.json` files are at home.
const FIXTURES: &str = "fixtures";

/// A rule set that may be used.
#[derive(Debug)]
pub struct Loaded {
    /// The rules.
    pub rules: RuleSet,
    /// Lints.
    pub warnings: Vec<Diagnostic>,
    /// The rule files the digest covers, in the order of their names.
    pub sources: Vec<RuleFile>,
}

/// One rule file.
#[derive(Clone, Debug)]
pub struct RuleFile {
    /// Relative to the rules directory, with `/`.
    pub name: String,
    /// Its text; the name in it is the one diagnostics show.
    pub source: Arc<SourceFile>,
}

/// Loads all rule files below a directory.
///
/// # Errors
///
/// All mistakes, reading before meaning.
pub fn load(dir: &Path) -> Result<Loaded, Vec<Diagnostic>> {
    in_order_of_files(load_directory(dir))
}

fn load_directory(dir: &Path) -> Result<Loaded, Vec<Diagnostic>> {
    let files = Listing::of(dir).map_err(|mistake| vec![mistake])?;
    let sources = read_all(dir, &files)?;
    finish(sources, &Fixtures::Directory(files.fixtures), &files.stray)
}

/// The rule files below a directory as text, with the places they are really at, for those who write them.
///
/// # Errors
///
/// What keeps them from being read; what they say is not judged.
pub fn rule_files(dir: &Path) -> Result<Vec<(PathBuf, Arc<SourceFile>)>, Vec<Diagnostic>> {
    let files = Listing::of(dir).map_err(|mistake| vec![mistake])?;
    let sources = read_all(dir, &files)?.into_iter();
    let paths = files.rules.into_values();
    Ok(paths.zip(sources.map(|file| file.source)).collect())
}

/// Every rule file of a listing, in its order.
fn read_all(dir: &Path, files: &Listing) -> Result<Vec<RuleFile>, Vec<Diagnostic>> {
    let mut mistakes = files.mistakes.clone();
    let mut sources = Vec::new();
    let mut total = 0;
    for (name, path) in &files.rules {
        let shown = dir.join(name).display().to_string();
        match read_rule_file(&shown, path) {
            Ok(source) => {
                let source = source.called(name);
                total += source.text.len();
                sources.push(RuleFile {
                    name: name.clone(),
                    source,
                });
            }
            Err(mistake) => mistakes.push(mistake),
        }
        if total > MAX_RULE_BYTES {
            let message = say!(
                "the rule files below {} are larger than 16 MiB",
                "{} 下的规则文件合计超过 16 MiB",
                shown_dir(dir)
            );
            mistakes.push(Diagnostic::error(code::FG1002, message));
            break;
        }
    }
    if files.rules.is_empty() && mistakes.is_empty() {
        let message = say!(
            "no `.yaml` file below {}",
            "{} 下没有 `.yaml` 文件",
            shown_dir(dir)
        );
        let help = say!(
            "an empty rule set would refuse everything; is this the right directory?",
            "空规则集会拒绝一切请求；目录写对了吗？"
        );
        mistakes.push(Diagnostic::error(code::FG1001, message).help(help));
    }
    match mistakes.is_empty() {
        true => Ok(sources),
        false => Err(mistakes),
    }
}

/// Loads rule files and fixtures from memory: names ending in `.yaml` are rules, all others fixtures.
///
/// # Errors
///
/// All mistakes, reading before meaning.
pub fn load_texts(files: &[(&str, &[u8])]) -> Result<Loaded, Vec<Diagnostic>> {
    in_order_of_files(load_memory(files))
}

fn load_memory(files: &[(&str, &[u8])]) -> Result<Loaded, Vec<Diagnostic>> {
    let mut rules = BTreeMap::new();
    let mut fixtures = BTreeMap::new();
    let mut mistakes = Vec::new();
    for (name, bytes) in files {
        if !name.ends_with(".yaml") {
            fixtures.insert((*name).to_owned(), bytes.to_vec());
            continue;
        }
        match source::decode(name, bytes) {
            Ok(source) => _ = rules.insert((*name).to_owned(), source),
            Err(mistake) => mistakes.push(mistake),
        }
    }
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    let sources = rules
        .into_iter()
        .map(|(name, source)| RuleFile { name, source })
        .collect();
    finish(sources, &Fixtures::Memory(fixtures), &BTreeMap::new())
}

/// Reads who calls, written as the `caller:` of a test, from a text of its own; `name` is what mistakes point at.
///
/// # Errors
///
/// All mistakes.
pub fn load_caller(name: &str, text: &str) -> Result<TestCaller, Vec<Diagnostic>> {
    let file = source::decode(name, text.as_bytes()).map_err(|mistake| vec![mistake])?;
    let node = source::read(&file)?;
    validate::credentials(&node).map_err(|mistake| vec![mistake])
}

/// What is found in the order in which it is mended, whatever was looked at first.
fn in_order_of_files(loaded: Result<Loaded, Vec<Diagnostic>>) -> Result<Loaded, Vec<Diagnostic>> {
    match loaded {
        Ok(loaded) => Ok(Loaded {
            warnings: in_order(loaded.warnings),
            ..loaded
        }),
        Err(mistakes) => Err(in_order(mistakes)),
    }
}

fn finish(
    mut sources: Vec<RuleFile>,
    fixtures: &Fixtures,
    stray: &BTreeMap<String, PathBuf>,
) -> Result<Loaded, Vec<Diagnostic>> {
    let document = Document::read(sources.iter().map(|file| &file.source))?;
    let (tables, unread) = dictionaries(&document, &sources, fixtures);
    let named = |name: &str| document.replies().any(|reply| reply == name);
    let stray = stray.iter().filter(|(name, _)| !named(name));
    let mut mistakes = document.mistakes.clone();
    mistakes.extend(unread);
    mistakes.extend(stray.map(|(name, path)| wrong_ending(name, path)));
    let read = tables.iter().map(|(name, source)| RuleFile {
        name: name.clone(),
        source: Arc::clone(source),
    });
    sources.extend(read);
    sources.sort_by(|a, b| a.name.cmp(&b.name));
    let now = jiff::Timestamp::now().as_second();
    match validate::rule_set(&document, fixtures, &tables, digest_of(&sources), now) {
        Ok((rules, warnings)) if mistakes.is_empty() => Ok(Loaded {
            rules,
            warnings,
            sources,
        }),
        Ok(_) => Err(mistakes),
        Err(more) => {
            mistakes.extend(more);
            Err(mistakes)
        }
    }
}

/// The tables of fields that resources name, by name. They are rules, so the digest covers them.
fn dictionaries(
    document: &Document,
    sources: &[RuleFile],
    fixtures: &Fixtures,
) -> (Dictionaries, Vec<Diagnostic>) {
    // Files are shown as the rule files beside them are.
    let shown = sources.iter().find_map(|file| {
        let dir = file.source.name.strip_suffix(file.name.as_str())?;
        Some(dir.to_owned())
    });
    let shown = shown.unwrap_or_default();
    let mut tables = Dictionaries::new();
    let mut mistakes = Vec::new();
    for node in document.dictionaries() {
        let Some(name) = node.scalar() else { continue };
        if tables.contains_key(name) {
            continue;
        }
        let read = fixtures.read(name).map_err(|why| {
            let message = say!("the table {} cannot be read: {why}", "表格 {} 读不了：{why}", quoted(name); why);
            Diagnostic::error(code::FG2136, message)
                .at(&node.span)
                .suggest(name, fixtures.names())
        });
        let decoded =
            read.and_then(|bytes| source::decode_table(&format!("{shown}{name}"), &bytes));
        match decoded {
            Ok(table) => _ = tables.insert(name.to_owned(), table.called(name)),
            Err(mistake) => mistakes.push(mistake),
        }
    }
    (tables, mistakes)
}

/// `sha256:` over one line for each file, in the form `sha256sum` prints.
fn digest_of(sources: &[RuleFile]) -> String {
    let hash = |bytes: &[u8]| HEXLOWER.encode(digest(&SHA256, bytes).as_ref());
    let lines: String = sources
        .iter()
        .map(|file| format!("{}  {}\n", hash(file.source.text.as_bytes()), file.name))
        .collect();
    format!("sha256:{}", hash(lines.as_bytes()))
}

/// Tables of fields, by their names below the rules directory.
pub(super) type Dictionaries = BTreeMap<String, Arc<SourceFile>>;

/// Where the upstream answers of tests come from.
pub(super) enum Fixtures {
    /// Files below the rules directory: relative name to path.
    Directory(BTreeMap<String, PathBuf>),
    /// Bytes in memory.
    Memory(BTreeMap<String, Vec<u8>>),
}

impl Fixtures {
    /// The bytes of a fixture, or why there are none.
    pub(super) fn read(&self, name: &str) -> Result<Vec<u8>, Text> {
        match self {
            Fixtures::Memory(files) => files.get(name).cloned().ok_or_else(no_such_file),
            Fixtures::Directory(files) => {
                let path = files.get(name).ok_or_else(no_such_file)?;
                let unreadable = |error: std::io::Error| say!("{error}", "{error}");
                let size = fs::metadata(path).map_err(unreadable)?.len();
                if size > MAX_FIXTURE_BYTES {
                    return Err(say!("it is larger than 16 MiB", "它超过 16 MiB"));
                }
                fs::read(path).map_err(unreadable)
            }
        }
    }

    /// All names, for suggestions.
    pub(super) fn names(&self) -> Vec<&str> {
        match self {
            Fixtures::Memory(files) => files.keys().map(String::as_str).collect(),
            Fixtures::Directory(files) => files.keys().map(String::as_str).collect(),
        }
    }
}

fn no_such_file() -> Text {
    say!(
        "there is no such file below the rules directory",
        "规则目录下没有这个文件"
    )
}

fn unreadable(path: &Path, error: &std::io::Error) -> Diagnostic {
    let shown = shown_dir(path);
    let message = say!("cannot read {shown}: {error}", "读不了 {shown}：{error}");
    Diagnostic::error(code::FG1001, message)
}

fn read_rule_file(shown: &str, path: &Path) -> Result<Arc<SourceFile>, Diagnostic> {
    let unreadable = |error: std::io::Error| unreadable(Path::new(shown), &error);
    // Looked at before reading, so that a huge file is not read at all, and a pipe is not waited for.
    let metadata = fs::metadata(path).map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(unreadable(std::io::Error::other("it is no file")));
    }
    let size = metadata.len();
    if size > MAX_FILE_BYTES as u64 + 3 {
        let message = say!("{} is larger than 1 MiB", "{} 超过 1 MiB", quoted(shown));
        return Err(Diagnostic::error(code::FG1002, message)
            .help(say!("split it into several files", "拆成几个文件")));
    }
    source::decode(shown, &fs::read(path).map_err(unreadable)?)
}

fn shown_dir(dir: &Path) -> String {
    quoted(&dir.display().to_string())
}

/// What lies below a rules directory, by name relative to it.
struct Listing {
    root: PathBuf,
    rules: BTreeMap<String, PathBuf>,
    fixtures: BTreeMap<String, PathBuf>,
    stray: BTreeMap<String, PathBuf>,
    mistakes: Vec<Diagnostic>,
    seen: usize,
    visited: BTreeSet<PathBuf>,
}

impl Listing {
    fn of(dir: &Path) -> Result<Listing, Diagnostic> {
        let unreadable = |error| {
            let message = say!(
                "cannot read the rules directory {}: {error}",
                "读不了规则目录 {}：{error}",
                shown_dir(dir)
            );
            Diagnostic::error(code::FG1001, message)
        };
        let root = dir.canonicalize().map_err(unreadable)?;
        if !root.is_dir() {
            let message = say!("{} is not a directory", "{} 不是目录", shown_dir(dir));
            let help = say!(
                "rules are loaded from a directory of `.yaml` files",
                "规则从放 `.yaml` 文件的目录加载"
            );
            return Err(Diagnostic::error(code::FG1001, message).help(help));
        }
        let mut listing = Listing {
            root: root.clone(),
            rules: BTreeMap::new(),
            fixtures: BTreeMap::new(),
            stray: BTreeMap::new(),
            mistakes: Vec::new(),
            seen: 0,
            visited: BTreeSet::new(),
        };
        listing.walk(&root, "", 0)?;
        Ok(listing)
    }

    fn walk(&mut self, dir: &Path, prefix: &str, depth: usize) -> Result<(), Diagnostic> {
        let failed = |error: std::io::Error| {
            Diagnostic::error(
                code::FG1001,
                say!(
                    "cannot read {}: {error}",
                    "读不了 {}：{error}",
                    shown_dir(dir)
                ),
            )
        };
        // A link back up would go round for ever.
        if depth > MAX_DIRECTORY_DEPTH || !self.visited.insert(dir.to_owned()) {
            let message = say!(
                "{} leads in a circle or too deep",
                "{} 绕成了圈，或者目录层数太深",
                shown_dir(dir)
            );
            return Err(Diagnostic::error(code::FG1024, message));
        }
        for entry in fs::read_dir(dir).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let Ok(name) = entry.file_name().into_string() else {
                let message = say!(
                    "a file name below {} is not UTF-8",
                    "{} 下有文件名不是 UTF-8",
                    shown_dir(dir)
                );
                return Err(
                    Diagnostic::error(code::FG1003, message).help(say!("rename it", "改个名字"))
                );
            };
            if name.starts_with('.') {
                continue;
            }
            self.seen += 1;
            if self.seen > MAX_FILES {
                let message = say!(
                    "more than {MAX_FILES} files below the rules directory",
                    "规则目录下的文件超过 {MAX_FILES} 个"
                );
                return Err(Diagnostic::error(code::FG1002, message));
            }
            let relative = format!("{prefix}{name}");
            // Kubernetes mounts files as links through `..data`, which stays below the directory.
            let path = entry.path().canonicalize().map_err(failed)?;
            if !path.starts_with(&self.root) {
                let message = say!(
                    "{} is a link that leads outside the rules directory",
                    "{} 是指向规则目录之外的链接",
                    quoted(&relative)
                );
                let mistake = Diagnostic::error(code::FG1024, message)
                    .help(say!("copy the file here", "把文件复制进来"));
                self.mistakes.push(mistake);
            } else if path.is_dir() {
                self.walk(&path, &format!("{relative}/"), depth + 1)?;
            } else {
                self.sort_in(relative, path);
            }
        }
        Ok(())
    }

    fn sort_in(&mut self, relative: String, path: PathBuf) {
        let ending = relative
            .rsplit_once('.')
            .map(|(_, ending)| ending.to_ascii_lowercase());
        match ending.as_deref() {
            Some("yaml") if relative.ends_with(".yaml") => _ = self.rules.insert(relative, path),
            Some("yaml" | "yml") => self.mistakes.push(wrong_ending(&relative, &path)),
            Some("json") if !relative.split('/').any(|part| part == FIXTURES) => {
                self.stray.insert(relative.clone(), path.clone());
                self.fixtures.insert(relative, path);
            }
            _ => _ = self.fixtures.insert(relative, path),
        }
    }
}

fn wrong_ending(name: &str, path: &Path) -> Diagnostic {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let message = say!(
        "{} would not be read: rule files end in `.yaml`",
        "{} 不会被读取：规则文件要以 `.yaml` 结尾",
        quoted(name)
    );
    let help = match path.extension().is_some_and(|ending| ending == "json") {
        true => say!(
            "rename it to `{stem}.yaml`; the answers tests use belong into a folder `fixtures`",
            "改名为 `{stem}.yaml`；测试用的样例响应放进 `fixtures` 文件夹"
        ),
        false => say!("rename it to `{stem}.yaml`", "改名为 `{stem}.yaml`"),
    };
    Diagnostic::error(code::FG1004, message).help(help)
}

#[cfg(test)]
mod tests;
