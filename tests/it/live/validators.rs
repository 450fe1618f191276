//! Conditional requests: validators of our own, of what a caller was shown.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::rig::door::BOTH;
use super::rig::upstream::with;
use super::rig::writer::{self, json, write};
use super::rig::{Caller, Rig, Setup, Upstream, Version};

const RULES: &str = include_str!("rig/rules.yaml");

async fn ask(
    rig: &Rig,
    version: Version,
    caller: &Caller,
    target: &str,
    known: &str,
) -> (u16, String, usize) {
    let headers = [("if-none-match", known)];
    let answer = rig.door.ask(version, caller, "GET", target, &headers).await;
    let tag = answer.header("etag").unwrap_or_default().to_owned();
    if answer.status == 304 {
        for name in ["content-type", "content-length", "content-language"] {
            assert_eq!(answer.header(name), None, "{answer:?}");
        }
        assert_eq!(answer.header("cache-control"), Some("private, no-store"));
    }
    (answer.status, tag, answer.body.len())
}

#[tokio::test(flavor = "multi_thread")]
async fn d03_a_validator_is_of_what_was_shown_and_of_nothing_else() {
    let times = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&times);
    let upstream = Upstream::start(move |asked| {
        let at = counted.fetch_add(1, Ordering::SeqCst);
        let name = if asked.target().ends_with('2') {
            "b"
        } else {
            "a"
        };
        with(
            &format!(
                "200 OK\r\nContent-Type: application/json\r\nETag: \"{at}\"\r\nLast-Modified: {at}"
            ),
            format!(r#"{{"id":"1","name":"{name}","secret":"{at}"}}"#),
        )
    })
    .await;
    let rig = Setup::new(upstream.address()).rules(RULES).start().await;
    let teller = rig.door.teller();
    let (status, tag, _) = ask(&rig, BOTH[0], &teller, "/customers/1", "\"0\"").await;
    assert_eq!(status, 200, "the upstream's own names nothing");
    assert!(tag.starts_with("\"fg-") && tag.len() == 31, "{tag}");
    for version in BOTH {
        let known = |known: String| ask_known(&rig, version, &teller, known);
        for list in [
            tag.clone(),
            format!("W/{tag}"),
            format!("\"x\", {tag}"),
            "*".to_owned(),
        ] {
            assert_eq!(known(list.clone()).await, (304, tag.clone(), 0), "{list}");
        }
        for list in ["\"x\"".to_owned(), tag.to_uppercase(), tag.replace('"', "")] {
            let (status, again, length) = known(list).await;
            assert_eq!(
                (status, &again),
                (200, &tag),
                "what is hidden changes nothing"
            );
            assert!(length > 0);
        }
        let head = rig
            .door
            .ask(version, &teller, "HEAD", "/customers/1", &[])
            .await;
        assert_eq!((head.status, head.header("etag")), (200, Some(&*tag)));
        let known = [("if-none-match", &*tag)];
        let head = rig
            .door
            .ask(version, &teller, "HEAD", "/customers/1", &known)
            .await;
        assert_eq!((head.status, head.body.len()), (304, 0));
        let other = ask(&rig, version, &teller, "/customers/12", &tag).await;
        assert_eq!(other.0, 200, "another record has another");
    }
    for head in upstream.heads() {
        assert!(!head.contains("if-none-match"), "{head}");
    }
    let log = rig.finish().await;
    let outcomes = || log.of_kind("outcome");
    assert!(outcomes().any(|one| one["status"] == 304));
    for one in outcomes().filter(|one| one["status"] == 304) {
        assert_eq!(
            (&one["bytes"], &one["end"]),
            (&0.into(), &"complete".into())
        );
    }
}

async fn ask_known(
    rig: &Rig,
    version: Version,
    caller: &Caller,
    known: String,
) -> (u16, String, usize) {
    ask(rig, version, caller, "/customers/1", &known).await
}

#[tokio::test(flavor = "multi_thread")]
async fn d04_another_view_has_another_validator() {
    // Both roles are shown the same bytes.
    let upstream = Upstream::always(r#"{"id":"1","name":"a"}"#).await;
    let rig = Setup::new(upstream.address()).rules(RULES).start().await;
    let (teller, manager) = (rig.door.teller(), rig.door.manager());
    let (_, of_teller, _) = ask(&rig, BOTH[0], &teller, "/customers/1", "\"\"").await;
    let (_, of_manager, _) = ask(&rig, BOTH[0], &manager, "/customers/1", "\"\"").await;
    assert_ne!(of_teller, of_manager);
    for version in BOTH {
        let status =
            async |caller, tag: &str| ask(&rig, version, caller, "/customers/1", tag).await.0;
        assert_eq!(status(&teller, &of_manager).await, 200);
        assert_eq!(status(&manager, &of_teller).await, 200);
        assert_eq!(status(&manager, &of_manager).await, 304);
    }
    rig.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_judged_whole_and_can_be_read_again_has_a_validator() {
    let record = format!(r#"{{"id":"1","name":"{}"}}"#, "x".repeat(1000));
    let list = format!(r#"{{"items":[{}]}}"#, vec![record; 200].join(","));
    let upstream = Upstream::always(list).await;
    let rig = Setup::new(upstream.address()).rules(RULES).start().await;
    let answer = rig.get(BOTH[0], &rig.door.teller(), "/customers").await;
    assert_eq!((answer.status, answer.header("etag")), (200, None));
    rig.finish().await;
    let upstream = Upstream::start(writer::legacy).await;
    let rig = writer::rig(&upstream).await;
    let body = r#"{"email":"z@e.cn"}"#;
    let call = ("PATCH", "/customers/1001");
    let answer = json(&rig, BOTH[0], &rig.door.teller(), call, body).await;
    assert_eq!((answer.status, answer.header("etag")), (200, None));
    rig.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn d03_a_validator_of_ours_changes_nothing_upstream() {
    let upstream = Upstream::start(writer::legacy).await;
    let rig = writer::rig(&upstream).await;
    let teller = rig.door.teller();
    let read = rig.get(BOTH[0], &teller, "/customers/1001").await;
    let tag = read.header("etag").unwrap().to_owned();
    let heard = upstream.count();
    for version in BOTH {
        for list in [tag.clone(), format!("\"v1\", {tag}")] {
            let headers = [("content-type", "application/json"), ("if-match", &*list)];
            let call = ("PATCH", "/customers/1001");
            let answer = write(
                &rig,
                version,
                &teller,
                call,
                &headers,
                br#"{"email":"z@e.cn"}"#,
            )
            .await;
            assert_eq!(
                (answer.status, answer.reason().as_str()),
                (412, "upstream-status")
            );
        }
    }
    assert_eq!(upstream.count(), heard, "no upstream knows it");
    rig.finish().await;
}
