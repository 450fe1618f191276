//! What a rules directory holds, as one hash; and a rule set that is the whole of what the directory held at one moment.
//!
//! Rule files and fixtures count by name and bytes, names that begin with a dot and what is no file do not. Refuses a
//! directory whose contents change while they are read: half a set is never handed out.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use aws_lc_rs::digest::{Context, SHA256};
use data_encoding::HEXLOWER;

use super::{Diagnostic, Listing, Loaded, load};

/// How often a directory is read that changes while it is.
const READINGS: usize = 8;

/// What a rules directory holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Fingerprint(String);

/// Why there is no rule set.
#[derive(Debug)]
pub enum Unread {
    /// The directory cannot be read, or what it holds does not load. Without a fingerprint even the files could not be
    /// read.
    Mistakes(Vec<Diagnostic>, Option<Fingerprint>),
    /// It changed each time while it was read.
    Changing,
}

impl Fingerprint {
    /// Looks at everything below a rules directory.
    ///
    /// # Errors
    ///
    /// What cannot be read. It may be a moment's matter: a file that is being replaced.
    pub fn of(dir: &Path) -> Result<Fingerprint, Diagnostic> {
        let listing = Listing::of(dir)?;
        let mut all = Context::new(&SHA256);
        let files = listing.rules.iter().chain(&listing.fixtures);
        for (name, path) in files.filter(|(_, path)| path.is_file()) {
            let hash = hash_file(path).map_err(|error| super::unreadable(path, &error))?;
            // In the form `sha256sum` prints; no name holds a newline unescaped.
            all.update(
                format!(
                    "{}  {}\n",
                    HEXLOWER.encode(hash.as_ref()),
                    name.escape_debug()
                )
                .as_bytes(),
            );
        }
        // A wrong ending or a link that leads outside changes what is told.
        for mistake in &listing.mistakes {
            all.update(mistake.line().as_bytes());
            all.update(b"\n");
        }
        let digest = HEXLOWER.encode(all.finish().as_ref());
        Ok(Fingerprint(format!("sha256:{digest}")))
    }

    /// `sha256:` and 64 hexadecimal digits.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// Reads what [`Fingerprint::text`] writes, in exactly that form.
    pub(super) fn parse(text: &str) -> Option<Fingerprint> {
        let digits = text.strip_prefix("sha256:")?;
        let lower = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        (digits.len() == 64 && digits.bytes().all(lower)).then(|| Fingerprint(text.to_owned()))
    }

    /// The digits alone.
    pub(super) fn hex(&self) -> &str {
        self.0.strip_prefix("sha256:").unwrap_or(&self.0)
    }
}

fn hash_file(path: &Path) -> io::Result<impl AsRef<[u8]> + use<>> {
    let mut file = File::open(path)?;
    let mut context = Context::new(&SHA256);
    let mut buffer = vec![0; 64 << 10];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(context.finish()),
            Ok(read) => context.update(buffer.get(..read).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Loads what a directory holds, whole: it held the same before it was read and after. A file that is swapped with
/// others meanwhile, or written to, means that all are read again.
///
/// # Errors
///
/// See [`Unread`].
pub fn load_settled(dir: &Path) -> Result<(Loaded, Fingerprint), Unread> {
    let mut unreadable = None;
    for _ in 0..READINGS {
        let before = Fingerprint::of(dir);
        let loaded = load(dir);
        match (before, Fingerprint::of(dir)) {
            (Ok(before), Ok(after)) if before == after => {
                return match loaded {
                    Ok(loaded) => Ok((loaded, after)),
                    Err(mistakes) => Err(Unread::Mistakes(mistakes, Some(after))),
                };
            }
            (Err(_), Err(mistake)) => unreadable = Some(mistake),
            (Ok(_) | Err(_), Ok(_)) | (Ok(_), Err(_)) => unreadable = None,
        }
    }
    Err(match unreadable {
        Some(mistake) => Unread::Mistakes(vec![mistake], None),
        None => Unread::Changing,
    })
}

/// Copies every file below a rules directory, and makes each durable.
pub(super) fn copy(dir: &Path, into: &Path) -> io::Result<()> {
    let listing = Listing::of(dir).map_err(|mistake| io::Error::other(mistake.line()))?;
    let files = listing.rules.iter().chain(&listing.fixtures);
    for (name, path) in files.filter(|(_, path)| path.is_file()) {
        let place = into.join(name);
        let parent = place.parent().unwrap_or(into);
        super::last_good::make_dir(parent)?;
        super::last_good::write_new(&place, &fs::read(path)?)?;
        super::last_good::sync_dir(parent)?;
    }
    super::last_good::sync_dir(into)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_of_names_and_bytes_and_not_of_names_with_a_dot() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(dir.path().join(name), text).unwrap();
        let print = || Fingerprint::of(dir.path()).unwrap();
        write("a.yaml", "fieldgate: 1\n");
        let first = print();
        assert_eq!(Fingerprint::parse(first.text()), Some(first.clone()));
        write(".a.yaml.swp", "x");
        assert_eq!(print(), first);
        write("b.json", "{}");
        let second = print();
        assert_ne!(second, first);
        fs::rename(dir.path().join("b.json"), dir.path().join("c.json")).unwrap();
        assert_ne!(print(), second);
        fs::remove_file(dir.path().join("c.json")).unwrap();
        assert_eq!(print(), first);
        write("a.yaml", "fieldgate: 1 \n");
        assert_ne!(print(), first);
    }

    /// Two sets of two files each, of which no mixture loads, and a swap at some moment of the reading, by the one link both are reached through, as
    /// Kubernetes does it.
    #[test]
    fn n07_half_a_set_is_never_read_while_its_directory_is_swapped() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        let mut digests = Vec::new();
        for set in ["..a", "..b"] {
            fs::create_dir(at(set)).unwrap();
            let class = &set[2..];
            fs::write(
                at(set).join("1.yaml"),
                format!("fieldgate: 1\nclasses: {{ {class}: {{ level: 1 }} }}\n"),
            )
            .unwrap();
            let resource = format!(
                "resources:\n  r:\n    at: {{ GET /{class}: $ }}\n    fields: {{ x: {class} }}\n"
            );
            fs::write(at(set).join("2.yaml"), resource).unwrap();
            digests.push(load(&at(set)).unwrap().rules.digest);
        }
        let point_to = |set: &str| {
            std::os::unix::fs::symlink(set, at("..tmp")).unwrap();
            fs::rename(at("..tmp"), at("..data")).unwrap();
        };
        point_to("..a");
        for name in ["1.yaml", "2.yaml"] {
            std::os::unix::fs::symlink(format!("..data/{name}"), at(name)).unwrap();
        }
        for round in 0..200 {
            let swapped = std::thread::scope(|scope| {
                let reading = scope.spawn(|| load_settled(dir.path()));
                point_to(["..b", "..a"][round % 2]);
                reading.join().unwrap()
            });
            match swapped {
                Ok((loaded, _)) => assert!(digests.contains(&loaded.rules.digest)),
                Err(error) => panic!("{error:?}"),
            }
        }
    }

    #[test]
    fn what_does_not_load_is_told_with_its_fingerprint_and_what_cannot_be_read_without() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("a.yaml"), "fieldgate: 2\n").unwrap();
        let print = Fingerprint::of(dir.path()).unwrap();
        match load_settled(dir.path()) {
            Err(Unread::Mistakes(mistakes, Some(found))) => {
                assert!(!mistakes.is_empty());
                assert_eq!(found, print);
            }
            other => panic!("{other:?}"),
        }
        match load_settled(&dir.path().join("missing")) {
            Err(Unread::Mistakes(mistakes, None)) => assert_eq!(mistakes.len(), 1),
            other => panic!("{other:?}"),
        }
    }
}
