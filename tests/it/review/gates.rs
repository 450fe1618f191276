//! Gates and conditions in the matrix: who signs it reads what they ask, in every form.

use serde_json::Value;

use crate::binary::{Run, fieldgate, rules};

const RULES: &str = "fieldgate: 1
classes: { basic: { level: 1, zh: 基本信息 }, pay: { level: 4, zh: 工资 } }
resources:
  staff:
    zh: 员工
    at: { 'GET /staff/{id}': $, list: { GET /staff: '$.rows[*]' } }
    fields: { id: basic, dept: basic, state: basic, pay: { class: pay, mask: thousands } }
    envelope: { $.total: show }
    params: { path.id: id }
masks: { thousands: { round: 1000 } }
roles:
  hr:   { jwt: staff-idp, claim: roles, has: hr }
  head: { jwt: staff-idp, claim: roles, has: head }
  firm: { mtls: partner-ca, san: firm.example, contract: required }
read:
  staff:
    hr:   { basic: show, pay: show if office else strip }
    head: { only: [own-dept, known], basic: show }
  staff/list:
    head: { only: [own-dept], basic: show }
    firm: { only: [working], basic: show }
ceilings:
  - { class: pay, to: [head, firm], at_most: mask, reason: only HR sees pay }
conditions:
  own-dept: { field: dept, same_as: claim.dept, or: empty }
  working: { field: state, in: [在职, \"on leave\"] }
  known: { claim: department, jwt: staff-idp, is: risk }
  office: { all: [day, house] }
  day: { hours: 08:00-18:00, zone: Asia/Shanghai }
  house: { network: [10.0.0.0/8, 192.0.2.7] }
contracts:
  HT-1:
    role: firm
    partner: { name: Firm, contact: dpo@firm.example }
    owner: HR
    purpose: payroll
    from: 2026-03-01
    until: 2026-12-31
    zone: Asia/Shanghai
    items: { staff/list: { basic: show } }
";

/// What each condition asks, as the file writes it.
const ASKS: [(&str, &str); 6] = [
    ("own-dept", "field: dept, same_as: claim.dept, or: empty"),
    ("working", "field: state, in: [在职, \"on leave\"]"),
    ("known", "claim: department, jwt: staff-idp, is: risk"),
    ("office", "all: [day, house]"),
    ("day", "hours: 08:00-18:00, zone: Asia/Shanghai"),
    ("house", "network: [10.0.0.0/8, 192.0.2.7]"),
];

fn matrix(args: &[&str]) -> Run {
    let dir = rules(&[("rules.yaml", RULES)]);
    let now = ["--now", "2026-06-01T10:00:00+08:00"];
    let all = [&["matrix", dir.path().to_str().unwrap()], &now[..], args].concat();
    let run = fieldgate(&all, b"");
    assert_eq!((run.exit, run.err.as_str()), (0, ""), "{args:?}");
    run
}

/// One space for each run of white space, so that wrapped sentences are whole.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_condition_says_in_every_form_all_that_the_file_asks() {
    let document: Value = serde_json::from_slice(&matrix(&["--format", "json"]).out).unwrap();
    let table = flat(&matrix(&[]).text());
    let chinese = flat(&matrix(&["--lang", "zh-CN"]).text());
    let page = matrix(&["--format", "html"]).text().replace("&quot;", "\"");
    for (name, asks) in ASKS {
        let mut conditions = document["conditions"].as_array().unwrap().iter();
        let one = conditions.find(|one| one["name"] == name).unwrap();
        assert_eq!(one["asks"], asks);
        assert!(
            table.contains(&format!("{name}: {asks} (rules.yaml:")),
            "{name}:\n{table}"
        );
        assert!(
            chinese.contains(&format!("{name}：{asks}（rules.yaml:")),
            "{name}:\n{chinese}"
        );
        assert!(
            page.contains(&format!("<li>{name}: {asks} (rules.yaml:")),
            "{name}:\n{page}"
        );
    }
}
