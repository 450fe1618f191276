//! The file that says who is blocked: read strictly, replaced whole, changed by one at a time.
//!
//! Refuses what is not of its form to the byte, a name blocked twice, and a file everybody may write.

use std::collections::HashSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Block, Blocks};

/// The longest file.
const MOST_BYTES: u64 = 4 << 20;
/// Lifted blocks that are remembered, so that every proxy can record who lifted them.
const MOST_LIFTED: usize = 1_000;
const VERSION: u32 = 1;

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It is not there.
    #[error("`{}` is not there", .0.display())]
    Missing(PathBuf),
    /// It is not what `fieldgate block` writes.
    #[error("`{}` is not of the form `fieldgate block` writes: {why}", path.display())]
    Form {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// It names persons by hashes of another key.
    #[error("`{}` names persons by hashes made with another audit key; lift those blocks and block the persons again", .0.display())]
    OtherKey(PathBuf),
    /// The system refused.
    #[error("`{}`: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    fieldgate_blocks: u32,
    blocks: Vec<Block>,
}

/// Reads who is blocked.
///
/// # Errors
///
/// [`FileError`]; whoever goes by the file must then refuse everybody.
pub fn read(path: &Path) -> Result<Blocks, FileError> {
    let io = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => FileError::Missing(path.to_owned()),
        _ => FileError::Io {
            path: path.to_owned(),
            source,
        },
    };
    let form = |why: String| FileError::Form {
        path: path.to_owned(),
        why,
    };
    let file = File::open(path).map_err(io)?;
    let metadata = file.metadata().map_err(io)?;
    if metadata.permissions().mode() & 0o002 != 0 {
        return Err(form("everybody may write it".to_owned()));
    }
    if !metadata.is_file() || metadata.len() > MOST_BYTES {
        return Err(form("it is no file, or larger than 4 MiB".to_owned()));
    }
    let mut text = String::new();
    file.take(MOST_BYTES)
        .read_to_string(&mut text)
        .map_err(io)?;
    let written: Written = serde_json::from_str(&text).map_err(|error| form(error.to_string()))?;
    if written.fieldgate_blocks != VERSION {
        return Err(form("it is of another version".to_owned()));
    }
    let blocks = Blocks::new(written.blocks);
    let mut seen = HashSet::new();
    for block in blocks.in_force() {
        if !seen.insert((block.kind, &block.name)) {
            return Err(form(format!("a {} is blocked twice", block.kind)));
        }
    }
    Ok(blocks)
}

/// Changes who is blocked; others who change it meanwhile wait. The file is replaced whole and is on disk when this
/// returns.
///
/// # Errors
///
/// [`FileError`], or what `with` says; nothing has changed then.
pub fn change<E: From<FileError>>(
    path: &Path,
    with: impl FnOnce(&mut Vec<Block>) -> Result<(), E>,
) -> Result<(), E> {
    let _lock = lock(path).map_err(|source| FileError::Io {
        path: path.to_owned(),
        source,
    })?;
    let mut entries = match read(path) {
        Ok(blocks) => blocks.entries,
        Err(FileError::Missing(_)) => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    with(&mut entries)?;
    forget_old(&mut entries);
    replace(path, entries).map_err(|source| {
        E::from(FileError::Io {
            path: path.to_owned(),
            source,
        })
    })
}

fn forget_old(entries: &mut Vec<Block>) {
    let lifted = entries
        .iter()
        .filter(|block| block.lifted.is_some())
        .count();
    let mut too_many = lifted.saturating_sub(MOST_LIFTED);
    entries.retain(|block| {
        let goes = too_many > 0 && block.lifted.is_some();
        too_many -= usize::from(goes);
        !goes
    });
}

fn lock(path: &Path) -> io::Result<File> {
    if let Some(parent) = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
    {
        fs::create_dir_all(parent)?;
    }
    let mut options = OpenOptions::new();
    let options = options.write(true).create(true).truncate(false).mode(0o600);
    let file = options.open(beside(path, ".lock"))?;
    file.lock()?;
    Ok(file)
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

fn replace(path: &Path, blocks: Vec<Block>) -> io::Result<()> {
    let written = Written {
        fieldgate_blocks: VERSION,
        blocks,
    };
    let mut text = serde_json::to_vec_pretty(&written)?;
    text.push(b'\n');
    let temporary = beside(path, ".tmp");
    let mut options = OpenOptions::new();
    // The proxy may run as somebody else than whoever blocks; the directory says who gets here at all.
    let options = options.write(true).create(true).truncate(true).mode(0o644);
    let mut file = options.open(&temporary)?;
    file.write_all(&text)?;
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    let parent = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
}
