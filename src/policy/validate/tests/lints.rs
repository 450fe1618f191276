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

/// What is noticed of a rule set that loads.
#[track_caller]
fn noticed(rules: &str) -> String {
    let loaded = load_rules(rules).unwrap_or_else(|found| panic!("{}", lines(&found)));
    lines(&loaded.warnings)
}

#[test]
fn a_token_of_what_has_few_values() {
    let tokens = |field: &str| {
        let rules = changed("      notes[*].text: secret\n", &format!("      {field}\n"));
        noticed(&rules.replace("secret: mask }", "secret: token }"))
    };
    let dates = tokens("born: { class: secret, mask: year-only }");
    assert!(
        dates.contains("FG2160") && dates.contains("`born` tells it: it is a date"),
        "{dates}"
    );
    assert!(!dates.contains("`phones[*].number`"), "{dates}");
    // In the fixture it holds one letter.
    assert!(tokens("notes[*].text: secret").contains("`notes[*].text` tells it"));
    // A name of two characters is one of many; so is what names the record, however short in a fixture.
    let names = noticed(&changed("acme: { basic: mask }", "acme: { basic: token }"));
    assert!(!names.contains("FG2160"), "{names}");
    let compared = changed("acme: { basic: mask }", "acme: { basic: token if vip }")
        + "conditions: { vip: { field: name, in: [张三, 李四] } }\n";
    assert!(noticed(&compared).contains("the condition `vip` compares it"));
}

#[test]
fn a_mask_that_no_field_of_the_class_lists() {
    let row = "teller: { basic: show, secret: mask }";
    warns(
        row,
        "teller: { basic: mask:last4, secret: mask }",
        "FG2161",
        "rules.yaml:30:22",
    );
    let listed = noticed(&changed(
        row,
        "teller: { basic: mask:staff-no, secret: mask:cn-phone }",
    ));
    assert!(!listed.contains("FG2161"), "{listed}");
    let exception = "role: acme, do: show, reason: agreed, until: 2027-01-01 }";
    let masked = "role: acme, do: mask:cn-phone, reason: agreed }";
    warns(exception, masked, "FG2161", "`cn-phone`");
    warns(
        "at_most: mask,",
        "at_most: mask:cn-name,",
        "FG2161",
        "`cn-name`",
    );
}

#[test]
fn a_test_that_cannot_fail() {
    let expect = "    expect: { name: 张三 }\n";
    let with = |more: &str| noticed(&changed(expect, &format!("{expect}    {more}\n")));
    let absent = with("absent: [nots, notes]");
    assert!(
        absent.contains("FG2162") && absent.contains("`nots`"),
        "{absent}"
    );
    assert_eq!(absent.lines().count(), 1, "{absent}");
    let never = with("never: [\"13800138001\", \"13800138000\", 三, tok_, \"138****8000\"]");
    assert!(
        never.contains("FG2162") && never.contains("13800138001"),
        "{never}"
    );
    assert_eq!(never.lines().count(), 1, "{never}");
    // What `set` puts in is there.
    assert_eq!(with("set: { extra: 1 }\n    absent: [extra]"), "");
}

#[test]
fn a_total_beside_a_gate() {
    let gated = changed(
        "    acme: { basic: mask }",
        "    acme: { basic: mask, only: [vip] }",
    ) + "conditions: { vip: { field: name, exists: true } }\n";
    let shown = noticed(&gated);
    assert!(
        shown.contains("FG2163") && shown.contains("`acme`"),
        "{shown}"
    );
    for other in [
        gated.replace("$.total: show", "$.page: show"),
        gated.replace("$.total: show", "$.total: secret"),
    ] {
        assert!(!noticed(&other).contains("FG2163"));
    }
}

#[test]
fn a_record_that_stands_nowhere_in_any_fixture() {
    warns(
        "GET /customers: $.items[*]",
        "GET /customers: $.itmes[*]",
        "FG2165",
        "GET /customers",
    );
    warns(
        "GET /customers/{id}: $\n",
        "GET /customers/{id}: $.data\n",
        "FG2165",
        "{id}",
    );
    // An empty list is there.
    let empty = changed(
        "    reply: list.json\n",
        "    reply: list.json\n    set: { items: [] }\n",
    );
    assert!(!noticed(&empty).contains("FG2165"));
}

#[test]
fn several_values_in_one() {
    for role in [
        "has: teller、clerk",
        "is: \"teller，clerk\"",
        "has: teller；clerk",
    ] {
        warns("has: teller", role, "FG2166", "nothing is split");
    }
}

#[test]
fn what_every_contract_of_a_role_closes() {
    let contract = |items: &str| {
        let rules = changed(
            "san: \"spiffe://acme\" }",
            "san: \"spiffe://acme\", contract: required }",
        );
        let days = "from: 2020-01-01, until: 2999-12-31, zone: UTC";
        let rules = rules.replace(
            "acme: { basic: mask }",
            "acme: { basic: mask, secret: mask }",
        );
        noticed(&format!(
            "{rules}contracts: {{ HT-1: {{ role: acme, purpose: p, {days}, items: {{ customer/list: {items} }} }} }}\n"
        ))
    };
    let shown = contract("{ basic: mask }");
    assert!(
        shown.contains("FG2164") && shown.contains("`secret` of `customer/list`"),
        "{shown}"
    );
    assert!(!shown.contains("this exception"), "{shown}");
    let shown = contract("{ secret: mask }");
    assert!(shown.contains("`basic` of `customer/list`"), "{shown}");
    assert!(
        shown.contains("this exception opens nothing to `acme`"),
        "{shown}"
    );
    assert!(!contract("{ basic: mask, secret: mask }").contains("FG2164"));
}

/// A family beside an employee, each with an ID number; a list with the same catalogue.
const FAMILY: &str = r#"fieldgate: 1
classes: { id: { level: 4 }, home: { level: 3 }, kin: { level: 4 } }
resources:
  staff:
    at: { 'GET /staff/{no}': $.data }
    fields:
      born: { class: id, mask: year-only }
      home: { class: home, mask: cn-address }
      id_card: { class: id, mask: cn-id }
      kin[*].id_card: { class: kin, mask: cn-id }
      kin[*].name: kin
    params:
      path.no: free
  rows:
    at: { GET /staff: '$.rows[*]' }
    is: staff
roles:
  hr: { jwt: idp, claim: roles, has: hr }
read:
  staff: { hr: { id: mask, home: show, kin: mask } }
  rows: { hr: { home: show } }
tests:
  - name: hr sees one
    as: hr
    call: GET /staff/1
    reply: one.json
    expect_status: 200
  - name: hr sees the list
    as: hr
    call: GET /staff
    reply: list.json
    expect_status: 200
"#;

#[track_caller]
fn family(from: &str, to: &str) -> String {
    let one = r#"{"data":{"born":"1990-01-01","home":"北京市朝阳区","id_card":"1","kin":[{"id_card":"2","name":"李"}]}}"#;
    let list = r#"{"rows":[{"home":"北京市朝阳区"}]}"#;
    assert!(FAMILY.contains(from), "{from:?}");
    let rules = FAMILY.replacen(from, to, 1);
    let loaded = load_texts(&[
        ("rules.yaml", rules.as_bytes()),
        ("one.json", one.as_bytes()),
        ("list.json", list.as_bytes()),
    ]);
    lines(
        &loaded
            .unwrap_or_else(|found| panic!("{}", lines(&found)))
            .warnings,
    )
}

#[test]
fn each_masked_number_is_weighed_against_its_own_object() {
    let own = |shown: &str| {
        let told = shown.lines().filter(|line| line.contains("FG2109"));
        told.map(|line| line.split(':').nth(1).unwrap().to_owned())
            .collect::<Vec<String>>()
    };
    let line = |part: &str| {
        let mut lines = FAMILY.lines();
        let at = lines.position(|line| line.trim_start().starts_with(part));
        (at.unwrap() + 1).to_string()
    };
    assert_eq!(
        own(&family("mask: cn-id }", "mask: cn-id }")),
        [line("id_card")]
    );
    let kin = "kin[*].name: kin\n      kin[*].born: { class: kin, mask: year-only }\n      kin[*].home: { class: kin, mask: cn-address }";
    assert_eq!(
        own(&family("kin[*].name: kin", kin)),
        [line("id_card"), line("kin[*].id_card")],
        "both are"
    );
    let nested = family("home: { class: home", "at.home: { class: home");
    assert_eq!(
        own(&nested),
        [line("id_card")],
        "an object within is the same one's"
    );
    let lower = family("home: { class: home", "homes[*].home: { class: home");
    assert_eq!(own(&lower), [line("id_card")], "so is a list within");
}

#[test]
fn a_path_that_matches_nothing_is_told_once_with_what_was_meant() {
    for (from, to, meant) in [
        (
            "kin[*].name: kin",
            "kin.name: kin",
            "there is a list on the way: write `kin[*].name`",
        ),
        (
            "      born: {",
            "      $.data.born: {",
            "paths begin at the record, which stands at `data`: write `born`",
        ),
        (
            "      born: {",
            "      bron: {",
            "is it spelled as the upstream spells it?",
        ),
    ] {
        let shown = family(from, to);
        assert_eq!(shown.matches("FG2107").count(), 1, "{shown}");
        assert!(shown.contains(meant), "{meant:?}:\n{shown}");
    }
    let shown = family("mask: year-only", "mask: year-only");
    assert!(
        !shown.contains("FG2107"),
        "one of both answers has it:\n{shown}"
    );
}

#[test]
fn two_roles_that_the_same_token_gives() {
    let second =
        "  hr: { jwt: idp, claim: roles, has: hr }\n  head: { jwt: idp, claim: roles, has: hr }\n";
    let shown = family("  hr: { jwt: idp, claim: roles, has: hr }\n", second);
    assert!(
        shown.contains("FG2220") && shown.contains("`hr` and `head`"),
        "{shown}"
    );
    assert!(!family("mask: year-only", "mask: year-only").contains("FG2220"));
}

#[test]
fn a_path_parameter_that_is_free_though_a_field_has_its_name() {
    let shown = family("born: { class: id", "\"no\": { class: id");
    assert!(
        shown.contains("FG2221") && shown.contains("path.no: no"),
        "{shown}"
    );
    let shown = family("mask: year-only", "mask: year-only");
    assert!(!shown.contains("FG2221"), "{shown}");
    let reason = FAMILY.replace(
        "path.no: free",
        "path.no: { free: true, reason: a serial number of the call }",
    );
    let shown = load_texts(&[(
        "rules.yaml",
        reason
            .split("tests:")
            .next()
            .unwrap()
            .replace("born: {", "\"no\": {")
            .as_bytes(),
    )]);
    let shown = lines(
        &shown
            .unwrap_or_else(|found| panic!("{}", lines(&found)))
            .warnings,
    );
    assert!(!shown.contains("FG2221"), "{shown}");
}
