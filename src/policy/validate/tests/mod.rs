//! Each refusal of meaning, made by one change to a rule set that loads.

mod answers;
mod conditions;
mod files;
mod lints;
mod meaning;
mod mutations;
mod not_yet;
mod searching;
mod writing;

use crate::policy::diagnostic::Diagnostic;
use crate::policy::{Loaded, load_texts};

/// A small rule set with a bit of everything that is built.
const RULES: &str = r#"fieldgate: 1
classes:
  basic: { level: 2, zh: 基本信息 }
  secret: { level: 4, sensitive: true }
masks:
  staff-no: { keep: { first: 2, last: 1 }, char: "x" }
resources:
  customer:
    at:
      GET /customers/{id}: $
      list:
        GET /customers: $.items[*]
    person: { field: id, path: id }
    fields:
      id: basic
      name: { class: basic, mask: [cn-name, staff-no] }
      phones[*].number: { class: secret, mask: cn-phone }
      notes[*].text: secret
    envelope:
      $.total: show
    params:
      path.id: id
      page: { whole: 1..10 }
roles:
  teller: { jwt: staff, claim: roles, has: teller }
  self: { jwt: app, claim: customer_id, same_as: person }
  acme: { mtls: partners, san: "spiffe://acme" }
read:
  customer:
    teller: { basic: show, secret: mask }
    self: { basic: show, secret: show }
  customer/list:
    teller: { basic: show }
    acme: { basic: mask }
exceptions:
  - { field: customer.name, role: acme, do: show, reason: agreed, until: 2027-01-01 }
ceilings:
  - { field: customer.phones, to: everyone, at_most: mask, reason: never in clear }
tests_at: 2026-06-01T10:00:00+08:00
tests:
  - name: teller sees a masked phone
    as: teller
    call: GET /customers/1
    reply: one.json
    expect: { name: 张三 }
  - name: the list
    as: teller
    call: GET /customers
    reply: list.json
    expect_status: 200
"#;

const ONE: &str =
    r#"{"id":"1","name":"张三","phones":[{"number":"13800138000"}],"notes":[{"text":"x"}]}"#;
const LIST: &str = r#"{"total":1,"items":[{"id":"1"}]}"#;

fn load_rules(rules: &str) -> Result<Loaded, Vec<Diagnostic>> {
    load_texts(&[
        ("rules.yaml", rules.as_bytes()),
        ("one.json", ONE.as_bytes()),
        ("list.json", LIST.as_bytes()),
    ])
}

/// The rule set with its first `from` written as `to`.
#[track_caller]
fn changed(from: &str, to: &str) -> String {
    assert!(RULES.contains(from), "the rule set has no {from:?}");
    RULES.replacen(from, to, 1)
}

fn lines(diagnostics: &[Diagnostic]) -> String {
    let lines: Vec<String> = diagnostics.iter().map(Diagnostic::line).collect();
    lines.join("\n")
}

/// Asserts exactly one mistake, which holds all parts.
#[track_caller]
fn refuses(from: &str, to: &str, parts: &[&str]) {
    refuses_rules(&changed(from, to), parts);
}

#[track_caller]
fn refuses_rules(rules: &str, parts: &[&str]) {
    let found = load_rules(rules).expect_err("must not load");
    let shown = lines(&found);
    assert_eq!(found.len(), 1, "one mistake is reported once:\n{shown}");
    for part in parts {
        assert!(shown.contains(part), "{part:?} is missing in:\n{shown}");
    }
}

#[track_caller]
fn loads(from: &str, to: &str) -> Loaded {
    load_rules(&changed(from, to)).unwrap_or_else(|found| panic!("{}", lines(&found)))
}

#[test]
fn the_rule_set_of_these_tests_loads_without_lints() {
    let loaded = load_rules(RULES).unwrap_or_else(|found| panic!("{}", lines(&found)));
    assert_eq!(lines(&loaded.warnings), "");
    let rules = loaded.rules;
    let names: Vec<&str> = rules.roles.iter().map(|role| role.name.as_str()).collect();
    assert_eq!(
        names,
        ["acme", "self", "teller"],
        "in the order of their names"
    );
    assert_eq!(rules.resources[0].groups[0].name, "customer");
    assert_eq!(rules.resources[0].groups[1].name, "customer/list");
    assert_eq!(rules.rows.len(), 4);
    assert_eq!(rules.exceptions[0].until, Some(1_798_847_999));
    assert_eq!(rules.tests[0].reply.as_deref(), Some(ONE.as_bytes()));
    assert_eq!(rules.tests[0].now, Some(1_780_279_200));
    assert_eq!(rules.tests[0].place, "rules.yaml:41");
}

/// The text without `Place { file: .., line: .. }`.
fn without_places(text: &str) -> String {
    let mut parts = text.split("Place {");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |kept, part| kept + part.split_once('}').unwrap().1)
}

#[test]
fn the_order_of_files_and_keys_never_matters() {
    let sections: Vec<String> = [
        "classes:",
        "masks:",
        "resources:",
        "roles:",
        "read:",
        "exceptions:",
        "ceilings:",
        "tests_at:",
    ]
    .windows(2)
    .map(|pair| {
        let start = RULES.find(&format!("\n{}", pair[0])).unwrap() + 1;
        let end = RULES.find(&format!("\n{}", pair[1])).unwrap() + 1;
        RULES[start..end].to_owned()
    })
    .collect();
    let debug = |files: &[(&str, &[u8])]| {
        let mut rules = load_texts(files)
            .unwrap_or_else(|found| panic!("{}", lines(&found)))
            .rules;
        rules.digest.clear();
        without_places(&format!("{rules:?}"))
    };
    let joined = format!("fieldgate: 1\n{}", sections.concat());
    let mut backwards: Vec<(String, String)> = sections
        .iter()
        .rev()
        .enumerate()
        .map(|(index, text)| (format!("{index}.yaml"), text.clone()))
        .collect();
    backwards.push((
        String::from("z/version.yaml"),
        String::from("fieldgate: 1\n"),
    ));
    let files: Vec<(&str, &[u8])> = backwards
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_bytes()))
        .collect();
    assert_eq!(debug(&[("one.yaml", joined.as_bytes())]), debug(&files));
}

#[test]
fn all_mistakes_of_meaning_are_reported_at_once() {
    let rules = changed("id: basic", "id: basicc")
        .replace("teller: { basic: show }", "teler: { basic: shwo }")
        .replace("call: GET /customers\n", "call: nonsense\n")
        .replace("tests_at:", "contracts: { x: { rle: acme } }\ntests_at:");
    let shown = lines(&load_rules(&rules).unwrap_err());
    for part in [
        "`basicc`",
        "did you mean `basic`?",
        "`teler`",
        "mean `teller`",
        "`shwo`",
        "mean `show`",
        "FG5005",
        "`rle`",
    ] {
        assert!(shown.contains(part), "{part:?} is missing in:\n{shown}");
    }
}
