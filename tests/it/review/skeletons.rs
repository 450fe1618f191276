//! The tests that `test --coverage` proposes: filled in faithfully, each passes and proves its part.

use serde_json::Value;

use crate::binary::{Run, fieldgate, rules};

/// Gates on records and on calls, a person, a partner, hours, networks and Chinese names.
const RULES: &str = "fieldgate: 1
classes: { basic: { level: 1 }, phone: { level: 3 }, 工资: { level: 4 }, total: { level: 1 } }
resources:
  staff:
    at: { 'GET /staff/{no}': $.data, list: { GET /staff: '$.rows[*]' } }
    person: { field: 工号, path: 'no' }
    fields:
      工号: basic
      dept: basic
      state: basic
      phone: { class: phone, mask: cn-phone }
      工资[*].月份: 工资
      工资[*].实发: 工资
    envelope: { $.total: total }
    params: { path.no: 工号 }
roles:
  hr:   { jwt: staff-idp, claim: realm.roles, has: hr }
  head: { jwt: staff-idp, claim: realm.roles, has: head }
  self: { jwt: staff-idp, claim: emp, same_as: person }
  firm: { mtls: partner-ca, san: 'spiffe://firm.example/pay', contract: required }
read:
  staff:
    hr:   { basic: show, phone: show if day else mask, 工资: blank }
    head: { only: [own-dept, lead], basic: show, phone: mask }
    self: { basic: show, phone: show, 工资: show }
  staff/list:
    hr:   { basic: show, phone: show if house else strip, 工资: show if working, total: show }
    head: { only: [own-dept], basic: show }
    firm: { only: [working], basic: mask, phone: show, 工资: show }
exceptions:
  - { field: staff.工号, role: firm, do: token, reason: a stable pseudonym }
  - { field: staff.phone, role: head, do: show, until: 2026-01-31, reason: a pilot }
ceilings:
  - { class: 工资, to: [hr, head], at_most: mask, reason: only they and the firm see pay }
conditions:
  own-dept: { field: dept, same_as: claim.dept }
  lead: { claim: rank, jwt: staff-idp, in: [lead, chief] }
  working: { field: state, is: 在职 }
  day: { hours: 08:00-18:00, zone: Asia/Shanghai }
  house: { network: [10.0.0.0/8] }
contracts:
  HT-1:
    role: firm
    partner: { name: Firm, contact: dpo@firm.example }
    owner: HR
    purpose: payroll
    from: 2026-03-01
    until: 2026-12-31
    zone: Asia/Shanghai
    networks: [203.0.113.0/24]
    items: { staff/list: { basic: token, phone: mask, 工资: show } }
tests_at: 2026-02-15T10:00:00+08:00
";
const ONE: &str = r#"{"total":1,"data":{"工号":"E1","dept":"D1","state":"在职","phone":"13912345678","工资":[{"月份":"2026-05","实发":"20589.45"}]}}"#;
const LIST: &str = r#"{"total":1,"rows":[{"工号":"E1","dept":"D1","state":"在职","phone":"13912345678","工资":[{"月份":"2026-05","实发":"20589.45"}]}]}"#;

fn coverage(tests: &str, lang: &str) -> (Run, Value) {
    let left = LIST.replace("在职", "离职");
    let mut files = vec![("rules.yaml", RULES)];
    if !tests.is_empty() {
        files.extend([
            ("tests.yaml", tests),
            ("fixtures/one.json", ONE),
            ("fixtures/list.json", LIST),
            ("fixtures/left.json", &left),
        ]);
    }
    let dir = rules(&files);
    let dir = dir.path().to_str().unwrap();
    let run = fieldgate(
        &[
            "test",
            dir,
            "--coverage",
            "--format",
            "json",
            "--lang",
            lang,
        ],
        b"",
    );
    let document = serde_json::from_slice(&run.out).unwrap_or_else(|_| panic!("{}", run.err));
    (run, document)
}

fn missing(document: &Value) -> Vec<(String, String)> {
    let missing = document["coverage"]["missing"].as_array().unwrap();
    let text = |one: &Value, key: &str| one[key].as_str().unwrap().to_owned();
    missing
        .iter()
        .map(|one| (text(one, "what"), text(one, "test")))
        .collect()
}

/// The value of a reply at `rows[0].phone`.
fn value_at<'a>(path: &str, reply: &'a Value) -> &'a Value {
    let path = path.replace('[', ".").replace(']', "");
    path.split('.')
        .fold(reply, |value, step| match step.parse::<usize>() {
            Ok(index) => &value[index],
            Err(_) => &value[step],
        })
}

/// What an author who knows the upstream's answers writes for the capitals.
fn filled(test: &str) -> String {
    let (file, reply) = match () {
        () if test.contains("working is not true") || test.contains("working 不成立") => {
            ("left.json", LIST.replace("在职", "离职"))
        }
        () if test.contains("GET /staff/NO") => ("one.json", ONE.to_owned()),
        () => ("list.json", LIST.to_owned()),
    };
    let reply: Value = serde_json::from_str(&reply).unwrap();
    let mut test = test
        .replace("FILE.json", file)
        .replace("/NO", "/E1")
        .replace("emp: \"NO\"", "emp: E1")
        .replace("VALUE OF dept", "D1");
    if let Some(at) = test.find(": VALUE }") {
        let path = test[..at].rsplit("{ ").next().unwrap().trim_matches('"');
        let value = value_at(path, &reply).to_string();
        test = test.replace(": VALUE }", &format!(": {value} }}"));
    }
    test.replace("never: [VALUE]", "never: ['2026-05']")
}

#[test]
fn each_proposed_test_passes_when_it_is_filled_in_and_all_of_them_prove_everything() {
    for (lang, nothing) in [
        ("en", "# nothing to propose"),
        ("zh-CN", "# 没有可写的测试"),
    ] {
        let (_, document) = coverage("", lang);
        let proposed = missing(&document);
        assert!(proposed.len() > 40, "{}", proposed.len());
        let mut tests = String::from("tests:\n");
        for (_, test) in proposed
            .iter()
            .filter(|(_, test)| !test.starts_with(nothing))
        {
            for line in filled(test).lines() {
                tests.push_str(&format!("  {line}\n"));
            }
        }
        let (run, document) = coverage(&tests, lang);
        assert_eq!(document["ok"], true, "{}\n{document:#}\n{tests}", run.err);
        let left = missing(&document);
        let unwritten: Vec<&(String, String)> = left
            .iter()
            .filter(|(_, test)| !test.starts_with(nothing))
            .collect();
        assert!(unwritten.is_empty(), "{unwritten:#?}\n{tests}");
        assert!(left.len() <= 2, "{left:#?}");
    }
}

#[test]
fn a_proposed_test_is_yaml_whatever_its_name_holds_and_speaks_the_users_language() {
    let (_, document) = coverage("", "zh-CN");
    let proposed = missing(&document);
    let one = |what: &str| {
        let found = proposed.iter().find(|(known, _)| known == what);
        let known = || {
            proposed
                .iter()
                .map(|(what, _)| what.as_str())
                .collect::<Vec<_>>()
        };
        &found
            .unwrap_or_else(|| panic!("{what} is not in {:#?}", known()))
            .1
    };
    let edge = one("HT-1: 开始前一天被拒绝");
    for part in [
        "- name: HT-1 开始前一天被拒绝\n",
        "  as: firm\n  peer: \"203.0.113.0\"\n  headers: { Fieldgate-Purpose: payroll }\n",
        "  now: 2026-02-28T23:59:59+08:00\n",
    ] {
        assert!(edge.contains(part), "{part:?} is missing in:\n{edge}");
    }
    let gone = one("staff head: only，own-dept 不成立");
    for part in [
        "# own-dept 不成立时（field: dept, same_as: claim.dept）\n",
        "claims: { dept: OTHER THAN dept, rank: lead, realm: { roles: [head] } }",
        "expect_status: 404",
    ] {
        assert!(gone.contains(part), "{part:?} is missing in:\n{gone}");
    }
    let (_, document) = coverage("", "en");
    let edge = missing(&document);
    let edge = edge
        .iter()
        .find(|(what, _)| what == "HT-1: refused on the day before it begins");
    let edge = &edge.unwrap().1;
    assert!(
        edge.starts_with("- name: \"HT-1: refused on the day before it begins\"\n"),
        "{edge}"
    );
}
