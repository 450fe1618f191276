//! Answers of several documents: each is governed as it comes, none waits for the next, and the last is never half.

use std::fs;

use super::rig::door::BOTH;
use super::rig::upstream::{chunk, ok};
use super::rig::{
    COMMIT, Door, FRAME, Gate, Http1, Http2, Log, Part, Setup, Upstream, Version, http2, patiently,
    raw,
};

const RULES: &str = include_str!("rig/formats.yaml");
const LINES: &str = "application/x-ndjson";
const SEQUENCE: &str = "application/json-seq";
const EVENTS: &str = "text/event-stream";

/// By route: its media type, and a document as it is framed there.
fn framed(route: &str, text: &str) -> (&'static str, String) {
    match route {
        "/sequence" => (SEQUENCE, format!("\u{1e}{text}\n")),
        "/events" => (EVENTS, format!("data: {text}\n\n")),
        _ => (LINES, format!("{text}\n")),
    }
}

/// The head of an answer in chunks.
fn head(media: &str) -> Part {
    raw(format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {media}\r\nTransfer-Encoding: chunked\r\n\r\n"
    ))
}

fn setup(upstream: &Upstream) -> Setup {
    Setup::new(upstream.address()).rules(RULES)
}

/// An answer as it comes.
enum Coming {
    Http1(Box<Http1>),
    /// The connection is there until the answer has been read.
    Http2(
        #[allow(dead_code, reason = "it is kept open")] Http2,
        h2::RecvStream,
    ),
}

impl Coming {
    /// Asks, and reads the head.
    async fn ask(version: Version, door: &Door, route: &str) -> (Coming, String) {
        match version {
            Version::Http1 => {
                let mut client = Http1::connect(door, &door.teller()).await;
                client.send("GET", route, &[]).await;
                let head = client.head().await;
                assert_eq!(head.status, 200);
                (Coming::Http1(Box::new(client)), head.id().to_owned())
            }
            Version::Http2 => {
                let client = Http2::connect(door, &door.teller()).await;
                let response = client.send("GET", route, &[]).await;
                let (head, body) = http2::head(patiently("a head", response).await.unwrap());
                assert_eq!(head.status, 200);
                (Coming::Http2(client, body), head.id().to_owned())
            }
        }
    }

    /// What comes next; nothing at the end, however it ends.
    async fn some(&mut self) -> Vec<u8> {
        match self {
            Coming::Http1(client) => client.some().await,
            Coming::Http2(_, body) => match patiently("data", body.data()).await {
                Some(Ok(data)) => {
                    body.flow_control().release_capacity(data.len()).unwrap();
                    data.to_vec()
                }
                Some(Err(_)) | None => Vec::new(),
            },
        }
    }

    /// Reads until a text has come; returns all that did.
    async fn until(&mut self, text: &str) -> String {
        let mut came = Vec::new();
        while !String::from_utf8_lossy(&came).contains(text) {
            let more = self.some().await;
            assert!(!more.is_empty(), "{}", String::from_utf8_lossy(&came));
            came.extend(more);
        }
        String::from_utf8(came).unwrap()
    }

    async fn rest(&mut self) -> String {
        let mut came = Vec::new();
        loop {
            let more = self.some().await;
            if more.is_empty() {
                return String::from_utf8(came).unwrap();
            }
            came.extend(more);
        }
    }
}

/// Three records, the second and third of which come when their gates open; the last is not ended.
fn slowly(route: &str, gates: [Gate; 2]) -> Vec<Part> {
    let record = |id: u32| framed(route, &format!(r#"{{"id":"{id}","secret":"CANARY"}}"#)).1;
    let (media, third) = framed(route, r#"{"id":"3","name":"half"#);
    let [one, two] = gates;
    vec![
        head(media),
        raw(chunk(record(1).as_bytes())),
        Part::Wait(one),
        raw(chunk(record(2).as_bytes())),
        Part::Wait(two),
        raw(chunk(third.trim_end().as_bytes())),
        raw("0\r\n\r\n"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a23_each_record_leaves_before_the_next_comes_and_the_last_never_half() {
    for route in ["/lines", "/sequence", "/events"] {
        for version in BOTH {
            let (one, two) = (Gate::closed(), Gate::closed());
            let gates = [one.clone(), two.clone()];
            let upstream = Upstream::start(move |_| slowly(route, gates.clone())).await;
            let rig = setup(&upstream).start().await;
            let (mut coming, id) = Coming::ask(version, &rig.door, route).await;
            let first = coming.until(&framed(route, r#"{"id":"1"}"#).1).await;
            // Whose it is stands in the log by now.
            assert_eq!(Log::read(&rig.audit()).persons(&id).len(), 1);
            one.open();
            let second = coming.until(&framed(route, r#"{"id":"2"}"#).1).await;
            assert_eq!(Log::read(&rig.audit()).persons(&id).len(), 2);
            two.open();
            let rest = coming.rest().await;
            assert!(!rest.contains("half"), "{rest:?}");
            assert!(!rest.ends_with("0\r\n\r\n"), "it does not look whole");
            assert!(!format!("{first}{second}").contains("CANARY"));
            drop(coming);
            let log = rig.finish().await;
            let outcome = log.outcome(&id);
            assert_eq!(outcome["end"], "aborted");
            assert_eq!(outcome["reason"], "unreadable-body");
            assert_eq!(outcome["records"], 2);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_answer_is_judged_whole_and_leaves_under_our_own_media_type() {
    for (route, media) in [
        ("/lines", "application/jsonl; charset=utf-8; x=CANARY"),
        ("/lines", LINES),
        ("/sequence", SEQUENCE),
        ("/events", "text/event-stream;charset=utf-8"),
    ] {
        let record = r#"{"id":"1","secret":"CANARY"}"#;
        let body = framed(route, record).1.repeat(3);
        let upstream = Upstream::start(move |_| ok(&format!("Content-Type: {media}"), &body)).await;
        let rig = setup(&upstream).start().await;
        for version in BOTH {
            let answer = rig.undisturbed(version, &rig.door.teller(), route).await;
            let (own, expected) = framed(route, r#"{"id":"1"}"#);
            assert_eq!(answer.status, 200);
            assert_eq!(answer.header("content-type"), Some(own));
            assert_eq!(answer.text(), expected.repeat(3));
        }
        let asked = upstream.last();
        let accept = asked.lines().find_map(|line| line.strip_prefix("accept: "));
        assert!(accept.unwrap().starts_with(framed(route, "").0), "{asked}");
        rig.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_leaves_in_full_frames_and_an_empty_one_is_an_answer() {
    let record = |id: u32| {
        format!(
            r#"{{"id":"{id}","name":"{}","secret":"CANARY"}}"#,
            "n".repeat(50)
        )
    };
    let body: String = (0..4000).map(|id| record(id) + "\n").collect();
    let expected = body.replace(r#","secret":"CANARY""#, "");
    let sent = body.clone();
    let upstream = Upstream::start(move |asked| {
        let body = if asked.target() == "/pages" {
            ""
        } else {
            &sent
        };
        ok("Content-Type: application/x-ndjson", body)
    })
    .await;
    let rig = setup(&upstream).start().await;
    for version in BOTH {
        let answer = rig.undisturbed(version, &rig.door.teller(), "/lines").await;
        assert!(answer.body.len() > COMMIT && answer.frames[0] == FRAME);
        assert_eq!(answer.text(), expected);
        let empty = rig.get(version, &rig.door.teller(), "/pages").await;
        assert_eq!((empty.status, empty.text()), (200, ""));
        assert_eq!(empty.header("content-length"), Some("0"));
    }
    rig.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a23_what_is_declared_must_come_and_what_is_not_declared_must_not() {
    let line = "{\"items\":[{\"id\":\"1\"}]}\n";
    for (route, media, body, reason) in [
        ("/plain", LINES, line, "unexpected-media-type"),
        ("/plain", SEQUENCE, line, "unexpected-media-type"),
        ("/plain", EVENTS, line, "unexpected-media-type"),
        ("/events", "application/json", line, "unexpected-media-type"),
        (
            "/events",
            EVENTS,
            "data: {\"secret\":\"CANA\ndata: RY\"}\n\n",
            "unreadable-body",
        ),
        ("/lines", "application/json", line, "unexpected-media-type"),
        ("/lines", SEQUENCE, line, "unexpected-media-type"),
        (
            "/lines",
            "application/x-ndjson; charset=gbk",
            line,
            "unexpected-media-type",
        ),
        ("/sequence", LINES, line, "unexpected-media-type"),
        (
            "/plain",
            "application/json",
            &line.repeat(2),
            "unreadable-body",
        ),
        (
            "/plain",
            "application/json",
            "\u{1e}{\"items\":[]}\n",
            "unreadable-body",
        ),
        (
            "/lines",
            LINES,
            "{\"id\":\"1\"}\n{\"id\":\"2\"}",
            "unreadable-body",
        ),
        ("/lines", LINES, "[{\"id\":\"1\"}]\n", "unexpected-shape"),
        ("/sequence", SEQUENCE, "{\"id\":\"1\"}\n", "unreadable-body"),
    ] {
        let head = format!("Content-Type: {media}");
        let body = body.to_owned();
        let upstream = Upstream::start(move |_| ok(&head, &body)).await;
        let rig = setup(&upstream).start().await;
        for version in BOTH {
            let answer = rig.get(version, &rig.door.teller(), route).await;
            assert_eq!(answer.status, 502, "{route} {media}");
            assert_eq!(answer.reason(), reason, "{route} {media}");
        }
        rig.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_persons_records_leave_no_trace_in_the_callers_own() {
    let body = ["1002", "1001", "1003", "1001"]
        .map(|id| format!("{{\"secret\":\"{id}\",\"id\":\"{id}\"}}\n"));
    let upstream =
        Upstream::start(move |_| ok("Content-Type: application/x-ndjson", body.concat())).await;
    let rig = setup(&upstream).start().await;
    for version in BOTH {
        let answer = rig.get(version, &rig.door.customer(), "/own/1001").await;
        assert_eq!(
            answer.text(),
            "{\"secret\":\"1001\",\"id\":\"1001\"}\n".repeat(2)
        );
    }
    rig.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n10_a_stream_under_way_ends_when_its_request_would_not_be_answered_alike() {
    let other = "    teller:  { open: show }\n    manager: { open: show, hidden: mask }";
    assert!(RULES.contains(other));
    for (change, reason) in [
        (other.replace("mask", "strip"), "rules-changed"),
        (other.lines().nth(1).unwrap().to_owned(), "no-row"),
    ] {
        for version in BOTH {
            let gates = [Gate::closed(), Gate::closed()];
            let script = gates.clone();
            let upstream = Upstream::start(move |_| slowly("/lines", script.clone())).await;
            let rig = setup(&upstream).start().await;
            let (mut coming, id) = Coming::ask(version, &rig.door, "/lines").await;
            coming.until("\"1\"").await;
            let file = rig.dir().join("rules/rig.yaml");
            fs::write(file, RULES.replace(other, &change)).unwrap();
            rig.reload();
            // Nothing more comes from upstream; all the same it ends.
            let rest = coming.rest().await;
            assert!(!rest.ends_with("0\r\n\r\n"), "it does not look whole");
            upstream.hung_up(1).await;
            drop(coming);
            let log = rig.finish().await;
            let outcome = log.outcome(&id);
            assert_eq!(outcome["end"], "aborted");
            assert_eq!(outcome["reason"], reason);
        }
    }
}

/// What is young, or not any more, is so when it comes, and not when it was asked for.
#[tokio::test(flavor = "multi_thread")]
async fn n10_a_record_of_a_stream_is_judged_by_the_time_at_which_it_comes() {
    let gated = "teller:  { only: [fresh], open: show }";
    let rules = RULES.replace("teller:  { open: show }", gated);
    assert_ne!(rules, RULES);
    let rules = format!("{rules}conditions: {{ fresh: {{ field: name, younger_than: 1h }} }}\n");
    let now = jiff::Timestamp::now().as_second();
    let at = |second: i64| jiff::Timestamp::from_second(second).unwrap().to_string();
    let (soon, gate) = (now + 2, Gate::closed());
    let script = gate.clone();
    let line = move |id: u8, second| format!("{{\"id\":\"{id}\",\"name\":\"{}\"}}\n", at(second));
    // The second will have been an hour ago when it comes, the third then.
    let first = line(1, now - 3000);
    let (old, new) = (line(2, soon - 3600), line(3, soon));
    let upstream = Upstream::start(move |_| {
        vec![
            head(LINES),
            raw(chunk(first.as_bytes())),
            Part::Wait(script.clone()),
            raw(chunk(old.as_bytes())),
            raw(chunk(new.as_bytes())),
            raw("0\r\n\r\n"),
        ]
    })
    .await;
    let rig = Setup::new(upstream.address()).rules(&rules).start().await;
    let (mut coming, _) = Coming::ask(Version::Http2, &rig.door, "/lines").await;
    let has_come = || jiff::Timestamp::now().as_second() > soon;
    patiently("a moment to come", async {
        while !has_come() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    gate.open();
    let rest = coming.rest().await;
    for (id, leaves) in [(1, true), (2, false), (3, true)] {
        let record = format!("\"id\":\"{id}\"");
        assert_eq!(rest.contains(&record), leaves, "{id}: {rest}");
    }
    rig.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_kill_switch_ends_a_stream_at_once() {
    let gates = [Gate::closed(), Gate::closed()];
    let upstream = Upstream::start(move |_| slowly("/lines", gates.clone())).await;
    let rig = setup(&upstream)
        .settings("blocks: { file: state/blocks.json }")
        .start()
        .await;
    let (mut coming, id) = Coming::ask(Version::Http2, &rig.door, "/lines").await;
    coming.until("\"1\"").await;
    let dir = rig.dir().to_owned();
    let block = tokio::task::spawn_blocking(move || {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_fieldgate"));
        let command = command.args(["block", "role", "teller", "--reason", "a leak", "-c"]);
        command.arg(dir.join("fieldgate.yaml")).output().unwrap()
    });
    assert!(block.await.unwrap().status.success());
    coming.rest().await;
    drop(coming);
    let log = rig.finish().await;
    assert_eq!(log.outcome(&id)["reason"], "blocked");
}

#[tokio::test(flavor = "multi_thread")]
async fn a24_events_are_governed_as_they_come_and_the_head_waits_for_none() {
    for version in BOTH {
        let gate = Gate::closed();
        let script = gate.clone();
        let upstream = Upstream::start(move |_| {
            let event = ": CANARY\r\nid: 5\r\nid: 11010519491231002\r\nevent: update\r\ndata: {\"id\":\"1\",\r\ndata:\"secret\":\"CANARY\"}\r\n";
            let parts = [event, "retry: 1\r\nevent: CANARY\r\n", "\r\n"];
            let mut all = vec![head(EVENTS), Part::Wait(script.clone())];
            all.extend(parts.map(|part| raw(chunk(part.as_bytes()))));
            all.extend([Part::Wait(script.clone()), raw("0\r\n\r\n")]);
            all
        })
        .await;
        let rig = setup(&upstream).start().await;
        // Nothing of the body is there yet.
        let (mut coming, id) = Coming::ask(version, &rig.door, "/events").await;
        gate.open();
        let came = coming.until("\n\n").await;
        assert!(came.contains("data: {\"id\":\"1\"}\n\n"), "{came}");
        assert!(!came.contains("CANARY") && !came.contains("1101"), "{came}");
        gate.open();
        coming.rest().await;
        drop(coming);
        let log = rig.finish().await;
        assert_eq!(log.outcome(&id)["end"], "complete");
        assert_eq!(log.outcome(&id)["records"], 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn c02_json_under_a_declared_wrong_type_must_parse_and_leaves_as_json() {
    for (media, body, reason) in [
        (
            "text/html;charset=UTF-8",
            "{\"id\":\"1\",\"secret\":\"CANARY\"}",
            None,
        ),
        ("text/html", "<html>CANARY</html>", Some("unreadable-body")),
        (
            "text/html",
            "{\"id\":1}<script>CANARY</script>",
            Some("unreadable-body"),
        ),
        ("text/html", ")]}'{\"id\":1}", Some("unreadable-body")),
        (
            "application/json",
            "{\"id\":\"1\"}",
            Some("unexpected-media-type"),
        ),
        (
            "text/plain",
            "{\"id\":\"1\"}",
            Some("unexpected-media-type"),
        ),
    ] {
        let upstream = Upstream::start(move |_| ok(&format!("Content-Type: {media}"), body)).await;
        let rig = setup(&upstream).start().await;
        for version in BOTH {
            let answer = rig.get(version, &rig.door.teller(), "/wrong").await;
            match reason {
                None => {
                    assert_eq!(answer.text(), "{\"id\":\"1\"}");
                    assert_eq!(answer.header("content-type"), Some("application/json"));
                }
                Some(reason) => assert_eq!(answer.reason(), reason, "{media} {body}"),
            }
        }
        rig.finish().await;
    }
}
