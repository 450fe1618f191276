//! Partners in the matrix, in explanations and in coverage: annexes, days, purposes and networks.

use serde_json::Value;

use crate::binary::{Run, fieldgate, rules};

const RULES: &str = "fieldgate: 1
classes: { basic: { level: 1 }, contact: { level: 3 } }
resources:
  person:
    at: { GET /people: '$[*]' }
    fields: { id: basic, phone: { class: contact, mask: cn-phone } }
roles:
  acme: { mtls: ca, san: acme.example, contract: required }
read:
  person:
    acme: { basic: show, contact: show }
contracts:
  HT-1:
    role: acme
    partner: { name: Acme }
    owner: partnerships
    purpose: loyalty
    from: 2026-01-01
    until: 2026-12-31
    zone: Asia/Shanghai
    networks: [203.0.113.0/24]
    items:
      person: { basic: show, contact: mask }
";
const PEOPLE: &str = r#"[{"id":1,"phone":"13800138000"}]"#;

fn run(command: &str, tests: &str, args: &[&str]) -> Run {
    let files = [
        ("rules.yaml", RULES),
        ("tests.yaml", tests),
        ("fixtures/people.json", PEOPLE),
    ];
    let count = if tests.is_empty() { 1 } else { 3 };
    let dir = rules(&files[..count]);
    let dir = dir.path().to_str().unwrap();
    let run = fieldgate(&[&[command, dir], args].concat(), b"");
    assert_eq!(run.err, "", "{args:?}");
    run
}

fn line(beginning: &str) -> usize {
    let mut lines = RULES.lines();
    1 + lines
        .position(|line| line.trim_start().starts_with(beginning))
        .unwrap()
}

#[test]
fn a_contract_role_has_a_column_for_each_contract_and_the_annex_is_in_it() {
    let now = ["--now", "2027-01-01T00:00:00+08:00"];
    let text = run("matrix", "", &now).text();
    let (contract, annex) = (line("HT-1"), line("person: { basic: show, contact: mask }"));
    for part in [
        "class      acme HT-1\n".to_owned(),
        "contact 3  mask cn-phone [1]\n".to_owned(),
        format!("[1] contract: HT-1: contact: mask (rules.yaml:{annex})\n"),
        "HT-1: role: acme, partner: Acme, owner: partnerships, purpose: loyalty,".to_owned(),
        format!("(Asia/Shanghai), ended (rules.yaml:{contract})\n"),
        "contract: required".to_owned(),
    ] {
        assert!(text.contains(&part), "{part:?} is missing in:\n{text}");
    }
}

#[test]
fn a_refusal_by_a_contract_names_it_with_its_days() {
    let call = [
        "--as",
        "acme",
        "--call",
        "GET /people",
        "--peer",
        "203.0.113.9",
        "--header",
        "Fieldgate-Purpose: loyalty",
    ];
    let text = run(
        "explain",
        "",
        &[&call[..], &["--now", "2027-01-01T00:00:00+08:00"]].concat(),
    )
    .text();
    assert!(
        text.contains("refused: 403 contract-expired, when its rights were decided"),
        "{text}"
    );
    assert!(text.contains("the contract `HT-1` for `loyalty`, 2026-01-01 to 2026-12-31 (Asia/Shanghai): ended (rules.yaml:"), "{text}");
    let text = run(
        "explain",
        "",
        &[&call[..], &["--now", "2026-06-01T00:00:00+08:00"]].concat(),
    )
    .text();
    assert!(
        text.contains("  contract HT-1 for loyalty (rules.yaml:"),
        "{text}"
    );
    assert!(text.contains("phone  mask cn-phone  contact 3"), "{text}");
}

#[test]
fn every_edge_of_a_contract_is_a_part_and_counts_on_the_day_beside_it() {
    let test = |name: &str, now: &str, more: &str| {
        format!(
            "  - name: {name}\n    as: acme\n    call: GET /people\n    now: {now}\n    {more}\n"
        )
    };
    let call = "peer: 203.0.113.9\n    headers: { Fieldgate-Purpose: loyalty }\n    ";
    let allowed = format!(
        "{call}reply: fixtures/people.json\n    expect: {{ '[0].id': 1, '[0].phone': masked }}"
    );
    let refused = |reason: &str| format!("{call}expect_reason: {reason}");
    let mut tests = String::from("tests:\n");
    let covered = |tests: &str| -> (u64, u64) {
        let run = run("test", tests, &["--coverage", "--format", "json"]);
        let document: Value = serde_json::from_slice(&run.out).unwrap();
        assert_eq!(document["ok"], true, "{document:#}");
        let coverage = &document["coverage"];
        (
            coverage["covered"].as_u64().unwrap(),
            coverage["total"].as_u64().unwrap(),
        )
    };
    tests += &test("far", "2026-06-01T00:00:00+08:00", &allowed);
    assert_eq!(covered(&tests), (4, 10), "cells and annex, no edge");
    tests += &test(
        "long after",
        "2028-01-01T00:00:00+08:00",
        &refused("contract-expired"),
    );
    assert_eq!(covered(&tests), (4, 10), "not the day after");
    for (name, now, more) in [
        ("first", "2026-01-01T00:00:00+08:00", allowed.clone()),
        ("last", "2026-12-31T23:59:59+08:00", allowed.clone()),
        (
            "before",
            "2025-12-31T23:59:59+08:00",
            refused("contract-not-started"),
        ),
        (
            "after",
            "2027-01-01T00:00:00+08:00",
            refused("contract-expired"),
        ),
        (
            "elsewhere",
            "2026-06-01T00:00:00+08:00",
            String::from(
                "headers: { Fieldgate-Purpose: loyalty }\n    expect_reason: wrong-network",
            ),
        ),
        (
            "otherwise",
            "2026-06-01T00:00:00+08:00",
            String::from(
                "peer: 203.0.113.9\n    headers: { Fieldgate-Purpose: other }\n    expect_reason: wrong-purpose",
            ),
        ),
    ] {
        let (before, _) = covered(&tests);
        tests += &test(name, now, &more);
        assert_eq!(covered(&tests).0, before + 1, "{name}");
    }
    assert_eq!(covered(&tests), (10, 10));
}
