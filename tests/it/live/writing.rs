//! Callers who write: what goes upstream, in which order, what comes back, and what the log holds.

use serde_json::json as value;

use super::rig::door::BOTH;
use super::rig::upstream::with;
use super::rig::writer::{RULES, STORED, json, legacy, refused, rig, write};
use super::rig::{Part, Setup, Upstream, raw};

const RECORD: &str = "/customers/1001";

/// Method and target of all the upstream was asked.
fn asked(upstream: &Upstream) -> Vec<String> {
    let heads = upstream.heads();
    let first = |head: &String| head.split(" HTTP/1.1").next().unwrap().to_owned();
    heads.iter().map(first).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_edits_their_phone_and_the_stored_record_is_read_first() {
    let upstream = Upstream::start(legacy).await;
    let rig = rig(&upstream).await;
    let body = " {\"phones\":[{\"number\":\"139\\u00300139000\"}], \"email\":\"z@example.com\"} ";
    let headers = [
        ("content-type", "application/merge-patch+json"),
        ("idempotency-key", "k-1"),
        ("accept-language", "zh"),
    ];
    let mut ids = Vec::new();
    for version in BOTH {
        let before = upstream.count();
        let me = rig.door.customer();
        let call = ("PATCH", RECORD);
        let answer = write(&rig, version, &me, call, &headers, body.as_bytes()).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.json()["phones"][0]["number"], "13800138000");
        assert!(answer.json().get("score").is_none());
        let [read, write] = &upstream.heads()[before..] else {
            panic!("{:?}", upstream.heads());
        };
        assert!(
            read.starts_with("GET /customers/1001 HTTP/1.1\r\n"),
            "{read}"
        );
        for line in ["accept-encoding: identity", "accept-language: zh"] {
            assert!(read.contains(&format!("\r\n{line}\r\n")), "{read}");
        }
        for name in ["content-type", "idempotency-key", "if-match"] {
            assert!(!read.contains(&format!("\r\n{name}:")), "{read}");
        }
        assert!(write.starts_with("PATCH /customers/1001 HTTP/1.1\r\n"));
        for (name, value) in headers {
            assert!(
                write.contains(&format!("\r\n{name}: {value}\r\n")),
                "{write}"
            );
        }
        let (_, sent) = write.split_once("\r\n\r\n").unwrap();
        assert_eq!(sent, body, "byte for byte");
        let id = |head: &str| head.split("x-request-id: ").nth(1).unwrap()[..26].to_owned();
        assert_eq!(
            (id(read), id(write)),
            (answer.id().into(), answer.id().into())
        );
        ids.push(answer.id().to_owned());
    }
    let log = rig.finish().await;
    for id in ids {
        let (intent, outcome) = (log.intent(&id), log.outcome(&id));
        assert_eq!(intent["action"], "update");
        assert_eq!(
            intent["writes"],
            value!({"email": 1, "phones[*].number": 1})
        );
        assert_eq!(intent["stored"], true);
        assert_eq!(
            (&outcome["sent"], &outcome["status"]),
            (&true.into(), &200.into())
        );
        let text = format!("{intent}{outcome}");
        for sent in ["139\\u0030", "13900139", "z@example"] {
            assert!(!text.contains(sent), "no value is in the log: {text}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_teller_writes_what_they_may_without_a_look_at_the_stored_record() {
    let upstream = Upstream::start(legacy).await;
    let rig = rig(&upstream).await;
    for version in BOTH {
        let before = upstream.count();
        let teller = rig.door.teller();
        let body = r#"{"email":"z@example.com"}"#;
        let answer = json(&rig, version, &teller, ("PATCH", RECORD), body).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.json()["email"], "z***@example.com", "it is governed");
        assert_eq!(upstream.count(), before + 1);
        assert!(upstream.last().starts_with("PATCH "));
    }
    let log = rig.finish().await;
    let intent = log.of_kind("intent").next().unwrap();
    assert_eq!(intent["stored"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_masked_record_that_comes_back_is_refused_and_the_upstream_hears_nothing() {
    let upstream = Upstream::start(legacy).await;
    let rig = rig(&upstream).await;
    let teller = rig.door.teller();
    for version in BOTH {
        let read = rig.get(version, &teller, RECORD).await;
        let masked = read.json()["phones"].to_string();
        assert!(masked.contains("138****8000"), "{masked}");
        let heard = upstream.count();
        let body = format!(r#"{{"phones":{masked}}}"#);
        let answer = json(&rig, version, &teller, ("PATCH", RECORD), &body).await;
        assert_eq!(answer.status, 409);
        assert_eq!(answer.reason(), "masked-value-written-back");
        assert_eq!(refused(&answer), ["phones[*].number"]);
        assert_eq!(upstream.count(), heard, "{}", upstream.last());
    }
    rig.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manager_deletes_a_record_and_nobody_else_does() {
    let upstream = Upstream::start(legacy).await;
    let rig = rig(&upstream).await;
    let mut deleted = Vec::new();
    for version in BOTH {
        let door = &rig.door;
        let answer = door
            .ask(version, &door.manager(), "DELETE", RECORD, &[])
            .await;
        assert_eq!((answer.status, answer.body.len()), (204, 0));
        deleted.push(answer.id().to_owned());
        for (caller, reason) in [(door.teller(), "no-row"), (door.customer(), "no-row")] {
            let answer = door.ask(version, &caller, "DELETE", RECORD, &[]).await;
            assert_eq!((answer.status, answer.reason().as_str()), (403, reason));
        }
    }
    assert_eq!(asked(&upstream), vec!["DELETE /customers/1001"; 2]);
    let log = rig.finish().await;
    for id in deleted {
        assert_eq!(log.intent(&id)["action"], "delete");
        assert_eq!(log.intent(&id)["writes"], value!({}));
        assert_eq!(log.outcome(&id)["sent"], true);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn i11_i12_who_may_write_and_not_read_gets_the_status_alone() {
    let upstream = Upstream::start(legacy).await;
    let rig = rig(&upstream).await;
    let body = r#"{"name":"李四","email":"l@example.com"}"#;
    for version in BOTH {
        let call = ("POST", "/customers");
        let machine = json(&rig, version, &rig.door.partner(), call, body).await;
        assert_eq!((machine.status, machine.body.len()), (201, 0));
        for name in ["location", "content-type", "content-language", "x-secret"] {
            assert_eq!(machine.header(name), None, "{name}");
        }
        let manager = json(&rig, version, &rig.door.manager(), call, body).await;
        assert_eq!(manager.status, 201);
        assert_eq!(manager.header("location"), Some("/customers/1002"));
        assert!(
            upstream
                .last()
                .contains("\r\ncontent-type: application/json\r\n")
        );
        assert_eq!(manager.json()["phones"][0]["number"], "138****8000");
        assert_eq!(manager.json().get("accounts"), None);
    }
    let log = rig.finish().await;
    assert!(log.of_kind("intent").all(|one| one["action"] == "create"));
    let machine = log.of_kind("outcome").next().unwrap();
    assert_eq!(
        (&machine["records"], &machine["bytes"]),
        (&0.into(), &0.into())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn i10_a_write_that_may_have_been_done_is_never_sent_again() {
    let upstream = Upstream::start(|asked| match asked.method() {
        "GET" => legacy(asked),
        _ => vec![Part::Close],
    })
    .await;
    let rig = rig(&upstream).await;
    // So that a connection waits that has served.
    assert_eq!(
        rig.get(BOTH[0], &rig.door.teller(), RECORD).await.status,
        200
    );
    let body = r#"{"email":"z@example.com"}"#;
    let answer = json(&rig, BOTH[0], &rig.door.teller(), ("PATCH", RECORD), body).await;
    assert_eq!(answer.status, 502, "{}", answer.text());
    let writes = asked(&upstream)
        .iter()
        .filter(|one| one.starts_with("PATCH"))
        .count();
    assert_eq!(writes, 1);
    let log = rig.finish().await;
    assert_eq!(log.outcome(answer.id())["sent"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_record_is_stored_nothing_is_written() {
    for (head, status, reason) in [
        (
            "404 Not Found\r\nContent-Type: text/html",
            404,
            "no-such-record",
        ),
        ("500 No\r\nContent-Type: text/html", 500, "upstream-status"),
        (
            "200 OK\r\nContent-Type: text/html",
            502,
            "unexpected-media-type",
        ),
        (
            "200 OK\r\nContent-Type: application/json",
            502,
            "unreadable-body",
        ),
        ("302 Found\r\nLocation: /x", 502, "unexpected-status"),
    ] {
        let upstream = Upstream::start(move |_| with(head, "<p>")).await;
        let rig = rig(&upstream).await;
        let body = r#"{"email":"z@example.com"}"#;
        let me = rig.door.customer();
        let answer = json(&rig, BOTH[0], &me, ("PATCH", RECORD), body).await;
        assert_eq!(answer.status, status, "{head}");
        assert_eq!(answer.reason(), reason, "{head}");
        assert_eq!(asked(&upstream), ["GET /customers/1001"], "{head}");
        let log = rig.finish().await;
        let outcome = log.outcome(answer.id());
        assert_eq!(log.kinds(answer.id()), ["intent", "outcome"]);
        assert_eq!(
            (&outcome["sent"], &outcome["reason"]),
            (&false.into(), &reason.into())
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_is_another_persons_is_not_written() {
    let upstream = Upstream::start(|asked| match asked.method() {
        "GET" => with(
            "200 OK\r\nContent-Type: application/json",
            STORED.replace("1001", "1002"),
        ),
        _ => legacy(asked),
    })
    .await;
    let rig = rig(&upstream).await;
    let body = r#"{"email":"z@example.com"}"#;
    let me = rig.door.customer();
    let answer = json(&rig, BOTH[0], &me, ("PATCH", RECORD), body).await;
    assert_eq!(
        (answer.status, answer.reason().as_str()),
        (404, "no-such-record")
    );
    assert_eq!(asked(&upstream), ["GET /customers/1001"]);
    rig.finish().await;
}

const NOTE: &str = r#"{"note":{"title":"t","text":"x","author":"a","secret":1}}"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_put_keeps_what_its_caller_cannot_see_and_names_the_state_it_changes() {
    let upstream = Upstream::start(|asked| match asked.method() {
        "GET" => with(
            "200 OK\r\nContent-Type: application/json\r\nETag: \"v7\"",
            NOTE,
        ),
        _ => legacy(asked),
    })
    .await;
    let rig = rig(&upstream).await;
    for version in BOTH {
        let body = r#"{"note":{"title":"new","text":"y"}}"#;
        let teller = rig.door.teller();
        json(&rig, version, &teller, ("PUT", "/notes/a"), body).await;
        let put = upstream.last();
        assert!(put.starts_with("PUT /notes/a HTTP/1.1\r\n"), "{put}");
        assert!(put.contains("\r\nif-match: \"v7\"\r\n"), "{put}");
        let (_, sent) = put.split_once("\r\n\r\n").unwrap();
        let sent: serde_json::Value = serde_json::from_str(sent).unwrap();
        let merged = value!({"title": "new", "text": "y", "author": "a", "secret": 1});
        assert_eq!(sent["note"], merged);
    }
    // What the caller says they change must be what is stored.
    let changes = |tag: &'static str| [("content-type", "application/json"), ("if-match", tag)];
    let body = br#"{"note":{"title":"new","text":"y"}}"#;
    let heard = upstream.count();
    let teller = rig.door.teller();
    let call = ("PUT", "/notes/a");
    let stale = write(&rig, BOTH[0], &teller, call, &changes("\"v6\""), body).await;
    assert_eq!(
        (stale.status, stale.reason().as_str()),
        (412, "precondition-failed")
    );
    assert_eq!(upstream.count(), heard + 1, "only the record was read");
    write(&rig, BOTH[0], &teller, call, &changes("\"v7\""), body).await;
    assert!(upstream.last().contains("\r\nif-match: \"v7\"\r\n"));
    rig.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_put_of_a_record_without_a_validator_is_refused() {
    let upstream = Upstream::start(|asked| match asked.method() {
        "GET" => with(
            "200 OK\r\nContent-Type: application/json\r\nETag: W/\"v7\"",
            NOTE,
        ),
        _ => legacy(asked),
    })
    .await;
    let rig = rig(&upstream).await;
    let body = r#"{"note":{"title":"new","text":"y"}}"#;
    let answer = json(&rig, BOTH[0], &rig.door.teller(), ("PUT", "/notes/a"), body).await;
    assert_eq!(
        (answer.status, answer.reason().as_str()),
        (409, "no-validator")
    );
    assert_eq!(asked(&upstream), ["GET /notes/a"]);
    rig.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_an_upstreams_error_leaves_what_the_resource_lists() {
    let error = r#"{"message":"no","sql":"x='forged'","errors":[{"code":7,"value":"forged"}]}"#;
    let upstream = Upstream::start(move |asked| {
        let head = match asked.target() {
            "/customers/1001" => "422 No\r\nContent-Type: application/json",
            "/customers/1002" => "409 No\r\nContent-Type: text/html",
            "/customers/1003" => "404 No\r\nContent-Type: application/json",
            "/customers/1004" => "500 No\r\nContent-Type: application/json\r\nContent-Encoding: x",
            _ => "401 No\r\nContent-Type: application/json",
        };
        with(head, error)
    })
    .await;
    let rig = rig(&upstream).await;
    let body = r#"{"email":"z@example.com"}"#;
    let governed = r#"{"message":"no","errors":[{"code":7}]}"#;
    for version in BOTH {
        let door = &rig.door;
        for (target, status, left) in [
            ("/customers/1001", 422, Ok(governed)),
            ("/customers/1002", 409, Err("upstream-status")),
            ("/customers/1003", 404, Err("no-such-record")),
            ("/customers/1004", 500, Err("upstream-status")),
            ("/customers/1005", 502, Err("upstream-refused-us")),
        ] {
            let teller = door.teller();
            let answer = json(&rig, version, &teller, ("PATCH", target), body).await;
            assert_eq!(answer.status, status, "{target}");
            assert!(!answer.text().contains("forged"), "{}", answer.text());
            match left {
                Ok(body) => assert_eq!(answer.text(), body, "{target}"),
                Err(reason) => assert_eq!(answer.reason(), reason, "{target}"),
            }
            let read = rig.get(version, &teller, target).await;
            assert_eq!(read.body == answer.body, left.is_ok(), "{target}");
        }
        let head = door.ask(version, &door.teller(), "HEAD", RECORD, &[]).await;
        assert_eq!((head.status, head.body.len()), (422, 0));
        // Who may not read it may not read why.
        let machine = json(&rig, version, &door.partner(), ("PATCH", RECORD), body).await;
        assert_eq!(
            (machine.status, machine.reason().as_str()),
            (422, "upstream-status")
        );
    }
    let log = rig.finish().await;
    assert!(log.of_kind("outcome").all(|one| one["records"] == 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn i05_a_form_is_judged_where_the_route_takes_one() {
    let upstream = Upstream::start(legacy).await;
    let rig = rig(&upstream).await;
    let form = [("content-type", "application/x-www-form-urlencoded")];
    for version in BOTH {
        let heard = upstream.count();
        let teller = rig.door.teller();
        let call = ("POST", "/tickets");
        let good = write(&rig, version, &teller, call, &form, b"subject=a+b%21").await;
        assert_eq!(good.status, 201, "{}", good.text());
        assert!(upstream.last().ends_with("\r\n\r\nsubject=a+b%21"));
        let bad = write(&rig, version, &teller, call, &form, b"subject=a&owner=b").await;
        assert_eq!(
            (bad.status, bad.reason().as_str()),
            (403, "field-not-writable")
        );
        assert_eq!(refused(&bad), ["owner"]);
        assert_eq!(upstream.count(), heard + 1);
    }
    rig.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_kill_switch_is_asked_again_when_the_body_is_whole() {
    let upstream = Upstream::start(legacy).await;
    let setup = Setup::new(upstream.address()).rules(RULES);
    let rig = setup
        .settings("blocks: { file: state/blocks.json }")
        .start()
        .await;
    let teller = rig.door.teller();
    let mut client = super::rig::Http1::connect(&rig.door, &teller).await;
    let headers = [
        ("content-type", "application/json"),
        ("content-length", "25"),
        ("expect", "100-continue"),
    ];
    client.send("PATCH", RECORD, &headers).await;
    assert_eq!(client.head().await.status, 100);
    client.write(br#"{"email":"z@exam"#).await;
    super::blocks::blocked(rig.dir(), &["role", "teller", "--reason", "a leak"]);
    super::blocks::until(&rig, 403).await;
    let heard = upstream.count();
    client.write(br#"ple.com"}"#).await;
    let answer = client.answer().await;
    assert_eq!(answer.reason(), "blocked");
    assert_eq!(upstream.count(), heard);
    rig.finish().await;
}

/// A body that could not be read to its end is nobody's.
#[tokio::test(flavor = "multi_thread")]
async fn i13_nothing_goes_upstream_before_a_body_is_whole() {
    let upstream = Upstream::start(legacy).await;
    let rig = rig(&upstream).await;
    let mut client = super::rig::Http1::connect(&rig.door, &rig.door.teller()).await;
    let headers = [
        ("content-type", "application/json"),
        ("content-length", "25"),
        ("expect", "100-continue"),
    ];
    client.send("PATCH", RECORD, &headers).await;
    assert_eq!(client.head().await.status, 100);
    client.write(br#"{"email":"z@exam"#).await;
    drop(client);
    let log = rig.finish().await;
    assert_eq!(upstream.count(), 0);
    let outcome = log.of_kind("outcome").next().unwrap();
    assert_eq!(log.of_kind("intent").count(), 0);
    assert_ne!(outcome["decision"], "allow", "{outcome}");
}

/// What an upstream says of a write need not be what it says of a record.
#[tokio::test(flavor = "multi_thread")]
async fn i11_a_write_may_be_answered_without_a_body() {
    for (head, status) in [
        ("HTTP/1.1 204 No Content\r\n\r\n", 204),
        ("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n", 202),
        (
            "HTTP/1.1 201 Created\r\nContent-Length: 0\r\nLocation: /customers/2\r\n\r\n",
            201,
        ),
        ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 502),
    ] {
        let upstream = Upstream::start(move |asked| match asked.method() {
            "GET" => legacy(asked),
            _ => vec![raw(head)],
        })
        .await;
        let rig = rig(&upstream).await;
        let body = r#"{"email":"z@example.com"}"#;
        for caller in [rig.door.teller(), rig.door.customer()] {
            let answer = json(&rig, BOTH[0], &caller, ("PATCH", RECORD), body).await;
            assert_eq!(answer.status, status, "{head}");
        }
        rig.finish().await;
    }
}

/// "The answer to a write by a role without a `read` row is its status and no body": so is that to a write whose record is
/// then not for the caller. Who were told 404 would do it again.
#[tokio::test(flavor = "multi_thread")]
async fn i11_a_write_that_was_done_is_never_answered_as_if_it_were_not() {
    let gated = RULES.replace(
        "    manager: { basic: show, contact: mask }",
        "    manager: { only: [ours], basic: show, contact: mask }",
    );
    let gated = gated.replace(
        "name: { class: basic, mask: cn-name }",
        "name: { class: basic, mask: cn-name, written_by: [manager] }",
    );
    let gated = format!("{gated}conditions: {{ ours: {{ field: name, is: 张三 }} }}\n");
    let other = STORED.replace("1001", "1002").replace("张三", "李四");
    let mut left = Vec::new();
    for after in [other.as_str(), "null", " [] "] {
        let after = after.to_owned();
        let upstream = Upstream::start(move |asked| {
            let head = match asked.method() {
                "GET" => return legacy(asked),
                "POST" => "201 Created\r\nLocation: /customers/1002",
                _ => "200 OK",
            };
            let lines = "Content-Type: application/json\r\nContent-Language: zh";
            with(&format!("{head}\r\n{lines}"), after.clone())
        })
        .await;
        let rig = Setup::new(upstream.address()).rules(&gated).start().await;
        let mut done = Vec::new();
        for version in BOTH {
            let (me, manager) = (rig.door.customer(), rig.door.manager());
            for (caller, call, body, status) in [
                (&me, ("PATCH", RECORD), r#"{"email":"z@e.cn"}"#, 200),
                (&manager, ("POST", "/customers"), r#"{"name":"张三"}"#, 201),
            ] {
                let answer = json(&rig, version, caller, call, body).await;
                let got = (answer.status, answer.body.len());
                assert_eq!(got, (status, 0), "{call:?}: {}", answer.text());
                for name in ["location", "content-type", "content-language", "etag"] {
                    assert_eq!(answer.header(name), None, "{name}");
                }
                let at = left.len() % 4;
                left.push(answer.comparable());
                assert_eq!(left[at], answer.comparable(), "hidden or not there");
                done.push(answer.id().to_owned());
            }
        }
        let log = rig.finish().await;
        for id in done {
            let outcome = log.outcome(&id);
            assert_eq!(log.kinds(&id), ["intent", "outcome"], "{outcome}");
            let seen = (&outcome["sent"], &outcome["records"], &outcome["end"]);
            assert_eq!(seen, (&true.into(), &0.into(), &"complete".into()));
            assert!(outcome["reason"].is_null(), "{outcome}");
        }
    }
}

/// What the client calls a header of one hop is not sent on, but what was judged as JSON arrives as JSON.
#[tokio::test(flavor = "multi_thread")]
async fn i05_f01_a_body_arrives_as_what_it_was_judged_as() {
    let upstream = Upstream::start(legacy).await;
    let rig = rig(&upstream).await;
    let patch = (
        "application/json-patch+json",
        r#"[{"op":"replace","path":"/email","value":"z@e.cn"}]"#,
    );
    for (media, body) in [
        ("application/json", r#"{"email":"z&role=admin&y="}"#),
        (
            "application/json ; ; charset=\"utf\\-8\"",
            r#"{"email":"z@e.cn"}"#,
        ),
        ("application/merge-patch+json", r#"{"email":"z@e.cn"}"#),
        patch,
    ] {
        let headers = [
            ("content-type", media),
            ("connection", "close, content-type"),
        ];
        let call = ("PATCH", RECORD);
        let teller = rig.door.manager();
        let answer = write(&rig, BOTH[0], &teller, call, &headers, body.as_bytes()).await;
        assert_eq!(answer.status, 200, "{media}: {}", answer.text());
        let named = media.split(' ').next().unwrap();
        let line = format!("\r\ncontent-type: {named}\r\n");
        assert!(upstream.last().contains(&line), "{}", upstream.last());
    }
    rig.finish().await;
}

/// Whether somebody knows a hidden record's state must not be told before they may know that it is there.
#[tokio::test(flavor = "multi_thread")]
async fn d03_nobody_learns_by_if_match_that_a_hidden_record_is_there() {
    let hidden = Upstream::start(|asked| match asked.method() {
        "GET" => with(
            "200 OK\r\nContent-Type: application/json\r\nETag: \"v1\"",
            STORED.replace("1001", "1002"),
        ),
        _ => legacy(asked),
    })
    .await;
    let missing = Upstream::start(|_| with("404 Not Found", "")).await;
    let mut answers = Vec::new();
    for upstream in [&hidden, &missing] {
        let rig = rig(upstream).await;
        let me = rig.door.customer();
        for tag in ["\"x\"", "\"v1\""] {
            let headers = [("content-type", "application/json"), ("if-match", tag)];
            let body = br#"{"email":"z@e.cn"}"#;
            let answer = write(&rig, BOTH[0], &me, ("PATCH", RECORD), &headers, body).await;
            assert_eq!(
                (answer.status, answer.reason().as_str()),
                (404, "no-such-record")
            );
            answers.push(answer.comparable());
        }
        rig.finish().await;
    }
    assert!(answers.windows(2).all(|two| two[0] == two[1]));
}

/// A record is written as it was judged: under the same parameters, and while it is still what it was.
#[tokio::test(flavor = "multi_thread")]
async fn a_judged_write_names_what_was_judged() {
    let upstream = Upstream::start(legacy).await;
    let rig = rig(&upstream).await;
    let me = rig.door.customer();
    let body = r#"{"email":"z@e.cn"}"#;
    let answer = json(
        &rig,
        BOTH[0],
        &me,
        ("PATCH", "/customers/1001?tenant=b"),
        body,
    )
    .await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(
        asked(&upstream),
        [
            "GET /customers/1001?tenant=b",
            "PATCH /customers/1001?tenant=b"
        ]
    );
    assert!(
        upstream.last().contains("\r\nif-match: \"v1\"\r\n"),
        "{}",
        upstream.last()
    );
    let answer = json(
        &rig,
        BOTH[0],
        &me,
        ("PATCH", "/customers/1001?lane=b"),
        body,
    )
    .await;
    assert_eq!(
        answer.reason(),
        "unlisted-parameter",
        "GET does not list it"
    );
    let teller = rig.door.teller();
    let answer = json(
        &rig,
        BOTH[0],
        &teller,
        ("PATCH", "/customers/1001?lane=b"),
        body,
    )
    .await;
    assert_eq!(answer.status, 200, "nothing is read first");
    assert_eq!(upstream.count(), 3);
    rig.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn i12_location_tells_an_id_to_nobody_who_does_not_see_it() {
    let upstream = Upstream::start(legacy).await;
    let veiled = RULES.replace(
        "manager: { basic: show, contact: mask }",
        "manager: { basic: mask, contact: mask }",
    );
    assert_ne!(veiled, RULES);
    let rig = Setup::new(upstream.address()).rules(&veiled).start().await;
    let body = r#"{"email":"l@example.com"}"#;
    let answer = json(
        &rig,
        BOTH[0],
        &rig.door.manager(),
        ("POST", "/customers"),
        body,
    )
    .await;
    assert_eq!((answer.status, answer.header("location")), (201, None));
    rig.finish().await;
}

/// The rules that are shipped, end to end: what they say of writing is what the upstream hears, and no more.
#[tokio::test(flavor = "multi_thread")]
async fn i01_i02_i04_what_the_bank_may_write_is_all_that_its_upstream_hears() {
    const BANK: &str = include_str!("../../../rules/bank/fixtures/customer-1001.json");
    let upstream = Upstream::start(|asked| {
        let etag = if asked.method() == "GET" {
            "\r\nETag: \"v1\""
        } else {
            ""
        };
        with(
            &format!("200 OK\r\nContent-Type: application/json{etag}"),
            BANK,
        )
    })
    .await;
    let rig = Setup::new(upstream.address()).start().await;
    let door = &rig.door;
    let (me, teller, manager) = (door.customer(), door.teller(), door.manager());
    let call = ("PATCH", RECORD);
    for version in BOTH {
        let phone = r#"{"phones":[{"number":"13900139000"}]}"#;
        let before = upstream.count();
        let mine = json(&rig, version, &me, call, phone).await;
        assert_eq!(mine.status, 200, "{}", mine.text());
        let heard = asked(&upstream).split_off(before);
        assert_eq!(heard, ["GET /customers/1001", "PATCH /customers/1001"]);
        assert!(upstream.last().ends_with(&format!("\r\n\r\n{phone}")));

        // Read, change one thing, send everything back.
        let read = rig.get(version, &teller, RECORD).await;
        let mut sent = read.json();
        sent["email"] = value!("new@example.com");
        let heard = upstream.count();
        let back = json(&rig, version, &teller, call, &sent.to_string()).await;
        let refusal = (back.status, back.reason());
        assert_eq!(refusal, (409, "masked-value-written-back".to_owned()));
        let balance = r#"{"accounts":[{"balance":999999}]}"#;
        let consent = r#"{"consent":{"marketing":true}}"#;
        let other = r#"{"id":"1002","email":"a@example.com"}"#;
        for (caller, body, reason) in [
            (&me, balance, "field-not-writable"),
            (&me, r#"{"accounts":[]}"#, "would-erase"),
            (&me, other, "person-mismatch"),
            (&teller, balance, "field-not-writable"),
            (&teller, consent, "field-not-writable"),
            (&manager, balance, "field-not-writable"),
            (&manager, consent, "field-not-writable"),
        ] {
            let answer = json(&rig, version, caller, call, body).await;
            assert_eq!(
                (answer.status, answer.reason().as_str()),
                (403, reason),
                "{body}"
            );
        }
        let forged = json(&rig, version, &me, ("PATCH", "/customers/1002"), consent).await;
        assert_eq!(forged.reason(), "no-role", "another person's consent");
        assert_eq!(upstream.count(), heard, "{}", upstream.last());
    }
    rig.finish().await;
}

/// The stored record is read as its route declares that it is written.
#[tokio::test(flavor = "multi_thread")]
async fn a_stored_record_may_come_under_the_media_type_that_is_declared_for_it() {
    let upstream = Upstream::start(|asked| match asked.method() {
        "GET" => with("200 OK\r\nContent-Type: text/html", STORED),
        _ => legacy(asked),
    })
    .await;
    let declared = "GET /customers/{id}: { record: $, media: text/html }";
    let declared = RULES.replace("GET /customers/{id}: $", declared);
    for (rules, status) in [(declared.as_str(), 200), (RULES, 502)] {
        let rig = Setup::new(upstream.address()).rules(rules).start().await;
        let body = r#"{"email":"z@example.com"}"#;
        let answer = json(&rig, BOTH[0], &rig.door.customer(), ("PATCH", RECORD), body).await;
        assert_eq!(answer.status, status, "{}", answer.text());
        rig.finish().await;
    }
}
