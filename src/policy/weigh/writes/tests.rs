//! Rights, one change at a time, and whether it only narrows.

use crate::policy::RuleSet;
use crate::policy::diagnostic::Lang;
use crate::policy::weigh::tests::{replaced, rules};
use crate::policy::weigh::{gains, losses};

const RULES: &str = r#"
fieldgate: 1
classes:
  basic:   { level: 1 }
  contact: { level: 2 }
resources:
  customer:
    at:
      GET /customers/{id}: $
      PATCH /customers/{id}: $
      PUT /customers/{id}: $
      DELETE /customers/{id}: $
      new:
        POST /customers: $
    fields:
      id: basic
      branch: basic
      phone: { class: contact, mask: cn-phone, write: never }
      email: contact
      consent: { class: contact, written_by: [manager] }
    params:
      path.id: id
      notify: { one_of: [sms, mail], methods: [PATCH] }
    errors: [code]
roles:
  teller:  { jwt: staff, claim: roles, has: teller }
  manager: { jwt: staff, claim: roles, has: manager }
  acme:    { mtls: partners, san: "spiffe://acme", contract: required }
read:
  customer:
    teller:  { only: [ours], basic: show, contact: show }
    manager: { basic: show, contact: show }
    acme:    { basic: show, contact: mask }
create:
  customer/new:
    manager: [basic, contact]
update:
  customer:
    teller: [contact]
    manager: [basic, contact]
    acme: [contact, basic]
delete:
  customer: [manager]
conditions:
  ours: { claim: unit, jwt: staff, is: north }
contracts:
  c1:
    role: acme
    purpose: p
    from: 2026-01-01
    until: 2026-12-31
    zone: UTC
    items:
      customer: { contact: mask }
"#;

/// The middle of 2026-06-01 in UTC.
const NOW: i64 = 1_780_315_200;

#[track_caller]
fn changed(pairs: &[(&str, &str)]) -> RuleSet {
    replaced(RULES, pairs)
}

/// What is gained by a change, and that going back loses the same.
#[track_caller]
fn told(pairs: &[(&str, &str)]) -> Vec<String> {
    let (old, new) = (rules(RULES), changed(pairs));
    let found = gains(&old, &new, NOW);
    let back = losses(&new, &old, NOW, &[]);
    assert!(found.is_empty() || !back.is_empty(), "{pairs:?}: {back:?}");
    let texts = found.iter();
    texts
        .map(|gain| gain.text().get(Lang::En).to_owned())
        .collect()
}

#[track_caller]
fn narrows(pairs: &[(&str, &str)]) {
    assert_eq!(told(pairs), Vec::<String>::new(), "{pairs:?}");
}

#[track_caller]
fn gained(pairs: &[(&str, &str)], words: &[&str]) {
    assert_eq!(told(pairs), words, "{pairs:?}");
}

#[test]
fn a_right_gained_is_told_field_by_field_and_one_taken_narrows() {
    narrows(&[]);
    gained(
        &[("    teller: [contact]", "    teller: [contact, basic]")],
        &[
            "customer: teller may update `branch`",
            "customer: teller may update `id`",
        ],
    );
    gained(
        &[(
            "    manager: [basic, contact]\nupdate",
            "    manager: [basic, contact]\n    teller: [contact]\nupdate",
        )],
        &["customer/new: teller may create `email`"],
    );
    gained(
        &[(
            "delete:\n  customer: [manager]",
            "delete:\n  customer: [manager, teller]",
        )],
        &["customer: teller may delete"],
    );
    narrows(&[(
        "    manager: [basic, contact]\n    acme",
        "    manager: [contact]\n    acme",
    )]);
    narrows(&[(
        "create:\n  customer/new:\n    manager: [basic, contact]\n",
        "",
    )]);
    narrows(&[("delete:\n  customer: [manager]\n", "")]);
}

#[test]
fn write_never_removed_and_writers_added_are_gains() {
    gained(
        &[(", write: never", "")],
        &[
            "customer: acme may update `phone`",
            "customer: manager may update `phone`",
            "customer: teller may update `phone`",
            "customer/new: manager may create `phone`",
        ],
    );
    gained(
        &[("written_by: [manager]", "written_by: [manager, teller]")],
        &["customer: teller may update `consent`"],
    );
    narrows(&[("email: contact", "email: { class: contact, write: never }")]);
    narrows(&[(
        "email: contact",
        "email: { class: contact, written_by: [teller] }",
    )]);
}

#[test]
fn a_contract_s_annex_bounds_what_is_written_under_it() {
    let annex = (
        "      customer: { contact: mask }",
        "      customer: { basic: show, contact: mask }",
    );
    assert!(told(&[annex]).contains(&String::from("customer: acme may update `branch`")));
}

#[test]
fn a_gate_that_changes_cannot_be_weighed() {
    let told = told(&[("    teller:  { only: [ours], basic", "    teller:  { basic")]);
    assert!(
        told.iter().any(
            |text| text == "customer: for which records the rights of teller count has changed"
        ),
        "{told:?}"
    );
}

#[test]
fn what_a_resource_says_of_writes_opens_where_less_is_refused() {
    for (key, word) in [
        ("on_put", "complete"),
        ("on_put", "merge-hidden"),
        ("on_masked", "keep"),
        ("on_forbidden", "strip"),
    ] {
        let line = format!("    {key}: {word}\n    errors");
        let words = format!("customer: `{key}` from `refuse` to `{word}`");
        assert_eq!(told(&[("    errors", &line)])[0], words);
    }
    assert_eq!(
        told(&[("errors: [code]", "errors: [code, message]")])[0],
        "customer: more of the upstream's errors leaves"
    );
    narrows(&[("    errors: [code]\n", "")]);
}

#[test]
fn a_new_route_tells_who_may_write_there_and_a_parameter_s_methods_count() {
    gained(
        &[(
            "      DELETE /customers/{id}: $",
            "      DELETE /customers/{id}: $\n      PATCH /people/{id}: $",
        )],
        &["`PATCH /people/{id}` is a new route, for acme, manager, teller"],
    );
    gained(
        &[("methods: [PATCH]", "methods: [PATCH, PUT]")],
        &[
            "customer: the parameter `notify` may carry something else",
            "customer/new: the parameter `notify` may carry something else",
        ],
    );
    narrows(&[(
        "      notify: { one_of: [sms, mail], methods: [PATCH] }\n",
        "",
    )]);
    let found = told(&[(
        "      PUT /customers/{id}: $",
        "      PUT /customers/{id}: { record: $, does: create }",
    )]);
    assert!(found[0].contains("elsewhere"), "{found:?}");
}
