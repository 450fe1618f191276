//! Directories and links as operators have them, and the digest.

use std::os::unix::fs::symlink;

use super::*;
use crate::policy::Place;
use crate::policy::diagnostic::{Lang, Style, render};

const VERSION: &str = "fieldgate: 1\n";

/// A directory with these files.
fn directory(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    dir
}

fn lines(found: &[Diagnostic]) -> String {
    let lines: Vec<String> = found.iter().map(Diagnostic::line).collect();
    lines.join("\n")
}

#[track_caller]
fn refuses(dir: &Path, parts: &[&str]) {
    let shown = lines(&load(dir).expect_err("must not load"));
    for part in parts {
        assert!(shown.contains(part), "{part:?} is missing in:\n{shown}");
    }
}

#[test]
fn the_bank_loads_from_its_directory_with_the_one_lint_it_means() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/bank");
    let loaded =
        load(&dir).unwrap_or_else(|found| panic!("{}", render(&found, Lang::En, Style::Plain)));
    let codes: Vec<&str> = loaded
        .warnings
        .iter()
        .map(|warning| warning.code.id)
        .collect();
    assert_eq!(
        codes,
        ["FG2109"],
        "{}",
        render(&loaded.warnings, Lang::En, Style::Plain)
    );
}

#[test]
fn files_are_found_at_every_depth_and_dotted_names_are_skipped() {
    let dir = directory(&[
        ("a.yaml", VERSION),
        ("b/c/d.yaml", "classes: { basic: {} }\n"),
        (".hidden.yaml", "nonsense\n"),
        (".git/x.yaml", "nonsense\n"),
        ("README.md", "text\n"),
    ]);
    let loaded = load(dir.path()).unwrap_or_else(|found| panic!("{}", lines(&found)));
    let names: Vec<&str> = loaded
        .sources
        .iter()
        .map(|file| file.name.as_str())
        .collect();
    assert_eq!(names, ["a.yaml", "b/c/d.yaml"]);
}

#[test]
fn the_digest_covers_names_and_contents_and_nothing_else() {
    let digest = |files: &[(&str, &str)]| load(directory(files).path()).unwrap().rules.digest;
    let one = digest(&[("a.yaml", VERSION)]);
    assert_eq!(one, digest(&[("a.yaml", VERSION), ("notes.txt", "x")]));
    assert_ne!(one, digest(&[("b.yaml", VERSION)]));
    assert_ne!(one, digest(&[("a.yaml", "fieldgate: 1 # x\n")]));
    // sha256sum a.yaml | sha256sum
    assert_eq!(
        one,
        "sha256:72e227fa2b4e2f4055ca828bec0d07ef721e1aaa4e246ec300c701f05b0e8fd3"
    );
}

#[test]
fn n07_missing_empty_and_unreadable_directories_are_refused() {
    refuses(
        Path::new("/no/such/place"),
        &["FG1001", "cannot read the rules directory"],
    );
    refuses(directory(&[]).path(), &["FG1001", "no `.yaml` file"]);
    let file = directory(&[("a.yaml", VERSION)]);
    refuses(&file.path().join("a.yaml"), &["FG1001", "not a directory"]);
    refuses(directory(&[("a.yaml", "")]).path(), &["FG1019"]);
}

#[test]
fn other_endings_are_answered_with_the_rename() {
    refuses(
        directory(&[("a.yaml", VERSION), ("sub/b.yml", "x: 1\n")]).path(),
        &["FG1004", "`sub/b.yml`", "rename it to `sub/b.yaml`"],
    );
    refuses(
        directory(&[("a.YAML", VERSION)]).path(),
        &["FG1004", "`a.yaml`"],
    );
    refuses(
        directory(&[("a.yaml", VERSION), ("b.json", "{}")]).path(),
        &["FG1004", "`b.yaml`", "`fixtures`"],
    );
    let fixtures = directory(&[("a.yaml", VERSION), ("fixtures/b.json", "{}")]);
    assert!(load(fixtures.path()).is_ok());
}

#[test]
fn a_json_file_a_test_names_is_a_fixture_wherever_it_stands() {
    let rules = "fieldgate: 1\nroles: { r: { mtls: ca, san: x } }\ntests:\n  - name: x\n    as: r\n    \
                 call: GET /x\n    reply: b.json\n    expect_status: 404\n";
    let dir = directory(&[("a.yaml", rules), ("b.json", "{}")]);
    let loaded = load(dir.path()).unwrap_or_else(|found| panic!("{}", lines(&found)));
    assert_eq!(
        loaded.rules.tests[0].reply.as_deref(),
        Some(b"{}".as_slice())
    );
}

#[test]
fn n17_links_may_not_leave_the_directory() {
    let outside = directory(&[("secret.yaml", "classes: { leaked: {} }\n")]);
    let dir = directory(&[("a.yaml", VERSION)]);
    symlink(
        outside.path().join("secret.yaml"),
        dir.path().join("b.yaml"),
    )
    .unwrap();
    refuses(dir.path(), &["FG1024", "`b.yaml`", "outside"]);
    let fixture = directory(&[("a.yaml", VERSION), ("fixtures/x", "")]);
    symlink("/etc/passwd", fixture.path().join("fixtures/passwd")).unwrap();
    refuses(fixture.path(), &["FG1024", "passwd"]);
    let circle = directory(&[("a.yaml", VERSION)]);
    symlink(circle.path(), circle.path().join("again")).unwrap();
    refuses(circle.path(), &["FG1024", "circle"]);
}

#[test]
fn a_kubernetes_mount_is_read_once() {
    let dir = directory(&[(
        "..2026_01_01/a.yaml",
        "fieldgate: 1\nclasses: { basic: {} }\n",
    )]);
    symlink("..2026_01_01", dir.path().join("..data")).unwrap();
    symlink("..data/a.yaml", dir.path().join("a.yaml")).unwrap();
    let loaded = load(dir.path()).unwrap_or_else(|found| panic!("{}", lines(&found)));
    assert_eq!(loaded.sources.len(), 1);
    assert_eq!(loaded.rules.classes.len(), 1);
}

#[test]
fn n18_huge_files_and_many_files_are_refused() {
    let huge = format!("# {}\n", "x".repeat(MAX_FILE_BYTES));
    refuses(
        directory(&[("a.yaml", VERSION), ("b.yaml", &huge)]).path(),
        &["FG1002", "1 MiB"],
    );
    let dir = directory(&[("a.yaml", VERSION)]);
    for number in 0..MAX_FILES {
        fs::write(dir.path().join(format!("{number}.txt")), "").unwrap();
    }
    refuses(dir.path(), &["FG1002", "2000 files"]);
}

#[test]
fn mistakes_of_all_files_are_reported_at_once() {
    let dir = directory(&[
        ("a.yaml", "fieldgate: 1\nclasses: { basic: ~ }\n"),
        ("b.yaml", "roles: [\n"),
        ("c.yaml", "read: yes\n"),
    ]);
    refuses(
        dir.path(),
        &[
            "a.yaml:2:19: error[FG1015]",
            "b.yaml:",
            "c.yaml:1:7: error[FG1016]",
        ],
    );
}

#[test]
fn every_rule_knows_the_file_below_the_rules_directory_and_the_line_it_was_written_in() {
    let dir = directory(&[
        (
            "data/customer.yaml",
            "\u{feff}fieldgate: 1
classes: { basic: {}, secret: {} }
resources:
  customer:
    at:
      GET /customers/{id}: $.data
    fields:
      phone: secret
      id: basic
    envelope:
      $.total: show
    params:
      path.id: id
",
        ),
        (
            "who/grid.yaml",
            "roles:
  teller: { jwt: idp, claim: roles, has: teller }
read:
  customer:
    teller:
      # basic is written last
      basic: show
exceptions:
  - { field: customer.phone, role: teller, do: mask, reason: a test }
ceilings:
  - field: customer.id
    to: everyone
    at_most: mask
    reason: a test
",
        ),
    ]);
    let rules = load(dir.path()).unwrap().rules;
    let customer = &rules.resources[0];
    let (role, row) = (&rules.roles[0], rules.rows.values().next().unwrap());
    let places = [
        &rules.classes[1].place,
        &customer.place,
        &customer.groups[0].routes[0].place,
        &customer.fields[0].place,
        &customer.fields[1].place,
        &customer.envelope[0].place,
        &customer.params[0].place,
        &role.place,
        &row.place,
        row.places[0].as_ref().unwrap(),
        &rules.exceptions[0].place,
        &rules.ceilings[0].place,
    ];
    let written = [
        "data/customer.yaml:2",
        "data/customer.yaml:4",
        "data/customer.yaml:6",
        "data/customer.yaml:9",
        "data/customer.yaml:8",
        "data/customer.yaml:11",
        "data/customer.yaml:13",
        "who/grid.yaml:2",
        "who/grid.yaml:5",
        "who/grid.yaml:7",
        "who/grid.yaml:9",
        "who/grid.yaml:11",
    ];
    assert_eq!(places.map(Place::to_string), written);
    assert_eq!(row.places[1], None);
}
