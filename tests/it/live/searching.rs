//! Callers who search: what the upstream hears of it, and what the access log and the metrics hold.

use aws_lc_rs::hmac;
use data_encoding::HEXLOWER;
use serde_json::json as value;

use super::rig::door::BOTH;
use super::rig::{Rig, Setup, Upstream};

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
