//! O: who sends too much, too little or too slowly is let go; everybody else is served meanwhile.
//!
//! No flood is measured here, only that it ends; `make bench` measures.

use std::future::ready;
use std::pin::pin;

use tokio::io::AsyncWriteExt;

use super::super::rig::door::BOTH;
use super::super::rig::upstream::chunk;
use super::super::rig::{
    Caller, End, Gate, Http1, Http2, Part, Rig, Setup, Upstream, Version, json, patiently, raw,
};
use super::frames::{
    CONTINUATION, Came, DATA, END_HEADERS, END_STREAM, Frames, GOAWAY, HEADERS, PING, RST_STREAM,
    SETTINGS, WINDOW_UPDATE, block, field, frame, request,
};
use super::{RECORD, RULES};

async fn rig(upstream: &Upstream, limits: &str) -> Rig {
    let setup = Setup::new(upstream.address()).rules(RULES);
    setup.settings(limits).start().await
}

async fn others_are_served(rig: &Rig) {
    for version in BOTH {
        assert_eq!(
            rig.get(version, &rig.door.teller(), RECORD).await.status,
            200
        );
    }
}

/// So often was something refused before there was a request: the metrics say it, and the log says it.
async fn was_refused(rig: Rig, kind: &str, times: usize) {
    let counted = format!("fieldgate_connections_refused_total{{kind=\"{kind}\"}} {times}\n");
    patiently(&counted, async {
        while !rig.metrics().await.contains(&counted) {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let log = rig.finish().await;
    let of_kind = |one: &&serde_json::Value| one["reason"] == kind;
    assert_eq!(log.of_kind("connection").filter(of_kind).count(), times);
}

async fn slow_readers_are_counted(rig: &Rig, times: usize) {
    let counted = format!("fieldgate_callers_given_up_total{{kind=\"slow-reader\"}} {times}\n");
    patiently(&counted, async {
        while !rig.metrics().await.contains(&counted) {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

/// Streams 1, 3, 5, ...
fn streams(count: u32) -> impl Iterator<Item = u32> {
    (0..count).map(|number| 2 * number + 1)
}

/// A flood in pieces, until the other side has had enough.
async fn flood(rig: &Rig, first: Vec<u8>, pieces: impl Iterator<Item = Vec<u8>>) -> Option<u32> {
    let mut frames = Frames::connect(&rig.door).await;
    let mut open = frames.write(&first).await;
    for piece in pieces {
        if !open {
            break;
        }
        open = frames.write(&piece).await;
    }
    loop {
        match frames.next().await {
            Some((GOAWAY, _, _, payload)) => {
                let code = payload.get(4..8).unwrap();
                return Some(u32::from_be_bytes(code.try_into().unwrap()));
            }
            Some(_) => {}
            None => return None,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn o05_a_client_that_resets_all_it_asks_is_let_go() {
    let upstream = Upstream::always(r#"{"id":"1001"}"#).await;
    let rig = rig(&upstream, "").await;
    let token = rig.door.teller().token.unwrap();
    let block = block(&token, &[]);
    let pieces = streams(20_000).map(|stream| {
        let head = frame(HEADERS, END_STREAM | END_HEADERS, stream, &block);
        [head, frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes())].concat()
    });
    flood(&rig, Vec::new(), pieces).await;
    others_are_served(&rig).await;
    was_refused(rig, "http2", 1).await;
}

/// CVE-2025-8671: frames that make us reset the streams.
#[tokio::test(flavor = "multi_thread")]
async fn o05_a_client_that_makes_us_reset_all_it_asks_is_let_go() {
    let upstream = Upstream::start(|_| vec![Part::Wait(Gate::closed())]).await;
    let rig = rig(&upstream, "").await;
    let token = rig.door.teller().token.unwrap();
    let block = block(&token, &[]);
    let pieces = streams(20_000).map(|stream| {
        let head = frame(HEADERS, END_STREAM | END_HEADERS, stream, &block);
        [head, frame(WINDOW_UPDATE, 0, stream, &[0, 0, 0, 0])].concat()
    });
    flood(&rig, Vec::new(), pieces).await;
    was_refused(rig, "http2", 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn o05_a_head_that_never_ends_is_refused() {
    let upstream = Upstream::always(r#"{"id":"1001"}"#).await;
    let rig = rig(&upstream, "").await;
    let token = rig.door.teller().token.unwrap();
    for piece in [field("x", "y".repeat(1000)), Vec::new()] {
        let first = frame(HEADERS, END_STREAM, 1, &block(&token, &[]));
        let more = frame(CONTINUATION, 0, 1, &piece);
        flood(&rig, first, std::iter::repeat_n(more, 100_000)).await;
    }
    others_are_served(&rig).await;
    assert_eq!(upstream.count(), 2);
    was_refused(rig, "http2", 2).await;
}

/// One entry of the table, written once and named for ever.
#[tokio::test(flavor = "multi_thread")]
async fn o05_a_head_that_unpacks_beyond_the_limit_is_refused() {
    let upstream = Upstream::always(r#"{"id":"1001"}"#).await;
    let rig = rig(&upstream, "").await;
    let token = rig.door.teller().token.unwrap();
    let mut entry = field("x", "y".repeat(3000));
    entry[0] = 0x40;
    let mut bomb = [block(&token, &[]), entry].concat();
    bomb.extend(std::iter::repeat_n(0xbe, 10_000));
    let mut frames = Frames::connect(&rig.door).await;
    frames
        .write(&frame(HEADERS, END_STREAM | END_HEADERS, 1, &bomb))
        .await;
    let came = frames.came().await;
    assert!(
        !matches!(&came, Came::Body(body) if body.contains("1001")),
        "{came:?}"
    );
    others_are_served(&rig).await;
    assert_eq!(upstream.count(), 2);
    drop(frames);
    rig.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn o05_a_body_of_empty_frames_is_refused() {
    let upstream = Upstream::always(r#"{"id":"1001"}"#).await;
    let rig = rig(&upstream, "").await;
    let token = rig.door.teller().token.unwrap();
    let first = frame(HEADERS, END_HEADERS, 1, &block(&token, &[]));
    let empty = frame(DATA, 0, 1, &[]);
    flood(&rig, first, std::iter::repeat_n(empty, 200_000)).await;
    others_are_served(&rig).await;
    assert_eq!(upstream.count(), 2);
    was_refused(rig, "http2", 1).await;
}

/// Whoever never reads what it asked for is not answered for ever.
#[tokio::test(flavor = "multi_thread")]
async fn o05_pings_and_settings_that_nobody_reads_the_answers_of_hold_nothing() {
    let upstream = Upstream::always(r#"{"id":"1001"}"#).await;
    let rig = rig(&upstream, "limits: { body_idle: 300ms, header_time: 2s }").await;
    for unit in [frame(PING, 0, 0, &[0; 8]), frame(SETTINGS, 0, 0, &[])] {
        let mut frames = Frames::connect(&rig.door).await;
        let piece = unit.repeat(1000);
        let flooding = async { while frames.stream.write_all(&piece).await.is_ok() {} };
        patiently("the end of patience", flooding).await;
        others_are_served(&rig).await;
    }
    rig.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn o05_no_more_than_a_hundred_streams_are_open_at_once() {
    let gate = Gate::closed();
    let script = {
        let gate = gate.clone();
        move || {
            let mut parts = vec![Part::Wait(gate.clone())];
            parts.extend(json(r#"{"id":"1001"}"#));
            parts
        }
    };
    let upstream = Upstream::start(move |_| script()).await;
    let rig = rig(&upstream, "").await;
    let token = rig.door.teller().token.unwrap();
    let block = block(&token, &[]);
    let mut frames = Frames::connect(&rig.door).await;
    let all = streams(101).map(|stream| frame(HEADERS, END_STREAM | END_HEADERS, stream, &block));
    assert!(frames.write(&all.collect::<Vec<_>>().concat()).await);
    let refused = loop {
        let (kind, _, stream, payload) = frames.next().await.unwrap();
        if kind == RST_STREAM {
            break (stream, payload);
        }
    };
    const REFUSED_STREAM: u32 = 7;
    assert_eq!(refused, (201, REFUSED_STREAM.to_be_bytes().to_vec()));
    upstream.asked(100).await;
    for _ in 0..100 {
        gate.open();
    }
    drop(frames);
    rig.finish().await;
    assert_eq!(upstream.count(), 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn o01_a_head_that_does_not_end_is_given_up_and_counted() {
    let upstream = Upstream::always(r#"{"id":"1001"}"#).await;
    let rig = rig(&upstream, "limits: { header_time: 1s }").await;
    let mut slow = Http1::connect(&rig.door, &Caller::default()).await;
    slow.write(b"GET /customers/1001 HTTP/1.1\r\nHost: loc")
        .await;
    let rest = String::from_utf8(slow.rest().await).unwrap();
    assert!(
        rest.is_empty() || rest.starts_with("HTTP/1.1 408 "),
        "{rest}"
    );
    others_are_served(&rig).await;
    was_refused(rig, "header-time", 1).await;
}

/// A body that is announced and does not come, or comes as nothing for ever.
#[tokio::test(flavor = "multi_thread")]
async fn o02_a_body_that_does_not_come_is_given_up() {
    let upstream = Upstream::always(r#"{"id":"1001"}"#).await;
    let rig = rig(&upstream, "limits: { body_idle: 200ms }").await;
    let mut slow = Http1::connect(&rig.door, &rig.door.teller()).await;
    slow.send("GET", RECORD, &[("transfer-encoding", "chunked")])
        .await;
    let answer = slow.answer().await;
    assert_eq!(
        (answer.status, answer.reason().as_str()),
        (400, "malformed-request")
    );
    assert_eq!(slow.rest().await, b"");
    let token = rig.door.teller().token.unwrap();
    let mut frames = Frames::connect(&rig.door).await;
    frames
        .write(&frame(HEADERS, END_HEADERS, 1, &block(&token, &[])))
        .await;
    let Came::Body(body) = frames.came().await else {
        panic!("no answer");
    };
    assert!(body.contains("\"malformed-request\""), "{body}");
    assert_eq!(upstream.count(), 0, "the upstream waits for nobody's body");
    others_are_served(&rig).await;
    drop(frames);
    rig.finish().await;
}

/// One record of 8 MiB beside a short one, and little patience with who takes nothing.
async fn with_a_long_record() -> (Upstream, Rig) {
    let record = format!(r#"{{"id":"1001","name":"{}"}}"#, "n".repeat(8 << 20));
    let upstream = Upstream::start(move |asked| match asked.target() {
        RECORD => json(r#"{"id":"1001"}"#),
        _ => json(&record),
    });
    let upstream = upstream.await;
    let rig = rig(&upstream, "limits: { body_idle: 300ms }").await;
    (upstream, rig)
}

fn id_of<B>(answer: &http::Response<B>) -> String {
    let id = answer.headers()["x-request-id"].to_str();
    id.unwrap().to_owned()
}

/// An HTTP/2 client that opens no window, and one over HTTP/1.1 that does not read: both hold one frame, and are let go.
#[tokio::test(flavor = "multi_thread")]
async fn o03_a_client_that_does_not_read_is_let_go_and_recorded() {
    let (upstream, rig) = with_a_long_record().await;
    let teller = rig.door.teller();
    let mut slow = Http1::connect_with(&rig.door, &teller, Some(4096)).await;
    slow.send("GET", "/customers/7", &[]).await;
    let head = slow.head().await;
    let closed = Http2::connect_with(&rig.door, &teller, 100).await;
    let answer = closed.send("GET", "/customers/7", &[]).await;
    let answer = patiently("a head", answer).await.unwrap();
    upstream.hung_up(2).await;
    others_are_served(&rig).await;
    slow_readers_are_counted(&rig, 2).await;
    let ids = [head.id().to_owned(), id_of(&answer)];
    drop((slow, closed, answer));
    let log = rig.finish().await;
    for id in ids {
        assert_eq!(log.outcome(&id)["end"], "aborted");
    }
}

/// Who asks on and on over the same connection takes nothing of that answer either; what they do take goes on.
#[tokio::test(flavor = "multi_thread")]
async fn o03_an_answer_that_is_not_taken_is_given_up_whatever_else_its_connection_carries() {
    let (upstream, rig) = with_a_long_record().await;
    let busy = Http2::connect_with(&rig.door, &rig.door.teller(), 100).await;
    let answer = busy.send("GET", "/customers/7", &[]).await;
    let answer = patiently("a head", answer).await.unwrap();
    let id = id_of(&answer);
    patiently("the upstream to be let go", async {
        let mut gone = pin!(upstream.hung_up(1));
        loop {
            assert_eq!(busy.ask("GET", RECORD, &[]).await.status, 200);
            tokio::select! {
                biased;
                () = &mut gone => return,
                () = ready(()) => {}
            }
        }
    })
    .await;
    assert_eq!(busy.ask("GET", RECORD, &[]).await.status, 200);
    slow_readers_are_counted(&rig, 1).await;
    drop((busy, answer));
    let log = rig.finish().await;
    assert_eq!(log.outcome(&id)["end"], "aborted");
}

/// Two values of which each alone would fit; the second finds no room, and when both are gone all is as before.
#[tokio::test(flavor = "multi_thread")]
async fn o07_what_would_be_held_above_the_budget_is_refused_and_nothing_else_is() {
    let gate = Gate::closed();
    let script = {
        let gate = gate.clone();
        move |target: &str| {
            let half = "x".repeat(700 << 10);
            let value = format!(r#"{{"id":"1001","secret":"{half}"#);
            match target {
                "/customers/1" => vec![
                    raw(
                        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
                    ),
                    raw(chunk(value.as_bytes())),
                    Part::Wait(gate.clone()),
                    raw(chunk(b"\"}")),
                    raw("0\r\n\r\n"),
                ],
                "/customers/2" => json(value + "\"}"),
                _ => json(r#"{"id":"1001"}"#),
            }
        }
    };
    let upstream = Upstream::start(move |asked| script(asked.target())).await;
    // A mask that must see all of a value.
    let rules = RULES.replace(
        "secret: hidden",
        "secret: { class: hidden, mask: [cn-phone] }",
    );
    let setup = Setup::new(upstream.address()).rules(&rules);
    let rig = setup.settings("limits: { held: 1MiB }").start().await;
    let manager = rig.door.manager();
    let mut first = Http1::connect(&rig.door, &manager).await;
    first.send("GET", "/customers/1", &[]).await;
    patiently("the first value to be held", async {
        while held(&rig).await < 700 << 10 {}
    })
    .await;
    let refused = rig.get(Version::Http2, &manager, "/customers/2").await;
    let id = refused.id().to_owned();
    // Where it took longer than 20 ms it has begun, and breaks off.
    if refused.status == 503 {
        assert_eq!(refused.reason(), "overloaded");
    } else {
        assert!(matches!(refused.end, End::Cut(_)), "{refused:?}");
    }
    others_are_served(&rig).await;
    gate.open();
    assert_eq!(
        first.answer().await.text(),
        r#"{"id":"1001","secret":"***"}"#
    );
    patiently("all to be given back", async {
        while held(&rig).await > 0 {}
    })
    .await;
    let second = rig.get(Version::Http2, &manager, "/customers/2").await;
    assert_eq!(second.text(), r#"{"id":"1001","secret":"***"}"#);
    drop(first);
    let log = rig.finish().await;
    assert_eq!(log.outcome(&id)["reason"], "overloaded");
}

/// Who asks for what is slow has their share of the upstream, whatever tokens they bring; everybody else is served.
#[tokio::test(flavor = "multi_thread")]
async fn o09_nobody_takes_all_connections_of_an_upstream() {
    let gate = Gate::closed();
    let closed = gate.clone();
    let upstream = Upstream::start(move |asked| match asked.target() {
        "/customers/7" => vec![
            raw(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
            ),
            Part::Wait(closed.clone()),
            raw(chunk(br#"{"id":"7"}"#)),
            raw("0\r\n\r\n"),
        ],
        _ => json(r#"{"id":"1"}"#),
    })
    .await;
    let setup = Setup::new(upstream.address()).rules(RULES);
    let rig = setup.upstream("connections: 3").start().await;
    let greedy = rig.door.manager();
    // Three quarters, in whole connections.
    let mut slow = Vec::new();
    for count in 1..=3 {
        let mut client = Http1::connect(&rig.door, &greedy).await;
        client.send("GET", "/customers/7", &[]).await;
        slow.push(client);
        upstream.asked(count.min(2)).await;
    }
    let third = slow.pop().unwrap().answer().await;
    assert_eq!(
        (third.status, third.reason()),
        (503, "overloaded".to_owned())
    );
    for version in BOTH {
        let more = rig.get(version, &greedy, "/customers/1").await;
        assert_eq!(more.reason(), "overloaded");
        let other = rig.get(version, &rig.door.teller(), "/customers/1").await;
        assert_eq!(other.status, 200, "{}", other.text());
    }
    assert_eq!(upstream.count(), 4);
    slow.iter().for_each(|_| gate.open());
    for mut client in slow {
        assert_eq!(client.answer().await.status, 200);
    }
    let again = rig.get(Version::Http2, &greedy, "/customers/1").await;
    assert_eq!(again.status, 200, "what is given back can be taken again");
    let metrics = rig.metrics().await;
    let counted = "fieldgate_upstream_shares_refused_total{upstream=\"crm\"} 3\n";
    assert!(metrics.contains(counted), "{metrics}");
    let log = rig.finish().await;
    assert_eq!(
        log.kinds(third.id()),
        ["outcome"],
        "nothing was to be asked"
    );
    assert_eq!(log.outcome(third.id())["reason"], "overloaded");
}

/// What the metrics say of it.
async fn held(rig: &Rig) -> u64 {
    let metrics = rig.metrics().await;
    let line = metrics
        .lines()
        .find_map(|line| line.strip_prefix("fieldgate_held_bytes "));
    line.unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn o04_one_address_gets_no_more_connections_than_it_may() {
    let upstream = Upstream::always(r#"{"id":"1001"}"#).await;
    let rig = rig(&upstream, "limits: { connections_per_address: 2 }").await;
    let teller = rig.door.teller();
    let mut first = Http1::connect(&rig.door, &teller).await;
    let second = Http1::connect(&rig.door, &teller).await;
    let third = Http1::try_connect(&rig.door, &teller).await;
    assert!(third.is_err(), "closed before its handshake");
    assert_eq!(first.ask("GET", RECORD, &[]).await.status, 200);
    drop(second);
    let refused = patiently("a place", async {
        let mut refused = 1;
        while Http1::try_connect(&rig.door, &teller).await.is_err() {
            refused += 1;
        }
        refused
    })
    .await;
    drop(first);
    was_refused(rig, "connections-per-address", refused).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn o04_no_more_connections_are_open_than_may_be() {
    let upstream = Upstream::always(r#"{"id":"1001"}"#).await;
    let rig = rig(&upstream, "limits: { connections: 1 }").await;
    let teller = rig.door.teller();
    let mut first = Http1::connect(&rig.door, &teller).await;
    assert!(Http1::try_connect(&rig.door, &teller).await.is_err());
    assert_eq!(first.ask("GET", RECORD, &[]).await.status, 200);
    drop(first);
    was_refused(rig, "connections", 1).await;
}

/// A handshake of nothing, of too much, and of another protocol.
#[tokio::test(flavor = "multi_thread")]
async fn l07_l09_l11_what_is_no_handshake_is_refused_and_counted() {
    let upstream = Upstream::always(r#"{"id":"1001"}"#).await;
    let rig = rig(&upstream, "limits: { handshake: 1s }").await;
    let hello = [
        &[22, 3, 1, 0xff, 0xff, 1, 0, 0xff, 0xff][..],
        &[0; 0xffff][..],
    ]
    .concat();
    for bytes in [
        b"GET /customers/1001 HTTP/1.1\r\nHost: localhost\r\n\r\n".as_slice(),
        b"PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n",
        b"SSH-2.0-x\r\n",
        b"\x80\x2e\x01\x03\x01",
        &hello,
    ] {
        let mut tcp = tokio::net::TcpStream::connect(rig.door.address)
            .await
            .unwrap();
        // It may have had enough before the last byte.
        let _ = tcp.write_all(bytes).await;
        let mut said = Vec::new();
        let reading = tokio::io::AsyncReadExt::read_to_end(&mut tcp, &mut said);
        let _ = patiently("the end", reading).await;
        assert!(!String::from_utf8_lossy(&said).contains("HTTP"), "{said:?}");
    }
    let mut silent = tokio::net::TcpStream::connect(rig.door.address)
        .await
        .unwrap();
    let mut said = Vec::new();
    let reading = tokio::io::AsyncReadExt::read_to_end(&mut silent, &mut said);
    let _ = patiently("the end", reading).await;
    others_are_served(&rig).await;
    assert_eq!(upstream.count(), 2);
    let log = rig.finish().await;
    let reasons: Vec<_> = log
        .of_kind("connection")
        .map(|one| &one["reason"])
        .collect();
    assert_eq!(reasons.len(), 6, "{reasons:?}");
    let of_handshakes =
        |reason: &&&serde_json::Value| **reason == "handshake" || **reason == "handshake-time";
    assert_eq!(
        reasons.iter().filter(of_handshakes).count(),
        6,
        "{reasons:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_request_among_frames_by_hand_is_served() {
    let upstream = Upstream::always(r#"{"id":"1001"}"#).await;
    let rig = rig(&upstream, "").await;
    let token = rig.door.teller().token.unwrap();
    let mut frames = Frames::connect(&rig.door).await;
    assert!(frames.write(&request(&token, &[])).await);
    assert_eq!(
        frames.came().await,
        Came::Body(r#"{"id":"1001"}"#.to_owned())
    );
    let answer = rig.get(Version::Http2, &rig.door.teller(), RECORD).await;
    assert_eq!(answer.status, 200);
    drop(frames);
    rig.finish().await;
}
