//! A newcomer's mistakes: each gives one message that names the place and the cure, in both languages, as the snapshots
//! in `newcomers/` have it. `FIELDGATE_UPDATE=1` writes them anew.

use super::examples::{PARTNERS, PARTNERS_LIST};
use super::{RULES, files, is_written_in};
use crate::binary::{fieldgate, rules};

#[track_caller]
fn says(name: &str, from: &str, to: &str) {
    assert_eq!(RULES.matches(from).count(), 1, "{from:?}");
    checked(name, 3, &files(&RULES.replacen(from, to, 1)));
}

/// One message, as the snapshot has it, and how `check` ends.
#[track_caller]
fn checked(name: &str, exit: i32, files: &[(&str, &str)]) {
    let dir = rules(files);
    let path = dir.path().to_str().unwrap();
    for lang in ["en", "zh-CN"] {
        let run = fieldgate(&["check", path, "--lang", lang], b"");
        assert_eq!(run.exit, exit, "{}", run.err);
        assert_eq!(run.err.matches("[FG").count(), 1, "{}", run.err);
        let text = run.err.replace(path, "rules") + &run.text().replace(path, "rules");
        is_written_in(
            &format!("tests/it/diagnostics/newcomers/{name}.{lang}.txt"),
            &text,
        );
    }
}

#[test]
fn an_unknown_class() {
    says("unknown-class", "      id: basic", "      id: basci");
}

#[test]
fn a_class_by_its_chinese_name() {
    says("unlike-any-class", "      id: basic", "      id: 基本信息");
}

#[test]
fn a_path_in_flow_syntax() {
    let block = "      phones[*].number: { class: contact, mask: cn-phone }";
    says(
        "flow-path",
        block,
        "      phone: { class: contact, mask: cn-phone, phones[*].number: contact }",
    );
}

#[test]
fn a_typo_in_a_key() {
    says("typo-in-a-key", "    fields:", "    feilds:");
}

#[test]
fn a_duplicate_role() {
    let self_ = "  self: { jwt: app-idp, claim: customer_id, same_as: person }";
    let twice = "  teller: { jwt: app-idp, claim: customer_id, same_as: person }";
    says("duplicate-role", self_, twice);
}

#[test]
fn an_empty_cell() {
    says(
        "empty-cell",
        "self: { basic: show, contact: show }",
        "self: { basic: show, contact: }",
    );
}

#[test]
fn a_full_width_colon() {
    says(
        "full-width-colon",
        "  basic: { level: 2, zh: 基本信息 }",
        "  basic： { level: 2, zh: 基本信息 }",
    );
}

#[test]
fn a_full_width_colon_in_a_block() {
    says(
        "full-width-colon-in-a-block",
        "      id: basic",
        "      id：basic",
    );
}

#[test]
fn stars_without_quotes() {
    says(
        "unquoted-stars",
        "expect: { name: 张三 }",
        "expect: { name: *** }",
    );
}

#[test]
fn a_line_indented_by_one_blank_less() {
    says("indentation", "      id: basic", "     id: basic");
}

#[test]
fn a_bracket_that_is_not_closed() {
    says(
        "open-bracket",
        "  basic: { level: 2, zh: 基本信息 }",
        "  basic: { level: 2, zh: 基本信息",
    );
}

#[test]
fn a_full_width_star_in_a_path() {
    says(
        "full-width-star",
        "      phones[*].number: {",
        "      phones[＊].number: {",
    );
}

#[test]
fn an_outcome_in_chinese() {
    says(
        "outcome-in-chinese",
        "    teller: { basic: show,",
        "    teller: { basic: 明文,",
    );
}

/// Age is no mistake, only a warning: the partner is refused, and nothing else changes.
#[test]
fn a_contract_in_the_past() {
    let (from, to) = ("until: 2999-12-31", "until: 2020-12-31");
    assert_eq!(PARTNERS.matches(from).count(), 1);
    let ended = PARTNERS.replacen(from, to, 1);
    let files = [
        ("rules.yaml", &*ended),
        ("fixtures/partners.json", PARTNERS_LIST),
    ];
    checked("contract-in-the-past", 0, &files);
}
