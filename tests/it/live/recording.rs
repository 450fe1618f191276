//! What stands in the access log, and when.

use std::fs;

use aws_lc_rs::{digest, hmac};
use data_encoding::HEXLOWER;
use serde_json::{Value, json as value};

use super::rig::door::BOTH;
use super::rig::upstream::chunk;
use super::rig::{Gate, Http1, Log, Part, Rig, Setup, Upstream, Version, json, json_chunks, raw};

const RULES: &str = include_str!("rig/rules.yaml");

async fn rig(upstream: &Upstream) -> Rig {
    let setup = Setup::new(upstream.address()).rules(RULES);
    setup.start().await
}

/// The hash of a person, as `docs/audit.md` says it is made.
fn person(rig: &Rig, text: &str) -> String {
    let key = fs::read_to_string(rig.dir().join("secrets/audit.key")).unwrap();
    let key = HEXLOWER.decode(key.trim().as_bytes()).unwrap();
    let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
    let message = format!("fieldgate audit person v1\0{text}");
    let tag = hmac::sign(&key, message.as_bytes());
    format!("hmac:{}", HEXLOWER.encode(tag.as_ref()))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_intent_is_written_before_the_upstream_hears_of_the_request() {
    for version in BOTH {
        let gate = Gate::closed();
        let script = {
            let gate = gate.clone();
            move || {
                let mut parts = vec![Part::Wait(gate.clone())];
                parts.extend(json(r#"{"id":"1"}"#));
                parts
            }
        };
        let upstream = Upstream::start(move |_| script()).await;
        let rig = rig(&upstream).await;
        let teller = rig.door.teller();
        let asking = rig.get(version, &teller, "/customers/1");
        let looking = async {
            upstream.asked(1).await;
            let head = upstream.last();
            let id = head
                .lines()
                .find_map(|line| line.strip_prefix("x-request-id: "));
            let log = Log::read(&rig.audit());
            assert_eq!(log.kinds(id.unwrap()), ["intent"]);
            gate.open();
            id.unwrap().to_owned()
        };
        let (answer, id) = tokio::join!(asking, looking);
        assert_eq!(answer.id(), id);
        rig.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn persons_are_written_before_the_frame_that_completes_their_records() {
    let records: Vec<String> = (1..=2000)
        .map(|id| format!(r#"{{"id":"{id}","name":"{}"}}"#, "n".repeat(150)))
        .collect();
    let body = format!(r#"{{"items":[{}]}}"#, records.join(","));
    let upstream = Upstream::always(&body).await;
    let rig = rig(&upstream).await;
    let mut client = Http1::connect(&rig.door, &rig.door.teller()).await;
    client.send("GET", "/customers", &[]).await;
    let head = client.head().await;
    let mut came = String::new();
    while !came.ends_with("0\r\n\r\n") {
        came.push_str(std::str::from_utf8(&client.some().await).unwrap());
        let log = Log::read(&rig.audit());
        // A record's last byte is its bracket.
        let complete = came.matches("\"}").count();
        let recorded = log.persons(head.id()).len();
        assert!(complete <= recorded, "{complete} came, {recorded} recorded");
    }
    let expected: Vec<String> = (1..=2000).map(|id| person(&rig, &id.to_string())).collect();
    let log = rig.finish().await;
    assert_eq!(
        log.persons(head.id()),
        expected,
        "each once, in their order"
    );
    let outcome = log.outcome(head.id());
    assert_eq!(outcome["records"], 2000);
    assert_eq!(outcome["persons"], value!([]));
    assert_eq!(outcome["fields"]["id"], value!({ "show": 2000 }));
}

#[tokio::test(flavor = "multi_thread")]
async fn persons_records_hold_at_most_256_under_one_pattern() {
    // Many small records in one frame, of two shapes, and some of nobody.
    let record = |id: usize| match id % 3 {
        0 => format!(r#"{{"id":{id},"name":"n"}}"#),
        1 => format!(r#"{{"id":"{id}"}}"#),
        _ => r#"{"name":"n"}"#.to_owned(),
    };
    let records: Vec<String> = (0..1800).map(record).collect();
    let body = format!(r#"{{"items":[{}]}}"#, records.join(","));
    let upstream = Upstream::always(&body).await;
    let rig = rig(&upstream).await;
    let answer = rig
        .get(Version::Http1, &rig.door.teller(), "/customers")
        .await;
    assert_eq!(answer.text(), body);
    let mut expected: Vec<String> = (0..1800)
        .filter(|id| id % 3 != 2)
        .map(|id| person(&rig, &id.to_string()))
        .collect();
    let log = rig.finish().await;
    let mut recorded = Vec::new();
    for record in log.of(answer.id()) {
        if record["kind"] == "persons" {
            let persons = record["persons"].as_array().unwrap();
            assert!(persons.len() <= 256, "{}", persons.len());
            let shapes = [
                value!({ "show": ["id", "name"] }),
                value!({ "show": ["id"] }),
            ];
            assert!(shapes.contains(&record["fields"]), "{}", record["fields"]);
            recorded.extend(persons.iter().map(|hash| hash.as_str().unwrap().to_owned()));
        }
    }
    recorded.sort();
    expected.sort();
    assert_eq!(recorded, expected);
    let outcome = log.outcome(answer.id());
    assert_eq!(outcome["records"], 1800);
    assert_eq!(outcome["persons_unknown"], 600);
    assert_eq!(outcome["fields"]["name"], value!({ "show": 1200 }));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exchanges_records_say_who_what_and_with_which_outcome() {
    let record = include_str!("../../../rules/bank/fixtures/customer-1001.json");
    let upstream = Upstream::always(record).await;
    let rig = Rig::bank(&upstream).await;
    let teller = rig.door.teller();
    let answer = rig.get(Version::Http2, &teller, "/customers/1001").await;
    let hashed = person(&rig, "1001");
    let log = rig.finish().await;
    let (intent, outcome) = (log.intent(answer.id()), log.outcome(answer.id()));
    let digest = digest::digest(&digest::SHA256, teller.token.unwrap().as_bytes());
    let caller = value!({
        "id": "u-3391", "roles": ["teller"], "auth": "jwt", "issuer": "staff-idp",
        "credential": format!("sha256:{}", HEXLOWER.encode(digest.as_ref())), "peer": "127.0.0.1",
    });
    for record in [intent, outcome] {
        assert_eq!(record["caller"], caller);
        assert_eq!(record["action"], "read");
        assert_eq!(record["resource"], "customer");
        assert_eq!(record["route"], "GET /customers/{id}");
        assert_eq!(record["upstream"], "crm");
        assert_eq!(record["purpose"], Value::Null);
        assert_eq!(record["contract"], Value::Null);
        assert_eq!(record["persons"], value!([hashed]));
    }
    assert_ne!(intent["params"]["path.id"], hashed, "keyed apart");
    let plan = log.of_kind("plan").next().unwrap();
    assert_eq!(intent["policy"]["plan"], plan["digest"]);
    assert_eq!(plan["roles"], value!(["teller"]));
    let policy = log.of_kind("policy").next().unwrap();
    assert_eq!(intent["policy"]["digest"], policy["digest"]);
    assert_eq!(intent["policy"]["generation"], policy["generation"]);
    assert_eq!(outcome["decision"], "allow");
    assert_eq!(outcome["reason"], Value::Null);
    assert_eq!(outcome["records"], 1);
    assert_eq!(outcome["persons_unknown"], 0);
    assert_eq!(outcome["unlisted"], 3, "two kinds of telephone, one score");
    assert_eq!(outcome["status"], 200);
    assert_eq!(outcome["bytes"], answer.body.len());
    assert_eq!(outcome["end"], "complete");
    assert_eq!(
        outcome["fields"],
        value!({
            "id": { "show": 1 }, "name": { "show": 1 }, "branch": { "show": 1 },
            "phones[*].number": { "mask": 1 }, "email": { "mask": 1 }, "address": { "mask": 1 },
            "id_card": { "mask": 1 }, "birth_date": { "mask": 1 },
            "accounts[*].card_no": { "strip": 1 }, "accounts[*].balance": { "strip": 1 },
            "reading.topics": { "strip": 1 }, "consent.marketing": { "strip": 1 },
        })
    );
    let text = format!("{log:?}");
    for secret in ["张三", "13800138000", "11010519491231002X", "1001\""] {
        assert!(!text.contains(secret), "the log holds `{secret}`");
    }
}

/// The plan is written once, whoever asks how often; two roles have two.
#[tokio::test(flavor = "multi_thread")]
async fn a_plan_stands_in_the_log_once_for_each_route_and_role() {
    let upstream = Upstream::always(r#"{"id":"1"}"#).await;
    let rig = rig(&upstream).await;
    for _ in 0..3 {
        for version in BOTH {
            for caller in [rig.door.teller(), rig.door.manager()] {
                rig.get(version, &caller, "/customers/1").await;
            }
        }
    }
    let log = rig.finish().await;
    let kinds: Vec<_> = log.0.iter().map(|record| &record["kind"]).collect();
    assert_eq!(kinds[..2], ["start", "policy"]);
    assert_eq!(log.of_kind("plan").count(), 2);
    assert_eq!(log.of_kind("intent").count(), 12);
    assert_eq!(kinds.last().unwrap().as_str(), Some("stop"));
}

/// What a caller saw before it hung up stands in the log: nothing was seen that is not recorded.
#[tokio::test(flavor = "multi_thread")]
async fn an_aborted_list_has_the_persons_that_left() {
    let gate = Gate::closed();
    let script = move || {
        let mut parts = json_chunks(&[br#"{"items":[{"id":"1"},{"id":"2"}"#]);
        parts.push(Part::Wait(gate.clone()));
        parts.push(raw(chunk(b"]}")));
        parts
    };
    let upstream = Upstream::start(move |_| script()).await;
    let rig = rig(&upstream).await;
    let mut client = Http1::connect(&rig.door, &rig.door.teller()).await;
    client.send("GET", "/customers", &[]).await;
    let head = client.head().await;
    client.some().await;
    drop(client);
    upstream.hung_up(1).await;
    let expected = ["1", "2"].map(|id| person(&rig, id));
    let log = rig.finish().await;
    assert_eq!(log.kinds(head.id()), ["intent", "persons", "outcome"]);
    assert_eq!(log.persons(head.id()), expected);
    assert_eq!(log.outcome(head.id())["end"], "aborted");
    assert_eq!(log.outcome(head.id())["records"], 2);
}
