//! What is refused before the upstream hears of it: in which order, with which document, with which record.

use super::rig::door::BOTH;
use super::rig::{Caller, Door, Http1, Http2, Rig, Setup, Upstream, Version};

const RULES: &str = include_str!("rig/rules.yaml");

async fn rig(upstream: &Upstream) -> Rig {
    Setup::new(upstream.address())
        .rules(RULES)
        .upstream("hosts: [localhost]")
        .start()
        .await
}

struct Case<'a> {
    caller: Caller,
    method: &'a str,
    target: &'a str,
    headers: &'a [(&'a str, &'a str)],
    expected: (u16, &'a str),
}

fn get<'a>(caller: Caller, target: &'a str, expected: (u16, &'a str)) -> Case<'a> {
    Case {
        caller,
        method: "GET",
        target,
        headers: &[],
        expected,
    }
}

fn bad(text: &str) -> Caller {
    Caller {
        token: Some(text.to_owned()),
        certificate: None,
    }
}

fn cases(door: &Door) -> Vec<Case<'static>> {
    let teller = || door.teller();
    let with = |caller, headers, expected| Case {
        headers,
        ..get(caller, "/customers/1", expected)
    };
    let method = |method, target, expected| Case {
        method,
        ..get(teller(), target, expected)
    };
    vec![
        // Framing and target.
        with(
            teller(),
            &[("expect", "200-ok")],
            (400, "malformed-request"),
        ),
        with(teller(), &[("via", "1.1 gw-1")], (400, "malformed-request")),
        with(
            teller(),
            &[("user-agent", "a"), ("user-agent", "b")],
            (400, "malformed-request"),
        ),
        get(teller(), "/customers/../x", (400, "not-canonical")),
        get(teller(), "/customers//1", (400, "not-canonical")),
        get(teller(), "/customers/1%2F2%2f", (400, "not-canonical")),
        // Credentials.
        get(door.nobody(), "/customers/1", (401, "no-credential")),
        get(bad("a.b.c"), "/customers/1", (401, "bad-credential")),
        with(
            door.nobody(),
            &[("authorization", "Basic Zm9vOmJhcg==")],
            (401, "bad-credential"),
        ),
        with(
            teller(),
            &[("authorization", "Bearer a.b.c")],
            (401, "several-credentials"),
        ),
        // Route and method.
        get(teller(), "/nowhere", (404, "no-such-route")),
        get(teller(), "/customers/1/", (400, "not-canonical")),
        method("POST", "/customers/1", (405, "method-not-declared")),
        method("DELETE", "/customers", (405, "method-not-declared")),
        method("TRACE", "/customers/1", (405, "method-not-declared")),
        with(teller(), &[("host", "elsewhere")], (421, "wrong-host")),
        // Rights.
        get(door.partner(), "/customers/1", (403, "no-row")),
        get(door.customer(), "/customers/1", (403, "no-role")),
        get(teller(), "/strict", (403, "no-row")),
        // Parameters.
        get(teller(), "/vault/abc", (403, "filter-on-hidden")),
        get(teller(), "/customers?name=x", (400, "unlisted-parameter")),
        get(teller(), "/customers?page=0", (400, "unlisted-parameter")),
        get(teller(), "/customers?page=1&page=1", (400, "bad-query")),
        get(teller(), "/customers?page=1;x", (400, "bad-query")),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn each_refusal_is_a_problem_document_and_one_record_and_the_upstream_hears_nothing() {
    let upstream = Upstream::always("{}").await;
    let rig = rig(&upstream).await;
    let mut seen = Vec::new();
    for version in BOTH {
        for case in cases(&rig.door) {
            let Case {
                caller,
                method,
                target,
                headers,
                expected,
            } = case;
            let answer = rig
                .door
                .ask(version, &caller, method, target, headers)
                .await;
            let what = format!("{version:?} {method} {target} {headers:?}");
            assert_eq!(
                (answer.status, answer.reason().as_str()),
                expected,
                "{what}"
            );
            assert_eq!(answer.header("cache-control"), Some("private, no-store"));
            let challenge = answer.header("www-authenticate");
            assert_eq!(challenge.is_some(), answer.status == 401, "{what}");
            let allow = (answer.status == 405).then_some("GET, HEAD");
            assert_eq!(answer.header("allow"), allow, "{what}");
            seen.push((answer.id().to_owned(), expected, answer.body.len()));
        }
    }
    assert_eq!(upstream.count(), 0, "{}", upstream.last());
    let log = rig.finish().await;
    for (id, (status, reason), bytes) in seen {
        assert_eq!(log.kinds(&id), ["outcome"], "{reason}");
        let outcome = log.outcome(&id);
        assert_eq!(outcome["status"], status);
        assert_eq!(outcome["reason"], reason);
        assert_eq!(outcome["end"], "refused");
        assert_eq!(outcome["bytes"], bytes, "{reason}");
    }
}

/// Every request here breaks all rules from its own on; the first one speaks.
#[tokio::test(flavor = "multi_thread")]
async fn the_first_thing_wrong_is_what_is_said() {
    let upstream = Upstream::always("{}").await;
    let rig = rig(&upstream).await;
    let door = &rig.door;
    let body: &[_] = &[("content-length", "1")];
    let framing: &[_] = &[("content-length", "1"), ("expect", "x")];
    let order = [
        (bad("x"), "PUT", "/nowhere/", framing, "malformed-request"),
        (bad("x"), "PUT", "/nowhere/", body, "not-canonical"),
        (bad("x"), "PUT", "/nowhere?page=0", body, "bad-credential"),
        (
            door.partner(),
            "PUT",
            "/nowhere?page=0",
            body,
            "no-such-route",
        ),
        (
            door.partner(),
            "PUT",
            "/strict?page=0",
            body,
            "method-not-declared",
        ),
        (door.customer(), "GET", "/strict?page=0", body, "no-role"),
        (door.partner(), "GET", "/strict?page=0", body, "no-row"),
        (
            door.manager(),
            "GET",
            "/strict?page=0",
            body,
            "unlisted-parameter",
        ),
        (door.manager(), "GET", "/strict", body, "unexpected-body"),
    ];
    for (caller, method, target, headers, expected) in order {
        let mut client = Http1::connect(door, &caller).await;
        client.send(method, target, headers).await;
        client.write(b"x").await;
        let answer = client.answer().await;
        assert_eq!(answer.reason(), expected, "{method} {target}");
    }
    assert_eq!(upstream.count(), 0);
    rig.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_with_a_body_is_refused_however_it_is_framed() {
    let upstream = Upstream::always(r#"{"id":"1"}"#).await;
    let rig = rig(&upstream).await;
    for (framing, body) in [
        ("Content-Length: 1", "x"),
        ("Transfer-Encoding: chunked", "1\r\nx\r\n0\r\n\r\n"),
        ("Content-Length: 5\r\nExpect: 100-continue", ""),
    ] {
        let mut client = Http1::connect(&rig.door, &rig.door.teller()).await;
        let framing: Vec<_> = framing
            .lines()
            .map(|line| line.split_once(": ").unwrap())
            .collect();
        client.send("GET", "/customers/1", &framing).await;
        client.write(body.as_bytes()).await;
        let answer = client.answer().await;
        assert_eq!(answer.status, 400, "{framing:?}: {answer:?}");
        assert_eq!(answer.reason(), "unexpected-body", "{framing:?}");
    }
    let client = Http2::connect(&rig.door, &rig.door.teller()).await;
    let answer = client.ask_with("GET", "/customers/1", b"x").await;
    assert_eq!(
        (answer.status, answer.reason().as_str()),
        (400, "unexpected-body")
    );
    assert_eq!(upstream.count(), 0);
    let answer = client.ask_with("GET", "/customers/1", b"").await;
    assert_eq!(answer.status, 200);
    drop(client);
    // No body at all is none, however that is said.
    for (framing, body) in [
        ("Content-Length: 0", ""),
        ("Transfer-Encoding: chunked", "0\r\n\r\n"),
    ] {
        let mut client = Http1::connect(&rig.door, &rig.door.teller()).await;
        let framing = framing.split_once(": ").unwrap();
        client.send("GET", "/customers/1", &[framing]).await;
        client.write(body.as_bytes()).await;
        assert_eq!(client.answer().await.status, 200, "{framing:?}");
    }
    rig.finish().await;
}

/// A body that was refused unread is a body all the same, and never the next request.
#[tokio::test(flavor = "multi_thread")]
async fn e11_a_refused_body_is_never_taken_for_a_request() {
    let upstream = Upstream::always(r#"{"id":"1"}"#).await;
    let rig = rig(&upstream).await;
    let teller = rig.door.teller();
    let token = teller.token.clone().unwrap();
    let hidden = format!(
        "GET /customers/1 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n"
    );
    let mut client = Http1::connect(&rig.door, &teller).await;
    let length = hidden.len().to_string();
    let framing = [("content-length", length.as_str())];
    client.send("GET", "/customers/2", &framing).await;
    client.write(hidden.as_bytes()).await;
    assert_eq!(client.answer().await.reason(), "unexpected-body");
    // Whether the connection goes on or not, what comes next on it is answered for itself.
    let _ = client.try_send("GET", "/nowhere", &[]).await;
    if let Some(answer) = client.try_answer().await {
        assert_eq!(answer.reason(), "no-such-route");
    }
    assert_eq!(upstream.count(), 0);
    drop(client);
    rig.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_request_is_refused_without_a_body() {
    let upstream = Upstream::always("{}").await;
    let rig = rig(&upstream).await;
    for version in BOTH {
        for (target, status) in [("/nowhere", 404), ("/strict", 403)] {
            let teller = rig.door.teller();
            let answer = rig.door.ask(version, &teller, "HEAD", target, &[]).await;
            assert_eq!((answer.status, answer.body.len()), (status, 0));
            // A length, if there is one, is the one GET would have had (RFC 9110 8.6).
            let get = rig.get(version, &teller, target).await;
            let length = answer.header("content-length");
            assert!(length.is_none() || length == get.header("content-length"));
        }
    }
    assert_eq!(upstream.count(), 0);
    rig.finish().await;
}

/// What is between one and two limits is ours to refuse; what is beyond is the library's.
#[tokio::test(flavor = "multi_thread")]
async fn a_head_above_the_limit_is_431() {
    let upstream = Upstream::always("{}").await;
    let rig = rig(&upstream).await;
    let long = "x".repeat(17 << 10);
    let teller = rig.door.teller();
    let headers = [("accept-language", long.as_str())];
    let target = "/customers/1";
    let answer = rig
        .door
        .ask(Version::Http2, &teller, "GET", target, &headers)
        .await;
    assert_eq!(
        (answer.status, answer.reason().as_str()),
        (431, "header-too-large")
    );
    let mut client = Http1::connect(&rig.door, &teller).await;
    client.send("GET", target, &headers).await;
    let answer = client.head().await;
    assert_eq!(answer.status, 431);
    assert_eq!(client.rest().await, b"");
    assert_eq!(upstream.count(), 0);
    let log = rig.finish().await;
    let connections: Vec<_> = log.of_kind("connection").collect();
    assert_eq!(connections.len(), 1, "{connections:?}");
    assert_eq!(connections[0]["reason"], "header-too-large");
}

/// What is refused before there is a request has a record of its own, and ends the connection.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_request_is_a_connection_record() {
    let upstream = Upstream::always("{}").await;
    let rig = rig(&upstream).await;
    for bytes in [
        "GET /customers/1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "GET /customers/1 HTTP/1.1\r\nHost : localhost\r\n\r\n",
        "GET /customers/1 HTTP/9.1\r\nHost: localhost\r\n\r\n",
    ] {
        let mut client = Http1::connect(&rig.door, &rig.door.nobody()).await;
        client.write(bytes.as_bytes()).await;
        let rest = String::from_utf8(client.rest().await).unwrap();
        assert!(
            rest.is_empty() || rest.starts_with("HTTP/1.1 400 "),
            "{rest}"
        );
    }
    assert_eq!(upstream.count(), 0);
    let log = rig.finish().await;
    let reasons: Vec<_> = log.of_kind("connection").collect();
    assert_eq!(reasons.len(), 3, "{reasons:?}");
    assert!(reasons.iter().all(|record| record["reason"] == "malformed"));
}

/// Tokens of two days ago, and keys that made them.
#[tokio::test(flavor = "multi_thread")]
async fn an_expired_token_is_refused_as_expired() {
    use fieldgate::demo::identities::Identities;
    let upstream = Upstream::always("{}").await;
    let setup = Setup::new(upstream.address()).rules(RULES);
    let then = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(48);
    let old = Identities::generate(then).unwrap();
    std::fs::write(setup.dir().join("certs/staff.jwks.json"), &old.staff_jwks).unwrap();
    let rig = setup.start().await;
    for version in BOTH {
        for (caller, reason) in [
            (bad(old.teller.expose()), "expired-credential"),
            (rig.door.teller(), "bad-credential"),
        ] {
            let answer = rig.get(version, &caller, "/customers/1").await;
            assert_eq!((answer.status, answer.reason().as_str()), (401, reason));
        }
    }
    assert_eq!(upstream.count(), 0);
    rig.finish().await;
}
