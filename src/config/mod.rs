//! `fieldgate.yaml`: where it is found, how it is read, and what the other rooms are handed.
//!
//! Refuses a file as a whole, with every mistake at once: unknown keys, keys that are not built yet, secrets
//! in clear, unset variables, and anything that could mean two things.

mod expand;
mod headers;
mod limits;
mod quantity;
mod reader;
mod secret;
mod sections;
mod settings;
mod upstream;

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

pub use secret::{SecretError, SecretSource};
pub use settings::{
    Audit, ClientAuth, ClientCa, Drain, Durability, HeaderValueSource, Headers, Health, Identity,
    JwtAlgorithm, JwtIssuer, Limits, Listener, ListenerTls, Rules, Settings, Timeouts, Tokens,
    Upstream, UpstreamTls,
};

use crate::policy::diagnostic::{Diagnostic, quoted};
use crate::policy::source;

/// Where settings are looked for when neither `-c` nor the variable says.
const PLACES: [&str; 2] = ["fieldgate.yaml", "/etc/fieldgate/fieldgate.yaml"];

/// The variable that names the file.
const VARIABLE: &str = "FIELDGATE_CONFIG";

/// The settings file: `-c`, `$FIELDGATE_CONFIG`, `./fieldgate.yaml`, `/etc/fieldgate/fieldgate.yaml`. The first
/// that is said or there is it; none is fallen back from.
pub fn find(option: Option<&Path>) -> Result<PathBuf, Diagnostic> {
    let named = std::env::var_os(VARIABLE).map(PathBuf::from);
    first_place(option, named.as_deref(), &PLACES.map(Path::new))
}

fn first_place(
    option: Option<&Path>,
    variable: Option<&Path>,
    places: &[&Path],
) -> Result<PathBuf, Diagnostic> {
    if variable == Some(Path::new("")) && option.is_none() {
        let message = format!("the environment variable `{VARIABLE}` is empty");
        return Err(Diagnostic::error("FG4003", message).help("set it to a path, or unset it"));
    }
    let there = || places.iter().copied().find(|path| path.exists());
    option.or(variable).or_else(there).map(Path::to_owned).ok_or_else(|| {
        Diagnostic::error("FG4000", "no settings file: neither ./fieldgate.yaml nor /etc/fieldgate/fieldgate.yaml is there")
            .help(format!("name one with `-c FILE` or `{VARIABLE}`"))
    })
}

/// Reads the settings, or tells every mistake in them.
pub fn load(path: &Path) -> Result<Settings, Vec<Diagnostic>> {
    load_with(path, &|name| std::env::var(name).ok())
}

fn load_with(
    path: &Path,
    environment: expand::Environment<'_>,
) -> Result<Settings, Vec<Diagnostic>> {
    let name = path.display().to_string();
    let bytes = read(path).map_err(|mistake| vec![mistake])?;
    let file = source::decode(&name, &bytes).map_err(|mistake| vec![mistake])?;
    let root = source::read(&file)?;
    let base = path.parent().unwrap_or(Path::new(""));
    let mut reader = reader::Reader::new(base, environment);
    let settings = sections::settings(&mut reader, &root, path);
    let (settings, warnings) = reader.finish(settings)?;
    Ok(Settings {
        warnings,
        ..settings
    })
}

fn read(path: &Path) -> Result<Vec<u8>, Diagnostic> {
    let shown = quoted(&path.display().to_string());
    let unreadable = |error: std::io::Error| {
        Diagnostic::error("FG4000", format!("cannot read {shown}: {error}"))
    };
    let mode = std::fs::metadata(path)
        .map_err(unreadable)?
        .permissions()
        .mode();
    if mode & 0o002 != 0 {
        let message = format!("everybody may write {shown}");
        return Err(Diagnostic::error("FG4000", message).help("run `chmod o-w` on it"));
    }
    std::fs::read(path).map_err(unreadable)
}

#[cfg(test)]
mod tests;
