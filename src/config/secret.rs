//! Where a secret is kept, never the secret itself: `file:`, `env:` or `cred:` (systemd credentials).
//!
//! Refuses a file that everybody may write, because who can replace a key can impersonate us; an empty secret, because an empty key protects nothing; and a file that has not ended
//! after 64 KiB, because that is no secret.

use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use zeroize::Zeroize;

use crate::model::Secret;
use crate::policy::diagnostic::{Text, say};

/// A reference to a secret, as settings write it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretSource {
    /// `file:PATH`, relative to the settings file.
    File(PathBuf),
    /// `env:NAME`.
    Env(String),
    /// `cred:NAME`: a file of that name in `$CREDENTIALS_DIRECTORY`.
    Credential(PathBuf),
}

/// Why a secret could not be read. Holds the place, never the content.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SecretError {
    /// The file cannot be opened or read.
    #[error("cannot read `{0}`: {1}")]
    Unreadable(String, String),
    /// Everybody may write the file.
    #[error("everybody may write `{0}`; run `chmod o-w` on it")]
    Writable(String),
    /// The environment variable is not set, or not UTF-8.
    #[error("the environment variable `{0}` is not set")]
    Unset(String),
    /// There is nothing in it.
    #[error("`{0}` is empty")]
    Empty(String),
    /// It is longer than any secret.
    #[error("`{0}` is longer than 64 KiB")]
    TooLong(String),
    /// It is not 64 hexadecimal digits.
    #[error(
        "`{0}` is not 64 hexadecimal digits and a newline; write one with `openssl rand -hex 32`"
    )]
    NotAKey(String),
    /// It is not the hash of a key.
    #[error(
        "`{0}` is not 64 hexadecimal digits and a newline; `printf %s \"$KEY\" | sha256sum | cut -c -64` writes them"
    )]
    NotAHash(String),
}

const LONGEST: u64 = 64 << 10;

impl SecretError {
    /// For diagnostics, which speak two languages.
    pub fn text(&self) -> Text {
        let en = self.to_string();
        match self {
            SecretError::Unreadable(place, error) => say!("{en}", "读不了 `{place}`：{error}"),
            SecretError::Writable(place) => {
                say!("{en}", "任何人都能改写 `{place}`；对它执行 `chmod o-w`")
            }
            SecretError::Unset(name) => say!("{en}", "环境变量 `{name}` 没有设置"),
            SecretError::Empty(place) => say!("{en}", "`{place}` 是空的"),
            SecretError::TooLong(place) => say!("{en}", "`{place}` 超过 64 KiB"),
            SecretError::NotAKey(place) => say!(
                "{en}",
                "`{place}` 不是 64 个十六进制数字加换行；用 `openssl rand -hex 32` 生成"
            ),
            SecretError::NotAHash(place) => say!(
                "{en}",
                "`{place}` 不是 64 个十六进制数字加换行；用 `printf %s \"$KEY\" | sha256sum | cut -c -64` 生成"
            ),
        }
    }
}

impl SecretSource {
    /// The secret's bytes, exactly as kept.
    pub fn read(&self) -> Result<Secret<Vec<u8>>, SecretError> {
        let secret = match self {
            SecretSource::File(path) | SecretSource::Credential(path) => read_file(path)?,
            SecretSource::Env(name) => std::env::var(name)
                .map(|value| Secret::new(value.into_bytes()))
                .map_err(|_| SecretError::Unset(name.clone()))?,
        };
        if secret.expose().is_empty() {
            return Err(SecretError::Empty(self.place()));
        }
        Ok(secret)
    }

    /// A key: 64 hexadecimal digits and, at most, one newline.
    pub fn read_key(&self) -> Result<Secret<[u8; 32]>, SecretError> {
        let digits = self.read_digits()?;
        digits.ok_or_else(|| SecretError::NotAKey(self.place()))
    }

    /// The SHA-256 of a key, in the same form.
    pub fn read_hash(&self) -> Result<Secret<[u8; 32]>, SecretError> {
        let digits = self.read_digits()?;
        digits.ok_or_else(|| SecretError::NotAHash(self.place()))
    }

    fn read_digits(&self) -> Result<Option<Secret<[u8; 32]>>, SecretError> {
        let text = self.read()?;
        let digits = without_newline(text.expose());
        if digits.len() != 64 {
            return Ok(None);
        }
        let mut key = [0u8; 32];
        let decoded = data_encoding::HEXLOWER_PERMISSIVE.decode_mut(digits, &mut key);
        let secret = Secret::new(key);
        key.zeroize();
        Ok(decoded.ok().map(|_| secret))
    }

    /// The file behind it, if it is one.
    pub fn path(&self) -> Option<&Path> {
        match self {
            SecretSource::File(path) | SecretSource::Credential(path) => Some(path),
            SecretSource::Env(_) => None,
        }
    }

    /// Where it is kept, for messages.
    pub fn place(&self) -> String {
        match self {
            SecretSource::File(path) | SecretSource::Credential(path) => path.display().to_string(),
            SecretSource::Env(name) => format!("env:{name}"),
        }
    }
}

/// The bytes without the one newline editors and `openssl` leave at the end.
pub fn without_newline(bytes: &[u8]) -> &[u8] {
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    bytes.strip_suffix(b"\r").unwrap_or(bytes)
}

/// Whether others may read the file, or its group may write it. Mounted secrets of containers look like this in
/// directories nobody else can enter, so it is worth a warning and no more.
pub fn is_exposed(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o024 != 0)
}

fn read_file(path: &Path) -> Result<Secret<Vec<u8>>, SecretError> {
    let place = || path.display().to_string();
    let unreadable = |error: std::io::Error| SecretError::Unreadable(place(), error.to_string());
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let mode = file.metadata().map_err(unreadable)?.permissions().mode();
    if mode & 0o002 != 0 {
        return Err(SecretError::Writable(place()));
    }
    let mut bytes = Vec::new();
    file.take(LONGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    let secret = Secret::new(bytes);
    if secret.expose().len() as u64 > LONGEST {
        return Err(SecretError::TooLong(place()));
    }
    Ok(secret)
}
