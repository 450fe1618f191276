//! `fieldgate.yaml`: where it is found, how it is read, and what the other rooms are handed.
//!
//! Refuses a file as a whole, with every mistake at once: unknown keys, keys that are not built yet, secrets
//! in clear, unset variables, and anything that could mean two things.

mod cors;
mod expand;
mod front;
mod headers;
mod identity;
mod limits;
mod quantity;
mod reader;
mod secret;
mod sections;
mod settings;
mod state;
mod upstream;

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

pub use cors::Cors;
pub use front::Front;
pub use secret::{SecretError, SecretSource};
pub use settings::{
    ApiKey, Audit, ClientAuth, ClientCa, Drain, Durability, HeaderValueSource, Headers, Health,
    Identity, JwtAlgorithm, JwtIssuer, Limits, Listener, ListenerTls, Rules, Settings, Timeouts,
    Tokens, Upstream, UpstreamTls,
};

use crate::policy::diagnostic::{Diagnostic, code, quoted, say};
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
        let message = say!(
            "the environment variable `{VARIABLE}` is empty",
            "环境变量 `{VARIABLE}` 是空的"
        );
        return Err(Diagnostic::error(code::FG4003, message).help(say!(
            "set it to a path, or unset it",
            "把它设成配置文件的路径，或者取消设置"
        )));
    }
    let there = || places.iter().copied().find(|path| path.exists());
    option.or(variable).or_else(there).map(Path::to_owned).ok_or_else(|| {
        Diagnostic::error(code::FG4000, say!("no settings file: neither ./fieldgate.yaml nor /etc/fieldgate/fieldgate.yaml is there", "没有配置文件：./fieldgate.yaml 和 /etc/fieldgate/fieldgate.yaml 都不存在"))
            .help(say!("name one with `-c FILE` or `{VARIABLE}`", "用 `-c FILE` 或 `{VARIABLE}` 指定一个"))
    })
}

/// Reads the settings, or tells every mistake in them.
pub fn load(path: &Path) -> Result<Settings, Vec<Diagnostic>> {
    load_with(path, &|name| std::env::var(name).ok())
}

/// Who may connect, and who is believed: what of the settings decides that.
#[derive(Clone, Debug, Default)]
pub struct Callers {
    /// Who is believed.
    pub identity: Identity,
    /// Whose headers are.
    pub front: Option<Front>,
    /// By the address of each listener: whose certificates it asks for, and whether it does not go without.
    pub doors: BTreeMap<String, Option<(String, ClientAuth)>>,
}

/// Reads `identity`, `front` and of `listen` who may connect, for those who compare them; what else the file says is not
/// judged.
///
/// # Errors
///
/// Every mistake in them.
pub fn load_callers(path: &Path) -> Result<Callers, Vec<Diagnostic>> {
    let name = path.display().to_string();
    let bytes = read(path).map_err(|mistake| vec![mistake])?;
    let file = source::decode(&name, &bytes).map_err(|mistake| vec![mistake])?;
    let root = source::read(&file)?;
    let entries = root
        .as_map(say!("the settings", "配置"))
        .map_err(|mistake| vec![mistake])?;
    let base = path.parent().unwrap_or(Path::new(""));
    let environment = |name: &str| std::env::var(name).ok();
    let mut reader = reader::Reader::new(base, &environment);
    let identity = match entries.get("identity") {
        Some(node) => identity::identity(&mut reader, node),
        None => Some(Identity::default()),
    };
    let front = entries.get("front");
    let front = front.and_then(|node| front::front(&mut reader, node));
    let doors = match entries.get("listen") {
        Some(node) => sections::doors(&mut reader, node),
        None => Some(BTreeMap::new()),
    };
    let callers = identity.zip(doors).map(|(identity, doors)| Callers {
        identity,
        front,
        doors,
    });
    let (callers, _) = reader.finish(callers)?;
    Ok(callers)
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
        Diagnostic::error(
            code::FG4000,
            say!("cannot read {shown}: {error}", "读不了 {shown}：{error}"),
        )
    };
    let mode = std::fs::metadata(path)
        .map_err(unreadable)?
        .permissions()
        .mode();
    if mode & 0o002 != 0 {
        let message = say!("everybody may write {shown}", "任何人都能改写 {shown}");
        return Err(Diagnostic::error(code::FG4000, message)
            .help(say!("run `chmod o-w` on it", "对它执行 `chmod o-w`")));
    }
    std::fs::read(path).map_err(unreadable)
}

#[cfg(test)]
mod tests;
