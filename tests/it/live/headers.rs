//! What passes beside the body: the target to the byte, listed headers, and nothing that is a credential.

use super::rig::door::BOTH;
use super::rig::{Setup, Upstream, Version, raw};

const RULES: &str = include_str!("rig/rules.yaml");

/// A request's or an answer's header lines, sorted, names in lower case.
fn lines(head: &str) -> Vec<String> {
    let lines = head.trim_end().split("\r\n").skip(1);
    let mut lines: Vec<String> = lines
        .map(|line| {
            let (name, value) = line.split_once(": ").unwrap();
            format!("{}: {value}", name.to_ascii_lowercase())
        })
        .collect();
    lines.sort();
    lines
}

#[tokio::test(flavor = "multi_thread")]
async fn f01_f02_the_upstream_gets_listed_headers_and_ours_and_no_credential() {
    let upstream = Upstream::always(r#"{"id":"1001"}"#).await;
    let setup = Setup::new(upstream.address()).rules(RULES).upstream(
        "headers: { set: { X-Api-Key: file:secrets/crm.key, X-Caller: caller.id }, request: [X-Req-Seq] }",
    );
    std::fs::write(setup.dir().join("secrets/crm.key"), "ours\n").unwrap();
    let rig = setup.start().await;
    let sent = [
        ("accept", "text/html"),
        ("accept-encoding", "zstd"),
        ("accept-language", "zh-CN"),
        ("cookie", "session=theirs"),
        ("forwarded", "for=10.0.0.1"),
        ("if-none-match", "\"a\""),
        ("proxy-authorization", "Basic dGhlaXJz"),
        ("range", "bytes=0-1"),
        (
            "traceparent",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ),
        ("user-agent", "rig"),
        ("x-api-key", "theirs"),
        ("x-caller", "somebody-else"),
        ("x-forwarded-for", "10.0.0.1"),
        ("x-http-method-override", "DELETE"),
        ("x-original-url", "/vault/a"),
        ("x-req-seq", "7"),
        ("x_req_seq", "8"),
        ("x-request-id", "theirs"),
    ];
    for version in BOTH {
        let mut sent = sent.to_vec();
        if version == Version::Http1 {
            // HTTP/2 has no such header.
            sent.extend([
                ("connection", "x-nominated"),
                ("x-nominated", "1"),
                ("te", "trailers"),
            ]);
        }
        for (caller, id) in [
            (rig.door.teller(), Some("u-3391")),
            (rig.door.customer(), None),
        ] {
            let target = "/customers/1001";
            let answer = rig.door.ask(version, &caller, "GET", target, &sent).await;
            assert_eq!(answer.status, 200, "{answer:?}");
            let head = upstream.last();
            assert!(
                head.starts_with("GET /customers/1001 HTTP/1.1\r\n"),
                "{head}"
            );
            let token = caller.token.unwrap();
            assert!(!head.contains(&token) && !head.contains("theirs"), "{head}");
            let intent = super::rig::Log::read(&rig.audit());
            let logged = intent.intent(answer.id())["caller"]["id"].clone();
            let logged = logged.as_str().unwrap();
            assert!(id.is_none_or(|id| id == logged));
            let digit = if version == Version::Http2 {
                "2"
            } else {
                "1.1"
            };
            let expected = [
                "accept-encoding: gzip, deflate, br, zstd".to_owned(),
                "accept-language: zh-CN".to_owned(),
                "accept: application/json, application/*+json".to_owned(),
                format!("host: {}", upstream.address()),
                "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned(),
                "user-agent: rig".to_owned(),
                format!("via: {digit} gw-1"),
                "x-api-key: ours".to_owned(),
                format!("x-caller: {logged}"),
                "x-req-seq: 7".to_owned(),
                format!("x-request-id: {}", answer.id()),
            ];
            assert_eq!(lines(&head), expected);
        }
    }
    let log = rig.finish().await;
    let traced = log.of_kind("intent");
    for intent in traced {
        assert_eq!(intent["trace_id"], "0af7651916cd43dd8448eb211c80319c");
        assert_ne!(intent["caller"]["id"], "1001", "a person stands hashed");
    }
    let text = format!("{log:?}");
    for secret in ["theirs", "ours", "Bearer", "session"] {
        assert!(!text.contains(secret), "the log holds `{secret}`");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_caller_gets_listed_headers_and_ours() {
    let upstream = Upstream::start(|_| {
        vec![raw(concat!(
            "HTTP/1.1 200 OK\r\n",
            "Content-Type: application/json;charset=UTF-8\r\n",
            "Content-Language: zh\r\n",
            "Cache-Control: public, max-age=600\r\n",
            "Set-Cookie: JSESSIONID=1\r\n",
            "Server: Apache-Coyote/1.1\r\n",
            "X-Powered-By: Servlet\r\n",
            "ETag: \"secret-derived\"\r\n",
            "Last-Modified: Mon, 01 Jan 2024 00:00:00 GMT\r\n",
            "Location: /elsewhere\r\n",
            "Access-Control-Allow-Origin: *\r\n",
            "X-Total-Count: 17\r\n",
            "X-Req-Seq: 7\r\n",
            "X-Request-Id: theirs\r\n",
            "Alt-Svc: h3=\":443\"\r\n",
            "Refresh: 0; url=https://evil.example/\r\n",
            "Date: Mon, 01 Jan 2024 00:00:00 GMT\r\n",
            "Content-Length: 10\r\n\r\n",
            r#"{"id":"1"}"#
        ))]
    });
    let upstream = upstream.await;
    let setup = Setup::new(upstream.address()).rules(RULES);
    let rig = setup
        .upstream("headers: { response: [X-Req-Seq] }")
        .start()
        .await;
    for version in BOTH {
        let answer = rig.get(version, &rig.door.teller(), "/customers/1").await;
        let mut headers = answer.headers.clone();
        headers.sort();
        let headers: Vec<String> = headers
            .into_iter()
            .map(|(name, value)| format!("{name}: {value}"))
            .collect();
        let tag = answer.header("etag").unwrap();
        assert!(
            tag.starts_with("\"fg-"),
            "the upstream's goes nowhere: {tag}"
        );
        assert_eq!(
            headers,
            [
                "cache-control: private, no-store".to_owned(),
                "content-language: zh".to_owned(),
                "content-length: 10".to_owned(),
                "content-type: application/json;charset=UTF-8".to_owned(),
                "date: Mon, 01 Jan 2024 00:00:00 GMT".to_owned(),
                format!("etag: {tag}"),
                "vary: Authorization, Cookie, X-API-Key".to_owned(),
                "x-req-seq: 7".to_owned(),
                format!("x-request-id: {}", answer.id()),
            ]
        );
    }
    rig.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_upstream_gets_the_matched_target_to_the_byte() {
    let upstream = Upstream::always(r#"{"items":[]}"#).await;
    let rules = RULES
        .replace(
            "GET /customers/{id}/orders",
            "GET /customers/{id:text}/orders",
        )
        .replace(
            "page: {",
            "q: { free: true, reason: the rig asks }\n      page: {",
        );
    let rig = Setup::new(upstream.address()).rules(&rules).start().await;
    for version in BOTH {
        for target in [
            "/customers",
            "/customers?page=7",
            "/customers?q=&page=100",
            "/customers?q",
            "/customers?q=%E5%BC%A0%20%2B%26%3D%23",
            "/customers/%E5%BC%A0%2Fb~_.-/orders",
        ] {
            let answer = rig.get(version, &rig.door.teller(), target).await;
            assert_eq!(answer.status, 200, "{target}: {answer:?}");
            let head = upstream.last();
            assert!(
                head.starts_with(&format!("GET {target} HTTP/1.1\r\n")),
                "{head}"
            );
        }
    }
    let log = rig.finish().await;
    // What was searched for stands in no record in clear.
    let text = format!("{log:?}");
    assert!(!text.contains("%E5") && !text.contains("张"), "{text}");
}
