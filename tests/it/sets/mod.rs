//! The rule sets that are shipped below `rules`, and the example of the rule language: they load, hold what they promise and
//! stand in form. Each lint that is meant is named here.

use std::fs;
use std::path::{Path, PathBuf};

use crate::binary::{fieldgate, rules};

/// What of the rule language's own example is built: all but quotas.
const LANGUAGE: &str = include_str!("language.yaml");
/// Each set, its lints, and how much of it its tests prove at least, in per cent.
const SETS: [(&str, &[&str], &str); 5] = [
    ("bank", &["FG2109"], "100"),
    ("bank-partners", &["FG2125"], "100"),
    // The set of a walk-through (`docs/hospital.zh-CN.md`), whose tests are those a first day writes.
    ("hospital", &[], "35"),
    ("library", &[], "100"),
    ("patient", &[], "100"),
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("rules")
}

/// The files below a folder whose names end so.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(files(&path, ending)),
            false if path.extension().is_some_and(|is| is == ending) => found.push(path),
            false => {}
        }
    }
    found.sort();
    found
}

#[test]
fn every_rule_set_is_known_here() {
    let mut there: Vec<String> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    there.sort();
    assert_eq!(there, SETS.map(|(name, _, _)| name));
}

#[test]
fn every_rule_set_loads_with_the_lints_that_are_meant_and_no_others() {
    for (name, meant, _) in SETS {
        let dir = folder().join(name);
        let dir = dir.to_str().unwrap();
        let run = fieldgate(&["check", dir, "--format", "json"], b"");
        assert_eq!(run.exit, 0, "{name}: {}", run.text());
        let report: serde_json::Value = serde_json::from_slice(&run.out).unwrap();
        let found = report["diagnostics"].as_array().unwrap();
        let codes: Vec<&str> = found
            .iter()
            .map(|one| one["code"].as_str().unwrap())
            .collect();
        assert_eq!(codes, *meant, "{name}");
    }
}

#[test]
fn every_rule_set_passes_its_tests_and_they_prove_it() {
    for (name, _, least) in SETS {
        let dir = folder().join(name);
        let dir = dir.to_str().unwrap();
        let run = fieldgate(&["test", dir, "--coverage", "--min", least], b"");
        assert_eq!(run.exit, 0, "{name}: {}", run.text());
    }
}

#[test]
fn every_rule_set_is_in_form() {
    for (name, _, _) in SETS {
        let dir = folder().join(name);
        let run = fieldgate(&["fmt", "--check", dir.to_str().unwrap()], b"");
        assert_eq!(run.exit, 0, "{name}: {}", run.text());
    }
}

/// `FIELDGATE_UPDATE=1` writes it anew.
#[test]
fn editors_find_the_schema_of_this_version_where_the_first_line_of_each_file_points() {
    let shipped = folder().join(".fieldgate-schema.json");
    let schema = fieldgate(&["schema", "--lang", "en"], b"").out;
    if std::env::var_os("FIELDGATE_UPDATE").is_some() {
        fs::write(&shipped, &schema).unwrap();
    }
    assert!(
        fs::read(&shipped).unwrap() == schema,
        "write it: FIELDGATE_UPDATE=1 cargo test --test it sets"
    );
    // The demo brings `bank` along, and leaves it where there is no schema.
    for (name, _, _) in SETS.iter().filter(|(name, _, _)| *name != "bank") {
        for file in files(&folder().join(name), "yaml") {
            let text = fs::read_to_string(&file).unwrap();
            let points = text
                .lines()
                .next()
                .and_then(|line| line.strip_prefix("# yaml-language-server: $schema="))
                .unwrap_or_else(|| panic!("{}: no schema", file.display()));
            let there = file.parent().unwrap().join(points);
            assert_eq!(
                there.canonicalize().unwrap(),
                shipped.canonicalize().unwrap(),
                "{}",
                file.display()
            );
        }
    }
}

#[test]
fn every_fixture_serves_a_test() {
    for (name, _, _) in SETS {
        let dir = folder().join(name);
        let tests = files(&dir, "yaml").into_iter();
        let tests: String = tests
            .map(|file| fs::read_to_string(file).unwrap())
            .collect();
        for fixture in files(&dir.join("fixtures"), "json") {
            let file = fixture.file_name().unwrap().to_str().unwrap();
            assert!(
                tests.contains(&format!("fixtures/{file}")),
                "{name}: no test uses {file}"
            );
        }
    }
}

#[test]
fn the_example_of_the_rule_language_loads_and_passes_its_tests() {
    let customer = fs::read_to_string(folder().join("bank/fixtures/customer-1001.json")).unwrap();
    let dir = rules(&[
        ("rules.yaml", LANGUAGE),
        ("fixtures/customer-1001.json", &customer),
    ]);
    let dir = dir.path().to_str().unwrap();
    let run = fieldgate(&["check", dir], b"");
    assert_eq!(run.exit, 0, "{}{}", run.text(), run.err);
    let run = fieldgate(&["test", dir], b"");
    assert_eq!(
        (run.exit, run.text().as_str()),
        (0, "3 tests passed\n"),
        "{}",
        run.err
    );
}
