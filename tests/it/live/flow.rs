//! Nobody reads faster than the slowest: a client that does not read stops the upstream, one that leaves ends it.

use bytes::Bytes;

use super::rig::http2;
use super::rig::upstream::chunk;
use super::rig::{Http1, Http2, Part, Rig, Setup, Upstream, json_chunks, patiently, raw};

const RULES: &str = include_str!("rig/rules.yaml");
/// Far more than all buffers on the way hold together.
const SIZE: u64 = 48 << 20;
/// The most the system's buffers and ours may hold together.
const HELD: u64 = 24 << 20;

/// A list of at least [`SIZE`] bytes, made as it is needed.
fn large() -> Vec<Part> {
    let padding = "n".repeat(4000);
    let record = move |id: u64| format!(r#",{{"id":"{id}","name":"{padding}"}}"#);
    let length = record(1).len() as u64;
    let records = (1..SIZE / length + 1).map(move |id| Bytes::from(chunk(record(id).as_bytes())));
    let mut parts = json_chunks(&[br#"{"items":[{"id":"0"}"#]);
    parts.extend([
        Part::Made(Box::new(records)),
        raw(chunk(b"]}")),
        raw("0\r\n\r\n"),
    ]);
    parts
}

async fn rig(upstream: &Upstream) -> Rig {
    let setup = Setup::new(upstream.address()).rules(RULES);
    setup.start().await
}

/// Waits until the upstream has stood still for a while. However long that is, it may not get beyond what is held.
async fn stands_still(upstream: &Upstream) {
    let mut before = upstream.sent();
    let mut still = 0;
    patiently("the upstream to stand still", async {
        while still < 20 {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            let now = upstream.sent();
            still = if now == before { still + 1 } else { 0 };
            before = now;
        }
    })
    .await;
    assert!(before < HELD, "{before} bytes went to nobody");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_does_not_read_stops_the_upstream_over_http1() {
    let upstream = Upstream::start(|_| large()).await;
    let rig = rig(&upstream).await;
    let teller = rig.door.teller();
    let mut client = Http1::connect_with(&rig.door, &teller, Some(64 << 10)).await;
    client.send("GET", "/customers", &[]).await;
    let head = client.head().await;
    stands_still(&upstream).await;
    // It goes on where it stood.
    let mut came = 0;
    let mut last = Vec::new();
    while !last.ends_with(b"0\r\n\r\n") {
        last = client.some().await;
        assert!(!last.is_empty(), "it broke off");
        came += last.len() as u64;
    }
    assert!(came > SIZE, "{came}");
    drop(client);
    let log = rig.finish().await;
    assert_eq!(log.outcome(head.id())["end"], "complete");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_does_not_read_stops_the_upstream_over_http2() {
    let upstream = Upstream::start(|_| large()).await;
    let rig = rig(&upstream).await;
    let client = Http2::connect_with(&rig.door, &rig.door.teller(), 64 << 10).await;
    let response = client.send("GET", "/customers", &[]).await;
    let (head, mut body) = http2::head(patiently("a head", response).await.unwrap());
    stands_still(&upstream).await;
    let mut came = 0;
    let reading = async {
        while let Some(data) = body.data().await {
            let data = data.unwrap();
            came += data.len() as u64;
            body.flow_control().release_capacity(data.len()).unwrap();
        }
    };
    patiently("the rest", reading).await;
    assert!(came > SIZE * 9 / 10, "{came}");
    let id = head.id().to_owned();
    drop((client, body));
    let log = rig.finish().await;
    assert_eq!(log.outcome(&id)["end"], "complete");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_ends_the_upstreams_answer_over_http1() {
    let upstream = Upstream::start(|_| large()).await;
    let rig = rig(&upstream).await;
    let teller = rig.door.teller();
    let mut client = Http1::connect_with(&rig.door, &teller, Some(64 << 10)).await;
    client.send("GET", "/customers", &[]).await;
    let head = client.head().await;
    drop(client);
    upstream.hung_up(1).await;
    let log = rig.finish().await;
    let outcome = log.outcome(head.id());
    assert_eq!(outcome["end"], "aborted", "{outcome}");
    assert_eq!(outcome["reason"], serde_json::Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_reset_ends_the_upstreams_answer_and_no_other_stream() {
    let upstream = Upstream::start(|asked| match asked.target() {
        "/customers" => large(),
        _ => super::rig::json(r#"{"id":"1"}"#),
    });
    let upstream = upstream.await;
    let rig = rig(&upstream).await;
    let client = Http2::connect_with(&rig.door, &rig.door.teller(), 64 << 10).await;
    let response = client.send("GET", "/customers", &[]).await;
    let (head, body) = http2::head(patiently("a head", response).await.unwrap());
    drop(body);
    upstream.hung_up(1).await;
    let other = client.ask("GET", "/customers/1", &[]).await;
    assert_eq!(other.status, 200);
    let id = head.id().to_owned();
    drop(client);
    let log = rig.finish().await;
    assert_eq!(log.outcome(&id)["end"], "aborted");
    assert_eq!(log.outcome(other.id())["end"], "complete");
}

/// Who leaves before there is an answer has an intent and an aborted outcome without a status.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_before_the_answer_ends_the_upstreams_wait() {
    for is_http2 in [false, true] {
        let upstream = Upstream::start(|_| vec![Part::Wait(super::rig::Gate::closed())]).await;
        let rig = rig(&upstream).await;
        let teller = rig.door.teller();
        if is_http2 {
            let client = Http2::connect(&rig.door, &teller).await;
            let response = client.send("GET", "/customers/1", &[]).await;
            upstream.asked(1).await;
            drop((response, client));
        } else {
            let mut client = Http1::connect(&rig.door, &teller).await;
            client.send("GET", "/customers/1", &[]).await;
            upstream.asked(1).await;
            drop(client);
        }
        upstream.hung_up(1).await;
        let log = rig.finish().await;
        let outcomes: Vec<_> = log.of_kind("outcome").collect();
        assert_eq!(outcomes.len(), 1);
        assert_eq!(outcomes[0]["end"], "aborted");
        assert_eq!(outcomes[0]["status"], serde_json::Value::Null);
        assert_eq!(outcomes[0]["decision"], "allow");
    }
}
