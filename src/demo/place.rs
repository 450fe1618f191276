//! Where a running demo is, told to `fieldgate demo call` and `tamper` by a file in the temporary directory.
//!
//! The file is private, its name cannot be foreseen, and the demo holds its lock as long as it runs. Refused, as if they
//! were not there: files that are another user's or that others may touch, files nobody holds the lock of (their
//! demo is gone), and addresses that are not loopback.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use crate::config::Settings;

const PREFIX: &str = "fieldgate-demo-";
const SUFFIX: &str = ".json";
/// More than any of ours is long.
const LONGEST: u64 = 64 << 10;

/// Where a demo is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// The proxy: HTTPS.
    pub proxy: SocketAddr,
    /// The legacy API: HTTP.
    pub legacy: SocketAddr,
    /// The project it serves.
    pub dir: PathBuf,
}

/// The file that tells; removed when this is dropped.
#[derive(Debug)]
pub struct Announced {
    /// Held for its lock and its end.
    _file: NamedTempFile,
}

impl Place {
    /// Tells others of this user, for as long as the returned value lives.
    pub fn announce(&self) -> io::Result<Announced> {
        self.announce_in(&std::env::temp_dir())
    }

    /// The newest demo of this user that runs.
    pub fn find() -> io::Result<Option<Place>> {
        Place::find_in(&std::env::temp_dir())
    }

    fn announce_in(&self, dir: &Path) -> io::Result<Announced> {
        let mut file = tempfile::Builder::new()
            .prefix(PREFIX)
            .suffix(SUFFIX)
            .tempfile_in(dir)?;
        file.as_file().lock()?;
        file.write_all(&serde_json::to_vec(self)?)?;
        file.flush()?;
        Ok(Announced { _file: file })
    }

    fn find_in(dir: &Path) -> io::Result<Option<Place>> {
        let me = tempfile::tempfile_in(dir)?.metadata()?.uid();
        let mut newest: Option<(SystemTime, Place)> = None;
        for entry in fs::read_dir(dir)? {
            let path = entry?.path();
            // What cannot be read is not ours.
            let Some(found) = read(&path, me).unwrap_or_default() else {
                continue;
            };
            if newest.as_ref().is_none_or(|(time, _)| found.0 > *time) {
                newest = Some(found);
            }
        }
        Ok(newest.map(|(_, place)| place))
    }
}

fn read(path: &Path, me: u32) -> io::Result<Option<(SystemTime, Place)>> {
    let name = path.file_name().and_then(|name| name.to_str());
    if !name.is_some_and(|name| name.starts_with(PREFIX) && name.ends_with(SUFFIX)) {
        return Ok(None);
    }
    if !fs::symlink_metadata(path)?.is_file() {
        return Ok(None);
    }
    let file = File::open(path)?;
    let about = file.metadata()?;
    let private = about.is_file() && about.uid() == me && about.mode() & 0o077 == 0;
    if !private || !is_held(&file)? {
        return Ok(None);
    }
    let mut text = Vec::new();
    file.take(LONGEST).read_to_end(&mut text)?;
    let place: Place = serde_json::from_slice(&text)?;
    let here = place.proxy.ip().is_loopback() && place.legacy.ip().is_loopback();
    Ok(here.then_some((about.modified()?, place)))
}

/// Whether the process that wrote it still runs.
fn is_held(file: &File) -> io::Result<bool> {
    match file.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Settings the demo does not serve with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the demo does not use `{0}`: its keys are throw-away and its customers' data is open; use a loopback address such as 127.0.0.1"
)]
pub struct NotLoopback(String);

/// Refuses settings that listen, or call, anywhere but on this machine.
pub fn loopback_only(settings: &Settings) -> Result<(), NotLoopback> {
    let listens = settings.listen.iter().map(|listener| listener.address);
    let health = settings.health.iter().map(|health| health.address);
    for address in listens.chain(health) {
        if !address.ip().is_loopback() {
            return Err(NotLoopback(address.to_string()));
        }
    }
    for upstream in settings.upstreams.values() {
        let host = upstream.url.host().unwrap_or_default();
        let address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
        if !address.is_ok_and(|address| address.is_loopback()) {
            return Err(NotLoopback(upstream.url.to_string()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::super::project::Project;
    use super::*;

    fn place(port: u16) -> Place {
        Place {
            proxy: SocketAddr::from(([127, 0, 0, 1], port)),
            legacy: SocketAddr::from(([127, 0, 0, 1], 1)),
            dir: PathBuf::from("/nowhere"),
        }
    }

    #[test]
    fn a_running_demo_is_found_and_one_that_ended_is_not() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(Place::find_in(dir.path()).unwrap(), None);
        let announced = place(2).announce_in(dir.path()).unwrap();
        assert_eq!(Place::find_in(dir.path()).unwrap(), Some(place(2)));
        drop(announced);
        assert_eq!(Place::find_in(dir.path()).unwrap(), None);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_file_nobody_holds_the_lock_of_is_not_believed() {
        let dir = tempfile::tempdir().unwrap();
        let announced = place(2).announce_in(dir.path()).unwrap();
        let copy = dir.path().join("fieldgate-demo-copy.json");
        fs::copy(announced._file.path(), &copy).unwrap();
        drop(announced);
        assert!(copy.exists());
        assert_eq!(Place::find_in(dir.path()).unwrap(), None);
    }

    #[test]
    fn a_file_others_may_read_or_a_place_elsewhere_is_not_believed() {
        let dir = tempfile::tempdir().unwrap();
        let announced = place(2).announce_in(dir.path()).unwrap();
        let open = fs::Permissions::from_mode(0o644);
        fs::set_permissions(announced._file.path(), open).unwrap();
        assert_eq!(Place::find_in(dir.path()).unwrap(), None);
        let elsewhere = Place {
            proxy: "192.0.2.1:443".parse().unwrap(),
            ..place(2)
        };
        let _announced = elsewhere.announce_in(dir.path()).unwrap();
        assert_eq!(Place::find_in(dir.path()).unwrap(), None);
    }

    #[test]
    fn settings_that_listen_or_call_elsewhere_are_refused() {
        let legacy = SocketAddr::from(([127, 0, 0, 1], 9000));
        let project = Project::temporary(legacy).unwrap();
        let settings = crate::config::load(&project.settings()).unwrap();
        assert_eq!(loopback_only(&settings), Ok(()));
        let written = fs::read_to_string(project.settings()).unwrap();
        for (here, elsewhere, named) in [
            ("127.0.0.1:0", "0.0.0.0:0", "0.0.0.0:0"),
            (
                "http://127.0.0.1:9000",
                "http://192.0.2.1:9000",
                "192.0.2.1",
            ),
            (
                "http://127.0.0.1:9000",
                "http://localhost:9000",
                "localhost",
            ),
            (
                "fieldgate: 1\n",
                "fieldgate: 1\nhealth: { address: \"[::]:0\" }\n",
                "[::]:0",
            ),
        ] {
            let changed = written.replace(here, elsewhere);
            assert_ne!(changed, written);
            fs::write(project.settings(), changed).unwrap();
            let settings = crate::config::load(&project.settings()).unwrap();
            let refused = loopback_only(&settings).unwrap_err().to_string();
            assert!(refused.contains(named), "{refused}");
        }
    }
}
