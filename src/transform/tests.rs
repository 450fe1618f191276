//! The engine on small answers: blanks, containers, records and their persons, and every cut of the input.

mod errors;
mod held;
mod judged;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{BodyLimits, Engine, Governed, govern};
use crate::mask::Mask;
use crate::model::Reason;
use crate::path::parse;
use crate::policy::combine::{Treatment, Treatments};
use crate::policy::plan::Plan;
use crate::policy::{
    BodyForm, ClassId, Does, Field, FieldId, Group, GroupId, PersonRule, Place, Resource,
    ResourceId, RouteRule, RuleSet, Unlisted, UnlistedParams, Writing,
};

fn treatment(word: &str) -> Treatment {
    match word {
        "show" => Treatment::Show,
        "blank" => Treatment::Blank,
        "strip" => Treatment::Strip,
        "mask" => Treatment::Mask(Arc::new(Mask::fixed())),
        name => Treatment::Mask(Arc::new(Mask::builtin(name).unwrap())),
    }
}

fn plan(at: &str, fields: &[(&str, &str)], person: Option<&str>) -> Arc<Plan> {
    plan_of(at, fields, person, |_| ())
}

pub(super) fn plan_of(
    at: &str,
    fields: &[(&str, &str)],
    person: Option<&str>,
    change: impl FnOnce(&mut Resource),
) -> Arc<Plan> {
    let catalogue: Vec<Field> = fields
        .iter()
        .map(|(text, word)| Field {
            text: (*text).to_owned(),
            place: Place::default(),
            path: parse(text).unwrap(),
            class: Some(ClassId(0)),
            masks: Vec::new(),
            whole: word.ends_with(" whole"),
            names: None,
            written_by: None,
            write_never: false,
            decides: false,
            zh: None,
        })
        .collect();
    let person = person.map(|person| PersonRule {
        field: FieldId(
            catalogue
                .iter()
                .position(|field| field.text == person)
                .unwrap(),
        ),
        path_param: None,
    });
    let route = RouteRule {
        text: String::from("GET /x"),
        place: Place::default(),
        method: http::Method::GET,
        does: Does::Read,
        body: BodyForm::Json,
        stored: None,
        template: Vec::new(),
        answer: Default::default(),
        send: None,
        at: parse(at).unwrap(),
    };
    let person_check = person.is_some();
    let mut resource = Resource {
        name: String::from("x"),
        place: Place::default(),
        zh: None,
        upstream: None,
        groups: vec![Group {
            name: String::from("x"),
            routes: vec![route],
        }],
        person,
        fields: catalogue,
        envelope: Vec::new(),
        params: Vec::new(),
        unlisted_params: UnlistedParams::Refuse,
        shape_of: None,
        strip_as_blank: false,
        unlisted: Unlisted::Strip,
        drift_show: false,
        any_case: false,
        writing: Writing::default(),
        errors: Vec::new(),
        files: Vec::new(),
    };
    change(&mut resource);
    let treatments = Treatments {
        fields: fields
            .iter()
            .map(|(_, word)| treatment(word.trim_end_matches(" whole")))
            .collect(),
        names_shown: vec![false; fields.len()],
        envelope: vec![Treatment::Show; resource.envelope.len()],
    };
    let rules = RuleSet {
        digest: String::new(),
        classes: Vec::new(),
        resources: vec![resource],
        roles: Vec::new(),
        rows: BTreeMap::new(),
        rights: BTreeMap::new(),
        exceptions: Vec::new(),
        ceilings: Vec::new(),
        contracts: Vec::new(),
        finds: Default::default(),
        conditions: Vec::new(),
        tests: Vec::new(),
    };
    let plan = Plan::new(
        &rules,
        ResourceId(0),
        GroupId(0),
        0,
        treatments,
        person_check,
    );
    Arc::new(plan.unwrap())
}

/// Governs at several chunk sizes, which must not matter.
fn run(plan: &Arc<Plan>, input: &[u8]) -> Governed {
    let limits = BodyLimits {
        record: 100,
        value: 64,
        ..BodyLimits::default()
    };
    let whole = govern(plan, &limits, Some("1001"), None, std::iter::once(input));
    for size in [1, 2, 3, 7] {
        let cut = govern(plan, &limits, Some("1001"), None, input.chunks(size));
        assert_eq!(text(&cut), text(&whole), "in chunks of {size}");
        assert_eq!(cut.end, whole.end, "in chunks of {size}");
        assert_eq!(
            cut.tally.records, whole.tally.records,
            "in chunks of {size}"
        );
    }
    whole
}

fn text(governed: &Governed) -> String {
    String::from_utf8(governed.sent.clone()).unwrap()
}

fn assert_governed(plan: &Arc<Plan>, input: &str, expected: &str) {
    let governed = run(plan, input.as_bytes());
    assert_eq!(governed.end, Ok(()), "{input}");
    assert_eq!(text(&governed), expected, "{input}");
}

#[test]
fn blanks_follow_the_member_before_them() {
    let plan = plan(
        "$",
        &[
            ("a", "show"),
            ("b", "strip"),
            ("c", "show"),
            ("d.e", "show"),
        ],
        None,
    );
    assert_governed(
        &plan,
        "{ \"a\" : 1 , \"b\" : 2\t,\n\"c\":3 }\n",
        "{ \"a\" : 1\t,\n\"c\":3 }\n",
    );
    assert_governed(&plan, "{  \"b\":2, \"c\":3  }", "{  \"c\":3  }");
    assert_governed(&plan, "{ \"b\":2, \"x\":{\"a\":1} }", "{}");
    assert_governed(&plan, " {  } ", " {  } ");
    assert_governed(
        &plan,
        "{\"d\": { \"x\": 1 }, \"a\":2}",
        "{\"d\": {}, \"a\":2}",
    );
    assert_governed(
        &plan,
        "{\"d\": { \"x\": 1, \"e\" :\n2 } }",
        "{\"d\": { \"e\" :\n2 } }",
    );
}

#[test]
fn a_long_run_of_blanks_is_cut_to_256_bytes() {
    let plan = plan("$", &[("a", "show")], None);
    let long = " ".repeat(400);
    let cut = " ".repeat(256);
    assert_governed(
        &plan,
        &format!("{long}{{{long}\"a\"{long}:{long}1{long}}}{long}"),
        &format!("{cut}{{{cut}\"a\"{cut}:{cut}1{cut}}}{cut}"),
    );
}

#[test]
fn escaped_keys_and_every_duplicate_are_judged_by_their_decoded_name() {
    let plan = plan(
        "$",
        &[("ssn", "strip"), ("name", "show"), ("p", "cn-phone")],
        None,
    );
    assert_governed(
        &plan,
        r#"{"\u0073sn":1,"n\u0061me":"x","ssn":[2],"name":null,"p":"13800138000","p":7}"#,
        r#"{"n\u0061me":"x","name":null,"p":"138****8000","p":"***"}"#,
    );
}

#[test]
fn containers_that_lead_to_nothing_go_and_others_stay() {
    let plan = plan(
        "$",
        &[("a[*].x", "strip"), ("b[*].x", "show"), ("t", "mask")],
        None,
    );
    assert_governed(
        &plan,
        r#"{"a":[{"x":1}],"b":[{"y":1},{"x":2},3],"t":["u",["v"],{"w":1}]}"#,
        r#"{"b":[{},{"x":2}],"t":["***"]}"#,
    );
    assert_governed(&plan, r#"{"b":[],"a":[]}"#, r#"{"b":[]}"#);
}

#[test]
fn whole_covers_what_is_below_and_longer_paths_decide_their_own_part() {
    let plan = plan(
        "$",
        &[("a", "show whole"), ("a.s", "strip"), ("m", "mask whole")],
        None,
    );
    assert_governed(
        &plan,
        r#"{"a":{"x":{"y":[1]},"s":2},"m":{"k":1},"m":["v",{"k":2},[3]]}"#,
        r#"{"a":{"x":{"y":[1]}},"m":"***","m":["***","***",["***"]]}"#,
    );
}

#[test]
fn a_net_closes_wherever_it_matches() {
    let plan = plan(
        "$",
        &[("a", "show whole"), ("..ssn", "strip"), ("..tel", "mask")],
        None,
    );
    assert_governed(
        &plan,
        r#"{"a":{"ssn":1,"b":[{"ssn":{"c":1},"tel":{"d":2}}]},"ssn":1,"tel":2}"#,
        r#"{"a":{"b":[{"tel":{"d":"***"}}]}}"#,
    );
}

#[test]
fn only_the_callers_own_records_leave_a_list() {
    let plan = plan("$[*]", &[("id", "show"), ("n", "show")], Some("id"));
    assert_governed(
        &plan,
        r#"[ {"id":"1001","n":1} , {"id":"1002","n":2}, {"n":3},{"id":"1001","id":"1001"}, {"n":5,"id":1001}]"#,
        r#"[ {"id":"1001","n":1}, {"n":5,"id":1001}]"#,
    );
    assert_governed(&plan, r#"[{"id":"1002"}]"#, "[]");
    assert_governed(
        &plan,
        r#"[  {"id":"1002"}, {"id":"1001"}]"#,
        r#"[  {"id":"1001"}]"#,
    );
}

#[test]
fn a_single_record_of_another_person_is_no_record() {
    let plan = plan("$.data", &[("id", "strip"), ("n", "show")], Some("id"));
    assert_governed(
        &plan,
        r#"{"data":{"id":"1001","n":1}}"#,
        r#"{"data":{"n":1}}"#,
    );

    for other in [
        r#"{"data":null}"#,
        r#"{}"#,
        r#"{"data":{"id":"1002","n":1}}"#,
        r#"{"data":{"n":1}}"#,
        r#"{"data":{"n":1,"id":"1001","id":"1001"}}"#,
        r#"{"data":{"id":"1001"},"data":{"id":"1002"}}"#,
        r#"{"data":{"id":{"id":"1001"}}}"#,
    ] {
        let governed = run(&plan, other.as_bytes());
        assert_eq!(governed.end, Err(Reason::NoSuchRecord), "{other}");
        assert_eq!(text(&governed), "", "{other}");
    }
}

#[test]
fn a_record_beyond_the_limit_leaves_only_if_its_person_came_first() {
    let plan = plan("$[*]", &[("id", "show"), ("n", "show")], Some("id"));
    let long = "x".repeat(200);
    assert_governed(
        &plan,
        &format!(r#"[{{"n":"{long}","id":"1001"}},{{"id":"1001","n":"{long}"}}]"#),
        &format!(r#"[{{"id":"1001","n":"{long}"}}]"#),
    );
    let twice = format!(r#"[{{"id":"1001","n":"{long}","id":"1001"}}]"#);
    assert_eq!(
        run(&plan, twice.as_bytes()).end,
        Err(Reason::UnexpectedShape)
    );
}

#[test]
fn the_roots_last_byte_waits_for_the_end() {
    let plan = plan("$", &[("a", "show"), ("$", "show")], None);
    for (input, before) in [
        ("{\"a\":1}  ", "{\"a\":1"),
        ("\"abc\"", "\"abc"),
        ("12 ", ""),
        ("true", ""),
    ] {
        let mut engine = Engine::new(Arc::clone(&plan), BodyLimits::default(), None, None);
        engine.feed(input.as_bytes()).unwrap();
        assert_eq!(engine.take_output(), before.as_bytes());
        engine.finish().unwrap();
        assert_eq!(
            engine.take_output(),
            input.as_bytes().split_at(before.len()).1
        );
    }
}

#[test]
fn a_shape_that_was_not_declared_is_refused() {
    let list = plan("$.items[*]", &[("id", "show")], None);
    for (input, end) in [
        (r#"{"items":[{"id":1}]}"#, Ok(())),
        (r#"{"items":null}"#, Ok(())),
        (r#"{"items":[]}"#, Ok(())),
        (r#"{}"#, Ok(())),
        (r#"{"items":{"id":1}}"#, Err(Reason::UnexpectedShape)),
        (r#"{"items":{}}"#, Err(Reason::UnexpectedShape)),
        (r#"{"items":[[{"id":1}]]}"#, Err(Reason::UnexpectedShape)),
        (r#"[]"#, Ok(())),
        (r#"[{"items":[]}]"#, Err(Reason::UnexpectedShape)),
        (r#""items""#, Err(Reason::UnexpectedShape)),
        (r#"{"items":[1,"x"]}"#, Ok(())),
        (r#"{"items":[{"id":1}]} x"#, Err(Reason::UnreadableBody)),
    ] {
        assert_eq!(run(&list, input.as_bytes()).end, end, "{input}");
    }
}

#[test]
fn after_a_fault_only_whole_frames_have_left() {
    let plan = plan("$", &[("a[*]", "show")], None);
    let body = format!("{{\"a\":[{}x", "1234567,".repeat(10_000));
    let governed = run(&plan, body.as_bytes());
    assert_eq!(governed.end, Err(Reason::UnreadableBody));
    assert_eq!(
        governed.sent.len(),
        (body.len() - 2) / (16 << 10) * (16 << 10)
    );
    let short = run(&plan, b"{\"a\":[1,2,x");
    assert_eq!(
        (short.end, short.sent.len()),
        (Err(Reason::UnreadableBody), 0)
    );
}

#[test]
fn a_value_that_must_be_held_has_a_limit_and_others_have_none() {
    let plan = plan("$", &[("m", "last4"), ("s", "show"), ("f", "mask")], None);
    let long = "x".repeat(500);
    assert_governed(&plan, &format!(r#"{{"f":"{long}"}}"#), r#"{"f":"***"}"#);
    assert_governed(
        &plan,
        &format!(r#"{{"s":"{long}"}}"#),
        &format!(r#"{{"s":"{long}"}}"#),
    );
    assert_eq!(
        run(&plan, format!(r#"{{"m":"{long}"}}"#).as_bytes()).end,
        Err(Reason::LimitValue)
    );
}
