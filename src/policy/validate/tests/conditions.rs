//! `conditions:`, cells with `if`, and gates.

use super::*;
use crate::policy::condition::{FieldIs, Literal, Number, Other, Question};
use crate::policy::rules::{Cell, Choice, ClassId, When};
use crate::policy::{ConditionId, GroupId, ResourceId, RoleId, RuleSet};

const TELLER: RoleId = RoleId(2);

/// The rule set with these conditions at its end.
fn with(conditions: &str) -> String {
    let lines = conditions.lines().map(|line| format!("  {line}\n"));
    format!("{RULES}conditions:\n{}", lines.collect::<String>())
}

#[track_caller]
fn rules(text: &str) -> RuleSet {
    load_rules(text)
        .unwrap_or_else(|found| panic!("{}", lines(&found)))
        .rules
}

#[track_caller]
fn asks(condition: &str) -> Question {
    rules(&with(&format!("c: {condition}"))).conditions[0]
        .asks
        .clone()
}

#[track_caller]
fn refused(condition: &str, parts: &[&str]) {
    refuses_rules(&with(&format!("c: {condition}")), parts);
}

/// The rule set with this cell for the teller's secrets and these conditions.
fn cell(cell: &str, conditions: &str) -> String {
    with(conditions).replacen("secret: mask }", &format!("secret: {cell} }}"), 1)
}

#[test]
fn every_kind_of_the_closed_list_is_read() {
    for condition in [
        "{ field: name, is: 张三 }",
        "{ field: name, in: [a, \"b\", 1, true] }",
        "{ field: name, exists: true }",
        "{ field: name, before: 2026-06-01 }",
        "{ field: name, after: 2026-06-01T10:00:00+08:00, or: empty }",
        "{ field: name, younger_than: 18y, zone: Asia/Shanghai }",
        "{ field: name, same_as: claim.realm.branch }",
        "{ field: name, same_as: path.id, or: empty }",
        "{ field: \"$.phones[0].number\", is: empty }",
        "{ jwt: staff, claim: realm_access.roles, has: teller }",
        "{ jwt: staff, claim: [https://x/level], in: [1, 2] }",
        "{ header: X-Channel, is: branch }",
        "{ header: x-channel, in: [branch, phone] }",
        "{ purpose: loyalty-points }",
        "{ purpose: [a, b] }",
        "{ network: 10.0.0.0/8 }",
        "{ network: [203.0.113.9, \"2001:db8::/32\"] }",
        "{ mfa: true }",
        "{ mfa: { amr: [hwk, otp] } }",
        "{ mfa: { acr: \"urn:level:2\" }, jwt: staff }",
        "{ hours: 22:00-06:00, zone: Asia/Shanghai }",
        "{ all: [d, e] }",
        "{ any: [d] }",
        "{ not: d }",
    ] {
        rules(&with(&format!(
            "c: {condition}\nd: {{ mfa: true }}\ne: {{ network: 10.0.0.0/8 }}"
        )));
    }
}

#[test]
fn values_keep_their_types_and_numbers_are_exact() {
    let one_of = |condition| match asks(condition) {
        Question::Field(field) => match field.is {
            FieldIs::OneOf(values) => values,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    };
    let text = |text: &str| Literal::Text(text.to_owned());
    let number = |text: &str| Literal::Number(Number::read(text).unwrap());
    assert_eq!(one_of("{ field: name, is: true }"), [Literal::Bool(true)]);
    assert_eq!(one_of("{ field: name, is: \"true\" }"), [text("true")]);
    assert_eq!(one_of("{ field: name, is: 1.50 }"), [number("1.5")]);
    assert_eq!(one_of("{ field: name, is: \"1\" }"), [text("1")]);
    assert_eq!(one_of("{ field: name, is: 0101 }"), [text("0101")]);
    assert_eq!(one_of("{ field: name, is: \"empty\" }"), [text("empty")]);
    assert_eq!(
        one_of("{ field: name, in: [9007199254740993, 1e400] }"),
        [number("9007199254740993"), number("1e400")]
    );
}

#[test]
fn what_a_field_is_compared_with_is_a_claim_or_a_path_parameter() {
    let other = |text: &str| match asks(&format!("{{ field: name, same_as: {text} }}")) {
        Question::Field(field) => match field.is {
            FieldIs::SameAs(other) => other,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    };
    let claim = vec![String::from("realm"), String::from("branch")];
    assert_eq!(other("claim.realm.branch"), Other::Claim(claim));
    assert_eq!(other("path.id"), Other::Path(String::from("id")));
    for text in [
        "person",
        "claim",
        "claim.",
        "claim.a..b",
        "path.",
        "header.x",
        "id",
    ] {
        refused(
            &format!("{{ field: name, same_as: {text} }}"),
            &["FG2064", "claim.NAME"],
        );
    }
}

#[test]
fn a_condition_asks_exactly_one_thing() {
    refused("{ }", &["FG2061", "`c` asks nothing"]);
    refused("{ is: 1 }", &["FG2061", "`c` asks nothing"]);
    refused(
        "{ mfa: true, network: 10.0.0.0/8 }",
        &["FG2061", "two things"],
    );
    refused(
        "{ field: name }",
        &["FG2061", "what must it be", "younger_than"],
    );
    refused(
        "{ field: name, is: a, in: [b] }",
        &["FG2061", "this is a second"],
    );
    refused(
        "{ field: name, has: a }",
        &["FG2061", "`has` does not go with `field`"],
    );
    refused(
        "{ network: 10.0.0.0/8, or: empty }",
        &["FG2061", "`network` stands alone"],
    );
    refused(
        "{ field: name, is: a, zone: UTC }",
        &["FG2061", "`zone` does not go with `field`"],
    );
    refused("{ field: name, is: a, or: b }", &["FG2061", "or: empty"]);
    refused(
        "{ claim: level, is: 1 }",
        &["FG2061", "whose", "jwt: ISSUER"],
    );
    refused("{ hours: 08:00-18:00 }", &["FG2061", "whose clocks"]);
    refused("{ mfa: false }", &["FG2061", "asks nothing"]);
    refused("{ mfa: { } }", &["FG2061", "asks nothing"]);
    refused("{ mfa: { acr: a } }", &["FG2061", "jwt: ISSUER"]);
    refused("{ all: [] }", &["FG2061", "names no condition"]);
}

#[test]
fn misspelled_keys_and_names_are_answered_with_what_was_meant() {
    refused(
        "{ feild: name, is: a }",
        &["FG1021", "`feild`", "did you mean `field`?"],
    );
    refused(
        "{ field: name, yunger_than: 18y }",
        &["FG1021", "did you mean `younger_than`?"],
    );
    refuses_rules(
        &with("c: { not: dd }\nd: { mfa: true }"),
        &["FG2060", "did you mean `d`?"],
    );
    refuses_rules(
        &cell(
            "show if dytime",
            "daytime: { hours: 08:00-18:00, zone: UTC }",
        ),
        &["FG2060", "`dytime`", "did you mean `daytime`?"],
    );
}

#[test]
fn values_nothing_can_be_compared_with_are_refused() {
    for (condition, part) in [
        ("{ field: name, before: 2026-02-30 }", "no date"),
        ("{ field: name, after: tomorrow }", "no date"),
        ("{ field: name, before: 2026-06-01T10:00:00 }", "no date"),
        ("{ field: name, younger_than: 18 }", "18y"),
        ("{ field: name, younger_than: -1d }", "no age"),
        (
            "{ field: name, younger_than: 18y, zone: Mars }",
            "no time zone",
        ),
        ("{ field: name, in: [] }", "lists nothing"),
        ("{ field: name, in: [a, empty] }", "or: empty"),
        ("{ field: name, is: 1e9999999999 }", "too large"),
        ("{ network: 10.1.2.3/8 }", "write `10.0.0.0/8`"),
        ("{ network: \"::ffff:10.0.0.0/104\" }", "write `10.0.0.0/8`"),
        ("{ network: example.com }", "no network"),
        ("{ network: [] }", "lists nothing"),
        ("{ hours: 8-18, zone: UTC }", "no window"),
        ("{ hours: 08:00-08:00, zone: UTC }", "no window"),
        ("{ hours: 24:00-08:00, zone: UTC }", "no window"),
        ("{ header: X-A, is: 渠道 }", "visible ASCII"),
    ] {
        refused(condition, &["FG2064", part]);
    }
}

#[test]
fn a_condition_reads_one_value() {
    for path in [
        "$",
        "phones[*].number",
        "$..number",
        "phones[0:2].number",
        "$['id','name']",
    ] {
        refused(&format!("{{ field: \"{path}\", is: a }}"), &["FG2065"]);
    }
    refused("{ field: \"phones[?@.a].b\", is: a }", &["FG2065"]);
}

#[test]
fn not_of_exists_is_an_error_however_it_is_hidden() {
    refused("{ field: name, exists: false }", &["FG2063", "is: empty"]);
    let made_of = "has: { field: name, exists: true }\nb: { any: [has, m] }\nm: { mfa: true }";
    refuses_rules(
        &with(&format!("a: {{ not: has }}\n{made_of}")),
        &["FG2063", "`not` of `exists`"],
    );
    refuses_rules(&with(&format!("a: {{ not: b }}\n{made_of}")), &["FG2063"]);
    rules(&with(&format!("a: {{ not: m }}\n{made_of}")));
}

#[test]
fn conditions_made_of_themselves_are_told_once() {
    refused("{ not: c }", &["FG2062", "`c` is made of itself"]);
    refuses_rules(
        &with("a: { all: [b] }\nb: { any: [c, d] }\nc: { not: a }\nd: { mfa: true }"),
        &["FG2062"],
    );
}

#[test]
fn only_headers_a_front_can_set_are_asked() {
    refused(
        "{ header: Authorization, is: x }",
        &["FG2067", "credential"],
    );
    refused("{ header: Cookie, is: x }", &["FG2067"]);
    refused("{ header: X_Channel, is: x }", &["FG2067"]);
    refused(
        "{ header: Fieldgate-Purpose, is: x }",
        &["FG2067", "purpose: NAME"],
    );
}

#[test]
fn consent_is_refused_by_name() {
    refused(
        "{ consent: marketing }",
        &["FG1022", "`consent`", "not supported yet"],
    );
}

#[test]
fn a_cell_is_one_of_two_outcomes_by_a_condition() {
    let strong = "strong: { mfa: true }";
    let choice = |text: &str| {
        let rules = rules(&cell(text, strong));
        rules.rows[&(ResourceId(0), GroupId(0), TELLER)].cells[1].clone()
    };
    let when = |otherwise| {
        Some(When {
            condition: ConditionId(0),
            otherwise,
        })
    };
    assert_eq!(
        choice("show if strong"),
        Choice {
            cell: Cell::Show,
            when: when(Cell::Strip)
        },
        "without `else` it is `strip`"
    );
    assert_eq!(
        choice("mask:staff-no if strong else token:a"),
        Choice {
            cell: Cell::Mask(Some(String::from("staff-no"))),
            when: when(Cell::Token(Some(String::from("a"))))
        }
    );
    for wrong in [
        "show if",
        "if strong",
        "show else mask",
        "show if strong mask",
        "show if strong else",
        "show if strong else mask if strong",
        "show if strong and strong",
    ] {
        refuses_rules(
            &cell(wrong, strong),
            &["FG2005", "no outcome with a condition"],
        );
    }
    refuses_rules(
        &cell("shwo if strong", strong),
        &["FG2005", "did you mean `show`?"],
    );
    refuses_rules(
        &cell("show if strong else maks", strong),
        &["FG2005", "did you mean `mask`?"],
    );
}

#[test]
fn an_exception_may_have_a_condition_and_a_ceiling_may_not() {
    let conditions = with("strong: { mfa: true }");
    let exception = |text: &str| {
        let until = ", until: 2027-01-01";
        conditions
            .replacen(until, "", 1)
            .replacen("do: show", &format!("do: {text}"), 1)
    };
    let loaded = rules(&exception("show if strong else blank"));
    assert_eq!(loaded.exceptions[0].cell.cells().count(), 2);
    let ceiling = conditions.replacen("at_most: mask", "at_most: mask if strong", 1);
    refuses_rules(&ceiling, &["FG2068"]);
}

#[test]
fn until_needs_an_exception_that_opens_whatever_becomes_of_its_condition() {
    let conditions = with("strong: { mfa: true }");
    let exception = |text: &str| conditions.replacen("do: show", &format!("do: {text}"), 1);
    // The row has `mask`.
    rules(&exception("show if strong else mask"));
    refuses_rules(&exception("show if strong"), &["FG2042"]);
    refuses_rules(&exception("mask if strong else mask"), &["FG2042"]);
    refuses_rules(&exception("token:a if strong else mask"), &["FG2042"]);
}

#[test]
fn purpose_is_asked_of_contract_roles_only() {
    refuses_rules(
        &cell("show if loyalty", "loyalty: { purpose: loyalty }"),
        &["FG2066"],
    );
}

#[test]
fn what_probably_was_not_meant_is_noticed() {
    let noticed = |text: &str| {
        let loaded = load_rules(text).unwrap_or_else(|found| panic!("{}", lines(&found)));
        lines(&loaded.warnings)
    };
    assert!(noticed(&with("c: { mfa: true }")).contains("FG2120"));
    assert!(noticed(&cell("mask if c else mask", "c: { mfa: true }")).contains("FG2123"));
    assert_eq!(
        noticed(&cell("show if c else mask", "c: { mfa: true }")),
        ""
    );
}

#[test]
fn the_classes_of_a_row_are_all_there_with_conditions_too() {
    let loaded = rules(&cell("show if c", "c: { mfa: true }"));
    let row = &loaded.rows[&(ResourceId(0), GroupId(0), TELLER)];
    assert_eq!(row.cells.len(), loaded.classes.len());
    assert_eq!(row.cells[ClassId(0).0], Choice::from(Cell::Show));
}

#[test]
fn a_field_that_is_asked_is_listed_in_the_resource_it_is_asked_of() {
    let asked = |field: &str| {
        let condition = format!("c: {{ field: \"{field}\", exists: true }}");
        cell("show if c else strip", &condition)
    };
    for listed in ["id", "$.name", "phones[0].number", "phones[7]", "phones"] {
        rules(&asked(listed));
    }
    refuses_rules(
        &asked("nmae"),
        &["FG2065", "`nmae`", "did you mean `name`?"],
    );
    refuses_rules(
        &asked("status"),
        &["FG2065", "`customer`", "list it under `fields`"],
    );
    refuses_rules(&asked("Name"), &["FG2065"]);
    // Only whether it is there can be asked of a container.
    let container = cell("show if c", "c: { field: phones, is: a }");
    refuses_rules(&container, &["FG2065"]);
}

#[test]
fn a_path_parameter_that_is_compared_stands_in_some_route() {
    let same_as = |name: &str| {
        cell(
            "show if c",
            &format!("c: {{ field: id, same_as: path.{name} }}"),
        )
    };
    rules(&same_as("id"));
    refuses_rules(&same_as("ids"), &["FG2065", "did you mean `id`?"]);
}

#[test]
fn one_mistake_of_a_condition_is_told_once_however_often_it_is_used() {
    let text = cell("show if c", "c: { field: nowhere, exists: true }");
    let twice = text.replacen("{ basic: show }", "{ basic: show if c }", 1);
    refuses_rules(&twice, &["FG2065"]);
}

#[test]
fn gates_are_lists_of_conditions() {
    let conditions = "c: { field: name, exists: true }";
    let row = |only: &str| {
        with(conditions).replacen(
            "{ basic: show, secret: mask }",
            &format!("{{ only: {only}, basic: show }}"),
            1,
        )
    };
    let only = |text: &str| {
        rules(text).rows[&(ResourceId(0), GroupId(0), TELLER)]
            .only
            .clone()
    };
    assert_eq!(only(&row("[c]")), [ConditionId(0)]);
    refuses_rules(&row("c"), &["FG1020", "must be a list"]);
    refuses_rules(&row("[]"), &["FG2061", "names no condition"]);
    refuses_rules(&row("[d]"), &["FG2060"]);
    let resource = with(conditions).replacen("    envelope:", "    only: [c]\n    envelope:", 1);
    assert!(
        rules(&resource)
            .rows
            .values()
            .all(|row| row.only == [ConditionId(0)])
    );
    let group = with(conditions).replacen("      list:\n", "      list:\n        only: [c]\n", 1);
    let rows = rules(&group).rows;
    let gated: Vec<usize> = rows
        .iter()
        .filter(|(_, row)| !row.only.is_empty())
        .map(|((_, group, _), _)| group.0)
        .collect();
    assert_eq!(gated, [1, 1]);
}

#[test]
fn what_tells_of_a_hidden_field_or_opens_on_absence_is_noticed() {
    let noticed = |text: &str| {
        let loaded = load_rules(text).unwrap_or_else(|found| panic!("{}", lines(&found)));
        lines(&loaded.warnings)
    };
    let exists = "c: { field: id, exists: true }";
    assert!(noticed(&cell("strip if c else mask", exists)).contains("FG2122"));
    assert_eq!(noticed(&cell("mask if c", exists)), "");
    let hidden = with("c: { field: \"phones[0].number\", exists: true }").replacen(
        "acme: { basic: mask }",
        "acme: { basic: mask if c }",
        1,
    );
    assert!(noticed(&hidden).contains("FG2121"));
}
