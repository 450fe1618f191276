use super::*;

const FACTS: Facts<'_> = Facts {
    accept: "application/json, application/*+json",
    request_id: "01JD",
    caller_id: "u-3391",
    version: Version::HTTP_11,
};

fn name(text: &str) -> HeaderName {
    HeaderName::try_from(text).unwrap()
}

fn rules(settings: &config::Headers) -> Result<HeaderRules, HeaderError> {
    let url = Uri::from_static("http://crm.internal:9000");
    HeaderRules::new(settings, &url, "gw-1")
}

fn plain() -> HeaderRules {
    rules(&config::Headers::default()).unwrap()
}

fn map(lines: &[(&str, &str)]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (key, value) in lines {
        map.append(name(key), HeaderValue::try_from(*value).unwrap());
    }
    map
}

fn sent(rules: &HeaderRules, lines: &[(&str, &str)]) -> HeaderMap {
    rules.request(&map(lines), FACTS).unwrap()
}

fn answered(rules: &HeaderRules, status: u16, lines: &[(&str, &str)]) -> HeaderMap {
    let status = StatusCode::from_u16(status).unwrap();
    rules
        .response(status, &map(lines), Some("crm.bank.example"), "01JD")
        .unwrap()
}

const OURS_UPSTREAM: [(&str, &str); 5] = [
    ("accept", "application/json, application/*+json"),
    ("accept-encoding", "gzip, deflate, br, zstd"),
    ("host", "crm.internal:9000"),
    ("via", "1.1 gw-1"),
    ("x-request-id", "01JD"),
];
const OURS_DOWN: [(&str, &str); 3] = [
    ("cache-control", "private, no-store"),
    ("vary", "Authorization, Cookie, X-API-Key"),
    ("x-request-id", "01JD"),
];

#[test]
fn the_default_list_passes_and_ours_are_added() {
    let passing = [
        ("accept-language", "zh"),
        ("content-type", "application/json"),
        ("if-match", "\"1\""),
        ("idempotency-key", "k"),
        (
            "traceparent",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ),
        ("tracestate", "a=1"),
        ("user-agent", "curl"),
    ];
    let expected = map(&[passing.as_slice(), &OURS_UPSTREAM].concat());
    assert_eq!(sent(&plain(), &passing), expected);
}

#[test]
fn f02_f03_f11_f14_f15_what_is_not_listed_never_goes_upstream() {
    let forged = [
        ("authorization", "Bearer x"),
        ("proxy-authorization", "Basic x"),
        ("cookie", "a=b"),
        ("x-api-key", "k"),
        ("x-user", "admin"),
        ("x_user", "admin"),
        ("remote-user", "admin"),
        ("x-forwarded-for", "127.0.0.1"),
        ("x-forwarded-host", "evil"),
        ("forwarded", "for=127.0.0.1"),
        ("x-forwarded-client-cert", "Subject=admin"),
        ("x-original-url", "/admin"),
        ("x-http-method-override", "DELETE"),
        ("prefer", "return=representation"),
        ("x-fields", "ssn"),
        ("baggage", "ssn=1"),
        ("range", "bytes=1-"),
        ("accept", "text/html"),
        ("accept-encoding", "identity"),
        ("host", "evil"),
        ("x-request-id", "mine"),
        ("te", "trailers"),
        ("upgrade", "h2c"),
        ("expect", "100-continue"),
        ("transfer-encoding", "chunked"),
        ("content-length", "5"),
        ("keep-alive", "5"),
    ];
    assert_eq!(sent(&plain(), &forged), map(&OURS_UPSTREAM));
}

#[test]
fn f01_a_nominated_header_is_dropped_and_ours_are_not() {
    let mut settings = config::Headers::default();
    settings.request.push(name("x-req-seq"));
    settings
        .set
        .push((name("x-caller"), HeaderValueSource::CallerId));
    let lines = [
        (
            "connection",
            "close, X-Caller, x-req-seq , User-Agent, host",
        ),
        ("x-req-seq", "1"),
        ("user-agent", "curl"),
    ];
    let expected = map(&[OURS_UPSTREAM.as_slice(), &[("x-caller", "u-3391")]].concat());
    assert_eq!(sent(&rules(&settings).unwrap(), &lines), expected);
}

#[test]
fn f02_a_set_header_overwrites_every_forged_one_even_when_let_through() {
    let mut settings = config::Headers::default();
    settings.request.push(name("x-caller"));
    settings
        .set
        .push((name("x-caller"), HeaderValueSource::CallerId));
    let secret = HeaderValueSource::Secret(HeaderValue::from_static("secret"));
    settings.set.push((name("x-api-key"), secret));
    let lines = [
        ("x-caller", "admin"),
        ("x-caller", "root"),
        ("x-api-key", "mine"),
    ];
    let ours = [("x-caller", "u-3391"), ("x-api-key", "secret")];
    let expected = map(&[OURS_UPSTREAM.as_slice(), &ours].concat());
    assert_eq!(sent(&rules(&settings).unwrap(), &lines), expected);
}

#[test]
fn f09_a_caller_id_cannot_add_a_header() {
    assert_eq!(printable("x\r\nX-Role: admin"), "x%0D%0AX-Role:%20admin");
    assert_eq!(printable("张三 100%"), "%E5%BC%A0%E4%B8%89%20100%25");
    let mut settings = config::Headers::default();
    settings
        .set
        .push((name("x-caller"), HeaderValueSource::CallerId));
    let facts = Facts {
        caller_id: "x\r\nX-Role: admin",
        ..FACTS
    };
    let headers = rules(&settings)
        .unwrap()
        .request(&HeaderMap::new(), facts)
        .unwrap();
    assert_eq!(headers.get("x-role"), None);
}

#[test]
fn a_repeated_single_header_is_refused_and_a_list_is_not() {
    for single in [
        "content-type",
        "idempotency-key",
        "traceparent",
        "user-agent",
    ] {
        let twice = map(&[(single, "a"), (single, "a")]);
        let refused = plain().request(&twice, FACTS);
        assert_eq!(refused, Err(Reason::MalformedRequest), "{single}");
    }
    let list = [("accept-language", "zh"), ("accept-language", "en")];
    let headers = sent(&plain(), &list);
    assert_eq!(headers.get_all("accept-language").iter().count(), 2);
}

#[test]
fn f14_a_malformed_trace_is_dropped_whole() {
    for broken in [
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "ssn=CANARY",
    ] {
        let lines = [("traceparent", broken), ("tracestate", "ssn=1")];
        assert_eq!(sent(&plain(), &lines), map(&OURS_UPSTREAM), "{broken}");
    }
}

#[test]
fn q10_a_request_that_came_through_this_node_is_refused() {
    let looped = map(&[("via", "1.1 other, 2 GW-1 (x)")]);
    let refused = plain().request(&looped, FACTS);
    assert_eq!(refused, Err(Reason::MalformedRequest));
    let unreadable = plain().request(&map(&[("via", "gw-2")]), FACTS);
    assert_eq!(unreadable, Err(Reason::MalformedRequest));
    let other = plain().request(&map(&[("via", "1.1 gw-2 (x)")]), FACTS);
    assert_eq!(other.unwrap()["via"], "1.1 gw-2, 1.1 gw-1");
}

#[test]
fn f07_e15_what_is_not_listed_never_reaches_the_caller() {
    let leaking = [
        ("set-cookie", "session=service"),
        ("etag", "\"hash\""),
        ("last-modified", "now"),
        ("link", "</x?ssn=CANARY>"),
        ("content-location", "/x?ssn=CANARY"),
        ("refresh", "0;url=/x?ssn=CANARY"),
        ("location", "/users?ssn=CANARY"),
        ("server-timing", "db;desc=CANARY"),
        ("x-total-count", "7"),
        ("www-authenticate", "Basic"),
        ("content-disposition", "attachment; filename=CANARY"),
        ("access-control-allow-origin", "*"),
        ("x-accel-redirect", "/x"),
        ("cache-control", "public, max-age=600"),
        ("expires", "never"),
        ("vary", "accept"),
        ("x-request-id", "theirs"),
        ("content-length", "214"),
        ("transfer-encoding", "chunked"),
        ("content-encoding", "gzip"),
        ("trailer", "x-ssn"),
        ("connection", "close"),
    ];
    assert_eq!(answered(&plain(), 200, &leaking), map(&OURS_DOWN));
}

#[test]
fn the_default_list_and_configured_names_reach_the_caller() {
    let mut settings = config::Headers::default();
    settings.response.push(name("x-req-seq"));
    let passing = [
        ("content-type", "application/json"),
        ("content-language", "zh"),
        ("date", "Sun, 22 Nov 2026 09:14:03 GMT"),
        ("retry-after", "3"),
        ("x-req-seq", "1"),
    ];
    let expected = map(&[passing.as_slice(), &OURS_DOWN].concat());
    assert_eq!(
        answered(&rules(&settings).unwrap(), 200, &passing),
        expected
    );
}

#[test]
fn a_second_content_type_is_refused() {
    let two = map(&[
        ("content-type", "application/json"),
        ("content-type", "text/html"),
    ]);
    let refused = plain().response(StatusCode::OK, &two, None, "01JD");
    assert_eq!(refused, Err(Reason::UnexpectedMediaType));
}

#[test]
fn f07_f08_a_location_passes_only_for_what_was_created_below_our_host() {
    let rules = plain();
    let passes =
        |status, place| answered(&rules, status, &[("location", place)]).contains_key("location");
    assert!(passes(201, "/customers/7"));
    assert!(passes(201, "https://crm.bank.example/customers/7"));
    assert!(!passes(200, "/customers/7"));
    for elsewhere in [
        "//evil/x",
        "/\\evil",
        "http://10.0.0.5/x",
        "https://crm.bank.example.evil/x",
        "https://crm.bank.example@evil/x",
        "https://crm.internal:9000/x",
        "/users?ssn=CANARY",
        "/users#CANARY",
        "users/7",
        "javascript:x",
    ] {
        assert!(!passes(201, elsewhere), "{elsewhere}");
    }
}
