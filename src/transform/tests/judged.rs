//! Records that are held because what they hold decides how they are treated.

use std::sync::Arc;

use super::super::{BodyLimits, Commit, Engine};
use super::{plan, plan_of};
use crate::model::{Openness, Reason};
use crate::policy::plan::judge::{Judge, Judged};
use crate::policy::plan::{Plan, Withheld};
use crate::policy::{FieldId, PersonRule};

const LIMITS: BodyLimits = BodyLimits {
    depth: 128,
    key: 64,
    value: 128,
    record: 100,
};

/// Records whose `k` is 1 leave under `open`, those whose `k` is 2 under `closed`, all others not at all.
fn gate(open: &Arc<Plan>, closed: &Arc<Plan>) -> Arc<Judge> {
    let cases = vec![
        (String::from("1"), Judged::Under(Arc::clone(open))),
        (String::from("2"), Judged::Under(Arc::clone(closed))),
    ];
    Arc::new(Judge::by_member("k", cases, Judged::Gone))
}

/// Records whose `k` is 1 leave under `open`, all others under `closed`.
fn choice(open: &Arc<Plan>, closed: &Arc<Plan>) -> Arc<Judge> {
    let cases = vec![(String::from("1"), Judged::Under(Arc::clone(open)))];
    Arc::new(Judge::by_member(
        "k",
        cases,
        Judged::Under(Arc::clone(closed)),
    ))
}

/// What became of an answer: all output up to its end or fault.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    out: String,
    end: Result<(), Reason>,
    persons: Vec<Option<String>>,
    unlisted: u64,
    shown: [u64; 2],
}

struct Case<'a> {
    base: &'a Arc<Plan>,
    judge: &'a Arc<Judge>,
    limits: BodyLimits,
}

impl Case<'_> {
    fn engine(&self) -> Engine {
        Engine::new(
            Arc::clone(self.base),
            self.limits,
            Some(String::from("1001")),
            Some(Arc::clone(self.judge)),
        )
    }

    fn read<'c>(&self, chunks: impl Iterator<Item = &'c [u8]>) -> Seen {
        let mut engine = self.engine();
        let mut out = Vec::new();
        let mut end = Ok(());
        for chunk in chunks {
            end = engine.feed(chunk);
            out.extend_from_slice(&engine.take_output());
            if end.is_err() {
                break;
            }
        }
        if end.is_ok() {
            end = engine.finish();
            if end.is_ok() {
                out.extend_from_slice(&engine.take_output());
            }
        }
        let records = engine.records().until(u64::MAX);
        let shown = |field| {
            let mut counts = engine.tally().of(FieldId(field));
            counts.find_map(|(outcome, count)| (outcome == Openness::Show).then_some(count))
        };
        let persons: Vec<_> = records.map(|one| one.person.map(str::to_owned)).collect();
        assert_eq!(engine.tally().records, persons.len() as u64);
        Seen {
            out: String::from_utf8(out).unwrap(),
            end,
            persons,
            unlisted: engine.tally().unlisted,
            shown: [0, 1].map(|field| shown(field).unwrap_or(0)),
        }
    }

    /// What is seen of an answer, which must be the same wherever it is cut.
    fn run(&self, input: &str) -> Seen {
        let input = input.as_bytes();
        let whole = self.read(std::iter::once(input));
        for size in [1, 2, 3, 7] {
            let cut = self.read(input.chunks(size));
            assert_eq!(cut, whole, "in chunks of {size}");
        }
        for at in 0..input.len() {
            let (before, after) = input.split_at(at);
            let cut = self.read([before, after].into_iter());
            assert_eq!(cut, whole, "cut at {at}");
        }
        whole
    }
}

fn run(base: &Arc<Plan>, judge: &Arc<Judge>, input: &str) -> Seen {
    let limits = LIMITS;
    Case {
        base,
        judge,
        limits,
    }
    .run(input)
}

#[track_caller]
fn assert_seen(base: &Arc<Plan>, judge: &Arc<Judge>, input: &str, expected: &str) {
    let seen = run(base, judge, input);
    assert_eq!(seen.end, Ok(()), "{input}");
    assert_eq!(seen.out, expected, "{input}");
}

fn open(at: &str) -> Arc<Plan> {
    plan(
        at,
        &[("k", "show"), ("n", "show"), ("d.x[*]", "show")],
        None,
    )
}

fn closed(at: &str) -> Arc<Plan> {
    plan(
        at,
        &[("k", "strip"), ("n", "mask"), ("d.x[*]", "strip")],
        None,
    )
}

#[test]
fn a_gone_record_goes_with_its_comma_and_the_blanks_that_belong_to_it() {
    let (open, closed) = (open("$.items[*]"), closed("$.items[*]"));
    let judge = gate(&open, &closed);
    let seen = |input, expected| assert_seen(&open, &judge, input, expected);
    seen(
        r#"{ "items" : [ {"k":1,"n":2} , {"k":0,"n":3}	,
{"n":4,"k":1} ] }"#,
        r#"{ "items" : [ {"k":1,"n":2}	,
{"n":4,"k":1} ] }"#,
    );
    seen(
        r#"{"items":[  {"k":0,"n":1} , {"k":1,"n":2}  ]}"#,
        r#"{"items":[  {"k":1,"n":2}  ]}"#,
    );
    seen(
        r#"{"items":[{"k":1,"n":1} , {"k":0,"n":2}  ]}"#,
        r#"{"items":[{"k":1,"n":1}  ]}"#,
    );
    seen(r#"{"items":[ {"k":0}, {"n":2} ]}"#, r#"{"items":[]}"#);
    seen(r#"{"items":[ ]}"#, r#"{"items":[ ]}"#);
    seen(r#"{"items":[1,"x",null,[],{}]}"#, r#"{"items":[]}"#);
}

/// A plan whose records name their person as `id`, and a judge that withholds 7's.
fn withholding(at: &str) -> (Arc<Plan>, Arc<Judge>) {
    let person = PersonRule {
        field: FieldId(0),
        path_param: None,
    };
    let plan = plan_of(at, &[("id", "show"), ("n", "show")], None, |resource| {
        resource.person = Some(person);
    });
    let seven = Withheld::new(|person| person == "7");
    let judge = Judge::withholding(None, &plan, seven);
    (plan, Arc::new(judge))
}

#[test]
fn records_of_a_withheld_person_go_and_so_do_those_that_do_not_say_whose_they_are() {
    let (plan, judge) = withholding("$.items[*]");
    let seen = |input, expected| assert_seen(&plan, &judge, input, expected);
    seen(
        r#"{"items":[{"id":"6","n":1} , {"n":2,"id":"7"}, {"id":7}, {"id":"\u0037"}, {"id":"70","n":3}]}"#,
        r#"{"items":[{"id":"6","n":1}, {"id":"70","n":3}]}"#,
    );
    seen(
        r#"{"items":[{"n":1},{"id":null},{"id":["6"]},{"id":"6","id":"6"},{"id":true},null,[],"6"]}"#,
        r#"{"items":[]}"#,
    );
    let long = "x".repeat(90);
    let larger = format!(r#"{{"items":[{{"id":"6","n":"{long}"}},{{"id":"6"}}]}}"#);
    seen(&larger, r#"{"items":[{"id":"6"}]}"#);
}

#[test]
fn a_single_record_that_is_withheld_is_as_one_that_does_not_exist() {
    let (plan, judge) = withholding("$.data");
    assert_seen(
        &plan,
        &judge,
        r#"{"data":{"id":"6"}}"#,
        r#"{"data":{"id":"6"}}"#,
    );
    for input in [
        r#"{"data":{"id":"7","n":1}}"#,
        r#"{"data":{"n":1}}"#,
        r#"{"data":null}"#,
        r#"{}"#,
    ] {
        let seen = run(&plan, &judge, input);
        assert_eq!(
            (seen.end, seen.out.as_str()),
            (Err(Reason::NoSuchRecord), ""),
            "{input}"
        );
    }
}

#[test]
fn who_is_withheld_is_asked_before_what_the_record_decides() {
    let (plan, judge) = withholding("$[*]");
    let other = open("$[*]");
    let by_k = Judge::by_member("k", vec![], Judged::Under(other));
    let seven = Withheld::new(|person| person == "7");
    let both = Arc::new(Judge::withholding(Some(&by_k), &plan, seven));
    let input = r#"[{"id":"7","k":1},{"id":"6","k":1}]"#;
    assert_seen(&plan, &both, input, r#"[{"k":1}]"#);
    assert_seen(&plan, &judge, input, r#"[{"id":"6"}]"#);
}

#[test]
fn each_record_is_read_under_the_plan_it_is_judged_to() {
    let (open, closed) = (open("$.items[*]"), closed("$.items[*]"));
    let judge = gate(&open, &closed);
    assert_seen(
        &open,
        &judge,
        r#"{"items":[{"n":"a","k":1},{"n":"b","d":{"x":[1]},"k":2},{"d":{"x":[1,2]},"k":1},{"k":2,"n":""}],"z":1}"#,
        r#"{"items":[{"n":"a","k":1},{"n":"***"},{"d":{"x":[1,2]},"k":1},{"n":"***"}]}"#,
    );
}

#[test]
fn what_is_gone_is_neither_counted_nor_recorded_as_departed() {
    let at = "$[*]";
    let (open, closed) = (open(at), closed(at));
    let seen = run(
        &open,
        &gate(&open, &closed),
        r#"[{"k":1,"n":1,"q":0},{"k":0,"n":2,"q":0,"r":0},{"k":2,"n":3,"q":0},{"n":1,"k":1}]"#,
    );
    assert_eq!(seen.persons.len(), 3);
    assert_eq!(seen.unlisted, 2);
    assert_eq!(seen.shown, [2, 2]);
}

#[test]
fn a_record_up_to_the_limit_is_judged_by_all_of_it_and_a_larger_one_by_nothing() {
    let at = "$[*]";
    let (open, closed) = (open(at), closed(at));
    let of_length = |length: usize| {
        let long = "x".repeat(length - r#"{"n":"","k":1}"#.len());
        format!(r#"{{"n":"{long}","k":1}}"#)
    };
    let (fits, larger) = (of_length(100), of_length(101));
    let after = r#"{"k":1,"n":2}"#;
    assert_seen(
        &open,
        &choice(&open, &closed),
        &format!("[{fits},{larger} ,{after}]"),
        &format!(r#"[{fits},{{"n":"***"}} ,{after}]"#),
    );
    assert_seen(
        &open,
        &gate(&open, &closed),
        &format!("[{larger} ,{fits},{larger} , {after} ]"),
        &format!("[{fits} , {after} ]"),
    );
}

#[test]
fn a_large_record_is_read_under_its_own_plan_to_its_end_and_no_further() {
    let at = "$[*]";
    let open = plan(
        at,
        &[
            ("k", "show"),
            ("$", "mask"),
            ("a.b", "show whole"),
            ("v", "show"),
        ],
        None,
    );
    let closed = plan(
        at,
        &[
            ("k", "strip"),
            ("$", "show"),
            ("a.b", "strip"),
            ("v", "show"),
        ],
        None,
    );
    let judge = choice(&open, &closed);
    let long = "1,".repeat(80);
    // The scalar, an object that is entered, one that is skipped, and what follows each.
    assert_seen(
        &open,
        &judge,
        &format!(
            r#"["{long}",{{"a":{{"b":[{long}2]}},"k":1}},{{"k":[{long}3]}},{{"a":{{"b":[5]}},"k":1}}, 4]"#
        ),
        &format!(r#"["{long}",{{}},{{}},{{"a":{{"b":[5]}},"k":1}}, 4]"#),
    );
    let whole = plan(at, &[("$", "show whole")], None);
    let judge = Arc::new(Judge::by_member("k", Vec::new(), Judged::Under(whole)));
    assert_seen(
        &open,
        &judge,
        &format!(r#"[ {{"k":[{long}2]}} ,[] , {{"q":7}}]"#),
        &format!(r#"[ {{"k":[{long}2]}} ,[] , {{"q":7}}]"#),
    );
}

#[test]
fn an_element_that_is_held_where_its_record_outgrows_the_limit_is_read_once() {
    let at = "$[*]";
    let filtered = plan(at, &[("k", "strip"), ("l[?@.q==1].v", "show")], None);
    let judge = choice(&open(at), &filtered);
    let (x, y) = ("x".repeat(70), "y".repeat(40));
    assert_seen(
        &filtered,
        &judge,
        &format!(
            r#"[{{"k":2}}, {{"p":"{x}","l":[{{"v":7,"w":"{y}","q":1}},{{"v":8,"q":2}}]}},{{"k":1}}]"#
        ),
        r#"[{}, {"l":[{"v":7}]},{"k":1}]"#,
    );
}

#[test]
fn scalars_may_be_records_too() {
    let (open, closed) = (
        plan("$[*]", &[("$", "show")], None),
        plan("$[*]", &[("$", "mask")], None),
    );
    let input = r#"[ 12 ,"a\u0062", true,null,-1.5e3]"#;
    assert_seen(&open, &choice(&open, &open), input, input);
    assert_seen(
        &open,
        &choice(&open, &closed),
        input,
        r#"[ "***" ,"***", "***","***","***"]"#,
    );
    let root = plan("$", &[("$", "show")], None);
    let masked = plan("$", &[("$", "mask")], None);
    for input in ["12", " 1 ", "\"x\"", "false\n"] {
        assert_seen(&root, &choice(&root, &root), input, input);
        let stars = input.replace(input.trim(), "\"***\"");
        assert_seen(&root, &choice(&root, &masked), input, &stars);
    }
}

#[test]
fn a_gated_single_record_lets_nothing_out_before_it_is_known() {
    let (open, closed) = (open("$.data"), closed("$.data"));
    let judge = gate(&open, &closed);
    let case = Case {
        base: &open,
        judge: &judge,
        limits: LIMITS,
    };
    let mut engine = case.engine();
    engine.feed(br#" {"data": {"n":1,"k":1"#).unwrap();
    assert_eq!(engine.take_output(), b""[..]);
    engine.feed(b"}").unwrap();
    assert_eq!(engine.take_output(), br#" {"data": {"n":1,"k":1}"#[..]);
}

#[test]
fn a_gated_single_record_that_is_gone_is_as_one_that_does_not_exist() {
    let (open, closed) = (open("$.data"), closed("$.data"));
    let judge = gate(&open, &closed);
    let long = "x".repeat(200);
    let larger = format!(r#"{{"data":{{"n":"{long}","k":1}}}}"#);
    for input in [
        r#"{}"#,
        r#"{"data":null}"#,
        r#"{"data":[]}"#,
        r#"{"data":"k"}"#,
        r#"{"data":{}}"#,
        r#"{"data":{"n":1,"k":0}}"#,
        r#"{"data":{"n":1,"k":1,"k":1}}"#,
        larger.as_str(),
    ] {
        let seen = run(&open, &judge, input);
        assert_eq!(seen.end, Err(Reason::NoSuchRecord), "{input}");
        assert_eq!(seen.out, "", "{input}");
        assert!(seen.persons.is_empty(), "{input}");
    }
    assert_seen(
        &open,
        &judge,
        r#"{"data":{"n":1,"k":2}}"#,
        r#"{"data":{"n":"***"}}"#,
    );
}

#[test]
fn what_precedes_a_gated_single_record_waits_up_to_the_limit() {
    let (open, closed) = (open("$.data"), closed("$.data"));
    let judge = gate(&open, &closed);
    let blanks = |count| format!(r#"{}{{"data":{{"k":1}}}}"#, " ".repeat(count));
    assert_eq!(run(&open, &judge, &blanks(90)).end, Ok(()));
    let seen = run(&open, &judge, &blanks(120));
    assert_eq!(
        (seen.end, seen.out),
        (Err(Reason::NoSuchRecord), String::new())
    );
}

#[test]
fn a_single_record_that_is_only_chosen_for_does_not_hold_back_what_precedes_it() {
    let (open, closed) = (open("$.data"), closed("$.data"));
    let judge = choice(&open, &closed);
    assert_seen(&open, &judge, "{}", "{}");
    assert_seen(&open, &judge, r#"{"data":null}"#, r#"{"data":null}"#);
    let case = Case {
        base: &open,
        judge: &judge,
        limits: LIMITS,
    };
    let mut engine = case.engine();
    engine.feed(br#" {"#).unwrap();
    assert_eq!(engine.take_output(), b" {"[..]);
}

#[test]
fn a_fault_in_a_held_record_lets_out_what_came_before_it() {
    let (open, closed) = (open("$[*]"), closed("$[*]"));
    let judge = choice(&open, &closed);
    for (fault, reason) in [
        ("x", Reason::UnreadableBody),
        (r#""\x""#, Reason::UnreadableBody),
        (&"[".repeat(130), Reason::LimitDepth),
        (&format!(r#"{{"{}":1}}"#, "n".repeat(65)), Reason::LimitKey),
    ] {
        let limits = BodyLimits {
            record: 1000,
            ..LIMITS
        };
        let case = Case {
            base: &open,
            judge: &judge,
            limits,
        };
        let seen = case.run(&format!(r#"[{{"k":1,"n":5}} , {{"k":1,"n":{fault}"#));
        assert_eq!(seen.end, Err(reason), "{fault}");
        assert_eq!(seen.out, r#"[{"k":1,"n":5}"#, "{fault}");
    }
    let long = "x".repeat(100);
    let seen = run(&open, &judge, &format!(r#"[ {{"n":"{long}",x"#));
    assert_eq!(seen.end, Err(Reason::UnreadableBody));
    assert_eq!(seen.out, r#"[ {"n":"***""#);
}

#[test]
fn an_answer_that_ends_in_a_held_record_is_refused() {
    let (open, closed) = (open("$[*]"), closed("$[*]"));
    let seen = run(&open, &choice(&open, &closed), r#"[{"k":1},{"k":1,"#);
    assert_eq!(seen.end, Err(Reason::UnreadableBody));
    assert_eq!(seen.out, r#"[{"k":1}"#);
}

#[test]
fn records_must_be_of_the_callers_person_whatever_they_are_judged_to() {
    let of_person = |word, at| {
        plan(
            at,
            &[("k", "show"), ("n", word), ("id", "show")],
            Some("id"),
        )
    };
    let (open, closed) = (of_person("show", "$[*]"), of_person("mask", "$[*]"));
    let judge = gate(&open, &closed);
    let seen = run(
        &open,
        &judge,
        r#"[ {"id":"1001","k":0}, {"id":"1002","k":1}, {"id":"1001","k":2,"n":4} , {"k":1,"n":5,"id":"1001"},{"k":1}]"#,
    );
    assert_eq!(
        seen.out,
        r#"[ {"id":"1001","k":2,"n":"***"} , {"k":1,"n":5,"id":"1001"}]"#
    );
    assert_eq!(seen.persons, vec![Some(String::from("1001")); 2]);

    let long = "x".repeat(120);
    let judge = choice(&open, &closed);
    assert_seen(
        &open,
        &judge,
        &format!(
            r#"[{{"id":"1001","k":1,"n":"{long}"}} ,{{"k":1,"n":"{long}","id":"1001"}},{{"id":"1001"}}]"#
        ),
        r#"[{"id":"1001","k":1,"n":"***"},{"id":"1001"}]"#,
    );

    let (open, closed) = (of_person("show", "$.data"), of_person("mask", "$.data"));
    let judge = gate(&open, &closed);
    for (input, end) in [
        (r#"{"data":{"id":"1001","k":1}}"#, Ok(())),
        (r#"{"data":{"id":"1002","k":1}}"#, Err(Reason::NoSuchRecord)),
        (r#"{"data":{"id":"1001","k":0}}"#, Err(Reason::NoSuchRecord)),
        (r#"{"data":{"k":1}}"#, Err(Reason::NoSuchRecord)),
    ] {
        let seen = run(&open, &judge, input);
        assert_eq!(seen.end, end, "{input}");
        assert_eq!(seen.out, if end.is_ok() { input } else { "" });
    }
}

#[test]
fn a_record_that_shows_nothing_once_it_is_known_goes() {
    let open = plan("$.items[*]", &[("n", "show"), ("k", "show")], None);
    let hidden = plan("$.items[*]", &[("n", "strip"), ("k", "strip")], None);
    assert_seen(
        &open,
        &choice(&open, &hidden),
        r#"{"items":[ {"n":1},{"k":1} , {"n":1} ]}"#,
        r#"{"items":[ {"k":1} ]}"#,
    );
}

#[test]
fn many_plans_in_one_answer_are_all_told_apart() {
    let open = open("$[*]");
    let cases: Vec<(String, Judged)> = (0..100)
        .map(|index| {
            let word = if index % 2 == 0 { "show" } else { "mask" };
            let plan = plan("$[*]", &[("k", word), ("n", "blank")], None);
            (index.to_string(), Judged::Under(plan))
        })
        .collect();
    let judge = Arc::new(Judge::by_member("k", cases, Judged::Gone));
    let case = Case {
        base: &open,
        judge: &judge,
        limits: LIMITS,
    };
    let all = (0..200).map(|index| format!(r#"{{"n":1,"k":{}}}"#, index % 100));
    let input = format!("[{}]", all.collect::<Vec<_>>().join(","));
    let seen = case.read(std::iter::once(input.as_bytes()));
    let all = (0..200).map(|index| match index % 2 {
        0 => format!(r#"{{"n":null,"k":{}}}"#, index % 100),
        _ => String::from(r#"{"n":null,"k":"***"}"#),
    });
    let expected = format!("[{}]", all.collect::<Vec<_>>().join(","));
    assert_eq!(seen.out, expected);
}

#[test]
fn frames_do_not_depend_on_the_cut_where_records_are_held() {
    let (open, closed) = (open("$[*]"), closed("$[*]"));
    let judge = choice(&open, &closed);
    let case = Case {
        base: &open,
        judge: &judge,
        limits: LIMITS,
    };
    let body = format!("[{}x", r#"{"n":"abc","k":1},"#.repeat(5000));
    let frames = |size: usize| {
        let mut engine = case.engine();
        let mut commit = Commit::default();
        let mut frames = Vec::new();
        for chunk in body.as_bytes().chunks(size) {
            let read = engine.feed(chunk);
            commit.push(engine.output());
            engine.forget_output();
            frames.extend(std::iter::from_fn(|| commit.frame()));
            if read.is_err() {
                break;
            }
        }
        frames
    };
    let whole = frames(body.len());
    assert!(!whole.is_empty());
    assert_eq!(frames(1000), whole);
    assert_eq!(frames(17), whole);
}
