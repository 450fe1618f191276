//! Connections: what one request proves counts for none after it, and a request never comes back to where it was.

use std::fs;
use std::time::Instant;

use tokio::net::TcpStream;

use super::super::rig::binary::KEY_LOG;
use super::super::rig::door::BOTH;
use super::super::rig::{Binary, Http1, Http2, Setup, Upstream, Version, patiently};
use super::{RECORD, RULES};

#[tokio::test(flavor = "multi_thread")]
async fn e20_e21_every_request_proves_itself_and_names_its_host_again() {
    let upstream = Upstream::always(r#"{"id":"1001"}"#).await;
    let setup = Setup::new(upstream.address()).rules(RULES);
    let rig = setup.start().await;
    let token = format!("Bearer {}", rig.door.teller().token.unwrap());
    let bearer = [("authorization", token.as_str())];
    let elsewhere = [
        ("authorization", token.as_str()),
        ("host", "hr.bank.example"),
    ];
    let nobody = rig.door.nobody();
    let mut one = Http1::connect(&rig.door, &nobody).await;
    let other = Http2::connect(&rig.door, &nobody).await;
    for _ in 0..2 {
        assert_eq!(one.ask("GET", RECORD, &bearer).await.status, 200);
        assert_eq!(other.ask("GET", RECORD, &bearer).await.status, 200);
        assert_eq!(one.ask("GET", RECORD, &[]).await.reason(), "no-credential");
        assert_eq!(
            other.ask("GET", RECORD, &[]).await.reason(),
            "no-credential"
        );
        assert_eq!(
            one.ask("GET", RECORD, &elsewhere).await.reason(),
            "wrong-host"
        );
        assert_eq!(
            other.ask("GET", RECORD, &elsewhere).await.reason(),
            "wrong-host"
        );
    }
    assert_eq!(upstream.count(), 4);
    drop((one, other));
    rig.finish().await;
}

/// The first is refused; the second, which is fine, gets its own answer and not the other's.
#[tokio::test(flavor = "multi_thread")]
async fn e09_of_two_pipelined_requests_each_gets_its_own_answer() {
    let upstream = Upstream::always(r#"{"id":"1001"}"#).await;
    let rig = Setup::new(upstream.address()).rules(RULES).start().await;
    let mut client = Http1::connect(&rig.door, &rig.door.teller()).await;
    client.send("GET", "/vault/a", &[]).await;
    client.send("GET", RECORD, &[]).await;
    client.send("DELETE", RECORD, &[]).await;
    assert_eq!(client.answer().await.reason(), "filter-on-hidden");
    assert_eq!(client.answer().await.text(), r#"{"id":"1001"}"#);
    assert_eq!(client.answer().await.reason(), "method-not-declared");
    assert_eq!(upstream.count(), 1);
    drop(client);
    rig.finish().await;
}

/// `SSLKEYLOGFILE` is set for every process of these tests; neither side of it writes there.
#[tokio::test(flavor = "multi_thread")]
async fn q04_no_session_key_is_ever_written() {
    let upstream = Upstream::always(r#"{"id":"1001"}"#).await;
    let setup = Setup::new(upstream.address()).rules(RULES);
    let binary = Binary::start(setup, None).await;
    let door = binary.door.clone();
    for version in BOTH {
        let answer = door.ask(version, &door.teller(), "GET", RECORD, &[]).await;
        assert_eq!(answer.status, 200);
    }
    assert!(!binary.dir().join(KEY_LOG).exists());
    binary.finish().await;
}

/// A proxy in front of a proxy: the second tells the upstream of both, so the first would know its request again.
#[tokio::test(flavor = "multi_thread")]
async fn q10_a_loop_over_two_nodes_is_seen_by_the_first() {
    let upstream = Upstream::always(r#"{"id":"1001"}"#).await;
    let behind = Setup::new(upstream.address()).rules(RULES);
    let behind = behind.replace("node: gw-1", "node: gw-2").start().await;
    let first = Setup::new(upstream.address()).rules(RULES);
    fs::copy(behind.door.ca(), first.dir().join("certs/behind.pem")).unwrap();
    let token = behind.door.teller().token.unwrap();
    fs::write(
        first.dir().join("secrets/behind.key"),
        format!("Bearer {token}\n"),
    )
    .unwrap();
    let plain = format!("url: http://{}", upstream.address());
    let port = behind.door.address.port();
    let first = first
        .replace(&plain, &format!("url: https://localhost:{port}"))
        .upstream("tls: { ca: certs/behind.pem }\n    headers: { set: { Authorization: file:secrets/behind.key } }")
        .start()
        .await;
    let teller = first.door.teller();
    let answer = first.get(Version::Http1, &teller, RECORD).await;
    assert_eq!((answer.status, answer.text()), (200, r#"{"id":"1001"}"#));
    let head = upstream.last();
    let via = head
        .split("via: ")
        .nth(1)
        .unwrap()
        .split("\r\n")
        .next()
        .unwrap();
    assert_eq!(via, "1.1 gw-1, 1.1 gw-2");
    let looped = first
        .door
        .ask(Version::Http1, &teller, "GET", RECORD, &[("via", via)])
        .await;
    assert_eq!(looped.reason(), "malformed-request");
    assert_eq!(upstream.count(), 1);
    first.finish().await;
    behind.finish().await;
}

/// Who comes when there is no descriptor left waits; who is in is answered, if only that log or upstream are out of reach; nothing
/// runs in circles, and all goes on when there is room.
#[tokio::test(flavor = "multi_thread")]
async fn o10_without_descriptors_who_comes_waits_and_nothing_runs_in_circles() {
    const PAUSING: &str = "cannot accept connections, pausing";
    let upstream = Upstream::always(r#"{"id":"1001"}"#).await;
    let setup = Setup::new(upstream.address()).rules(RULES);
    let mut binary = Binary::start(setup, Some("-n 80")).await;
    let door = binary.door.clone();
    let mut inside = Http1::connect(&door, &door.teller()).await;
    assert_eq!(inside.ask("GET", RECORD, &[]).await.status, 200);
    let began = Instant::now();
    let mut others = Vec::new();
    for _ in 0..100 {
        others.push(TcpStream::connect(door.address).await.unwrap());
    }
    binary.says(PAUSING).await;
    let answer = inside.ask("GET", RECORD, &[]).await;
    if answer.status != 200 {
        let reason = answer.reason();
        let known = ["upstream-unavailable", "audit-unavailable"];
        assert!(known.contains(&reason.as_str()), "{reason}");
    }
    drop(others);
    patiently("service to go on", async {
        let teller = door.teller();
        while door.ask(BOTH[0], &teller, "GET", RECORD, &[]).await.status != 200 {}
    })
    .await;
    // Ten times a second at most, however long all this took.
    let most = began.elapsed().as_millis() / 100 + 2;
    drop(inside);
    binary.signal("TERM");
    let said = binary.said_to_its_end().await;
    let pauses = said.iter().filter(|line| line.contains(PAUSING)).count() + 1;
    assert!(pauses as u128 <= most, "{pauses} pauses, {most} at most");
}
