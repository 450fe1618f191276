//! F13: pages in browsers. A browser keeps an answer from a page unless we name the page; a preflight is ours to answer.

use super::rig::door::BOTH;
use super::rig::{Answer, Rig, Setup, Upstream, Version, writer};

const RULES: &str = include_str!("rig/rules.yaml");
const PAGE: &str = "https://app.bank.example";

async fn rig(upstream: &Upstream, settings: &str) -> Rig {
    let setup = Setup::new(upstream.address()).rules(RULES);
    setup.settings(settings).start().await
}

fn varies(answer: &Answer) -> bool {
    let mut all = answer.headers.iter();
    all.any(|(name, value)| name == "vary" && value == "Origin")
}

fn cors() -> String {
    format!("cors: {{ origins: [\"{PAGE}\", \"http://localhost:3000\"], max_age: 5m }}\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn f13_a_preflight_of_a_listed_page_is_answered_alike_for_every_target_and_reaches_nobody() {
    let upstream = Upstream::always(r#"{"id":"1001"}"#).await;
    let rig = rig(&upstream, &cors()).await;
    let mut ids = Vec::new();
    for version in BOTH {
        for target in ["/customers/1001", "/no/such/route"] {
            let asked = [
                ("origin", PAGE),
                ("access-control-request-method", "PATCH"),
                ("access-control-request-headers", "authorization,x-odd"),
            ];
            let nobody = rig.door.nobody();
            let answer = rig
                .door
                .ask(version, &nobody, "OPTIONS", target, &asked)
                .await;
            assert_eq!(answer.status, 204, "{target}");
            let header = |name: &str| answer.header(name).unwrap_or_default().to_owned();
            assert_eq!(header("access-control-allow-origin"), PAGE);
            assert_eq!(
                header("access-control-allow-methods"),
                "GET, HEAD, POST, PUT, PATCH, DELETE"
            );
            let asked_with = header("access-control-allow-headers");
            assert!(asked_with.split(", ").any(|one| one == "authorization"));
            assert!(!asked_with.contains("x-odd"));
            assert_eq!(header("access-control-max-age"), "300");
            assert_eq!(answer.header("access-control-allow-credentials"), None);
            assert!(varies(&answer));
            ids.push(answer.id().to_owned());
        }
    }
    assert_eq!(upstream.count(), 0);
    let log = rig.finish().await;
    for id in &ids {
        assert_eq!(log.kinds(id), ["outcome"]);
        let outcome = log.outcome(id);
        assert_eq!(outcome["action"], "preflight");
        assert_eq!(
            (&outcome["status"], &outcome["end"]),
            (&204.into(), &"complete".into())
        );
        assert!(outcome["decision"].is_null() && outcome["reason"].is_null());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f13_a_listed_page_may_read_answers_and_refusals_and_no_other_page_may() {
    let upstream = Upstream::always(r#"{"id":"1001"}"#).await;
    let rig = rig(&upstream, &cors()).await;
    for version in BOTH {
        for (caller, status) in [(rig.door.teller(), 200), (rig.door.nobody(), 401)] {
            for (origin, named) in [
                (PAGE, Some(PAGE)),
                ("http://localhost:3000", Some("http://localhost:3000")),
                ("https://evil.example", None),
                ("https://app.bank.example.evil.example", None),
                ("HTTPS://APP.BANK.EXAMPLE", None),
                ("null", None),
            ] {
                let headers = [("origin", origin)];
                let answer = rig
                    .door
                    .ask(version, &caller, "GET", "/customers/1001", &headers)
                    .await;
                assert_eq!(answer.status, status);
                assert_eq!(
                    answer.header("access-control-allow-origin"),
                    named,
                    "{origin}"
                );
                let told = answer.header("access-control-expose-headers");
                assert_eq!(told.is_some(), named.is_some());
                assert!(varies(&answer));
            }
        }
    }
    rig.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f13_a_preflight_of_another_page_is_a_request_like_any_other() {
    let upstream = Upstream::always(r#"{"id":"1001"}"#).await;
    let with = rig(&upstream, &cors()).await;
    let without = rig(&upstream, "").await;
    for rig in [&with, &without] {
        for version in BOTH {
            let asked = [
                ("origin", "https://evil.example"),
                ("access-control-request-method", "GET"),
            ];
            let nobody = rig.door.nobody();
            let answer = rig
                .door
                .ask(version, &nobody, "OPTIONS", "/customers/1001", &asked)
                .await;
            assert_eq!(
                (answer.status, answer.reason().as_str()),
                (401, "no-credential")
            );
            for name in ["allow-origin", "allow-methods", "allow-headers"] {
                assert_eq!(answer.header(&format!("access-control-{name}")), None);
            }
        }
    }
    assert_eq!(upstream.count(), 0);
    let plain = without
        .get(Version::Http1, &without.door.teller(), "/customers/1001")
        .await;
    assert!(!varies(&plain));
    with.finish().await;
    without.finish().await;
}

/// A browser adds a client certificate to what any page sends; a form needs no preflight.
#[tokio::test(flavor = "multi_thread")]
async fn f13_no_page_writes_with_the_certificate_of_the_browser_it_is_in() {
    let upstream = Upstream::start(writer::legacy).await;
    let setup = Setup::new(upstream.address()).rules(writer::RULES);
    let rig = setup.settings(&cors()).start().await;
    let (call, body) = (("POST", "/customers"), br#"{"email":"l@e.cn"}"#);
    let (machine, manager) = (rig.door.partner(), rig.door.manager());
    for version in BOTH {
        for (caller, origins, status) in [
            (&machine, &["https://evil.example"][..], 401),
            (&machine, &["null"], 401),
            (&machine, &["https://localhost.evil.example"], 401),
            (&machine, &["http://localhost"], 401),
            (
                &machine,
                &["https://localhost", "https://evil.example"],
                401,
            ),
            (&machine, &["https://localhost"], 201),
            // A listed page may say who calls; it has no say in what the connection says.
            (&machine, &[PAGE], 401),
            (&machine, &[], 201),
            // What a page says itself the browser has asked us for.
            (&manager, &["https://evil.example"], 201),
        ] {
            let heard = upstream.count();
            let json = ("content-type", "application/json");
            let named = origins.iter().map(|origin| ("origin", *origin));
            let headers: Vec<(&str, &str)> = std::iter::once(json).chain(named).collect();
            let answer = writer::write(&rig, version, caller, call, &headers, body).await;
            assert_eq!(answer.status, status, "{origins:?}: {}", answer.text());
            assert_eq!(upstream.count() - heard, usize::from(status == 201));
        }
    }
    rig.finish().await;
}
