//! Paths that need an element or an array held: filters, and what is counted from the end.

use std::sync::Arc;

use super::super::{BodyLimits, govern};
use super::{Plan, Reason, Resource, Unlisted, plan, plan_of};

const LIMITS: BodyLimits = BodyLimits {
    depth: 128,
    key: 64,
    value: 128,
    record: 80,
};

/// What leaves of an answer, wherever it is cut.
fn run(plan: &Arc<Plan>, input: &str) -> (String, Result<(), Reason>) {
    let seen = |chunks: &mut dyn Iterator<Item = &[u8]>| {
        let governed = govern(plan, &LIMITS, Some("1001"), None, chunks);
        (String::from_utf8(governed.sent).unwrap(), governed.end)
    };
    let input = input.as_bytes();
    let whole = seen(&mut std::iter::once(input));
    for size in [1, 2, 3, 7] {
        assert_eq!(seen(&mut input.chunks(size)), whole, "in chunks of {size}");
    }
    for at in 0..input.len() {
        let (before, after) = input.split_at(at);
        let cut = seen(&mut [before, after].into_iter());
        assert_eq!(cut, whole, "cut at {at}");
    }
    whole
}

#[track_caller]
fn assert_leaves(plan: &Arc<Plan>, input: &str, expected: &str) {
    let (out, end) = run(plan, input);
    assert_eq!((out.as_str(), end), (expected, Ok(())), "{input}");
}

fn show_unlisted(resource: &mut Resource) {
    resource.unlisted = Unlisted::Show {
        reason: String::from("a test"),
    };
}

#[test]
fn a_filter_selects_by_what_stands_anywhere_in_the_element() {
    let plan = plan("$", &[("contacts[?@.kind=='mobile'].value", "show")], None);
    assert_leaves(
        &plan,
        r#"{"contacts":[ {"kind":"mobile","value":1} , {"value":2,"kind":"fax"}, {"value":3 ,"kind":"mobile"},{"kind":["mobile"],"value":4},5]}"#,
        r#"{"contacts":[ {"value":1}, {"value":3}]}"#,
    );
    assert_leaves(&plan, r#"{"contacts":[ ]}"#, r#"{"contacts":[ ]}"#);
    assert_leaves(&plan, r#"{"contacts":[{}, 1]}"#, r#"{"contacts":[]}"#);
}

#[test]
fn a_filter_opens_only_on_what_is_present() {
    let fields = [
        ("l[*].v", "mask"),
        ("l[?@.k==1].v", "show"),
        ("m[*].v", "mask"),
        ("m[?@.k!=1].v", "show"),
        ("n[*].v", "mask"),
        ("n[?!@.k].v", "show"),
        ("o[*].v", "show"),
        ("o[?@.k!=1].v", "mask"),
    ];
    let plan = plan("$", &fields, None);
    // Duplicated.
    let twice = r#"[{"k":1,"v":7},{"k":1,"k":1,"v":7},{"v":7},{"k":"1","v":7},{"k":2,"v":7}]"#;
    let shown = |which: &[usize]| {
        let all = (0..5).map(|index| match which.contains(&index) {
            true => r#"{"v":7}"#,
            false => r#"{"v":"***"}"#,
        });
        format!("[{}]", all.collect::<Vec<_>>().join(","))
    };
    for (list, which) in [
        ("l", &[0][..]),
        // Missing and of another type, under `!=`.
        ("m", &[4]),
        // Missing under `!`: what is not there opens nothing.
        ("n", &[]),
        // The same filter closing: what cannot be told closes as well.
        ("o", &[0]),
    ] {
        assert_leaves(
            &plan,
            &format!(r#"{{"{list}":{twice}}}"#),
            &format!(r#"{{"{list}":{}}}"#, shown(which)),
        );
    }
}

#[test]
fn a_name_or_an_index_outdoes_a_filter_and_a_filter_any_element() {
    let plan = plan(
        "$",
        &[
            ("l[*].v", "strip"),
            ("l[?@.k].v", "mask"),
            ("l[1].v", "show"),
            ("l[-1].v", "blank"),
            ("o[?@.k].v", "mask"),
            ("o.a.v", "show"),
        ],
        None,
    );
    assert_leaves(
        &plan,
        r#"{"l":[{"k":1,"v":0},{"k":1,"v":1},{"v":2},{"k":1,"v":3}],"o":{"a":{"k":1,"v":4}}}"#,
        r#"{"l":[{"v":"***"},{"v":1},{"v":null}],"o":{"a":{"v":4}}}"#,
    );
}

#[test]
fn of_two_filters_that_both_select_the_more_closed_outcome_counts() {
    let plan = plan(
        "$",
        &[
            ("l[?@.a==1].v", "show"),
            ("l[?@.b==1].v", "last4"),
            ("l[?@.c==1].v", "email"),
            ("l[?@.d==1].v", "strip"),
        ],
        None,
    );
    assert_leaves(
        &plan,
        r#"{"l":[{"a":1,"v":"12345678"},{"a":1,"b":1,"v":"12345678"},{"b":1,"c":1,"v":"a@b.cn"}]}"#,
        r#"{"l":[{"v":"12345678"},{"v":"****5678"},{"v":"***"}]}"#,
    );
    assert_leaves(&plan, r#"{"l":[{"a":1,"d":1,"v":1}]}"#, r#"{"l":[{}]}"#);
}

#[test]
fn elements_are_counted_from_the_end() {
    let plan = plan(
        "$",
        &[
            ("a[-1]", "show"),
            ("b[-2:].v", "show"),
            ("c[::-2]", "show"),
            ("d[:-1]", "show"),
            ("e[-2][-1]", "show"),
        ],
        None,
    );
    for (input, expected) in [
        (r#"{"a":[1 , 2,3 ]}"#, r#"{"a":[3 ]}"#),
        (r#"{"a":[1]}"#, r#"{"a":[1]}"#),
        (r#"{"a":[ ]}"#, r#"{"a":[ ]}"#),
        (
            r#"{"b":[{"v":1},{"v":2,"w":0}, {"v":3}]}"#,
            r#"{"b":[{"v":2}, {"v":3}]}"#,
        ),
        (r#"{"c":[1,2,3,4]}"#, r#"{"c":[2,4]}"#),
        (r#"{"c":[1,2,3,4,5]}"#, r#"{"c":[1,3,5]}"#),
        (r#"{"d":[1,"x",[3]]}"#, r#"{"d":[1,"x"]}"#),
        (r#"{"e":[[1,2],[3],[4,5,6],[7]]}"#, r#"{"e":[[6]]}"#),
        (r#"{"a":{"x":1},"c":7}"#, r#"{"a":{}}"#),
    ] {
        assert_leaves(&plan, input, expected);
    }
}

#[test]
fn an_element_beyond_the_limit_goes_whole_however_its_paths_read() {
    let long = "x".repeat(100);
    let fields = [("l[*].v", "show"), ("l[?@.k==1].v", "show")];
    let input = format!(
        r#"{{"l":[{{"k":1,"v":1}}, {{"k":1,"v":"{long}"}} ,{{"v":"{long}","k":1}},{{"v":4}}],"z":5}}"#
    );
    assert_leaves(
        &plan("$", &fields, None),
        &input,
        r#"{"l":[{"v":1},{"v":4}]}"#,
    );
    let open = plan_of("$", &fields, None, show_unlisted);
    assert_leaves(&open, &input, r#"{"l":[{"k":1,"v":1},{"v":4}],"z":5}"#);
    let drift = |resource: &mut Resource| {
        show_unlisted(resource);
        resource.drift_show = true;
    };
    assert_leaves(&plan_of("$", &fields, None, drift), &input, &input);
}

#[test]
fn an_array_beyond_the_limit_goes_whole_where_it_is_counted_from_the_end() {
    let plan = plan("$", &[("l[-1]", "show"), ("n", "show")], None);
    let fits = "1,".repeat(39);
    assert_leaves(
        &plan,
        &format!(r#"{{"l":[{fits}],"n":1}}"#).replace(",]", "]"),
        r#"{"l":[1],"n":1}"#,
    );
    assert_leaves(
        &plan,
        &format!(r#"{{"l":[{fits}1,2,3] ,"n":1}}"#),
        r#"{"n":1}"#,
    );
}

#[test]
fn the_root_keeps_its_brackets_when_it_is_too_large_to_be_counted() {
    let envelope = |resource: &mut Resource| {
        resource.envelope.push(crate::policy::EnvelopeEntry {
            text: String::from("$[-1].page"),
            path: crate::path::parse("$[-1].page").unwrap(),
            class: None,
            place: crate::policy::Place::default(),
        });
    };
    let plan = plan_of("$[0].items[*]", &[("n", "show")], None, envelope);
    assert_leaves(
        &plan,
        r#"[{"items":[{"n":1,"m":2}]},{"page":1}]"#,
        r#"[{"items":[{"n":1}]},{"page":1}]"#,
    );
    let long = "x".repeat(80);
    assert_leaves(
        &plan,
        &format!(r#" [ {{"items":[{{"n":"{long}"}}]}},{{"page":1}}] "#),
        " [] ",
    );
}

#[test]
fn a_net_with_a_filter_closes_what_may_be_selected_at_any_depth() {
    let plan = plan(
        "$",
        &[("a", "show whole"), ("..[?@.secret!=false]", "strip")],
        None,
    );
    assert_leaves(
        &plan,
        r#"{"a":{"b":{"secret":false,"v":1},"c":[{"secret":true},{"d":{"secret":0}}],"e":{"secret":false,"f":[{"secret":false}]}}}"#,
        r#"{}"#,
    );
    let plan = self::plan(
        "$",
        &[("a", "show whole"), ("a..[?@.secret==true]", "mask")],
        None,
    );
    assert_leaves(
        &plan,
        r#"{"a":{"b":{"secret":true,"v":[1]},"c":[{"secret":"no","d":{"secret":true,"secret":true}},2]}}"#,
        r#"{"a":{"b":{"secret":"***","v":["***"]},"c":[{"secret":"no","d":{"secret":"***","secret":"***"}},2]}}"#,
    );
}

#[test]
fn a_net_counts_from_the_end_at_any_depth() {
    let fields = [
        ("a", "show whole"),
        ("..[-1]", "strip"),
        ("..[:-2].n", "mask"),
    ];
    assert_leaves(
        &plan("$", &fields, None),
        r#"{"a":[1,[2,[3],[4, 5,6 ]],{"n":7},[ ],[8],{"n":[9]}]}"#,
        r#"{"a":[1,[2,[]],{"n":"***"},[ ],[]]}"#,
    );
}

#[test]
fn the_members_a_filter_meets_are_data_unless_their_names_are() {
    let filtered = ("o[?@.k==1].v", "show");
    let input = r#"{"o":{"x":{"k":1,"v":1},"y":{"k":2,"v":2},"z":{"v":3,"k":1}}}"#;
    assert_leaves(&plan("$", &[filtered], None), input, r#"{"o":{}}"#);
    let names = |shown: bool| {
        move |resource: &mut Resource| {
            let mut named = resource.fields[1].clone();
            named.class = None;
            named.names = Some(crate::policy::ClassId(0));
            resource.fields[1] = named;
            let _ = shown;
        }
    };
    let hidden = plan_of("$", &[filtered, ("o", "show")], None, names(false));
    assert_leaves(&hidden, input, r#"{"o":{}}"#);
    let open = plan_of("$", &[filtered], None, show_unlisted);
    assert_leaves(
        &open,
        input,
        r#"{"o":{"x":{"k":1,"v":1},"y":{"k":2},"z":{"v":3,"k":1}}}"#,
    );
}

#[test]
fn filters_may_be_nested_and_are_judged_each_on_its_own_element() {
    let plan = plan("$[*]", &[("l[?@.k==1].m[?@.k==2].v", "show")], None);
    assert_leaves(
        &plan,
        r#"[{"l":[{"m":[{"v":1,"k":2},{"k":1,"v":2}],"k":1},{"k":2,"m":[{"k":2,"v":3}]}]},{"l":[{"k":1,"m":{"k":2,"v":4}}]}]"#,
        r#"[{"l":[{"m":[{"v":1}]}]},{"l":[{"m":{}}]}]"#,
    );
}

#[test]
fn where_unlisted_data_refuses_an_element_that_nothing_selects_does() {
    let refuse = |resource: &mut Resource| resource.unlisted = Unlisted::Refuse;
    let plan = plan_of("$", &[("l[?@.k==1].k", "show")], None, refuse);
    assert_leaves(&plan, r#"{"l":[{"k":1}]}"#, r#"{"l":[{"k":1}]}"#);
    let (_, end) = run(&plan, r#"{"l":[{"k":1},{"k":2}]}"#);
    assert_eq!(end, Err(Reason::UnlistedField));
}

#[test]
fn the_person_is_read_beside_filters_and_inside_what_they_hold() {
    let plan = plan(
        "$[*]",
        &[
            ("p.id", "strip"),
            ("p[?@.k].v", "show"),
            ("l[?@==1]", "show"),
        ],
        Some("p.id"),
    );
    assert_leaves(
        &plan,
        r#"[{"p":{"id":"1001"},"l":[1,2]},{"p":{"id":"1002"},"l":[1]},{"l":[1,1.0],"p":{"id":"1001"}}]"#,
        r#"[{"p":{},"l":[1]},{"l":[1,1.0],"p":{}}]"#,
    );
    let long = "x".repeat(100);
    assert_leaves(
        &plan,
        &format!(
            r#"[{{"l":[{{"y":"{long}"}}],"p":{{"id":"1001"}}}},{{"p":{{"id":"1001"}},"l":[1,"{long}",1]}}]"#
        ),
        r#"[{"p":{},"l":[1,1]}]"#,
    );
}

#[test]
fn scalars_may_be_elements_that_a_filter_asks() {
    let plan = plan(
        "$",
        &[("l[?@>=10 && @<20]", "show"), ("s[?@!='x']", "mask")],
        None,
    );
    assert_leaves(
        &plan,
        r#"{"l":[9,10 ,"15",15.5,2e1,[11],1.9e1],"s":["x","y",1]}"#,
        r#"{"l":[10,15.5,1.9e1],"s":["***"]}"#,
    );
}

#[test]
fn a_fault_inside_a_held_element_lets_out_what_came_before_it() {
    let plan = plan("$", &[("l[?@.k==1].v", "show")], None);
    let whole = format!(
        r#"{{"l":[{}{{"k":1,"v":2x"#,
        r#"{"k":1,"v":1},"#.repeat(20_000)
    );
    let governed = govern(
        &plan,
        &LIMITS,
        None,
        None,
        std::iter::once(whole.as_bytes()),
    );
    assert_eq!(governed.end, Err(Reason::UnreadableBody));
    let cut = govern(&plan, &LIMITS, None, None, whole.as_bytes().chunks(1000));
    assert_eq!(cut.sent.len(), governed.sent.len());
    assert!(!cut.sent.is_empty());
}

#[test]
fn a_value_within_many_that_are_held_is_closed_and_costs_no_stack() {
    let limits = BodyLimits {
        depth: 1024,
        ..BodyLimits::default()
    };
    let fields = [("a", "show whole"), ("a..[?@.x=='y']", "mask")];
    let plan = plan("$", &fields, None);
    let nested = |depth: usize| {
        let (open, close) = ("[".repeat(depth), "]".repeat(depth));
        format!(r#"{{"a":{open}{{"b":1}}{close}}}"#)
    };
    let leaves = |depth| {
        let input = nested(depth);
        let whole = govern(
            &plan,
            &limits,
            None,
            None,
            std::iter::once(input.as_bytes()),
        );
        let cut = govern(&plan, &limits, None, None, input.as_bytes().chunks(7));
        assert_eq!(cut.sent, whole.sent);
        assert_eq!(whole.end, Ok(()));
        String::from_utf8(whole.sent).unwrap()
    };
    assert_eq!(leaves(20), nested(20));
    for depth in [40, 1000] {
        let kept = leaves(depth);
        assert!(!kept.contains('b'), "{kept}");
        assert!(kept.starts_with(r#"{"a":[["#) && kept.len() < 100, "{kept}");
    }
}
