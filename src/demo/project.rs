//! A starter project: settings, rules, identities, keys and an empty access log in one directory.
//!
//! It is what the demo runs from and what `--keep` leaves behind. Refuses a directory that already holds something.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use jiff::Timestamp;
use tempfile::TempDir;

use super::identities::{Identities, IdentityError, write_private, write_public};
use super::rules;

const SETTINGS: &str = include_str!("starter/fieldgate.yaml");
const README: &str = include_str!("starter/README.md");
/// Where the texts above say the legacy API is.
const LEGACY_PLACE: &str = "127.0.0.1:9000";

/// Why a project could not be laid out.
#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    /// The directory holds something already.
    #[error("`{0}` is not empty; name a directory that does not exist yet")]
    NotEmpty(PathBuf),
    /// A file or directory could not be written.
    #[error("cannot lay out the project: {0}")]
    Io(#[from] io::Error),
    /// The identities could not be made.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// There is no randomness for keys.
    #[error("cannot make a key")]
    Key(#[from] aws_lc_rs::error::Unspecified),
}

/// A directory that `fieldgate run -c DIR/fieldgate.yaml` serves.
#[derive(Debug)]
pub struct Project {
    dir: PathBuf,
    /// Removed when the project is dropped; `None` where it is kept.
    temporary: Option<TempDir>,
}

impl Project {
    /// Lays a project out in a directory of its own that goes with the returned value.
    pub fn temporary(legacy: SocketAddr) -> Result<Project, ProjectError> {
        let temporary = tempfile::Builder::new()
            .prefix("fieldgate-demo-")
            .tempdir()?;
        lay_out(temporary.path(), legacy)?;
        Ok(Project {
            dir: temporary.path().to_owned(),
            temporary: Some(temporary),
        })
    }

    /// Lays a project out in a new or empty directory that stays.
    pub fn kept(dir: &Path, legacy: SocketAddr) -> Result<Project, ProjectError> {
        private_directory(dir)?;
        if fs::read_dir(dir)?.next().is_some() {
            return Err(ProjectError::NotEmpty(dir.to_owned()));
        }
        let dir = fs::canonicalize(dir)?;
        lay_out(&dir, legacy)?;
        Ok(Project {
            dir,
            temporary: None,
        })
    }

    /// The directory, absolute.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// `fieldgate.yaml`.
    pub fn settings(&self) -> PathBuf {
        self.dir.join("fieldgate.yaml")
    }

    /// Whether the directory outlives this value.
    pub fn is_kept(&self) -> bool {
        self.temporary.is_none()
    }
}

fn lay_out(dir: &Path, legacy: SocketAddr) -> Result<(), ProjectError> {
    Identities::generate(Timestamp::now())?.write(dir)?;
    for (name, text) in rules::BANK {
        let path = dir.join("rules").join(name);
        fs::create_dir_all(path.parent().unwrap_or(dir))?;
        write_public(&path, text)?;
    }
    for key in ["token.key", "audit.key"] {
        private_directory(&dir.join("secrets"))?;
        write_private(&dir.join("secrets").join(key), &random_key()?)?;
    }
    private_directory(&dir.join("audit"))?;
    for (name, text) in [("README.md", README), ("fieldgate.yaml", SETTINGS)] {
        let text = text.replace(LEGACY_PLACE, &legacy.to_string());
        write_public(&dir.join(name), &text)?;
    }
    Ok(())
}

fn private_directory(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
}

/// 64 hexadecimal digits and a newline.
fn random_key() -> Result<String, ProjectError> {
    let mut key = [0; 32];
    aws_lc_rs::rand::fill(&mut key)?;
    Ok(HEXLOWER.encode(&key) + "\n")
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn legacy() -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, 4711))
    }

    #[test]
    fn the_settings_name_the_legacy_api_that_runs_and_files_that_exist() {
        let project = Project::temporary(legacy()).unwrap();
        let settings = fs::read_to_string(project.settings()).unwrap();
        assert!(settings.contains("url: http://127.0.0.1:4711 "));
        assert!(!settings.contains(LEGACY_PLACE));
        let readme = fs::read_to_string(project.dir().join("README.md")).unwrap();
        assert!(readme.contains("demo legacy --listen 127.0.0.1:4711 "));
        for name in [
            "certs/server.pem",
            "certs/server.key",
            "certs/partner-ca.pem",
            "certs/staff.jwks.json",
            "certs/app.jwks.json",
            "secrets/token.key",
            "secrets/audit.key",
            "rules",
            "audit",
        ] {
            assert!(settings.contains(name), "`{name}` is not in the settings");
            assert!(project.dir().join(name).exists(), "`{name}` is not there");
        }
    }

    #[test]
    fn each_project_has_keys_of_its_own_that_only_the_owner_reads() {
        let projects = [
            Project::temporary(legacy()).unwrap(),
            Project::temporary(legacy()).unwrap(),
        ];
        let keys = projects.each_ref().map(|project| {
            let path = project.dir().join("secrets/audit.key");
            assert_eq!(
                fs::metadata(&path).unwrap().permissions().mode() & 0o777,
                0o600
            );
            fs::read_to_string(path).unwrap()
        });
        assert!(
            keys.iter()
                .all(|key| key.len() == 65 && key.ends_with('\n'))
        );
        assert_ne!(keys[0], keys[1]);
    }

    #[test]
    fn a_kept_project_stays_and_a_temporary_one_goes() {
        let outer = tempfile::tempdir().unwrap();
        let kept = Project::kept(&outer.path().join("new"), legacy()).unwrap();
        let temporary = Project::temporary(legacy()).unwrap();
        let (stays, goes) = (kept.settings(), temporary.settings());
        assert!(kept.is_kept() && !temporary.is_kept());
        drop((kept, temporary));
        assert!(stays.exists() && !goes.exists());
    }

    #[test]
    fn a_directory_that_holds_something_is_refused_and_left_as_it_is() {
        let outer = tempfile::tempdir().unwrap();
        fs::write(outer.path().join("mine"), "mine").unwrap();
        let refused = Project::kept(outer.path(), legacy()).unwrap_err();
        assert!(matches!(refused, ProjectError::NotEmpty(_)), "{refused}");
        assert_eq!(fs::read_dir(outer.path()).unwrap().count(), 1);
    }
}
