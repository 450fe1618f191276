//! `fieldgate test`: a rule set's own tests, and what is said of those that fail.

use std::path::Path;

use tempfile::TempDir;

use crate::binary::{Run, bank, fieldgate, rules};

const RULES: &str = "fieldgate: 1
classes: { open: { level: 1 }, personal: { level: 3 }, secret: { level: 4 } }
resources:
  person:
    at:
      GET /people/{id}: $
      list:
        GET /people: $.items[*]
    person: { field: id, path: id }
    fields:
      id: open
      name: open
      phone: { class: personal, mask: cn-phone }
      born: { class: personal, mask: year-only }
      tags: personal
      notes: { class: personal, whole: true }
      salary: secret
    params: { path.id: id }
roles:
  clerk: { jwt: idp, claim: role, is: clerk }
  self: { jwt: app, claim: id, same_as: person }
read:
  person:
    clerk: { open: show, personal: mask }
    self: { open: show, personal: show, secret: show }
  person/list:
    clerk: { open: show, personal: mask }
";
const FIXTURE: &str = r#"{"id":7,"name":"\u5f20\u4e09","phone":"13800138000","born":"1949-12-31","tags":["a","b"],
"notes":{"deep":[1]},"salary":9000.50,"new":true}"#;

fn test(tests: &str) -> Run {
    let tests = format!("fieldgate: 1\ntests:\n{tests}");
    let files = [
        ("rules.yaml", RULES),
        ("tests.yaml", &tests),
        ("fixtures/7.json", FIXTURE),
        ("fixtures/broken.json", "{\"id\":7"),
        (
            "fixtures/twice.json",
            r#"{"id":7,"name":{"x":1},"name":"a"}"#,
        ),
    ];
    let dir = rules(&files);
    fieldgate(&["test", dir.path().to_str().unwrap()], b"")
}

/// A test of a clerk's view of the fixture with these assertions.
fn of_clerk(assertions: &str) -> Run {
    test(&format!(
        "  - name: t\n    as: clerk\n    call: GET /people/7\n    reply: fixtures/7.json\n    {assertions}\n"
    ))
}

#[track_caller]
fn passes(run: &Run) {
    assert_eq!(run.exit, 0, "{}{}", run.text(), run.err);
    assert_eq!(run.text(), "1 test passed\n");
}

#[track_caller]
fn fails(run: &Run, sentence: &str) {
    assert_eq!(run.exit, 4, "{}{}", run.text(), run.err);
    let text = run.text();
    assert!(text.contains(sentence), "{text}");
    assert!(text.contains("tests.yaml:3: t\n"), "{text}");
    assert!(text.ends_with("1 of 1 test failed\n"), "{text}");
}

#[test]
fn the_shipped_rule_set_passes_its_own_tests() {
    let run = fieldgate(&["test", bank().to_str().unwrap()], b"");
    assert_eq!((run.exit, run.text().as_str()), (0, "20 tests passed\n"));
}

#[test]
fn what_is_expected_is_compared_with_its_json_type() {
    passes(&of_clerk(
        "expect: { id: 7, name: 张三, phone: 138****8000, born: \"1949\" }",
    ));
    fails(
        &of_clerk("expect: { id: \"7\" }"),
        "expect `id`: expected \"7\", came 7",
    );
    fails(
        &of_clerk("expect: { born: 1949 }"),
        "expect `born`: expected 1949, came \"1949\"",
    );
    fails(
        &of_clerk("expect: { salary: 1 }"),
        "expect `salary`: expected 1, came nothing",
    );
}

#[test]
fn masked_means_that_the_plan_masks_whatever_the_text_looks_like() {
    passes(&of_clerk(
        "expect: { phone: masked, born: masked, tags: masked, notes: masked }",
    ));
    passes(&of_clerk("expect: { $: { phone: masked } }"));
    fails(
        &of_clerk("expect: { name: masked }"),
        "expect `name`: expected \"masked\", came \"张三\"",
    );
}

/// Beside filters the plan alone does not tell: which element is masked is known of each reply only.
#[test]
fn masked_is_said_of_the_very_value_that_came() {
    let filtered = RULES.replace(
        "      salary: secret\n",
        "      salary: secret\n      tel[*].kind: open\n      tel[*].value: open\n      tel[?@.kind=='mobile'].value: { class: personal, mask: cn-phone }\n",
    );
    let reply = r#"{"id":7,"tel":[{"kind":"desk","value":"5550100"},{"kind":"mobile","value":"13800138000"}]}"#;
    let tests = |assertion: &str| {
        let tests = format!(
            "fieldgate: 1\ntests:\n  - name: t\n    as: clerk\n    call: GET /people/7\n    reply: 7.json\n    {assertion}\n"
        );
        let files = [
            ("rules.yaml", filtered.as_str()),
            ("tests.yaml", &tests),
            ("7.json", reply),
        ];
        let dir = rules(&files);
        fieldgate(&["test", dir.path().to_str().unwrap()], b"")
    };
    passes(&tests("expect: { \"tel[1].value\": masked }"));
    fails(
        &tests("expect: { \"tel[0].value\": masked }"),
        "expect `tel[0].value`: expected \"masked\", came \"5550100\"",
    );
    fails(
        &tests("expect: { \"tel[*].value\": masked }"),
        "expect `tel[0].value`: expected \"masked\"",
    );
    // What a refusal says is nobody's mask.
    fails(
        &tests(
            "expect: { reason: masked }\n    expect_status: 404\n    set: { id: 8, reason: x }\n    reply_status: 404",
        ),
        "expect `reason`: expected \"masked\"",
    );
}

#[test]
fn objects_are_subsets_and_arrays_are_whole() {
    passes(&of_clerk(
        "expect: { $: { id: 7, tags: [\"***\", masked] } }",
    ));
    fails(&of_clerk("expect: { tags: [\"***\"] }"), "expect `tags`");
    fails(
        &of_clerk("expect: { $: { id: 8 } }"),
        "expect `id`: expected 8, came 7",
    );
    fails(&of_clerk("expect: { \"tags[*]\": a }"), "expect `tags[1]`");
}

#[test]
fn what_is_absent_must_lead_to_nothing() {
    passes(&of_clerk("absent: [salary, new]"));
    fails(
        &of_clerk("absent: [salary, phone]"),
        "absent `phone`: came \"138****8000\"",
    );
    fails(&of_clerk("absent: [\"$..phone\"]"), "absent `phone`");
}

#[test]
fn what_must_never_occur_is_found_behind_escapes_too() {
    passes(&of_clerk("never: [\"13800138000\", \"9000.5\", deep]"));
    fails(
        &of_clerk("never: [张三]"),
        "never `张三`: it came in the body",
    );
    fails(
        &of_clerk("never: [no-store]"),
        "never `no-store`: it came in the head",
    );
}

#[test]
fn statuses_and_reasons_are_the_callers() {
    passes(&of_clerk("expect_status: 200"));
    fails(
        &of_clerk("expect_status: 403"),
        "expect_status: expected 403, came 200",
    );
    fails(
        &of_clerk("expect_reason: no-row"),
        "expect_reason: expected no-row, came 200",
    );
    passes(&of_clerk(
        "reply_status: 404\n    expect_status: 404\n    expect_reason: no-such-record",
    ));
    passes(&of_clerk(
        "reply_status: 401\n    expect_status: 502\n    expect_reason: upstream-refused-us",
    ));
    passes(&of_clerk("reply_status: 503\n    never: [张三]"));
}

#[test]
fn an_answer_the_proxy_would_refuse_is_no_answer() {
    let broken =
        "  - name: t\n    as: clerk\n    call: GET /people/7\n    reply: fixtures/broken.json\n";
    fails(
        &test(&format!("{broken}    absent: [salary]\n")),
        "expected an answer, came 502 (unreadable-body): the fixture is not strict JSON in UTF-8",
    );
    passes(&test(&format!(
        "{broken}    expect_reason: unreadable-body\n"
    )));
}

#[test]
fn a_refusal_nobody_asserted_proves_nothing() {
    let call = "  - name: t\n    as: clerk\n    call: GET /persons/7\n    reply: fixtures/7.json\n";
    fails(
        &test(&format!("{call}    absent: [salary]\n")),
        "expected an answer, came 404 (no-such-route): no `at` declares this path",
    );
    passes(&test(&format!(
        "{call}    expect_status: 404\n    absent: [salary]\n"
    )));
}

#[test]
fn an_allowed_request_needs_a_reply_and_a_refused_one_does_not() {
    let call = "  - name: t\n    as: clerk\n    call: GET /people/7";
    fails(
        &test(&format!("{call}\n    expect_status: 200\n")),
        "`reply: FIXTURE`",
    );
    passes(&test(&format!(
        "{call}?x=1\n    expect_reason: unlisted-parameter\n"
    )));
}

#[test]
fn credentials_go_through_the_matchers() {
    let call = |id: &str, record: &str, assertion: &str| {
        test(&format!(
            "  - name: t\n    caller: {{ jwt: app, claims: {{ id: \"{id}\" }} }}\n    call: GET /people/{record}\n    \
             reply: fixtures/7.json\n    {assertion}\n"
        ))
    };
    passes(&call(
        "7",
        "7",
        "expect: { salary: 9000.5, phone: \"13800138000\" }",
    ));
    passes(&call("8", "7", "expect_reason: no-role"));
    let never = "expect_reason: no-such-record\n    never: [\"13800138000\"]";
    passes(&call("8", "8", never));
}

#[test]
fn both_of_two_members_with_one_name_are_asserted() {
    let twice =
        "  - name: t\n    as: clerk\n    call: GET /people/7\n    reply: fixtures/twice.json\n";
    passes(&test(&format!("{twice}    expect: {{ name: a }}\n")));
    passes(&test(&format!("{twice}    absent: [name.x]\n")));
}

#[test]
fn credentials_and_framing_do_not_come_in_headers() {
    let with = |header: &str| of_clerk(&format!("headers: {{ {header} }}\n    expect_status: 200"));
    passes(&with("Accept-Language: zh"));
    fails(
        &with("Authorization: Bearer x"),
        "`authorization` is not read here",
    );
    fails(
        &with("Content-Length: \"5\""),
        "`content-length` frames a body",
    );
}

#[test]
fn a_long_reply_passes_in_every_coding_and_chunk_size() {
    let person = r#"{"id":1,"name":"n","phone":"13800138000"}"#;
    let list = format!("{{\"items\":[{}]}}", vec![person; 3000].join(","));
    let tests = "fieldgate: 1\ntests:\n  - name: t\n    as: clerk\n    call: GET /people\n    reply: fixtures/list.json\n    \
                 expect: { \"items[*].phone\": masked, \"items[2999].id\": 1 }\n    never: [\"13800138000\"]\n";
    let files = [
        ("rules.yaml", RULES),
        ("tests.yaml", tests),
        ("fixtures/list.json", &list),
    ];
    let dir = rules(&files);
    passes(&fieldgate(&["test", dir.path().to_str().unwrap()], b""));
    let broken = list.strip_suffix('}').unwrap();
    let dir = rules(&[files[0], files[1], ("fixtures/list.json", broken)]);
    let run = fieldgate(&["test", dir.path().to_str().unwrap()], b"");
    fails(
        &run,
        "expected an answer, came 200, broken off after 114688 bytes (unreadable-body)",
    );
}

const SEARCHING: &str = "fieldgate: 1
classes: { open: { level: 1 }, secret: { level: 4 } }
resources:
  person:
    at:
      POST /people/search:
        record: $.items[*]
        does: read
        send: { name: name, 'salaries[*]': salary, size: { whole: 1..9 } }
    fields: { name: open, salary: secret }
roles:
  clerk: { jwt: idp, claim: role, is: clerk }
read:
  person: { clerk: { open: show } }
";

#[test]
fn a_test_sends_its_body_as_json_through_the_same_judgement() {
    let tests = "fieldgate: 1
tests:
  - { name: by name, as: clerk, call: POST /people/search, body: { name: 张三, size: 5 }, reply: fixtures/x.json, expect: { 'items[0].name': a }, absent: ['items[0].salary'] }
  - { name: by salary, as: clerk, call: POST /people/search, body: { salaries: [1] }, expect_status: 403, expect_reason: filter-on-hidden }
  - { name: by more, as: clerk, call: POST /people/search, body: { more: 1 }, expect_reason: unlisted-parameter }
  - { name: by nothing, as: clerk, call: POST /people/search, expect_status: 415, expect_reason: media-type }
  - { name: as text, as: clerk, call: POST /people/search, body: {}, headers: { content-type: text/plain }, expect_reason: media-type }
";
    let files = [
        ("rules.yaml", SEARCHING),
        ("tests.yaml", tests),
        ("fixtures/x.json", r#"{"items":[{"name":"a","salary":1}]}"#),
    ];
    let dir = rules(&files);
    let path = dir.path().to_str().unwrap();
    let run = fieldgate(&["test", path], b"");
    assert_eq!(
        (run.exit, run.text().as_str()),
        (0, "5 tests passed\n"),
        "{}",
        run.err
    );
    let body = dir.path().join("body.txt");
    let applied = |text: &str| {
        std::fs::write(&body, text).unwrap();
        let call = [
            "apply",
            path,
            "--as",
            "clerk",
            "--call",
            "POST /people/search",
        ];
        let more = ["--body", body.to_str().unwrap()];
        fieldgate(
            &[&call[..], &more[..]].concat(),
            br#"{"items":[{"name":"a","salary":1}]}"#,
        )
    };
    assert_eq!(
        applied(r#"{"name":"a"}"#).text(),
        r#"{"items":[{"name":"a"}]}"#
    );
    let twice = applied(r#"{"name":"a","name":"b"}"#);
    assert_eq!(twice.exit, 8);
    assert!(twice.err.contains("duplicate-key"), "{}", twice.err);
}

#[test]
fn a_test_sends_a_form_and_what_is_not_covered_is_proposed_as_one() {
    let rules_by_form = SEARCHING
        .replace("does: read\n", "does: read\n        body: form\n")
        .replace("'salaries[*]'", "salary");
    let tests = "fieldgate: 1
tests:
  - { name: by name, as: clerk, call: POST /people/search, body: name=%E5%BC%A0%E4%B8%89&size=5, body_type: application/x-www-form-urlencoded, reply: fixtures/x.json, expect: { 'items[0].name': a } }
  - { name: by salary, as: clerk, call: POST /people/search, body: salary=1, body_type: application/x-www-form-urlencoded, expect_status: 403, expect_reason: filter-on-hidden }
  - { name: as JSON, as: clerk, call: POST /people/search, body: { name: a }, expect_reason: media-type }
";
    let files = [
        ("rules.yaml", rules_by_form.as_str()),
        ("tests.yaml", tests),
        ("fixtures/x.json", r#"{"items":[{"name":"a","salary":1}]}"#),
    ];
    let dir = rules(&files);
    let path = dir.path().to_str().unwrap();
    let run = fieldgate(&["test", path], b"");
    assert_eq!(run.text(), "3 tests passed\n", "{}", run.err);
    let run = fieldgate(&["test", path, "--coverage"], b"");
    let proposed = "body: \"\"\n      body_type: application/x-www-form-urlencoded\n";
    assert!(run.text().contains(proposed), "{}", run.text());

    // What is written in UTF-8 would arrive as something else than was judged.
    let in_gbk = rules_by_form.replace("    fields:", "    charset: gbk\n    fields:");
    let dir = rules(&[("rules.yaml", &in_gbk), files[1], files[2]]);
    let run = fieldgate(&["check", dir.path().to_str().unwrap()], b"");
    assert_eq!(run.exit, 3, "{}{}", run.text(), run.err);
}

#[test]
fn a_proposal_for_each_right_of_the_shipped_bank_passes_once_its_capitals_are_filled_in() {
    let bank = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/bank");
    let read = |name: &str| std::fs::read_to_string(bank.join(name)).unwrap();
    let shipped = read("bank.yaml");
    let record = read("fixtures/customer-1001.json");
    let one = "fieldgate: 1
tests:
  - { name: one, as: teller, call: GET /customers/1001, reply: fixtures/FILE.json, absent: [internal_score] }
";
    let missing = |dir: &TempDir| {
        let path = dir.path().to_str().unwrap();
        let run = fieldgate(&["test", path, "--coverage", "--format", "json"], b"");
        let document: serde_json::Value = serde_json::from_slice(&run.out).unwrap();
        assert_eq!(document["ok"], true, "{document:#}");
        let missing = document["coverage"]["missing"].as_array().unwrap().clone();
        let rights = missing.into_iter().filter(|one| one["kind"] == "right");
        rights.collect::<Vec<_>>()
    };
    let files = [
        ("bank.yaml", shipped.as_str()),
        ("one.yaml", one),
        ("fixtures/FILE.json", record.as_str()),
    ];
    let rights = missing(&rules(&files));
    assert!(rights.len() > 10, "{rights:#?}");
    let mut proposed = String::from("fieldgate: 1\ntests:\n");
    for one in &rights {
        let test = one["test"].as_str().unwrap();
        let filled = test.replace("/ID", "/1001").replace("\"ID\"", "\"1001\"");
        let filled = filled.replace(": ID }", ": \"1001\" }");
        for line in filled.lines() {
            proposed.push_str(&format!("  {line}\n"));
        }
    }
    let dir = rules(&[&files[..], &[("proposed.yaml", &proposed)]].concat());
    let left = missing(&dir);
    assert!(left.is_empty(), "{left:#?}\n{proposed}");
}
