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
