//! Leaves of plain JSON bodies.

use super::*;

const PATCH: &str = "PATCH /customers/1001";

fn patch(role: &str, body: &str) -> Answer {
    bank().sent(role, PATCH, body)
}

#[test]
fn i01_every_leaf_of_a_request_body_must_lie_in_a_class_the_role_may_write() {
    goes(
        &bank(),
        "teller",
        PATCH,
        r#" { "email" : "a@b.cn" , "address":{"city":"\u5317"}} "#,
    );
    goes(
        &bank(),
        "manager",
        PATCH,
        r#"{"name":"张三","topics":"x","branch":1.50e1}"#,
    );
    for (role, body, names) in [
        ("teller", r#"{"name":"x"}"#, &["name"][..]),
        ("teller", r#"{"email":"a@b.cn","role":"admin"}"#, &["role"]),
        (
            "teller",
            r#"{"address":{"city":"x","zip":1,"geo":{"x":1,"y":2}}}"#,
            &["address.geo.x", "address.geo.y", "address.zip"],
        ),
        ("manager", r#"{"id_card":"x"}"#, &["id_card"]),
        (
            "self",
            r#"{"email":"a@b.cn","accounts":[{"balance":999999},{"balance":1}]}"#,
            &["accounts[*].balance"],
        ),
        ("manager", r#"{"odd name":true}"#, &["['odd name']"]),
    ] {
        assert_eq!(
            patch(role, body),
            no(Reason::FieldNotWritable, names),
            "{role} {body}"
        );
    }
}

#[test]
fn i02_what_is_not_where_the_record_stands_is_not_writable() {
    for (body, name) in [
        (r#"[{"email":"x"}]"#, "$"),
        (r#"{"customer":{"email":"x"}}"#, "customer.email"),
        ("1", "$"),
        ("null", "$"),
        ("\"email\"", "$"),
    ] {
        assert_eq!(
            patch("owner", body),
            no(Reason::FieldNotWritable, &[name]),
            "{body}"
        );
    }
}

#[test]
fn a_class_covers_scalars_and_arrays_of_scalars_in_writing_as_in_reading() {
    goes(&bank(), "manager", PATCH, r#"{"topics":["a",1,true,null]}"#);
    goes(&bank(), "manager", PATCH, r#"{"topics":null}"#);
    for (body, name) in [
        (r#"{"topics":{"a":1}}"#, "topics.a"),
        (r#"{"topics":[{"a":1}]}"#, "topics[*].a"),
        (r#"{"topics":[["a"]]}"#, "topics[*][*]"),
        (r#"{"topics":[[]]}"#, "topics[*]"),
        (r#"{"topics":[{}]}"#, "topics[*]"),
        (r#"{"topics":{}}"#, "topics"),
        (r#"{"address":"x"}"#, "address"),
        (r#"{"phones":{"number":"x"}}"#, "phones.number"),
    ] {
        assert_eq!(
            patch("manager", body),
            no(Reason::FieldNotWritable, &[name]),
            "{body}"
        );
    }
}

#[test]
fn whole_covers_all_below_and_a_longer_path_inside_decides_its_own_part() {
    goes(
        &bank(),
        "manager",
        PATCH,
        r#"{"settings":{"theme":{"dark":true},"lang":["zh"]}}"#,
    );
    let body = r#"{"settings":{"theme":1,"pin":"1234"}}"#;
    assert_eq!(
        patch("manager", body),
        no(Reason::FieldNotWritable, &["settings.pin"])
    );
    goes(&bank(), "owner", PATCH, body);
}

#[test]
fn a07_a_name_that_equals_a_listed_one_but_for_case_and_dashes_is_not_writable_even_where_whole_would_cover_it()
 {
    for name in ["PIN", "Pin", "p_in", "P-I-N"] {
        let body = format!(r#"{{"settings":{{"{name}":"1234"}}}}"#);
        let refused = format!("settings.{name}");
        let refused = no(Reason::FieldNotWritable, &[&refused]);
        assert_eq!(patch("manager", &body), refused, "{name}");
    }
    assert_eq!(
        patch("teller", r#"{"Email":"x"}"#),
        no(Reason::FieldNotWritable, &["Email"])
    );
}

#[test]
fn member_names_that_are_data_are_written_by_who_may_write_their_class() {
    goes(
        &bank(),
        "manager",
        PATCH,
        r#"{"limits":{"day":1,"month":2}}"#,
    );
    assert_eq!(
        patch("teller", r#"{"limits":{"day":1}}"#),
        no(Reason::FieldNotWritable, &["limits.day"])
    );
    // Where no entry gives names a class, they are unlisted.
    assert_eq!(
        patch("owner", r#"{"phones":{"home":{"number":"13"}}}"#),
        no(Reason::FieldNotWritable, &["phones.home"])
    );
}

#[test]
fn keys_any_case_folds_ascii_case_in_writing_as_in_reading() {
    let folds = BANK.replace("    person: {", "    keys: any-case\n    person: {");
    let world =
        World::reading(&folds)
            .route("PATCH", |_| {})
            .right("teller", Does::Update, &["contact"]);
    goes(
        &world,
        "teller",
        PATCH,
        r#"{"EMAIL":"x","Address":{"CITY":"y"}}"#,
    );
    assert_eq!(
        world.sent("teller", PATCH, r#"{"NAME":"x"}"#),
        no(Reason::FieldNotWritable, &["NAME"])
    );
}

#[test]
fn a_filter_opens_only_on_what_is_present_and_certain_in_the_element_that_is_sent() {
    // Who may change what decides is another matter.
    let world = bank().field("tags[*].key", |field| {
        field.path = crate::path::parse("tags[*].open").unwrap()
    });
    goes(
        &world,
        "owner",
        PATCH,
        r#"{"tags":[{"open":true,"value":"x"}]}"#,
    );
    for element in [
        r#"{"open":false,"value":"x"}"#,
        r#"{"value":"x"}"#,
        r#"{"open":"true","value":"x"}"#,
    ] {
        let body = format!(r#"{{"tags":[{element}]}}"#);
        assert_eq!(
            world.sent("owner", PATCH, &body),
            no(Reason::FieldNotWritable, &["tags[*].value"]),
            "{element}"
        );
    }
}

#[test]
fn an_empty_object_or_array_is_a_leaf_and_stands_for_every_field_listed_below_it() {
    for (role, body, name) in [
        ("self", r#"{"accounts":[]}"#, "accounts"),
        ("teller", r#"{"phones":[]}"#, "phones"),
        ("teller", r#"{"address":{}}"#, "address"),
        ("manager", r#"{"settings":{}}"#, "settings"),
        ("manager", r#"{"tags":[]}"#, "tags"),
    ] {
        assert_eq!(
            patch(role, body),
            no(Reason::WouldErase, &[name]),
            "{role} {body}"
        );
    }
    goes(
        &bank(),
        "self",
        PATCH,
        r#"{"phones":[],"address":{},"topics":[]}"#,
    );
    goes(
        &bank(),
        "owner",
        PATCH,
        r#"{"accounts":[],"settings":{},"limits":{}}"#,
    );
    assert_eq!(
        patch("owner", r#"{"nothing":[]}"#),
        no(Reason::FieldNotWritable, &["nothing"])
    );
    assert_eq!(
        patch("owner", r#"{"email":{}}"#),
        no(Reason::FieldNotWritable, &["email"])
    );
}

#[test]
fn i04_null_erases_whatever_is_listed_below() {
    for (role, body, name) in [
        ("self", r#"{"accounts":null}"#, "accounts"),
        ("teller", r#"{"phones":null}"#, "phones"),
        ("manager", r#"{"settings":null}"#, "settings"),
        ("owner", r#"{"tags":null}"#, "tags"),
    ] {
        let world = bank().field("tags[*].key", |field| field.write_never = true);
        let sent = world.sent(role, PATCH, body);
        assert_eq!(sent, no(Reason::WouldErase, &[name]), "{role} {body}");
    }
    goes(&bank(), "teller", PATCH, r#"{"email":null}"#);
    goes(
        &bank(),
        "owner",
        PATCH,
        r#"{"accounts":null,"settings":null}"#,
    );
    assert_eq!(
        patch("teller", r#"{"name":null}"#),
        no(Reason::FieldNotWritable, &["name"])
    );
    assert_eq!(
        patch("teller", r#"{"x":null}"#),
        no(Reason::FieldNotWritable, &["x"])
    );
}

#[test]
fn an_array_in_put_and_patch_stands_for_every_field_listed_below_it() {
    // The teller sees the numbers masked, so does not know what goes.
    let body = r#"{"phones":[{"number":"13900139000"}]}"#;
    assert_eq!(patch("teller", body), no(Reason::WouldErase, &["phones"]));
    goes(&bank(), "self", PATCH, body);
    assert_eq!(
        patch("self", r#"{"tags":[{"open":true,"value":"x"}]}"#),
        no(Reason::FieldNotWritable, &["tags[*].open"])
    );
    // A new record replaces nothing.
    goes(&bank(), "teller", "POST /customers", body);
}

#[test]
fn a_net_closes_what_it_may_meet_in_writing_too() {
    let rules = BANK.replace(
        "      limits[*]: preference\n",
        "      limits[*]: preference\n      ..secret: identity\n",
    );
    let world = World::reading(&rules)
        .route("PATCH", |_| {})
        .route("POST", |_| {})
        .right("manager", Does::Create, &["preference"])
        .right("manager", Does::Update, &["basic", "contact", "preference"])
        .right("self", Does::Update, &["contact", "preference"]);
    let body = r#"{"settings":{"a":{"secret":1,"b":2}}}"#;
    let answer = world.sent("manager", PATCH, body);
    assert_eq!(answer, no(Reason::FieldNotWritable, &["settings.a.secret"]));
    // What is a value now may have been a container that held one.
    let body = r#"{"settings":{"a":{"b":2}}}"#;
    let answer = world.sent("manager", PATCH, body);
    assert_eq!(answer, no(Reason::WouldErase, &["settings.a.b"]));
    goes(&world, "manager", "POST /customers", body);
    // Under `whole` it may lie anywhere; beside scalars that are listed it cannot.
    let answer = world.sent("self", PATCH, r#"{"settings":{"a":[]}}"#);
    assert_eq!(answer, no(Reason::WouldErase, &["settings.a"]));
    goes(&world, "self", PATCH, r#"{"topics":[],"phones":[]}"#);
}

#[test]
fn an_empty_body_is_empty_write() {
    for body in ["{}", " { } ", "[]"] {
        assert_eq!(patch("owner", body), no(Reason::EmptyWrite, &[]), "{body}");
    }
    let world = bank().route("PATCH", |route| {
        route.at = crate::path::parse("data").unwrap()
    });
    let mut world = world;
    world.rules.resources[0].groups[0].routes.remove(1);
    for body in [r#"{"data":{}}"#, r#"{"data":[]}"#] {
        assert_eq!(
            world.sent("owner", PATCH, body),
            no(Reason::EmptyWrite, &[]),
            "{body}"
        );
    }
    goes(&world, "owner", PATCH, r#"{"data":{"email":"x"}}"#);
    for (body, name) in [
        (r#"{"data":{"email":"x"},"email":"y"}"#, "email"),
        (r#"{"data":{"email":"x"},"more":{}}"#, "more"),
        (r#"{"data":null}"#, "data"),
        (r#"{"email":"x"}"#, "email"),
    ] {
        assert_eq!(
            world.sent("owner", PATCH, body),
            no(Reason::FieldNotWritable, &[name]),
            "{body}"
        );
    }
}

#[test]
fn a03_duplicate_keys_are_refused_before_all_else() {
    for body in [
        r#"{"name":"x","role":"user","role":"admin"}"#,
        r#"{"role":"admin","ro\u006ce":"user"}"#,
        r#"{"email":"x","Email":"y"}"#,
        r#"{"settings":{"a":1,"A":2}}"#,
    ] {
        assert_eq!(
            patch("owner", body),
            no(Reason::DuplicateKey, &[]),
            "{body}"
        );
    }
    assert_eq!(
        patch("owner", r#"{"email":"x",}"#),
        no(Reason::UnreadableRequest, &[])
    );
    let deep = format!("{}1{}", r#"{"settings":"#.repeat(200), "}".repeat(200));
    assert_eq!(patch("owner", &deep), no(Reason::UnreadableRequest, &[]));
}

#[test]
fn masked_values_coming_back_are_judged_by_form_alone() {
    for (role, body, name) in [
        ("teller", r#"{"email":"z***@bank.cn"}"#, "email"),
        ("teller", r#"{"name":"张*","email":"a@b.cn"}"#, "name"),
        ("teller", r#"{"id_card":"1****************X"}"#, "id_card"),
        ("manager", r#"{"email":"***"}"#, "email"),
        (
            "manager",
            r#"{"email":"tok_abcdefghijklmnopqrstuvwxyz"}"#,
            "email",
        ),
        (
            "self",
            r#"{"phones":[{"number":"138****8000"}]}"#,
            "phones[*].number",
        ),
    ] {
        assert_eq!(
            patch(role, body),
            no(Reason::MaskedValueWrittenBack, &[name]),
            "{role} {body}"
        );
    }
    // Elsewhere these are values like any other.
    goes(&bank(), "manager", PATCH, r#"{"topics":"138****8000"}"#);
    assert_eq!(
        patch("teller", r#"{"x":"***"}"#),
        no(Reason::FieldNotWritable, &["x"])
    );
}

#[test]
fn a_tellers_read_modify_write_of_a_masked_record_is_refused_for_the_masks() {
    let body = r#"{"id":"1001","name":"张三","branch":"0101","phones":[{"number":"138****8000"}],"email":"z***@bank.cn","id_card":"1****************X"}"#;
    let names = ["email", "id_card", "phones[*].number"];
    assert_eq!(
        patch("teller", body),
        no(Reason::MaskedValueWrittenBack, &names)
    );
    let answer = bank().sent("teller", "PUT /customers/1001", body);
    assert_eq!(answer, no(Reason::MaskedValueWrittenBack, &names));
}

#[test]
fn a_role_that_reads_a_field_under_a_mask_without_a_form_cannot_write_it() {
    let rules = BANK.replace(
        "email: { class: contact, mask: email }",
        "email: { class: contact, mask: domain }",
    );
    let world = World::reading(&rules)
        .route("PATCH", |_| {})
        .right("teller", Does::Update, &["contact"])
        .right("manager", Does::Update, &["contact"]);
    let body = r#"{"email":"a@b.cn"}"#;
    assert_eq!(
        world.sent("teller", PATCH, body),
        no(Reason::FieldNotWritable, &["email"])
    );
    goes(&world, "manager", PATCH, body);
}

#[test]
fn on_masked_keep_leaves_the_member_out_of_a_patch() {
    let world = bank().writing(|writing| writing.on_masked = OnMasked::Keep);
    let sent = |body| world.sent("teller", PATCH, body);
    assert_eq!(
        sent(r#"{ "email":"z***@bank.cn" , "address":{"city":"x"} }"#).unwrap(),
        r#"{ "address":{"city":"x"} }"#
    );
    assert_eq!(
        sent(r#"{"address":{"street":"北京市朝阳区***"},"email":"a@b.cn"}"#).unwrap(),
        r#"{"email":"a@b.cn"}"#
    );
    // All of it is as it was.
    assert_eq!(
        sent(r#"{"email":"z***@bank.cn"}"#),
        no(Reason::EmptyWrite, &[])
    );
    // What is left out of an array is lost with it.
    let body = r#"{"phones":[{"number":"138****8000"}]}"#;
    let refused = no(Reason::MaskedValueWrittenBack, &["phones[*].number"]);
    assert_eq!(world.sent("self", PATCH, body), refused);
    // A new record has no value to keep.
    let refused = no(Reason::MaskedValueWrittenBack, &["email"]);
    assert_eq!(
        world.sent("teller", "POST /customers", r#"{"email":"z***@b.cn"}"#),
        refused
    );
    let refused = no(Reason::FieldNotWritable, &["branch"]);
    assert_eq!(sent(r#"{"email":"z***@bank.cn","branch":"1"}"#), refused);
}

#[test]
fn on_forbidden_strip_removes_what_may_not_be_written_and_nothing_else() {
    let world = bank().writing(|writing| writing.on_forbidden = OnForbidden::Strip);
    let sent = |body| world.sent("teller", PATCH, body);
    assert_eq!(
        sent(r#"{ "name":"x" , "email":"a@b.cn",  "x":{"y":[1,{}]} ,"address" : {"zip":1, "city":"c"}}"#).unwrap(),
        r#"{ "email":"a@b.cn" ,"address" : {"city":"c"}}"#
    );
    assert_eq!(
        sent(r#"{"accounts":[{"balance":1}],"email":"x"}"#).unwrap(),
        r#"{"email":"x"}"#
    );
    assert_eq!(sent(r#"{"name":"x"}"#), no(Reason::EmptyWrite, &[]));
    goes(&world, "teller", PATCH, r#"{"email":1e+5}"#);
    // Never what another rule refuses.
    assert_eq!(
        sent(r#"{"email":"z***@b.cn","name":"x"}"#),
        no(Reason::MaskedValueWrittenBack, &["email"])
    );
    assert_eq!(
        sent(r#"{"id":"1002","email":"x"}"#),
        no(Reason::PersonMismatch, &["id"])
    );
    assert_eq!(
        sent(r#"{"phones":[{"number":"1","x":2}]}"#),
        no(Reason::WouldErase, &["phones"])
    );
    // Of a list of which some may be written, the rest is what the caller does not see or may not write.
    let owner = world.sent(
        "self",
        PATCH,
        r#"{"phones":[{"number":"1","x":2},{"x":3}]}"#,
    );
    assert_eq!(owner.unwrap(), r#"{"phones":[{"number":"1"}]}"#);
}

#[test]
fn on_forbidden_strip_is_never_for_put_and_json_patch() {
    let world = bank().writing(|writing| writing.on_forbidden = OnForbidden::Strip);
    let refused = no(Reason::FieldNotWritable, &["name"]);
    assert_eq!(
        world.sent(
            "teller",
            "PUT /customers/1001",
            r#"{"email":"x","name":"y"}"#
        ),
        refused
    );
    let patch = r#"[{"op":"replace","path":"/email","value":"x"},{"op":"remove","path":"/name"}]"#;
    assert_eq!(world.patched("teller", patch), refused);
}

#[test]
fn the_persons_field_may_always_be_sent_if_it_equals_the_paths() {
    goes(&bank(), "teller", PATCH, r#"{"id":"1001","email":"x"}"#);
    goes(&bank(), "teller", PATCH, r#"{"id":1001,"email":"x"}"#);
    for id in [
        "\"1002\"",
        "1001.0",
        "\" 1001\"",
        "null",
        "true",
        "[\"1001\"]",
        "{}",
    ] {
        let body = format!(r#"{{"id":{id},"email":"x"}}"#);
        assert_eq!(
            patch("owner", &body),
            no(Reason::PersonMismatch, &["id"]),
            "{id}"
        );
    }
    // Where the path names nobody it is a field like any other.
    let refused = no(Reason::FieldNotWritable, &["id"]);
    assert_eq!(
        bank().sent("owner", "POST /customers", r#"{"id":"1","name":"x"}"#),
        refused
    );
    let owner = bank().role("owner");
    let world = bank().field("id", |field| field.written_by = Some(vec![owner]));
    goes(
        &world,
        "owner",
        "POST /customers",
        r#"{"id":"1","name":"x"}"#,
    );
}

#[test]
fn a_field_that_decides_who_sees_what_is_written_only_by_whom_it_lists() {
    let world = bank().field("topics", |field| field.decides = true);
    let refused = no(Reason::FieldNotWritable, &["topics"]);
    assert_eq!(world.sent("manager", PATCH, r#"{"topics":"x"}"#), refused);
    let listed = world.role("self");
    let world = world.field("topics", |field| field.written_by = Some(vec![listed]));
    assert_eq!(world.sent("manager", PATCH, r#"{"topics":"x"}"#), refused);
    goes(&world, "self", PATCH, r#"{"topics":"x"}"#);
}

#[test]
fn write_never_on_an_entry() {
    let world = bank().field("email", |field| field.write_never = true);
    let refused = no(Reason::FieldNotWritable, &["email"]);
    assert_eq!(world.sent("owner", PATCH, r#"{"email":"x"}"#), refused);
}

#[test]
fn several_roles_write_what_one_of_them_may() {
    let body = r#"{"name":"x","email":"y"}"#;
    let world = bank().right("owner", Does::Update, &[]);
    goes(&world, "teller+manager", PATCH, body);
    let world = World::reading(BANK)
        .route("PATCH", |_| {})
        .right("teller", Does::Update, &["contact"])
        .right("manager", Does::Update, &["basic"]);
    goes(&world, "teller+manager", PATCH, body);
    assert_eq!(
        world.sent("teller", PATCH, body),
        no(Reason::FieldNotWritable, &["name"])
    );
}

#[test]
fn refusals_come_in_the_order_of_the_rules() {
    let whole = r#"{"email":"***","name":"x","id":"2","phones":[]}"#;
    let answer = bank().sent("teller", "PUT /customers/1001", whole);
    assert_eq!(answer, no(Reason::MaskedValueWrittenBack, &["email"]));
    let answer = bank().sent(
        "teller",
        "PUT /customers/1001",
        r#"{"name":"x","id":"2","phones":[]}"#,
    );
    assert_eq!(answer, no(Reason::FieldNotWritable, &["name"]));
    let answer = bank().sent("teller", "PUT /customers/1001", r#"{"id":"2","phones":[]}"#);
    assert_eq!(answer, no(Reason::PersonMismatch, &["id"]));
    let answer = bank().sent(
        "teller",
        "PUT /customers/1001",
        r#"{"id":"1001","phones":[]}"#,
    );
    assert_eq!(answer, no(Reason::PutWouldErase, &[]));
    assert_eq!(
        patch("teller", r#"{"id":"1001","phones":[]}"#),
        no(Reason::WouldErase, &["phones"])
    );
}

#[test]
fn what_is_written_is_counted_by_field() {
    let permit = bank().permit(&["self"], PATCH).unwrap();
    let body = br#"{"email":"x","phones":[{"number":"1"},{"number":"2"}],"id":"1001","settings":{"a":[1,2]}}"#;
    let limits = Limits { depth: 9, key: 99 };
    let body = Bytes::from_static(body);
    let permit = with_body(permit, body, Sent::default(), limits).unwrap();
    let mut written = permit.written();
    written.sort_unstable();
    let expected = [
        ("email", 1),
        ("id", 1),
        ("phones[*].number", 2),
        ("settings", 2),
    ];
    assert_eq!(written, expected);
}

#[test]
fn i04_whatever_takes_the_place_of_a_container_stands_for_every_field_listed_below_it() {
    let rules = BANK.replace(
        "      topics: preference\n",
        "      topics: preference\n      settings.risk.score: identity\n      boxes: { class: preference, whole: true }\n      boxes[0].code: identity\n",
    );
    let world = World::reading(&rules)
        .route("PATCH", |_| {})
        .route("POST", |_| {})
        .right("manager", Does::Update, &["preference"])
        .right("manager", Does::Create, &["preference"]);
    for (body, name) in [
        // A scalar over what holds a hidden pin.
        (r#"{"settings":"x"}"#, "settings"),
        (r#"{"settings":{"risk":1}}"#, "settings.risk"),
        // An object over a list with a hidden code.
        (r#"{"boxes":{"a":1}}"#, "boxes"),
        (r#"{"boxes":"x"}"#, "boxes"),
    ] {
        let sent = world.sent("manager", PATCH, body);
        assert_eq!(sent, no(Reason::WouldErase, &[name]), "{body}");
        goes(&world, "manager", "POST /customers", body);
    }
    goes(
        &world,
        "manager",
        PATCH,
        r#"{"settings":{"theme":1,"risk":{"x":1}}}"#,
    );
    // Whoever sees the whole masked does not know what it holds.
    let masked = BANK.replace(
        "mask, identity: mask }",
        "mask, identity: mask, preference: mask }",
    );
    let world = World::reading(&masked).route("PATCH", |_| {}).right(
        "teller",
        Does::Update,
        &["preference"],
    );
    for (body, name) in [
        (r#"{"settings":1}"#, "settings"),
        (r#"{"settings":{"a":1}}"#, "settings.a"),
    ] {
        assert_eq!(
            world.sent("teller", PATCH, body),
            no(Reason::WouldErase, &[name]),
            "{body}"
        );
    }
}

#[test]
fn o06_a_body_of_too_many_values_is_not_judged() {
    let body = format!(r#"{{"x":[{}1]}}"#, "1,".repeat(walk::MOST));
    assert_eq!(patch("teller", &body), no(Reason::TooLarge, &[]));
    let body = format!(r#"{{"topics":[{}1]}}"#, "1,".repeat(walk::MOST / 2));
    goes(&bank(), "manager", PATCH, &body);
}

#[test]
fn a_name_that_decides_is_left_out_of_a_new_record_only_with_all_it_opened() {
    let rules = "fieldgate: 1
classes: { basic: { level: 2 }, money: { level: 3 } }
resources:
  customer:
    at: { 'GET /customers/{id}': $ }
    params: { path.id: id }
    fields: { id: basic, name: basic, segment: basic, limit: money }
roles:
  a: { jwt: staff, claim: roles, has: a }
  b: { jwt: staff, claim: roles, has: b }
conditions:
  retail: { field: segment, is: retail }
read:
  customer:
    a: { basic: show, money: show, only: [retail] }
    b: { basic: show }
";
    let mut world = World::reading(rules)
        .route("POST", |_| {})
        .right("a", Does::Create, &["money"])
        .right("b", Does::Create, &["basic"])
        .writing(|writing| writing.on_forbidden = OnForbidden::Strip);
    let (a, retail) = (
        world.role("a"),
        world.rules.rows[&(ResourceId(0), GroupId(0), world.role("a"))]
            .only
            .clone(),
    );
    world
        .rules
        .rights
        .get_mut(&(ResourceId(0), GroupId(0), a))
        .unwrap()
        .only = retail;
    let call = "POST /customers";
    let body = r#"{"segment":"retail","limit":999999,"name":"x"}"#;
    let refused = no(Reason::FieldNotWritable, &["segment"]);
    assert_eq!(world.sent("a+b", call, body), refused);
    assert_eq!(
        world.sent("a", call, r#"{"segment":"retail","limit":1}"#),
        refused
    );
    let other = world.sent("a+b", call, r#"{"segment":"x","limit":1,"name":"x"}"#);
    assert_eq!(other.unwrap(), r#"{"name":"x"}"#);
}
