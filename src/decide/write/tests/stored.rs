//! What a caller could not read it cannot change.

use super::*;

const GATED: &str = "fieldgate: 1
classes: { basic: { level: 2 }, secret: { level: 4 } }
resources:
  customer:
    at: { 'GET /customers/{id}': $ }
    person: { field: owner.id, path: id }
    params: { path.id: owner.id }
    fields:
      owner.id: basic
      branch: basic
      note: basic
      code: secret
roles:
  north: { jwt: staff, claim: roles, has: north }
  south: { jwt: staff, claim: roles, has: south }
  self: { jwt: app, claim: customer_id, same_as: person }
conditions:
  is-north: { field: branch, is: north }
  is-south: { field: branch, is: south }
read:
  customer:
    north: { basic: show, only: [is-north] }
    south: { basic: show, secret: show, only: [is-south] }
    self: { basic: show }
";

/// `only` gates a row, and the rights of its role with it.
fn gated() -> World {
    let mut world = World::reading(GATED)
        .route("PATCH", |_| {})
        .route("POST", |_| {})
        .route("DELETE", |_| {})
        .right("north", Does::Update, &["basic"])
        .right("south", Does::Update, &["basic", "secret"])
        .right("self", Does::Update, &["basic"])
        .right("north", Does::Create, &["basic"])
        .right("north", Does::Delete, &[])
        .right("self", Does::Delete, &[]);
    for ((resource, group, role), right) in &mut world.rules.rights {
        let row = &world.rules.rows[&(*resource, *group, *role)];
        right.only.clone_from(&row.only);
    }
    let north = world.role("north");
    world.field("branch", |field| field.written_by = Some(vec![north]))
}

const PATCH: &str = "PATCH /customers/1001";

fn patch(role: &str, stored: &str, body: &str) -> Answer {
    gated().sent_as(role, PATCH, body, Sent::default(), Some((stored, "")))
}

#[test]
fn where_a_gate_applies_the_stored_record_is_judged_before_a_write_is_sent() {
    let body = r#"{"note":"x"}"#;
    let stored = |branch: &str| format!(r#"{{"owner":{{"id":"1001"}},"branch":{branch}}}"#);
    assert_eq!(patch("north", &stored("\"north\""), body).unwrap(), body);
    let none = no(Reason::NoSuchRecord, &[]);
    for branch in ["\"south\"", "null", "1", "[\"north\"]", "{}"] {
        assert_eq!(patch("north", &stored(branch), body), none, "{branch}");
    }
    assert_eq!(patch("north", "{}", body), none);
    assert_eq!(patch("north", "null", body), none);
    assert_eq!(
        gated().sent_as("north", PATCH, body, Sent::default(), None),
        none
    );
}

#[test]
fn with_several_roles_each_right_counts_only_where_its_own_gate_is_true() {
    let body = r#"{"code":"x"}"#;
    let stored = |branch: &str| format!(r#"{{"owner":{{"id":"1001"}},"branch":"{branch}"}}"#);
    assert_eq!(patch("north+south", &stored("south"), body).unwrap(), body);
    let refused = no(Reason::FieldNotWritable, &["code"]);
    assert_eq!(patch("north+south", &stored("north"), body), refused);
    assert_eq!(
        patch("north", &stored("north"), body),
        refused,
        "before anything is read"
    );
}

#[test]
fn where_same_as_person_applies_the_stored_record_must_be_their_own() {
    let body = r#"{"note":"x"}"#;
    assert_eq!(
        patch("self", r#"{"owner":{"id":"1001"}}"#, body).unwrap(),
        body
    );
    assert_eq!(
        patch("self", r#"{"owner":{"id":1001}}"#, body).unwrap(),
        body
    );
    for stored in [
        r#"{"owner":{"id":"1002"}}"#,
        r#"{"owner":{}}"#,
        r#"{"id":"1001"}"#,
        r#"{"owner":{"id":null}}"#,
        r#"{"owner":{"id":["1001"]}}"#,
        r#"[{"owner":{"id":"1001"}}]"#,
        "{}",
    ] {
        assert_eq!(
            patch("self", stored, body),
            no(Reason::NoSuchRecord, &[]),
            "{stored}"
        );
    }
    let twice = r#"{"owner":{"id":"1001"},"owner":{"id":"1001"}}"#;
    assert_eq!(patch("self", twice, body), no(Reason::NoSuchRecord, &[]));
}

#[test]
fn a_delete_is_judged_by_the_stored_record_too() {
    let delete = |role: &str, stored: &str| {
        let permit = gated().permit(&[role], "DELETE /customers/1001?x=1");
        let permit = permit
            .or_else(|_| gated().permit(&[role], "DELETE /customers/1001"))
            .unwrap();
        assert!(!permit.awaits_body() && permit.body().is_none());
        assert_eq!(permit.stored(), Some("/customers/1001"));
        let permit = with_stored(permit, Some(stored), None).map_err(|it| it.reason)?;
        Ok(permit.body().unwrap())
    };
    assert_eq!(
        delete("self", r#"{"owner":{"id":"1001"}}"#),
        Ok(Bytes::new())
    );
    assert_eq!(
        delete("self", r#"{"owner":{"id":"1"}}"#),
        Err(Reason::NoSuchRecord)
    );
    assert_eq!(delete("north", r#"{"branch":"north"}"#), Ok(Bytes::new()));
    assert_eq!(
        delete("north", r#"{"branch":"south"}"#),
        Err(Reason::NoSuchRecord)
    );
}

#[test]
fn a_new_record_is_judged_by_the_gate_itself() {
    let world = gated();
    let call = "POST /customers";
    goes(&world, "north", call, r#"{"note":"x","branch":"north"}"#);
    for body in [
        r#"{"note":"x","branch":"south"}"#,
        r#"{"note":"x","branch":null}"#,
    ] {
        let refused = no(Reason::FieldNotWritable, &["branch", "note"]);
        assert_eq!(world.sent("north", call, body), refused, "{body}");
    }
    let refused = no(Reason::FieldNotWritable, &["note"]);
    assert_eq!(world.sent("north", call, r#"{"note":"x"}"#), refused);
}

#[test]
fn nothing_is_read_where_nothing_stored_decides() {
    let permit = bank().permit(&["teller"], PATCH).unwrap();
    assert_eq!(permit.stored(), None);
    let permit = bank()
        .permit(&["manager"], "DELETE /customers/1001")
        .unwrap();
    assert_eq!(permit.stored(), None);
    assert_eq!(permit.body(), Some(Bytes::new()));
}

#[test]
fn a_record_that_is_withheld_is_written_by_nobody() {
    use crate::policy::plan::Withheld;
    let written = |blocked: &'static str| {
        let permit = gated().permit(&["self"], "DELETE /customers/1001").unwrap();
        let permit = permit.withholding(Withheld::new(move |person: &str| person == blocked));
        with_stored(permit, Some(r#"{"owner":{"id":"1001"}}"#), None).map_err(|it| it.reason)
    };
    assert!(written("1002").is_ok());
    assert_eq!(written("1001").unwrap_err(), Reason::NoSuchRecord);
}

#[test]
fn what_is_hidden_looks_like_what_is_not_there_however_it_is_written() {
    let body = r#"{"note":"x"}"#;
    // Names that differ by case only could not be merged; a record that is judged needs no such thing.
    let odd = |branch: &str| format!(r#"{{"branch":"{branch}","a":1,"A":2}}"#);
    assert_eq!(
        patch("north", &odd("south"), body),
        no(Reason::NoSuchRecord, &[])
    );
    assert_eq!(patch("north", &odd("north"), body).unwrap(), body);
}

#[test]
fn where_the_path_names_nobody_no_record_is_the_callers_own() {
    let rules = GATED.replace("params: { path.id: owner.id }", "params: { path.id: free }");
    let mut world = World::reading(&rules)
        .route("PATCH", |_| {})
        .route("DELETE", |_| {})
        .right("self", Does::Update, &["basic"])
        .right("self", Does::Delete, &[]);
    world.rules.resources[0].person.as_mut().unwrap().path_param = Some(String::from("id"));
    let none = no(Reason::NoSuchRecord, &[]);
    for id in ["1001", "1002"] {
        let stored = format!(r#"{{"owner":{{"id":"{id}"}}}}"#);
        let stored = Some((stored.as_str(), ""));
        let sent = world.sent_as("self", PATCH, r#"{"note":"x"}"#, Sent::default(), stored);
        assert_eq!(sent, none, "{id}");
    }
}

#[test]
fn a_record_is_withheld_by_whom_it_says_it_is_of_where_the_path_does_not() {
    use crate::policy::plan::Withheld;
    let rules = GATED
        .replace(
            "person: { field: owner.id, path: id }",
            "person: { field: owner.id }",
        )
        .replace("same_as: person", "has: x");
    let world =
        World::reading(&rules)
            .route("PATCH", |_| {})
            .right("self", Does::Update, &["basic"]);
    let permit = world.permit(&["self"], PATCH).unwrap();
    let limits = Limits { depth: 9, key: 99 };
    let body = Bytes::from_static(br#"{"note":"x"}"#);
    let permit = with_body(permit, body.clone(), Sent::default(), limits).unwrap();
    assert_eq!(permit.body(), Some(body.clone()));
    let permit = permit.withholding(Withheld::new(|person: &str| person == "7"));
    assert_eq!(
        (permit.stored(), permit.body()),
        (Some("/customers/1001"), None)
    );
    let of = |person: &str| {
        let stored = format!(r#"{{"owner":{{"id":"{person}"}}}}"#);
        with_stored(permit.clone(), Some(&stored), None).map(|permit| permit.body())
    };
    assert_eq!(of("8"), Ok(Some(body)));
    assert_eq!(of("7").unwrap_err().reason, Reason::NoSuchRecord);
}
