//! How answers are written, as far as the rules say it.

use super::*;
use crate::policy::Format;

const SHORT: &str = "GET /customers: $.items[*]";

#[test]
fn a_route_says_in_which_format_it_answers() {
    for (word, format) in [
        ("json", Format::Json),
        ("ndjson", Format::NdJson),
        ("json-seq", Format::JsonSeq),
        ("sse", Format::Sse),
    ] {
        let long = format!("GET /customers: {{ record: \"$.items[*]\", format: {word} }}");
        let rules = loads(SHORT, &long).rules;
        let route = &rules.resources[0].groups[1].routes[0];
        assert_eq!(route.answer.format, format);
        let other = &rules.resources[0].groups[0].routes[0];
        assert_eq!(other.answer.format, Format::Json, "nothing is said there");
    }
}

#[test]
fn a_format_that_is_none_is_refused_with_those_there_are() {
    for (written, part) in [
        ("json-lines", "`format` cannot be `json-lines`"),
        ("jsonseq", "mean `json-seq`"),
        ("csv", "`ndjson`"),
        ("NDJSON", "FG2009"),
    ] {
        let long = format!("GET /customers: {{ record: $, format: {written} }}");
        refuses(SHORT, &long, &["FG2009", part]);
    }
}

#[test]
fn the_documents_of_a_fixture_are_looked_at_one_by_one() {
    let rules = changed(SHORT, "GET /customers: { record: $, format: ndjson }")
        .replace("id: basic\n", "id: basic\n      nowhere: basic\n");
    let lints = |list: &str| {
        let files = [
            ("rules.yaml", rules.as_bytes()),
            ("one.json", ONE.as_bytes()),
            ("list.json", list.as_bytes()),
        ];
        let loaded = load_texts(&files).unwrap_or_else(|found| panic!("{}", lines(&found)));
        lines(&loaded.warnings)
    };
    assert!(lints("{\"id\":\"1\"}\n{\"id\":\"2\"}\n").contains("nowhere"));
    assert_eq!(lints("{\"id\":\"1\"}\n{\"nowhere\":\"2\"}\n"), "");
}

#[test]
fn what_of_events_leaves_is_listed() {
    let long = "GET /customers: { record: $, format: sse, events: [update, a.b-c_1], ids: { whole: 0..99 }, retry: { whole: 1000..1000 } }";
    let rules = loads(SHORT, long).rules;
    let events = &rules.resources[0].groups[1].routes[0].answer.events;
    assert_eq!(events.names, ["update", "a.b-c_1"]);
    assert_eq!(
        (events.ids, events.retries),
        (Some((0, 99)), Some((1000, 1000)))
    );
    assert_eq!(events.id(b"99"), Some(99));
    for value in [
        "",
        "100",
        "099",
        "+1",
        "-1",
        "1 ",
        "x",
        "18446744073709551616",
    ] {
        assert_eq!(events.id(value.as_bytes()), None, "{value}");
    }
}

#[test]
fn fields_of_events_are_refused_where_there_are_none_and_where_they_list_nothing() {
    for (written, parts) in [
        ("events: [update]", ["FG2200", "`events`"]),
        ("format: ndjson, ids: { whole: 0..9 }", ["FG2200", "`ids`"]),
        ("format: sse, events: [a b]", ["FG2201", "`a b`"]),
        ("format: sse, events: [\"\"]", ["FG2201", "no name"]),
        ("format: sse, events: [a, a]", ["FG2201", "twice"]),
        ("format: sse, ids: { whole: 9..0 }", ["FG2201", "`9..0`"]),
        ("format: sse, ids: { whole: -1..0 }", ["FG2201", "`-1..0`"]),
        ("format: sse, ids: { free: true }", ["FG1021", "`free`"]),
        ("format: sse, retry: 5", ["FG", "`retry`"]),
    ] {
        let long = format!("GET /customers: {{ record: $, {written} }}");
        refuses(SHORT, &long, &parts);
    }
}

#[test]
fn a_resource_says_in_which_charset_its_upstream_writes() {
    use crate::policy::Charset;
    for charset in Charset::ALL {
        let rules = loads(
            "    envelope:",
            &format!(
                "    charset: {}\n    answer_charset: utf-8\n    envelope:",
                charset.word()
            ),
        )
        .rules;
        let mut routes = rules.resources[0]
            .groups
            .iter()
            .flat_map(|group| &group.routes);
        assert!(routes.all(|route| route.answer.charset == charset && !route.answer.keeps_charset));
        let kept = format!(
            "    charset: {}\n    answer_charset: upstream\n    envelope:",
            charset.word()
        );
        let rules = loads("    envelope:", &kept).rules;
        assert_eq!(
            rules.resources[0].groups[0].routes[0].answer.leaves_in(),
            charset
        );
    }
    for (written, parts) in [
        ("charset: gb2312", ["FG2009", "`gbk`"]),
        ("charset: UTF-8", ["FG2009", "`charset` cannot be"]),
        ("answer_charset: utf-8", ["FG2202", "without `charset`"]),
        (
            "charset: gbk\n    answer_charset: gbk",
            ["FG2009", "`upstream`"],
        ),
    ] {
        refuses(
            "    envelope:",
            &format!("    {written}\n    envelope:"),
            &parts,
        );
    }
}

#[test]
fn a_route_may_say_under_which_wrong_type_its_json_comes() {
    let rules = loads(
        SHORT,
        "GET /customers: { record: \"$.items[*]\", media: text/html }",
    )
    .rules;
    let answer = &rules.resources[0].groups[1].routes[0].answer;
    assert_eq!(answer.media.as_deref(), Some("text/html"));
    for (written, part) in [
        ("media: html", "`text/html`"),
        ("media: Text/Html", "small letters"),
        ("media: \"text/html; charset=utf-8\"", "without parameters"),
        ("media: \"*/*\"", "`text/html`"),
        ("media: application/hal+json", "passes anyway"),
        ("media: multipart/mixed", "several parts"),
        ("media: text/plain, format: ndjson", "another format"),
    ] {
        let long = format!("GET /customers: {{ record: $, {written} }}");
        refuses(SHORT, &long, &["FG2203", part]);
    }
}

#[test]
fn an_upstream_in_another_charset_is_sent_no_body() {
    for route in [
        "DELETE /customers/{id}: $",
        "POST /customers/search: { record: \"$.items[*]\", does: read, send: { phone: \"phones[*].number\" } }",
    ] {
        let rules = changed("    envelope:", "    charset: gbk\n    envelope:")
            .replace("      list:\n", &format!("      {route}\n      list:\n"));
        let shown = lines(&load_rules(&rules).expect_err("must not load"));
        assert!(
            shown.contains("FG1022") && shown.contains("a body to an upstream in gbk"),
            "{shown}"
        );
    }
}
