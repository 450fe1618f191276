//! The names of an access log's files, and how they are made: owner only, synced, replaced atomically.
//!
//! `NODE-000001.jsonl` (a segment), `NODE.head`, `NODE.lock`, `NODE-000001.tail-SEQ-K` (an unfinished last
//! line that was moved aside), `rules/HEX/` (archived rule files). A node's name that could not be part
//! of a file name, or of a terminal's line, is refused.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// The only segment, until there is rotation.
pub const SEGMENT: u32 = 1;

/// Whether a node's name can be part of file names: ASCII letters, digits, `.`, `_`, `-`, at most 128,
/// not beginning with a dot.
pub fn is_node(name: &str) -> bool {
    let known = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    !name.is_empty() && name.len() <= 128 && !name.starts_with('.') && name.bytes().all(known)
}

/// The segment's file name.
pub fn segment_name(node: &str, number: u32) -> String {
    format!("{node}-{number:06}.jsonl")
}

/// The segment's path.
pub fn segment(dir: &Path, node: &str) -> PathBuf {
    dir.join(segment_name(node, SEGMENT))
}

/// The head's path.
pub fn head(dir: &Path, node: &str) -> PathBuf {
    dir.join(format!("{node}.head"))
}

/// The path of the file whose lock keeps a second writer out.
pub fn lock(dir: &Path, node: &str) -> PathBuf {
    dir.join(format!("{node}.lock"))
}

/// The name of the `k`-th part moved aside before the line `seq` was written.
pub fn tail_name(node: &str, seq: u64, k: u32) -> String {
    format!("{node}-{SEGMENT:06}.tail-{seq}-{k}")
}

/// What a file name says: a segment of a node, a head of a node, or nothing of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// `NODE-000001.jsonl`
    Segment(String, u32),
    /// `NODE.head`
    Head(String),
}

/// Reads a file name; `None` for files that are not ours.
pub fn named(name: &str) -> Option<Named> {
    if let Some(node) = name.strip_suffix(".head") {
        return is_node(node).then(|| Named::Head(node.to_owned()));
    }
    let (node, number) = name.strip_suffix(".jsonl")?.rsplit_once('-')?;
    let digits = number.len() == 6 && number.bytes().all(|b| b.is_ascii_digit());
    let number = number.parse().ok()?;
    (digits && is_node(node)).then(|| Named::Segment(node.to_owned(), number))
}

/// Makes a directory and its parents, for the owner only.
pub fn make_dir(dir: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

/// Makes a file that must not exist yet, for the owner only, readable and writable.
pub fn create_new(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
}

/// Makes the names in a directory durable.
pub fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

/// Replaces a file by `bytes`: whoever reads it, after a power cut too, sees the old or the new whole.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".tmp");
    let temporary = PathBuf::from(temporary);
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&temporary, path)?;
    path.parent().map_or(Ok(()), sync_dir)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_segments_and_heads_are_read_back() {
        assert_eq!(
            named("gw-1-000001.jsonl"),
            Some(Named::Segment("gw-1".to_owned(), 1))
        );
        assert_eq!(named("a.b.head"), Some(Named::Head("a.b".to_owned())));
        for other in [
            "gw-1.jsonl",
            "gw-1-00001.jsonl",
            "-000001.jsonl",
            ".head",
            "x.head.tmp",
        ] {
            assert_eq!(named(other), None, "{other}");
        }
    }

    #[test]
    fn p14_a_node_name_cannot_leave_the_directory_or_speak_to_a_terminal() {
        for bad in [
            "",
            ".",
            "..",
            "a/b",
            "a\nb",
            "a\u{1b}[2J",
            "节点",
            "a b",
            &"x".repeat(129),
        ] {
            assert!(!is_node(bad), "{bad:?}");
        }
        assert!(is_node("gw-1.eu_west"));
    }
}
