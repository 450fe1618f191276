//! Rule files kept beside the log, under the digest of the rule set they make: `rules/HEX/...`.
//!
//! Refuses file names that would leave that directory.

use std::collections::BTreeMap;
use std::fs::DirBuilder;
use std::io::{self, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Component, Path, PathBuf};

use super::chain::Hash;
use super::files;

/// Why rule files could not be archived.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// Digests are `sha256:` and 64 lower-case hexadecimal digits.
    #[error("`{0}` is not the digest of a rule set")]
    Digest(String),
    /// Names are relative paths without `..`.
    #[error("`{0}` is not the name of a rule file")]
    Name(String),
    /// The system refused.
    #[error("rule files cannot be archived in `{}`: {source}", path.display())]
    Io {
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The record cannot be written.
    #[error(transparent)]
    Unavailable(#[from] super::Unavailable),
}

/// Where the files of a rule set are kept; `None` for what is not a digest.
pub fn place(dir: &Path, digest: &str) -> Option<PathBuf> {
    Some(dir.join("rules").join(Hash::parse(digest)?.hex()))
}

/// Whether a name stays below the directory it is joined to.
pub fn is_name(name: &str) -> bool {
    let plain = |part| matches!(part, Component::Normal(_));
    !name.is_empty() && !name.contains('\0') && Path::new(name).components().all(plain)
}

/// Archives rule files, whole or not at all, and returns their hashes. A digest archived before is kept.
///
/// # Errors
///
/// [`ArchiveError`].
pub fn keep<'a>(
    dir: &Path,
    digest: &str,
    rules: &'a [(String, Vec<u8>)],
) -> Result<BTreeMap<&'a str, Hash>, ArchiveError> {
    let place = place(dir, digest).ok_or_else(|| ArchiveError::Digest(digest.to_owned()))?;
    if let Some((name, _)) = rules.iter().find(|(name, _)| !is_name(name)) {
        return Err(ArchiveError::Name(name.clone()));
    }
    if !place.exists() {
        write(&place, rules).map_err(|source| ArchiveError::Io {
            path: place,
            source,
        })?;
    }
    Ok(rules
        .iter()
        .map(|(name, text)| (name.as_str(), Hash::of(text)))
        .collect())
}

/// Writes into a directory of another name first, so that a directory that is there is complete.
fn write(place: &Path, rules: &[(String, Vec<u8>)]) -> io::Result<()> {
    let unfinished = place.with_extension("tmp");
    if unfinished.exists() {
        std::fs::remove_dir_all(&unfinished)?;
    }
    files::make_dir(place.parent().unwrap_or(place))?;
    DirBuilder::new().mode(0o700).create(&unfinished)?;
    for (name, text) in rules {
        let path = unfinished.join(name);
        let parent = path.parent().unwrap_or(&unfinished);
        files::make_dir(parent)?;
        let mut file = files::create_new(&path)?;
        file.write_all(text)?;
        file.sync_all()?;
        files::sync_dir(parent)?;
    }
    files::sync_dir(&unfinished)?;
    std::fs::rename(&unfinished, place)?;
    place.parent().map_or(Ok(()), files::sync_dir)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rule_files_are_kept_under_the_digest_once() {
        let dir = tempfile::tempdir().unwrap();
        let digest = Hash::of(b"rule set").to_string();
        let rules = [
            ("a.yaml".to_owned(), b"a".to_vec()),
            ("sub/b.yaml".to_owned(), b"b".to_vec()),
        ];
        let hashes = keep(dir.path(), &digest, &rules).unwrap();
        assert_eq!(hashes["sub/b.yaml"], Hash::of(b"b"));
        let place = place(dir.path(), &digest).unwrap();
        assert_eq!(std::fs::read(place.join("sub/b.yaml")).unwrap(), b"b");
        assert_eq!(keep(dir.path(), &digest, &rules).unwrap(), hashes);
    }

    #[test]
    fn an_archive_that_broke_off_is_begun_again() {
        let dir = tempfile::tempdir().unwrap();
        let digest = Hash::of(b"rule set").to_string();
        let place = place(dir.path(), &digest).unwrap();
        files::make_dir(&place.with_extension("tmp")).unwrap();
        std::fs::write(place.with_extension("tmp").join("half"), "x").unwrap();
        keep(dir.path(), &digest, &[("a.yaml".to_owned(), b"a".to_vec())]).unwrap();
        assert!(!place.join("half").exists());
        assert!(place.join("a.yaml").exists());
    }

    #[test]
    fn names_that_leave_the_directory_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let digest = Hash::of(b"rule set").to_string();
        for name in ["", "../a", "/etc/a", "a/../../b", "./../a", "."] {
            let rules = [(name.to_owned(), Vec::new())];
            let refused = keep(dir.path(), &digest, &rules);
            assert!(matches!(refused, Err(ArchiveError::Name(_))), "{name:?}");
        }
        let refused = keep(dir.path(), "sha256:../..", &[]);
        assert!(matches!(refused, Err(ArchiveError::Digest(_))));
    }
}
