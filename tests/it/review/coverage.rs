//! `fieldgate test --coverage`: only what a passing test reached and asserted counts.

use serde_json::Value;

use crate::binary::{Run, fieldgate, rules};

const RULES: &str = "fieldgate: 1
classes: { basic: { level: 1 }, contact: { level: 3 }, secret: { level: 4 } }
resources:
  person:
    at: { 'GET /people/{id}': $ }
    fields: { id: basic, phone: { class: contact, mask: cn-phone }, pin: secret }
    params: { path.id: id }
roles:
  clerk: { jwt: idp, claim: roles, has: clerk }
read:
  person:
    clerk: { basic: show, contact: mask }
";
const FIXTURE: &str = r#"{"id":7,"phone":"13800138000","pin":"1234"}"#;

fn test(rules_text: &str, assertions: &[&str], args: &[&str]) -> Run {
    let mut tests = String::from("tests:\n");
    for assertion in assertions {
        tests.push_str(&format!(
            "  - name: t\n    as: clerk\n    call: GET /people/7\n    reply: fixtures/7.json\n    {assertion}\n"
        ));
    }
    if assertions.is_empty() {
        tests = String::new();
    }
    let files = [
        ("rules.yaml", rules_text),
        ("tests.yaml", &tests),
        ("fixtures/7.json", FIXTURE),
    ];
    let files = if tests.is_empty() {
        vec![files[0]]
    } else {
        files.to_vec()
    };
    let dir = rules(&files);
    fieldgate(
        &[&["test", dir.path().to_str().unwrap(), "--coverage"], args].concat(),
        b"",
    )
}

/// Which parts of three count.
#[track_caller]
fn counts(assertions: &[&str], covered: usize) {
    let run = test(RULES, assertions, &[]);
    assert_eq!(run.exit, 0, "{}{}", run.text(), run.err);
    let end = format!("coverage {} % ({covered} of 3)\n", covered * 100 / 3);
    assert!(run.text().ends_with(&end), "{}", run.text());
}

#[test]
fn a_cell_counts_where_its_value_is_expected_absent_or_never() {
    counts(&["expect: { id: 7 }"], 1);
    counts(&["expect: { phone: masked }"], 1);
    counts(&["absent: [pin]"], 1);
    counts(&["never: ['13800138000']"], 1);
    counts(&["never: ['1234']"], 1);
    counts(&["expect: { $: { id: 7, phone: 138****8000 } }"], 2);
    counts(&["expect: { id: 7, phone: masked }\n    absent: [pin]"], 3);
}

#[test]
fn what_proves_nothing_does_not_count() {
    counts(&["absent: [nothing]"], 0);
    counts(&["never: [nothing]"], 0);
    counts(&["expect_status: 200"], 0);
    let run = test(
        RULES,
        &["expect: { id: 8 }", "expect: { phone: masked }"],
        &["--min", "100"],
    );
    assert_eq!(run.exit, 4, "a test that fails is the first thing to say");
    assert!(
        run.text()
            .ends_with("coverage 33 % (1 of 3), below the minimum of 100 %\n"),
        "{}",
        run.text()
    );
}

#[test]
fn less_than_the_minimum_rounded_down_exits_5_and_names_what_to_write() {
    let two = ["expect: { id: 7, phone: masked }"];
    assert_eq!(test(RULES, &two, &["--min", "66"]).exit, 0);
    let run = test(RULES, &two, &["--min", "67"]);
    assert_eq!(run.exit, 5);
    let text = run.text();
    for part in [
        "NOT COVERED rules.yaml:12: cell person clerk: secret: strip\n    - name: clerk gets strip of pin\n      as: clerk\n",
        "      absent: [pin]\n",
        "coverage 66 % (2 of 3), below the minimum of 67 %\n",
    ] {
        assert!(text.contains(part), "{part:?} is missing in:\n{text}");
    }
    let text = test(RULES, &two, &["--min", "67", "--lang", "zh-CN"]).text();
    assert!(
        text.contains("覆盖率 66%（3 项中 2 项），低于要求的 67%"),
        "{text}"
    );
    assert_eq!(
        test(RULES, &[], &["--min", "1"]).exit,
        5,
        "no test proves nothing"
    );
    for args in [["--min", "101"], ["--min", "x"]] {
        assert_eq!(test(RULES, &two, &args).exit, 2);
    }
}

#[test]
fn machines_get_it_too() {
    let two = ["expect: { id: 7, phone: masked }"];
    let run = test(RULES, &two, &["--min", "90", "--format", "json"]);
    let document: Value = serde_json::from_slice(&run.out).unwrap();
    let coverage = &document["coverage"];
    assert_eq!((run.exit, &document["ok"]), (5, &Value::from(false)));
    assert_eq!(
        (
            &coverage["percent"],
            &coverage["covered"],
            &coverage["total"]
        ),
        (&Value::from(66), &Value::from(2), &Value::from(3))
    );
    let missing = &coverage["missing"][0];
    assert_eq!(
        (&missing["kind"], &missing["file"], &missing["line"]),
        (
            &Value::from("cell"),
            &Value::from("rules.yaml"),
            &Value::from(12)
        )
    );
    let junit = test(RULES, &two, &["--min", "90", "--format", "junit"]).text();
    assert!(
        junit.contains("failures=\"1\"") && junit.contains("name=\"coverage\""),
        "{junit}"
    );
    let github = test(RULES, &two, &["--format", "github"]).text();
    assert!(
        github.contains("::notice title=coverage::coverage 66 %"),
        "{github}"
    );
}

#[test]
fn exceptions_and_ceilings_count_where_they_decide() {
    let more = format!(
        "{RULES}exceptions:\n  - {{ field: person.pin, role: clerk, do: blank, reason: a test }}\n\
         ceilings:\n  - {{ field: person.id, to: everyone, at_most: mask, reason: a test }}\n"
    );
    let more = more.replace("path.id: id", "path.id: free");
    let ends = |assertion: &str, covered: usize| {
        let run = test(&more, &[assertion], &[]);
        let end = format!("({covered} of 5)\n");
        assert!(run.text().ends_with(&end), "{}", run.text());
    };
    ends("expect: { id: masked }", 2);
    ends("never: ['1234']", 1);
    ends("expect: { phone: masked }", 1);
    let text = test(&more, &["expect: { phone: masked }"], &[]).text();
    assert!(
        text.contains("NOT COVERED rules.yaml:16: ceiling field: person.id at_most: mask\n"),
        "{text}"
    );
    assert!(
        text.contains(
            "NOT COVERED rules.yaml:14: exception field: person.pin, role: clerk, do: blank\n"
        ),
        "{text}"
    );
}

#[test]
fn both_branches_of_a_condition_are_parts() {
    let more = RULES.replace("contact: mask", "contact: show if open else mask")
        + "conditions: { open: { field: id, is: 7 } }\n";
    let run = test(&more, &["expect: { phone: '13800138000' }"], &[]);
    let text = run.text();
    assert!(text.ends_with("coverage 40 % (2 of 5)\n"), "{text}");
    assert!(text.contains("branch person clerk: contact: show if open else mask, open not true\n    # where open is not true (field: id, is: 7)\n"), "{text}");
    let other = "set: { id: 8 }\n    expect: { phone: masked }";
    let run = test(&more, &["expect: { phone: '13800138000' }", other], &[]);
    assert!(
        run.text().ends_with("coverage 60 % (3 of 5)\n"),
        "{}",
        run.text()
    );
}

#[test]
fn both_sides_of_a_gate_are_parts() {
    let more = RULES.replace("clerk: { basic", "clerk: { only: [seven], basic")
        + "conditions: { seven: { field: id, is: 7 } }\n";
    let passes = "expect: { id: 7 }";
    let stops = "set: { id: 8 }\n    expect_status: 404";
    assert!(test(&more, &[passes], &[]).text().ends_with("(2 of 5)\n"));
    let run = test(&more, &[passes, stops], &[]);
    assert!(run.text().ends_with("(3 of 5)\n"), "{}", run.text());
}
