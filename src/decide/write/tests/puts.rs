//! Records that are replaced.

use super::*;

const PUT: &str = "PUT /customers/1001";

fn merging() -> World {
    bank().writing(|writing| writing.on_put = OnPut::MergeHidden)
}

/// What goes upstream where this is stored.
fn put(world: &World, role: &str, stored: &str, body: &str) -> Answer {
    world.sent_as(role, PUT, body, Sent::default(), Some((stored, "\"v1\"")))
}

/// The same, read as JSON.
fn merged(role: &str, stored: &str, body: &str) -> serde_json::Value {
    let sent = put(&merging(), role, stored, body);
    let sent = sent.unwrap_or_else(|refused| panic!("{refused:?}: {body} over {stored}"));
    serde_json::from_str(&sent).unwrap()
}

#[test]
fn put_is_refused_unless_the_resource_says_more() {
    let sent = bank().sent("owner", PUT, r#"{"email":"a@b.cn"}"#);
    assert_eq!(sent, no(Reason::PutWouldErase, &[]));
}

#[test]
fn on_put_complete_asks_for_show_and_the_right_to_write_every_field() {
    let world = bank().writing(|writing| writing.on_put = OnPut::Complete);
    goes(
        &world,
        "owner",
        PUT,
        r#"{"id":"1001","email":"a@b.cn","accounts":[]}"#,
    );
    // Without the person's field the record would lose it.
    let sent = world.sent("owner", PUT, r#"{"email":"a@b.cn"}"#);
    assert_eq!(sent, no(Reason::PutWouldErase, &[]));
    // Who decides what a filter opens is `tags[*].open`, which no entry lists.
    let refused = no(Reason::FieldNotWritable, &["x"]);
    assert_eq!(
        world.sent("owner", PUT, r#"{"email":"a@b.cn","x":1}"#),
        refused
    );
    for role in ["teller", "manager", "self"] {
        let sent = world.sent(role, PUT, r#"{"email":"a@b.cn"}"#);
        assert_eq!(sent, no(Reason::PutWouldErase, &[]), "{role}");
    }
    let world = world.field("settings.pin", |field| field.write_never = true);
    let sent = world.sent("owner", PUT, r#"{"id":"1001","email":"a@b.cn"}"#);
    assert_eq!(sent, no(Reason::PutWouldErase, &[]));
}

#[test]
fn merge_hidden_puts_back_what_the_caller_cannot_see_or_write() {
    let stored = r#"{"id":"1001","name":"张三","branch":"0101","email":"old@b.cn","id_card":"11010519491231002X","address":{"city":"A","street":"B","geo":{"x":1.50}},"accounts":[{"balance":12e3}],"score":7}"#;
    // The manager sees identity masked and transactions, but writes neither.
    let body = r#"{"id":"1001","name":"李四","email":"new@b.cn","address":{"city":"C"}}"#;
    let sent = put(&merging(), "manager", stored, body).unwrap();
    assert_eq!(
        sent,
        r#"{"id":"1001","name":"李四","email":"new@b.cn","id_card":"11010519491231002X","address":{"city":"C","geo":{"x":1.50}},"accounts":[{"balance":12e3}],"score":7}"#
    );
}

#[test]
fn what_the_caller_sees_and_writes_and_leaves_out_is_gone() {
    let stored = r#"{"id":"1001","email":"a","topics":["x"],"phones":[{"number":"1"}],"settings":{"a":1,"pin":"2"}}"#;
    let sent = merged("self", stored, r#"{"id":"1001"}"#);
    assert_eq!(
        sent,
        serde_json::json!({"id": "1001", "settings": {"pin": "2"}})
    );
}

#[test]
fn array_elements_are_never_paired() {
    // What the caller sees whole is replaced whole.
    let stored = r#"{"id":"1001","phones":[{"number":"1"},{"number":"2"}]}"#;
    let sent = merged("self", stored, r#"{"phones":[{"number":"3"}]}"#);
    assert_eq!(
        sent,
        serde_json::json!({"id": "1001", "phones": [{"number": "3"}]})
    );
    // What of an element is hidden would be lost, replaced or left out.
    let stored = r#"{"id":"1001","phones":[{"number":"1","since":2020}]}"#;
    let refused = no(Reason::WouldErase, &["phones"]);
    for body in [
        r#"{"phones":[{"number":"3"}]}"#,
        r#"{"id":"1001"}"#,
        r#"{"phones":[]}"#,
    ] {
        assert_eq!(put(&merging(), "self", stored, body), refused, "{body}");
    }
    // A list the caller sees nothing of, or may not write, is as it was.
    let stored = r#"{"id":"1001","accounts":[{"balance":1,"x":2}],"other":[1,[2]]}"#;
    let sent = merged("self", stored, r#"{"email":"a"}"#);
    let expected = r#"{"id":"1001","accounts":[{"balance":1,"x":2}],"other":[1,[2]],"email":"a"}"#;
    assert_eq!(
        sent,
        serde_json::from_str::<serde_json::Value>(expected).unwrap()
    );
}

#[test]
fn a_container_is_never_laid_over_something_else_that_is_hidden() {
    for (stored, body, name) in [
        (
            r#"{"address":"x"}"#,
            r#"{"address":{"city":"c"}}"#,
            "address",
        ),
        (
            r#"{"address":[1]}"#,
            r#"{"address":{"city":"c"}}"#,
            "address",
        ),
        (r#"{"address":{"geo":1}}"#, r#"{"address":null}"#, "address"),
        (r#"{"topics":{"x":1}}"#, r#"{"topics":"y"}"#, "topics"),
        (
            r#"{"settings":{"pin":1,"a":2}}"#,
            r#"{"settings":"none"}"#,
            "settings",
        ),
    ] {
        let stored = format!(r#"{{"id":"1001",{}"#, &stored[1..]);
        let sent = put(&merging(), "self", &stored, body);
        assert_eq!(
            sent,
            no(Reason::WouldErase, &[name]),
            "{body} over {stored}"
        );
    }
    let sent = merged(
        "self",
        r#"{"id":"1001","address":null}"#,
        r#"{"address":{"city":"c"}}"#,
    );
    assert_eq!(sent["address"]["city"], "c");
}

#[test]
fn on_masked_keep_keeps_the_stored_value_in_a_put_by_merge() {
    let world = merging().writing(|writing| writing.on_masked = OnMasked::Keep);
    let stored = r#"{"id":"1001","email":"zhang@bank.cn","address":{"city":"A","street":"B"}}"#;
    let body = r#"{"email":"z***@bank.cn","address":{"street":"北京市朝阳区***","city":"C"}}"#;
    for role in ["teller", "manager"] {
        let sent = put(&world, role, stored, body).unwrap();
        assert_eq!(
            sent, r#"{"id":"1001","email":"zhang@bank.cn","address":{"city":"C","street":"B"}}"#,
            "{role}"
        );
    }
    // Nothing is stored that could be kept.
    let sent = put(&world, "manager", r#"{"id":"1001"}"#, body).unwrap();
    assert_eq!(sent, r#"{"id":"1001","address":{"city":"C"}}"#);
    let refused = no(Reason::MaskedValueWrittenBack, &["email"]);
    assert_eq!(
        put(&merging(), "teller", stored, r#"{"email":"z***@bank.cn"}"#),
        refused
    );
}

#[test]
fn the_result_of_a_merge_is_sent_with_the_upstreams_validator() {
    let permit = |etag: Option<&'static str>| {
        let permit = merging().permit(&["owner"], PUT).unwrap();
        let limits = Limits { depth: 9, key: 99 };
        let body = Bytes::from_static(br#"{"email":"a@b.cn"}"#);
        let permit = with_body(permit, body, Sent::default(), limits).unwrap();
        assert_eq!(permit.stored(), Some("/customers/1001"));
        let etag = etag.map(HeaderValue::from_static);
        with_stored(permit, Some(r#"{"id":"1001"}"#), etag.as_ref()).map_err(|it| it.reason)
    };
    let sent = permit(Some("\"v7\"")).unwrap();
    assert_eq!(sent.if_match(), Some(&HeaderValue::from_static("\"v7\"")));
    assert_eq!(
        sent.body().unwrap(),
        &br#"{"id":"1001","email":"a@b.cn"}"#[..]
    );
    // RFC 9110, 13.1.1: a weak validator never matches there.
    for etag in [
        None,
        Some("W/\"v7\""),
        Some("v7"),
        Some("\"a\", \"b\""),
        Some("*"),
        Some("\""),
    ] {
        assert_eq!(permit(etag).unwrap_err(), Reason::NoValidator, "{etag:?}");
    }
}

#[test]
fn a_merge_needs_a_stored_record_that_can_be_read_in_one_way() {
    let body = r#"{"email":"a@b.cn"}"#;
    let world = merging();
    let missing = world.sent_as("owner", PUT, body, Sent::default(), None);
    assert_eq!(missing, no(Reason::NoSuchRecord, &[]));
    for (stored, reason) in [
        (r#"{"a":1,"a":2}"#, Reason::UnreadableBody),
        (r#"{"a":{"b":1,"B":2}}"#, Reason::UnreadableBody),
        (r#"{"a":1"#, Reason::UnreadableBody),
        ("[]", Reason::UnexpectedShape),
        ("null", Reason::UnexpectedShape),
    ] {
        assert_eq!(
            put(&world, "owner", stored, body),
            no(reason, &[]),
            "{stored}"
        );
    }
}

#[test]
fn a_merge_keeps_what_stands_beside_the_record() {
    let mut world = merging().route("PUT", |route| {
        route.at = crate::path::parse("data.customer").unwrap();
    });
    world.rules.resources[0].groups[0].routes.remove(2);
    let body = r#" { "data" : {"customer": {"email":"b"} } } "#;
    let sent = put(
        &world,
        "manager",
        r#"{"id":"1001","email":"a","score":7}"#,
        body,
    );
    let expected = r#" { "data" : {"customer": {"id":"1001","email":"b","score":7} } } "#;
    assert_eq!(sent.unwrap(), expected);
}

#[test]
fn a_put_cannot_change_whose_record_it_is() {
    let world = merging();
    let sent = put(
        &world,
        "owner",
        r#"{"id":"2002","email":"a"}"#,
        r#"{"id":"1001","email":"b"}"#,
    );
    assert_eq!(sent, no(Reason::PersonMismatch, &["id"]));
    let sent = merged("owner", r#"{"id":"1001","email":"a"}"#, r#"{"email":"b"}"#);
    assert_eq!(sent["id"], "1001", "it is put back");
}

#[test]
fn names_are_paired_as_the_catalogue_compares_them() {
    let folds = BANK.replace("    person: {", "    keys: any-case\n    person: {");
    let world = World::reading(&folds)
        .route("PUT", |_| {})
        .writing(|writing| writing.on_put = OnPut::MergeHidden)
        .right("manager", Does::Update, &["basic", "contact", "preference"]);
    let sent = put(
        &world,
        "manager",
        r#"{"ID":"1001","Email":"a","Score":7}"#,
        r#"{"EMAIL":"b"}"#,
    );
    assert_eq!(sent.unwrap(), r#"{"ID":"1001","Email":"b","Score":7}"#);
}

#[test]
fn what_is_stored_may_close_what_the_sent_record_would_open() {
    // The filter decides by what is stored, not by what the caller claims.
    let rules = BANK.replace(
        "      topics: preference\n",
        "      topics: preference\n      boxes: { names: preference }\n      boxes[?@.open==true].value: preference\n      boxes[*].open: preference\n",
    );
    let world = World::reading(&rules)
        .route("PUT", |_| {})
        .writing(|writing| writing.on_put = OnPut::MergeHidden)
        .right("owner", Does::Update, &["preference"]);
    // Who may change what decides is another matter.
    let owner = world.role("owner");
    let world = world.field("boxes[*].open", |field| {
        field.written_by = Some(vec![owner])
    });
    let body = r#"{"boxes":{"a":{"open":true,"value":"mine"}}}"#;
    let stored = |open: bool| format!(r#"{{"boxes":{{"a":{{"open":{open},"value":"theirs"}}}}}}"#);
    let sent = put(&world, "owner", &stored(false), body);
    assert_eq!(sent, no(Reason::FieldNotWritable, &["boxes.a.value"]));
    assert_eq!(put(&world, "owner", &stored(true), body).unwrap(), body);
}
