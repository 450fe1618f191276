//! The example of every code gives that code, and what is right does not.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use fieldgate::config;
use fieldgate::policy::diagnostic::code::{Code, Example};
use fieldgate::policy::diagnostic::{Diagnostic, Severity};
use fieldgate::policy::{self, load_texts};
use tempfile::TempDir;

use super::{RULES, files};
use crate::binary::rules;

const SETTINGS: &str = r#"fieldgate: 1
node: gw-1
listen:
  - address: 127.0.0.1:0
    tls: { certificate: certs/server.pem, key: file:certs/server.key }
upstreams:
  crm: { url: "http://127.0.0.1:9000" }
rules: { dir: rules/ }
audit: { dir: audit/, key: file:secrets/audit.key, durability: process }
"#;

/// A rule set with a contract, which loads without lints; for examples of what [`RULES`] does not hold.
pub(super) const PARTNERS: &str = include_str!("partners.yaml");
/// One with rights to write.
pub(super) const WRITING: &str = include_str!("writing.yaml");
pub(super) const PARTNERS_LIST: &str = r#"{"items":[{"id":"1","phone":"x"}]}"#;

/// The text with the right lines written wrong; what is right and not in it is put at its end.
fn changed(text: &str, wrong: &str, right: &str) -> (String, String) {
    let found = text.matches(right).count();
    // A line's beginning, so that `roles:` is not found within `read_roles:`.
    match found {
        0 => (format!("{text}{wrong}\n"), format!("{text}{right}\n")),
        1 => (text.replacen(right, wrong, 1), text.to_owned()),
        _ => panic!("{right:?} stands {found} times in the text"),
    }
}

fn of_rules(text: &str) -> Vec<Diagnostic> {
    let files = files(text).map(|(name, text)| (name, text.as_bytes()));
    let partners = ("fixtures/partners.json", PARTNERS_LIST.as_bytes());
    match load_texts(&[&files[..], &[partners]].concat()) {
        Ok(loaded) => loaded.warnings,
        Err(mistakes) => mistakes,
    }
}

fn project(settings: &str) -> TempDir {
    let key = "ab".repeat(32) + "\n";
    let dir = rules(&[
        ("fieldgate.yaml", settings),
        ("certs/server.key", "pem"),
        ("secrets/audit.key", &key),
    ]);
    for secret in ["certs/server.key", "secrets/audit.key"] {
        chmod(&dir, secret, 0o600);
    }
    dir
}

fn chmod(dir: &TempDir, name: &str, mode: u32) {
    let permissions = fs::Permissions::from_mode(mode);
    fs::set_permissions(dir.path().join(name), permissions).unwrap();
}

fn of_settings(dir: &TempDir) -> Vec<Diagnostic> {
    match config::load(&dir.path().join("fieldgate.yaml")) {
        Ok(settings) => settings.warnings,
        Err(mistakes) => mistakes,
    }
}

fn codes(found: &[Diagnostic]) -> Vec<&str> {
    found.iter().map(|one| one.code.id).collect()
}

fn lines(found: &[Diagnostic]) -> String {
    let lines: Vec<String> = found.iter().map(Diagnostic::line).collect();
    lines.join("\n")
}

/// Of errors there is none beside the code; a lint may bring another.
#[track_caller]
fn gives(code: &Code, found: &[Diagnostic]) {
    assert!(codes(found).contains(&code.id), "{code}: {}", lines(found));
    let other = |one: &&Diagnostic| one.severity == Severity::Error && one.code != code;
    assert!(
        !found.iter().any(|one| other(&one)),
        "{code}: {}",
        lines(found)
    );
}

#[test]
fn the_rules_and_settings_that_examples_change_are_right() {
    assert_eq!(lines(&of_rules(RULES)), "");
    assert_eq!(lines(&of_rules(PARTNERS)), "");
    assert_eq!(lines(&of_rules(WRITING)), "");
    assert_eq!(lines(&of_settings(&project(SETTINGS))), "");
}

#[test]
fn every_example_gives_its_code_and_its_cure_does_not() {
    for code in Code::all() {
        let Example::Lines(wrong, right) = code.example else {
            continue;
        };
        let (bad, good) = match code.id.starts_with("FG4") {
            true => {
                let (bad, good) = changed(SETTINGS, wrong, right);
                (of_settings(&project(&bad)), of_settings(&project(&good)))
            }
            false => {
                let holds = |base: &&&str| base.contains(right);
                let base = [RULES, PARTNERS, WRITING];
                let base = base.iter().find(holds).copied().unwrap_or(RULES);
                let (bad, good) = changed(base, wrong, right);
                (of_rules(&bad), of_rules(&good))
            }
        };
        gives(code, &bad);
        let still = |one: &&Diagnostic| one.severity == Severity::Error || one.code == code;
        assert!(
            !good.iter().any(|one| still(&one)),
            "{code}: {}",
            lines(&good)
        );
    }
}

/// Files that have ended.
const FILES: &str = "fieldgate: 1
classes: { open: { level: 1 } }
resources:
  letter:
    at: { GET /letters: $ }
    fields: { id: open }
    files:
      - { media: [application/pdf], roles: [clerk], owner: archive, reason: letters, until: 2020-12-31 }
roles: { clerk: { jwt: staff, claim: roles, has: clerk } }
read: { letter: { clerk: { open: show } } }
";

/// What gives a code that lines cannot show.
fn told(id: &str) -> Option<Vec<Diagnostic>> {
    let load = |dir: &TempDir| match policy::load(dir.path()) {
        Ok(loaded) => loaded.warnings,
        Err(mistakes) => mistakes,
    };
    let one = |name: &str, bytes: &[u8]| {
        let dir = rules(&files(RULES));
        fs::write(dir.path().join(name), bytes).unwrap();
        load(&dir)
    };
    let table = |bytes: &[u8]| {
        let text = RULES.replace("    envelope:", "    dictionary: fields.csv\n    envelope:");
        let dir = rules(&files(&text));
        fs::write(dir.path().join("fields.csv"), bytes).unwrap();
        load(&dir)
    };
    Some(match id {
        "FG1001" => load(&rules(&[])),
        "FG1002" => one("large.yaml", &[b'#'; 2 << 20]),
        "FG1003" => one("gbk.yaml", b"# \xbb\xf9\xb1\xbe\n"),
        "FG1004" => one("roles.yml", b"roles: {}\n"),
        "FG1019" => one("roles.yaml", b""),
        "FG1024" => {
            let dir = rules(&files(RULES));
            symlink("/etc/hostname", dir.path().join("roles.yaml")).unwrap();
            load(&dir)
        }
        "FG1027" => one("b.yaml", b"classes: { basic: { level: 1 } }\n"),
        "FG1028" => table(b"\xff\xfep\0"),
        "FG1029" => table("path,class\nname，basic\n".as_bytes()),
        "FG1030" => table(b"field,class\nname,basic\n"),
        "FG2207" => of_rules(&FILES.replace("$ }", "{ record: $, format: ndjson } }")),
        "FG2208" => of_rules(FILES),
        "FG2104" => of_rules(RULES.split("tests_at:").next().unwrap()),
        "FG4000" => match config::load("/nowhere/missing.yaml".as_ref()) {
            Ok(_) => Vec::new(),
            Err(mistakes) => mistakes,
        },
        "FG4012" => {
            let dir = project(SETTINGS);
            chmod(&dir, "secrets/audit.key", 0o644);
            of_settings(&dir)
        }
        _ => return None,
    })
}

#[test]
fn what_lines_cannot_show_gives_its_code_too() {
    // Of the environment and the host's name, which a test cannot change for itself alone: `config/tests.rs` has both. What
    // the authoring commands refuse: `authoring/`.
    let elsewhere = |id: &str| ["FG4003", "FG4011"].contains(&id) || id.starts_with("FG60");
    for code in Code::all() {
        if !matches!(code.example, Example::Told(..)) || elsewhere(code.id) {
            continue;
        }
        gives(
            code,
            &told(code.id).unwrap_or_else(|| panic!("{code} is not tried")),
        );
    }
}
