//! `rules` and `blocks`: what is read again while the proxy runs, and where a copy of it is kept.
//!
//! Refuses a copy that lies within the rules, or around them: it would be read as rules, or replaced with them.

use std::path::{Component, Path, PathBuf};

use super::reader::{Reader, Section};
use super::sections::optional;
use super::settings::Rules;
use crate::policy::diagnostic::{Diagnostic, code, say};
use crate::policy::source::Node;

pub(super) const RULES: Section = Section {
    path: "rules",
    known: &["dir", "last_good"],
    later: &[],
};

pub(super) const BLOCKS: Section = Section {
    path: "blocks",
    known: &["file"],
    later: &[],
};

pub(super) fn blocks(reader: &mut Reader<'_>, node: &Node) -> Option<PathBuf> {
    let entries = reader.section(node, &BLOCKS)?;
    let file = reader.need(entries, &BLOCKS, "file")?;
    reader.path(file, say!("`blocks.file`"))
}

pub(super) fn rules(reader: &mut Reader<'_>, node: &Node) -> Option<Rules> {
    let entries = reader.section(node, &RULES)?;
    let dir = reader
        .need(entries, &RULES, "dir")
        .and_then(|node| reader.path(node, say!("`rules.dir`")));
    let last_good = optional(reader, entries, "last_good", |reader, node| {
        let path = reader.path(node, say!("`rules.last_good`"))?;
        if dir.as_deref().is_some_and(|dir| overlap(dir, &path)) {
            let message = say!(
                "`rules.last_good` and `rules.dir` lie within each other",
                "`rules.last_good` 和 `rules.dir` 有一个在另一个里面"
            );
            return reader.refuse(
                Diagnostic::error(code::FG4017, message)
                    .at(&node.span)
                    .help(say!(
                        "a directory of its own, such as `state/rules/`",
                        "单独用一个目录，如 `state/rules/`"
                    )),
            );
        }
        Some(path)
    });
    Some(Rules {
        dir: dir?,
        last_good: last_good?,
    })
}

/// Whether one of two directories is, or lies below, the other, as they are written.
fn overlap(one: &Path, other: &Path) -> bool {
    let (one, other) = (plain(one), plain(other));
    one.starts_with(&other) || other.starts_with(&one)
}

fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir
                if matches!(plain.components().next_back(), Some(Component::Normal(_))) =>
            {
                plain.pop();
            }
            other => plain.push(other),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_overlap_where_one_holds_the_other() {
        let overlap = |one: &str, other: &str| super::overlap(Path::new(one), Path::new(other));
        for (one, other) in [
            ("rules", "rules"),
            ("a/rules/", "a/./rules"),
            ("rules", "rules/kept"),
            ("a/rules", "a"),
            ("a/b/../c", "a/c"),
        ] {
            assert!(overlap(one, other), "{one} {other}");
        }
        for (one, other) in [
            ("rules", "rules2"),
            ("a/rules", "a/state/rules"),
            ("../a", "a"),
        ] {
            assert!(!overlap(one, other), "{one} {other}");
        }
    }
}
