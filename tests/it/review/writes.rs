//! Who may write what, in the matrix, in explanations and in coverage.

use serde_json::Value;

use crate::binary::{Run, fieldgate, rules};

const RULES: &str = "fieldgate: 1
classes: { basic: { level: 1, zh: 基本 }, contact: { level: 3 } }
resources:
  person:
    at:
      GET /people/{id}: $
      PATCH /people/{id}: $
      DELETE /people/{id}: $
      new: { POST /people: $ }
    person: { field: id, path: id }
    fields:
      id: basic
      branch: basic
      name: basic
      phone: { class: contact, mask: cn-phone }
      email: { class: contact, write: never }
      consent: { class: contact, written_by: [boss] }
    params:
      path.id: id
      quiet: { one_of: [now, later], methods: [PATCH] }
      by: { field: name, methods: [PATCH] }
    on_forbidden: strip
    errors: [code, 'details[*].field']
roles:
  desk: { jwt: idp, claim: roles, has: desk }
  boss: { jwt: idp, claim: roles, has: boss }
  guest: { jwt: idp, claim: roles, has: guest }
  intake: { jwt: idp, claim: roles, has: intake }
  self: { jwt: app, claim: pid, same_as: person }
read:
  person:
    desk: { only: [ours], basic: show, contact: mask }
    boss: { basic: show, contact: show }
    guest: { basic: show }
    self: { basic: show, contact: show }
conditions:
  ours: { field: branch, exists: true }
create:
  person/new:
    intake: [basic, contact]
update:
  person:
    desk: [contact]
    boss: [basic, contact]
    self: [contact]
delete:
  person: [boss]
";

const ONE: &str =
    r#"{"id":"1","branch":"x","name":"李","phone":"13800138000","email":"a@b.cn","consent":true}"#;

fn run(command: &str, tests: &str, args: &[&'static str]) -> Run {
    let files = [
        ("rules.yaml", RULES),
        ("tests.yaml", tests),
        ("fixtures/one.json", ONE),
        ("fixtures/body.json", r#"{"phone":"13900139000"}"#),
    ];
    let files = files.iter().filter(|(_, text)| !text.is_empty());
    let dir = rules(&files.copied().collect::<Vec<_>>());
    let body = dir.path().join("fixtures/body.json");
    let dir = dir.path().to_str().unwrap();
    let named = |arg: &&'static str| {
        if *arg == "BODY" {
            body.to_str().unwrap()
        } else {
            arg
        }
    };
    let args: Vec<&str> = args.iter().map(named).collect();
    let run = fieldgate(&[&[command, dir][..], &args].concat(), b"");
    assert_eq!(run.err, "", "{args:?}");
    run
}

#[track_caller]
fn holds(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} is missing in:\n{text}");
    }
}

#[test]
fn the_matrix_shows_rights_in_every_form() {
    let text = run("matrix", "", &[]).text();
    holds(
        &text,
        &[
            "on_forbidden: strip, what may not be written is left out",
            "of an upstream's error leaves: code, details[*].field",
            "may write     class         boss    desk    guest  self\n",
            "name          basic 基本 1  update  -       -      -\n",
            "phone         contact 3     update  update  -      update\n",
            "consent       contact 3     update  -       -      -\n",
            "(the record)  -             delete  -       -      -\n",
            "without a row, 403 no-row: boss, desk, guest, self\n",
        ],
    );
    assert!(
        !text.contains("email         contact 3     update"),
        "{text}"
    );
    let zh = run("matrix", "", &["--lang", "zh-CN"]).text();
    holds(&zh, &["可写", "（整条记录）", "后端报错时放出：code"]);
    let csv = run("matrix", "", &["--format", "csv"]).text();
    let lines: Vec<&str> = csv
        .split("\r\n")
        .filter(|line| line.contains(",may write,"))
        .collect();
    assert_eq!(lines.len(), 4 + 2, "{csv}");
    holds(
        &csv,
        &["person/new,POST /people,may write,name,basic,基本,1,,,,,,create,,strip,"],
    );
    let html = run("matrix", "", &["--format", "html"]).text();
    holds(
        &html,
        &[
            "<th scope=\"col\">may write</th>",
            "<th scope=\"row\">phone</th><td>contact 3</td><td>update</td>",
        ],
    );
}

#[test]
fn the_document_of_the_matrix_has_rights_and_what_the_resource_says() {
    let run = run("matrix", "", &["--format", "json"]);
    let document: Value = serde_json::from_slice(&run.out).unwrap();
    let groups = document["groups"].as_array().unwrap();
    let writes = &groups[0]["writes"];
    assert_eq!(writes["delete"], Value::from(vec!["boss"]));
    assert_eq!(writes["on_forbidden"], "strip");
    assert_eq!(writes["on_put"], "refuse");
    assert_eq!(writes["errors"][1], "details[*].field");
    let phone = writes["fields"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["field"] == "phone");
    assert_eq!(phone.unwrap()["may"]["desk"], Value::from(vec!["update"]));
    assert_eq!(
        phone.unwrap()["may"]["guest"],
        Value::from(Vec::<Value>::new())
    );
    let does: Vec<&str> = groups[0]["routes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["does"].as_str().unwrap())
        .collect();
    assert_eq!(does, ["delete", "read", "update"]);
    // Who only writes has a column too, and a parameter is judged on the route that takes it.
    assert_eq!(groups[1]["roles"], Value::from(vec!["intake"]));
    let by = groups[0]["params"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["name"] == "by")
        .unwrap();
    assert_eq!(by["methods"], Value::from(vec!["PATCH"]));
    assert_eq!(by["open"]["desk"], "closed", "it may not write `name`");
}

#[test]
fn a_call_that_writes_is_explained_field_by_field() {
    let call = [
        "--as",
        "boss",
        "--call",
        "PATCH /people/1",
        "--body",
        "BODY",
    ];
    let text = run("explain", "", &call).text();
    holds(
        &text,
        &[
            "the call is to update",
            "may be written: boss may update contact (rules.yaml:",
            "may not be written: nobody writes it: `write: never` (rules.yaml:16)",
            "may not be written: it decides who sees what, and no `written_by` names a role",
        ],
    );
    let run = run("explain", "", &[&call[..], &["--format", "json"]].concat());
    let document: Value = serde_json::from_slice(&run.out).unwrap();
    assert_eq!(document["does"], "update");
    let fields = document["fields"].as_array().unwrap();
    let phone = fields.iter().find(|one| one["field"] == "phone").unwrap();
    assert_eq!(phone["writes"]["may"], true);
}

#[test]
fn who_may_not_write_is_told_who_may() {
    let text = run(
        "explain",
        "",
        &["--as", "guest", "--call", "DELETE /people/1"],
    )
    .text();
    holds(
        &text,
        &[
            "403 no-row",
            "`guest` has no right to delete in `person`",
            "`boss` may delete in `person` (rules.yaml:",
        ],
    );
}

/// Every right but one is proven.
const TESTS: &str = r#"tests_at: 2026-06-01T10:00:00+08:00
tests:
  - { name: boss writes both, as: boss, call: PATCH /people/1, body: { phone: "13800138001", consent: false }, reply: fixtures/one.json, expect_status: 200 }
  - { name: boss deletes, as: boss, call: DELETE /people/1, reply_status: 204, expect_status: 204 }
  - { name: intake creates, as: intake, call: POST /people, body: { phone: "13800138001" }, reply: fixtures/one.json, expect_status: 200 }
"#;

#[test]
fn a_right_is_proven_by_what_it_lets_through_and_its_absence_by_a_refused_name() {
    let missing = |more: &str| {
        let run = run(
            "test",
            &format!("{TESTS}{more}"),
            &["--coverage", "--format", "json"],
        );
        let document: Value = serde_json::from_slice(&run.out).unwrap();
        let tests = document["tests"].as_array().unwrap();
        assert!(tests.iter().all(|one| one["ok"] == true), "{}", run.text());
        let missing = document["coverage"]["missing"].as_array().unwrap();
        let rights = missing.iter().filter(|one| one["kind"] == "right");
        let mut rights: Vec<String> = rights
            .map(|one| one["what"].as_str().unwrap().to_owned())
            .collect();
        rights.sort();
        rights
    };
    assert_eq!(
        missing(""),
        [
            "person boss: update basic",
            "person desk: no update of basic",
            "person desk: update contact",
            "person self: no update of basic",
            "person self: update contact",
            "person/new intake: create basic",
        ]
    );
    let more = r#"
  - { name: desk writes a phone, as: desk, call: PATCH /people/1, body: { phone: "13800138001" }, stored: fixtures/one.json, reply: fixtures/one.json, expect_status: 200 }
"#;
    let left = missing(more);
    assert!(
        !left.contains(&String::from("person desk: update contact")),
        "{left:?}"
    );
}
