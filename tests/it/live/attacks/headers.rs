//! C, D, F: headers that claim to be somebody, ask for another thing, or name another place.

use super::Fate::{Arrives, Bad, Refused};
use super::{Attack, RECORD, Target, attack, with};

/// Who the caller says to be, and what else only a front may say.
const IDENTITY: &[&str] = &[
    "X-User",
    "X_User",
    "X-Forwarded-User",
    "Remote-User",
    "X-Remote-User",
    "X-Role",
    "X-Roles",
    "X_Role",
    "X-Forwarded-Client-Cert",
    "X-SSL-Client-Verify",
    "X-SSL-Client-S-DN",
    "Forwarded",
    "X-Forwarded-For",
    "X-Real-IP",
    "True-Client-IP",
    "CF-Connecting-IP",
    "X-Original-URL",
    "X-Rewrite-URL",
    "X-Forwarded-Prefix",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "X-Original-Host",
    "X-Tenant",
    "X-Debug",
    "X-Internal",
    "X-Authenticated",
    "X-WEBAUTH-USER",
    "X-Partner-Id",
    "X-Envoy-Original-Path",
    "X-Request-Id",
    "Content_Length",
    "Front-End-Https",
    "Cookie",
    "Cookie2",
    "Proxy-Authorization",
    "X-Forwarded-Authorization",
];
const METHOD: &[&str] = &[
    "X-HTTP-Method-Override",
    "X-Method-Override",
    "X-HTTP-Method",
    "X-Original-Method",
    "X_HTTP_METHOD_OVERRIDE",
];
/// What would change the answer's shape, part or format.
const SHAPE: &[&str] = &[
    "Accept",
    "Accept-Encoding",
    "Accept-Charset",
    "Accept-Version",
    "Api-Version",
    "X-Version",
    "X-Fields",
    "X-Projection",
    "Fields",
    "Prefer",
    "A-IM",
    "Range",
    "X-Range",
    "Request-Range",
    "If-Range",
    "If-None-Match",
    "If-Modified-Since",
    "If-Unmodified-Since",
    "Cache-Control",
    "Pragma",
    "baggage",
    "X-B3-TraceId",
    "Max-Forwards",
    "Content-Encoding",
    "Content-Range",
    "Digest",
    "SOAPAction",
];

fn claims() -> Vec<Attack> {
    let of = |id, names: &'static [&str]| {
        names
            .iter()
            .map(move |name| attack(id, with(format!("{name}: forged\r\n"), ""), Arrives(RECORD)))
    };
    let mut all: Vec<Attack> = of("F02", IDENTITY)
        .chain(of("F03", METHOD))
        .chain(of("C03", SHAPE))
        .collect();
    for names in [
        "close, X-Partner-Id",
        "Authorization",
        "close, Authorization, Cookie",
        "X-Request-Id, Via, Host",
        "Accept, Accept-Encoding",
        "keep-alive, Content-Length",
        "User-Agent",
        "Transfer-Encoding",
        ",,,",
        "close, close, close",
        "\u{b}close",
    ] {
        all.push(attack(
            "F01",
            with(format!("Connection: {names}\r\nUser-Agent: rig\r\n"), ""),
            if names.contains('\u{b}') {
                Bad
            } else {
                Arrives(RECORD)
            },
        ));
    }
    all.extend([
        attack("F02", with("X-User: forged\r\nx-user: forged\r\nX_USER: forged\r\n", ""), Arrives(RECORD)),
        attack("F14", with("traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\ntracestate: a=b\r\nbaggage: ssn=forged\r\n", ""), Arrives(RECORD)),
        attack("F14", with("traceparent: forged\r\ntracestate: forged=1\r\n", ""), Arrives(RECORD)),
        attack("F14", with("traceparent: 00-00000000000000000000000000000000-b7ad6b7169203331-01\r\n", ""), Arrives(RECORD)),
        attack("D03", with("If-None-Match: \"a\", \"b\"\r\nIf-Modified-Since: Mon, 01 Jan 2024 00:00:00 GMT\r\n", ""), Arrives(RECORD)),
        attack("C13", with("Range: bytes=9-30\r\nIf-Range: \"a\"\r\n", ""), Arrives(RECORD)),
        attack("C13", with("Range: bytes=0-0,2-2\r\n", ""), Arrives(RECORD)),
        attack("F10", with("User-Agent: a\r\nUser-Agent: b\r\n", ""), Bad),
        attack("F10", with("Content-Type: a/b\r\nContent-Type: c/d\r\n", ""), Bad),
        attack("F10", with("Idempotency-Key: a\r\nIdempotency-Key: b\r\n", ""), Bad),
        attack("Q10", with("Via: 1.1 gw-1\r\n", ""), Bad),
        attack("Q10", with("Via: 1.0 a, 1.1 GW-1 (x, y), 2 b\r\n", ""), Bad),
        attack("Q10", with("Via: 1.1 a\r\nVia: 1.1 gw-1\r\n", ""), Bad),
        attack("Q10", with("Via: gw-1\r\n", ""), Bad),
        attack("Q10", with("Via: 1.1 a (forged)\r\n", ""), Arrives(RECORD)),
        attack("Q10", with("Connection: via\r\nVia: 1.1 gw-1\r\n", ""), Bad),
    ]);
    all
}

/// Hosts and targets that name another place.
fn places() -> Vec<Attack> {
    let no_host = format!("GET {RECORD} HTTP/1.1\r\n$A\r\n");
    let mut all = vec![
        attack("F04", no_host, Bad),
        attack("F04", with("Host: localhost\r\n", ""), Bad),
        attack("F04", with("Host: evil.example\r\n", ""), Bad),
        attack(
            "F04",
            format!("GET {RECORD} HTTP/1.0\r\n$A\r\n"),
            Refused(421, "wrong-host"),
        ),
    ];
    for host in [
        "localhost:99999",
        "localhost:",
        "localhost:x",
        "localhost:-1",
        ":8443",
        "",
        "a/b@c",
        "u:p@localhost",
        "@localhost",
        "localhost@evil.example",
        "localhost, evil.example",
        "localhost evil.example",
        "localhost#",
        "localhost?x",
        "local\u{1}host",
        "http://localhost",
        "[::1",
        "localhost\\evil",
        "localhost%00",
    ] {
        all.push(attack(
            "F04",
            format!("GET {RECORD} HTTP/1.1\r\nHost: {host}\r\n$A\r\n"),
            Bad,
        ));
    }
    for host in [
        "evil.example",
        "127.0.0.1:6379",
        "169.254.169.254",
        "localhost.",
        "localhost.evil.example",
        "[::1]:443",
        "xn--lcalhost-1fb",
        "0",
        "localhos",
    ] {
        all.push(attack(
            "E21",
            format!("GET {RECORD} HTTP/1.1\r\nHost: {host}\r\n$A\r\n"),
            Refused(421, "wrong-host"),
        ));
    }
    all.push(attack(
        "E21",
        format!("GET {RECORD} HTTP/1.1\r\nHost: LOCALHOST:1\r\n$A\r\n"),
        Arrives(RECORD),
    ));
    for (target, fate) in [
        ("http://169.254.169.254/latest/meta-data", Bad),
        ("http://u:p@localhost/customers/1001", Bad),
        ("http://localhost:1/customers/1001", Bad),
        ("http://evil.example/customers/1001", Bad),
        ("https://evil.example/customers/1001", Bad),
        ("gopher://evil.example/_x", Bad),
        ("http:///customers/1001", Bad),
        ("http://localhost/customers/1001", Arrives(RECORD)),
        (
            "http://localhost/customers/../x",
            Refused(400, "not-canonical"),
        ),
        (
            "//evil.example/customers/1001",
            Refused(400, "not-canonical"),
        ),
        ("/@evil.example", Refused(400, "not-canonical")),
        ("/\\evil.example", Refused(400, "not-canonical")),
        ("*", Refused(400, "not-canonical")),
        ("customers/1001", Bad),
        ("evil.example:80", Bad),
        ("?x=1", Bad),
        ("http:evil.example", Bad),
        ("/http://evil.example/", Refused(400, "not-canonical")),
    ] {
        all.push(attack(
            "F05",
            format!("GET {target} HTTP/1.1\r\n$H$A\r\n"),
            fate,
        ));
    }
    all
}

pub fn all() -> Vec<Attack> {
    [claims(), places()].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn f01_f02_f03_f10_f14_f15_c03_c13_c16_d03_nothing_a_caller_claims_goes_on() {
    Target::new().await.meet_all(&claims()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn e21_f04_f05_g17_no_other_place_can_be_named() {
    Target::new().await.meet_all(&places()).await;
}
