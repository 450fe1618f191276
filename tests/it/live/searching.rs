//! Callers who search: what the upstream hears of it, and what the access log and the metrics hold.

use aws_lc_rs::hmac;
use data_encoding::HEXLOWER;
use serde_json::json as value;

use super::rig::door::BOTH;
use super::rig::{Answer, Caller, Http1, Http2, Rig, Setup, Upstream, Version};

const RULES: &str = include_str!("rig/searching.yaml");

async fn rig(upstream: &Upstream) -> Rig {
    let setup = Setup::new(upstream.address()).rules(RULES);
    setup.start().await
}

/// The hash of a parameter, as `docs/audit.md` says it is made.
fn hashed(rig: &Rig, name: &str, text: &str) -> String {
    let key = std::fs::read_to_string(rig.dir().join("secrets/audit.key")).unwrap();
    let key = HEXLOWER.decode(key.trim().as_bytes()).unwrap();
    let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
    let mut message = b"fieldgate audit parameter v1\0".to_vec();
    message.extend((name.len() as u64).to_be_bytes());
    message.extend(name.as_bytes());
    message.extend(text.as_bytes());
    format!(
        "hmac:{}",
        HEXLOWER.encode(hmac::sign(&key, &message).as_ref())
    )
}

/// What the log says of these parameters.
fn all_hashed(rig: &Rig, parameters: &[(&str, &str)]) -> serde_json::Value {
    let hashed = |(name, text): &(&str, &str)| ((*name).to_owned(), hashed(rig, name, text).into());
    serde_json::Value::Object(parameters.iter().map(hashed).collect())
}

async fn metrics(rig: &Rig) -> String {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut stream = tokio::net::TcpStream::connect(rig.health.unwrap())
        .await
        .unwrap();
    let ask = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    stream.write_all(ask).await.unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_goes_upstream_as_it_came_and_is_recorded_as_a_keyed_hash() {
    let upstream =
        Upstream::always(r#"{"items":[{"id":"1","name":"n","phone":"13800138000"}]}"#).await;
    let rig = rig(&upstream).await;
    let mut ids = Vec::new();
    for version in BOTH {
        let target = "/customers?name=%E5%BC%A0%E4%B8%89&sort=-name%2Cid";
        let answer = rig.get(version, &rig.door.manager(), target).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert!(
            upstream
                .last()
                .starts_with(&format!("GET {target} HTTP/1.1"))
        );
        ids.push(answer.id().to_owned());
    }
    let expected = value!({ "name": hashed(&rig, "name", "张三") });
    let log = rig.finish().await;
    for id in ids {
        let intent = log.intent(&id);
        assert_eq!(intent["params"], expected, "names of fields are no data");
        assert!(intent.get("finds").is_none(), "{intent}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_finds_is_recorded_and_counted_and_empty_answers_too() {
    let upstream = Upstream::start(|asked| {
        let found = asked.target().contains("phone=13800138000");
        let items = if found {
            r#"{"id":"1","phone":"13800138000"}"#
        } else {
            ""
        };
        super::rig::json(format!(r#"{{"items":[{items}]}}"#))
    })
    .await;
    let rig = rig(&upstream).await;
    let mut ids = Vec::new();
    for phone in ["13800138000", "13900139000"] {
        let target = format!("/customers?phone={phone}");
        let answer = rig.get(BOTH[0], &rig.door.teller(), &target).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert!(!answer.text().contains("13800138000"));
        ids.push((answer.id().to_owned(), hashed(&rig, "phone", phone)));
    }
    let refused = rig
        .get(BOTH[0], &rig.door.teller(), "/customers?phone=138%2A")
        .await;
    assert_eq!(refused.reason(), "unlisted-parameter");
    let text = metrics(&rig).await;
    for found in ["true", "false"] {
        let line = format!("fieldgate_finds_total{{route=\"GET /customers\",found=\"{found}\"}} 1");
        assert!(text.lines().any(|one| one == line), "{line}\n{text}");
    }
    assert_eq!(upstream.count(), 2);
    let log = rig.finish().await;
    for (id, hash) in ids {
        let intent = log.intent(&id);
        assert_eq!(intent["params"], value!({ "phone": hash }));
        assert_eq!(intent["finds"], value!(["phone"]));
    }
}

const JSON: (&str, &str) = ("content-type", "application/json; charset=utf-8");
const SEARCH: &str = "/customers/search";

/// A search by POST.
async fn post(
    rig: &Rig,
    version: Version,
    caller: &Caller,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Answer {
    post_to(SEARCH, rig, version, caller, headers, body).await
}

async fn post_to(
    target: &str,
    rig: &Rig,
    version: Version,
    caller: &Caller,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Answer {
    match version {
        Version::Http2 => {
            let client = Http2::connect(&rig.door, caller).await;
            client.ask_sending("POST", target, headers, body).await
        }
        _ => {
            let mut client = Http1::connect(&rig.door, caller).await;
            let length = body.len().to_string();
            let framing = [headers, &[("content-length", length.as_str())]].concat();
            client.send("POST", target, &framing).await;
            client.write(body).await;
            client.answer().await
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_by_post_goes_upstream_byte_for_byte_and_is_recorded_leaf_by_leaf() {
    let upstream =
        Upstream::always(r#"{"items":[{"id":"1","name":"n","phone":"13800138000"}]}"#).await;
    let rig = rig(&upstream).await;
    let body = " {\"size\" : 10,\"filter\":{\"name\":\"\\u5f20\u{4e09}\",\n\"phones\":[\"13800138000\",13900139000]},\"sort\":[\"-name\"],\"note\":[]}";
    let mut ids = Vec::new();
    for version in BOTH {
        let answer = post(&rig, version, &rig.door.manager(), &[JSON], body.as_bytes()).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert!(answer.text().contains("13800138000"));
        let asked = upstream.last();
        assert!(
            asked.starts_with(&format!("POST {SEARCH} HTTP/1.1\r\n")),
            "{asked}"
        );
        assert!(
            asked.contains("\r\ncontent-type: application/json; charset=utf-8\r\n"),
            "{asked}"
        );
        let (_, sent) = asked.split_once("\r\n\r\n").unwrap();
        assert_eq!(sent, body);
        ids.push(answer.id().to_owned());
    }
    assert_eq!(upstream.count(), 2);
    let expected = [
        ("body.filter.name", "张三"),
        ("body.filter.phones[0]", "13800138000"),
        ("body.filter.phones[1]", "13900139000"),
    ];
    let expected = all_hashed(&rig, &expected);
    let log = rig.finish().await;
    for id in ids {
        assert_eq!(log.intent(&id)["params"], expected);
        assert_eq!(log.outcome(&id)["action"], "read");
        assert_eq!(log.outcome(&id)["records"], 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_cannot_be_judged_is_refused_and_the_upstream_hears_nothing() {
    let upstream = Upstream::always(r#"{"items":[]}"#).await;
    let setup = Setup::new(upstream.address()).rules(RULES);
    let rig = setup
        .settings("limits: { request_body: 100B, depth: 4 }")
        .start()
        .await;
    let long = format!(r#"{{"note":"{}"}}"#, "x".repeat(100));
    let gzip = &[JSON, ("content-encoding", "gzip")][..];
    let json = &[JSON][..];
    /// Header, body, status and reason.
    type Case<'a> = (&'a [(&'a str, &'a str)], &'a str, u16, &'a str);
    let cases: [Case<'_>; 14] = [
        (&[], "{}", 415, "media-type"),
        (&[("content-type", "text/plain")], "{}", 415, "media-type"),
        (
            &[("content-type", "application/json; charset=gbk")],
            "{}",
            415,
            "media-type",
        ),
        (gzip, "{}", 415, "media-type"),
        (json, &long, 413, "too-large"),
        (json, "", 400, "unreadable-request"),
        (json, "{\"size\":1", 400, "unreadable-request"),
        (json, "{\"note\":[[[[1]]]]}", 400, "unreadable-request"),
        (json, "{\"size\":1,\"size\":2}", 400, "duplicate-key"),
        (json, "{\"note\":1,\"Note\":2}", 400, "duplicate-key"),
        (json, "{\"size\":1,\"page\":2}", 400, "unlisted-parameter"),
        (json, "{\"size\":0}", 400, "unlisted-parameter"),
        (
            json,
            "{\"filter\":{\"phones\":[]}}",
            400,
            "unlisted-parameter",
        ),
        (json, "{\"sort\":[\"phone\"]}", 403, "filter-on-hidden"),
    ];
    let mut ids = Vec::new();
    for version in BOTH {
        for (headers, body, status, reason) in cases {
            let answer = post(&rig, version, &rig.door.teller(), headers, body.as_bytes()).await;
            let what = format!("{version:?} {headers:?} {body}");
            assert_eq!(
                (answer.status, answer.reason().as_str()),
                (status, reason),
                "{what}"
            );
            ids.push((answer.id().to_owned(), reason));
        }
    }
    assert_eq!(upstream.count(), 0, "{}", upstream.last());
    let log = rig.finish().await;
    for (id, reason) in ids {
        assert_eq!(log.kinds(&id), ["outcome"], "{reason}");
        assert_eq!(log.outcome(&id)["reason"], reason);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_in_chunks_is_held_to_the_limit_and_not_beyond() {
    let upstream = Upstream::always(r#"{"items":[]}"#).await;
    let setup = Setup::new(upstream.address()).rules(RULES);
    let rig = setup
        .settings("limits: { request_body: 10B }")
        .start()
        .await;
    for (chunks, expected) in [
        ("5\r\n{\"siz\r\n5\r\ne\":1}\r\n0\r\n\r\n", 200),
        ("5\r\n{\"siz\r\n6\r\ne\":10}\r\n0\r\n\r\n", 413),
    ] {
        let mut client = Http1::connect(&rig.door, &rig.door.teller()).await;
        let framing = [JSON, ("transfer-encoding", "chunked")];
        client.send("POST", SEARCH, &framing).await;
        client.write(chunks.as_bytes()).await;
        assert_eq!(client.answer().await.status, expected, "{chunks}");
    }
    assert_eq!(upstream.count(), 1);
    let (head, body) = upstream
        .last()
        .split_once("\r\n\r\n")
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .unwrap();
    assert_eq!(body, r#"{"size":1}"#);
    assert!(head.contains("\r\ncontent-length: 10"), "{head}");
    rig.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_finds_by_a_body_is_recorded_and_counted() {
    let upstream = Upstream::always(r#"{"items":[{"id":"1","phone":"13800138000"}]}"#).await;
    let rig = rig(&upstream).await;
    let body = br#"{"filter":{"phones":["13800138000"]}}"#;
    let answer = post(&rig, BOTH[0], &rig.door.teller(), &[JSON], body).await;
    assert_eq!(
        answer.text(),
        r#"{"items":[{"id":"1","phone":"138****8000"}]}"#
    );
    for body in [
        r#"{"filter":{"phones":["138*"]}}"#,
        r#"{"filter":{"phones":[null]}}"#,
    ] {
        let answer = post(&rig, BOTH[0], &rig.door.teller(), &[JSON], body.as_bytes()).await;
        assert_eq!(answer.reason(), "unlisted-parameter", "{body}");
    }
    let text = metrics(&rig).await;
    let line = "fieldgate_finds_total{route=\"POST /customers/search\",found=\"true\"} 1";
    assert!(text.lines().any(|one| one == line), "{text}");
    let log = rig.finish().await;
    assert_eq!(
        log.intent(answer.id())["finds"],
        value!(["body.filter.phones[0]"])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_without_send_takes_no_body_and_no_other_method_is_let_through() {
    let upstream = Upstream::always(r#"{"items":[]}"#).await;
    let rig = rig(&upstream).await;
    let manager = rig.door.manager();
    for version in BOTH {
        let answer = rig
            .door
            .ask(version, &manager, "POST", "/customers/idle", &[])
            .await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert!(
            upstream
                .last()
                .starts_with("POST /customers/idle HTTP/1.1\r\n")
        );
        for method in ["GET", "HEAD", "PUT"] {
            let answer = rig.door.ask(version, &manager, method, SEARCH, &[]).await;
            assert_eq!(answer.status, 405, "{method}");
            assert_eq!(answer.header("allow"), Some("POST"), "{method}");
        }
    }
    let mut client = Http1::connect(&rig.door, &manager).await;
    client
        .send("POST", "/customers/idle", &[JSON, ("content-length", "2")])
        .await;
    client.write(b"{}").await;
    assert_eq!(client.answer().await.reason(), "unexpected-body");
    rig.finish().await;
}

/// A connection that dies in the middle of a search: the caller learns of it, and nothing is asked twice.
#[tokio::test(flavor = "multi_thread")]
async fn a_search_by_post_is_never_sent_again() {
    let upstream = Upstream::start(|_| vec![super::rig::Part::Close]).await;
    let rig = rig(&upstream).await;
    let answer = post(&rig, BOTH[0], &rig.door.manager(), &[JSON], b"{}").await;
    assert_eq!(answer.status, 502, "{}", answer.text());
    assert_eq!(upstream.count(), 1);
    rig.finish().await;
}

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const BY_FORM: &str = "/customers/form";

#[tokio::test(flavor = "multi_thread")]
async fn a_search_by_form_goes_upstream_byte_for_byte_and_is_recorded_name_by_name() {
    let upstream =
        Upstream::always(r#"{"items":[{"id":"1","name":"n","phone":"13800138000"}]}"#).await;
    let rig = rig(&upstream).await;
    let body = "size=10&name=%E5%BC%A0+%e4%b8%89&phone.no=13800138000&sort=-name%2Cid&kind=a&note=";
    let utf8 = (FORM.0, "application/x-www-form-urlencoded; charset=UTF-8");
    let mut ids = Vec::new();
    for version in BOTH {
        let manager = rig.door.manager();
        let answer = post_to(BY_FORM, &rig, version, &manager, &[utf8], body.as_bytes()).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert!(answer.text().contains("13800138000"));
        let asked = upstream.last();
        assert!(
            asked.starts_with("POST /customers/form HTTP/1.1\r\n"),
            "{asked}"
        );
        let line = "\r\ncontent-type: application/x-www-form-urlencoded\r\n";
        assert!(asked.contains(line), "{asked}");
        assert_eq!(asked.split_once("\r\n\r\n").unwrap().1, body);
        ids.push(answer.id().to_owned());
    }
    // A form without a name asks for nothing in particular.
    let answer = post_to(BY_FORM, &rig, BOTH[0], &rig.door.teller(), &[FORM], b"").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(upstream.count(), 3);
    let expected = [("body.name", "张 三"), ("body.phone.no", "13800138000")];
    let expected = all_hashed(&rig, &expected);
    let log = rig.finish().await;
    for id in ids {
        assert_eq!(log.intent(&id)["params"], expected);
        assert_eq!(log.outcome(&id)["action"], "read");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn i05_a_search_by_form_that_cannot_be_judged_is_refused_and_the_upstream_hears_nothing() {
    let upstream = Upstream::always(r#"{"items":[]}"#).await;
    let setup = Setup::new(upstream.address()).rules(RULES);
    let rig = setup
        .settings("limits: { request_body: 100B }")
        .start()
        .await;
    let long = format!("note={}", "x".repeat(100));
    let form = &[FORM][..];
    let gbk = &[(FORM.0, "application/x-www-form-urlencoded; charset=gbk")][..];
    let cut = &[(FORM.0, "application/x-www-form-urlencoded; boundary=x")][..];
    let parts = &[(FORM.0, "multipart/form-data; boundary=x")][..];
    let gzip = &[FORM, ("content-encoding", "gzip")][..];
    /// Header, target, body, status and reason.
    type Case<'a> = (&'a [(&'a str, &'a str)], &'a str, &'a str, u16, &'a str);
    let cases: [Case<'_>; 25] = [
        (&[], BY_FORM, "size=1", 415, "media-type"),
        (&[JSON], BY_FORM, "{\"size\":1}", 415, "media-type"),
        (gbk, BY_FORM, "size=1", 415, "media-type"),
        (cut, BY_FORM, "size=1", 415, "media-type"),
        (parts, BY_FORM, "size=1", 415, "media-type"),
        (gzip, BY_FORM, "size=1", 415, "media-type"),
        (form, SEARCH, "size=1", 415, "media-type"),
        (form, BY_FORM, &long, 413, "too-large"),
        (form, BY_FORM, "size", 400, "unreadable-request"),
        (form, BY_FORM, "size=1;page=2", 400, "unreadable-request"),
        (form, BY_FORM, "note=%ff", 400, "unreadable-request"),
        (form, BY_FORM, "note=%u5f20", 400, "unreadable-request"),
        (form, BY_FORM, "note=张", 400, "unreadable-request"),
        (form, BY_FORM, "size=1&size=1", 400, "duplicate-key"),
        (form, BY_FORM, "note=1&%4eote=2", 400, "duplicate-key"),
        (form, BY_FORM, "page=1", 400, "unlisted-parameter"),
        (form, BY_FORM, "Size=1", 400, "unlisted-parameter"),
        (form, BY_FORM, "size=0", 400, "unlisted-parameter"),
        (form, BY_FORM, "size=+1", 400, "unlisted-parameter"),
        (form, BY_FORM, "size=01", 400, "unlisted-parameter"),
        (form, BY_FORM, "kind=c", 400, "unlisted-parameter"),
        (form, BY_FORM, "phone.no=138*", 400, "unlisted-parameter"),
        (form, BY_FORM, "sort=phone", 403, "filter-on-hidden"),
        // Of query and form an upstream makes one: nothing stands in the wrong place.
        (form, "/customers/form?name=x", "size=1", 400, "bad-query"),
        (form, "/customers/form?sort=id", "name=x", 400, "bad-query"),
    ];
    let mut ids = Vec::new();
    for version in BOTH {
        for (headers, target, body, status, reason) in cases {
            let teller = rig.door.teller();
            let answer = post_to(target, &rig, version, &teller, headers, body.as_bytes()).await;
            let what = format!("{version:?} {headers:?} {target} {body}");
            let found = (answer.status, answer.reason());
            assert_eq!(found, (status, reason.to_owned()), "{what}");
            ids.push((answer.id().to_owned(), reason));
        }
    }
    assert_eq!(upstream.count(), 0, "{}", upstream.last());
    let log = rig.finish().await;
    for (id, reason) in ids {
        assert_eq!(log.kinds(&id), ["outcome"], "{reason}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_finds_by_a_form_is_recorded_and_counted() {
    let upstream = Upstream::always(r#"{"items":[{"id":"1","phone":"13800138000"}]}"#).await;
    let rig = rig(&upstream).await;
    let body = b"phone.no=13800138000";
    let answer = post_to(BY_FORM, &rig, BOTH[0], &rig.door.teller(), &[FORM], body).await;
    assert_eq!(
        answer.text(),
        r#"{"items":[{"id":"1","phone":"138****8000"}]}"#
    );
    let text = metrics(&rig).await;
    let line = "fieldgate_finds_total{route=\"POST /customers/form\",found=\"true\"} 1";
    assert!(text.lines().any(|one| one == line), "{text}");
    let log = rig.finish().await;
    assert_eq!(log.intent(answer.id())["finds"], value!(["body.phone.no"]));
}
