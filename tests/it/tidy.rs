//! The shape of the source, enforced: who may import whom, how long a file may be, what must be documented.
//!
//! The table below is the truth behind the one in `ARCHITECTURE.md`; changing it is a reviewed line.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use fieldgate::model::Reason;

/// A room and what its code (tests apart) may import: a room, or one module or item of a room.
const ROOMS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("json", &[]),
    ("telemetry", &[]),
    ("path", &["json"]),
    ("mask", &["model"]),
    ("policy", &["model", "json", "path", "mask"]),
    (
        "config",
        &[
            "model",
            "policy::source",
            "policy::diagnostic",
            "policy::condition",
        ],
    ),
    ("identity", &["model", "config"]),
    ("audit", &["model"]),
    ("author", &["model", "path", "mask", "policy"]),
    ("block", &["model"]),
    ("route", &["model", "json", "path", "policy"]),
    ("decide", &["model", "json", "policy", "route"]),
    ("transform", &["model", "json", "mask", "policy"]),
    ("upstream", &["model", "config", "decide::Permit"]),
    ("server", &["model", "config", "identity"]),
    (
        "pipeline",
        &[
            "model",
            "telemetry",
            "config",
            "identity",
            "audit",
            "block",
            "mask",
            "policy",
            "route",
            "decide",
            "transform",
            "upstream",
            "server",
        ],
    ),
    ("admin", &[]),
    ("demo", &["model", "config", "audit"]),
    (
        "cli",
        &[
            "model",
            "json",
            "telemetry",
            "path",
            "mask",
            "config",
            "identity",
            "audit",
            "block",
            "policy",
            "author",
            "decide",
            "upstream",
            "pipeline",
            "admin",
            "server",
            "demo",
        ],
    ),
];

const LONGEST_FILE: usize = 500;
const NAMES_THAT_SAY_NOTHING: &[&str] = &[
    "util", "utils", "common", "helper", "helpers", "misc", "types",
];

/// One source file of the library or the binary.
struct Source {
    /// Relative to the package, with `/`.
    path: String,
    text: String,
}

impl Source {
    /// The folder below `src`, or the file's own name there.
    fn room(&self) -> &str {
        let inside = self.path.strip_prefix("src/").expect("a source file");
        let first = inside.split('/').next().expect("a first segment");
        first.strip_suffix(".rs").unwrap_or(first)
    }

    /// The file without its unit tests.
    fn code(&self) -> &str {
        let is_test_file = self.path.ends_with("/tests.rs") || self.path.contains("/tests/");
        if is_test_file {
            return "";
        }
        let tests = self.text.find("#[cfg(test)]\nmod tests {");
        &self.text[..tests.unwrap_or(self.text.len())]
    }

    /// What stands behind `//!` at its top.
    fn contract(&self) -> String {
        let lines = self.text.lines().map_while(|line| line.strip_prefix("//!"));
        lines.collect::<Vec<_>>().join("\n")
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources() -> Vec<Source> {
    let mut found = Vec::new();
    let mut folders = vec![root().join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(source(&path));
            }
        }
    }
    assert!(found.len() > 20, "the sources were found");
    found
}

fn source(path: &PathBuf) -> Source {
    let inside = path.strip_prefix(root()).unwrap();
    Source {
        path: inside.to_str().unwrap().replace('\\', "/"),
        text: fs::read_to_string(path).unwrap(),
    }
}

fn document(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("`{name}`: {error}"))
}

/// The first two names of every path behind `crate::` in the code, comments apart, groups written out.
fn imports(code: &str) -> BTreeSet<String> {
    let lines = code
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    let code = lines.collect::<Vec<_>>().join("\n");
    let is_name = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    code.match_indices("crate::")
        .filter(|(at, _)| !code[..*at].ends_with(is_name))
        .flat_map(|(at, marker)| paths(&code[at + marker.len()..]))
        .collect()
}

/// Writes out `a::{b, c::{d, e}}`, as far as the path or its group goes, and cuts each path to two names.
fn paths(text: &str) -> Vec<String> {
    let (mut found, mut groups, mut path) = (Vec::new(), Vec::new(), String::new());
    for c in text.chars() {
        match c {
            '{' => groups.push(path.clone()),
            '}' | ',' if !groups.is_empty() => {
                found.push(std::mem::take(&mut path));
                match c {
                    '}' => drop(groups.pop()),
                    _ => path = groups.last().cloned().unwrap_or_default(),
                }
                if groups.is_empty() {
                    break;
                }
            }
            c if c.is_alphanumeric() || c == '_' || c == ':' => path.push(c),
            c if c.is_whitespace() && !groups.is_empty() => {}
            _ => break,
        }
    }
    found.push(path);
    found.retain(|path| !path.is_empty() && !path.ends_with("::"));
    let two = |path: String| path.split("::").take(2).collect::<Vec<_>>().join("::");
    found.into_iter().map(two).collect()
}

fn is_allowed(import: &str, allowed: &[&str]) -> bool {
    let room = import.split("::").next().expect("a first segment");
    allowed
        .iter()
        .any(|entry| *entry == room || *entry == import)
}

#[test]
fn imports_are_read_from_single_paths_and_from_groups() {
    let code = "use crate::model::Reason;\nuse crate::{json, decide::{Permit, Denial}, policy::plan::Plan};\n\
                // crate::ignored\nfn f(x: crate::path::Path<'_>) {}\nmacro_rules! m { () => { $crate::no::x } }";
    let expected = [
        "decide::Denial",
        "decide::Permit",
        "json",
        "model::Reason",
        "path::Path",
        "policy::plan",
    ];
    assert_eq!(imports(code).into_iter().collect::<Vec<_>>(), expected);
    assert!(is_allowed("decide::Permit", &["decide::Permit"]));
    assert!(!is_allowed("decide::Denial", &["decide::Permit"]));
}

#[test]
fn every_room_stands_in_the_table_and_nothing_else() {
    let rooms: BTreeSet<&str> = ROOMS.iter().map(|(room, _)| *room).collect();
    let library = document("src/lib.rs");
    let declared: BTreeSet<&str> = library
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'))
        .collect();
    assert_eq!(rooms, declared);
}

#[test]
fn a_room_imports_only_what_the_table_says() {
    let mut wrong = Vec::new();
    for source in sources() {
        let room = source.room();
        let Some((_, allowed)) = ROOMS.iter().find(|(name, _)| *name == room) else {
            assert!(
                ["lib", "main"].contains(&room),
                "`{}` is in no room",
                source.path
            );
            continue;
        };
        for import in imports(source.code()) {
            let is_own = import.split("::").next() == Some(room);
            if !is_own && !is_allowed(&import, allowed) {
                wrong.push(format!("`{}` imports `crate::{import}`", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_source_file_is_longer_than_500_lines_without_saying_why() {
    for source in sources() {
        let lines = source.code().lines().count();
        let says_why = source.contract().contains("length:");
        let allowed = lines <= LONGEST_FILE || says_why;
        assert!(
            allowed,
            "`{}` has {lines} lines; say why after `length:` in its `//!`",
            source.path
        );
    }
}

#[test]
fn no_module_has_a_name_that_says_nothing() {
    for source in sources() {
        let path = source.path.trim_end_matches(".rs");
        let name = path
            .split('/')
            .find(|name| NAMES_THAT_SAY_NOTHING.contains(name));
        assert!(name.is_none(), "`{}`", source.path);
    }
}

#[test]
fn every_module_opens_with_its_contract() {
    for source in sources() {
        let is_test_file = source.code().is_empty();
        assert!(
            is_test_file || !source.contract().trim().is_empty(),
            "`{}` does not open with `//!` and its contract",
            source.path
        );
    }
}

#[test]
fn no_module_is_a_skeleton() {
    for source in sources() {
        let about = source.contract().to_lowercase();
        let unfinished = ["(skeleton)", "todo", "not implemented"];
        let word = unfinished.iter().find(|word| about.contains(**word));
        assert!(word.is_none(), "`{}` says {word:?}", source.path);
    }
}

#[test]
fn the_map_in_the_architecture_says_what_the_table_says() {
    let page = document("ARCHITECTURE.md");
    let rows = page.lines().filter(|line| line.starts_with("| `"));
    let mapped: Vec<(String, BTreeSet<String>)> = rows
        .map(|row| {
            let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
            let room = cells[0].trim_matches(['`', '/']).to_owned();
            let words = cells[2].split_whitespace();
            let names = words.map(|word| word.trim_matches('`').to_owned());
            (room, names.filter(|name| name != "-").collect())
        })
        .collect();
    let enforced: Vec<(String, BTreeSet<String>)> = ROOMS
        .iter()
        .map(|(room, allowed)| {
            let names = allowed.iter().map(|name| (*name).to_owned());
            ((*room).to_owned(), names.collect())
        })
        .collect();
    assert_eq!(mapped, enforced);
}

#[test]
fn the_table_allows_nothing_that_no_room_uses() {
    let mut used: BTreeSet<(String, String)> = BTreeSet::new();
    for source in sources() {
        let room = source.room().to_owned();
        used.extend(
            imports(source.code())
                .into_iter()
                .map(|one| (room.clone(), one)),
        );
    }
    for (room, allowed) in ROOMS {
        for name in *allowed {
            let is_used = used
                .iter()
                .any(|(from, import)| from == room && is_allowed(import, &[*name]));
            assert!(is_used, "`{room}` imports nothing of `{name}`");
        }
    }
}

#[test]
fn every_reason_is_documented_with_its_status_and_no_other_is() {
    let page = document("docs/reasons.md");
    let mut documented: BTreeSet<(&str, &str)> = BTreeSet::new();
    for row in page.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let is_new = documented.insert((cells[1].trim_matches('`'), cells[2]));
        assert!(is_new, "`{}` is documented twice", cells[1]);
        assert!(
            cells.iter().skip(3).take(2).all(|cell| !cell.is_empty()),
            "{row}"
        );
    }
    let statuses: Vec<String> = Reason::ALL
        .iter()
        .map(|reason| reason.status().to_string())
        .collect();
    let expected: BTreeSet<(&str, &str)> = Reason::ALL
        .iter()
        .zip(&statuses)
        .map(|(reason, status)| match reason {
            Reason::UpstreamStatus => (reason.code(), "the upstream's"),
            _ => (reason.code(), status.as_str()),
        })
        .collect();
    assert_eq!(documented, expected);
}
