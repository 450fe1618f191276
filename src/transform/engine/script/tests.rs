//! Lists whose objects follow a script, against the same lists in pieces, of which none can be followed.

use std::sync::Arc;

use super::{FIRST, FIRST_WITHIN};
use crate::policy::plan::Plan;
use crate::policy::{FieldId, PersonRule};
use crate::transform::tests::plan_of;
use crate::transform::{BodyLimits, Engine};

const FIELDS: [(&str, &str); 8] = [
    ("id", "show"),
    ("phone", "cn-phone"),
    ("secret", "strip"),
    ("note", "show"),
    ("tags", "show whole"),
    ("cards[*].no", "bank-card"),
    ("cards[*].day", "show"),
    ("past", "strip whole"),
];

/// Of a record that is held.
const LIMIT: usize = USUAL.len() + 20;

/// Records of the caller's person leave.
fn plan_of_own() -> Arc<Plan> {
    plan_of("$.items[*]", &FIELDS, Some("id"), |_| ())
}

/// Each record's person is noted, nobody's are asked for.
fn plan() -> Arc<Plan> {
    plan_of("$.items[*]", &FIELDS, None, |resource| {
        resource.person = Some(PersonRule {
            field: FieldId(0),
            path_param: None,
        });
    })
}

/// All that is told of an answer.
fn told(plan: &Arc<Plan>, body: &str, size: usize) -> String {
    let limits = BodyLimits {
        value: 40,
        depth: 8,
        record: LIMIT,
        ..BodyLimits::default()
    };
    let mut engine = Engine::new(Arc::clone(plan), limits, Some(String::from("1001")), None);
    let mut chunks = body.as_bytes().chunks(size);
    let read = chunks.try_for_each(|chunk| engine.feed(chunk));
    let end = read.and_then(|()| engine.finish());
    let records: Vec<String> = engine
        .records()
        .until(u64::MAX)
        .map(|record| {
            let outcomes: Vec<_> = record.outcomes.iter().collect();
            format!("{} {:?} {outcomes:?}", record.end, record.person)
        })
        .collect();
    let sent = String::from_utf8_lossy(engine.output()).into_owned();
    format!("{end:?}\n{sent}\n{:?}\n{records:#?}", engine.tally())
}

fn assert_alike(records: &[&str], separator: &str) {
    for plan in [plan(), plan_of_own()] {
        assert_alike_under(&plan, records, separator);
    }
}

fn assert_alike_under(plan: &Arc<Plan>, records: &[&str], separator: &str) {
    let body = format!("{{\"items\":[ {}]}}", records.join(separator));
    let whole = told(plan, &body, body.len());
    for size in [1, 2, 7, 100, 333] {
        assert_eq!(told(plan, &body, size), whole, "{body} in {size}");
    }
}

const USUAL: &str = r#"{"id":"1001","phone":"13800138000","secret":"s","note":"n","tags":["a",{"b":1}],"cards":[{"no":"6222020200112233445","day":1,"x":2}],"past":{"a":[1,2]}}"#;

/// The usual record until it is learnt, then one that is not, then usual ones again.
fn assert_alike_with(odd: &str) {
    let mut records = vec![USUAL; FIRST as usize + 1];
    records.extend([odd, USUAL, USUAL, odd, odd, USUAL, odd, USUAL, USUAL]);
    for separator in [",", " ,\n  "] {
        assert_alike(&records, separator);
    }
}

#[test]
fn records_that_are_alike_leave_as_they_would_alone() {
    assert_alike_with(USUAL);
    assert_alike_with(&USUAL.replace("1001", "1002"));
}

#[test]
fn each_record_names_the_person_it_holds() {
    for id in [
        r#""1\u0030""#,
        "1003",
        "null",
        "true",
        r#"{"a":1}"#,
        "[]",
        r#""1","id":"2""#,
        r#""1","id":"1""#,
        r#""1","id":[]"#,
    ] {
        assert_alike_with(&USUAL.replace("\"1001\"", id));
    }
}

#[test]
fn a_value_of_another_type_or_form_is_treated_as_its_field_is() {
    for value in [
        "null",
        "false",
        "-1.5e3",
        "{}",
        r#"{"no":"1"}"#,
        r#"[1,"2"]"#,
        r#""a\"b""#,
        r#""""#,
        r#""张三""#,
    ] {
        for place in ["\"13800138000\"", "\"s\"", "\"n\"", "\"a\"", "1,", "2]"] {
            let tail = place.trim_start_matches(|letter| letter != ',' && letter != ']');
            assert_alike_with(&USUAL.replace(place, &format!("{value}{tail}")));
        }
    }
}

#[test]
fn members_may_be_missing_moved_repeated_or_new() {
    for (from, to) in [
        (r#""note":"n","#, ""),
        (r#""id":"1001","#, ""),
        (r#","past":{"a":[1,2]}"#, ""),
        (r#""note":"n""#, r#""note":"n","note":"m""#),
        (r#""note":"n""#, r#""new":{"a":[]},"note":"n""#),
        (r#""note":"n""#, r#""n\u006fte":"n""#),
        (r#""note":"n""#, r#""NOTE":"n""#),
        (r#"{"id""#, r#"{"secret":"t","id""#),
    ] {
        assert_alike_with(&USUAL.replace(from, to));
    }
}

#[test]
fn arrays_may_be_of_any_length() {
    let card = r#"{"no":"6222020200112233445","day":1,"x":2}"#;
    for cards in [
        "",
        "null",
        "1,2",
        &[card; 2].join(","),
        &[card; 5].join(" , "),
    ] {
        assert_alike_with(&USUAL.replace(card, cards));
    }
}

#[test]
fn objects_within_records_that_cannot_be_learnt_leave_as_they_would_alone() {
    let card = r#"{"no":"6222020200112233445","day":1,"x":2}"#;
    let unread = USUAL.replace("note", r"n\u006fte");
    for odd in ["{}", "1", r#"{"no":1,"day":null,"x":{}}"#, r#"{"day":1}"#] {
        let mut cards = vec![card; FIRST_WITHIN as usize + 1];
        cards.extend([odd, card, odd, odd, card]);
        assert_alike_with(&unread.replace(card, &cards.join(", ")));
        assert_alike(&[unread.replace(card, &cards.join(",")).as_str(); 4], ",");
    }
}

#[test]
fn blanks_leave_with_what_they_leave_with_otherwise() {
    let spread = USUAL
        .replace(':', " : ")
        .replace(',', "\n,\t")
        .replace('{', "{ ")
        .replace('}', "  }");
    assert_alike_with(&spread);
    let first_goes = r#"{ "secret" : 1 , "past":{} ,"note" : 2 }"#;
    assert_alike(&[first_goes; 9], ", ");
    let all_go = r#"{ "secret" : 1 , "past":{} }"#;
    assert_alike(&[all_go; 9], ", ");
    let long = format!("{{\"note\":{}1}}", " ".repeat(300));
    assert_alike(&[long.as_str(); 9], ",");
}

#[test]
fn what_is_beyond_a_limit_or_not_json_is_refused_where_it_would_be() {
    for value in [
        format!("\"{}\"", "x".repeat(41)),
        format!("\"{}\"", "x".repeat(38)),
        String::from(r#"[[[[[[[[1]]]]]]]]"#),
        String::from("01"),
        String::from("1.e"),
        String::from("tru"),
        String::from(r#""\ud800""#),
        String::from("\"\u{1}\""),
        String::from("1,"),
        String::from("1}"),
    ] {
        for place in ["\"13800138000\"", "\"s\"", "\"n\"", "\"a\""] {
            assert_alike_with(&USUAL.replace(place, &value));
        }
    }
}

#[test]
fn of_records_that_must_be_the_callers_only_those_leave() {
    let other = USUAL.replace("1001", "1002");
    assert_alike(&[other.as_str(); 12], " , ");
    assert_alike_with(&other);
    let [other, usual] = [other.as_str(), USUAL];
    let learnt = [other; FIRST as usize + 1];
    assert_alike(
        &[&learnt[..], &[usual, other, usual, usual]].concat(),
        " , ",
    );
    // As long as the limit allows, and longer.
    for more in [LIMIT - USUAL.len(), LIMIT - USUAL.len() + 1] {
        let tags = format!("\"{}\"", "a".repeat(more + 1));
        assert_alike_with(&USUAL.replace("\"a\"", &tags));
        assert_alike_with(&other.replace("\"a\"", &tags));
    }
}

#[test]
fn a_record_of_more_outcomes_than_are_told_apart_leaves_no_trace() {
    let names: Vec<String> = (0..140).map(|place| format!("f{place}")).collect();
    let fields: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "show")).collect();
    let of = |names: &[String]| {
        let members: Vec<String> = names.iter().map(|name| format!("\"{name}\":1")).collect();
        format!("{{{}}}", members.join(","))
    };
    let (one, other, many) = (of(&names[..1]), of(&names[1..2]), of(&names));
    let (ones, others) = ([one.as_str(); 20], [other.as_str(); 20]);
    let mixed = [many.as_str(), &one, &other, &one, &many, &other];
    let records = [&ones[..], &others, &mixed].concat();
    let plan = plan_of("$.items[*]", &fields, None, |_| ());
    assert_alike_under(&plan, &records, ",");
}
