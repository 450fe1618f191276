//! Bodies that are long in coming: whoever began to send one is asked again when it is whole.

use std::fs;
use std::time::Duration;

use fieldgate::demo::identities::Identities;
use jiff::{SignedDuration, Timestamp};
use tokio::time::timeout;

use super::rig::{Caller, Http1, Rig, Setup, Upstream, Version, patiently};

const RULES: &str = include_str!("rig/searching.yaml");
const SEARCH: &str = "/customers/search";

fn setup(upstream: &Upstream) -> Setup {
    Setup::new(upstream.address()).rules(RULES)
}

/// A search of which half has come; the proxy has asked for the rest, so it has decided once.
async fn half_sent(rig: &Rig, caller: &Caller) -> Http1 {
    let mut client = Http1::connect(&rig.door, caller).await;
    let headers = [
        ("content-type", "application/json"),
        ("content-length", "10"),
        ("expect", "100-continue"),
    ];
    client.send("POST", SEARCH, &headers).await;
    assert_eq!(patiently("a go-ahead", client.head()).await.status, 100);
    client.write(b"{\"siz").await;
    client
}

async fn until_refused(rig: &Rig, caller: &Caller, reason: &str) {
    patiently("the caller to be refused", async {
        loop {
            let answer = rig.get(Version::Http1, caller, "/customers").await;
            if answer.status != 200 {
                assert_eq!(answer.reason(), reason);
                return;
            }
        }
    })
    .await;
}

/// What comes of the search when the rest of it comes only now.
async fn is_refused(rig: Rig, upstream: Upstream, mut client: Http1, reason: &str) {
    let heard = upstream.count();
    client.write(b"e\":1}").await;
    let answer = client.answer().await;
    assert_eq!(answer.reason(), reason, "{}", answer.text());
    assert_eq!(upstream.count(), heard, "{}", upstream.last());
    let log = rig.finish().await;
    assert_eq!(log.kinds(answer.id()), ["outcome"]);
    assert_eq!(log.outcome(answer.id())["reason"], reason);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_ends_while_a_body_comes_opens_nothing() {
    let upstream = Upstream::always(r#"{"items":[]}"#).await;
    let setup = setup(&upstream);
    // Tokens live for a day; some seconds of it are left, leeway included.
    let left = SignedDuration::from_hours(24) + SignedDuration::from_secs(30 - 4);
    let made = Identities::generate(Timestamp::now() - left).unwrap();
    fs::write(setup.dir().join("certs/staff.jwks.json"), &made.staff_jwks).unwrap();
    let teller = Caller {
        token: Some(made.teller.expose().to_owned()),
        certificate: None,
    };
    let rig = setup.start().await;
    let client = half_sent(&rig, &teller).await;
    until_refused(&rig, &teller, "expired-credential").await;
    is_refused(rig, upstream, client, "expired-credential").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_withdrawn_while_a_body_comes_opens_nothing() {
    let upstream = Upstream::always(r#"{"items":[]}"#).await;
    let rig = setup(&upstream).start().await;
    let teller = rig.door.teller();
    let client = half_sent(&rig, &teller).await;
    let other = Identities::generate(Timestamp::now()).unwrap();
    fs::write(rig.dir().join("certs/staff.jwks.json"), &other.staff_jwks).unwrap();
    rig.reload();
    until_refused(&rig, &teller, "bad-credential").await;
    is_refused(rig, upstream, client, "bad-credential").await;
}

/// A byte, and another before patience ends, for ever.
#[tokio::test(flavor = "multi_thread")]
async fn o02_a_body_that_trickles_is_given_up_and_counted() {
    let upstream = Upstream::always(r#"{"items":[]}"#).await;
    let setup = setup(&upstream).settings("limits: { body_idle: 400ms }");
    let rig = setup.start().await;
    let mut client = Http1::connect(&rig.door, &rig.door.teller()).await;
    let headers = [
        ("content-type", "application/json"),
        ("content-length", "1000000"),
    ];
    client.send("POST", SEARCH, &headers).await;
    let trickle = async {
        loop {
            // Fifty bytes a second, and never as long without one as would be too long.
            if let Ok(head) = timeout(Duration::from_millis(20), client.try_head()).await {
                return head.map(|head| head.status);
            }
            client.try_write(b" ").await.ok()?;
        }
    };
    // Where one more byte met the end of the connection, the answer may be lost.
    let status = patiently("the end of patience", trickle).await;
    assert!(matches!(status, Some(400) | None), "{status:?}");
    assert_eq!(upstream.count(), 0);
    let metrics = rig.metrics().await;
    let counted = "fieldgate_callers_given_up_total{kind=\"slow-body\"} 1\n";
    assert!(metrics.contains(counted), "{metrics}");
    drop(client);
    let log = rig.finish().await;
    let reasons: Vec<_> = log.of_kind("outcome").map(|one| &one["reason"]).collect();
    assert_eq!(reasons, ["malformed-request"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_takes_its_time_goes_upstream_whole() {
    let upstream = Upstream::always(r#"{"items":[]}"#).await;
    let rig = setup(&upstream).start().await;
    let mut client = half_sent(&rig, &rig.door.teller()).await;
    assert_eq!(upstream.count(), 0, "nothing goes on before it is whole");
    client.write(b"e\":1}").await;
    assert_eq!(client.answer().await.status, 200);
    assert!(upstream.last().ends_with("\r\n\r\n{\"size\":1}"));
    let log = rig.finish().await;
    assert_eq!(log.of_kind("intent").count(), 1);
}
