//! JSON Patches: whole or not at all.

use super::*;

fn patch(role: &str, operations: &str) -> Answer {
    bank().patched(role, operations)
}

/// One operation on a path.
fn on(op: &str, path: &str, value: &str) -> String {
    format!(r#"[{{"op":"{op}","path":"{path}","value":{value}}}]"#)
}

fn remove(path: &str) -> String {
    format!(r#"[{{"op":"remove","path":"{path}"}}]"#)
}

fn from(op: &str, from: &str, path: &str) -> String {
    format!(r#"[{{"op":"{op}","from":"{from}","path":"{path}"}}]"#)
}

fn passes(world: &World, role: &str, operations: &str) {
    let sent = world.patched(role, operations);
    assert_eq!(sent.as_deref(), Ok(operations), "{role}");
}

#[test]
fn i03_add_replace_and_remove_need_the_right_to_write_the_target_and_all_below() {
    let world = bank();
    passes(&world, "teller", &on("replace", "/email", "\"a@b.cn\""));
    passes(&world, "teller", &on("add", "/address/city", "\"x\""));
    passes(&world, "teller", &remove("/address/street"));
    passes(
        &world,
        "teller",
        &on("add", "/phones/-", r#"{"number":"13900139000"}"#),
    );
    passes(
        &world,
        "self",
        &on("replace", "/phones/0", r#"{"number":"13900139000"}"#),
    );
    passes(&world, "self", &remove("/phones/0"));
    passes(&world, "self", &on("add", "/phones", "[]"));
    passes(&world, "manager", &on("add", "/topics/-", "\"x\""));
    passes(
        &world,
        "manager",
        &on("replace", "/settings/theme", r#"{"a":[1]}"#),
    );
    passes(&world, "manager", &on("add", "/limits/day", "1"));
    for (role, operations, name) in [
        ("teller", on("replace", "/role", "\"admin\""), "role"),
        ("teller", on("replace", "/~1role", "\"admin\""), "['/role']"),
        (
            "self",
            on("replace", "/accounts/0/balance", "1"),
            "accounts[*].balance",
        ),
        (
            "self",
            on("add", "/accounts/-", "{\"balance\":1}"),
            "accounts[*]",
        ),
        ("self", remove("/accounts"), "accounts"),
        ("self", remove("/accounts/0"), "accounts[*]"),
        ("manager", remove("/settings"), "settings"),
        ("manager", on("add", "/settings", "{\"a\":1}"), "settings"),
        ("manager", on("add", "/settings/pin", "1"), "settings.pin"),
        ("manager", on("add", "/settings/PIN", "1"), "settings.PIN"),
        ("manager", on("add", "/email/x", "1"), "email.x"),
        ("owner", on("add", "/phones/home", "{}"), "phones.home"),
        ("owner", remove("/nothing"), "nothing"),
        ("teller", on("add", "/limits/day", "1"), "limits.day"),
        ("teller", remove("/name"), "name"),
    ] {
        let (reason, names) = bank().patched(role, &operations).unwrap_err();
        assert_eq!(reason, Reason::FieldNotWritable, "{operations}");
        assert!(names.iter().any(|it| it == name), "{operations}: {names:?}");
    }
}

#[test]
fn a_patch_is_refused_whole_where_one_operation_is() {
    let operations = r#"[{"op":"replace","path":"/email","value":"x"},{"op":"replace","path":"/name","value":"x"},{"op":"remove","path":"/branch"}]"#;
    assert_eq!(
        patch("teller", operations),
        no(Reason::FieldNotWritable, &["branch", "name"])
    );
    assert_eq!(patch("teller", "[]"), no(Reason::EmptyWrite, &[]));
}

#[test]
fn what_is_erased_with_a_container_must_be_seen() {
    for operations in [
        remove("/address"),
        on("replace", "/address", r#"{"city":"x"}"#),
        on("add", "/address", r#"{"city":"x"}"#),
        remove("/phones/0"),
        on("replace", "/phones", "[]"),
    ] {
        let (reason, _) = patch("teller", &operations).unwrap_err();
        assert_eq!(reason, Reason::WouldErase, "{operations}");
    }
}

#[test]
fn i03_test_and_from_need_unconditional_show() {
    let world = bank();
    passes(&world, "self", &on("test", "/email", "\"a@b.cn\""));
    passes(&world, "manager", &on("test", "/accounts/0/balance", "1"));
    passes(&world, "owner", &on("test", "/settings/theme", "1"));
    for (role, operations, name) in [
        ("teller", on("test", "/email", "\"a@b.cn\""), "email"),
        ("teller", on("test", "/score", "7"), "score"),
        ("manager", on("test", "/id_card", "\"1\""), "id_card"),
        // Whether containers are equal tells what is hidden in them.
        ("owner", on("test", "/phones", "[]"), "phones"),
        ("owner", on("test", "/phones/0", "{}"), "phones[*]"),
        ("owner", on("test", "/topics", "[]"), "topics"),
        ("owner", on("test", "", "{}"), "$"),
        ("teller", from("copy", "/email", "/address/city"), "email"),
        ("owner", from("copy", "/score", "/email"), "score"),
        (
            "teller",
            from("move", "/address/city", "/email"),
            "address.city",
        ),
    ] {
        let sent = patch(role, &operations);
        assert_eq!(sent, no(Reason::FieldNotWritable, &[name]), "{operations}");
    }
}

#[test]
fn copy_and_move_need_one_class_for_source_and_target() {
    let world = bank();
    passes(&world, "self", &from("copy", "/email", "/address/city"));
    passes(
        &world,
        "self",
        &from("move", "/address/city", "/address/street"),
    );
    passes(
        &world,
        "self",
        &from("move", "/phones/1/number", "/phones/0/number"),
    );
    passes(
        &world,
        "owner",
        &from("copy", "/accounts/0/balance", "/accounts/1/card_no"),
    );
    for (operations, name) in [
        (from("copy", "/id_card", "/email"), "email"),
        (from("copy", "/name", "/email"), "email"),
        // What else stands in a container is not known.
        (from("copy", "/address", "/settings"), "address"),
        (from("move", "/phones/0", "/phones/1"), "phones[*]"),
        (from("copy", "/email", "/settings/mail"), "email"),
        (from("copy", "/email", "/nothing"), "nothing"),
    ] {
        let (reason, names) = patch("owner", &operations).unwrap_err();
        assert_eq!(reason, Reason::FieldNotWritable, "{operations}");
        assert!(names.iter().any(|it| it == name), "{operations}: {names:?}");
    }
    // Who may not write the source cannot move it away.
    let refused = no(Reason::FieldNotWritable, &["accounts[*].balance"]);
    let sent = patch(
        "manager",
        &from("move", "/accounts/0/balance", "/accounts/0/balance"),
    );
    assert_eq!(sent, refused);
}

#[test]
fn the_root_is_a_put() {
    let body = on("replace", "", r#"{"email":"a@b.cn"}"#);
    assert_eq!(patch("owner", &body), no(Reason::PutWouldErase, &[]));
    let world = bank().writing(|writing| writing.on_put = OnPut::Complete);
    assert_eq!(
        world.patched("owner", &body),
        no(Reason::PutWouldErase, &[])
    );
    let body = on("replace", "", r#"{"id":"1001","email":"a@b.cn"}"#);
    passes(&world, "owner", &body);
    assert_eq!(
        world.patched("owner", &remove("")),
        no(Reason::PutWouldErase, &[])
    );
    assert_eq!(
        world.patched("manager", &body).unwrap_err().0,
        Reason::PutWouldErase
    );
    let merging = bank().writing(|writing| writing.on_put = OnPut::MergeHidden);
    assert_eq!(
        merging.patched("owner", &body).unwrap_err().0,
        Reason::PutWouldErase
    );
}

#[test]
fn an_index_into_an_array_of_which_the_caller_may_not_see_all_is_ambiguous() {
    let world = bank().field("tags[*].key", |field| {
        field.path = crate::path::parse("tags[?@.open==true].key").unwrap();
    });
    for operations in [
        remove("/tags/0"),
        on("replace", "/tags/1/value", "1"),
        on("test", "/tags/1/value", "1"),
    ] {
        let (reason, _) = world.patched("owner", &operations).unwrap_err();
        // Of an element nothing is known, so a filter opens nothing in it either.
        assert!(matches!(
            reason,
            Reason::FieldNotWritable | Reason::AmbiguousPosition
        ));
    }
    let rules = BANK.replace(
        "      topics: preference\n",
        "      topics: preference\n      lines[?@.open==true].text: preference\n      lines[*].mark: history\n",
    );
    let world = World::reading(&rules)
        .route("PATCH", |_| {})
        .right("manager", Does::Update, &["history"])
        .right("self", Does::Update, &["history"]);
    // Every element has a mark, which they see.
    passes(&world, "self", &on("replace", "/lines/1/mark", "1"));
    let hidden = rules.replace(
        "preference: show, history: show }\n    self",
        "preference: show }\n    self",
    );
    let world = World::reading(&hidden).route("PATCH", |_| {}).right(
        "manager",
        Does::Update,
        &["history", "preference"],
    );
    let sent = world.patched("manager", &on("replace", "/lines/1/mark", "1"));
    assert_eq!(sent, no(Reason::AmbiguousPosition, &["lines[*].mark"]));
    // What is put behind the last is behind it for everybody.
    passes(
        &world,
        "manager",
        &on("add", "/lines/-/mark", "1")
            .replace("/lines/-/mark", "/lines/-")
            .replace("\"value\":1", "\"value\":{\"mark\":1}"),
    );
}

#[test]
fn what_shifts_elements_that_are_told_apart_by_where_they_stand_is_ambiguous() {
    let rules = BANK.replace(
        "      topics: preference\n",
        "      topics: preference\n      pair[0]: contact\n      pair[1]: preference\n",
    );
    let world = World::reading(&rules)
        .route("PATCH", |_| {})
        .right("self", Does::Update, &["contact", "preference"])
        .right("manager", Does::Update, &["contact"]);
    passes(&world, "self", &on("replace", "/pair/0", "1"));
    for operations in [remove("/pair/0"), on("add", "/pair/0", "1")] {
        let sent = world.patched("self", &operations);
        assert_eq!(
            sent,
            no(Reason::AmbiguousPosition, &["pair[*]"]),
            "{operations}"
        );
    }
    let sent = world.patched("manager", &on("replace", "/pair/1", "1"));
    assert_eq!(sent, no(Reason::FieldNotWritable, &["pair[*]"]));
}

#[test]
fn masks_and_persons_in_a_patch() {
    let refused = no(Reason::MaskedValueWrittenBack, &["email"]);
    assert_eq!(
        patch("teller", &on("replace", "/email", "\"z***@b.cn\"")),
        refused
    );
    let keeps = bank().writing(|writing| writing.on_masked = OnMasked::Keep);
    assert_eq!(
        keeps.patched("teller", &on("add", "/email", "\"z***@b.cn\"")),
        refused
    );
    passes(&bank(), "teller", &on("add", "/id", "\"1001\""));
    for operations in [on("add", "/id", "\"1002\""), on("replace", "/id", "null")] {
        let sent = patch("owner", &operations);
        assert_eq!(sent, no(Reason::PersonMismatch, &["id"]), "{operations}");
    }
    let owner = bank().role("owner");
    let writes = bank().field("id", |field| field.written_by = Some(vec![owner]));
    for operations in [
        remove("/id"),
        from("copy", "/branch", "/id"),
        from("move", "/id", "/branch"),
    ] {
        let sent = writes.patched("owner", &operations);
        assert_eq!(sent, no(Reason::PersonMismatch, &["id"]), "{operations}");
    }
}

#[test]
fn a_patch_is_of_the_method_patch_and_a_pointer_of_a_sane_length() {
    let patch = Sent { patch: true };
    let body = on("replace", "/email", "1");
    for call in ["PUT /customers/1001", "POST /customers"] {
        let sent = bank().sent_as("owner", call, &body, patch, None);
        assert_eq!(sent, no(Reason::MediaType, &[]), "{call}");
    }
    let deep = on("replace", &"/a".repeat(200), "1");
    assert_eq!(
        bank().patched("owner", &deep),
        no(Reason::UnreadableRequest, &[])
    );
    let middle = on("add", "/phones/-/number", "1");
    assert_eq!(
        bank().patched("owner", &middle),
        no(Reason::UnreadableRequest, &[])
    );
    let twice = r#"[{"op":"remove","path":"/email","path":"/topics"}]"#;
    assert_eq!(
        bank().patched("owner", twice),
        no(Reason::DuplicateKey, &[])
    );
}

#[test]
fn a_position_in_a_list_of_records_is_ambiguous() {
    let mut world = bank().route("PATCH", |route| {
        route.at = crate::path::parse("items[*]").unwrap();
    });
    world.rules.resources[0].groups[0].routes.remove(1);
    let sent = world.patched("owner", &on("replace", "/items/0/email", "1"));
    assert_eq!(sent, no(Reason::AmbiguousPosition, &["items[*].email"]));
}

#[test]
fn i03_names_that_are_hidden_data_are_not_asked_for() {
    let rules = BANK.replace(
        "limits: { names: preference }\n      limits[*]: preference",
        "limits: { names: preference }\n      limits[*]: contact",
    );
    let world = World::reading(&rules)
        .route("PATCH", |_| {})
        .route("PUT", |_| {})
        .writing(|writing| writing.on_put = OnPut::MergeHidden)
        .right("teller", Does::Update, &["contact", "preference"]);
    let world = {
        let shown = rules.replace(
            "teller: { basic: show, contact: mask,",
            "teller: { basic: show, contact: show,",
        );
        World {
            rules: World::reading(&shown)
                .route("PATCH", |_| {})
                .route("PUT", |_| {})
                .writing(|writing| writing.on_put = OnPut::MergeHidden)
                .right("teller", Does::Update, &["contact", "preference"])
                .rules,
            ..world
        }
    };
    for operations in [
        on("test", "/limits/secret", "5"),
        from("copy", "/limits/secret", "/email"),
    ] {
        let sent = world.patched("teller", &operations);
        assert_eq!(
            sent,
            no(Reason::FieldNotWritable, &["limits.secret"]),
            "{operations}"
        );
    }
    passes(&world, "teller", &on("test", "/email", "5"));
    // Nor does a PUT erase members the caller never saw.
    let stored = Some((
        r#"{"id":"1001","email":"a","limits":{"secret":5}}"#,
        "\"v\"",
    ));
    let call = "PUT /customers/1001";
    for body in [r#"{"email":"b"}"#, r#"{"email":"b","limits":{"new":1}}"#] {
        let sent = world
            .sent_as("teller", call, body, Sent::default(), stored)
            .unwrap();
        let sent: serde_json::Value = serde_json::from_str(&sent).unwrap();
        assert_eq!(sent["limits"]["secret"], 5, "{body}");
    }
}

#[test]
fn o06_a_pointer_without_end_is_not_read() {
    let endless = on("remove", &"/".repeat(1_000_000), "1").replace(r#","value":1"#, "");
    assert_eq!(
        bank().patched("owner", &endless),
        no(Reason::UnreadableRequest, &[])
    );
}
