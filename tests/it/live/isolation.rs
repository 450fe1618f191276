//! Nobody gets another person's record, whatever they present and whatever the upstream answers.

use super::rig::door::BOTH;
use super::rig::{Caller, Http1, Http2, Rig, Setup, Upstream, Version, json, raw};

const RULES: &str = include_str!("rig/rules.yaml");

async fn rig(upstream: &Upstream) -> Rig {
    let setup = Setup::new(upstream.address()).rules(RULES);
    setup.start().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customers_token_opens_no_other_customers_path() {
    let upstream = Upstream::always(r#"{"id":"1002","name":"B"}"#).await;
    let rig = rig(&upstream).await;
    for version in BOTH {
        for target in ["/customers/1002", "/customers/1002/orders", "/customers"] {
            let answer = rig.get(version, &rig.door.customer(), target).await;
            assert_eq!((answer.status, answer.reason().as_str()), (403, "no-role"));
        }
    }
    assert_eq!(upstream.count(), 0, "the upstream never heard of it");
    rig.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partners_certificate_beside_a_customers_token_opens_neither_view() {
    let upstream = Upstream::always(r#"{"items":[{"id":"1001"}]}"#).await;
    let rig = rig(&upstream).await;
    let both = Caller {
        certificate: rig.door.partner().certificate,
        ..rig.door.customer()
    };
    for version in BOTH {
        for target in ["/customers", "/customers/1001", "/customers/1001/orders"] {
            let answer = rig.get(version, &both, target).await;
            assert_eq!((answer.status, answer.reason().as_str()), (403, "no-role"));
        }
    }
    assert_eq!(upstream.count(), 0);
    // Each alone opens its own.
    for (caller, target) in [
        (rig.door.partner(), "/customers"),
        (rig.door.customer(), "/customers/1001/orders"),
    ] {
        let answer = rig.get(Version::Http1, &caller, target).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    rig.finish().await;
}

/// The upstream answers for a path with somebody else's record, or with one that says nobody's or two persons'.
#[tokio::test(flavor = "multi_thread")]
async fn a_single_record_of_another_person_is_the_same_404_as_none() {
    let large = format!(r#"{{"name":"{}","id":"1002"}}"#, "x".repeat(300 << 10));
    let records = [
        r#"{"id":"1002","name":"CANARY"}"#,
        r#"{"name":"CANARY"}"#,
        r#"{"id":null,"name":"CANARY"}"#,
        r#"{"id":"1001","name":"CANARY","id":"1002"}"#,
        r#"{"id":"1001","name":"CANARY","id":"1001"}"#,
        r#"{"id":["1001"],"name":"CANARY"}"#,
        r#"{"id":"1001 ","name":"CANARY"}"#,
        &large,
    ]
    .map(str::to_owned);
    let none = Upstream::start(|_| {
        vec![raw(
            "HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nServer: Tomcat\r\nContent-Length: 6\r\n\r\nCANARY",
        )]
    });
    let none = none.await;
    let without = rig(&none).await;
    for version in BOTH {
        let customer = without.door.customer();
        let expected = without.get(version, &customer, "/customers/1001").await;
        assert_eq!(
            (expected.status, expected.reason().as_str()),
            (404, "no-such-record")
        );
        for record in &records {
            let upstream = Upstream::always(record).await;
            let rig = rig(&upstream).await;
            let answer = rig
                .get(version, &rig.door.customer(), "/customers/1001")
                .await;
            assert_eq!(answer.comparable(), expected.comparable(), "{record:.80}");
            assert_eq!(upstream.count(), 1);
            let id = answer.id().to_owned();
            let log = rig.finish().await;
            let outcome = log.outcome(&id);
            assert_eq!(outcome["reason"], "no-such-record");
            assert_eq!(outcome["records"], 0, "{outcome}");
            assert_eq!(outcome["persons"], serde_json::json!([]));
        }
    }
    without.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_names_the_person_is_the_person() {
    let upstream = Upstream::always(r#"{"id":1001,"secret":"mine"}"#).await;
    let rig = rig(&upstream).await;
    for version in BOTH {
        let own = rig
            .get(version, &rig.door.customer(), "/customers/1001")
            .await;
        assert_eq!(own.text(), r#"{"id":1001,"secret":"mine"}"#);
    }
    rig.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn records_of_other_persons_are_dropped_from_a_list_with_their_commas() {
    let list = [
        r#"{"total":7,"items":["#,
        r#"{"id":"1002","name":"CANARY"}, "#,
        r#"{"name":"a","id":"1001"}, "#,
        r#"{"name":"CANARY"}, "#,
        r#"{"id":"1001","name":"CANARY","id":"1002"},"#,
        r#" {"id":"1001","secret":"b"}, "#,
        r#"{"id":["1001"],"name":"CANARY"}"#,
        r#"]}"#,
    ];
    let upstream = Upstream::always(list.concat()).await;
    let rig = rig(&upstream).await;
    let mut ids = Vec::new();
    for version in BOTH {
        let own = rig.door.customer();
        let answer = rig.get(version, &own, "/customers/1001/orders").await;
        let expected =
            r#"{"total":7,"items":[{"name":"a","id":"1001"}, {"id":"1001","secret":"b"}]}"#;
        // The first record that stays is preceded by what stood after the bracket, the next by its own comma.
        let squeezed = |text: &str| text.replace(", {", ",{");
        assert_eq!(squeezed(answer.text()), squeezed(expected));
        ids.push(answer.id().to_owned());
    }
    let log = rig.finish().await;
    for id in ids {
        let outcome = log.outcome(&id);
        assert_eq!(outcome["records"], 2, "{outcome}");
        assert_eq!(outcome["persons"].as_array().unwrap().len(), 1);
        assert_eq!(log.persons(&id), [""; 0], "the intent holds the person");
        let intent = log.intent(&id);
        assert_eq!(outcome["persons"], intent["persons"]);
        assert_eq!(
            intent["caller"]["id"], intent["persons"][0],
            "no number in clear"
        );
    }
}

/// All records of the list are another's: brackets stay, nothing else.
#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_other_persons_is_an_empty_list() {
    let upstream = Upstream::start(|_| json(r#"{"items":[{"id":"1002"},{"id":"1003"}]}"#)).await;
    let rig = rig(&upstream).await;
    for version in BOTH {
        let answer = rig
            .get(version, &rig.door.customer(), "/customers/1001/orders")
            .await;
        assert_eq!((answer.status, answer.text()), (200, r#"{"items":[]}"#));
    }
    rig.finish().await;
}

/// Many callers at once, on shared connections of both sides: each gets the answer to its own question.
#[tokio::test(flavor = "multi_thread")]
async fn answers_are_never_mixed_up() {
    let upstream = Upstream::start(|asked| {
        let id = asked.target().rsplit('/').next().unwrap().to_owned();
        let name = "n".repeat(id.parse::<usize>().unwrap() % 700 * 200);
        json(format!(r#"{{"id":"{id}","name":"{name}","secret":"s"}}"#))
    });
    let upstream = upstream.await;
    let rig = rig(&upstream).await;
    let mut asking = tokio::task::JoinSet::new();
    for client in 0..6 {
        let door = rig.door.clone();
        asking.spawn(async move {
            let is_manager = client % 2 == 0;
            let caller = if is_manager {
                door.manager()
            } else {
                door.teller()
            };
            let over_http2 = Http2::connect(&door, &caller).await;
            let mut over_http1 = Http1::connect(&door, &caller).await;
            for round in 1..25 {
                let [one, two, three] = [0, 1, 2].map(|n| client * 1000 + round * 3 + n);
                let path = |id: i32| format!("/customers/{id}");
                let (first, second) = (path(one), path(two));
                let (first, second) = tokio::join!(
                    over_http2.ask("GET", &first, &[]),
                    over_http2.ask("GET", &second, &[])
                );
                let third = over_http1.ask("GET", &path(three), &[]).await;
                for (id, answer) in [(one, first), (two, second), (three, third)] {
                    let record = answer.json();
                    assert_eq!(record["id"], id.to_string());
                    assert_eq!(record.get("secret").is_some(), is_manager);
                }
            }
        });
    }
    asking.join_all().await;
    assert_eq!(upstream.count(), 6 * 24 * 3);
    rig.finish().await;
}
