//! The schema and `check` refuse the same keys, and what is shipped and documented validates.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::*;
use crate::policy::diagnostic::code;
use crate::policy::load_texts;
use crate::policy::source::{self, Kind, Node, SourceFile};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn schema(lang: Lang) -> Value {
    serde_json::from_str(&document(lang)).unwrap()
}

/// A rule file as an editor reads it: unquoted numbers and booleans are such.
fn instance(text: &str) -> Value {
    let file = SourceFile::new("rules.yaml", text);
    json_of(&source::read(&file).unwrap_or_else(|mistakes| panic!("{mistakes:?}\n{text}")))
}

fn json_of(node: &Node) -> Value {
    match &node.kind {
        Kind::Scalar { text, plain: true } => {
            serde_json::from_str(text).unwrap_or_else(|_| Value::from(text.as_str()))
        }
        Kind::Scalar { text, .. } => Value::from(text.as_str()),
        Kind::List(items) => items.iter().map(json_of).collect(),
        Kind::Map(entries) => {
            let members = entries.iter();
            let members = members.map(|(key, value)| (key.text.clone(), json_of(value)));
            Value::Object(members.collect())
        }
    }
}

#[track_caller]
fn validates(validator: &jsonschema::Validator, name: &str, text: &str) {
    let instance = instance(text);
    let wrong: Vec<String> = validator
        .iter_errors(&instance)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(wrong.is_empty(), "{name}: {wrong:#?}\n{text}");
}

fn below(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            below(&path, ending, found);
        } else if path.extension().is_some_and(|is| is == ending) {
            found.push(path);
        }
    }
}

#[test]
fn the_schema_is_one_in_both_languages() {
    for lang in Lang::ALL {
        let schema = schema(lang);
        jsonschema::meta::validate(&schema).unwrap();
        jsonschema::draft202012::new(&schema).unwrap();
        let text = document(lang);
        let chinese = text.chars().any(|c| matches!(c, '\u{4E00}'..='\u{9FFF}'));
        assert_eq!(chinese, lang == Lang::Zh);
    }
    let keys = |value: &Value| {
        let mut found = Vec::new();
        keys_of(value, &mut found);
        found
    };
    assert_eq!(keys(&schema(Lang::En)), keys(&schema(Lang::Zh)));
}

fn keys_of(value: &Value, into: &mut Vec<String>) {
    if let Value::Object(members) = value {
        for (name, below) in members {
            into.push(name.clone());
            keys_of(below, into);
        }
    }
}

#[test]
fn every_property_is_explained() {
    let schema = schema(Lang::En);
    let places = schema["$defs"].as_object().unwrap().iter();
    for (place, of) in places
        .map(|(name, of)| (name.as_str(), of))
        .chain([("rules", &schema)])
    {
        for (key, property) in of["properties"].as_object().into_iter().flatten() {
            assert!(property["description"].is_string(), "{place}.{key}");
        }
    }
}

#[test]
fn every_shipped_rule_set_validates() {
    let validator = jsonschema::draft202012::new(&schema(Lang::En)).unwrap();
    let mut files = Vec::new();
    below(&root().join("rules"), "yaml", &mut files);
    files.push(root().join("tests/it/diagnostics/rules.yaml"));
    assert!(files.len() > 2);
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        validates(&validator, &file.display().to_string(), &text);
    }
}

#[test]
fn every_example_in_the_docs_validates() {
    let validator = jsonschema::draft202012::new(&schema(Lang::En)).unwrap();
    let mut files = vec![root().join("README.md"), root().join("README.zh-CN.md")];
    below(&root().join("docs"), "md", &mut files);
    let mut examples = 0;
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        for block in text.split("```yaml\n").skip(1) {
            let block = block.split("\n```").next().unwrap();
            let parsed = source::read(&SourceFile::new("x", block));
            let is_rules =
                block.contains("\nclasses:") || block.starts_with("fieldgate: 1\nclasses");
            if is_rules && parsed.is_ok() {
                examples += 1;
                validates(&validator, &file.display().to_string(), block);
            }
        }
    }
    assert!(examples > 0);
}

#[test]
fn what_init_proposes_validates() {
    let validator = jsonschema::draft202012::new(&schema(Lang::En)).unwrap();
    let options = crate::author::init::Options {
        lang: Lang::Zh,
        resource: None,
        path: None,
    };
    let sample = r#"{"data":[{"id":1,"name":"x","phone":"13800138000"}],"total":1}"#;
    let made = crate::author::init::propose("a.json", sample.as_bytes(), &options).unwrap();
    for (name, text) in made
        .files
        .iter()
        .filter(|(name, _)| name.ends_with(".yaml"))
    {
        validates(&validator, name, text);
        assert!(text.starts_with("# yaml-language-server: $schema=.fieldgate-schema.json\n"));
    }
}

#[test]
fn typos_that_check_refuses_are_refused_too() {
    let validator = jsonschema::draft202012::new(&schema(Lang::En)).unwrap();
    let text = fs::read_to_string(root().join("tests/it/diagnostics/rules.yaml")).unwrap();
    for (right, wrong) in [
        ("classes:", "clases:"),
        ("level: 2", "levle: 2"),
        ("first: 2", "frist: 2"),
        ("    at:", "    att:"),
        ("fields:", "feilds:"),
        ("mask: cn-name", "maks: cn-name"),
        ("path: id", "pth: id"),
        ("unlisted: strip", "unlisted: stripp"),
        ("has: teller", "hass: teller"),
        ("same_as: person", "same_as: persn"),
        ("basic: show", "basic: shwo"),
        ("at_most: mask", "at_mots: mask"),
        ("do: show", "doo: show"),
        ("call: GET /customers\n", "cal: GET /customers\n"),
        ("whole: 1..100", "whole: 100"),
        ("expect_status: 200", "expect_status: ok"),
        ("reply: fixtures/list.json", "replay: fixtures/list.json"),
    ] {
        let changed = text.replacen(right, wrong, 1);
        assert_ne!(changed, text, "{right}");
        assert!(!validator.is_valid(&instance(&changed)), "{wrong}");
        let fixtures: [(&str, &[u8]); 3] = [
            ("rules.yaml", changed.as_bytes()),
            ("fixtures/one.json", br#"{"id":"1","name":"x","phones":[]}"#),
            ("fixtures/list.json", br#"{"items":[],"total":0}"#),
        ];
        assert!(load_texts(&fixtures).is_err(), "{wrong}");
    }
}

/// Where a key stands, in a rule file that has `KEY` there.
const PLACES: &[(&str, &str)] = &[
    ("rules", "KEY: x\n"),
    ("class", "classes: { c: { KEY: x } }\n"),
    ("mask", "masks: { m: { KEY: x } }\n"),
    ("keep", "masks: { m: { keep: { KEY: x } } }\n"),
    ("resource", "resources: { r: { KEY: x } }\n"),
    (
        "group",
        "resources: { r: { at: { g: { KEY: x } }, fields: {} } }\n",
    ),
    (
        "person",
        "resources: { r: { at: { GET /x: $ }, fields: {}, person: { KEY: x } } }\n",
    ),
    (
        "long-field",
        "resources: { r: { at: { GET /x: $ }, fields: { f: { KEY: x } } } }\n",
    ),
    (
        "long-param",
        "resources: { r: { at: { GET /x: $ }, fields: {}, params: { p: { KEY: x } } } }\n",
    ),
    (
        "long-route",
        "resources: { r: { at: { GET /x: { KEY: x } }, fields: {} } }\n",
    ),
    ("role", "roles: { a: { KEY: x } }\n"),
    ("alternative", "roles: { a: { any: [{ KEY: x }] } }\n"),
    (
        "row",
        "classes: {}\nresources: { r: { at: { GET /x: $ }, fields: {} } }\nroles: { a: { api_key: k } }\nread: { r: { a: { KEY: x } } }\n",
    ),
    (
        "rows",
        "resources: { r: { at: { GET /x: $ }, fields: {} } }\nread: { r: { KEY: x } }\n",
    ),
    (
        "file",
        "resources: { r: { at: { GET /x: $ }, fields: {}, files: [{ KEY: x }] } }\n",
    ),
    ("exception", "exceptions: [{ KEY: x }]\n"),
    ("ceiling", "ceilings: [{ KEY: x }]\n"),
    ("condition", "conditions: { c: { KEY: x } }\n"),
    ("mfa", "conditions: { c: { mfa: { KEY: x } } }\n"),
    ("contract", "contracts: { c: { KEY: x } }\n"),
    ("partner", "contracts: { c: { partner: { KEY: x } } }\n"),
    ("suspended", "contracts: { c: { suspended: { KEY: x } } }\n"),
    ("test", "tests: [{ KEY: x }]\n"),
    (
        "caller",
        "tests: [{ name: one, call: GET /x, caller: { KEY: x } }]\n",
    ),
];

/// Every word in quotes in the code that reads rules: each key is among them.
fn words() -> BTreeSet<String> {
    let mut files = Vec::new();
    below(&root().join("src/policy/validate"), "rs", &mut files);
    files.push(root().join("src/policy/ast.rs"));
    let mut words = BTreeSet::new();
    for file in files {
        let text = fs::read_to_string(file).unwrap();
        for word in text.split('"').skip(1) {
            let fits = |c: char| c.is_ascii_lowercase() || c == '_';
            if (2..=30).contains(&word.len()) && word.chars().all(fits) {
                words.insert(word.to_owned());
            }
        }
    }
    assert!(words.len() > 100 && words.contains("unlisted_reason"));
    words
}

/// Whether `check` knows a key at a place; `None` where it is not built yet.
fn checked(template: &str, key: &str) -> Option<bool> {
    let text = format!("fieldgate: 1\n{}", template.replace("KEY", key));
    let text = match template {
        "KEY: x\n" if key == "fieldgate" => template.replace("KEY: x", "fieldgate: 1"),
        _ => text,
    };
    let Err(mistakes) = load_texts(&[("rules.yaml", text.as_bytes())]) else {
        return Some(true);
    };
    let start = text.find(&format!("{key}: x")).unwrap_or_default();
    let mut here = mistakes.iter().filter(|mistake| {
        let span = mistake.labels.first().map(|label| &label.span);
        span.is_some_and(|span| span.start == start)
    });
    // Where roles and classes are named, a key that is none is one nobody declared.
    let unknown = [code::FG1021, code::FG2010, code::FG2001, code::FG2002];
    let found =
        here.find(|mistake| mistake.code == code::FG1022 || unknown.contains(&mistake.code));
    match found {
        None => Some(true),
        Some(mistake) if mistake.code == code::FG1022 => None,
        Some(_) => Some(false),
    }
}

#[test]
fn check_and_the_schema_know_the_same_keys_in_each_place() {
    let schema = schema(Lang::En);
    let words = words();
    let mut wrong = Vec::new();
    for (place, template) in PLACES {
        let of = match *place {
            "rules" => &schema,
            place => &schema["$defs"][place],
        };
        // A section that is not built yet has no places.
        let section = template.split(':').next().unwrap();
        if *place != "rules" && schema["properties"].get(section).is_none() {
            continue;
        }
        if *place == "long-route" && of.is_null() {
            continue;
        }
        for word in &words {
            let listed = of["properties"].get(word).is_some();
            match (checked(template, word), listed) {
                (Some(true), false) => wrong.push(format!("{place}.{word} is not in the schema")),
                (None, true) => wrong.push(format!("{place}.{word} is not built yet")),
                (Some(false), true) => wrong.push(format!("{place}.{word} is in the schema alone")),
                _ => {}
            }
        }
        let listed = of["properties"].as_object().unwrap().keys();
        wrong.extend(
            listed
                .filter(|key| !words.contains(*key))
                .map(|key| format!("{place}.{key} is no word of the code")),
        );
    }
    assert!(
        wrong.is_empty(),
        "`src/author/schema/` lists the keys, `NOT_YET` those that are refused: {wrong:#?}"
    );
}

#[test]
fn what_is_listed_as_not_yet_built_is_refused_by_check() {
    let special = [(
        "outcome.if",
        "classes: { c: {} }\nresources: { r: { at: { GET /x: $ }, fields: { f: c } } }\nroles: { a: { api_key: k } }\nread: { r: { a: { c: show if x } } }\n",
    )];
    for later in NOT_YET {
        let (place, key) = later.split_once('.').unwrap();
        let own = special.iter().find(|(name, _)| name == later);
        let template = PLACES.iter().find(|(name, _)| *name == place);
        let text = match (own, template) {
            (Some((_, text)), _) => format!("fieldgate: 1\n{text}"),
            (None, Some((_, template))) => {
                format!("fieldgate: 1\n{}", template.replace("KEY", key))
            }
            (None, None) => panic!("{later} is no place"),
        };
        let mistakes = load_texts(&[("rules.yaml", text.as_bytes())]).unwrap_err();
        let refused = mistakes.iter().any(|mistake| mistake.code == code::FG1022);
        assert!(
            refused,
            "{later} is built: take it out of `NOT_YET`\n{mistakes:?}"
        );
    }
}
