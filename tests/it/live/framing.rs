//! When an answer commits, in which frames it leaves, and what a caller sees of one that breaks off.

use super::rig::door::BOTH;
use super::rig::upstream::chunk;
use super::rig::{
    COMMIT, End, FRAME, Gate, Http1, Part, Rig, Setup, Upstream, Version, json, json_chunks, raw,
};

const RULES: &str = include_str!("rig/rules.yaml");

async fn rig(upstream: &Upstream) -> Rig {
    let setup = Setup::new(upstream.address()).rules(RULES);
    setup.start().await
}

/// A record of exactly that many bytes, all of them shown.
fn record(length: usize) -> String {
    let frame = r#"{"id":"1","name":""}"#;
    let padding = "x".repeat(length - frame.len());
    format!(r#"{{"id":"1","name":"{padding}"}}"#)
}

/// A list of more than that many bytes of output, in pieces of one record each, without its end.
fn list(length: usize) -> Vec<String> {
    let mut pieces = vec![r#"{"total":9,"items":[{"id":"0"}"#.to_owned()];
    let mut there = 0;
    for id in 1.. {
        let piece = format!(
            r#",{{"id":"{id}","secret":"hidden","name":"{}"}}"#,
            "n".repeat(200)
        );
        there += piece.len() - r#""secret":"hidden","#.len();
        pieces.push(piece);
        if there > length {
            break;
        }
    }
    pieces
}

fn chunked(pieces: &[String]) -> Vec<Part> {
    let mut parts = json_chunks(&[]);
    parts.extend(pieces.iter().map(|piece| raw(chunk(piece.as_bytes()))));
    parts
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_below_64_kib_has_a_length_and_one_above_has_frames_of_16_kib() {
    // The root's last byte is no output until the end is proven.
    for length in [
        20,
        FRAME,
        COMMIT - 1,
        COMMIT,
        COMMIT + 1,
        COMMIT + 2,
        200_000,
    ] {
        let upstream = Upstream::always(record(length)).await;
        let rig = rig(&upstream).await;
        for version in BOTH {
            let answer = rig
                .undisturbed(version, &rig.door.teller(), "/customers/1")
                .await;
            assert_eq!(answer.text(), record(length));
            assert_eq!(answer.end, End::Complete);
            let text = length.to_string();
            let is_whole = length <= COMMIT;
            let announced = answer.header("content-length");
            assert_eq!(
                announced,
                is_whole.then_some(text.as_str()),
                "{length} {version:?}"
            );
            let is_chunked = answer.header("transfer-encoding").is_some();
            assert_eq!(is_chunked, !is_whole && version == Version::Http1);
            if !is_whole {
                assert_eq!(answer.frames.len(), length.div_ceil(FRAME), "{length}");
            }
        }
        rig.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_roots_bracket_leaves_only_when_the_upstreams_end_is_proven() {
    for length in [100, 2 * COMMIT] {
        let body = record(length);
        let gate = Gate::closed();
        let script = {
            let (body, gate) = (body.clone(), gate.clone());
            move || {
                let mut parts = json_chunks(&[body.as_bytes()]);
                parts.extend([Part::Wait(gate.clone()), raw("0\r\n\r\n")]);
                parts
            }
        };
        let upstream = Upstream::start(move |_| script()).await;
        let rig = rig(&upstream).await;
        // Without chunks, so that what comes is what was sent.
        let mut client = Http1::connect(&rig.door, &rig.door.teller()).await;
        let token = rig.door.teller().token.unwrap();
        let request = format!(
            "GET /customers/1 HTTP/1.0\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n"
        );
        client.write(request.as_bytes()).await;
        assert_eq!(client.head().await.status, 200);
        let mut came = Vec::new();
        while came.len() < length - 1 {
            came.extend(client.some().await);
        }
        assert_eq!(came, body.as_bytes()[..length - 1], "all but the bracket");
        gate.open();
        assert_eq!(client.rest().await, b"}");
        rig.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn output_that_waits_for_more_leaves_after_a_while() {
    let gate = Gate::closed();
    let script = {
        let gate = gate.clone();
        move || {
            let mut parts = json_chunks(&[br#"{"total":1,"items":[{"id":"1"}"#]);
            parts.extend([
                Part::Wait(gate.clone()),
                raw(chunk(br#",{"id":"2"}]}"#)),
                raw("0\r\n\r\n"),
            ]);
            parts
        }
    };
    let upstream = Upstream::start(move |_| script()).await;
    let rig = rig(&upstream).await;
    let mut client = Http1::connect(&rig.door, &rig.door.teller()).await;
    client.send("GET", "/customers", &[]).await;
    let head = client.head().await;
    assert_eq!(head.header("transfer-encoding"), Some("chunked"));
    // Nothing but the timer could have brought this.
    let first = String::from_utf8(client.some().await).unwrap();
    assert!(first.contains(r#"{"total":1"#), "{first}");
    gate.open();
    let mut rest = first;
    while !rest.ends_with("0\r\n\r\n") {
        rest.push_str(std::str::from_utf8(&client.some().await).unwrap());
    }
    let log = rig.finish().await;
    let id = head.id();
    assert_eq!(log.persons(id).len(), 2);
    assert_eq!(log.outcome(id)["end"], "complete");
}

/// How an upstream spoils an answer of which much has left, and the reason that is recorded.
fn spoilt(how: &str) -> (Vec<Part>, &'static str) {
    let mut parts = chunked(&list(4 * COMMIT));
    let reason = match how {
        "closed" => {
            parts.push(Part::Close);
            "unreadable-body"
        }
        "reset" => {
            parts.push(Part::Reset);
            "unreadable-body"
        }
        "silent" => {
            parts.push(Part::Wait(Gate::closed()));
            "upstream-timeout"
        }
        "ended too early" => {
            parts.push(raw("0\r\n\r\n"));
            "unreadable-body"
        }
        "no json" => {
            parts.extend([raw(chunk(br#",{"id":CANARY}]}"#)), raw("0\r\n\r\n")]);
            "unreadable-body"
        }
        "two documents" => {
            parts.extend([raw(chunk(br#"]}{"id":"CANARY"}"#)), raw("0\r\n\r\n")]);
            "unreadable-body"
        }
        "a bad chunk" => {
            parts.extend([raw("5\r\n]}{\"CANARY\"\r\n0\r\n\r\n")]);
            "unreadable-body"
        }
        "too deep" => {
            parts.extend([
                raw(chunk(br#",{"a":{"a":{"a":{"a":"CANARY"}}}}]}"#)),
                raw("0\r\n\r\n"),
            ]);
            "limit-depth"
        }
        _ => unreachable!("{how}"),
    };
    (parts, reason)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_breaks_off_after_the_commit_never_looks_complete() {
    for how in [
        "closed",
        "reset",
        "silent",
        "ended too early",
        "no json",
        "two documents",
        "a bad chunk",
        "too deep",
    ] {
        let upstream = Upstream::start(move |_| spoilt(how).0).await;
        let rig = Setup::new(upstream.address())
            .rules(RULES)
            .upstream("timeouts: { idle: 200ms }")
            .settings("limits: { depth: 5 }")
            .start()
            .await;
        let mut seen = Vec::new();
        for version in BOTH {
            let answer = rig.get(version, &rig.door.teller(), "/customers").await;
            assert_eq!(answer.status, 200, "{how}: {answer:?}");
            let reset = (version == Version::Http2).then_some(h2::Reason::INTERNAL_ERROR);
            assert_eq!(answer.end, End::Cut(reset), "{how}");
            assert!(answer.body.len() >= COMMIT, "{how}: {}", answer.body.len());
            assert!(!answer.text().contains("CANARY"), "{how}");
            assert!(serde_json::from_slice::<serde_json::Value>(&answer.body).is_err());
            seen.push(answer);
        }
        let log = rig.finish().await;
        for answer in seen {
            let outcome = log.outcome(answer.id());
            assert_eq!(outcome["end"], "aborted", "{how}");
            assert_eq!(outcome["reason"], spoilt(how).1, "{how}");
            assert_eq!(outcome["status"], 200, "{how}");
            // With HTTP/2 a reset overtakes frames that wait, so more counts as sent than came.
            let sent = usize::try_from(outcome["bytes"].as_u64().unwrap()).unwrap();
            assert!(sent >= answer.body.len(), "{how}: {outcome}");
            // Every record of which the last byte came is recorded.
            let whole = answer.text().matches("},").count();
            assert!(log.persons(answer.id()).len() >= whole, "{how}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_http_1_0_client_sees_a_broken_answer_end_before_its_bracket() {
    let upstream = Upstream::start(|_| spoilt("closed").0).await;
    let rig = rig(&upstream).await;
    let mut client = Http1::connect(&rig.door, &rig.door.teller()).await;
    let token = rig.door.teller().token.unwrap();
    let request = format!("GET /customers HTTP/1.0\r\nAuthorization: Bearer {token}\r\n\r\n");
    client.write(request.as_bytes()).await;
    let head = client.head().await;
    assert_eq!((head.status, head.header("content-length")), (200, None));
    let rest = client.rest().await;
    assert!(rest.len() >= COMMIT && !rest.ends_with(b"]}"));
    rig.finish().await;
}

/// One record may be larger than what is held back; it is streamed like any other.
#[tokio::test(flavor = "multi_thread")]
async fn a_connection_serves_one_exchange_after_the_other() {
    let upstream = Upstream::start(|asked| match asked.target() {
        "/customers/1" => json(record(3 * COMMIT)),
        _ => json(record(40)),
    });
    let upstream = upstream.await;
    let rig = rig(&upstream).await;
    let mut client = Http1::connect(&rig.door, &rig.door.teller()).await;
    for target in ["/customers/1", "/customers/2", "/nowhere", "/customers/1"] {
        let answer = client.ask("GET", target, &[]).await;
        let expected = if target == "/nowhere" { 404 } else { 200 };
        assert_eq!((answer.status, answer.end), (expected, End::Complete));
    }
    rig.finish().await;
}
