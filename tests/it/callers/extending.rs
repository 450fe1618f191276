//! `extends`: "copies R's cells, rights and exceptions where the role has none of its own for that resource and class;
//! matchers are not inherited".

use super::{Desk, refuses, told};

const ONE: &str = "GET /me";
const EVERYBODY: &str = "GET /customers";

/// Three roles in a line, each held by its own word.
const ROLES: &str = "roles:
  a: { jwt: staff, claim: roles, has: a }
  b: { jwt: staff, claim: roles, has: b, extends: a }
  c: { jwt: staff, claim: roles, has: c, extends: b }
";

#[track_caller]
fn given(sections: &str, role: &str, call: &str) -> Result<String, &'static str> {
    let desk = Desk::new(&format!("{ROLES}{sections}"));
    desk.gives(
        &format!("{{ jwt: staff, claims: {{ roles: {role} }} }}"),
        call,
    )
}

#[test]
fn cells_are_copied_where_the_role_has_none_of_its_own_for_that_resource_and_class() {
    let sections = "read:
  customer:
    a: { basic: show, contact: show }
    b: { contact: mask }
  customer/list:
    a: { basic: mask }
";
    let own = |role: &str, call: &str| given(sections, role, call).unwrap();
    assert_eq!(
        own("a", ONE),
        r#"{"id":"1","name":"张三丰","phone":"13800138000"}"#
    );
    let masked = r#"{"id":"1","name":"张三丰","phone":"138****8000"}"#;
    assert_eq!(
        own("b", ONE),
        masked,
        "its own cell counts, the other is copied"
    );
    assert_eq!(own("c", ONE), masked, "from the nearest that has one");
    assert_eq!(own("a", EVERYBODY), own("c", EVERYBODY), "a whole row");
}

#[test]
fn a_cell_that_says_strip_is_a_cell_of_its_own() {
    let sections =
        "read:\n  customer: { a: { basic: show, contact: show }, b: { contact: strip } }\n";
    let left = r#"{"id":"1","name":"张三丰"}"#;
    assert_eq!(given(sections, "b", ONE).as_deref(), Ok(left));
    assert_eq!(given(sections, "c", ONE).as_deref(), Ok(left));
}

#[test]
fn a_parent_has_nothing_of_the_roles_that_extend_it() {
    let sections = "read:\n  customer: { c: { contact: show } }\n";
    assert_eq!(given(sections, "a", ONE), Err("no-row"));
    assert_eq!(given(sections, "b", ONE), Err("no-row"));
    assert!(given(sections, "c", ONE).is_ok());
}

#[test]
fn exceptions_are_copied_where_the_role_has_none_of_its_own_for_that_resource_and_class() {
    let sections = "read:
  customer: { a: { basic: show, contact: strip } }
exceptions:
  - { field: customer.phone, role: a, do: show, reason: r }
  - { field: customer.name, role: a, do: mask, reason: r }
  - { field: customer.id, role: b, do: blank, reason: r }
";
    assert_eq!(
        given(sections, "a", ONE).as_deref(),
        Ok(r#"{"id":"1","name":"张**","phone":"13800138000"}"#)
    );
    let own = r#"{"id":null,"name":"张三丰","phone":"13800138000"}"#;
    assert_eq!(
        given(sections, "b", ONE).as_deref(),
        Ok(own),
        "one of basic is its own"
    );
    assert_eq!(given(sections, "c", ONE).as_deref(), Ok(own));
}

/// The closed reading of "copies .. where the role has none of its own": what is inherited opens nothing that a nearer
/// cell closes, and closes what a nearer cell opens.
#[test]
fn an_inherited_exception_beside_a_cell_of_the_roles_own_only_closes() {
    let with = |of_a: &str, of_b: &str, exception: &str| {
        format!(
            "read:\n  customer: {{ a: {{ contact: {of_a} }}, b: {{ contact: {of_b} }} }}\n\
             exceptions: [{{ field: customer.phone, role: a, do: {exception}, reason: r }}]\n"
        )
    };
    let opening = with("mask", "strip", "show");
    assert_eq!(
        given(&opening, "a", ONE).as_deref(),
        Ok(r#"{"phone":"13800138000"}"#)
    );
    for role in ["b", "c"] {
        assert_eq!(given(&opening, role, ONE).as_deref(), Ok("{}"), "{role}");
    }
    let closing = with("show", "show", "mask");
    for role in ["a", "b", "c"] {
        let masked = given(&closing, role, ONE);
        assert_eq!(
            masked.as_deref(),
            Ok(r#"{"phone":"138****8000"}"#),
            "{role}"
        );
    }
    let timed = with("strip", "show", "mask, until: 2026-12-31");
    let clear = given(&timed, "b", ONE);
    assert_eq!(
        clear.as_deref(),
        Ok(r#"{"phone":"13800138000"}"#),
        "its end opens nothing"
    );
}

#[test]
fn matchers_are_not_inherited() {
    let sections = "roles:
  a: { jwt: staff, claim: roles, has: a }
  b: { mtls: ca, san: b, extends: a }
read: { customer: { a: { basic: show } } }
";
    let desk = Desk::new(sections);
    assert!(desk.gives("{ mtls: ca, san: b }", ONE).is_ok());
    let token = "{ jwt: staff, claims: { roles: b } }";
    assert_eq!(desk.gives(token, ONE), Err("no-role"));
    refuses(
        "roles:\n  a: { jwt: staff, claim: roles, has: a }\n  b: { extends: a }\n",
        &["FG2030", "`b`", "who holds it"],
    );
}

/// "Cycles are errors": each told once.
#[test]
fn roles_that_extend_each_other_in_a_circle_are_told_once() {
    let role = |name: &str, other: &str| {
        format!("  {name}: {{ jwt: staff, claim: roles, has: x, extends: {other} }}\n")
    };
    let circle = format!(
        "roles:\n{}{}{}{}",
        role("a", "b"),
        role("b", "c"),
        role("c", "a"),
        role("d", "a")
    );
    refuses(&circle, &["FG2080", "`a`, `b`", "`c`"]);
    assert_eq!(told(&circle).matches("FG2080").count(), 1);
    refuses(&format!("roles:\n{}", role("a", "a")), &["FG2080"]);
    refuses(&format!("roles:\n{}", role("a", "z")), &["FG2002", "`z`"]);
}

#[test]
fn an_inherited_row_is_refused_where_a_row_of_its_own_would_be() {
    let open = "    unlisted: show\n    unlisted_reason: r\n";
    let sections = format!(
        "{open}roles:
  a: {{ jwt: staff, claim: roles, has: a }}
  me: {{ jwt: app, claim: id, same_as: person, extends: a }}
read: {{ customer: {{ a: {{ basic: show }} }} }}
"
    );
    refuses(&sections, &["FG2047", "`me`"]);
}
