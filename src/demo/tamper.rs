//! Copies of an access log, each changed in one way, and what `audit verify` says to it.
//!
//! The log itself is only read. Refuses a log that does not verify before anything was changed.

use std::fs;
use std::io;
use std::path::Path;

use tempfile::TempDir;

use crate::audit;

/// Why nothing could be shown.
#[derive(Debug, thiserror::Error)]
pub enum TamperError {
    /// A copy could not be made.
    #[error("cannot copy the access log: {0}")]
    Io(#[from] io::Error),
    /// It was damaged before.
    #[error("the access log does not verify as it is: {0}")]
    Damaged(#[from] audit::Damage),
    /// No line to change.
    #[error(
        "the access log holds no teller's access to change; run `fieldgate demo call teller` first"
    )]
    NothingToChange,
}

/// One thing an attacker might do.
#[derive(Debug)]
pub struct Attempt {
    /// What was done to the copy.
    pub what: String,
    /// What `audit verify` says, if it noticed.
    pub found: Option<audit::Damage>,
}

/// What was tried, and on what.
#[derive(Debug)]
pub struct Tried {
    /// Lines of the log that verified before.
    pub lines: usize,
    /// One changed byte, one deleted line, two swapped lines.
    pub attempts: Vec<Attempt>,
}

impl Tried {
    /// Whether nothing went unnoticed.
    pub fn all_found(&self) -> bool {
        self.attempts.iter().all(|attempt| attempt.found.is_some())
    }
}

/// The caller whose access is tampered with, and somebody else of the same length.
const TELLER: &str = r#""caller":{"id":"u-3391""#;
const SOMEBODY_ELSE: &str = r#""caller":{"id":"u-3390""#;

/// Verifies a copy of the log in `dir`, changes copies of that in three ways and verifies each.
pub fn attempt(dir: &Path) -> Result<Tried, TamperError> {
    let original = tempfile::Builder::new()
        .prefix("fieldgate-tamper-")
        .tempdir()?;
    copy(dir, original.path())?;
    audit::verify(original.path(), &mut io::sink())?;
    let name = segment(original.path())?;
    let text = fs::read_to_string(original.path().join(&name))?;
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let is_access = |line: &&str| line.contains(r#""kind":"outcome""#) && line.contains(TELLER);
    let (at, line) = lines
        .iter()
        .enumerate()
        .find(|(at, line)| is_access(line) && at + 1 < lines.len())
        .ok_or(TamperError::NothingToChange)?;
    let number = at + 1;

    let mut changed = lines.clone();
    let blames_another = line.replacen(TELLER, SOMEBODY_ELSE, 1);
    replace(&mut changed, at, &blames_another);
    let mut deleted = lines.clone();
    deleted.remove(at);
    let mut swapped = lines.clone();
    swapped.swap(at, number);

    let tries = [
        (
            format!("one byte of line {number} changed: `u-3391` reads `u-3390`"),
            changed,
        ),
        (format!("line {number} deleted"), deleted),
        (
            format!("lines {number} and {} swapped", number + 1),
            swapped,
        ),
    ];
    let attempts = tries.into_iter().map(|(what, lines)| {
        let copied = TempDir::with_prefix("fieldgate-tamper-")?;
        copy(original.path(), copied.path())?;
        fs::write(copied.path().join(&name), lines.concat())?;
        let found = audit::verify(copied.path(), &mut io::sink()).err();
        Ok(Attempt { what, found })
    });
    Ok(Tried {
        lines: lines.len(),
        attempts: attempts.collect::<io::Result<_>>()?,
    })
}

fn replace<'a>(lines: &mut [&'a str], at: usize, with: &'a str) {
    if let Some(line) = lines.get_mut(at) {
        *line = with;
    }
}

/// Copies what `audit verify` reads. Heads first: a log that is being written only grows beyond the head that was copied.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    let entries = fs::read_dir(from)?.collect::<io::Result<Vec<_>>>()?;
    for extension in ["head", "jsonl", "yaml"] {
        for entry in entries
            .iter()
            .filter(|entry| is_named(&entry.path(), extension))
        {
            fs::copy(entry.path(), to.join(entry.file_name()))?;
        }
    }
    for entry in entries.iter().filter(|entry| entry.path().is_dir()) {
        copy(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}

fn is_named(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|one| one == extension)
}

fn segment(dir: &Path) -> Result<std::ffi::OsString, TamperError> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if is_named(&entry.path(), "jsonl") {
            return Ok(entry.file_name());
        }
    }
    Err(TamperError::NothingToChange)
}
