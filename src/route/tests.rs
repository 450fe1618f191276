//! The threats of group G, H07, and how routes are found.

use std::borrow::Cow;

use http::Method;
use proptest::prelude::*;

use super::*;
use crate::path::Path;
use crate::policy::{
    BodyForm, Does, Group, ParamRule, Place, Resource, Unlisted, UnlistedParams, Writing,
};

/// A rule set with one resource for each text: routes parted by blanks, groups by `|`.
fn rules(resources: &[&str]) -> RuleSet {
    let group = |text: &str| Group {
        name: text.to_owned(),
        routes: text.split_whitespace().map(route).collect(),
    };
    let resource = |text: &&str| Resource {
        name: (*text).to_owned(),
        place: Place::default(),
        zh: None,
        upstream: None,
        groups: text.split('|').map(group).collect(),
        person: None,
        fields: Vec::new(),
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
    RuleSet {
        digest: String::new(),
        classes: Vec::new(),
        resources: resources.iter().map(resource).collect(),
        roles: Vec::new(),
        rows: BTreeMap::new(),
        rights: BTreeMap::new(),
        exceptions: Vec::new(),
        ceilings: Vec::new(),
        contracts: Vec::new(),
        finds: Default::default(),
        conditions: Vec::new(),
        tests: Vec::new(),
    }
}

/// `/a/{id:int}`, or `HEAD:/a`.
fn route(text: &str) -> RouteRule {
    let (method, path) = match text.strip_prefix("HEAD:") {
        Some(path) => (Method::HEAD, path),
        None => (Method::GET, text),
    };
    let segments = path.split('/').filter(|segment| !segment.is_empty());
    let template =
        segments.map(
            |segment| match segment.strip_prefix('{').and_then(|s| s.strip_suffix('}')) {
                None => TemplateSegment::Literal(segment.to_owned()),
                Some(param) => {
                    let (name, kind) = param.split_once(':').unwrap_or((param, ""));
                    TemplateSegment::Param {
                        name: name.to_owned(),
                        kind: match kind {
                            "int" => ParamKind::Int,
                            "uuid" => ParamKind::Uuid,
                            "text" => ParamKind::Text,
                            _ => ParamKind::Plain,
                        },
                    }
                }
            },
        );
    RouteRule {
        text: text.to_owned(),
        place: Place::default(),
        method,
        does: Does::Read,
        body: BodyForm::Json,
        stored: None,
        template: template.collect(),
        answer: Default::default(),
        send: None,
        at: Path::default(),
    }
}

fn resolve(routes: &str, target: &str) -> Result<Match, NoMatch> {
    Router::new(&rules(&[routes])).resolve(&Method::GET, target)
}

/// Which of the routes answers, by its index.
fn found(routes: &str, target: &str) -> Option<usize> {
    match resolve(routes, target) {
        Ok(found) => Some(found.route),
        Err(NoMatch {
            reason: Reason::NoSuchRoute,
            ..
        }) => None,
        Err(other) => panic!("{target}: {other:?}"),
    }
}

fn refused(targets: &[&str]) {
    for target in targets {
        assert_eq!(
            canonical::check(target),
            Err(Reason::NotCanonical),
            "{target}"
        );
        let error = resolve("/users/{id:text} /{a:text}/{b:text}/{c:text}", target).unwrap_err();
        assert_eq!(error.reason, Reason::NotCanonical, "{target}");
    }
}

#[test]
fn g01_dot_segments_are_refused_in_every_spelling() {
    refused(&[
        "/api/./users/1",
        "/api/x/../users/1",
        "/%2e%2e/x",
        "/%2E%2E/x",
        "/.%2E/x",
        "/api/..;/admin/1",
        "/..",
        "/.",
        "/api/..%2Fadmin",
        "/api/x%2F..%2F..%2Fadmin",
        "/api/..%5Cadmin",
        "/api/.%2Fx",
    ]);
}

#[test]
fn g02_empty_segments_are_refused() {
    refused(&[
        "//api//users/1",
        "//",
        "///",
        "/api//users",
        "/api/users/%2F1",
        "/api/a%2F%2Fb",
    ]);
}

#[test]
fn g03_slashes_in_other_spellings_are_refused() {
    refused(&[
        "/api%2fusers/1",
        "/api%252fusers/1",
        "/api%252Fusers/1",
        "/api%5cusers",
        "/api\\users\\1",
        "/\\evil",
    ]);
    // An encoded slash is canonical, and a character of one segment.
    assert_eq!(found("/api/users/1", "/api%2Fusers/1"), None);
}

#[test]
fn g04_matrix_parameters_are_refused() {
    refused(&[
        "/users/1;jsessionid=1",
        "/users;role=admin/1",
        "/users/1%3Bx",
        "/;",
    ]);
}

#[test]
fn g05_what_upstreams_trim_or_cut_at_is_refused() {
    refused(&[
        "/users/1/",
        "/users/1/.",
        "/users/1%00",
        "/users/1%00.json",
        "/users/1%0A",
        "/users/1%0D%0AX:",
    ]);
    assert_eq!(found("/users/{id}", "/users/%20"), None);
    assert_eq!(found("/users/{id:int}", "/users/1.json"), None);
}

#[test]
fn g06_case_matters() {
    assert_eq!(found("/api/users/{id}", "/API/Users/1"), None);
}

#[test]
fn g07_fragments_are_refused() {
    refused(&["/users/1#frag", "/users/1?a=b#frag", "/#"]);
    assert_eq!(found("/users/1", "/users/1%23frag"), None);
}

#[test]
fn g08_an_encoded_question_mark_is_no_query() {
    refused(&["/users/1%3fexpand=ssn", "/users/1%3Fexpand=ssn"]);
    let text = resolve("/users/{id:text}", "/users/1%3Fexpand").unwrap();
    assert_eq!(text.path_params, [("id".to_owned(), "1?expand".to_owned())]);
    assert_eq!(text.raw_query, None);
}

#[test]
fn g09_overlong_broken_and_raw_utf8_is_refused() {
    refused(&[
        "/%C0%AF",
        "/%E0%80%AF",
        "/%ED%A0%80",
        "/%FF",
        "/%E5%BC",
        "/%u002f",
        "/用户",
        "/users/é",
    ]);
}

#[test]
fn g10_double_encoding_is_refused() {
    refused(&["/%2575sers/1", "/users/%252E%252E", "/users/%252e"]);
    assert_eq!(found("/users/{id:text}", "/users/100%25"), Some(0));
}

#[test]
fn g11_malformed_and_needless_escapes_are_refused() {
    refused(&[
        "/%zz",
        "/%",
        "/%2",
        "/a%",
        "/%2g",
        "/users/%31",
        "/users/%7E",
        "/users/%e5%bc%a0",
    ]);
}

#[test]
fn g12_only_an_absolute_path_is_a_target() {
    refused(&[
        "*",
        "",
        "?a=b",
        "users/1",
        "http://x",
        "http://x/users/1",
        "/http://x",
        "px:443",
    ]);
    refused(&[
        "/users/1?",
        "/users/1 ",
        "/us ers",
        "/users/1?a=b c",
        "/@evil",
        "/a:b",
    ]);
}

#[test]
fn g13_a_target_over_eight_kibibytes_is_refused() {
    let target = format!("/{}", "a".repeat(canonical::LONGEST - 1));
    assert!(canonical::check(&target).is_ok());
    refused(&[&format!("{target}a"), &format!("/{}", "a/".repeat(32_768))]);
}

#[test]
fn g14_a_parameter_is_one_segment() {
    for kind in ["{id}", "{id:int}", "{id:uuid}", "{id:text}"] {
        assert_eq!(found(&format!("/users/{kind}"), "/users/1/admin"), None);
    }
    refused(&["/users/1/../../admin"]);
    for narrow in ["{id}", "{id:int}", "{id:uuid}"] {
        assert_eq!(found(&format!("/users/{narrow}"), "/users/1%2Fadmin"), None);
    }
}

#[test]
fn g15_a_literal_beats_a_parameter_left_to_right() {
    let routes = "/users/{id} /users/me /{any}/me /users/{id}/x /{any}/me/x";
    assert_eq!(found(routes, "/users/me"), Some(1));
    assert_eq!(found(routes, "/users/you"), Some(0));
    assert_eq!(found(routes, "/teams/me"), Some(2));
    assert_eq!(found(routes, "/users/me/x"), Some(3));
    assert_eq!(found(routes, "/teams/me/x"), Some(4));
}

#[test]
fn g15_what_leads_nowhere_is_stepped_back_from() {
    let routes = "/a/{x}/c /a/b/d /{y}/b/e";
    assert_eq!(found(routes, "/a/b/c"), Some(0));
    assert_eq!(found(routes, "/a/b/d"), Some(1));
    assert_eq!(found(routes, "/a/b/e"), Some(2));
    assert_eq!(found(routes, "/a/b"), None);
    assert_eq!(found(routes, "/a/b/f"), None);
}

#[test]
fn g15_a_narrower_kind_beats_a_wider_one() {
    let routes = "/u/{a:text} /u/{b} /u/{c:uuid} /u/{d:int}";
    assert_eq!(found(routes, "/u/17"), Some(3));
    assert_eq!(found(routes, "/u/017"), Some(1));
    assert_eq!(
        found(routes, "/u/0b9d3c1e-7f44-4a2f-9d6b-5f1c2e3a4b5c"),
        Some(2)
    );
    assert_eq!(found(routes, "/u/a%20b"), Some(0));
}

#[test]
fn g16_e18_a_method_that_is_not_declared_is_405_with_what_is() {
    let router = Router::new(&rules(&["/users/{id}", "HEAD:/users/me"]));
    let get = [Method::GET, Method::HEAD].to_vec();
    let lower = Method::from_bytes(b"get").unwrap();
    for method in [
        Method::POST,
        Method::DELETE,
        Method::TRACE,
        Method::CONNECT,
        lower,
    ] {
        let error = router.resolve(&method, "/users/1").unwrap_err();
        assert_eq!(error.reason, Reason::MethodNotDeclared);
        assert_eq!(error.allow, get);
    }
    // The literal's route is the one: its GET is not the parameter's.
    let error = router.resolve(&Method::GET, "/users/me").unwrap_err();
    assert_eq!(error.reason, Reason::MethodNotDeclared);
    assert_eq!(error.allow, [Method::HEAD]);
    let error = router.resolve(&Method::POST, "/teams").unwrap_err();
    assert_eq!(
        (error.reason, error.allow),
        (Reason::NoSuchRoute, Vec::new())
    );
}

#[test]
fn head_is_allowed_where_get_is() {
    let router = Router::new(&rules(&["/a /b HEAD:/b"]));
    let head = |target| router.resolve(&Method::HEAD, target).unwrap();
    assert!(head("/a").head);
    assert_eq!(head("/a").route, 0);
    assert_eq!(head("/b").route, 2);
    assert!(!router.resolve(&Method::GET, "/b").unwrap().head);
}

#[test]
fn g18_each_number_has_one_spelling() {
    for wrong in [
        "01",
        "1.0",
        "+1",
        "%2B1",
        "-1",
        "-0",
        "9223372036854775808",
        "",
        "1e3",
    ] {
        let target = format!("/users/{wrong}");
        assert!(resolve("/users/{id:int}", &target).is_err(), "{wrong}");
    }
    for number in ["0", "1", "9223372036854775807"] {
        assert_eq!(
            found("/users/{id:int}", &format!("/users/{number}")),
            Some(0)
        );
    }
}

#[test]
fn a_uuid_is_in_lower_or_in_upper_case() {
    let uuid = "0b9d3c1e-7f44-4a2f-9d6b-5f1c2e3a4b5c";
    let fits = |text: &str| found("/{id:uuid}", &format!("/{text}")).is_some();
    assert!(fits(uuid) && fits(&uuid.to_uppercase()));
    for wrong in [
        "0b9d3c1e7f444a2f9d6b5f1c2e3a4b5c",
        "0B9d3c1e-7f44-4a2f-9d6b-5f1c2e3a4b5c",
        "0b9d3c1e-7f44-4a2f-9d6b-5f1c2e3a4b5",
        "0b9d3c1e-7f44-4a2f-9d6b-5f1c2e3a4b5g",
        "0b9d3c1e-7f444-a2f-9d6b-5f1c2e3a4b5c",
    ] {
        assert!(!fits(wrong), "{wrong}");
    }
}

#[test]
fn a_plain_parameter_is_letters_digits_and_inner_dots() {
    for id in ["1001", "a_b~c-d", "v1.2", "a..b"] {
        assert_eq!(found("/u/{id}", &format!("/u/{id}")), Some(0), "{id}");
    }
    for id in [".a", "a.", "...", "a%20b", "%E5%BC%A0"] {
        assert_eq!(found("/u/{id}", &format!("/u/{id}")), None, "{id}");
    }
}

#[test]
fn what_matched_goes_on_as_it_came() {
    let target = "/notes/%E5%BC%A0%20x/7?q=%2B&size=5";
    let router = Router::new(&rules(&["/other", "/one|/notes/{name:text}/{no:int}"]));
    let found = router.resolve(&Method::GET, target).unwrap();
    assert_eq!(
        found,
        Match {
            resource: ResourceId(1),
            group: GroupId(1),
            route: 0,
            path_params: vec![
                ("name".to_owned(), "张 x".to_owned()),
                ("no".to_owned(), "7".to_owned()),
            ],
            raw_query: Some("q=%2B&size=5".to_owned()),
            target: target.to_owned(),
            head: false,
        }
    );
}

#[test]
fn the_root_is_a_path_of_no_segments() {
    assert_eq!(found("/ /a", "/"), Some(0));
    assert_eq!(found("/a", "/"), None);
}

#[test]
fn a_query_is_read_decoded_and_in_order() {
    let read = query::read(Some("b=%E5%BC%A0%20%2B&a=1&flag&empty=")).unwrap();
    let expected = [("b", "张 +"), ("a", "1"), ("flag", ""), ("empty", "")];
    let expected = expected.map(|(name, value)| (name.into(), value.into()));
    assert_eq!(read, expected);
    assert_eq!(query::read(None), Ok(Vec::new()));
}

#[test]
fn h07_a_query_that_could_be_read_in_two_ways_is_refused() {
    for raw in [
        "id=1&id=2",
        "id=1&id=1",
        "id&id=1",
        "fields=name;fields=ssn",
        "a=1;b=2",
        "a=%3b",
        "%66ields=ssn",
        "a=b%",
        "a=%2",
        "a=%zz",
        "a=%c3%a9",
        "a=%FF",
        "a=1&&b=2",
        "&a=1",
        "a=1&",
        "=1",
        "a=b=c",
        "a=b?c",
        "a+b=1",
        "a=1+2",
        "fields[]=x",
        "filter[a]=x",
        "a=b/c",
        "a=\"b\"",
        "a=b,c",
    ] {
        assert_eq!(query::read(Some(raw)), Err(Reason::BadQuery), "{raw}");
    }
}

#[test]
fn h07_more_than_64_parameters_are_refused() {
    let raw = |count| {
        (0..count)
            .map(|at| format!("p{at}=1"))
            .collect::<Vec<_>>()
            .join("&")
    };
    assert_eq!(query::read(Some(&raw(64))).unwrap().len(), 64);
    assert_eq!(query::read(Some(&raw(65))), Err(Reason::BadQuery));
    assert_eq!(query::read(Some(&raw(100_000))), Err(Reason::BadQuery));
}

#[test]
fn h07_names_differ_by_case_and_by_what_they_hold() {
    let read = query::read(Some("Fields=a&fields=b&fields%00=c")).unwrap();
    let names: Vec<&str> = read.iter().map(|(name, _)| &**name).collect();
    assert_eq!(names, ["Fields", "fields", "fields\0"]);
}

#[test]
fn a_value_must_fit_its_parameter() {
    let whole = ParamRule::Whole { min: -5, max: 100 };
    for fitting in ["-5", "0", "7", "100"] {
        assert!(query::fits(&whole, fitting), "{fitting}");
    }
    for wrong in [
        "-6",
        "101",
        "",
        "+7",
        "07",
        "-0",
        " 7",
        "7.0",
        "1e1",
        "99999999999999999999",
    ] {
        assert!(!query::fits(&whole, wrong), "{wrong}");
    }
    let words = ParamRule::OneOf(vec!["asc".to_owned(), "desc".to_owned()]);
    assert!(query::fits(&words, "asc"));
    assert!(
        !query::fits(&words, "ASC") && !query::fits(&words, "") && !query::fits(&words, "asc ")
    );
    assert!(
        query::fits(&ParamRule::Free, "x y;z")
            && query::fits(&ParamRule::Fields(Default::default()), "")
    );
}

/// The one canonical spelling.
fn encode(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}

proptest! {
    #[test]
    fn g09_what_is_accepted_encodes_back_to_itself(
        target in "(/(%[0-9A-Fa-f]{2}|%E5%BC%A0|%20|[a-z.~/;@+\\\\]){0,6}){1,3}(\\?[a-z=&%20]{0,8})?"
    ) {
        if let Ok(canonical) = canonical::check(&target) {
            let segments: Option<Vec<_>> = canonical.segments().map(canonical::decode).collect();
            let path: String = segments.unwrap().iter().map(|segment| format!("/{}", encode(segment))).collect();
            prop_assert_eq!(canonical.path, if path.is_empty() { "/" } else { path.as_str() });
            let whole = canonical.query.map_or(String::new(), |query| format!("?{query}"));
            prop_assert_eq!(format!("{}{whole}", canonical.path), target);
        }
    }

    #[test]
    fn every_text_has_one_spelling_that_is_read_as_it(text in any::<String>()) {
        let encoded = encode(&text);
        prop_assert_eq!(canonical::decode(&encoded).map(Cow::into_owned), Some(text));
    }

    #[test]
    fn a_number_has_the_one_spelling_it_is_written_in(text in "[-+0-9]{0,3}", number in any::<i64>()) {
        for text in [text, number.to_string()] {
            let written = text.parse::<i64>().ok().filter(|number| number.to_string() == text);
            let min_max = ParamRule::Whole { min: i64::MIN, max: i64::MAX };
            prop_assert_eq!(query::fits(&min_max, &text), written.is_some(), "{}", text);
        }
    }

    #[test]
    fn a_query_that_is_read_encodes_back_to_itself(raw in "([ab%&=;+]|%20|%E5%BC%A0|%26|%3D){0,12}") {
        if let Ok(params) = query::read(Some(&raw)) {
            for (pair, (name, value)) in raw.split('&').zip(&params) {
                let (name, value) = (encode(name), encode(value));
                let full = format!("{name}={value}");
                prop_assert!(pair == full || (value.is_empty() && pair == name));
            }
        }
    }

    #[test]
    fn no_target_panics(target in any::<String>()) {
        let _ = resolve("/{a:text}/b /{a}/{b:int}", &target);
        let _ = query::read(Some(&target));
    }

    #[test]
    fn the_tree_finds_what_a_list_in_order_of_precedence_would(
        routes in proptest::collection::btree_set("(/(a|b|\\{x\\}|\\{n:int\\})){1,4}", 1..12),
        target in "(/(a|b|c|1)){1,4}",
    ) {
        let routes: Vec<String> = routes.into_iter().collect();
        let rank = |segment: &str, part: &str| match segment {
            "{n:int}" if part == "1" => Some(1),
            "{x}" => Some(2),
            _ if segment == part => Some(0),
            _ => None,
        };
        let ranks = |route: &str| -> Option<Vec<u8>> {
            let (route, target): (Vec<&str>, Vec<&str>) = (route.split('/').collect(), target.split('/').collect());
            if route.len() != target.len() {
                return None;
            }
            route.iter().zip(target).map(|(segment, part)| rank(segment, part)).collect()
        };
        let best = routes.iter().enumerate()
            .filter_map(|(at, route)| Some((ranks(route)?, at)))
            .min();
        prop_assert_eq!(found(&routes.join(" "), &target), best.map(|(_, at)| at));
    }
}
