//! Lints warn and load.

use super::*;

#[track_caller]
fn warns(from: &str, to: &str, code: &str, part: &str) {
    let shown = lines(&loads(from, to).warnings);
    assert!(
        shown.contains(&format!("warning[{code}]")) && shown.contains(part),
        "{code} {part:?}:\n{shown}"
    );
}

#[test]
fn what_nobody_uses() {
    warns(
        "  secret: {",
        "  spare: { level: 1 }\n  secret: {",
        "FG2101",
        "`spare`",
    );
    warns(
        "roles:\n",
        "roles:\n  spare: { mtls: ca, san: x }\n",
        "FG2103",
        "`spare`",
    );
    warns(
        "      list:\n",
        "      top:\n        GET /top: $\n      list:\n",
        "FG2102",
        "`customer/top`",
    );
}

#[test]
fn what_opens_wide() {
    let show = "    unlisted: show\n    unlisted_reason: x\n    envelope:";
    let open = changed("    envelope:", show).replace("same_as: person", "is: boss");
    let shown = lines(&load_rules(&open).unwrap().warnings);
    assert!(
        shown.contains("FG2105") && shown.contains("will leave"),
        "{shown}"
    );
    warns(
        "notes[*].text: secret",
        "notes: { class: secret, whole: true }",
        "FG2106",
        "`notes`",
    );
}

#[test]
fn n01_a_path_that_matches_nothing_in_any_fixture() {
    warns(
        "notes[*].text: secret",
        "notes[*].txt: secret",
        "FG2107",
        "`notes[*].txt`",
    );
}

#[test]
fn personal_numbers_shown_in_clear() {
    let number = "phones[*].number: { class: secret, mask: cn-phone }";
    warns(number, "phones[*].number: basic", "FG2108", "mobile number");
}

#[test]
fn roles_that_nobody_can_hold() {
    warns(
        "    acme: { basic: mask }",
        "    acme: { basic: mask }\n    self: { basic: show }",
        "FG2110",
        "`self`",
    );
}

#[test]
fn ceilings_that_bind_nothing() {
    warns("field: customer.phones,", "level: 9,", "FG2111", "level 9");
}

#[test]
fn a_rule_set_without_tests() {
    let rules = RULES.split("tests_at:").next().unwrap();
    let warnings = load_rules(rules).unwrap().warnings;
    assert!(lines(&warnings).contains("FG2104"));
}
