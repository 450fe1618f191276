//! Several roles, exceptions and ceilings.

use super::{Desk, refuses};

const ONE: &str = "GET /me";

/// Roles `a` and `b`, held by those whose token says so.
const ROLES: &str = "roles:
  a: { jwt: staff, claim: roles, has: a }
  b: { jwt: staff, claim: roles, has: b }
";

#[track_caller]
fn given(sections: &str, roles: &str) -> String {
    let desk = Desk::new(&format!("{ROLES}{sections}"));
    let caller = format!("{{ jwt: staff, claims: {{ roles: [{roles}] }} }}");
    desk.gives(&caller, ONE).unwrap()
}

/// "Each role's cell for a field is its exception, else its grid cell, else strip; the most open of the caller's roles
/// wins".
#[test]
fn each_roles_cell_is_its_exception_else_its_grid_cell_else_strip_and_the_most_open_wins() {
    let sections = "read:
  customer:
    a: { basic: show, contact: mask }
    b: { basic: blank, contact: show }
exceptions:
  - { field: customer.phone, role: b, do: strip, reason: r }
  - { field: customer.id, role: b, do: show, reason: r }
";
    assert_eq!(
        given(sections, "a"),
        r#"{"id":"1","name":"张三丰","phone":"138****8000"}"#
    );
    assert_eq!(given(sections, "b"), r#"{"id":"1","name":null}"#);
    assert_eq!(
        given(sections, "a, b"),
        r#"{"id":"1","name":"张三丰","phone":"138****8000"}"#,
        "an exception of one role closes nothing for the other"
    );
}

/// "where two different masks or token keys tie, here, in ceilings .., the value is `\"***\"` (a bare `mask` there accepts
/// any mask)."
#[test]
fn two_masks_or_token_keys_that_tie_are_stars_and_a_bare_mask_accepts_any() {
    let rows = |a: &str, b: &str| {
        format!("read:\n  customer: {{ a: {{ contact: {a} }}, b: {{ contact: {b} }} }}\n")
    };
    let stars = r#"{"phone":"***"}"#;
    assert_eq!(given(&rows("mask", "mask:last4"), "a, b"), stars);
    assert_eq!(given(&rows("token", "token"), "a, b"), stars);
    assert_eq!(given(&rows("token:x", "token:y"), "a, b"), stars);
    let shared = given(&rows("token:x", "token:x"), "a, b");
    assert!(shared.contains("tok_"), "{shared}");
    let under = |at_most: &str| {
        let rows = rows("mask:last4", "strip");
        let ceiling = format!("{{ class: contact, to: everyone, at_most: {at_most}, reason: r }}");
        format!("{rows}ceilings: [{ceiling}]\n")
    };
    assert_eq!(given(&under("mask:cn-phone"), "a"), stars);
    assert_eq!(given(&under("mask"), "a"), r#"{"phone":"*******8000"}"#);
}

/// "Then ceilings: one binds whoever holds a role it names, whatever else they hold."
#[test]
fn a_ceiling_binds_whoever_holds_a_role_it_names_whatever_else_they_hold() {
    let sections = "read:
  customer: { a: { contact: show }, b: { basic: show } }
ceilings:
  - { field: customer.phone, to: [b], at_most: mask, reason: r }
";
    assert_eq!(given(sections, "a"), r#"{"phone":"13800138000"}"#);
    assert_eq!(
        given(sections, "a, b"),
        r#"{"id":"1","name":"张三丰","phone":"138****8000"}"#
    );
}

/// "**Exceptions** name a catalogued path, or a container above such paths and then all of them; anything else is an
/// error. `reason` is mandatory; `until:` is allowed only on an exception that opens; no exception opens anything for a
/// role without a row."
#[test]
fn exceptions_name_what_is_catalogued_have_a_reason_and_end_only_if_they_open() {
    let with = |exception: &str| {
        format!(
            "{ROLES}read: {{ customer: {{ a: {{ basic: show }} }} }}\nexceptions: [{exception}]\n"
        )
    };
    for (exception, code) in [
        (
            "{ field: customer.phones, role: a, do: show, reason: r }",
            "FG2040",
        ),
        (
            "{ field: customer, role: a, do: show, reason: r }",
            "FG2040",
        ),
        ("{ field: customer.phone, role: a, do: show }", "FG1023"),
        (
            "{ field: customer.name, role: a, do: strip, reason: r, until: 2027-01-01 }",
            "FG2042",
        ),
        (
            "{ field: customer.phone, role: b, do: show, reason: r }",
            "FG2041",
        ),
    ] {
        refuses(&with(exception), &[code]);
    }
}

/// "**Ceilings** (`field`, `class` or `level`; ..) bind after merging, there and anywhere below".
#[test]
fn ceilings_bind_by_field_class_or_level() {
    let all = "read: { customer: { a: { basic: show, contact: show, secret: show } } }\n";
    for (covers, left) in [
        (
            "field: customer.card",
            r#"{"id":"1","name":"张三丰","phone":"13800138000"}"#,
        ),
        (
            "class: secret",
            r#"{"id":"1","name":"张三丰","phone":"13800138000"}"#,
        ),
        ("level: 3", r#"{"id":"1","name":"张三丰"}"#),
    ] {
        let ceiling =
            format!("ceilings: [{{ {covers}, to: everyone, at_most: strip, reason: r }}]\n");
        assert_eq!(given(&format!("{all}{ceiling}"), "a"), left, "{covers}");
    }
}
