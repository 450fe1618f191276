//! `fieldgate explain`: each answer names the rules it follows from.

use std::fs;

use serde_json::Value;

use crate::binary::{Run, bank, fieldgate, rules};

/// Loans of which a desk sees those of its own branch, and whose due date it sees while they are out.
const RULES: &str = "fieldgate: 1
classes: { basic: { level: 1 }, due: { level: 3 } }
resources:
  loan:
    at: { GET /loans: '$[*]', 'GET /loans/{id}': $ }
    fields: { id: basic, branch: basic, out: basic, due: { class: due, mask: year-only } }
    params: { path.id: id }
roles:
  desk:  { jwt: idp, claim: roles, has: desk }
  chief: { jwt: idp, claim: roles, has: chief }
read:
  loan:
    desk:  { only: [own-branch], basic: show, due: show if out else mask }
    chief: { basic: show, due: show }
conditions:
  own-branch: { field: branch, is: east }
  out: { field: out, is: true }
";
const LOANS: &str = r#"[{"id":1,"branch":"east","out":true,"due":"2026-07-01"},
{"id":2,"branch":"west","out":true,"due":"2026-07-02"},
{"id":3,"branch":"east","out":"yes","due":"2026-07-03","secret":"XYZZY"}]"#;

fn explain(args: &[&str]) -> Run {
    let bank = bank();
    let run = fieldgate(&[&["explain", bank.to_str().unwrap()], args].concat(), b"");
    assert_eq!((run.exit, run.err.as_str()), (0, ""), "{args:?}");
    run
}

fn json(args: &[&str]) -> Value {
    let run = explain(&[args, &["--format", "json"]].concat());
    serde_json::from_slice(&run.out).unwrap()
}

fn loans(args: &[&str]) -> Run {
    let dir = rules(&[("rules.yaml", RULES), ("fixtures/loans.json", LOANS)]);
    let reply = dir.path().join("fixtures/loans.json");
    let dir = dir.path().to_str().unwrap();
    let fixed = [
        "explain",
        dir,
        "--call",
        "GET /loans",
        "--reply",
        reply.to_str().unwrap(),
    ];
    let run = fieldgate(&[&fixed, args].concat(), b"");
    assert_eq!((run.exit, run.err.as_str()), (0, ""), "{args:?}");
    run
}

fn holds(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} is missing in:\n{text}");
    }
}

#[test]
fn each_field_says_who_decided_and_who_else_would_see_it() {
    let text = explain(&["--as", "teller", "--call", "GET /customers/1001"]).text();
    holds(
        &text,
        &[
            "  allowed: GET /customers/{id} of customer (bank.yaml:15)\n",
            "  role teller, its row (bank.yaml:52)\n",
            "  streams: nothing is held but",
            "phones[*].number  mask cn-phone  contact 联系信息 3 (bank.yaml:27)\n    cell of teller: contact: mask (bank.yaml:52)\n    others: acme 403 no-row, manager show, self show\n",
            "    not in the row of teller: transaction: strip (bank.yaml:52)\n",
            "total (envelope)  show (bank.yaml:37)\n",
        ],
    );
    let text = explain(&[
        "--as",
        "teller",
        "--call",
        "GET /customers/1001",
        "--lang",
        "zh-CN",
    ])
    .text();
    holds(
        &text,
        &[
            "获准：",
            "    teller 的格子：contact: mask",
            "其他角色：acme 403 no-row",
        ],
    );
}

#[test]
fn of_several_roles_the_one_that_is_outdone_is_named_and_the_ceiling_that_lowers() {
    let call = ["--as", "teller,manager", "--call", "GET /customers/1001"];
    let document = json(&[&call[..], &["--field", "accounts[0].card_no"]].concat());
    let field = &document["fields"][0];
    assert_eq!(document["fields"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&field["outcome"], &field["name"]),
        (&Value::from("mask"), &Value::from("bank-card"))
    );
    assert_eq!(field["outdone"]["teller"], "strip");
    let kinds: Vec<&str> = field["causes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["cell", "ceiling"]);
    assert_eq!(field["causes"][1]["place"]["line"], 73);
    assert_eq!(document["streams"], true);
}

#[test]
fn a_field_that_no_entry_lists_is_explained_too() {
    let call = ["--as", "teller", "--call", "GET /customers/1001"];
    let document = json(&[&call[..], &["--field", "internal_score"]].concat());
    let field = &document["fields"][0];
    assert_eq!(
        (&field["kind"], &field["outcome"]),
        (&Value::from("unlisted"), &Value::from("strip"))
    );
    let bank = bank();
    let odd = [
        &["explain", bank.to_str().unwrap()],
        &call[..],
        &["--field", "a[?@.b]..c"],
    ]
    .concat();
    assert_eq!(fieldgate(&odd, b"").exit, 2);
}

#[test]
fn a_refusal_says_at_which_stage_and_by_which_rule() {
    let refused = |who: &[&str], call: &str, reason: &str, parts: &[&str]| {
        let document = json(&[who, &["--call", call]].concat());
        assert_eq!(
            (&document["allowed"], &document["reason"]),
            (&Value::from(false), &Value::from(reason)),
            "{call}"
        );
        let text = explain(&[who, &["--call", call]].concat()).text();
        holds(&text, parts);
    };
    let acme = ["--as", "acme"];
    refused(
        &acme,
        "GET /customers/1001",
        "no-row",
        &[
            "refused: 403 no-row, when its rights were decided\n  roles: acme\n",
            "`acme` has no row in `customer` (bank.yaml:48)",
            "`teller` has a row in `customer` (bank.yaml:52)",
        ],
    );
    refused(
        &acme,
        "GET /customers?page=0&x=1&size=5",
        "unlisted-parameter",
        &[
            "the parameter `page`: whole number 1..10000 (bank.yaml:41)",
            "the parameter `x` is not listed under `params` of `customer` (bank.yaml:12)",
        ],
    );
    refused(
        &acme,
        "GET /customer",
        "no-such-route",
        &["`GET /customers` is a route of `customer/list` (bank.yaml:20)"],
    );
    refused(
        &acme,
        "POST /customers",
        "method-not-declared",
        &["when its route was looked for"],
    );
    refused(
        &acme,
        "GET /customers/%61",
        "not-canonical",
        &["when its target was read"],
    );
    let nobody = ["--caller", "{ mtls: partner-ca, san: other.example }"];
    refused(
        &nobody,
        "GET /customers",
        "no-credential",
        &["when its credentials were read"],
    );
    let other = [
        "--caller",
        "{ jwt: app-idp, claims: { customer_id: \"7\" } }",
    ];
    refused(
        &other,
        "GET /customers/1001",
        "no-role",
        &[
            "`self` is held by whoever presents jwt: app-idp, claim: customer_id, same_as: person (bank.yaml:47)",
        ],
    );
}

#[test]
fn a_search_of_a_hidden_field_names_the_cell_that_hides_it() {
    let rules_text = RULES.replace("path.id: id", "path.id: id, due: due");
    let dir = rules(&[("rules.yaml", &rules_text)]);
    let dir = dir.path().to_str().unwrap();
    let run = fieldgate(
        &[
            "explain",
            dir,
            "--as",
            "desk",
            "--call",
            "GET /loans?due=2026-07-01",
        ],
        b"",
    );
    holds(
        &run.text(),
        &[
            "refused: 403 filter-on-hidden",
            "the parameter `due`: searches due (rules.yaml:7)",
            "whoever searches needs to see `due` in clear, and the caller gets show if out else mask year-only: due: show if out else mask (rules.yaml:13)",
        ],
    );
}

#[test]
fn a_held_record_says_why_each_condition_came_out() {
    let text = loans(&["--as", "desk"]).text();
    holds(
        &text,
        &[
            "holds each record to its end: a gate or a cell asks what it holds",
            "due  show if out else mask year-only  due 3 (rules.yaml:6)\n",
            "    condition: out (rules.yaml:17)\n",
            "    others: chief show\n",
            "this reply: 200\n",
            "record [0] leaves\n  condition out: true (rules.yaml:17)\n  condition own-branch: true (rules.yaml:16)\n",
            "record [1] goes: no gate lets it through\n  condition out: true (rules.yaml:17)\n  condition own-branch: false (rules.yaml:16)\n",
            "record [2] leaves\n  condition out: unknown (rules.yaml:17)\n",
            "[2].secret  strip           no entry lists it\n",
        ],
    );
    let run = loans(&["--as", "desk", "--format", "json"]);
    let document: Value = serde_json::from_slice(&run.out).unwrap();
    let values = document["reply"]["values"].as_array().unwrap();
    let due: Vec<(&str, &Value)> = values
        .iter()
        .filter(|one| one["entry"] == "due")
        .map(|one| (one["outcome"].as_str().unwrap(), &one["kept"]))
        .collect();
    let kept = |path: &str| Value::from(path);
    assert_eq!(
        due,
        [
            ("show", &kept("[0].due")),
            ("strip", &Value::Null),
            ("mask year-only", &kept("[1].due")),
        ]
    );
    assert_eq!(document["streams"], false);
}

#[test]
fn no_value_of_a_reply_is_shown() {
    let text =
        loans(&["--as", "chief"]).text() + &loans(&["--as", "chief", "--format", "json"]).text();
    for value in ["2026-07-01", "XYZZY", "east"] {
        assert!(!text.contains(value), "{value}:\n{text}");
    }
}

#[test]
fn another_persons_record_is_said_to_be_that() {
    let bank = bank();
    let reply = bank.join("fixtures/customer-1001.json");
    let text = explain(&[
        "--caller",
        "{ jwt: app-idp, claims: { customer_id: \"1002\" } }",
        "--call",
        "GET /customers/1002",
        "--reply",
        reply.to_str().unwrap(),
    ])
    .text();
    holds(
        &text,
        &[
            "holds the record to its end: id must name the caller's own person, else 404 no-such-record",
            "this reply: 404 no-such-record\n",
            "record $ goes: it is not the caller's own person's\n",
        ],
    );
    assert!(fs::read_to_string(reply).unwrap().contains("1001"));
}

/// Staff with a list and an object that no entry names, only what lies below them.
const STAFF: &str = "fieldgate: 1
classes: { basic: { level: 1 }, 工资: { level: 4 } }
resources:
  staff:
    at: { 'GET /staff/{id}': $, list: { GET /staff: '$[*]' } }
    person: { field: id, path: id }
    fields:
      id: basic
      工资明细[*].月份: 工资
      工资明细[*].实发: { class: 工资, mask: last4 }
      bank.card: 工资
      mobile: basic
    params: { path.id: id }
roles:
  hr:   { jwt: idp, claim: roles, has: hr }
  desk: { jwt: idp, claim: roles, has: desk }
  self: { jwt: idp, claim: emp, same_as: person }
  firm: { mtls: ca, san: firm.example, contract: required }
read:
  staff:
    hr: { basic: show, 工资: mask }
    desk: { basic: show }
    self: { basic: show }
  staff/list: { firm: { basic: show }, hr: { basic: show } }
contracts:
  HT-1: { role: firm, partner: { name: Firm, contact: a@b.example }, owner: HR, purpose: payroll, from: 2026-01-01, until: 2026-12-31, zone: UTC, items: { staff/list: { basic: show } } }
";

fn staff(args: &[&str]) -> Run {
    let dir = rules(&[("rules.yaml", STAFF)]);
    let dir = dir.path().to_str().unwrap();
    let run = fieldgate(&[&["explain", dir], args].concat(), b"");
    assert_eq!((run.exit, run.err.as_str()), (0, ""), "{args:?}");
    run
}

#[test]
fn a_container_that_is_asked_for_shows_what_lies_below_it() {
    let call = |role| ["--as", role, "--call", "GET /staff/1", "--field"];
    for asked in ["工资明细", "工资明细[*]", "$.工资明细", "工资明细[0]"] {
        let text = staff(&[&call("hr")[..], &[asked]].concat()).text();
        holds(
            &text,
            &[
                &format!("{asked}  show"),
                "a container: 2 entries lie below it, and it stays where one of them stays",
                "工资明细[*].月份  mask ***  工资 4 (rules.yaml:",
                "工资明细[*].实发  mask last4  工资 4 (rules.yaml:",
            ],
        );
        assert!(!text.contains("no entry lists it"), "{text}");
    }
    let text = staff(&[&call("desk")[..], &["bank", "--lang", "zh-CN"]].concat()).text();
    holds(
        &text,
        &[
            "bank  strip",
            "容器：下面登记了 1 个条目，只要有一个留下，它就留下",
            "bank.card  strip",
        ],
    );
    let run = staff(&[&call("hr")[..], &["bank", "--format", "json"]].concat());
    let document: Value = serde_json::from_slice(&run.out).unwrap();
    let kinds: Vec<&Value> = document["fields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["kind"])
        .collect();
    assert_eq!(kinds, ["container", "field"]);
}

#[test]
fn a_name_that_no_entry_lists_is_answered_with_what_was_meant() {
    let call = ["--as", "hr", "--call", "GET /staff/1", "--field"];
    let text = staff(&[&call[..], &["工资"]].concat()).text();
    holds(
        &text,
        &[
            "no entry lists it; unlisted: strip",
            "`工资` is a class; did you mean one of its fields: 工资明细[*].月份, 工资明细[*].实发, bank.card?",
        ],
    );
    let text = staff(&[&call[..], &["moblie", "--lang", "zh-CN"]].concat()).text();
    holds(&text, &["没有条目登记它", "是不是想问 `mobile`？"]);
}

#[test]
fn a_purpose_that_is_missing_is_told_from_another_one() {
    let call = [
        "--as",
        "firm",
        "--call",
        "GET /staff",
        "--now",
        "2026-06-01T00:00:00Z",
    ];
    let text = staff(&call).text();
    holds(
        &text,
        &[
            "wrong-purpose",
            "the call does not declare a purpose: it has no header `Fieldgate-Purpose`",
        ],
    );
    let other = ["--header", "Fieldgate-Purpose: loyalty", "--lang", "zh-CN"];
    let text = staff(&[&call[..], &other].concat()).text();
    holds(
        &text,
        &[
            "wrong-purpose",
            "这次调用申报的用途是 `loyalty`，这个角色没有哪份合同是这个用途",
        ],
    );
}

#[test]
fn who_is_not_the_person_of_the_path_is_told_so_without_the_value() {
    let caller = |claims: &str| format!("{{ jwt: idp, claims: {{ {claims} }} }}");
    let one = |claims: &str, call: &str, lang: &str| {
        staff(&["--caller", &caller(claims), "--call", call, "--lang", lang]).text()
    };
    let text = one("emp: E2", "GET /staff/E1", "en");
    holds(
        &text,
        &[
            "no-role",
            "not `self`: the claim `emp` is not the value of `{id}` in the path (rules.yaml:",
        ],
    );
    assert!(!text.contains("E2"), "{text}");
    let text = one("emp: E2", "GET /staff/E1", "zh-CN");
    holds(
        &text,
        &["不具备 `self`：声明 `emp` 和路径里 `{id}` 的值不同"],
    );
    let text = one("other: E2", "GET /staff/E1", "en");
    holds(&text, &["not `self`: the token has no claim `emp`"]);
    let text = one("emp: E2", "GET /staff", "en");
    holds(
        &text,
        &["not `self`: nothing in the path names the person that the claim `emp` could be"],
    );
}
