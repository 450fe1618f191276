//! Answers of the upstream that are refused, and that not one byte of them leaves.

use std::sync::LazyLock;

use super::rig::door::BOTH;
use super::rig::upstream::{chunk, encoded, gzip, ok, with};
use super::rig::{Gate, Part, Rig, Setup, Upstream, json_chunks, raw};

const RULES: &str = include_str!("rig/rules.yaml");
/// In every answer that must not get through.
const CANARY: &str = "CANARY-7f3a91";

async fn rig(upstream: &Upstream) -> Rig {
    let setup = Setup::new(upstream.address()).rules(RULES);
    setup
        .upstream("timeouts: { connect: 2s, first_byte: 1s, idle: 1s }")
        .settings("limits: { header: 4KiB, depth: 4, key: 32B, value: 64B, record: 1KiB }")
        .start()
        .await
}

/// Made before anybody waits for it.
static BOMB: LazyLock<Vec<u8>> =
    LazyLock::new(|| gzip(&[b"[", &vec![b' '; 8 << 20][..], b"]"].concat()));

type Case = (&'static str, fn() -> Vec<Part>, u16, &'static str);

const JSON: &str = "Content-Type: application/json";
const RECORD: &str = r#"{"id":"CANARY-7f3a91"}"#;

/// What is said about it, the answer, and what the caller gets for it.
const REFUSED: &[Case] = &[
    (
        "html",
        || ok("Content-Type: text/html", RECORD),
        502,
        "unexpected-media-type",
    ),
    (
        "no type",
        || ok("X-A: b", RECORD),
        502,
        "unexpected-media-type",
    ),
    (
        "two types",
        || {
            ok(
                "Content-Type: application/json\r\nContent-Type: text/html",
                RECORD,
            )
        },
        502,
        "unexpected-media-type",
    ),
    (
        "gbk",
        || ok("Content-Type: application/json; charset=gbk", RECORD),
        502,
        "unexpected-media-type",
    ),
    (
        "ndjson",
        || ok("Content-Type: application/x-ndjson", RECORD),
        502,
        "unexpected-media-type",
    ),
    (
        "compress",
        || encoded("compress", RECORD.as_bytes()),
        502,
        "unexpected-encoding",
    ),
    (
        "two codings",
        || encoded("gzip, br", RECORD.as_bytes()),
        502,
        "unexpected-encoding",
    ),
    (
        "not gzip",
        || encoded("gzip", RECORD.as_bytes()),
        502,
        "unreadable-body",
    ),
    (
        "gzip cut short",
        || {
            let all = gzip(RECORD.as_bytes());
            encoded("gzip", &all[..all.len() - 4])
        },
        502,
        "unreadable-body",
    ),
    (
        "gzip and more",
        || encoded("gzip", &[&gzip(RECORD.as_bytes())[..], b"x"].concat()),
        502,
        "unreadable-body",
    ),
    ("a bomb", || encoded("gzip", &BOMB), 502, "limit-ratio"),
    (
        "205",
        || with("205 Reset Content", ""),
        502,
        "unexpected-status",
    ),
    (
        "206",
        || {
            with(
                "206 Partial Content\r\nContent-Type: application/json",
                RECORD,
            )
        },
        502,
        "unexpected-status",
    ),
    (
        "a range",
        || {
            ok(
                "Content-Type: application/json\r\nContent-Range: bytes 0-9/99",
                RECORD,
            )
        },
        502,
        "unexpected-status",
    ),
    (
        "301",
        || {
            with(
                "301 Moved Permanently\r\nLocation: https://evil.example/",
                CANARY,
            )
        },
        502,
        "unexpected-status",
    ),
    (
        "304",
        || {
            vec![raw(
                "HTTP/1.1 304 Not Modified\r\nETag: \"CANARY-7f3a91\"\r\n\r\n",
            )]
        },
        502,
        "unexpected-status",
    ),
    (
        "102 first",
        || {
            vec![raw(
                "HTTP/1.1 102 Processing\r\nX-A: CANARY-7f3a91\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
            )]
        },
        502,
        "unexpected-status",
    ),
    (
        "101",
        || {
            vec![raw(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nCANARY-7f3a91",
            )]
        },
        502,
        "unexpected-status",
    ),
    (
        "401",
        || {
            with(
                "401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"CANARY-7f3a91\"",
                CANARY,
            )
        },
        502,
        "upstream-refused-us",
    ),
    (
        "407",
        || with("407 Proxy Authentication Required", CANARY),
        502,
        "upstream-refused-us",
    ),
    (
        "404 in html",
        || with("404 Not Found\r\nContent-Type: text/html", CANARY),
        404,
        "no-such-record",
    ),
    (
        "404 that ends with its connection",
        || {
            vec![
                raw("HTTP/1.0 404 Not Found\r\nContent-Type: text/html\r\n\r\nCANARY-7f3a91"),
                Part::Close,
            ]
        },
        404,
        "no-such-record",
    ),
    (
        "500 that breaks off",
        || {
            vec![
                raw("HTTP/1.1 500 Oops\r\nContent-Length: 99\r\n\r\nCANARY-7f3a91"),
                Part::Reset,
            ]
        },
        500,
        "upstream-status",
    ),
    (
        "403",
        || with("403 Forbidden\r\nContent-Type: application/json", RECORD),
        403,
        "upstream-status",
    ),
    (
        "500 in html",
        || {
            with(
                "500 Internal Server Error\r\nContent-Type: text/html",
                CANARY,
            )
        },
        500,
        "upstream-status",
    ),
    (
        "503",
        || with("503 Service Unavailable\r\nRetry-After: 120", CANARY),
        503,
        "upstream-status",
    ),
    ("an empty body", || ok(JSON, ""), 502, "unreadable-body"),
    (
        "an empty body in chunks",
        || {
            [json_chunks(&[]), vec![raw("0\r\n\r\n")]]
                .into_iter()
                .flatten()
                .collect()
        },
        502,
        "unreadable-body",
    ),
    (
        "half a document",
        || ok(JSON, r#"{"id":"CANARY-7f3a91""#),
        502,
        "unreadable-body",
    ),
    (
        "two documents",
        || ok(JSON, r#"{"id":"CANARY-7f3a91"}{}"#),
        502,
        "unreadable-body",
    ),
    (
        "a byte order mark",
        || ok(JSON, "\u{feff}{}"),
        502,
        "unreadable-body",
    ),
    (
        "no utf-8",
        || encoded("identity", b"{\"id\":\"CANARY-7f3a91\xff\"}"),
        502,
        "unreadable-body",
    ),
    (
        "a script",
        || ok(JSON, r#"cb({"id":"CANARY-7f3a91"})"#),
        502,
        "unreadable-body",
    ),
    (
        "an array where a record is",
        || ok(JSON, r#"[{"id":"CANARY-7f3a91"}]"#),
        502,
        "unexpected-shape",
    ),
    (
        "a string where a record is",
        || ok(JSON, r#""CANARY-7f3a91""#),
        502,
        "unexpected-shape",
    ),
    (
        "too deep",
        || ok(JSON, r#"{"x":{"x":{"x":{"x":{}}}},"id":"CANARY-7f3a91"}"#),
        502,
        "limit-depth",
    ),
    (
        "a long key",
        || {
            ok(
                JSON,
                r#"{"id":"CANARY-7f3a91","xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx":1}"#,
            )
        },
        502,
        "limit-key",
    ),
    (
        "a long header",
        || ok(&format!("X-A: {}", "x".repeat(5 << 10)), RECORD),
        502,
        "limit-header",
    ),
    (
        "closed before the length",
        || {
            vec![
                raw(
                    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n",
                ),
                raw(RECORD),
                Part::Close,
            ]
        },
        502,
        "unreadable-body",
    ),
    (
        "closed before the last chunk",
        || {
            json_chunks(&[RECORD.as_bytes()])
                .into_iter()
                .chain([Part::Close])
                .collect()
        },
        502,
        "unreadable-body",
    ),
    (
        "reset before the last chunk",
        || {
            json_chunks(&[RECORD.as_bytes()])
                .into_iter()
                .chain([Part::Reset])
                .collect()
        },
        502,
        "unreadable-body",
    ),
    (
        "ended by the connection alone",
        || {
            vec![
                raw("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"),
                raw(RECORD),
                Part::Close,
            ]
        },
        502,
        "unreadable-body",
    ),
    (
        "HTTP/1.0, ended by the connection",
        || {
            vec![
                raw("HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n"),
                raw(RECORD),
                Part::Close,
            ]
        },
        502,
        "unreadable-body",
    ),
    (
        "a length and chunks",
        || {
            vec![
                raw(
                    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
                ),
                raw(chunk(RECORD.as_bytes())),
                raw("0\r\n\r\n"),
            ]
        },
        502,
        "unreadable-body",
    ),
    (
        "two lengths",
        || {
            vec![
                raw(
                    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 22\r\nContent-Length: 23\r\n\r\n",
                ),
                raw(RECORD),
            ]
        },
        502,
        "unreadable-body",
    ),
    (
        "gzip as a transfer coding",
        || {
            vec![
                raw(
                    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
                ),
                raw(chunk(RECORD.as_bytes())),
                raw("0\r\n\r\n"),
            ]
        },
        502,
        "unreadable-body",
    ),
    (
        "no HTTP at all",
        || vec![raw("CANARY-7f3a91\r\n\r\n"), Part::Close],
        502,
        "unreadable-body",
    ),
    ("nothing", || vec![Part::Close], 502, "upstream-unreachable"),
    (
        "nothing in time",
        || vec![Part::Wait(Gate::closed())],
        504,
        "upstream-timeout",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_refused_leaves_not_one_byte_of_itself() {
    LazyLock::force(&BOMB);
    for (name, script, status, reason) in REFUSED {
        let upstream = Upstream::start(move |_| script()).await;
        let rig = rig(&upstream).await;
        let mut ids = Vec::new();
        for version in BOTH {
            let answer = rig.get(version, &rig.door.manager(), "/customers/1").await;
            assert_eq!(
                (answer.status, answer.reason().as_str()),
                (*status, *reason),
                "{name}: {answer:?}"
            );
            assert!(
                !format!("{answer:?}{}", answer.text()).contains(CANARY),
                "{name}"
            );
            // Type, length, `cache-control`, `vary`, id, and `date`: nothing of the upstream's.
            assert_eq!(answer.headers.len(), 6, "{name}: {answer:?}");
            ids.push((answer.id().to_owned(), answer.body.len()));
        }
        let log = rig.finish().await;
        for (id, bytes) in ids {
            assert_eq!(log.kinds(&id), ["intent", "outcome"], "{name}");
            let outcome = log.outcome(&id);
            assert_eq!(outcome["status"], *status, "{name}");
            assert_eq!(outcome["reason"], *reason, "{name}");
            assert_eq!(outcome["end"], "complete", "{name}");
            assert_eq!(outcome["records"], 0, "{name}");
            assert_eq!(outcome["bytes"], bytes, "{name}");
        }
    }
}
