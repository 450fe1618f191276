//! Who holds a role.

use super::{Desk, RECORD, refuses};

const NO_ROLE: Result<String, &str> = Err("no-role");
const NOBODY: Result<String, &str> = Err("no-credential");
const ONE: &str = "GET /customers/1";

/// One role of this kind, which sees everything.
fn desk(role: &str) -> Desk {
    let all = "{ basic: show, contact: show, secret: show }";
    Desk::new(&format!(
        "roles:\n  one: {role}\nread:\n  customer: {{ one: {all} }}\n"
    ))
}

#[track_caller]
fn holds(desk: &Desk, caller: &str) {
    assert_eq!(desk.gives(caller, ONE).as_deref(), Ok(RECORD), "{caller}");
}

#[track_caller]
fn holds_not(desk: &Desk, caller: &str) {
    assert_eq!(desk.gives(caller, ONE), NO_ROLE, "{caller}");
}

/// "A role holds only if all its keys hold and it names every credential presented (.. a role may name `jwt` and
/// `mtls` together ..)."
#[test]
fn a_role_holds_only_if_all_its_keys_hold_and_it_names_every_credential_presented() {
    let token = "jwt: staff, claims: { roles: [teller] }";
    let both = desk("{ jwt: staff, claim: roles, has: teller, mtls: ca, san: a }");
    holds(&both, &format!("{{ {token}, mtls: ca, san: a }}"));
    holds_not(&both, &format!("{{ {token} }}"));
    holds_not(&both, "{ mtls: ca, san: a }");
    holds_not(
        &both,
        "{ jwt: staff, claims: { roles: [clerk] }, mtls: ca, san: a }",
    );

    let alone = Desk::new(
        "roles:
  one: { jwt: staff, claim: roles, has: teller }
  other: { mtls: ca, san: a }
read:
  customer: { one: { basic: show }, other: { basic: show } }
",
    );
    assert!(alone.gives(&format!("{{ {token} }}"), ONE).is_ok());
    let two = format!("{{ {token}, mtls: ca, san: a }}");
    assert_eq!(alone.gives(&two, ONE), NO_ROLE, "neither names both");
}

/// "(a client certificate no role names does not count ..)"
#[test]
fn a_client_certificate_no_role_names_does_not_count() {
    let desk = desk("{ jwt: staff, claim: roles, has: teller }");
    let token = "jwt: staff, claims: { roles: [teller] }";
    holds(&desk, &format!("{{ {token}, mtls: ca, san: unknown }}"));
    assert_eq!(desk.gives("{ mtls: ca, san: unknown }", ONE), NOBODY);
}

/// "`any: [..]` lists alternatives": each whole, and each naming every credential presented.
#[test]
fn any_lists_alternatives_each_of_which_names_every_credential_presented() {
    let desk = desk(
        "{ any: [{ jwt: staff, claim: roles, has: teller }, { mtls: ca, san: a }, { api_key: nightly }] }",
    );
    let token = "jwt: staff, claims: { roles: [teller] }";
    holds(&desk, &format!("{{ {token} }}"));
    holds(&desk, "{ mtls: ca, san: a }");
    holds(&desk, "{ api_key: nightly }");
    holds_not(&desk, &format!("{{ {token}, mtls: ca, san: a }}"));
    holds_not(&desk, &format!("{{ {token}, api_key: nightly }}"));
    holds_not(&desk, "{ mtls: ca, san: a, api_key: nightly }");
    holds_not(&desk, "{ api_key: daily }");
}

/// All keys of a role hold, `any` being one of them: what stands beside it holds for each alternative.
#[test]
fn what_stands_beside_any_holds_for_each_alternative() {
    let desk =
        desk("{ mtls: ca, san: a, any: [{ jwt: staff, claim: roles, has: x }, { api_key: k }] }");
    holds(
        &desk,
        "{ mtls: ca, san: a, jwt: staff, claims: { roles: x } }",
    );
    holds(&desk, "{ mtls: ca, san: a, api_key: k }");
    holds_not(&desk, "{ mtls: ca, san: a }");
    holds_not(&desk, "{ api_key: k }");
    for (role, part) in [
        ("{ any: [] }", "who holds it"),
        ("{ any: [{}] }", "who holds it"),
        ("{ any: [{ mtls: ca }] }", "`san`"),
        (
            "{ any: [{ jwt: staff, claim: roles }] }",
            "`has`, `is` or `same_as`",
        ),
        (
            "{ mtls: ca, san: a, any: [{ mtls: ca, san: b }] }",
            "beside `any` and in it",
        ),
        ("{ any: [{ any: [{ api_key: k }] }] }", "`any`"),
        ("{ any: { api_key: k } }", "`any`"),
        ("{ any: [{ api_key: k, extends: one }] }", "`extends`"),
    ] {
        refuses(&format!("roles:\n  one: {role}\n"), &[part]);
    }
    refuses(
        "roles:\n  one: { any: [{ jwt: app, claim: id, same_as: person }, { api_key: k }] }\n",
        &["FG2081", "`one`", "rules.yaml"],
    );
}

/// "At most one token": an API key is a credential like any other, so every role must name it.
#[test]
fn an_api_key_is_a_credential_every_role_must_name() {
    let keyed = desk("{ api_key: nightly }");
    holds(&keyed, "{ api_key: nightly }");
    holds_not(&keyed, "{ api_key: other }");
    holds_not(
        &keyed,
        "{ jwt: staff, claims: { roles: x }, api_key: nightly }",
    );
    let both = desk("{ api_key: nightly, jwt: staff, claim: roles, has: x }");
    holds(
        &both,
        "{ jwt: staff, claims: { roles: x }, api_key: nightly }",
    );
    holds_not(&both, "{ api_key: nightly }");
    holds_not(&both, "{ jwt: staff, claims: { roles: x } }");
    refuses("roles:\n  one: { api_key: 'a key' }\n", &["`api_key`"]);
}

/// "`has` is one whole element of an array, or a whole string, nothing is split."
#[test]
fn has_is_one_whole_element_of_an_array_or_a_whole_string_and_nothing_is_split() {
    let desk = desk("{ jwt: staff, claim: roles, has: teller }");
    for roles in ["teller", "[teller]", "[clerk, teller]"] {
        holds(
            &desk,
            &format!("{{ jwt: staff, claims: {{ roles: {roles} }} }}"),
        );
    }
    for roles in [
        "'teller clerk'",
        "'teller,clerk'",
        "['teller clerk']",
        "tellers",
        "Teller",
        "[[teller]]",
        "{ teller: true }",
        "[]",
        "true",
    ] {
        holds_not(
            &desk,
            &format!("{{ jwt: staff, claims: {{ roles: {roles} }} }}"),
        );
    }
    holds_not(&desk, "{ jwt: other, claims: { roles: teller } }");
}

/// "`claim: realm_access.roles` walks objects, `claim: [https://x/roles]` takes a name with dots."
#[test]
fn a_claim_walks_objects_and_a_list_takes_a_name_with_dots() {
    let walks = desk("{ jwt: staff, claim: realm_access.roles, has: x }");
    holds(
        &walks,
        "{ jwt: staff, claims: { realm_access: { roles: [x] } } }",
    );
    holds_not(
        &walks,
        "{ jwt: staff, claims: { realm_access.roles: [x] } }",
    );
    holds_not(
        &walks,
        "{ jwt: staff, claims: { realm_access: [{ roles: [x] }] } }",
    );
    let dots = desk("{ jwt: staff, claim: ['https://x.example/roles'], has: x }");
    holds(
        &dots,
        "{ jwt: staff, claims: { 'https://x.example/roles': [x] } }",
    );
    holds_not(
        &dots,
        "{ jwt: staff, claims: { 'https://x': { example/roles: [x] } } }",
    );
}

/// "A matcher without a value (`mtls` without `san`, `jwt` without `has`, `is` or `same_as`) is an error."
#[test]
fn a_matcher_without_a_value_is_an_error() {
    for role in ["{ mtls: ca }", "{ jwt: staff, claim: roles }", "{}"] {
        refuses(&format!("roles:\n  one: {role}\n"), &["FG2030"]);
    }
    refuses("roles:\n  one: { api_key: '' }\n", &["`api_key`"]);
}

/// "Nothing usable presented: 401; authenticated without a role: 403 `no-role`."
#[test]
fn nothing_usable_presented_is_401_and_authenticated_without_a_role_is_no_role() {
    let desk = desk("{ jwt: staff, claim: roles, has: teller }");
    assert_eq!(desk.gives("{}", ONE), NOBODY);
    holds_not(&desk, "{ jwt: staff }");
    holds_not(&desk, "{ jwt: unknown }");
    holds_not(&desk, "{ api_key: nightly }");
}

/// "**`same_as: person`** compares the claim (one string, or an integer below 2^53) with the decoded path parameter the
/// resource names under `person` ..; on a route without one nobody holds the role."
#[test]
fn same_as_person_compares_the_claim_with_the_path_and_holds_on_no_route_without() {
    let desk = desk("{ jwt: app, claim: id, same_as: person }");
    let caller = |id: &str| format!("{{ jwt: app, claims: {{ id: {id} }} }}");
    holds(&desk, &caller("'1'"));
    holds(&desk, &caller("1"));
    for id in ["'01'", "[ '1' ]", "1.0", "'2'", "true"] {
        holds_not(&desk, &caller(id));
    }
    assert_eq!(desk.gives(&caller("'1'"), "GET /me"), NO_ROLE);
    assert_eq!(desk.gives(&caller("'1'"), "GET /customers/2"), NO_ROLE);
    assert_eq!(
        desk.gives(&caller("'2'"), "GET /customers/2"),
        Err("no-such-record"),
        "the record is checked again: it names another"
    );
}
