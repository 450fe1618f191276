//! A copy of the last good rule set, for a start at which the configured one cannot be used.
//!
//! `DIR/HEX/` holds its files under their fingerprint, `DIR/current` names it; whoever looks sees the old copy or the
//! new one, whole, after a power cut too. Refuses a copy that is not exactly what was kept, and to keep what has
//! changed since it was judged.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::fingerprint::{Fingerprint, copy};

/// The name of the file that says which copy counts.
const CURRENT: &str = "current";

/// Why the copy cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LastGoodError {
    /// Nothing was kept yet.
    #[error("`{}` holds no copy yet", .0.display())]
    Missing(PathBuf),
    /// It is not what was kept.
    #[error("`{}` is not what was kept", .0.display())]
    Damaged(PathBuf),
    /// The system refused.
    #[error("`{}`: {source}", path.display())]
    Io {
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Keeps a copy of what `dir` holds under `print`; the one before goes.
///
/// # Errors
///
/// Where it cannot be written, or `dir` holds something else by now. The copy before is then still there.
pub fn keep(dir: &Path, print: &Fingerprint, into: &Path) -> io::Result<()> {
    if last_good(into).is_ok_and(|(_, kept)| kept == *print) {
        return Ok(());
    }
    make_dir(into)?;
    let place = into.join(print.hex());
    let unfinished = into.join(format!("{}.tmp", print.hex()));
    for left in [&unfinished, &place] {
        if left.exists() {
            fs::remove_dir_all(left)?;
        }
    }
    make_dir(&unfinished)?;
    copy(dir, &unfinished)?;
    if Fingerprint::of(&unfinished).ok().as_ref() != Some(print) {
        fs::remove_dir_all(&unfinished)?;
        return Err(io::Error::other("the rules changed while they were copied"));
    }
    fs::rename(&unfinished, &place)?;
    let named = into.join(format!("{CURRENT}.tmp"));
    if named.exists() {
        fs::remove_file(&named)?;
    }
    write_new(&named, format!("{}\n", print.text()).as_bytes())?;
    fs::rename(&named, into.join(CURRENT))?;
    sync_dir(into)?;
    forget_others(into, print)
}

/// The directory of the copy, and what it holds, which was just looked at.
///
/// # Errors
///
/// See [`LastGoodError`].
pub fn last_good(dir: &Path) -> Result<(PathBuf, Fingerprint), LastGoodError> {
    let named = dir.join(CURRENT);
    let text = fs::read_to_string(&named).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => LastGoodError::Missing(dir.to_owned()),
        _ => LastGoodError::Io {
            path: named.clone(),
            source,
        },
    })?;
    let print = text.strip_suffix('\n').and_then(Fingerprint::parse);
    let print = print.ok_or(LastGoodError::Damaged(named))?;
    let place = dir.join(print.hex());
    match Fingerprint::of(&place) {
        Ok(found) if found == print => Ok((place, print)),
        _ => Err(LastGoodError::Damaged(place)),
    }
}

/// Only what looks like an older copy of ours goes.
fn forget_others(dir: &Path, print: &Fingerprint) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name().into_string().unwrap_or_default();
        let digits = name.strip_suffix(".tmp").unwrap_or(&name);
        let is_copy = Fingerprint::parse(&format!("sha256:{digits}")).is_some();
        if is_copy && name != print.hex() && entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

/// Makes a directory and its parents, for the owner only.
pub(super) fn make_dir(dir: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

pub(super) fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

pub(super) fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(text: &str) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("fixtures")).unwrap();
        fs::write(dir.path().join("a.yaml"), text).unwrap();
        fs::write(dir.path().join("fixtures/1.json"), "{}").unwrap();
        fs::write(dir.path().join(".git"), "x").unwrap();
        dir
    }

    fn print(dir: &tempfile::TempDir) -> Fingerprint {
        Fingerprint::of(dir.path()).unwrap()
    }

    #[test]
    fn a_copy_is_the_whole_set_and_the_one_before_goes() {
        let state = tempfile::tempdir().unwrap();
        let into = state.path().join("state/rules");
        assert!(matches!(last_good(&into), Err(LastGoodError::Missing(_))));
        let (one, two) = (rules("fieldgate: 1\n"), rules("fieldgate: 1\n\n"));
        keep(one.path(), &print(&one), &into).unwrap();
        let (place, kept) = last_good(&into).unwrap();
        assert_eq!(kept, print(&one));
        assert_eq!(
            fs::read_to_string(place.join("fixtures/1.json")).unwrap(),
            "{}"
        );
        assert!(!place.join(".git").exists());
        keep(two.path(), &print(&two), &into).unwrap();
        assert_eq!(last_good(&into).unwrap().1, print(&two));
        assert!(!place.exists(), "one copy is enough");
    }

    #[test]
    fn what_changed_since_it_was_judged_is_not_kept_and_the_copy_before_stays() {
        let state = tempfile::tempdir().unwrap();
        let (one, two) = (rules("fieldgate: 1\n"), rules("fieldgate: 1\n\n"));
        keep(one.path(), &print(&one), state.path()).unwrap();
        let judged = print(&two);
        fs::write(two.path().join("a.yaml"), "fieldgate: 1\n\n\n").unwrap();
        keep(two.path(), &judged, state.path()).unwrap_err();
        assert_eq!(last_good(state.path()).unwrap().1, print(&one));
    }

    #[test]
    fn n07_a_copy_that_is_not_exactly_what_was_kept_is_refused() {
        type Damage = dyn Fn(&Path, &Path);
        let damages: [&Damage; 5] = [
            &|place, _| fs::write(place.join("a.yaml"), "fieldgate: 1").unwrap(),
            &|place, _| fs::write(place.join("b.yaml"), "").unwrap(),
            &|place, _| fs::remove_dir_all(place.join("fixtures")).unwrap(),
            &|_, current| fs::write(current, "").unwrap(),
            &|_, current| {
                let text = fs::read_to_string(current).unwrap();
                fs::write(current, text.trim_end()).unwrap();
            },
        ];
        for (number, damage) in damages.iter().enumerate() {
            let state = tempfile::tempdir().unwrap();
            let one = rules("fieldgate: 1\n");
            keep(one.path(), &print(&one), state.path()).unwrap();
            let (place, _) = last_good(state.path()).unwrap();
            damage(&place, &state.path().join(CURRENT));
            let found = last_good(state.path());
            assert!(
                matches!(found, Err(LastGoodError::Damaged(_))),
                "{number}: {found:?}"
            );
            keep(one.path(), &print(&one), state.path()).unwrap();
            assert_eq!(last_good(state.path()).unwrap().1, print(&one), "{number}");
        }
    }
}
