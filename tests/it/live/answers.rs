//! Answers of the upstream that pass, and what becomes of them.

use std::io::Write;

use flate2::Compression;
use tokio::io::AsyncWriteExt;

use super::rig::door::BOTH;
use super::rig::upstream::{encoded, gzip, ok};
use super::rig::{Answer, Http1, Http2, Part, Rig, Setup, Upstream, json, raw};

const RULES: &str = include_str!("rig/rules.yaml");

async fn rig(upstream: &Upstream) -> Rig {
    let setup = Setup::new(upstream.address()).rules(RULES);
    setup.start().await
}

/// A value that must be held is bounded, one that is not is not.
#[tokio::test(flavor = "multi_thread")]
async fn only_a_value_that_is_held_is_too_long() {
    let long = "x".repeat(100);
    let upstream = Upstream::start(move |asked| match asked.target() {
        "/strict" => json(format!(r#"{{"id":"{long}","pin":"{long}"}}"#)),
        _ => json(format!(r#"{{"code":"{long}"}}"#)),
    });
    let upstream = upstream.await;
    let setup = Setup::new(upstream.address()).rules(&RULES.replace("[fixed]", "[last4]"));
    let rig = setup.settings("limits: { value: 64B }").start().await;
    let manager = rig.door.manager();
    for version in BOTH {
        let held = rig.get(version, &manager, "/strict").await;
        assert_eq!(held.reason(), "limit-value");
        let shown = rig.get(version, &manager, "/vault/a").await;
        assert_eq!(shown.status, 200);
    }
    rig.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_nobody_listed_refuses_the_answer_where_the_rules_say_so() {
    let upstream = Upstream::always(r#"{"id":"1","new":"CANARY-7f3a91"}"#).await;
    let rig = rig(&upstream).await;
    for version in BOTH {
        let answer = rig.get(version, &rig.door.manager(), "/strict").await;
        assert_eq!(
            (answer.status, answer.reason().as_str()),
            (502, "unlisted-field")
        );
    }
    rig.finish().await;
}

async fn both(upstream: &Upstream, target: &str) -> Vec<Answer> {
    let rig = rig(upstream).await;
    let mut answers = Vec::new();
    for version in BOTH {
        answers.push(rig.get(version, &rig.door.manager(), target).await);
    }
    rig.finish().await;
    answers
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_json_by_any_of_its_names_passes() {
    for head in [
        "Content-Type: application/json;charset=UTF-8",
        "Content-Type: application/hal+json; v=2",
        "content-type:APPLICATION/JSON",
    ] {
        let upstream = Upstream::start(move |_| ok(head, r#"{"id":"1"}"#)).await;
        for answer in both(&upstream, "/customers/1").await {
            assert_eq!(
                (answer.status, answer.text()),
                (200, r#"{"id":"1"}"#),
                "{head}"
            );
            let length = answer.header("content-length");
            assert_eq!(length, Some("10"), "small answers have a length");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_encoding_that_was_asked_for_is_decoded() {
    let body = br#"{"id":"1","secret":"CANARY-7f3a91"}"#;
    let mut brotli = Vec::new();
    brotli::BrotliCompress(&mut &body[..], &mut brotli, &Default::default()).unwrap();
    let zlib = {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(body).unwrap();
        encoder.finish().unwrap()
    };
    let zstd = zstd::encode_all(&body[..], 1).unwrap();
    for (coding, bytes) in [
        ("gzip", gzip(body)),
        ("x-gzip", gzip(body)),
        ("deflate", zlib),
        ("br", brotli),
        ("zstd", zstd),
        ("identity", body.to_vec()),
    ] {
        let upstream = Upstream::start(move |_| encoded(coding, &bytes)).await;
        for answer in both(&upstream, "/customers/1").await {
            assert_eq!(answer.text(), r#"{"id":"1","secret":"***"}"#, "{coding}");
            assert_eq!(answer.header("content-encoding"), None, "{coding}");
        }
        let asked = upstream.last();
        assert!(
            asked.contains("accept-encoding: gzip, deflate, br, zstd\r\n"),
            "{asked}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn interim_answers_the_upstream_may_send_are_swallowed() {
    let upstream = Upstream::start(|_| {
        let mut parts = vec![raw(
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </CANARY-7f3a91>\r\n\r\n",
        )];
        parts.extend(json(r#"{"id":"1"}"#));
        parts
    });
    let upstream = upstream.await;
    for answer in both(&upstream, "/customers/1").await {
        assert_eq!((answer.status, answer.text()), (200, r#"{"id":"1"}"#));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_204_passes_without_a_body_and_without_a_length() {
    let upstream =
        Upstream::start(|_| vec![raw("HTTP/1.1 204 No Content\r\nX-A: CANARY-7f3a91\r\n\r\n")]);
    let upstream = upstream.await;
    for answer in both(&upstream, "/customers/1").await {
        assert_eq!((answer.status, answer.body.len()), (204, 0));
        assert_eq!(answer.header("content-length"), None, "RFC 9110 8.6");
    }
}

/// The upstream is asked with GET: only a body that was governed could be answered for.
#[tokio::test(flavor = "multi_thread")]
async fn head_is_judged_like_get_and_answered_without_a_body() {
    let upstream = Upstream::start(|asked| match asked.target() {
        "/customers/1" => json(r#"{"id":"1","secret":"s"}"#),
        _ => ok("Content-Type: text/html", "x"),
    });
    let upstream = upstream.await;
    let rig = rig(&upstream).await;
    let mut ids = Vec::new();
    for version in BOTH {
        let teller = rig.door.teller();
        let head = rig
            .door
            .ask(version, &teller, "HEAD", "/customers/1", &[])
            .await;
        assert_eq!((head.status, head.body.len()), (200, 0));
        let length = head.header("content-length");
        assert!(length.is_none() || length == Some("10"), "{head:?}");
        assert!(upstream.last().starts_with("GET /customers/1 HTTP/1.1\r\n"));
        ids.push(head.id().to_owned());
        let refused = rig
            .door
            .ask(version, &teller, "HEAD", "/customers/2", &[])
            .await;
        assert_eq!((refused.status, refused.body.len()), (502, 0));
    }
    let log = rig.finish().await;
    for id in ids {
        let outcome = log.outcome(&id);
        assert_eq!(
            outcome["records"], 0,
            "nothing of the record left: {outcome}"
        );
        assert_eq!(outcome["bytes"], 0);
        assert_eq!(outcome["end"], "complete");
    }
}

/// What follows an answer on the upstream's connection is no answer to anybody.
#[tokio::test(flavor = "multi_thread")]
async fn e10_a_second_answer_to_one_request_reaches_nobody() {
    let upstream = Upstream::start(|asked| {
        let mut parts = json(format!(r#"{{"id":"{}"}}"#, asked.target()));
        parts.extend(json(r#"{"id":"CANARY-7f3a91"}"#));
        parts
    });
    let upstream = upstream.await;
    let rig = rig(&upstream).await;
    for round in 0..8 {
        for version in BOTH {
            let target = format!("/customers/{round}");
            let answer = rig.get(version, &rig.door.teller(), &target).await;
            assert_eq!(answer.text(), format!(r#"{{"id":"{target}"}}"#));
        }
    }
    rig.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upstream_that_is_not_there_or_cannot_be_verified_is_502() {
    let gone = Upstream::always("{}").await.address();
    let unreachable = Setup::new(gone).rules(RULES);
    // Something that speaks no TLS.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let plain = listener.local_addr().unwrap();
    let refusing = tokio::spawn(async move {
        while let Ok((mut tcp, _)) = listener.accept().await {
            tcp.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                .await
                .unwrap();
        }
    });
    let unverified = Setup::new(plain).rules(RULES).replace(
        &format!("url: http://{plain}"),
        &format!("tls: {{ ca: certs/ca.pem }}\n    url: https://{plain}"),
    );
    for (setup, reason) in [
        (unreachable, "upstream-unreachable"),
        (unverified, "upstream-tls"),
    ] {
        let rig = setup.start().await;
        for version in BOTH {
            let answer = rig.get(version, &rig.door.teller(), "/customers/1").await;
            assert_eq!((answer.status, answer.reason().as_str()), (502, reason));
        }
        rig.finish().await;
    }
    refusing.abort();
}

/// A connection of which the upstream said that it closes is not used again.
#[tokio::test(flavor = "multi_thread")]
async fn an_upstream_that_closes_after_each_answer_breaks_none() {
    let upstream = Upstream::start(|_| {
        let headers = "Content-Type: application/json\r\nConnection: close";
        let mut parts = ok(headers, r#"{"id":"1"}"#);
        parts.push(Part::Close);
        parts
    });
    let upstream = upstream.await;
    let rig = rig(&upstream).await;
    let teller = rig.door.teller();
    let mut over_http1 = Http1::connect(&rig.door, &teller).await;
    let over_http2 = Http2::connect(&rig.door, &teller).await;
    for _ in 0..200 {
        let answer = over_http1.ask("GET", "/customers/1", &[]).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let (one, two) = tokio::join!(
            over_http2.ask("GET", "/customers/1", &[]),
            over_http2.ask("GET", "/customers/2", &[])
        );
        assert_eq!((one.status, two.status), (200, 200));
    }
    drop((over_http1, over_http2));
    rig.finish().await;
}
