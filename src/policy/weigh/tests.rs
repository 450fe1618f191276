//! A rule set, one change at a time, and whether it only narrows.

use super::effect::sets;
use super::*;
use crate::policy::diagnostic::{Lang, Style, render};
use crate::policy::load_texts;

const RULES: &str = r#"
fieldgate: 1
classes:
  open:   { level: 1 }
  secret: { level: 4 }
  number: { level: 4 }
masks:
  ends: { keep: { first: 1, last: 1 } }
resources:
  customer:
    at:
      GET /customers/{id}: $
      list:
        GET /customers: $.items[*]
        GET /customers/first: $.items[*]
    person: { field: id, path: id }
    fields:
      id: open
      name: { class: secret, mask: cn-name }
      phone: { class: number, mask: [cn-phone, ends] }
      cards[*].code: number
      notes: { class: secret, whole: false }
    envelope: { $.total: show, $.hint: secret }
    params:
      path.id: id
      page: { whole: 1..100 }
      sort: { one_of: [id, name] }
      phone: phone
      by: names
  order:
    at:
      GET /orders/{key}: $
    fields: { id: open, total: secret }
    params: { path.key: id }
  archive:
    at: { GET /archive: $ }
    fields:
      id: open
      all: secret
      ..code: number
    unlisted: strip
roles:
  teller:  { jwt: staff, claim: roles, has: teller }
  manager: { jwt: staff, claim: roles, has: manager }
  auditor: { jwt: staff, claim: roles, has: auditor }
  self:    { jwt: app, claim: customer, same_as: person }
  acme:    { mtls: partners, san: "spiffe://acme" }
read:
  customer:
    teller:  { open: show, secret: mask, number: mask }
    manager: { open: show, secret: show, number: show }
    auditor: { open: show, number: "mask:ends" }
    self:    { open: show, secret: show }
  customer/list:
    teller: { open: show }
    acme:   { open: token, number: blank }
  order:
    teller: { open: show, secret: mask }
  archive:
    teller: { open: show, secret: show, number: mask }
find:
  customer/list: { teller: [phone] }
exceptions:
  - { field: customer.notes, role: teller, do: show, reason: r, until: 2026-06-30 }
ceilings:
  - { field: "customer.cards[*].code", to: [manager], at_most: mask, reason: r }
"#;

/// The middle of 2026-06-01 in UTC: the exception opens.
const NOW: i64 = 1_780_315_200;

#[track_caller]
pub(super) fn rules(text: &str) -> RuleSet {
    match load_texts(&[("rules.yaml", text.as_bytes())]) {
        Ok(loaded) => loaded.rules,
        Err(found) => panic!("{}", render(&found, Lang::En, Style::Plain)),
    }
}

/// A rule set with the first of each text replaced.
#[track_caller]
pub(super) fn replaced(text: &str, pairs: &[(&str, &str)]) -> RuleSet {
    let mut text = text.to_owned();
    for (from, to) in pairs {
        assert!(text.contains(from), "{from:?} is not there");
        text = text.replacen(from, to, 1);
    }
    rules(&text)
}

#[track_caller]
fn changed(pairs: &[(&str, &str)]) -> RuleSet {
    replaced(RULES, pairs)
}

#[track_caller]
fn told(pairs: &[(&str, &str)]) -> Vec<String> {
    let gains = gains(&rules(RULES), &changed(pairs), NOW);
    let told = gains.iter();
    told.map(|gain| gain.text().get(Lang::En).to_owned())
        .collect()
}

#[track_caller]
fn narrows(pairs: &[(&str, &str)]) {
    assert_eq!(told(pairs), Vec::<String>::new(), "{pairs:?}");
}

/// Not a narrowing, and told with these words.
#[track_caller]
fn gains_of(pairs: &[(&str, &str)], words: &str) {
    let told = told(pairs);
    assert!(
        told.iter().any(|text| text.contains(words)),
        "{pairs:?}: {told:#?}"
    );
}

#[test]
fn the_same_rules_gain_nothing_in_whatever_order_they_are_written() {
    narrows(&[]);
    narrows(&[
        ("      id: open\n      name", "      name"),
        ("      phone:", "      id: open\n      phone:"),
    ]);
    narrows(&[(
        "  open:   { level: 1 }\n  secret: { level: 4 }",
        "  secret: { level: 2 }\n  open:   { level: 1 }",
    )]);
}

#[test]
fn closing_a_cell_a_row_a_route_an_entry_or_a_parameter_narrows() {
    narrows(&[(
        "secret: show, number: show }",
        "secret: mask, number: show }",
    )]);
    narrows(&[("    acme:   { open: token, number: blank }\n", "")]);
    narrows(&[(
        "acme:   { open: token, number: blank }",
        "acme:   { open: strip }",
    )]);
    narrows(&[("        GET /customers: $.items[*]\n", "")]);
    narrows(&[
        ("      notes: { class: secret, whole: false }\n", ""),
        (
            "exceptions:\n  - { field: customer.notes, role: teller, do: show, reason: r, until: 2026-06-30 }\n",
            "",
        ),
    ]);
    narrows(&[("      page: { whole: 1..100 }\n", "")]);
    narrows(&[("1..100", "5..50")]);
    narrows(&[("one_of: [id, name]", "one_of: [id]")]);
    narrows(&[("unlisted: strip", "unlisted: refuse")]);
    narrows(&[("$.total: show, ", "")]);
    narrows(&[(
        "ceilings:\n",
        "ceilings:\n  - { class: secret, to: everyone, at_most: mask, reason: r }\n",
    )]);
}

#[test]
fn opening_a_cell_or_a_row_is_told_with_who_gains_what() {
    gains_of(
        &[(
            "teller:  { open: show, secret: mask",
            "teller:  { open: show, secret: show",
        )],
        "customer: teller: `name` from `mask` to `show`",
    );
    gains_of(
        &[(
            "    acme:   { open: token",
            "    auditor: { open: show }\n    acme:   { open: token",
        )],
        "customer/list: auditor may read here",
    );
    gains_of(
        &[(
            "secret: show }\n  customer/list",
            "secret: show, number: blank }\n  customer/list",
        )],
        "self: `phone` from `strip` to `blank`",
    );
    gains_of(
        &[("open: token, number: blank", "open: show, number: blank")],
        "acme: `id` from `token` to `show`",
    );
}

#[test]
fn a_body_that_may_carry_more_or_less_is_weighed_leaf_by_leaf() {
    let list = "        GET /customers: $.items[*]\n";
    let with = |send: &str| {
        format!(
            "{list}        POST /customers: {{ record: '$.items[*]', does: read, send: {{ {send} }} }}\n"
        )
    };
    let before = with("page: { whole: 1..100 }, word: { one_of: [a, b] }");
    let told = |send: &str| {
        let gains = gains(
            &changed(&[(list, &before)]),
            &changed(&[(list, &with(send))]),
            NOW,
        );
        let told = gains
            .iter()
            .map(|gain| gain.text().get(Lang::En).to_owned());
        told.collect::<Vec<String>>()
    };
    let none: Vec<String> = Vec::new();
    assert_eq!(
        told("page: { whole: 1..100 }, word: { one_of: [a, b] }"),
        none
    );
    assert_eq!(told("page: { whole: 2..50 }, word: { one_of: [a] }"), none);
    for more in [
        "page: { whole: 1..101 }, word: { one_of: [a, b] }",
        "page: { whole: 1..100 }, word: free",
        "page: { whole: 1..100 }",
        "page: { whole: 1..100 }, word: { one_of: [a, b] }, size: free",
    ] {
        let told = told(more);
        let body = "the body of `POST /customers` may carry something else";
        assert!(
            told.iter().any(|text| text.contains(body)),
            "{more}: {told:?}"
        );
    }
}

/// A class moved, a role extended, a matcher loosened, a route added: what a text diff hides.
#[test]
fn widenings_that_a_text_diff_hides_are_found() {
    gains_of(
        &[(
            "name: { class: secret, mask: cn-name }",
            "name: { class: open, mask: cn-name }",
        )],
        "auditor: `name` from `strip` to `show`",
    );
    gains_of(
        &[("has: teller }", "has: employee }")],
        "teller may read here",
    );
    gains_of(&[("spiffe://acme", "spiffe://acme2")], "counts has changed");
    gains_of(
        &[(
            "GET /orders/{key}: $",
            "GET /orders/{key}: $\n      GET /orders: $",
        )],
        "`GET /orders` is a new route",
    );
    gains_of(
        &[("GET /archive: $", "GET /archive: $.data")],
        "finds its records elsewhere",
    );
    gains_of(
        &[(
            "GET /archive: $",
            "GET /archive: { record: $, format: ndjson }",
        )],
        "are written in another way",
    );
    gains_of(
        &[(
            "      page: { whole: 1..100 }\n",
            "      page: { whole: 1..100 }\n      q: { whole: 1..2 }\n",
        )],
        "the parameter `q` is new",
    );
    gains_of(&[("1..100", "1..101")], "the parameter `page`");
    narrows(&[("      phone: phone\n", "      phone: [phone, name]\n")]);
    gains_of(
        &[("      phone: phone\n", "      phone: id\n")],
        "the parameter `phone`",
    );
    gains_of(
        &[("{ one_of: [id, name] }", "names")],
        "the parameter `sort`",
    );
    narrows(&[(
        "      by: names
",
        "",
    )]);
    gains_of(
        &[("teller: [phone]", "teller: [phone], acme: [phone]")],
        "customer/list: acme may find by `phone`",
    );
    narrows(&[("find:\n  customer/list: { teller: [phone] }\n", "")]);
    gains_of(
        &[(
            "    unlisted: strip\n",
            "    unlisted: strip\n    unlisted_params: pass\n    unlisted_params_reason: r\n",
        )],
        "go upstream",
    );
    gains_of(
        &[(
            "person: { field: id, path: id }",
            "person: { field: id, path: id }\n    strip_as: blank",
        )],
        "from `strip` to `blank`",
    );
    gains_of(
        &[("path.id: id", "path.id: name")],
        "the parameter `path.id`",
    );
    gains_of(
        &[(
            "fields: { id: open, total: secret }",
            "fields: { id: open, total: secret, tax: open }",
        )],
        "`tax` is listed now",
    );
    gains_of(&[("whole: false", "whole: true")], "covers something else");
    gains_of(
        &[("$.total: show", "$.total: show, $.page: show")],
        "`page` is listed now",
    );
    gains_of(
        &[(
            "person: { field: id, path: id }",
            "person: { field: name, path: id }",
        )],
        "`person` has changed",
    );
    gains_of(
        &[("unlisted: strip", "unlisted: show\n    unlisted_reason: r")],
        "not listed leaves",
    );
    gains_of(
        &[(
            "    at:\n      GET /orders",
            "    upstream: crm2\n    at:\n      GET /orders",
        )],
        "another upstream",
    );
    gains_of(
        &[(
            "    at:\n      GET /orders",
            "    keys: any-case\n    at:\n      GET /orders",
        )],
        "`keys`",
    );
}

#[test]
fn a_ceiling_that_goes_or_binds_fewer_opens_what_it_held() {
    gains_of(
        &[("to: [manager], at_most: mask", "to: [acme], at_most: mask")],
        "manager: `cards[*].code` from `mask` to `show`",
    );
    gains_of(
        &[(
            "at_most: mask, reason: r }\n",
            "at_most: show, reason: r }\n",
        )],
        "manager: `cards[*].code`",
    );
}

/// Two masks that tie give `***`; without one of them the other shows.
#[test]
fn taking_a_role_something_away_can_open_what_tied_with_it() {
    let cell = (
        "auditor: { open: show, number: \"mask:ends\" }",
        "auditor: { open: show }",
    );
    gains_of(
        &[cell],
        "auditor, teller: `phone` from `mask` to `mask`, which cannot be compared",
    );
}

#[test]
fn a_role_whose_ceiling_binds_others_is_weighed_with_them() {
    // Who holds both was bound; without the role, nobody is.
    gains_of(&[("has: manager }", "has: boss }")], "customer: ");
}

#[test]
fn a_certificate_no_role_names_any_more_is_not_weighed() {
    gains_of(
        &[
            (
                "  acme:    { mtls: partners, san: \"spiffe://acme\" }\n",
                "",
            ),
            ("    acme:   { open: token, number: blank }\n", ""),
        ],
        "whether the certificate `spiffe://acme` counts has changed",
    );
}

#[test]
fn a_role_that_goes_with_its_token_narrows_where_no_other_role_gains_by_it() {
    narrows(&[
        (
            "  auditor: { jwt: staff, claim: roles, has: auditor }\n",
            "",
        ),
        ("    auditor: { open: show, number: \"mask:ends\" }\n", ""),
        (
            "    teller:  { open: show, secret: mask, number: mask }",
            "    teller:  { open: show, secret: mask }",
        ),
    ]);
}

#[test]
fn records_of_anyone_are_no_narrowing_of_records_of_oneself() {
    let gone = [
        (
            "  self:    { jwt: app, claim: customer, same_as: person }\n",
            "",
        ),
        ("    self:    { open: show, secret: show }\n", ""),
    ];
    gains_of(&gone, "whose records may be read has changed");
}

#[test]
fn a_route_that_goes_may_leave_its_targets_to_another() {
    gains_of(
        &[("        GET /customers/first: $.items[*]\n", "")],
        "`GET /customers/first` is gone, and `GET /customers/{id}` may answer for it",
    );
}

#[test]
fn an_entry_that_goes_may_leave_its_nodes_to_another() {
    let catalogue = |fields: &str| RULES.replace("fields: { id: open, total: secret }", fields);
    let old = rules(&catalogue(
        "fields: { id: open, a: { class: open, whole: true }, a.b: secret }",
    ));
    let new = rules(&catalogue(
        "fields: { id: open, a: { class: open, whole: true } }",
    ));
    let gains = gains(&old, &new, NOW);
    let told: Vec<String> = gains
        .iter()
        .map(|gain| gain.text().get(Lang::En).to_owned())
        .collect();
    assert!(
        told.iter()
            .any(|text| text.contains("`a.b` is not listed any more")),
        "{told:?}"
    );
}

#[test]
fn under_a_net_only_what_no_tie_can_open_again_narrows() {
    // The net's mask and a token that shows less than before meet in what nobody compared.
    gains_of(
        &[(
            "teller: { open: show, secret: show, number: mask }",
            "teller: { open: show, secret: token, number: mask }",
        )],
        "where other entries meet it",
    );
    narrows(&[(
        "teller: { open: show, secret: show, number: mask }",
        "teller: { open: show, secret: strip, number: mask }",
    )]);
    gains_of(
        &[("      ..code: number\n", "")],
        "`..code` is not listed any more",
    );
}

#[test]
fn an_exception_that_lasts_longer_opens_later() {
    gains_of(
        &[("until: 2026-06-30", "until: 2026-12-31")],
        "teller: `notes` from `mask` to `show`",
    );
    narrows(&[("until: 2026-06-30", "until: 2026-06-15")]);
}

#[test]
fn a_mask_that_shows_parts_does_not_narrow_a_token_and_stars_do() {
    let field = (
        "id: open\n      name",
        "id: { class: open, mask: ends }\n      name",
    );
    let old = changed(&[field]);
    let with = |cell: &str| {
        changed(&[
            field,
            (
                "open: token, number: blank",
                &format!("open: {cell}, number: blank"),
            ),
        ])
    };
    let shown = gains(&old, &with("mask"), NOW);
    assert_eq!(shown.first().map(|gain| gain.kind), Some(Kind::Unweighed));
    assert_eq!(
        gains(&old, &with("\"mask:fixed\""), NOW).len(),
        1,
        "keeps its own mask"
    );
    assert!(
        gains(
            &rules(RULES),
            &changed(&[("open: token, number: blank", "open: mask, number: blank")]),
            NOW
        )
        .is_empty()
    );
}

#[test]
fn sets_of_many_roles_are_weighed_in_small_sets_or_not_at_all() {
    assert_eq!(sets(3, false).unwrap().len(), 7);
    assert_eq!(sets(30, true).unwrap().len(), 30 + 435 + 4060 + 27405);
    assert_eq!(sets(30, false), None);
}

/// The rules with conditions, changed.
#[track_caller]
fn conditioned(pairs: &[(&str, &str)]) -> RuleSet {
    let text = format!(
        "{}conditions:\n  known: {{ field: notes, exists: true }}\n  office: {{ network: 10.0.0.0/8 }}\n  both: {{ all: [known, office] }}\n",
        RULES.replacen(
            "secret: mask, number: mask }",
            "secret: show if both else mask, number: mask }",
            1
        )
    );
    replaced(&text, pairs)
}

#[track_caller]
fn told_of(old: &[(&str, &str)], new: &[(&str, &str)]) -> Vec<String> {
    let gains = gains(&conditioned(old), &conditioned(new), NOW);
    let told = gains.iter();
    told.map(|gain| gain.text().get(Lang::En).to_owned())
        .collect()
}

#[test]
fn what_a_condition_asks_is_the_same_or_not_weighed() {
    assert_eq!(told_of(&[], &[]), [""; 0]);
    let unasked = ("conditions:\n", "conditions:\n  another: { mfa: true }\n");
    assert_eq!(told_of(&[], &[unasked]), [""; 0]);
    for (change, name) in [
        (("10.0.0.0/8", "0.0.0.0/0"), "office"),
        (("{ field: notes, exists", "{ field: name, exists"), "known"),
    ] {
        let expected = format!("the condition `{name}` asks something else");
        for (old, new) in [(&[][..], &[change][..]), (&[change][..], &[][..])] {
            let told = told_of(old, new);
            assert!(told.iter().all(|one| one.ends_with(&expected)), "{told:?}");
            assert!(!told.is_empty(), "{change:?}");
        }
    }
}

#[test]
fn what_conditions_decide_is_weighed_for_each_turn_of_them() {
    for (change, gained) in [
        (
            ("{ all: [known, office] }", "{ any: [known, office] }"),
            "from `mask` to `show`, where its conditions say so",
        ),
        (
            ("show if both else mask", "show if both else show"),
            "from `mask` to `show`, where its conditions say so",
        ),
        (
            ("show if both else mask", "show if office else mask"),
            "from `mask` to `show`, where `known` does not hold or cannot be told and `office` holds",
        ),
        (
            ("show if both else mask", "mask if both else show"),
            "from `mask` to `show`, where its conditions say so",
        ),
    ] {
        let told = told_of(&[], &[change]);
        assert!(told.iter().any(|one| one.ends_with(gained)), "{told:?}");
    }
    // The other way round each of the first three closes, and is known to.
    for change in [
        ("{ all: [known, office] }", "{ any: [known, office] }"),
        ("show if both else mask", "show if both else show"),
        ("show if both else mask", "show if office else mask"),
    ] {
        assert_eq!(told_of(&[change], &[]), [""; 0], "{change:?}");
    }
}

#[test]
fn a_gate_only_closes_and_taking_it_away_opens_where_it_did_not_hold() {
    let gate = ("teller:  { open", "teller:  { only: [known], open");
    // It closes but for a mask that another role's mask then no longer ties with.
    let tie = "customer: auditor, teller: `phone` from `mask` to `mask`, where `known` does not hold or cannot be told, which cannot be compared";
    assert_eq!(told_of(&[], &[gate]), [tie]);
    let told = told_of(&[gate], &[]);
    let expected = "teller may read here, where `known` does not hold or cannot be told";
    assert!(told.iter().any(|one| one.ends_with(expected)), "{told:?}");
}

#[test]
fn a_condition_with_another_name_is_the_same_condition() {
    let renamed = [
        ("  office: {", "  inside: {"),
        ("[known, office]", "[known, inside]"),
    ];
    assert_eq!(told_of(&[], &renamed), [""; 0]);
}

#[test]
fn more_conditions_than_can_be_gone_through_are_not_weighed() {
    let conditions: String = (0..5)
        .map(|at| format!("  c{at}: {{ network: 10.0.{at}.0/24 }}\n"))
        .collect();
    let many = format!("conditions:\n{conditions}");
    let five = "{ all: [c0, c1, c2, c3, c4, known] }";
    let told = told_of(
        &[("conditions:\n", &many), ("{ all: [known, office] }", five)],
        &[
            ("conditions:\n", &many),
            ("{ all: [known, office] }", five),
            ("show if both else mask", "show if both else blank"),
        ],
    );
    assert_eq!(
        told,
        ["customer: too many conditions to weigh each turn of them"]
    );
}

#[test]
fn under_a_contract_only_what_its_annex_cannot_open_again_narrows() {
    let with = |staff: &str, partner: &str| {
        rules(&format!(
            "fieldgate: 1
classes: {{ open: {{ level: 1 }} }}
resources: {{ r: {{ at: {{ GET /r: $ }}, fields: {{ id: {{ class: open, mask: last4 }} }} }} }}
roles:
  staff: {{ jwt: i, claim: c, has: x }}
  acme: {{ mtls: ca, san: s, contract: required }}
read: {{ r: {{ staff: {{ open: {staff} }}, acme: {{ open: {partner} }} }} }}
contracts:
  K: {{ role: acme, partner: {{ name: A, contact: a@b.example }}, owner: o, purpose: p, from: 2026-01-01, until: 2026-12-31, zone: UTC, items: {{ r: {{ open: token }} }} }}
"
        ))
    };
    let before = with("show", "show");
    assert!(gains(&before, &with("mask", "show"), NOW).is_empty());
    let after = with("show", "mask");
    let gains = gains(&before, &after, NOW);
    let told: Vec<String> = gains
        .iter()
        .map(|one| one.text().get(Lang::En).to_owned())
        .collect();
    assert_eq!(
        told,
        ["r: acme: `id` from `show` to `mask`, where an annex meets it"]
    );
    assert!(losses(&before, &after, NOW, &gains).is_empty(), "told once");
}

#[test]
fn rights_to_find_and_records_of_oneself_are_weighed_beside_conditions() {
    const OWN: &str = "  own: { jwt: app, claim: id, same_as: person }\nread:\n";
    let with = |from: &str, to: &str| {
        let text = format!(
            "{}conditions:\n  known: {{ field: notes, exists: true }}\n",
            RULES
                .replacen(
                    "{ open: show }\n    acme:",
                    "{ open: show if known }\n    acme:",
                    1
                )
                .replacen("read:\n", OWN, 1)
        );
        assert!(text.contains(from), "{from:?} is not there");
        rules(&text.replacen(from, to, 1))
    };
    let same = ("read:", "read:");
    let of_list = |(from, to): (&str, &str)| {
        let gains = gains(&with(same.0, same.1), &with(from, to), NOW);
        let mut told = gains
            .iter()
            .map(|gain| gain.text().get(Lang::En).to_owned());
        told.any(|text| text.starts_with("customer/list: "))
    };
    assert!(!of_list(same));
    assert!(of_list(("[phone] }", "[phone], acme: [phone] }")));
    assert!(of_list((OWN, "read:\n")));
}

#[test]
fn a_ceiling_on_another_shape_is_weighed_beside_conditions() {
    let shaped = |of: &str| {
        rules(&format!(
            "fieldgate: 1
classes: {{ open: {{ level: 1 }} }}
resources:
  one: {{ at: {{ GET /one: $ }}, fields: {{ id: open, at: open }} }}
  two: {{ at: {{ GET /two: $ }}, fields: {{ id: open, at: open }} }}
  copy: {{ at: {{ GET /copy: $ }}, is: {of} }}
roles: {{ teller: {{ jwt: staff, claim: roles, has: teller }} }}
read:
  one: {{ teller: {{ open: show }} }}
  two: {{ teller: {{ open: show }} }}
  copy: {{ teller: {{ open: show if known }} }}
ceilings: [{{ field: one.id, to: everyone, at_most: mask, reason: r }}]
conditions: {{ known: {{ field: at, is: here }} }}
"
        ))
    };
    assert!(gains(&shaped("one"), &shaped("one"), NOW).is_empty());
    assert!(!gains(&shaped("one"), &shaped("two"), NOW).is_empty());
}

#[test]
fn a_role_with_contracts_that_goes_frees_who_held_it_for_others() {
    const PARTNER: &str =
        "  globex:  { jwt: staff, claim: roles, has: globex, contract: required }\nread:\n";
    let with = |partner: &str| rules(&RULES.replacen("read:\n", partner, 1));
    let gone = gains(&with(PARTNER), &with("read:\n"), NOW);
    assert!(!gone.is_empty(), "whoever is a teller too is one again");
    let moved = PARTNER.replacen("has: globex", "has: partner", 1);
    assert!(!gains(&with(PARTNER), &with(&moved), NOW).is_empty());
    assert!(gains(&with("read:\n"), &with(PARTNER), NOW).is_empty());
}

#[test]
fn a_contract_that_is_new_lasts_longer_asks_less_or_lists_more_is_a_gain() {
    const PARTNER: &str = "  globex:  { mtls: partners, san: \"spiffe://globex\", contract: required }\nread:\n  order:";
    let contract = "contracts:
  HT:
    role: globex
    purpose: p
    from: 2026-01-01
    until: 2026-12-31
    zone: UTC
    networks: [203.0.113.0/24]
    items: { order: { open: show, secret: mask } }
";
    let text = RULES.replacen("read:\n", "READ", 1);
    let text = text.replacen(
        "  order:\n    teller",
        "  order:\n    globex: { open: show, secret: show }\n    teller",
        1,
    );
    let role = PARTNER.split("read:").next().unwrap();
    let text = text.replacen("READ", &format!("{role}read:\n"), 1) + contract;
    let told = |before: &str, after: &str| {
        let told = gains(&rules(before), &rules(after), NOW);
        let told: Vec<String> = told
            .iter()
            .map(|gain| gain.text().get(Lang::En).to_owned())
            .collect();
        told.join("\n")
    };
    let with = |from: &str, to: &str| {
        assert!(text.contains(from), "{from:?} is not there");
        told(&text, &text.replacen(from, to, 1))
    };
    assert_eq!(told(&text, &text), "");
    for (from, to) in [
        ("    until: 2026-12-31", "    until: 2026-06-30"),
        ("{ open: show, secret: mask } }", "{ open: show } }"),
        (
            "    zone: UTC\n",
            "    zone: UTC\n    suspended: { since: 2026-01-01, by: x, reason: z }\n",
        ),
    ] {
        assert_eq!(with(from, to), "", "{to}");
        let back = told(&text.replacen(from, to, 1), &text);
        assert!(back.contains("the contract `HT`: "), "{to}: {back}");
    }
    for (from, to) in [
        ("secret: mask } }", "secret: show } }"),
        ("    purpose: p\n", "    purpose: q\n"),
        ("    purpose: p\n", "    purpose: p\n    declare: fixed\n"),
        ("    networks: [203.0.113.0/24]\n", ""),
        (
            "    networks: [203.0.113.0/24]",
            "    networks: [203.0.112.0/23]",
        ),
        ("{ order: {", "{ customer: { open: show }, order: {"),
    ] {
        let told = with(from, to);
        assert!(told.contains("the contract `HT`: "), "{to}: {told}");
    }
    assert!(with("  HT:", "  HU:").contains("`HU` is a new contract"));
    let undone = told(
        &text
            .replacen(", contract: required", "", 1)
            .replacen(contract, "", 1),
        &text,
    );
    assert!(
        undone.contains("`HT` is a new contract") && undone.contains("globex may read here"),
        "{undone}"
    );
    // What ties with the annex could open again.
    assert!(
        with(
            "globex: { open: show, secret: show }",
            "globex: { open: show, secret: token }"
        )
        .contains("globex")
    );
}

#[test]
fn what_is_lost_is_what_going_back_would_give() {
    let lost = |pairs: &[(&str, &str)]| {
        let (old, new) = (rules(RULES), changed(pairs));
        let gained = gains(&old, &new, NOW);
        let lost = losses(&old, &new, NOW, &gained);
        let lost: Vec<String> = lost
            .iter()
            .map(|text| text.get(Lang::En).to_owned())
            .collect();
        lost
    };
    assert_eq!(lost(&[]), Vec::<String>::new());
    let row = lost(&[("    acme:   { open: token, number: blank }\n", "")]);
    for line in [
        "customer/list: acme may read here no more",
        "customer/list: acme: `id` from `token` to `strip`",
        "customer/list: acme: `phone` from `blank` to `strip`",
        "customer/list: acme: `cards[*].code` from `blank` to `strip`",
        "customer/list: acme: `total` from `show` to `strip`",
    ] {
        assert!(row.iter().any(|told| told == line), "{line}: {row:#?}");
    }
    assert_eq!(row.len(), 5, "{row:#?}");
    assert_eq!(
        lost(&[("open: token, number: blank", "open: blank, number: blank")]),
        ["customer/list: acme: `id` from `token` to `blank`"]
    );
    assert_eq!(
        lost(&[("      page: { whole: 1..100 }\n", "")]),
        [
            "customer: the parameter `page` is gone",
            "customer/list: the parameter `page` is gone"
        ]
    );
    // What is told as something nobody can weigh is not told again.
    let held = lost(&[("has: teller }", "has: employee }")]);
    assert!(
        !held.iter().any(|told| told.contains("who holds")),
        "{held:#?}"
    );
}

#[test]
fn roles_that_are_alike_are_weighed_however_many_they_are() {
    let with = |cell: &str| {
        let roles: Vec<String> = (0..40).map(|at| format!("r{at:02}")).collect();
        let each = |of: &dyn Fn(&String) -> String| -> String {
            roles.iter().map(|role| of(role) + "\n").collect()
        };
        rules(&format!(
            "fieldgate: 1
classes: {{ open: {{ level: 1 }}, own: {{ level: 2 }} }}
ceilings: [{{ class: own, to: [r00], at_most: token, reason: r }}]
resources: {{ r: {{ at: {{ GET /r: $ }}, fields: {{ a: open, b: {{ class: own, mask: last4 }} }} }} }}
roles:
{}read:
  r:
{}",
            each(&|role| format!("  {role}: {{ jwt: i, claim: c, has: {role} }}")),
            each(&|role| format!("    {role}: {{ open: show, own: {cell} }}")),
        ))
    };
    let told = |old: &str, new: &str| gains(&with(old), &with(new), NOW).len();
    assert_eq!(told("strip", "show"), 40);
    assert_eq!(told("show", "strip"), 0);
    // What the first gets at most is what its own cell then says.
    assert_eq!(told("show", "token"), 0);
    assert_eq!(told("\"token:x\"", "token"), 40);
}

#[test]
fn what_passes_unread_is_weighed_by_role_type_and_day() {
    let files = |text: &str| format!("    unlisted: strip\n    files:\n{text}");
    let entry = |media: &str, roles: &str, until: &str| {
        format!(
            "      - {{ media: [{media}], roles: [{roles}], owner: o, reason: r, until: {until} }}\n"
        )
    };
    let with = |text: &str| changed(&[("    unlisted: strip\n", &files(text))]);
    let base = with(&entry("application/pdf, text/csv", "teller", "2026-12-31"));
    let told = |new: &RuleSet| -> Vec<String> {
        let gains = gains(&base, new, NOW);
        gains
            .iter()
            .map(|gain| gain.text().get(Lang::En).to_owned())
            .collect()
    };
    let narrower = [
        rules(RULES),
        with(&entry("application/pdf", "teller", "2026-12-31")),
        with(&entry("text/csv, application/pdf", "teller", "2026-06-30")),
        with(
            &[
                entry("text/csv", "teller", "2026-12-31"),
                entry("application/pdf", "teller", "2026-12-31"),
            ]
            .concat(),
        ),
    ];
    for new in &narrower {
        assert_eq!(told(new), Vec::<String>::new());
    }
    for (new, words) in [
        (
            entry("application/pdf, text/csv", "teller", "2027-01-01"),
            "archive: teller gets application/pdf unread, until 2027-01-01",
        ),
        (
            entry("application/pdf, image/png", "teller", "2026-12-31"),
            "archive: teller gets image/png unread",
        ),
    ] {
        let told = told(&with(&new));
        assert!(told.iter().any(|text| text.contains(words)), "{told:#?}");
    }
    // A row for a role that is named already brings it files, too.
    let row = "  archive:\n    teller: { open: show, secret: show, number: mask }\n";
    let more = changed(&[
        (
            "    unlisted: strip\n",
            &files(&entry(
                "application/pdf, text/csv",
                "teller, auditor",
                "2026-12-31",
            )),
        ),
        (row, &format!("{row}    auditor: {{ open: show }}\n")),
    ]);
    assert!(
        told(&more)
            .iter()
            .any(|text| text.contains("archive: auditor gets text/csv unread"))
    );
    let lost = losses(&base, &rules(RULES), NOW, &[]);
    let lost: Vec<&str> = lost.iter().map(|text| text.get(Lang::En)).collect();
    assert!(
        lost.iter()
            .any(|text| text.contains("teller gets text/csv unread no more")),
        "{lost:?}"
    );
}
