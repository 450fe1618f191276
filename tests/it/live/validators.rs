//! Conditional requests: validators of our own, of what a caller was shown.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::rig::door::BOTH;
use super::rig::upstream::with;
use super::rig::writer::{self, json, write};
use super::rig::{Answer, Caller, Rig, Setup, Upstream, Version};

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

/// A PATCH under a condition.
async fn patch(
    rig: &Rig,
    version: Version,
    caller: &Caller,
    conditions: &[(&str, &str)],
) -> Answer {
    let call = ("PATCH", "/customers/1001");
    let headers = [&[("content-type", "application/json")], conditions].concat();
    write(
        rig,
        version,
        caller,
        call,
        &headers,
        br#"{"email":"z@e.cn"}"#,
    )
    .await
}

/// Who says what they were shown changes that, and nothing that was hidden from them stands in their way.
#[tokio::test(flavor = "multi_thread")]
async fn d03_who_names_what_they_were_shown_writes_over_that_alone() {
    // What is hidden from a teller and from the record's person changes each time; the e-mail when somebody says so.
    let times = Arc::new(AtomicUsize::new(0));
    let written = Arc::new(AtomicUsize::new(0));
    let (counted, state) = (Arc::clone(&times), Arc::clone(&written));
    let upstream = Upstream::start(move |asked| {
        let at = counted.fetch_add(1, Ordering::SeqCst);
        let name = state.load(Ordering::SeqCst);
        if asked.method() != "GET" {
            return writer::legacy(asked);
        }
        let head = format!("200 OK\r\nContent-Type: application/json\r\nETag: \"v{at}\"");
        let record = format!(r#"{{"id":"1001","email":"a@{name}.cn","score":{at}}}"#);
        with(&head, record)
    })
    .await;
    let rig = writer::rig(&upstream).await;
    let callers = [rig.door.teller(), rig.door.customer()];
    for (caller, version) in callers.iter().zip(BOTH) {
        let read = rig.get(version, caller, "/customers/1001").await;
        let tag = read.header("etag").unwrap().to_owned();
        for list in [
            tag.clone(),
            format!("\"v9\", {tag}"),
            format!("W/\"x\",{tag}"),
        ] {
            let heard = upstream.count();
            let answer = patch(&rig, version, caller, &[("if-match", &list)]).await;
            assert_eq!(answer.status, 200, "{list}: {}", answer.text());
            let [read, write] = &upstream.heads()[heard..] else {
                panic!("{:?}", upstream.heads());
            };
            assert!(read.starts_with("GET /customers/1001 ") && !read.contains("if-match"));
            // What was judged must still be what is written.
            assert!(write.starts_with("PATCH "), "{write}");
            assert!(
                write.contains(&format!("\r\nif-match: \"v{heard}\"\r\n")),
                "{write}"
            );
        }
        written.fetch_add(1, Ordering::SeqCst);
        let heard = upstream.count();
        // A header of one hop is what the client calls one; what it says of the write holds all the same.
        for more in [&[][..], &[("connection", "if-match")][..]] {
            if version == Version::Http2 && !more.is_empty() {
                continue;
            }
            let conditions = [&[("if-match", tag.as_str())], more].concat();
            let stale = patch(&rig, version, caller, &conditions).await;
            let refused = (stale.status, stale.reason());
            assert_eq!(refused, (412, "precondition-failed".to_owned()));
        }
        let asked = upstream.heads().split_off(heard);
        assert!(
            asked.iter().all(|head| head.starts_with("GET ")),
            "{asked:?}"
        );
    }
    rig.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn d03_a_condition_that_cannot_be_told_is_never_left_out() {
    let upstream = Upstream::start(writer::legacy).await;
    let rig = writer::rig(&upstream).await;
    let (teller, me) = (rig.door.teller(), rig.door.customer());
    let read = rig.get(BOTH[0], &teller, "/customers/1001").await;
    let tag = read.header("etag").unwrap().to_owned();
    let heard = upstream.count();
    for version in BOTH {
        let since = ("if-unmodified-since", "Mon, 01 Jan 2024 00:00:00 GMT");
        let untold = [("if-none-match", "*"), ("if-none-match", "\"v1\""), since];
        for condition in untold {
            for caller in [&teller, &me] {
                let answer = patch(&rig, version, caller, &[condition]).await;
                let refused = (answer.status, answer.reason());
                assert_eq!(
                    refused,
                    (412, "precondition-failed".to_owned()),
                    "{condition:?}"
                );
            }
        }
        // Who reads nothing was shown nothing; a new record is none that anybody was shown; reading changes none.
        let machine = patch(&rig, version, &rig.door.partner(), &[("if-match", &tag)]).await;
        let headers = [
            ("content-type", "application/json"),
            ("if-match", tag.as_str()),
        ];
        let (call, body) = (("POST", "/customers"), br#"{"name":"x"}"#);
        let manager = rig.door.manager();
        let new = write(&rig, version, &manager, call, &headers, body).await;
        let ours = [("if-match", tag.as_str())];
        let get = rig
            .door
            .ask(version, &teller, "GET", "/customers/1001", &ours)
            .await;
        for answer in [machine, new, get] {
            let refused = (answer.status, answer.reason());
            assert_eq!(refused, (412, "precondition-failed".to_owned()));
        }
    }
    assert_eq!(upstream.count(), heard, "nothing was asked");
    // Another's view is named by another validator.
    let other = patch(&rig, BOTH[0], &me, &[("if-match", &tag)]).await;
    assert_eq!(other.status, 412);
    let log = rig.finish().await;
    assert_eq!(log.outcome(other.id())["sent"], false);
    assert_eq!(log.intent(other.id())["stored"], true);
}

/// What the upstream knows by a name of its own is for the upstream to say, where nothing is read here.
#[tokio::test(flavor = "multi_thread")]
async fn d03_a_validator_that_is_not_ours_goes_on_as_it_came() {
    let upstream = Upstream::start(writer::legacy).await;
    let rig = writer::rig(&upstream).await;
    for version in BOTH {
        for list in ["\"v7\"", "*", "\"a\", \"b\""] {
            let heard = upstream.count();
            let answer = patch(&rig, version, &rig.door.teller(), &[("if-match", list)]).await;
            assert_eq!(answer.status, 200, "{}", answer.text());
            assert_eq!(upstream.count(), heard + 1);
            assert!(
                upstream
                    .last()
                    .contains(&format!("\r\nif-match: {list}\r\n"))
            );
        }
    }
    rig.finish().await;
}
