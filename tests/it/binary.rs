//! The real binary, and rule sets to give it.

use std::fs::{self, File};
use std::io::{Seek, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// How a command ended.
#[derive(Debug)]
pub struct Run {
    pub exit: i32,
    pub out: Vec<u8>,
    pub err: String,
}

impl Run {
    pub fn text(&self) -> String {
        String::from_utf8(self.out.clone()).unwrap()
    }
}

/// Runs the binary with `input` on standard input.
pub fn fieldgate(args: &[&str], input: &[u8]) -> Run {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(input).unwrap();
    file.rewind().unwrap();
    fieldgate_on(args, file)
}

/// Runs the binary with a file on standard input.
pub fn fieldgate_on(args: &[&str], input: File) -> Run {
    let output = Command::new(env!("CARGO_BIN_EXE_fieldgate"))
        .args(args)
        .env_remove("FIELDGATE_CONFIG")
        .env_remove("COLUMNS")
        .env("LC_ALL", "C")
        .stdin(Stdio::from(input))
        .output()
        .unwrap();
    Run {
        exit: output.status.code().expect("no signal ended it"),
        out: output.stdout,
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A rules directory of these files.
pub fn rules(files: &[(&str, &str)]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    dir
}

/// One resource `thing` with the record as the whole body, all of it shown but for `fields`, given with their class:
/// `any` is shown, `masked` masked, `pseudonym` a token.
pub fn showing_all_but(fields: &str) -> TempDir {
    let text = format!(
        "fieldgate: 1
classes: {{ any: {{ level: 1 }}, masked: {{ level: 3 }}, pseudonym: {{ level: 3 }} }}
resources:
  thing:
    at: {{ GET /thing: $ }}
    fields:
      $: any
{fields}
    unlisted: show
    unlisted_reason: all of it is public
    drift: show
roles:
  reader: {{ jwt: idp, claim: role, is: reader }}
read:
  thing:
    reader: {{ any: show, masked: mask, pseudonym: token }}
"
    );
    rules(&[("rules.yaml", &text)])
}

/// The bank rule set as shipped.
pub fn bank() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/bank")
}

/// The `count` JSON files of a corpus, or `None` where it is absent.
pub fn corpus(name: &str, count: usize) -> Option<Vec<PathBuf>> {
    let root = std::env::var_os("FIELDGATE_CORPORA").map(PathBuf::from);
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpora");
    let folder = root.unwrap_or_else(beside).join(name);
    let Ok(entries) = fs::read_dir(&folder) else {
        // Not `eprintln!`, which a passing test swallows.
        let place = folder.display();
        let skipped = format!(
            "SKIPPED {count} files: there is no corpus at {place}; set FIELDGATE_CORPORA\n"
        );
        std::io::stderr().write_all(skipped.as_bytes()).unwrap();
        return None;
    };
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|ending| ending == "json"));
    files.sort();
    assert_eq!(files.len(), count, "{}", folder.display());
    Some(files)
}
